//! The custom menus of an account: publish, read back, delete, and read what is live.
//!
//! Owns: the endpoints of F.1. Must not: validate or understand a menu; see [`crate::menu`].
//! Invariant: a menu goes out as raw UTF-8, because `\uXXXX` escapes are refused (40033), and comes back as WeChat wrote
//! it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Done, send_raw};
use crate::error::CallError;
use crate::secret::SecretString;
use crate::transport::{ApiRequest, Transport};

/// "menu no exist": an account without a menu made through the API.
pub const NO_MENU: i64 = 46003;

fn post(path: &str, token: &SecretString, body: &Value) -> ApiRequest {
    ApiRequest::post(path, body.to_string().into_bytes()).with_query("access_token", token.clone())
}

fn ask(path: &str, token: &SecretString) -> ApiRequest {
    ApiRequest::get(path).with_query("access_token", token.clone())
}

/// Publishes `menu` (`{"button": […]}`), replacing the whole default menu.
///
/// # Errors
/// Those of F.7 and the general ones.
pub async fn create(transport: &dyn Transport, token: &SecretString, menu: &Value) -> Result<(), CallError> {
    let request = post("/cgi-bin/menu/create", token, menu);
    send_raw::<Done>(transport, request, std::slice::from_ref(token)).await.map(|_| ())
}

/// Reads the menus made through the API (F.4); `None` when there are none.
///
/// # Errors
/// The general ones.
pub async fn get(transport: &dyn Transport, token: &SecretString) -> Result<Option<Value>, CallError> {
    match send_raw(transport, ask("/cgi-bin/menu/get", token), std::slice::from_ref(token)).await {
        Ok(answer) => Ok(Some(answer)),
        Err(CallError::Api(error)) if error.code == NO_MENU => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes the default menu and, with it, all conditional menus.
///
/// # Errors
/// The general ones.
pub async fn delete(transport: &dyn Transport, token: &SecretString) -> Result<(), CallError> {
    send_raw::<Done>(transport, ask("/cgi-bin/menu/delete", token), std::slice::from_ref(token)).await.map(|_| ())
}

/// Reads what is live, however it was made (API or website), in the form of F.5.
///
/// # Errors
/// The general ones.
pub async fn current_selfmenu_info(transport: &dyn Transport, token: &SecretString) -> Result<Value, CallError> {
    send_raw(transport, ask("/cgi-bin/get_current_selfmenu_info", token), std::slice::from_ref(token)).await
}

/// Adds a conditional menu (`{"button": […], "matchrule": {…}}`), which is matched before all earlier ones, and answers
/// WeChat's number for it.
///
/// # Errors
/// Those of F.7 and the general ones.
pub async fn add_conditional(
    transport: &dyn Transport,
    token: &SecretString,
    menu: &Value,
) -> Result<String, CallError> {
    #[derive(Deserialize)]
    struct Added {
        #[serde(default, deserialize_with = "super::number")]
        menuid: Option<i64>,
    }
    let request = post("/cgi-bin/menu/addconditional", token, menu);
    let added: Added = send_raw(transport, request, std::slice::from_ref(token)).await?;
    let id = added.menuid.ok_or_else(|| CallError::BadBody("menuid is missing".to_owned()))?;
    Ok(id.to_string())
}

/// Deletes a conditional menu.
///
/// # Errors
/// 65301 when there is none of that number; the general ones.
pub async fn delete_conditional(
    transport: &dyn Transport,
    token: &SecretString,
    menuid: &str,
) -> Result<(), CallError> {
    let request = post("/cgi-bin/menu/delconditional", token, &json!({ "menuid": menuid }));
    send_raw::<Done>(transport, request, std::slice::from_ref(token)).await.map(|_| ())
}

/// The buttons that a user sees, by openid or WeChat id.
///
/// # Errors
/// 65302 for no such user, 46003 when there is no menu at all; the general ones.
pub async fn try_match(
    transport: &dyn Transport,
    token: &SecretString,
    user_id: &str,
) -> Result<Vec<Value>, CallError> {
    #[derive(Deserialize)]
    struct Matched {
        #[serde(default)]
        button: Vec<Value>,
    }
    let request = post("/cgi-bin/menu/trymatch", token, &json!({ "user_id": user_id }));
    let matched: Matched = send_raw(transport, request, std::slice::from_ref(token)).await?;
    Ok(matched.button)
}
