//! What each command does.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use hongyan_client::{
    protocol::{
        friend::FriendCard,
        group::{CreateGroup, GroupCard, Introduction, Role, SearchGroup},
        id::{GroupId, UserId},
        message::{SendMsg, WhenOffline},
        presence::Status,
        text::Text,
        user::{Name, SearchUser, UserCard},
    },
    to_group, to_user,
};

use super::{
    Chat,
    command::{Command, Target, parse},
    help, invalid,
    report::{person, quoted},
    requests::Asked,
};

/// Where a line goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Recipient {
    Friend(UserId),
    Group(GroupId),
}

impl Chat {
    /// Does what a line says; false when the user leaves.
    pub(super) async fn obey(&mut self, line: &str) -> bool {
        match parse(line, self.open.is_some()) {
            Ok(Command::Quit) => return false,
            Ok(command) => {
                if let Err(error) = self.act(command).await {
                    self.screen.say(format!("! {error}"));
                }
            }
            Err(usage) => self.screen.say(format!("! {usage}")),
        }
        true
    }

    async fn act(&mut self, command: Command) -> Result<()> {
        match command {
            Command::Nothing | Command::Quit => {}
            Command::Help => help(&self.screen),
            Command::Login { .. } | Command::Register { .. } => bail!(
                "You are logged in as {}: leave with /quit first",
                self.session.user().username
            ),
            Command::Friends => self.show_friends().await?,
            Command::Find { name } => self.find(&name).await?,
            Command::Add { name, remark } => {
                let user = self.user(&name).await?;
                self.session.add_friend(user.user_id, &remark).await?;
                self.done(format!("{} has been asked.", user.username));
            }
            Command::Requests => self.show_requests(true).await?,
            Command::Answer { number, agree } => self.answer(number, agree).await?,
            Command::Remove { name } => {
                let friend = self.friend(&name).await?;
                self.session.remove_friend(friend.user_id).await?;
                self.done(format!("{} is no longer your friend.", friend.username));
            }
            Command::Groups => self.show_groups().await?,
            Command::Create { name, nickname } => self.create(&name, &nickname).await?,
            Command::Join { group, remark } => {
                let group = self.any_group(&group).await?;
                self.session.join_group(group.group_id, &remark).await?;
                self.done(format!(
                    "{} has been asked to let you in.",
                    group.group_name
                ));
            }
            Command::Invite { name, group } => {
                let friend = self.friend(&name).await?;
                let group = self.group(&group).await?;
                let (group_id, user_id) = (group.group_id, friend.user_id);
                self.session.invite(group_id, user_id, "").await?;
                self.done(format!(
                    "{} has been invited into {}.",
                    friend.username, group.group_name
                ));
            }
            Command::Leave { group } => {
                let group = self.group(&group).await?;
                self.session.leave_group(group.group_id).await?;
                self.done(format!("You have left {}.", group.group_name));
            }
            Command::Kick { name, group } => {
                let group = self.group(&group).await?;
                let user = self.user(&name).await?;
                self.session.kick(group.group_id, user.user_id).await?;
                self.done(format!(
                    "{} was removed from {}.",
                    user.username, group.group_name
                ));
            }
            Command::Members { group } => self.show_members(&group).await?,
            Command::Open(target) => self.open(target).await?,
            Command::Close => self.open = None,
            Command::SendFile { path } => self.send_file(path.into()).await?,
            Command::Say(text) => self.send(text).await?,
        }
        Ok(())
    }

    fn done(&self, text: impl AsRef<str>) {
        self.screen.say(text);
    }

    async fn open(&mut self, target: Target) -> Result<()> {
        self.open = Some(match target {
            Target::Friend(name) => {
                let friend = self.friend(&name).await?;
                (
                    format!("@{}", friend.username),
                    Recipient::Friend(friend.user_id),
                )
            }
            Target::Group(name) => {
                let group = self.group(&name).await?;
                (
                    format!("#{}", group.group_name),
                    Recipient::Group(group.group_id),
                )
            }
        });
        Ok(())
    }

