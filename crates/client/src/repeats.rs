//! Dropping repeats: the log has each message once, but the wire may bring it again.

use std::collections::HashMap;

use hongyan_protocol::{
    EventType,
    id::{GroupId, UserId},
};
use serde::Deserialize;

use crate::notices::Event;

/// Conversations that are remembered; beyond, the one that was silent longest is forgotten.
const CONVERSATIONS: usize = 4096;

/// A conversation as its reader names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Conversation {
    Friend(UserId),
    Group(GroupId),
}

/// Where an entry of a log stands, whatever else it says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    to_group_id: Option<GroupId>,
    seq: Option<i64>,
}

/// What was seen of one conversation.
#[derive(Clone, Copy, Debug)]
struct Seen {
    highest: i64,
    /// Bit n: `highest - n` was seen. Room for a message that was overtaken on its way.
    recent: u128,
    /// When it was last spoken in, by this count.
    turn: u64,
}

/// Remembers which messages and changes have been seen, by conversation and `seq`: of each conversation the highest
/// `seq` and which of the 127 before it, of at most 4096 conversations. Older ones count as repeats. After a server was
/// restored from a backup its counting goes back: begin with a new one.
#[derive(Clone, Debug, Default)]
pub struct Repeats {
    seen: HashMap<Conversation, Seen>,
    turn: u64,
}

impl Repeats {
    /// Nothing seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the event has been here before. What is no entry of a log (no message and no change of one, or a message that
    /// is not kept) never has.
    pub fn is_repeat(&mut self, event: &Event) -> bool {
        use EventType::{ChatEdit, ChatF2f, ChatGroup, ChatReaction, ChatRecall};
        let is_entry = matches!(
            event.event_type(),
            Some(ChatF2f | ChatGroup | ChatRecall | ChatEdit | ChatReaction)
        );
        if !is_entry {
            return false;
        }
        let Ok(place) = event.data::<Place>() else {
            return false;
        };
        let conversation = match (place.to_group_id, event.from()) {
            (Some(group), _) => Conversation::Group(group),
            (None, Some(friend)) => Conversation::Friend(friend),
            (None, None) => return false,
        };
        place
            .seq
            .is_some_and(|seq| !self.is_first(conversation, seq))
    }

    fn is_first(&mut self, conversation: Conversation, seq: i64) -> bool {
        self.turn += 1;
        let Some(seen) = self.seen.get_mut(&conversation) else {
            self.make_room();
            let seen = Seen {
                highest: seq,
                recent: 1,
                turn: self.turn,
            };
            self.seen.insert(conversation, seen);
            return true;
        };
        seen.turn = self.turn;
        if seq > seen.highest {
            let ahead = u32::try_from(seq.abs_diff(seen.highest)).unwrap_or(u32::MAX);
            seen.recent = seen.recent.checked_shl(ahead).unwrap_or(0) | 1;
            seen.highest = seq;
            return true;
        }
        let behind = u32::try_from(seen.highest.abs_diff(seq)).unwrap_or(u32::MAX);
        let bit = 1u128.checked_shl(behind).unwrap_or(0);
        let is_first = bit != 0 && seen.recent & bit == 0;
        seen.recent |= bit;
        is_first
    }

    fn make_room(&mut self) {
        if self.seen.len() < CONVERSATIONS {
            return;
        }
        let silent = self.seen.iter().min_by_key(|(_, seen)| seen.turn);
        if let Some(conversation) = silent.map(|(&conversation, _)| conversation) {
            self.seen.remove(&conversation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hongyan_protocol::{
        Event as Told, Happening,
        id::MsgId,
        message::{Chat, Recalled},
    };

    fn chat(from: UserId, group: Option<GroupId>, seq: Option<i64>) -> Event {
        let chat = Chat {
            msg: "hi".to_owned(),
            to_group_id: group,
            msg_id: MsgId::mint(),
            seq,
            kind: None,
            body: None,
            reply_to: None,
            mentions: vec![],
            mention_all: false,
            edited_time: None,
            recalled_time: None,
        };
        let what = match group {
            Some(_) => Happening::ChatGroup(chat),
            None => Happening::ChatF2f(chat),
        };
        tell(Some(from), what)
    }

    fn tell(from: Option<UserId>, what: Happening) -> Event {
        let told = Told {
            from,
            time: 1,
            what,
        };
        let json = told.encode().unwrap().addressed_to(UserId::mint());
        Event::read(std::str::from_utf8(&json).unwrap()).unwrap()
    }

    #[test]
    fn a_message_is_new_once_in_its_conversation() {
        let [ann, bo] = [UserId::mint(), UserId::mint()];
        let group = GroupId::mint();
        let mut repeats = Repeats::new();
        assert!(!repeats.is_repeat(&chat(ann, None, Some(7))));
        assert!(repeats.is_repeat(&chat(ann, None, Some(7))));
        assert!(!repeats.is_repeat(&chat(bo, None, Some(7))));
        assert!(!repeats.is_repeat(&chat(ann, Some(group), Some(7))));
        assert!(repeats.is_repeat(&chat(bo, Some(group), Some(7))));
    }

    #[test]
    fn a_change_is_new_once_beside_the_messages_of_its_conversation() {
        let ann = UserId::mint();
        let group = GroupId::mint();
        let change = |to_group_id, seq, target_seq| {
            let recalled = Recalled {
                to_group_id,
                seq,
                target_seq,
                msg_id: MsgId::mint(),
            };
            tell(Some(ann), Happening::ChatRecall(recalled))
        };
        let mut repeats = Repeats::new();
        assert!(!repeats.is_repeat(&chat(ann, None, Some(7))));
        assert!(!repeats.is_repeat(&change(None, 8, 7)));
        assert!(repeats.is_repeat(&change(None, 8, 7)));
        assert!(!repeats.is_repeat(&change(Some(group), 8, 7)));
    }

    #[test]
    fn an_overtaken_message_is_new_and_a_very_old_one_is_a_repeat() {
        let ann = UserId::mint();
        let mut repeats = Repeats::new();
        let mut of = |seq| repeats.is_repeat(&chat(ann, None, Some(seq)));
        assert!(!of(200));
        assert!(!of(198) && of(198));
        assert!(!of(199) && of(200));
        assert!(!of(73) && of(72));
        assert!(!of(i64::MAX) && of(200));
    }

    #[test]
    fn what_carries_no_seq_is_never_a_repeat() {
        let mut repeats = Repeats::new();
        let unkept = chat(UserId::mint(), None, None);
        let logout = tell(None, Happening::ForcedLogout);
        for _ in 0..2 {
            assert!(!repeats.is_repeat(&unkept));
            assert!(!repeats.is_repeat(&logout));
        }
    }

    #[test]
    fn the_memory_has_a_bound() {
        let mut repeats = Repeats::new();
        let first = chat(UserId::mint(), None, Some(1));
        assert!(!repeats.is_repeat(&first));
        for _ in 0..CONVERSATIONS {
            repeats.is_first(Conversation::Friend(UserId::mint()), 1);
        }
        assert_eq!(repeats.seen.len(), CONVERSATIONS);
        assert!(!repeats.is_repeat(&first), "the silent one is forgotten");
    }
}
