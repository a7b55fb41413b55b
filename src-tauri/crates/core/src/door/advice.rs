//! What to do about each reason for which a push is refused, in both languages.
//!
//! Names of fields are those of WeChat's own pages, so that both sides can be held next to each other.

use crate::dto::Bilingual;

/// Whose pushes they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// A third-party platform's.
    Platform,
    /// Of an account that is connected with its own AppSecret.
    Account,
    /// Nobody's here.
    Nobody,
}

fn both(zh: &str, en: &str) -> Bilingual {
    Bilingual { zh: zh.to_owned(), en: en.to_owned() }
}

/// Words for a reason of [`crate::dto::Rejection`].
pub(super) fn advice(reason: &str, whose: Whose) -> Bilingual {
    let own = whose == Whose::Account;
    match reason {
        "bad_signature" if own => both(
            "签名对不上：两边的令牌不一致。打开微信公众平台 → 设置与开发 → 基本配置 → 服务器配置，把「令牌(Token)」与此处账号的 Token 逐字核对。两边一致时，就是别人伪造的请求，可以不管。",
            "The signature does not fit: the Token differs. Open mp.weixin.qq.com → 设置与开发 → 基本配置 → 服务器配置 and compare “令牌(Token)” with the account's Token here, letter by letter. If they are the same, somebody forges requests, which needs no action.",
        ),
        "bad_signature" => both(
            "签名对不上：两边的消息校验Token 不一致。打开微信开放平台 → 管理中心 → 第三方平台 → 详情 → 开发资料，把「消息校验Token」与此处平台的设置逐字核对；已发布的平台改动后需覆盖现网才对所有账号生效。两边一致时，就是别人伪造的请求，可以不管。",
            "The signature does not fit: the Token differs. Open open.weixin.qq.com → 管理中心 → 第三方平台 → 详情 → 开发资料 and compare “消息校验Token” with the platform's settings here, letter by letter; a released platform's changes count for all accounts only after it is published again. If they are the same, somebody forges requests, which needs no action.",
        ),
        "bad_key" if own => both(
            "签名正确但解不开：两边的消息加解密密钥不一致。打开微信公众平台 → 基本配置 → 服务器配置，把「消息加解密密钥(EncodingAESKey)」的 43 位逐字核对；刚换过密钥的，把旧的填为上一把。",
            "The signature fits, but the content cannot be decrypted: the key differs. Open mp.weixin.qq.com → 基本配置 → 服务器配置 and compare the 43 characters of “消息加解密密钥(EncodingAESKey)”; after a change, keep the old one as the previous key.",
        ),
        "bad_key" => both(
            "签名正确但解不开：两边的消息加解密Key 不一致。打开微信开放平台 → 管理中心 → 第三方平台 → 详情 → 开发资料，把「消息加解密Key」的 43 位逐字核对；刚换过 Key 的，把旧的填为上一把。",
            "The signature fits, but the content cannot be decrypted: the key differs. Open open.weixin.qq.com → 管理中心 → 第三方平台 → 详情 → 开发资料 and compare the 43 characters of “消息加解密Key”; after a change, keep the old one as the previous key.",
        ),
        "wrong_appid" if own => both(
            "能解开，但内容属于别的 AppID：另一个账号的服务器地址(URL) 填成了这个账号的。到那个账号的 基本配置 → 服务器配置 改正 URL 末尾的 AppID。",
            "It can be decrypted, but is for another AppID: another account's 服务器地址(URL) leads here. Correct the AppID at the end of the URL in that account's 基本配置 → 服务器配置.",
        ),
        "wrong_appid" => both(
            "能解开，但内容属于别的 AppID：另一个第三方平台用了同样的 Token 与 Key，并把 URL 填成了这个平台的。到那个平台的开发资料改正「授权事件接收URL」和「消息与事件接收URL」里的 AppID；URL 应以本平台页面显示的为准。",
            "It can be decrypted, but is for another AppID: another platform has the same Token and key, and its URL leads here. Correct the AppID in that platform's 授权事件接收URL and 消息与事件接收URL; the right URLs are shown on the platform's page here.",
        ),
        "unknown_appid" => both(
            "URL 里的 AppID 在这里没有接入。把微信后台填写的 URL 与此处「平台」或「账号」页显示的逐字核对（第三方平台的消息 URL 里应保留 $APPID$ 原文）；尚未接入的，先添加平台或账号。扫描器的请求也会在此出现，可以不管。",
            "The AppID in the URL is not connected here. Compare the URL in WeChat's console with the one on the platform's or account's page here (a platform's message URL holds $APPID$ literally), or add the platform or account first. Scanners end up here too and need no action.",
        ),
        "bad_body" => both(
            "读不懂请求：缺少 timestamp、nonce 等参数，或内容不是微信的 XML。用浏览器直接打开 URL 就会这样，可以不管；持续出现时检查反向代理或隧道是否丢了查询参数、改了内容，第三方平台只支持 XML。",
            "The request cannot be read: parameters such as timestamp and nonce are missing, or the body is not WeChat's XML. Opening the URL in a browser does this and needs no action. If it goes on, check that the reverse proxy or tunnel keeps the query and the body as they are; platforms speak XML only.",
        ),
        "wrong_mode" => both(
            "消息加解密方式两边不一致。打开微信公众平台 → 基本配置 → 服务器配置，把「消息加解密方式」（明文、兼容、安全模式）与此处账号的设置改成一样；建议用安全模式。",
            "The message mode differs. Open mp.weixin.qq.com → 基本配置 → 服务器配置 and make “消息加解密方式” (plain, compatible, secure) and the account's setting here the same; secure mode is the better one.",
        ),
        "stale" => both(
            "明文推送的时间与本机相差一小时以上：可能是有人重放截获的请求，也可能是本机时间不准。核对本机时间；改用安全模式可避免重放。",
            "A plain push's time is more than an hour off: somebody may be repeating a captured request, or this machine's clock is wrong. Check the clock; secure mode keeps captured requests from being repeated.",
        ),
        "unlisted_source" => both(
            "来源不在微信推送服务器的 IP 列表中，而此处设置了只收列表内的。若前面有反向代理，请让它从本机转发，或关闭「只接受微信 IP」。",
            "It does not come from an address in WeChat's list, and only those are let in here. With a reverse proxy in front, let it forward from this machine, or switch the limit off.",
        ),
        "store" => both(
            "推送没能写入数据文件，微信会重推。检查磁盘空间和数据目录的权限。",
            "The push could not be written; WeChat will repeat it. Check the disk's space and the data folder's permissions.",
        ),
        "too_large" => both(
            "内容超过 1 MiB，微信的推送不会这么大：不是微信发来的，可以不管；确是微信的，请检查代理是否改动了内容。",
            "The body is larger than 1 MiB, which no push of WeChat's is: it was not WeChat. If it was, check whether a proxy changes bodies.",
        ),
        "too_slow" => both(
            "10 秒内没有收完请求：线路或隧道太慢。换用更近或更快的线路；个别出现可以不管。",
            "The request did not arrive within 10 s: the line or tunnel is too slow. Use a nearer or faster one; a few need no action.",
        ),
        "too_many" => both(
            "同一来源的并发请求太多。来自隧道或代理时检查它是否传递了真实来源；陌生来源多为攻击。",
            "Too many requests at once from one source. If it is the tunnel or proxy, check that it passes on who asked; strangers' are attacks mostly.",
        ),
        "two_lengths" => both(
            "请求同时带有 Content-Length 与 Transfer-Encoding，可能是走私攻击，也可能是代理有误。检查前面的反向代理。",
            "The request has both Content-Length and Transfer-Encoding: a smuggling attempt, or a faulty proxy. Check the reverse proxy in front.",
        ),
        _ => both("查看日志中的这一行。", "Look for the line in the log."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::Refusal;

    #[test]
    fn every_reason_has_words_of_its_own() {
        let refusals = [
            Refusal::UnknownAppid,
            Refusal::BadBody,
            Refusal::BadSignature,
            Refusal::BadKey,
            Refusal::WrongAppid,
            Refusal::WrongMode,
            Refusal::Stale,
            Refusal::UnlistedSource,
            Refusal::Store,
        ];
        let others = ["too_large", "too_slow", "too_many", "two_lengths"];
        let unknown = advice("?", Whose::Nobody);
        for reason in refusals.map(Refusal::reason).into_iter().chain(others) {
            for whose in [Whose::Platform, Whose::Account, Whose::Nobody] {
                let words = advice(reason, whose);
                assert_ne!(words, unknown, "{reason}");
                assert!(words.zh.chars().any(|c| c > '\u{4e00}') && words.en.len() > 40, "{reason}");
            }
        }
        assert!(advice("bad_signature", Whose::Platform).zh.contains("消息校验Token"));
        assert!(advice("bad_signature", Whose::Account).zh.contains("令牌(Token)"));
    }
}
