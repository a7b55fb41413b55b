//! What the self-check says, in both languages.

use crate::dto::{Bilingual, CheckCode};

fn both(zh: &str, en: &str) -> Bilingual {
    Bilingual { zh: zh.to_owned(), en: en.to_owned() }
}

/// What to do about a finding; empty for those that need nothing.
pub(super) fn fix(code: CheckCode) -> Bilingual {
    use CheckCode as C;
    match code {
        C::Ok | C::NotReached | C::PlainHttp | C::NoPlatform => Bilingual::default(),
        C::NoSuchName => both(
            "检查域名拼写；自有域名请添加解析记录，隧道的临时域名可能已经更换。",
            "Check the spelling. Add a DNS record for a domain of your own; a tunnel's temporary name may have changed.",
        ),
        C::TokenDiffers => both(
            "把微信后台「消息校验Token」与这里的 Token 改为一致。",
            "Make the Token in WeChat's console (消息校验Token) and the one here the same.",
        ),
        C::KeyDiffers => both(
            "把微信后台「消息加解密Key」与这里的 EncodingAESKey 改为一致，并确认填的是这个平台的。",
            "Make the key in WeChat's console (消息加解密Key) and the EncodingAESKey here the same, of this very platform.",
        ),
        C::BadAnswer => both(
            "在收件箱中打开这条消息，查看应答与业务服务器的返回。",
            "Open this message in the inbox and look at its answer and at what the business server gave.",
        ),
        C::LookupFailed => both(
            "检查本机的网络与 DNS 设置，稍后再试。",
            "Check this machine's network and DNS settings, then try again.",
        ),
        C::PrivateAddress => both(
            "微信只能访问公网地址。请使用隧道，或把域名解析到公网 IP。",
            "WeChat reaches public addresses only. Use a tunnel, or point the name at a public address.",
        ),
        C::Refused => both(
            "地址可达但没有程序监听：启动隧道客户端或反向代理，并检查端口与防火墙。",
            "The machine is there but nothing listens: start the tunnel client or the reverse proxy, and check port and firewall.",
        ),
        C::TimedOut => both(
            "没有回应：检查安全组、防火墙是否放行 80/443，隧道是否在线。",
            "No answer: check that the firewall or security group lets 80/443 in, and that the tunnel is online.",
        ),
        C::Unreachable => {
            both("本机到该地址没有路由，请检查网络。", "This machine has no route there. Check its network.")
        }
        C::PortNotAllowed => both(
            "微信只回调 80（http）和 443（https）端口。请在前面放一个使用 443 端口的反向代理（如 nginx）。",
            "WeChat calls ports 80 (http) and 443 (https) only. Put a reverse proxy such as nginx on port 443 in front.",
        ),
        C::CertificateExpired => both(
            "在隧道、反向代理或证书服务处更新证书。",
            "Renew the certificate at the tunnel, the reverse proxy or its issuer.",
        ),
        C::CertificateNotYetValid => both(
            "检查本机时间；时间无误时请重新签发证书。",
            "Check this machine's clock; if it is right, have the certificate issued anew.",
        ),
        C::CertificateWrongName => both(
            "使用包含此域名的证书，或改用证书上的域名。",
            "Use a certificate that holds this name, or the name that the certificate holds.",
        ),
        C::CertificateUntrusted => both(
            "使用受信任机构签发的证书，并在服务器上配置完整的证书链（含中间证书）。",
            "Use a certificate from a trusted issuer, and serve the whole chain with the intermediate certificates.",
        ),
        C::CertificateEndsSoon => {
            both("在到期前更新证书，到期后微信将无法推送。", "Renew it before then; after that WeChat cannot push.")
        }
        C::TlsFailed => both(
            "检查 443 端口上是否真的是 HTTPS 服务，TLS 版本不低于 1.2。",
            "Check that port 443 really speaks HTTPS, with TLS 1.2 or newer.",
        ),
        C::NothingBehind => both(
            "隧道在线，但没有转到本机监听端口：检查隧道设置的本地地址与端口。",
            "The tunnel is online but does not lead to this listener: check the local address and port that it is set to.",
        ),
        C::OtherAnswer => both(
            "此地址由别的程序应答。检查域名、隧道指向的端口，以及反向代理是否原样转发路径。",
            "Another program answers there. Check the name, the port that the tunnel leads to, and that a reverse proxy passes paths on as they are.",
        ),
        C::Interstitial => both(
            "隧道服务商在浏览器访问前插入了提示页：管理员打开授权链接时会先看到它。改用付费套餐或自有域名。",
            "The tunnel's provider shows a page of its own to browsers first, so owners who open an authorize link will see it. Use a paid plan or a domain of your own.",
        ),
        C::IcpPage => both(
            "域名未备案或接入未备案，服务商拦截了访问。完成 ICP 备案，或使用已备案域名的隧道。",
            "The provider blocks the name for want of an ICP filing. File it, or use a tunnel with a filed domain.",
        ),
        C::Redirected => both(
            "微信不跟随跳转。让此地址直接应答，或填写跳转后的地址。",
            "WeChat follows no redirects. Let this address answer by itself, or enter the one it leads to.",
        ),
        C::BadStatus => both(
            "查看反向代理或隧道的日志，确认路径原样转发且没有访问限制。",
            "Look at the reverse proxy's or tunnel's log: paths must be passed on as they are, without access control.",
        ),
        C::TooSlow => both(
            "微信 5 秒内收不到应答就会重试或放弃。换用更近或更快的线路。",
            "WeChat gives up after 5 seconds. Use a nearer or faster line.",
        ),
        C::BrokenOff => both(
            "连接被中断：检查隧道或代理是否稳定，稍后再试。",
            "The connection broke off: check that the tunnel or proxy is stable, then try again.",
        ),
        C::PushRefused => both(
            "推送到达了别的 wxdesk，或中间改动了内容。确认只有一个程序在用此域名，且代理不改动请求。",
            "It reached another wxdesk, or something on the way changed it. Make sure that one program only uses this name, and that no proxy rewrites requests.",
        ),
        C::PushElsewhere => both(
            "有别的程序应答了推送。检查域名是否还指向另一台服务器。",
            "Another program answered the push. Check whether the name still leads to another server.",
        ),
    }
}

