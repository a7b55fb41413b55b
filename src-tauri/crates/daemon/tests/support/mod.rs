//! Real processes over real sockets: `wxdeskd` as a child, and a stand-in for WeChat that counts calls.

#![allow(dead_code, clippy::unwrap_used, clippy::allow_attributes, reason = "each test file uses its own part")]

#[path = "../../src/owner.rs"]
mod owner;
pub mod wechat_stub;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use wechat::crypto::{AesKey, MessageCrypto, msg_signature};

pub const COMPONENT: &str = "wx134c8103faa5a59e";
pub const ACCOUNT: &str = "wxba5fad812f8e6fb9";
pub const APP_SECRET: &str = "5ec7e75ec7e75ec7e75ec7e75ec7e70a";
pub const VERIFY_TOKEN: &str = "VerifyTokenOfTheTest";
pub const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
pub const TICKET: &str = "ticket@@@TicketOfTheTest";

/// Nothing here takes longer, unless it is broken.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A child, everything it says, and its stdout by line.
type Started = (Child, Arc<Mutex<String>>, mpsc::Receiver<String>);

fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wxdeskd"));
    private(&mut command, dir);
    command
}

/// No proxy, filter or data folder of whoever runs the tests.
fn private<'a>(command: &'a mut Command, dir: &Path) -> &'a mut Command {
    command.env_remove("WXDESK_DATA_DIR").env("WXDESK_LOG", "trace").env("WXDESK_KEYRING", "off");
    command.arg("--data-dir").arg(dir)
}

/// Runs a command to its end.
pub fn run(dir: &Path, args: &[&str], stdin: &str) -> Output {
    let mut child =
        command(dir).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Both streams of a finished command.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The one JSON document on stdout.
pub fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", said(output)))
}

/// A running `wxdeskd`; killed when dropped.
pub struct Daemon {
    child: Child,
    pub listener: String,
    pub api: String,
    pub key: String,
    said: Arc<Mutex<String>>,
    client: reqwest::Client,
}

impl Daemon {
    /// Starts `serve` on free ports and waits for its two lines.
    pub fn serve(dir: &Path, extra: &[&str]) -> Self {
        let mut args = vec!["serve", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"];
        args.extend_from_slice(extra);
        Self::started(dir, start(dir, &args))
    }

    /// The same in a process that may have so many open files at most, and cannot raise that.
    #[cfg(unix)]
    pub fn serve_with_files(dir: &Path, files: u64) -> Self {
        let mut limited = Command::new("sh");
        limited.arg("-c").arg(format!("ulimit -n {files} && exec \"$0\" \"$@\"")).arg(env!("CARGO_BIN_EXE_wxdeskd"));
        private(&mut limited, dir).args(["serve", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"]);
        Self::started(dir, follow_both(&mut limited))
    }

    fn started(dir: &Path, (child, said, lines): Started) -> Self {
        let next = |prefix: &str| -> String {
            let line =
                lines.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("no line '{prefix}': {}", said.lock().unwrap()));
            line.strip_prefix(prefix).unwrap_or_else(|| panic!("{line}")).to_owned()
        };
        let listener = next("listening on http://");
        let api = next("api on http://");
        let note: Value = serde_json::from_slice(&std::fs::read(dir.join("engine.json")).unwrap()).unwrap();
        assert_eq!(
            (note["listener"].as_str().unwrap(), note["api"].as_str().unwrap()),
            (listener.as_str(), api.as_str())
        );
        let key = note["admin_key"].as_str().unwrap().to_owned();
        Self { child, listener, api, key, said, client: wxdesk_core::transport::client(None).unwrap() }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it said so far, on both streams.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub async fn call(&self, method: &str, target: &str, body: Option<Value>) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self
            .client
            .request(method, format!("http://{}{target}", self.api))
            .header("authorization", format!("Bearer {}", self.key));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null))
    }

    /// A command of the window, which must not be refused.
    pub async fn command(&self, name: &str, args: Value) -> Value {
        let (status, document) = self.call("POST", &format!("/v1/ui/{name}"), Some(args)).await;
        assert_eq!(status, 200, "{name}: {document}");
        document
    }

    pub async fn get(&self, target: &str) -> Value {
        let (status, document) = self.call("GET", target, None).await;
        assert_eq!(status, 200, "{target}: {document}");
        document
    }

