//! What leaves the engine: documents for the window, the daemon's HTTP and the command line.
//!
//! Owns the shapes only; no rule lives here. Invariant: no document holds a secret or a token, except the ones
//! whose name begins with `Revealed`. Times are integer milliseconds since 1970 (UTC) unless a name says otherwise.
//! The TypeScript twins in `ui/src/host/bindings/` are generated from these by ts-rs when the tests run.

mod account;
mod channel;
mod check;
mod life;
mod link;
mod overview;
mod platform;
mod reconcile;
mod status;
mod tunnel;

pub use account::*;
pub use channel::*;
pub use check::*;
pub use life::*;
pub use link::*;
pub use overview::*;
pub use platform::*;
pub use reconcile::*;
pub use status::*;
pub use tunnel::*;
