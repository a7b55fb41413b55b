//! Passing messages on to business servers.
//!
//! Answering targets are asked while WeChat waits; notified targets get a durable queue: the inbox itself, from which each
//! target has its own place.

use std::sync::Arc;

use crate::core::{Core, Runtime};
use crate::dto::{DeliveryError, DeliveryReport, TargetMode};
use crate::store::tables::inbox::PushRow;

/// A push that leaves for a business server.
#[derive(Clone)]
pub(crate) struct Outgoing {
    /// The platform or directly connected account that it came through.
    pub runtime: Arc<Runtime>,
    /// The push; its id is 0 when it is made up and not stored.
    pub row: Arc<PushRow>,
    /// Made up: the server is told so.
    pub test: bool,
}

/// What an answering target said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A passive reply, checked and not encrypted.
    Reply(String),
    /// Empty, or `success`.
    Nothing,
    /// No answer that could be used.
    Failed(DeliveryError),
}

/// What others must know of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetBrief {
    /// Name.
    pub name: String,
    /// What it is for.
    pub mode: TargetMode,
    /// It takes part.
    pub enabled: bool,
}

/// Targets, their clients, queues and health. One an engine.
#[derive(Debug, Default)]
pub(crate) struct Forward;

impl Forward {
    /// A target, when there is one.
    pub(crate) fn brief(&self, _id: i64) -> Option<TargetBrief> {
        None
    }

    /// Messages for these targets are committed.
    pub(crate) fn queued(&self, _targets: &[i64]) {}
}

/// Asks an answering target, for at most `budget_ms` and its own limit.
pub(crate) async fn ask(_core: &Core, _target_id: i64, _message: &Outgoing, _budget_ms: i64) -> Asked {
    Asked::Failed(DeliveryError::Stopped)
}

/// Sends one message to any target, outside of its queue.
///
/// # Errors
/// `NotFound` for an unknown target.
pub(crate) async fn send_once(
    _core: &Core,
    target_id: i64,
    _message: &Outgoing,
) -> Result<DeliveryReport, crate::error::AppError> {
    Err(crate::error::AppError::not_found("target", &target_id.to_string()))
}

/// Delivers to notified targets, for ever.
pub(crate) async fn run(_core: Core) {
    std::future::pending::<()>().await;
}

/// Puts a stored push into the queues of these targets once more. Answers those that take part.
///
/// # Errors
/// The store's.
pub(crate) async fn queue_again(
    _core: &Core,
    _push_id: i64,
    _targets: &[i64],
) -> Result<Vec<i64>, crate::error::AppError> {
    Ok(Vec::new())
}
