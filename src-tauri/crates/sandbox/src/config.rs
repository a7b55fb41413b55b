//! Owns: what can be set about a simulated platform, and its credentials.
//! Must not: hold anything that changes through calls; that is `state`.
//! Invariant: credentials made from a seed always pass the validation of a platform's JSON (interfaces.md).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rng::Rng;

/// How the simulated platform behaves. Every duration is in seconds unless its name says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SandboxConfig {
    /// Where the sandbox itself is reached, without a trailing slash; avatars and QR pictures point there.
    pub base_url: String,
    /// Public base URL of the platform under test (`public_base_url`); pushes go to `{push_base}/wechat/…`.
    pub push_base: Option<String>,
    /// 授权事件接收URL if it is not the usual `{push_base}/wechat/{component_appid}/event`.
    pub event_url: Option<String>,
    /// 消息与事件接收URL with `$APPID$` if it is not `{push_base}/wechat/{component_appid}/callback/$APPID$`.
    pub message_url: Option<String>,
    /// 授权发起页域名, a bare host. `None`: the host of `push_base`; with neither, every host passes.
    pub authorize_domain: Option<String>,
    /// Ticket push cycle; 600 on WeChat (B.2).
    pub ticket_interval_s: i64,
    /// Life of a ticket; 43 200 on WeChat (B.2).
    pub ticket_life_s: i64,
    /// Life of a component token; 7200 on WeChat (C.2).
    pub component_token_life_s: i64,
    /// Life of an authorizer token; 7200 on WeChat (C.4).
    pub authorizer_token_life_s: i64,
    /// Life of an account's own token; 7200 on WeChat (E.2).
    pub own_token_life_s: i64,
    /// How long a replaced token still works; 300 on WeChat (E.1).
    pub overlap_s: i64,
    /// Life of a pre-authorization code; 600 in the documents, 1800 has been seen (C.3).
    pub pre_auth_code_life_s: i64,
    /// Life of an authorization code; 600 in the documents, 3600 in practice (D.5).
    pub auth_code_life_s: i64,
    /// A pre-authorization code ends with the confirmation that used it (undocumented, so switchable).
    pub pre_auth_code_single_use: bool,
    /// Every `api_authorizer_token` hands out a new refresh token and kills the one sent. WeChat mostly returns it
    /// unchanged (C.5); the stricter behaviour is the default because a client that survives it survives both.
    pub rotate_refresh_tokens: bool,
    /// `api_authorizer_token` answers an empty refresh token (seen in the wild); the old one stays valid.
    pub empty_refresh_token: bool,
    /// Component endpoints say 41021 and 42006 instead of 41001 and 42001, which C.2–C.5 name.
    pub specific_component_codes: bool,
    /// 白名单IP地址列表. `None` lets every address pass.
    pub ip_whitelist: Option<Vec<String>>,
    /// Every call is refused with 61004 (40164 for own-secret calls) and names this address.
    pub refused_ip: Option<String>,
    /// IP白名单 of accounts, by appid, for own-secret calls (40164). An account without an entry lets every address pass.
    pub own_ip_whitelist: BTreeMap<String, Vec<String>>,
    /// 网页授权域名 of accounts and 授权回调域 of website applications, by appid: bare hosts.
    pub web_domains: BTreeMap<String, String>,
    /// Number of the person who opens web OAuth pages and is sent on at once by `snsapi_base`.
    pub visitor: usize,
    /// After a redirect of web OAuth the sandbox requests the same address once more six seconds later, as WeChat was
    /// seen to do (L).
    pub oauth_double_redirect: bool,
    /// Permanent QR codes of an account; 100 000 on WeChat (H.3).
    pub permanent_qr_codes: u64,
    /// Customer-service messages need an open window (I.2: 45015, 45047) and a receiver the account knows.
    pub check_message_window: bool,
    /// JS接口安全域名 of accounts, by appid; one without an entry uses its 网页授权域名.
    pub js_domains: BTreeMap<String, String>,
    /// Permission sets the platform published for official accounts.
    pub official_sets: Vec<u32>,
    /// Permission sets the platform published for mini programs.
    pub mini_sets: Vec<u32>,
    /// Calls a day and path, per token owner; paths not named here are not limited. Resets at 0:00 Beijing time.
    pub daily_limits: BTreeMap<String, u64>,
    /// The same for test accounts (测试号), where E.3 names other figures.
    pub test_account_limits: BTreeMap<String, u64>,
    /// `clear_quota` calls a month and account; 10 on WeChat (C.9).
    pub clear_quota_per_month: u32,
    /// How long a push may take, in milliseconds; 5000 on WeChat (B.1).
    pub push_timeout_ms: i64,
    /// From one attempt of a push to the next, in milliseconds; 5000 (B.1).
    pub push_retry_ms: i64,
    /// Attempts of a ticket or authorization event after the first; 3 (B.1).
    pub push_retries: u32,
    /// Attempts of a message after the first; 2 (L: three in total).
    pub message_retries: u32,
    /// Messages that are on their way at once, at most; the others wait.
    pub messages_at_once: usize,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        let daily_limits = [
            // E.3, the figures of a newly created official account.
            ("/cgi-bin/menu/create", 1_000),
            ("/cgi-bin/menu/get", 10_000),
            ("/cgi-bin/menu/delete", 1_000),
            ("/cgi-bin/menu/addconditional", 2_000),
            ("/cgi-bin/menu/delconditional", 2_000),
            ("/cgi-bin/menu/trymatch", 20_000),
            ("/cgi-bin/token", 2_000),
            ("/cgi-bin/message/custom/send", 500_000),
            ("/cgi-bin/media/upload", 5_000),
            ("/cgi-bin/media/get", 10_000),
            ("/cgi-bin/qrcode/create", 100_000),
            ("/cgi-bin/user/get", 500),
            ("/cgi-bin/user/info", 5_000_000),
            // "Very limited" (H.1) without a number; a page that does not cache its ticket is noticed.
            ("/cgi-bin/ticket/getticket", 2_000),
            // WeChat publishes no number; the own-account figure is taken so that polling is noticed (O.2).
            ("/cgi-bin/component/api_component_token", 2_000),
        ];
        let test_limits = [
            ("/cgi-bin/token", 200),
            ("/cgi-bin/menu/create", 100),
            ("/cgi-bin/menu/get", 1_000),
            ("/cgi-bin/menu/delete", 100),
            ("/cgi-bin/message/custom/send", 50_000),
            ("/cgi-bin/qrcode/create", 10_000),
        ];
        Self {
            base_url: "http://127.0.0.1:8099".to_owned(),
            push_base: None,
            event_url: None,
            message_url: None,
            authorize_domain: None,
            ticket_interval_s: 600,
            ticket_life_s: 12 * 3600,
            component_token_life_s: 7200,
            authorizer_token_life_s: 7200,
            own_token_life_s: 7200,
            overlap_s: 300,
            pre_auth_code_life_s: 600,
            auth_code_life_s: 600,
            pre_auth_code_single_use: true,
            rotate_refresh_tokens: true,
            empty_refresh_token: false,
            specific_component_codes: false,
            ip_whitelist: None,
            refused_ip: None,
            own_ip_whitelist: BTreeMap::new(),
            web_domains: BTreeMap::new(),
            visitor: 0,
            oauth_double_redirect: false,
            permanent_qr_codes: 100_000,
            check_message_window: true,
            js_domains: BTreeMap::new(),
            official_sets: vec![1, 2, 3, 4, 6, 7, 8, 11, 13, 15, 22, 23, 24, 26, 27, 33, 34, 46, 47, 54, 66, 89],
            mini_sets: vec![
                17, 18, 19, 20, 21, 25, 30, 31, 37, 40, 41, 45, 48, 49, 51, 52, 65, 67, 70, 71, 73, 76, 81, 84, 88,
                142, 156,
            ],
            daily_limits: daily_limits.into_iter().map(|(path, limit)| (path.to_owned(), limit)).collect(),
            test_account_limits: test_limits.into_iter().map(|(path, limit)| (path.to_owned(), limit)).collect(),
            clear_quota_per_month: 10,
            push_timeout_ms: 5_000,
            push_retry_ms: 5_000,
            push_retries: 3,
            message_retries: 2,
            messages_at_once: 512,
        }
    }
}

