// Who people are, whatever told it: lists, events, profiles. And what each is called here.
import { shallowReactive } from '@vue/reactivity'

import type { Context } from './context'
import { isSame } from './same'

export interface Person {
  userId: string
  username: string
  nickname: string
  headImg: string
  sex: '-1' | '0' | '1'
  sign: string
}

export interface People {
  /** What is known; an unknown one is asked for in the background, once. */
  get: (userId: string) => Person | undefined
  /** Own remark, else the name in that group, else the nickname or username; empty while nothing is known. */
  name: (userId: string, groupId?: string) => string
  /** As the server has them now. */
  load: (userId: string) => Promise<Person>
  learn: (person: Partial<Person> & { userId: string }) => void
  setRemark: (userId: string, remark: string) => void
  setMemberNickname: (groupId: string, userId: string, nickname: string) => void
  clear: () => void
}

/** Whether a text shows nothing: spaces, zero-width characters and marks of direction only. */
export const isBlank = (text: string): boolean => /^[\s\p{Cf}\p{Zs}\u115f\u1160\u3164\uffa0]*$/u.test(text)

export const createPeople = ({ link }: Context): People => {
  const known = shallowReactive(new Map<string, Person>())
  const remarks = shallowReactive(new Map<string, string>())
  const memberNicknames = shallowReactive(new Map<string, string>())
  const asked = new Set<string>()

  const learn: People['learn'] = (person) => {
    const before = known.get(person.userId)
    const now = {
      username: '',
      nickname: '',
      headImg: '',
      sex: '-1' as const,
      sign: '',
      ...before,
      ...person,
    }
    if (!before || !isSame(before, now)) known.set(person.userId, now)
  }

  const load = async (userId: string): Promise<Person> => {
    const card = await link.client.get('/api/user/card', { userId })
    learn({ userId, username: card.username, nickname: card.nickname, headImg: card.headImg, sex: card.sex, sign: card.sign })
    return known.get(userId) ?? card
  }

  /** Asks in the background, once. */
  const get = (userId: string): Person | undefined => {
    const person = known.get(userId)
    if (!person && userId && !asked.has(userId)) {
      asked.add(userId)
      load(userId).catch(() => asked.delete(userId))
    }
    return person
  }

  return {
    get,
    name: (userId, groupId) => {
      const person = get(userId)
      const names = [
        remarks.get(userId),
        groupId && memberNicknames.get(`${groupId} ${userId}`),
        person?.nickname,
      ]
      return names.find((name) => name && !isBlank(name)) || person?.username || ''
    },
    load,
    learn,
    setRemark: (userId, remark) => void (remark ? remarks.set(userId, remark) : remarks.delete(userId)),
    setMemberNickname: (groupId, userId, nickname) => {
      const key = `${groupId} ${userId}`
      if (nickname) memberNicknames.set(key, nickname)
      else memberNicknames.delete(key)
    },
    clear: () => {
      known.clear()
      remarks.clear()
      memberNicknames.clear()
      asked.clear()
    },
  }
}
