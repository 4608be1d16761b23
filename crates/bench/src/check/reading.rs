//! Reading everything back, as a device that has nothing yet.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use hongyan_client::{RawSocket, Session};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::{
    history::{Reading, Shown},
    wire::{Places, shown, wait_of},
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads the log and the history of each of a user's conversations, in the order of `places`.
pub(crate) async fn read_all(
    session: &Session,
    places: &Places,
    device: &str,
    backwards: bool,
) -> Result<Vec<Reading>> {
    let mut socket = session.socket("/ws").await?;
    messages_are_kept(&mut socket).await?;
    let mut readings = Vec::new();
    for place in 0..places.all.len() {
        let mut reading = read_log(&mut socket, places, place).await?;
        device.clone_into(&mut reading.device);
        reading.messages = read_history(&mut socket, places, place, backwards).await?;
        readings.push(reading);
    }
    Ok(readings)
}

/// A server that deletes what was delivered breaks no promise, and cannot be judged.
async fn messages_are_kept(socket: &mut RawSocket) -> Result<()> {
    let answer = exchange(socket, "/ws/chat/conversations", &json!({"limit": 100})).await?;
    let cards = answer["data"]["list"].as_array();
    for card in cards.into_iter().flatten() {
        if card["keep"] == "until-delivered" {
            bail!("the server must keep messages: set messages.keep to \"forever\" or to days");
        }
    }
    Ok(())
}

async fn read_log(socket: &mut RawSocket, places: &Places, place: usize) -> Result<Reading> {
    let mut reading = Reading::default();
    loop {
        let after = reading.log.last().map_or(0, |entry| entry.seq);
        let cursor = places.all[place].1.cursor(after);
        let answer = exchange(socket, "/ws/chat/sync", &json!({"cursors": [cursor]})).await?;
        let answers = places.synced(&answer["data"], &[(place, after)])?;
        let Some((_, Some(synced))) = answers.into_iter().next() else {
            // What cannot be read is lost: the judge says of what.
            return Ok(reading);
        };
        if synced.more && synced.entries.is_empty() {
            bail!("a sync says that there is more behind {after}, and gives nothing");
        }
        reading.last_seq = synced.last_seq;
        reading.log.extend(synced.entries);
        if !synced.more {
            return Ok(reading);
        }
    }
}

async fn read_history(
    socket: &mut RawSocket,
    places: &Places,
    place: usize,
    backwards: bool,
) -> Result<Vec<Shown>> {
    let with = &places.all[place].1;
    let (side, mut edge) = if backwards {
        ("before", i64::MAX)
    } else {
        ("after", 0)
    };
    let mut messages: Vec<Shown> = Vec::new();
    loop {
        let request = with.address(json!({side: edge, "limit": 100}));
        let answer = exchange(socket, "/ws/chat/history", &request).await?;
        if answer["code"] != "0000" {
            return Ok(messages);
        }
        let data = &answer["data"];
        let list: &Vec<Value> = data["list"].as_array().context("a page without list")?;
        let page = list.iter().map(shown).collect::<Result<Vec<_>>>()?;
        let last = if backwards { page.first() } else { page.last() };
        let reached = last.map(|message| message.seq);
        if backwards {
            messages.splice(0..0, page);
        } else {
            messages.extend(page);
        }
        match (data["more"].as_bool(), reached) {
            (Some(false), _) => return Ok(messages),
            (Some(true), Some(reached)) if reached != edge => edge = reached,
            _ => bail!("a page of the history has no end: {side} {edge}"),
        }
    }
}

/// One request and its answer, on a socket on which nothing else is asked.
async fn exchange(socket: &mut RawSocket, path: &str, data: &Value) -> Result<Value> {
    loop {
        let frame = json!({"reqId": 0, "path": path, "data": data}).to_string();
        socket.send_text(frame).await?;
        let answer = timeout(PATIENCE, answer(socket));
        let answer = answer.await.context("no answer came")??;
        if answer["code"] != "9996" {
            return Ok(answer);
        }
        sleep(wait_of(&answer)).await;
    }
}

async fn answer(socket: &mut RawSocket) -> Result<Value> {
    loop {
        let frame: Value = serde_json::from_str(&socket.next().await?)?;
        if frame["code"].is_string() {
            return Ok(frame);
        }
    }
}
