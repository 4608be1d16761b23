// Who is logged in, and how that ends.
import { shallowReactive } from '@vue/reactivity'

import { NotLoggedIn, type Ending, type UserCard, type UserInfo } from '../client'
import { NOTHING, OWNER, type Cache, type Kept } from './cache'
import type { Link } from './link'

export type Me = UserInfo

/**
 * `elsewhere`: the account logged in on another device. `expired`: the session is over. `replaced`: the login is used by a window that
 * does not share with this one.
 */
export type Ended = 'elsewhere' | 'expired' | 'replaced'

export interface Session {
  readonly state: 'starting' | 'out' | 'in' | 'ended'
  /** While it starts: somebody probably is in. */
  readonly expected: boolean
  readonly me: Me | undefined
  readonly ended: Ended | undefined
  register: (form: {
    username: string
    password: string
    nickname: string
    sex?: Me['sex']
    sign?: string
  }) => Promise<void>
  login: (form: { username: string; password: string }) => Promise<void>
  /** Also removes what is kept in the browser. */
  logout: () => Promise<void>
  /** From `ended` to `out`. What was not sent, and drafts, stay in the browser for the same account. */
  leaveEnded: () => Promise<void>
  /** From `replaced` back to `in`: the other window gives way. */
  useHere: () => void
  updateProfile: (change: {
    nickname?: string
    sign?: string
    sex?: Me['sex']
    headImage?: Blob
  }) => Promise<void>
  changePassword: (form: {
    oldPassword: string
    newPassword: string
    verifyPassword: string
  }) => Promise<void>
}

export interface SessionControl extends Session {
  /** Finds out who is logged in. */
  start: () => Promise<void>
  /** Resolves when somebody is in, and all that the browser kept of the account is there. */
  present: () => Promise<void>
  /** The socket ended for good. */
  end: (why: Ending) => Promise<void>
  /** Another tab logged in. */
  look: () => Promise<void>
  /** Another tab logged out. */
  leave: () => Promise<void>
  /** Somebody's profile changed; maybe the own one, on another device. */
  learn: (card: UserCard) => void
}

