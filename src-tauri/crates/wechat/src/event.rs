//! What WeChat pushes to the authorization-event URL (授权事件接收URL): tickets, authorizations, registrations.
//!
//! Owns: the typed form of every documented InfoType, and the key by which a repeated push is recognised.
//! Must not: decide what an event changes; unknown InfoTypes are kept as such, never refused.
//! Invariant: tickets and codes leave the parser only inside [`crate::Secret`].

use crate::secret::SecretString;
use crate::xml::{XmlError, XmlFields, XmlNode};

/// Below this, `AuthorizationCodeExpiredTime` is a duration in seconds, not a time: every example seen is an absolute
/// Unix time, but the documentation does not say so. 1 000 000 000 s is the year 2001.
const FIRST_ABSOLUTE_TIME: i64 = 1_000_000_000;
/// The life of an authorization code when the push does not say: the value in the documentation's callback example.
const DEFAULT_CODE_LIFE_S: i64 = 600;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentEvent {
    /// The component.
    pub app_id: String,
    /// When WeChat made the event, Unix seconds. The same in every repetition.
    pub create_time: i64,
    /// What happened.
    pub kind: ComponentEventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComponentEventKind {
    /// `component_verify_ticket`: pushed every 10 minutes, valid for 12 hours.
    VerifyTicket {
        /// Starts with `ticket@@@`.
        ticket: SecretString,
    },
    /// `authorized`.
    Authorized(Authorization),
    /// `updateauthorized`: the granted permission sets changed.
    UpdateAuthorized(Authorization),
    /// `unauthorized`: the administrator cancelled.
    Unauthorized {
        /// The account.
        authorizer_appid: String,
    },
    /// `notify_third_fasteregister` (快速注册企业小程序 / 个人小程序).
    FastRegister(FastRegister),
    /// `notify_third_fastregisterbetaapp` (创建试用小程序).
    FastRegisterBeta(FastRegister),
    /// `notify_third_fastverifybetaapp` (试用小程序快速认证).
    FastVerifyBeta(FastRegister),
    /// `notify_3rd_wxa_auth` (小程序认证任务).
    WxaAuth(WxaAuth),
    /// `notify_3rd_wxa_wxverify` (认证年审/过期提醒).
    WxaVerify {
        /// The mini program.
        appid: String,
        /// When its verification expires, Unix seconds.
        expired: Option<i64>,
        /// WeChat's words.
        message: Option<String>,
    },
    /// `notify_icpfiling_verify_result` (备案人脸核身).
    IcpFilingVerify {
        /// The verification task.
        task_id: Option<String>,
        /// The mini program.
        verify_appid: Option<String>,
        /// 2 failed, 3 succeeded.
        result: Option<i64>,
    },
    /// `notify_apply_icpfiling_result` (备案状态).
    IcpFilingResult {
        /// The mini program.
        authorizer_appid: Option<String>,
        /// The state of the filing.
        beian_status: Option<i64>,
    },
    /// `order_path_apply_result_notify` (批量申请订单页路径).
    OrderPathApply {
        /// One entry a mini program.
        items: Vec<OrderPathApplied>,
    },
    /// `order_path_audit_result_notify` (订单页路径审核).
    OrderPathAudit {
        /// One entry a mini program.
        items: Vec<OrderPathAudited>,
    },
    /// Anything else: to be stored raw and answered with `success`.
    Unknown {
        /// As pushed.
        info_type: String,
    },
}

/// A grant by an account's administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The account.
    pub authorizer_appid: String,
    /// To be redeemed once with `api_query_auth`; the browser callback carries the same.
    pub code: SecretString,
    /// Until when the code can be redeemed, absolute Unix seconds.
    pub code_expires_at: i64,
    /// The code of the link that was used: ties the grant to whoever opened that link.
    pub pre_auth_code: Option<SecretString>,
}

/// The outcome of a registration or verification task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FastRegister {
    /// The new mini program; absent on failure.
    pub appid: Option<String>,
    /// 0 is success; see [`fast_register_status`].
    pub status: i64,
    /// Goes straight to `api_query_auth`; absent on failure and in the two beta events.
    pub auth_code: Option<SecretString>,
    /// `OK` or a reason.
    pub msg: Option<String>,
    /// What had been applied for.
    pub info: FastRegisterInfo,
}

