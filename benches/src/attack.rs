//! The public door under attack: each load against a process of its own, each figure with its limit.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wechat::crypto::msg_signature;
use wechat::envelope::build_event_envelope;

use crate::ingest::{Server, start};
use crate::load::{self, COMPONENT, TOKEN};

/// Nothing waits longer for an answer.
const GIVE_UP: Duration = Duration::from_secs(30);
/// Sent at most, where the door must end an endless thing.
const ENDLESS: usize = 256 << 20;

pub fn run() {
    raise_own_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("attack: the public door over loopback, load and server on the same machine");
    println!("{:<66} {:>10} {:>10}", "load", "figure", "limit");
    runtime.block_on(async {
        bursts().await;
        endless("a head without an end, 8 connections: memory", 0).await;
        endless("a chunked body without an end, 8 connections: memory", 1).await;
        endless("200 bodies that stop a byte before 1 MiB: memory", 2).await;
        crowd().await;
        drips().await;
        flood().await;
    });
}

fn line(load: &str, figure: String, limit: &str) {
    println!("{load:<66} {figure:>10} {limit:>10}");
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// The clients of the crowd are files too.
fn raise_own_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: now.maximum.or(Some(65_536)), maximum: now.maximum });
}

/// A door in a process of its own with at most so many open files.
struct Door {
    server: Server,
    dir: std::path::PathBuf,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.server.stop();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

impl Door {
    fn open(files: u32) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("wxdesk-attack-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit -n {files} && exec \"$0\" ingest-server"));
        command.arg(std::env::current_exe().unwrap()).env("WXDESK_BENCH_DIR", &dir);
        Self { server: start(&mut command).expect("the door opens"), dir }
    }
    fn address(&self) -> SocketAddr {
        self.server.address
    }
    /// Of `/proc/PID/status`, KiB.
    fn status(&self, name: &str) -> i64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.pid())).unwrap_or_default();
        status.lines().find_map(|l| l.strip_prefix(name)?.split_ascii_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
    }
    fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.server.pid())).map_or(0, Iterator::count)
    }
}

/// A ticket as WeChat pushes it, each newer than the one before.
fn ticket() -> String {
    static AT: AtomicU64 = AtomicU64::new(1_767_225_600);
    let at = AT.fetch_add(1, Ordering::Relaxed);
    let xml = format!(
        "<xml><AppId>{COMPONENT}</AppId><CreateTime>{at}</CreateTime><InfoType>component_verify_ticket</InfoType><ComponentVerifyTicket>ticket@@@{at}</ComponentVerifyTicket></xml>"
    );
    let encrypt = load::crypto().encrypt(xml.as_bytes(), [7; 16]);
    let signature = msg_signature(TOKEN, "1767225600", "n", &encrypt);
    let body = build_event_envelope(COMPONENT, &encrypt);
    format!(
        "POST /wechat/{COMPONENT}/event?timestamp=1767225600&nonce=n&msg_signature={signature} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends a request on a kept-alive connection; answers status and time.
async fn ask(stream: &mut TcpStream, request: &str) -> std::io::Result<(String, Duration)> {
    let sent = Instant::now();
    stream.write_all(request.as_bytes()).await?;
    let (mut buffer, mut filled) = (vec![0_u8; 4096], 0);
    loop {
        let n = stream.read(&mut buffer[filled..]).await?;
        if n == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        filled += n;
        if load::whole(&buffer[..filled]).is_some() {
            return Ok((String::from_utf8_lossy(&buffer[9..12]).into_owned(), sent.elapsed()));
        }
    }
}

/// Tickets whose connection broke, and that had to be pushed again.
static REPEATED: AtomicU64 = AtomicU64::new(0);

/// A ticket on a connection of its own, as WeChat's come; tries again as WeChat does when the connection breaks.
async fn push_ticket(address: SocketAddr) -> Duration {
    let started = Instant::now();
    loop {
        let once = async {
            let mut stream = TcpStream::connect(address).await?;
            ask(&mut stream, &ticket()).await
        };
        match tokio::time::timeout(GIVE_UP, once).await {
            Ok(Ok((status, _))) if status == "200" => return started.elapsed(),
            _ => {
                REPEATED.fetch_add(1, Ordering::Relaxed);
                assert!(started.elapsed() < GIVE_UP, "no ticket comes through any more");
            }
        }
    }
}

async fn slowest_ticket(address: SocketAddr, for_: Duration) -> (Duration, usize) {
    let (started, mut slowest, mut count) = (Instant::now(), Duration::ZERO, 0);
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    while started.elapsed() < for_ {
        ticks.tick().await;
        slowest = slowest.max(push_ticket(address).await);
        count += 1;
    }
    (slowest, count)
}

async fn bursts() {
    let door = Door::open(1024);
    let address = door.address();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..12 {
        clients.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let mut slowest = Duration::ZERO;
            for _ in 0..20 {
                let (status, took) = ask(&mut stream, &ticket()).await.expect("every request is answered");
                assert_eq!(status, "200");
                slowest = slowest.max(took);
            }
            slowest
        });
    }
    let slowest = clients.join_all().await.into_iter().max().unwrap_or_default();
    line("12 kept-alive connections, 20 tickets each: slowest answer", ms(slowest), "1 s");
}

