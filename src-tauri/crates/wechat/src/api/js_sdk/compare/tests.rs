use super::JsSdkFinding::*;
use super::*;

const APPID: &str = "wx1111111111111111";
const OTHER: &str = "wx2222222222222222";
const NONCE: &str = "Wm3WZYTPz0wzccnW";
const TIME: i64 = 1_414_587_457;
const URL: &str = "https://shop.example.com/a/list?id=7&name=x%20y&from=menu";

/// The account's present ticket, an older one, and that of another account.
fn secrets() -> [SecretString; 3] {
    [
        "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg".into(),
        "0LD-ticket".into(),
        "0THER-ticket".into(),
    ]
}

fn sign(ticket: usize, nonce: &str, timestamp: i64, url: &str) -> String {
    sha1_hex(raw_string1(secrets()[ticket].expose(), nonce, timestamp, url).expose())
}

/// What is found when `url` should have been signed and the page sent `sent`.
fn find(url: &str, sent: &SentConfig<'_>) -> Vec<JsSdkFinding> {
    let [present, old, other] = secrets();
    let page = SignedPage {
        appid: APPID,
        tickets: &[(&present, "now"), (&old, "an hour ago")],
        other_tickets: &[(&other, OTHER)],
        url,
    };
    compare(&page, sent)
}

fn sent(signature: &str) -> SentConfig<'_> {
    SentConfig { app_id: APPID, timestamp: TIME, nonce_str: NONCE, signature, url: None }
}

/// What is found when `signed` was signed instead of `url`, with everything else right.
fn signed_url(url: &str, signed: &str) -> Vec<JsSdkFinding> {
    find(url, &sent(&sign(0, NONCE, TIME, signed)))
}

#[test]
fn the_official_example_matches() {
    let official = sent("0f9de62fce790f9a083d5c99e95740ceb90c27ed");
    assert_eq!(find("http://mp.weixin.qq.com?params=value", &official), [Matches]);
    assert_eq!(find("http://mp.weixin.qq.com?params=value#top", &official), [Matches]);
    let with_slash = sent("f50191877b62b116ef830363a3a613ed652a2d5d");
    assert_eq!(find("http://mp.weixin.qq.com?params=value", &with_slash), [TrailingSlash]);
    assert_eq!(find("http://mp.weixin.qq.com/?params=value", &official), [TrailingSlash]);
}

#[test]
fn fragments_that_were_signed() {
    let url = format!("{URL}#/cart");
    assert_eq!(signed_url(&url, &url), [MatchesWithoutFragmentRemoved]);
    assert_eq!(
        signed_url(&url, &url.replace("https", "http")),
        [MatchesWithoutFragmentRemoved, Scheme],
        "both are named"
    );
    let signature = sign(0, NONCE, TIME, &url);
    assert_eq!(find(URL, &SentConfig { url: Some(&url), ..sent(&signature) }), [MatchesWithoutFragmentRemoved]);
    // A fragment that was not signed is no fault.
    let signature = sign(0, NONCE, TIME, URL);
    assert_eq!(find(URL, &SentConfig { url: Some(&url), ..sent(&signature) }), [Matches]);
}

#[test]
fn slashes() {
    for (url, signed) in [
        ("https://a.example.com", "https://a.example.com/"),
        ("https://a.example.com/", "https://a.example.com"),
        ("https://a.example.com/b?c=d", "https://a.example.com/b/?c=d"),
        ("https://a.example.com/b/?c=d", "https://a.example.com/b?c=d"),
        ("https://a.example.com/b?c=d", "https://a.example.com/b?c=d/"),
    ] {
        assert_eq!(signed_url(url, signed), [TrailingSlash], "{url}");
    }
}

#[test]
fn encodings() {
    let chinese = "https://a.example.com/中?q=文 b";
    let encoded = "https://a.example.com/%E4%B8%AD?q=%E6%96%87%20b";
    let twice = "https://a.example.com/%25E4%25B8%25AD?q=%25E6%2596%2587%2520b";
    assert_eq!(signed_url(chinese, encoded), [PercentEncoded]);
    assert_eq!(signed_url(chinese, &encoded.to_lowercase()), [PercentEncoded]);
    assert_eq!(signed_url(chinese, &encoded.replace("%20", "+")), [PercentEncoded]);
    assert_eq!(signed_url(encoded, chinese), [PercentDecoded]);
    assert_eq!(signed_url(&encoded.replace("%20", "+"), chinese), [PercentDecoded]);
    assert_eq!(signed_url(encoded, twice), [UrlEncodedTwice]);
    assert_eq!(signed_url(chinese, twice), [UrlEncodedTwice]);
    // The whole URL as one parameter.
    assert_eq!(signed_url("https://a.example.com/b?c=d", "https%3A%2F%2Fa.example.com%2Fb%3Fc%3Dd"), [PercentEncoded]);
    assert_eq!(
        signed_url("https://a.example.com/b?c=d", "https%253A%252F%252Fa.example.com%252Fb%253Fc%253Dd"),
        [UrlEncodedTwice]
    );
}

