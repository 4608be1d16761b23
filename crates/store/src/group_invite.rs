//! Invitations into a group.

use hongyan_protocol::id::{GroupId, GroupInviteId, UserId};

use crate::{
    ApplyState, Error, Group, LONGEST_LIST, Tx, User, View,
    group::group_columns,
    user::user_columns,
    value::{Row, values},
};

/// An invitation into a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupInvite {
    pub id: GroupInviteId,
    pub group: Group,
    pub inviter: User,
    /// Who is invited.
    pub user_id: UserId,
    pub remark: String,
    pub state: ApplyState,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// An invitation to remember.
#[derive(Clone)]
pub struct NewGroupInvite {
    pub id: GroupInviteId,
    pub group_id: GroupId,
    pub inviter_id: UserId,
    pub user_id: UserId,
    pub remark: String,
    pub now: i64,
}

macro_rules! columns {
    () => {
        concat!(
            "SELECT i.id, i.user_id, i.remark, i.state, i.created_at, ",
            group_columns!(),
            ", ",
            user_columns!(),
            " FROM group_invites i JOIN chat_groups g ON g.id = i.group_id JOIN users u ON u.id = i.inviter_id "
        )
    };
}

impl GroupInvite {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        let at = &mut 0;
        Ok(Self {
            id: row.next(at)?,
            user_id: row.next(at)?,
            remark: row.next(at)?,
            state: row.next(at)?,
            created_at: row.next(at)?,
            group: Group::read_from(row, at)?,
            inviter: User::read_from(row, at)?,
        })
    }
}

impl View<'_> {
    /// What is pending for `user`, newest first, at most [`LONGEST_LIST`].
    pub fn invites_to(&self, user: UserId) -> Result<Vec<GroupInvite>, Error> {
        self.rows(
            concat!(
                columns!(),
                "WHERE i.user_id = $1 AND i.state = 0 ORDER BY i.created_at DESC, i.id DESC LIMIT $2"
            ),
            values![user, i64::from(LONGEST_LIST)],
            GroupInvite::read,
        )
    }

    /// The invitation, whatever its state.
    pub fn group_invite(&self, id: GroupInviteId) -> Result<Option<GroupInvite>, Error> {
        self.row(
            concat!(columns!(), "WHERE i.id = $1"),
            values![id],
            GroupInvite::read,
        )
    }

    /// The invitation of `user` into `group` that is not answered yet.
    pub fn pending_group_invite(
        &self,
        group: GroupId,
        user: UserId,
    ) -> Result<Option<GroupInviteId>, Error> {
        self.row(
            "SELECT id FROM group_invites WHERE user_id = $1 AND group_id = $2 AND state = 0",
            values![user, group],
            |row| row.get(0),
        )
    }
}

impl Tx<'_> {
    /// Remembers an invitation and returns its id; when one is pending already it stays, and its id is returned.
    pub fn add_group_invite(&mut self, new: &NewGroupInvite) -> Result<GroupInviteId, Error> {
        if let Some(pending) = self.pending_group_invite(new.group_id, new.user_id)? {
            return Ok(pending);
        }
        self.execute(
            "INSERT INTO group_invites (id, group_id, inviter_id, user_id, remark, state, created_at)
             VALUES ($1, $2, $3, $4, $5, 0, $6)",
            values![new.id, new.group_id, new.inviter_id, new.user_id, &new.remark, new.now],
        )?;
        Ok(new.id)
    }

    /// Closes a pending invitation; `false` when it is unknown or was answered before. Agreeing does not join.
    pub fn answer_group_invite(
        &mut self,
        id: GroupInviteId,
        agree: bool,
        now: i64,
    ) -> Result<bool, Error> {
        let changed = self.execute(
            "UPDATE group_invites SET state = $1, handled_at = $2 WHERE id = $3 AND state = 0",
            values![ApplyState::answered(agree), now, id],
        )?;
        Ok(changed == 1)
    }
}
