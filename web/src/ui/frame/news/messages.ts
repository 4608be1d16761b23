// Messages that are not in sight make themselves known; the number of all that are unread stands in the title.
import { watchEffect } from 'vue'
import type { Router } from 'vue-router'
import type { Conversation, Message, Model } from '../../../model'
import { groupOf } from '../../../model/key'
import { isAway } from '../../base/attention'
import { i18n } from '../../i18n'
import { tell } from './tell'
import { ways } from './ways'
import { show } from './word'

const { t } = i18n.global
const PREVIEW = 160

const textOf = (message: Message): string => {
  if (message.kind === 'image') return t('frame.notify.image')
  if (message.kind === 'file') return t('frame.notify.file')
  if (message.kind === 'voice') return t('frame.notify.voice')
  const text = message.msg.replace(/\s+/g, ' ').trim()
  return text === '' ? t('frame.notify.other') : text.slice(0, PREVIEW)
}

export const startMessageNews = (model: Model, router: Router): void => {
  const bodyOf = ({ key }: Conversation, message: Message): string => {
    if (!ways.preview) return t('frame.notify.newMessage')
    const group = groupOf(key)
    const text = textOf(message)
    return group === undefined ? text : t('frame.notify.text', { name: model.people.name(message.fromUserId, group), text })
  }
  const open = (path: string): void => void router.push(path)

  model.conversations.onNews((conversation, message) => {
    const { key, title } = conversation
    if (!isAway() && router.currentRoute.value.params.key === key) return show(key, message.id)
    if (conversation.muted) return
    const happening = { topic: key, id: message.id, title, body: () => bodyOf(conversation, message), path: `/chat/${key}` }
    tell(happening, open).catch(() => undefined)
  })

  watchEffect(() => {
    const unread = model.session.state === 'in' ? model.conversations.unread : 0
    const name = t('frame.name')
    document.title = unread > 0 && ways.title ? `(${unread > 99 ? '99+' : unread}) ${name}` : name
    // The sign on the icon of an installed page.
    const badge = unread > 0 && ways.title ? navigator.setAppBadge?.(unread) : navigator.clearAppBadge?.()
    badge?.catch(() => undefined)
  })
}
