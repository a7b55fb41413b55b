//! Menus through the real engine and the simulated platform: what goes out comes back, and whatever happens on the way,
//! what is live in the end is what was published.

#![expect(clippy::unwrap_used, reason = "a test: a failure should stop it where it stands")]

mod publish;
mod readings;
mod takeover;
mod templates;
mod world;
