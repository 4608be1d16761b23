//! Conversations: history, the list of them, how far they were read, who is writing.

use hongyan_protocol::{
    Event, Happening,
    conversation::{
        Addressed, ConversationCard, ConversationPage, Conversations, HasRead, History,
        HistoryPage, IsTyping, LONGEST_PAGE, PAGE, Ping, Pong, Read, ReaderList, Readers, Settings,
        SettingsChanged, Target, Typing,
    },
    id::{ConversationId, UserId},
    keep::Keep,
    message::{Message, Reaction},
};
use hongyan_store::{ListPlace, Listed, Stored, View};
use serde::Serialize;

use super::{Ctx, keep::effective, log::chat_of};
use crate::{
    access::{self, Place},
    error::{Error, Result},
    hub::{Audience, Told},
};

/// Bytes of rows in one answer from which on the rest is left for the next.
pub(super) const ENOUGH_BYTES: usize = 512 * 1024;

/// Largest group whose members are told who has read and who is writing: what everybody does is told to everybody.
const SMALL_GROUP: usize = 100;

/// Users named with a reaction.
const NAMED_REACTORS: u32 = 20;

/// Users named among the readers of a message.
const NAMED_READERS: u32 = 100;

/// Reads a page of messages as they are now.
pub async fn history(ctx: Ctx, request: History) -> Result<HistoryPage> {
    let (me, target) = (ctx.user, wanted(&request)?);
    let limit = page_size(request.limit)?;
    if request.before.is_some() && request.after.is_some() {
        return Err(Error::Invalid("before: not together with after".to_owned()));
    }
    let read = ctx.app.store.read(move |view| {
        let place = access::place(view, me, target)?;
        let (id, first) = (place.conversation.id, place.first_seq());
        let mut found = match request.after {
            Some(after) => view.messages_after(id, after.max(first), limit + 1)?,
            None => {
                let before = request.before.unwrap_or(i64::MAX);
                view.messages_before(id, before, first, limit + 1)?
            }
        };
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        if request.after.is_none() {
            found.reverse();
        }
        let mut list = messages(view, me, &place, found)?;
        let read = list.len();
        if request.after.is_some() {
            list.truncate(fitting(list.iter())?);
        } else {
            list.drain(..read - fitting(list.iter().rev())?);
        }
        let more = more || list.len() < read;
        Ok::<_, Error>(HistoryPage { list, more })
    });
    read.await
}

/// Lists the caller's conversations.
pub async fn conversations(ctx: Ctx, request: Conversations) -> Result<ConversationPage> {
    let (me, limit) = (ctx.user, page_size(request.limit)?);
    let setting = ctx.app.config.messages.keep;
    let behind = match request.after.as_deref() {
        None | Some("") => ListPlace::TOP,
        Some(text) => read_place(text)
            .ok_or_else(|| Error::Invalid("after: it is no next of a page".to_owned()))?,
    };
    let read = ctx.app.store.read(move |view| {
        let mut found = view.conversations_of(me, behind, limit + 1)?;
        let listed = found.len();
        found.truncate(limit as usize);
        let places: Vec<_> = found.iter().map(place_of).collect();
        let cards = found
            .into_iter()
            .map(|listed| card(view, me, setting, listed));
        let mut list = cards.collect::<Result<Vec<_>>>()?;
        list.truncate(fitting(list.iter())?);
        let last = places[..list.len()].last();
        let next = last.filter(|_| list.len() < listed).map(write_place);
        Ok::<_, Error>(ConversationPage { list, next })
    });
    read.await
}

/// Notes up to where the caller has read, and tells who may know.
pub async fn read(ctx: Ctx, request: Read) -> Result<()> {
    let (me, target, now) = (ctx.user, wanted(&request)?, ctx.app.now());
    ctx.change(move |tx, telling| {
        let place = access::place(tx, me, target)?;
        place.check(request.seq)?;
        if !tx.mark_read(me, place.conversation.id, request.seq)? {
            return Ok(());
        }
        let has_read = HasRead {
            to_group_id: place.conversation.group_id,
            seq: request.seq,
        };
        let event = Event {
            from: Some(me),
            time: now,
            what: Happening::ChatRead(has_read),
        };
        let to = near(tx, &place, me)?;
        telling.push(Told::new(event, to).echoed(me, place.peer(me).unwrap_or(me)));
        Ok(())
    })
    .await
}

