//! A load generator: distinct encrypted messages over kept-alive connections, one request under way on each.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wechat::crypto::{AesKey, MessageCrypto, msg_signature};
use wechat::envelope::build_message_envelope;

/// The platform that every server under test is told of.
pub const COMPONENT: &str = "wx134c8103faa5a59e";
/// Its Token.
pub const TOKEN: &str = "AAAAA";
/// Its EncodingAESKey.
pub const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// What a run gave.
#[derive(Debug)]
pub struct Outcome {
    /// Answers a second.
    pub rate: f64,
    /// Median latency.
    pub p50: Duration,
    /// 99th percentile.
    pub p99: Duration,
    /// Answers that were not `success`.
    pub bad: usize,
}

pub fn crypto() -> MessageCrypto {
    MessageCrypto::new(TOKEN.into(), AesKey::parse(KEY).unwrap(), None, COMPONENT)
}

/// `count` whole requests, each with a message of its own (about 300 bytes of XML, as WeChat's text messages are).
pub fn requests(count: usize, first_id: u64) -> Vec<Vec<u8>> {
    let crypto = crypto();
    (0..count)
        .map(|n| {
            let id = first_id + n as u64;
            let xml = format!(
                "<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName>\n<FromUserName><![CDATA[o9AgO5Kd5ggOC-bXrbNODI{id:06x}]]></FromUserName>\n<CreateTime>1767225600</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[你好，请问今天几点开门？]]></Content>\n<MsgId>{id}</MsgId>\n</xml>"
            );
            let mut random = *b"0123456789abcdef";
            random[..8].copy_from_slice(&id.to_le_bytes());
            let encrypt = crypto.encrypt(xml.as_bytes(), random);
            let (timestamp, nonce) = ("1767225600", format!("{id}"));
            let signature = msg_signature(TOKEN, timestamp, &nonce, &encrypt);
            let body = build_message_envelope("gh_97417a04a28d", &encrypt);
            format!(
                "POST /wechat/{COMPONENT}/callback/wxba5fad812f8e6fb9?signature=x&timestamp={timestamp}&nonce={nonce}&openid=o9AgO5Kd&encrypt_type=aes&msg_signature={signature} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes()
        })
        .collect()
}

/// Sends everything once over `connections` and measures.
pub fn run(address: SocketAddr, requests: &[Vec<u8>], connections: usize) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let share = requests.len() / connections;
    let started = Instant::now();
    let results: Vec<(Vec<Duration>, usize)> = runtime.block_on(async {
        let tasks: Vec<_> = requests
            .chunks(share.max(1))
            .take(connections)
            .map(|mine| {
                // The runtime is this thread's alone; the slices outlive it.
                let mine: Vec<Vec<u8>> = mine.to_vec();
                tokio::spawn(async move { connection(address, &mine).await })
            })
            .collect();
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.expect("a connection broke off"));
        }
        results
    });
    let elapsed = started.elapsed();
    let bad = results.iter().map(|r| r.1).sum();
    let mut latencies: Vec<Duration> = results.into_iter().flat_map(|r| r.0).collect();
    latencies.sort_unstable();
    let at = |p: f64| latencies[((latencies.len() - 1) as f64 * p) as usize];
    Outcome { rate: latencies.len() as f64 / elapsed.as_secs_f64(), p50: at(0.50), p99: at(0.99), bad }
}

async fn connection(address: SocketAddr, requests: &[Vec<u8>]) -> (Vec<Duration>, usize) {
    let mut stream = TcpStream::connect(address).await.expect("the server is there");
    stream.set_nodelay(true).unwrap();
    let mut latencies = Vec::with_capacity(requests.len());
    let mut bad = 0;
    let mut buffer = vec![0_u8; 4096];
    for request in requests {
        let sent = Instant::now();
        stream.write_all(request).await.unwrap();
        let mut filled = 0;
        loop {
            let n = stream.read(&mut buffer[filled..]).await.unwrap();
            assert!(n > 0, "the server closed the connection");
            filled += n;
            if let Some(body) = whole(&buffer[..filled]) {
                bad += usize::from(body != b"success");
                break;
            }
        }
        latencies.push(sent.elapsed());
    }
    (latencies, bad)
}

/// The body, once it is there whole. Understands `Content-Length` only, which every server here sends.
pub fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let head_end = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..head_end]).ok()?;
    let length: usize = head
        .lines()
        .find_map(|l| {
            l.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case("content-length")).map(|(_, v)| v.trim())
        })?
        .parse()
        .ok()?;
    (bytes.len() >= head_end + length).then(|| &bytes[head_end..head_end + length])
}
