//! JS-SDK tickets, signatures of pages, and what is wrong with one.
//!
//! Must not: fetch a ticket by itself; its daily quota is small, and the engine makes at most one call for all who ask.

use std::sync::Arc;

use serde::Deserialize;
use wechat::api::js_sdk::{self as wire, SentConfig};
use wechat::secret::SecretString;

use crate::core::Core;
use crate::dto::{ErrorCode, JsTicket, JsTicketKind, PageCheck, PageConfig, PageSignature, ReasonCode, SignedPage};
use crate::engine::Wake;
use crate::error::AppError;
use crate::js_sdk;
use crate::store::tables::account::AccountRow;
use crate::store::tables::credential::{self, CredentialKind, CredentialRow};
use crate::views;

const KINDS: [JsTicketKind; 2] = [JsTicketKind::Jsapi, JsTicketKind::WxCard];
/// Tickets of other accounts that are tried with every variation of the URL; an exact match is looked for in all. Each
/// means some thousand hashes.
const OTHERS_IN_FULL: usize = 100;

#[derive(Deserialize)]
pub(super) struct TicketArgs {
    pub component_appid: String,
    pub appid: String,
    pub kind: JsTicketKind,
}
#[derive(Deserialize)]
pub(super) struct TicketSwitchArgs {
    pub component_appid: String,
    pub appid: String,
    pub kind: JsTicketKind,
    pub on: bool,
}
#[derive(Deserialize)]
pub(super) struct SignArgs {
    pub component_appid: String,
    pub appid: String,
    pub url: String,
    #[serde(default)]
    pub nonce_str: Option<String>,
    #[serde(default)]
    pub timestamp: Option<i64>,
}
#[derive(Deserialize)]
pub(super) struct CheckPageArgs {
    pub component_appid: String,
    pub appid: String,
    pub config: PageConfig,
}

