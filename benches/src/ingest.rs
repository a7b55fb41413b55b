//! The public door, durable, against handlers in other languages that store nothing.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use wxdesk_core::dto::PlatformInput;
use wxdesk_core::{Core, OpenOptions};

use crate::load;

const CONNECTIONS: usize = 16;

/// Runs the door on a free port in a temporary folder, until standard input ends.
pub fn server() {
    let dir = PathBuf::from(std::env::var("WXDESK_BENCH_DIR").expect("WXDESK_BENCH_DIR"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let core = Core::open(OpenOptions::new(&dir)).await.expect("the store opens");
        core.save_platform(PlatformInput {
            component_appid: load::COMPONENT.into(),
            name: "bench".into(),
            component_appsecret: Some("0".repeat(32)),
            verify_token: Some(load::TOKEN.into()),
            encoding_aes_key: Some(load::KEY.into()),
            previous_encoding_aes_key: None,
            public_base_url: "http://127.0.0.1:1".into(),
            endpoints: None,
            outbound_proxy: None,
        })
        .await
        .expect("the platform is saved");
        crate::messages::prepare(&core).await;
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        core.start(any, any).await.expect("it starts");
        println!("{}", core.listener_address().expect("it listens"));
        std::io::stdout().flush().unwrap();
        let _ = tokio::task::spawn_blocking(|| std::io::stdin().lock().lines().count()).await;
        core.shutdown().await;
    });
}

/// A server under test; killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn stop(&mut self) {
        drop(self.child.stdin.take());
        if self.child.try_wait().ok().flatten().is_none() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

pub fn start(command: &mut Command) -> Option<Server> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().ok()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
    let address = line.trim().parse().ok()?;
    Some(Server { child, address })
}

pub fn run(arguments: &[String]) {
    let messages: usize = arguments.first().and_then(|a| a.parse().ok()).unwrap_or(160_000);
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let dir = std::env::temp_dir().join(format!("wxdesk-bench-{}", std::process::id()));
    println!("ingest: {messages} distinct encrypted messages, {CONNECTIONS} kept-alive connections");
    println!("{:<34} {:>10} {:>9} {:>9} {:>6}", "handler", "answers/s", "p50 ms", "p99 ms", "bad");
    let go = peers.join("go/handler");
    let mut servers: Vec<(&str, usize, Command)> = Vec::new();
    let mut ours = Command::new(std::env::current_exe().unwrap());
    ours.arg("ingest-server").env("WXDESK_BENCH_DIR", &dir);
    servers.push(("wxdesk (durable, SQLCipher)", 1, ours));
    if go.exists() {
        servers.push(("Go net/http (stores nothing)", 1, Command::new(&go)));
    }
    let mut node = Command::new("node");
    node.arg(peers.join("node/handler.mjs"));
    servers.push(("Node @wecom/crypto (nothing)", 4, node));
    let mut python = Command::new(peers.join("python/.venv/bin/gunicorn"));
    python.current_dir(peers.join("python")).args(["--config", "gunicorn.conf.py", "handler:application"]);
    servers.push(("wechatpy, gunicorn (nothing)", 10, python));
    let mut ours_rate = 0.0;
    let mut first_id = 1;
    for (name, divisor, mut command) in servers {
        std::fs::create_dir_all(&dir).unwrap();
        let Some(server) = start(&mut command) else {
            println!("{name:<34} did not start");
            continue;
        };
        let warm = load::requests(4_000, first_id);
        first_id += 4_000;
        load::run(server.address, &warm, CONNECTIONS);
        let requests = load::requests(messages / divisor, first_id);
        first_id += (messages / divisor) as u64;
        let outcome = load::run(server.address, &requests, CONNECTIONS);
        drop(server);
        if ours_rate == 0.0 {
            ours_rate = outcome.rate;
        }
        println!(
            "{name:<34} {:>10.0} {:>9.2} {:>9.2} {:>6}   ours / this = {:.2}",
            outcome.rate,
            outcome.p50.as_secs_f64() * 1e3,
            outcome.p99.as_secs_f64() * 1e3,
            outcome.bad,
            ours_rate / outcome.rate
        );
        let _ = std::fs::remove_dir_all(&dir);
    }
}
