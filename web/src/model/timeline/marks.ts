// What people leave on messages that are there: recalls, edits, reactions, and that they have read them.
import type { Context } from '../context'
import { addressOf, groupOf, type ConversationKey } from '../key'
import { reacted, type Message } from '../message'

export interface Marks {
  recall: (seq: number) => Promise<void>
  edit: (seq: number, msg: string, mentions: string[]) => Promise<void>
  react: (seq: number, emoji: string, on: boolean) => Promise<void>
  readers: (seq: number) => Promise<{ count: number; userIds: string[] }>
  /** Between two: the other has read it. */
  isRead: (message: Message) => boolean
}

export const createMarks = (
  key: ConversationKey,
  { link, me }: Context,
  /** Changes a message that is shown. */
  change: (seq: number, by: (message: Message) => Message) => void,
  peerReadSeq: () => number,
): Marks => {
  const address = addressOf(key)
  return {
    recall: async (seq) => {
      await link.call('/ws/chat/recall', { ...address, seq })
    },
    edit: async (seq, msg, mentions) => {
      await link.call('/ws/chat/edit', { ...address, seq, msg, mentions })
    },
    react: async (seq, emoji, on) => {
      change(seq, (message) => reacted(message, emoji, me(), on, me()))
      try {
        await link.call('/ws/chat/react', { ...address, seq, emoji, on })
      } catch (error) {
        change(seq, (message) => reacted(message, emoji, me(), !on, me()))
        throw error
      }
    },
    readers: async (seq) => {
      const { count, list } = await link.call('/ws/chat/readers', { ...address, seq })
      return { count, userIds: list }
    },
    isRead: (message) =>
      groupOf(key) === undefined && message.seq !== undefined && message.seq <= peerReadSeq(),
  }
}
