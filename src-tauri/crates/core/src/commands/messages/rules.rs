//! Rules: make, order, switch, test.

use crate::core::Core;
use crate::dto::{ErrorCode, FieldError, Rule, RuleInput, RuleSample, RuleTrace};
use crate::error::AppError;

impl Core {
    /// All rules in their order.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_rules(&self) -> Result<Vec<Rule>, AppError> {
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// What is wrong with a rule.
    ///
    /// # Errors
    /// The store's.
    pub async fn validate_rule(&self, input: RuleInput) -> Result<Vec<FieldError>, AppError> {
        let _ = (&input,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Makes or changes a rule.
    ///
    /// # Errors
    /// The store's.
    pub async fn save_rule(&self, input: RuleInput) -> Result<Rule, AppError> {
        let _ = (&input,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Switches a rule on or off.
    ///
    /// # Errors
    /// The store's.
    pub async fn switch_rule(&self, id: i64, on: bool) -> Result<Rule, AppError> {
        let _ = (id, on);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Moves a rule to the place of another, or to the end.
    ///
    /// # Errors
    /// The store's.
    pub async fn move_rule(&self, id: i64, before: Option<i64>) -> Result<Vec<Rule>, AppError> {
        let _ = (id, before);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// The store's.
    pub async fn remove_rule(&self, id: i64) -> Result<(), AppError> {
        let _ = (id,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// What the rules do with a message.
    ///
    /// # Errors
    /// The store's.
    pub async fn test_rules(&self, sample: RuleSample) -> Result<RuleTrace, AppError> {
        let _ = (&sample,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }
}