/// What had been applied for. Which members are there depends on the variant (company, personal, beta).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FastRegisterInfo {
    /// Company, or name of the trial mini program.
    pub name: Option<String>,
    /// Company code.
    pub code: Option<String>,
    /// 1 统一社会信用代码, 2 组织机构代码, 3 营业执照注册号.
    pub code_type: Option<i64>,
    /// Legal person's WeChat id.
    pub legal_persona_wechat: Option<String>,
    /// Legal person's name.
    pub legal_persona_name: Option<String>,
    /// The component's telephone number.
    pub component_phone: Option<String>,
    /// Personal variant: WeChat id.
    pub wxuser: Option<String>,
    /// Personal variant: name.
    pub idname: Option<String>,
    /// Beta variant: the id that the component gave.
    pub unique_id: Option<String>,
}

/// A mini program's verification task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WxaAuth {
    /// The mini program.
    pub appid: Option<String>,
    /// The task.
    pub task_id: Option<String>,
    /// Pushed at 0, 6, 9 and 12.
    pub task_status: Option<i64>,
    /// 2, 3, 4 or 5.
    pub apply_status: Option<i64>,
    /// WeChat's words.
    pub message: Option<String>,
    /// The reviewing agency.
    pub provider: Option<String>,
    /// The agency's contact.
    pub contact: Option<String>,
    /// When it was handed over, Unix seconds.
    pub dispatch_time: Option<i64>,
}

/// One mini program of a batch application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPathApplied {
    /// The mini program.
    pub appid: String,
    /// 0 is success; 1, -1 and -2 are failures.
    pub ret_code: Option<i64>,
}

/// One mini program of a batch audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPathAudited {
    /// The mini program.
    pub appid: String,
    /// The audit.
    pub audit_id: Option<String>,
    /// 4 is success.
    pub status: Option<i64>,
    /// Unix seconds.
    pub apply_time: Option<i64>,
    /// Unix seconds.
    pub audit_time: Option<i64>,
    /// Why it failed.
    pub reason: Option<String>,
}

/// Reads a decrypted event.
///
/// # Errors
/// A document that is not well formed, or that lacks `AppId`, `InfoType`, `CreateTime` or an element without which
/// the event means nothing.
pub fn parse_component_event(xml: &[u8]) -> Result<ComponentEvent, XmlError> {
    let fields = XmlFields::parse(xml)?;
    let app_id = fields.require("AppId")?.to_owned();
    let create_time = fields.number("CreateTime")?.ok_or(XmlError::Missing("CreateTime"))?;
    let info_type = fields.require("InfoType")?;
    let kind = match info_type {
        "component_verify_ticket" => {
            ComponentEventKind::VerifyTicket { ticket: fields.require("ComponentVerifyTicket")?.into() }
        }
        "authorized" => ComponentEventKind::Authorized(authorization(&fields, create_time)?),
        "updateauthorized" => ComponentEventKind::UpdateAuthorized(authorization(&fields, create_time)?),
        "unauthorized" => {
            ComponentEventKind::Unauthorized { authorizer_appid: fields.require("AuthorizerAppid")?.to_owned() }
        }
        "notify_third_fasteregister" => ComponentEventKind::FastRegister(fast_register(&fields)?),
        "notify_third_fastregisterbetaapp" => ComponentEventKind::FastRegisterBeta(fast_register(&fields)?),
        "notify_third_fastverifybetaapp" => ComponentEventKind::FastVerifyBeta(fast_register(&fields)?),
        "notify_3rd_wxa_auth" => {
            let dispatch = fields.child("dispatch_info");
            ComponentEventKind::WxaAuth(WxaAuth {
                appid: text(&fields, "appid"),
                task_id: text(&fields, "taskid"),
                task_status: fields.number("task_status")?,
                apply_status: fields.number("apply_status")?,
                message: text(&fields, "message"),
                provider: dispatch.and_then(|d| text(d, "provider")),
                contact: dispatch.and_then(|d| text(d, "contact")),
                dispatch_time: dispatch.map(|d| d.number("dispatch_time")).transpose()?.flatten(),
            })
        }
        "notify_3rd_wxa_wxverify" => ComponentEventKind::WxaVerify {
            appid: fields.require("appid")?.to_owned(),
            expired: fields.number("expired")?,
            message: text(&fields, "message"),
        },
        "notify_icpfiling_verify_result" => ComponentEventKind::IcpFilingVerify {
            task_id: text(&fields, "task_id"),
            verify_appid: text(&fields, "verify_appid"),
            result: fields.number("result")?,
        },
        "notify_apply_icpfiling_result" => ComponentEventKind::IcpFilingResult {
            authorizer_appid: text(&fields, "authorizer_appid"),
            beian_status: fields.number("beian_status")?,
        },
        "order_path_apply_result_notify" => ComponentEventKind::OrderPathApply {
            items: list_items(&fields)
                .map(|(appid, node)| Ok(OrderPathApplied { appid, ret_code: node.number("ret_code")? }))
                .collect::<Result<_, XmlError>>()?,
        },
        "order_path_audit_result_notify" => ComponentEventKind::OrderPathAudit {
            items: list_items(&fields)
                .map(|(appid, node)| {
                    Ok(OrderPathAudited {
                        appid,
                        audit_id: text(node, "audit_id"),
                        status: node.number("status")?,
                        apply_time: node.number("apply_time")?,
                        audit_time: node.number("audit_time")?,
                        reason: text(node, "reason"),
                    })
                })
                .collect::<Result<_, XmlError>>()?,
        },
        unknown => ComponentEventKind::Unknown { info_type: unknown.to_owned() },
    };
    Ok(ComponentEvent { app_id, create_time, kind })
}

