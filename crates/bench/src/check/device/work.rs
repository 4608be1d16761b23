//! What a device does, one thing at a time, as its dice say.

use hongyan_client::Error;
use serde_json::{Value, json};

use super::{Asked, Device, Line};
use crate::check::history::{Change, Sending, Wanted};
use crate::check::wire::With;

/// Of 100 unanswered messages, how many are not asked for again: whether they are stored stays unknown.
pub(super) const GIVEN_UP: u64 = 10;
/// Of 100 messages to friends, how many are refused when the friend is offline.
const NOT_KEPT: u64 = 10;
/// Longest filling of a text, in characters.
const FILLING: u64 = 200;

/// The connection breaks by the device's own will.
fn torn() -> Error {
    Error::Closed { code: None }
}

impl Device {
    /// Does one thing; an error means that the connection is lost. When it is over, only what is open is done.
    pub(super) async fn act(&mut self, line: &mut Line, over: bool) -> Result<(), Error> {
        if let Some((_, place, sending)) = self.memory.to_repeat.pop_first() {
            return self.send(line, place, sending).await;
        }
        if over {
            return Ok(());
        }
        match self.dice.below(100) {
            0 => Err(torn()),
            1..=4 => self.send_again(line).await,
            5..=12 => self.edit(line).await,
            13..=16 => self.recall(line).await,
            17..=28 => self.react(line).await,
            _ => self.send_new(line).await,
        }
    }

    async fn send_new(&mut self, line: &mut Line) -> Result<(), Error> {
        let place = self.dice.below(self.places.all.len() as u64) as usize;
        let id = format!("{}-{}", self.name, self.memory.bodies.len());
        let text = self.text(&id);
        let with = &self.places.all[place].1;
        let mut body = with.address(json!({"msg": text, "clientMsgId": id}));
        if matches!(with, With::Friend(_)) && self.dice.percent(NOT_KEPT) {
            body["whenOffline"] = json!("refuse");
        }
        let sendings = &mut self.record.known[place].sendings;
        let sending = sendings.len();
        sendings.push(Sending {
            sender: self.user.clone(),
            id,
            text,
            tries: Vec::new(),
        });
        self.memory.bodies.insert((place, sending), body);
        self.send(line, place, sending).await
    }

    /// Asks once more for what was acknowledged.
    async fn send_again(&mut self, line: &mut Line) -> Result<(), Error> {
        match self.an_own_message() {
            Some((place, sending, _)) => self.send(line, place, sending).await,
            None => Ok(()),
        }
    }

    async fn send(&mut self, line: &mut Line, place: usize, sending: usize) -> Result<(), Error> {
        let now = self.clock.now();
        let one = self.record.known[place].asked(sending, line.number, now);
        let body = self.memory.bodies.get(&(place, sending));
        let body = body.cloned().unwrap_or_default();
        let asked = Asked::Send {
            place,
            sending,
            one,
        };
        self.ask(line, "/ws/chat/send_msg", &body, asked).await
    }

    async fn edit(&mut self, line: &mut Line) -> Result<(), Error> {
        let Some((place, sending, seq)) = self.an_own_message() else {
            return Ok(());
        };
        let (changes, id) = (
            self.record.known[place].changes.len(),
            self.record.known[place].sendings[sending].id.clone(),
        );
        let text = self.text(&format!("{id} edit-{changes}"));
        let data = json!({"seq": seq, "msg": text});
        let wanted = Wanted::Edit { text };
        self.change(line, place, seq, ("/ws/chat/edit", data), wanted)
            .await
    }

    /// Each message once: a second recall changes nothing.
    async fn recall(&mut self, line: &mut Line) -> Result<(), Error> {
        let Some((place, _, seq)) = self.an_own_message() else {
            return Ok(());
        };
        if !self.memory.recalled.insert((place, seq)) {
            return Ok(());
        }
        let request = ("/ws/chat/recall", json!({"seq": seq}));
        self.change(line, place, seq, request, Wanted::Recall).await
    }

    /// Each message once, with an emoji that no other device has, and back at most once, when it is known to be there:
    /// so each acknowledged change is one entry.
    async fn react(&mut self, line: &mut Line) -> Result<(), Error> {
        let heard = self.memory.heard.make_contiguous();
        let Some((place, seq)) = self.dice.one_of(heard) else {
            return Ok(());
        };
        let on = match self.memory.reacted.get(&(place, seq)) {
            None => true,
            Some(true) => false,
            Some(false) => return Ok(()),
        };
        // Unknown until it is answered.
        self.memory.reacted.insert((place, seq), false);
        let emoji = format!("👍{}", self.name.rsplit('-').next().unwrap_or_default());
        let request = (
            "/ws/chat/react",
            json!({"seq": seq, "emoji": emoji, "on": on}),
        );
        let wanted = Wanted::Reaction { emoji, on };
        self.change(line, place, seq, request, wanted).await
    }

    async fn change(
        &mut self,
        line: &mut Line,
        place: usize,
        target: i64,
        (path, data): (&str, Value),
        what: Wanted,
    ) -> Result<(), Error> {
        let reaction = match what {
            Wanted::Reaction { on, .. } => Some((target, on)),
            Wanted::Edit { .. } | Wanted::Recall => None,
        };
        let data = self.places.all[place].1.address(data);
        let changes = &mut self.record.known[place].changes;
        let change = changes.len();
        changes.push(Change {
            by: self.user.clone(),
            target,
            what,
            asked: self.clock.now(),
            answer: None,
        });
        let asked = Asked::Change {
            place,
            change,
            reaction,
        };
        self.ask(line, path, &data, asked).await
    }

    fn an_own_message(&mut self) -> Option<(usize, usize, i64)> {
        self.dice.one_of(self.memory.own.make_contiguous())
    }

    /// A text that begins with `word`, and is of any length.
    fn text(&mut self, word: &str) -> String {
        let length = self.dice.below(FILLING) as usize;
        let filling = "天上鸿雁 wild geese ".chars().cycle().take(length);
        format!("{word} {}", filling.collect::<String>())
    }
}