    async fn send(&self, text: String) -> Result<()> {
        let (label, draft) = self.draft(text)?;
        self.outbox.put(label, draft).await;
        Ok(())
    }

    async fn send_file(&self, path: PathBuf) -> Result<()> {
        let name = path.file_name().context("This path names no file")?;
        let (label, draft) = self.draft(name.to_string_lossy().into_owned())?;
        self.outbox.put_file(label, draft, path).await;
        Ok(())
    }

    /// A message into the open conversation, and how that is written.
    fn draft(&self, text: String) -> Result<(String, SendMsg)> {
        let (label, recipient) = self
            .open
            .as_ref()
            .context("No conversation is open: open one with @NAME or #GROUP")?;
        let mut draft = match *recipient {
            Recipient::Friend(friend) => to_user(friend, text)?,
            Recipient::Group(group) => to_group(group, text)?,
        };
        draft.when_offline = Some(WhenOffline::Keep);
        Ok((label.clone(), draft))
    }

    async fn answer(&mut self, number: usize, agree: bool) -> Result<()> {
        let asked = self
            .requests
            .get(number)
            .with_context(|| format!("No request has the number {number}: type requests"))?;
        let verdict = if agree { "accepted" } else { "refused" };
        let said = match asked {
            Asked::Friend(id) => {
                let applicant = self.session.answer_friend(id, agree).await?;
                format!("You {verdict} {}.", applicant.username)
            }
            Asked::Application(id) => {
                let applicant = self.session.answer_application(id, agree).await?;
                format!("You {verdict} {}.", applicant.username)
            }
            Asked::Invitation(id) => {
                self.session.answer_invitation(id, agree).await?;
                format!("You {verdict} the invitation.")
            }
        };
        self.requests.remove(number);
        self.done(said);
        Ok(())
    }

    async fn create(&mut self, name: &str, nickname: &str) -> Result<()> {
        let wanted = CreateGroup {
            group_name: Name::new(name).map_err(|rule| invalid("group name", &rule))?,
            group_nickname: Text::new(nickname).map_err(|rule| invalid("nickname", &rule))?,
            introduction: Introduction::default(),
        };
        let group = self.session.create_group(&wanted).await?;
        self.people.learn_group(group.group_id, &group.group_name);
        self.done(format!(
            "The group {0} is yours. Write to it with #{0}",
            group.group_name
        ));
        Ok(())
    }

    async fn find(&self, name: &str) -> Result<()> {
        let mut found = self.session.search_user(&by_username(name)).await?;
        let by_nickname = SearchUser {
            nickname: Some(name.to_owned()),
            ..SearchUser::default()
        };
        for user in self.session.search_user(&by_nickname).await? {
            if !found.iter().any(|known| known.user_id == user.user_id) {
                found.push(user);
            }
        }
        if found.is_empty() {
            bail!("Nobody is called {name}: try another spelling, or a part of the nickname");
        }
        for user in found {
            let sign = quoted(&user.sign);
            self.done(format!(
                "  {}{sign}",
                person(&user.username, &user.nickname)
            ));
        }
        Ok(())
    }

    async fn show_friends(&mut self) -> Result<()> {
        let friends = self.session.friends().await?;
        if friends.is_empty() {
            self.done("You have no friends here yet: ask somebody with add NAME.");
        }
        for friend in friends {
            self.people.learn_user(friend.user_id, &friend.username);
            let status = match friend.status {
                Status::Online => "online ",
                Status::Offline => "offline",
            };
            let who = person(&friend.username, &friend.nickname);
            self.done(format!("  {status}  {who}{}", quoted(&friend.remark)));
        }
        Ok(())
    }

