//! The simulated platform as its users see it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod answers;
mod calls;
mod crowd;
mod determinism;
mod direct;
mod door;
mod faults;
mod live;
mod menus;
mod oauth;
mod pages;
mod peer;
mod pump;
mod pushes;
mod release;
mod rig;
mod transport;
mod violations;
