//! Accounts on the server, made as people make them: over HTTP.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use futures_util::{StreamExt, TryStreamExt, stream};
use hongyan_client::{Client, Session, protocol::operation::NOTICE_PATHS};
use hongyan_protocol::{
    text::Text,
    user::{Name, Password, Register, Sex, Sign},
};
use tokio::time::sleep;

use crate::{server::Server, socket::Socket};

/// Requests under way at the same time.
pub(crate) const AT_ONCE: usize = 32;

/// After this, a notice connection has what was kept for it: its second, and some.
const CAUGHT_UP: Duration = Duration::from_millis(2500);

/// Registers `count` accounts.
pub(crate) async fn register(server: &Server, count: usize) -> Result<Vec<Session>> {
    let client = Client::new(&server.url())?;
    // Runs against one server must not meet each other's accounts.
    let run = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64 & 0xFFFF_FFFF;
    stream::iter(0..count)
        .map(|number| {
            let client = client.clone();
            async move {
                let account = account(run, number)?;
                let session = client.register(&account).await;
                session.with_context(|| format!("account {number} of {count}"))
            }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

fn account(run: u64, number: usize) -> Result<Register> {
    let name = format!("{run:08x}-{number:x}");
    Ok(Register {
        username: Name::new(&name).map_err(anyhow::Error::msg)?,
        password: Password::new("a password for load"),
        nickname: Text::new(name).map_err(anyhow::Error::msg)?,
        sex: Sex::Unset,
        sign: Sign::default(),
    })
}

/// Opens a notice connection for each token, and lets them catch up.
pub(crate) async fn come_online(
    server: &Server,
    tokens: impl Iterator<Item = &str>,
) -> Result<Vec<Socket>> {
    let sockets = stream::iter(tokens)
        .map(|token| Socket::open(server.address, NOTICE_PATHS[0], token))
        .buffered(AT_ONCE)
        .try_collect()
        .await
        .context("cannot open all notice connections")?;
    sleep(CAUGHT_UP).await;
    Ok(sockets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_the_rule_up_to_a_million_accounts() {
        for number in [0, 10_000, 1_000_000] {
            assert!(account(0xFFFF_FFFF, number).is_ok());
        }
    }
}
