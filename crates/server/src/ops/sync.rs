//! Resuming: what a client lacks behind the places that it has reached.

use hongyan_protocol::{
    conversation::{Cursor, LONGEST_SYNC, MOST_CURSORS, Missed, Sync, Synced, Target},
    id::UserId,
};
use hongyan_store::{Entry, View};
use serde_json::value::RawValue;

use super::{Ctx, conversation::ENOUGH_BYTES, log::entry_event};
use crate::{
    access::{self, Place},
    error::{Error, Result},
    ws::Mark,
};

/// Entries read at a time: what does not fit into an answer was read in vain.
const READ_AT_ONCE: u32 = 100;

/// Gives what lies behind the cursors, as it would have been pushed.
pub async fn sync(ctx: Ctx, request: Sync) -> Result<Synced> {
    if request.cursors.len() > MOST_CURSORS {
        return Err(Error::Invalid(format!(
            "cursors: at most {MOST_CURSORS} are wanted"
        )));
    }
    let targets = request.cursors.iter().map(|cursor| {
        let target = cursor.target().map(|target| (target, cursor.seq));
        target.ok_or_else(|| Error::Invalid("cursors: userId or groupId is wanted".to_owned()))
    });
    let targets = targets.collect::<Result<Vec<_>>>()?;
    let (me, epoch) = (ctx.user, ctx.app.store.epoch().to_owned());
    let restored = request.epoch.is_some_and(|known| *known != *epoch);
    let read = ctx.app.store.read(move |view| {
        let mut answer = Answer::new(me, epoch);
        for (target, seq) in targets {
            answer.add(view, target, seq, restored)?;
        }
        Ok::<_, Error>(answer)
    });
    let answer = read.await?;
    for mark in answer.reached {
        ctx.app.hub.delivered().note(me, mark);
    }
    Ok(answer.synced)
}

/// An answer in the making.
struct Answer {
    me: UserId,
    synced: Synced,
    /// What the cursors say has arrived and the store does not know yet.
    reached: Vec<Mark>,
    entries: u32,
    bytes: usize,
}

impl Answer {
    fn new(me: UserId, epoch: String) -> Self {
        Self {
            me,
            synced: Synced {
                epoch,
                list: Vec::new(),
                resync: Vec::new(),
                gone: Vec::new(),
            },
            reached: Vec::new(),
            entries: LONGEST_SYNC,
            bytes: ENOUGH_BYTES,
        }
    }

    /// Adds what one conversation has behind `seq`.
    fn add(&mut self, view: &View<'_>, target: Target, seq: i64, restored: bool) -> Result<()> {
        let place = match access::place(view, self.me, target) {
            Ok(place) => place,
            Err(Error::Refused(_)) => {
                self.synced.gone.push(Cursor::at(target, seq));
                return Ok(());
            }
            Err(broken) => return Err(broken),
        };
        let last_seq = place.conversation.last_seq;
        if restored || seq > last_seq || seq < place.first_seq() {
            self.synced.resync.push(Cursor::at(target, last_seq));
            return Ok(());
        }
        if seq > place.cursor.delivered_seq {
            self.reached.push(Mark {
                conversation: place.conversation.id,
                seq,
            });
        }
        if seq == last_seq {
            return Ok(());
        }
        let (events, more) = self.missed(view, &place, seq)?;
        let Cursor {
            user_id, group_id, ..
        } = Cursor::at(target, seq);
        self.synced.list.push(Missed {
            user_id,
            group_id,
            events,
            last_seq,
            more,
        });
        Ok(())
    }

    /// The events behind `seq`, as many as there is room for, and whether there are more.
    fn missed(
        &mut self,
        view: &View<'_>,
        place: &Place,
        seq: i64,
    ) -> Result<(Vec<Box<RawValue>>, bool)> {
        let (mut events, mut after) = (Vec::new(), seq);
        while self.entries > 0 && self.bytes > 0 {
            let wanted = self.entries.min(READ_AT_ONCE);
            let page = view.log(place.conversation.id, after, place.first_seq(), wanted)?;
            let is_last = page.len() < wanted as usize;
            for entry in page {
                if self.bytes == 0 {
                    return Ok((events, true));
                }
                let event = event_of(self.me, place, &entry)?;
                after = entry.seq();
                self.entries -= 1;
                self.bytes = self.bytes.saturating_sub(event.get().len());
                events.push(event);
            }
            if is_last {
                return Ok((events, false));
            }
        }
        Ok((events, true))
    }
}

/// An entry of a log as it would have been pushed to `reader`.
fn event_of(reader: UserId, place: &Place, entry: &Entry) -> Result<Box<RawValue>> {
    let event = entry_event(entry, place.conversation.group_id);
    // One's own words to a friend are addressed to the friend.
    let to = match place.peer(reader) {
        Some(peer) if event.from == Some(reader) => peer,
        _ => reader,
    };
    Ok(serde_json::from_slice(&event.encode()?.addressed_to(to))?)
}
