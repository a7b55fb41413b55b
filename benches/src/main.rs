//! Measurements behind `make bench`: each prints figures and ratios of one run on one machine.
//!
//! `ingest` – the public door against peers in other languages; `attack` – the same under hostile loads; `crypto` – one message against OpenSSL; `accounts` –
//! ten thousand tokens due at once; `list` – pages of 100,000 accounts; `calls` – a full log of calls; `messages` – rules and business servers; `window` – cold start against an empty one, and idling. `ingest-server` is the process that `ingest` measures.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measuring program: it prints, and a failure should stop it"
)]

/// As in the programs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod accounts;
#[cfg(unix)]
mod attack;
mod calls;
mod crypto;
mod ingest;
mod list;
mod load;
mod messages;
mod window;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("ingest") => ingest::run(&arguments[1..]),
        #[cfg(unix)]
        Some("attack") => attack::run(),
        Some("ingest-server") => ingest::server(),
        Some("crypto") => crypto::run(),
        Some("accounts") => accounts::run(&arguments[1..]),
        Some("list") => list::run(&arguments[1..]),
        Some("calls") => calls::run(&arguments[1..]),
        Some("messages") => messages::run(&arguments[1..]),
        Some("window") => window::run(),
        _ => {
            println!(
                "usage: wxdesk-bench ingest [MESSAGES] | attack | crypto | accounts [COUNT] | list [COUNT] | calls [COUNT] | messages [COUNT] | window"
            );
            std::process::exit(2);
        }
    }
}
