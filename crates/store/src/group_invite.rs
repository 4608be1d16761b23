//! Invitations into a group.

use hongyan_protocol::id::{GroupId, GroupInviteId, UserId};

use crate::{
    ApplyState, Error, Group, LONGEST_LIST, Tx, User, View,
    group::group_columns,
    user::{page_bounds, user_columns},
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

/// An invitation as one of the two sees it, answered or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastGroupInvite {
    pub id: GroupInviteId,
    pub group: Group,
    pub inviter_id: UserId,
    /// Who is invited.
    pub user_id: UserId,
    /// The other of the two.
    pub other: User,
    pub remark: String,
    pub state: ApplyState,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// When it was answered, in milliseconds since 1970.
    pub handled_at: Option<i64>,
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

/// The columns that [`PastGroupInvite::read`] reads; whom to join as `u`, and what to select, is to follow.
macro_rules! past_columns {
    () => {
        concat!(
            "SELECT i.id, i.inviter_id, i.user_id, i.remark, i.state, i.created_at, i.handled_at, ",
            group_columns!(),
            ", ",
            user_columns!(),
            " FROM group_invites i JOIN chat_groups g ON g.id = i.group_id JOIN users u ON u.id = "
        )
    };
}

/// The latest first.
macro_rules! page_of_past {
    () => {
        " ORDER BY i.created_at DESC, i.id DESC LIMIT $2 OFFSET $3"
    };
}

impl PastGroupInvite {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        let at = &mut 0;
        Ok(Self {
            id: row.next(at)?,
            inviter_id: row.next(at)?,
            user_id: row.next(at)?,
            remark: row.next(at)?,
            state: row.next(at)?,
            created_at: row.next(at)?,
            handled_at: row.next(at)?,
            group: Group::read_from(row, at)?,
            other: User::read_from(row, at)?,
        })
    }
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

    /// The user's invitations of others, answered or not, the latest first. `page` counts from 1; a page has at most 50
    /// however large `size` is.
    pub fn invites_sent(
        &self,
        user: UserId,
        page: u32,
        size: u32,
    ) -> Result<Vec<PastGroupInvite>, Error> {
        let (limit, offset) = page_bounds(page, size);
        self.rows(
            concat!(
                past_columns!(),
                "i.user_id WHERE i.inviter_id = $1",
                page_of_past!()
            ),
            values![user, limit, offset],
            PastGroupInvite::read,
        )
    }

    /// As [`invites_sent`](Self::invites_sent), and the invitations of the user by others.
    pub fn invites_of(
        &self,
        user: UserId,
        page: u32,
        size: u32,
    ) -> Result<Vec<PastGroupInvite>, Error> {
        let (limit, offset) = page_bounds(page, size);
        self.rows(
            concat!(
                past_columns!(),
                "CASE WHEN i.inviter_id = $1 THEN i.user_id ELSE i.inviter_id END
                 WHERE i.inviter_id = $1 OR i.user_id = $1",
                page_of_past!()
            ),
            values![user, limit, offset],
            PastGroupInvite::read,
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
