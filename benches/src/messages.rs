//! What rules and business servers cost: ingest with and without them, and the way through an answering server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wxdesk_core::Core;
use wxdesk_core::dto::{
    RuleAnswer, RuleInput, RuleScope, RuleWhen, TargetFormat, TargetInput, TargetMode, TextHow, TextTest,
};

use crate::ingest::{Server, start};
use crate::load;

const CONNECTIONS: usize = 16;
/// Alternating runs of each; the middle one counts.
const ROUNDS: usize = 3;
/// Rules that are held against every message before the one that fits.
const RULES: usize = 20;
/// Replies a second, and for how long.
const REPLIES: u64 = 500;
const SECONDS: u64 = 20;

/// Makes rules and a business server in the process that is measured: `WXDESK_BENCH_TARGET` is its address, and begins
/// with `ask` or `tell`.
pub async fn prepare(core: &Core) {
    let Ok(target) = std::env::var("WXDESK_BENCH_TARGET") else { return };
    let (way, url) = target.split_once(' ').expect("a way and a URL");
    let ask = way == "ask";
    let target = core
        .save_target(TargetInput {
            id: None,
            name: "bench".into(),
            mode: if ask { TargetMode::Answering } else { TargetMode::Notified },
            url: url.into(),
            format: TargetFormat::Xml,
            secret: None,
            timeout_ms: None,
            concurrency: Some(32),
            private_ok: true,
            enabled: true,
            give_up_hours: None,
        })
        .await
        .expect("the target is saved");
    let rule = |name: String, when: RuleWhen, answer: RuleAnswer, notify: Vec<i64>| RuleInput {
        id: None,
        name,
        enabled: true,
        scope: RuleScope::default(),
        when,
        answer,
        notify,
    };
    for n in 0..RULES {
        let how = [TextHow::Equals, TextHow::Contains, TextHow::StartsWith, TextHow::Regex][n % 4];
        let text = TextTest { how, value: format!("(关键词){n}"), ignore_case: true };
        let when = RuleWhen { msg_types: vec!["text".into()], text: Some(text), ..RuleWhen::default() };
        core.save_rule(rule(format!("rule {n}"), when, RuleAnswer::Success, Vec::new())).await.expect("a rule");
    }
    let last = if ask {
        rule("ask".into(), RuleWhen::default(), RuleAnswer::Target { target_id: target.id }, Vec::new())
    } else {
        rule("tell".into(), RuleWhen::default(), RuleAnswer::Success, vec![target.id])
    };
    core.save_rule(last).await.expect("the last rule");
}

