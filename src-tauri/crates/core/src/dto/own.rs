//! Accounts that are connected with their own AppSecret: entered, verified, renewed.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Account, Endpoints};

/// How an account came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Connection {
    /// Its owner authorized a platform.
    Authorized,
    /// The operator entered its own AppSecret; its `component_appid` is its own appid then.
    OwnSecret,
}

/// What is connected with its own AppSecret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum OwnKind {
    /// 公众号.
    OfficialAccount,
    /// 测试号: an official account for tests, with small quotas.
    TestAccount,
    /// 小程序.
    MiniProgram,
    /// 网站应用: for the login of websites (qrconnect) only; it has no interface token and no server URL.
    WebsiteApp,
}

/// 消息加解密方式.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum MessageMode {
    /// 明文模式.
    Plain,
    /// 兼容模式: both forms in one body.
    Compatible,
    /// 安全模式.
    #[default]
    Secure,
}

/// Which interface the token comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TokenMode {
    /// `stable_token`: asking does not end the token that others hold.
    #[default]
    Stable,
    /// `token`: every fetch ends the one before after five minutes, whoever fetched it. 2000 a day.
    Classic,
}

/// What an operator enters for an account of his own (interfaces, "A directly connected account"). What is left out stays
/// as it is.
#[derive(Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export, optional_fields)]
pub struct OwnAccountInput {
    /// `wx` and 16 hex digits.
    pub appid: String,
    /// The operator's name for it; empty takes WeChat's when it is known.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is; needed for a new one.
    #[serde(default)]
    pub kind: Option<OwnKind>,
    /// AppSecret.
    #[serde(default)]
    pub appsecret: Option<String>,
    /// Token of the server configuration, 3–32 letters or digits; an empty text takes it away: no messages are wanted.
    #[serde(default)]
    pub verify_token: Option<String>,
    /// EncodingAESKey, 43 letters or digits; needed for compatible and secure mode. An empty text takes it away.
    #[serde(default)]
    pub encoding_aes_key: Option<String>,
    /// How messages come; without it secure, for a test account plain.
    #[serde(default)]
    pub message_mode: Option<MessageMode>,
    /// Which interface the token comes from; without it the stable one.
    #[serde(default)]
    pub token_mode: Option<TokenMode>,
    /// `https://` address under which WeChat reaches the listener; empty while no messages are wanted.
    #[serde(default)]
    pub public_base_url: Option<String>,
    /// WeChat's hosts, when others than the real ones.
    #[serde(default)]
    pub endpoints: Option<Endpoints>,
    /// Proxy of outgoing calls; an empty text removes it.
    #[serde(default)]
    pub outbound_proxy: Option<String>,
}

impl std::fmt::Debug for OwnAccountInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnAccountInput").field("appid", &self.appid).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// An account that is connected with its own AppSecret, without its secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OwnAccount {
    /// Appid.
    pub appid: String,
    /// The operator's name for it.
    pub name: String,
    /// What it is.
    pub kind: OwnKind,
    /// How messages come.
    pub message_mode: MessageMode,
    /// Which interface the token comes from.
    pub token_mode: TokenMode,
    /// Base URL; empty for none.
    pub public_base_url: String,
    /// 服务器地址(URL), what to enter on mp.weixin.qq.com; empty without a base URL.
    pub server_url: String,
    /// Domain for 网页授权域名 and JS接口安全域名; empty without a base URL.
    pub domain: String,
    /// WeChat's hosts.
    pub endpoints: Endpoints,
    /// Proxy, password hidden.
    pub outbound_proxy: Option<String>,
    /// Last characters of each stored secret.
    pub secret_hints: OwnSecretHints,
    /// A new EncodingAESKey was entered and the one before is still tried.
    pub has_previous_key: bool,
    /// Made by the built-in sandbox.
    pub sandbox: bool,
    /// Forced refreshes of the stable token.
    pub forced: ForcedRefreshes,
    /// Signs of another program that fetches classic tokens.
    pub taken: TokenTaken,
    /// Last push, ms; null when none came since the start.
    pub last_push_at: Option<i64>,
    /// Last URL verification that passed, ms.
    pub verified_at: Option<i64>,
    /// The account with its token, as in lists; null for a website app.
    pub account: Option<Account>,
    /// Added, ms.
    pub created_at: i64,
    /// Changed, ms.
    pub updated_at: i64,
}

/// Last characters of each stored secret; empty for one that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OwnSecretHints {
    /// Of `appsecret`.
    pub appsecret: String,
    /// Of `verify_token`.
    pub verify_token: String,
    /// Of `encoding_aes_key`.
    pub encoding_aes_key: String,
}

/// How often a new stable token was forced today (protocol E.2: 20 a day, 30 s apart; the day is Beijing's).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ForcedRefreshes {
    /// Forced from here today.
    pub used: i64,
    /// Most a day.
    pub limit: i64,
    /// Not before then, ms; null when it may be done now.
    pub next_at: Option<i64>,
}

/// Another program fetched a classic token, so that ours died before its time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TokenTaken {
    /// Times in the last seven days.
    pub count: i64,
    /// Last time it was noticed, ms.
    pub last_at: Option<i64>,
}

/// Which stored secret of an own account to reveal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum OwnSecretField {
    /// AppSecret.
    Appsecret,
    /// Token.
    VerifyToken,
    /// Key.
    EncodingAesKey,
    /// The proxy's URL with its password.
    OutboundProxy,
}

/// One of the three strings of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SignedPart {
    /// The Token, which only the operator may see.
    Token,
    /// `timestamp`.
    Timestamp,
    /// `nonce`.
    Nonce,
}

/// How a URL verification went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum UrlVerdict {
    /// Both digests are equal: `echostr` was answered.
    Passed,
    /// The digests differ: another Token on one of the two sides.
    WrongToken,
    /// `signature`, `timestamp`, `nonce` or `echostr` is missing.
    Incomplete,
    /// No Token is stored here.
    NoToken,
}

/// A URL verification (GET) as it happened. The Token is not in it: who shows it asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct UrlVerification {
    /// Counts up; newest first in lists.
    pub id: i64,
    /// Arrival, ms.
    pub at: i64,
    /// Where it came from, as far as that is known.
    pub from: String,
    /// `timestamp` as sent.
    pub timestamp: String,
    /// `nonce` as sent.
    pub nonce: String,
    /// `echostr` as sent, which goes back when the digests are equal.
    pub echostr: String,
    /// The order in which the three strings are joined.
    pub order: Vec<SignedPart>,
    /// `signature` as sent.
    pub sent: String,
    /// The digest over our three strings; empty without a Token.
    pub computed: String,
    /// Verdict.
    pub verdict: UrlVerdict,
}
