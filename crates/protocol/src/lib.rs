//! What is said: the operations, events, codes and identifiers of Hongyan's wire, without any I/O.

pub mod code;
pub mod group;
pub mod id;
pub mod text;
pub mod user;

pub use code::Code;
