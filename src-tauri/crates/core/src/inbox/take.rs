//! A message or event of an account: stored, answered, passed on.
//!
//! Invariants: what the rules decide is known before the row is written, so that business servers' queues and the message
//! are one commit; nothing is answered before it; the whole takes no longer than [`BUDGET_MS`], whatever is slow; no work is
//! done twice for one message.

use std::sync::Arc;

use wechat::message::{MessageHead, parse_message_head, parse_message_head_json};

use super::answers::Turn;
use super::times::{BUDGET_MS, SLOW_MS};
use super::{Refusal, Reply, identity, store_failed};
use crate::core::{Core, Runtime};
use crate::dto::{DeliveryError, PushAnswer};
use crate::forward::{self, Asked, Outgoing};
use crate::menus::replies;
use crate::release;
use crate::rules::{self, Decision, Facts, Filled};
use crate::scene_codes;
use crate::store::Tx;
use crate::store::tables::account::AccountRow;
use crate::store::tables::delivery_log;
use crate::store::tables::inbox::{self, NewPush, PushRow, Stored, flag};
use crate::store::tables::push_answer::AnswerRow;

/// Kept back for sealing and sending an answer that a business server gave at the last moment, ms.
const LAST_STEPS: i64 = 150;

/// How a push came.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    /// When its request began, monotonic ms: WeChat counts from there.
    pub began: i64,
    /// It is one of our own tests, and whether notified targets are to have it.
    pub made_up: Option<bool>,
    /// `nonce` of the query.
    pub nonce: String,
}

/// What is to be done for a message, once it is stored.
enum Plan {
    /// Nothing but `success`.
    Quiet,
    /// The answer of a rule.
    Rule(Filled),
    /// The answer that a taken-over menu's key has, if it has one.
    Menu { key: String },
    /// WeChat's check before a release.
    Release(release::Answer),
}

/// The two ends of an answer.
struct Ends {
    /// The follower.
    to: String,
    /// The account's original id.
    from: String,
}

/// Reads the head of a decrypted message, XML or JSON.
pub(crate) fn head_of(body: &[u8]) -> Result<MessageHead<'_>, wechat::xml::XmlError> {
    if body.trim_ascii_start().first() == Some(&b'{') {
        parse_message_head_json(body)
    } else {
        parse_message_head(body)
    }
}

/// What rules see of a message.
pub(crate) fn facts_of<'a>(
    component_appid: &'a str,
    appid: &'a str,
    account: Option<&'a AccountRow>,
    head: &'a MessageHead<'_>,
) -> Facts<'a> {
    Facts {
        component_appid,
        appid,
        tenant: account.and_then(|a| a.tenant.as_deref()),
        msg_type: &head.msg_type,
        event: head.event.as_deref(),
        key: head.event_key.as_deref(),
        text: head.text.as_deref(),
    }
}

