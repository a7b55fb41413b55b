//! The command line of the way in: verification files and tunnels.

use std::path::PathBuf;

use clap::Subcommand;

use super::Output;

#[derive(Subcommand)]
pub enum VerificationFile {
    /// Serve a file under its own name.
    Add {
        /// The file as downloaded from WeChat.
        file: PathBuf,
    },
    /// All files, and where WeChat finds them.
    List(Output),
    /// Serve it no more.
    Remove {
        /// Its name.
        name: String,
    },
}

#[derive(Subcommand)]
pub enum Tunnel {
    /// The known clients, and whether their programs are on this machine.
    Clients(Output),
    /// List tunnels.
    List(Output),
    /// Add or change a tunnel from JSON (client, settings, secrets). A secret that is left out stays as it is.
    Add {
        /// The JSON file; - for standard input.
        #[arg(long, value_name = "FILE|-")]
        file: PathBuf,
    },
    /// Start a tunnel, now and with every start of the engine.
    Start {
        /// From `tunnel list`.
        id: String,
    },
    /// Stop a tunnel.
    Stop {
        /// From `tunnel list`.
        id: String,
    },
    /// Stop and remove a tunnel.
    Remove {
        /// From `tunnel list`.
        id: String,
    },
    /// The last lines of a tunnel's client.
    Log {
        /// From `tunnel list`.
        id: String,
    },
    /// The changed callback URLs were entered on open.weixin.qq.com.
    Confirm {
        /// From `tunnel list`.
        id: String,
    },
}
