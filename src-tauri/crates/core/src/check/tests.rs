use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::tls::{Refusal, shake_hands};
use super::*;
use crate::OpenOptions;
use crate::dto::PlatformInput;
use crate::testing;

async fn core_with(base: &str) -> (Core, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let core = Core::open(OpenOptions::new(dir.path())).await.unwrap();
    let input = PlatformInput { public_base_url: base.to_owned(), ..testing::platform() };
    core.save_platform(input).await.unwrap();
    (core, dir)
}

/// A door of somebody else's: answers each request with what `answer` makes of its target.
async fn somebody(answer: impl Fn(&str) -> String + Send + 'static) -> (String, tokio::task::JoinHandle<()>) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", socket.local_addr().unwrap());
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            let mut read = vec![0; 8192];
            // The self-check's connect comes without a request.
            let n = stream.read(&mut read).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&read[..n]).into_owned();
            let Some(target) = head.split(' ').nth(1) else { continue };
            let _ = stream.write_all(answer(target).as_bytes()).await;
        }
    });
    (base, task)
}

fn http(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn nonce(target: &str) -> &str {
    target.split_once("nonce=").map_or("", |(_, nonce)| nonce)
}

fn outcomes(health: &TunnelHealth) -> Vec<(CheckOutcome, CheckCode)> {
    health.steps.iter().map(|s| (s.outcome, s.code)).collect()
}

#[tokio::test]
async fn a_good_door_passes_every_step_and_stores_nothing() {
    let socket = crate::listener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let base = format!("http://{}", socket.local_addr().unwrap());
    let (core, _dir) = core_with(&base).await;
    let door = tokio::spawn(crate::listener::run(core.clone(), socket));
    let health = run(&core, &base).await.unwrap();
    door.abort();
    use CheckOutcome::{Ok as Good, Skipped, Warning};
    assert_eq!(
        outcomes(&health),
        [
            (Warning, CheckCode::PrivateAddress),
            (Good, CheckCode::Ok),
            (Skipped, CheckCode::PlainHttp),
            (Good, CheckCode::Ok),
            (Good, CheckCode::Ok)
        ],
        "{health:?}"
    );
    assert_eq!((health.reachable, health.error.as_deref()), (Some(true), None));
    assert!(health.steps.iter().all(|s| !s.text.zh.is_empty() && !s.text.en.is_empty()));
    let stored = core.store().read(|c| Ok(crate::store::tables::inbox::count(c)?)).await.unwrap();
    assert_eq!(stored, 0, "a test push is no event");
    assert_eq!(core.door().last_callback_at(), None, "nor a sign of life from WeChat");
    assert_eq!(core.door().view(bases(&core)).tunnels, [health]);
}

#[tokio::test]
async fn a_closed_port_is_said_and_ends_the_check() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", socket.local_addr().unwrap());
    drop(socket);
    let (core, _dir) = core_with(&base).await;
    let health = run(&core, &base).await.unwrap();
    assert_eq!(health.steps[1].code, CheckCode::Refused);
    assert!(!health.steps[1].fix.zh.is_empty());
    assert!(health.steps[2..].iter().all(|s| s.code == CheckCode::NotReached && s.took_ms.is_none()));
    assert_eq!(health.reachable, Some(false));
    assert_eq!(health.error.as_deref(), Some(health.steps[1].text.en.as_str()));
}

#[tokio::test]
async fn strange_answers_are_told_apart() {
    let table = [
        (http("502 Bad Gateway", "oops"), CheckCode::NothingBehind),
        (http("404 Not Found", "Tunnel abc.natappfree.cc not found"), CheckCode::NothingBehind),
        (http("404 Not Found", "The page you requested was not found."), CheckCode::NothingBehind),
        (http("404 Not Found", "nope"), CheckCode::BadStatus),
        (http("200 OK", "<html>welcome to nginx</html>"), CheckCode::OtherAnswer),
        (http("200 OK", "ok deadbeef"), CheckCode::OtherAnswer),
        (http("200 OK", "<title>该网站暂时无法访问</title>未备案"), CheckCode::IcpPage),
        (http("200 OK", "<html>ERR_NGROK_6024 You are about to visit</html>"), CheckCode::Interstitial),
        (
            "HTTP/1.1 302 Found\r\nlocation: https://dnspod.qcloud.com/static/webblock.html\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
            CheckCode::IcpPage,
        ),
        (
            "HTTP/1.1 301 Moved\r\nlocation: https://x.example/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
            CheckCode::Redirected,
        ),
        (String::new(), CheckCode::BrokenOff),
    ];
    for (answer, code) in table {
        let shown = answer.clone();
        let (base, task) = somebody(move |_| answer.clone()).await;
        let (core, _dir) = core_with(&base).await;
        let health = run(&core, &base).await.unwrap();
        task.abort();
        assert_eq!(health.steps[3].code, code, "{shown}: {health:?}");
        assert!(!health.steps[3].fix.en.is_empty());
    }
}

