//! Typed calls to WeChat over a [`Transport`].
//!
//! Owns: building each request, telling an answer from a refusal, and the typed answer.
//! Must not: retry, cache, or know the time.
//! Invariant: one call is one request; secrets enter and leave only as [`SecretString`], and no error repeats one.

pub mod account;
pub mod authorizer;
pub mod component;
pub mod customer;
pub mod diagnostics;
pub mod js_sdk;
pub mod media;
pub mod menu;
pub mod mini_program;
pub mod oauth;
pub mod option;
pub mod qr_code;
pub mod template;
pub mod user;

pub use account::{account_token, stable_token};
pub use authorizer::{
    AuthorizationInfo, AuthorizerGrant, AuthorizerInfo, AuthorizerList, AuthorizerListItem, FuncScope,
    authorizer_token, get_authorizer_info, get_authorizer_list, query_auth,
};
pub use component::{PreAuthCode, TokenGrant, component_token, create_preauthcode, start_push_ticket};
pub use diagnostics::{
    CallbackCheck, QuotaInfo, RidInfo, callback_check, clear_component_quota_v2, clear_quota, clear_quota_v2,
    get_api_domain_ip, get_callback_ip, quota_clear, quota_get, rid_get,
};
pub use option::{
    get_authorizer_option, get_authorizer_option_legacy, set_authorizer_option, set_authorizer_option_legacy,
};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroize;

use crate::error::{ApiError, CallError};
use crate::secret::SecretString;
use crate::transport::{ApiRequest, ApiResponse, Host, Method, Transport};

/// Large enough for every token call, so that a body with secrets is not copied while it grows.
const BODY_CAPACITY: usize = 2048;

/// One call under construction. Remembers which of its values are secret, to keep them out of error texts.
pub(crate) struct Call {
    request: ApiRequest,
    secrets: Vec<SecretString>,
    json: Option<Vec<u8>>,
}

impl Call {
    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::Get, path, None)
    }

    /// A POST whose body is a JSON object, filled with [`Call::field`] and [`Call::secret_field`].
    pub(crate) fn post(path: &str) -> Self {
        let mut json = Vec::with_capacity(BODY_CAPACITY);
        json.push(b'{');
        Self::new(Method::Post, path, Some(json))
    }

    /// A POST of a ready-made JSON document, as raw UTF-8 because `\uXXXX` escapes are refused (40033).
    pub(crate) fn post_value(path: &str, body: &serde_json::Value) -> Self {
        let mut call = Self::new(Method::Post, path, None);
        call.request.body = Some(body.to_string().into_bytes());
        call
    }

    /// A POST of a body of another kind than JSON.
    pub(crate) fn upload(path: &str, (content_type, body): (String, Vec<u8>)) -> Self {
        let mut call = Self::new(Method::Post, path, None);
        call.request.content_type = Some(content_type);
        call.request.body = Some(body);
        call
    }

    fn new(method: Method, path: &str, json: Option<Vec<u8>>) -> Self {
        let request = ApiRequest {
            method,
            host: Host::Api,
            path: path.to_owned(),
            query: Vec::new(),
            body: None,
            content_type: None,
        };
        Self { request, secrets: Vec::new(), json }
    }

    /// A token in the query.
    pub(crate) fn token(self, name: &str, token: &SecretString) -> Self {
        self.secret_query(name, token)
    }

    pub(crate) fn secret_query(mut self, name: &str, value: &SecretString) -> Self {
        self.secrets.push(value.clone());
        self.request.query.push((name.to_owned(), value.clone()));
        self
    }

    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.request.query.push((name.to_owned(), SecretString::from(value)));
        self
    }

    pub(crate) fn field(mut self, name: &str, value: impl Serialize) -> Self {
        if let Some(json) = &mut self.json {
            if json.len() > 1 {
                json.push(b',');
            }
            push_json(json, name);
            json.push(b':');
            push_json(json, value);
        }
        self
    }

    pub(crate) fn secret_field(mut self, name: &str, value: &SecretString) -> Self {
        self.secrets.push(value.clone());
        self.field(name, value.expose())
    }

    /// Sends and reads the answer as `T`.
    pub(crate) async fn send<T: DeserializeOwned>(mut self, transport: &dyn Transport) -> Result<T, CallError> {
        self.close();
        send_raw(transport, self.request, &self.secrets).await
    }

    /// Sends and hands over whatever came with status 200, with the values to keep out of error texts.
    pub(crate) async fn send_for_bytes(
        mut self,
        transport: &dyn Transport,
    ) -> Result<(ApiResponse, Vec<SecretString>), CallError> {
        self.close();
        let response = transport.send(self.request).await?;
        if response.status == 200 {
            Ok((response, self.secrets))
        } else {
            Err(CallError::Http { status: response.status })
        }
    }

    fn close(&mut self) {
        if let Some(mut json) = self.json.take() {
            json.push(b'}');
            self.request.body = Some(json);
        }
    }
}

