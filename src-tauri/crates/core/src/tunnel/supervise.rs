//! One tunnel: starts its client, listens to what it says, starts it again when it ends, and ends it with the task.
//!
//! Owns the child. Invariants: every end that was not asked for is a failure, also one with code 0 (bore ends so when
//! its server vanishes); after a failure there is never a delay of zero; no secret gets into what is kept of the output;
//! the child does not outlive the task.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::adapters::{Refusal, UrlSource, bilingual};
use super::backoff::delay;
use super::live::{Live, Shared};
use super::output::{Ear, Heard, Hidden, Lines, public_base};
use super::plan::{self, Plan};
use super::{MAX_GRACE, api, moved, process};
use crate::check;
use crate::clock::{MAX_SLEEP_MS, within};
use crate::core::Core;
use crate::dto::{
    Bilingual, CheckOutcome, CheckStepName, TunnelHealth, TunnelLogLine, TunnelLogSource, TunnelProblem, TunnelState,
};
use crate::folder;
use crate::store::tables::tunnel::TunnelRow;

/// Online so long, failures are counted from zero again, ms.
const STABLE: i64 = 60_000;
/// Lines of the log that are kept.
const KEPT_LINES: usize = 200;
/// Lines of the last run that a failure quotes.
const QUOTED: usize = 3;
/// The client's own API is asked so often until the URL is known, and the listener's address is looked at, ms.
const LOOK_EVERY: i64 = 1_000;
/// The public URL is probed so often while online, ms, where nothing else would notice a dead server.
const PROBE_EVERY: i64 = 60_000;
/// And so soon again after a probe that failed, ms.
const PROBE_AGAIN: i64 = 5_000;
/// So many failed probes in a row after a good one end a client that would not notice by itself.
const PROBES_FAILED: u32 = 3;
/// A killed child is waited for so long, ms.
const REAPED: u64 = 500;
/// What a child said just before its end is waited for so long, ms; a grandchild may hold the pipe for ever.
const LAST_WORDS: u64 = 500;

/// Why a run of the client ended.
enum End {
    /// Somebody asked for it.
    Asked,
    /// Our listener has another address: start again at once.
    Moved,
    /// A failure.
    Failed(Failure),
}

struct Failure {
    kind: &'static str,
    text: String,
    advice: Bilingual,
    /// In a row until a person is needed; none: tried for ever.
    tries: Option<u32>,
}

impl Failure {
    fn new(kind: &'static str, text: impl Into<String>, tries: Option<u32>) -> Self {
        Self { kind, text: text.into(), advice: moved::advice(kind), tries }
    }

    fn refused(refusal: &'static Refusal, text: String) -> Self {
        Self { kind: refusal.kind, text, advice: bilingual(refusal.advice), tries: Some(refusal.tries) }
    }
}

/// A tunnel's task.
pub(super) struct Supervised {
    core: Core,
    row: TunnelRow,
    dir: PathBuf,
    shared: Arc<Shared>,
    hidden: Hidden,
}

impl Supervised {
    pub fn new(core: Core, row: TunnelRow, shared: Arc<Shared>) -> Self {
        let dir = super::folder_of(&core, &row.id);
        let hidden = Hidden::new(row.secrets.values());
        Self { core, row, dir, shared, hidden }
    }

