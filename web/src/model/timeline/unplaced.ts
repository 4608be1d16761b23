// The messages of a timeline that have no place in the log: own ones on their way or failed, and all where messages are not kept.
import type { Message } from '../message'

/** Messages that stay where none are kept; of more the oldest go. */
const MOST = 1_000

export interface Unplaced {
  /** As they came. Nobody else has them. */
  readonly messages: readonly Message[]
  add: (message: Message) => void
  change: (id: string, by: (message: Message) => Message) => void
  /** Takes it out. */
  remove: (id: string) => Message | undefined
  /** A message from the server, under the name of the own one here that it must be: the answer to that one was late, or lost. */
  recognize: (message: Message) => Message
  /** Those of `list`, which have their place now, are here no more. */
  settle: (list: readonly Message[]) => void
}

export const createUnplaced = (): Unplaced => {
  let messages: Message[] = []

  const takeAt = (index: number): Message | undefined => (index < 0 ? undefined : messages.splice(index, 1)[0])

  return {
    get messages() {
      return messages
    },
    add: (message) => {
      messages.push(message)
      const sent = messages.length > MOST ? messages.findIndex(({ state }) => state === 'sent') : -1
      if (sent >= 0) messages.splice(sent, 1)
    },
    change: (id, by) => {
      messages = messages.map((message) => (message.id === id ? by(message) : message))
    },
    remove: (id) => takeAt(messages.findIndex((message) => message.id === id)),
    recognize: (message) => {
      if (!message.mine) return message
      const mine = takeAt(
        messages.findIndex(
          ({ state, msgId, msg, kind, replyTo }) =>
            (msgId !== undefined && msgId === message.msgId) ||
            (state === 'sending' && msg === message.msg && kind === message.kind && replyTo === message.replyTo),
        ),
      )
      return mine ? { ...message, id: mine.id, clientMsgId: mine.clientMsgId } : message
    },
    settle: (list) => {
      const placed = new Set(list.filter(({ mine }) => mine).map(({ msgId }) => msgId))
      messages = messages.filter(({ msgId }) => msgId === undefined || !placed.has(msgId))
    },
  }
}