#[tokio::test]
async fn a_push_that_somebody_else_answers_is_noticed() {
    for (says, code) in [("success", CheckCode::PushElsewhere), ("forbidden", CheckCode::PushRefused)] {
        let (base, task) = somebody(move |target| {
            if target.starts_with("/healthz") {
                http("200 OK", &format!("ok {}", nonce(target)))
            } else {
                http("200 OK", says)
            }
        })
        .await;
        let (core, _dir) = core_with(&base).await;
        let health = run(&core, &base).await.unwrap();
        task.abort();
        assert_eq!(health.steps[4].code, code, "{health:?}");
    }
}

/// An account with its own AppSecret has no event URL: its server URL is verified as WeChat would, and that is not shown
/// to the operator as if WeChat had been there.
#[tokio::test]
async fn the_server_url_of_an_own_account_is_tried() {
    let socket = crate::listener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let base = format!("http://{}", socket.local_addr().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let core = Core::open(OpenOptions::new(dir.path())).await.unwrap();
    let appid = "wxba5fad812f8e6fb9";
    let input = serde_json::json!({"appid": appid, "kind": "test_account", "appsecret": "s3cret", "verify_token": "AAAAA",
        "message_mode": "plain", "public_base_url": base});
    core.save_own_account(serde_json::from_value(input).unwrap()).await.unwrap();
    let door = tokio::spawn(crate::listener::run(core.clone(), socket));
    let health = run(&core, &base).await.unwrap();
    door.abort();
    assert!(health.reachable == Some(true) && health.steps[4].outcome == CheckOutcome::Ok, "{health:?}");
    assert_eq!(core.list_url_verifications(appid).unwrap(), []);
}

#[tokio::test]
async fn only_our_own_addresses_are_asked() {
    let (core, _dir) = core_with("https://wx.example.com").await;
    assert_eq!(run(&core, "http://169.254.169.254").await.unwrap_err().code, ErrorCode::NotFound);
}

struct Ca {
    issuer: Issuer<'static, KeyPair>,
    verifier: Arc<dyn ServerCertVerifier>,
}

fn ca() -> Ca {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&key).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    Ca { issuer: Issuer::new(params, key), verifier }
}

