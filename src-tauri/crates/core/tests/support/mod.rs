//! A public door on a free port, and a client that says exactly the bytes it is told.

#![allow(dead_code, clippy::unwrap_used, clippy::allow_attributes, reason = "each test file uses its own part")]

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wechat::crypto::{AesKey, MessageCrypto, msg_signature};
use wechat::envelope::build_event_envelope;
use wxdesk_core::dto::{PlatformInput, Rejection};
use wxdesk_core::listener::{self, Limits};
use wxdesk_core::{Core, OpenOptions};

pub const COMPONENT: &str = "wx134c8103faa5a59e";
const TOKEN: &str = "AAAAA";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// Nothing here takes longer, unless it is broken.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub struct Door {
    pub core: Core,
    pub address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub fn platform() -> PlatformInput {
    PlatformInput {
        component_appid: COMPONENT.into(),
        name: "门店通".into(),
        component_appsecret: Some("0123456789abcdef0123456789abcdef".into()),
        verify_token: Some(TOKEN.into()),
        encoding_aes_key: Some(KEY.into()),
        previous_encoding_aes_key: None,
        public_base_url: "https://abc.natapp.cc".into(),
        endpoints: None,
        outbound_proxy: None,
    }
}

impl Door {
    pub async fn open(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let core = Core::open(OpenOptions::new(dir.path())).await.unwrap();
        core.save_platform(platform()).await.unwrap();
        let socket = listener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = socket.local_addr().unwrap();
        let task = tokio::spawn(listener::run_with(core.clone(), socket, limits));
        Self { core, address, task, _dir: dir }
    }

    pub async fn connect(&self) -> Client {
        Client::to(self.address).await
    }

    /// One request on a connection of its own; everything until the server closes or the answer is whole.
    pub async fn say(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.answer().await
    }

    pub fn rejections(&self) -> Vec<Rejection> {
        self.core.door().view(std::collections::BTreeSet::new()).rejections
    }
}

/// A client that understands Content-Length only, as every answer of the door has it.
pub struct Client {
    stream: TcpStream,
    pending: Vec<u8>,
}

impl Client {
    pub async fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, pending: Vec::new() }
    }

    /// The server may have closed already; what it said still counts.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// The next whole answer, or what came before the server closed.
    pub async fn answer(&mut self) -> String {
        tokio::time::timeout(DEADLINE, self.next()).await.expect("the server neither answers nor closes")
    }

    async fn next(&mut self) -> String {
        loop {
            if let Some(end) = whole(&self.pending) {
                return String::from_utf8_lossy(&self.pending.drain(..end).collect::<Vec<_>>()).into_owned();
            }
            if !self.more().await {
                return String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned();
            }
        }
    }

    async fn more(&mut self) -> bool {
        let mut buffer = [0_u8; 4096];
        match self.stream.read(&mut buffer).await {
            Ok(0) | Err(_) => false,
            Ok(n) => {
                self.pending.extend_from_slice(&buffer[..n]);
                true
            }
        }
    }

    /// Waits for the end; answers what came before it.
    pub async fn end(&mut self) -> String {
        tokio::time::timeout(DEADLINE, async { while self.more().await {} }).await.expect("the server never closes");
        String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned()
    }
}

/// Where the first answer ends. An informational one has no body.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    if text.starts_with("http/1.1 1") {
        return Some(head);
    }
    let length: usize = text.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok())?;
    (bytes.len() >= head + length).then_some(head + length)
}

/// Query and body of a ticket as WeChat pushes it.
pub fn ticket(at: i64) -> (String, String) {
    let xml = format!(
        "<xml><AppId>{COMPONENT}</AppId><CreateTime>{at}</CreateTime><InfoType>component_verify_ticket</InfoType><ComponentVerifyTicket>ticket@@@{at}</ComponentVerifyTicket></xml>"
    );
    let crypto = MessageCrypto::new(TOKEN.into(), AesKey::parse(KEY).unwrap(), None, COMPONENT);
    let encrypt = crypto.encrypt(xml.as_bytes(), [9; 16]);
    let signature = msg_signature(TOKEN, "1767225600", "n", &encrypt);
    (
        format!("signature=x&timestamp=1767225600&nonce=n&encrypt_type=aes&msg_signature={signature}"),
        build_event_envelope(COMPONENT, &encrypt),
    )
}

/// The head of a push, up to its own headers.
pub fn head(query: &str) -> String {
    format!("POST /wechat/{COMPONENT}/event?{query} HTTP/1.1\r\nhost: x\r\n")
}

/// A whole push.
pub fn push(query: &str, body: &str) -> String {
    format!("{}content-length: {}\r\n\r\n{body}", head(query), body.len())
}

/// A whole ticket.
pub fn good(at: i64) -> String {
    let (query, body) = ticket(at);
    push(&query, &body)
}

pub fn is_success(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nsuccess")
}
