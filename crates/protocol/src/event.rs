//! Events: what the server pushes on a notice connection.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    conversation::{HasRead, IsTyping, Ready, SettingsChanged},
    friend::{FriendAddResult, FriendAdded, FriendUpdated},
    group::{
        GroupAddResult, GroupApplied, GroupCard, GroupDissolved, GroupInviteResult, GroupInvited,
        GroupJoined,
    },
    group_member::{GroupKickedOut, GroupLeft, GroupMemberChanged},
    id::{ID_LENGTH, UserId},
    keep::KeepChosen,
    message::{Chat, Edited, Reacted, Recalled},
    presence::StatusChange,
    user::{ListsChanged, UserCard},
};

macro_rules! events {
    ($($(#[doc = $doc:literal])+ $name:ident $(($data:ty))? = $text:literal, $receiver:literal;)+) => {
        /// What happened, with its `data`. The seed document's fields (lines 160 to 357) are always there.
        #[derive(Clone, Debug)]
        pub enum Happening { $($(#[doc = $doc])+ $name $(($data))?,)+ }

        /// The name of an event: `eventType` on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventType { $($(#[doc = $doc])+ $name,)+ }

        impl EventType {
            /// Every event there is, in the seed document's order.
            pub const ALL: &'static [EventType] = &[$(EventType::$name,)+];

            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(EventType::$name => $text,)+ }
            }

            /// Who receives it.
            #[must_use]
            pub const fn receiver(self) -> &'static str {
                match self { $(EventType::$name => $receiver,)+ }
            }

            /// What it says.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(EventType::$name => concat!($($doc,)+),)+ }
            }

            /// The event with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(EventType::$name),)+ _ => None }
            }
        }

        impl Happening {
            /// Its name.
            #[must_use]
            pub const fn event_type(&self) -> EventType {
                events!(@kinds self $($name $(($data))?,)+)
            }

            fn data(&self) -> Result<Option<Box<RawValue>>, serde_json::Error> {
                events!(@data self $($name $(($data))?,)+)
            }
        }

        #[cfg(test)]
        impl EventType {
            /// Shows the type of each row's `data`.
            pub(crate) fn show(rows: &mut impl crate::wire::Rows<EventType>) {
                $(rows.row::<(), events!(@type $($data)?)>(EventType::$name);)+
            }
        }
    };
    (@type) => { () };
    (@type $data:ty) => { $data };
    (@kinds $self:ident $($name:ident $(($data:ty))?,)+) => {
        match $self { $(events!(@pattern $name $($data)?) => EventType::$name,)+ }
    };
    (@pattern $name:ident) => { Happening::$name };
    (@pattern $name:ident $data:ty) => { Happening::$name(_) };
    (@data $self:ident $($name:ident $(($data:ty))?,)+) => {
        match $self { $(events!(@bind $name data $($data)?) => events!(@encode data $($data)?),)+ }
    };
    (@bind $name:ident $bound:ident) => { Happening::$name };
    (@bind $name:ident $bound:ident $data:ty) => { Happening::$name($bound) };
    (@encode $bound:ident) => { Ok(None) };
    (@encode $bound:ident $data:ty) => { serde_json::value::to_raw_value($bound).map(Some) };
}

