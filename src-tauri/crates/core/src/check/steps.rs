//! The steps of the self-check, one function each. They keep nothing.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use wechat::crypto::{msg_signature, url_signature};
use wechat::envelope::build_event_envelope;

use super::tls::{self, Refusal};
use super::{Found, SELF_CHECK, Target};
use crate::core::Core;
use crate::dto::CheckCode;
use crate::error::AppError;
use crate::store::tables::platform::PlatformRow;

/// A step gives up after this. WeChat waits 5 s for the whole of a push (protocol L).
const PATIENCE: Duration = Duration::from_secs(8);
/// WeChat gives up after this, ms (protocol L).
const WECHAT_WAITS: i64 = 5_000;
/// Slower than this is worth a word, ms: half of WeChat's patience.
const SLOW: i64 = 2_500;
/// A certificate with less than this left is worth a word, ms. Let's Encrypt renews 30 days ahead.
const ENDS_SOON: i64 = 14 * 86_400_000;
/// So much of an answer is looked at, bytes.
const READ: usize = 64 << 10;
/// The browser that WeChat's servers say they are (protocol B).
const AGENT: &str = "Mozilla/4.0";

/// A client that goes the way WeChat's servers go: no proxy, no redirects. The operator's own proxy is for calls that
/// leave, not for what comes in.
pub(super) fn client(_: &Target) -> Result<reqwest::Client, AppError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(AGENT)
        .no_proxy()
        // A kept connection would make the second step look faster than a push of WeChat's.
        .pool_max_idle_per_host(0)
        .build()
        .map_err(|e| AppError::new(crate::dto::ErrorCode::Internal, format!("no HTTP client: {e}")))
}

pub(super) async fn dns(core: &Core, target: &Target) -> (Found, Option<Vec<SocketAddr>>) {
    let name = target.host.trim_matches(['[', ']']);
    let looked_up = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((name, target.port))).await;
    let addresses: Vec<SocketAddr> = match looked_up {
        Err(_) => {
            return (Found::failed(CheckCode::LookupFailed, "域名解析超时", "looking up the name took too long"), None);
        }
        Ok(Err(e)) => return (lookup_failed(name, &e.to_string()), None),
        Ok(Ok(found)) => found.collect(),
    };
    let Some(first) = addresses.first() else {
        return (lookup_failed(name, "no address associated"), None);
    };
    let list = addresses.iter().map(|a| a.ip().to_string()).collect::<Vec<_>>().join(", ");
    let found = if !target.is_loopback() && is_private(first.ip()) {
        let zh = format!("{name} 解析到内网地址 {list}");
        Found::failed(CheckCode::PrivateAddress, zh, format!("{name} leads to a private address: {list}"))
    } else if target.is_loopback() && !core.is_sandbox() {
        // Right for trying things out, and for a tunnel's own end; but nobody else gets here.
        let zh = format!("{name} 只有本机能访问，微信到不了");
        Found::warning(CheckCode::PrivateAddress, zh, format!("only this machine can reach {name}; WeChat cannot"))
    } else {
        Found::ok(format!("{name} → {list}"), format!("{name} → {list}"))
    };
    (found, Some(addresses))
}

/// glibc, musl, macOS and Windows say it differently; what they share is told apart here.
fn lookup_failed(name: &str, words: &str) -> Found {
    let words = words.to_lowercase();
    let missing = ["not known", "no address associated", "nodename nor servname", "no such host", "nonexistent"]
        .iter()
        .any(|text| words.contains(text));
    if missing {
        Found::failed(CheckCode::NoSuchName, format!("域名 {name} 不存在"), format!("there is no name {name}"))
    } else {
        let zh = format!("域名 {name} 无法解析");
        Found::failed(CheckCode::LookupFailed, zh, format!("{name} could not be looked up"))
    }
}

