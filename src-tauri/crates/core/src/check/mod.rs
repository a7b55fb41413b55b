//! The self-check: does the world reach the public door, and as what?
//!
//! Owns the order of the steps, DNS → TCP → TLS → path → test push, and their words. It asks only base URLs that a
//! platform or a tunnel of ours has: it is no general fetcher. Invariant: a test push is verified like any other and
//! stores nothing; a step that failed ends the check, and the steps after it say so.

mod made_up;
mod steps;
mod tls;
mod words;

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::core::Core;
use crate::dto::{Bilingual, CheckCode, CheckOutcome, CheckStep, CheckStepName, ErrorCode, TunnelHealth};
use crate::error::AppError;
use crate::inbox::Refusal;

/// Public base URLs are checked so often, ms.
const EVERY: i64 = 300_000;
/// Those whose provider counts requests, ms: ngrok's free plan has 20,000 a month, of which this takes under half.
const EVERY_METERED: i64 = 600_000;
/// Any of them after a check that failed: a tunnel that comes back should be seen soon, ms.
const EVERY_FAILED: i64 = 60_000;
/// So many times in a row; then as usual.
const FAILURES_SOON: u32 = 10;
/// Whether something is due is looked at so often, ms.
const LOOK: i64 = 2_000;
/// InfoType of a test push. WeChat's own have no such prefix.
pub(crate) const SELF_CHECK: &str = "wxdesk_self_check";

/// Test pushes under way, by nonce.
#[derive(Debug, Default)]
pub struct Expected {
    tests: Mutex<HashMap<String, Test>>,
    /// How many there are: most of the time none, and then no push pays for looking.
    count: AtomicUsize,
}

/// What is known of a test push.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Test {
    /// It came in and was verified.
    pub arrived: bool,
    /// Why it was refused.
    pub refused: Option<Refusal>,
    /// A made-up message, and whether notified targets are to have it.
    made_up: Option<bool>,
    /// The push in the inbox.
    pub push_id: Option<i64>,
}

impl Expected {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Test>) -> T) -> T {
        let mut tests = self.tests.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let out = work(&mut tests);
        self.count.store(tests.len(), Ordering::Relaxed);
        out
    }
    fn is_idle(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }
    fn expect(&self, nonce: &str) {
        self.with(|tests| tests.insert(nonce.to_owned(), Test::default()));
    }
    /// A made-up message is about to come.
    fn expect_message(&self, nonce: &str, deliver: bool) {
        self.with(|tests| tests.insert(nonce.to_owned(), Test { made_up: Some(deliver), ..Test::default() }));
    }
    /// A test push with this nonce came in and was verified. Answers whether it is one of ours.
    pub(crate) fn arrived(&self, nonce: &str) -> bool {
        !self.is_idle() && self.with(|tests| tests.get_mut(nonce).map(|test| test.arrived = true).is_some())
    }
    /// Whether a verified message is one of our own making, and then whether notified targets are to have it.
    pub(crate) fn made_up(&self, nonce: &str) -> Option<bool> {
        if self.is_idle() {
            return None;
        }
        self.with(|tests| {
            let test = tests.get_mut(nonce)?;
            let deliver = test.made_up?;
            test.arrived = true;
            Some(deliver)
        })
    }
    /// A made-up message is in the inbox.
    pub(crate) fn stored(&self, nonce: &str, push_id: i64) {
        self.with(|tests| {
            if let Some(test) = tests.get_mut(nonce) {
                test.push_id = Some(push_id);
            }
        });
    }
    /// A push was refused.
    pub(crate) fn refused(&self, query: &str, refusal: Refusal) {
        if self.is_idle() {
            return;
        }
        let nonce = query.split('&').find_map(|pair| pair.strip_prefix("nonce="));
        self.with(|tests| {
            if let Some(test) = nonce.and_then(|nonce| tests.get_mut(nonce)) {
                test.refused = Some(refusal);
            }
        });
    }
    fn take(&self, nonce: &str) -> Test {
        self.with(|tests| tests.remove(nonce)).unwrap_or_default()
    }
}

pub(crate) use made_up::send as send_made_up;

/// Scheme, host and port of a base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    base: String,
    https: bool,
    host: String,
    port: u16,
}

impl Target {
    fn parse(base: &str) -> Option<Self> {
        let base = base.trim_end_matches('/');
        let url = reqwest::Url::parse(base).ok()?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        Some(Self {
            base: base.to_owned(),
            https,
            host: url.host_str()?.to_owned(),
            port: url.port_or_known_default()?,
        })
    }

