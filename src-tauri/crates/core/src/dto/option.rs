//! Options of an account (选项设置).

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Bilingual, LastError};

/// An option by WeChat's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum OptionName {
    /// 地理位置上报.
    LocationReport,
    /// 语音识别.
    VoiceRecognize,
    /// 多客服.
    CustomerService,
}

/// The options of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountOptions {
    /// Platform.
    pub component_appid: String,
    /// Account.
    pub appid: String,
    /// When they were read, ms.
    pub at: i64,
    /// All options, also those that could not be read.
    pub items: Vec<AccountOption>,
}

/// One option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountOption {
    /// Name.
    pub name: OptionName,
    /// Name in words.
    pub label: Bilingual,
    /// What it does.
    pub hint: Bilingual,
    /// WeChat's value; null when it could not be read.
    pub value: Option<String>,
    /// The value in words; an unknown one carries itself.
    pub value_text: Bilingual,
    /// What it can be set to.
    pub choices: Vec<OptionChoice>,
    /// Why it could not be read.
    pub error: Option<LastError>,
}

/// A value of an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OptionChoice {
    /// WeChat's value.
    pub value: String,
    /// In words.
    pub text: Bilingual,
}