/// Addresses that no server of WeChat's can reach.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                // Carrier-grade NAT, RFC 6598.
                || (ip.octets()[0] == 100 && (64..128).contains(&ip.octets()[1]))
        }
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_private(IpAddr::V4(ip)),
            None => ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local(),
        },
    }
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, (SocketAddr, std::io::ErrorKind)> {
    let mut last = (SocketAddr::from(([0, 0, 0, 0], 0)), std::io::ErrorKind::NotFound);
    for address in addresses {
        match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(e)) => last = (*address, e.kind()),
            Err(_) => last = (*address, std::io::ErrorKind::TimedOut),
        }
    }
    Err(last)
}

pub(super) async fn tcp(target: &Target, addresses: &[SocketAddr]) -> (Found, Option<()>) {
    if !target.is_loopback() && !matches!((target.https, target.port), (true, 443) | (false, 80)) {
        let port = target.port;
        let zh = format!("端口 {port} 不在微信允许的范围");
        return (Found::failed(CheckCode::PortNotAllowed, zh, format!("WeChat does not call port {port}")), None);
    }
    let found = match connect(addresses).await {
        Ok(stream) => {
            let peer = stream.peer_addr().map(|a| a.to_string()).unwrap_or_default();
            Found::ok(format!("已连接 {peer}"), format!("connected to {peer}"))
        }
        Err((at, std::io::ErrorKind::ConnectionRefused)) => {
            Found::failed(CheckCode::Refused, format!("{at} 拒绝连接"), format!("{at} refuses connections"))
        }
        Err((at, std::io::ErrorKind::TimedOut)) => {
            Found::failed(CheckCode::TimedOut, format!("{at} 没有回应"), format!("{at} does not answer"))
        }
        Err((at, _)) => {
            Found::failed(CheckCode::Unreachable, format!("到 {at} 不通"), format!("there is no way to {at}"))
        }
    };
    (found, None)
}

pub(super) async fn tls(core: &Core, target: &Target, addresses: &[SocketAddr]) -> (Found, Option<Option<i64>>) {
    if !target.https {
        return (Found::skipped(CheckCode::PlainHttp, "http 没有证书", "plain http has no certificate"), None);
    }
    let verifier = match tls::system_verifier() {
        Ok(verifier) => verifier,
        Err(e) => return (Found::failed(CheckCode::TlsFailed, "系统证书无法读取", e.message), None),
    };
    let Ok(stream) = connect(addresses).await else {
        return (Found::failed(CheckCode::BrokenOff, "连接中断", "the connection broke off"), None);
    };
    let (dates, outcome) = tls::shake_hands(stream, &target.host, verifier, PATIENCE).await;
    (tls_words(core.clock().now(), dates, &outcome), Some(dates.map(|d| d.ends)))
}

pub(super) fn tls_words(now: i64, dates: Option<tls::Dates>, outcome: &Result<(), Refusal>) -> Found {
    let days = |ms: i64| ms.div_euclid(86_400_000);
    let ends = dates.map_or(i64::MAX, |d| d.ends);
    match outcome {
        Ok(()) if ends - now < ENDS_SOON => {
            let left = days(ends - now);
            let zh = format!("证书还有 {left} 天到期");
            Found::warning(CheckCode::CertificateEndsSoon, zh, format!("the certificate ends in {left} days"))
        }
        Ok(()) => {
            let left = days(ends.saturating_sub(now));
            Found::ok(format!("证书有效，还有 {left} 天"), format!("the certificate is good for {left} more days"))
        }
        Err(Refusal::Expired) => {
            let ago = days(now - ends.min(now));
            let zh = format!("证书已过期 {ago} 天");
            Found::failed(CheckCode::CertificateExpired, zh, format!("the certificate ended {ago} days ago"))
        }
        Err(Refusal::NotYetValid) => {
            Found::failed(CheckCode::CertificateNotYetValid, "证书尚未生效", "the certificate is not valid yet")
        }
        Err(Refusal::WrongName) => {
            Found::failed(CheckCode::CertificateWrongName, "证书与域名不符", "the certificate is for another name")
        }
        Err(Refusal::Untrusted) => Found::failed(
            CheckCode::CertificateUntrusted,
            "证书不受信任，或证书链不完整",
            "the certificate's issuer is not trusted, or its chain is incomplete",
        ),
        Err(Refusal::TimedOut) => {
            Found::failed(CheckCode::TimedOut, "TLS 握手没有回应", "the TLS handshake was not answered")
        }
        Err(Refusal::Other(words)) => {
            Found::failed(CheckCode::TlsFailed, format!("TLS 握手失败：{words}"), format!("TLS failed: {words}"))
        }
    }
}

