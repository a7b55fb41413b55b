//! Owns: the authorize page's rules, confirming, changing and cancelling an authorization (D, B.3).
//! Must not: render HTML; the door does.
//! Invariant: a confirmation always makes a new refresh token and a new code; the event is pushed only when the account
//! is new (`authorized`) or its permission sets changed (`updateauthorized`).

use crate::accounts::{self, Account, Kind};
use crate::codec;
use crate::platform::Platform;
use crate::state::{AuthCode, Grant, RefreshToken};

/// Which page was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// `/cgi-bin/componentloginpage`: the Referer must be of the registered domain.
    Pc,
    /// `/wxaopen/safe/bindcomponent` and its old form: no Referer needed.
    H5,
}

/// The parameters of an authorize link (D.4) and the Referer it was opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizeQuery {
    /// Which page.
    pub entry: Entry,
    /// Component.
    pub component_appid: String,
    /// From `api_create_preauthcode`.
    pub pre_auth_code: String,
    /// Where the browser goes after the confirmation.
    pub redirect_uri: String,
    /// 1 official accounts, 2 mini programs, otherwise all.
    pub auth_type: Option<u8>,
    /// Only this account.
    pub biz_appid: Option<String>,
    /// Only these permission sets; empty: all that are published.
    pub category_ids: Vec<u32>,
    /// The Referer header.
    pub referer: Option<String>,
}

impl AuthorizeQuery {
    /// Reads the pairs of a link's query.
    pub fn from_pairs(entry: Entry, pairs: &[(String, String)], referer: Option<String>) -> Self {
        let get = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).filter(|v| !v.is_empty());
        let ids = get("category_id_list").unwrap_or_default();
        Self {
            entry,
            component_appid: get("component_appid").unwrap_or_default(),
            pre_auth_code: get("pre_auth_code").unwrap_or_default(),
            redirect_uri: get("redirect_uri").unwrap_or_default(),
            auth_type: get("auth_type").and_then(|v| v.parse().ok()),
            biz_appid: get("biz_appid"),
            category_ids: ids.split('|').filter_map(|id| id.trim().parse().ok()).collect(),
            referer,
        }
    }
}

/// Why a page shows an error instead of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageError {
    /// The link was not opened from a page of the registered domain; the host it came from.
    EntryDomain(Option<String>),
    /// The redirect_uri is missing, or of another domain.
    RedirectDomain,
    /// Unknown component.
    Component,
    /// The pre-authorization code is unknown, used or too old.
    PreAuthCode,
    /// No account that may authorize fits.
    Account,
}

impl PageError {
    /// The text of the page in Chinese and English.
    pub fn text(&self) -> (String, String) {
        let (zh, en) = match self {
            Self::EntryDomain(host) => {
                let host = host.as_deref().unwrap_or("");
                return (
                    format!(
                        "请确认授权入口页所在域名，与授权后回调页所在域名相同，并且，此两者都必须与申请第三方平台时填写的\
                         授权发起页域名相同。授权入口页所在域名：{host}"
                    ),
                    format!(
                        "The page that leads here must be on the platform's registered authorize domain, and so must \
                         the redirect_uri. Domain of the page that led here: {host}"
                    ),
                );
            }
            Self::RedirectDomain => ("redirect_uri参数错误", "redirect_uri is wrong: not on the registered domain"),
            Self::Component => ("component_appid 参数错误", "component_appid is wrong"),
            Self::PreAuthCode => {
                ("预授权码无效或已过期，请重新发起授权", "The pre-authorization code is invalid or expired")
            }
            Self::Account => ("没有可授权的账号", "There is no account that could authorize"),
        };
        (zh.to_owned(), en.to_owned())
    }
}

/// An account as the page offers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The account.
    pub account: Account,
    /// Sets that can be ticked, in order.
    pub sets: Vec<u32>,
    /// Sets granted so far; `None` if it is not authorized.
    pub granted: Option<Vec<u32>>,
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizePage {
    /// Accounts that may authorize, in their fixed order.
    pub candidates: Vec<Candidate>,
}

/// A confirmed authorization.
#[derive(Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// Where the browser goes: the redirect_uri with `auth_code` and `expires_in`.
    pub redirect_to: String,
    /// The code in it.
    pub auth_code: String,
    /// Seconds.
    pub expires_in: i64,
    /// InfoType of the event that was queued, if any.
    pub event: Option<&'static str>,
}

impl std::fmt::Debug for Confirmed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Confirmed").field("event", &self.event).finish_non_exhaustive()
    }
}

