//! The links that an administrator or a follower opens in a browser or in WeChat.
//!
//! Owns: authorize links (PC and H5), web OAuth links, website login links, and percent-encoding for all of them.
//! Must not: fetch any of them; WeChat checks where the click came from, so they are for the user's browser alone.
//! Invariant: every value is percent-encoded, and links for inside WeChat end in `#wechat_redirect`.

use std::fmt;

/// Where the PC authorize page lives unless the operator configured another endpoint.
pub const MP_BASE: &str = "https://mp.weixin.qq.com";
/// Where the H5 authorize page and the OAuth page live unless the operator configured another endpoint.
pub const OPEN_BASE: &str = "https://open.weixin.qq.com";

/// What an authorize link says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AuthorizeLink<'a> {
    /// The component.
    pub component_appid: &'a str,
    /// A fresh pre-authorization code, one for each link.
    pub pre_auth_code: &'a str,
    /// The callback. There is no `state` parameter, so whatever must come back has to be part of this URL.
    pub redirect_uri: &'a str,
    /// 1 official accounts, 2 mini programs, 3 both, 4 小程序推客, 5 视频号, 6 all kinds, 8 带货助手.
    /// `None` leaves it to WeChat, which then offers both.
    pub auth_type: Option<u8>,
    /// Offers exactly this account. Wins over `auth_type` in WeChat's current documentation.
    pub biz_appid: Option<&'a str>,
    /// Permission sets to ask for, a subset of the published ones; empty asks for all published ones.
    pub category_ids: &'a [u32],
}

impl fmt::Debug for AuthorizeLink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeLink")
            .field("component_appid", &self.component_appid)
            .field("auth_type", &self.auth_type)
            .field("biz_appid", &self.biz_appid)
            .field("category_ids", &self.category_ids)
            .finish_non_exhaustive()
    }
}

impl AuthorizeLink<'_> {
    /// The page with a QR code to scan (扫码授权页). Works only by a click on a page of the configured
    /// authorization domain. `mp_base` has no trailing slash, e.g. [`MP_BASE`].
    pub fn pc(&self, mp_base: &str) -> String {
        let mut url = Url::new(mp_base, "/cgi-bin/componentloginpage");
        self.parameters(&mut url);
        url.finish("")
    }

    /// The page for inside WeChat. `open_base` has no trailing slash, e.g. [`OPEN_BASE`].
    pub fn h5(&self, open_base: &str) -> String {
        let mut url = Url::new(open_base, "/wxaopen/safe/bindcomponent");
        url.push("action", "bindcomponent");
        url.push("no_scan", "1");
        self.parameters(&mut url);
        url.finish("#wechat_redirect")
    }

    fn parameters(&self, url: &mut Url) {
        url.push("component_appid", self.component_appid);
        url.push("pre_auth_code", self.pre_auth_code);
        url.push("redirect_uri", self.redirect_uri);
        if let Some(auth_type) = self.auth_type {
            url.push("auth_type", &auth_type.to_string());
        }
        if let Some(biz_appid) = self.biz_appid {
            url.push("biz_appid", biz_appid);
        }
        if !self.category_ids.is_empty() {
            let ids: Vec<String> = self.category_ids.iter().map(u32::to_string).collect();
            url.push("category_id_list", &ids.join("|"));
        }
    }
}

/// How much a web OAuth link asks the user for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OauthScope {
    /// Silent; gives the openid only.
    Base,
    /// With a consent page; gives the profile.
    UserInfo,
    /// A website's login by QR code; only what [`WebsiteLink`] asks for, an [`OauthLink`] with it is refused.
    Login,
}

impl OauthScope {
    /// The value of the `scope` parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
            Self::Login => "snsapi_login",
        }
    }
}

/// A web OAuth link (网页授权).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OauthLink<'a> {
    /// The official account on whose behalf.
    pub appid: &'a str,
    /// The callback on an allowed domain.
    pub redirect_uri: &'a str,
    /// What to ask for.
    pub scope: OauthScope,
    /// See [`is_state`]; always sent, because WeChat has an error for an empty one (10013).
    pub state: &'a str,
    /// Asks for consent even where WeChat would not; `None` leaves it to WeChat, which does not force it.
    pub force_popup: Option<bool>,
    /// Opens the page as a snapshot page (快照页) first; `None` leaves it to WeChat.
    pub force_snapshot: Option<bool>,
    /// The component that acts on behalf of the account, if one does.
    pub component_appid: Option<&'a str>,
}

