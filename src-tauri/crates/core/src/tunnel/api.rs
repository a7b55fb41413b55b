//! A client's own HTTP API on loopback, where its URL can be asked for.
//!
//! Only on a port that we gave to the client: whatever answers on a client's usual port may belong to another process.

use std::time::Duration;

use serde_json::Value;

/// It is on this machine.
const LIMIT: Duration = Duration::from_secs(2);
/// Longest answer, bytes.
const MAX_ANSWER: usize = 256 << 10;

/// Asks; `pointer` is a JSON pointer to a text, e.g. `/hostname`. `None`: not there yet.
pub(super) async fn ask(port: u16, path: &str, pointer: &str) -> Option<String> {
    let client = crate::transport::client(None).ok()?;
    let mut response = client.get(format!("http://127.0.0.1:{port}{path}")).timeout(LIMIT).send().await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    let document: Value = serde_json::from_slice(&body).ok()?;
    document.pointer(pointer)?.as_str().filter(|url| !url.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Answers one request with this body.
    async fn answering(body: &'static str) -> u16 {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0_u8; 1_024];
            let _ = stream.read(&mut head).await;
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        });
        port
    }

    #[tokio::test]
    async fn the_apis_of_cloudflared_and_ngrok_as_recorded() {
        let port = answering(r#"{"hostname":"some-words.trycloudflare.com"}"#).await;
        assert_eq!(ask(port, "/quicktunnel", "/hostname").await.as_deref(), Some("some-words.trycloudflare.com"));
        let port = answering(r#"{"hostname":""}"#).await;
        assert_eq!(ask(port, "/quicktunnel", "/hostname").await, None, "a named tunnel has none");
        let port = answering(
            r#"{"tunnels":[{"name":"x","ID":"1","uri":"/api/tunnels/x","public_url":"https://XXX.ngrok.app","proto":"https","config":{"addr":"http://localhost:80","inspect":true}}]}"#,
        )
        .await;
        assert_eq!(ask(port, "/api/tunnels", "/tunnels/0/public_url").await.as_deref(), Some("https://XXX.ngrok.app"));
    }
}
