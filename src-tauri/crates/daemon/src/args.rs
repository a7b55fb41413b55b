//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

mod channel;
mod console;
mod messages;
mod oauth;

pub use channel::{Tunnel, VerificationFile};
pub use console::{Api, JsapiSignature, Qrcode, QrcodeCreate, Whose};
pub use messages::{Inbox, InboxList, Message, ReleaseCheck, Replay, Rule, RuleSample, SelfTest, Target};
pub use oauth::{Oauth, OauthRoute};

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
    /// An account's menu: its draft, and publishing it.
    #[command(subcommand)]
    Menu(Menu),
    /// Tenants that accounts belong to.
    #[command(subcommand)]
    Tenant(Tenant),
    /// Authorize links that were made.
    #[command(subcommand)]
    Link(LinkCommand),
    /// Compare the accounts here with WeChat's list, and take what was chosen.
    Reconcile(Reconcile),
    /// Health of the engine and of every platform.
    Status(Output),
    /// Make a one-time authorize link for an account's owner.
    AuthorizeLink(AuthorizeLink),
    /// API keys for business servers.
    #[command(subcommand)]
    Key(Key),
    /// Tunnels that bring WeChat's pushes to the listener.
    #[command(subcommand)]
    Tunnel(Tunnel),
    /// Domain verification files (MP_verify_….txt), served at the root of the public door.
    #[command(subcommand)]
    VerificationFile(VerificationFile),
    /// Check the way from the world to the listener: DNS, TCP, TLS, path, test push. Ends with 1 when it is broken.
    Check(Output),
    /// Show the address that WeChat sees calls come from. Ends with 1 when WeChat refuses it.
    Egress {
        /// The platform.
        component_appid: String,
        #[command(flatten)]
        output: Output,
    },
    /// The log of calls to WeChat, newest first.
    Calls(Calls),
    /// Quotas of a platform or an account, and clearing them.
    Quota(Quota),
    /// What WeChat knows of a request, by the rid of its error.
    Rid(Rid),
    /// The inbox: messages and events of accounts, and what was refused at the door.
    #[command(subcommand)]
    Inbox(Inbox),
    /// Rules: which message gets which answer, and which business servers hear of it.
    #[command(subcommand)]
    Rule(Rule),
    /// Business servers that messages are passed on to.
    #[command(subcommand)]
    Target(Target),
    /// Customer-service messages to followers.
    #[command(subcommand)]
    Message(Message),
    /// Send a made-up message through the real door, encrypted as WeChat does, and see which step fails. Ends with 1 when one
    /// does.
    SelfTest(SelfTest),
    /// 全网发布检测: what WeChat's check asked, the switch, and a rehearsal in the sandbox. Ends with 1 when a row is red.
    ReleaseCheck(ReleaseCheck),
    /// Web OAuth (网页授权): links, users, routes of business servers.
    #[command(subcommand)]
    Oauth(Oauth),
    /// Sign a page for wx.config of the JS-SDK.
    JsapiSignature(JsapiSignature),
    /// Parametric QR codes: make one, list them.
    #[command(subcommand)]
    Qrcode(Qrcode),
    /// Call any API with an account's interface token and print the answer.
    Api(Api),
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

/// What `platform add` reads.
pub const PLATFORM_EXAMPLE: &str = r#"Example, platform.json:
  {
    "component_appid": "wx1234567890abcdef",
    "name": "Store Connect",
    "component_appsecret": "0123456789abcdef0123456789abcdef",
    "verify_token": "AnyToken123",
    "encoding_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "public_base_url": "https://open.example.com"
  }

  wxdeskd platform add --file platform.json

AppID and AppSecret come from open.weixin.qq.com (管理中心 → 第三方平台 → 详情). verify_token (消息校验Token, 3 to 32
letters or digits) and encoding_aes_key (消息加解密Key, 43 letters or digits) must be the same as there.
Optional: previous_encoding_aes_key, outbound_proxy, endpoints {"api", "mp", "open"}."#;

/// A permission set of `--scopes`. Says the rule; clap names the field.
fn permission_set(text: &str) -> Result<u32, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|id| *id > 0)
        .ok_or_else(|| "must be the numbers of permission sets separated by commas, such as 1,2,15".to_owned())
}

