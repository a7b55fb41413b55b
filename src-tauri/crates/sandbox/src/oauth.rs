//! Owns: web OAuth and website login as the person in front of the page sees them (G.1, G.3), and codes of
//! mini-program login (G.4).
//! Must not: render HTML, or exchange a code; the door and `api::sns` do.
//! Invariant: a code leads to exactly one person at one account, with the scope that was asked for.

use crate::accounts::Kind;
use crate::codec;
use crate::people::{person_openid, snapshot_openid};
use crate::platform::Platform;
use crate::state::{JsCode, OauthCode};

/// Life of a web OAuth code (G.1).
const OAUTH_CODE_MS: i64 = 300_000;
/// Life of a website login's code (G.3).
const LOGIN_CODE_MS: i64 = 600_000;
/// Life of a `js_code` (G.4 names none; the five minutes of G.1).
const JS_CODE_MS: i64 = 300_000;
/// The longest state, in bytes (G.1).
const LONGEST_STATE: usize = 128;

/// Which of the two pages a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentKind {
    /// `/connect/oauth2/authorize`, inside WeChat.
    Web,
    /// `/connect/qrconnect`, a QR code on a website.
    Login,
}

/// An error of the page: WeChat's code and the text in Chinese and English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentError {
    /// Code of E.5; 0 for a link that the page's regular expression does not let through.
    pub code: i64,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

fn wrong(code: i64, zh: &str, en: &str) -> ConsentError {
    ConsentError { code, zh: zh.to_owned(), en: en.to_owned() }
}

/// A link that passed every check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentPage {
    /// Which page.
    pub kind: ConsentKind,
    /// The account or website application.
    pub appid: String,
    /// Its shown name.
    pub nick_name: String,
    /// `snsapi_base`, `snsapi_userinfo` or `snsapi_login`.
    pub scope: String,
    /// Whether the page is shown; otherwise the redirect follows at once.
    pub asks: bool,
    /// Whether the link forces the snapshot page.
    pub snapshot: bool,
    redirect_uri: String,
    state: String,
    component: bool,
}

/// What the person in front of the page decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Who it is; `None`: the visitor of the settings.
    pub openid: Option<String>,
    /// 同意 or 拒绝.
    pub agree: bool,
    /// The page is a snapshot page, the person stays virtual (快照页).
    pub snapshot: bool,
}

/// Names in the order that the page's regular expression wants; those after `state` are optional.
const ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];
const OPTIONAL: [&str; 4] = ["component_appid", "forcePopup", "forceSnapShot", "connect_redirect"];

struct Link {
    pairs: Vec<(String, String)>,
}

impl Link {
    /// Order and case of names, encoding of the redirect_uri. A name that is missing is found out by the checks of
    /// values, which have codes of their own.
    fn parse(query: &str) -> Result<Self, ConsentError> {
        let query = query.split_once('#').map_or(query, |(query, _)| query);
        let refused = |zh: &str, en: &str| {
            Err(wrong(
                0,
                &format!(
                    "该链接无法访问：{zh}（参数顺序与大小写必须为 appid、redirect_uri、response_type、scope、state）"
                ),
                &format!(
                    "This link cannot be opened: {en} (the order and case must be appid, redirect_uri, response_type, \
                     scope, state)"
                ),
            ))
        };
        let mut last = None;
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let place = ORDER.iter().position(|known| *known == name);
            let Some(place) = place.or_else(|| OPTIONAL.contains(&name).then_some(ORDER.len())) else {
                return refused(&format!("不认识的参数 {name}"), &format!("unknown parameter {name}"));
            };
            if last.is_some_and(|last| place < last || (place == last && place < ORDER.len())) {
                return refused(&format!("参数 {name} 的位置不对"), &format!("{name} is in the wrong place"));
            }
            last = Some(place);
            if name == "redirect_uri" && value.contains(['/', ':']) {
                return refused("redirect_uri 未做 URL 编码", "redirect_uri is not percent-encoded");
            }
            if name == "response_type" && value != "code" {
                return refused("response_type 必须为 code", "response_type must be code");
            }
        }
        let pairs = codec::parse_query(query);
        if !pairs.iter().any(|(name, _)| name == "response_type") {
            return refused("缺少 response_type", "response_type is missing");
        }
        Ok(Self { pairs })
    }

    fn get(&self, name: &str) -> &str {
        self.pairs.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str())
    }
}