/// Stores an account's message or event, and answers the reply to it, not encrypted.
pub(super) async fn take_message(
    core: &Core,
    runtime: &Arc<Runtime>,
    appid: &str,
    mut push: NewPush,
    arrival: Arrival,
) -> Result<Reply, Refusal> {
    let platform_id = push.platform_id;
    let now = push.received_at;
    let head = head_of(&push.body).map_err(|_| Refusal::BadBody)?;
    // Not the appid of the path: nothing signs that, and a push that somebody saw would be a new one at every account's.
    push.dedupe = identity(&[&head.to_user_name, &head.dedupe_key()]);
    let account = core.store().mirror().account_by_appid(platform_id, appid);
    if !account.as_ref().is_some_and(|account| account.authorized) {
        push.flags |= flag::ENDED;
    }
    if arrival.made_up.is_some() {
        push.flags |= flag::MADE_UP;
    }
    let (plan, decision, offer) = plan(core, runtime, appid, account.as_deref(), &head, &push.body, now);
    if let Some(decision) = &decision {
        push.rule_id = decision.rule_id();
        if arrival.made_up != Some(false) {
            push.notify = inbox::notify_of(&decision.notify);
        }
    }
    // Only whoever gets an answer needs to be named.
    let ends = (!matches!(plan, Plan::Quiet))
        .then(|| Ends { to: head.from_user_name.to_string(), from: head.to_user_name.to_string() });
    let scan = scene_codes::scan_of(core, platform_id, appid, &head);
    drop(head);
    let ask = match &plan {
        Plan::Rule(Filled::Ask(target)) => {
            push.flags |= flag::ASKED;
            let turn = core.answers().turn((platform_id, push.dedupe), now);
            Some(Question { target: *target, row: row_of(&push), turn })
        }
        _ => None,
    };
    let told = push.notify.is_some();
    let left = arrival.began + BUDGET_MS - core.clock().monotonic();
    let store = async {
        if scan.is_none() && offer.is_none() {
            return core.store().write_single(move |tx| Ok((inbox::insert_message(tx, &push)?, false))).await;
        }
        let work = move |tx: &Tx<'_>| {
            let stored = inbox::insert_message(tx, &push)?;
            let mut counted = false;
            if let Stored::New(_) = stored {
                if let Some(scan) = &scan {
                    counted = scene_codes::count(tx, scan)?;
                }
                if let Some(offer) = &offer {
                    release::keep(tx, offer, now)?;
                }
            }
            Ok((stored, counted))
        };
        core.store().write(work).await
    };
    // WeChat repeats what was not stored in time, and what was stored late is then a repeat.
    let stored = crate::clock::within(u64::try_from(left).unwrap_or(0), store).await;
    let (stored, counted) = stored.ok_or(Refusal::Store)?.map_err(|e| store_failed(&e))?;
    if counted {
        core.changes().tell(["scene_codes"]);
    }
    core.door().accepted(now);
    core.forward().pushed(1);
    core.changes().tell(["inbox"]);
    let id = match stored {
        Stored::New(id) => {
            if let Some(decision) = &decision {
                decision.count(now);
            }
            id
        }
        Stored::Repeat(id) => {
            core.answers().repeated(id);
            id
        }
    };
    // For a repeat too: its first attempt may have been stored after its time, when nobody was there to say so.
    if told && let Some(decision) = &decision {
        core.forward().queued(&decision.notify);
    }
    if arrival.made_up.is_some() {
        core.expected_pushes().stored(&arrival.nonce, id);
    }
    let Some(ends) = ends else {
        note(core, id, &arrival, Outcome::quiet());
        return Ok(Reply::Success);
    };
    let at = now / 1000;
    let outcome = match plan {
        Plan::Quiet | Plan::Rule(Filled::Success) => Outcome::quiet(),
        Plan::Rule(Filled::Empty) => Outcome { reply: Reply::Empty, answer: PushAnswer::Empty, ..Outcome::quiet() },
        Plan::Rule(Filled::Reply(reply)) => Outcome::reply(PushAnswer::Rule, reply.write(&ends.to, &ends.from, at)),
        Plan::Rule(Filled::Ask(_)) => match ask {
            Some(question) => asked(core, runtime, stored, question, &arrival).await,
            None => Outcome::quiet(),
        },
        Plan::Menu { key } => {
            // An account's first click since the start reads the store.
            let left = arrival.began + BUDGET_MS - core.clock().monotonic();
            let answer = replies::answer(core, platform_id, appid, &ends.to, &ends.from, &key);
            match crate::clock::within(u64::try_from(left).unwrap_or(0), answer).await {
                Some(Some(xml)) => Outcome::reply(PushAnswer::Menu, xml),
                Some(None) => Outcome::quiet(),
                None => Outcome { answer: PushAnswer::TimeOver, ..Outcome::quiet() },
            }
        }
        Plan::Release(answer) => {
            let new = matches!(stored, Stored::New(_));
            let outcome = release::reply(answer, &ends.to, &ends.from, at);
            release::answered(core, runtime, &outcome, new, core.clock().monotonic() - arrival.began);
            match outcome.xml {
                Some(xml) => Outcome::reply(PushAnswer::Release, xml),
                None => Outcome { reply: outcome.silent, answer: PushAnswer::Release, ..Outcome::quiet() },
            }
        }
    };
    let reply = outcome.reply.clone();
    note(core, id, &arrival, outcome);
    Ok(reply)
}

type Planned = (Plan, Option<Decision>, Option<release::Offer>);

/// Decides what to do. No work outside of memory.
fn plan(
    core: &Core,
    runtime: &Runtime,
    appid: &str,
    account: Option<&AccountRow>,
    head: &MessageHead<'_>,
    body: &[u8],
    now: i64,
) -> Planned {
    if let Some((answer, offer)) = release::asked(core, runtime, appid, head, now) {
        return (Plan::Release(answer), None, offer);
    }
    let rules = core.rules().all();
    if !rules.is_empty() {
        let decision = rules::decide(&rules, &facts_of(&runtime.row.component_appid, appid, account, head), None);
        if let Some(rule) = &decision.taken {
            let values = super::sample::Values::new(account, appid, body, now);
            let filled = rules::fill(&rule.row.says.answer, &|name| values.get(name));
            let plan = if filled == Filled::Success { Plan::Quiet } else { Plan::Rule(filled) };
            return (plan, Some(decision), None);
        }
        if !decision.passed.is_empty() {
            return (menu(head), Some(decision), None);
        }
    }
    (menu(head), None, None)
}

