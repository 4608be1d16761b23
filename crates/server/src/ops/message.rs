//! Messages to friends and groups: check, commit, tell.

use std::sync::Arc;

use futures_util::future::Either;
use hongyan_protocol::{
    Code,
    conversation::Target,
    group::Role,
    id::{ConversationId, GroupId, MsgId, UserId},
    message::{Chat, LONGEST_BODY, MOST_MENTIONS, SendMsg, Sent, WhenOffline},
};
use hongyan_store::{Appended, Draft, Expected, Stored, Tx, View};

use super::{
    Ctx, Telling,
    attachment::Attachment,
    conversation::wanted,
    keep::effective,
    log::{chat_event, chat_of},
};
use crate::{
    access,
    config::Keep,
    error::{Error, Result},
    hub::{Audience, Told},
};

/// Sends one message; a repeat of a `clientMsgId` answers with the first result.
pub fn send(ctx: Ctx, request: SendMsg) -> impl Future<Output = Result<Sent>> + Send {
    let queued = queue(&ctx, request);
    // Who waits holds nothing of the message.
    async move { queued?.await }
}

fn queue(ctx: &Ctx, request: SendMsg) -> Result<impl Future<Output = Result<Sent>> + Send + use<>> {
    let (target, draft) = (wanted(&request)?, draft_of(ctx, &request)?);
    let attachment = Attachment::of(&request)?;
    match target {
        Target::Group(group) => Ok(Either::Left(send_to_group(ctx, group, draft, attachment))),
        Target::Friend(friend) => {
            let refuse = request.when_offline.unwrap_or(ctx.when_offline) == WhenOffline::Refuse;
            let sending = send_to_friend(ctx, friend, draft, attachment, refuse)?;
            Ok(Either::Right(sending))
        }
    }
}

fn send_to_friend(
    ctx: &Ctx,
    friend: UserId,
    draft: Draft,
    attachment: Option<Attachment>,
    refuse_offline: bool,
) -> Result<impl Future<Output = Result<Sent>> + Send + use<>> {
    if friend == ctx.user {
        return Err(Error::Invalid("toUserId: it is yourself".to_owned()));
    }
    if draft.mention_all {
        let why = "mentionAll: a message to a friend names nobody else";
        return Err(Error::Invalid(why.to_owned()));
    }
    let (keep, now, hub) = (
        ctx.app.config.messages.keep,
        ctx.app.now(),
        ctx.app.hub.clone(),
    );
    let expected = expected(&draft, Target::Friend(friend));
    let to_friend = move |tx: &mut Tx<'_>, telling: &mut Telling, draft: &Draft| {
        let contact = access::contact(tx, draft.sender, friend)?;
        let conversation = contact.conversation_id;
        if contact.blocked {
            return Err(Code::Blocked.into());
        }
        let keep = effective(keep, contact.keep);
        if (refuse_offline || keep == Keep::None) && !hub.is_reachable(friend) {
            return Err(Code::TargetOffline.into());
        }
        check_reply(tx, conversation, draft)?;
        let post = Post {
            keep,
            conversation,
            group: None,
            to: Audience::One(friend),
            addressee: friend,
            draft,
            attachment,
            now,
        };
        post.append(tx, telling)
    };
    Ok(ctx.change_expecting(expected, move |tx, telling| {
        to_friend(tx, telling, &draft)
            .or_else(|refusal| sent_before(tx, Target::Friend(friend), &draft, attachment, refusal))
    }))
}

