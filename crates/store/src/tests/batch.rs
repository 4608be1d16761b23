//! Many messages in one batch: what waits to be written together is there for whoever asks.

use std::collections::{BTreeMap, HashSet};

use hongyan_protocol::{
    conversation::Target,
    id::{ConversationId, GroupId, UserId},
    keep::Keep,
};
use tokio::task::JoinSet;

use super::{Fixture, draft, stored, writing::hold_writer};
use crate::{Appended, Draft, Error, Expected, Stored, Tx, View};

/// Why an operation undoes itself.
#[derive(Debug, PartialEq)]
enum Refusal {
    NotFriend,
    NotMember,
    Muted,
    Unsent,
    Broken(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// A message with a key.
fn keyed(sender: UserId, key: &str, msg: &str) -> Draft {
    Draft {
        client_msg_id: Some(key.to_owned()),
        ..draft(sender, msg)
    }
}

/// What the server does to send a message to a friend.
fn post(tx: &mut Tx<'_>, friend: UserId, draft: &Draft) -> Result<Appended, Refusal> {
    let contact = tx
        .contact(draft.sender, friend)?
        .ok_or(Refusal::NotFriend)?;
    Ok(tx.append(contact.conversation_id, draft, 5)?)
}

impl Fixture {
    /// Sends a message to a friend as the server does.
    fn send(
        &self,
        friend: UserId,
        draft: Draft,
    ) -> impl Future<Output = Result<Appended, Refusal>> + Send + 'static {
        self.send_with(friend, draft, |_, appended| Ok(appended))
    }

    /// The same with something to follow in the same operation.
    fn send_with<T: Send + 'static>(
        &self,
        friend: UserId,
        draft: Draft,
        follow: impl FnOnce(&mut Tx<'_>, Appended) -> Result<T, Refusal> + Send + 'static,
    ) -> impl Future<Output = Result<T, Refusal>> + Send + 'static {
        let expected = Expected {
            sender: draft.sender,
            target: Target::Friend(friend),
            client_msg_id: draft.client_msg_id.clone(),
        };
        self.store.write_expecting(
            Some(expected),
            move |tx| {
                let appended = post(tx, friend, &draft)?;
                follow(tx, appended)
            },
            |_| (),
        )
    }

    /// Sends a message to a group as the server does.
    fn send_to_group(
        &self,
        group: GroupId,
        draft: Draft,
    ) -> impl Future<Output = Result<Appended, Refusal>> + Send + 'static {
        let expected = Expected {
            sender: draft.sender,
            target: Target::Group(group),
            client_msg_id: None,
        };
        let operation = move |tx: &mut Tx<'_>| {
            let found = tx.group(group)?.ok_or(Refusal::NotMember)?;
            let membership = tx.membership(group, draft.sender)?;
            let is_member = tx.members(group)?.contains(draft.sender);
            assert_eq!(membership.is_some(), is_member);
            match membership {
                None => Err(Refusal::NotMember),
                Some(membership) if membership.muted_until > 0 => Err(Refusal::Muted),
                Some(_) => Ok(tx.append(found.conversation_id, &draft, 5)?),
            }
        };
        self.store
            .write_expecting(Some(expected), operation, |_| ())
    }

    async fn texts(&self, conversation: ConversationId) -> Vec<(i64, String)> {
        self.view(move |view| log(view, conversation)).await
    }
}

fn log(view: &View<'_>, conversation: ConversationId) -> Result<Vec<(i64, String)>, Error> {
    let log = view.messages_after(conversation, 0, 5000)?;
    Ok(log
        .into_iter()
        .map(|stored| (stored.seq, stored.msg))
        .collect())
}

