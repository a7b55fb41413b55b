//! HTTPS to WeChat: the real `wechat::Transport`, one a platform, with its hosts and its proxy.
//!
//! Invariant: no error text carries a URL with its query, since access tokens travel there.

use std::sync::Arc;
use std::time::Duration;

use wechat::secret::SecretString;
use wechat::transport::{ApiRequest, ApiResponse, BoxFuture, Host, Method, Transport, TransportError};

use crate::dto::{Endpoints, ErrorCode};
use crate::error::AppError;

/// A call ends after this. WeChat answers within a second; the rest is for bad lines.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// Part of it for the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(6);
/// Longest answer read, bytes: a page of 500 authorizers is about 150 KiB, an avatar at most some MiB.
const MAX_ANSWER: usize = 8 << 20;

/// Makes transports; tests put the sandbox's in-process one here.
pub trait TransportFactory: Send + Sync + 'static {
    /// A transport for one platform's endpoints and proxy.
    ///
    /// # Errors
    /// When the proxy's URL cannot be used.
    fn make(&self, endpoints: &Endpoints, proxy: Option<&SecretString>) -> Result<Arc<dyn Transport>, AppError>;
}

/// Real HTTPS.
#[derive(Debug, Default)]
pub struct HttpTransports;

impl TransportFactory for HttpTransports {
    fn make(&self, endpoints: &Endpoints, proxy: Option<&SecretString>) -> Result<Arc<dyn Transport>, AppError> {
        Ok(Arc::new(HttpTransport { client: client(proxy)?, endpoints: endpoints.clone() }))
    }
}

/// A client with our time limits. `proxy`: an explicit one; the environment's proxies are not used, because the
/// operator must see in one place where calls leave from.
///
/// # Errors
/// `InvalidInput` for a proxy URL that cannot be used.
pub fn client(proxy: Option<&SecretString>) -> Result<reqwest::Client, AppError> {
    // Another part of the process may have installed the same provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .timeout(CALL_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("wxdesk/", env!("CARGO_PKG_VERSION")))
        .no_proxy();
    if let Some(url) = proxy {
        let proxy = reqwest::Proxy::all(url.expose().as_str()).map_err(|_| bad_proxy())?;
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|e| AppError::new(ErrorCode::Internal, format!("no HTTP client: {}", words(&e))))
}

fn bad_proxy() -> AppError {
    AppError::invalid_field(
        "outbound_proxy",
        "format",
        "must be an http://, https:// or socks5:// URL",
        "必须是 http://、https:// 或 socks5:// 开头的地址",
    )
}

struct HttpTransport {
    client: reqwest::Client,
    endpoints: Endpoints,
}

impl Transport for HttpTransport {
    fn send(&self, mut req: ApiRequest) -> BoxFuture<'_, Result<ApiResponse, TransportError>> {
        Box::pin(async move {
            let base = match &req.host {
                Host::Api => &self.endpoints.api,
                Host::Mp => &self.endpoints.mp,
                Host::Open => &self.endpoints.open,
                Host::Absolute(url) => url,
            };
            let url = zeroize::Zeroizing::new(format!("{}{}", base.trim_end_matches('/'), req.target().expose()));
            let request = match req.method {
                Method::Get => self.client.get(url.as_str()),
                Method::Post => self
                    .client
                    .post(url.as_str())
                    .header("content-type", req.content_type.as_deref().unwrap_or("application/json; charset=utf-8"))
                    .body(req.take_body().unwrap_or_default()),
            };
            let mut response = request.send().await.map_err(|e| classify(&e))?;
            let status = response.status().as_u16();
            let content_type = response.headers().get("content-type").and_then(|v| v.to_str().ok()).map(str::to_owned);
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|e| classify(&e))? {
                if body.len() + chunk.len() > MAX_ANSWER {
                    return Err(TransportError::TooLarge);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(ApiResponse { status, body, content_type })
        })
    }
}

fn classify(e: &reqwest::Error) -> TransportError {
    let text = words(e);
    if e.is_timeout() {
        TransportError::Timeout
    } else if text.contains("proxy") || text.contains("socks") {
        TransportError::Proxy(text)
    } else if e.is_connect() {
        TransportError::Connect(text)
    } else {
        TransportError::Dropped(text)
    }
}

/// The chain of causes without the URL.
fn words(e: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(e);
    while let Some(inner) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    if text.is_empty() {
        text = "the request failed".into();
    }
    wechat::transport::without_queries(&text)
}
