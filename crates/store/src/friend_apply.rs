//! Applications to become friends, and the states that every application and invitation has.

use hongyan_protocol::id::{FriendApplyId, UserId};

use crate::{
    Error, LONGEST_LIST, Tx, User, View,
    user::{page_bounds, user_columns},
    value::{Row, numbered, values},
};

/// What became of an application or invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyState {
    Pending,
    Agreed,
    Refused,
}

numbered!(ApplyState {
    Pending = 0,
    Agreed = 1,
    Refused = 2,
});

impl ApplyState {
    /// The state that an answer leads to.
    pub(crate) fn answered(agree: bool) -> Self {
        if agree { Self::Agreed } else { Self::Refused }
    }
}

/// An application to become friends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FriendApply {
    pub id: FriendApplyId,
    pub from: User,
    pub to_id: UserId,
    pub remark: String,
    pub state: ApplyState,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// An application as one of the two sees it, answered or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastFriendApply {
    pub id: FriendApplyId,
    pub from_id: UserId,
    pub to_id: UserId,
    /// The other of the two.
    pub other: User,
    pub remark: String,
    pub state: ApplyState,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// When it was answered, in milliseconds since 1970.
    pub handled_at: Option<i64>,
}

/// An application to remember.
#[derive(Clone)]
pub struct NewFriendApply {
    pub id: FriendApplyId,
    pub from_id: UserId,
    pub to_id: UserId,
    pub remark: String,
    pub now: i64,
}

macro_rules! columns {
    () => {
        concat!(
            "SELECT a.id, a.to_id, a.remark, a.state, a.created_at, ",
            user_columns!(),
            " FROM friend_applies a JOIN users u ON u.id = a.from_id "
        )
    };
}

/// The columns that [`PastFriendApply::read`] reads; whom to join as `u`, and what to select, is to follow.
macro_rules! past_columns {
    () => {
        concat!(
            "SELECT a.id, a.from_id, a.to_id, a.remark, a.state, a.created_at, a.handled_at, ",
            user_columns!(),
            " FROM friend_applies a JOIN users u ON u.id = "
        )
    };
}

/// The latest first.
macro_rules! page_of_past {
    () => {
        " ORDER BY a.created_at DESC, a.id DESC LIMIT $2 OFFSET $3"
    };
}
pub(crate) use page_of_past;

impl PastFriendApply {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        let at = &mut 0;
        Ok(Self {
            id: row.next(at)?,
            from_id: row.next(at)?,
            to_id: row.next(at)?,
            remark: row.next(at)?,
            state: row.next(at)?,
            created_at: row.next(at)?,
            handled_at: row.next(at)?,
            other: User::read_from(row, at)?,
        })
    }
}

impl FriendApply {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: row.get(0)?,
            to_id: row.get(1)?,
            remark: row.get(2)?,
            state: row.get(3)?,
            created_at: row.get(4)?,
            from: User::read_from(row, &mut 5)?,
        })
    }
}

impl View<'_> {
    /// What is pending for `user`, newest first, at most [`LONGEST_LIST`]; nothing from those whom they have blocked.
    pub fn friend_applies_to(&self, user: UserId) -> Result<Vec<FriendApply>, Error> {
        self.rows(
            concat!(
                columns!(),
                "WHERE a.to_id = $1 AND a.state = 0 AND NOT EXISTS
                 (SELECT 1 FROM blocks b WHERE b.user_id = a.to_id AND b.blocked_id = a.from_id)
                 ORDER BY a.created_at DESC, a.id DESC LIMIT $2"
            ),
            values![user, i64::from(LONGEST_LIST)],
            FriendApply::read,
        )
    }

    /// What the user asked of others, answered or not, the latest first. `page` counts from 1; a page has at most 50
    /// however large `size` is.
    pub fn friend_applies_sent(
        &self,
        user: UserId,
        page: u32,
        size: u32,
    ) -> Result<Vec<PastFriendApply>, Error> {
        let (limit, offset) = page_bounds(page, size);
        self.rows(
            concat!(
                past_columns!(),
                "a.to_id WHERE a.from_id = $1",
                page_of_past!()
            ),
            values![user, limit, offset],
            PastFriendApply::read,
        )
    }

    /// As [`friend_applies_sent`](Self::friend_applies_sent), and what others asked of the user; nothing from those whom
    /// they have blocked.
    pub fn friend_applies_of(
        &self,
        user: UserId,
        page: u32,
        size: u32,
    ) -> Result<Vec<PastFriendApply>, Error> {
        let (limit, offset) = page_bounds(page, size);
        self.rows(
            concat!(
                past_columns!(),
                "CASE WHEN a.from_id = $1 THEN a.to_id ELSE a.from_id END
                 WHERE (a.from_id = $1 OR a.to_id = $1) AND NOT EXISTS
                 (SELECT 1 FROM blocks b WHERE b.user_id = $1 AND b.blocked_id = a.from_id)",
                page_of_past!()
            ),
            values![user, limit, offset],
            PastFriendApply::read,
        )
    }

    /// The application, whatever its state.
    pub fn friend_apply(&self, id: FriendApplyId) -> Result<Option<FriendApply>, Error> {
        self.row(
            concat!(columns!(), "WHERE a.id = $1"),
            values![id],
            FriendApply::read,
        )
    }

    /// What `from` asked of `to` and is not answered yet.
    pub fn pending_friend_apply(
        &self,
        from: UserId,
        to: UserId,
    ) -> Result<Option<FriendApplyId>, Error> {
        self.row(
            "SELECT id FROM friend_applies WHERE from_id = $1 AND to_id = $2 AND state = 0",
            values![from, to],
            |row| row.get(0),
        )
    }
}

impl Tx<'_> {
    /// Remembers an application and returns its id; when one is pending already it stays, and its id is returned.
    pub fn add_friend_apply(&mut self, new: &NewFriendApply) -> Result<FriendApplyId, Error> {
        if let Some(pending) = self.pending_friend_apply(new.from_id, new.to_id)? {
            return Ok(pending);
        }
        self.execute(
            "INSERT INTO friend_applies (id, from_id, to_id, remark, state, created_at) VALUES ($1, $2, $3, $4, 0, $5)",
            values![new.id, new.from_id, new.to_id, &new.remark, new.now],
        )?;
        Ok(new.id)
    }

    /// Closes a pending application; `false` when it is unknown or was answered before. Agreeing does not befriend.
    pub fn answer_friend_apply(
        &mut self,
        id: FriendApplyId,
        agree: bool,
        now: i64,
    ) -> Result<bool, Error> {
        let changed = self.execute(
            "UPDATE friend_applies SET state = $1, handled_at = $2 WHERE id = $3 AND state = 0",
            values![ApplyState::answered(agree), now, id],
        )?;
        Ok(changed == 1)
    }
}