fn numbered(texts: &[&str]) -> Vec<(i64, String)> {
    (1..).zip(texts.iter().map(ToString::to_string)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_senders_into_many_conversations_with_repeats_store_each_message_once() {
    let fixture = Fixture::new();
    let names = ["anna", "bodo", "caica", "dora", "emil", "fred"];
    let users = fixture.users(names).await;
    let mut pairs = Vec::new();
    for (index, &a) in users.iter().enumerate() {
        for &b in &users[index + 1..] {
            let conversation = fixture.tx(move |tx| tx.befriend(a, b, 1)).await.unwrap();
            pairs.extend([(a, b, conversation), (b, a, conversation)]);
        }
    }
    // Everybody sends each message three times: at once, so that some repeats are in the batch of the first, and later.
    let mut sending = JoinSet::new();
    for attempt in 0..3 {
        for number in 0..20 {
            for &(from, to, _) in &pairs {
                let text = format!("{number}");
                let sent = fixture.send(to, keyed(from, &format!("{to} {number}"), &text));
                sending.spawn(async move { (attempt, sent.await.unwrap()) });
            }
        }
    }
    let (mut new, mut repeats) = (Vec::new(), Vec::new());
    while let Some(sent) = sending.join_next().await {
        match sent.unwrap() {
            (0, Appended::New(stored)) => new.push(stored),
            (1 | 2, Appended::Repeat(stored)) => repeats.push(stored),
            other => panic!("{other:?}"),
        }
    }
    let ids: HashSet<_> = new.iter().map(|stored| stored.msg_id).collect();
    assert_eq!((new.len(), ids.len(), repeats.len()), (600, 600, 1200));
    assert!(repeats.iter().all(|repeat| new.contains(repeat)));
    let mut answered: BTreeMap<ConversationId, Vec<Stored>> = BTreeMap::new();
    for stored in new {
        answered
            .entry(stored.conversation_id)
            .or_default()
            .push(stored);
    }
    for (conversation, mut answered) in answered {
        answered.sort_unstable_by_key(|stored| stored.seq);
        let seqs: Vec<i64> = answered.iter().map(|stored| stored.seq).collect();
        assert_eq!(seqs, (1..=40).collect::<Vec<_>>(), "no gap");
        let log = fixture.view(move |view| view.messages_after(conversation, 0, 100));
        assert_eq!(log.await, answered);
        let listed = fixture.view(move |view| view.conversation(conversation));
        let listed = listed.await.unwrap();
        assert_eq!((listed.last_seq, listed.last_at), (40, 5));
    }
}

#[tokio::test]
async fn refusals_within_a_batch_take_only_their_own_messages_with_them() {
    let fixture = Fixture::new();
    let (ann, bo, conversation) = fixture.friends().await;
    let [cai] = fixture.users(["caica"]).await;
    let release = hold_writer(&fixture);
    let first = fixture.send(bo, keyed(ann, "1", "one"));
    let stranger = fixture.send(cai, keyed(ann, "x", "to nobody"));
    // It gives up after its message, before anything was written for it.
    let unsent = fixture.send_with(bo, keyed(ann, "2", "unsent"), |_, _| {
        Err::<(), _>(Refusal::Unsent)
    });
    let second = fixture.send(bo, keyed(ann, "2", "two"));
    // And after it was written, together with those before it.
    let seen = fixture.send_with(ann, keyed(bo, "3", "seen"), move |tx, _| {
        let seen = tx.message(conversation, 3)?.map(|stored| stored.msg);
        assert_eq!(seen.as_deref(), Some("seen"));
        Err::<(), _>(Refusal::Unsent)
    });
    let third = fixture.send(ann, keyed(bo, "3", "three"));
    let written = fixture.send_with(ann, keyed(bo, "4", "undone"), move |tx, _| {
        tx.mark_read(bo, conversation, 4)?;
        Err::<(), _>(Refusal::Unsent)
    });
    let fourth = fixture.send(ann, keyed(bo, "4", "four"));
    let again = fixture.send(bo, keyed(ann, "2", "two"));
    let other = fixture.send(bo, keyed(ann, "2", "other"));
    drop(release);

    assert_eq!(stored(first.await.unwrap()).seq, 1);
    assert_eq!(stranger.await, Err(Refusal::NotFriend));
    assert_eq!(unsent.await, Err(Refusal::Unsent));
    let second = stored(second.await.unwrap());
    assert_eq!(second.seq, 2);
    assert_eq!(seen.await, Err(Refusal::Unsent));
    assert_eq!(stored(third.await.unwrap()).seq, 3);
    assert_eq!(written.await, Err(Refusal::Unsent));
    assert_eq!(stored(fourth.await.unwrap()).seq, 4);
    assert_eq!(again.await, Ok(Appended::Repeat(second)));
    assert_eq!(other.await, Ok(Appended::Conflict));
    let texts = numbered(&["one", "two", "three", "four"]);
    assert_eq!(fixture.texts(conversation).await, texts);
    let cursor = fixture.view(move |view| view.cursor(bo, conversation));
    assert_eq!(cursor.await.unwrap().read_seq, 0);
}

#[tokio::test]
async fn whatever_follows_a_message_in_its_batch_sees_it() {
    let fixture = Fixture::new();
    let (ann, bo, conversation) = fixture.friends().await;
    let release = hold_writer(&fixture);
    let first = fixture.send(bo, keyed(ann, "1", "one"));
    let read = fixture.send_with(ann, keyed(bo, "2", "two"), move |tx, _| {
        let listed = tx.conversation(conversation)?.map(|one| one.last_seq);
        let message = tx.message(conversation, 1)?.map(|stored| stored.msg);
        Ok((
            listed,
            message,
            tx.kept(bo, &tx.waiting(bo)?, 9)?.len(),
            log(tx, conversation)?,
        ))
    });
    let recalled = fixture.send_with(bo, keyed(ann, "3", "three"), move |tx, appended| {
        Ok(tx
            .recall(&stored(appended), ann, 6)?
            .map(|change| change.seq))
    });
    let last = fixture.send(bo, keyed(ann, "5", "five"));
    let repeat = fixture.send(bo, keyed(ann, "3", "three"));
    drop(release);
    assert_eq!(stored(first.await.unwrap()).seq, 1);
    let seen = (
        Some(2),
        Some("one".to_owned()),
        1,
        numbered(&["one", "two"]),
    );
    assert_eq!(read.await, Ok(seen));
    assert_eq!(recalled.await, Ok(Some(4)));
    assert_eq!(stored(last.await.unwrap()).seq, 5);
    let Ok(Appended::Repeat(repeat)) = repeat.await else {
        panic!("not a repeat");
    };
    assert_eq!((repeat.seq, repeat.recalled_at), (3, Some(6)));
}

#[tokio::test]
async fn whoever_is_blocked_or_unfriended_in_a_batch_is_so_for_the_rest_of_it() {
    let fixture = Fixture::new();
    let (ann, bo, conversation) = fixture.friends().await;
    let release = hold_writer(&fixture);
    let before = fixture.send(bo, draft(ann, "before"));
    let block = fixture.tx(move |tx| tx.block(bo, ann, 2));
    let blocked = fixture.tx(move |tx| Ok(tx.contact(ann, bo)?.map(|contact| contact.blocked)));
    let parted = fixture.tx(move |tx| tx.unfriend(ann, bo));
    let after = fixture.send(bo, draft(ann, "after"));
    drop(release);
    assert_eq!(stored(before.await.unwrap()).seq, 1);
    assert_eq!(block.await, Ok(true));
    assert_eq!(blocked.await, Ok(Some(true)));
    assert_eq!(parted.await, Ok(true));
    assert_eq!(after.await, Err(Refusal::NotFriend));
    assert_eq!(fixture.texts(conversation).await, numbered(&["before"]));
}

#[tokio::test]
async fn whoever_leaves_or_is_muted_in_a_batch_is_so_for_the_rest_of_it() {
    let fixture = Fixture::new();
    let [ann, bo, cy] = fixture.users(["anna", "bobo", "cyan"]).await;
    let team = fixture.group(ann, "team").await;
    for member in [bo, cy] {
        assert!(
            fixture
                .tx(move |tx| tx.join(team, member, 1))
                .await
                .unwrap()
        );
    }
    let conversation = fixture.view(move |view| view.group(team)).await.unwrap();
    let conversation = conversation.conversation_id;

    let release = hold_writer(&fixture);
    let say = |sender, msg| fixture.send_to_group(team, draft(sender, msg));
    let first = [say(ann, "a"), say(bo, "b"), say(cy, "c")];
    let settled = fixture.tx(move |tx| {
        tx.choose_keep(conversation, Some(Keep::Days(7)))?;
        tx.mute(team, bo, 9)?;
        tx.leave(team, cy)
    });
    let then = [say(ann, "d"), say(bo, "e"), say(cy, "f")];
    let seen = fixture.tx(move |tx| {
        let members = tx.members(team)?.ids.len();
        Ok((members, tx.chosen_keep(conversation)?))
    });
    let unknown = fixture.send_to_group(GroupId::mint(), draft(ann, "g"));
    drop(release);
    for (seq, said) in (1..).zip(first) {
        assert_eq!(stored(said.await.unwrap()).seq, seq);
    }
    assert_eq!(settled.await, Ok(true));
    let [ann, bo, cy] = then;
    assert_eq!(stored(ann.await.unwrap()).seq, 4);
    assert_eq!(bo.await, Err(Refusal::Muted));
    assert_eq!(cy.await, Err(Refusal::NotMember));
    assert_eq!(seen.await, Ok((2, Some(Keep::Days(7)))));
    assert_eq!(unknown.await, Err(Refusal::NotMember));
    assert_eq!(
        fixture.texts(conversation).await,
        numbered(&["a", "b", "c", "d"])
    );
}

#[tokio::test]
async fn a_key_that_cannot_be_stored_breaks_only_its_own_operation() {
    let fixture = Fixture::new();
    let (ann, bo, conversation) = fixture.friends().await;
    let release = hold_writer(&fixture);
    let first = fixture.send(bo, keyed(ann, "1", "one"));
    let nul = fixture.send(bo, keyed(ann, "\0", "nul"));
    let last = fixture.send(bo, keyed(ann, "2", "two"));
    drop(release);
    assert_eq!(stored(first.await.unwrap()).seq, 1);
    let nul = nul.await;
    let last = stored(last.await.unwrap());
    // SQLite stores it; either way there is no gap.
    let stored_too = i64::from(nul.is_ok());
    assert_eq!(last.seq, 2 + stored_too);
    assert_eq!(
        fixture.texts(conversation).await.len() as i64,
        2 + stored_too
    );
}
