//! Options of an account: location report, voice recognition, customer service.
//!
//! WeChat's documentation contradicts itself about the token and the body of these calls (protocol C.8, open point 3):
//! the current form with the account's token is tried first, the form of 2019 with the platform's token after it.
//! Must not renew a token because the current form was refused: that may be the wrong kind of token, not a dead one.

use wechat::api;
use wechat::error::CallError;

use super::calls::code;
use crate::call_log;
use crate::core::Core;
use crate::dto::{
    AccountOption, AccountOptions, Bilingual, CallReason, ErrorCode, LastError, OptionChoice, OptionName,
};
use crate::engine::last_error;
use crate::error::AppError;
use crate::store::tables::account::AccountRow;

/// (value, Chinese, English).
type Choice = (&'static str, &'static str, &'static str);

const ON_OFF: &[Choice] = &[("0", "关闭", "Off"), ("1", "开启", "On")];
const LOCATION: &[Choice] =
    &[("0", "不上报", "Off"), ("1", "进入会话时上报", "On entering the chat"), ("2", "每 5 秒上报", "Every 5 seconds")];
const NAMES: [OptionName; 3] = [OptionName::LocationReport, OptionName::VoiceRecognize, OptionName::CustomerService];

fn choices(name: OptionName) -> &'static [Choice] {
    if name == OptionName::LocationReport { LOCATION } else { ON_OFF }
}

fn both(zh: &str, en: &str) -> Bilingual {
    Bilingual { zh: zh.to_owned(), en: en.to_owned() }
}

fn words(name: OptionName) -> (Bilingual, Bilingual) {
    match name {
        OptionName::LocationReport => (
            both("地理位置上报", "Location report"),
            both("用户同意后，公众号收到用户的位置事件。", "With the follower's consent, location events are pushed."),
        ),
        OptionName::VoiceRecognize => (
            both("语音识别", "Voice recognition"),
            both("语音消息带上识别出的文字。", "Voice messages carry the recognised text."),
        ),
        OptionName::CustomerService => (
            both("多客服", "Customer service"),
            both("消息可以转给微信的客服系统。", "Messages can be handed to WeChat's customer service."),
        ),
    }
}

fn view(name: OptionName, value: Result<String, LastError>) -> AccountOption {
    let (label, hint) = words(name);
    let known = choices(name);
    let value_text = match &value {
        Err(_) => Bilingual::default(),
        Ok(value) => match known.iter().find(|(v, ..)| v == value) {
            Some((_, zh, en)) => both(zh, en),
            None => both(&format!("未知 ({value})"), &format!("Unknown ({value})")),
        },
    };
    let (value, error) = match value {
        Ok(value) => (Some(value), None),
        Err(error) => (None, Some(error)),
    };
    let choices = known.iter().map(|(v, zh, en)| OptionChoice { value: (*v).to_owned(), text: both(zh, en) }).collect();
    AccountOption { name, label, hint, value, value_text, choices, error }
}

/// Whether the other form could do what this refusal says cannot be done.
fn other_form_may_help(error: &CallError) -> bool {
    match error {
        // About the option, the authorization, the address or the moment: the same in both forms.
        CallError::Api(e) => !matches!(e.code, -1 | 45009 | 45011 | 61003 | 61004 | 61012 | 61013 | 61025),
        CallError::Http { status } => matches!(status, 404 | 405),
        _ => false,
    }
}

/// Which form is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Current,
    Legacy,
}

impl Core {
    /// Reads an account's options from WeChat. One that cannot be read carries its error.
    ///
    /// # Errors
    /// `NotFound`; `NoToken` when there is no token of either kind.
    pub async fn get_account_options(&self, component_appid: &str, appid: &str) -> Result<AccountOptions, AppError> {
        let (platform, row) = self.find_account(Some(component_appid), appid)?;
        let mut items = Vec::with_capacity(NAMES.len());
        let mut form = Form::Current;
        for name in NAMES {
            let value = match self.call_option(&row, name, None, &mut form).await {
                Ok(value) => Ok(value),
                Err(e) => Err(refusal(e)?),
            };
            items.push(view(name, value));
        }
        Ok(AccountOptions {
            component_appid: platform.component_appid.clone(),
            appid: row.appid.clone(),
            at: self.clock().now(),
            items,
        })
    }

