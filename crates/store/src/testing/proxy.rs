//! A proxy between a store and PostgreSQL that swallows the answer to a commit.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a helper of tests fails as a test does"
)]

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::DatabaseUrl;

/// Carries bytes to a server and back. Once it is armed, the next COMMIT goes to the server and its answer nowhere: the
/// connection ends in its place.
#[derive(Clone)]
pub struct Proxy {
    armed: Arc<AtomicBool>,
}

impl Proxy {
    /// One before the server of this database, and the URL of the database behind it.
    #[must_use]
    pub fn before(database: &DatabaseUrl) -> (Self, DatabaseUrl) {
        let (user, place) = database.expose().rsplit_once('@').unwrap();
        let (server, name) = place.split_once('/').unwrap();
        let (proxy, address) = Self::start(server.to_owned());
        let behind = format!("{user}@{address}/{name}");
        (proxy, behind.parse().unwrap())
    }

    /// Has the next COMMIT lose its answer.
    pub fn arm(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    fn start(server: String) -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let armed = Arc::new(AtomicBool::new(false));
        let arming = Arc::clone(&armed);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
                let deaf = Arc::new(AtomicBool::new(false));
                let (asking, answering) = (clone(&client, &server), (server, client));
                let (armed, deafening) = (Arc::clone(&arming), Arc::clone(&deaf));
                thread::spawn(move || {
                    carry(asking, |bytes| {
                        if has(bytes, b";COMMIT") && armed.swap(false, Ordering::SeqCst) {
                            deafening.store(true, Ordering::SeqCst);
                        }
                        Heard::Carried
                    });
                });
                thread::spawn(move || {
                    carry(answering, |bytes| match deaf.load(Ordering::SeqCst) {
                        false => Heard::Carried,
                        true if has(bytes, b"COMMIT\0") => Heard::Last,
                        true => Heard::Swallowed,
                    });
                });
            }
        });
        (Self { armed }, address)
    }
}

/// What becomes of bytes on their way.
enum Heard {
    Carried,
    Swallowed,
    /// Swallowed, and the connection ends.
    Last,
}

fn clone(from: &TcpStream, to: &TcpStream) -> (TcpStream, TcpStream) {
    (from.try_clone().unwrap(), to.try_clone().unwrap())
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn carry((mut from, mut to): (TcpStream, TcpStream), mut hear: impl FnMut(&[u8]) -> Heard) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        match hear(&bytes[..length]) {
            Heard::Carried if to.write_all(&bytes[..length]).is_ok() => {}
            Heard::Carried | Heard::Last => break,
            Heard::Swallowed => {}
        }
    }
    // Either end may have done this already.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
