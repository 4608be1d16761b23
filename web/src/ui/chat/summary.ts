// A message in one line, as in quotes and bars.
import type { Message } from '../../model'
import { plainFileName } from '../base/text'
import { t } from '../i18n'

const textIn = (body: Record<string, unknown> | undefined, field: string): string => {
  const value = body?.[field]
  return typeof value === 'string' ? value : ''
}

export const fileName = (message: Message): string => plainFileName(message.upload?.name || textIn(message.body, 'name') || message.msg)
export const fileId = (message: Message): string => textIn(message.body, 'fileId')
export const fileSize = (message: Message): number => {
  const size = message.upload?.size ?? message.body?.['size']
  return typeof size === 'number' ? size : 0
}
export const voiceSeconds = (message: Message): number => {
  const seconds = message.body?.['seconds']
  return typeof seconds === 'number' && seconds > 0 ? Math.round(seconds) : 0
}

/** What goes as the text of a picture without words, for clients that know no pictures. */
export const NO_CAPTION = { image: '[image]', voice: '[voice]' } as const

/** What the sender wrote with a picture, a file or a voice. */
export const captionOf = (message: Message): string => {
  if (/^\[(?:image|voice|file|图片|语音|文件)\]$/u.test(message.msg)) return ''
  return message.kind === 'file' && plainFileName(message.msg) === fileName(message) ? '' : message.msg
}

export const summaryOf = (message: Message): string => {
  if (message.recalledTime !== undefined) return t('chat.recalled')
  switch (message.kind) {
    case 'image':
      return [t('chat.picture'), captionOf(message)].filter(Boolean).join(' ')
    case 'file':
      return [t('chat.file'), fileName(message)].filter(Boolean).join(' ')
    case 'voice':
      return t('chat.voiceSeconds', { n: voiceSeconds(message) })
    default:
      return message.msg.slice(0, 200).replaceAll(/\s+/gu, ' ')
  }
}
