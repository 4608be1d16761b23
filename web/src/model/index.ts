// The model as the page sees it.
import type { ConversationKey } from './key'


export interface Model {                       // model/index.ts: `createModel(options): Model`; ui gets it with `useModel()` (ui/model.ts, provide/inject)
  session: Session; connection: ConnectionState; conversations: Conversations; friends: Friends; groups: Groups; people: People
  inbox: Inbox; search: Search; files: Files; devices: Devices
}

// ---- model/session.ts
export interface Me { id: string; username: string; nickname: string; headImg: string; sign: string; sex: '-1' | '0' | '1' }
export type Ended = 'elsewhere'    // the account logged in on another device (forced logout)
                  | 'expired'      // the session ended: time, password change, ended from another device
                  | 'replaced'     // this login is open in another window that does not share with this one; `session.useHere()` takes it back
export interface Session {
  state: 'starting' | 'out' | 'in' | 'ended'   // 'ended' shows the full-screen reason
  me: Me | undefined
  ended: Ended | undefined
  register(form: { username: string; password: string; nickname: string; sex?: string; sign?: string }): Promise<void>
  login(form: { username: string; password: string }): Promise<void>
  logout(): Promise<void>                       // also clears IndexedDB
  leaveEnded(): Promise<void>                   // from 'ended' to 'out' ("log in again")
  useHere(): void                               // from 'ended'/'replaced' back to 'in'
  updateProfile(change: { nickname?: string; sign?: string; sex?: string; headImage?: Blob }): Promise<void>
  changePassword(form: { oldPassword: string; newPassword: string; verifyPassword: string }): Promise<void>
}
// ---- model/connection.ts
export interface ConnectionState {
  state: 'connecting' | 'open' | 'waiting' | 'off'  // 'waiting': until `retryAt`; banner shows countdown and "try now"
  retryAt: number | undefined                       // ms since 1970
  synced: boolean                                   // lists are as the server has them; false: what is shown may be old (offline)
  tryNow(): void
}
// ---- model/device.ts  (devices and sessions of the caller)
export interface DeviceRow { sessionId: string; device: string; createTime: number; lastUsedTime: number; current: boolean }
export interface Devices { list(): Promise<DeviceRow[]>; end(sessionId: string): Promise<void>; endOthers(): Promise<void> }

