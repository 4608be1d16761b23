//! The server as a black box: every test speaks to it over real sockets, through the client or byte by byte.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod access;
mod code;
mod document;
mod endpoint;
mod friend;
mod group;
mod group_apply;
mod group_invite;
mod harness;
mod limits;
mod message;
mod presence;
mod session;
mod user;