events! {
    /// A friend sent a message.
    ChatF2f(Chat) = "chat_f2f", "the friend it is for";
    /// Somebody sent a message to a group; the events of one group come in the order of its log.
    ChatGroup(Chat) = "chat_group", "every online member but the sender";
    /// Somebody asks to become a friend.
    FriendAdd(FriendAdded) = "friend_add", "the one who was asked";
    /// A friend request was answered.
    FriendAddResult(FriendAddResult) = "friend_add_result", "the applicant";
    /// A friend ended the friendship.
    FriendDeleted = "friend_deleted", "the one who was deleted";
    /// A friend came or went.
    FriendStatusChange(StatusChange) = "friend_status_change", "every online friend of the user";
    /// Somebody invites into a group.
    GroupInvite(GroupInvited) = "group_invite", "the one invited";
    /// The receiver was removed from a group.
    GroupKickedOut(GroupKickedOut) = "group_kicked_out", "the one removed";
    /// Somebody asks to join a group.
    GroupAdd(GroupApplied) = "group_add", "the owner and the admins";
    /// A group application was answered.
    GroupAddResult(GroupAddResult) = "group_add_result", "the applicant";
    /// A member left or was removed.
    GroupLeave(GroupLeft) = "group_leave", "every online member who remains";
    /// A member joined.
    GroupJoin(GroupJoined) = "group_join", "every online member but the one who joined";
    /// An invitation was answered.
    GroupInviteResult(GroupInviteResult) = "group_invite_result", "the inviter";
    /// The caller named, preferred or blocked somebody, or no longer does.
    FriendUpdated(FriendUpdated) = "friend_updated", "the caller, on every device";
    /// A group changed: the group as it is now.
    GroupUpdated(GroupCard) = "group_updated", "every online member";
    /// A member was given a role: the member as they are now. Handing over tells of two.
    GroupRole(GroupMemberChanged) = "group_role", "every online member";
    /// A member was muted, or may speak again: the member as they are now.
    GroupMuted(GroupMemberChanged) = "group_muted", "every online member";
    /// A member changed their name in the group: the member as they are now.
    GroupMemberUpdated(GroupMemberChanged) = "group_member_updated", "every online member";
    /// The owner ended the group.
    GroupDissolved(GroupDissolved) = "group_dissolved", "everybody online who was a member";
    /// The account logged in elsewhere; the socket is closed with 4001 right after.
    ForcedLogout = "forced_logout", "the displaced connection";
    /// A message was taken back.
    ChatRecall(Recalled) = "chat_recall", "whoever is in the conversation";
    /// A message has another text.
    ChatEdit(Edited) = "chat_edit", "whoever is in the conversation";
    /// Somebody reacted to a message, or took it back.
    ChatReaction(Reacted) = "chat_reaction", "whoever is in the conversation";
    /// Somebody has read up to a place.
    ChatRead(HasRead) = "chat_read", "the other of two, the members of a group of at most 100, and the reader's own devices";
    /// Somebody is writing.
    ChatTyping(IsTyping) = "chat_typing", "the other of two, the members of a group of at most 100";
    /// The receiver's own list has a conversation muted or pinned otherwise.
    ChatSettings(SettingsChanged) = "chat_settings", "the user's own devices";
    /// Messages of a conversation are kept for another time from now on, or somebody wishes so.
    ChatKeep(KeepChosen) = "chat_keep", "whoever is in the conversation";
    /// Lists of the receiver's own changed, by their doing on this or another device or by that of somebody who answers
    /// the same requests: fetch them again.
    ListsChanged(ListsChanged) = "lists_changed", "the user's own multiplexed sockets; of an application that was answered, those of the owner and the admins";
    /// A profile changed: the user as they are now.
    UserUpdated(UserCard) = "user_updated", "the multiplexed sockets of the user and of each friend whom the user has not blocked";
    /// The multiplexed socket is open.
    Ready(Ready) = "ready", "the new connection";
}

/// `fromUserId` of what the server itself says.
pub const SYSTEM: &str = "system";

/// One happening, from somebody, at a time; every receiver gets it with their own `toUserId`.
#[derive(Clone, Debug)]
pub struct Event {
    /// Whose doing it is; none: the server's.
    pub from: Option<UserId>,
    /// ms since 1970
    pub time: i64,
    pub what: Happening,
}

/// An event's JSON, encoded once; the receiver's id goes to `receiver_at`.
#[derive(Clone, Debug)]
pub struct EncodedEvent {
    /// With [`UserId::NIL`] as the receiver.
    pub json: Vec<u8>,
    /// Offset in bytes of the [`ID_LENGTH`] bytes of `toUserId`.
    pub receiver_at: usize,
}

