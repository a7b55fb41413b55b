//! Options of an account (选项设置): location_report, voice_recognize, customer_service.
//!
//! Owns: both documented forms of C.8. Must not: choose between them; callers try the current one first.
//! Invariant: the legacy form takes the component's token, the current form the account's.

use serde::Deserialize;

use super::{Call, Done};
use crate::error::CallError;
use crate::secret::SecretString;
use crate::transport::Transport;

#[derive(Deserialize)]
struct Answer {
    // A text in every example; a number would be no surprise.
    option_value: serde_json::Value,
}

impl Answer {
    fn value(self) -> Result<String, CallError> {
        match self.option_value {
            serde_json::Value::String(text) => Ok(text),
            serde_json::Value::Number(number) => Ok(number.to_string()),
            _ => Err(CallError::BadBody("option_value is not a text".to_owned())),
        }
    }
}

/// Reads an option in the current form. The short body names no account, so the token must be the account's.
///
/// # Errors
/// 61012 (name) and the general ones.
pub async fn get_authorizer_option(
    transport: &dyn Transport,
    authorizer_token: &SecretString,
    option_name: &str,
) -> Result<String, CallError> {
    Call::post("/cgi-bin/component/get_authorizer_option")
        .token("access_token", authorizer_token)
        .field("option_name", option_name)
        .send::<Answer>(transport)
        .await?
        .value()
}

/// Sets an option in the current form.
///
/// # Errors
/// 61012 (name), 61013 (value), 61025 (read-only) and the general ones.
pub async fn set_authorizer_option(
    transport: &dyn Transport,
    authorizer_token: &SecretString,
    option_name: &str,
    option_value: &str,
) -> Result<(), CallError> {
    Call::post("/cgi-bin/component/set_authorizer_option")
        .token("access_token", authorizer_token)
        .field("option_name", option_name)
        .field("option_value", option_value)
        .send::<Done>(transport)
        .await
        .map(|_| ())
}

/// Reads an option in the form of the 2019 documentation.
///
/// # Errors
/// 61012 (name) and the general ones.
pub async fn get_authorizer_option_legacy(
    transport: &dyn Transport,
    component_token: &SecretString,
    component_appid: &str,
    authorizer_appid: &str,
    option_name: &str,
) -> Result<String, CallError> {
    Call::post("/cgi-bin/component/api_get_authorizer_option")
        .token("component_access_token", component_token)
        .field("component_appid", component_appid)
        .field("authorizer_appid", authorizer_appid)
        .field("option_name", option_name)
        .send::<Answer>(transport)
        .await?
        .value()
}

/// Sets an option in the form of the 2019 documentation.
///
/// # Errors
/// 61012 (name), 61013 (value), 61025 (read-only) and the general ones.
pub async fn set_authorizer_option_legacy(
    transport: &dyn Transport,
    component_token: &SecretString,
    component_appid: &str,
    authorizer_appid: &str,
    option_name: &str,
    option_value: &str,
) -> Result<(), CallError> {
    Call::post("/cgi-bin/component/api_set_authorizer_option")
        .token("component_access_token", component_token)
        .field("component_appid", component_appid)
        .field("authorizer_appid", authorizer_appid)
        .field("option_name", option_name)
        .field("option_value", option_value)
        .send::<Done>(transport)
        .await
        .map(|_| ())
}
