//! The store, spoken to as the server does.

mod batch;
mod file;
mod friends;
mod groups;
mod lost_commit;
mod nouns;
mod postgres;
mod search;
mod server;
mod writing;

use std::path::Path;

use hongyan_protocol::{
    group::Invite,
    id::{ConversationId, GroupId, SessionId, UserId},
    user::{Name, Sex},
};

use crate::{Appended, Draft, Error, NewGroup, NewSession, NewUser, Store, Stored, Tx, testing};

/// A store in a directory, or a PostgreSQL database that belongs to it, which is removed with it.
struct Fixture {
    store: Store,
    directory: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            store: open(directory.path()),
            directory,
        }
    }

    async fn reopen(mut self) -> Self {
        self.store.close().await;
        self.store = open(self.directory.path());
        self
    }

    async fn users<const N: usize>(&self, names: [&str; N]) -> [UserId; N] {
        let ids = names.map(|_| UserId::mint());
        for (id, name) in ids.into_iter().zip(names) {
            let user = new_user(id, name, name);
            assert!(self.tx(move |tx| tx.create_user(&user)).await.unwrap());
        }
        ids
    }

    async fn friends(&self) -> (UserId, UserId, ConversationId) {
        let [ann, bo] = self.users(["anna", "bodo"]).await;
        let conversation = self.tx(move |tx| tx.befriend(ann, bo, 1)).await.unwrap();
        (ann, bo, conversation)
    }

    async fn group(&self, owner: UserId, name: &str) -> GroupId {
        let group = new_group(owner, name);
        let id = group.id;
        assert!(self.tx(move |tx| tx.create_group(&group)).await.unwrap());
        id
    }

    /// A write whose operation only breaks and never refuses.
    fn tx<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> impl Future<Output = Result<T, Error>> + Send + 'static {
        self.store.write(operation)
    }

    async fn view<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&crate::View<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.store.read(operation).await.unwrap()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        testing::remove(self.directory.path());
    }
}

fn open(directory: &Path) -> Store {
    Store::open(&testing::options(directory)).unwrap()
}

fn new_user(id: UserId, name: &str, nickname: &str) -> NewUser {
    NewUser {
        id,
        username: Name::new(name).unwrap(),
        password_hash: "hash".to_owned(),
        nickname: nickname.to_owned(),
        sex: Sex::Unset,
        sign: String::new(),
        head_img: String::new(),
        now: 1,
    }
}

fn new_group(owner: UserId, name: &str) -> NewGroup {
    NewGroup {
        id: GroupId::mint(),
        name: Name::new(name).unwrap(),
        nickname: name.to_owned(),
        introduction: String::new(),
        head_img: String::new(),
        owner_id: owner,
        invite: Invite::Members,
        now: 1,
    }
}

fn new_session(user: UserId, number: u8) -> NewSession {
    NewSession {
        id: SessionId::mint(),
        token_hash: [number; 32],
        user_id: user,
        now: i64::from(number),
        expires_at: 100,
        agent: "test".to_owned(),
        address: "::1".to_owned(),
    }
}

fn draft(sender: UserId, msg: &str) -> Draft {
    Draft {
        sender,
        client_msg_id: None,
        kind: None,
        msg: msg.to_owned(),
        body: None,
        reply_to: None,
        mentions: Vec::new(),
        mention_all: false,
    }
}

fn stored(appended: Appended) -> Stored {
    match appended {
        Appended::New(stored) => stored,
        other => panic!("not new: {other:?}"),
    }
}
