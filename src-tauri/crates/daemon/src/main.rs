//! `wxdeskd`: the engine without a window, and its command line.
//!
//! Owns arguments, exit codes and what goes to which stream: results to stdout, messages to stderr. No business rule
//! lives here; every command is a call of the local API or of the core. Invariant: no secret is an argument, and none
//! is printed but a new API key (`key create`), a business server's secret (`target secret`) and the simulated platform's credentials (`sandbox`).

mod args;
mod commands;
mod demo;
mod engine;
mod failure;
mod log;
mod owner;
mod print;
mod sandbox;
mod serve;
mod stop;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use args::{Args, Command};

/// What one thread allocates another frees, with every push: the system's allocator takes a lock for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    log::start(matches!(args.command, Command::Serve(_) | Command::Sandbox(_)));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return failure::Failure::environment(format!("no runtime: {e}")).end(),
    };
    let done = runtime.block_on(run(args));
    // Whatever still runs has had its time (see `stop`).
    runtime.shutdown_timeout(Duration::from_millis(100));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.end(),
    }
}

async fn run(args: Args) -> Result<(), failure::Failure> {
    let dir = args.data_dir.unwrap_or_else(wxdesk_core::paths::default_data_dir);
    match args.command {
        Command::Serve(args) => serve::run(&dir, args).await,
        Command::Platform(command) => commands::platform::run(&dir, command).await,
        Command::Account(command) => commands::account::run(&dir, command).await,
        Command::Menu(command) => commands::menu::run(&dir, command).await,
        Command::Tenant(command) => commands::tenant::run(&dir, command).await,
        Command::Link(command) => commands::link::links(&dir, command).await,
        Command::Reconcile(args) => commands::reconcile::run(&dir, args).await,
        Command::Status(args) => commands::status::run(&dir, args).await,
        Command::AuthorizeLink(args) => commands::link::run(&dir, args).await,
        Command::Key(command) => commands::key::run(&dir, command).await,
        Command::Calls(args) => commands::calls::run(&dir, args).await,
        Command::Quota(args) => commands::quota::run(&dir, args).await,
        Command::Rid(args) => commands::quota::rid(&dir, args).await,
        Command::Tunnel(command) => commands::tunnel::run(&dir, command).await,
        Command::VerificationFile(command) => commands::channel::file(&dir, command).await,
        Command::Check(output) => commands::channel::check(&dir, output.json).await,
        Command::Egress { component_appid, output } => {
            commands::channel::egress(&dir, &component_appid, output.json).await
        }
        Command::Inbox(command) => commands::inbox::run(&dir, command).await,
        Command::Rule(command) => commands::rule::run(&dir, command).await,
        Command::Target(command) => commands::target::run(&dir, command).await,
        Command::Message(command) => commands::message::run(&dir, command).await,
        Command::SelfTest(args) => commands::message::self_test(&dir, args).await,
        Command::ReleaseCheck(args) => commands::release::run(&dir, args).await,
        Command::Oauth(command) => commands::oauth::run(&dir, command).await,
        Command::JsapiSignature(args) => commands::console::jsapi_signature(&dir, args).await,
        Command::Qrcode(command) => commands::console::qrcode(&dir, command).await,
        Command::Api(args) => commands::console::api(&dir, args).await,
        Command::Sandbox(args) => sandbox::run(args).await,
        Command::Demo => demo::run().await,
    }
}
