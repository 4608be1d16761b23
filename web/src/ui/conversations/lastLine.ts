// The second line of a conversation's row: what was said last and by whom, and what goes before it.
import type { Conversation, Message } from '../../model'
import { plainFileName } from '../base/text'
import type { Translate } from '../contacts/words'

export interface LastLine {
  /** Goes before everything, in the colour of alerts; '' for none. */
  mark: string
  /** Who said it; '' where it goes without saying. */
  who: string
  text: string
  typing: boolean
  sign: 'sending' | 'failed' | undefined
}

/** Characters that a row can show at most. */
const SHOWN = 120

/** In one line, and short: nobody waits for a row with a 10,000-character word. */
export const inOneLine = (text: string): string => {
  const line = Array.from(text.slice(0, 4 * SHOWN).replace(/\s+/g, ' ').trim())
  return line.slice(0, SHOWN).join('')
}

/** What a message says, where there is one line for it. */
export const messageLine = (message: Message, t: Translate): string => {
  const text = inOneLine(message.msg)
  switch (message.kind) {
    case 'image':
      return t('contacts.last.image', {})
    case 'voice':
      return t('contacts.last.voice', {})
    case 'file':
      return `${t('contacts.last.file', {})} ${plainFileName(text)}`.trim()
    default:
      return text
  }
}

export const lastLine = (
  conversation: Pick<Conversation, 'last' | 'draft' | 'typing' | 'mentioned'>,
  { group, open, name, t }: { group: boolean; open: boolean; name: (userId: string) => string; t: Translate },
): LastLine => {
  const { last, draft, typing, mentioned } = conversation
  const line: LastLine = { mark: '', who: '', text: '', typing: false, sign: undefined }
  const [typist] = typing
  if (typist !== undefined) {
    const text = group ? t('contacts.last.somebodyTyping', { name: inOneLine(name(typist)) }) : t('contacts.last.typing', {})
    return { ...line, text, typing: true }
  }
  // What one writes is in sight while the conversation is open.
  const drafted = draft !== '' && !open
  const mark = [mentioned && t('contacts.last.mention', {}), drafted && t('contacts.last.draft', {})].filter(Boolean).join(' ')
  if (drafted) return { ...line, mark, text: inOneLine(draft) }
  if (!last) return line
  const who = inOneLine(name(last.fromUserId))
  if (last.recalledTime !== undefined) {
    const text = last.mine ? t('contacts.last.recalledByMe', {}) : group ? t('contacts.last.recalledBy', { name: who }) : t('contacts.last.recalled', {})
    return { ...line, mark, text }
  }
  return {
    ...line,
    mark,
    who: !group ? '' : last.mine ? t('contacts.me', {}) : who,
    text: messageLine(last, t),
    sign: last.state === 'sent' ? undefined : last.state,
  }
}
