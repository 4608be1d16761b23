//! The router, asked as a client would.