#[test]
fn schemes_and_hosts() {
    assert_eq!(signed_url(URL, &URL.replace("https", "http")), [Scheme]);
    assert_eq!(signed_url(&URL.replace("https", "http"), URL), [Scheme]);
    assert_eq!(signed_url(URL, &URL.replace("shop.", "www.shop.")), [WwwOrHost]);
    assert_eq!(signed_url("https://www.a.com/", "https://a.com/"), [WwwOrHost]);
    assert_eq!(signed_url("https://a.com:8443/x", "https://a.com/x"), [WwwOrHost]);
    assert_eq!(signed_url("https://a.com/x", "https://a.com:443/x"), [WwwOrHost]);
    assert_eq!(signed_url("https://A.com/x", "https://a.com/x"), [WwwOrHost]);
    // Another host altogether can only be told when the page says where it is.
    let elsewhere = URL.replace("shop.example.com", "m.example.org");
    let signature = sign(0, NONCE, TIME, URL);
    assert_eq!(find(URL, &SentConfig { url: Some(&elsewhere), ..sent(&signature) }), [WwwOrHost]);
    let signature = sign(0, NONCE, TIME, &elsewhere);
    assert_eq!(find(URL, &SentConfig { url: Some(&elsewhere), ..sent(&signature) }), [WwwOrHost]);
}

#[test]
fn queries() {
    let bare = "https://shop.example.com/a/list";
    assert_eq!(signed_url(URL, bare), [QueryMissing]);
    assert_eq!(signed_url(URL, "https://shop.example.com/a/list?id=7"), [QueryMissing]);
    assert_eq!(signed_url(URL, "https://shop.example.com/a/list?name=x%20y&from=menu"), [QueryMissing]);
    assert_eq!(signed_url(URL, "https://shop.example.com/a/list?name=x%20y&from=menu&id=7"), [QueryOrder]);
    assert_eq!(signed_url(URL, "https://shop.example.com/a/list?from=menu&id=7&name=x%20y"), [QueryOrder]);
    let many = "https://a.com/?f=1&e=2&d=3&c=4&b=5&a=6";
    assert_eq!(signed_url(many, "https://a.com/?a=6&b=5&c=4&d=3&e=2&f=1"), [QueryOrder]);
    // What was signed had a query that the page lacks.
    let signature = sign(0, NONCE, TIME, URL);
    assert_eq!(find(URL, &SentConfig { url: Some(bare), ..sent(&signature) }), [QueryMissing]);
    assert_eq!(signed_url(URL, &URL.replace('&', "&amp;")), [HtmlEscaped]);
    assert_eq!(signed_url(&URL.replace('&', "&amp;"), URL), [HtmlEscaped]);
}

#[test]
fn another_page() {
    let signature = sign(0, NONCE, TIME, URL);
    for elsewhere in ["https://shop.example.com/b", "https://shop.example.com/a/list?id=8&name=x%20y&from=menu", ""] {
        let found = find(URL, &SentConfig { url: Some(elsewhere), ..sent(&signature) });
        assert!(found.contains(&OtherPage), "{elsewhere}: {found:?}");
    }
    // Several differences between the two are all named.
    let found = find(URL, &SentConfig { url: Some("http://m.example.org/b"), ..sent(&signature) });
    assert_eq!(found, [Scheme, WwwOrHost, QueryMissing, OtherPage]);
}

#[test]
fn nonces() {
    for nonce in [NONCE.to_lowercase(), NONCE.to_uppercase()] {
        assert_eq!(find(URL, &sent(&sign(0, &nonce, TIME, URL))), [NonceCase]);
    }
    let signature = sign(0, NONCE, TIME, URL);
    assert_eq!(find(URL, &SentConfig { nonce_str: &format!(" {NONCE}\n"), ..sent(&signature) }), [NonceTrimmed]);
    assert_eq!(find(URL, &sent(&sign(0, &format!("{NONCE}\n"), TIME, URL))), [NonceTrimmed]);
}

#[test]
fn timestamps() {
    let milliseconds = TIME * 1000 + 789;
    let signature = sign(0, NONCE, TIME, URL);
    assert_eq!(find(URL, &SentConfig { timestamp: milliseconds, ..sent(&signature) }), [TimestampMilliseconds]);
    assert_eq!(find(URL, &sent(&sign(0, NONCE, TIME * 1000, URL))), [TimestampMilliseconds]);
    assert_eq!(find(URL, &sent(&sign(0, NONCE, milliseconds, URL))), [TimestampMilliseconds]);
    assert_eq!(
        find(URL, &sent(&sign(1, NONCE, milliseconds, URL))),
        [OldTicket("an hour ago".to_owned()), TimestampMilliseconds]
    );
    // Milliseconds on both sides are the same number, so they match.
    let signature = sign(0, NONCE, milliseconds, URL);
    assert_eq!(find(URL, &SentConfig { timestamp: milliseconds, ..sent(&signature) }), [Matches]);
}

