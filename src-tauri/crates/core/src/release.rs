//! 全网发布检测: answers to WeChat's check before a platform is published (protocol J).
//!
//! Owns what is answered to pushes for WeChat's own test accounts, and the message that the check wants through the API.
//! Invariants: business rules never see those pushes while the responder is on; the code of `QUERY_AUTH_CODE` is redeemed
//! like any other, once and durable, and its message goes out at most once, with the token of that redemption.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::json;
use tokio::sync::Notify;
use wechat::message::MessageHead;
use wechat::release::{ReleaseAnswer, TestAccount};
use wechat::reply::Reply as Passive;
use wechat::secret::SecretString;

use crate::call_log;
use crate::core::{Core, Runtime};
use crate::dto::{AccountKind, Bilingual, CallReason, ReleaseStep, ReleaseStepName};
use crate::engine::{Wake, last_error};
use crate::error::AppError;
use crate::inbox::Reply;
use crate::store::tables::platform::PlatformRow;
use crate::store::tables::redemption::{self, Offer as Code, RedemptionState};
use crate::store::tables::release::{self, TaskRow};
use crate::store::tables::setting;
use crate::store::{StoreError, Tx};

/// Setting: platforms whose responder is off.
const OFF: &str = "release_check_off";
/// A code of the check is worth trying so long, ms: WeChat has given up long before.
const CODE_LIFE: i64 = 600_000;
/// Without news the tasks are looked at so often, ms.
const LOOK: i64 = 5_000;

/// The responder's part in memory. One an engine.
#[derive(Debug, Default)]
pub(crate) struct Release {
    off: RwLock<HashSet<i64>>,
    wake: Notify,
}

/// What is answered to a push of the check.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    account: TestAccount,
    step: ReleaseStepName,
    /// Text of the passive reply.
    content: Option<String>,
}

/// A code that came with a push of the check.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    platform_id: i64,
    appid: String,
    openid: String,
    code: SecretString,
    create_time: i64,
}

/// An answer, written.
pub(crate) struct Replied {
    answer: Answer,
    /// The passive reply, not encrypted.
    pub xml: Option<String>,
    /// What is answered without one.
    pub silent: Reply,
}

/// What a push of the check gets; none when it is not one, or the responder is off.
pub(crate) fn asked(
    core: &Core,
    runtime: &Runtime,
    appid: &str,
    head: &MessageHead<'_>,
    now: i64,
) -> Option<(Answer, Option<Offer>)> {
    let account = wechat::release::find(appid, &head.to_user_name)?;
    if runtime.row.own.is_some() || !core.release().is_on(runtime.row.id) {
        return None;
    }
    let (step, content, offer) = match wechat::release::answer(head) {
        ReleaseAnswer::Reply(content) if head.is_event() => (ReleaseStepName::Event, Some(content), None),
        ReleaseAnswer::Reply(content) => (ReleaseStepName::Text, Some(content), None),
        ReleaseAnswer::AuthCode(code) => {
            let offer = Offer {
                platform_id: runtime.row.id,
                appid: account.appid.to_owned(),
                openid: head.from_user_name.to_string(),
                code,
                create_time: if head.create_time > 0 { head.create_time } else { now / 1000 },
            };
            (ReleaseStepName::AuthCode, None, Some(offer))
        }
        ReleaseAnswer::Other => (ReleaseStepName::Other, None, None),
    };
    Some((Answer { account, step, content }, offer))
}

/// Keeps the code and what is to be sent for it, with the push.
pub(crate) fn keep(tx: &Tx<'_>, offer: &Offer, now: i64) -> Result<(), StoreError> {
    let Offer { platform_id, appid, openid, code, create_time } = offer;
    let offered = Code {
        platform_id: *platform_id,
        code,
        link_id: None,
        authorizer_appid: Some(appid),
        create_time: *create_time,
        expires_at: now + CODE_LIFE,
    };
    let redemption_id = redemption::offer(tx, &offered, now)?;
    release::add_task(
        tx,
        &TaskRow {
            id: 0,
            platform_id: *platform_id,
            redemption_id,
            appid: appid.clone(),
            openid: openid.clone(),
            code: code.clone(),
            received_at: now,
        },
    )
}

/// Writes the answer.
pub(crate) fn reply(answer: Answer, to: &str, from: &str, now_s: i64) -> Replied {
    let xml = answer.content.as_ref().map(|content| Passive::Text { content: content.clone() }.write(to, from, now_s));
    // The check wants an empty string here, and `success` where it wants nothing.
    let silent = if answer.step == ReleaseStepName::AuthCode { Reply::Empty } else { Reply::Success };
    Replied { answer, xml, silent }
}

fn step_of(answer: &Answer, at: i64, took_ms: i64) -> ReleaseStep {
    ReleaseStep {
        at,
        appid: answer.account.appid.to_owned(),
        set: answer.account.set,
        kind: kind_of(&answer.account),
        step: answer.step,
        took_ms,
        ok: true,
        trouble: None,
    }
}

fn kind_of(account: &TestAccount) -> AccountKind {
    match account.kind {
        wechat::account::AccountKind::OfficialAccount => AccountKind::OfficialAccount,
        wechat::account::AccountKind::MiniProgram => AccountKind::MiniProgram,
    }
}

