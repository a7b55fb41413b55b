//! Logging to stderr; `WXDESK_LOG` chooses what, in tracing's notation.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Libraries that see whole URLs and headers: their finer lines are never shown, whatever the filter says.
const QUIET: [&str; 6] =
    ["hyper=info", "hyper_util=info", "reqwest=info", "rustls=info", "tower_http=info", "axum=info"];

/// Starts logging. A long-running program tells what it does, a command only what went wrong.
pub fn start(long_running: bool) {
    let default = if long_running { "info" } else { "warn" };
    let wanted = std::env::var("WXDESK_LOG").ok().filter(|w| !w.is_empty());
    let mut filter =
        EnvFilter::try_new(wanted.as_deref().unwrap_or(default)).unwrap_or_else(|_| EnvFilter::new(default));
    for directive in QUIET {
        if let Ok(directive) = directive.parse() {
            filter = filter.add_directive(directive);
        }
    }
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}
