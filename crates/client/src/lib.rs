//! The Rust client of Hongyan (鸿雁): for bots, tests, load and the terminal.
//!
//! A [`Client`] is a server, a [`Session`] is a login on it. Operations are methods of the session; what happens comes
//! from [`Session::events`] (reconnecting, without repeats) or [`Session::notices`] (one connection, as it is). All types
//! of the wire are those of [`hongyan_protocol`], here as [`protocol`].
//!
//! ```no_run
//! use hongyan_client::{Client, News, protocol::Happening};
//!
//! # async fn chat() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new("http://127.0.0.1:8006")?;
//! let ann = client.login("anna", "a long password").await?;
//! let bo = client.login("bobo", "another password").await?;
//!
//! let mut bo_hears = bo.events();
//! while let Some(news) = bo_hears.next().await {
//!     let event = match news {
//!         News::Connected => {
//!             ann.add_friend(bo.id(), "Ann, from the choir").await?;
//!             continue;
//!         }
//!         News::Event(event) => event,
//!         _ => continue,
//!     };
//!     match event.happening()? {
//!         Some(Happening::FriendAdd(request)) => {
//!             bo.answer_friend(request.friend_apply_id, true).await?;
//!             ann.send_to_user(bo.id(), "Hello, Bo!").await?;
//!         }
//!         Some(Happening::ChatF2f(chat)) => {
//!             println!("{}", chat.msg);
//!             break;
//!         }
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Every wait for an answer has a deadline: 10 s to connect, 30 s for a call. Every queue has a bound, at which callers
//! wait. An `https://` server is trusted when the system trusts its certificate.

use std::time::Duration;

mod account;
mod address;
mod api;
mod backoff;
mod client;
mod error;
mod events;
mod file;
mod notices;
mod operations;
mod pipeline;
mod reliable;
mod repeats;
mod session;
mod socket;

pub use client::Client;
pub use error::{DISPLACED, Error, NOT_LOGGED_IN, Result, TOO_LARGE};
pub use events::{Events, LogoutReason, News};
pub use file::{Download, carrying};
pub use hongyan_protocol as protocol;
pub use notices::{Event, Notices};
pub use operations::{to_group, to_user};
pub use repeats::Repeats;
pub use session::Session;
pub use socket::RawSocket;

/// How long opening a connection may take.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// How long a call may take, connecting included.
const CALL_DEADLINE: Duration = Duration::from_secs(30);
