//! Logins.

use hongyan_protocol::id::{SessionId, UserId};

use crate::{
    Error, Tx, View,
    value::{Row, values},
};

/// A login. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub created_at: i64,
    pub seen_at: i64,
    pub expires_at: i64,
    /// What the client calls itself.
    pub agent: String,
    /// Where it came from.
    pub address: String,
}

/// A login to remember.
#[derive(Clone)]
pub struct NewSession {
    pub id: SessionId,
    /// SHA-256 of the token; the token itself is never stored.
    pub token_hash: [u8; 32],
    pub user_id: UserId,
    pub now: i64,
    pub expires_at: i64,
    pub agent: String,
    pub address: String,
}

macro_rules! columns {
    () => {
        "SELECT id, user_id, created_at, seen_at, expires_at, agent, address FROM sessions "
    };
}

impl Session {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: row.get(0)?,
            user_id: row.get(1)?,
            created_at: row.get(2)?,
            seen_at: row.get(3)?,
            expires_at: row.get(4)?,
            agent: row.get(5)?,
            address: row.get(6)?,
        })
    }
}

impl View<'_> {
    /// The session of a token, expired or not: the caller compares `expires_at` with its clock.
    pub fn session_by_token(&self, token_hash: &[u8; 32]) -> Result<Option<Session>, Error> {
        self.row(
            concat!(columns!(), "WHERE token_hash = $1"),
            values![token_hash],
            Session::read,
        )
    }

    /// The user's sessions, newest first, expired ones that are not removed yet included.
    pub fn sessions_of(&self, user: UserId) -> Result<Vec<Session>, Error> {
        self.rows(
            concat!(
                columns!(),
                "WHERE user_id = $1 ORDER BY created_at DESC, id DESC"
            ),
            values![user],
            Session::read,
        )
    }

    /// Those of `ids` that are removed or expired at `now`.
    pub fn ended_among(&self, ids: &[SessionId], now: i64) -> Result<Vec<SessionId>, Error> {
        let mut ended = Vec::new();
        for &id in ids {
            let lives = self.exists(
                "SELECT 1 FROM sessions WHERE id = $1 AND expires_at > $2",
                values![id, now],
            )?;
            if !lives {
                ended.push(id);
            }
        }
        Ok(ended)
    }
}

impl Tx<'_> {
    /// Remembers a login and removes the user's expired and oldest others, so that at most `devices` (at least 1) remain;
    /// returns those removed.
    pub fn open_session(
        &mut self,
        new: &NewSession,
        devices: usize,
    ) -> Result<Vec<SessionId>, Error> {
        let others = self.sessions_of(new.user_id)?;
        let (live, expired): (Vec<Session>, Vec<Session>) = others
            .into_iter()
            .partition(|session| session.expires_at > new.now);
        let displaced: Vec<SessionId> = live
            .iter()
            .skip(devices.max(1) - 1)
            .chain(&expired)
            .map(|session| session.id)
            .collect();
        for &id in &displaced {
            self.end_session(id)?;
        }
        self.execute(
            "INSERT INTO sessions (id, token_hash, user_id, created_at, seen_at, expires_at, agent, address)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            values![
                new.id,
                &new.token_hash,
                new.user_id,
                new.now,
                new.now,
                new.expires_at,
                &new.agent,
                &new.address
            ],
        )?;
        Ok(displaced)
    }

    /// Notes that a session is used and lives on; `false` when it has ended.
    pub fn touch_session(
        &mut self,
        id: SessionId,
        now: i64,
        expires_at: i64,
    ) -> Result<bool, Error> {
        let changed = self.execute(
            "UPDATE sessions SET seen_at = $1, expires_at = $2 WHERE id = $3",
            values![now, expires_at, id],
        )?;
        Ok(changed == 1)
    }

    /// Removes a session; `false` when it had ended before.
    pub fn end_session(&mut self, id: SessionId) -> Result<bool, Error> {
        let removed = self.execute("DELETE FROM sessions WHERE id = $1", values![id])?;
        Ok(removed == 1)
    }

    /// Removes a session of the user's; `false` when they have no such session, or it is over at `now`.
    pub fn end_session_of(&mut self, user: UserId, id: SessionId, now: i64) -> Result<bool, Error> {
        let removed = self.execute(
            "DELETE FROM sessions WHERE id = $1 AND user_id = $2 AND expires_at > $3",
            values![id, user, now],
        )?;
        Ok(removed == 1)
    }

    /// Removes the user's sessions but `except`; returns those removed.
    pub fn end_sessions_of(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
    ) -> Result<Vec<SessionId>, Error> {
        self.rows(
            "DELETE FROM sessions WHERE user_id = $1 AND id <> $2 RETURNING id",
            values![user, except.unwrap_or(SessionId::NIL)],
            |row| row.get(0),
        )
    }

    /// Removes every session that is over at `now`; returns those removed.
    pub fn remove_expired_sessions(&mut self, now: i64) -> Result<Vec<SessionId>, Error> {
        self.rows(
            "DELETE FROM sessions WHERE expires_at <= $1 RETURNING id",
            values![now],
            |row| row.get(0),
        )
    }
}
