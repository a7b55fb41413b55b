//! Accounts that are connected with their own AppSecret, against the simulated platform on simulated time.

#![expect(clippy::unwrap_used, reason = "a test: a failure should stop it where it stands")]

mod doors;
mod tokens;
mod world;