    async fn show_groups(&mut self) -> Result<()> {
        let groups = self.session.joined_groups().await?;
        if groups.is_empty() {
            self.done("You are in no group: join GROUP, or create GROUP NICKNAME.");
        }
        for group in groups {
            self.people.learn_group(group.group_id, &group.group_name);
            let owned = group.owner_user_id == self.session.id();
            let owned = if owned { ", yours" } else { "" };
            self.done(format!(
                "  {}{owned}",
                person(&group.group_name, &group.group_nickname)
            ));
        }
        Ok(())
    }

    async fn show_members(&mut self, group: &str) -> Result<()> {
        let group = self.group(group).await?;
        let members = self.session.members(&[group.group_id]).await?;
        for member in members.into_values().flatten() {
            self.people.learn_user(member.user_id, &member.username);
            let role = match member.role {
                Role::Owner => ", owner",
                Role::Admin => ", admin",
                Role::Member => "",
            };
            self.done(format!(
                "  {}{role}",
                person(&member.username, &member.nickname)
            ));
        }
        Ok(())
    }

    /// Shows who waits for an answer; when nobody does, says so only if asked.
    pub(super) async fn show_requests(&mut self, was_asked: bool) -> Result<()> {
        let mut listed = Vec::new();
        for request in self.session.friend_apply_list().await? {
            let who = person(&request.username, &request.nickname);
            let text = format!("{who} wants to be your friend{}", quoted(&request.remark));
            listed.push((Asked::Friend(request.friend_apply_id), text));
        }
        for request in self.session.group_apply_list().await? {
            let who = person(&request.username, &request.nickname);
            let (group, remark) = (&request.group_name, quoted(&request.remark));
            let text = format!("{who} wants to join your group {group}{remark}");
            listed.push((Asked::Application(request.group_apply_id), text));
        }
        let still: Vec<_> = listed.iter().map(|(asked, _)| *asked).collect();
        self.requests.keep(&still);
        for (asked, text) in &listed {
            self.requests.note(*asked, text);
        }
        for (number, text) in self.requests.list() {
            self.done(format!(
                "  {number}: {text}. Type accept {number} or refuse {number}"
            ));
        }
        if was_asked && self.requests.list().next().is_none() {
            self.done("Nobody waits for your answer.");
        }
        Ok(())
    }

    async fn friend(&mut self, name: &str) -> Result<FriendCard> {
        let friends = self.session.friends().await?;
        let found = friends
            .into_iter()
            .find(|friend| friend.username.eq_ignore_ascii_case(name))
            .with_context(|| format!("{name} is not your friend: ask them with add {name}"))?;
        self.people.learn_user(found.user_id, &found.username);
        Ok(found)
    }

    async fn user(&mut self, name: &str) -> Result<UserCard> {
        let found = self.session.search_user(&by_username(name)).await?;
        let user = found
            .into_iter()
            .next()
            .ok_or_else(|| anyhow!("There is no user {name}: look with find {name}"))?;
        self.people.learn_user(user.user_id, &user.username);
        Ok(user)
    }

    /// A group that the user is in.
    async fn group(&mut self, name: &str) -> Result<GroupCard> {
        let joined = self.session.joined_groups().await?;
        let group = joined
            .into_iter()
            .find(|group| group.group_name.eq_ignore_ascii_case(name))
            .with_context(|| {
                format!("You are in no group {name}: ask to be let in with join {name}")
            })?;
        self.people.learn_group(group.group_id, &group.group_name);
        Ok(group)
    }

    async fn any_group(&self, name: &str) -> Result<GroupCard> {
        let search = SearchGroup {
            group_name: Some(name.to_owned()),
            ..SearchGroup::default()
        };
        let found = self.session.search_group(&search).await?;
        found.into_iter().next().with_context(|| {
            format!("There is no group {name}: check the name, or create {name} NICKNAME")
        })
    }
}

fn by_username(name: &str) -> SearchUser {
    SearchUser {
        username: Some(name.to_owned()),
        ..SearchUser::default()
    }
}
