//! Who waits for an answer, under numbers that stay the same.

use std::collections::VecDeque;

use hongyan_client::protocol::id::{FriendApplyId, GroupApplyId, GroupInviteId};

/// Requests that are remembered; beyond, the oldest is forgotten (it still waits on the server).
const MOST: usize = 1000;

/// What is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Friend(FriendApplyId),
    Application(GroupApplyId),
    Invitation(GroupInviteId),
}

/// Requests by number.
#[derive(Debug, Default)]
pub(super) struct Requests {
    waiting: VecDeque<(usize, Asked, String)>,
    last_number: usize,
}

impl Requests {
    /// Notes a request; one that is here already keeps its number.
    pub(super) fn note(&mut self, asked: Asked, text: &str) -> usize {
        if let Some((number, ..)) = self.waiting.iter().find(|(_, known, _)| *known == asked) {
            return *number;
        }
        if self.waiting.len() >= MOST {
            self.waiting.pop_front();
        }
        self.last_number += 1;
        self.waiting
            .push_back((self.last_number, asked, text.to_owned()));
        self.last_number
    }

    /// What the request with this number is.
    pub(super) fn get(&self, number: usize) -> Option<Asked> {
        let found = self.waiting.iter().find(|(known, ..)| *known == number);
        found.map(|(_, asked, _)| *asked)
    }

    /// It has been answered.
    pub(super) fn remove(&mut self, number: usize) {
        self.waiting.retain(|(known, ..)| *known != number);
    }

    /// Drops what the server's lists no longer hold. Invitations are in no list: they stay.
    pub(super) fn keep(&mut self, listed: &[Asked]) {
        self.waiting.retain(|(_, asked, _)| {
            matches!(asked, Asked::Invitation(_)) || listed.contains(asked)
        });
    }

    /// Number and text of each, oldest first.
    pub(super) fn list(&self) -> impl Iterator<Item = (usize, &str)> {
        self.waiting
            .iter()
            .map(|(number, _, text)| (*number, text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_keeps_its_number_until_it_is_answered() {
        let mut requests = Requests::default();
        let ann = Asked::Friend(FriendApplyId::mint());
        let bo = Asked::Friend(FriendApplyId::mint());
        let invitation = Asked::Invitation(GroupInviteId::mint());
        assert_eq!(requests.note(ann, "ann"), 1);
        assert_eq!(requests.note(bo, "bo"), 2);
        assert_eq!(requests.note(ann, "ann"), 1);
        requests.remove(1);
        assert_eq!((requests.get(1), requests.get(2)), (None, Some(bo)));
        assert_eq!(requests.note(invitation, "choir"), 3);
        requests.keep(&[]);
        assert_eq!(requests.list().collect::<Vec<_>>(), [(3, "choir")]);
    }

    #[test]
    fn the_oldest_of_too_many_is_forgotten() {
        let mut requests = Requests::default();
        for _ in 0..=MOST {
            requests.note(Asked::Application(GroupApplyId::mint()), "");
        }
        assert_eq!(requests.list().count(), MOST);
        assert_eq!(requests.get(1), None);
    }
}