/// Shakes hands with a server whose certificate is for `name` and ends in `ends` (a year).
async fn handshake(
    ca: &Ca,
    trusted: bool,
    name: &str,
    begins: i32,
    ends: i32,
) -> (Option<super::tls::Dates>, Result<(), Refusal>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(begins, 1, 1);
    params.not_after = date_time_ymd(ends, 1, 1);
    let certificate =
        if trusted { params.signed_by(&key, &ca.issuer).unwrap() } else { params.self_signed(&key).unwrap() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let server = tokio::spawn(async move {
        let (stream, _) = socket.accept().await.unwrap();
        let _ = acceptor.accept(stream).await;
    });
    let stream = TcpStream::connect(address).await.unwrap();
    let seen = shake_hands(stream, "wx.example.com", ca.verifier.clone(), Duration::from_secs(5)).await;
    server.await.unwrap();
    seen
}

#[tokio::test]
async fn certificates_tell_their_dates_even_when_they_are_refused() {
    let ca = ca();
    let name = "wx.example.com";
    let table = [
        (true, name, 2020, 2090, Ok(())),
        (true, name, 2020, 2021, Err(Refusal::Expired)),
        (true, name, 2090, 2091, Err(Refusal::NotYetValid)),
        (true, "other.example.com", 2020, 2090, Err(Refusal::WrongName)),
        (false, name, 2020, 2090, Err(Refusal::Untrusted)),
    ];
    for (trusted, name, begins, ends, wanted) in table {
        let (dates, outcome) = handshake(&ca, trusted, name, begins, ends).await;
        assert_eq!(outcome, wanted, "{name} {begins} {ends}");
        let year = 1970 + dates.unwrap().ends / 31_556_952_000;
        assert_eq!(i32::try_from(year).unwrap(), ends, "the end is read from the certificate");
    }
}

#[test]
fn a_certificate_that_ends_soon_is_a_warning() {
    let dates = |ends| Some(super::tls::Dates { begins: 0, ends });
    let day = 86_400_000;
    let found = steps::tls_words(0, dates(13 * day), &Ok(()));
    assert_eq!((found.outcome, found.code), (CheckOutcome::Warning, CheckCode::CertificateEndsSoon));
    assert!(found.text.zh.contains("13"));
    assert_eq!(steps::tls_words(0, dates(60 * day), &Ok(())).outcome, CheckOutcome::Ok);
    assert!(steps::tls_words(5 * day, dates(0), &Err(Refusal::Expired)).text.en.contains("5 days ago"));
}

#[tokio::test]
async fn ports_that_wechat_does_not_call_are_said() {
    for (base, wanted) in [("https://wx.example.com:8443", true), ("https://wx.example.com", false)] {
        let target = Target::parse(base).unwrap();
        let (found, _) = steps::tcp(&target, &[]).await;
        assert_eq!(found.code == CheckCode::PortNotAllowed, wanted, "{base}");
    }
}

#[test]
fn checks_come_soon_after_a_failure_but_not_for_ever_and_metered_names_less_often() {
    let (ours, metered) = ("https://wx.example.com", "https://abc.ngrok-free.app");
    assert_eq!(
        (pause(ours, 0), pause(ours, 1), pause(ours, 10), pause(ours, 11)),
        (EVERY, EVERY_FAILED, EVERY_FAILED, EVERY)
    );
    let month = 30 * 86_400_000 / pause(metered, 0) * 2;
    assert!(month < 10_000, "{month} requests of 20,000 a month");
}

/// The overview says since when a door is broken, not when it was last looked at.
#[tokio::test]
async fn a_broken_door_is_broken_since_its_first_failure() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", socket.local_addr().unwrap());
    drop(socket);
    let (core, _dir) = core_with(&base).await;
    let since = async || {
        let overview = core.overview().await.unwrap();
        overview.needs.iter().find(|n| n.cause == crate::dto::NeedCause::DoorUnreachable).and_then(|n| n.since)
    };
    let first = run(&core, &base).await.unwrap();
    let began = since().await;
    assert_eq!(began, first.checked_at);
    let second = run(&core, &base).await.unwrap();
    assert!(second.checked_at >= first.checked_at);
    assert_eq!(since().await, began);
}

/// A tunnel's own address may be asked before any platform uses it; a stopped tunnel's may not.
#[tokio::test]
async fn a_tunnels_address_is_ours_while_it_runs() {
    let (core, _dir) = core_with("https://wx.example.com").await;
    let url = "https://127.0.0.1:9";
    let input = serde_json::json!({
        "id": null, "client": "own", "name": "", "settings": { "public_url": url }, "secrets": {}, "program": null, "follow": false
    });
    let tunnel = core.save_tunnel(serde_json::from_value(input).unwrap()).await.unwrap();
    assert_eq!(run(&core, url).await.unwrap_err().code, ErrorCode::NotFound);
    core.start_tunnel(&tunnel.id).await.unwrap();
    let asked = crate::clock::within(5_000, async {
        while run(&core, url).await.is_err() {
            tokio::task::yield_now().await;
        }
    });
    assert!(asked.await.is_some(), "it is checked");
    core.stop_tunnel(&tunnel.id).await.unwrap();
    assert_eq!(run(&core, url).await.unwrap_err().code, ErrorCode::NotFound);
}

/// The sandbox says that nothing of it reaches WeChat.
#[tokio::test]
async fn a_platform_of_the_sandbox_calls_this_machine_only() {
    let dir = tempfile::tempdir().unwrap();
    let options = OpenOptions { sandbox: true, ..OpenOptions::new(dir.path()) };
    let core = Core::open(options).await.unwrap();
    let refused = core.save_platform(testing::platform()).await.unwrap_err();
    assert_eq!(refused.detail.unwrap().fields[0].field, "endpoints.api");
    let here = "http://127.0.0.1:9".to_owned();
    let endpoints = crate::dto::Endpoints { api: here.clone(), mp: here.clone(), open: here };
    core.save_platform(PlatformInput { endpoints: Some(endpoints), ..testing::platform() }).await.unwrap();
    let mut saved = core.list_platforms();
    let appid = saved.pop().unwrap().component_appid;
    assert!(saved.is_empty());
    // Nor may the test of what is only typed in.
    let typed = Some(crate::dto::Endpoints::default());
    let refused = core.test_egress(&appid, typed, None).await.unwrap_err();
    assert_eq!(refused.detail.unwrap().fields[0].field, "endpoints.api");
}
