// The logs of all conversations, heard in order, without gaps and without repeats, across any number of connections.

import { isPassing, Refusal } from './error'
import { groupKey, keyOf, userKey, type ConversationKey } from './key'
import { LIMITS, type Cursor, type Event as WireEvent, type Synced } from './wire'

/** The events that are entries of a conversation's log: their `data` has a `seq` that follows on from the last one's. */
export type LogEvent = Extract<
  WireEvent,
  { eventType: 'chat_f2f' | 'chat_group' | 'chat_recall' | 'chat_edit' | 'chat_reaction' }
>

const LOGGED = new Set(['chat_f2f', 'chat_group', 'chat_recall', 'chat_edit', 'chat_reaction'])

export const isLogEvent = (event: WireEvent): event is LogEvent => LOGGED.has(event.eventType)

/** The conversation that an event belongs to, as `me` names it. */
export const conversationOf = (event: WireEvent, me: string): ConversationKey => {
  const data = (event as { data?: { toGroupId?: string } }).data
  if (data?.toGroupId) return groupKey(data.toGroupId)
  return userKey(event.fromUserId === me ? event.toUserId : event.fromUserId)
}

export interface ResumeHandlers {
  sync: (cursors: Cursor[], epoch: string | undefined) => Promise<Synced>
  /** Whether what is up to the cursor has been here. Asking what is behind it says so, and the server may delete it then. */
  arrived: (key: ConversationKey) => boolean
  /** The next entry of a conversation's log. */
  entry: (key: ConversationKey, event: LogEvent) => void
  /** What is there of the conversation is void: read its history. `seq` is its newest entry. */
  resync: (key: ConversationKey, seq: number) => void
  /** The conversation is not, or no longer, the user's. */
  gone: (key: ConversationKey) => void
}

export class Resume {
  private readonly cursors = new Map<ConversationKey, number>()
  /** Live entries that wait until what is missing before them has come. */
  private held: [ConversationKey, LogEvent][] = []
  private catching: Promise<void> | undefined

  constructor(private readonly handlers: ResumeHandlers) {}

  /** The last entry that was heard or read of a conversation. */
  cursor(key: ConversationKey): number | undefined {
    return this.cursors.get(key)
  }

  /** Everything up to `seq` is known from elsewhere: a list, or a page of history. Never goes back. */
  reached(key: ConversationKey, seq: number): void {
    const known = this.cursors.get(key)
    if (known === undefined || known < seq) this.cursors.set(key, seq)
  }

  /** The place is void, as after a restore. */
  restart(key: ConversationKey, seq: number): void {
    this.cursors.set(key, seq)
  }

  forget(key: ConversationKey): void {
    this.cursors.delete(key)
  }

  /** A live entry. One without `seq` is of a conversation that keeps no messages: it has no place in a log. */
  hear(key: ConversationKey, event: LogEvent): void {
    const { seq } = event.data
    if (seq === undefined) {
      this.handlers.entry(key, event)
      return
    }
    if (this.catching) {
      this.held.push([key, event])
      return
    }
    const known = this.cursors.get(key)
    const gap = known !== undefined && seq > known + 1
    if (gap && this.handlers.arrived(key)) {
      this.held.push([key, event])
      void this.catchUp([key]).catch(() => undefined)
      return
    }
    if (gap) this.handlers.resync(key, seq)
    this.take(key, event, seq)
  }

  /**
   * Fetches what is behind the cursors of `keys`, hands it on, and then what came live meanwhile. Rejects when the server cannot
   * be reached: the cursors stay where they are, and another call goes on from there.
   */
  async catchUp(keys: ConversationKey[], epoch?: string): Promise<void> {
    while (this.catching) await this.catching.catch(() => undefined)
    this.catching = this.fetch(keys, epoch)
    try {
      await this.catching
    } catch (error) {
      // What was held is in the log, behind the cursors: the next catching up brings it.
      this.held = []
      throw error
    } finally {
      this.catching = undefined
    }
    const held = this.held
    this.held = []
    for (const [key, event] of held) this.hear(key, event)
  }

  private async fetch(keys: ConversationKey[], epoch: string | undefined): Promise<void> {
    let left = keys.filter((key) => this.cursors.has(key))
    while (left.length > 0) {
      const now = left.slice(0, LIMITS.cursors)
      const synced = await this.sync(now, epoch)
      const unfinished: ConversationKey[] = []
      for (const missed of synced.list) {
        const key = keyOf(missed)
        const before = this.cursors.get(key) ?? 0
        for (const event of missed.events as LogEvent[]) {
          if (event.data.seq !== undefined) this.take(key, event, event.data.seq)
        }
        if (!missed.more) this.reached(key, missed.lastSeq)
        // An answer that brings nothing would be asked for for ever.
        else if ((this.cursors.get(key) ?? 0) > before) unfinished.push(key)
      }
      for (const cursor of synced.resync) {
        this.restart(keyOf(cursor), cursor.seq)
        this.handlers.resync(keyOf(cursor), cursor.seq)
      }
      for (const cursor of synced.gone) {
        this.forget(keyOf(cursor))
        this.handlers.gone(keyOf(cursor))
      }
      left = [...unfinished, ...left.slice(LIMITS.cursors)]
    }
  }

  private async sync(keys: ConversationKey[], epoch: string | undefined): Promise<Synced> {
    const cursors = keys.map((key) => {
      const seq = this.cursors.get(key) ?? 0
      return key.startsWith('g:') ? { groupId: key.slice(2), seq } : { userId: key.slice(2), seq }
    })
    for (let tries = 0; ; tries++) {
      try {
        return await this.handlers.sync(cursors, epoch)
      } catch (error) {
        if (!isPassing(error) || tries === 2) throw error
        const wait = error instanceof Refusal ? (error.retryAfter ?? 500) : 500
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }

  private take(key: ConversationKey, event: LogEvent, seq: number): void {
    const known = this.cursors.get(key)
    if (known !== undefined && seq <= known) return
    this.cursors.set(key, seq)
    this.handlers.entry(key, event)
  }
}
