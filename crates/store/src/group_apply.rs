//! Applications to join a group.

use hongyan_protocol::id::{GroupApplyId, GroupId, UserId};

use crate::{
    ApplyState, Error, Group, LONGEST_LIST, Tx, User, View,
    friend_apply::page_of_past,
    group::group_columns,
    user::{page_bounds, user_columns},
    value::{Row, values},
};

/// An application to join a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupApply {
    pub id: GroupApplyId,
    pub group: Group,
    pub from: User,
    pub remark: String,
    pub state: ApplyState,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// When it was answered, in milliseconds since 1970.
    pub handled_at: Option<i64>,
}

/// An application to remember.
#[derive(Clone)]
pub struct NewGroupApply {
    pub id: GroupApplyId,
    pub group_id: GroupId,
    pub user_id: UserId,
    pub remark: String,
    pub now: i64,
}

macro_rules! columns {
    () => {
        concat!(
            "SELECT a.id, a.remark, a.state, a.created_at, a.handled_at, ",
            group_columns!(),
            ", ",
            user_columns!(),
            " FROM group_applies a JOIN chat_groups g ON g.id = a.group_id JOIN users u ON u.id = a.user_id "
        )
    };
}

impl GroupApply {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        let at = &mut 0;
        Ok(Self {
            id: row.next(at)?,
            remark: row.next(at)?,
            state: row.next(at)?,
            created_at: row.next(at)?,
            handled_at: row.next(at)?,
            group: Group::read_from(row, at)?,
            from: User::read_from(row, at)?,
        })
    }
}

impl View<'_> {
    /// What is pending for the groups that `user` runs, as owner or admin, newest first, at most [`LONGEST_LIST`].
    pub fn group_applies_to(&self, user: UserId) -> Result<Vec<GroupApply>, Error> {
        self.rows(
            concat!(
                columns!(),
                "JOIN group_members gm ON gm.group_id = a.group_id
                 WHERE gm.user_id = $1 AND gm.role > 0 AND a.state = 0
                 ORDER BY a.created_at DESC, a.id DESC LIMIT $2"
            ),
            values![user, i64::from(LONGEST_LIST)],
            GroupApply::read,
        )
    }

    /// What the user asked of groups, answered or not, the latest first. `page` counts from 1; a page has at most 50
    /// however large `size` is.
    pub fn group_applies_sent(
        &self,
        user: UserId,
        page: u32,
        size: u32,
    ) -> Result<Vec<GroupApply>, Error> {
        let (limit, offset) = page_bounds(page, size);
        self.rows(
            concat!(columns!(), "WHERE a.user_id = $1", page_of_past!()),
            values![user, limit, offset],
            GroupApply::read,
        )
    }

    /// As [`group_applies_sent`](Self::group_applies_sent), and what others asked of the groups that the user runs now.
    pub fn group_applies_of(
        &self,
        user: UserId,
        page: u32,
        size: u32,
    ) -> Result<Vec<GroupApply>, Error> {
        let (limit, offset) = page_bounds(page, size);
        self.rows(
            concat!(
                columns!(),
                "WHERE a.id IN (SELECT mine.id FROM group_applies mine WHERE mine.user_id = $1 UNION
                 SELECT theirs.id FROM group_members gm JOIN group_applies theirs ON theirs.group_id = gm.group_id
                 WHERE gm.user_id = $1 AND gm.role > 0)",
                page_of_past!()
            ),
            values![user, limit, offset],
            GroupApply::read,
        )
    }

    /// The application, whatever its state.
    pub fn group_apply(&self, id: GroupApplyId) -> Result<Option<GroupApply>, Error> {
        self.row(
            concat!(columns!(), "WHERE a.id = $1"),
            values![id],
            GroupApply::read,
        )
    }

    /// The application of `user` to `group` that is not answered yet.
    pub fn pending_group_apply(
        &self,
        group: GroupId,
        user: UserId,
    ) -> Result<Option<GroupApplyId>, Error> {
        self.row(
            "SELECT id FROM group_applies WHERE group_id = $1 AND user_id = $2 AND state = 0",
            values![group, user],
            |row| row.get(0),
        )
    }
}

impl Tx<'_> {
    /// Remembers an application and returns its id; when one is pending already it stays, and its id is returned.
    pub fn add_group_apply(&mut self, new: &NewGroupApply) -> Result<GroupApplyId, Error> {
        if let Some(pending) = self.pending_group_apply(new.group_id, new.user_id)? {
            return Ok(pending);
        }
        self.execute(
            "INSERT INTO group_applies (id, group_id, user_id, remark, state, created_at) VALUES ($1, $2, $3, $4, 0, $5)",
            values![new.id, new.group_id, new.user_id, &new.remark, new.now],
        )?;
        Ok(new.id)
    }

    /// Closes a pending application; `false` when it is unknown or was answered before. Agreeing does not join.
    pub fn answer_group_apply(
        &mut self,
        id: GroupApplyId,
        agree: bool,
        now: i64,
    ) -> Result<bool, Error> {
        let changed = self.execute(
            "UPDATE group_applies SET state = $1, handled_at = $2 WHERE id = $3 AND state = 0",
            values![ApplyState::answered(agree), now, id],
        )?;
        Ok(changed == 1)
    }
}
