//! The default custom menu of an account: publish, read back, delete, and read what is live.
//!
//! Owns: the endpoints of F.1 that concern the default menu. Must not: validate; see [`crate::menu::validate`].
//! Invariant: a menu goes out as raw UTF-8, because `\uXXXX` escapes are refused (40033).

use serde_json::Value;

use super::{Done, send_raw};
use crate::error::CallError;
use crate::menu::{CurrentMenu, MenuAnswer};
use crate::secret::SecretString;
use crate::transport::{ApiRequest, Transport};

/// "menu no exist": an account without a menu made through the API.
pub const NO_MENU: i64 = 46003;

/// Publishes `menu` (`{"button": […]}`), replacing the whole default menu.
///
/// # Errors
/// Those of F.7 and the general ones.
pub async fn create(transport: &dyn Transport, token: &SecretString, menu: &Value) -> Result<(), CallError> {
    let request = ApiRequest::post("/cgi-bin/menu/create", menu.to_string().into_bytes())
        .with_query("access_token", token.clone());
    send_raw::<Done>(transport, request, std::slice::from_ref(token)).await.map(|_| ())
}

/// Reads the menus made through the API; `None` when there are none.
///
/// # Errors
/// The general ones.
pub async fn get(transport: &dyn Transport, token: &SecretString) -> Result<Option<MenuAnswer>, CallError> {
    let request = ApiRequest::get("/cgi-bin/menu/get").with_query("access_token", token.clone());
    match send_raw(transport, request, std::slice::from_ref(token)).await {
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
    let request = ApiRequest::get("/cgi-bin/menu/delete").with_query("access_token", token.clone());
    send_raw::<Done>(transport, request, std::slice::from_ref(token)).await.map(|_| ())
}

/// Reads what is live, however it was made (API or website).
///
/// # Errors
/// The general ones.
pub async fn current_selfmenu_info(transport: &dyn Transport, token: &SecretString) -> Result<CurrentMenu, CallError> {
    let request = ApiRequest::get("/cgi-bin/get_current_selfmenu_info").with_query("access_token", token.clone());
    send_raw(transport, request, std::slice::from_ref(token)).await
}
