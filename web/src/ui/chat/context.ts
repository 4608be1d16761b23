// What the parts of one open conversation share.
import { inject, provide, shallowReactive, type InjectionKey } from 'vue'
import type { Conversation, Message, Role, Timeline } from '../../model'
import type { ConversationKey } from '../../model/key'
import { alsoForget } from '../preferences'

/** What the composer is for: a new message, an answer, or another text for an old one. */
export interface Intent {
  reply: Message | undefined
  edit: Message | undefined
  /** The other text, as far as it is written. */
  editText: string | undefined
}

export interface Chat {
  key: ConversationKey
  groupId: string | undefined
  conversation: Conversation
  timeline: Timeline
  intent: Intent
  /** The reader's role in the group. */
  role: () => Role | undefined
  name: (userId: string) => string
  /** Names of the mentioned as they stand in texts. */
  mentionNames: (message: Message) => readonly string[]
  /** Shows the place of a message and points at it. */
  jump: (seq: number) => void
  toEnd: () => void
  /** Sends again what was refused, and shows it: it stands behind what was written since. */
  retry: (message: Message) => void
  focusComposer: () => void
  openPicture: (message: Message) => void
  showReaders: (message: Message) => void
  /** Shows who wrote it. */
  showPerson: (message: Message) => void
  pickReaction: (message: Message) => void
  react: (message: Message, emoji: string) => void
  recall: (message: Message) => void
  /** Puts the text of an own message that was recalled into the composer. */
  writeAgain: (text: string) => void
  /** Texts of own messages that were recalled on this page, by id. */
  recalledTexts: Map<string, string>
  /** Ids of long messages that are shown whole. */
  unfolded: Set<string>
}

const key: InjectionKey<Chat> = Symbol('chat')

export const provideChat = (chat: Chat): void => provide(key, chat)

export const useChat = (): Chat => {
  const chat = inject(key)
  if (!chat) throw new Error('useChat() outside of a conversation')
  return chat
}

const intents = new Map<ConversationKey, Intent>()
alsoForget(() => intents.clear())

/** Kept while one looks at other conversations. */
export const intentOf = (conversation: ConversationKey): Intent => {
  const known = intents.get(conversation)
  if (known) return known
  const intent: Intent = shallowReactive({ reply: undefined, edit: undefined, editText: undefined })
  intents.set(conversation, intent)
  return intent
}
