//! The program around the page: start, window, hand-over to a first window, end.
//!
//! Owns the order of these steps and the exit code (0 ended, 2 could not start). It must hold no business rule: the
//! engine's commands are in `wxdesk_core`, reached through `ipc`. Invariant: the program never ends without having
//! asked the engines to stop, and never waits longer than [`LAST_WAIT`] for them.

mod args;
mod changes;
pub(crate) mod clipboard;
pub(crate) mod desk;
mod failure;
mod focus;
mod memory;
mod session;
mod window;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser;
use tauri::{AppHandle, Manager, RunEvent};
use tracing_subscriber::EnvFilter;
use wxdesk_core::dto::ErrorCode;

use args::Args;
use clipboard::SecretClipboard;
use desk::Desk;
use focus::FocusDoor;
use window::Curtain;

/// The program ends within 5 s; the rest is for the runtime and the process itself.
const LAST_WAIT: Duration = Duration::from_millis(4_700);
/// What is logged unless `WXDESK_LOG` says otherwise.
const LOGGED: &str = "warn,wxdesk=info,wxdesk_core=info,wxdesk_sandbox=info";
/// Libraries that see whole URLs and headers: their finer lines are never shown, whatever the filter says.
const QUIET: [&str; 7] =
    ["hyper=info", "hyper_util=info", "reqwest=info", "rustls=info", "tower_http=info", "axum=info", "tauri=info"];
/// Usage or environment, as for `wxdeskd`.
const COULD_NOT_START: i32 = 2;

/// Runs the app until its window is closed.
#[must_use]
pub fn run() -> ExitCode {
    let args = Args::parse();
    log_to_stderr();
    if no_display() {
        failure::print(
            "no display: neither DISPLAY nor WAYLAND_DISPLAY is set. Without a window, run: wxdeskd serve --sandbox",
        );
        return exit_code(COULD_NOT_START);
    }
    // Cheaper than to build a window first and find the folder held. The lock still decides when nobody answers here.
    let folder = desk::folder(&args.folder(), args.sandbox);
    if tauri::async_runtime::block_on(focus::hand_over(&folder)) {
        return exit_code(0);
    }
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .invoke_handler(crate::ipc::handler())
        .setup(move |app| setup(app, &args))
        .build(tauri::generate_context!());
    let app = match app {
        Ok(app) => app,
        Err(error) => {
            failure::print(&format!("the window could not be made: {error}"));
            return exit_code(COULD_NOT_START);
        }
    };
    let stopped = Arc::new(AtomicBool::new(false));
    exit_code(app.run_return(move |app, event| {
        if let RunEvent::ExitRequested { code, api, .. } = event
            && !stopped.load(Ordering::SeqCst)
        {
            api.prevent_exit();
            end(app.clone(), stopped.clone(), code.unwrap_or(0));
        }
    }))
}

fn setup(app: &mut tauri::App, args: &Args) -> Result<(), Box<dyn std::error::Error>> {
    let handle = app.handle().clone();
    let raised = handle.clone();
    let focus = tauri::async_runtime::block_on(FocusDoor::open(move || window::raise(&raised)))?;
    let desk = Arc::new(Desk::new(args.folder(), args.sandbox, focus));
    let curtain = Arc::new(Curtain::default());
    app.manage(desk.clone());
    app.manage(SecretClipboard::<clipboard::System>::default());
    // The store opens while the web view loads: each takes about as long as the other.
    tauri::async_runtime::spawn(open(handle.clone(), desk.clone(), curtain.clone()));
    tauri::async_runtime::spawn(end_on_signal(handle.clone()));
    window::create(app, &desk.folder(), curtain)?;
    // After the window is made: what it forwards first is the title.
    tauri::async_runtime::spawn(changes::forward(handle, desk.follow()));
    Ok(())
}

async fn open(app: AppHandle, desk: Arc<Desk>, curtain: Arc<Curtain>) {
    match desk.open().await {
        Ok(moved) => {
            curtain.engine_is_open(&app);
            if let Some(wanted) = moved {
                failure::warn_moved(&app, wanted, &desk).await;
            }
        }
        Err(error) if error.code == ErrorCode::Held && focus::hand_over_to_holder(&desk.folder()).await => app.exit(0),
        Err(error) => {
            failure::tell(&app, &error).await;
            app.exit(COULD_NOT_START);
        }
    }
}

/// Stops the engines, then ends the program with `code`. A second request while the first is at work changes nothing.
fn end(app: AppHandle, stopped: Arc<AtomicBool>, code: i32) {
    window::hide(&app);
    app.state::<SecretClipboard>().empty();
    tauri::async_runtime::spawn(async move {
        let desk = app.state::<Arc<Desk>>().inner().clone();
        if tokio::time::timeout(LAST_WAIT, desk.stop()).await.is_err() {
            tracing::warn!("the engine did not stop in time; what was in flight is resolved at the next start");
        }
        stopped.store(true, Ordering::SeqCst);
        app.exit(code);
    });
}

#[cfg(unix)]
async fn end_on_signal(app: AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    app.exit(0);
}

#[cfg(not(unix))]
async fn end_on_signal(app: AppHandle) {
    if tokio::signal::ctrl_c().await.is_ok() {
        app.exit(0);
    }
}

/// GTK would end the program with a line that helps nobody.
fn no_display() -> bool {
    let unset = |name| std::env::var_os(name).is_none_or(|v| v.is_empty());
    cfg!(target_os = "linux") && unset("DISPLAY") && unset("WAYLAND_DISPLAY")
}

/// `WXDESK_LOG` takes the usual filter directives, e.g. `wxdesk_core=debug`.
fn log_to_stderr() {
    let wanted = std::env::var("WXDESK_LOG").ok().filter(|wanted| !wanted.is_empty());
    let mut filter =
        wanted.and_then(|wanted| EnvFilter::try_new(wanted).ok()).unwrap_or_else(|| EnvFilter::new(LOGGED));
    for directive in QUIET {
        if let Ok(directive) = directive.parse() {
            filter = filter.add_directive(directive);
        }
    }
    let logged = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
    if let Err(error) = logged {
        failure::print(&format!("no log: {error}"));
    }
}

fn exit_code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
