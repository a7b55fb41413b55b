//! What a difference between two signatures means, and what to do about it, in both languages.

use wechat::api::js_sdk::{Fit, JsSdkFinding as Found, SentConfig};

use crate::dto::{Bilingual, PageFinding, SignedPage};

/// (code, Chinese, English). A code is stable; the rest is for people.
fn words(found: &Found) -> (&'static str, &'static str, &'static str) {
    match found {
        Found::Matches => (
            "matches",
            "签名正确。如果微信仍提示 invalid signature，请核对页面实际打开的地址；提示 invalid url domain，请把页面域名加入公众号的“JS接口安全域名”（第三方平台为“网页开发域名”）。",
            "The signature is right. If WeChat still says invalid signature, compare with the address that the page is really opened at; if it says invalid url domain, add the page's domain to the account's JS-SDK domains (JS接口安全域名), or for a platform to its web domains (网页开发域名).",
        ),
        Found::MatchesWithoutFragmentRemoved => (
            "fragment",
            "签名时带上了 # 及其后的内容。签名前请去掉：location.href.split('#')[0]。",
            "The URL was signed with its # part. Cut it off before signing: location.href.split('#')[0].",
        ),
        Found::TrailingSlash => (
            "trailing_slash",
            "签名的地址多了或少了一个斜杠（末尾或 ? 之前）。请原样使用 location.href，不要经过会补斜杠的网址库。",
            "A slash too many or too few was signed, at the end or before the ?. Use location.href as it is, not through a URL library that adds one.",
        ),
        Found::PercentEncoded => (
            "percent_encoded",
            "签名前地址被多做了一次 URL 编码。传给后端时可以 encodeURIComponent，后端签名前要解码一次。",
            "The URL was percent-encoded once more before signing. Encode it for the way to your server, but decode it there before signing.",
        ),
        Found::PercentDecoded => (
            "percent_decoded",
            "签名前地址被 URL 解码了。请用浏览器给出的原样（含 %xx）签名。",
            "The URL was percent-decoded before signing. Sign it as the browser has it, with its %xx.",
        ),
        Found::UrlEncodedTwice => (
            "url_encoded_twice",
            "地址中的 % 变成了 %25：编码了两次。去掉其中一次。",
            "Its % became %25: the URL was encoded twice. Take one encoding away.",
        ),
        Found::Scheme => (
            "scheme",
            "签名用的是 http，页面是 https（或相反）。反向代理后面请用 X-Forwarded-Proto，或直接用前端传来的 location.href。",
            "http was signed for a page on https, or the other way round. Behind a proxy use X-Forwarded-Proto, or what the page sends as location.href.",
        ),
        Found::WwwOrHost => (
            "www_or_host",
            "签名的域名与页面不同（www.、大小写、端口或别的域名）。请用前端的 location.href。",
            "Another host was signed than the page has: www., capitals, a port, or another host altogether. Use the page's location.href.",
        ),
        Found::QueryMissing => (
            "query_missing",
            "签名的地址缺少或多出了查询参数。微信分享会给地址加上 from、isappinstalled 等参数，请用页面当时的 location.href 签名。",
            "Query parameters are missing in what was signed, or too many. Sharing in WeChat adds from, isappinstalled and others: sign the location.href of the moment.",
        ),
        Found::QueryOrder => (
            "query_order",
            "查询参数的顺序变了。不要重新拼接地址，原样签名。",
            "The query's parameters were signed in another order. Do not put the URL together again; sign it as it is.",
        ),
        Found::HtmlEscaped => (
            "html_escaped",
            "地址中的 & 与 &amp; 混用：模板把地址转义了。请在输出前关闭转义，或签名前还原。",
            "& and &amp; are mixed: a template escaped the URL. Switch that off, or undo it before signing.",
        ),
        Found::OtherPage => (
            "other_page",
            "签名的是另一个页面。单页应用换了路径后需要重新签名（iOS 以首次进入的地址为准）。",
            "Another page was signed. A single-page app has to sign again after its path changed (on iOS the address of the first page counts).",
        ),
        Found::NonceCase => (
            "nonce_case",
            "nonceStr 与签名时的大小写不同。wx.config 里写 nonceStr，签名串里写 noncestr，但值必须完全相同。",
            "The nonce was signed in other capitals. It is nonceStr in wx.config and noncestr in the signed text, but the value must be the same.",
        ),
        Found::NonceTrimmed => (
            "nonce_trimmed",
            "nonceStr 前后有空格或换行，签名与页面不一致。两处都去掉空白。",
            "There are blanks around the nonce on one side only. Trim it on both.",
        ),
        Found::TimestampMilliseconds => (
            "timestamp_milliseconds",
            "时间戳一边是毫秒、一边是秒。两处都用秒（10 位数字）。",
            "The timestamp is in milliseconds on one side. Use seconds (10 digits) on both.",
        ),
        Found::UpperCaseSignature => (
            "upper_case_signature",
            "签名发送成了大写。应为小写十六进制。",
            "The signature was sent in capitals. It must be lower-case hex.",
        ),
        Found::OldTicket(_) => (
            "old_ticket",
            "用的是旧的 jsapi_ticket。业务服务器缓存了过期的票据，或另有程序在获取票据；请改为每次向本机接口要签名。",
            "Signed with an older jsapi_ticket. A server keeps an old one, or another program fetches tickets too; ask the local API for each signature instead.",
        ),
        Found::WrongAccount(_) => (
            "wrong_account",
            "签名用的是另一个账号的 jsapi_ticket。请用 appId 所属账号的票据签名。",
            "Signed with another account's jsapi_ticket. Sign with the ticket of the account that appId names.",
        ),
        Found::WrongAppId => (
            "wrong_app_id",
            "页面发送的 appId 不是这个账号的。代公众号签名时，appId 填公众号的，不填第三方平台的。",
            "The page sent another appId than this account's. On behalf of an account it is the account's, not the platform's.",
        ),
        Found::Unknown => (
            "unknown",
            "无法解释这个签名：票据、随机串、时间戳或地址与页面发送的完全不同。请在后端打印签名串 string1，与本页的逐字比较；也请确认票据没有被其他程序更新。",
            "Nothing explains this signature: ticket, nonce, timestamp or URL are altogether different from what the page sent. Print the signed text (string1) on your server and compare it with the one here letter by letter; make sure that no other program fetches tickets.",
        ),
    }
}

