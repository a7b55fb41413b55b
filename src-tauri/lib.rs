//! The desktop app: a window around the engine of `wxdesk_core`.
//!
//! Owns the window, the commands between page and engine, and what differs from desktop to desktop. It holds no
//! business rule: whatever the window can do, `wxdeskd` can do. Without the feature `app` the library is empty, so that
//! the workspace's tests build without WebKit.

#[cfg(feature = "app")]
mod ipc;
#[cfg(feature = "app")]
pub mod shell;
