//! Owns: everything the simulated platform remembers, in a form that survives a restart.
//! Must not: decide anything; the rules are in `platform`, `api`, `authorize` and `push`.
//! Invariant: two states that serialize to the same JSON behave the same from there on.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::accounts::Account;
use crate::api::media::{Material, Medium};
use crate::api::qrcode::QrCode;
use crate::api::template::Template;
use crate::config::Credentials;
use crate::crowd::Crowd;
use crate::delivery::PushRecord;
use crate::fault::Fault;
use crate::people::Bond;
use crate::push::PendingPush;
use crate::release::Run;
use crate::rng::Rng;
use crate::violation::Violation;

/// How many records of calls, pushes and rids are kept; enough for a page, bounded for a simulated month.
pub(crate) const RECORDS: usize = 300;
/// How many former refresh tokens of an account are remembered, to tell a stale one from a wrong one.
pub(crate) const FORMER_REFRESH_TOKENS: usize = 4;

/// A pushed ticket.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) value: String,
    pub(crate) issued_ms: i64,
    /// When its push was answered with `success`.
    pub(crate) taken_ms: Option<i64>,
}

/// Whose token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Owner {
    Component,
    Authorizer(String),
    /// `/cgi-bin/token` of the account itself.
    Own(String),
    /// `/cgi-bin/stable_token` of the account itself.
    Stable(String),
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) value: String,
    pub(crate) issued_ms: i64,
    /// End of its life, or of the overlap once it is replaced.
    pub(crate) until_ms: i64,
}

/// What a token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worth {
    Valid,
    Expired,
    /// Replaced and past the overlap, or never issued.
    Unknown,
}

/// The current token of one owner and those that still live in the overlap.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct TokenSlot {
    pub(crate) current: Option<Token>,
    pub(crate) former: Vec<Token>,
}

impl TokenSlot {
    /// Puts `token` in place; the one before works for `overlap_ms` more. Returns the values that are now forgotten.
    pub(crate) fn replace(&mut self, token: Token, overlap_ms: i64) -> Vec<String> {
        let now = token.issued_ms;
        if let Some(mut old) = self.current.replace(token) {
            old.until_ms = old.until_ms.min(now + overlap_ms);
            self.former.push(old);
        }
        let mut forgotten = Vec::new();
        self.former.retain(|old| {
            let alive = old.until_ms > now;
            if !alive {
                forgotten.push(old.value.clone());
            }
            alive
        });
        forgotten
    }

    pub(crate) fn worth(&self, value: &str, now: i64) -> Worth {
        if let Some(token) = self.current.as_ref().filter(|t| t.value == value) {
            return if now < token.until_ms { Worth::Valid } else { Worth::Expired };
        }
        match self.former.iter().find(|t| t.value == value) {
            Some(token) if now < token.until_ms => Worth::Valid,
            _ => Worth::Unknown,
        }
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &String> {
        self.current.iter().chain(&self.former).map(|t| &t.value)
    }
}

/// The refresh token of a grant.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RefreshToken {
    pub(crate) value: String,
    /// An answer with this token reached the client.
    pub(crate) delivered: bool,
    /// Older ones, newest last.
    pub(crate) former: Vec<String>,
    /// A former one was refused, so the client may now take the current one from the list (E.1).
    pub(crate) refused_former: bool,
}

/// What an account granted to the component.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) sets: Vec<u32>,
    pub(crate) auth_time_s: i64,
    pub(crate) refresh: RefreshToken,
}

/// An account with what belongs to it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AccountState {
    pub(crate) account: Account,
    pub(crate) app_secret: String,
    pub(crate) grant: Option<Grant>,
    /// It was authorized before, so a missing grant is a cancelled one.
    pub(crate) was_granted: bool,
    pub(crate) tokens: TokenSlot,
    pub(crate) own: TokenSlot,
    pub(crate) stable: TokenSlot,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) menu: Menu,
    /// Followers that were set by hand, by openid or WeChat id.
    #[serde(default)]
    pub(crate) followers: BTreeMap<String, Follower>,
    /// Customer-service messages sent, newest last: (touser, text).
    pub(crate) sent: VecDeque<(String, String)>,
    /// People who did something here, by openid; the rest are as `people` has them.
    #[serde(default)]
    pub(crate) bonds: BTreeMap<String, Bond>,
    /// Its own server configuration (A.5), if it has one.
    #[serde(default)]
    pub(crate) server: Option<Server>,
    /// Tickets by type: `jsapi` and `wx_card` (H.1).
    #[serde(default)]
    pub(crate) tickets: BTreeMap<String, TokenSlot>,
    /// When a stable token was last forced.
    #[serde(default)]
    pub(crate) forced_ms: Option<i64>,
    #[serde(default)]
    pub(crate) templates: Vec<Template>,
    /// Numbers of the first and second industry.
    #[serde(default)]
    pub(crate) industries: Option<(u32, u32)>,
    #[serde(default)]
    pub(crate) materials: Vec<Material>,
}

