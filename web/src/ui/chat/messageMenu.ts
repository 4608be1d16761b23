// What can be done with a message.
import { CheckCheck, Copy, Download, Pencil, Reply, RotateCw, SmilePlus, Trash2, Undo2 } from '@lucide/vue'
import type { Message } from '../../model'
import type { MenuItem } from '../base/menu'
import { useToast } from '../base/toast'
import { t } from '../i18n'
import { useModel } from '../model'
import { copyText } from './clipboard'
import type { Chat } from './context'
import { captionOf, fileId, fileName } from './summary'

/** How long an own message may be offered for a change, in ms; the server has the last word. */
const EDITABLE = 15 * 60_000

export const mayEdit = (message: Message): boolean =>
  message.mine &&
  message.kind === 'text' &&
  message.seq !== undefined &&
  message.recalledTime === undefined &&
  Date.now() - message.time < EDITABLE

export const useMessageMenu = (chat: Chat): ((message: Message | undefined) => MenuItem[]) => {
  const { files, conversations } = useModel()
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
    const mayRecall = seq !== undefined && (mine || ['owner', 'admin'].includes(chat.role() ?? ''))
    const writable = conversations.get(chat.key)?.writable === 'yes'
    const items: (MenuItem | false)[] = [
      message.state === 'failed' && { label: t('frame.retry'), icon: RotateCw, select: () => chat.timeline.retry(message.id) },
      seq !== undefined && writable && { label: t('chat.reply'), icon: Reply, select: () => turnTo({ reply: message }) },
      seq !== undefined && { label: t('chat.otherReaction'), icon: SmilePlus, select: () => chat.pickReaction(message) },
      words !== '' && { label: t('chat.copy'), icon: Copy, select: () => copy(words) },
      carries && seq !== undefined && { label: t('chat.saveFile'), icon: Download, select: () => save(message) },
      mayEdit(message) && writable && { label: t('chat.edit'), icon: Pencil, select: () => turnTo({ edit: message }) },
      chat.groupId !== undefined && mine && seq !== undefined && { label: t('chat.readBy'), icon: CheckCheck, select: () => chat.showReaders(message) },
      mayRecall && { label: t('chat.recall'), icon: Undo2, danger: true, apart: true, select: () => chat.recall(message) },
      message.state === 'failed' && { label: t('chat.discard'), icon: Trash2, danger: true, apart: true, select: () => chat.timeline.discard(message.id) },
    ]
    return items.filter((item) => item !== false)
  }
}