#[derive(Subcommand)]
pub enum Platform {
    /// Add or update a platform from JSON. A secret that is left out stays as it is.
    #[command(after_help = PLATFORM_EXAMPLE)]
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
    /// Add or update an account that is connected with its own AppSecret, from JSON: {"appid", "name", "kind":
    /// "official_account|test_account|mini_program|website_app", "appsecret", "verify_token", "encoding_aes_key",
    /// "message_mode": "plain|compatible|secure", "token_mode": "stable|classic", "public_base_url", "endpoints",
    /// "outbound_proxy"}. What is left out stays as it is;
    /// an empty "verify_token" takes it away, when no messages are wanted.
    Add {
        /// The file; - reads standard input.
        #[arg(long, value_name = "FILE|-")]
        file: PathBuf,
    },
    /// Remove an account that is connected with its own AppSecret for good, with its token.
    Disconnect {
        /// The account's appid.
        appid: String,
    },
    /// Force a new stable token: the one before ends at once, everywhere (20 a day, 30 s apart).
    ForceToken {
        /// The account's appid.
        appid: String,
    },
    /// List accounts.
    List {
        #[command(flatten)]
        output: Output,
        /// Only accounts of this platform.
        #[arg(long, value_name = "COMPONENT_APPID")]
        platform: Option<String>,
        /// Only accounts of this tenant.
        #[arg(long)]
        tenant: Option<String>,
        /// Only accounts with this tag.
        #[arg(long)]
        tag: Option<String>,
    },
    /// Read an account's options from WeChat, or set one.
    Options {
        /// The account's appid.
        appid: String,
        /// The platform it authorized, if it authorized several.
        #[arg(long, value_name = "COMPONENT_APPID")]
        platform: Option<String>,
        /// location_report=0|1|2, voice_recognize=0|1 or customer_service=0|1.
        #[arg(long, value_name = "NAME=VALUE")]
        set: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Note something about an account.
    Note {
        #[command(flatten)]
        of: AccountName,
        /// The note; empty takes it away.
        note: String,
    },
    /// Give an account exactly these tags.
    Tag {
        #[command(flatten)]
        of: AccountName,
        /// The tags; none takes them away.
        tags: Vec<String>,
    },
    /// Give an account a tenant; a new one is made.
    Tenant {
        #[command(flatten)]
        of: AccountName,
        /// The tenant; left out, the account belongs to none.
        tenant: Option<String>,
    },
    /// Hide an account and stop renewing it; its authorization at WeChat stays.
    Remove(AccountName),
    /// Bring a removed account back.
    Restore(AccountName),
    /// What happened to an account.
    History {
        #[command(flatten)]
        of: AccountName,
        #[command(flatten)]
        output: Output,
    },
}

/// Which account.
#[derive(clap::Args)]
pub struct AccountName {
    /// The platform's appid.
    pub component_appid: String,
    /// The account's appid.
    pub appid: String,
}

#[derive(Subcommand)]
pub enum Menu {
    /// Print the default menu of the draft, as the JSON of WeChat's menu/create.
    Get(MenuOf),
    /// Replace the default menu of the draft; conditional menus stay.
    Put {
        #[command(flatten)]
        of: MenuOf,
        /// The JSON file, {"button": […]}; - for standard input.
        #[arg(long, value_name = "FILE|-")]
        file: PathBuf,
    },
    /// Publish the draft with its conditional menus, and read back that it is live.
    Publish(MenuOf),
}

/// Whose menu.
#[derive(clap::Args)]
pub struct MenuOf {
    /// The account's appid.
    pub appid: String,
    /// The platform it authorized, if it authorized several.
    #[arg(long, value_name = "COMPONENT_APPID")]
    pub platform: Option<String>,
}

#[derive(Subcommand)]
pub enum Tenant {
    /// List tenants.
    List {
        #[command(flatten)]
        output: Output,
        /// Count only accounts of this platform.
        #[arg(long, value_name = "COMPONENT_APPID")]
        platform: Option<String>,
    },
    /// Make a tenant.
    Add {
        /// Its name.
        name: String,
    },
    /// Give a tenant another name; its accounts and links follow.
    Rename {
        /// The name now.
        name: String,
        /// The name to come.
        new_name: String,
    },
    /// Archive a tenant: its accounts keep it, nothing new can be given it.
    Archive {
        /// Its name.
        name: String,
        /// Take it out of the archive again.
        #[arg(long)]
        undo: bool,
    },
}

#[derive(Subcommand)]
pub enum LinkCommand {
    /// List links of the last 30 days, newest first.
    List {
        #[command(flatten)]
        output: Output,
        /// Only links of this platform.
        #[arg(long, value_name = "COMPONENT_APPID")]
        platform: Option<String>,
        /// Only this state: waiting, opened, redeeming, authorized, cancelled, failed, expired or ended.
        #[arg(long)]
        state: Option<String>,
        /// Only links of this tenant.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// End a link: whoever opens it reads so.
    End {
        /// From `link list`.
        link_id: String,
    },
}

#[derive(clap::Args)]
pub struct Reconcile {
    /// The platform's appid.
    pub component_appid: String,
    /// Add the accounts that are missing here, with WeChat's refresh tokens.
    #[arg(long)]
    pub add: bool,
    /// Take WeChat's refresh tokens where they differ.
    #[arg(long)]
    pub update: bool,
    /// Mark accounts that WeChat does not list any more as unauthorized.
    #[arg(long)]
    pub mark_gone: bool,
    #[command(flatten)]
    pub output: Output,
}

#[derive(clap::Args)]
pub struct Calls {
    /// Only calls of this platform.
    #[arg(long, value_name = "COMPONENT_APPID")]
    pub platform: Option<String>,
    /// Only calls about this account.
    #[arg(long, value_name = "APPID")]
    pub account: Option<String>,
    /// Only paths with this part.
    #[arg(long, value_name = "PATH")]
    pub api: Option<String>,
    /// Only this code of WeChat's.
    #[arg(long, value_name = "CODE", allow_hyphen_values = true)]
    pub errcode: Option<i64>,
    /// Only calls that failed.
    #[arg(long)]
    pub errors: bool,
    /// Only the last so many hours.
    #[arg(long, value_name = "N")]
    pub hours: Option<u32>,
    /// At most this many.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
    /// Print a CSV file of all that match instead, 50,000 at most.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    #[command(flatten)]
    pub output: Output,
}

#[derive(clap::Args)]
pub struct Quota {
    /// The platform's appid.
    pub component_appid: String,
    /// This account's quotas instead of the platform's own.
    #[arg(long, value_name = "APPID")]
    pub account: Option<String>,
    /// Only these APIs, such as /cgi-bin/message/custom/send; repeatable.
    #[arg(long, value_name = "PATH")]
    pub api: Vec<String>,
    /// Clear all counters first. Costs one of ten a month, which everyone with a token shares.
    #[arg(long, value_enum, value_name = "HOW")]
    pub clear: Option<Clear>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Clear {
    /// With the token of whoever is cleared.
    Token,
    /// With the platform's AppSecret: works without a token.
    AppSecret,
}

#[derive(clap::Args)]
pub struct Rid {
    /// The rid, such as 61725984-6126f6f9-040f19c4; WeChat keeps it for 7 days.
    pub rid: String,
    /// The platform that made the request, if our log does not know it.
    #[arg(long, value_name = "COMPONENT_APPID")]
    pub platform: Option<String>,
    /// The account whose token made it, if our log does not know it.
    #[arg(long, value_name = "APPID")]
    pub account: Option<String>,
    #[command(flatten)]
    pub output: Output,
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
    /// Permission sets to ask for: their numbers, separated by commas.
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = permission_set)]
    pub scopes: Vec<u32>,
    /// Tenant that the account will belong to.
    #[arg(long)]
    pub tenant: Option<String>,
    /// A note that comes back with the result.
    #[arg(long)]
    pub note: Option<String>,
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
    use clap::{CommandFactory, Parser};
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        super::Args::command().debug_assert();
    }

