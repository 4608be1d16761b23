// Where a day begins, and which messages stand together as one.
import type { Message } from '../../model'

/** Messages of one sender that are not further apart than this stand together, in ms. */
const TOGETHER = 5 * 60_000

/** The day that was asked for last, from its first ms to the first of the next: those who are asked for together mostly are of one. */
let day = { from: 0, to: 0 }

/** Its first ms. */
const dayOf = (time: number): number => {
  if (time < day.from || time >= day.to) {
    const date = new Date(time)
    day = { from: date.setHours(0, 0, 0, 0), to: date.setHours(24, 0, 0, 0) }
  }
  return day.from
}

/** Whether a divider with the day stands above it. Not above the first that is loaded: what is above is not known. */
export const beginsDay = (before: Message | undefined, message: Message, atStart: boolean): boolean =>
  before ? dayOf(before.time) !== dayOf(message.time) : atStart

/** Whether it begins a group of bubbles: with the face and, in groups, the name. */
export const beginsGroup = (before: Message | undefined, message: Message): boolean =>
  !before ||
  before.fromUserId !== message.fromUserId ||
  message.time - before.time > TOGETHER ||
  dayOf(before.time) !== dayOf(message.time) ||
  before.recalledTime !== undefined