impl Core {
    /// Both tickets of an account, also those that are off.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn list_js_tickets(&self, component_appid: &str, appid: &str) -> Result<Vec<JsTicket>, AppError> {
        let (_, account) = self.find_any_account(component_appid, appid)?;
        let now = self.clock().now();
        let view = |kind| {
            let row = self.store().mirror().ticket_credential(account.id, kind);
            JsTicket {
                kind,
                on: row.as_ref().is_some_and(|row| !row.off),
                ticket: views::token(self, row.as_deref(), now),
                used_at: row.and_then(|row| self.js_tickets_used().at(row.id)),
            }
        };
        Ok(KINDS.map(view).into())
    }

    /// Switches a ticket on, so that the engine fetches and renews it, or off: then it is kept and ends by itself.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn switch_js_ticket(
        &self,
        component_appid: &str,
        appid: &str,
        kind: JsTicketKind,
        on: bool,
    ) -> Result<Vec<JsTicket>, AppError> {
        let (_, account) = self.find_account(Some(component_appid), appid)?;
        self.put_ticket(&account, kind, on).await?;
        self.list_js_tickets(component_appid, appid)
    }

    /// Fetches a ticket now and waits for the attempt. WeChat may answer the one that is there.
    ///
    /// # Errors
    /// `Conflict` when it is off; WeChat's refusal, or why no call can be made. The old one stays.
    pub async fn refresh_js_ticket(
        &self,
        component_appid: &str,
        appid: &str,
        kind: JsTicketKind,
    ) -> Result<Vec<JsTicket>, AppError> {
        let (_, account) = self.find_account(Some(component_appid), appid)?;
        let row = self.store().mirror().ticket_credential(account.id, kind).filter(|row| !row.off);
        let row = row.ok_or_else(|| {
            AppError::new(ErrorCode::Conflict, format!("the {} ticket of {appid} is switched off", kind.text()))
        })?;
        self.parent_is_live(&account).await?;
        self.ask(row.id, ReasonCode::Requested).await?;
        self.list_js_tickets(component_appid, appid)
    }

    /// Signs a page for `wx.config`. A ticket that is off is switched on; one that is missing is waited for.
    ///
    /// # Errors
    /// `InvalidInput` naming `url`, `nonce_str` or `timestamp`; `NotFound`; `NoToken` when no ticket can be had.
    pub async fn sign_page(
        &self,
        component_appid: &str,
        appid: &str,
        url: &str,
        nonce_str: Option<&str>,
        timestamp: Option<i64>,
    ) -> Result<SignedPage, AppError> {
        let (_, account) = self.find_account(Some(component_appid), appid)?;
        let url = js_sdk::url(url)?;
        let nonce = js_sdk::nonce(nonce_str)?;
        let now = self.clock().now();
        let timestamp = timestamp.unwrap_or(now / 1000);
        if timestamp < 0 {
            return Err(AppError::invalid_field("timestamp", "range", "must be Unix seconds", "应为 Unix 秒数"));
        }
        let row = self.live_ticket(&account).await?;
        Ok(js_sdk::sign(&account.appid, &row, ticket_of(&row)?, &nonce, timestamp, url))
    }

    /// The same for the local API: no platform named means the only one that the account authorized.
    ///
    /// # Errors
    /// As [`Core::sign_page`].
    pub(crate) async fn page_signature(
        &self,
        platform: Option<&str>,
        appid: &str,
        url: &str,
    ) -> Result<PageSignature, AppError> {
        let (platform, account) = self.find_account(platform, appid)?;
        Ok(self.sign_page(&platform.component_appid, &account.appid, url, None, None).await?.config)
    }

    /// Tells whether WeChat would take what a page sent to `wx.config`, and if not, what differs.
    ///
    /// # Errors
    /// `InvalidInput` naming `url`, `nonce_str`, `timestamp` or `signature`; `NotFound`; `NoToken`.
    pub async fn check_page(
        &self,
        component_appid: &str,
        appid: &str,
        config: PageConfig,
    ) -> Result<PageCheck, AppError> {
        let (_, account) = self.find_account(Some(component_appid), appid)?;
        let url = js_sdk::url(&config.url)?.to_owned();
        let timestamp = checked_timestamp(&config)?;
        let row = self.live_ticket(&account).await?;
        let ours = js_sdk::sign(&account.appid, &row, ticket_of(&row)?, &config.nonce_str, timestamp, &url);
        let tickets = self.tickets_beside(&account, &row);
        // Some ten thousand hashes: not on a thread that answers others.
        tokio::task::spawn_blocking(move || compare(&config, timestamp, ours, &tickets))
            .await
            .map_err(|_| AppError::new(ErrorCode::Internal, "the comparison broke off"))
    }

    /// Own tickets, the present one first, and those of other accounts.
    fn tickets_beside(&self, account: &AccountRow, present: &CredentialRow) -> Tickets {
        let mut tickets = Tickets::default();
        let own = [&present.token, &present.previous_token];
        tickets.own.extend(own.into_iter().flatten().map(|ticket| (ticket.clone(), String::new())));
        let mirror = self.store().mirror();
        for row in mirror.credentials() {
            let of_jsapi = row.kind == CredentialKind::JsTicket(JsTicketKind::Jsapi) && row.id != present.id;
            let Some(other) = row.account_id.filter(|_| of_jsapi).and_then(|id| mirror.account(id)) else { continue };
            // The same account at another platform: its ticket is an older one of this account at worst.
            let list = if other.appid == account.appid { &mut tickets.own } else { &mut tickets.others };
            for ticket in [&row.token, &row.previous_token].into_iter().flatten() {
                list.push((ticket.clone(), other.appid.clone()));
            }
        }
        tickets
    }

    /// A live ticket for signing, switched on and waited for if need be.
    async fn live_ticket(&self, account: &AccountRow) -> Result<Arc<CredentialRow>, AppError> {
        if !account.authorized {
            return Err(AppError::new(ErrorCode::NoToken, ReasonCode::Unauthorized.text()));
        }
        let kind = JsTicketKind::Jsapi;
        let row = match self.store().mirror().ticket_credential(account.id, kind).filter(|row| !row.off) {
            Some(row) => row,
            None => self.put_ticket(account, kind, true).await?,
        };
        if !self.lasting(&row) {
            self.parent_is_live(account).await?;
        }
        let row = self
            .live_credential(row.id)
            .await
            .map_err(|e| AppError { message: e.message.replacen("no live token", "no live ticket", 1), ..e })?;
        self.js_tickets_used().note(row.id, self.clock().now());
        Ok(row)
    }

    /// A ticket hangs on the account's token: without one, whoever asks would only hear that it is missing.
    async fn parent_is_live(&self, account: &AccountRow) -> Result<(), AppError> {
        let token = self.store().mirror().account_credential(account.id);
        let token = token.ok_or_else(|| AppError::new(ErrorCode::NoToken, ReasonCode::AccountTokenMissing.text()))?;
        self.live_credential(token.id).await.map(|_| ())
    }

    async fn put_ticket(
        &self,
        account: &AccountRow,
        kind: JsTicketKind,
        on: bool,
    ) -> Result<Arc<CredentialRow>, AppError> {
        let (id, platform_id) = (account.id, account.platform_id);
        let row = self
            .store()
            .write(move |tx| {
                let mut row = credential::ensure_kind(tx, platform_id, Some(id), CredentialKind::JsTicket(kind))?;
                if row.off == on {
                    row.off = !on;
                    // Why it failed before it was switched off says nothing about now.
                    row.forget_failure();
                }
                credential::update(tx, &row)
            })
            .await?;
        self.changes().tell([&format!("js_tickets:{}", account.appid)]);
        self.wake(Wake::Credential(row.id));
        Ok(row)
    }
}

