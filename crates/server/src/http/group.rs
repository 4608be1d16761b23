//! Creating and finding groups, their pictures, the caller's groups, and who is in them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use axum::extract::{Request, State};
use hongyan_protocol::{
    Code,
    group::{
        CreateGroup, CreatedGroup, GroupCard, GroupInfo, GroupList, GroupListType, GroupOwner,
        Invite, OwnMembership, SearchGroup, UpdateAvatar,
    },
    group_member::{GROUPS_AT_ONCE, MEMBERS_AT_ONCE, MemberCard},
    id::{GroupId, UserId},
};
use hongyan_store::{JoinedGroup, Member, NewGroup, View};

use super::{
    answer::{Failure, Reply, data, list},
    extract::{Asking, Authenticated, Params, Query},
    form::with_picture,
    picture::replace,
    search::{PAGE, wanted},
};
use crate::{
    access,
    app::App,
    ops::{
        self,
        group::{card, card_for_members, set_picture},
    },
    picture,
};

/// Longest id that is looked at, in bytes.
const LONGEST_ID: usize = 64;

pub(super) async fn create(Asking(ctx): Asking, Params(create): Params<CreateGroup>) -> Reply {
    let id = GroupId::mint();
    let new = NewGroup {
        id,
        name: create.group_name,
        nickname: create.group_nickname.into_string(),
        introduction: create.introduction.into_string(),
        head_img: picture::default_of_group(id),
        owner_id: ctx.user,
        invite: Invite::default(),
        now: ctx.app.now(),
    };
    let created = CreatedGroup {
        group_id: id,
        group_head_img: new.head_img.clone(),
        group_name: new.name.as_str().to_owned(),
        group_nickname: new.nickname.clone(),
        introduction: new.introduction.clone(),
        create_time: new.now,
    };
    ops::group::create(ctx, new).await?;
    Ok(data(created))
}

pub(super) async fn search(
    State(app): State<Arc<App>>,
    _: Authenticated,
    Query(search): Query<SearchGroup>,
) -> Reply {
    let (name, nickname) = wanted(
        ("groupName", search.group_name),
        ("groupNickname", search.group_nickname),
    )?;
    let page = search.page.unwrap_or(1);
    let groups = app
        .store
        .read(move |view| view.search_groups(name.as_deref(), nickname.as_deref(), page, PAGE))
        .await?;
    Ok(list(groups.iter().map(card)))
}

pub(super) async fn info(
    State(app): State<Arc<App>>,
    Authenticated(session): Authenticated,
    Query(GroupInfo { group_id }): Query<GroupInfo>,
) -> Reply {
    let user = session.user_id;
    let found = app
        .store
        .read(move |view| -> Result<_, Failure> {
            if let Some(joined) = view.joined_group(group_id, user)? {
                return Ok(joined_card(joined));
            }
            let group = view.group(group_id)?;
            let group = group.ok_or(Failure::refused(Code::NoSuchGroup))?;
            Ok(card(&group))
        })
        .await?;
    Ok(data(found))
}

pub(super) async fn group_list(
    State(app): State<Arc<App>>,
    Authenticated(session): Authenticated,
    Query(wanted): Query<GroupList>,
) -> Reply {
    let user = session.user_id;
    let cards = app
        .store
        .read(move |view| -> Result<Vec<_>, Failure> {
            Ok(match wanted.r#type {
                GroupListType::Joined => {
                    view.groups_of(user)?.into_iter().map(joined_card).collect()
                }
                GroupListType::Owned => view
                    .groups_owned_by(user)?
                    .iter()
                    .map(card_for_members)
                    .collect(),
            })
        })
        .await?;
    Ok(list(cards))
}