/// How the messages of an account's own server are dressed (A.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// 明文模式.
    Plain,
    /// 兼容模式: plain fields and `Encrypt` together.
    Compatible,
    /// 安全模式.
    Secure,
}

/// 数据格式 of an account's own server; only mini programs have the choice (A.7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The usual one.
    #[default]
    Xml,
    /// Mini programs only.
    Json,
}

/// 服务器配置 of an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// http or https.
    pub url: String,
    /// 3–32 letters or digits.
    pub token: String,
    /// 43 letters or digits.
    pub encoding_aes_key: String,
    /// Plain, compatible or secure.
    pub mode: Mode,
    /// XML or JSON.
    #[serde(default)]
    pub format: Format,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("mode", &self.mode).field("format", &self.format).finish_non_exhaustive()
    }
}

/// What a follower's menu depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Follower {
    /// Tags, the one given last at the end; that one counts (F.6).
    pub tags: Vec<u64>,
    /// `client_platform_type`: 1 iOS, 2 Android, 3 others.
    pub platform: u8,
}

/// The menus of an account.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Menu {
    /// The default menu as sent.
    pub(crate) default: Option<Value>,
    /// Conditional menus: menuid, body as sent; newest last.
    pub(crate) conditional: Vec<(u64, Value)>,
    /// What the account's owner made by hand on mp.weixin.qq.com, in the form of F.5; it is what followers see.
    pub(crate) by_hand: Option<Value>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PreAuthCode {
    pub(crate) until_ms: i64,
    pub(crate) used: bool,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AuthCode {
    pub(crate) appid: String,
    pub(crate) until_ms: i64,
    pub(crate) redeemed: bool,
}

/// A code of web OAuth (G).
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct OauthCode {
    pub(crate) appid: String,
    pub(crate) scope: String,
    pub(crate) until_ms: i64,
    pub(crate) used: bool,
    /// Who agreed.
    pub(crate) openid: String,
    /// A snapshot page's virtual user.
    pub(crate) snapshot: bool,
    /// Asked for by the component, who alone can exchange it.
    pub(crate) component: bool,
}

/// A person's refresh token at an account (G.2).
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UserGrant {
    pub(crate) appid: String,
    pub(crate) component: bool,
    pub(crate) openid: String,
    pub(crate) scope: String,
    pub(crate) snapshot: bool,
    /// The access token that belongs to it now.
    pub(crate) access: String,
    pub(crate) refresh_until_ms: i64,
}

/// A person's access token.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UserToken {
    pub(crate) refresh: String,
    pub(crate) until_ms: i64,
}

/// A code of `wx.login` (G.4).
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct JsCode {
    pub(crate) appid: String,
    pub(crate) openid: String,
    pub(crate) until_ms: i64,
    pub(crate) used: bool,
}

/// What `openapi/rid/get` answers. Holds no token and no request body.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RidRecord {
    pub(crate) rid: String,
    pub(crate) at_ms: i64,
    pub(crate) owner: String,
    pub(crate) path: String,
    pub(crate) client_ip: String,
    pub(crate) answer: String,
}

/// A call as shown on the status page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallRecord {
    /// Milliseconds of the sandbox's clock.
    pub at_ms: i64,
    /// The path, no query.
    pub path: String,
    /// The account it was about, if any.
    pub appid: Option<String>,
    /// `errcode` of the answer; 0 when there is none.
    pub errcode: i64,
    /// The fault that struck it.
    pub fault: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Used {
    /// Days or months since 1970, Beijing time.
    pub(crate) period: i64,
    pub(crate) count: u64,
}

