//! The one error type at the engine's edge.
//!
//! Owns codes and words; never carries a secret (see `wechat::Secret`). Callers branch on `code`, never on text.

use crate::dto::{ErrorBody, ErrorCode, ErrorDetail, FieldError, LastError};

/// What every command answers when it cannot do its work.
#[derive(Debug, Clone, PartialEq)]
pub struct AppError {
    /// What the caller branches on.
    pub code: ErrorCode,
    /// English words for a person.
    pub message: String,
    /// Fields, refusal. Boxed, so that a result stays small.
    pub detail: Option<Box<ErrorDetail>>,
}

impl AppError {
    /// An error without details.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), detail: None }
    }

    /// Broken rules of a form. The message names the first field and rule.
    #[must_use]
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let message = fields.iter().map(|f| format!("{}: {}", f.field, f.message)).collect::<Vec<_>>().join("; ");
        Self {
            code: ErrorCode::InvalidInput,
            message,
            detail: Some(Box::new(ErrorDetail { fields, ..ErrorDetail::default() })),
        }
    }

    /// One broken rule.
    #[must_use]
    pub fn invalid_field(field: &str, rule: &str, en: &str, zh: &str) -> Self {
        Self::invalid(vec![FieldError {
            field: field.into(),
            rule: rule.into(),
            message: en.into(),
            message_zh: zh.into(),
        }])
    }

    /// WeChat's refusal.
    #[must_use]
    pub fn refused(refusal: LastError) -> Self {
        let message = if refusal.code == 0 {
            refusal.message.clone()
        } else {
            format!("WeChat refused ({}): {}", refusal.code, refusal.message)
        };
        let code = if refusal.code == 0 { ErrorCode::Unavailable } else { ErrorCode::Refused };
        Self { code, message, detail: Some(Box::new(ErrorDetail { refusal: Some(refusal), ..ErrorDetail::default() })) }
    }

    /// Nothing by that name.
    #[must_use]
    pub fn not_found(what: &str, name: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("no {what} {name}"))
    }

    /// Offers another address.
    pub(crate) fn offer(&mut self, offer: Option<String>) {
        if offer.is_some() {
            self.detail.get_or_insert_default().offer = offer;
        }
    }

    /// The document for the wire.
    #[must_use]
    pub fn body(&self) -> ErrorBody {
        ErrorBody { code: self.code, message: self.message.clone(), detail: self.detail.as_deref().cloned() }
    }

    /// HTTP status that fits the code.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.code {
            ErrorCode::InvalidInput => 422,
            ErrorCode::NotFound => 404,
            ErrorCode::Ambiguous | ErrorCode::Held | ErrorCode::Conflict => 409,
            ErrorCode::Unauthenticated => 401,
            ErrorCode::Forbidden => 403,
            ErrorCode::Refused => 502,
            ErrorCode::NoToken | ErrorCode::Unavailable | ErrorCode::Stopping => 503,
            ErrorCode::DiskFull => 507,
            ErrorCode::Store | ErrorCode::Internal => 500,
        }
    }
}

impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AppError {}

impl serde::Serialize for AppError {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.body().serialize(s)
    }
}

impl From<crate::store::StoreError> for AppError {
    fn from(e: crate::store::StoreError) -> Self {
        use crate::store::StoreError;
        match e {
            StoreError::DiskFull => {
                Self::new(ErrorCode::DiskFull, "the disk that holds the data folder is full; nothing was changed")
            }
            StoreError::Refused(inner) => *inner,
            StoreError::Stopping => Self::new(ErrorCode::Stopping, "the engine is stopping"),
            other => Self::new(ErrorCode::Store, other.to_string()),
        }
    }
}
