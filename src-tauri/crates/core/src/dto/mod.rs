//! What leaves the engine: documents for the window, the daemon's HTTP and the command line.
//!
//! Owns the shapes only; no rule lives here. Invariant: no document holds a secret or a token, except the ones
//! whose name begins with `Revealed`. Times are integer milliseconds since 1970 (UTC) unless a name says otherwise.
//! The TypeScript twins in `ui/src/host/bindings/` are generated from these by ts-rs when the tests run.

mod account;
mod bulk;
mod call;
mod channel;
mod check;
mod details;
mod follower;
mod js_sdk;
mod life;
mod link;
mod menu;
mod oauth;
mod option;
mod overview;
mod own;
mod platform;
mod push;
mod quota;
mod reconcile;
mod release;
mod rule;
mod scene_code;
mod status;
mod target;
mod token;
mod trial;
mod tunnel;

pub use account::*;
pub use bulk::*;
pub use call::*;
pub use channel::*;
pub use check::*;
pub use details::*;
pub use follower::*;
pub use js_sdk::*;
pub use life::*;
pub use link::*;
pub use menu::*;
pub use oauth::*;
pub use option::*;
pub use overview::*;
pub use own::*;
pub use platform::*;
pub use push::*;
pub use quota::*;
pub use reconcile::*;
pub use release::*;
pub use rule::*;
pub use scene_code::*;
pub use status::*;
pub use target::*;
pub use token::*;
pub use trial::*;
pub use tunnel::*;