    /// Sets an option and reads it back.
    ///
    /// # Errors
    /// `InvalidInput` for a value that the option does not know, `NoToken`, or WeChat's refusal.
    pub async fn set_account_option(
        &self,
        component_appid: &str,
        appid: &str,
        name: OptionName,
        value: &str,
    ) -> Result<AccountOption, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        let known = choices(name);
        if !known.iter().any(|(v, ..)| *v == value) {
            let values: Vec<&str> = known.iter().map(|(v, ..)| *v).collect();
            let values = values.join(", ");
            return Err(AppError::invalid_field(
                "value",
                "choice",
                &format!("must be one of {values}"),
                &format!("应为 {values} 之一"),
            ));
        }
        let mut form = Form::Current;
        self.call_option(&row, name, Some(value), &mut form).await?;
        self.changes().tell([&format!("account:{appid}")]);
        let now = match self.call_option(&row, name, None, &mut form).await {
            Ok(value) => Ok(value),
            Err(e) => Err(refusal(e)?),
        };
        Ok(view(name, now))
    }

    /// Reads (`None`) or sets an option, in `form`, and in the other one if that may help; `form` is then the one that
    /// worked.
    async fn call_option(
        &self,
        row: &AccountRow,
        name: OptionName,
        set: Option<&str>,
        form: &mut Form,
    ) -> Result<String, AppError> {
        if *form == Form::Current {
            match self.call_form(row, name, set, Form::Current).await {
                Err(Failed::Call(e)) if other_form_may_help(&e) => {}
                // Without the account's token the platform's may do.
                Err(Failed::Before(e)) if e.code == ErrorCode::NoToken => {}
                done => return done.map_err(|e| e.words(self)),
            }
        }
        let answer = self.call_form(row, name, set, Form::Legacy).await.map_err(|e| e.words(self))?;
        *form = Form::Legacy;
        Ok(answer)
    }

    async fn call_form(
        &self,
        row: &AccountRow,
        name: OptionName,
        set: Option<&str>,
        form: Form,
    ) -> Result<String, Failed> {
        if row.own {
            let words = format!("{} authorized no platform; its options are set on mp.weixin.qq.com", row.appid);
            return Err(Failed::Before(AppError::new(ErrorCode::NotFound, words)));
        }
        let name = code(name);
        let runtime = self
            .runtime(row.platform_id)
            .ok_or_else(|| Failed::Before(AppError::not_found("platform of account", &row.appid)))?;
        let mirror = self.store().mirror();
        let credential = match form {
            Form::Current => mirror.account_credential(row.id),
            Form::Legacy => mirror.component_credential(row.platform_id),
        };
        let id = credential.ok_or_else(|| Failed::Before(AppError::not_found("credential of", &row.appid)))?.id;
        let live = self.live_credential(id).await.map_err(Failed::Before)?;
        let token = live.token.as_ref().ok_or_else(|| Failed::Before(AppError::not_found("token of", &row.appid)))?;
        let (transport, component) = (runtime.transport.as_ref(), runtime.row.component_appid.as_str());
        let call = async {
            match (form, set) {
                (Form::Current, None) => api::get_authorizer_option(transport, token, &name).await,
                (Form::Current, Some(value)) => {
                    api::set_authorizer_option(transport, token, &name, value).await.map(|()| value.to_owned())
                }
                (Form::Legacy, None) => {
                    api::get_authorizer_option_legacy(transport, token, component, &row.appid, &name).await
                }
                (Form::Legacy, Some(value)) => {
                    api::set_authorizer_option_legacy(transport, token, component, &row.appid, &name, value)
                        .await
                        .map(|()| value.to_owned())
                }
            }
        };
        call_log::because(CallReason::Options, Some(&row.appid), call).await.map_err(Failed::Call)
    }
}

/// Why a form did not do.
enum Failed {
    /// No call could be made.
    Before(AppError),
    /// WeChat or the network.
    Call(CallError),
}

impl Failed {
    fn words(self, core: &Core) -> AppError {
        match self {
            Self::Before(e) => e,
            Self::Call(e) => AppError::refused(last_error(&e, core.clock().now())),
        }
    }
}

/// The refusal of a call, or the error when there was no call.
pub(super) fn refusal(e: AppError) -> Result<LastError, AppError> {
    let is_call = matches!(e.code, ErrorCode::Refused | ErrorCode::Unavailable);
    match e.detail.as_ref().and_then(|d| d.refusal.clone()) {
        Some(refusal) if is_call => Ok(refusal),
        _ => Err(e),
    }
}
