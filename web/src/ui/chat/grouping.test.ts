// Days and groups of bubbles.
import { describe, expect, it } from 'vitest'
import type { Message } from '../../model'
import { beginsDay, beginsGroup } from './grouping'

const at = (time: string, fromUserId = 'a', more: Partial<Message> = {}): Message => ({
  id: time,
  seq: 1,
  msgId: '1',
  clientMsgId: undefined,
  fromUserId,
  mine: false,
  time: new Date(time).getTime(),
  msg: 'x',
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
  ...more,
})

describe('days', () => {
  it('begin at midnight of the reader', () => {
    expect(beginsDay(at('2026-03-01T23:59:59'), at('2026-03-02T00:00:00'), false)).toBe(true)
    expect(beginsDay(at('2026-03-02T00:00:00'), at('2026-03-02T23:59:59'), false)).toBe(false)
  })
  it('are told above the first message only at the very start', () => {
    expect(beginsDay(undefined, at('2026-03-02T00:00:00'), true)).toBe(true)
    expect(beginsDay(undefined, at('2026-03-02T00:00:00'), false)).toBe(false)
  })
})

describe('groups', () => {
  it('are of one sender within five minutes of one day', () => {
    const before = at('2026-03-02T10:00:00')
    expect(beginsGroup(before, at('2026-03-02T10:05:00'))).toBe(false)
    expect(beginsGroup(before, at('2026-03-02T10:05:01'))).toBe(true)
    expect(beginsGroup(before, at('2026-03-02T10:00:01', 'b'))).toBe(true)
    expect(beginsGroup(at('2026-03-01T23:59:59'), at('2026-03-02T00:00:01'))).toBe(true)
    expect(beginsGroup(undefined, before)).toBe(true)
  })
  it('end at what was recalled', () => {
    expect(beginsGroup(at('2026-03-02T10:00:00', 'a', { recalledTime: 1 }), at('2026-03-02T10:00:01'))).toBe(true)
  })
})
