//! What users and groups are called, where an event has only their ids.

use std::collections::HashMap;

use hongyan_client::{
    Result, Session,
    protocol::id::{GroupId, UserId},
};

/// Names that are remembered; beyond, all are looked up anew.
const MOST: usize = 10_000;

pub(super) struct People {
    users: HashMap<UserId, String>,
    groups: HashMap<GroupId, String>,
}

impl People {
    pub(super) fn new(session: &Session) -> Self {
        let user = session.user();
        Self {
            users: HashMap::from([(user.id, user.username.clone())]),
            groups: HashMap::new(),
        }
    }

    pub(super) fn learn_user(&mut self, user: UserId, username: &str) {
        if self.users.len() >= MOST {
            self.users.clear();
        }
        self.users.insert(user, username.to_owned());
    }

    pub(super) fn learn_group(&mut self, group: GroupId, name: &str) {
        if self.groups.len() >= MOST {
            self.groups.clear();
        }
        self.groups.insert(group, name.to_owned());
    }

    /// A friend's username, or that of a member of `group`. Who is neither is shown by id, and not looked up again.
    pub(super) async fn user(
        &mut self,
        session: &Session,
        user: UserId,
        group: Option<GroupId>,
    ) -> String {
        if !self.users.contains_key(&user) && self.look_up(session, group).await.is_ok() {
            self.users.entry(user).or_insert_with(|| user.to_string());
        }
        let known = self.users.get(&user);
        known.cloned().unwrap_or_else(|| user.to_string())
    }

    async fn look_up(&mut self, session: &Session, group: Option<GroupId>) -> Result<()> {
        match group {
            Some(group) => {
                for member in session.members(&[group]).await?.into_values().flatten() {
                    self.learn_user(member.user_id, &member.username);
                }
            }
            None => {
                for friend in session.friends().await? {
                    self.learn_user(friend.user_id, &friend.username);
                }
            }
        }
        Ok(())
    }

    /// A joined group's name; any other is shown by id.
    pub(super) async fn group(&mut self, session: &Session, group: GroupId) -> String {
        if !self.groups.contains_key(&group)
            && let Ok(joined) = session.joined_groups().await
        {
            for group in joined {
                self.learn_group(group.group_id, &group.group_name);
            }
            self.groups
                .entry(group)
                .or_insert_with(|| group.to_string());
        }
        let known = self.groups.get(&group);
        known.cloned().unwrap_or_else(|| group.to_string())
    }
}
