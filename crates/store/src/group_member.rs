//! Who is in a group, and as what.

use std::{collections::HashMap, sync::Arc};

use hongyan_protocol::{
    group::Role,
    id::{GroupId, UserId},
};

use crate::{
    Error, Tx, User, View,
    db::Connection,
    user::user_columns,
    value::{Row, values},
};

/// Ids that a connection's cache of member lists may hold: 8 MiB of them.
const CACHED_IDS: usize = 512 * 1024;

/// Everybody in a group, at one version of it: never changed, cheap to share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
    /// The group's `members_version`.
    pub version: i64,
    /// Sorted.
    pub ids: Arc<[UserId]>,
}

impl Members {
    /// Whether `user` is one of them.
    #[must_use]
    pub fn contains(&self, user: UserId) -> bool {
        self.ids.binary_search(&user).is_ok()
    }
}

/// What a user is in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub role: Role,
    /// The name in this group; empty when unset.
    pub nickname: String,
    /// Milliseconds since 1970; in the past or 0 for who may speak.
    pub muted_until: i64,
    /// Milliseconds since 1970.
    pub joined_at: i64,
}

/// A member, as lists show them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: User,
    pub membership: Membership,
}

/// The columns that [`Membership::read_from`] reads, of the table called `gm`.
macro_rules! membership_columns {
    () => {
        "gm.role, gm.nickname, gm.muted_until, gm.joined_at"
    };
}
pub(crate) use membership_columns;

impl Membership {
    pub(crate) fn read_from(row: &Row<'_>, at: &mut usize) -> Result<Self, Error> {
        Ok(Self {
            role: row.next(at)?,
            nickname: row.next(at)?,
            muted_until: row.next(at)?,
            joined_at: row.next(at)?,
        })
    }
}

/// The member lists that a connection has read, by group. An entry counts only while its version is the group's.
///
/// An operation that is rolled back takes its version back, and a later one may give the same number to other members.
/// So what an operation reads is fresh until the operation is kept, and forgotten if it is not.
#[derive(Default)]
pub(crate) struct MembersCache {
    lists: HashMap<GroupId, Arc<Members>>,
    ids: usize,
    fresh: Vec<GroupId>,
}

impl MembersCache {
    /// The running operation is kept.
    pub(crate) fn keep(&mut self) {
        self.fresh.clear();
    }

    /// The running operation was rolled back.
    pub(crate) fn forget_fresh(&mut self) {
        while let Some(group) = self.fresh.pop() {
            self.remove(group);
        }
    }

    /// The whole transaction was rolled back.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn find(&self, group: GroupId, version: i64) -> Option<Arc<Members>> {
        self.lists
            .get(&group)
            .filter(|members| members.version == version)
            .cloned()
    }

    /// At the bound everything is forgotten: the groups in use come back at once.
    fn insert(&mut self, group: GroupId, members: &Arc<Members>) {
        self.remove(group);
        if self.ids + members.ids.len() > CACHED_IDS {
            self.clear();
        }
        self.ids += members.ids.len();
        self.lists.insert(group, Arc::clone(members));
        self.fresh.push(group);
    }

    fn remove(&mut self, group: GroupId) {
        if let Some(members) = self.lists.remove(&group) {
            self.ids -= members.ids.len();
        }
    }
}

impl View<'_> {
    /// What the user is in the group; `None` for who is no member.
    pub fn role(&self, group: GroupId, user: UserId) -> Result<Option<Role>, Error> {
        self.row(
            "SELECT role FROM group_members WHERE group_id = $1 AND user_id = $2",
            values![group, user],
            |row| row.get(0),
        )
    }

    /// What the user is in the group, and as what they are known there; `None` for who is no member.
    pub fn membership(&self, group: GroupId, user: UserId) -> Result<Option<Membership>, Error> {
        if let Connection::Postgres(postgres) = &self.link.connection
            && let Some(known) = postgres.known_membership(group, user)
        {
            return Ok(known);
        }
        self.row(
            concat!(
                "SELECT ",
                membership_columns!(),
                " FROM group_members gm WHERE gm.group_id = $1 AND gm.user_id = $2"
            ),
            values![group, user],
            |row| Membership::read_from(row, &mut 0),
        )
    }

    /// Everybody in the group; nobody, at version 0, for an unknown one. Costs one look-up while nobody joins or leaves.
    pub fn members(&self, group: GroupId) -> Result<Arc<Members>, Error> {
        let version = self.members_version(group)?.unwrap_or_default();
        if let Some(known) = self.link.members.borrow().find(group, version) {
            return Ok(known);
        }
        let ids = self.rows(
            "SELECT user_id FROM group_members WHERE group_id = $1 ORDER BY user_id",
            values![group],
            |row| row.get(0),
        )?;
        let members = Arc::new(Members {
            version,
            ids: ids.into(),
        });
        self.link.members.borrow_mut().insert(group, &members);
        Ok(members)
    }

    /// The version of who is in a group; `None` for an unknown one.
    fn members_version(&self, group: GroupId) -> Result<Option<i64>, Error> {
        if let Connection::Postgres(postgres) = &self.link.connection
            && let Some(known) = postgres.known_group(group)
        {
            return Ok(known.map(|group| group.members_version));
        }
        self.row(
            "SELECT members_version FROM chat_groups WHERE id = $1",
            values![group],
            |row| row.get(0),
        )
    }

    /// The first `limit` members: the owner, the admins, then who joined first.
    pub fn member_list(&self, group: GroupId, limit: u32) -> Result<Vec<Member>, Error> {
        self.rows(
            concat!(
                "SELECT ",
                user_columns!(),
                ", ",
                membership_columns!(),
                " FROM group_members gm JOIN users u ON u.id = gm.user_id
                 WHERE gm.group_id = $1 ORDER BY gm.role DESC, gm.joined_at, gm.user_id LIMIT $2"
            ),
            values![group, i64::from(limit)],
            |row| {
                let at = &mut 0;
                Ok(Member {
                    user: User::read_from(row, at)?,
                    membership: Membership::read_from(row, at)?,
                })
            },
        )
    }

    /// The owner and the admins.
    pub fn operators(&self, group: GroupId) -> Result<Vec<UserId>, Error> {
        self.rows(
            "SELECT user_id FROM group_members WHERE group_id = $1 AND role > 0 ORDER BY role DESC, user_id",
            values![group],
            |row| row.get(0),
        )
    }
}

