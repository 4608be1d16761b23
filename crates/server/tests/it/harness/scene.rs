//! One of everything that can be between people: a friendship, a friend request, a group, an application, an invitation.

use std::sync::atomic::{AtomicU32, Ordering};

use hongyan_client::Session;
use hongyan_protocol::{
    Answer, Operation,
    conversation::{Conversations, History},
    id::{FriendApplyId, GroupApplyId, GroupId, GroupInviteId, UserId},
    presence::Status,
};
use serde_json::{Value, json};

use super::{Person, TestServer, account, exchange};

/// Who is who in a [`Scene`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Asked the addressee to become a friend and the owner to let them in; nobody has answered.
    Applicant,
    /// Was asked by the applicant, and invited into the group by the owner, whose friend they are.
    Addressee,
    /// Owns the group.
    Owner,
    /// A plain member, a friend of the guest.
    Member,
    /// Was a member and left.
    ExMember,
    /// Has nothing to do with anybody.
    Outsider,
    /// A second plain member, whom nobody but the group knows.
    Bass,
    /// A friend of the owner and of the member, outside of the group.
    Guest,
}

impl Role {
    pub(crate) const ALL: [Role; 8] = [
        Role::Applicant,
        Role::Addressee,
        Role::Owner,
        Role::Member,
        Role::ExMember,
        Role::Outsider,
        Role::Bass,
        Role::Guest,
    ];
}

/// Members of the group in a fresh scene: the owner, the member and the bass.
const MEMBERS: usize = 3;

/// Eight people, of whom only the guest is online. The member has said one thing to the guest.
pub(crate) struct Scene {
    people: Vec<Person>,
    pub(crate) group: GroupId,
    /// The applicant's, to the addressee.
    pub(crate) friend_apply: FriendApplyId,
    /// The applicant's, to the group.
    pub(crate) group_apply: GroupApplyId,
    /// The addressee's.
    pub(crate) group_invite: GroupInviteId,
}

impl Scene {
    /// A new one with new people; any number of them fit on a server.
    pub(crate) async fn on(server: &TestServer) -> Self {
        let client = server.stranger();
        Self::by(async |name| client.register(&account(&name)).await.unwrap()).await
    }

    /// The same with people who register otherwise.
    pub(crate) async fn by(register: impl AsyncFn(String) -> Session) -> Self {
        static SCENES: AtomicU32 = AtomicU32::new(0);
        let scene = SCENES.fetch_add(1, Ordering::Relaxed);
        let mut people = Vec::new();
        for role in Role::ALL {
            let name = format!("{role:?}{scene}");
            people.push(Person::new(register(name).await));
        }
        people[Role::Guest as usize].come_online().await;
        let of = |role: Role| &people[role as usize];

        let group = of(Role::Owner).group(&format!("group{scene}")).await;
        for role in [Role::Member, Role::Bass, Role::ExMember] {
            of(role).join_group(group, "").await.unwrap();
            let apply = application(of(Role::Owner)).await;
            of(Role::Owner)
                .answer_application(apply, true)
                .await
                .unwrap();
        }
        of(Role::ExMember).leave_group(group).await.unwrap();
        for (a, b) in [
            (Role::Owner, Role::Addressee),
            (Role::Guest, Role::Owner),
            (Role::Guest, Role::Member),
        ] {
            of(a).add_friend(of(b).id(), "").await.unwrap();
            let apply = of(b).pending_from(of(a)).await;
            of(b).answer_friend(apply, true).await.unwrap();
        }
        of(Role::Applicant).join_group(group, "").await.unwrap();
        let group_apply = application(of(Role::Owner)).await;
        let addressee = of(Role::Addressee);
        of(Role::Owner)
            .invite(group, addressee.id(), "")
            .await
            .unwrap();
        let group_invite = addressee.group_invite_list().await.unwrap()[0].group_invite_id;
        of(Role::Applicant)
            .add_friend(addressee.id(), "")
            .await
            .unwrap();
        let friend_apply = addressee.pending_from(of(Role::Applicant)).await;

        let mut scene = Self {
            people,
            group,
            friend_apply,
            group_apply,
            group_invite,
        };
        for _ in 0..2 {
            let agreed = scene.of_mut(Role::Guest).event().await;
            assert_eq!(agreed.name(), "friend_add_result");
        }
        let said = scene.of(Role::Member).send(scene.of(Role::Guest), "said");
        assert_eq!(said.await.unwrap().seq, Some(1));
        assert_eq!(scene.of_mut(Role::Guest).message().await.msg, "said");
        scene
    }

    pub(crate) fn of(&self, role: Role) -> &Person {
        &self.people[role as usize]
    }

    pub(crate) fn of_mut(&mut self, role: Role) -> &mut Person {
        &mut self.people[role as usize]
    }

    pub(crate) fn id(&self, role: Role) -> UserId {
        self.of(role).id()
    }

