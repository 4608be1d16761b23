//! What happens, in words.

use hongyan_client::{
    Event,
    protocol::{
        Happening,
        file::url,
        group::Role,
        id::{FileId, GroupId, UserId},
        message::Chat as Message,
        presence::Status,
    },
};

use super::{Chat, requests::Asked};

impl Chat {
    /// Shows an event. One of an unknown kind is for newer clients; one that cannot be read is named.
    pub(super) async fn report(&mut self, event: &Event) {
        match event.happening() {
            Ok(Some(what)) => {
                if let Some(line) = self.describe(event.from(), what).await {
                    self.screen.say(line);
                }
            }
            Ok(None) => {}
            Err(error) => self.screen.say(format!("! {error}")),
        }
    }

    async fn describe(&mut self, from: Option<UserId>, what: Happening) -> Option<String> {
        let line = match what {
            Happening::ChatF2f(message) | Happening::ChatGroup(message) => {
                return self.quote(from?, message).await;
            }
            Happening::FriendAdd(request) => {
                let who = person(&request.username, &request.nickname);
                let text = format!("{who} wants to be your friend{}", quoted(&request.remark));
                self.ask(Asked::Friend(request.friend_apply_id), &text)
            }
            Happening::FriendAddResult(result) => {
                self.people.learn_user(result.user_id, &result.username);
                let who = person(&result.username, &result.nickname);
                if result.agree {
                    format!(
                        "* {who} is your friend now. Write to them with @{}",
                        result.username
                    )
                } else {
                    format!("* {who} refused your friend request.")
                }
            }
            Happening::FriendDeleted => {
                let who = self.people.user(&self.session, from?, None).await;
                format!("* {who} ended your friendship.")
            }
            Happening::FriendStatusChange(change) => {
                let status = match change.status {
                    Status::Online => "online",
                    Status::Offline => "offline",
                };
                format!(
                    "* {} is {status}.",
                    person(&change.username, &change.nickname)
                )
            }
            Happening::GroupInvite(invitation) => {
                let who = person(&invitation.username, &invitation.nickname);
                let group = person(&invitation.group_name, &invitation.group_nickname);
                let text = format!(
                    "{who} invites you into the group {group}{}",
                    quoted(&invitation.remark)
                );
                self.ask(Asked::Invitation(invitation.group_invite_id), &text)
            }
            Happening::GroupAdd(application) => {
                let who = person(&application.username, &application.nickname);
                let text = format!(
                    "{who} wants to join your group {}{}",
                    application.group_name,
                    quoted(&application.remark)
                );
                self.ask(Asked::Application(application.group_apply_id), &text)
            }
            Happening::GroupAddResult(result) if result.agree => {
                self.people.learn_group(result.group_id, &result.group_name);
                let name = &result.group_name;
                format!("* You are a member of {name} now. Write to it with #{name}")
            }
            Happening::GroupAddResult(result) => {
                format!("* Your application to {} was refused.", result.group_name)
            }
            Happening::GroupJoin(joined) => {
                self.people.learn_user(joined.user_id, &joined.username);
                let who = person(&joined.username, &joined.nickname);
                format!("* {who} joined {}.", joined.group_name)
            }
            Happening::GroupLeave(left) => {
                let how = if left.kicked {
                    "was removed from"
                } else {
                    "left"
                };
                let who = person(&left.username, &left.nickname);
                format!("* {who} {how} {}.", left.group_name)
            }
            Happening::GroupKickedOut(group) => {
                format!("* You were removed from {}.", group.group_name)
            }
            Happening::GroupInviteResult(result) => {
                let who = person(&result.username, &result.nickname);
                let how = if result.agree { "accepted" } else { "refused" };
                format!("* {who} {how} your invitation into {}.", result.group_name)
            }
            Happening::GroupUpdated(group) => {
                let announcement = group.settings.map(|settings| settings.announcement);
                let announced = match announcement.unwrap_or_default().as_str() {
                    "" => String::new(),
                    announcement => format!(" It announces: {announcement}"),
                };
                format!("* {} was changed.{announced}", group.group_name)
            }
            Happening::GroupRole(member) => {
                let role = match member.role {
                    Role::Owner => "the owner",
                    Role::Admin => "an admin",
                    Role::Member => "a plain member",
                };
                let who = person(&member.username, &member.nickname);
                format!("* {who} is {role} of {} now.", member.group_name)
            }
            Happening::GroupMuted(member) => {
                let who = person(&member.username, &member.nickname);
                let (may, group) = (spoken(member.muted_until), member.group_name);
                format!("* {who} {may} in {group}.")
            }
            Happening::GroupMemberUpdated(member) => {
                let who = person(&member.username, &member.nickname);
                let (group, name) = (member.group_name, quoted(&member.member_nickname));
                format!("* {who} changed their name in {group}{name}")
            }
            Happening::GroupDissolved(group) => {
                format!("* {} was dissolved by its owner.", group.group_name)
            }
            Happening::ChatRecall(recalled) => {
                let place = self.place(from?, recalled.to_group_id).await;
                format!("* {place} took a message back.")
            }
            Happening::ChatEdit(edited) => {
                let place = self.place(from?, edited.to_group_id).await;
                format!("* {place} changed a message: {}", edited.msg)
            }
            Happening::ChatReaction(reacted) => {
                let place = self.place(from?, reacted.to_group_id).await;
                let how = if reacted.on { "reacted" } else { "took back" };
                format!("* {place} {how}: {}", reacted.emoji)
            }
            Happening::ChatKeep(chosen) => {
                let place = self.place(from?, chosen.to_group_id).await;
                format!("* {place}: messages are kept now: {}.", chosen.keep)
            }
            // The end follows at once, and says it all; the others are for screens that can be drawn over.
            Happening::ForcedLogout
            | Happening::FriendUpdated(_)
            | Happening::ChatRead(_)
            | Happening::ChatTyping(_)
            | Happening::ChatSettings(_)
            | Happening::ListsChanged(_)
            | Happening::UserUpdated(_)
            | Happening::Ready(_) => return None,
        };
        Some(line)
    }

