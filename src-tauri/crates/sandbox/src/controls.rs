//! Owns: what a test, the door or an operator may look at and turn while the platform runs.
//! Must not: show a token, ticket or secret except through [`Platform::credentials`] and [`Platform::platform_json`].
//! Invariant: turning something never loses what was issued before.

use serde::Serialize;
use serde_json::{Value, json};

use crate::accounts::{Account, Kind};
use crate::config::{Credentials, SandboxConfig};
use crate::platform::Platform;
use crate::state::Follower;

/// Followers that every account has: WeChat id, `client_platform_type`, tags.
pub const FOLLOWERS: [(&str, u8, &[u64]); 4] = [
    ("follower-ios", 1, &[]),
    ("follower-android", 2, &[]),
    ("follower-vip", 2, &[100]),
    ("follower-vip-ios", 1, &[100, 101]),
];

/// An account with the state of its authorization; no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountView {
    /// Appid.
    pub appid: String,
    /// Official account or mini program.
    pub kind: Kind,
    /// Shown name.
    pub nick_name: String,
    /// Original id.
    pub user_name: String,
    /// Owner.
    pub principal_name: String,
    /// 1 is normal; 14, 16 and 19 cannot authorize.
    pub status: i64,
    /// -1 is unverified.
    pub verify_type: i64,
    /// Whether it authorized the component.
    pub authorized: bool,
    /// Granted sets.
    pub sets: Vec<u32>,
    /// Seconds since 1970; 0 if not authorized.
    pub auth_time: i64,
    /// Whether a default menu was created through the API.
    pub has_menu: bool,
}

