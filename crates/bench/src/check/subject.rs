//! The server that is checked, and the troubles that it has meanwhile.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::Result;
use tokio::time::sleep;

use super::{Options, dice::Dice};
use crate::server::{Launch, OwnServer, Server};

/// Devices that each user has on a server that is started here.
pub(crate) const DEVICES: u32 = 2;
/// What such a server is told besides. The bound on connections is one that every system has the files for: each start
/// would warn of it.
const SETTINGS: &[(&str, &str)] = &[
    ("HONGYAN_ACCOUNTS__DEVICES", "2"),
    ("HONGYAN_LIMITS__CONNECTIONS", "500"),
];

/// ms that a server lives, at least and at most, before it is killed.
const LIFE: (u64, u64) = (20, 1000);
const ROUNDS: u32 = 10;
const SECONDS: u64 = 20;
/// How long a running server may go on with the requests of a connection that is gone (5 s), and some.
const AFTERMATH: Duration = Duration::from_secs(6);

pub(crate) enum Subject {
    /// Started here, and killed again and again.
    Own(Box<Server>),
    /// Somebody's, at this address.
    Running(String),
}

impl Subject {
    /// Starts a server, on an address of this machine that nobody takes while the server is dead.
    pub(crate) async fn start(own: OwnServer) -> Result<Self> {
        let [.., high, middle, low] = std::process::id().to_be_bytes();
        let launch = Launch {
            listen: SocketAddr::from((Ipv4Addr::new(127, high | 0x40, middle, low), 0)),
            settings: SETTINGS,
        };
        let server = Server::start(own, launch).await?;
        Ok(Self::Own(Box::new(server)))
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Own(server) => server.url(),
            Self::Running(url) => url.clone(),
        }
    }

    /// Logins of an account at the same time that it surely allows.
    pub(crate) fn devices(&self) -> u32 {
        match self {
            Self::Own(_) => DEVICES,
            Self::Running(_) => 1,
        }
    }

    /// ms between two actions of a device. Others' servers bound the rate of an account.
    pub(crate) fn pace(&self) -> u64 {
        match self {
            Self::Own(_) => 8,
            Self::Running(_) => 60,
        }
    }

    /// Kills the server at random moments and starts it again, or gives a running one its time. Gives the number of kills.
    pub(crate) async fn trouble(&mut self, options: &Options, dice: &mut Dice) -> Result<u32> {
        let Self::Own(server) = self else {
            sleep(Duration::from_secs(options.seconds.unwrap_or(SECONDS))).await;
            return Ok(0);
        };
        let rounds = options.rounds.unwrap_or(ROUNDS);
        let (least, most) = LIFE;
        for _ in 0..rounds {
            let life = least + dice.below(most - least);
            sleep(Duration::from_millis(life)).await;
            server.crash().await?;
        }
        Ok(rounds)
    }

    /// Waits until nothing that was asked for before can take effect any more: what is read from now on stays. Gives the
    /// number of kills.
    pub(crate) async fn settle(&mut self) -> Result<u32> {
        match self {
            Self::Own(server) => {
                server.crash().await?;
                Ok(1)
            }
            Self::Running(_) => {
                sleep(AFTERMATH).await;
                Ok(0)
            }
        }
    }

    /// Stops the server, if it was started here.
    pub(crate) async fn end(self) -> Result<()> {
        match self {
            Self::Own(server) => server.stop().await,
            Self::Running(_) => Ok(()),
        }
    }
}
