//! Tunnels: which clients are known, what the operator enters for one, and how it runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Bilingual, CallbackUrls, TunnelHealth};

/// A tunnel client that this program can start, or `own` where somebody else's proxy brings the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TunnelClientId {
    /// natapp.cn.
    Natapp,
    /// ngrok, version 3.
    Ngrok,
    /// Cloudflare Tunnel.
    Cloudflared,
    /// frp's client `frpc`.
    Frp,
    /// cpolar.
    Cpolar,
    /// bore.
    Bore,
    /// `ssh -R` to a server of one's own.
    Ssh,
    /// One's own domain and reverse proxy: no process is started.
    Own,
}

/// A known client: its fields, what to know about it, and whether its program is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TunnelClient {
    /// Id.
    pub id: TunnelClientId,
    /// Name for a list.
    pub name: Bilingual,
    /// One sentence: what it is and whom it suits.
    pub summary: Bilingual,
    /// Where to get the program. Nothing is downloaded by this one.
    pub site: Option<String>,
    /// How to get it, in words.
    pub get: Bilingual,
    /// Names of the program that are looked for; empty when none is started.
    pub programs: Vec<String>,
    /// Where the program was found; null when it was not.
    pub found: Option<String>,
    /// What the form asks for, in its order.
    pub fields: Vec<TunnelField>,
    /// What to know before one chooses it.
    pub traits: TunnelTraits,
    /// The same in words, for the form.
    pub notes: Vec<Bilingual>,
    /// How its adapter was tested.
    pub tested: TunnelTested,
}

/// How an adapter was tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TunnelTested {
    /// The tests run the real client against a real server.
    Run,
    /// The tests replay recorded output; the client itself was not run.
    Recorded,
    /// There is nothing to run.
    Nothing,
}

/// What to know about a client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TunnelTraits {
    /// Carries bytes, not HTTPS: TLS, the domain and port 443 must be put in front.
    pub tcp_only: bool,
    /// The local port is set on the client's website, not by this program.
    pub local_port_elsewhere: bool,
    /// Shows browsers a page of its own first, which breaks authorize links and menu pages on the free plan.
    pub interstitial: bool,
    /// Its domains lie abroad and have no ICP registration: slow or blocked in WeChat's browser.
    pub foreign_domain: bool,
    /// The URL may change at each start (on the free plan, or in the temporary mode).
    pub url_changes: bool,
}

/// A field of a client's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TunnelField {
    /// Key in `settings`, or in `secrets` when the kind is `secret`.
    pub key: String,
    /// Kind.
    pub kind: TunnelFieldKind,
    /// Must be given (while `only_if` holds).
    pub required: bool,
    /// Used when left out; show it as the initial value.
    pub default: Option<String>,
    /// For kind `choice`.
    pub choices: Vec<TunnelChoice>,
    /// Label.
    pub label: Bilingual,
    /// Help under the field; may be empty.
    pub help: Bilingual,
    /// The field counts only while another one has this value; null: always.
    pub only_if: Option<TunnelFieldCondition>,
}

/// Kind of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TunnelFieldKind {
    /// Plain text without blanks, quotes, backslashes and braces.
    Text,
    /// Never shown again; stored in `secrets`.
    Secret,
    /// A host name or address.
    Host,
    /// 1–65535.
    Port,
    /// A file on this machine, absolute.
    Path,
    /// A public base URL: https, no path (http for loopback only).
    Url,
    /// One of `choices`.
    Choice,
}

/// One of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TunnelChoice {
    /// Value.
    pub value: String,
    /// Label.
    pub label: Bilingual,
}

/// Field `key` has this value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TunnelFieldCondition {
    /// Another field of the same form.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A tunnel as entered. Deliberately without `Debug` output of secrets: see the manual impl.
#[derive(Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct TunnelInput {
    /// Which one to change; null or left out adds one.
    #[serde(default)]
    pub id: Option<String>,
    /// Client; cannot be changed later.
    pub client: TunnelClientId,
    /// The operator's name for it; the client's name when empty.
    #[serde(default)]
    pub name: String,
    /// Values of the fields, as text, ports too.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Secrets to set. One that is left out stays as it is, an empty one is removed.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// The program's path, absolute; null or empty: it is looked for.
    #[serde(default)]
    pub program: Option<String>,
    /// Platforms follow when the URL changes. True when left out.
    #[serde(default = "yes")]
    pub follow: bool,
}

fn yes() -> bool {
    true
}