/// A finding as a document. Values are shown, tickets never: they are named by their account or not at all.
pub(crate) fn finding(found: &Found, fit: Option<&Fit>, sent: &SentConfig<'_>, ours: &SignedPage) -> PageFinding {
    let (code, zh, en) = words(found);
    let text = match found {
        Found::WrongAccount(appid) => Bilingual { zh: format!("{appid}：{zh}"), en: format!("{appid}: {en}") },
        _ => Bilingual { zh: zh.to_owned(), en: en.to_owned() },
    };
    let fitting = |of: fn(&Fit) -> String| fit.map(of);
    let (signed, needed) = match found {
        Found::Matches | Found::Unknown | Found::OldTicket(_) => (None, None),
        Found::WrongAccount(appid) => (Some(appid.clone()), Some(ours.config.app_id.clone())),
        Found::WrongAppId => (Some(sent.app_id.to_owned()), Some(ours.config.app_id.clone())),
        Found::NonceCase | Found::NonceTrimmed => (fitting(|f| f.nonce_str.clone()), Some(sent.nonce_str.to_owned())),
        Found::TimestampMilliseconds => {
            // Whichever side has seconds is right.
            let seconds = fit.map_or(sent.timestamp, |f| f.timestamp.min(sent.timestamp));
            (fitting(|f| f.timestamp.to_string()), Some(seconds.to_string()))
        }
        Found::UpperCaseSignature => (Some(sent.signature.to_owned()), Some(sent.signature.to_ascii_lowercase())),
        Found::MatchesWithoutFragmentRemoved
        | Found::TrailingSlash
        | Found::PercentEncoded
        | Found::PercentDecoded
        | Found::UrlEncodedTwice
        | Found::Scheme
        | Found::WwwOrHost
        | Found::QueryMissing
        | Found::QueryOrder
        | Found::HtmlEscaped
        | Found::OtherPage => (fitting(|f| f.url.clone()), Some(ours.url.clone())),
    };
    PageFinding { code: code.to_owned(), text, signed, needed }
}
