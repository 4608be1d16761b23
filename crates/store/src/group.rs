//! Groups.

use hongyan_protocol::{
    group::{Invite, JoinPolicy, Role},
    id::{ConversationId, GroupId, UserId},
    keep::Keep,
    user::Name,
};

use crate::{
    Error, Membership, Tx, User, View,
    db::Connection,
    group_member::membership_columns,
    user::{page_bounds, user_columns},
    value::{Row, pattern_for_part, values},
};

/// A group. Texts are empty when unset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    pub nickname: String,
    pub introduction: String,
    pub head_img: String,
    pub owner_id: UserId,
    pub announcement: String,
    pub invite: Invite,
    pub join: JoinPolicy,
    /// Whether plain members are silent.
    pub muted_all: bool,
    pub conversation_id: ConversationId,
    /// Grows whenever somebody joins or leaves.
    pub members_version: i64,
    pub member_count: i64,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// A group as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedGroup {
    pub group: Group,
    pub owner: User,
    pub own: Membership,
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
    pub announcement: Option<String>,
    pub invite: Option<Invite>,
    pub join: Option<JoinPolicy>,
    pub muted_all: Option<bool>,
}

/// The columns that [`Group::read_from`] reads, of the table called `g`.
macro_rules! group_columns {
    () => {
        "g.id, g.name, g.nickname, g.introduction, g.head_img, g.owner_id, g.announcement, g.invite, g.join_policy, \
         g.muted_all, g.conversation_id, g.members_version, g.member_count, g.created_at"
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
            announcement: row.next(at)?,
            invite: row.next(at)?,
            join: row.next(at)?,
            muted_all: row.next::<i64>(at)? != 0,
            conversation_id: row.next(at)?,
            members_version: row.next(at)?,
            member_count: row.next(at)?,
            created_at: row.next(at)?,
        })
    }
}

/// What [`JoinedGroup::read`] reads; which, is to follow.
macro_rules! joined_columns {
    () => {
        concat!(
            "SELECT ",
            group_columns!(),
            ", ",
            user_columns!(),
            ", ",
            membership_columns!(),
            " FROM group_members gm JOIN chat_groups g ON g.id = gm.group_id JOIN users u ON u.id = g.owner_id "
        )
    };
}

impl JoinedGroup {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        let at = &mut 0;
        Ok(Self {
            group: Group::read_from(row, at)?,
            owner: User::read_from(row, at)?,
            own: Membership::read_from(row, at)?,
        })
    }
}

impl View<'_> {
    /// The group, if there is one.
    pub fn group(&self, id: GroupId) -> Result<Option<Group>, Error> {
        if let Connection::Postgres(postgres) = &self.link.connection
            && let Some(known) = postgres.known_group(id)
        {
            return Ok(known);
        }
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

    /// The groups that the user is in, the one joined first at the front.
    pub fn groups_of(&self, user: UserId) -> Result<Vec<JoinedGroup>, Error> {
        self.rows(
            concat!(
                joined_columns!(),
                "WHERE gm.user_id = $1 ORDER BY gm.joined_at, g.id"
            ),
            values![user],
            JoinedGroup::read,
        )
    }

    /// A group that the user is in; `None` for any other.
    pub fn joined_group(&self, id: GroupId, user: UserId) -> Result<Option<JoinedGroup>, Error> {
        self.row(
            concat!(
                joined_columns!(),
                "WHERE gm.group_id = $1 AND gm.user_id = $2"
            ),
            values![id, user],
            JoinedGroup::read,
        )
    }

    /// The pictures of up to `limit` groups behind `after`, in the order of their ids.
    pub fn pictures_of_groups(
        &self,
        after: GroupId,
        limit: u32,
    ) -> Result<Vec<(GroupId, String)>, Error> {
        self.rows(
            "SELECT id, head_img FROM chat_groups WHERE id > $1 ORDER BY id LIMIT $2",
            values![after, i64::from(limit)],
            |row| Ok((row.get(0)?, row.get(1)?)),
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
             introduction = COALESCE($3, introduction), head_img = COALESCE($4, head_img),
             announcement = COALESCE($5, announcement), invite = COALESCE($6, invite),
             join_policy = COALESCE($7, join_policy), muted_all = COALESCE($8, muted_all) WHERE id = $9",
            values![
                change.nickname.as_ref(),
                nickname_key.as_ref(),
                change.introduction.as_ref(),
                change.head_img.as_ref(),
                change.announcement.as_ref(),
                change.invite,
                change.join,
                change.muted_all.map(i64::from),
                id
            ],
        )?;
        Ok(changed == 1)
    }

    /// Makes a member the owner, who may speak from now on, and the owner an admin; `false`, with no effect, for an
    /// unknown group, for who is no member, and for the owner.
    pub fn hand_over(&mut self, id: GroupId, to: UserId) -> Result<bool, Error> {
        let Some(group) = self.group(id)? else {
            return Ok(false);
        };
        if group.owner_id == to || !self.set_role(id, to, Role::Owner)? {
            return Ok(false);
        }
        self.set_role(id, group.owner_id, Role::Admin)?;
        self.mute(id, to, 0)?;
        self.execute(
            "UPDATE chat_groups SET owner_id = $1 WHERE id = $2",
            values![to, id],
        )?;
        Ok(true)
    }

    /// Removes a group with its members, applications and invitations; `false` for an unknown one. What was said in
    /// it is nobody's any more, and the next sweep deletes it.
    pub fn dissolve_group(&mut self, id: GroupId) -> Result<bool, Error> {
        let Some(group) = self.group(id)? else {
            return Ok(false);
        };
        self.choose_keep(group.conversation_id, Some(Keep::None))?;
        self.execute(
            "DELETE FROM cursors WHERE conversation_id = $1",
            values![group.conversation_id],
        )?;
        for statement in [
            "DELETE FROM group_applies WHERE group_id = $1",
            "DELETE FROM group_invites WHERE group_id = $1",
            "DELETE FROM group_members WHERE group_id = $1",
            "DELETE FROM chat_groups WHERE id = $1",
        ] {
            self.execute(statement, values![id])?;
        }
        Ok(true)
    }
}
