//! Finding messages by what they say, in the caller's own conversations.

use hongyan_protocol::{
    conversation::Addressed,
    search::{ChatFound, ChatSearch, FoundMessage, SnippetPiece},
};
use hongyan_store::{Found, Piece, Query, Search};

use super::{Ctx, conversation::page_size};
use crate::{
    access,
    error::{Error, Result},
};

/// Finds a page of messages, the newest first.
pub async fn search(ctx: Ctx, request: ChatSearch) -> Result<ChatFound> {
    let (mut search, target) = (search_of(&ctx, &request)?, request.target());
    let page = ctx.app.store.read(move |view| {
        if let Some(target) = target {
            let place = access::place(view, search.user, target)?;
            search.within = Some(place.conversation.id);
        }
        Ok::<_, Error>(view.search(&search)?)
    });
    let page = page.await?;
    Ok(ChatFound {
        list: page.found.into_iter().map(shown).collect(),
        next: page.next.map(|next| next.to_string()),
    })
}

fn search_of(ctx: &Ctx, request: &ChatSearch) -> Result<Search> {
    let invalid = |why: &str| Error::Invalid(why.to_owned());
    let query = Query::new(&request.query)
        .ok_or_else(|| invalid("query: at least one letter or digit is wanted"))?;
    let before = match request.before.as_deref() {
        None | Some("") => None,
        Some(text) => {
            let place = text.parse();
            Some(place.map_err(|_| invalid("before: it is no next of a page"))?)
        }
    };
    Ok(Search {
        user: ctx.user,
        query,
        within: None,
        before,
        limit: page_size(request.limit)? as usize,
    })
}

fn shown(found: Found) -> FoundMessage {
    let piece = |Piece { text, hit }| SnippetPiece { text, hit };
    FoundMessage {
        user_id: found.friend_id,
        group_id: found.group_id,
        msg_id: found.msg_id,
        seq: found.seq,
        from_user_id: found.sender_id,
        time: found.time,
        snippet: found.snippet.into_iter().map(piece).collect(),
    }
}