fn joined_card(joined: JoinedGroup) -> GroupCard {
    let JoinedGroup { group, owner, own } = joined;
    GroupCard {
        owner: Some(GroupOwner {
            owner_username: owner.username,
            owner_nickname: owner.nickname,
            owner_head_img: owner.head_img,
            owner_sex: owner.sex,
            owner_sign: owner.sign,
        }),
        own: Some(OwnMembership {
            role: own.role,
            member_nickname: own.nickname,
            muted_until: own.muted_until,
        }),
        ..card_for_members(&group)
    }
}

/// Who may not is told so before the picture is looked at, and once more when it is set.
pub(super) async fn update_avatar(Asking(ctx): Asking, request: Request) -> Reply {
    let app = Arc::clone(&ctx.app);
    let (UpdateAvatar { group_id }, upload) = with_picture(&ctx, request, &["groupId"]).await?;
    let user = ctx.user;
    app.store
        .read(move |view| access::run_group(view, group_id, user))
        .await?;
    let set = async move |uploaded| Ok(set_picture(ctx, group_id, uploaded).await?);
    replace(&app, upload, set).await.map(data)
}

pub(super) async fn member_list(
    State(app): State<Arc<App>>,
    Authenticated(session): Authenticated,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Reply {
    let groups = asked_for(pairs)?;
    let user = session.user_id;
    let lists = app
        .store
        .read(move |view| member_lists(view, user, groups))
        .await?;
    Ok(data(lists))
}

/// The groups as they were written: each is answered under the text it was asked for with.
fn asked_for(pairs: Vec<(String, String)>) -> Result<Vec<String>, Failure> {
    let mut groups: Vec<String> = pairs
        .into_iter()
        .filter(|(name, _)| name == "groupId")
        .map(|(_, group)| group)
        .collect();
    groups.sort_unstable();
    groups.dedup();
    if groups.is_empty() {
        return Err(Failure::invalid("groupId", "is missing"));
    }
    if groups.len() > GROUPS_AT_ONCE {
        return Err(Failure::invalid(
            "groupId",
            format_args!("at most {GROUPS_AT_ONCE} are taken at once"),
        ));
    }
    if groups
        .iter()
        .any(|group| group.is_empty() || group.len() > LONGEST_ID)
    {
        return Err(Failure::invalid(
            "groupId",
            format_args!("an id has 1 to {LONGEST_ID} bytes"),
        ));
    }
    Ok(groups)
}

fn member_lists(
    view: &View<'_>,
    user: UserId,
    groups: Vec<String>,
) -> Result<BTreeMap<String, Vec<MemberCard>>, Failure> {
    let remarks: HashMap<UserId, String> = view
        .friends(user)?
        .into_iter()
        .map(|friend| (friend.user.id, friend.friendship.remark))
        .collect();
    let mut lists = BTreeMap::new();
    let mut members = 0;
    for text in groups {
        let id = GroupId::read(&text);
        let group = view.group(id)?.map(|group| group.member_count);
        let (Some(count), Some(_)) = (group, view.role(id, user)?) else {
            lists.insert(text, Vec::new());
            continue;
        };
        members += count;
        if members > MEMBERS_AT_ONCE && members > count {
            return Err(Failure::invalid(
                "groupId",
                format_args!(
                    "ask for fewer at once: these have more than {MEMBERS_AT_ONCE} members"
                ),
            ));
        }
        let limit = u32::try_from(count).unwrap_or(u32::MAX);
        let list = view.member_list(id, limit)?;
        lists.insert(
            text,
            list.into_iter()
                .map(|member| member_card(member, &remarks))
                .collect(),
        );
    }
    Ok(lists)
}

fn member_card(member: Member, remarks: &HashMap<UserId, String>) -> MemberCard {
    let Member { user, membership } = member;
    MemberCard {
        remark: remarks.get(&user.id).cloned().unwrap_or_default(),
        user_id: user.id,
        username: user.username,
        nickname: user.nickname,
        head_img: user.head_img,
        sex: user.sex,
        sign: user.sign,
        role: membership.role,
        member_nickname: membership.nickname,
        muted_until: membership.muted_until,
    }
}
