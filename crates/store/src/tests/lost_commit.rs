//! A commit whose answer is lost: a proxy between the store and PostgreSQL swallows it.

use std::time::Duration;

use tokio::{sync::mpsc, time::timeout};

use super::{Fixture, draft};
use crate::{
    Error, Options, Store,
    testing::{self, Proxy},
};

#[tokio::test]
async fn of_a_commit_whose_answer_is_lost_it_is_said_once_that_nobody_was_told() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    let (ann, _, conversation) = fixture.friends().await;
    let url = testing::url(fixture.directory.path()).unwrap();
    let (proxy, through) = Proxy::before(&url);
    let store = Store::open(&Options::postgres(through)).unwrap();
    let (said, mut hear) = mpsc::unbounded_channel();
    let told = said.clone();
    store.when_unsure(move || said.send("unsure").unwrap());

    let append = |text: &'static str| {
        let (told, proxy) = (told.clone(), proxy.clone());
        store.write_then(
            move |tx| {
                if text == "lost" {
                    proxy.arm();
                }
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
