//! The accounts that authorized the component: redeeming, refreshing, describing and listing them.
//!
//! Owns: C.4 to C.7 of the protocol, and tolerance for the older forms of their answers.
//! Must not: decide what becomes of a stored refresh token.
//! Invariant: an empty refresh token is `None`, and no refresh token stays in a raw JSON value.

use serde::Deserialize;
use serde_json::Value;

use super::{Call, grant, non_empty};
use crate::account::AccountKind;
use crate::error::CallError;
use crate::secret::SecretString;
use crate::transport::Transport;

/// The largest `count` of [`get_authorizer_list`]; more is refused with 40170.
pub const MAX_LIST_COUNT: u32 = 500;

/// What an authorization code was redeemed for, or what is authorized now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationInfo {
    /// The account.
    pub authorizer_appid: String,
    /// Only if the account itself may use the API.
    pub access_token: Option<SecretString>,
    /// Seconds; positive, and only beside an access token.
    pub expires_in: Option<i64>,
    /// Only if the account itself may use the API. Issuing it invalidated the one before.
    pub refresh_token: Option<SecretString>,
    /// The granted permission sets.
    pub func_info: Vec<FuncScope>,
}

/// One granted permission set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FuncScope {
    /// The set's number; see [`crate::permission`].
    pub id: u32,
    /// Its name, in newer answers.
    pub name: Option<String>,
    /// Its description, in newer answers.
    pub desc: Option<String>,
    /// Whether the set must be confirmed; absent where that does not apply.
    pub need_confirm: Option<bool>,
    /// Whether it was confirmed.
    pub already_confirm: Option<bool>,
    /// Whether it can be confirmed.
    pub can_confirm: Option<bool>,
}

/// A refreshed authorizer token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizerGrant {
    /// Never empty.
    pub token: SecretString,
    /// Seconds; positive.
    pub expires_in: i64,
    /// To be stored before anything else; `None` when the answer has none or an empty one, and then the old one stays.
    pub refresh_token: Option<SecretString>,
}

/// The description of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthorizerInfo {
    /// A mini program if the answer has `MiniProgramInfo`.
    pub kind: AccountKind,
    /// Display name.
    pub nick_name: String,
    /// URL of the portrait.
    pub head_img: Option<String>,
    /// See [`crate::account::service_type`].
    pub service_type: Option<i64>,
    /// See [`crate::account::verify_type`].
    pub verify_type: Option<i64>,
    /// The original id (`gh_…`).
    pub user_name: String,
    /// The owner (主体).
    pub principal_name: Option<String>,
    /// The WeChat id.
    pub alias: Option<String>,
    /// The account's own words.
    pub signature: Option<String>,
    /// URL of the account's QR code.
    pub qrcode_url: Option<String>,
    /// See [`crate::account::account_status`].
    pub account_status: Option<i64>,
    /// See [`crate::account::register_type`].
    pub register_type: Option<i64>,
    /// `business_info`: which functions are opened.
    pub business: Vec<(String, bool)>,
    /// `basic_config.is_phone_configured`.
    pub phone_configured: Option<bool>,
    /// `basic_config.is_email_configured`.
    pub email_configured: Option<bool>,
    /// Mini program only.
    pub mini_program: Option<MiniProgramInfo>,
    /// What is authorized; the answer has no access token.
    pub authorization: AuthorizationInfo,
    /// The whole answer without the refresh token, for members that this type does not know.
    pub raw: Value,
}

/// What only mini programs have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MiniProgramInfo {
    /// Domain lists by name (`RequestDomain`, …).
    pub network: Vec<(String, Vec<String>)>,
    /// First and second category.
    pub categories: Vec<(String, String)>,
    /// 0 is visible.
    pub visit_status: Option<i64>,
}

/// One page of the list of authorizers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizerList {
    /// How many there are in all.
    pub total: u64,
    /// This page.
    pub items: Vec<AuthorizerListItem>,
}

/// One authorizer of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizerListItem {
    /// The account.
    pub authorizer_appid: String,
    /// The current refresh token: the official way to get back a lost one.
    pub refresh_token: Option<SecretString>,
    /// Unix seconds.
    pub auth_time: Option<i64>,
}

/// Redeems an authorization code (使用授权码获取授权信息).
///
/// # Errors
/// 61009/61010 (code used or expired) and the general ones.
pub async fn query_auth(
    transport: &dyn Transport,
    component_token: &SecretString,
    component_appid: &str,
    authorization_code: &SecretString,
) -> Result<AuthorizationInfo, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        authorization_info: RawAuthorization,
    }
    let answer: Answer = Call::post("/cgi-bin/component/api_query_auth")
        .token("component_access_token", component_token)
        .field("component_appid", component_appid)
        .secret_field("authorization_code", authorization_code)
        .send(transport)
        .await?;
    answer.authorization_info.finish("")
}

