//! A commit whose answer is lost: a proxy between the store and PostgreSQL swallows it.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{sync::mpsc, time::timeout};

use super::{Fixture, draft};
use crate::{DatabaseUrl, Error, Options, Store, testing};

/// Carries bytes to a server and back. Once it is armed, the next COMMIT goes to the server and its answer nowhere: the
/// connection ends in its place.
struct Proxy {
    address: SocketAddr,
    armed: Arc<AtomicBool>,
}

impl Proxy {
    fn start(server: String) -> Self {
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
        Self { address, armed }
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

#[tokio::test]
async fn of_a_commit_whose_answer_is_lost_it_is_said_once_that_nobody_was_told() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    let (ann, _, conversation) = fixture.friends().await;
    let url = testing::url(fixture.directory.path()).unwrap();
    let (user, place) = url.expose().rsplit_once('@').unwrap();
    let (server, database) = place.split_once('/').unwrap();
    let proxy = Proxy::start(server.to_owned());
    let through: DatabaseUrl = format!("{user}@{}/{database}", proxy.address)
        .parse()
        .unwrap();
    let store = Store::open(&Options::postgres(through)).unwrap();
    let (said, mut hear) = mpsc::unbounded_channel();
    let told = said.clone();
    store.when_unsure(move || said.send("unsure").unwrap());

    let append = |text: &'static str| {
        let (told, armed) = (told.clone(), Arc::clone(&proxy.armed));
        store.write_then(
            move |tx| {
                armed.store(text == "lost", Ordering::SeqCst);
                tx.append(conversation, &draft(ann, text), 1)
            },
            move |_| told.send(text).unwrap(),
        )
    };
    assert_eq!(append("lost").await, Err(Error::Lost));
    let patience = Duration::from_secs(60);
    let first = timeout(patience, hear.recv()).await.unwrap();
    assert_eq!(first, Some("unsure"), "although nobody writes");
    let log = fixture.view(move |view| view.messages_after(conversation, 0, 9));
    assert_eq!(log.await[0].msg, "lost");
    append("answered").await.unwrap();
    assert_eq!(hear.recv().await, Some("answered"));
}
