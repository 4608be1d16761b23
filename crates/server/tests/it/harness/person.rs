//! Somebody who is logged in, asks for things and hears of things.

use std::{
    ops::Deref,
    sync::atomic::{AtomicU32, Ordering},
};

use hongyan_client::{Error, Event, Notices, RawSocket, Session};
use hongyan_protocol::{
    Answer, Code, EventType, Operation, Request,
    friend::FriendAdded,
    group::{CreateGroup, GroupApplied, GroupInvited, Introduction},
    id::{FriendApplyId, GroupApplyId, GroupId, GroupInviteId, UserId},
    message::{Chat, SendMsg, Sent},
    text::Text,
    user::Name,
};

use super::{account, soon, username};

/// A session, with or without a notice connection. Everything that [`Session`] can do, a person can.
pub(crate) struct Person {
    session: Session,
    notices: Option<Notices>,
}

impl Deref for Person {
    type Target = Session;
    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Person {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            notices: None,
        }
    }

    pub(crate) fn name(&self) -> String {
        self.user().username.clone()
    }

    /// Opens the notice connection; an open one is dropped.
    pub(crate) async fn come_online(&mut self) {
        let notices = soon("a notice connection", self.session.notices()).await;
        self.notices = Some(notices.unwrap());
    }

    /// Closes the notice connection with a closing handshake.
    pub(crate) async fn go_offline(&mut self) {
        if let Some(notices) = self.notices.take() {
            notices.close().await;
        }
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Event {
        let notices = self.notices.as_mut().expect("online");
        soon("an event", notices.next()).await.unwrap()
    }

    /// The next event, which is of this type.
    pub(crate) async fn expect(&mut self, event_type: EventType) -> Event {
        let event = self.event().await;
        assert_eq!(event.name(), event_type.as_str(), "{:?}", event.received());
        event
    }

    /// The next event besides friends who came or went: somebody who came before they were a friend may be told of after it.
    pub(crate) async fn event_besides_presence(&mut self) -> Event {
        loop {
            let event = self.event().await;
            if event.event_type() != Some(EventType::FriendStatusChange) {
                return event;
            }
        }
    }

    /// The same, which is of this type.
    pub(crate) async fn expect_besides_presence(&mut self, event_type: EventType) -> Event {
        let event = self.event_besides_presence().await;
        assert_eq!(event.name(), event_type.as_str(), "{:?}", event.received());
        event
    }

    /// The next event, which is a message.
    pub(crate) async fn message(&mut self) -> Chat {
        let event = self.event().await;
        let is_message = matches!(
            event.event_type(),
            Some(EventType::ChatF2f | EventType::ChatGroup)
        );
        assert!(is_message, "{:?}", event.received());
        event.data().unwrap()
    }

    /// Has a stranger ask for friendship and expects to hear of nothing before that: events arrive in the order in which
    /// they happened, so whatever happened before would have come first.
    pub(crate) async fn heard_nothing(&mut self) {
        let marker = self.mark().await;
        let event = self.expect(EventType::FriendAdd).await;
        assert_eq!(event.from(), Some(marker), "{:?}", event.received());
    }

    /// Has a stranger ask for friendship.
    async fn mark(&self) -> UserId {
        // The devices of one user are several persons here.
        static MARKERS: AtomicU32 = AtomicU32::new(0);
        let name = format!("marker-{}", MARKERS.fetch_add(1, Ordering::Relaxed));
        let stranger = self.client().register(&account(&name)).await.unwrap();
        stranger.add_friend(self.id(), "").await.unwrap();
        stranger.id()
    }

    /// As [`heard_nothing`](Self::heard_nothing), except of friends who came or went.
    pub(crate) async fn forget_presence(&mut self) {
        let marker = self.mark().await;
        loop {
            let event = self.event().await;
            if event.from() == Some(marker) {
                return;
            }
            let name = EventType::FriendStatusChange.as_str();
            assert_eq!(event.name(), name, "{:?}", event.received());
        }
    }

    /// All that still comes on the notice connection until it is closed.
    pub(crate) async fn rest(&mut self) -> Vec<Event> {
        let notices = self.notices.as_mut().expect("online");
        let mut rest = Vec::new();
        while let Ok(event) = soon("an event or the close", notices.next()).await {
            rest.push(event);
        }
        rest
    }

    /// The close code of the notice connection, once it is closed.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        let notices = self.notices.as_mut().expect("online");
        soon("the close", notices.closed()).await
    }

    /// Answers with a code to a request.
    pub(crate) async fn code<R: Request>(&self, request: &R) -> Code {
        self.call(request).await.unwrap().code
    }

    /// Both become friends; neither has events left over from it.
    pub(crate) async fn befriend(&mut self, other: &mut Person) {
        self.add_friend(other.id(), "").await.unwrap();
        let apply = if other.notices.is_some() {
            let added = other.expect_besides_presence(EventType::FriendAdd).await;
            let added: FriendAdded = added.data().unwrap();
            added.friend_apply_id
        } else {
            other.pending_from(self).await
        };
        other.answer_friend(apply, true).await.unwrap();
        if self.notices.is_some() {
            self.expect_besides_presence(EventType::FriendAddResult)
                .await;
        }
    }

    /// The request of somebody in the list of those that wait for an answer.
    pub(crate) async fn pending_from(&self, applicant: &Person) -> FriendApplyId {
        let pending = self.friend_apply_list().await.unwrap();
        let card = pending
            .iter()
            .find(|card| card.from_user_id == applicant.id());
        card.expect("a pending request").friend_apply_id
    }

    /// Sends a text that is kept when the friend is offline.
    pub(crate) async fn send(&self, friend: &Person, text: &str) -> Result<Sent, Error> {
        self.ask(&to_friend(friend.id(), text)).await
    }

    /// Creates a group; its name is padded like a username.
    pub(crate) async fn group(&self, name: &str) -> GroupId {
        let group = CreateGroup {
            group_name: Name::new(username(name)).unwrap(),
            group_nickname: Text::new(format!("Club {name}")).unwrap(),
            introduction: Introduction::new(format!("About {name}")).unwrap(),
        };
        self.create_group(&group).await.unwrap().group_id
    }

    /// Lets somebody into a group that this person owns; neither has events left over from it.
    pub(crate) async fn admit(&mut self, group: GroupId, newcomer: &mut Person) {
        newcomer.join_group(group, "").await.unwrap();
        let apply = self.applied(group).await;
        self.answer_application(apply, true).await.unwrap();
        self.expect(EventType::GroupJoin).await;
        if newcomer.notices.is_some() {
            newcomer.expect(EventType::GroupAddResult).await;
        }
    }

    /// The application that is heard of next.
    pub(crate) async fn applied(&mut self, group: GroupId) -> GroupApplyId {
        let event = self.expect_besides_presence(EventType::GroupAdd).await;
        let applied: GroupApplied = event.data().unwrap();
        assert_eq!(applied.group_id, group);
        applied.group_apply_id
    }

    /// The invitation that is heard of next.
    pub(crate) async fn invited(&mut self) -> GroupInviteId {
        let event = self.expect_besides_presence(EventType::GroupInvite).await;
        let invited: GroupInvited = event.data().unwrap();
        invited.group_invite_id
    }

    /// A socket of an operation, for requests that the typed calls cannot make.
    pub(crate) async fn door(&self, operation: Operation) -> RawSocket {
        soon("a socket", self.socket(operation.path()))
            .await
            .unwrap()
    }
}

/// A request to send a text to a friend, to be kept when they are offline.
pub(crate) fn to_friend(friend: UserId, text: &str) -> SendMsg {
    hongyan_client::to_user(friend, text).unwrap()
}

/// Sends one frame and reads its answer.
pub(crate) async fn exchange(socket: &mut RawSocket, frame: &str) -> Answer {
    socket.send_text(frame).await.unwrap();
    let answer = soon("an answer", socket.next()).await.unwrap();
    serde_json::from_str(&answer).unwrap()
}