fn text(node: &XmlNode<'_>, name: &str) -> Option<String> {
    node.get(name).map(str::to_owned)
}

fn authorization(fields: &XmlNode<'_>, create_time: i64) -> Result<Authorization, XmlError> {
    let stated = fields.number("AuthorizationCodeExpiredTime")?.unwrap_or(DEFAULT_CODE_LIFE_S);
    let code_expires_at = if stated < FIRST_ABSOLUTE_TIME { create_time.saturating_add(stated) } else { stated };
    Ok(Authorization {
        authorizer_appid: fields.require("AuthorizerAppid")?.to_owned(),
        code: fields.require("AuthorizationCode")?.into(),
        code_expires_at,
        pre_auth_code: fields.get("PreAuthCode").map(SecretString::from),
    })
}

fn fast_register(fields: &XmlNode<'_>) -> Result<FastRegister, XmlError> {
    let info = match fields.child("info") {
        Some(info) => FastRegisterInfo {
            name: text(info, "name"),
            code: text(info, "code"),
            code_type: info.number("code_type")?,
            legal_persona_wechat: text(info, "legal_persona_wechat"),
            legal_persona_name: text(info, "legal_persona_name"),
            component_phone: text(info, "component_phone"),
            wxuser: text(info, "wxuser"),
            idname: text(info, "idname"),
            unique_id: text(info, "unique_id"),
        },
        None => FastRegisterInfo::default(),
    };
    Ok(FastRegister {
        appid: text(fields, "appid"),
        status: fields.number("status")?.ok_or(XmlError::Missing("status"))?,
        auth_code: fields.get("auth_code").map(SecretString::from),
        msg: text(fields, "msg"),
        info,
    })
}

/// Entries of `list`, which is either repeated or holds its entries one level deeper: one source only, so take both.
fn list_items<'n, 'a>(fields: &'n XmlNode<'a>) -> impl Iterator<Item = (String, &'n XmlNode<'a>)> {
    fields.children().iter().filter(|node| node.name() == "list").flat_map(|list| {
        let entries: Vec<&XmlNode<'a>> =
            if list.child("appid").is_some() { vec![list] } else { list.children().iter().collect() };
        entries.into_iter().filter_map(|entry| entry.get("appid").map(|appid| (appid.to_owned(), entry)))
    })
}