    /// Runs until asked to stop, or until a person is needed.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut refusals = 0;
        loop {
            let began = self.core.clock().monotonic();
            let mut online_at = None;
            let end = if self.row.client.programs.is_empty() {
                self.nothing_to_run(&mut stop).await
            } else {
                self.attempt(&mut stop, &mut online_at).await
            };
            let failure = match end {
                End::Asked => break,
                End::Moved => {
                    self.say("the listener has another address");
                    continue;
                }
                End::Failed(failure) => failure,
            };
            let now = self.core.clock().monotonic();
            if online_at.is_some() {
                refusals = 0;
            }
            refusals = if failure.tries.is_some() { refusals + 1 } else { 0 };
            let failures = {
                let mut live = self.shared.live();
                if online_at.is_some_and(|at| now - at >= STABLE) {
                    live.failures = 0;
                }
                live.failures = live.failures.saturating_add(1);
                live.failures
            };
            tracing::info!(tunnel = %self.row.id, client = self.row.client.key(), kind = failure.kind, ran_ms = now - began,
                "a tunnel's client ended");
            let person = failure.tries.is_some_and(|tries| refusals >= tries);
            let wait = delay(failures, fastrand::i64(0..=1_000));
            let at = self.core.clock().now();
            let problem =
                TunnelProblem { at, kind: failure.kind.to_owned(), text: failure.text, advice: failure.advice };
            if person {
                self.say("not tried again before the settings are changed or start is pressed");
                self.enter(TunnelState::Failed, |live| live.problem = Some(problem));
                break;
            }
            self.enter(TunnelState::Waiting, |live| {
                live.problem = Some(problem);
                live.retry_at = Some(at + wait);
            });
            let until = self.core.clock().monotonic() + wait;
            while self.core.clock().monotonic() < until {
                let left = (until - self.core.clock().monotonic()).min(MAX_SLEEP_MS);
                tokio::select! {
                    () = self.core.clock().sleep(left) => {}
                    () = asked(&mut stop) => break,
                }
            }
            if *stop.borrow() {
                break;
            }
        }
        if *stop.borrow() {
            self.enter(TunnelState::Stopped, |live| {
                live.problem = None;
                live.failures = 0;
            });
        }
    }

    /// `own`: online while it is wanted.
    async fn nothing_to_run(&self, stop: &mut watch::Receiver<bool>) -> End {
        let url = plan::known_url(self.row.client, &self.row.settings);
        self.enter(TunnelState::Online, |live| {
            live.endpoint.clone_from(&url);
            live.url.clone_from(&url);
        });
        if let Some(url) = url {
            self.came(&url).await;
        }
        asked(stop).await;
        End::Asked
    }

    /// One run of the client.
    async fn attempt(&self, stop: &mut watch::Receiver<bool>, online_at: &mut Option<i64>) -> End {
        let Some(address) = self.core.listener_address() else {
            return End::Failed(Failure::new("listener_down", "the listener does not listen", None));
        };
        let local = super::reachable(address);
        let program = match plan::find_program(self.row.client, self.row.program.as_deref()) {
            Some(program) => program,
            None => {
                let wanted = self.row.program.clone().unwrap_or_else(|| self.row.client.programs.join(", "));
                return End::Failed(Failure::new("not_found", format!("{wanted} was not found"), Some(1)));
            }
        };
        let api_port = match free_port().await {
            Ok(port) => port,
            Err(e) => return End::Failed(Failure::new("not_started", format!("no free port: {e}"), None)),
        };
        let plan = plan::make(&self.row, program, local, &self.dir, api_port);
        let mut child = match self.start(&plan).await {
            Ok(child) => child,
            Err(e) => {
                let words = format!("{} could not be started: {}", plan.program.display(), folder::io_words(&e));
                return End::Failed(Failure::new("not_started", words, Some(3)));
            }
        };
        let pid = child.id();
        let known = plan::known_url(self.row.client, &self.row.settings);
        self.enter(TunnelState::Starting, |live| {
            live.pid = pid;
            live.local = Some(local.to_string());
            live.endpoint.clone_from(&known);
            live.url.clone_from(&known);
            live.retry_at = None;
        });
        self.say(&format!("started {}", plan.program.display()));
        let end = self.listen(&mut child, &plan, address, stop, online_at).await;
        let code = self.end_child(&mut child).await;
        self.shared.live().pid = None;
        process::forget(&self.dir);
        // What holds the token stays on the disk only while it is needed.
        if let Some((path, _)) = &plan.config {
            let _ = std::fs::remove_file(path);
        }
        self.say(&format!("ended with {code}"));
        match end {
            // The client's own end: only now is it known how.
            End::Failed(failure) if failure.kind == "ended" => {
                let text = if failure.text.is_empty() {
                    format!("ended with {code}")
                } else {
                    format!("ended with {code}: {}", failure.text)
                };
                End::Failed(Failure { text, ..failure })
            }
            other => other,
        }
    }

    async fn start(&self, plan: &Plan) -> std::io::Result<Child> {
        folder::prepare(&self.dir).map_err(|e| std::io::Error::other(e.message))?;
        if let Some((path, text)) = &plan.config {
            folder::write_private(path, text.as_bytes())?;
        }
        let mut command = Command::new(&plan.program);
        command.args(&plan.args).current_dir(&self.dir);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(plan::is_scrubbed) {
                command.env_remove(&name);
            }
        }
        command.env("NO_COLOR", "1");
        for (name, value) in &plan.env {
            command.env(name, value.expose());
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        // So that a client that is a script ends with what it started, and Ctrl-C in a terminal reaches us alone.
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn()?;
        if let Some(pid) = child.id() {
            process::note(&self.dir, pid);
        }
        Ok(child)
    }

    /// Listens to a running client until something ends the run.
    async fn listen(
        &self,
        child: &mut Child,
        plan: &Plan,
        address: std::net::SocketAddr,
        stop: &mut watch::Receiver<bool>,
        online_at: &mut Option<i64>,
    ) -> End {
        let adapter = self.row.client;
        let clock = self.core.clock().clone();
        let began = clock.monotonic();
        let (sender, mut lines) = mpsc::channel(256);
        let mut readers = JoinSet::new();
        if let Some(out) = child.stdout.take() {
            readers.spawn(read(out, TunnelLogSource::Out, sender.clone()));
        }
        if let Some(err) = child.stderr.take() {
            readers.spawn(read(err, TunnelLogSource::Err, sender.clone()));
        }
        drop(sender);
        let mut run = Run {
            ear: Ear::new(&adapter.says),
            said: VecDeque::new(),
            refused: None,
            is_online: false,
            asks: JoinSet::new(),
            next_probe: i64::MAX,
            probes_failed: None,
            told: None,
        };
        loop {
            if run.refused.is_some() {
                self.last_words(&mut lines, &mut run, online_at).await;
            }
            if let Some(failure) = run.refused.take() {
                return End::Failed(failure);
            }
            tokio::select! {
                () = asked(stop) => return End::Asked,
                Some((source, line)) = lines.recv() => self.heard(&mut run, source, &line, online_at).await,
                _ = child.wait() => {
                    // What it said last lies in the pipes still.
                    self.last_words(&mut lines, &mut run, online_at).await;
                    return End::Failed(run.refused.take().unwrap_or_else(|| {
                        Failure::new("ended", Vec::from(run.said).join(" / "), None)
                    }));
                }
                Some(Ok(seen)) = run.asks.join_next(), if !run.asks.is_empty() => match seen {
                    Seen::Url(Some(url)) => {
                        self.url(&mut run, &url);
                        self.settle(&mut run, online_at).await;
                    }
                    Seen::Url(None) => {}
                    Seen::Probe(reachable) => {
                        run.probes_failed = match (reachable, run.probes_failed) {
                            (true, _) => Some(0),
                            (false, failed) => failed.map(|n| n + 1),
                        };
                        run.next_probe = match (reachable, adapter.retries_itself) {
                            // Hosted services count requests (ngrok's free plan: 20,000 a month), and their clients
                            // notice a dead server by themselves: one good probe is enough.
                            (true, true) => i64::MAX,
                            (false, false) => clock.monotonic() + self.core.tunnels().pace(PROBE_AGAIN),
                            _ => clock.monotonic() + self.core.tunnels().pace(PROBE_EVERY),
                        };
                        // A client that notices by itself is left alone; so is a URL that never answered, since this
                        // machine may be unable to reach what the world can.
                        if !adapter.retries_itself && run.probes_failed.is_some_and(|n| n >= PROBES_FAILED) {
                            return End::Failed(Failure::new("unreachable", "the public address no longer answers", None));
                        }
                    }
                },
                () = clock.sleep(LOOK_EVERY) => {}
            }
            if self.core.listener_address().is_some_and(|now| now != address) {
                return End::Moved;
            }
            let now = clock.monotonic();
            if online_at.is_none() && now - began > adapter.patience {
                let text = Vec::from(std::mem::take(&mut run.said)).join(" / ");
                return End::Failed(Failure::new("silent", text, None));
            }
            self.ask(&mut run, plan, now);
        }
    }

    /// What the client says until it closes its pipes, for a moment.
    async fn last_words(&self, lines: &mut mpsc::Receiver<Line>, run: &mut Run, online_at: &mut Option<i64>) {
        let _ = within(LAST_WORDS, async {
            while let Some((source, line)) = lines.recv().await {
                self.heard(run, source, &line, online_at).await;
            }
        })
        .await;
    }

    /// Asks what is due: the client's API for the URL, the world for our own nonce.
    fn ask(&self, run: &mut Run, plan: &Plan, now: i64) {
        if !run.asks.is_empty() {
            return;
        }
        let (url, state) = {
            let live = self.shared.live();
            (live.url.clone(), live.state)
        };
        if let (UrlSource::OutputOrApi(path, pointer), None) = (self.row.client.url, &url) {
            let port = plan.api_port;
            run.asks.spawn(async move { Seen::Url(api::ask(port, path, pointer).await) });
        } else if let (Some(url), TunnelState::Online) = (url, state)
            && now >= run.next_probe
        {
            run.next_probe = i64::MAX;
            let core = self.core.clone();
            run.asks.spawn(async move {
                Seen::Probe(check::ours(&core, &url).await.is_ok_and(|health| is_carried(&health)))
            });
        }
    }

    async fn heard(&self, run: &mut Run, source: TunnelLogSource, line: &str, online_at: &mut Option<i64>) {
        let shown = self.hidden.hide(line);
        if !run.ear.is_noise(line) {
            run.said.push_back(shown.clone());
            if run.said.len() > QUOTED {
                run.said.pop_front();
            }
            self.keep(source, shown.clone());
        }
        for heard in run.ear.hear(line) {
            match heard {
                Heard::Url(url) => self.url(run, url),
                Heard::Online => run.is_online = true,
                Heard::Lost => {
                    run.is_online = false;
                    let online = self.shared.live().state == TunnelState::Online;
                    if online {
                        self.enter(TunnelState::Reconnecting, |_| {});
                    }
                }
                Heard::Refused(refusal) => {
                    run.refused.get_or_insert_with(|| Failure::refused(refusal, shown.clone()));
                }
            }
        }
        self.settle(run, online_at).await;
    }

    /// A URL or address that the client gave.
    fn url(&self, run: &mut Run, endpoint: &str) {
        // One that was entered counts more; the client's is shown beside it.
        let entered = plan::known_url(self.row.client, &self.row.settings);
        let url = entered.or_else(|| public_base(endpoint));
        {
            let mut live = self.shared.live();
            live.endpoint = Some(endpoint.to_owned());
            live.url.clone_from(&url);
        }
        if url.is_some() {
            run.next_probe = 0;
        }
    }

    /// Online, once the client says so and its address is known.
    async fn settle(&self, run: &mut Run, online_at: &mut Option<i64>) {
        let (state, endpoint, url) = {
            let live = self.shared.live();
            (live.state, live.endpoint.clone(), live.url.clone())
        };
        if !run.is_online || endpoint.is_none() {
            return;
        }
        if state != TunnelState::Online {
            run.next_probe = 0;
            online_at.get_or_insert(self.core.clock().monotonic());
            self.enter(TunnelState::Online, |live| live.problem = None);
        }
        if let Some(url) = url.filter(|url| run.told.as_ref() != Some(url)) {
            self.came(&url).await;
            run.told = Some(url);
        }
    }

    async fn came(&self, url: &str) {
        if let Err(e) = moved::came(&self.core, &self.row.id, url).await {
            tracing::warn!(error = %e, "a tunnel's URL could not be kept");
        }
    }

    /// Ends the child if it still runs; answers how it ended, in words.
    async fn end_child(&self, child: &mut Child) -> String {
        let grace = u64::try_from(self.row.client.grace.clamp(0, MAX_GRACE)).unwrap_or(0);
        if let Some(pid) = child.id() {
            // A child that was waited for has no id any more, so this pid is still its own.
            process::signal(pid, false);
            #[cfg(not(unix))]
            let _ = child.start_kill();
            if within(grace, child.wait()).await.is_none() {
                process::signal(pid, true);
                let _ = child.start_kill();
            }
        }
        // A killed process is gone at once, unless the kernel holds it; then nobody can wait for it in time.
        match within(REAPED, child.wait()).await {
            None => "no answer to its kill".to_owned(),
            Some(Ok(status)) => match status.code() {
                Some(code) => format!("code {code}"),
                None => "a signal".to_owned(),
            },
            Some(Err(e)) => folder::io_words(&e),
        }
    }

    /// A new state, told to whoever looks.
    fn enter(&self, state: TunnelState, change: impl FnOnce(&mut Live)) {
        {
            let mut live = self.shared.live();
            if live.state != state {
                live.state = state;
                live.since = Some(self.core.clock().now());
            }
            if !matches!(state, TunnelState::Online | TunnelState::Reconnecting) {
                live.endpoint = None;
                live.url = None;
            }
            if state != TunnelState::Waiting {
                live.retry_at = None;
            }
            change(&mut live);
        }
        self.core.changes().tell(["tunnels", "overview"]);
    }

    fn say(&self, words: &str) {
        self.keep(TunnelLogSource::Wxdesk, self.hidden.hide(words));
    }

    fn keep(&self, source: TunnelLogSource, text: String) {
        let at = self.core.clock().now();
        {
            let mut live = self.shared.live();
            live.lines.push_back(TunnelLogLine { at, source, text });
            if live.lines.len() > KEPT_LINES {
                live.lines.pop_front();
            }
        }
        self.core.changes().tell([&format!("tunnel:{}", self.row.id)]);
    }
}

