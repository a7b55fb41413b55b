//! Template messages (模板消息) and the templates of an account.
//!
//! Owns: I.1 of the protocol. Must not: fill a template in.
//! Invariant: `msgid` is exact; it may be larger than a JSON number of 53 bits holds.

use serde::Deserialize;
use serde_json::Value;

use super::{Call, Done, required};
use crate::error::CallError;
use crate::secret::SecretString;
use crate::transport::Transport;

/// Sends `message` (`{"touser": …, "template_id": …, "data": …}`) and answers its `msgid`; whether it arrived comes
/// as the event `TEMPLATESENDJOBFINISH`.
///
/// # Errors
/// 40003 (openid), 40037 (template), 43004 (not a follower), 47003 (keyword) and the general ones.
pub async fn send_template(transport: &dyn Transport, token: &SecretString, message: &Value) -> Result<i64, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, deserialize_with = "super::number")]
        msgid: Option<i64>,
    }
    let answer: Answer = Call::post_value("/cgi-bin/message/template/send", message)
        .token("access_token", token)
        .send(transport)
        .await?;
    answer.msgid.ok_or_else(|| CallError::BadBody("msgid is missing".to_owned()))
}

/// A template of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Template {
    /// What a message names.
    pub template_id: String,
    /// Its title.
    #[serde(default, deserialize_with = "super::text")]
    pub title: String,
    /// First level of its industry.
    #[serde(default, deserialize_with = "super::text")]
    pub primary_industry: String,
    /// Second level of its industry.
    #[serde(default, deserialize_with = "super::text")]
    pub deputy_industry: String,
    /// Its text, with `{{keyword.DATA}}` where a message puts its values.
    #[serde(default, deserialize_with = "super::text")]
    pub content: String,
    /// A filled one.
    #[serde(default, deserialize_with = "super::text")]
    pub example: String,
}

/// Lists the templates of an account.
///
/// # Errors
/// The general ones.
pub async fn list_templates(transport: &dyn Transport, token: &SecretString) -> Result<Vec<Template>, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, deserialize_with = "super::list")]
        template_list: Vec<Template>,
    }
    let answer: Answer =
        Call::get("/cgi-bin/template/get_all_private_template").token("access_token", token).send(transport).await?;
    Ok(answer.template_list)
}

/// Takes a template out of WeChat's library by its short number and answers its `template_id` at this account.
///
/// # Errors
/// The general ones.
pub async fn add_template(
    transport: &dyn Transport,
    token: &SecretString,
    template_id_short: &str,
) -> Result<String, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        template_id: Option<String>,
    }
    let answer: Answer = Call::post("/cgi-bin/template/api_add_template")
        .token("access_token", token)
        .field("template_id_short", template_id_short)
        .send(transport)
        .await?;
    required(answer.template_id, "template_id")
}

/// Deletes a template of an account.
///
/// # Errors
/// 40037 (template) and the general ones.
pub async fn delete_template(
    transport: &dyn Transport,
    token: &SecretString,
    template_id: &str,
) -> Result<(), CallError> {
    Call::post("/cgi-bin/template/del_private_template")
        .token("access_token", token)
        .field("template_id", template_id)
        .send::<Done>(transport)
        .await
        .map(|_| ())
}

/// Reads the two industries of an account, as WeChat writes them.
///
/// # Errors
/// The general ones.
pub async fn get_industry(transport: &dyn Transport, token: &SecretString) -> Result<Value, CallError> {
    Call::get("/cgi-bin/template/get_industry").token("access_token", token).send(transport).await
}

/// Sets the two industries of an account, by WeChat's numbers for them.
///
/// # Errors
/// The general ones.
pub async fn set_industry(
    transport: &dyn Transport,
    token: &SecretString,
    industry_id1: &str,
    industry_id2: &str,
) -> Result<(), CallError> {
    Call::post("/cgi-bin/template/api_set_industry")
        .token("access_token", token)
        .field("industry_id1", industry_id1)
        .field("industry_id2", industry_id2)
        .send::<Done>(transport)
        .await
        .map(|_| ())
}
