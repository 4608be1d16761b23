//! The server as a black box: every test speaks to it over real sockets, through the client or byte by byte.

mod document;
mod endpoint;
mod harness;
mod limits;
mod message;
mod presence;
mod session;
mod user;
