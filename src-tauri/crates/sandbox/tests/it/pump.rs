//! The pump under tokio's paused clock: a simulated day takes no time.

use std::sync::{Arc, Mutex};

use wechat::BoxFuture;
use wxdesk_sandbox::{Platform, PumpHandle, Push, PushReply, PushSink, SandboxClock, SandboxConfig, TokioClock, lock};

use crate::rig::START;

/// Answers each attempt by script; the last step repeats.
struct Script {
    clock: Arc<TokioClock>,
    steps: Vec<Step>,
    seen: Mutex<Vec<(i64, u64, u32)>>,
}

#[derive(Clone, Copy)]
enum Step {
    Take,
    Refuse,
    /// Takes it after so many milliseconds.
    Late(u64),
}

impl PushSink for Script {
    fn deliver<'a>(&'a self, push: &'a Push) -> BoxFuture<'a, Result<PushReply, String>> {
        Box::pin(async move {
            let number = {
                let mut seen = self.seen.lock().unwrap();
                seen.push((self.clock.now_ms() - START, push.id, push.attempt));
                seen.len() - 1
            };
            match self.steps[number.min(self.steps.len() - 1)] {
                Step::Take => Ok(PushReply::success()),
                Step::Refuse => Err("refused".into()),
                Step::Late(ms) => {
                    self.clock.sleep_ms(ms).await;
                    Ok(PushReply::success())
                }
            }
        })
    }
}

async fn run(steps: Vec<Step>, for_s: u64) -> (Vec<(i64, u64, u32)>, Vec<String>) {
    let platform = Arc::new(Mutex::new(Platform::new(1, SandboxConfig::default())));
    let clock = Arc::new(TokioClock::starting_at(START));
    let sink = Arc::new(Script { clock: clock.clone(), steps, seen: Mutex::default() });
    let pump = PumpHandle::start(platform.clone(), clock.clone(), sink.clone());
    clock.sleep_ms(for_s * 1000).await;
    drop(pump);
    let outcomes = lock(&platform).recent_pushes().map(|p| p.outcome.clone()).collect();
    let seen = sink.seen.lock().unwrap().clone();
    (seen, outcomes)
}

#[tokio::test(start_paused = true)]
async fn tickets_for_a_day() {
    let (seen, outcomes) = run(vec![Step::Take], 86_400 - 1).await;
    assert_eq!(seen.len(), 144);
    assert!(
        seen.iter().enumerate().all(|(n, (at, _, attempt))| *at == n as i64 * 600_000 && *attempt == 1),
        "{seen:?}"
    );
    assert!(outcomes.iter().all(|o| o == "taken"));
}

#[tokio::test(start_paused = true)]
async fn refused_pushes_are_repeated_at_five_seconds() {
    let (seen, _) = run(vec![Step::Refuse], 60).await;
    let times: Vec<i64> = seen.iter().map(|(at, _, _)| *at).collect();
    assert_eq!(times, [0, 5_000, 10_000, 15_000]);
}

#[tokio::test(start_paused = true)]
async fn a_push_without_an_answer_is_dropped_after_five_seconds() {
    let (seen, outcomes) = run(vec![Step::Late(7_000), Step::Late(4_999)], 60).await;
    let times: Vec<i64> = seen.iter().map(|(at, _, _)| *at).collect();
    assert_eq!(times, [0, 5_000]);
    assert_eq!(outcomes, ["no answer in time", "taken"]);
}

#[tokio::test(start_paused = true)]
async fn a_push_queued_meanwhile_goes_out_at_once() {
    let platform = Arc::new(Mutex::new(Platform::new(1, SandboxConfig::default())));
    let clock = Arc::new(TokioClock::starting_at(START));
    let sink = Arc::new(Script { clock: clock.clone(), steps: vec![Step::Take], seen: Mutex::default() });
    let _pump = PumpHandle::start(platform.clone(), clock.clone(), sink.clone());
    clock.sleep_ms(100_000).await;
    let made = lock(&platform).authorize_many(1, clock.now_ms());
    assert!(lock(&platform).unauthorize(clock.now_ms(), &made[0].0));
    clock.sleep_ms(1).await;
    let times: Vec<i64> = sink.seen.lock().unwrap().iter().map(|(at, _, _)| *at).collect();
    assert_eq!(times, [0, 100_000]);
}
