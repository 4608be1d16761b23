//! Groups: change, hand over, dissolve, and what a group looks like to whom.

use std::sync::Arc;

use hongyan_protocol::{
    Code, Event, Happening,
    group::{
        GroupCard, GroupDissolve, GroupDissolved, GroupHandOver, GroupSettings, GroupUpdate, Role,
    },
    id::GroupId,
    user::OwnList,
};
use hongyan_store::{Group, GroupChange, NewGroup, Tx, View};

use super::{Ctx, Telling, group_member};
use crate::{access, error::Result, picture};

/// A group as anybody sees it.
#[must_use]
pub fn card(group: &Group) -> GroupCard {
    GroupCard {
        group_id: group.id,
        group_name: group.name.clone(),
        group_nickname: group.nickname.clone(),
        group_head_img: group.head_img.clone(),
        introduction: group.introduction.clone(),
        owner_user_id: group.owner_id,
        join: group.join,
        member_count: group.member_count,
        settings: None,
        owner: None,
        own: None,
    }
}

/// A group as its members see it.
#[must_use]
pub fn card_for_members(group: &Group) -> GroupCard {
    GroupCard {
        settings: Some(GroupSettings {
            announcement: group.announcement.clone(),
            invite: group.invite,
            mute_all: group.muted_all,
        }),
        ..card(group)
    }
}

/// Makes a group, which the caller owns.
pub async fn create(ctx: Ctx, new: NewGroup) -> Result<()> {
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        if !tx.create_group(&new)? {
            return Err(Code::GroupNameTaken.into());
        }
        asking.own_lists(telling, &[OwnList::Groups]);
        Ok(())
    })
    .await
}

/// Changes what is given; the owner and the admins may. What stays as it was is told to nobody.
pub async fn update(ctx: Ctx, request: GroupUpdate) -> Result<()> {
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        let group = access::run_group(tx, request.group_id, asking.user)?;
        let change = GroupChange {
            nickname: request.group_nickname.map(|text| text.into_string()),
            introduction: request.introduction.map(|text| text.into_string()),
            head_img: None,
            announcement: request.announcement.map(|text| text.into_string()),
            invite: request.invite,
            join: request.join,
            muted_all: request.mute_all,
        };
        change_and_tell(tx, telling, &asking, &group, &change).map(drop)
    })
    .await
}

/// Sets a picture that was uploaded, or one of our own; the owner and the admins may. Gives the one before, if it was
/// another, and the group as it is then.
pub async fn set_picture(
    ctx: Ctx,
    group: GroupId,
    uploaded: Option<String>,
) -> Result<(Option<String>, GroupCard)> {
    let asking = ctx.clone();
    let (before, after) = ctx
        .change(move |tx, telling| {
            let group = access::run_group(tx, group, asking.user)?;
            let head_img = uploaded.unwrap_or_else(|| picture::default_of_group(group.id));
            let change = GroupChange {
                head_img: Some(head_img),
                ..GroupChange::default()
            };
            let after = change_and_tell(tx, telling, &asking, &group, &change)?;
            Ok((group, after))
        })
        .await?;
    let replaced = (before.head_img != after.head_img).then_some(before.head_img);
    Ok((replaced, card_for_members(&after)))
}

fn change_and_tell(
    tx: &mut Tx<'_>,
    telling: &mut Telling,
    ctx: &Ctx,
    group: &Group,
    change: &GroupChange,
) -> Result<Group> {
    tx.update_group(group.id, change)?;
    let after = tx.group(group.id)?.ok_or(Code::NoSuchGroup)?;
    if after != *group {
        let updated = ctx.event(Happening::GroupUpdated(card_for_members(&after)));
        tell_members(tx, telling, &after, updated)?;
    }
    Ok(after)
}

/// Makes a member the owner, and the caller an admin.
pub async fn hand_over(ctx: Ctx, request: GroupHandOver) -> Result<()> {
    let (me, heir) = (ctx.user, request.user_id);
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        let (group, mine) = access::membership(tx, request.group_id, me)?;
        tx.role(group.id, heir)?.ok_or(Code::NotMember)?;
        if mine != Role::Owner || heir == me {
            return Err(Code::NotAllowed.into());
        }
        tx.hand_over(group.id, heir)?;
        for member in [heir, me] {
            let changed = group_member::changed(tx, &group, member)?;
            let event = asking.event(Happening::GroupRole(changed));
            tell_members(tx, telling, &group, event)?;
        }
        Ok(())
    })
    .await
}

/// Ends a group for everybody; its owner may.
pub async fn dissolve(ctx: Ctx, request: GroupDissolve) -> Result<()> {
    let asking = ctx.clone();
    let dissolved = ctx.change(move |tx, telling| {
        let (group, role) = access::membership(tx, request.group_id, asking.user)?;
        if role != Role::Owner {
            return Err(Code::NotAllowed.into());
        }
        let dissolved = GroupDissolved {
            group_id: group.id,
            group_name: group.name.clone(),
            group_nickname: group.nickname.clone(),
            group_head_img: group.head_img.clone(),
        };
        let event = asking.event(Happening::GroupDissolved(dissolved));
        tell_members(tx, telling, &group, event)?;
        tx.dissolve_group(group.id)?;
        Ok(group.head_img)
    });
    let app = Arc::clone(&ctx.app);
    let removed = ctx.app.to_the_end(async move {
        let head_img = dissolved.await?;
        app.pictures.remove(&head_img).await;
        Ok(())
    });
    removed.await?
}

/// Tells every member, whose doing it is among them.
pub(super) fn tell_members(
    view: &View<'_>,
    telling: &mut Telling,
    group: &Group,
    event: Event,
) -> Result<()> {
    let ids = view.members(group.id)?.ids.clone();
    telling.members(ids, None, event);
    Ok(())
}
