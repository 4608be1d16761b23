//! The server: who may do what, and who hears of it.

pub mod access;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod data_dir;
pub mod drawing;
pub mod error;
pub mod file;
pub mod http;
pub mod hub;
pub mod limits;
pub mod ops;
pub mod password;
pub mod picture;
pub mod serve;
pub mod session;
pub mod ws;