/// An answer as far as it is looked at.
pub(super) struct Answer {
    pub status: u16,
    location: String,
    pub body: String,
    /// ms.
    pub took: i64,
}

pub(super) async fn ask(core: &Core, request: reqwest::RequestBuilder) -> Result<Answer, Found> {
    let started = core.clock().monotonic();
    let broken = |e: &reqwest::Error| {
        if e.is_timeout() {
            Found::failed(CheckCode::TimedOut, "8 秒内没有应答", "no answer within 8 seconds")
        } else {
            Found::failed(CheckCode::BrokenOff, "连接中断", "the connection broke off")
        }
    };
    let mut response = request.send().await.map_err(|e| broken(&e))?;
    let status = response.status().as_u16();
    let location = response.headers().get("location").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let mut body = Vec::new();
    while body.len() < READ
        && let Some(chunk) = response.chunk().await.map_err(|e| broken(&e))?
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(READ);
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Answer { status, location, body, took: core.clock().monotonic() - started })
}

pub(super) async fn path(core: &Core, client: &reqwest::Client, target: &Target, nonce: &str) -> (Found, Option<()>) {
    let answer = match ask(core, client.get(format!("{}/healthz?nonce={nonce}", target.base))).await {
        Ok(answer) => answer,
        Err(found) => return (found, None),
    };
    if answer.status != 200 || answer.body.trim() != format!("ok {nonce}") {
        return (strange(&answer), None);
    }
    (timed(answer.took, "此监听应答", "this listener answers"), None)
}

pub(super) fn timed(took: i64, zh: &str, en: &str) -> Found {
    if took > WECHAT_WAITS {
        let zh = format!("{zh}，但用了 {took} 毫秒");
        Found::failed(CheckCode::TooSlow, zh, format!("{en}, but it took {took} ms"))
    } else if took > SLOW {
        Found::warning(CheckCode::TooSlow, format!("{zh}，用了 {took} 毫秒"), format!("{en} after {took} ms"))
    } else {
        Found::ok(format!("{zh}，{took} 毫秒"), format!("{en}, {took} ms"))
    }
}

/// An answer that is not ours: whose it looks like.
fn strange(answer: &Answer) -> Found {
    let body = answer.body.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| body.contains(w) || answer.location.to_lowercase().contains(w));
    let status = answer.status;
    if has(&["未备案", "备案", "webblock", "beian"]) {
        return Found::failed(
            CheckCode::IcpPage,
            "服务商返回了备案提示页",
            "the provider answered with its page about ICP filing",
        );
    }
    if has(&["ngrok-skip-browser-warning", "err_ngrok_6024", "you are about to visit"]) {
        return Found::failed(
            CheckCode::Interstitial,
            "隧道服务商返回了浏览器提示页",
            "the tunnel's provider answered with its page for browsers",
        );
    }
    let no_tunnel = has(&["tunnel", "err_ngrok", "origin service", "the page you requested was not found"]);
    if matches!(status, 502..=504) || (no_tunnel && status >= 400) {
        let zh = format!("隧道应答 {status}，但后面没有监听");
        return Found::failed(CheckCode::NothingBehind, zh, format!("the tunnel answers {status}: nothing behind it"));
    }
    if (300..400).contains(&status) {
        return Found::failed(CheckCode::Redirected, format!("被跳转（{status}）"), format!("redirected ({status})"));
    }
    if status == 200 {
        return Found::failed(CheckCode::OtherAnswer, "应答的不是此程序", "something else answers there");
    }
    Found::failed(CheckCode::BadStatus, format!("HTTP 状态 {status}"), format!("HTTP status {status}"))
}