fn menu(head: &MessageHead<'_>) -> Plan {
    if replies::may_answer(head) {
        Plan::Menu { key: head.event_key.as_deref().unwrap_or_default().to_owned() }
    } else {
        Plan::Quiet
    }
}

fn row_of(push: &NewPush) -> PushRow {
    PushRow {
        id: 0,
        platform_id: push.platform_id,
        authorizer: push.authorizer.clone(),
        received_at: push.received_at,
        dedupe: push.dedupe,
        kind: None,
        random: push.random,
        body: push.body.clone(),
        seal: push.seal.clone(),
        flags: push.flags,
        rule_id: push.rule_id,
        notify: push.notify.clone(),
    }
}

/// What came of an answer.
struct Outcome {
    reply: Reply,
    answer: PushAnswer,
    xml: Option<String>,
    target_id: Option<i64>,
    trouble: Option<DeliveryError>,
}

impl Outcome {
    fn quiet() -> Self {
        Self { reply: Reply::Success, answer: PushAnswer::Success, xml: None, target_id: None, trouble: None }
    }
    fn reply(answer: PushAnswer, xml: String) -> Self {
        Self { reply: Reply::Document(xml.clone()), answer, xml: Some(xml), ..Self::quiet() }
    }
}

/// What a business server is to be asked.
struct Question {
    target: i64,
    row: PushRow,
    turn: Turn,
}

/// Asks a business server, once for a push: a repeat of WeChat's waits for the same answer.
async fn asked(core: &Core, runtime: &Arc<Runtime>, stored: Stored, question: Question, arrival: &Arrival) -> Outcome {
    let Question { target, row, turn } = question;
    let left = (arrival.began + BUDGET_MS - LAST_STEPS - core.clock().monotonic()).max(0);
    let mut said = match (turn, stored) {
        (Turn::Theirs(said), _) => said,
        // Before the last stop: nobody knows what was said, and nobody is asked twice.
        (Turn::Ours(_), Stored::Repeat(id)) if !core.answers().is_of_this_run(id) => {
            return Outcome { target_id: Some(target), answer: PushAnswer::Unknown, ..Outcome::quiet() };
        }
        (Turn::Ours(tell), Stored::New(id) | Stored::Repeat(id)) => {
            let said = tell.subscribe();
            let outgoing = Outgoing {
                runtime: runtime.clone(),
                row: Arc::new(PushRow { id, ..row }),
                test: arrival.made_up.is_some(),
            };
            let core = core.clone();
            // On its own: WeChat may hang up meanwhile, and what was asked is still its repeat's answer.
            tokio::spawn(async move {
                let answer = forward::ask(&core, target, &outgoing, left).await;
                tell.send_replace(Some(answer));
            });
            said
        }
    };
    let waited = crate::clock::within(u64::try_from(left).unwrap_or(0), said.wait_for(Option::is_some)).await;
    let answer = match waited {
        Some(Ok(answer)) => answer.clone().unwrap_or(Asked::Nothing),
        Some(Err(_)) => Asked::Failed(DeliveryError::Stopped),
        None => {
            let trouble = Some(DeliveryError::Timeout);
            return Outcome { target_id: Some(target), answer: PushAnswer::TimeOver, trouble, ..Outcome::quiet() };
        }
    };
    let target_id = Some(target);
    match answer {
        Asked::Reply(xml) => Outcome { target_id, ..Outcome::reply(PushAnswer::Target, xml) },
        Asked::Nothing => Outcome { target_id, ..Outcome::quiet() },
        Asked::Failed(error) => {
            Outcome { target_id, answer: PushAnswer::TargetFailed, trouble: Some(error), ..Outcome::quiet() }
        }
    }
}

/// Keeps what is worth it.
fn note(core: &Core, push_id: i64, arrival: &Arrival, outcome: Outcome) {
    let took_ms = (core.clock().monotonic() - arrival.began).max(0);
    core.answer_times().note(core.clock().now(), took_ms);
    let plain = outcome.answer == PushAnswer::Success && outcome.target_id.is_none();
    if plain && took_ms < SLOW_MS {
        return;
    }
    core.answers().keep(AnswerRow {
        push_id,
        answer: outcome.answer,
        took_ms: Some(took_ms),
        repeats: 0,
        reply: outcome.xml,
        target_id: outcome.target_id,
        trouble: outcome.trouble.map(|e| delivery_log::error_text(e).to_owned()),
    });
}