    /// Polls the API until there is something to see.
    pub async fn until<T>(&self, what: &str, target: &str, look: impl Fn(&Value) -> Option<T>) -> T {
        let started = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            let (_, document) = self.call("GET", target, None).await;
            if let Some(seen) = look(&document) {
                return seen;
            }
            assert!(started.elapsed() < DEADLINE, "{what} did not come: {document}\n{}", self.said());
        }
    }

    /// Pushes a ticket as WeChat does.
    pub async fn push_ticket(&self, created: i64) {
        let key = AesKey::parse(AES_KEY).unwrap();
        let crypto = MessageCrypto::new(VERIFY_TOKEN.into(), key, None, COMPONENT);
        let xml = format!(
            "<xml><AppId><![CDATA[{COMPONENT}]]></AppId><CreateTime>{created}</CreateTime><InfoType><![CDATA[component_verify_ticket]]></InfoType>\
             <ComponentVerifyTicket><![CDATA[{TICKET}]]></ComponentVerifyTicket></xml>"
        );
        let encrypt = crypto.encrypt(xml.as_bytes(), *b"0123456789abcdef");
        let signature = msg_signature(VERIFY_TOKEN, &created.to_string(), "nonce", &encrypt);
        let url = format!(
            "http://{}/wechat/{COMPONENT}/event?signature=x&timestamp={created}&nonce=nonce&encrypt_type=aes&msg_signature={signature}",
            self.listener
        );
        let response =
            self.client.post(url).body(wechat::build_event_envelope(COMPONENT, &encrypt)).send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "success");
    }

    /// Adds the platform of the tests, whose calls go to `stub`.
    pub async fn add_platform(&self, stub: &str) {
        let (status, answer) =
            self.call("POST", "/v1/platforms", Some(platform(stub, &format!("http://{}", self.listener)))).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// Authorizes the account of the tests through a link's callback.
    pub async fn authorize(&self) {
        let target = format!("/v1/platforms/{COMPONENT}/authorize-links");
        let (status, link) = self.call("POST", &target, Some(json!({ "kind": "h5" }))).await;
        assert_eq!(status, 200, "{link}");
        let callback = link["launch_url"].as_str().unwrap().replace("/authorize/", "/authorized/");
        let response = self
            .client
            .get(format!("{callback}?auth_code={}&expires_in=600", wechat_stub::AUTH_CODE))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().as_u16(), 200);
    }

    /// Authorizes an account of the simulated platform. Answers the platform's appid and the account's.
    pub async fn authorize_in_sandbox(&self) -> (String, String) {
        let component = self
            .until("the component token", "/v1/status", |status| {
                let platform = &status["platforms"][0];
                let live = platform["component_token"]["state"] == "valid";
                live.then(|| platform["component_appid"].as_str().unwrap().to_owned())
            })
            .await;
        let target = format!("/v1/platforms/{component}/authorize-links");
        let (status, link) = self.call("POST", &target, Some(json!({ "kind": "h5", "auth_type": 1 }))).await;
        assert_eq!(status, 200, "{link}");
        owner::visit(&self.client, link["launch_url"].as_str().unwrap(), false, &[]).await.unwrap();
        let account = self
            .until("the account", "/v1/accounts", |page| {
                let account = &page["items"][0];
                (account["token"]["state"] == "valid").then(|| account["appid"].as_str().unwrap().to_owned())
            })
            .await;
        (component, account)
    }

    /// Sends a signal by name.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status().unwrap().success());
    }

    /// Waits for its end; answers the exit code (none for a signal) and how long it took.
    pub fn ended(&mut self) -> (Option<i32>, Duration) {
        let started = Instant::now();
        let status = self.child.wait().unwrap();
        (status.code(), started.elapsed())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a long-running command; its stdout lines come through the receiver, everything goes into the text.
pub fn start(dir: &Path, args: &[&str]) -> Started {
    follow_both(command(dir).args(args))
}

fn follow_both(command: &mut Command) -> Started {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let said = Arc::new(Mutex::new(String::new()));
    let (sender, lines) = mpsc::channel();
    follow(child.stdout.take().unwrap(), said.clone(), Some(sender));
    follow(child.stderr.take().unwrap(), said.clone(), None);
    (child, said, lines)
}

fn follow(stream: impl Read + Send + 'static, said: Arc<Mutex<String>>, lines: Option<mpsc::Sender<String>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            said.lock().unwrap().push_str(&format!("{line}\n"));
            if let Some(lines) = &lines {
                let _ = lines.send(line);
            }
        }
    });
}

/// The platform of the tests as JSON.
pub fn platform(stub: &str, public_base_url: &str) -> Value {
    json!({
        "component_appid": COMPONENT, "name": "门店通", "component_appsecret": APP_SECRET, "verify_token": VERIFY_TOKEN,
        "encoding_aes_key": AES_KEY, "public_base_url": public_base_url,
        "endpoints": { "api": stub, "mp": stub, "open": stub },
    })
}

/// The next request on a connection: its head, and its body. None when it ended.
pub async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(String, String)> {
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break String::from_utf8_lossy(&bytes[..at]).into_owned();
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    };
    let end = head.len() + 4 + header(&head, "content-length").and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
    while bytes.len() < end {
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&bytes[head.len() + 4..end]).into_owned();
    bytes.drain(..end);
    Some((head, body))
}

/// A header's value; `name` in small letters.
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, v)| v.trim())
}

/// Seconds since 1970.
pub fn now() -> i64 {
    i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap()
}