/// Lists who has read a message.
pub async fn readers(ctx: Ctx, request: Readers) -> Result<ReaderList> {
    let (me, target) = (ctx.user, wanted(&request)?);
    let read = ctx.app.store.read(move |view| {
        let place = access::place(view, me, target)?;
        // Of what the caller may not see nobody is named.
        if place.check(request.seq).is_err() {
            return Ok(ReaderList::default());
        }
        if let Some(peer) = place.peer(me)
            && view.has_blocked(peer, me)?
        {
            return Ok(ReaderList::default());
        }
        let (count, list) = view.readers(place.conversation.id, request.seq, me, NAMED_READERS)?;
        Ok::<_, Error>(ReaderList { count, list })
    });
    read.await
}

/// Tells the others that the caller is writing; nothing of it is stored.
pub async fn typing(ctx: Ctx, request: Typing) -> Result<()> {
    let (me, target) = (ctx.user, wanted(&request)?);
    let read = ctx.app.store.read(move |view| {
        let place = access::place(view, me, target)?;
        let to = near(view, &place, me)?;
        Ok::<_, Error>((place.conversation.group_id, to))
    });
    let (to_group_id, to) = read.await?;
    let event = ctx.event(Happening::ChatTyping(IsTyping { to_group_id }));
    ctx.app.hub.tell(&Told::new(event, to));
    Ok(())
}

/// Mutes and pins a conversation in the caller's own list.
pub async fn settings(ctx: Ctx, request: Settings) -> Result<()> {
    let (me, target, now) = (ctx.user, wanted(&request)?, ctx.app.now());
    ctx.change(move |tx, telling| {
        let place = access::place(tx, me, target)?;
        let pinned_at = request.pinned.map(|pinned| if pinned { now } else { 0 });
        tx.set_listing(me, place.conversation.id, request.muted, pinned_at)?;
        let changed = SettingsChanged {
            user_id: place.peer(me),
            group_id: place.conversation.group_id,
            muted: request.muted.unwrap_or(place.cursor.muted),
            pinned: pinned_at.unwrap_or(place.cursor.pinned_at) > 0,
        };
        let event = Event {
            from: Some(me),
            time: now,
            what: Happening::ChatSettings(changed),
        };
        telling.one(me, event);
        Ok(())
    })
    .await
}

/// Says that the server is there.
pub async fn ping(ctx: Ctx, _: Ping) -> Result<Pong> {
    Ok(Pong {
        server_time: ctx.app.now(),
    })
}

/// The conversation that a request names.
pub(super) fn wanted(request: &impl Addressed) -> Result<Target> {
    let target = request.target();
    target.ok_or_else(|| Error::Invalid("toUserId or toGroupId is wanted".to_owned()))
}

/// How many rows a page has that was asked for with this `limit`.
pub(super) fn page_size(limit: Option<u32>) -> Result<u32> {
    match limit.unwrap_or(PAGE) {
        limit @ 1..=LONGEST_PAGE => Ok(limit),
        _ => Err(Error::Invalid(format!(
            "limit: 1 to {LONGEST_PAGE} is wanted"
        ))),
    }
}

/// Who hears what is of no lasting value: a friend, unless one has blocked the other; the members of a small group.
fn near(view: &View<'_>, place: &Place, me: UserId) -> Result<Audience> {
    let Some(group) = place.conversation.group_id else {
        return Ok(Audience::Many(match place.peer(me) {
            Some(peer) if access::are_close(view, me, peer)? => vec![peer],
            _ => Vec::new(),
        }));
    };
    let ids = view.members(group)?.ids.clone();
    if ids.len() > SMALL_GROUP {
        return Ok(Audience::Many(Vec::new()));
    }
    Ok(Audience::Members { ids, except: me })
}