// ---- model/people.ts
export interface Person { userId: string; username: string; nickname: string; headImg: string; sex: '-1'|'0'|'1'; sign: string }
export interface People {
  get(userId: string): Person | undefined       // what is known; asks the server once in the background when unknown
  name(userId: string, groupId?: string): string // own remark > name in that group > nickname > username > ''
  load(userId: string): Promise<Person>          // fresh, for a profile card
}
// ---- model/friend.ts
export interface Friend extends Person { remark: string; online: boolean; favourite: boolean; blocked: boolean }
export interface Friends {
  list: readonly Friend[]                        // sorted: favourites first, then by name (zh collation)
  get(userId: string): Friend | undefined
  find(text: string): Promise<Person[]>          // exact username or part of nickname
  add(userId: string, remark: string): Promise<void>
  remove(userId: string): Promise<void>
  setRemark(userId: string, remark: string): Promise<void>
  setFavourite(userId: string, on: boolean): Promise<void>
  setBlocked(userId: string, on: boolean): Promise<void>
  blocked(): Promise<Person[]>
}
// ---- model/group.ts
export type Role = 'owner' | 'admin' | 'member'
export interface Group {
  groupId: string; groupName: string; groupNickname: string; groupHeadImg: string; introduction: string; ownerUserId: string
  join: 'open' | 'approval' | 'invitation'; memberCount: number
  announcement: string; invite: 'members' | 'operators'; muteAll: boolean      // '' / default for groups one is not in
  role: Role | undefined; memberNickname: string; mutedUntil: number            // the caller's own; role undefined: not a member
}
export interface Member extends Person { role: Role; memberNickname: string; remark: string; mutedUntil: number }
export interface Groups {
  list: readonly Group[]                         // the caller's, by name
  get(groupId: string): Group | undefined
  members(groupId: string): readonly Member[]    // reactive; empty until loaded; owner, admins, then by name
  loadMembers(groupId: string): Promise<void>
  find(text: string): Promise<Group[]>
  create(form: { groupName: string; groupNickname: string; introduction: string; invite: string[] /* userIds */ }): Promise<Group>
  apply(groupId: string, remark: string): Promise<void>
  invite(groupId: string, userId: string, remark: string): Promise<void>
  leave(groupId: string): Promise<void>;  kick(groupId: string, userId: string): Promise<void>
  update(groupId: string, change: Partial<Pick<Group, 'groupNickname'|'introduction'|'announcement'|'invite'|'join'|'muteAll'>>): Promise<void>
  setAvatar(groupId: string, image: Blob | undefined): Promise<void>
  setRole(groupId: string, userId: string, role: 'admin' | 'member'): Promise<void>
  handOver(groupId: string, userId: string): Promise<void>; dissolve(groupId: string): Promise<void>
  mute(groupId: string, userId: string, seconds: number): Promise<void>         // 0 lets them speak
  setMyNickname(groupId: string, nickname: string): Promise<void>
}
// ---- model/inbox.ts  (新的朋友: requests and invitations in both directions)
export type InboxState = 'pending' | 'agreed' | 'refused'
export interface InboxRow {
  kind: 'friend' | 'group_apply' | 'group_invite'; id: string; direction: 'received' | 'sent'; state: InboxState
  person: { userId: string; username: string; nickname: string; headImg: string }   // the other one
  group?: { groupId: string; groupName: string; groupNickname: string; groupHeadImg: string }
  remark: string; time: number; handleTime?: number
}
export interface Inbox {
  rows: readonly InboxRow[]                      // newest first
  waiting: number                                // received and pending: the badge
  answer(row: InboxRow, agree: boolean): Promise<void>
}
// ---- model/conversation.ts
export type Keep = 'none' | 'until-delivered' | 'forever' | number
export interface Conversation {
  key: ConversationKey                            // 'u:<userId>' | 'g:<groupId>', from model/key.ts (exists: userKey, groupKey, userOf, groupOf, readKey)
  title: string; headImg: string                  // remark or nickname; the group's nickname
  last: Message | undefined; lastTime: number
  unread: number                                  // 100 stands for 99+
  mentioned: boolean; muted: boolean; pinned: boolean
  draft: string                                   // '' when none
  typing: readonly string[]                       // userIds who are writing now
  peerReadSeq: number                             // between two: up to where the other has read; 0 in groups
  keep: Keep; keepWish: Keep | undefined; peerKeepWish: Keep | undefined
  writable: 'yes' | 'no-friend' | 'not-member' | 'blocked-by-me' | 'muted' | 'muted-all'   // why the composer is disabled
}
export interface Conversations {
  list: readonly Conversation[]                   // pinned first, then newest first; also opened ones without a message
  unread: number                                  // of all that are not muted: the title badge
  get(key: ConversationKey): Conversation | undefined
  ensure(key: ConversationKey): Conversation      // makes an empty one for a friend or group
  timeline(key: ConversationKey): Timeline        // opened on first use
  setDraft(key: ConversationKey, text: string): void
  typing(key: ConversationKey): void              // call on each keystroke; throttled inside
  setMuted(key: ConversationKey, on: boolean): Promise<void>; setPinned(key: ConversationKey, on: boolean): Promise<void>
  setKeep(key: ConversationKey, keep: Keep | undefined): Promise<void>
}
// ---- model/timeline.ts : the loaded window of one conversation's messages
export interface Message {                        // immutable: a change makes a new object
  id: string                                      // stable key for lists, also when a sent one is confirmed
  seq: number | undefined                         // undefined while it is not confirmed
  msgId: string | undefined; clientMsgId: string | undefined
  fromUserId: string; mine: boolean; time: number // ms since 1970
  msg: string; kind: 'text' | 'image' | 'file' | 'voice' | string; body: Record<string, unknown> | undefined
     // image body {fileId,width,height}; file body {fileId,name,size}; voice body {fileId,seconds}; urls: files.url(fileId), files.thumbUrl(fileId)
     // while an upload is under way: message.upload = {progress 0..1, previewUrl?: string, name, size}
  replyTo: number | undefined; mentions: readonly string[]; mentionAll: boolean
  editedTime: number | undefined; recalledTime: number | undefined
  reactions: readonly { emoji: string; count: number; mine: boolean; userIds: readonly string[] }[]
  state: 'sending' | 'sent' | 'failed'; error: string | undefined   // error: wire code, 'file' (upload refused) …
  upload: { progress: number; blob: Blob; name: string; size: number } | undefined
}
export interface Outgoing { msg: string; replyTo?: number; mentions?: string[]; mentionAll?: boolean; file?: File | Blob; fileKind?: 'image' | 'file' | 'voice'; seconds?: number }
export interface Timeline {
  key: ConversationKey
  messages: readonly Message[]                    // oldest first; confirmed ones, then those on their way
  atStart: boolean; atEnd: boolean                // nothing older / newer is to be loaded
  loading: 'none' | 'first' | 'older' | 'newer'
  failed: boolean                                 // the last load failed (offline): show "could not load" with retry
  unreadFrom: number | undefined                  // seq of the first unread message when it was opened: the divider
  fresh: number                                   // messages that came while the reader was not at the end ("N new" pill)
  following: boolean                              // ui sets by follow(); reader is at the end and the page is visible
  follow(on: boolean): void                       // on: what is there counts as read (sends chat/read), fresh = 0
  loadOlder(): Promise<void>; loadNewer(): Promise<void>; toEnd(): Promise<void>
  around(seq: number): Promise<boolean>           // loads the place of a message; false: it is not there (any more)
  bySeq(seq: number): Message | undefined         // in the window
  quoted(seq: number): Message | undefined        // for reply quotes: in the window or fetched in the background
  send(message: Outgoing): void                   // optimistic; never throws; states on the message
  retry(id: string): void; discard(id: string): void   // failed ones
  recall(seq: number): Promise<void>; edit(seq: number, msg: string, mentions: string[]): Promise<void>
  react(seq: number, emoji: string, on: boolean): Promise<void>
  readers(seq: number): Promise<{ count: number; userIds: string[] }>
  isRead(message: Message): boolean               // between two: the other has read it
}
// ---- model/search.ts
export interface FoundMessage { key: ConversationKey; seq: number; fromUserId: string; time: number; snippet: { text: string; hit: boolean }[] }
export interface Search {
  messages(query: string, options?: { key?: ConversationKey; before?: string }): Promise<{ list: FoundMessage[]; next: string | undefined }>
  local(query: string): { friends: Friend[]; groups: Group[] }     // by remark, nickname, username
}
// ---- model/file.ts
export interface Files { url(fileId: string): string; thumbUrl(fileId: string): string }

export interface ModelOptions { origin?: string }
export const createModel = (_options: ModelOptions): Model => {
  throw new Error('the model is not there yet')
}