fn ticket_of(row: &CredentialRow) -> Result<&SecretString, AppError> {
    row.token.as_ref().ok_or_else(|| AppError::new(ErrorCode::NoToken, "there is no ticket"))
}

fn checked_timestamp(config: &PageConfig) -> Result<i64, AppError> {
    js_sdk::nonce(Some(config.nonce_str.as_str()))?;
    for (field, value) in [("nonce_str", &config.nonce_str), ("signature", &config.signature)] {
        if value.trim().is_empty() {
            return Err(AppError::invalid_field(field, "required", "is required", "必填"));
        }
    }
    config.timestamp.trim().parse::<i64>().ok().filter(|t| *t >= 0).ok_or_else(|| {
        AppError::invalid_field(
            "timestamp",
            "number",
            "must be the whole number that the page sent",
            "应为页面发送的整数时间戳",
        )
    })
}

/// Tickets with the appid they belong to.
#[derive(Default)]
struct Tickets {
    own: Vec<(SecretString, String)>,
    others: Vec<(SecretString, String)>,
}

fn compare(config: &PageConfig, timestamp: i64, ours: SignedPage, tickets: &Tickets) -> PageCheck {
    let appid = ours.config.app_id.clone();
    let signature = config.signature.trim();
    let sent = SentConfig {
        app_id: config.app_id.as_deref().map(str::trim).filter(|id| !id.is_empty()).unwrap_or(&appid),
        timestamp,
        nonce_str: &config.nonce_str,
        signature,
        url: None,
    };
    let own: Vec<(&SecretString, &str)> = tickets.own.iter().map(|(t, label)| (t, label.as_str())).collect();
    let with = |others: &[(&SecretString, &str)]| {
        let page = wire::SignedPage { appid: &appid, tickets: &own, other_tickets: others, url: &config.url };
        wire::compare_fully(&page, &sent)
    };
    let mut found = with(&[]);
    if found.fit.is_none() {
        let lower = signature.to_ascii_lowercase();
        let exact = tickets
            .others
            .iter()
            .find(|(ticket, _)| wire::signature(ticket, &config.nonce_str, timestamp, &config.url) == lower);
        let others: Vec<(&SecretString, &str)> = match exact {
            Some((ticket, appid)) => vec![(ticket, appid)],
            None => tickets.others.iter().take(OTHERS_IN_FULL).map(|(t, appid)| (t, appid.as_str())).collect(),
        };
        found = with(&others);
    }
    let ok = found.findings == [wire::JsSdkFinding::Matches];
    PageCheck { ok, findings: js_sdk::findings(&found, &sent, &ours), ours }
}
