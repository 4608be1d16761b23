//! placeholder

pub mod cli;
pub mod data_dir;
pub mod ws;