/// Stored messages of a place, in the order of the log, as a reader sees them.
fn messages(
    view: &View<'_>,
    reader: UserId,
    place: &Place,
    stored: Vec<Stored>,
) -> Result<Vec<Message>> {
    let (Some(first), Some(last)) = (stored.first(), stored.last()) else {
        return Ok(Vec::new());
    };
    let (id, group) = (place.conversation.id, place.conversation.group_id);
    let mut reactions = view
        .reactions(id, first.seq, last.seq, reader, NAMED_REACTORS)?
        .into_iter()
        .peekable();
    let list = stored.into_iter().map(|stored| {
        let mut own = Vec::new();
        while let Some(reaction) = reactions.next_if(|reaction| reaction.seq == stored.seq) {
            own.push(Reaction {
                emoji: reaction.emoji,
                count: reaction.count,
                mine: reaction.mine,
                user_ids: reaction.users,
            });
        }
        Message {
            from_user_id: stored.sender_id,
            time: stored.time,
            chat: chat_of(&stored, group),
            reactions: own,
        }
    });
    Ok(list.collect())
}

fn card(view: &View<'_>, me: UserId, setting: Keep, listed: Listed) -> Result<ConversationCard> {
    let unread = view.unread(me, &listed)?;
    let Listed {
        conversation,
        cursor,
    } = listed;
    let place = Place {
        conversation,
        cursor,
    };
    let (id, first_seq) = (place.conversation.id, place.first_seq());
    let newest = view.messages_before(id, i64::MAX, first_seq, 1)?;
    let last = messages(view, me, &place, newest)?.pop();
    let peer = place.peer(me);
    let (nickname, head_img) = match (peer, place.conversation.group_id) {
        (Some(peer), _) => view.user(peer)?.map(|user| (user.nickname, user.head_img)),
        (None, Some(group)) => view
            .group(group)?
            .map(|group| (group.nickname, group.head_img)),
        (None, None) => None,
    }
    .unwrap_or_default();
    let theirs = match peer {
        Some(peer) => view.cursor(peer, id)?,
        None => None,
    };
    let (is_blocked, has_blocked) = match peer {
        Some(peer) => (view.has_blocked(peer, me)?, view.has_blocked(me, peer)?),
        None => (false, false),
    };
    let read = place.cursor.read_seq.max(first_seq);
    Ok(ConversationCard {
        user_id: peer,
        group_id: place.conversation.group_id,
        nickname,
        head_img,
        last_seq: place.conversation.last_seq,
        first_seq,
        last_time: place.conversation.last_at,
        last,
        read_seq: read,
        peer_read_seq: theirs
            .as_ref()
            .filter(|_| !is_blocked)
            .map(|cursor| cursor.read_seq),
        unread: unread.count,
        mentioned: unread.mentioned,
        muted: place.cursor.muted,
        pinned: place.cursor.pinned_at > 0,
        keep: effective(setting, place.conversation.keep),
        keep_wish: place.cursor.keep,
        peer_keep_wish: theirs
            .filter(|_| !is_blocked && !has_blocked)
            .and_then(|cursor| cursor.keep),
    })
}

/// How many of these rows fit into one answer; the first one always does.
fn fitting<'r, T: Serialize + 'r>(rows: impl Iterator<Item = &'r T>) -> Result<usize> {
    let (mut fitting, mut bytes) = (0, 0);
    for row in rows {
        if bytes >= ENOUGH_BYTES {
            break;
        }
        bytes += serde_json::to_vec(row)?.len();
        fitting += 1;
    }
    Ok(fitting)
}

fn place_of(listed: &Listed) -> ListPlace {
    ListPlace {
        pinned_at: listed.cursor.pinned_at,
        last_at: listed.conversation.last_at,
        id: listed.conversation.id,
    }
}

/// A place of the list as a text that clients hand back.
fn write_place(place: &ListPlace) -> String {
    format!("{}.{}.{}", place.pinned_at, place.last_at, place.id)
}

fn read_place(text: &str) -> Option<ListPlace> {
    let mut parts = text.splitn(3, '.');
    Some(ListPlace {
        pinned_at: parts.next()?.parse().ok()?,
        last_at: parts.next()?.parse().ok()?,
        id: ConversationId::read(parts.next()?),
    })
}
