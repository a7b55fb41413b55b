//! What is known of an account besides its row: pictures, domains, categories.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Bilingual;

/// Details that only the account's page shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountExtra {
    /// A QR code is known (`get_account_qr`).
    pub qr: bool,
    /// `register_type`, null when unknown.
    pub register_type: Option<i64>,
    /// The same in words.
    pub register_type_text: Bilingual,
    /// Functions of an official account.
    pub business: Vec<AccountBusiness>,
    /// Domains of a mini program; empty lists are left out.
    pub domains: Vec<AccountDomains>,
    /// Categories of a mini program.
    pub categories: Vec<AccountCategory>,
    /// `visit_status` of a mini program: 0 is visible.
    pub visit_status: Option<i64>,
    /// A phone number is set.
    pub phone_configured: Option<bool>,
    /// An email address is set.
    pub email_configured: Option<bool>,
    /// When details are fetched again by themselves, ms; null when they are not.
    pub next_details_at: Option<i64>,
}

/// A function of an official account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountBusiness {
    /// WeChat's name, such as `open_pay`.
    pub name: String,
    /// In words.
    pub label: Bilingual,
    /// Opened.
    pub open: bool,
}

/// A list of domains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountDomains {
    /// WeChat's name, such as `RequestDomain`.
    pub name: String,
    /// In words.
    pub label: Bilingual,
    /// The domains.
    pub domains: Vec<String>,
}

/// A category of a mini program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountCategory {
    /// First level.
    pub first: String,
    /// Second level.
    pub second: String,
}
