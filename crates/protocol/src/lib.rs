//! What is said: the operations, events, codes and identifiers of Hongyan's wire, without any I/O.
//!
//! "The seed document" is the interface document that this protocol was ordered with, `docs/seed.md`. Where a public
//! item carries it out, it names the line.

pub mod code;
pub mod conversation;
pub mod document;
pub mod endpoint;
pub mod event;
pub mod file;
pub mod friend;
pub mod group;
pub mod group_member;
pub mod id;
pub mod keep;
pub mod kind;
pub mod limits;
pub mod message;
pub mod operation;
pub mod presence;
pub mod search;
pub mod text;
pub mod user;
#[cfg(test)]
mod wire;

pub use code::Code;
pub use endpoint::Endpoint;
pub use event::{Event, EventType, Happening};
pub use operation::{Answer, Operation, Request};