/// Refreshes an authorizer's token (获取/刷新接口调用令牌).
///
/// # Errors
/// 61023 (refresh token), 61003 (no longer authorized), 40001/42001 (component token) and the general ones.
pub async fn authorizer_token(
    transport: &dyn Transport,
    component_token: &SecretString,
    component_appid: &str,
    authorizer_appid: &str,
    refresh_token: &SecretString,
) -> Result<AuthorizerGrant, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        authorizer_access_token: Option<SecretString>,
        #[serde(default, deserialize_with = "super::number")]
        expires_in: Option<i64>,
        authorizer_refresh_token: Option<SecretString>,
    }
    let answer: Answer = Call::post("/cgi-bin/component/api_authorizer_token")
        .token("component_access_token", component_token)
        .field("component_appid", component_appid)
        .field("authorizer_appid", authorizer_appid)
        .secret_field("authorizer_refresh_token", refresh_token)
        .send(transport)
        .await?;
    let token = grant(answer.authorizer_access_token, answer.expires_in)?;
    Ok(AuthorizerGrant {
        token: token.token,
        expires_in: token.expires_in,
        refresh_token: non_empty(answer.authorizer_refresh_token),
    })
}

/// Describes an account (获取授权账号详情).
///
/// # Errors
/// 61003 (not authorized) and the general ones.
pub async fn get_authorizer_info(
    transport: &dyn Transport,
    component_token: &SecretString,
    component_appid: &str,
    authorizer_appid: &str,
) -> Result<AuthorizerInfo, CallError> {
    let answer: Value = Call::post("/cgi-bin/component/api_get_authorizer_info")
        .token("component_access_token", component_token)
        .field("component_appid", component_appid)
        .field("authorizer_appid", authorizer_appid)
        .send(transport)
        .await?;
    read_authorizer_info(answer, authorizer_appid)
}

/// Lists authorizers (拉取已授权的账号信息). `count` is clamped to [`MAX_LIST_COUNT`].
///
/// # Errors
/// The general ones.
pub async fn get_authorizer_list(
    transport: &dyn Transport,
    component_token: &SecretString,
    component_appid: &str,
    offset: u32,
    count: u32,
) -> Result<AuthorizerList, CallError> {
    #[derive(Deserialize)]
    struct Item {
        authorizer_appid: String,
        refresh_token: Option<SecretString>,
        #[serde(default, deserialize_with = "super::number")]
        auth_time: Option<i64>,
    }
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, deserialize_with = "super::number")]
        total_count: Option<i64>,
        // `null` for an empty page.
        list: Option<Vec<Item>>,
    }
    let answer: Answer = Call::post("/cgi-bin/component/api_get_authorizer_list")
        .token("component_access_token", component_token)
        .field("component_appid", component_appid)
        .field("offset", offset)
        .field("count", count.min(MAX_LIST_COUNT))
        .send(transport)
        .await?;
    let items: Vec<AuthorizerListItem> = answer
        .list
        .unwrap_or_default()
        .into_iter()
        .map(|item| AuthorizerListItem {
            authorizer_appid: item.authorizer_appid,
            refresh_token: non_empty(item.refresh_token),
            auth_time: item.auth_time,
        })
        .collect();
    let total = answer.total_count.and_then(|n| u64::try_from(n).ok()).unwrap_or(items.len() as u64);
    Ok(AuthorizerList { total, items })
}

#[derive(Deserialize)]
struct RawAuthorization {
    authorizer_appid: Option<String>,
    // Two names from old answers.
    authorization_appid: Option<String>,
    appid: Option<String>,
    authorizer_access_token: Option<SecretString>,
    #[serde(default, deserialize_with = "super::number")]
    expires_in: Option<i64>,
    authorizer_refresh_token: Option<SecretString>,
    // Holds no secret, and its members vary too much for a type.
    #[serde(default)]
    func_info: Value,
}

