// What can be done with a message.
import { CheckCheck, Copy, Download, Pencil, Reply, RotateCw, SmilePlus, Trash2, Undo2, UserRound } from '@lucide/vue'
import { isAhead, type Message, type ServerFacts } from '../../model'
import type { MenuItem } from '../base/menu'
import { useToast } from '../base/toast'
import { t } from '../i18n'
import { useModel } from '../model'
import { copyText } from './clipboard'
import type { Chat } from './context'
import { captionOf, fileId, fileName } from './summary'

/** Whether so many seconds since a message are not over; where the server has not said how many, it has the last word. */
const isWithin = (seconds: number | undefined, { time }: Message, server: ServerFacts): boolean =>
  seconds === undefined || isAhead(server.here(time) + seconds * 1000)

export const mayEdit = (message: Message, server: ServerFacts): boolean =>
  message.mine &&
  message.kind === 'text' &&
  message.seq !== undefined &&
  message.recalledTime === undefined &&
  isWithin(server.limits?.editSeconds, message, server)

export const useMessageMenu = (chat: Chat): ((message: Message | undefined) => MenuItem[]) => {
  const { files, conversations, server } = useModel()
  const toast = useToast()

  const copy = (text: string): void => {
    copyText(text).then(
      () => toast.info(t('chat.copied')),
      () => toast.error(t('chat.notCopied')),
    )
  }
  const save = (message: Message): void => {
    const link = document.createElement('a')
    link.href = files.url(fileId(message))
    link.download = message.kind === 'file' ? fileName(message) : ''
    link.click()
  }
  const turnTo = (intent: Partial<Chat['intent']>): void => {
    Object.assign(chat.intent, { reply: undefined, edit: undefined }, intent)
    chat.focusComposer()
  }

  return (message) => {
    if (!message || message.recalledTime !== undefined) return []
    const { seq, mine, kind } = message
    const carries = kind === 'image' || kind === 'file' || kind === 'voice'
    const words = carries ? captionOf(message) : message.msg
    const inTime = mine && isWithin(server.limits?.recallSeconds, message, server)
    const mayRecall = seq !== undefined && (inTime || ['owner', 'admin'].includes(chat.role() ?? ''))
    const writable = conversations.get(chat.key)?.writable === 'yes'
    const items: (MenuItem | false)[] = [
      message.state === 'failed' && { label: t('frame.retry'), icon: RotateCw, select: () => chat.retry(message) },
      seq !== undefined && writable && { label: t('chat.reply'), icon: Reply, select: () => turnTo({ reply: message }) },
      seq !== undefined && { label: t('chat.otherReaction'), icon: SmilePlus, select: () => chat.pickReaction(message) },
      words !== '' && { label: t('chat.copy'), icon: Copy, select: () => copy(words) },
      carries && seq !== undefined && { label: t('chat.saveFile'), icon: Download, select: () => save(message) },
      mayEdit(message, server) && writable && { label: t('chat.edit'), icon: Pencil, select: () => turnTo({ edit: message }) },
      chat.groupId !== undefined && mine && seq !== undefined && { label: t('chat.readBy'), icon: CheckCheck, select: () => chat.showReaders(message) },
      !mine && { label: t('chat.profile'), icon: UserRound, select: () => chat.showPerson(message) },
      mayRecall && { label: t('chat.recall'), icon: Undo2, danger: true, apart: true, select: () => chat.recall(message) },
      message.state !== 'sent' && { label: t('chat.discard'), icon: Trash2, danger: true, apart: true, select: () => chat.timeline.discard(message.id) },
    ]
    return items.filter((item) => item !== false)
  }
}