fn send_to_group(
    ctx: &Ctx,
    group: GroupId,
    draft: Draft,
    attachment: Option<Attachment>,
) -> impl Future<Output = Result<Sent>> + Send + use<> {
    let (keep, now) = (ctx.app.config.messages.keep, ctx.app.now());
    let expected = expected(&draft, Target::Group(group));
    let to_group = move |tx: &mut Tx<'_>, telling: &mut Telling, draft: &Draft| {
        let group = tx.group(group)?.ok_or(Code::NoSuchGroup)?;
        let members = tx.members(group.id)?;
        if !members.contains(draft.sender) {
            return Err(Code::NotMember.into());
        }
        access::may_speak(tx, &group, draft.sender, now)?;
        if draft.mention_all && tx.role(group.id, draft.sender)? < Some(Role::Admin) {
            return Err(Code::NotAllowed.into());
        }
        check_reply(tx, group.conversation_id, draft)?;
        let to = Audience::Members {
            ids: Arc::clone(&members.ids),
            except: draft.sender,
        };
        let post = Post {
            keep: effective(keep, tx.chosen_keep(group.conversation_id)?),
            conversation: group.conversation_id,
            group: Some(group.id),
            to,
            addressee: draft.sender,
            draft,
            attachment,
            now,
        };
        post.append(tx, telling)
    };
    ctx.change_expecting(expected, move |tx, telling| {
        to_group(tx, telling, &draft)
            .or_else(|refusal| sent_before(tx, Target::Group(group), &draft, attachment, refusal))
    })
}

/// What sending this is going to append.
fn expected(draft: &Draft, target: Target) -> Option<Expected> {
    Some(Expected {
        sender: draft.sender,
        target,
        client_msg_id: draft.client_msg_id.clone(),
    })
}

/// The first answer to a message that was sent before and would be refused now, whatever has changed since; the refusal
/// for a new one.
fn sent_before(
    view: &View<'_>,
    target: Target,
    draft: &Draft,
    attachment: Option<Attachment>,
    refusal: Error,
) -> Result<Sent> {
    if matches!(refusal, Error::Store(_) | Error::Encode(_)) {
        return Err(refusal);
    }
    first_answer(view, target, draft, attachment)?.ok_or(refusal)
}

/// The first answer to a message that was sent before; 9997 where its key belongs to another message.
fn first_answer(
    view: &View<'_>,
    target: Target,
    draft: &Draft,
    attachment: Option<Attachment>,
) -> Result<Option<Sent>> {
    let Some(first) = view.first_under_key(draft)? else {
        return Ok(None);
    };
    // Asked of the log, which a dissolved group leaves behind until it is swept.
    let there = match (view.conversation(first.conversation_id)?, target) {
        (Some(log), Target::Friend(friend)) => log.peer_of(draft.sender) == Some(friend),
        (Some(log), Target::Group(group)) => log.group_id == Some(group),
        (None, _) => false,
    };
    let mut said = draft.clone();
    if let (Some(attachment), Some(body)) = (attachment, &first.body)
        && attachment.is_in(body)
    {
        said.body = Some(body.clone());
    }
    if there && first.says(&said) {
        Ok(Some(receipt(&first)))
    } else {
        Err(another_message())
    }
}

/// A message that may be sent.
struct Post<'a> {
    keep: Keep,
    conversation: ConversationId,
    group: Option<GroupId>,
    to: Audience,
    /// Whom the sender sees it addressed to.
    addressee: UserId,
    draft: &'a Draft,
    attachment: Option<Attachment>,
    now: i64,
}

