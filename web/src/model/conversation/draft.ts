// Drafts: what the reader has begun to write, in each conversation; kept in the browser.
import type { Kept } from '../cache'
import type { Context } from '../context'
import type { ConversationKey } from '../key'
import type { List } from './list'

export interface Drafts {
  set: (key: ConversationKey, text: string) => void
  restore: (kept: Kept) => void
}

export const createDrafts = ({ cache, schedule }: Context, list: List): Drafts => ({
  set: (key, text) => {
    const row = list.ensure(key)
    if (row.draft === text) return
    const listed = row.draft !== ''
    row.draft = text
    cache.keepDraft(key, text)
    // A draft is kept by itself.
    if (listed !== (text !== '')) schedule.soon(list.sort)
  },
  restore: ({ drafts }) => {
    for (const [key, text] of drafts) list.ensure(key as ConversationKey).draft = text
  },
})
