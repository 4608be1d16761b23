// The second line of a row, for what may come last in a conversation.
import { describe, expect, it } from 'vitest'
import type { Conversation, Message } from '../../model'
import { inOneLine, lastLine } from './lastLine'

const message = (change: Partial<Message> = {}): Message => ({
  id: 's1',
  seq: 1,
  msgId: 'm1',
  clientMsgId: undefined,
  fromUserId: 'ann',
  mine: false,
  time: 1,
  msg: 'hello',
  kind: 'text',
  body: undefined,
  replyTo: undefined,
  mentions: [],
  mentionAll: false,
  editedTime: undefined,
  recalledTime: undefined,
  reactions: [],
  state: 'sent',
  error: undefined,
  upload: undefined,
  ...change,
})

const lineOf = (
  conversation: Partial<Pick<Conversation, 'last' | 'draft' | 'typing' | 'mentioned'>>,
  { group = false, open = false } = {},
) =>
  lastLine(
    { last: undefined, draft: '', typing: [], mentioned: false, ...conversation },
    { group, open, name: (userId) => `<${userId}>`, t: (key, named) => [key.replace(/^contacts\./, ''), ...Object.values(named)].join(' ') },
  )

describe('the last line', () => {
  it('is empty before the first message', () => {
    expect(lineOf({})).toEqual({ mark: '', who: '', text: '', typing: false, sign: undefined })
  })

  it('says who said it in a group, and not between two', () => {
    expect(lineOf({ last: message() })).toMatchObject({ who: '', text: 'hello' })
    expect(lineOf({ last: message() }, { group: true })).toMatchObject({ who: '<ann>', text: 'hello' })
    expect(lineOf({ last: message({ mine: true }) }, { group: true })).toMatchObject({ who: 'me' })
  })

  it('names what is no text', () => {
    expect(lineOf({ last: message({ kind: 'image', msg: 'a.png' }) }).text).toBe('last.image')
    expect(lineOf({ last: message({ kind: 'voice', msg: 'v' }) }).text).toBe('last.voice')
    expect(lineOf({ last: message({ kind: 'file', msg: 'plan.pdf' }) }).text).toBe('last.file plan.pdf')
    expect(lineOf({ last: message({ kind: 'file', msg: 'photo\u202Egpj.exe' }) }).text).toBe('last.file photogpj.exe')
    expect(lineOf({ last: message({ kind: 'x-poll', msg: 'Where to?' }) }).text).toBe('Where to?')
  })

  it('says what was taken back, and by whom in a group', () => {
    const last = message({ recalledTime: 2, msg: '' })
    expect(lineOf({ last }).text).toBe('last.recalled')
    expect(lineOf({ last }, { group: true })).toMatchObject({ who: '', text: 'last.recalledBy <ann>' })
    expect(lineOf({ last: { ...last, mine: true } }, { group: true }).text).toBe('last.recalledByMe')
  })

  it('prefers who is writing, then a draft, and marks a mention beside it', () => {
    const all = { last: message(), draft: 'not yet\nsent', typing: ['bob'], mentioned: true }
    expect(lineOf(all)).toMatchObject({ typing: true, text: 'last.typing', mark: '' })
    expect(lineOf(all, { group: true })).toMatchObject({ text: 'last.somebodyTyping <bob>' })
    expect(lineOf({ ...all, typing: [] })).toMatchObject({ mark: 'last.mention last.draft', text: 'not yet sent' })
    expect(lineOf({ ...all, typing: [], mentioned: false })).toMatchObject({ mark: 'last.draft', text: 'not yet sent' })
    expect(lineOf({ ...all, typing: [] }, { open: true })).toMatchObject({ mark: 'last.mention', text: 'hello' })
  })

  it('shows that a message is on its way, or did not arrive', () => {
    expect(lineOf({ last: message({ mine: true, state: 'sending' }) }).sign).toBe('sending')
    expect(lineOf({ last: message({ mine: true, state: 'failed' }) }).sign).toBe('failed')
  })

  it('is one line of a bounded length', () => {
    expect(inOneLine('a\n\n b\tc  ')).toBe('a b c')
    expect(inOneLine('🦢'.repeat(10_000))).toBe('🦢'.repeat(120))
  })
})