export const createSession = (
  link: Link,
  cache: Cache,
  hooks: {
    /** Shows what the browser kept of this account. */
    restore: (kept: Kept) => void
    clear: () => void
  },
  expected: boolean,
): SessionControl => {
  const { client } = link
  const state = shallowReactive({
    state: 'starting' as Session['state'],
    me: undefined as Me | undefined,
    ended: undefined as Ended | undefined,
  })

  /** The server is being told: that the socket ends is no news, unless no answer comes. */
  let leaving = false
  let endedMeanwhile: Ending | undefined
  /** What goes on when somebody is in; forgotten when nobody turns out to be. */
  let waiting: (() => void)[] = []
  const present = async (): Promise<void> => {
    if (state.state !== 'in') await new Promise<void>((go) => waiting.push(go))
  }

  const enter = (me: Me, found: Kept): void => {
    const owner = found.list<Me>('me')?.id ?? found.list<string>(OWNER)
    const kept = owner === me.id ? found : NOTHING
    // Nothing of somebody else's stays, nor what is nobody's. What is written from here on comes after it.
    if (owner !== me.id) void cache.clear()
    if (state.me && state.me.id !== me.id) hooks.clear()
    cache.keepList('me', me)
    state.me = me
    state.ended = undefined
    hooks.restore(kept)
    // These ask the server: first, as its answers come while the page is drawn.
    for (const go of waiting.splice(0)) go()
    state.state = 'in'
    link.start()
  }

  /** Nobody is in. */
  const goOut = (): void => {
    link.stop()
    waiting = []
    state.me = undefined
    state.ended = undefined
    state.state = 'out'
    hooks.clear()
  }
  const leave = async (): Promise<void> => {
    goOut()
    await cache.clear()
  }

  /** The login is over, or not this page's any more: what is there stays until its reader has seen why. */
  const endAs = (why: Ended): void => {
    link.stop()
    waiting = []
    state.ended = why
    state.state = 'ended'
  }

  /** As the server has it; undefined when nobody is logged in. */
  const ask = async (): Promise<Me | undefined> => {
    try {
      return await client.get('/api/user/get_info', {})
    } catch (error) {
      if (error instanceof NotLoggedIn) return undefined
      throw error
    }
  }

  /** What is here already, `kept`, is shown at once; the server's word comes after it. */
  const confirm = async (me: Me | undefined, kept?: Kept): Promise<void> => {
    if (!me) {
      if (state.me) endAs('expired')
      else goOut()
    } else if (state.me && me.id !== state.me.id) {
      await leave()
      enter(me, await cache.kept())
    } else if (!state.me || state.state !== 'in') {
      enter(me, kept ?? (await cache.kept()))
    } else {
      state.me = me
      cache.keepList('me', me)
    }
  }

  const start = async (): Promise<void> => {
    // Asked first: the browser's storage is read meanwhile, and the socket is opened.
    const asked = expected ? ask() : Promise.resolve(undefined)
    // Its failure is looked at below.
    asked.catch(() => undefined)
    if (expected) link.start()
    const kept = await cache.kept()
    const before = kept.list<Me>('me')
    if (before) enter(before, kept)
    try {
      await confirm(await asked, before ? undefined : kept)
    } catch {
      if (before) return
      link.stop()
      waiting = []
      state.state = 'out'
    }
  }

  const end = async (why: Ending): Promise<void> => {
    // The socket may be quicker than the answer to who is here.
    if (state.state === 'starting') await present()
    if (leaving) endedMeanwhile = why
    if (state.state !== 'in' || leaving) return
    if (why === 'session') {
      endAs('expired')
      return
    }
    // Displaced: if the token is dead, another device logged in; otherwise only this socket was.
    try {
      endAs((await ask()) ? 'replaced' : 'elsewhere')
    } catch {
      endAs('replaced')
    }
  }

  return {
    get state() {
      return state.state
    },
    expected,
    get me() {
      return state.me
    },
    get ended() {
      return state.ended
    },
    register: async (form) => {
      const me = await client.post('/api/registe', form)
      enter(infoOf(me), await cache.kept())
      link.tell({ note: 'logged-in' })
    },
    login: async (form) => {
      const me = await client.post('/api/login', form)
      enter(infoOf(me), await cache.kept())
      link.tell({ note: 'logged-in' })
    },
    logout: async () => {
      leaving = true
      endedMeanwhile = undefined
      try {
        await client.post('/api/logout', {})
      } catch (error) {
        leaving = false
        // The login is over, though the answer that says so was lost.
        const over = error instanceof NotLoggedIn || endedMeanwhile === 'session'
        if (!over && endedMeanwhile) await end(endedMeanwhile)
        if (!over) throw error
      } finally {
        leaving = false
      }
      await leave()
      link.tell({ note: 'logged-out' })
    },
    leaveEnded: async () => {
      const owner = state.me?.id
      goOut()
      if (owner !== undefined) await cache.leaveTo(owner)
    },
    useHere: () => {
      state.ended = undefined
      state.state = 'in'
      link.start()
    },
    updateProfile: async (change) => {
      state.me = await client.form('/api/user/update_uinfo', change)
      cache.keepList('me', state.me)
    },
    changePassword: async (form) => {
      await client.post('/api/user/change_pwd', form)
    },
    learn: ({ userId: id, ...card }) => {
      if (state.me?.id !== id) return
      state.me = { ...state.me, ...card }
      cache.keepList('me', state.me)
    },
    start,
    present,
    end,
    leave,
    look: async () => {
      await ask()
        .then(confirm)
        .catch(() => undefined)
    },
  }
}

/** Without the token, which stays in its cookie. */
const infoOf = ({ id, username, nickname, headImg, sign, sex }: Me): Me => ({
  id,
  username,
  nickname,
  headImg,
  sign,
  sex,
})