impl Event {
    /// Encodes the event for any number of receivers.
    pub fn encode(&self) -> Result<EncodedEvent, serde_json::Error> {
        let mut json = Vec::with_capacity(256);
        json.push(b'{');
        if let Some(data) = self.what.data()? {
            json.extend_from_slice(b"\"data\":");
            json.extend_from_slice(data.get().as_bytes());
            json.push(b',');
        }
        json.extend_from_slice(b"\"eventType\":\"");
        json.extend_from_slice(self.what.event_type().as_str().as_bytes());
        json.extend_from_slice(b"\",\"fromUserId\":\"");
        match self.from {
            Some(user) => json.extend_from_slice(user.to_string().as_bytes()),
            None => json.extend_from_slice(SYSTEM.as_bytes()),
        }
        json.extend_from_slice(b"\",\"toUserId\":\"");
        let receiver_at = json.len();
        json.extend_from_slice(UserId::NIL.to_string().as_bytes());
        json.extend_from_slice(b"\",\"time\":");
        json.extend_from_slice(self.time.to_string().as_bytes());
        json.push(b'}');
        Ok(EncodedEvent { json, receiver_at })
    }
}

impl EncodedEvent {
    /// The JSON as `receiver` gets it.
    #[must_use]
    pub fn addressed_to(&self, receiver: UserId) -> Vec<u8> {
        let mut id = [0; ID_LENGTH];
        receiver.write(&mut id);
        let mut json = self.json.clone();
        json[self.receiver_at..self.receiver_at + ID_LENGTH].copy_from_slice(&id);
        json
    }
}

/// An event as a client receives it; `data` stays as it came until [`EventType`] says what it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceivedEvent {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<serde_json::Value>,
    pub event_type: String,
    pub from_user_id: String,
    pub to_user_id: String,
    /// ms since 1970
    pub time: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::MsgId;

    #[test]
    fn an_event_reads_as_the_seed_document_shows_it() {
        let [ann, bo] = [UserId::mint(), UserId::mint()];
        let chat = Chat {
            msg: "来自好友的\"消息\"".to_owned(),
            to_group_id: None,
            msg_id: MsgId::mint(),
            seq: Some(1),
            kind: None,
            body: None,
            reply_to: None,
            mentions: vec![],
            mention_all: false,
            edited_time: None,
            recalled_time: None,
        };
        let event = Event {
            from: Some(ann),
            time: 1_534_417_492_018,
            what: Happening::ChatF2f(chat.clone()),
        };
        let json = event.encode().unwrap().addressed_to(bo);
        let received: ReceivedEvent = serde_json::from_slice(&json).unwrap();
        assert_eq!(received.event_type, "chat_f2f");
        assert_eq!(received.from_user_id, ann.to_string());
        assert_eq!(received.to_user_id, bo.to_string());
        assert_eq!(received.time, 1_534_417_492_018);
        assert_eq!(
            serde_json::from_value::<Chat>(received.data.unwrap()).unwrap(),
            chat
        );
    }

    #[test]
    fn an_event_without_data_has_no_data_field() {
        let json = Event {
            from: None,
            time: 1,
            what: Happening::ForcedLogout,
        }
        .encode()
        .unwrap()
        .json;
        let nobody = UserId::NIL;
        assert_eq!(
            String::from_utf8(json).unwrap(),
            format!(
                r#"{{"eventType":"forced_logout","fromUserId":"system","toUserId":"{nobody}","time":1}}"#
            )
        );
    }

    #[test]
    fn every_event_of_the_table_is_found_by_its_name() {
        for &event in EventType::ALL {
            assert_eq!(EventType::from_name(event.as_str()), Some(event));
        }
        assert_eq!(EventType::ALL.len(), 30);
    }
}