fn push_json(json: &mut Vec<u8>, value: impl Serialize) {
    // Texts, numbers, booleans and ready-made values always serialize into memory; the fallback keeps the body JSON.
    let start = json.len();
    if serde_json::to_writer(&mut *json, &value).is_err() {
        json.truncate(start);
        json.extend_from_slice(b"null");
    }
}

/// Sends a finished request and reads the answer as `T`; `secrets` are kept out of the error.
pub(crate) async fn send_raw<T: DeserializeOwned>(
    transport: &dyn Transport,
    request: ApiRequest,
    secrets: &[SecretString],
) -> Result<T, CallError> {
    let mut response = transport.send(request).await?;
    let result = if response.status == 200 {
        read_answer(&response.body, secrets)
    } else {
        Err(CallError::Http { status: response.status })
    };
    // Answers hold tokens; what was needed of them is in a Secret by now.
    response.body.zeroize();
    result
}

/// Tells a refusal from an answer and reads the answer.
///
/// # Errors
/// [`CallError::Api`] for a non-zero `errcode`, [`CallError::BadBody`] for anything that is not `T`.
pub fn read_answer<T: DeserializeOwned>(body: &[u8], secrets: &[SecretString]) -> Result<T, CallError> {
    #[derive(Deserialize)]
    struct Refusal<'a> {
        #[serde(default, deserialize_with = "number")]
        errcode: Option<i64>,
        #[serde(borrow, default)]
        errmsg: Option<std::borrow::Cow<'a, str>>,
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let refusal: Refusal<'_> = serde_json::from_slice(body).map_err(|e| bad_body(&e))?;
    match refusal.errcode {
        None | Some(0) => serde_json::from_slice(body).map_err(|e| bad_body(&e)),
        Some(code) => Err(ApiError::new(code, refusal.errmsg.as_deref().unwrap_or_default(), secrets).into()),
    }
}

/// serde_json quotes the offending value in its messages, so only the kind and the place are kept.
fn bad_body(error: &serde_json::Error) -> CallError {
    let kind = match error.classify() {
        serde_json::error::Category::Data => "an expected member is missing or has another type",
        serde_json::error::Category::Eof => "the JSON ends early",
        _ => "not JSON",
    };
    CallError::BadBody(format!("{kind} (line {}, column {})", error.line(), error.column()))
}

/// An integer that may come as a number or as a text.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    struct Visitor;
    impl serde::de::Visitor<'_> for Visitor {
        type Value = Option<i64>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an integer, or a text that holds one")
        }

        fn visit_i64<E: serde::de::Error>(self, v: i64) -> Result<Self::Value, E> {
            Ok(Some(v))
        }

        fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<Self::Value, E> {
            i64::try_from(v).map(Some).map_err(|_| E::custom("out of range"))
        }

        fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<Self::Value, E> {
            // 7200.0 is what some gateways make of 7200; beyond 2^53 a float is not an exact integer any more.
            if v.fract() == 0.0 && v.abs() < 9_007_199_254_740_992.0 {
                Ok(Some(v as i64))
            } else {
                Err(E::custom("not an integer"))
            }
        }

        fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<Self::Value, E> {
            let v = v.trim();
            if v.is_empty() { Ok(None) } else { v.parse().map(Some).map_err(|_| E::custom("not an integer")) }
        }

        fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(Visitor)
}

/// A text that may be absent or `null`; empty then.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::<String>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A text that may be absent, `null` or empty, none of which says anything.
pub(crate) fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}

/// A list that may be absent or `null`; empty then.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Option::<Vec<T>>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A text that an answer is useless without: an id or address that is empty would look like a success.
pub(crate) fn required(text: Option<String>, name: &str) -> Result<String, CallError> {
    text.filter(|text| !text.is_empty()).ok_or_else(|| CallError::BadBody(format!("{name} is empty or missing")))
}

/// WeChat answers an empty string where it has nothing to give; that must never replace a stored secret.
pub(crate) fn non_empty(secret: Option<SecretString>) -> Option<SecretString> {
    secret.filter(|s| !s.is_empty())
}

/// A token and its life, or why the answer is no use. A token of zero length or life would look like a success.
pub(crate) fn grant(token: Option<SecretString>, expires_in: Option<i64>) -> Result<TokenGrant, CallError> {
    let token = non_empty(token).ok_or_else(|| CallError::BadBody("the token is empty or missing".to_owned()))?;
    let expires_in = expires_in
        .filter(|s| *s > 0)
        .ok_or_else(|| CallError::BadBody("expires_in is missing or not positive".to_owned()))?;
    Ok(TokenGrant { token, expires_in })
}

/// An answer of which only "not a refusal" matters.
#[derive(Deserialize)]
pub(crate) struct Done {}

#[cfg(test)]
mod tests;
