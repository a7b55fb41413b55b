//! The simulated platform as its users see it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod calls;
mod determinism;
mod direct;
mod door;
mod faults;
mod menus;
mod oauth;
mod pages;
mod pump;
mod pushes;
mod rig;
mod transport;
mod violations;
