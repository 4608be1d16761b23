//! The entries of a log as those who are in the conversation hear of them.

use hongyan_protocol::{
    Event, Happening,
    id::{GroupId, UserId},
    message::{Chat, Edited, Reacted, Recalled},
};
use hongyan_store::{Change, ChangeKind, Entry, Stored};

/// The event that an entry of a log is told with; `group` where the log is a group's.
#[must_use]
pub fn entry_event(entry: &Entry, group: Option<GroupId>) -> Event {
    match entry {
        Entry::Message(stored) => chat_event(stored.sender_id, stored.time, chat_of(stored, group)),
        Entry::Change(change) => change_event(change, group),
    }
}

/// A stored message as its receivers see it.
#[must_use]
pub fn chat_of(stored: &Stored, group: Option<GroupId>) -> Chat {
    Chat {
        msg: stored.msg.clone(),
        to_group_id: group,
        msg_id: stored.msg_id,
        seq: Some(stored.seq),
        kind: stored.kind.clone(),
        body: stored
            .body
            .as_deref()
            .and_then(|body| serde_json::from_str(body).ok()),
        reply_to: stored.reply_to,
        mentions: stored.mentions.clone(),
        mention_all: stored.mention_all,
        edited_time: stored.edited_at,
        recalled_time: stored.recalled_at,
    }
}

/// The event that carries a message: chat_group for a group's, chat_f2f for a friend's.
#[must_use]
pub fn chat_event(sender: UserId, time: i64, chat: Chat) -> Event {
    let what = if chat.to_group_id.is_some() {
        Happening::ChatGroup(chat)
    } else {
        Happening::ChatF2f(chat)
    };
    Event {
        from: Some(sender),
        time,
        what,
    }
}

/// The event that carries a change: with the message as it is now, whatever it was when it was changed.
#[must_use]
pub fn change_event(change: &Change, to_group_id: Option<GroupId>) -> Event {
    let target = &change.target;
    let (seq, target_seq, msg_id) = (change.seq, target.seq, target.msg_id);
    let what = match change.kind {
        ChangeKind::Recalled => Happening::ChatRecall(Recalled {
            to_group_id,
            seq,
            target_seq,
            msg_id,
        }),
        ChangeKind::Edited => Happening::ChatEdit(Edited {
            to_group_id,
            seq,
            target_seq,
            msg_id,
            msg: target.msg.clone(),
            mentions: target.mentions.clone(),
            edited_time: target.edited_at.unwrap_or(change.time),
        }),
        ChangeKind::Reacted | ChangeKind::Unreacted => Happening::ChatReaction(Reacted {
            to_group_id,
            seq,
            target_seq,
            msg_id,
            emoji: change.emoji.clone().unwrap_or_default(),
            on: change.kind == ChangeKind::Reacted,
        }),
    };
    Event {
        from: Some(change.by),
        time: change.time,
        what,
    }
}