    fn is_loopback(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// What a step found.
struct Found {
    outcome: CheckOutcome,
    code: CheckCode,
    text: Bilingual,
}

impl Found {
    fn ok(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { outcome: CheckOutcome::Ok, code: CheckCode::Ok, text: Bilingual { zh: zh.into(), en: en.into() } }
    }
    fn failed(code: CheckCode, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { outcome: CheckOutcome::Failed, code, text: Bilingual { zh: zh.into(), en: en.into() } }
    }
    fn warning(code: CheckCode, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { outcome: CheckOutcome::Warning, ..Self::failed(code, zh, en) }
    }
    fn skipped(code: CheckCode, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { outcome: CheckOutcome::Skipped, ..Self::failed(code, zh, en) }
    }
}

/// Public base URLs of all platforms.
#[must_use]
pub fn bases(core: &Core) -> BTreeSet<String> {
    core.store().mirror().connections().iter().map(|p| p.public_base_url.clone()).filter(|b| !b.is_empty()).collect()
}

/// The same, and the URLs of the tunnels that run: what a self-check may ask.
fn known(core: &Core) -> BTreeSet<String> {
    let mut known = bases(core);
    known.extend(core.tunnels().urls());
    known
}

/// Checks one public base URL, keeps the result for the overview, and answers it.
///
/// # Errors
/// `NotFound` for a URL that is not ours, `Internal` when no client can be made; a broken door is an answer, not an
/// error.
pub async fn run(core: &Core, base: &str) -> Result<TunnelHealth, AppError> {
    if !known(core).contains(base) {
        return Err(AppError::not_found("platform or tunnel with the public base URL", base));
    }
    ours(core, base).await
}

/// The same for a base URL that a tunnel of ours gave, whether a platform uses it or not.
pub(crate) async fn ours(core: &Core, base: &str) -> Result<TunnelHealth, AppError> {
    let target = Target::parse(base).ok_or_else(|| AppError::not_found("usable public base URL", base))?;
    let client = steps::client(&target)?;
    let mut random = [0_u8; 12];
    getrandom::fill(&mut random).map_err(|_| AppError::new(ErrorCode::Internal, "no random bytes"))?;
    let nonce = crate::hex(&random);
    let mut report = Report { core, steps: Vec::new(), broken: false };
    let mut certificate_ends_at = None;
    let addresses = report.step(CheckStepName::Dns, steps::dns(core, &target)).await.unwrap_or_default();
    report.step(CheckStepName::Tcp, steps::tcp(&target, &addresses)).await;
    if let Some(ends) = report.step(CheckStepName::Tls, steps::tls(core, &target, &addresses)).await {
        certificate_ends_at = ends;
    }
    report.step(CheckStepName::Path, steps::path(core, &client, &target, &nonce)).await;
    report.step(CheckStepName::Push, steps::push(core, &client, &target, &nonce)).await;
    let steps = report.steps;
    let failed = steps.iter().find(|s| s.outcome == CheckOutcome::Failed);
    let trip = steps.iter().find(|s| s.step == CheckStepName::Path && s.outcome != CheckOutcome::Skipped);
    let health = TunnelHealth {
        public_base_url: base.to_owned(),
        checked_at: Some(core.clock().now()),
        reachable: Some(failed.is_none()),
        round_trip_ms: trip.filter(|_| failed.is_none()).and_then(|s| s.took_ms),
        error: failed.map(|s| s.text.en.clone()),
        certificate_ends_at,
        hints: words::hints(&target.host),
        steps,
    };
    core.door().put_tunnel(health.clone());
    core.changes().tell(["overview", "door"]);
    Ok(health)
}

struct Report<'a> {
    core: &'a Core,
    steps: Vec<CheckStep>,
    broken: bool,
}

impl Report<'_> {
    async fn step<T>(&mut self, step: CheckStepName, work: impl Future<Output = (Found, Option<T>)>) -> Option<T> {
        let (found, took_ms, result) = if self.broken {
            let zh = "前面的步骤未通过，未检查";
            (Found::skipped(CheckCode::NotReached, zh, "not tried: a step before it failed"), None, None)
        } else {
            let started = self.core.clock().monotonic();
            let (found, result) = work.await;
            let took = (found.outcome != CheckOutcome::Skipped).then(|| self.core.clock().monotonic() - started);
            (found, took, result)
        };
        self.broken |= found.outcome == CheckOutcome::Failed;
        let Found { outcome, code, text } = found;
        self.steps.push(CheckStep { step, outcome, code, took_ms, text, fix: words::fix(code) });
        result
    }
}

/// When to check again after so many failures in a row, ms. A name whose provider counts requests is asked less often: a
/// check is two requests.
fn pause(base: &str, failures: u32) -> i64 {
    let usual = if words::is_metered(base) { EVERY_METERED } else { EVERY };
    // Soon at first, for whoever is mending it; a door that stays broken is nobody's hurry.
    if failures == 0 || failures > FAILURES_SOON { usual } else { EVERY_FAILED }
}

/// Checks every public base URL now and every few minutes, sooner while it is newly broken, for ever.
pub(crate) async fn watch(core: Core) {
    // When each is due (monotonic ms), and how often in a row it failed.
    let mut due: HashMap<String, (i64, u32)> = HashMap::new();
    loop {
        let known = known(&core);
        due.retain(|base, _| known.contains(base));
        for base in known {
            let (at, failures) = due.get(&base).copied().unwrap_or((i64::MIN, 0));
            if core.clock().monotonic() < at {
                continue;
            }
            let failures = match run(&core, &base).await {
                Ok(health) if health.reachable == Some(false) => failures.saturating_add(1),
                Ok(_) => 0,
                Err(e) => {
                    tracing::warn!(error = %e, "the self-check could not run");
                    failures.saturating_add(1)
                }
            };
            let next = core.clock().monotonic() + pause(&base, failures);
            due.insert(base, (next, failures));
        }
        // A platform that was just added, or whose address changed, is checked at the next look.
        core.clock().sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests;
