//! placeholder

pub mod ws;
