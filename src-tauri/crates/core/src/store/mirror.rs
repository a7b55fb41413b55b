//! The rows that the engine, the listener and the window ask for all the time, in memory.
//!
//! Owns copies only; the file is the truth. Invariant: [`Mirror::apply`] is called by the commit queue alone, after a
//! commit, in commit order.

use std::collections::HashMap;
use std::sync::{Arc, RwLock, RwLockReadGuard};

use rusqlite::Connection;

use super::index::Index;
use super::tables::{account, credential, inbox, platform, scene_code};
use account::AccountRow;
use credential::{CredentialKind, CredentialRow};
use platform::PlatformRow;

use crate::dto::JsTicketKind;

/// One change of the mirror.
#[derive(Debug, Clone)]
pub enum Patch {
    /// A platform was saved.
    Platform(Arc<PlatformRow>),
    /// A platform went, and with it its accounts and credentials.
    RemovePlatform(i64),
    /// A credential was saved.
    Credential(Arc<CredentialRow>),
    /// An account was saved.
    Account(Arc<AccountRow>),
    /// A parametric QR code was made, or forgotten.
    SceneCode {
        /// Platform row id.
        platform_id: i64,
        /// Hash of account and ticket.
        ticket_hash: i64,
        /// The code's row id; none for a forgotten one.
        code_id: Option<i64>,
    },
}

#[derive(Debug, Default)]
struct Rows {
    platforms: HashMap<i64, Arc<PlatformRow>>,
    platform_by_appid: HashMap<String, i64>,
    credentials: HashMap<i64, Arc<CredentialRow>>,
    component_credential: HashMap<i64, i64>,
    accounts: HashMap<i64, Arc<AccountRow>>,
    account_by_appid: HashMap<(i64, String), i64>,
    account_credential: HashMap<i64, i64>,
    tickets: HashMap<(i64, JsTicketKind), i64>,
    /// Parametric QR codes by platform and hash of account and ticket: all that a push is looked up by.
    scene_codes: HashMap<(i64, i64), i64>,
    index: Index,
}

/// Rows in memory. Reading never waits for a commit.
#[derive(Debug)]
pub struct Mirror {
    rows: RwLock<Rows>,
    /// Recent dedupe keys of messages; see [`inbox::Seen`].
    pub(super) seen: std::sync::Mutex<inbox::Seen>,
}

impl Mirror {
    pub(super) fn load(connection: &Connection) -> Result<Self, rusqlite::Error> {
        let mut rows = Rows::default();
        for row in platform::load_all(connection)? {
            rows.put_platform(Arc::new(row));
        }
        // Credentials first, so that each account is put in order once.
        for row in credential::load_all(connection)? {
            rows.put_credential(Arc::new(row));
        }
        for row in account::load_all(connection)? {
            rows.put_account(Arc::new(row));
        }
        for (platform_id, ticket_hash, code_id) in scene_code::load_tickets(connection)? {
            rows.scene_codes.insert((platform_id, ticket_hash), code_id);
        }
        let seen = inbox::Seen::load(connection)?;
        Ok(Self { rows: RwLock::new(rows), seen: std::sync::Mutex::new(seen) })
    }

    pub(super) fn apply(&self, patches: Vec<Patch>) {
        if patches.is_empty() {
            return;
        }
        let mut rows = self.rows.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        for patch in patches {
            match patch {
                Patch::Platform(row) => rows.put_platform(row),
                Patch::RemovePlatform(id) => rows.remove_platform(id),
                Patch::Credential(row) => rows.put_credential(row),
                Patch::Account(row) => rows.put_account(row),
                Patch::SceneCode { platform_id, ticket_hash, code_id: Some(id) } => {
                    rows.scene_codes.insert((platform_id, ticket_hash), id);
                }
                Patch::SceneCode { platform_id, ticket_hash, code_id: None } => {
                    rows.scene_codes.remove(&(platform_id, ticket_hash));
                }
            }
        }
    }

    fn rows(&self) -> RwLockReadGuard<'_, Rows> {
        // A poisoned lock means a panic while patching; the maps are still whole (every patch is one insert).
        self.rows.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A platform by its appid.
    #[must_use]
    pub fn platform_by_appid(&self, component_appid: &str) -> Option<Arc<PlatformRow>> {
        let rows = self.rows();
        rows.platforms.get(rows.platform_by_appid.get(component_appid)?).cloned()
    }

    /// A platform by row id.
    #[must_use]
    pub fn platform(&self, id: i64) -> Option<Arc<PlatformRow>> {
        self.rows().platforms.get(&id).cloned()
    }

    /// All third-party platforms, oldest first.
    #[must_use]
    pub fn platforms(&self) -> Vec<Arc<PlatformRow>> {
        let mut all = self.connections();
        all.retain(|p| p.own.is_none());
        all
    }

    /// Third-party platforms and accounts that are connected with their own AppSecret, oldest first.
    #[must_use]
    pub fn connections(&self) -> Vec<Arc<PlatformRow>> {
        let mut all: Vec<_> = self.rows().platforms.values().cloned().collect();
        all.sort_by_key(|p| p.id);
        all
    }

    /// A credential by row id.
    #[must_use]
    pub fn credential(&self, id: i64) -> Option<Arc<CredentialRow>> {
        self.rows().credentials.get(&id).cloned()
    }