/// A business server on a thread for each connection: answers every message with a text, or with nothing.
struct Business {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Business {
    fn new(answers: bool) -> Self {
        let socket = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = socket.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let count = requests.clone();
        std::thread::spawn(move || {
            for stream in socket.incoming().flatten() {
                let count = count.clone();
                std::thread::spawn(move || serve(stream, answers, &count));
            }
        });
        Self { address, requests }
    }
}

fn serve(mut stream: TcpStream, answers: bool, count: &AtomicUsize) {
    let _ = stream.set_nodelay(true);
    let mut buffer = vec![0_u8; 64 << 10];
    let mut filled = 0;
    loop {
        let Some(body) = load::whole(&buffer[..filled]) else {
            match stream.read(&mut buffer[filled..]) {
                Ok(n) if n > 0 => filled += n,
                _ => return,
            }
            continue;
        };
        count.fetch_add(1, Ordering::Relaxed);
        let reply = if answers {
            let text = String::from_utf8_lossy(body);
            let part = |name: &str| {
                let inner = text.split_once(&format!("<{name}><![CDATA["));
                inner.and_then(|(_, rest)| rest.split_once("]]>")).map_or("", |(value, _)| value).to_owned()
            };
            format!(
                "<xml><ToUserName><![CDATA[{}]]></ToUserName><FromUserName><![CDATA[{}]]></FromUserName><CreateTime>1767225600</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[我们每天七点开门]]></Content></xml>",
                part("FromUserName"),
                part("ToUserName")
            )
        } else {
            String::new()
        };
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{reply}", reply.len());
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
        filled = 0;
    }
}

fn server(dir: &Path, target: Option<String>) -> Server {
    let _ = std::fs::remove_dir_all(dir);
    std::fs::create_dir_all(dir).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("ingest-server").env("WXDESK_BENCH_DIR", dir);
    if let Some(target) = target {
        command.env("WXDESK_BENCH_TARGET", target);
    }
    start(&mut command).expect("the server starts")
}

pub fn run(arguments: &[String]) {
    let messages: usize = arguments.first().and_then(|a| a.parse().ok()).unwrap_or(160_000);
    let dir = std::env::temp_dir().join(format!("wxdesk-bench-{}", std::process::id()));
    println!(
        "messages: {messages} of them, {CONNECTIONS} connections, {RULES} rules before the one that fits, one notified server"
    );
    let mut first_id = 1;
    let (mut bare, mut told) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for with in [false, true] {
            let business = Business::new(false);
            let mut server = server(&dir, with.then(|| format!("tell http://{}/", business.address)));
            let warm = load::requests(4_000, first_id);
            load::run(server.address, &warm, CONNECTIONS);
            let requests = load::requests(messages, first_id + 4_000);
            first_id += 4_000 + messages as u64;
            let before = business.requests.load(Ordering::Relaxed);
            let outcome = load::run(server.address, &requests, CONNECTIONS);
            let during = business.requests.load(Ordering::Relaxed) - before;
            assert_eq!(outcome.bad, 0, "every answer is success");
            let name = if with { "rules and a notified server" } else { "bare" };
            print!("{name:<30} {:>9.0}/s  p99 {:>6.2} ms", outcome.rate, outcome.p99.as_secs_f64() * 1e3);
            if with {
                let began = Instant::now();
                // The queue is emptied behind the flood; what of it is left is a promise and no loss.
                while business.requests.load(Ordering::Relaxed) < messages / 10 && began.elapsed().as_secs() < 60 {
                    std::thread::sleep(Duration::from_millis(20));
                }
                let rest = business.requests.load(Ordering::Relaxed) - before - during;
                let rate = rest as f64 / began.elapsed().as_secs_f64();
                print!("  delivered meanwhile {during}, afterwards {rate:.0}/s");
            }
            println!();
            if with {
                told.push(outcome.rate)
            } else {
                bare.push(outcome.rate)
            }
            server.stop();
        }
    }
    let middle = |rates: &mut Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    };
    println!("ratio {:.2} (aim: at least 0.7)", middle(&mut told) / middle(&mut bare));
    replies(&dir, first_id);
    let _ = std::fs::remove_dir_all(&dir);
}

/// Asks at a fixed rate, whatever the answers take: a slow answer does not make the next question later.
fn replies(dir: &Path, first_id: u64) {
    let business = Business::new(true);
    let mut server = server(dir, Some(format!("ask http://{}/", business.address)));
    let count = REPLIES * SECONDS;
    let requests = load::requests(usize::try_from(count).unwrap(), first_id);
    let address = server.address;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut latencies: Vec<Duration> = runtime.block_on(async {
        let (give, take) = tokio::sync::mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
        let take = Arc::new(tokio::sync::Mutex::new(take));
        let workers: Vec<_> = (0..64).map(|_| tokio::spawn(worker(address, take.clone()))).collect();
        let began = Instant::now();
        for (n, request) in requests.into_iter().enumerate() {
            let due = began + Duration::from_micros(1_000_000 / REPLIES * n as u64);
            tokio::time::sleep_until(due.into()).await;
            give.send((due, request)).unwrap();
        }
        drop(give);
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.await.unwrap());
        }
        all
    });
    latencies.sort_unstable();
    let at = |p: f64| latencies[((latencies.len() - 1) as f64 * p) as usize].as_secs_f64() * 1e3;
    println!(
        "passive replies through a business server on this machine, {REPLIES}/s for {SECONDS} s: p50 {:.2} ms, p99 {:.2} ms (aim: under 30), slowest {:.1} ms, {} of {count} answered",
        at(0.50),
        at(0.99),
        at(1.0),
        latencies.len()
    );
    server.stop();
}

type Questions = Arc<tokio::sync::Mutex<tokio::sync::mpsc::UnboundedReceiver<(Instant, Vec<u8>)>>>;

async fn worker(address: SocketAddr, questions: Questions) -> Vec<Duration> {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut latencies = Vec::new();
    let mut buffer = vec![0_u8; 16 << 10];
    loop {
        let next = questions.lock().await.recv().await;
        let Some((due, request)) = next else { return latencies };
        stream.write_all(&request).await.unwrap();
        let mut filled = 0;
        loop {
            let n = stream.read(&mut buffer[filled..]).await.unwrap();
            assert!(n > 0, "the server closed the connection");
            filled += n;
            if let Some(body) = load::whole(&buffer[..filled]) {
                if body.starts_with(b"<xml><Encrypt>") {
                    latencies.push(due.elapsed());
                }
                break;
            }
        }
    }
}
