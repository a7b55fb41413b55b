//! Web OAuth through the real engine and the simulated platform: a code goes to WeChat once, whoever brings it however
//! often; what a business server gets is good once; and no token is ever seen.

#![expect(clippy::unwrap_used, reason = "a test: a failure should stop it where it stands")]

mod links;
mod rig;
mod routes;
mod users;
#[path = "../menus/world.rs"]
#[expect(dead_code, reason = "shared with the tests of menus, which use the rest")]
mod world;
