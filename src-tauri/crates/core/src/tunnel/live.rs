//! What is known of a tunnel in this session: written by its task, read by the page.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::dto::{TunnelLogLine, TunnelProblem, TunnelState};

/// What is known of a tunnel in this session.
#[derive(Debug, Default)]
pub(super) struct Live {
    pub state: TunnelState,
    pub since: Option<i64>,
    pub retry_at: Option<i64>,
    pub failures: u32,
    pub problem: Option<TunnelProblem>,
    pub pid: Option<u32>,
    pub local: Option<String>,
    pub endpoint: Option<String>,
    pub url: Option<String>,
    pub lines: VecDeque<TunnelLogLine>,
}

/// The same, shared between the task and whoever looks.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<Live>);

impl Shared {
    pub fn live(&self) -> std::sync::MutexGuard<'_, Live> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