/// Names under which many strangers' sites live: (suffix, what to know).
const SHARED: &[(&str, &str, &str)] = &[
    (
        "natappfree.cc",
        "natapp 免费域名会不定期更换，更换后需在微信开放平台重新填写。授权与网页授权请使用付费或自有域名。",
        "natapp's free names change from time to time and must then be entered at WeChat again. For authorizations and web OAuth use a paid name or your own.",
    ),
    (
        "ngrok-free.app",
        "ngrok 免费域名对浏览器显示提示页；境外域名未备案，微信内可能被拦截。",
        "ngrok shows browsers a page of its own on free names; foreign names are not filed and may be blocked inside WeChat.",
    ),
    (
        "ngrok-free.dev",
        "ngrok 免费域名对浏览器显示提示页；境外域名未备案，微信内可能被拦截。",
        "ngrok shows browsers a page of its own on free names; foreign names are not filed and may be blocked inside WeChat.",
    ),
    (
        "ngrok.app",
        "境外域名未备案，微信内可能被拦截。",
        "Foreign names are not filed and may be blocked inside WeChat.",
    ),
    (
        "trycloudflare.com",
        "临时域名每次启动都会变化，仅适合测试。",
        "A quick tunnel's name changes at every start: for tests only.",
    ),
    ("cpolar.cn", "cpolar 免费域名每 24 小时更换。", "cpolar's free names change every 24 hours."),
    ("cpolar.top", "cpolar 免费域名每 24 小时更换。", "cpolar's free names change every 24 hours."),
    (
        "ts.net",
        "境外域名未备案，国内访问可能缓慢或被拦截。",
        "A foreign name, not filed: slow or blocked in mainland China.",
    ),
    ("lhr.life", "境外临时域名，仅适合测试。", "A temporary foreign name: for tests only."),
    (
        "serveousercontent.com",
        "境外临时域名，免费账号会显示警告页。",
        "A temporary foreign name; free accounts show a warning page.",
    ),
];

/// Whether the provider of a name counts requests against a small monthly allowance.
pub(super) fn is_metered(base: &str) -> bool {
    crate::validate::host_of(base).is_some_and(|host| {
        ["ngrok-free.app", "ngrok-free.dev", "ngrok.app", "ngrok.io"].iter().any(|suffix| host.ends_with(suffix))
    })
}

/// What to know of a base URL besides the steps: shared names, addresses instead of names, filing.
pub(super) fn hints(host: &str) -> Vec<Bilingual> {
    if host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
        return Vec::new();
    }
    let mut hints = Vec::new();
    if host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok() {
        hints.push(both(
            "微信后台的域名栏不接受 IP 地址。",
            "WeChat's forms take no bare addresses where they ask for a domain.",
        ));
        return hints;
    }
    if let Some((_, zh, en)) =
        SHARED.iter().find(|(suffix, ..)| host == *suffix || host.ends_with(&format!(".{suffix}")))
    {
        hints.push(both(zh, en));
    }
    hints.push(both(
        "授权发起页、网页授权与 JS 接口安全域名须为已完成 ICP 备案的域名；被大量用户举报的域名会被微信拦截。",
        "WeChat wants ICP-filed domains for the authorize page, web OAuth and JS-SDK, and blocks domains that many users report.",
    ));
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_names_are_told_by_their_suffix_only() {
        assert_eq!(hints("abc.natappfree.cc").len(), 2);
        assert_eq!(hints("notnatappfree.cc").len(), 1);
        assert_eq!(hints("wx.example.com").len(), 1);
        assert!(hints("127.0.0.1").is_empty() && hints("localhost").is_empty());
        assert_eq!(hints("203.0.113.9").len(), 1);
    }
}