impl std::fmt::Debug for TunnelInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TunnelInput").field("client", &self.client).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Where a tunnel stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TunnelState {
    /// Not wanted; nothing runs.
    #[default]
    Stopped,
    /// The client runs and is not online yet.
    Starting,
    /// Traffic comes through, as far as the client says.
    Online,
    /// The client lost its server and tries again by itself.
    Reconnecting,
    /// The client ended; the next start is at `retry_at`.
    Waiting,
    /// Not tried again until a person did something: change the settings or press start.
    Failed,
}

/// A tunnel as shown: which secrets are stored, never the secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Tunnel {
    /// Random hex, 16 digits.
    pub id: String,
    /// Client.
    pub client: TunnelClientId,
    /// Name.
    pub name: String,
    /// Values of the fields that are no secrets.
    pub settings: BTreeMap<String, String>,
    /// Keys of the secrets that are stored.
    pub stored_secrets: Vec<String>,
    /// The program's path as entered; null: it is looked for.
    pub program: Option<String>,
    /// Platforms follow when the URL changes.
    pub follow: bool,
    /// Wanted: started with the app until somebody stops it.
    pub enabled: bool,
    /// State.
    pub state: TunnelState,
    /// Since when, ms; null when it never ran in this session.
    pub state_since: Option<i64>,
    /// Next start while `waiting`, ms.
    pub retry_at: Option<i64>,
    /// Failures in a row.
    pub failures: i64,
    /// The last trouble; stays while it is being tried again, null once online.
    pub problem: Option<TunnelProblem>,
    /// Process id of the client while it runs.
    pub pid: Option<u32>,
    /// Where the client sends what arrives, `host:port` of our listener.
    pub local: Option<String>,
    /// What the client said, e.g. `http://abc.natappfree.cc` or `bore.example:20017`.
    pub endpoint: Option<String>,
    /// The public base URL it gives while online or reconnecting; null when `endpoint` cannot be one (bytes without
    /// TLS).
    pub url: Option<String>,
    /// The last one it gave.
    pub last_url: Option<String>,
    /// Our own probe of `url`.
    pub health: Option<TunnelHealth>,
    /// Platforms whose public base URL is `last_url`.
    pub platforms: Vec<String>,
    /// A changed URL that nobody has confirmed yet.
    pub change: Option<TunnelChange>,
    /// Added, ms.
    pub created_at: i64,
    /// Changed, ms.
    pub updated_at: i64,
}

/// Why a tunnel is not online.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TunnelProblem {
    /// When, ms.
    pub at: i64,
    /// `not_found` (the program), `not_started`, `listener_down`, `ended`, `silent`, `unreachable`, or the adapter's own:
    /// `wrong_token`, `in_use`, `not_allowed`, `host_key`, `quota`, `config`. More may come.
    pub kind: String,
    /// The client's own words (secrets hidden), or ours in English.
    pub text: String,
    /// What to do.
    pub advice: Bilingual,
}

/// The URL became another one. Enter the new callback URLs on open.weixin.qq.com, then `confirm_tunnel_url`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TunnelChange {
    /// Last confirmed base URL.
    pub old: String,
    /// Base URL now.
    pub new: String,
    /// When, ms.
    pub at: i64,
    /// The platforms that used the old one.
    pub platforms: Vec<TunnelChangedPlatform>,
}

/// What changed for a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TunnelChangedPlatform {
    /// Platform.
    pub component_appid: String,
    /// It is an account with its own AppSecret: of the URLs only `message_url`, its 服务器地址(URL), and `web_domain` count.
    pub own: bool,
    /// Its name.
    pub name: String,
    /// Its public base URL was changed here (`follow`); false: it still has the old one.
    pub moved: bool,
    /// What WeChat still has.
    pub before: CallbackUrls,
    /// What to enter.
    pub after: CallbackUrls,
}

/// Where a line of the log came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TunnelLogSource {
    /// The client's standard output.
    Out,
    /// The client's standard error.
    Err,
    /// This program's own words: started, ended with code, waits.
    Wxdesk,
}

/// A line of the log, secrets hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TunnelLogLine {
    /// When it was read, ms.
    pub at: i64,
    /// Where from.
    pub source: TunnelLogSource,
    /// Text without colours, at most 1,000 characters.
    pub text: String,
}

/// The last 200 lines, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TunnelLog {
    /// Lines.
    pub lines: Vec<TunnelLogLine>,
}