/// A push of the check was answered: what it asked for is begun, and it is noted. A repeat begins nothing twice, since
/// what is to be done was stored with the push.
pub(crate) fn answered(core: &Core, runtime: &Arc<Runtime>, replied: &Replied, new: bool, took_ms: i64) {
    if replied.answer.step == ReleaseStepName::AuthCode {
        core.wake(Wake::Redeem);
        core.release().wake.notify_one();
    }
    if !new {
        return;
    }
    let step = step_of(&replied.answer, core.clock().now(), took_ms);
    let (core, platform_id) = (core.clone(), runtime.row.id);
    // Behind the answer: it is a record.
    tokio::spawn(async move { note(&core, platform_id, step).await });
}

async fn note(core: &Core, platform_id: i64, step: ReleaseStep) {
    if let Err(error) = core.store().write(move |tx| release::add_step(tx, platform_id, &step)).await {
        tracing::warn!(%error, "a step of the release check could not be kept");
    }
    core.changes().tell(["release"]);
}

impl Release {
    fn is_on(&self, platform_id: i64) -> bool {
        !self.off.read().unwrap_or_else(PoisonError::into_inner).contains(&platform_id)
    }
}

impl Core {
    /// Reads which responders are off.
    pub(crate) async fn load_release(&self) -> Result<(), AppError> {
        let off: Vec<i64> = self.store().read(|c| setting::get(c, OFF)).await?;
        *self.release().off.write().unwrap_or_else(PoisonError::into_inner) = off.into_iter().collect();
        Ok(())
    }

    /// Whether pushes of the check are answered for this platform.
    pub(crate) fn answers_release(&self, platform_id: i64) -> bool {
        self.release().is_on(platform_id)
    }

    /// Switches that.
    pub(crate) async fn set_release(&self, platform: &PlatformRow, on: bool) -> Result<(), AppError> {
        let id = platform.id;
        self.store()
            .write(move |tx| {
                let mut off: Vec<i64> = setting::get(tx, OFF)?;
                off.retain(|one| *one != id);
                if !on {
                    off.push(id);
                }
                setting::put(tx, OFF, &off)
            })
            .await?;
        self.load_release().await?;
        self.changes().tell(["release"]);
        Ok(())
    }
}

/// Sends what the check waits for as soon as its code is redeemed, for ever.
pub(crate) async fn run(core: Core) {
    loop {
        let redeemed = core.redeemed().notified();
        let mut redeemed = std::pin::pin!(redeemed);
        // Heard from here on, also while the tasks are looked at.
        redeemed.as_mut().enable();
        let waiting = match core.store().read(release::tasks).await {
            Ok(tasks) => {
                let mut waiting = false;
                for task in tasks {
                    waiting |= one(&core, task).await;
                }
                waiting
            }
            Err(error) => {
                tracing::warn!(%error, "the release check's messages could not be read");
                true
            }
        };
        let nap = async { if waiting { core.clock().sleep(LOOK).await } else { std::future::pending().await } };
        tokio::select! {
            () = redeemed => {}
            () = core.release().wake.notified() => {}
            () = nap => {}
        }
    }
}

/// Sends a message if its code is redeemed. Answers whether it has to wait.
async fn one(core: &Core, task: TaskRow) -> bool {
    let id = task.redemption_id;
    let row = match core.store().read(move |c| Ok(redemption::get(c, id)?)).await {
        Ok(row) => row,
        Err(_) => return true,
    };
    let outcome = match row {
        Some(row) if row.state == RedemptionState::Pending => return true,
        Some(row) if row.state == RedemptionState::Done => row.account_id.ok_or_else(no_account),
        Some(row) => Err(row.error.map_or_else(no_account, |e| Bilingual {
            zh: format!("授权码没有换到令牌：{}（{}）", e.message, e.code),
            en: format!("the code gave no token: {} ({})", e.message, e.code),
        })),
        None => Err(no_account()),
    };
    let task_id = task.id;
    // Taken out before it is sent: a stop in between leaves it unsent, and never sent twice.
    match core.store().write(move |tx| release::take_task(tx, task_id)).await {
        Ok(true) => {}
        Ok(false) => return false,
        Err(_) => return true,
    }
    let trouble = match outcome {
        Ok(account_id) => send(core, &task, account_id).await.err(),
        Err(trouble) => Some(trouble),
    };
    let now = core.clock().now();
    let Some(account) = wechat::release::find(&task.appid, "") else { return false };
    let step = ReleaseStep {
        at: now,
        appid: task.appid,
        set: account.set,
        kind: kind_of(&account),
        step: ReleaseStepName::ApiText,
        took_ms: (now - task.received_at).max(0),
        ok: trouble.is_none(),
        trouble,
    };
    note(core, task.platform_id, step).await;
    false
}

fn no_account() -> Bilingual {
    Bilingual { zh: "授权码没有换到令牌".to_owned(), en: "the code gave no token".to_owned() }
}

async fn send(core: &Core, task: &TaskRow, account_id: i64) -> Result<(), Bilingual> {
    let runtime = core.runtime(task.platform_id).ok_or_else(no_account)?;
    let token = core.store().mirror().account_credential(account_id).and_then(|row| row.token.clone());
    let token = token.ok_or_else(no_account)?;
    let content = wechat::release::api_text(&task.code);
    let message = json!({ "touser": task.openid, "msgtype": "text", "text": { "content": content.expose() } });
    let call = wechat::api::customer::send_custom_message(runtime.transport.as_ref(), &token, &message);
    call_log::because(CallReason::CustomMessage, Some(&task.appid), call).await.map_err(|e| {
        let e = last_error(&e, core.clock().now());
        Bilingual {
            zh: format!("客服消息没有发出：{}（{}）", e.message, e.code),
            en: format!("the message was not taken: {} ({})", e.message, e.code),
        }
    })
}
