//! How a command ends when it cannot do its work.
//!
//! 1: WeChat or the engine refused. 2: usage or environment (interfaces, "Programs").

use std::process::ExitCode;

use serde_json::Value;
use wxdesk_core::AppError;
use wxdesk_core::dto::ErrorCode;

use crate::print;

/// Words for a person, and the exit code.
#[derive(Debug)]
pub struct Failure {
    exit: u8,
    message: String,
}

impl Failure {
    /// WeChat or the engine refused.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { exit: 1, message: message.into() }
    }

    /// The machine, the folder, the file or the arguments stand in the way.
    pub fn environment(message: impl Into<String>) -> Self {
        Self { exit: 2, message: message.into() }
    }

    /// From an error document of the local API.
    pub fn from_document(document: &Value) -> Self {
        match serde_json::from_value::<wxdesk_core::dto::ErrorBody>(document.clone()) {
            Ok(body) => AppError { code: body.code, message: body.message, detail: body.detail.map(Box::new) }.into(),
            // A menu's problems or a newer engine's codes: the words are still there.
            Err(_) => Self::refused(document["message"].as_str().unwrap_or("the engine refused without saying why")),
        }
    }

    /// The same, but in the way of the program rather than of one wish.
    pub fn at_start(self) -> Self {
        Self { exit: 2, ..self }
    }

    /// Says why, and ends.
    pub fn end(self) -> ExitCode {
        print::note(&format!("wxdeskd: {}", self.message));
        ExitCode::from(self.exit)
    }
}

impl From<AppError> for Failure {
    fn from(e: AppError) -> Self {
        let exit = match e.code {
            ErrorCode::Held | ErrorCode::Store | ErrorCode::DiskFull | ErrorCode::Unauthenticated => 2,
            _ => 1,
        };
        let advice =
            e.detail.as_ref().and_then(|d| d.refusal.as_ref()).map(|r| r.advice.as_str()).filter(|a| !a.is_empty());
        let mut message = match advice {
            Some(advice) => format!("{}\n{advice}", e.message),
            None => e.message,
        };
        // A refused menu names the buttons that WeChat can mean; fields of wrong input are in the message already.
        let fields = e.detail.as_ref().filter(|d| d.refusal.is_some()).map(|d| d.fields.as_slice()).unwrap_or_default();
        if !fields.is_empty() {
            let paths: Vec<&str> = fields.iter().map(|f| f.field.as_str()).collect();
            message.push_str(&format!("\nit can be about: {}", paths.join(", ")));
        }
        Self { exit, message }
    }
}
