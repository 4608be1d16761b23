//! Passwords: hashed with Argon2id, a few at a time, with a bound on how many may wait.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use hongyan_protocol::user::Password;
use tokio::sync::Semaphore;

use crate::{
    config::Passwords,
    limits::{Caller, network},
};

/// Why a password was not hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// As many wait as may wait: try again later.
    #[error("too many passwords wait to be checked")]
    Busy,
    /// As many of the caller's address are computed or wait as may: the others are for others.
    #[error("too many passwords of one address wait to be checked")]
    Crowded,
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
    shares: Shares,
}

/// How many places each address holds that holds any.
#[derive(Clone)]
struct Shares {
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
}

/// A place that counts as this address's; given back when dropped.
struct Share {
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Shares {
    /// Counts a place as the caller's; nothing for the exempt.
    fn of(&self, caller: &Caller) -> Result<Option<Share>, Error> {
        if caller.exempt {
            return Ok(None);
        }
        let address = network(caller.address);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= self.most {
            return Err(Error::Crowded);
        }
        *count += 1;
        let held = Arc::clone(&self.held);
        Ok(Some(Share { held, address }))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
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
            shares: Shares {
                held: Arc::default(),
                // One that logs in ever so often leaves room for others, and a whole class may log in at once.
                most: places.div_ceil(4),
            },
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
    pub async fn hash(&self, password: Password, caller: &Caller) -> Result<String, Error> {
        self.in_turn(caller, move |hasher| hasher.hash_blocking(&password))
            .await
    }

    /// Whether this is the password behind `hash`. Without a hash it is not, and that takes as long to find out.
    pub async fn verify(
        &self,
        password: Password,
        hash: Option<String>,
        caller: &Caller,
    ) -> Result<bool, Error> {
        self.in_turn(caller, move |hasher| {
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
        caller: &Caller,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let share = self.shares.of(caller)?;
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
            drop((share, place, turn));
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

    fn caller(address: &str, exempt: bool) -> Caller {
        Caller {
            address: address.parse().unwrap(),
            exempt,
            https: false,
        }
    }

    #[tokio::test]
    async fn only_the_same_password_fits_and_an_unknown_account_has_none() {
        let hasher = hasher(1, 8);
        let ann = caller("192.0.2.1", false);
        let hash = hasher.hash(Password::new("wild goose"), &ann).await;
        let hash = hash.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert_ne!(
            hash,
            hasher.hash_blocking(&Password::new("wild goose")).unwrap()
        );
        let fits = async |text: &str, hash| {
            let verified = hasher.verify(Password::new(text), hash, &ann);
            verified.await.unwrap()
        };
        assert!(fits("wild goose", Some(hash.clone())).await);
        assert!(!fits("tame goose", Some(hash)).await);
        assert!(!fits("wild goose", None).await);
    }

    #[tokio::test]
    async fn whoever_finds_no_place_is_told_at_once() {
        let hasher = hasher(1, 1);
        let (ann, bo) = (caller("192.0.2.1", false), caller("192.0.2.2", false));
        let turn = hasher.turns.acquire().await.unwrap();
        let mut waiting = Box::pin(hasher.in_turn(&ann, |_| Ok(())));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        let mut second = Box::pin(hasher.in_turn(&bo, |_| Ok(())));
        assert!(futures_util::poll!(&mut second).is_pending());
        let cy = caller("192.0.2.3", false);
        let third = hasher.in_turn(&cy, |_| Ok(())).await;
        assert!(matches!(third, Err(Error::Busy)));
        drop(turn);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn one_address_takes_a_quarter_of_the_places_and_an_exempt_one_any() {
        let hasher = hasher(1, 7);
        let turn = hasher.turns.acquire().await.unwrap();
        let mut waiting = Vec::new();
        for (address, exempt) in [
            ("2001:db8:0:1::1", false),
            ("2001:db8:0:1::2", false),
            ("2001:db8:0:2::1", false),
            ("192.0.2.1", true),
            ("192.0.2.1", true),
            ("192.0.2.1", true),
        ] {
            let caller = caller(address, exempt);
            let hasher = hasher.clone();
            let mut work = Box::pin(async move { hasher.in_turn(&caller, |_| Ok(())).await });
            assert!(futures_util::poll!(&mut work).is_pending(), "{address}");
            waiting.push(work);
        }
        let ann = caller("2001:db8:0:1::3", false);
        let third = hasher.in_turn(&ann, |_| Ok(())).await;
        assert!(matches!(third, Err(Error::Crowded)));
        drop(turn);
        for work in waiting {
            work.await.unwrap();
        }
        hasher.in_turn(&ann, |_| Ok(())).await.unwrap();
        assert!(hasher.shares.held.lock().unwrap().is_empty());
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