    async fn quote(&mut self, from: UserId, message: Message) -> Option<String> {
        let place = self.place(from, message.to_group_id).await;
        let text = match carried(&message) {
            Some((what, file)) => {
                let address = self.session.client().address_of(&url(file));
                format!("[{what}] {address}")
            }
            None => message.msg,
        };
        Some(format!("{place}: {text}"))
    }

    /// Who speaks, and in which group.
    async fn place(&mut self, who: UserId, group: Option<GroupId>) -> String {
        let who = self.people.user(&self.session, who, group).await;
        match group {
            Some(group) => {
                let group = self.people.group(&self.session, group).await;
                format!("#{group} @{who}")
            }
            None => format!("@{who}"),
        }
    }

    fn ask(&mut self, asked: Asked, text: &str) -> String {
        let number = self.requests.note(asked, text);
        format!("* {text}. Type accept {number} or refuse {number}")
    }
}

/// Whether a member may speak who is muted until then, in ms since 1970; a mute is only told while it lasts.
fn spoken(muted_until: i64) -> &'static str {
    match muted_until {
        0 => "may speak again",
        _ => "is muted",
    }
}

/// What file a message carries, in words, and which.
fn carried(message: &Message) -> Option<(String, FileId)> {
    let body = message.body.as_ref()?;
    let file = FileId::read(body.get("fileId")?.as_str()?);
    let number = |field: &str| body.get(field).and_then(|value| value.as_u64());
    let what = match message.kind.as_deref()? {
        "image" => format!("picture, {} × {}", number("width")?, number("height")?),
        "voice" => format!("voice, {} s", number("seconds")?),
        "file" => {
            let name = body.get("name")?.as_str()?;
            format!("file {name}, {} KiB", number("size")?.div_ceil(1024))
        }
        _ => return None,
    };
    Some((what, file))
}

/// The name that is unique, and the one that is meant for people.
pub(super) fn person(name: &str, nickname: &str) -> String {
    if nickname.is_empty() || nickname == name {
        name.to_owned()
    } else {
        format!("{name} ({nickname})")
    }
}

/// A remark where there is one.
pub(super) fn quoted(remark: &str) -> String {
    if remark.is_empty() {
        String::new()
    } else {
        format!(": \"{remark}\"")
    }
}