impl Post<'_> {
    /// Stores a message, where messages are kept, and tells it; a repeat is answered and not told again.
    fn append(self, tx: &mut Tx<'_>, telling: &mut Telling) -> Result<Sent> {
        if self.keep == Keep::None {
            // What was stored before nothing was kept is not told twice either.
            let target = self
                .group
                .map_or(Target::Friend(self.addressee), Target::Group);
            return match first_answer(tx, target, self.draft, self.attachment)? {
                Some(sent) => Ok(sent),
                None => self.pass_on(telling),
            };
        }
        let carrying;
        let (mut draft, sender) = (self.draft, self.draft.sender);
        if let Some(attachment) = self.attachment {
            carrying = Draft {
                body: Some(attachment.body(tx, sender)?),
                ..draft.clone()
            };
            draft = &carrying;
        }
        match tx.append(self.conversation, draft, self.now)? {
            Appended::New(stored) => {
                if let Some(attachment) = self.attachment {
                    attachment.note(tx, self.conversation, stored.seq)?;
                }
                let sent = receipt(&stored);
                let event = chat_event(sender, stored.time, chat_of(&stored, self.group));
                telling.push(
                    Told::new(event, self.to)
                        .stored_at(stored.conversation_id, stored.seq)
                        .echoed(sender, self.addressee),
                );
                Ok(sent)
            }
            Appended::Repeat(stored) => Ok(receipt(&stored)),
            Appended::Conflict => Err(another_message()),
        }
    }

    /// Tells a message that nothing is kept of.
    fn pass_on(self, telling: &mut Telling) -> Result<Sent> {
        // Nothing would say who may have the file.
        if self.attachment.is_some() {
            return Err(Code::FilesNotKept.into());
        }
        let sent = Sent {
            msg_id: MsgId::mint(),
            seq: None,
            time: self.now,
        };
        let draft = self.draft;
        let body = draft.body.as_deref();
        let chat = Chat {
            msg: draft.msg.clone(),
            to_group_id: self.group,
            msg_id: sent.msg_id,
            seq: None,
            kind: draft.kind.clone(),
            body: body.and_then(|body| serde_json::from_str(body).ok()),
            reply_to: None,
            mentions: draft.mentions.clone(),
            mention_all: draft.mention_all,
            edited_time: None,
            recalled_time: None,
        };
        let event = chat_event(draft.sender, self.now, chat);
        telling.push(Told::new(event, self.to).echoed(draft.sender, self.addressee));
        Ok(sent)
    }
}

/// An answer to a message needs a message to answer.
fn check_reply(view: &View<'_>, conversation: ConversationId, draft: &Draft) -> Result<()> {
    let Some(seq) = draft.reply_to else {
        return Ok(());
    };
    let first = view
        .cursor(draft.sender, conversation)?
        .map_or(0, |cursor| cursor.first_seq);
    match view.message(conversation, seq)? {
        Some(_) if seq > first => Ok(()),
        _ => Err(Code::NoSuchMessage.into()),
    }
}

fn draft_of(ctx: &Ctx, request: &SendMsg) -> Result<Draft> {
    check_text(ctx, &request.msg)?;
    check_mentions(&request.mentions)?;
    let body = match &request.body {
        Some(body) => Some(serde_json::to_string(body)?),
        None => None,
    };
    if body.as_ref().is_some_and(|body| body.len() > LONGEST_BODY) {
        return Err(Error::Invalid(format!(
            "body: at most {LONGEST_BODY} bytes of JSON are wanted"
        )));
    }
    Ok(Draft {
        sender: ctx.user,
        client_msg_id: request.client_msg_id.as_ref().map(|id| id.to_string()),
        kind: request.kind.as_ref().map(|kind| kind.as_str().to_owned()),
        msg: request.msg.to_string(),
        body,
        reply_to: request.reply_to,
        mentions: request.mentions.clone(),
        mention_all: request.mention_all,
    })
}

/// Whether a text is within the operator's bound.
pub(super) fn check_text(ctx: &Ctx, msg: &str) -> Result<()> {
    let (most, length) = (ctx.app.config.messages.max_bytes, msg.len());
    if length > most {
        return Err(Error::Invalid(format!(
            "msg: at most {most} bytes are wanted, not {length}"
        )));
    }
    Ok(())
}

/// Whether not too many are named.
pub(super) fn check_mentions(mentions: &[UserId]) -> Result<()> {
    if mentions.len() > MOST_MENTIONS {
        return Err(Error::Invalid(format!(
            "mentions: at most {MOST_MENTIONS} users are wanted"
        )));
    }
    Ok(())
}

fn another_message() -> Error {
    Error::Invalid("clientMsgId: it belongs to another message of yours".to_owned())
}

fn receipt(stored: &Stored) -> Sent {
    Sent {
        msg_id: stored.msg_id,
        seq: Some(stored.seq),
        time: stored.time,
    }
}