    /// All credentials, in no order.
    #[must_use]
    pub fn credentials(&self) -> Vec<Arc<CredentialRow>> {
        self.rows().credentials.values().cloned().collect()
    }

    /// The component token's credential of a platform.
    #[must_use]
    pub fn component_credential(&self, platform_id: i64) -> Option<Arc<CredentialRow>> {
        let rows = self.rows();
        rows.credentials.get(rows.component_credential.get(&platform_id)?).cloned()
    }

    /// The credential of an account.
    #[must_use]
    pub fn account_credential(&self, account_id: i64) -> Option<Arc<CredentialRow>> {
        let rows = self.rows();
        rows.credentials.get(rows.account_credential.get(&account_id)?).cloned()
    }

    /// The credential of one of an account's JS-SDK tickets.
    #[must_use]
    pub fn ticket_credential(&self, account_id: i64, kind: JsTicketKind) -> Option<Arc<CredentialRow>> {
        let rows = self.rows();
        rows.credentials.get(rows.tickets.get(&(account_id, kind))?).cloned()
    }

    /// The row id of a parametric QR code by the hash of its account and ticket.
    #[must_use]
    pub fn scene_code(&self, platform_id: i64, ticket_hash: i64) -> Option<i64> {
        self.rows().scene_codes.get(&(platform_id, ticket_hash)).copied()
    }

    /// An account by row id.
    #[must_use]
    pub fn account(&self, id: i64) -> Option<Arc<AccountRow>> {
        self.rows().accounts.get(&id).cloned()
    }

    /// Row ids of all accounts, in no order. Cheap beside [`Mirror::accounts`], for walks that hold nobody up.
    #[must_use]
    pub fn account_ids(&self) -> Vec<i64> {
        self.rows().accounts.keys().copied().collect()
    }

    /// An account by platform row id and appid.
    #[must_use]
    pub fn account_by_appid(&self, platform_id: i64, appid: &str) -> Option<Arc<AccountRow>> {
        let rows = self.rows();
        rows.accounts.get(rows.account_by_appid.get(&(platform_id, appid.to_owned()))?).cloned()
    }

    /// All accounts with their credentials, in no order.
    #[must_use]
    pub fn accounts(&self) -> Vec<(Arc<AccountRow>, Option<Arc<CredentialRow>>)> {
        let rows = self.rows();
        rows.accounts
            .values()
            .map(|a| (a.clone(), rows.account_credential.get(&a.id).and_then(|id| rows.credentials.get(id)).cloned()))
            .collect()
    }

    /// Accounts with their credentials, of these row ids and in their order; what went meanwhile is left out.
    #[must_use]
    pub fn accounts_by_id(&self, ids: &[i64]) -> Vec<(Arc<AccountRow>, Option<Arc<CredentialRow>>)> {
        let rows = self.rows();
        let of = |id: &i64| rows.account_credential.get(id).and_then(|id| rows.credentials.get(id)).cloned();
        ids.iter().filter_map(|id| Some((rows.accounts.get(id)?.clone(), of(id)))).collect()
    }

    /// Asks the index of accounts.
    #[must_use]
    pub fn index<T>(&self, ask: impl FnOnce(&Index) -> T) -> T {
        ask(&self.rows().index)
    }

    /// Credentials of one platform's accounts, by row id.
    #[must_use]
    pub fn credential_ids_of(&self, platform_id: i64) -> Vec<i64> {
        self.rows().credentials.values().filter(|c| c.platform_id == platform_id).map(|c| c.id).collect()
    }
}

impl Rows {
    fn put_platform(&mut self, row: Arc<PlatformRow>) {
        self.platform_by_appid.insert(row.component_appid.clone(), row.id);
        self.platforms.insert(row.id, row);
    }

    fn put_credential(&mut self, row: Arc<CredentialRow>) {
        match (row.account_id, row.kind) {
            (Some(account), CredentialKind::JsTicket(kind)) => {
                self.tickets.insert((account, kind), row.id);
            }
            (Some(account), CredentialKind::Token) => {
                self.account_credential.insert(account, row.id);
                if let Some(account) = self.accounts.get(&account) {
                    self.index.put(account, Some(&row));
                }
            }
            (None, _) => {
                self.component_credential.insert(row.platform_id, row.id);
            }
        }
        self.credentials.insert(row.id, row);
    }

    fn put_account(&mut self, row: Arc<AccountRow>) {
        self.account_by_appid.insert((row.platform_id, row.appid.clone()), row.id);
        let credential = self.account_credential.get(&row.id).and_then(|id| self.credentials.get(id));
        self.index.put(&row, credential.map(AsRef::as_ref));
        self.accounts.insert(row.id, row);
    }

    fn remove_platform(&mut self, id: i64) {
        if let Some(row) = self.platforms.remove(&id) {
            self.platform_by_appid.remove(&row.component_appid);
        }
        self.component_credential.remove(&id);
        self.scene_codes.retain(|(platform, _), _| *platform != id);
        self.credentials.retain(|_, c| c.platform_id != id);
        self.account_by_appid.retain(|(platform, _), _| *platform != id);
        let gone: Vec<i64> = self.accounts.values().filter(|a| a.platform_id == id).map(|a| a.id).collect();
        for account in gone {
            self.accounts.remove(&account);
            self.index.remove(account);
            self.account_credential.remove(&account);
            self.tickets.retain(|(of, _), _| *of != account);
        }
    }
}
