//! What a device makes of what it hears.

use std::collections::VecDeque;

use anyhow::{Context, Result, bail};
use hongyan_client::Error;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::{Asked, Device, Line};
use crate::check::{
    history::{Answer, Moment, Outcome, Step},
    wire::{receipt, wait_of},
};

impl Device {
    /// Takes in one frame. The inner error means that the connection is lost, the outer one that the server talks
    /// nonsense.
    pub(super) async fn hear(&mut self, line: &mut Line, frame: &str) -> Result<Result<(), Error>> {
        let frame: Value = serde_json::from_str(frame).context("a frame that is no JSON")?;
        if frame["eventType"].is_string() {
            self.hear_event(&frame)?;
            return Ok(Ok(()));
        }
        let asked = frame["reqId"].as_u64();
        let Some(asked) = asked.and_then(|req_id| self.memory.waiting.remove(&req_id)) else {
            bail!("an answer to what was not asked, or not any more: {frame}");
        };
        let code = frame["code"].as_str().context("an answer without code")?;
        if code == "9996" {
            self.memory.not_before = Some(Instant::now() + wait_of(&frame));
        }
        let now = self.clock.now();
        match asked {
            Asked::Sync(cursors) => return self.hear_sync(line, &frame, cursors).await,
            Asked::Send {
                place,
                sending,
                one,
            } => self.hear_sent((place, sending, one), code, &frame["data"], now)?,
            Asked::Change {
                place,
                change,
                reaction,
            } => {
                let outcome = match code {
                    "0000" => Outcome::Done,
                    "9998" => Outcome::Unknown,
                    _ => Outcome::Refused,
                };
                self.record.known[place].change_answered(change, now, outcome);
                if let Some((seq, on)) = reaction.filter(|_| outcome == Outcome::Done) {
                    self.memory.reacted.insert((place, seq), on);
                }
            }
        }
        Ok(Ok(()))
    }

    fn hear_event(&mut self, event: &Value) -> Result<()> {
        let Some((place, entry)) = self.places.entry(&self.user, event)? else {
            return Ok(());
        };
        if entry.target().is_none() {
            remember(&mut self.memory.heard, (place, entry.seq));
        }
        self.record.known[place].step(Step::Pushed(entry));
        Ok(())
    }

    async fn hear_sync(
        &mut self,
        line: &mut Line,
        frame: &Value,
        cursors: Vec<(usize, i64)>,
    ) -> Result<Result<(), Error>> {
        let places = cursors.iter().map(|(place, _)| *place).collect();
        match frame["code"].as_str() {
            Some("0000") => {}
            Some("9996" | "9998") => {
                // Nothing else is done before it has caught up, so the wait holds nobody up.
                if let Some(then) = self.memory.not_before.take() {
                    sleep_until(then).await;
                }
                return Ok(self.ask_to_sync(line, places).await);
            }
            _ => bail!("a sync was refused: {frame}"),
        }
        let mut unfinished = Vec::new();
        for (place, synced) in self.places.synced(&frame["data"], &cursors)? {
            let after = self.record.known[place].cursor();
            let step = synced.map_or(Step::Void { after }, Step::Synced);
            if matches!(&step, Step::Synced(synced) if synced.more) {
                unfinished.push(place);
            }
            self.record.known[place].step(step);
        }
        if unfinished.is_empty() {
            line.has_caught_up = true;
            return Ok(Ok(()));
        }
        Ok(self.ask_to_sync(line, unfinished).await)
    }

    fn hear_sent(
        &mut self,
        (place, sending, one): (usize, usize, usize),
        code: &str,
        data: &Value,
        now: Moment,
    ) -> Result<()> {
        let answer = match code {
            "0000" => Answer::Done(receipt(data)?),
            "9996" => Answer::Postponed,
            "9998" => Answer::Failed,
            _ => Answer::Refused(code.to_owned()),
        };
        match &answer {
            Answer::Done(receipt) => {
                remember(&mut self.memory.own, (place, sending, receipt.seq));
            }
            Answer::Postponed | Answer::Failed => self.repeat_later(place, sending),
            Answer::Refused(_) => {}
        }
        self.record.known[place].answered(sending, one, now, answer);
        Ok(())
    }
}

/// Keeps the last few.
fn remember<T>(list: &mut VecDeque<T>, one: T) {
    const FEW: usize = 64;
    if list.len() == FEW {
        list.pop_front();
    }
    list.push_back(one);
}