impl Platform {
    fn check_link(&self, now: i64, query: &AuthorizeQuery) -> Result<(), PageError> {
        let domain = self.config.registered_domain();
        if query.entry == Entry::Pc {
            let from = query.referer.as_deref().and_then(codec::host_of);
            // Without a registered domain any Referer is good, but one must be there: typing the link in fails.
            if from.is_none() || domain.as_ref().is_some_and(|domain| from.as_ref() != Some(domain)) {
                return Err(PageError::EntryDomain(from));
            }
        }
        if query.component_appid != self.state.credentials.component_appid {
            return Err(PageError::Component);
        }
        let redirect = codec::host_of(&query.redirect_uri);
        if redirect.is_none() || domain.is_some_and(|domain| redirect != Some(domain)) {
            return Err(PageError::RedirectDomain);
        }
        match self.state.pre_auth_codes.get(&query.pre_auth_code) {
            Some(code) if !code.used && now < code.until_ms => Ok(()),
            _ => Err(PageError::PreAuthCode),
        }
    }

    /// Sets an account of `kind` can grant through this link.
    fn offered(&self, kind: Kind, query: &AuthorizeQuery) -> Vec<u32> {
        let published = self.published_sets(kind);
        let wanted = |id: &u32| query.category_ids.is_empty() || query.category_ids.contains(id);
        published.iter().copied().filter(wanted).collect()
    }

    /// Sets that the platform published for accounts of `kind`.
    pub fn published_sets(&self, kind: Kind) -> &[u32] {
        match kind {
            Kind::OfficialAccount => &self.config.official_sets,
            Kind::MiniProgram => &self.config.mini_sets,
            Kind::Website => &[],
        }
    }

    /// What the authorize page shows for a link, or why it shows an error.
    ///
    /// # Errors
    /// [`PageError`], in the order: domain, component, redirect, code, account.
    pub fn authorize_page(&self, now_ms: i64, query: &AuthorizeQuery) -> Result<AuthorizePage, PageError> {
        self.check_link(now_ms, query)?;
        let fits = |account: &Account| {
            account.can_authorize()
                && account.synthetic.is_none()
                && match (&query.biz_appid, query.auth_type) {
                    // biz_appid wins over auth_type (D.4).
                    (Some(appid), _) => &account.appid == appid,
                    (None, Some(1)) => account.kind == Kind::OfficialAccount,
                    (None, Some(2)) => account.kind == Kind::MiniProgram,
                    (None, _) => true,
                }
        };
        let candidates: Vec<Candidate> = self
            .state
            .order
            .iter()
            .filter_map(|appid| self.state.accounts.get(appid))
            .filter(|state| fits(&state.account))
            .map(|state| Candidate {
                account: state.account.clone(),
                sets: self.offered(state.account.kind, query),
                granted: state.grant.as_ref().map(|grant| grant.sets.clone()),
            })
            .filter(|candidate| !candidate.sets.is_empty())
            .collect();
        if candidates.is_empty() { Err(PageError::Account) } else { Ok(AuthorizePage { candidates }) }
    }

    /// The administrator of `appid` confirms with the ticked sets (those not offered are ignored; none ticked counts
    /// as all offered, as the page does not let him go on with none).
    ///
    /// # Errors
    /// [`PageError`] as for the page.
    pub fn confirm(
        &mut self,
        now_ms: i64,
        query: &AuthorizeQuery,
        appid: &str,
        ticked: &[u32],
    ) -> Result<Confirmed, PageError> {
        // The page was opened with a good Referer; the form is posted from WeChat's own page.
        let query = AuthorizeQuery { entry: Entry::H5, ..query.clone() };
        let page = self.authorize_page(now_ms, &query)?;
        let candidate = page.candidates.iter().find(|c| c.account.appid == appid).ok_or(PageError::Account)?;
        let mut sets: Vec<u32> = candidate.sets.iter().copied().filter(|id| ticked.contains(id)).collect();
        if sets.is_empty() {
            sets.clone_from(&candidate.sets);
        }
        if self.config.pre_auth_code_single_use
            && let Some(code) = self.state.pre_auth_codes.get_mut(&query.pre_auth_code)
        {
            code.used = true;
        }
        let before = candidate.granted.clone();
        self.grant(now_ms, appid, sets.clone());
        let life_s = self.config.auth_code_life_s;
        let (auth_code, until_ms) = self.make_auth_code(now_ms, appid);
        let event = match &before {
            None => Some("authorized"),
            Some(granted) if granted != &sets => Some("updateauthorized"),
            Some(_) => None,
        };
        if let Some(info_type) = event {
            let expires = until_ms.div_euclid(1000).to_string();
            let fields = [
                ("AuthorizationCode", auth_code.as_str()),
                ("AuthorizationCodeExpiredTime", expires.as_str()),
                ("PreAuthCode", query.pre_auth_code.as_str()),
            ];
            self.queue_event(now_ms, info_type, appid, &fields);
        }
        self.touched();
        let expires_in = life_s.to_string();
        let redirect_to =
            codec::append_query(&query.redirect_uri, &[("auth_code", auth_code.as_str()), ("expires_in", &expires_in)]);
        Ok(Confirmed { redirect_to, auth_code, expires_in: life_s, event })
    }

