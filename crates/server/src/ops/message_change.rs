//! Changes of messages: recall, edit, react. Each is an entry of the log, told to whoever may see the message.

use hongyan_protocol::{
    Code,
    conversation::Target,
    group::Role,
    id::UserId,
    message::{Edit, React, Recall},
};
use hongyan_store::{Change, Stored, View};

use super::{
    Ctx, Telling,
    conversation::wanted,
    log::change_event,
    message::{check_mentions, check_text},
};
use crate::{
    access::{self, Place},
    error::Result,
    hub::{Audience, Told},
};

/// Most different reactions to one message.
const MOST_REACTIONS: i64 = 20;

/// Takes a message back: one's own for a while, and any of a group that the caller runs.
pub async fn recall(ctx: Ctx, request: Recall) -> Result<()> {
    let (me, target, now) = (ctx.user, wanted(&request)?, ctx.app.now());
    let patience = ctx.app.config.messages.recall_seconds;
    ctx.change(move |tx, telling| {
        let (place, message) = find(tx, me, target, request.seq)?;
        if !runs(tx, &place, me)? {
            own(&message, me)?;
            // Who asks again did not hear that it was done.
            if message.recalled_at.is_none() {
                in_time(&message, patience, now)?;
            }
        }
        if let Some(change) = tx.recall(&message, me, now)? {
            tell(tx, telling, &place, &change)?;
        }
        Ok(())
    })
    .await
}

/// Gives one's own message another text.
pub async fn edit(ctx: Ctx, request: Edit) -> Result<()> {
    let (me, target, now) = (ctx.user, wanted(&request)?, ctx.app.now());
    check_text(&ctx, &request.msg)?;
    check_mentions(&request.mentions)?;
    let patience = ctx.app.config.messages.edit_seconds;
    ctx.change(move |tx, telling| {
        let (place, message) = find_writing(tx, me, target, request.seq, now, |message| {
            Ok(message.sender_id == me && message.reads(&request.msg, &request.mentions))
        })?;
        own(&message, me)?;
        if !message.reads(&request.msg, &request.mentions) {
            in_time(&message, patience, now)?;
        }
        if let Some(change) = tx.edit(&message, &request.msg, &request.mentions, now)? {
            tell(tx, telling, &place, &change)?;
        }
        Ok(())
    })
    .await
}

/// Adds a reaction or takes it back.
pub async fn react(ctx: Ctx, request: React) -> Result<()> {
    let (me, target, now) = (ctx.user, wanted(&request)?, ctx.app.now());
    ctx.change(move |tx, telling| {
        let React { emoji, on, .. } = &request;
        let (place, message) = find_writing(tx, me, target, request.seq, now, |message| {
            Ok(tx.has_reacted(message, me, emoji)? == *on)
        })?;
        if *on && tx.other_reactions(&message, emoji)? >= MOST_REACTIONS {
            return Err(Code::TooManyReactions.into());
        }
        if let Some(change) = tx.react(&message, me, emoji, *on, now)? {
            tell(tx, telling, &place, &change)?;
        }
        Ok(())
    })
    .await
}

/// The message at a place of a conversation, if the caller may see it.
fn find(view: &View<'_>, me: UserId, target: Target, seq: i64) -> Result<(Place, Stored)> {
    let place = access::place(view, me, target)?;
    place.check(seq)?;
    let message = view.message(place.conversation.id, seq)?;
    Ok((place, message.ok_or(Code::NoSuchMessage)?))
}

/// The same, of a message that was not recalled, for who may write in its conversation now, or asks for what was `done`
/// already: they did not hear that it was, and may have been muted or blocked since.
fn find_writing(
    view: &View<'_>,
    me: UserId,
    target: Target,
    seq: i64,
    now: i64,
    done: impl FnOnce(&Stored) -> Result<bool>,
) -> Result<(Place, Stored)> {
    let may_write = access::may_write(view, me, target, now);
    let found = find(view, me, target, seq).and_then(|(place, message)| {
        if message.recalled_at.is_some() {
            return Err(Code::NoSuchMessage.into());
        }
        Ok((place, message))
    });
    match (may_write, found) {
        (Ok(()), found) => found,
        (Err(_), Ok((place, message))) if done(&message)? => Ok((place, message)),
        (Err(refusal), _) => Err(refusal),
    }
}

fn runs(view: &View<'_>, place: &Place, me: UserId) -> Result<bool> {
    match place.conversation.group_id {
        Some(group) => Ok(view.role(group, me)? >= Some(Role::Admin)),
        None => Ok(false),
    }
}

fn own(message: &Stored, me: UserId) -> Result<()> {
    if message.sender_id == me {
        return Ok(());
    }
    Err(Code::NotAllowed.into())
}

fn in_time(message: &Stored, patience: u32, now: i64) -> Result<()> {
    if now - message.time <= i64::from(patience) * 1000 {
        return Ok(());
    }
    Err(Code::TooLate.into())
}

/// Tells a change to whoever may see what was changed.
fn tell(view: &View<'_>, telling: &mut Telling, place: &Place, change: &Change) -> Result<()> {
    let mut others = view.witnesses(place.conversation.id, change.target.seq)?;
    others.retain(|&user| user != change.by);
    let addressee = place.peer(change.by).unwrap_or(change.by);
    telling.push(
        Told::new(
            change_event(change, place.conversation.group_id),
            Audience::Many(others),
        )
        .stored_at(place.conversation.id, change.seq)
        .echoed(change.by, addressee),
    );
    Ok(())
}