    #[test]
    fn the_example_of_a_platform_is_one() {
        let json = PLATFORM_EXAMPLE.split_once('{').and_then(|(_, rest)| rest.split_once("}\n")).unwrap().0;
        let input: Value = serde_json::from_str(&format!("{{{json}}}")).unwrap();
        let input = serde_json::from_value::<wxdesk_core::dto::PlatformInput>(input).unwrap();
        assert_eq!(wxdesk_core::validate::platform(&input, false), []);
        let mut command = Args::command();
        let add = command.find_subcommand_mut("platform").unwrap().find_subcommand_mut("add").unwrap();
        for help in [add.render_help().to_string(), add.render_long_help().to_string()] {
            assert!(help.contains("\"component_appid\""), "{help}");
        }
    }

    #[test]
    fn scopes_are_numbers_and_a_mistake_names_field_and_rule() {
        let parse = |scopes: &str| {
            Args::try_parse_from(["wxdeskd", "authorize-link", "wx1", "--kind", "pc", "--scopes", scopes])
        };
        assert!(matches!(parse("1,2, 15").unwrap().command, Command::AuthorizeLink(a) if a.scopes == [1, 2, 15]));
        for wrong in ["abc", "1,abc", "0", ""] {
            let said = parse(wrong).err().unwrap().to_string();
            assert!(said.contains("--scopes"), "{said}");
        }
        assert!(parse("abc").err().unwrap().to_string().contains("must be the numbers of permission sets"));
    }
}
