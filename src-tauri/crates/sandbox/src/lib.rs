//! A simulated WeChat Open Platform: tickets, tokens, authorizations, menus, pushes and scripted faults.
//!
//! Owns: [`Platform`], a pure state machine; [`InProcess`], a transport that calls it without a socket; [`pump`], which
//! carries its pushes to a [`PushSink`]; and [`door`], which serves it over HTTP to any SDK and any browser.
//! Must not: know the engine or its database; it depends on the protocol crate alone.
//! Invariant: the state machine does no I/O and reads no clock; the same seed and calls give the same bytes.

pub mod accounts;
mod api;
pub mod authorize;
pub mod avatar;
pub mod call;
pub mod clock;
pub mod codec;
pub mod config;
mod controls;
pub mod crowd;
pub mod delivery;
pub mod door;
pub mod fault;
mod fields;
pub mod platform;
pub mod pump;
pub mod push;
pub mod rng;

mod oauth;
pub mod people;
pub mod release;
mod reply;
mod seal;
mod server;
mod state;
pub mod transport;
pub mod violation;
mod website;

pub use api::qrcode::ScanError;
pub use authorize::{AuthorizePage, AuthorizeQuery, Candidate, Confirmed, Entry, PageError};
pub use call::{Answer, CallId, End, Reply, Request};
pub use clock::{AdjustableClock, SandboxClock, TokioClock};
pub use config::{Credentials, SandboxConfig};
pub use controls::{AccountView, FOLLOWERS, JsConfig};
pub use crowd::CrowdView;
pub use delivery::{PushRecord, PushState, PushView};
pub use fault::{Effect, Fault, When};
pub use oauth::{Choice, ConsentError, ConsentKind, ConsentPage};
pub use people::{Followed, PEOPLE, PersonView, Who, openid_of, person_openid};
pub use platform::{Platform, Snapshot};
pub use pump::{PumpHandle, PushReply, PushSink, pump};
pub use push::{Push, PushKind, PushOutcome};
pub use release::{CheckError, Rehearsal, Row, RowName, RowState};
pub use reply::UNAVAILABLE;
pub use server::{Step, Verification, Verified};
pub use state::{CallRecord, Follower, Format, Mode, Server};
pub use transport::{InProcess, SharedPlatform, lock};
pub use violation::{Violation, ViolationKind};
