//! The server as a black box: every test speaks to it over real sockets, through the client or byte by byte.

mod crash;
mod document;
mod harness;
mod message;