/// One push for each platform of this base URL, signed and encrypted as WeChat's with an InfoType of ours, and one URL
/// verification for each account with its own AppSecret.
pub(super) async fn push(core: &Core, client: &reqwest::Client, target: &Target, nonce: &str) -> (Found, Option<()>) {
    let mut slowest = 0;
    let mut pushed = 0;
    for platform in core.store().mirror().connections() {
        if platform.public_base_url.trim_end_matches('/') != target.base {
            continue;
        }
        let nonce = format!("{nonce}{pushed}");
        let Some((request, expected)) = trial(core, client, target, &platform, &nonce) else { continue };
        core.expected_pushes().expect(&nonce);
        let answer = ask(core, request).await;
        let arrived = core.expected_pushes().take(&nonce).arrived;
        let answer = match answer {
            Ok(answer) => answer,
            Err(found) => return (found, None),
        };
        if answer.status != 200 || answer.body.trim() != expected {
            let (status, name) = (answer.status, &platform.name);
            let zh = format!("「{name}」的测试推送被拒绝（{status}）");
            return (
                Found::failed(CheckCode::PushRefused, zh, format!("the test push for {name} was refused ({status})")),
                None,
            );
        }
        if !arrived {
            let words = ("测试推送被别的程序应答", "something else answered the test push");
            return (Found::failed(CheckCode::PushElsewhere, words.0, words.1), None);
        }
        slowest = slowest.max(answer.took);
        pushed += 1;
    }
    if pushed == 0 {
        return (Found::skipped(CheckCode::NoPlatform, "没有使用此地址的平台", "no platform uses this address"), None);
    }
    (timed(slowest, "加密推送已送达并验证", "an encrypted push came in and was verified"), None)
}

/// A request as WeChat would make it, and the answer that it must have; none where WeChat pushes nothing.
fn trial(
    core: &Core,
    client: &reqwest::Client,
    target: &Target,
    platform: &PlatformRow,
    nonce: &str,
) -> Option<(reqwest::RequestBuilder, String)> {
    let appid = &platform.component_appid;
    let seconds = core.clock().now() / 1000;
    let timestamp = seconds.to_string();
    if platform.own.is_some() {
        if platform.verify_token.is_empty() {
            return None;
        }
        let signature = url_signature(platform.verify_token.expose(), &timestamp, nonce);
        let url = format!(
            "{}/wechat/account/{appid}?signature={signature}&timestamp={timestamp}&nonce={nonce}&echostr={SELF_CHECK}",
            target.base
        );
        return Some((client.get(url), SELF_CHECK.to_owned()));
    }
    let crypto = core.runtime(platform.id).and_then(|r| r.crypto.clone())?;
    let random = wechat::crypto::random_prefix().ok()?;
    let xml = format!(
        "<xml><AppId><![CDATA[{appid}]]></AppId><CreateTime>{seconds}</CreateTime><InfoType><![CDATA[{SELF_CHECK}]]></InfoType></xml>"
    );
    let encrypt = crypto.encrypt(xml.as_bytes(), random);
    let signature = msg_signature(platform.verify_token.expose(), &timestamp, nonce, &encrypt);
    let url = format!(
        "{}/wechat/{appid}/event?signature=selfcheck&timestamp={timestamp}&nonce={nonce}&encrypt_type=aes&msg_signature={signature}",
        target.base
    );
    let request = client.post(url).header("content-type", "text/xml").body(build_event_envelope(appid, &encrypt));
    Some((request, "success".to_owned()))
}
