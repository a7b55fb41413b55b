//! Rules: the first that fits a message answers it; those that only pass on are all heard.
//!
//! Owns the rules in memory, compiled, and how often each took a message. It reads no clock and stores nothing of a
//! message. Invariants: deciding does no work outside of memory and is bounded, whatever a follower writes; a change
//! counts from its commit on.

mod answer;
mod compiled;
mod validate;

use std::sync::{Arc, PoisonError, RwLock};

pub(crate) use answer::{Filled, fill};
pub(crate) use compiled::{Compiled, Facts};
pub(crate) use validate::{problems, trouble};

use crate::core::Core;
use crate::dto::{RuleAnswer, RuleTraceStep, RuleVerdict};
use crate::error::AppError;
use crate::store::tables::rule::{self, RuleRow};

/// What rules decided of a message.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    /// The rule that answers.
    pub taken: Option<Arc<Compiled>>,
    /// Those that only pass on and fit, above it.
    pub passed: Vec<Arc<Compiled>>,
    /// Notified targets, each once.
    pub notify: Vec<i64>,
}

impl Decision {
    /// The rule that is named with the push: the one that answers, else the first that passed it on.
    pub(crate) fn rule_id(&self) -> Option<i64> {
        self.taken.as_ref().or(self.passed.first()).map(|rule| rule.row.id)
    }

    /// Counts it.
    pub(crate) fn count(&self, now: i64) {
        for rule in self.taken.iter().chain(&self.passed) {
            rule.hit(now);
        }
    }
}

/// All rules. One an engine.
#[derive(Debug, Default)]
pub(crate) struct Rules(RwLock<Arc<Vec<Arc<Compiled>>>>);

impl Rules {
    /// The rules in their order.
    pub(crate) fn all(&self) -> Arc<Vec<Arc<Compiled>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The name of a rule.
    pub(crate) fn name_of(&self, id: i64) -> Option<String> {
        self.all().iter().find(|rule| rule.row.id == id).map(|rule| rule.row.name.clone())
    }

    /// Whether a rule, as it is now, gives a follower nothing.
    pub(crate) fn is_silent(&self, id: i64) -> bool {
        let silent = |answer: &RuleAnswer| matches!(answer, RuleAnswer::Pass | RuleAnswer::Success);
        self.all().iter().any(|rule| rule.row.id == id && silent(&rule.row.says.answer))
    }

    /// Names of the rules that use a target.
    pub(crate) fn using(&self, target_id: i64) -> Vec<String> {
        let uses = |row: &RuleRow| {
            row.says.notify.contains(&target_id)
                || matches!(row.says.answer, RuleAnswer::Target { target_id: id } if id == target_id)
        };
        self.all().iter().filter(|rule| uses(&rule.row)).map(|rule| rule.row.name.clone()).collect()
    }

    fn set(&self, rows: Vec<RuleRow>) {
        let mut rules = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = rules.clone();
        let compiled = rows.into_iter().map(|row| {
            let earlier = before.iter().find(|rule| rule.row.id == row.id);
            Arc::new(Compiled::new(row, earlier.map(|rule| rule.hits())))
        });
        *rules = Arc::new(compiled.collect());
    }
}

/// Decides. `trace` gets a step for every rule, when it is asked for.
pub(crate) fn decide(
    rules: &[Arc<Compiled>],
    facts: &Facts<'_>,
    mut trace: Option<&mut Vec<RuleTraceStep>>,
) -> Decision {
    let mut decision = Decision::default();
    let mut effort = compiled::EFFORT;
    for rule in rules {
        if decision.taken.is_some() && trace.is_none() {
            break;
        }
        let verdict = match rule.look(facts, &mut effort) {
            RuleVerdict::Taken if decision.taken.is_some() => RuleVerdict::TooLate,
            RuleVerdict::Taken => {
                for target in &rule.row.says.notify {
                    if !decision.notify.contains(target) {
                        decision.notify.push(*target);
                    }
                }
                if rule.row.says.answer == RuleAnswer::Pass {
                    decision.passed.push(rule.clone());
                    RuleVerdict::Passed
                } else {
                    decision.taken = Some(rule.clone());
                    RuleVerdict::Taken
                }
            }
            other => other,
        };
        if let Some(trace) = trace.as_deref_mut() {
            trace.push(RuleTraceStep { rule_id: rule.row.id, name: rule.row.name.clone(), verdict });
        }
    }
    decision
}

impl Core {
    /// Reads the rules anew: at the start, and after a change.
    pub(crate) async fn load_rules(&self) -> Result<(), AppError> {
        let rows = self.store().read(|c| Ok(rule::list(c)?)).await?;
        self.rules().set(rows);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
