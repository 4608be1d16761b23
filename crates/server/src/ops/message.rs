//! Messages to friends and groups: check, commit, tell.

use std::sync::Arc;

use hongyan_protocol::{
    Code, Event, Happening,
    id::{ConversationId, GroupId, MsgId, UserId},
    message::{Chat, SendMsg, Sent, WhenOffline},
};
use hongyan_store::{Appended, Draft, Stored, Tx};

use super::{Ctx, Telling};
use crate::{
    access,
    config::Keep,
    error::{Error, Result},
    hub::{Audience, Told},
};

/// Most users that a message may mention.
const MENTIONS: usize = 50;

/// Sends one message; a repeat of a `clientMsgId` answers with the first result.
pub async fn send(ctx: Ctx, request: SendMsg) -> Result<Sent> {
    let draft = draft_of(&ctx, &request)?;
    match (request.to_group_id, request.to_user_id) {
        (Some(group), _) => send_to_group(ctx, group, draft).await,
        (None, Some(friend)) => {
            let refuse = request.when_offline.unwrap_or(ctx.when_offline) == WhenOffline::Refuse;
            send_to_friend(ctx, friend, draft, refuse).await
        }
        (None, None) => Err(Error::Invalid("toUserId or toGroupId is wanted".to_owned())),
    }
}

async fn send_to_friend(
    ctx: Ctx,
    friend: UserId,
    draft: Draft,
    refuse_offline: bool,
) -> Result<Sent> {
    if friend == ctx.user {
        return Err(Error::Invalid("toUserId: it is yourself".to_owned()));
    }
    let (keep, now, hub) = (
        ctx.app.config.messages.keep,
        ctx.app.now(),
        ctx.app.hub.clone(),
    );
    ctx.change(move |tx, telling| {
        let conversation = access::conversation_with(tx, draft.sender, friend)?;
        let refuse_offline = refuse_offline || keep == Keep::None;
        if refuse_offline
            && tx.repeat_of(conversation, &draft)?.is_none()
            && !hub.is_reachable(friend)
        {
            return Err(Code::TargetOffline.into());
        }
        post(
            tx,
            telling,
            Post {
                keep,
                conversation,
                group: None,
                to: Audience::One(friend),
                draft,
                now,
            },
        )
    })
    .await
}

async fn send_to_group(ctx: Ctx, group: GroupId, draft: Draft) -> Result<Sent> {
    let (keep, now) = (ctx.app.config.messages.keep, ctx.app.now());
    ctx.change(move |tx, telling| {
        let group = tx.group(group)?.ok_or(Code::NoSuchGroup)?;
        let members = tx.members(group.id)?;
        if !members.contains(draft.sender) {
            return Err(Code::NotMember.into());
        }
        let to = Audience::Members {
            ids: Arc::clone(&members.ids),
            except: draft.sender,
        };
        post(
            tx,
            telling,
            Post {
                keep,
                conversation: group.conversation_id,
                group: Some(group.id),
                to,
                draft,
                now,
            },
        )
    })
    .await
}

/// A message that may be sent.
struct Post {
    keep: Keep,
    conversation: ConversationId,
    group: Option<GroupId>,
    to: Audience,
    draft: Draft,
    now: i64,
}

/// Stores a message, where messages are kept, and tells it; a repeat is answered and not told again.
fn post(tx: &mut Tx<'_>, telling: &mut Telling, post: Post) -> Result<Sent> {
    let Post {
        keep,
        conversation,
        group,
        to,
        draft,
        now,
    } = post;
    if keep == Keep::None {
        let sent = Sent {
            msg_id: MsgId::mint(),
            seq: None,
            time: now,
        };
        let chat = Chat {
            msg: draft.msg,
            to_group_id: group,
            msg_id: sent.msg_id,
            seq: None,
            kind: draft.kind,
            reply_to: draft.reply_to,
            mentions: read_mentions(draft.mentions.as_deref()),
        };
        telling.push(Told::new(chat_event(draft.sender, now, chat), to));
        return Ok(sent);
    }
    match tx.append(conversation, &draft, now)? {
        Appended::New(stored) => {
            let sent = receipt(&stored);
            let event = chat_event(stored.sender_id, stored.time, chat_of(&stored, group));
            telling.push(Told {
                event,
                to,
                stored_at: Some((stored.conversation_id, stored.seq)),
            });
            Ok(sent)
        }
        Appended::Repeat(stored) => Ok(receipt(&stored)),
        Appended::Conflict => Err(Error::Invalid(
            "clientMsgId: it belongs to another message of yours".to_owned(),
        )),
    }
}

fn draft_of(ctx: &Ctx, request: &SendMsg) -> Result<Draft> {
    let most_bytes = ctx.app.config.messages.max_bytes;
    if request.msg.len() > most_bytes {
        let length = request.msg.len();
        return Err(Error::Invalid(format!(
            "msg: at most {most_bytes} bytes are wanted, not {length}"
        )));
    }
    if request.mentions.len() > MENTIONS {
        return Err(Error::Invalid(format!(
            "mentions: at most {MENTIONS} users are wanted"
        )));
    }
    let mentions = match request.mentions.as_slice() {
        [] => None,
        mentions => Some(serde_json::to_string(mentions)?),
    };
    Ok(Draft {
        sender: ctx.user,
        client_msg_id: request.client_msg_id.as_ref().map(|id| id.to_string()),
        kind: request.kind.as_ref().map(|kind| kind.to_string()),
        msg: request.msg.to_string(),
        reply_to: request.reply_to,
        mentions,
    })
}

fn receipt(stored: &Stored) -> Sent {
    Sent {
        msg_id: stored.msg_id,
        seq: Some(stored.seq),
        time: stored.time,
    }
}

/// A stored message as its receivers see it.
#[must_use]
pub fn chat_of(stored: &Stored, group: Option<GroupId>) -> Chat {
    Chat {
        msg: stored.msg.clone(),
        to_group_id: group,
        msg_id: stored.msg_id,
        seq: Some(stored.seq),
        kind: stored.kind.clone(),
        reply_to: stored.reply_to,
        mentions: read_mentions(stored.mentions.as_deref()),
    }
}

/// The event that carries a message: chat_group for a group's, chat_f2f for a friend's.
#[must_use]
pub fn chat_event(sender: UserId, time: i64, chat: Chat) -> Event {
    let what = if chat.to_group_id.is_some() {
        Happening::ChatGroup(chat)
    } else {
        Happening::ChatF2f(chat)
    };
    Event {
        from: Some(sender),
        time,
        what,
    }
}

fn read_mentions(stored: Option<&str>) -> Vec<UserId> {
    stored
        .and_then(|mentions| serde_json::from_str(mentions).ok())
        .unwrap_or_default()
}
