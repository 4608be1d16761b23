// What can be done with a conversation in the list.
import { BellOff, CheckCheck, CircleUserRound, Pin, PinOff, Bell, UsersRound } from '@lucide/vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import type { Conversation } from '../../model'
import { groupOf } from '../../model/key'
import type { MenuItem } from '../base/menu'
import { useToast } from '../base/toast'
import { useModel } from '../model'

export const useConversationMenu = () => {
  const { t } = useI18n()
  const model = useModel()
  const router = useRouter()
  const toast = useToast()
  const attempt = (job: Promise<void>): void => void job.catch((error: unknown) => toast.error(error))

  return ({ key, pinned, muted, unread }: Conversation): MenuItem[] => {
    const group = groupOf(key) !== undefined
    return [
      {
        label: pinned ? t('contacts.menu.unpin') : t('contacts.menu.pin'),
        icon: pinned ? PinOff : Pin,
        select: () => attempt(model.conversations.setPinned(key, !pinned)),
      },
      {
        label: muted ? t('contacts.menu.unmute') : t('contacts.menu.mute'),
        icon: muted ? Bell : BellOff,
        select: () => attempt(model.conversations.setMuted(key, !muted)),
      },
      {
        label: t('contacts.menu.markRead'),
        icon: CheckCheck,
        disabled: unread === 0,
        select: () => model.conversations.markRead(key),
      },
      {
        label: group ? t('contacts.menu.group') : t('contacts.menu.profile'),
        icon: group ? UsersRound : CircleUserRound,
        apart: true,
        select: () => void router.push(`/contacts/${group ? 'g' : 'u'}/${key.slice(2)}`),
      },
    ]
  }
}
