//! Arguments of `wxdeskd oauth`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::Output;

#[derive(Subcommand)]
pub enum Oauth {
    /// Make a link for users.
    Link {
        /// The account's or website app's appid.
        appid: String,
        /// What to ask for; login is for website apps.
        #[arg(long, value_enum)]
        scope: OauthScope,
        /// The platform it authorized, if it authorized several.
        #[arg(long, value_name = "COMPONENT_APPID")]
        platform: Option<String>,
        /// Send users to this route afterwards, from `oauth route list`.
        #[arg(long, value_name = "ID")]
        route: Option<String>,
        /// Good for so long, 60 to 31536000; a day when left out.
        #[arg(long, value_name = "SECONDS")]
        valid: Option<i64>,
        /// A note to find it by.
        #[arg(long)]
        note: Option<String>,
        /// Save the QR code; without it, a terminal shows it.
        #[arg(long, value_name = "FILE.svg|FILE.png")]
        qr: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// List users who granted something, without their tokens.
    Users {
        /// Only of this account.
        appid: Option<String>,
        /// Only of this platform.
        #[arg(long, value_name = "COMPONENT_APPID")]
        platform: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Where users of a business server go after their consent.
    #[command(subcommand)]
    Route(OauthRoute),
    /// Ask WeChat whether a user's token is good. Ends with 1 when it is not.
    Check {
        /// From `oauth users`.
        id: i64,
    },
    /// Renew a user's token.
    Refresh {
        /// From `oauth users`.
        id: i64,
    },
    /// Forget a user with tokens and profile; at WeChat nothing changes.
    Forget {
        /// From `oauth users`.
        id: i64,
    },
}

#[derive(Subcommand)]
pub enum OauthRoute {
    /// Add a route, or change one.
    Add {
        /// The account's or website app's appid.
        appid: String,
        /// The business server's page: https, or http on this machine.
        #[arg(long)]
        url: String,
        /// A name to know it by.
        #[arg(long)]
        name: String,
        /// What visitors are asked for; login is for website apps.
        #[arg(long, value_enum)]
        scope: OauthScope,
        /// The platform it authorized, if it authorized several.
        #[arg(long, value_name = "COMPONENT_APPID")]
        platform: Option<String>,
        /// Change this route instead of adding one.
        #[arg(long)]
        id: Option<String>,
    },
    /// List routes.
    List(Output),
    /// Remove a route; its links end.
    Remove {
        /// From `oauth route list`.
        id: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum OauthScope {
    /// Silent, the openid only.
    Base,
    /// Asks the user, gives the profile.
    Userinfo,
    /// The QR code page of a website app.
    Login,
}

impl OauthScope {
    /// As the engine names it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Userinfo => "userinfo",
            Self::Login => "login",
        }
    }
}