impl OauthLink<'_> {
    /// The link. WeChat checks the order of the parameters with a regular expression, so it is fixed. Both
    /// `forcePopup` and `component_appid` are documented as "after state" and never together: the two switches come
    /// directly after it, `component_appid` last, as it ends every documented link on behalf.
    /// `open_base` has no trailing slash, e.g. [`OPEN_BASE`].
    pub fn url(&self, open_base: &str) -> String {
        let mut url = Url::new(open_base, "/connect/oauth2/authorize");
        url.push("appid", self.appid);
        url.push("redirect_uri", self.redirect_uri);
        url.push("response_type", "code");
        url.push("scope", self.scope.as_str());
        url.push("state", self.state);
        if let Some(force) = self.force_popup {
            url.push("forcePopup", if force { "true" } else { "false" });
        }
        if let Some(force) = self.force_snapshot {
            url.push("forceSnapShot", if force { "true" } else { "false" });
        }
        if let Some(component_appid) = self.component_appid {
            url.push("component_appid", component_appid);
        }
        url.finish("#wechat_redirect")
    }
}

/// A website's login by QR code (网站应用扫码登录). The code it brings lives 10 minutes; the token calls are web OAuth's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebsiteLink<'a> {
    /// A website application (网站应用), not an official account.
    pub appid: &'a str,
    /// The callback on the application's domain.
    pub redirect_uri: &'a str,
    /// See [`is_state`].
    pub state: &'a str,
}

impl WebsiteLink<'_> {
    /// The link, in the fixed order of [`OauthLink::url`]. `open_base` has no trailing slash, e.g. [`OPEN_BASE`].
    pub fn url(&self, open_base: &str) -> String {
        let mut url = Url::new(open_base, "/connect/qrconnect");
        url.push("appid", self.appid);
        url.push("redirect_uri", self.redirect_uri);
        url.push("response_type", "code");
        url.push("scope", OauthScope::Login.as_str());
        url.push("state", self.state);
        url.finish("#wechat_redirect")
    }
}

/// The longest `state`, in bytes.
pub const MAX_STATE_BYTES: usize = 128;

/// Whether WeChat takes `state` and gives it back unchanged: 1 to [`MAX_STATE_BYTES`] letters and digits.
pub fn is_state(state: &str) -> bool {
    (1..=MAX_STATE_BYTES).contains(&state.len()) && state.bytes().all(|b| b.is_ascii_alphanumeric())
}

struct Url {
    text: String,
    separator: char,
}

impl Url {
    fn new(base: &str, path: &str) -> Self {
        let mut text = String::with_capacity(512);
        text.push_str(base.trim_end_matches('/'));
        text.push_str(path);
        Self { text, separator: '?' }
    }

    fn push(&mut self, name: &str, value: &str) {
        self.text.push(self.separator);
        self.text.push_str(name);
        self.text.push('=');
        push_encoded(&mut self.text, value);
        self.separator = '&';
    }

    fn finish(mut self, fragment: &str) -> String {
        self.text.push_str(fragment);
        self.text
    }
}

/// Percent-encodes everything but RFC 3986's unreserved characters, as `encodeURIComponent` nearly does.
pub fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 16);
    push_encoded(&mut out, value);
    out
}

