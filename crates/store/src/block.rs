//! Who wants to hear nothing from whom.

use hongyan_protocol::id::UserId;

use crate::{
    Error, Tx, User, View,
    user::{page_bounds, user_columns},
    value::values,
};

impl View<'_> {
    /// Whether `user` has blocked `other`.
    pub fn has_blocked(&self, user: UserId, other: UserId) -> Result<bool, Error> {
        self.exists(
            "SELECT 1 FROM blocks WHERE user_id = $1 AND blocked_id = $2",
            values![user, other],
        )
    }

    /// Whom the user has blocked, the latest first. `page` counts from 1; a page has at most 50 however large `size` is.
    pub fn blocked_by(&self, user: UserId, page: u32, size: u32) -> Result<Vec<User>, Error> {
        let (limit, offset) = page_bounds(page, size);
        self.rows(
            concat!(
                "SELECT ",
                user_columns!(),
                " FROM blocks b JOIN users u ON u.id = b.blocked_id
                 WHERE b.user_id = $1 ORDER BY b.created_at DESC, b.blocked_id LIMIT $2 OFFSET $3"
            ),
            values![user, limit, offset],
            User::read,
        )
    }
}

impl Tx<'_> {
    /// Has `user` hear nothing more from `other`; `false` when that was so already.
    pub fn block(&mut self, user: UserId, other: UserId, now: i64) -> Result<bool, Error> {
        let made = self.execute(
            "INSERT INTO blocks (user_id, blocked_id, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (user_id, blocked_id) DO NOTHING",
            values![user, other, now],
        )?;
        Ok(made == 1)
    }

    /// The reverse of [`block`](Self::block); `false` when `other` was not blocked.
    pub fn unblock(&mut self, user: UserId, other: UserId) -> Result<bool, Error> {
        let removed = self.execute(
            "DELETE FROM blocks WHERE user_id = $1 AND blocked_id = $2",
            values![user, other],
        )?;
        Ok(removed == 1)
    }
}
