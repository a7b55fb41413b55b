//! The program `wxdesk`.
//!
//! Owns the process: its environment before the first thread, and its exit code. Everything else is in the library.

// No console window beside ours on Windows; a debug build keeps it for the log.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

/// What one thread allocates another frees, with every push: the system's allocator takes a lock for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    prefer_plain_buffers();
    wxdesk::shell::run()
}

/// WebKitGTK's DMA-BUF renderer paints an empty window on many drivers and virtual machines (NVIDIA, VirtualBox,
/// remote desktops). The variable must be set before GTK starts; whoever sets it himself is left alone.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "set_var is unsafe since edition 2024; there is no other thread yet that could read")]
fn prefer_plain_buffers() {
    const NAME: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
    if std::env::var_os(NAME).is_none() {
        // SAFETY: the first statement of `main`; nothing has started a thread.
        unsafe { std::env::set_var(NAME, "1") };
    }
}