impl SandboxConfig {
    /// 授权发起页域名 as it is checked: set by hand, else the host of the push base; `None` lets every host pass.
    pub fn registered_domain(&self) -> Option<String> {
        let host = |url: &str| crate::codec::host_of(url);
        self.authorize_domain.clone().or_else(|| self.push_base.as_deref().and_then(host))
    }
}

/// The platform's entry in the (simulated) Open Platform console.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// `wx` and 16 hexadecimal digits.
    pub component_appid: String,
    /// 32 hexadecimal digits.
    pub component_appsecret: String,
    /// 消息校验Token, 3–32 letters or digits.
    pub verify_token: String,
    /// 消息加解密Key, 43 letters or digits.
    pub encoding_aes_key: String,
    /// The key before the last change; WeChat may still push with it for a while (A.8).
    pub previous_encoding_aes_key: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("component_appid", &self.component_appid).finish_non_exhaustive()
    }
}

impl Credentials {
    /// The credentials that belong to `seed`; the same each time.
    pub fn from_seed(seed: u64) -> Self {
        let mut rng = Rng::stream(seed, 0);
        Self {
            component_appid: format!("wx{}", rng.hex(16)),
            component_appsecret: rng.hex(32),
            verify_token: rng.alphanumeric(24),
            encoding_aes_key: rng.alphanumeric(43),
            previous_encoding_aes_key: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_credentials_pass_the_rules_of_a_platform() {
        for seed in 0..200 {
            let c = Credentials::from_seed(seed);
            assert_eq!(c.component_appid.len(), 18);
            assert!(c.component_appid.starts_with("wx"));
            assert!(c.component_appid[2..].bytes().all(|b| b.is_ascii_hexdigit()));
            assert_eq!(c.encoding_aes_key.len(), 43);
            assert!(c.encoding_aes_key.bytes().all(|b| b.is_ascii_alphanumeric()));
            assert!((3..=32).contains(&c.verify_token.len()));
            assert_eq!(c, Credentials::from_seed(seed));
        }
        assert!(!format!("{:?}", Credentials::from_seed(1)).contains(&Credentials::from_seed(1).component_appsecret));
    }
}
