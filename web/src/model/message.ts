// A message as the page shows it. Immutable: a change makes a new one, so that a list sees at once what is new.
import type { LogEvent, Message as WireMessage } from '../client'

export interface Reaction {
  emoji: string
  count: number
  mine: boolean
  /** The first 20 of them. */
  userIds: readonly string[]
}

export interface Upload {
  /** 0 to 1. */
  progress: number
  blob: Blob
  name: string
  size: number
}

export interface Message {
  /** Stays the same when a message on its way is confirmed. */
  id: string
  /** Undefined until it is confirmed, and where messages are not kept. */
  seq: number | undefined
  msgId: string | undefined
  clientMsgId: string | undefined
  fromUserId: string
  mine: boolean
  /** ms since 1970 */
  time: number
  msg: string
  /** "text", "image", "file", "voice", or what clients agree on. */
  kind: string
  body: Record<string, unknown> | undefined
  replyTo: number | undefined
  mentions: readonly string[]
  mentionAll: boolean
  editedTime: number | undefined
  recalledTime: number | undefined
  reactions: readonly Reaction[]
  state: 'sending' | 'sent' | 'failed'
  /** Why it failed: a code of the protocol, or `file`. */
  error: string | undefined
  upload: Upload | undefined
}

/** What somebody wants to send. */
export interface Outgoing {
  /** What is shown by clients that know no kinds: for a file its name or caption. */
  msg: string
  replyTo?: number
  mentions?: string[]
  mentionAll?: boolean
  file?: Blob
  fileName?: string
  /** Without it the file decides: a picture, or a file. */
  fileKind?: 'image' | 'file' | 'voice'
  /** Of a voice. */
  seconds?: number
}

export type ChatEvent = Extract<LogEvent, { eventType: 'chat_f2f' | 'chat_group' }>
/** A recall, an edit or a reaction: of the message at its `targetSeq`. */
export type ChangeEvent = Exclude<LogEvent, ChatEvent>

export const isChat = (event: LogEvent): event is ChatEvent =>
  event.eventType === 'chat_f2f' || event.eventType === 'chat_group'

export const fromWire = (wire: WireMessage, me: string): Message => ({
  id: wire.seq === undefined ? wire.msgId : `s${wire.seq}`,
  seq: wire.seq,
  msgId: wire.msgId,
  clientMsgId: undefined,
  fromUserId: wire.fromUserId,
  mine: wire.fromUserId === me,
  time: wire.time,
  msg: wire.msg,
  kind: wire.kind ?? 'text',
  body: wire.body,
  replyTo: wire.replyTo,
  mentions: wire.mentions ?? [],
  mentionAll: wire.mentionAll ?? false,
  editedTime: wire.editedTime,
  recalledTime: wire.recalledTime,
  reactions: wire.reactions ?? [],
  state: 'sent',
  error: undefined,
  upload: undefined,
})

export const fromEvent = (event: ChatEvent, me: string): Message =>
  fromWire({ ...event.data, fromUserId: event.fromUserId, time: event.time }, me)

export const namesReader = (message: Message, me: string): boolean =>
  message.mentionAll || message.mentions.includes(me)

export const recalled = (message: Message, time: number): Message => ({
  ...message,
  msg: '',
  kind: 'text',
  body: undefined,
  mentions: [],
  mentionAll: false,
  reactions: [],
  recalledTime: time,
})

/** `userId` reacts, or takes it back. Saying it again changes nothing. */
export const reacted = (
  message: Message,
  emoji: string,
  userId: string,
  on: boolean,
  me: string,
): Message => {
  const before = message.reactions.find((reaction) => reaction.emoji === emoji)
  const has = userId === me ? (before?.mine ?? false) : (before?.userIds.includes(userId) ?? false)
  if (has === on) return message
  const count = (before?.count ?? 0) + (on ? 1 : -1)
  const others = before?.userIds.filter((other) => other !== userId) ?? []
  const now: Reaction = {
    emoji,
    count,
    mine: userId === me ? on : (before?.mine ?? false),
    userIds: on ? [...others, userId].slice(0, 20) : others,
  }
  const reactions = before
    ? message.reactions.map((reaction) => (reaction.emoji === emoji ? now : reaction))
    : [...message.reactions, now]
  return { ...message, reactions: reactions.filter((reaction) => reaction.count > 0) }
}

/** The message as it is after a change of it. */
export const changed = (message: Message, event: ChangeEvent, me: string): Message => {
  switch (event.eventType) {
    case 'chat_recall':
      return recalled(message, event.time)
    case 'chat_edit':
      return {
        ...message,
        msg: event.data.msg,
        mentions: event.data.mentions ?? [],
        editedTime: event.data.editedTime,
      }
    case 'chat_reaction':
      return reacted(message, event.data.emoji, event.fromUserId, event.data.on, me)
  }
}