impl Tx<'_> {
    /// Makes the user a member and closes their pending applications to and invitations into the group as agreed;
    /// `false`, with no effect, for who is a member already and for an unknown group.
    pub fn join(&mut self, group: GroupId, user: UserId, now: i64) -> Result<bool, Error> {
        let Some(found) = self.group(group)? else {
            return Ok(false);
        };
        let joined = self.execute(
            "INSERT INTO group_members (group_id, user_id, role, nickname, joined_at) VALUES ($1, $2, $3, '', $4)
             ON CONFLICT (group_id, user_id) DO NOTHING",
            values![group, user, Role::Member, now],
        )?;
        if joined == 0 {
            return Ok(false);
        }
        self.count_members(group, 1)?;
        self.open_cursor(user, found.conversation_id)?;
        self.execute(
            "UPDATE group_applies SET state = 1, handled_at = $1 WHERE group_id = $2 AND user_id = $3 AND state = 0",
            values![now, group, user],
        )?;
        self.execute(
            "UPDATE group_invites SET state = 1, handled_at = $1 WHERE user_id = $2 AND group_id = $3 AND state = 0",
            values![now, user, group],
        )?;
        Ok(true)
    }

    /// Removes a member, by their own will or another's, with what still waited for them and the invitations that they
    /// made; `false` for who is none.
    pub fn leave(&mut self, group: GroupId, user: UserId) -> Result<bool, Error> {
        let removed = self.execute(
            "DELETE FROM group_members WHERE group_id = $1 AND user_id = $2",
            values![group, user],
        )?;
        if removed == 0 {
            return Ok(false);
        }
        self.count_members(group, -1)?;
        self.execute(
            "DELETE FROM cursors WHERE user_id = $1
             AND conversation_id = (SELECT conversation_id FROM chat_groups WHERE id = $2)",
            values![user, group],
        )?;
        self.execute(
            "DELETE FROM group_invites WHERE inviter_id = $1 AND group_id = $2 AND state = 0",
            values![user, group],
        )?;
        Ok(true)
    }

    /// Sets what a member is; `false` for who is no member. The group's `owner_id` is not changed with it.
    pub fn set_role(&mut self, group: GroupId, user: UserId, role: Role) -> Result<bool, Error> {
        let changed = self.execute(
            "UPDATE group_members SET role = $1 WHERE group_id = $2 AND user_id = $3",
            values![role, group, user],
        )?;
        Ok(changed == 1)
    }

    /// Silences a member until this time, in milliseconds since 1970; 0 lets them speak. `false` for who is no member.
    pub fn mute(&mut self, group: GroupId, user: UserId, until: i64) -> Result<bool, Error> {
        let changed = self.execute(
            "UPDATE group_members SET muted_until = $1 WHERE group_id = $2 AND user_id = $3",
            values![until, group, user],
        )?;
        Ok(changed == 1)
    }

    /// Sets a member's name in the group, empty for none; `false` for who is no member.
    pub fn set_member_nickname(
        &mut self,
        group: GroupId,
        user: UserId,
        nickname: &str,
    ) -> Result<bool, Error> {
        let changed = self.execute(
            "UPDATE group_members SET nickname = $1 WHERE group_id = $2 AND user_id = $3",
            values![nickname, group, user],
        )?;
        Ok(changed == 1)
    }

    fn count_members(&mut self, group: GroupId, change: i64) -> Result<(), Error> {
        self.execute(
            "UPDATE chat_groups SET member_count = member_count + $1, members_version = members_version + 1 WHERE id = $2",
            values![change, group],
        )?;
        Ok(())
    }
}
