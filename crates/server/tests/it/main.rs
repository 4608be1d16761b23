//! The server as a black box: every test speaks to it over real sockets, through the client or byte by byte.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod access;
mod account;
mod attachment;
mod bad_input;
mod code;
mod command_line;
mod conversation;
mod crash;
mod dead_peer;
mod disk_full;
mod document;
mod endpoint;
mod file;
mod friend;
mod group;
mod group_apply;
mod group_invite;
mod harness;
mod keep;
mod limits;
mod message;
mod message_change;
mod message_search;
mod multiplexed;
mod page;
mod password;
mod presence;
mod race;
mod search;
mod session;
mod shutdown;
mod store_file;
mod sync;
mod user;
