// What somebody is to the reader, for the button beside their name.
import { computed, type ComputedRef } from 'vue'
import { useModel } from '../model'

/** `asks`: they wait for the reader's answer; `asked`: the reader waits for theirs. */
export type Relation = 'me' | 'friend' | 'asks' | 'asked' | 'none'

export const usePersonRelation = (userId: () => string): ComputedRef<Relation> => {
  const model = useModel()
  return computed(() => {
    const id = userId()
    if (id === model.session.me?.id) return 'me'
    if (model.friends.get(id)) return 'friend'
    const waiting = model.inbox.rows.filter((row) => row.kind === 'friend' && row.state === 'pending' && row.person.userId === id)
    if (waiting.some((row) => row.direction === 'received')) return 'asks'
    return waiting.length > 0 ? 'asked' : 'none'
  })
}

/** `invited`: an invitation waits for the reader's answer; `applied`: they wait for the group's. */
export type Membership = 'member' | 'invited' | 'applied' | 'none'

export const useMembership = (groupId: () => string): ComputedRef<Membership> => {
  const model = useModel()
  return computed(() => {
    const id = groupId()
    if (model.groups.get(id)) return 'member'
    const waiting = model.inbox.rows.filter((row) => row.state === 'pending' && row.group?.groupId === id)
    if (waiting.some((row) => row.kind === 'group_invite' && row.direction === 'received')) return 'invited'
    return waiting.some((row) => row.kind === 'group_apply' && row.direction === 'sent') ? 'applied' : 'none'
  })
}