    /// A code that can be redeemed, and the end of its life.
    pub(crate) fn make_auth_code(&mut self, now: i64, appid: &str) -> (String, i64) {
        let until_ms = now + self.config.auth_code_life_s * 1000;
        let auth_code = format!("queryauthcode@@@{}", self.state.rng.url_safe(64));
        self.state.auth_codes.retain(|_, code| code.until_ms + 86_400_000 > now);
        let code = AuthCode { appid: appid.to_owned(), until_ms, redeemed: false };
        self.state.auth_codes.insert(auth_code.clone(), code);
        (auth_code, until_ms)
    }

    /// Makes or renews a grant; the refresh token before it dies with it (C.4).
    pub(crate) fn grant(&mut self, now: i64, appid: &str, sets: Vec<u32>) {
        let value = self.new_refresh_token();
        let auth_time_s = now.div_euclid(1000);
        self.receivers_changed();
        let Some(state) = self.state.accounts.get_mut(appid) else { return };
        state.was_granted = true;
        match &mut state.grant {
            Some(grant) => {
                grant.refresh.rotate(value);
                grant.sets = sets;
                grant.auth_time_s = auth_time_s;
            }
            None => {
                let refresh = RefreshToken { value, delivered: false, former: Vec::new(), refused_former: false };
                state.grant = Some(Grant { sets, auth_time_s, refresh });
            }
        }
    }

    /// The account's administrator cancels the authorization: tokens die, `unauthorized` is pushed.
    /// False if it was not authorized.
    pub fn unauthorize(&mut self, now_ms: i64, appid: &str) -> bool {
        let Some(state) = self.state.accounts.get_mut(appid) else { return false };
        if state.grant.take().is_none() {
            return false;
        }
        self.receivers_changed();
        self.queue_event(now_ms, "unauthorized", appid, &[]);
        true
    }

    /// The account's administrator changes the granted sets in the account's own back office: `updateauthorized` is
    /// pushed with a new code. False if the account is not authorized or nothing changes.
    pub fn change_sets(&mut self, now_ms: i64, appid: &str, sets: &[u32]) -> bool {
        let Some(granted) = self.state.accounts.get(appid).and_then(|a| a.grant.as_ref()).map(|g| &g.sets) else {
            return false;
        };
        if granted == sets {
            return false;
        }
        self.grant(now_ms, appid, sets.to_vec());
        let (auth_code, until_ms) = self.make_auth_code(now_ms, appid);
        let expires = until_ms.div_euclid(1000).to_string();
        let fields = [("AuthorizationCode", auth_code.as_str()), ("AuthorizationCodeExpiredTime", expires.as_str())];
        self.queue_event(now_ms, "updateauthorized", appid, &fields);
        true
    }

    /// Adds `n` synthetic accounts that have granted every published set, without pushing anything: the state of a
    /// platform that has been running for years. Returns appid and refresh token of each.
    pub fn authorize_many(&mut self, n: usize, now_ms: i64) -> Vec<(String, String)> {
        let mut out = Vec::with_capacity(n);
        for _ in 0..n {
            let account = accounts::synthetic(self.state.seed, self.state.synthetic);
            // Built-in accounts come before a million.
            let number = self.state.synthetic + 1_000_000;
            self.state.synthetic += 1;
            let (appid, kind) = (account.appid.clone(), account.kind);
            self.add_account(account, number);
            let sets = self.published_sets(kind).to_vec();
            self.grant(now_ms, &appid, sets);
            let grant = self.state.accounts.get(&appid).and_then(|a| a.grant.as_ref());
            let value = grant.map(|g| g.refresh.value.clone()).unwrap_or_default();
            out.push((appid, value));
        }
        self.touched();
        out
    }
}
