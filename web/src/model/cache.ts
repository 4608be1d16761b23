// What the page keeps in the browser (IndexedDB): enough to be read offline and to go on after a reload. Cleared at logout; where a
// login was ended from elsewhere, what only this browser has waits for the same account.

import { openDB, type DBSchema, type IDBPDatabase } from 'idb'

import type { Uploaded } from '../client'
import type { Message, Outgoing } from './timeline'

/** The newest messages of a conversation, as they were at the log's entry `cursor`. */
export interface CachedTimeline {
  key: string
  cursor: number
  messages: Message[]
  atStart: boolean
}

/** A message that the server has not acknowledged. */
export interface Unsent {
  clientMsgId: string
  key: string
  /** The tab that it was written in. */
  tab: string
  time: number
  message: Outgoing
  /** What the upload of its file gave: a repeat has to be the same message. */
  uploaded?: Uploaded | undefined
  /** The refusal's code; a refused message waits for its author. */
  error: string | undefined
}

interface Schema extends DBSchema {
  lists: { key: string; value: unknown }
  timelines: { key: string; value: CachedTimeline }
  outbox: { key: string; value: Unsent }
  drafts: { key: string; value: string }
}

/** All that a page begins with. */
export interface Kept {
  list: <T>(name: string) => T | undefined
  drafts: ReadonlyMap<string, string>
  unsent: readonly Unsent[]
}

export const NOTHING: Kept = { list: () => undefined, drafts: new Map(), unsent: [] }

export interface Cache {
  /** Read in one go: a page that opens waits for it. */
  kept: () => Promise<Kept>
  keepList: (name: string, value: unknown) => void
  timeline: (key: string) => Promise<CachedTimeline | undefined>
  keepTimeline: (timeline: CachedTimeline) => void
  dropTimeline: (key: string) => void
  dropTimelines: () => void
  unsent: () => Promise<readonly Unsent[]>
  keepUnsent: (unsent: Unsent) => Promise<void>
  dropUnsent: (clientMsgId: string) => void
  keepDraft: (key: string, text: string) => void
  /** Removes what the server has too. Drafts and unsent messages stay, as those of `owner`. */
  leaveTo: (owner: string) => Promise<void>
  clear: () => Promise<void>
}

/** The list that names whose drafts and unsent messages these are, when nobody is logged in. */
export const OWNER = 'owner'

const open = (): Promise<IDBPDatabase<Schema> | undefined> =>
  openDB<Schema>('hongyan', 1, {
    upgrade: (db) => {
      db.createObjectStore('lists')
      db.createObjectStore('timelines', { keyPath: 'key' })
      db.createObjectStore('outbox', { keyPath: 'clientMsgId' })
      db.createObjectStore('drafts')
    },
    // A private window may have no storage: the page works without, it only forgets at a reload.
  }).catch(() => undefined)

export const createCache = (): Cache => {
  const opened = open()

  const read = async <T>(get: (db: IDBPDatabase<Schema>) => Promise<T>): Promise<T | undefined> => {
    const db = await opened
    return db ? get(db).catch(() => undefined) : undefined
  }
  /** What cannot be kept (a full disk) is not kept: the server has it. */
  const write = async (put: (db: IDBPDatabase<Schema>) => Promise<unknown>): Promise<void> => {
    const db = await opened
    if (db) await put(db).catch(() => undefined)
  }

  return {
    kept: async () => {
      const rows = await read((db) => {
        const transaction = db.transaction(['lists', 'drafts', 'outbox'])
        const [lists, drafts] = [transaction.objectStore('lists'), transaction.objectStore('drafts')]
        const unsent = transaction.objectStore('outbox')
        return Promise.all([lists.getAllKeys(), lists.getAll(), drafts.getAllKeys(), drafts.getAll(), unsent.getAll()])
      })
      const [names = [], values = [], keys = [], texts = [], unsent = []] = rows ?? []
      const lists = new Map(names.map((name, at) => [name, values[at]]))
      return {
        list: <T>(name: string) => lists.get(name) as T | undefined,
        drafts: new Map(keys.map((key, at) => [key, texts[at] ?? ''])),
        unsent,
      }
    },
    keepList: (name, value) => void write((db) => db.put('lists', value, name)),
    timeline: (key) => read((db) => db.get('timelines', key)),
    keepTimeline: (timeline) => void write((db) => db.put('timelines', timeline)),
    dropTimeline: (key) => void write((db) => db.delete('timelines', key)),
    dropTimelines: () => void write((db) => db.clear('timelines')),
    unsent: async () => (await read((db) => db.getAll('outbox'))) ?? [],
    keepUnsent: (unsent) => write((db) => db.put('outbox', unsent)),
    dropUnsent: (id) => void write((db) => db.delete('outbox', id)),
    keepDraft: (key, text) =>
      void write((db) => (text ? db.put('drafts', text, key) : db.delete('drafts', key))),
    leaveTo: (owner) =>
      write(async (db) => {
        const transaction = db.transaction(['lists', 'timelines'], 'readwrite')
        const lists = transaction.objectStore('lists')
        await Promise.all([lists.clear(), transaction.objectStore('timelines').clear(), lists.put(owner, OWNER), transaction.done])
      }),
    clear: () =>
      write((db) => {
        const names = ['lists', 'timelines', 'outbox', 'drafts'] as const
        return Promise.all(names.map((name) => db.clear(name)))
      }),
  }
}
