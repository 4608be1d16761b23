// Names and times of people and groups, as they stand in sentences.
import type { Friend, Group, Keep, Member, Person } from '../../model'
import { shownName } from '../base/text'

type Named = Pick<Person, 'nickname' | 'username'>

export const friendName = (friend: Friend): string => shownName(friend.remark, friend.nickname, friend.username)
export const personName = (person: Named): string => shownName(person.nickname, person.username)
export const memberName = (member: Member): string =>
  shownName(member.remark, member.memberNickname, member.nickname, member.username)
export const groupTitle = (group: Pick<Group, 'groupNickname' | 'groupName'>): string =>
  shownName(group.groupNickname, group.groupName)

const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** A stranger's name without what turns text around, and no longer than a line. */
export const plainName = (name: string): string => {
  const plain = Array.from(name.replace(DIRECTIONS, '').slice(0, 200))
  return plain.length > 40 ? `${plain.slice(0, 40).join('')}…` : plain.join('')
}

/** For a stranger's name within a sentence: it can neither turn the sentence around nor fill the page. */
export const isolated = (name: string): string => `\u2068${plainName(name)}\u2069`

export type Translate = (key: string, named: Record<string, unknown>) => string

/** How long messages are kept, in words. */
export const keepWords = (keep: Keep, t: (key: string, count: number) => string): string => {
  if (typeof keep === 'number') return t('contacts.keep.days', keep)
  const keys = { none: 'contacts.keep.none', 'until-delivered': 'contacts.keep.untilDelivered', forever: 'contacts.keep.forever' }
  return t(keys[keep], 0)
}