/// Which page a URL leads to, and its query without the fragment.
fn split_url(url: &str) -> Option<(ConsentKind, &str)> {
    let (head, query) = url.split_once('?')?;
    let kind = if head.ends_with("/connect/oauth2/authorize") {
        ConsentKind::Web
    } else if head.ends_with("/connect/qrconnect") {
        ConsentKind::Login
    } else {
        return None;
    };
    Some((kind, query.split_once('#').map_or(query, |(query, _)| query)))
}

impl Platform {
    /// 网页授权域名 of an account, 授权回调域 of a website application: set by hand, else the host of its own server URL,
    /// for a website application the host of the push base. `None`: none is configured, and every redirect is refused.
    pub fn web_domain(&self, appid: &str) -> Option<String> {
        if let Some(domain) = self.config.web_domains.get(appid) {
            return Some(domain.to_ascii_lowercase());
        }
        let state = self.state.accounts.get(appid)?;
        let server = state.server.as_ref().and_then(|server| codec::host_of(&server.url));
        let website = || (state.account.kind == Kind::Website).then(|| self.push_host()).flatten();
        server.or_else(website)
    }

    pub(crate) fn push_host(&self) -> Option<String> {
        self.config.push_base.as_deref().and_then(codec::host_of)
    }

    /// Checks a link as G.1 and G.3 do; `query` is raw, without `?` and fragment.
    ///
    /// # Errors
    /// [`ConsentError`] as the page shows it.
    pub fn consent_page(&self, kind: ConsentKind, query: &str) -> Result<ConsentPage, ConsentError> {
        let link = Link::parse(query)?;
        let (appid, redirect_uri, scope, state) =
            (link.get("appid"), link.get("redirect_uri"), link.get("scope"), link.get("state"));
        if appid.is_empty() {
            return Err(wrong(10012, "appid不能为空", "appid is empty"));
        }
        if redirect_uri.is_empty() {
            return Err(wrong(10011, "redirect_uri不能为空", "redirect_uri is empty"));
        }
        if scope.is_empty() {
            return Err(wrong(10010, "scope不能为空", "scope is empty"));
        }
        if state.is_empty() {
            return Err(wrong(10013, "state不能为空", "state is empty"));
        }
        if state.len() > LONGEST_STATE {
            return Err(wrong(10013, "state 超过 128 字节", "state is longer than 128 bytes"));
        }
        if !state.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(wrong(10013, "state 只能包含 a-zA-Z0-9", "state may only hold a-zA-Z0-9"));
        }
        let not_an_account = || {
            wrong(
                10016,
                "不能使用开放平台的 AppID，请使用公众号的 AppID",
                "not an official account: use an official account's appid, not one of the Open Platform",
            )
        };
        let unknown = || match kind {
            ConsentKind::Web => not_an_account(),
            ConsentKind::Login => wrong(10012, "AppID 参数错误：不是网站应用", "appid is not a website application's"),
        };
        let Some(account) = self.state.accounts.get(appid) else { return Err(unknown()) };
        let fits = match kind {
            ConsentKind::Web => account.account.kind == Kind::OfficialAccount,
            ConsentKind::Login => account.account.kind == Kind::Website,
        };
        if !fits {
            return Err(unknown());
        }
        if account.account.is_banned() {
            return Err(wrong(10004, "该公众号被封禁", "the account is banned"));
        }
        let sent_component = link.get("component_appid");
        let component = !sent_component.is_empty();
        let no_scope = || wrong(10005, "该公众号没有这些scope的权限", "the account lacks this scope");
        if component {
            let granted = account.grant.as_ref().filter(|_| sent_component == self.state.credentials.component_appid);
            let Some(grant) = granted else {
                return Err(wrong(
                    10015,
                    "公众号未授权第三方平台，请检查授权状态",
                    "the account has not authorized the third-party platform",
                ));
            };
            if !grant.sets.contains(&4) {
                return Err(no_scope());
            }
        }
        let scope_known = match kind {
            ConsentKind::Web => matches!(scope, "snsapi_base" | "snsapi_userinfo"),
            ConsentKind::Login => scope == "snsapi_login",
        };
        if !scope_known || (kind == ConsentKind::Web && !account.account.is_verified_service()) {
            return Err(no_scope());
        }
        self.check_redirect(appid, redirect_uri, component)?;
        let snapshot = link.get("forceSnapShot") == "true";
        Ok(ConsentPage {
            kind,
            appid: appid.to_owned(),
            nick_name: account.account.nick_name.clone(),
            scope: scope.to_owned(),
            asks: scope != "snsapi_base" || link.get("forcePopup") == "true",
            snapshot,
            redirect_uri: redirect_uri.to_owned(),
            state: state.to_owned(),
            component,
        })
    }

    fn check_redirect(&self, appid: &str, redirect_uri: &str, component: bool) -> Result<(), ConsentError> {
        let host = codec::host_of(redirect_uri);
        let domain = if component { self.push_host() } else { self.web_domain(appid) };
        let good = match (&host, &domain) {
            (None, _) => false,
            // A component is told apart by its push base; one without any is a test rig of its own.
            (Some(_), None) => component,
            (Some(host), Some(domain)) => host == domain || (component && host == &format!("{appid}.{domain}")),
        };
        if good {
            return Ok(());
        }
        let (host, domain) = (host.unwrap_or_default(), domain.unwrap_or_else(|| "–".to_owned()));
        Err(wrong(
            10003,
            &format!("redirect_uri域名与后台配置不一致（redirect_uri：{host}，后台配置：{domain}）"),
            &format!("redirect_uri is on {host}, the configured domain is {domain}"),
        ))
    }

    /// The person decides. Where the browser goes: with code and state (and appid for a component), or with the state
    /// alone after a refusal.
    ///
    /// # Errors
    /// [`ConsentError`]: as for the page, and 10006 for one who does not follow a test account.
    pub fn consent(&mut self, now_ms: i64, url: &str, choice: &Choice) -> Result<String, ConsentError> {
        let Some((kind, query)) = split_url(url) else {
            return Err(wrong(0, "不是网页授权链接", "not a link of web OAuth or website login"));
        };
        let page = self.consent_page(kind, query)?;
        if !choice.agree {
            return Ok(codec::append_query(&page.redirect_uri, &[("state", &page.state)]));
        }
        let visitor = person_openid(&page.appid, self.config.visitor);
        let openid = choice.openid.clone().unwrap_or(visitor);
        let test = self.account(&page.appid).is_some_and(|account| account.test);
        if test && !self.follows(&page.appid, &openid) {
            return Err(wrong(10006, "用户未关注此测试号", "the test account must be followed first"));
        }
        let snapshot = (page.snapshot || choice.snapshot) && kind == ConsentKind::Web;
        let openid = match self.person_of(&page.appid, &openid) {
            Some(number) if snapshot => snapshot_openid(&page.appid, number),
            _ => openid,
        };
        let life = if kind == ConsentKind::Login { LOGIN_CODE_MS } else { OAUTH_CODE_MS };
        let code = self.state.rng.alphanumeric(32);
        self.state.oauth_codes.retain(|_, code| code.until_ms + 86_400_000 > now_ms);
        self.state.oauth_codes.insert(
            code.clone(),
            OauthCode {
                appid: page.appid.clone(),
                scope: page.scope,
                until_ms: now_ms + life,
                used: false,
                openid,
                snapshot,
                component: page.component,
            },
        );
        self.touched();
        let mut added = vec![("code", code.as_str()), ("state", page.state.as_str())];
        if page.component {
            added.push(("appid", page.appid.as_str()));
        }
        Ok(codec::append_query(&page.redirect_uri, &added))
    }

    /// A mini program's `wx.login` (G.4): a `js_code` for this person. `None` if it is no mini program.
    pub fn issue_js_code(&mut self, now_ms: i64, appid: &str, openid: &str) -> Option<String> {
        let account = self.account(appid)?;
        if account.kind != Kind::MiniProgram || account.is_banned() {
            return None;
        }
        let code = self.state.rng.alphanumeric(32);
        self.state.js_codes.retain(|_, code| code.until_ms + 86_400_000 > now_ms);
        let made =
            JsCode { appid: appid.to_owned(), openid: openid.to_owned(), until_ms: now_ms + JS_CODE_MS, used: false };
        self.state.js_codes.insert(code.clone(), made);
        self.touched();
        Some(code)
    }
}
