//! Passwords: hashed with Argon2id, a few at a time, with a bound on how many may wait.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use hongyan_protocol::user::Password;
use tokio::sync::Semaphore;

use crate::config::Passwords;

/// Why a password was not hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// As many wait as may wait: try again later.
    #[error("too many passwords wait to be checked")]
    Busy,
    /// Our fault: the settings, a stored hash or the system's randomness are of no use.
    #[error("a password could not be hashed: {0}")]
    Broken(String),
}

/// Hashes and compares passwords. Cheap to clone; all clones share one queue.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    /// What an unknown account's password is compared with, so that it takes as long as a known one's.
    nobody: Arc<str>,
    /// One for each hash computed or waiting.
    places: Arc<Semaphore>,
    /// One for each hash computed.
    turns: Arc<Semaphore>,
}

impl Hasher {
    /// A hasher with these settings; an error says which of them is of no use.
    pub fn new(settings: &Passwords) -> Result<Self, Error> {
        let (memory, passes) = (settings.memory_kib, settings.iterations);
        let params = Params::new(memory, passes, 1, None).map_err(broken)?;
        let (salt, output) = ("A".repeat(22), "A".repeat(43));
        let nobody = format!("$argon2id$v=19$m={memory},t={passes},p=1${salt}${output}");
        PasswordHash::new(&nobody).map_err(broken)?;
        let places = settings
            .parallel
            .saturating_add(settings.waiting)
            .min(Semaphore::MAX_PERMITS);
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            nobody: nobody.into(),
            places: Arc::new(Semaphore::new(places)),
            turns: Arc::new(Semaphore::new(settings.parallel.clamp(1, places))),
        })
    }

    /// The hash to store, computed on this thread; for the command line.
    pub fn hash_blocking(&self, password: &Password) -> Result<String, Error> {
        let hash = self
            .argon2
            .hash_password(password.expose().as_bytes())
            .map_err(broken)?;
        Ok(hash.to_string())
    }

    /// The hash to store.
    pub async fn hash(&self, password: Password) -> Result<String, Error> {
        self.in_turn(move |hasher| hasher.hash_blocking(&password))
            .await
    }

    /// Whether this is the password behind `hash`. Without a hash it is not, and that takes as long to find out.
    pub async fn verify(&self, password: Password, hash: Option<String>) -> Result<bool, Error> {
        self.in_turn(move |hasher| {
            let known = hash.is_some();
            let hash = hash.as_deref().unwrap_or(&hasher.nobody);
            let hash = PasswordHash::new(hash).map_err(broken)?;
            let same = hasher
                .argon2
                .verify_password(password.expose().as_bytes(), &hash)
                .is_ok();
            Ok(known && same)
        })
        .await
    }

    /// The permits move into the work: a caller who no longer waits does not make room before the work is done.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| Error::Busy)?;
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(broken)?;
        let hasher = self.clone();
        tokio::task::spawn_blocking(move || {
            let done = work(&hasher);
            drop((place, turn));
            done
        })
        .await
        .map_err(broken)?
    }
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(parallel: usize, waiting: usize) -> Hasher {
        Hasher::new(&Passwords {
            memory_kib: 8,
            iterations: 1,
            parallel,
            waiting,
        })
        .unwrap()
    }

    #[tokio::test]
    async fn only_the_same_password_fits_and_an_unknown_account_has_none() {
        let hasher = hasher(1, 8);
        let hash = hasher.hash(Password::new("wild goose")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert_ne!(
            hash,
            hasher.hash_blocking(&Password::new("wild goose")).unwrap()
        );
        let fits = async |text: &str, hash| hasher.verify(Password::new(text), hash).await.unwrap();
        assert!(fits("wild goose", Some(hash.clone())).await);
        assert!(!fits("tame goose", Some(hash)).await);
        assert!(!fits("wild goose", None).await);
    }

    #[tokio::test]
    async fn whoever_finds_no_place_is_told_at_once() {
        let hasher = hasher(1, 1);
        let turn = hasher.turns.acquire().await.unwrap();
        let mut waiting = Box::pin(hasher.in_turn(|_| Ok(())));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        let mut second = Box::pin(hasher.in_turn(|_| Ok(())));
        assert!(futures_util::poll!(&mut second).is_pending());
        assert!(matches!(hasher.in_turn(|_| Ok(())).await, Err(Error::Busy)));
        drop(turn);
        waiting.await.unwrap();
    }

    #[test]
    fn settings_of_no_use_are_refused() {
        let settings = Passwords {
            memory_kib: 1,
            iterations: 1,
            parallel: 1,
            waiting: 1,
        };
        assert!(matches!(Hasher::new(&settings), Err(Error::Broken(_))));
    }
}
