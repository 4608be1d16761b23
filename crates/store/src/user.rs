//! Accounts.

use hongyan_protocol::{
    id::UserId,
    user::{Name, Sex},
};

use crate::{
    Error, Tx, View,
    value::{Row, pattern_for_part, values},
};

/// What everybody may know of an account. Texts are empty when unset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub nickname: String,
    pub head_img: String,
    pub sex: Sex,
    pub sign: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// An account to make.
#[derive(Clone)]
pub struct NewUser {
    pub id: UserId,
    pub username: Name,
    pub password_hash: String,
    pub nickname: String,
    pub sex: Sex,
    pub sign: String,
    pub head_img: String,
    pub now: i64,
}

/// What changes in a profile; `None` leaves a field as it is.
#[derive(Clone, Default)]
pub struct ProfileChange {
    pub nickname: Option<String>,
    pub sign: Option<String>,
    pub sex: Option<Sex>,
    pub head_img: Option<String>,
}

/// The columns that [`User::read_from`] reads, of the table called `u`.
macro_rules! user_columns {
    () => {
        "u.id, u.username, u.nickname, u.head_img, u.sex, u.sign, u.created_at"
    };
}
pub(crate) use user_columns;

impl User {
    pub(crate) fn read(row: &Row<'_>) -> Result<Self, Error> {
        Self::read_from(row, &mut 0)
    }

    pub(crate) fn read_from(row: &Row<'_>, at: &mut usize) -> Result<Self, Error> {
        Ok(Self {
            id: row.next(at)?,
            username: row.next(at)?,
            nickname: row.next(at)?,
            head_img: row.next(at)?,
            sex: row.next(at)?,
            sign: row.next(at)?,
            created_at: row.next(at)?,
        })
    }
}

impl View<'_> {
    /// The account, if there is one.
    pub fn user(&self, id: UserId) -> Result<Option<User>, Error> {
        self.row(
            concat!("SELECT ", user_columns!(), " FROM users u WHERE u.id = $1"),
            values![id],
            User::read,
        )
    }

    /// The accounts that exist among `ids`, in their order.
    pub fn users(&self, ids: &[UserId]) -> Result<Vec<User>, Error> {
        ids.iter()
            .filter_map(|&id| self.user(id).transpose())
            .collect()
    }

    /// The account with this username, in any case.
    pub fn user_by_name(&self, username: &str) -> Result<Option<User>, Error> {
        self.row(
            concat!(
                "SELECT ",
                user_columns!(),
                " FROM users u WHERE u.username_key = $1"
            ),
            values![&username.to_ascii_lowercase()],
            User::read,
        )
    }

    /// The account with this username, in any case, and the hash of its password.
    pub fn credentials(&self, username: &str) -> Result<Option<(User, String)>, Error> {
        self.row(
            concat!(
                "SELECT ",
                user_columns!(),
                ", u.password_hash FROM users u WHERE u.username_key = $1"
            ),
            values![&username.to_ascii_lowercase()],
            |row| {
                let at = &mut 0;
                Ok((User::read_from(row, at)?, row.next(at)?))
            },
        )
    }

    /// The hash of the account's password.
    pub fn password_hash(&self, id: UserId) -> Result<Option<String>, Error> {
        self.row(
            "SELECT password_hash FROM users WHERE id = $1",
            values![id],
            |row| row.get(0),
        )
    }

    /// Accounts whose username is `username` (in any case) and whose nickname contains `nickname` (in any case), oldest
    /// first; nobody when neither is given. `page` counts from 1; a page has at most 50 however large `size` is.
    pub fn search_users(
        &self,
        username: Option<&str>,
        nickname: Option<&str>,
        page: u32,
        size: u32,
    ) -> Result<Vec<User>, Error> {
        let (limit, offset) = page_bounds(page, size);
        if let Some(username) = username {
            let part = nickname.map(str::to_lowercase).unwrap_or_default();
            let found = self
                .user_by_name(username)?
                .filter(|user| offset == 0 && user.nickname.to_lowercase().contains(&part));
            return Ok(found.into_iter().collect());
        }
        let Some(nickname) = nickname else {
            return Ok(Vec::new());
        };
        self.rows(
            concat!(
                "SELECT ",
                user_columns!(),
                " FROM users u WHERE u.nickname_key LIKE $1 ESCAPE '!' ORDER BY u.id LIMIT $2 OFFSET $3"
            ),
            values![&pattern_for_part(nickname), limit, offset],
            User::read,
        )
    }

    /// The pictures of up to `limit` accounts behind `after`, in the order of their ids.
    pub fn pictures_of_users(
        &self,
        after: UserId,
        limit: u32,
    ) -> Result<Vec<(UserId, String)>, Error> {
        self.rows(
            "SELECT id, head_img FROM users WHERE id > $1 ORDER BY id LIMIT $2",
            values![after, i64::from(limit)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Up to `limit` accounts by username, those after the username `after`.
    pub fn list_users(&self, after: Option<&str>, limit: u32) -> Result<Vec<User>, Error> {
        self.rows(
            concat!(
                "SELECT ",
                user_columns!(),
                " FROM users u WHERE u.username_key > $1 ORDER BY u.username_key LIMIT $2"
            ),
            values![
                &after.unwrap_or_default().to_ascii_lowercase(),
                i64::from(limit)
            ],
            User::read,
        )
    }
}

impl Tx<'_> {
    /// Makes an account; `false` when the username is taken, in any case.
    pub fn create_user(&mut self, new: &NewUser) -> Result<bool, Error> {
        let made = self.execute(
            "INSERT INTO users (id, username, username_key, password_hash, nickname, nickname_key, sex, sign, head_img, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (username_key) DO NOTHING",
            values![
                new.id,
                new.username.as_str(),
                &new.username.as_str().to_ascii_lowercase(),
                &new.password_hash,
                &new.nickname,
                &new.nickname.to_lowercase(),
                new.sex,
                &new.sign,
                &new.head_img,
                new.now
            ],
        )?;
        Ok(made == 1)
    }

    /// Sets the hash of the password; `false` for an unknown account.
    pub fn set_password_hash(&mut self, id: UserId, hash: &str) -> Result<bool, Error> {
        let changed = self.execute(
            "UPDATE users SET password_hash = $1 WHERE id = $2",
            values![hash, id],
        )?;
        Ok(changed == 1)
    }

    /// Changes a profile; `false` for an unknown account.
    pub fn update_profile(&mut self, id: UserId, change: &ProfileChange) -> Result<bool, Error> {
        let nickname_key = change.nickname.as_deref().map(str::to_lowercase);
        let changed = self.execute(
            "UPDATE users SET nickname = COALESCE($1, nickname), nickname_key = COALESCE($2, nickname_key),
             sign = COALESCE($3, sign), sex = COALESCE($4, sex), head_img = COALESCE($5, head_img) WHERE id = $6",
            values![
                change.nickname.as_ref(),
                nickname_key.as_ref(),
                change.sign.as_ref(),
                change.sex,
                change.head_img.as_ref(),
                id
            ],
        )?;
        Ok(changed == 1)
    }
}

/// `LIMIT` and `OFFSET` of a page.
pub(crate) fn page_bounds(page: u32, size: u32) -> (i64, i64) {
    let limit = i64::from(size.clamp(1, 50));
    (limit, limit * i64::from(page.saturating_sub(1)))
}
