//! The public door over real sockets. What it must withstand under attack has its own issue; here is what the
//! interface promises.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::core::{Core, OpenOptions};
use crate::dto::{NeedCause, UrlVerdict};
use crate::sockets::MAX_HEAD;
use crate::testing::{COMPONENT, platform, sealed};

const PATIENCE: Duration = Duration::from_millis(250);

struct Door {
    core: Core,
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn door() -> Door {
    let dir = tempfile::tempdir().unwrap();
    let core = Core::open(OpenOptions::new(dir.path())).await.unwrap();
    core.save_platform(platform()).await.unwrap();
    let socket = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = socket.local_addr().unwrap();
    let task = tokio::spawn(run_with(core.clone(), socket, Limits { head: PATIENCE, ..Limits::default() }));
    Door { core, address, task, _dir: dir }
}

/// Sends raw bytes and reads until the server closes or the answer is whole.
async fn say(door: &Door, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(n) => answer.extend_from_slice(&buffer[..n]),
        }
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Some(length) = head.lines().find_map(|l| {
                l.to_ascii_lowercase().strip_prefix("content-length: ").and_then(|v| v.parse::<usize>().ok())
            })
            && body.len() >= length
        {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(path: &str, body: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn ticket_xml(at: i64) -> String {
    format!(
        "<xml><AppId>{COMPONENT}</AppId><CreateTime>{at}</CreateTime><InfoType>component_verify_ticket</InfoType><ComponentVerifyTicket>ticket@@@{at}</ComponentVerifyTicket></xml>"
    )
}

#[tokio::test]
async fn a_ticket_is_acked_with_success_and_is_durable() {
    let door = door().await;
    let (query, body) = sealed(&ticket_xml(100));
    let answer = say(&door, &post(&format!("/wechat/{COMPONENT}/event?{query}"), &body)).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nsuccess"), "{answer}");
    let ticket = door.core.store().mirror().platforms()[0].ticket.clone().unwrap();
    assert_eq!(ticket.value.expose(), "ticket@@@100");
    assert!(door.core.door().last_callback_at().is_some());
}

/// Promise 1: the reply leaves only after the commit. A store that cannot commit means no `success`.
#[tokio::test]
async fn no_success_without_a_commit() {
    let door = door().await;
    door.core.store().close().await;
    let (query, body) = sealed(&ticket_xml(100));
    let answer = say(&door, &post(&format!("/wechat/{COMPONENT}/event?{query}"), &body)).await;
    assert!(answer.starts_with("HTTP/1.1 500") && !answer.contains("success"), "{answer}");
    let message = "<xml><ToUserName>g</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><MsgId>1</MsgId></xml>";
    let (query, body) = sealed(message);
    let answer = say(&door, &post(&format!("/wechat/{COMPONENT}/callback/wxba5fad812f8e6fb9?{query}"), &body)).await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
}

#[tokio::test]
async fn refusals_have_the_promised_status_and_leave_only_a_line() {
    let door = door().await;
    let (query, body) = sealed(&ticket_xml(100));
    let event = format!("/wechat/{COMPONENT}/event");
    let forged = query.replace("msg_signature=", "msg_signature=0");
    let other = sealed("<xml><AppId>wx0000000000000000</AppId><CreateTime>1</CreateTime><InfoType>x</InfoType></xml>");
    let entity = "<!DOCTYPE x [<!ENTITY a \"b\">]><xml><Encrypt>x</Encrypt></xml>".to_owned();
    let table = [
        (format!("{event}?{forged}"), body.clone(), 403, "bad_signature"),
        (event.clone(), body.clone(), 400, "bad_body"),
        (format!("{event}?{query}"), "not xml".into(), 400, "bad_body"),
        (format!("{event}?{query}"), entity, 400, "bad_body"),
        (format!("/wechat/wx0000000000000000/event?{query}"), body.clone(), 404, "unknown_appid"),
        (format!("{event}?{}", other.0), other.1, 403, "wrong_appid"),
        (format!("{event}?{query}"), "x".repeat(MAX_BODY + 1), 413, "too_large"),
    ];
    for (path, body, status, reason) in table {
        let answer = say(&door, &post(&path, &body)).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{reason}: {answer}");
        assert!(answer.len() < 400 && answer.contains("text/plain"), "short plain text: {answer}");
        let newest = door.core.door().view(std::collections::BTreeSet::new()).rejections[0].clone();
        assert_eq!((newest.reason.as_str(), newest.status), (reason, status));
        assert!(!newest.path.contains('?'), "no query is kept");
    }
    let kept = door.core.store().read(|c| Ok(crate::store::tables::inbox::count(c)?)).await.unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn what_is_not_ours_is_not_found() {
    let door = door().await;
    for path in ["/", "/v1/status", "/wechat", "/wechat/x/y/z/a", "/wechat/../etc", "/favicon.ico"] {
        for method in ["GET", "POST", "PUT", "OPTIONS"] {
            let answer =
                say(&door, format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").as_bytes())
                    .await;
            assert!(answer.starts_with("HTTP/1.1 404"), "{method} {path}: {answer}");
        }
    }
}

#[tokio::test]
async fn url_verification_echoes_verbatim() {
    let door = door().await;
    let signature = wechat::crypto::url_signature("AAAAA", "1714036504", "1514711492");
    for path in [format!("/wechat/{COMPONENT}/event"), format!("/wechat/{COMPONENT}/callback/$APPID$")] {
        let get = |signature: &str| {
            format!(
                "GET {path}?signature={signature}&timestamp=1714036504&nonce=1514711492&echostr=4375120948345356249 HTTP/1.1\r\nhost: x\r\n\r\n"
            )
        };
        assert!(say(&door, get(&signature).as_bytes()).await.ends_with("\r\n\r\n4375120948345356249"));
        assert!(say(&door, get("f464").as_bytes()).await.starts_with("HTTP/1.1 403"));
    }
}

/// The server URL of an account that is connected with its own AppSecret: what passed and what did not is shown as it
/// came, and only an equal digest is answered.
#[tokio::test]
async fn the_server_url_of_an_own_account_is_verified_and_shown() {
    let door = door().await;
    let appid = "wxba5fad812f8e6fb9";
    let input = serde_json::json!({"appid": appid, "kind": "test_account", "appsecret": "s3cret", "verify_token": "AAAAA",
        "message_mode": "plain", "public_base_url": "https://abc.natapp.cc"});
    let saved = door.core.save_own_account(serde_json::from_value(input).unwrap()).await.unwrap();
    assert_eq!(saved.server_url, format!("https://abc.natapp.cc/wechat/account/{appid}"));
    let get = |query: &str| format!("GET /wechat/account/{appid}?{query} HTTP/1.1\r\nhost: x\r\n\r\n");
    // The official example of protocol A.5.
    let asked = |signature: &str| {
        get(&format!("signature={signature}&timestamp=1714036504&nonce=1514711492&echostr=4375120948345356249"))
    };
    let answer = say(&door, asked("f464b24fc39322e44b38aa78f5edd27bd1441696").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n4375120948345356249"), "{answer}");
    assert!(say(&door, asked("0".repeat(40).as_str()).as_bytes()).await.starts_with("HTTP/1.1 403"));
    assert!(say(&door, get("echostr=1").as_bytes()).await.starts_with("HTTP/1.1 400"));
    let shown = door.core.list_url_verifications(appid).unwrap();
    let verdicts: Vec<_> = shown.iter().map(|v| v.verdict).collect();
    assert_eq!(verdicts, [UrlVerdict::Incomplete, UrlVerdict::WrongToken, UrlVerdict::Passed]);
    assert!(!serde_json::to_string(&shown).unwrap().contains("AAAAA"));
    assert!(door.core.get_own_account(appid).await.unwrap().verified_at.is_some());
    // A plain push with its signature, and one without.
    let xml = "<xml><ToUserName>g</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><MsgId>1</MsgId></xml>";
    let time = (door.core.clock().now() / 1000).to_string();
    let signature = wechat::crypto::url_signature("AAAAA", &time, "n");
    let path = format!("/wechat/account/{appid}?signature={signature}&timestamp={time}&nonce=n");
    assert!(say(&door, &post(&path, xml)).await.ends_with("\r\n\r\nsuccess"));
    let forged = format!("/wechat/account/{appid}?signature=x&timestamp=1&nonce=n");
    assert!(say(&door, &post(&forged, xml)).await.starts_with("HTTP/1.1 403"));
    // A platform has no such URL, and this account has no platform's.
    assert!(say(&door, &post(&format!("/wechat/account/{COMPONENT}"), xml)).await.starts_with("HTTP/1.1 404"));
    assert!(say(&door, &post(&format!("/wechat/{appid}/event"), xml)).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn verification_files_are_served_with_exactly_their_bytes_until_removed() {
    let door = door().await;
    let (name, content) = ("MP_verify_7vd0KpvN6c1fTlGq.txt", b"7vd0KpvN6c1fTlGq".to_vec());
    let get = format!("GET /{name} HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(say(&door, get.as_bytes()).await.starts_with("HTTP/1.1 404"));
    let added = door.core.add_verification_file(name, content.clone()).await.unwrap();
    assert_eq!(added.urls, ["https://abc.natapp.cc/MP_verify_7vd0KpvN6c1fTlGq.txt"]);
    let answer = say(&door, get.as_bytes()).await;
    assert!(answer.contains("content-type: text/plain") && answer.ends_with("\r\n\r\n7vd0KpvN6c1fTlGq"), "{answer}");
    // Bytes that are no text, and an end of line, come out as they went in.
    let odd = vec![0xff, 0x00, b'\r', b'\n'];
    door.core.add_verification_file("odd.txt", odd.clone()).await.unwrap();
    assert_eq!(door.core.public_files().get("odd.txt").unwrap(), odd);
    for path in ["/..%2FMP_verify_7vd0KpvN6c1fTlGq.txt", "/a/MP_verify_7vd0KpvN6c1fTlGq.txt", "/store.key"] {
        let answer = say(&door, format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    door.core.remove_verification_file(name).await.unwrap();
    assert!(say(&door, get.as_bytes()).await.starts_with("HTTP/1.1 404"));
    assert_eq!(door.core.remove_verification_file(name).await.unwrap_err().code, crate::dto::ErrorCode::NotFound);
    for (name, content, field) in
        [("x.html", vec![1], "name"), ("x.txt", vec![], "content"), ("x.txt", vec![0; 70_000], "content")]
    {
        let refused = door.core.add_verification_file(name, content).await.unwrap_err();
        assert_eq!(refused.detail.unwrap().fields[0].field, field);
    }
    assert_eq!(door.core.list_verification_files().await.unwrap().len(), 1);
}

#[tokio::test]
async fn healthz_echoes_a_nonce_and_tells_nothing_else() {
    let door = door().await;
    assert!(say(&door, b"GET /healthz?nonce=abc123 HTTP/1.1\r\nhost: x\r\n\r\n").await.ends_with("\r\n\r\nok abc123"));
    assert!(say(&door, b"GET /healthz?nonce=%3Cscript%3E HTTP/1.1\r\nhost: x\r\n\r\n").await.ends_with("\r\n\r\nok"));
}

#[tokio::test]
async fn slow_heads_and_bodies_get_408() {
    let door = door().await;
    let slow_head = say(&door, b"POST /wechat/x/event HTTP/1.1\r\nhost:").await;
    assert!(slow_head.starts_with("HTTP/1.1 408"), "{slow_head}");
    let slow_body = say(
        &door,
        format!("POST /wechat/{COMPONENT}/event?timestamp=1 HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf")
            .as_bytes(),
    )
    .await;
    assert!(slow_body.starts_with("HTTP/1.1 408"), "{slow_body}");
    let endless = say(&door, format!("GET / HTTP/1.1\r\nx: {}", "a".repeat(MAX_HEAD * 2)).as_bytes()).await;
    assert!(endless.starts_with("HTTP/1.1 431"), "{endless}");
}

/// A visitor's pages: nothing of the code or the appsecret, the language of the browser, one link out.
#[tokio::test]
async fn unknown_links_are_not_found_and_say_nothing() {
    let door = door().await;
    for page in ["authorize", "authorized"] {
        let answer = say(
            &door,
            format!("GET /wechat/{COMPONENT}/{page}/AAAAAAAAAAAAAAAAAAAAAA?auth_code=x HTTP/1.1\r\nhost: x\r\n\r\n")
                .as_bytes(),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
}

/// A client that asks and never reads gives its slot back.
#[tokio::test]
async fn unread_answers_end_a_connection() {
    let door = door().await;
    let stream = TcpStream::connect(door.address).await.unwrap();
    let request = b"GET /healthz?nonce=abcdefabcdefabcdef HTTP/1.1\r\nhost: x\r\n\r\n".repeat(64);
    let (mut read, mut write) = stream.into_split();
    // Writes until both sides are full, then the server's patience ends and it closes.
    let written =
        tokio::time::timeout(Duration::from_secs(20), async move { while write.write_all(&request).await.is_ok() {} });
    assert!(written.await.is_ok(), "the server never gave up");
    let mut rest = Vec::new();
    let _ = read.read_to_end(&mut rest).await;
}

/// What the supervisor says reaches the overview: down while it is down, back with a notice that a person dismisses.
#[tokio::test]
async fn a_door_that_was_away_says_so() {
    let door = door().await;
    let needs = async || door.core.overview().await.unwrap().needs.into_iter().map(|n| n.cause).collect::<Vec<_>>();
    while !door.core.overview().await.unwrap().door.listening {
        tokio::task::yield_now().await;
    }
    let said = AtomicI64::new(0);
    tell(&door.core, Word::Failed("the test let it".into()), &said).await;
    assert!(needs().await.contains(&NeedCause::ListenerDown));
    for _ in 0..2 {
        tell(&door.core, Word::Listening(door.address), &said).await;
        tell(&door.core, Word::Back("the test let it".into()), &said).await;
        assert_eq!(needs().await, [NeedCause::ListenerBack], "once, however often it happens");
    }
    door.core.dismiss_notice(NOTICE.into()).await.unwrap();
    assert!(needs().await.is_empty());
}

/// The operator's list of sources holds for pushes that come straight in; what a tunnel passes on is let in, and the
/// signature counts in either case.
#[tokio::test]
async fn unlisted_sources_are_forbidden_unless_a_tunnel_brings_them() {
    let door = door().await;
    let ips = vec!["203.0.113.0/24".to_owned()];
    door.core.sources().put(crate::dto::CallbackIps { ips, allow_only: true, ..Default::default() });
    let lets_in = |address: &str, forwarded| {
        let caller = Caller { address: address.parse().unwrap(), forwarded };
        super::routes::comes_from_wechat(&door.core, caller)
    };
    assert!(lets_in("203.0.113.9", false) && lets_in("127.0.0.1", false) && lets_in("198.51.100.7", true));
    assert!(!lets_in("198.51.100.7", false));
    let refusal = crate::inbox::Refusal::UnlistedSource;
    assert_eq!((refusal.status(), refusal.reason()), (403, "unlisted_source"));
}