/// What a page hands to `wx.config`, and its address.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct JsConfig {
    /// The account.
    pub appid: String,
    /// The page's address; from `#` on it does not count.
    pub url: String,
    /// Seconds; text or number.
    #[serde(deserialize_with = "text_or_number")]
    pub timestamp: String,
    /// `nonceStr`.
    pub nonce_str: String,
    /// Lower-case hex.
    pub signature: String,
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(match <Value as serde::Deserialize>::deserialize(from)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

impl Platform {
    /// The settings.
    pub fn config(&self) -> &SandboxConfig {
        &self.config
    }

    /// Changes settings; what was issued keeps the life it was issued with.
    pub fn configure(&mut self, change: impl FnOnce(&mut SandboxConfig)) {
        change(&mut self.config);
        self.signal.notify_one();
        self.touched();
    }

    /// Every API call is refused as coming from `ip` (61004, and 40164 for own secrets); `None` ends that.
    pub fn refuse_ip(&mut self, ip: Option<String>) {
        self.configure(|config| config.refused_ip = ip);
    }

    /// Switches refresh-token rotation.
    pub fn set_rotation(&mut self, on: bool) {
        self.configure(|config| config.rotate_refresh_tokens = on);
    }

    /// Where pushes go; with `Some` they are switched on, with `None` off.
    pub fn set_push_base(&mut self, base: Option<String>) {
        let on = base.is_some();
        self.configure(|config| config.push_base = base);
        self.set_pushing(on);
    }

    /// The component's credentials.
    pub fn credentials(&self) -> &Credentials {
        &self.state.credentials
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.state.seed
    }

    /// Sets the message token and key as in the console; the old key is kept as the previous one (A.8).
    pub fn set_message_keys(&mut self, verify_token: &str, encoding_aes_key: &str) {
        let credentials = &mut self.state.credentials;
        verify_token.clone_into(&mut credentials.verify_token);
        if credentials.encoding_aes_key != encoding_aes_key {
            let old = std::mem::replace(&mut credentials.encoding_aes_key, encoding_aes_key.to_owned());
            credentials.previous_encoding_aes_key = Some(old);
        }
        self.touched();
    }

    /// Makes a new 43-character key and returns it; the old one becomes the previous one.
    pub fn rotate_message_key(&mut self) -> String {
        let key = self.state.rng.alphanumeric(43);
        let token = self.state.credentials.verify_token.clone();
        self.set_message_keys(&token, &key);
        key
    }

    /// Encrypts pushes with the previous key although the current one is set, as WeChat may for a while (A.8).
    pub fn push_with_previous_key(&mut self, on: bool) {
        self.state.push_with_previous_key = on;
    }

    /// Resets the component's secret, as the operator may in the console; the old one dies at once (40125).
    pub fn reset_component_secret(&mut self) -> String {
        let secret = self.state.rng.hex(32);
        secret.clone_into(&mut self.state.credentials.component_appsecret);
        self.touched();
        secret
    }

    /// All accounts in their fixed order.
    pub fn accounts(&self) -> Vec<AccountView> {
        let view = |appid: &String| {
            let state = self.state.accounts.get(appid)?;
            let account = &state.account;
            Some(AccountView {
                appid: appid.clone(),
                kind: account.kind,
                nick_name: account.nick_name.clone(),
                user_name: account.user_name.clone(),
                principal_name: account.principal_name.clone(),
                status: account.status,
                verify_type: account.verify_type,
                authorized: state.grant.is_some(),
                sets: state.grant.as_ref().map(|g| g.sets.clone()).unwrap_or_default(),
                auth_time: state.grant.as_ref().map_or(0, |g| g.auth_time_s),
                has_menu: state.menu.default.is_some(),
            })
        };
        self.state.order.iter().filter_map(view).collect()
    }

    /// One account.
    pub fn account(&self, appid: &str) -> Option<&Account> {
        self.state.accounts.get(appid).map(|state| &state.account)
    }

    /// The account's own AppSecret, for directly connected accounts.
    pub fn app_secret(&self, appid: &str) -> Option<&str> {
        self.state.accounts.get(appid).map(|state| state.app_secret.as_str())
    }

    /// The refresh token that is good now; for tests that compare it with what a client stored.
    pub fn current_refresh_token(&self, appid: &str) -> Option<&str> {
        self.state.accounts.get(appid)?.grant.as_ref().map(|grant| grant.refresh.value.as_str())
    }

    /// The newest ticket; for tests.
    pub fn latest_ticket(&self) -> Option<&str> {
        self.state.tickets.back().map(|ticket| ticket.value.as_str())
    }

    /// The `button` array that was last created; for tests.
    pub fn menu_of(&self, appid: &str) -> Option<&Value> {
        self.state.accounts.get(appid)?.menu.default.as_ref()
    }

    /// Conditional menus as they were added, oldest first: menuid and body; for tests.
    pub fn conditional_menus_of(&self, appid: &str) -> Vec<(u64, Value)> {
        self.state.accounts.get(appid).map(|state| state.menu.conditional.clone()).unwrap_or_default()
    }

    /// The owner of an account publishes a menu on mp.weixin.qq.com: `selfmenu_info.button` in the form of F.5.
    pub fn make_menu_by_hand(&mut self, appid: &str, buttons: Value) {
        if let Some(state) = self.state.accounts.get_mut(appid) {
            state.menu.by_hand = Some(buttons);
        }
        self.touched();
    }

    /// Gives an account a follower with these tags and this kind of phone, or changes one.
    pub fn set_follower(&mut self, appid: &str, user_id: &str, follower: Follower) {
        if let Some(state) = self.state.accounts.get_mut(appid) {
            state.followers.insert(user_id.to_owned(), follower);
        }
        self.touched();
    }

    /// A follower by openid or WeChat id. Besides those that were set, every account has [`FOLLOWERS`] and, on an Android
    /// phone and without a tag, the one of [`crate::openid_of`].
    pub fn follower(&self, appid: &str, user_id: &str) -> Option<Follower> {
        let known = self.state.accounts.get(appid)?.followers.get(user_id).cloned();
        let plain = || (user_id == crate::openid_of(appid)).then(|| Follower { tags: Vec::new(), platform: 2 });
        let usual = || FOLLOWERS.iter().find(|(name, ..)| *name == user_id);
        known
            .or_else(|| usual().map(|(_, platform, tags)| Follower { tags: tags.to_vec(), platform: *platform }))
            .or_else(plain)
    }

    /// Whether WeChat would take `token` now: the current one or one in the overlap.
    pub fn accepts_token(&self, now_ms: i64, token: &str) -> bool {
        let owner = self.owner_of(token);
        owner
            .and_then(|owner| self.slot(&owner).map(|slot| slot.worth(token, now_ms)))
            .is_some_and(|worth| worth == crate::state::Worth::Valid)
    }

    /// Customer-service messages that the account sent: openid and text, oldest first.
    pub fn sent_messages(&self, appid: &str) -> Vec<(String, String)> {
        self.state.accounts.get(appid).map(|state| state.sent.iter().cloned().collect()).unwrap_or_default()
    }

    /// Something outside made the current token of an account useless (a second system refreshed it): it is replaced
    /// without anyone being told, and the old one ends at once.
    pub fn replace_token_elsewhere(&mut self, now_ms: i64, appid: &str) {
        let life_s = self.config.authorizer_token_life_s;
        self.issue_token(crate::state::Owner::Authorizer(appid.to_owned()), now_ms, life_s);
        if let Some(state) = self.state.accounts.get_mut(appid) {
            state.tokens.former.clear();
        }
    }

    /// What a page's `wx.config` would hear (H.2): `config:ok`, `invalid signature` or `invalid url domain`, and which
    /// ticket fits. The current ticket counts, and one that still lives.
    pub fn verify_js_config(&self, now_ms: i64, config: &JsConfig) -> (&'static str, Option<&'static str>) {
        let Some(state) = self.state.accounts.get(&config.appid) else { return ("invalid appid", None) };
        let url = config.url.split_once('#').map_or(config.url.as_str(), |(url, _)| url);
        let host = crate::codec::host_of(url);
        let own = self.config.js_domains.get(&config.appid).cloned().or_else(|| self.web_domain(&config.appid));
        let platform = state.grant.as_ref().and_then(|_| self.push_host());
        if host.is_none() || ![own, platform].contains(&host) {
            return ("invalid url domain", None);
        }
        let empty = crate::state::TokenSlot::default();
        let slot = state.tickets.get("jsapi").unwrap_or(&empty);
        let fits = |ticket: &str| {
            let text =
                format!("jsapi_ticket={ticket}&noncestr={}&timestamp={}&url={url}", config.nonce_str, config.timestamp);
            wechat::crypto::signature(&mut [text.as_bytes()]) == config.signature.as_bytes()
        };
        let alive = |ticket: &&crate::state::Token| now_ms < ticket.until_ms;
        if slot.current.iter().filter(alive).any(|ticket| fits(&ticket.value)) {
            return ("config:ok", Some("current"));
        }
        if slot.former.iter().filter(alive).any(|ticket| fits(&ticket.value)) {
            return ("config:ok", Some("former"));
        }
        ("invalid signature", None)
    }

    /// Sets 网页授权域名 or 授权回调域 of an account; an empty one takes the entry away.
    pub fn set_web_domain(&mut self, appid: &str, domain: &str) {
        self.configure(|config| {
            if domain.is_empty() {
                config.web_domains.remove(appid);
            } else {
                config.web_domains.insert(appid.to_owned(), domain.to_owned());
            }
        });
    }

    /// Another program fetches a classic token with the account's secret: the client's own one dies after the overlap.
    /// False if the account cannot have one.
    pub fn take_token(&mut self, now_ms: i64, appid: &str) -> bool {
        let able = self.account(appid).is_some_and(|account| account.kind != Kind::Website && !account.is_banned());
        if able {
            let life_s = self.config.own_token_life_s;
            self.issue_token(crate::state::Owner::Own(appid.to_owned()), now_ms, life_s);
            self.touched();
        }
        able
    }

    /// The same for the component token.
    pub fn replace_component_token_elsewhere(&mut self, now_ms: i64) {
        let life_s = self.config.component_token_life_s;
        self.issue_token(crate::state::Owner::Component, now_ms, life_s);
        self.state.component_token.former.clear();
    }

    /// The platform as `wxdeskd platform add` reads it; all endpoints are the sandbox. Holds every secret.
    pub fn platform_json(&self) -> Value {
        let credentials = &self.state.credentials;
        let base = self.config.base_url.trim_end_matches('/');
        json!({
            "component_appid": credentials.component_appid,
            "name": "模拟平台 Sandbox",
            "component_appsecret": credentials.component_appsecret,
            "verify_token": credentials.verify_token,
            "encoding_aes_key": credentials.encoding_aes_key,
            "previous_encoding_aes_key": credentials.previous_encoding_aes_key,
            "public_base_url": self.config.push_base.as_deref().unwrap_or("http://127.0.0.1:8090"),
            "endpoints": {"api": base, "mp": base, "open": base},
            "outbound_proxy": null,
        })
    }
}