/// The whole memory.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) seed: u64,
    pub(crate) rng: Rng,
    pub(crate) credentials: Credentials,
    pub(crate) push_with_previous_key: bool,
    pub(crate) tickets: VecDeque<Ticket>,
    pub(crate) next_ticket_ms: Option<i64>,
    pub(crate) pushing: bool,
    pub(crate) component_token: TokenSlot,
    pub(crate) pre_auth_codes: BTreeMap<String, PreAuthCode>,
    pub(crate) auth_codes: BTreeMap<String, AuthCode>,
    pub(crate) oauth_codes: BTreeMap<String, OauthCode>,
    /// By refresh token.
    #[serde(default)]
    pub(crate) user_grants: BTreeMap<String, UserGrant>,
    /// By access token.
    #[serde(default)]
    pub(crate) user_tokens: BTreeMap<String, UserToken>,
    #[serde(default)]
    pub(crate) js_codes: BTreeMap<String, JsCode>,
    /// By ticket.
    #[serde(default)]
    pub(crate) qr_codes: BTreeMap<String, QrCode>,
    /// Temporary media by media_id.
    #[serde(default)]
    pub(crate) media: BTreeMap<String, Medium>,
    pub(crate) accounts: BTreeMap<String, AccountState>,
    /// Appids in the order in which the accounts were made.
    pub(crate) order: Vec<String>,
    pub(crate) synthetic: u64,
    pub(crate) quota: BTreeMap<String, Used>,
    pub(crate) clears: BTreeMap<String, Used>,
    pub(crate) rids: VecDeque<RidRecord>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) notices: VecDeque<String>,
    pub(crate) pushes: BTreeMap<u64, PendingPush>,
    pub(crate) push_log: VecDeque<PushRecord>,
    pub(crate) calls: VecDeque<CallRecord>,
    pub(crate) call_counts: BTreeMap<String, u64>,
    /// The last number given to a push, fault or menu.
    pub(crate) last_id: u64,
    #[serde(default)]
    pub(crate) crowd: Crowd,
    /// The crowd's attempts.
    #[serde(default)]
    pub(crate) crowd_log: VecDeque<PushRecord>,
    /// Release checks, the newest last.
    #[serde(default)]
    pub(crate) release: VecDeque<Run>,
}

impl State {
    /// Nothing happened yet, and there are no accounts.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            rng: Rng::stream(seed, u64::MAX),
            credentials: Credentials::from_seed(seed),
            push_with_previous_key: false,
            tickets: VecDeque::new(),
            next_ticket_ms: None,
            pushing: true,
            component_token: TokenSlot::default(),
            pre_auth_codes: BTreeMap::new(),
            auth_codes: BTreeMap::new(),
            oauth_codes: BTreeMap::new(),
            user_grants: BTreeMap::new(),
            user_tokens: BTreeMap::new(),
            js_codes: BTreeMap::new(),
            qr_codes: BTreeMap::new(),
            media: BTreeMap::new(),
            accounts: BTreeMap::new(),
            order: Vec::new(),
            synthetic: 0,
            quota: BTreeMap::new(),
            clears: BTreeMap::new(),
            rids: VecDeque::new(),
            faults: Vec::new(),
            violations: Vec::new(),
            notices: VecDeque::new(),
            pushes: BTreeMap::new(),
            push_log: VecDeque::new(),
            calls: VecDeque::new(),
            call_counts: BTreeMap::new(),
            last_id: 0,
            crowd: Crowd::default(),
            crowd_log: VecDeque::new(),
            release: VecDeque::new(),
        }
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

/// Appends to a bounded record.
pub(crate) fn remember<T>(records: &mut VecDeque<T>, record: T) {
    if records.len() >= RECORDS {
        records.pop_front();
    }
    records.push_back(record);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(value: &str, at: i64) -> Token {
        Token { value: value.into(), issued_ms: at, until_ms: at + 7_200_000 }
    }

    #[test]
    fn the_old_token_lives_through_the_overlap_only() {
        let mut slot = TokenSlot::default();
        assert!(slot.replace(token("a", 0), 300_000).is_empty());
        assert!(slot.replace(token("b", 1_000), 300_000).is_empty());
        for (value, now, wanted) in [
            ("a", 300_999, Worth::Valid),
            ("a", 301_000, Worth::Unknown),
            ("b", 7_200_999, Worth::Valid),
            ("b", 7_201_000, Worth::Expired),
            ("c", 0, Worth::Unknown),
        ] {
            assert_eq!(slot.worth(value, now), wanted, "{value} at {now}");
        }
        assert_eq!(slot.replace(token("c", 400_000), 300_000), ["a"]);
    }

    #[test]
    fn the_overlap_never_lengthens_a_life() {
        let mut slot = TokenSlot::default();
        slot.replace(token("a", 0), 300_000);
        slot.replace(token("b", 7_100_000), 300_000);
        assert_eq!(slot.worth("a", 7_200_000), Worth::Unknown);
    }
}