#[test]
fn signatures_in_capital_letters() {
    let signature = sign(0, NONCE, TIME, URL).to_uppercase();
    assert_eq!(find(URL, &sent(&signature)), [UpperCaseSignature]);
}

#[test]
fn tickets_and_accounts() {
    assert_eq!(find(URL, &sent(&sign(1, NONCE, TIME, URL))), [OldTicket("an hour ago".to_owned())]);
    assert_eq!(find(URL, &sent(&sign(2, NONCE, TIME, URL))), [WrongAccount(OTHER.to_owned())]);
    let signature = sign(0, NONCE, TIME, URL);
    assert_eq!(find(URL, &SentConfig { app_id: OTHER, ..sent(&signature) }), [WrongAppId]);
    let signature = sign(2, NONCE, TIME, URL);
    assert_eq!(
        find(URL, &SentConfig { app_id: OTHER, ..sent(&signature) }),
        [WrongAppId, WrongAccount(OTHER.to_owned())]
    );
}

#[test]
fn several_faults_at_once() {
    let signature = sign(1, NONCE, TIME, &URL.replace("https", "http")).to_uppercase();
    assert_eq!(find(URL, &sent(&signature)), [OldTicket("an hour ago".to_owned()), Scheme, UpperCaseSignature]);
    let signed = "http://shop.example.com/a/list/?id=7&name=x%20y&from=menu";
    assert_eq!(signed_url(URL, signed).len(), 2);
    assert!(signed_url(URL, signed).contains(&Scheme) && signed_url(URL, signed).contains(&TrailingSlash));
}

#[test]
fn what_nothing_explains_is_unknown() {
    assert_eq!(find(URL, &sent("0f9de62fce790f9a083d5c99e95740ceb90c27ed")), [Unknown]);
    assert_eq!(find(URL, &SentConfig { app_id: "", ..sent("") }), [WrongAppId, Unknown]);
    let nothing = SignedPage { appid: APPID, tickets: &[], other_tickets: &[], url: URL };
    assert_eq!(compare(&nothing, &sent("x")), [Unknown]);
}

#[test]
fn strange_input_is_no_panic() {
    for url in ["", "#", "?", "://", "https://", "中%E4%", "%ff%zz?&&=", "http://[::1]:80?a&amp;a", "a#b#c?d"] {
        for timestamp in [0, i64::MIN, i64::MAX] {
            let strange = SentConfig { url: Some(url), timestamp, nonce_str: "\u{130} ", ..sent("é") };
            assert_eq!(find(url, &strange), [Unknown], "{url}");
        }
    }
}

#[test]
fn names_are_stable_and_no_ticket_is_shown() {
    let [present, ..] = secrets();
    let page = SignedPage { appid: APPID, tickets: &[(&present, "now")], other_tickets: &[], url: URL };
    assert!(!format!("{page:?}").contains("sM4A"));
    let all = [
        Matches,
        MatchesWithoutFragmentRemoved,
        TrailingSlash,
        PercentEncoded,
        PercentDecoded,
        UrlEncodedTwice,
        Scheme,
        WwwOrHost,
        QueryMissing,
        QueryOrder,
        HtmlEscaped,
        OtherPage,
        NonceCase,
        NonceTrimmed,
        TimestampMilliseconds,
        UpperCaseSignature,
        OldTicket(String::new()),
        WrongAccount(String::new()),
        WrongAppId,
        Unknown,
    ];
    let names: std::collections::HashSet<&str> = all.iter().map(JsSdkFinding::as_str).collect();
    assert_eq!(names.len(), all.len());
}

#[test]
fn the_values_that_were_signed_are_told() {
    let [present, ..] = secrets();
    let page = SignedPage { appid: APPID, tickets: &[(&present, "now")], other_tickets: &[], url: URL };
    let wrong = URL.replace("https", "http");
    let signature = sign(0, &NONCE.to_lowercase(), TIME, &wrong);
    let compared = compare_fully(&page, &sent(&signature));
    assert_eq!(compared.findings, [Scheme, NonceCase]);
    assert_eq!(compared.fit, Some(Fit { url: wrong, nonce_str: NONCE.to_lowercase(), timestamp: TIME }));
    let milliseconds = TIME * 1000 + 7;
    let compared = compare_fully(&page, &sent(&sign(0, NONCE, milliseconds, URL)));
    assert_eq!(compared.fit.map(|fit| fit.timestamp), Some(milliseconds));
    assert_eq!(compare_fully(&page, &sent("0")).fit, None);
}