    /// Who asks for what, to be answered with 0000: every operation once, with its required fields only.
    pub(crate) fn done(&self, operation: Operation) -> (Role, Value) {
        use Operation as O;
        match operation {
            O::SendMsg => (
                Role::Owner,
                json!({"toUserId": self.id(Role::Guest), "msg": "hi"}),
            ),
            O::Recall => (Role::Member, self.said()),
            O::Edit => {
                let mut edit = self.said();
                edit["msg"] = json!("meant");
                (Role::Member, edit)
            }
            O::React => (
                Role::Guest,
                json!({"toUserId": self.id(Role::Member), "seq": 1, "emoji": "👍", "on": true}),
            ),
            O::History | O::Typing => (Role::Member, json!({"toUserId": self.id(Role::Guest)})),
            O::Conversations => (Role::Member, json!({"limit": 50})),
            O::Sync => (
                Role::Guest,
                json!({"cursors": [{"userId": self.id(Role::Member), "seq": 0}]}),
            ),
            O::Read => (
                Role::Guest,
                json!({"toUserId": self.id(Role::Member), "seq": 1}),
            ),
            O::Readers => (Role::Member, self.said()),
            O::Settings => (
                Role::Member,
                json!({"toUserId": self.id(Role::Guest), "muted": true}),
            ),
            O::Keep => (
                Role::Member,
                json!({"toUserId": self.id(Role::Guest), "keep": 30}),
            ),
            O::Ping => (Role::Outsider, json!({})),
            O::FriendAdd => (Role::Outsider, json!({"userId": self.id(Role::Guest)})),
            O::FriendAddReply => (
                Role::Addressee,
                json!({"friendApplyId": self.friend_apply, "agree": true}),
            ),
            O::FriendDel => (Role::Member, json!({"userId": self.id(Role::Guest)})),
            O::FriendFavourite => (
                Role::Owner,
                json!({"userId": self.id(Role::Guest), "favourite": true}),
            ),
            O::FriendBlock => (
                Role::Owner,
                json!({"userId": self.id(Role::Guest), "block": true}),
            ),
            O::GroupAdd => (Role::Outsider, json!({"groupId": self.group})),
            O::GroupAddReply => (
                Role::Owner,
                json!({"groupApplyId": self.group_apply, "agree": true}),
            ),
            O::GroupInvite => (
                Role::Member,
                json!({"groupId": self.group, "userId": self.id(Role::Guest)}),
            ),
            O::GroupInviteReply => (
                Role::Addressee,
                json!({"groupInviteId": self.group_invite, "agree": true}),
            ),
            O::GroupLeave => (Role::Bass, json!({"groupId": self.group})),
            O::GroupKick | O::GroupHandOver => (
                Role::Owner,
                json!({"groupId": self.group, "userId": self.id(Role::Bass)}),
            ),
            O::ChatSearch => (Role::Owner, json!({"query": "hi"})),
            O::GroupUpdate => (
                Role::Owner,
                json!({"groupId": self.group, "announcement": "hear, hear"}),
            ),
            O::GroupSetRole => (
                Role::Owner,
                json!({"groupId": self.group, "userId": self.id(Role::Bass), "role": "admin"}),
            ),
            O::GroupDissolve => (Role::Owner, json!({"groupId": self.group})),
            O::GroupMute => (
                Role::Owner,
                json!({"groupId": self.group, "userId": self.id(Role::Bass), "seconds": 60}),
            ),
            O::GroupSetNickname => (
                Role::Bass,
                json!({"groupId": self.group, "nickname": "the deep one"}),
            ),
        }
    }

    /// What the member said to the guest, as the member names it.
    pub(crate) fn said(&self) -> Value {
        json!({"toUserId": self.id(Role::Guest), "seq": 1})
    }

    /// Asks on a socket of its own.
    pub(crate) async fn ask(&self, role: Role, operation: Operation, request: &Value) -> Answer {
        let mut door = self.of(role).door(operation).await;
        exchange(&mut door, &request.to_string()).await
    }

    /// Everybody's lists, and what the member and the guest said to each other: two of these are alike when nothing has
    /// changed in between. Who is online is not in it.
    pub(crate) async fn state(&self) -> Value {
        let mut state = Vec::new();
        for person in &self.people {
            let mut friends = person.friends().await.unwrap();
            for friend in &mut friends {
                friend.status = Status::Offline;
            }
            let conversations = person.ask(&Conversations::default()).await.unwrap();
            state.push(json!({
                "conversations": conversations.list,
                "friends": friends,
                "friendApplies": person.friend_apply_list().await.unwrap(),
                "groupApplies": person.group_apply_list().await.unwrap(),
                "groupInvites": person.group_invite_list().await.unwrap(),
                "groups": person.joined_groups().await.unwrap(),
                "members": person.members(&[self.group]).await.unwrap(),
            }));
        }
        let said = History {
            to_user_id: Some(self.id(Role::Guest)),
            to_group_id: None,
            before: None,
            after: None,
            limit: None,
        };
        let said = self.of(Role::Member).ask(&said).await.unwrap();
        state.push(json!({ "said": said.list }));
        Value::Array(state)
    }

    /// The next message to the guest is the first one: none before it was stored.
    pub(crate) async fn no_message_was_stored(&mut self) {
        let first = self.of(Role::Owner).send(self.of(Role::Guest), "first");
        assert_eq!(first.await.unwrap().seq, Some(1));
        assert_eq!(self.of_mut(Role::Guest).message().await.msg, "first");
        let in_group = self.of(Role::Owner).send_to_group(self.group, "first");
        assert_eq!(in_group.await.unwrap().seq, Some(1));
    }
}

/// The only application to a group of this owner's that waits for an answer.
async fn application(owner: &Person) -> GroupApplyId {
    let pending = owner.group_apply_list().await.unwrap();
    assert_eq!(pending.len(), 1);
    pending[0].group_apply_id
}

/// A server with room for many scenes, and for one more member in each group.
pub(crate) async fn stage() -> TestServer {
    TestServer::start_with(|config| {
        config.limits.registrations_per_hour = 100_000;
        config.limits.connections_per_address = 10_000;
        config.limits.group_members = MEMBERS + 1;
    })
    .await
}
