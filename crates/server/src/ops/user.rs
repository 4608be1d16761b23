//! A user's own profile, and what others see of it.

use hongyan_protocol::{Happening, user::UserCard};
use hongyan_store::{ProfileChange, User};

use super::{Ctx, Told, profile};
use crate::{error::Result, hub::Audience};

/// A user as others see them.
#[must_use]
pub fn card(user: User) -> UserCard {
    let User {
        id: user_id,
        username,
        nickname,
        head_img,
        sex,
        sign,
        ..
    } = user;
    UserCard {
        user_id,
        username,
        nickname,
        head_img,
        sex,
        sign,
    }
}

/// Changes the caller's profile; gives it as it was and as it is. What stays as it was is told to nobody.
pub async fn update(ctx: Ctx, change: ProfileChange) -> Result<(User, User)> {
    let asking = ctx.clone();
    ctx.change(move |tx, telling| {
        let me = asking.user;
        let before = profile(tx, me)?;
        tx.update_profile(me, &change)?;
        let after = profile(tx, me)?;
        if after != before {
            let viewers = tx.viewers_of(me)?.into_iter().map(|(viewer, _)| viewer);
            let to = viewers.chain([me]).collect();
            let updated = asking.event(Happening::UserUpdated(card(after.clone())));
            telling.push(Told::new(updated, Audience::Multiplexed(to)));
        }
        Ok((before, after))
    })
    .await
}
