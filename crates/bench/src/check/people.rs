//! Who talks with whom: accounts of this run's own, friends among them, and groups.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use hongyan_client::{Client, Session};
use hongyan_protocol::{
    group::CreateGroup,
    id::GroupId,
    text::Text,
    user::{Name, Password, Register, Sex, Sign},
};

use super::{
    dice::Dice,
    history::History,
    wire::{Places, With},
};

/// Of 100 people, how many are in a group, besides its owner.
const IN_A_GROUP: u64 = 60;
const PASSWORD: &str = "a password for a check";

/// How many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) users: usize,
    pub(crate) groups: usize,
    /// Logins of each user.
    pub(crate) devices: usize,
}

/// The cast of a run.
pub(crate) struct Cast {
    /// Of each user.
    pub(crate) logins: Vec<Vec<Session>>,
    /// The conversations of each user.
    pub(crate) places: Vec<Places>,
    /// One for each conversation, and nothing has happened yet.
    pub(crate) histories: Vec<History>,
    /// Begins every name that this run gives, so that runs against one server do not meet.
    pub(crate) tag: String,
}

impl Cast {
    /// Registers everybody and brings them together.
    pub(crate) async fn gather(url: &str, size: Size, dice: &mut Dice) -> Result<Self> {
        let Size {
            users,
            groups,
            devices,
        } = size;
        let client = Client::new(url)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
        let mut cast = Self {
            logins: Vec::new(),
            places: vec![Places::default(); users],
            histories: Vec::new(),
            tag: format!("c{:08x}", now & 0xFFFF_FFFF),
        };
        for user in 0..users {
            let logins = cast.log_in(&client, user, devices).await;
            cast.logins.push(logins.context("cannot make an account")?);
        }
        for one in 0..users {
            // Everybody is friends with the next two.
            for other in (1..3).map(|step| (one + step) % users) {
                if one != other && !cast.are_friends(one, other) {
                    cast.befriend(one, other).await?;
                }
            }
        }
        for group in 0..groups {
            let owner = group % users;
            let others = (0..users).filter(|&user| user != owner && dice.percent(IN_A_GROUP));
            cast.found(group, owner, others.collect()).await?;
        }
        Ok(cast)
    }

    async fn log_in(&self, client: &Client, user: usize, devices: usize) -> Result<Vec<Session>> {
        let name = format!("{}-{user}", self.tag);
        let account = Register {
            username: Name::new(&name).map_err(anyhow::Error::msg)?,
            password: Password::new(PASSWORD),
            nickname: Text::new(&name).map_err(anyhow::Error::msg)?,
            sex: Sex::Unset,
            sign: Sign::default(),
        };
        let mut logins = vec![client.register(&account).await?];
        for _ in 1..devices {
            logins.push(client.login(&name, PASSWORD).await?);
        }
        Ok(logins)
    }

    fn session(&self, user: usize) -> &Session {
        &self.logins[user][0]
    }

    fn are_friends(&self, one: usize, other: usize) -> bool {
        let id = self.session(other).id().to_string();
        let places = &self.places[one].all;
        places.iter().any(|(_, with)| with.id() == id)
    }

    async fn befriend(&mut self, one: usize, other: usize) -> Result<()> {
        let (mine, theirs) = (self.session(one).id(), self.session(other).id());
        // The second of two requests makes both friends.
        self.session(one).add_friend(theirs, "").await?;
        self.session(other).add_friend(mine, "").await?;
        let number = self.open(format!("users {one} and {other}"));
        self.places[one].add(number, With::Friend(theirs.to_string()));
        self.places[other].add(number, With::Friend(mine.to_string()));
        Ok(())
    }

    async fn found(&mut self, group: usize, owner: usize, others: Vec<usize>) -> Result<()> {
        let name = format!("{}-g{group}", self.tag);
        let request = CreateGroup {
            group_name: Name::new(&name).map_err(anyhow::Error::msg)?,
            group_nickname: Text::new(&name).map_err(anyhow::Error::msg)?,
            introduction: Text::default(),
        };
        let created = self.session(owner).create_group(&request).await?;
        let id = created.group_id;
        for &user in &others {
            self.admit(id, owner, user).await?;
        }
        let number = self.open(format!("group {group}"));
        for user in others.into_iter().chain([owner]) {
            self.places[user].add(number, With::Group(id.to_string()));
        }
        Ok(())
    }

    async fn admit(&self, group: GroupId, owner: usize, user: usize) -> Result<()> {
        self.session(user).join_group(group, "").await?;
        let owner = self.session(owner);
        for apply in owner.group_apply_list().await? {
            owner.answer_application(apply.group_apply_id, true).await?;
        }
        Ok(())
    }

    fn open(&mut self, name: String) -> usize {
        self.histories.push(History {
            name,
            ..History::default()
        });
        self.histories.len() - 1
    }
}
