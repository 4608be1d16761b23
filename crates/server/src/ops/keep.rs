//! How long the messages of a conversation are kept: the owner of a group chooses, or two friends who wish the same.

use hongyan_protocol::{
    Code, Event, Happening,
    conversation::Target,
    group::Role,
    keep::{ChooseKeep, Keep, KeepChosen},
};

use super::{Ctx, conversation::wanted};
use crate::{
    access,
    error::{Error, Result},
    hub::{Audience, Told},
};

/// What holds in a conversation: what its people chose, but not for longer than the server keeps anything.
#[must_use]
pub fn effective(setting: Keep, chosen: Option<Keep>) -> Keep {
    chosen.map_or(setting, |chosen| chosen.min(setting))
}

/// Chooses for a group, or wishes for a friendship, in which it holds once both wish the same.
pub async fn choose(ctx: Ctx, request: ChooseKeep) -> Result<()> {
    let (me, target, now) = (ctx.user, wanted(&request)?, ctx.app.now());
    let (setting, wish) = (ctx.app.config.messages.keep, request.keep);
    if wish.is_some_and(|wish| wish > setting) {
        return Err(Error::Invalid(format!(
            "keep: at most what the server's setting says is wanted, {setting}"
        )));
    }
    ctx.change(move |tx, telling| {
        let place = access::place(tx, me, target)?;
        let (id, group) = (place.conversation.id, place.conversation.group_id);
        if let Some(friend) = place.peer(me) {
            // A former friend may read and no more, and so may who is blocked.
            access::may_write(tx, me, Target::Friend(friend), now)?;
        }
        if let Some(group) = group
            && tx.role(group, me)? != Some(Role::Owner)
        {
            return Err(Code::NotAllowed.into());
        }
        tx.wish_keep(me, id, wish)?;
        let chosen = match group {
            Some(_) => wish,
            None => {
                let wishes = tx.keep_wishes(id)?;
                wish.filter(|_| wishes.iter().all(|(_, other)| *other == wish))
            }
        };
        tx.choose_keep(id, chosen)?;
        let keep = effective(setting, chosen);
        let event = |wish| Event {
            from: Some(me),
            time: now,
            what: Happening::ChatKeep(KeepChosen {
                to_group_id: group,
                keep,
                wish,
            }),
        };
        let (others, addressee) = match place.peer(me) {
            Some(friend) if access::are_close(tx, me, friend)? => (vec![friend], friend),
            Some(friend) => {
                // Who is blocked hears nothing of wishes, but what becomes of their messages is theirs to know.
                if keep != effective(setting, place.conversation.keep) {
                    telling.one(friend, event(None));
                }
                (Vec::new(), friend)
            }
            None => {
                let mut others = tx.witnesses(id, i64::MAX)?;
                others.retain(|&user| user != me);
                (others, me)
            }
        };
        telling.push(Told::new(event(wish), Audience::Many(others)).echoed(me, addressee));
        Ok(())
    })
    .await
}
