// Finding messages, and friends and groups among one's own.
import type { SnippetPiece } from '../client'
import type { Context } from './context'
import type { Friend, Friends } from './friend'
import type { Group, Groups } from './group'
import { addressOf, keyOf, type ConversationKey } from './key'

export interface FoundMessage {
  key: ConversationKey
  seq: number
  fromUserId: string
  /** ms since 1970 */
  time: number
  snippet: readonly SnippetPiece[]
}

export interface FoundPage {
  list: FoundMessage[]
  /** The next page's `before`; undefined on the last one. */
  next: string | undefined
}

export interface Search {
  /** On the server, the newest first; in one conversation or in all. */
  messages: (query: string, options?: { key?: ConversationKey; before?: string }) => Promise<FoundPage>
  /** Own friends and groups, by any of their names. */
  local: (query: string) => { friends: Friend[]; groups: Group[] }
}

export const createSearch = ({ link }: Context, friends: Friends, groups: Groups): Search => ({
  messages: async (query, { key, before } = {}) => {
    const { list, next } = await link.call('/ws/chat/search', {
      query,
      ...(key === undefined ? {} : addressOf(key)),
      ...(before === undefined ? {} : { before }),
    })
    return { list: list.map((found) => ({ ...found, key: keyOf(found) })), next }
  },
  local: (query) => {
    const part = query.trim().toLocaleLowerCase()
    const has = (...names: string[]): boolean =>
      part !== '' && names.some((name) => name.toLocaleLowerCase().includes(part))
    return {
      friends: friends.list.filter((friend) =>
        has(friend.remark, friend.nickname, friend.username),
      ),
      groups: groups.list.filter((group) => has(group.groupNickname, group.groupName)),
    }
  },
})
