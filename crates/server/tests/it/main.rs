//! The server as a black box: every test speaks to it over real sockets, through the client or byte by byte.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod bad_input;
mod code;
mod document;
mod friend;
mod group;
mod group_apply;
mod group_invite;
mod harness;
mod message;
mod race;