impl ComponentEvent {
    /// The InfoType as pushed.
    pub fn info_type(&self) -> &str {
        match &self.kind {
            ComponentEventKind::VerifyTicket { .. } => "component_verify_ticket",
            ComponentEventKind::Authorized(_) => "authorized",
            ComponentEventKind::UpdateAuthorized(_) => "updateauthorized",
            ComponentEventKind::Unauthorized { .. } => "unauthorized",
            ComponentEventKind::FastRegister(_) => "notify_third_fasteregister",
            ComponentEventKind::FastRegisterBeta(_) => "notify_third_fastregisterbetaapp",
            ComponentEventKind::FastVerifyBeta(_) => "notify_third_fastverifybetaapp",
            ComponentEventKind::WxaAuth(_) => "notify_3rd_wxa_auth",
            ComponentEventKind::WxaVerify { .. } => "notify_3rd_wxa_wxverify",
            ComponentEventKind::IcpFilingVerify { .. } => "notify_icpfiling_verify_result",
            ComponentEventKind::IcpFilingResult { .. } => "notify_apply_icpfiling_result",
            ComponentEventKind::OrderPathApply { .. } => "order_path_apply_result_notify",
            ComponentEventKind::OrderPathAudit { .. } => "order_path_audit_result_notify",
            ComponentEventKind::Unknown { info_type } => info_type,
        }
    }

    /// The account or mini program that the event is about, if it names one.
    pub fn subject_appid(&self) -> Option<&str> {
        match &self.kind {
            ComponentEventKind::Authorized(a) | ComponentEventKind::UpdateAuthorized(a) => Some(&a.authorizer_appid),
            ComponentEventKind::Unauthorized { authorizer_appid } => Some(authorizer_appid),
            ComponentEventKind::FastRegister(r)
            | ComponentEventKind::FastRegisterBeta(r)
            | ComponentEventKind::FastVerifyBeta(r) => r.appid.as_deref(),
            ComponentEventKind::WxaAuth(task) => task.appid.as_deref(),
            ComponentEventKind::WxaVerify { appid, .. } => Some(appid),
            ComponentEventKind::IcpFilingVerify { verify_appid, .. } => verify_appid.as_deref(),
            ComponentEventKind::IcpFilingResult { authorizer_appid, .. } => authorizer_appid.as_deref(),
            ComponentEventKind::OrderPathApply { items } => items.first().map(|item| item.appid.as_str()),
            ComponentEventKind::OrderPathAudit { items } => items.first().map(|item| item.appid.as_str()),
            ComponentEventKind::VerifyTicket { .. } | ComponentEventKind::Unknown { .. } => None,
        }
    }

    /// Equal for every repetition of one push: `InfoType:CreateTime:appid`. These events have no MsgId.
    /// The appid is the account's, or empty for events about the component itself. Holds no secret.
    pub fn dedupe_key(&self) -> String {
        format!("{}:{}:{}", self.info_type(), self.create_time, self.subject_appid().unwrap_or_default())
    }
}

/// What a status of [`FastRegister`] means, as `(zh, en)`.
pub fn fast_register_status(status: i64) -> Option<(&'static str, &'static str)> {
    Some(match status {
        0 => ("成功", "success"),
        -1 => ("企业与法人姓名不一致", "company and legal person names do not match"),
        100_001 => (
            "24 小时内未确认模板消息，未完成身份核验",
            "the template message was not confirmed within 24 h, identity check not done",
        ),
        100_002 => ("24 小时内未确认，未完成人脸核验", "not confirmed within 24 h, face check not done"),
        100_003 => ("24 小时内未确认", "not confirmed within 24 h"),
        101 => ("企业已注销", "company deregistered"),
        102 => ("企业不存在或信息未更新", "company does not exist or its data is not updated yet"),
        103 => ("法人姓名不一致", "legal person name mismatch"),
        104 => ("法人身份证号码不一致", "legal person id number mismatch"),
        105 => (
            "法人身份证号码尚未在工商数据中更新，请 5–15 个工作日后重试",
            "legal person id not yet updated in the business registry; retry in 5 to 15 working days",
        ),
        1000 => ("企业或法人信息不一致", "company or legal person information mismatch"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
