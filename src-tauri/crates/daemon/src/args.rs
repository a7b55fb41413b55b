//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// The wxdesk engine without a window, and its command line.
#[derive(Parser)]
#[command(name = "wxdeskd", version, propagate_version = true)]
pub struct Args {
    /// Data folder; also WXDESK_DATA_DIR. One engine per data folder.
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run the engine: public listener, token engine, local API.
    Serve(Serve),
    /// Platforms: add, list, remove.
    #[command(subcommand)]
    Platform(Platform),
    /// Authorized accounts.
    #[command(subcommand)]
    Account(Account),
    /// Health of the engine and of every platform.
    Status(Output),
    /// Make a one-time authorize link for an account's owner.
    AuthorizeLink(AuthorizeLink),
    /// API keys for business servers.
    #[command(subcommand)]
    Key(Key),
    /// Run the simulated platform alone, for any SDK.
    Sandbox(Sandbox),
    /// Show the whole way with the simulated platform, in a folder that is removed afterwards.
    Demo,
}

#[derive(clap::Args)]
pub struct Serve {
    /// Address of the public listener; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    pub listen: SocketAddr,
    /// Address of the local API; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8091")]
    pub api: SocketAddr,
    /// Let the public listener be reached from other machines without a tunnel. Without TLS in front of it, whoever is
    /// on the way can read messages that are not encrypted.
    #[arg(long)]
    pub expose: bool,
    /// Let the local API be reached from other machines. It has no TLS: whoever is on the way can read keys and tokens.
    #[arg(long)]
    pub api_expose: bool,
    /// A name with a dot under which an exposed local API may be asked; addresses and single words always may.
    #[arg(long, value_name = "NAME", requires = "api_expose")]
    pub api_name: Vec<String>,
    /// Run against the built-in simulated platform, in DIR/sandbox.
    #[arg(long)]
    pub sandbox: bool,
    /// Serve the window's built pages from this folder at the local API's address.
    #[arg(long, value_name = "DIR")]
    pub ui: Option<PathBuf>,
}

#[derive(clap::Args)]
pub struct Output {
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
pub enum Platform {
    /// Add or update a platform from JSON. A secret that is left out stays as it is.
    Add {
        /// The JSON file; - for standard input.
        #[arg(long, value_name = "FILE|-")]
        file: PathBuf,
    },
    /// List platforms.
    List(Output),
    /// Remove a platform with its accounts and tokens.
    Remove {
        /// The platform's appid.
        component_appid: String,
    },
}

#[derive(Subcommand)]
pub enum Account {
    /// List accounts.
    List {
        #[command(flatten)]
        output: Output,
        /// Only accounts of this platform.
        #[arg(long, value_name = "COMPONENT_APPID")]
        platform: Option<String>,
    },
}

#[derive(clap::Args)]
pub struct AuthorizeLink {
    /// The platform's appid.
    pub component_appid: String,
    /// pc: a page whose QR code the owner scans; h5: opened inside WeChat.
    #[arg(long, value_enum)]
    pub kind: Kind,
    /// 1 official accounts, 2 mini programs, 3 both, 4 to 8 newer kinds.
    #[arg(long, value_name = "N")]
    pub auth_type: Option<u8>,
    /// Exactly this account.
    #[arg(long, value_name = "APPID")]
    pub biz_appid: Option<String>,
    /// Permission sets to ask for, separated by commas.
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub scopes: Vec<u32>,
    /// Tenant that the account will belong to.
    #[arg(long)]
    pub tenant: Option<String>,
    /// Save the QR code; without it, a terminal shows it.
    #[arg(long, value_name = "FILE.svg|FILE.png")]
    pub qr: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Kind {
    Pc,
    H5,
}

#[derive(Subcommand)]
pub enum Key {
    /// Make a key; it is shown this once.
    Create {
        /// What the key is for.
        #[arg(long)]
        name: String,
        /// What it may do; each includes the ones before it.
        #[arg(long, value_enum, default_value = "read")]
        scope: Scope,
        #[command(flatten)]
        output: Output,
    },
    /// List keys.
    List(Output),
    /// Revoke a key at once.
    Revoke {
        /// From `key list`.
        id: i64,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Scope {
    Read,
    Refresh,
    Admin,
}

#[derive(clap::Args)]
pub struct Sandbox {
    /// Where the simulated platform listens.
    #[arg(long, value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Appids, secrets and everything random come from it.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Public base URL of the platform under test; pushes go to URL/wechat/….
    #[arg(long, value_name = "URL")]
    pub push_base: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Args::command().debug_assert();
    }
}