/// As [`encode`], appending to `out`.
pub fn push_encoded(out: &mut String, value: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: AuthorizeLink<'static> = AuthorizeLink {
        component_appid: "wx134c8103faa5a59e",
        pre_auth_code: "preauthcode@@@a_b-c",
        redirect_uri: "https://abc.natapp.cc/wechat/x/authorized/1?a=b&c=d",
        auth_type: None,
        biz_appid: None,
        category_ids: &[],
    };

    #[test]
    fn pc_link_with_only_what_is_required() {
        assert_eq!(
            BARE.pc(MP_BASE),
            "https://mp.weixin.qq.com/cgi-bin/componentloginpage?component_appid=wx134c8103faa5a59e\
             &pre_auth_code=preauthcode%40%40%40a_b-c\
             &redirect_uri=https%3A%2F%2Fabc.natapp.cc%2Fwechat%2Fx%2Fauthorized%2F1%3Fa%3Db%26c%3Dd"
        );
    }

    #[test]
    fn h5_link_with_everything() {
        let link =
            AuthorizeLink { auth_type: Some(3), biz_appid: Some("wxba5fad812f8e6fb9"), category_ids: &[1, 15], ..BARE };
        assert_eq!(
            link.h5(OPEN_BASE),
            "https://open.weixin.qq.com/wxaopen/safe/bindcomponent?action=bindcomponent&no_scan=1\
             &component_appid=wx134c8103faa5a59e&pre_auth_code=preauthcode%40%40%40a_b-c\
             &redirect_uri=https%3A%2F%2Fabc.natapp.cc%2Fwechat%2Fx%2Fauthorized%2F1%3Fa%3Db%26c%3Dd\
             &auth_type=3&biz_appid=wxba5fad812f8e6fb9&category_id_list=1%7C15#wechat_redirect"
        );
    }

    #[test]
    fn each_optional_parameter_appears_once_and_only_when_asked_for() {
        for link in [
            BARE,
            AuthorizeLink { auth_type: Some(2), ..BARE },
            AuthorizeLink { biz_appid: Some("wx1"), ..BARE },
            AuthorizeLink { category_ids: &[99], ..BARE },
        ] {
            for url in [link.pc(MP_BASE), link.h5(OPEN_BASE)] {
                assert_eq!(url.matches("auth_type=").count(), usize::from(link.auth_type.is_some()));
                assert_eq!(url.matches("biz_appid=").count(), usize::from(link.biz_appid.is_some()));
                assert_eq!(url.matches("category_id_list=").count(), usize::from(!link.category_ids.is_empty()));
            }
        }
    }

    #[test]
    fn a_base_with_a_trailing_slash_or_a_port_works() {
        assert!(BARE.pc("http://127.0.0.1:9000/").starts_with("http://127.0.0.1:9000/cgi-bin/componentloginpage?"));
    }

    #[test]
    fn oauth_links_keep_the_order_that_wechat_checks() {
        let link = OauthLink {
            appid: "wx1",
            redirect_uri: "https://a.b/c?d=e",
            scope: OauthScope::Base,
            state: "S1",
            force_popup: None,
            force_snapshot: None,
            component_appid: None,
        };
        assert_eq!(
            link.url(OPEN_BASE),
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx1&redirect_uri=https%3A%2F%2Fa.b%2Fc%3Fd%3De\
             &response_type=code&scope=snsapi_base&state=S1#wechat_redirect"
        );
        let link = OauthLink { scope: OauthScope::UserInfo, component_appid: Some("wx2"), ..link };
        assert!(link.url(OPEN_BASE).ends_with("&scope=snsapi_userinfo&state=S1&component_appid=wx2#wechat_redirect"));
        let link = OauthLink { force_popup: Some(true), force_snapshot: Some(false), ..link };
        assert!(link.url(OPEN_BASE).ends_with(
            "&scope=snsapi_userinfo&state=S1&forcePopup=true&forceSnapShot=false&component_appid=wx2#wechat_redirect"
        ));
        let link = OauthLink { force_popup: None, force_snapshot: Some(true), component_appid: None, ..link };
        assert!(link.url(OPEN_BASE).ends_with("&state=S1&forceSnapShot=true#wechat_redirect"));
    }

    #[test]
    fn website_links() {
        let link = WebsiteLink { appid: "wxweb", redirect_uri: "https://a.b/c?d=e", state: "S1" };
        assert_eq!(
            link.url("http://127.0.0.1:9000/"),
            "http://127.0.0.1:9000/connect/qrconnect?appid=wxweb&redirect_uri=https%3A%2F%2Fa.b%2Fc%3Fd%3De\
             &response_type=code&scope=snsapi_login&state=S1#wechat_redirect"
        );
    }

    #[test]
    fn states_are_letters_and_digits() {
        assert!(is_state("aZ09") && is_state(&"x".repeat(128)));
        for bad in ["", "a-b", "a b", "a_b", "中", "a\n", &"x".repeat(129)] {
            assert!(!is_state(bad), "{bad:?}");
        }
    }

    #[test]
    fn debug_hides_the_pre_auth_code() {
        assert!(!format!("{BARE:?}").contains("preauthcode"));
    }

    #[test]
    fn encoding_leaves_only_unreserved_characters() {
        assert_eq!(encode("aZ0-_.~"), "aZ0-_.~");
        assert_eq!(encode("@|中 +"), "%40%7C%E4%B8%AD%20%2B");
    }
}
