// How high a row will be, before it is drawn: near enough that the scroll bar does not tremble.
import type { Message } from '../../model'
import { pictureSize } from './media/size'

const LINE = 22
/** Around the text: padding of the bubble, and the gap below it. */
const AROUND = 20

const wide = /[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60]/gu

/** Lines of a text in a bubble that is `width` px wide. */
const linesOf = (text: string, width: number): number => {
  let lines = 0
  for (const line of text.slice(0, 2_000).split('\n', 24)) {
    const broad = line.match(wide)?.length ?? 0
    lines += Math.max(1, Math.ceil((broad * 15 + (line.length - broad) * 7.6) / width))
  }
  return lines
}

const estimate = (message: Message, width: number): number => {
  if (message.recalledTime !== undefined) return 36
  const quote = message.replyTo === undefined ? 0 : 50
  const reactions = message.reactions.length > 0 ? 32 : 0
  const failure = message.state === 'failed' ? 40 : 0
  const more = quote + reactions + failure
  if (message.kind === 'image') return pictureSize(message).height + 10 + more
  if (message.kind === 'file') return 74 + more
  if (message.kind === 'voice') return 58 + more
  return linesOf(message.msg, Math.min(520, width * 0.72) - 60) * LINE + AROUND + more
}

/** What was estimated, and for which width: the list asks for all its rows whenever one is added. */
const known = new WeakMap<Message, { width: number; height: number }>()

export const estimateHeight = (message: Message, width: number): number => {
  const before = known.get(message)
  if (before?.width === width) return before.height
  const height = estimate(message, width)
  known.set(message, { width, height })
  return height
}
