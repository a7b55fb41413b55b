//! Ten thousand account tokens due at once, 50 ms a call: how near the engine comes to what its cap allows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use wechat::secret::SecretString;
use wechat::transport::{ApiRequest, ApiResponse, BoxFuture, Transport, TransportError};
use wxdesk_core::dto::{Endpoints, PlatformInput};
use wxdesk_core::engine::{EngineOptions, Wake};
use wxdesk_core::store::tables::account::{self, AccountRow};
use wxdesk_core::store::tables::{credential, platform};
use wxdesk_core::transport::TransportFactory;
use wxdesk_core::{AppError, Core, OpenOptions};

use crate::load;

/// One call takes so long.
const CALL: Duration = Duration::from_millis(50);

/// A platform that answers every call after [`CALL`].
#[derive(Clone, Default)]
struct Steady {
    calls: Arc<AtomicUsize>,
}

impl Transport for Steady {
    fn send(&self, req: ApiRequest) -> BoxFuture<'_, Result<ApiResponse, TransportError>> {
        let n = self.calls.fetch_add(1, Ordering::Relaxed);
        let component = req.path.ends_with("api_component_token");
        Box::pin(async move {
            tokio::time::sleep(CALL).await;
            let name = if component { "component_access_token" } else { "authorizer_access_token" };
            let token = format!("{n:0>140}");
            Ok(ApiResponse::new(
                200,
                format!(
                    "{{\"{name}\":\"{token}\",\"expires_in\":7200,\"authorizer_refresh_token\":\"refreshtoken@@@{n}\"}}"
                )
                .into_bytes(),
            ))
        })
    }
}

impl TransportFactory for Steady {
    fn make(&self, _: &Endpoints, _: Option<&SecretString>) -> Result<Arc<dyn Transport>, AppError> {
        Ok(Arc::new(self.clone()))
    }
}

pub fn run(arguments: &[String]) {
    let count: usize = arguments.first().and_then(|a| a.parse().ok()).unwrap_or(10_000);
    println!("accounts: {count} tokens due at once, 50 ms a call");
    println!(
        "{:>5} {:>10} {:>10} {:>8} {:>12} {:>16}",
        "cap", "limit s", "took s", "ratio", "peak MiB", "list of 100 ms"
    );
    for cap in [8, 16, 32] {
        one(count, cap);
    }
}

fn one(count: usize, cap: usize) {
    let dir = std::env::temp_dir().join(format!("wxdesk-accounts-{}-{cap}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (took, slowest) = runtime.block_on(async {
        let mut options = OpenOptions::new(&dir);
        options.transports = Arc::new(Steady::default());
        options.engine = EngineOptions { concurrency: cap, per_platform: cap };
        let core = Core::open(options).await.expect("the store opens");
        let saved = core.save_platform(PlatformInput {
            component_appid: load::COMPONENT.into(),
            name: "bench".into(),
            component_appsecret: Some("0".repeat(32)),
            verify_token: Some(load::TOKEN.into()),
            encoding_aes_key: Some(load::KEY.into()),
            previous_encoding_aes_key: None,
            public_base_url: "http://127.0.0.1:1".into(),
            endpoints: None,
            outbound_proxy: None,
        });
        saved.await.expect("the platform is saved");
        let platform_id = core.store().mirror().platforms()[0].id;
        let now = core.clock().now();
        let filled = core.store().write(move |tx| {
            platform::keep_newer_ticket(tx, platform_id, &"ticket@@@x".into(), now / 1000, now)?;
            for n in 0..count {
                let row = AccountRow {
                    platform_id,
                    appid: format!("wx{n:016x}"),
                    nick_name: format!("账号 {n}"),
                    authorized: true,
                    authorized_at: now,
                    details_at: Some(now),
                    ..AccountRow::default()
                };
                let row = account::save(tx, &row)?;
                let mut held = credential::ensure(tx, platform_id, Some(row.id))?;
                held.token = Some("t".repeat(140).into());
                held.refresh_token = Some("refreshtoken@@@x".into());
                held.obtained_at = Some(now - 7_000_000);
                held.expires_at = Some(now + 200_000);
                held.generation = 1;
                credential::update(tx, &held)?;
            }
            Ok(())
        });
        filled.await.expect("the accounts are stored");
        let started = Instant::now();
        core.start_engine();
        core.wake(Wake::Platform(platform_id));
        let mut slowest = Duration::ZERO;
        loop {
            // What a window would ask meanwhile; its slowest answer tells whether it stays responsive.
            let asked = Instant::now();
            core.list_accounts(
                &serde_json::from_value(serde_json::json!({"limit": 100, "sort": "expires_at"})).unwrap(),
            )
            .expect("a page");
            slowest = slowest.max(asked.elapsed());
            if core.store().mirror().credentials().iter().filter(|c| c.account_id.is_some()).all(|c| c.generation == 2)
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let took = started.elapsed();
        core.shutdown().await;
        (took, slowest)
    });
    drop(runtime);
    let _ = std::fs::remove_dir_all(&dir);
    let limit = count as f64 / cap as f64 * CALL.as_secs_f64();
    println!(
        "{cap:>5} {limit:>10.1} {:>10.1} {:>8.2} {:>12} {:>16.0}",
        took.as_secs_f64(),
        took.as_secs_f64() / limit,
        peak_mib().map_or_else(|| "?".to_owned(), |m| m.to_string()),
        slowest.as_secs_f64() * 1e3
    );
}

/// Peak memory of this process, MiB.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}