impl RawAuthorization {
    fn finish(self, asked_for: &str) -> Result<AuthorizationInfo, CallError> {
        let authorizer_appid = [self.authorizer_appid, self.authorization_appid, self.appid]
            .into_iter()
            .flatten()
            .find(|appid| !appid.is_empty())
            .or_else(|| Some(asked_for.to_owned()).filter(|appid| !appid.is_empty()))
            .ok_or_else(|| CallError::BadBody("authorizer_appid is missing".to_owned()))?;
        let access_token = non_empty(self.authorizer_access_token);
        let expires_in = self.expires_in.filter(|s| *s > 0 && access_token.is_some());
        Ok(AuthorizationInfo {
            authorizer_appid,
            // Without a life a token cannot be scheduled: better to refresh it than to guess.
            access_token: access_token.filter(|_| expires_in.is_some()),
            expires_in,
            refresh_token: non_empty(self.authorizer_refresh_token),
            func_info: func_info(&self.func_info),
        })
    }
}

/// Reads `func_info`; entries without an id are skipped, unknown members are ignored.
fn func_info(value: &Value) -> Vec<FuncScope> {
    let flag = |v: &Value| v.as_bool().or_else(|| integer(v).map(|n| n != 0));
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let category = entry.get("funcscope_category")?;
            let confirm = entry.get("confirm_info");
            let confirm = |name: &str| confirm.and_then(|c| c.get(name)).and_then(flag);
            Some(FuncScope {
                id: category.get("id").and_then(integer).and_then(|id| u32::try_from(id).ok())?,
                name: filled(category, "name"),
                desc: filled(category, "desc"),
                need_confirm: confirm("need_confirm"),
                already_confirm: confirm("already_confirm"),
                can_confirm: confirm("can_confirm"),
            })
        })
        .collect()
}

fn read_authorizer_info(mut raw: Value, asked_for: &str) -> Result<AuthorizerInfo, CallError> {
    // Taken out, not copied: what stays in `raw` is shown and stored as it is.
    let mut take = |name: &str| -> Option<SecretString> {
        match raw.get_mut("authorization_info")?.as_object_mut()?.remove(name)? {
            Value::String(text) => non_empty(Some(SecretString::from(text))),
            _ => None,
        }
    };
    let refresh_token = take("authorizer_refresh_token");
    drop(take("authorizer_access_token"));
    let missing = |name: &str| CallError::BadBody(format!("{name} is missing"));
    let info = raw.get("authorizer_info").filter(|v| v.is_object()).ok_or_else(|| missing("authorizer_info"))?;
    let null = Value::Null;
    let grant = raw.get("authorization_info").unwrap_or(&null);
    let authorization = RawAuthorization {
        authorizer_appid: filled(grant, "authorizer_appid"),
        authorization_appid: filled(grant, "authorization_appid"),
        appid: filled(grant, "appid"),
        authorizer_access_token: None,
        expires_in: None,
        authorizer_refresh_token: refresh_token,
        func_info: grant.get("func_info").cloned().unwrap_or_default(),
    }
    .finish(asked_for)?;
    let id = |name: &str| info.get(name).and_then(|v| v.get("id").and_then(integer).or_else(|| integer(v)));
    let basic = info.get("basic_config");
    let basic = |name: &str| basic.and_then(|b| b.get(name)).and_then(Value::as_bool);
    let mini_program = info.get("MiniProgramInfo").filter(|v| v.is_object()).map(mini_program);
    Ok(AuthorizerInfo {
        kind: if mini_program.is_some() { AccountKind::MiniProgram } else { AccountKind::OfficialAccount },
        nick_name: filled(info, "nick_name").unwrap_or_default(),
        head_img: filled(info, "head_img"),
        service_type: id("service_type_info"),
        verify_type: id("verify_type_info"),
        user_name: filled(info, "user_name").unwrap_or_default(),
        principal_name: filled(info, "principal_name"),
        alias: filled(info, "alias"),
        signature: filled(info, "signature"),
        qrcode_url: filled(info, "qrcode_url").or_else(|| filled(&raw, "qrcode_url")),
        account_status: info.get("account_status").and_then(integer),
        register_type: info.get("register_type").and_then(integer),
        business: info
            .get("business_info")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, on)| (name.clone(), integer(on).is_some_and(|n| n != 0)))
            .collect(),
        phone_configured: basic("is_phone_configured"),
        email_configured: basic("is_email_configured"),
        mini_program,
        authorization,
        raw,
    })
}

fn mini_program(value: &Value) -> MiniProgramInfo {
    let texts =
        |list: &Value| list.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect();
    MiniProgramInfo {
        network: value
            .get("network")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, list)| (name.clone(), texts(list)))
            .collect(),
        categories: value
            .get("categories")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|c| (filled(c, "first").unwrap_or_default(), filled(c, "second").unwrap_or_default()))
            .collect(),
        visit_status: value.get("visit_status").and_then(integer),
    }
}

fn filled(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}
