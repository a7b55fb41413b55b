//! Sending a push again, and sending one that is made up.

use std::sync::Arc;

use crate::core::Core;
use crate::dto::{MadeUpInput, MadeUpReport, ReplayReport, ReplayTo, RuleSample};
use crate::error::AppError;
use crate::forward::{self, Asked, Outgoing};
use crate::inbox::{sample, view};
use crate::store::tables::inbox::{self, flag};

/// A business server is asked for at most so long, ms: as long as WeChat's own pushes wait.
const PATIENCE: i64 = 4_500;

impl Core {
    /// Sends a stored push again. The follower gets nothing, and nothing is stored of it but what business servers'
    /// queues keep.
    ///
    /// # Errors
    /// `NotFound` for a push or a target that is gone; `InvalidInput` for a component event, which is never passed on.
    pub async fn replay_push(&self, id: i64, to: ReplayTo) -> Result<ReplayReport, AppError> {
        let began = self.clock().monotonic();
        let row = self.store().read(move |c| Ok(inbox::get(c, id)?)).await?;
        let row = row.ok_or_else(|| AppError::not_found("push", &id.to_string()))?;
        if row.kind.is_some() {
            let (en, zh) = ("is an event of the platform, which goes to nobody", "是平台事件，不会转发给任何人");
            return Err(AppError::invalid_field("id", "component_event", en, zh));
        }
        let runtime = self
            .runtime(row.platform_id)
            .ok_or_else(|| AppError::not_found("platform", &row.platform_id.to_string()))?;
        let test = row.flags & flag::MADE_UP != 0;
        let outgoing = Outgoing { runtime, row: Arc::new(row), test };
        let mut report = ReplayReport { trace: None, reply: None, delivery: None, queued: Vec::new(), took_ms: 0 };
        match to {
            ReplayTo::Target { target_id } => {
                report.delivery = Some(forward::send_once(self, target_id, &outgoing).await?);
            }
            ReplayTo::Rules => {
                let sample = sample::of(self, &RuleSample { push_id: Some(id), ..RuleSample::default() }).await?;
                let mut trace = sample::trace(self, &sample, &self.rules().all());
                report.reply = trace.reply.clone();
                if let Some(target) = trace.ask {
                    match forward::ask(self, target, &outgoing, PATIENCE).await {
                        Asked::Reply(xml) => report.reply = Some(view::reply(&xml)),
                        Asked::Nothing => {}
                        // Asked once, as a push would be; what went wrong is in its log.
                        Asked::Failed(error) => trace.trouble = Some(forward::words(error, None)),
                    }
                }
                report.queued = forward::queue_again(self, &outgoing.row, &trace.notify).await?;
                report.trace = Some(trace);
            }
        }
        report.took_ms = self.clock().monotonic() - began;
        Ok(report)
    }

    /// Sends a made-up push through the real door.
    ///
    /// # Errors
    /// `InvalidInput` for what cannot be sent; a broken door is an answer.
    pub async fn send_made_up(&self, input: MadeUpInput) -> Result<MadeUpReport, AppError> {
        crate::check::send_made_up(self, input).await
    }
}
