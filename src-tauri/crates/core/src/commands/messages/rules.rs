//! Rules: make, order, switch, test.

use std::sync::Arc;

use crate::core::Core;
use crate::dto::{FieldError, Rule, RuleAnswer, RuleInput, RuleSample, RuleTrace};
use crate::error::AppError;
use crate::inbox::sample;
use crate::rules::{self, Compiled};
use crate::store::tables::rule::{self, RuleRow, Says};

/// Most rules. Every message is held against all of them.
const MAX_RULES: usize = 500;

fn gone(id: i64) -> AppError {
    AppError::not_found("rule", &id.to_string())
}

fn row_of(input: RuleInput, now: i64) -> RuleRow {
    let RuleInput { id, name, enabled, scope, when, answer, mut notify } = input;
    notify.sort_unstable();
    notify.dedup();
    RuleRow {
        id: id.unwrap_or(0),
        position: 0,
        name: name.trim().to_owned(),
        enabled,
        says: Says { scope, when, answer, notify },
        updated_at: now,
    }
}

impl Core {
    fn rule_view(&self, place: usize, rule: &Compiled) -> Rule {
        let (hits, last) = rule.hits();
        let RuleRow { id, name, enabled, says, updated_at, .. } = rule.row.clone();
        Rule {
            id,
            position: i64::try_from(place + 1).unwrap_or(i64::MAX),
            name,
            enabled,
            trouble: rules::trouble(self, &says),
            scope: says.scope,
            when: says.when,
            answer: says.answer,
            notify: says.notify,
            hits,
            last_hit_at: Some(last).filter(|at| *at > 0),
            updated_at,
        }
    }

    fn rule(&self, id: i64) -> Result<Rule, AppError> {
        let all = self.rules().all();
        let place = all.iter().position(|rule| rule.row.id == id).ok_or_else(|| gone(id))?;
        Ok(self.rule_view(place, &all[place]))
    }

    async fn rules_changed(&self) -> Result<(), AppError> {
        self.load_rules().await?;
        // What targets are used by is shown with them.
        self.changes().tell(["rules", "targets"]);
        Ok(())
    }

    /// All rules in their order.
    ///
    /// # Errors
    /// None today.
    pub async fn list_rules(&self) -> Result<Vec<Rule>, AppError> {
        Ok(self.rules().all().iter().enumerate().map(|(place, rule)| self.rule_view(place, rule)).collect())
    }

    /// What is wrong with a rule.
    ///
    /// # Errors
    /// None today.
    pub async fn validate_rule(&self, input: RuleInput) -> Result<Vec<FieldError>, AppError> {
        Ok(rules::problems(self, &input))
    }

    /// Makes a rule at the end, or changes one in its place.
    ///
    /// # Errors
    /// `InvalidInput` with every problem; `NotFound` when it is gone; the store's.
    pub async fn save_rule(&self, input: RuleInput) -> Result<Rule, AppError> {
        let mut errors = rules::problems(self, &input);
        if input.id.is_none() && self.rules().all().len() >= MAX_RULES {
            errors.push(crate::validate::error("name", "count", "there are 500 rules already", "规则已达 500 条上限"));
        }
        if !errors.is_empty() {
            return Err(AppError::invalid(errors));
        }
        let row = row_of(input, self.clock().now());
        let asked = row.id;
        let id = self.store().write(move |tx| rule::save(tx, &row)).await?.ok_or_else(|| gone(asked))?;
        self.rules_changed().await?;
        self.rule(id)
    }

    /// Switches a rule on or off.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn switch_rule(&self, id: i64, on: bool) -> Result<Rule, AppError> {
        let now = self.clock().now();
        self.store()
            .write(move |tx| {
                let row = rule::list(tx)?.into_iter().find(|row| row.id == id).ok_or_else(|| gone(id))?;
                rule::save(tx, &RuleRow { enabled: on, updated_at: now, ..row })
            })
            .await?;
        self.rules_changed().await?;
        self.rule(id)
    }

    /// Moves a rule to the place of another, or to the end.
    ///
    /// # Errors
    /// `NotFound` for either; the store's.
    pub async fn move_rule(&self, id: i64, before: Option<i64>) -> Result<Vec<Rule>, AppError> {
        self.store()
            .write(move |tx| {
                let mut ids: Vec<i64> = rule::list(tx)?.into_iter().map(|row| row.id).collect();
                let from = ids.iter().position(|one| *one == id).ok_or_else(|| gone(id))?;
                if before == Some(id) {
                    return Ok(());
                }
                ids.remove(from);
                let to = match before {
                    None => ids.len(),
                    Some(before) => ids.iter().position(|one| *one == before).ok_or_else(|| gone(before))?,
                };
                ids.insert(to, id);
                rule::order(tx, &ids)
            })
            .await?;
        self.rules_changed().await?;
        self.list_rules().await
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn remove_rule(&self, id: i64) -> Result<(), AppError> {
        if !self.store().write(move |tx| rule::remove(tx, id)).await? {
            return Err(gone(id));
        }
        self.rules_changed().await
    }

    /// What the rules do with a message: nothing is sent, and no hit counted.
    ///
    /// # Errors
    /// `NotFound` for a push that is gone; `InvalidInput` when the draft cannot be tried.
    pub async fn test_rules(&self, input: RuleSample) -> Result<RuleTrace, AppError> {
        let mut all: Vec<Arc<Compiled>> = self.rules().all().to_vec();
        if let Some(mut draft) = input.draft.clone() {
            if draft.name.trim().is_empty() {
                // It may get its name last.
                draft.name = "—".to_owned();
            }
            let errors = rules::problems(self, &draft);
            if !errors.is_empty() {
                return Err(AppError::invalid(errors));
            }
            let row = row_of(draft, self.clock().now());
            let draft = Arc::new(Compiled::draft(row));
            match all.iter_mut().find(|rule| rule.row.id == draft.row.id) {
                Some(place) => *place = draft,
                None => all.push(draft),
            }
        }
        let push = sample::of(self, &input).await?;
        let mut trace = sample::trace(self, &push, &all);
        // A rule that is off is tried all the same when it is the one in the editor? No: it says that it is off.
        if let Some(RuleAnswer::Target { target_id }) =
            trace.taken_by.and_then(|id| all.iter().find(|r| r.row.id == id)).map(|r| r.row.says.answer.clone())
        {
            trace.ask = Some(target_id);
        }
        Ok(trace)
    }
}
