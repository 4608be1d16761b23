-- Applications and invitations of groups, answered or not: what somebody sent, and what came to them.
CREATE INDEX group_applies_user ON group_applies (user_id);
CREATE INDEX group_invites_user ON group_invites (user_id);
CREATE INDEX group_invites_inviter ON group_invites (inviter_id);
