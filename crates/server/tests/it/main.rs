//! The server as a black box: every test speaks to it over real sockets, through the client or byte by byte.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod document;
mod endpoint;
mod harness;
mod limits;
mod message;
mod presence;
mod session;
mod user;
