// Requests and invitations that come, and those of one's own that were accepted, make themselves known.
import type { Router } from 'vue-router'
import type { InboxRow, Model } from '../../../model'
import { isAway } from '../../base/attention'
import { useToast } from '../../base/toast'
import { groupTitle, isolated, personName } from '../../contacts/words'
import { i18n } from '../../i18n'
import { tell } from './tell'
import { ways } from './ways'

const { t } = i18n.global
const REQUESTS = '/contacts/requests'

export const startRequestNews = (model: Model, router: Router): void => {
  const toast = useToast()
  const open = (path: string): void => void router.push(path)

  /** What happened, and where it leads to. */
  const wordsOf = ({ kind, direction, person, group }: InboxRow): { text: string; label: string; path: string } => {
    const name = isolated(model.people.name(person.userId) || personName(person) || t('contacts.nameless'))
    const named = { name, group: group ? isolated(groupTitle(group)) : '' }
    if (direction === 'received') return { text: t(`frame.requests.${kind}`, named), label: t('frame.requests.answer'), path: REQUESTS }
    const path = kind === 'group_apply' && group ? `/chat/g:${group.groupId}` : `/chat/u:${person.userId}`
    return { text: t(`frame.requests.${kind}_agreed`, named), label: t('frame.requests.chat'), path }
  }

  model.inbox.onNews((row) => {
    const { text, label, path } = wordsOf(row)
    if (!isAway()) {
      if (router.currentRoute.value.path === REQUESTS) return
      toast.info(text, { action: { label, run: () => open(path) } })
    }
    const body = (): string => (ways.preview ? row.remark : '')
    tell({ topic: 'requests', id: `${row.kind} ${row.id} ${row.state}`, title: text, body, path }, open).catch(() => undefined)
  })
}
