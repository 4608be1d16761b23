//! Groups.

use hongyan_protocol::{
    group::Role,
    id::{ConversationId, GroupId, UserId},
    user::Name,
};

use crate::{
    Error, Tx, User, View,
    user::{page_bounds, user_columns},
    value::{Row, numbered, pattern_for_part, values},
};

/// Who may invite into a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Invite {
    /// The owner and the admins.
    Operators,
    /// Every member.
    #[default]
    Members,
}

numbered!(Invite {
    Operators = 0,
    Members = 1,
});

/// A group. Texts are empty when unset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    pub nickname: String,
    pub introduction: String,
    pub head_img: String,
    pub owner_id: UserId,
    pub invite: Invite,
    pub conversation_id: ConversationId,
    /// Grows whenever somebody joins or leaves.
    pub members_version: i64,
    pub member_count: i64,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// A group to make.
#[derive(Clone)]
pub struct NewGroup {
    pub id: GroupId,
    pub name: Name,
    pub nickname: String,
    pub introduction: String,
    pub head_img: String,
    pub owner_id: UserId,
    pub invite: Invite,
    pub now: i64,
}

/// What changes in a group; `None` leaves a field as it is.
#[derive(Clone, Default)]
pub struct GroupChange {
    pub nickname: Option<String>,
    pub introduction: Option<String>,
    pub head_img: Option<String>,
    pub invite: Option<Invite>,
}

/// The columns that [`Group::read_from`] reads, of the table called `g`.
macro_rules! group_columns {
    () => {
        "g.id, g.name, g.nickname, g.introduction, g.head_img, g.owner_id, g.invite, g.conversation_id, \
         g.members_version, g.member_count, g.created_at"
    };
}
pub(crate) use group_columns;

impl Group {
    pub(crate) fn read(row: &Row<'_>) -> Result<Self, Error> {
        Self::read_from(row, &mut 0)
    }

    pub(crate) fn read_from(row: &Row<'_>, at: &mut usize) -> Result<Self, Error> {
        Ok(Self {
            id: row.next(at)?,
            name: row.next(at)?,
            nickname: row.next(at)?,
            introduction: row.next(at)?,
            head_img: row.next(at)?,
            owner_id: row.next(at)?,
            invite: row.next(at)?,
            conversation_id: row.next(at)?,
            members_version: row.next(at)?,
            member_count: row.next(at)?,
            created_at: row.next(at)?,
        })
    }
}

impl View<'_> {
    /// The group, if there is one.
    pub fn group(&self, id: GroupId) -> Result<Option<Group>, Error> {
        self.row(
            concat!(
                "SELECT ",
                group_columns!(),
                " FROM chat_groups g WHERE g.id = $1"
            ),
            values![id],
            Group::read,
        )
    }

    /// The group with this name, in any case.
    pub fn group_by_name(&self, name: &str) -> Result<Option<Group>, Error> {
        self.row(
            concat!(
                "SELECT ",
                group_columns!(),
                " FROM chat_groups g WHERE g.name_key = $1"
            ),
            values![&name.to_ascii_lowercase()],
            Group::read,
        )
    }

    /// Groups whose name is `name` (in any case) and whose nickname contains `nickname` (in any case), oldest first;
    /// none when neither is given. `page` counts from 1; a page has at most 50 however large `size` is.
    pub fn search_groups(
        &self,
        name: Option<&str>,
        nickname: Option<&str>,
        page: u32,
        size: u32,
    ) -> Result<Vec<Group>, Error> {
        let (limit, offset) = page_bounds(page, size);
        if let Some(name) = name {
            let part = nickname.map(str::to_lowercase).unwrap_or_default();
            let found = self
                .group_by_name(name)?
                .filter(|group| offset == 0 && group.nickname.to_lowercase().contains(&part));
            return Ok(found.into_iter().collect());
        }
        let Some(nickname) = nickname else {
            return Ok(Vec::new());
        };
        self.rows(
            concat!(
                "SELECT ",
                group_columns!(),
                " FROM chat_groups g WHERE g.nickname_key LIKE $1 ESCAPE '!' ORDER BY g.id LIMIT $2 OFFSET $3"
            ),
            values![&pattern_for_part(nickname), limit, offset],
            Group::read,
        )
    }

    /// The groups that the user is in, with their owners, the one joined first at the front.
    pub fn groups_of(&self, user: UserId) -> Result<Vec<(Group, User)>, Error> {
        self.rows(
            concat!(
                "SELECT ",
                group_columns!(),
                ", ",
                user_columns!(),
                " FROM group_members gm JOIN chat_groups g ON g.id = gm.group_id JOIN users u ON u.id = g.owner_id
                 WHERE gm.user_id = $1 ORDER BY gm.joined_at, g.id"
            ),
            values![user],
            |row| {
                let at = &mut 0;
                Ok((Group::read_from(row, at)?, User::read_from(row, at)?))
            },
        )
    }

    /// The groups that the user owns, oldest first.
    pub fn groups_owned_by(&self, user: UserId) -> Result<Vec<Group>, Error> {
        self.rows(
            concat!(
                "SELECT ",
                group_columns!(),
                " FROM chat_groups g WHERE g.owner_id = $1 ORDER BY g.id"
            ),
            values![user],
            Group::read,
        )
    }
}

impl Tx<'_> {
    /// Makes a group with its conversation and its owner as the first member; `false` when the name is taken, in any
    /// case.
    pub fn create_group(&mut self, new: &NewGroup) -> Result<bool, Error> {
        if self.group_by_name(new.name.as_str())?.is_some() {
            return Ok(false);
        }
        let conversation = self.group_conversation(new.id)?;
        self.execute(
            "INSERT INTO chat_groups (id, name, name_key, nickname, nickname_key, introduction, head_img, owner_id,
             invite, conversation_id, members_version, member_count, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, $11)",
            values![
                new.id,
                new.name.as_str(),
                &new.name.as_str().to_ascii_lowercase(),
                &new.nickname,
                &new.nickname.to_lowercase(),
                &new.introduction,
                &new.head_img,
                new.owner_id,
                new.invite,
                conversation,
                new.now
            ],
        )?;
        self.join(new.id, new.owner_id, new.now)?;
        self.set_role(new.id, new.owner_id, Role::Owner)
    }

    /// Changes a group; `false` for an unknown one.
    pub fn update_group(&mut self, id: GroupId, change: &GroupChange) -> Result<bool, Error> {
        let nickname_key = change.nickname.as_deref().map(str::to_lowercase);
        let changed = self.execute(
            "UPDATE chat_groups SET nickname = COALESCE($1, nickname), nickname_key = COALESCE($2, nickname_key),
             introduction = COALESCE($3, introduction), head_img = COALESCE($4, head_img), invite = COALESCE($5, invite)
             WHERE id = $6",
            values![
                change.nickname.as_ref(),
                nickname_key.as_ref(),
                change.introduction.as_ref(),
                change.head_img.as_ref(),
                change.invite,
                id
            ],
        )?;
        Ok(changed == 1)
    }
}
