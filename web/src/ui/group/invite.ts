// Invites several friends into a group.
import type { Group, Model, ServerFacts } from '../../model'

/** Whether nobody more can come in. */
export const isFull = ({ memberCount }: Group, { limits }: ServerFacts): boolean => memberCount >= (limits?.groupMembers ?? Infinity)

/** Invitations that are on their way at the same time. */
const AT_ONCE = 4

export interface NotInvited {
  userId: string
  error: unknown
}

/** Who could not be invited, and why; the others were. */
export const inviteAll = async (model: Model, groupId: string, userIds: readonly string[], remark: string): Promise<NotInvited[]> => {
  const failed: NotInvited[] = []
  const invite = (userId: string): Promise<void> =>
    model.groups.invite(groupId, userId, remark).catch((error: unknown) => void failed.push({ userId, error }))
  for (let at = 0; at < userIds.length; at += AT_ONCE) {
    await Promise.all(userIds.slice(at, at + AT_ONCE).map(invite))
  }
  return failed
}