/// A line of one of the pipes.
type Line = (TunnelLogSource, String);

/// What was asked for beside the output.
enum Seen {
    Url(Option<String>),
    Probe(bool),
}

/// One run of a client.
struct Run {
    ear: Ear,
    /// Its last lines, for a failure's words.
    said: VecDeque<String>,
    refused: Option<Failure>,
    is_online: bool,
    asks: JoinSet<Seen>,
    next_probe: i64,
    /// Failed probes in a row; none before the first good one.
    probes_failed: Option<u32>,
    /// The URL that was stored.
    told: Option<String>,
}

/// Our own listener answered: the tunnel does its work, whatever else may be wrong with the address.
fn is_carried(health: &TunnelHealth) -> bool {
    let path = health.steps.iter().find(|s| s.step == CheckStepName::Path);
    path.is_some_and(|s| matches!(s.outcome, CheckOutcome::Ok | CheckOutcome::Warning))
}

/// Resolves when the stop is asked for, or when nobody could ask any more.
async fn asked(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A port that is free now. Another program may take it before the client does; the client then fails and is started
/// again with another one.
async fn free_port() -> std::io::Result<u16> {
    Ok(tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?.port())
}

/// Reads a pipe to its end.
async fn read(mut pipe: impl AsyncRead + Unpin, source: TunnelLogSource, lines: mpsc::Sender<Line>) {
    let mut cutter = Lines::default();
    let mut buffer = vec![0_u8; 8 << 10];
    loop {
        let read = pipe.read(&mut buffer).await.unwrap_or(0);
        let done = if read == 0 { cutter.finish().into_iter().collect() } else { cutter.push(&buffer[..read]) };
        for line in done {
            if lines.send((source, line)).await.is_err() {
                return;
            }
        }
        if read == 0 {
            return;
        }
    }
}
