//! The command line of what is tried by hand: signed pages, parametric QR codes, any call.

use std::path::PathBuf;

use clap::Subcommand;

use crate::args::Output;

/// Which account.
#[derive(clap::Args)]
pub struct Whose {
    /// The account's appid.
    pub appid: String,
    /// The platform it authorized, if it authorized several.
    #[arg(long, value_name = "COMPONENT_APPID")]
    pub platform: Option<String>,
}

#[derive(clap::Args)]
pub struct JsapiSignature {
    #[command(flatten)]
    pub of: Whose,
    /// The page's address as location.href has it; a fragment is cut off.
    #[arg(long)]
    pub url: String,
}

#[derive(Subcommand)]
pub enum Qrcode {
    /// Make a code at WeChat; prints what the picture holds.
    Create(QrcodeCreate),
    /// List codes, newest first.
    List {
        #[command(flatten)]
        output: Output,
        /// Only codes of this account.
        #[arg(long, value_name = "APPID")]
        account: Option<String>,
        /// Only codes of this platform's accounts.
        #[arg(long, value_name = "COMPONENT_APPID")]
        platform: Option<String>,
    },
}

#[derive(clap::Args)]
pub struct QrcodeCreate {
    #[command(flatten)]
    pub of: Whose,
    /// What stands in the code: a number, or with --text 1 to 64 characters.
    #[arg(long)]
    pub scene: String,
    /// The scene is text (scene_str).
    #[arg(long)]
    pub text: bool,
    /// For ever; an account has 100,000 of those.
    #[arg(long, conflicts_with = "seconds")]
    pub permanent: bool,
    /// Life of a temporary code, 60 to 2592000 (30 days); 30 days when left out.
    #[arg(long, value_name = "N")]
    pub seconds: Option<i64>,
    /// A name for it here.
    #[arg(long, default_value = "")]
    pub name: String,
    /// Save the picture; without it, a terminal shows it.
    #[arg(long, value_name = "FILE.svg|FILE.png")]
    pub qr: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(clap::Args)]
pub struct Api {
    #[command(flatten)]
    pub of: Whose,
    /// The path, such as /cgi-bin/user/info; user/info is short for it.
    pub path: String,
    /// GET, as it is without a body and a file.
    #[arg(long, conflicts_with_all = ["body", "upload"])]
    pub get: bool,
    /// A query parameter; repeatable. The token is added by the engine.
    #[arg(long, value_name = "NAME=VALUE")]
    pub query: Vec<String>,
    /// The JSON body; - for standard input.
    #[arg(long, value_name = "FILE|-", conflicts_with = "upload")]
    pub body: Option<PathBuf>,
    /// Send this file as an upload, at most 10 MiB.
    #[arg(long, value_name = "FILE")]
    pub upload: Option<PathBuf>,
    /// The upload's part name.
    #[arg(long, default_value = "media", requires = "upload")]
    pub field: String,
    /// A text field of the upload; repeatable.
    #[arg(long, value_name = "NAME=VALUE", requires = "upload")]
    pub part: Vec<String>,
    #[command(flatten)]
    pub output: Output,
}