async fn endless(name: &str, kind: u8) {
    let door = Door::open(1024);
    push_ticket(door.address()).await;
    let before = door.status("VmRSS");
    let connections = if kind == 2 { 200 } else { 8 };
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let address = door.address();
        clients.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let (begin, piece) = match kind {
                1 => (
                    format!("POST /wechat/{COMPONENT}/event HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"),
                    format!("10000\r\n{}\r\n", "a".repeat(1 << 16)),
                ),
                2 => (
                    format!(
                        "POST /wechat/{COMPONENT}/event HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
                        1 << 20
                    ),
                    "a".repeat((1 << 20) - 1),
                ),
                _ => ("GET / HTTP/1.1\r\nhost: x\r\nx: ".to_owned(), "a".repeat(1 << 16)),
            };
            let most = if kind == 2 { 1 } else { ENDLESS / connections };
            let mut sent = 0;
            if stream.write_all(begin.as_bytes()).await.is_ok() {
                while sent < most && stream.write_all(piece.as_bytes()).await.is_ok() {
                    sent += piece.len();
                }
            }
            let mut rest = Vec::new();
            let _ = tokio::time::timeout(GIVE_UP, stream.read_to_end(&mut rest)).await;
        });
    }
    clients.join_all().await;
    let grown = door.status("VmHWM") - before;
    // The last is no promise, but what 200 of them come to.
    line(name, format!("{:.1} MB", grown as f64 / 1024.0), if kind == 2 { "" } else { "32 MB" });
}

/// More connections than the process may have files: silent ones, and then ones that come back whenever they are closed.
async fn crowd() {
    const CROWD: usize = 2_000;
    let door = Door::open(512);
    let address = door.address();
    push_ticket(address).await;
    let tickets = tokio::spawn(slowest_ticket(address, Duration::from_secs(13)));
    let mut idle = Vec::new();
    for _ in 0..CROWD {
        idle.push(TcpStream::connect(address).await.expect("loopback connects"));
    }
    let files = door.open_files();
    let (slowest, count) = tickets.await.unwrap();
    line(&format!("2,000 idle connections, 512 files: slowest of {count} tickets"), ms(slowest), "12 s");
    line("  open files of the process meanwhile", files.to_string(), "512");
    drop(idle);
    let stop = Arc::new(AtomicBool::new(false));
    let came = Arc::new(AtomicU64::new(0));
    let mut stubborn = tokio::task::JoinSet::new();
    for _ in 0..CROWD {
        let (stop, came) = (stop.clone(), came.clone());
        stubborn.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let Ok(mut stream) = TcpStream::connect(address).await else { continue };
                came.fetch_add(1, Ordering::Relaxed);
                let _ = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut [0; 16])).await;
            }
        });
    }
    let (slowest, _) = slowest_ticket(address, Duration::from_secs(5)).await;
    stop.store(true, Ordering::Relaxed);
    line(
        &format!("  2,000 that come back when closed ({} connections in 5 s)", came.load(Ordering::Relaxed)),
        ms(slowest),
        "12 s",
    );
    stubborn.join_all().await;
    line("  tickets that had to be repeated", REPEATED.load(Ordering::Relaxed).to_string(), "");
    line("  and when they have gone", ms(push_ticket(address).await), "1 s");
}

async fn drips() {
    let door = Door::open(1024);
    for (name, begin) in [
        ("a head that drips, a byte each 0.5 s: cut after", "POST /wechat/x/event HTTP/1.1\r\nx: ".to_owned()),
        (
            "a body that drips, a byte each 0.5 s: cut after",
            format!("POST /wechat/{COMPONENT}/event HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n"),
        ),
        ("a connection that never says anything: cut after", String::new()),
    ] {
        let mut stream = TcpStream::connect(door.address()).await.unwrap();
        let started = Instant::now();
        stream.write_all(begin.as_bytes()).await.unwrap();
        let (mut read, mut write) = stream.into_split();
        let drip = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(500));
            loop {
                ticks.tick().await;
                if !begin.is_empty() && write.write_all(b"a").await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let mut rest = Vec::new();
        tokio::select! {
            () = drip => {}
            _ = tokio::time::timeout(GIVE_UP, read.read_to_end(&mut rest)) => {}
        }
        line(name, format!("{:.2} s", started.elapsed().as_secs_f64()), "10 s");
    }
}

async fn flood() {
    let door = Door::open(1024);
    let address = door.address();
    push_ticket(address).await;
    let stop = Arc::new(AtomicBool::new(false));
    let sent = Arc::new(AtomicU64::new(0));
    let bad = ticket().replace("msg_signature=", "msg_signature=0");
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (stop, sent, bad) = (stop.clone(), sent.clone(), bad.clone());
        clients.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            while !stop.load(Ordering::Relaxed) {
                let (status, _) = ask(&mut stream, &bad).await.expect("every request is answered");
                assert_eq!(status, "403");
                sent.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let (slowest, count) = slowest_ticket(address, Duration::from_secs(5)).await;
    stop.store(true, Ordering::Relaxed);
    let rate = sent.load(Ordering::Relaxed) / 5;
    clients.join_all().await;
    line(&format!("64 connections, {rate} bad signatures a second: slowest of {count} tickets"), ms(slowest), "1 s");
}
