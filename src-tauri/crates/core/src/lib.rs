//! The engine of wxdesk: store, inbox, token engine, public listener, private API.
//!
//! Everything that the desktop app and the daemon can do is a method of [`Core`]; neither holds a rule of its own. This
//! crate knows no window. See `ARCHITECTURE.md` for the walk of a ticket through it.

pub mod api;
mod bulk;
mod call_log;
pub mod changes;
pub mod check;
pub mod clock;
pub mod commands;
pub mod core;
pub mod door;
pub mod dto;
pub mod engine;
pub mod error;
pub mod folder;
mod followers;
mod forward;
pub mod inbox;
mod js_sdk;
pub mod listener;
mod menus;
mod oauth;
pub mod paths;
pub mod policy;
mod release;
mod rules;
pub mod scene_codes;
mod sheet;
mod sockets;
pub mod sources;
pub mod store;
#[cfg(test)]
mod testing;
pub mod transport;
mod trial;
pub mod tunnel;
pub mod validate;
pub mod vault;
pub mod verifications;
mod views;

pub use crate::core::{Core, OpenOptions};
pub use error::AppError;

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}
