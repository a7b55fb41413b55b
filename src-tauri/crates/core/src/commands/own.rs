//! Accounts that are connected with their own AppSecret: enter, change, remove, reveal, force, and what came to their
//! server URLs.

use std::sync::Arc;

use wechat::secret::SecretString;

use crate::core::Core;
use crate::dto::{
    AccountEventKind, AccountKind, Endpoints, ErrorCode, FieldError, ForcedRefreshes, MessageMode, OwnAccount,
    OwnAccountInput, OwnKind, OwnSecretField, OwnSecretHints, ReasonCode, RevealedSecret, TokenMode, TokenTaken,
    UrlVerification,
};
use crate::engine::{self, Wake};
use crate::error::AppError;
use crate::store::tables::account::{self, AccountRow};
use crate::store::tables::account_event::{self, Detail};
use crate::store::tables::credential::{self, CredentialRow};
use crate::store::tables::platform::{self, Own, PlatformRow};
use crate::validate::{self, StoredSecrets};
use crate::views;

/// Classic tokens that another program ended are counted so far back, ms.
const TAKEN_WITHIN: i64 = 7 * 24 * 3_600_000;

impl Core {
    pub(crate) fn own_row(&self, appid: &str) -> Result<(Arc<PlatformRow>, Own), AppError> {
        let row = self.store().mirror().platform_by_appid(appid);
        row.and_then(|row| row.own.map(|own| (row, own)))
            .ok_or_else(|| AppError::not_found("account with its own AppSecret", appid))
    }

    /// The account of an own connection with its credential; a website app has neither.
    fn own_account(&self, row: &PlatformRow) -> Option<(Arc<AccountRow>, Option<Arc<CredentialRow>>)> {
        let mirror = self.store().mirror();
        let account = mirror.account_by_appid(row.id, &row.component_appid)?;
        let credential = mirror.account_credential(account.id);
        Some((account, credential))
    }

    /// All of them, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_own_accounts(&self) -> Result<Vec<OwnAccount>, AppError> {
        let mut all = Vec::new();
        for row in self.store().mirror().connections() {
            if let Some(own) = row.own {
                all.push(self.own_view(&row, own).await?);
            }
        }
        Ok(all)
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn get_own_account(&self, appid: &str) -> Result<OwnAccount, AppError> {
        let (row, own) = self.own_row(appid)?;
        self.own_view(&row, own).await
    }

    async fn own_view(&self, row: &PlatformRow, own: Own) -> Result<OwnAccount, AppError> {
        let now = self.clock().now();
        let account = self.own_account(row);
        let (mut forced, mut taken) = (ForcedRefreshes { used: 0, limit: 0, next_at: None }, TokenTaken::default());
        if let Some((account, credential)) = &account {
            if let Some(credential) = credential.as_ref().filter(|_| own.token_mode == TokenMode::Stable) {
                forced = engine::own::forced(self, credential.id).await?;
            }
            let id = account.id;
            let read = self.store().read(move |c| Ok(account_event::taken(c, id, now - TAKEN_WITHIN)?));
            let (count, last_at) = read.await?;
            taken = TokenTaken { count, last_at };
        }
        let (verified_at, last_push_at) = self.verifications().times(row.id);
        let base = &row.public_base_url;
        let messages = !base.is_empty() && own.kind != OwnKind::WebsiteApp;
        let hint = |secret: &SecretString| {
            if secret.is_empty() { String::new() } else { views::hint(secret.expose()) }
        };
        Ok(OwnAccount {
            appid: row.component_appid.clone(),
            name: row.name.clone(),
            kind: own.kind,
            message_mode: own.message_mode,
            token_mode: own.token_mode,
            server_url: if messages { views::server_url(&row.component_appid, base) } else { String::new() },
            domain: validate::host_of(base).unwrap_or("").to_owned(),
            public_base_url: base.clone(),
            endpoints: row.endpoints.clone(),
            outbound_proxy: row.outbound_proxy.as_ref().map(|p| views::mask_proxy(p.expose())),
            secret_hints: OwnSecretHints {
                appsecret: hint(&row.component_appsecret),
                verify_token: hint(&row.verify_token),
                encoding_aes_key: hint(&row.encoding_aes_key),
            },
            has_previous_key: row.previous_encoding_aes_key.is_some(),
            sandbox: row.sandbox,
            forced,
            taken,
            last_push_at,
            verified_at,
            account: account.map(|(a, c)| views::account(self, row, &a, c.as_deref(), now)),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }

    /// Checks the rules and saves nothing.
    #[must_use]
    pub fn validate_own_account(&self, input: &OwnAccountInput) -> Vec<FieldError> {
        let existing = self.store().mirror().platform_by_appid(&input.appid);
        let own = existing.as_deref().filter(|row| row.own.is_some());
        let stored = own.map_or_else(StoredSecrets::default, |row| StoredSecrets {
            appsecret: !row.component_appsecret.is_empty(),
            verify_token: !row.verify_token.is_empty() && input.verify_token.is_none(),
            encoding_aes_key: !row.encoding_aes_key.is_empty() && input.encoding_aes_key.is_none(),
        });
        let mut errors = validate::own_account(input, settled(input, own.and_then(|row| row.own)), stored);
        if existing.is_some() && own.is_none() {
            errors.push(validate::connected_otherwise("appid", true));
        }
        let website = |kind| kind == OwnKind::WebsiteApp;
        let changes = |own: Own| input.kind.is_some_and(|kind| website(own.kind) != website(kind));
        if own.and_then(|row| row.own).is_some_and(changes) {
            errors.push(validate::error(
                "kind",
                "fixed",
                "cannot change between a website app and an account; remove it and connect it anew",
                "网站应用与公众号、小程序之间不能互改，请移除后重新接入",
            ));
        }
        errors
    }

    /// Adds or changes an account with its own AppSecret. Secrets that are left out stay as they are; a changed AES key
    /// is kept as the previous one. A new AppSecret is tried at once.
    ///
    /// # Errors
    /// `InvalidInput` naming fields and rules; the store's. Nothing is changed then.
    pub async fn save_own_account(&self, input: OwnAccountInput) -> Result<OwnAccount, AppError> {
        let errors = self.validate_own_account(&input);
        if !errors.is_empty() {
            return Err(AppError::invalid(errors));
        }
        let existing = self.store().mirror().platform_by_appid(&input.appid);
        let old = existing.as_deref();
        // In the sandbox an account that names no hosts is one of the sandbox's.
        let usual =
            || self.sandbox_url().filter(|_| self.is_sandbox()).map_or_else(Endpoints::default, Endpoints::all_at);
        let endpoints = input.endpoints.clone().or_else(|| old.map(|o| o.endpoints.clone())).unwrap_or_else(usual);
        self.stay_in_the_sandbox(&endpoints)?;
        let now = self.clock().now();
        let settled = settled(&input, old.and_then(|o| o.own));
        let settled = settled.ok_or_else(|| AppError::not_found("kind of account", &input.appid))?;
        let row = merged(&input, settled, old, endpoints, self.is_sandbox(), now);
        if row.outbound_proxy.is_some() {
            // Tried here, so that a bad one is an error of the form and not of the next call.
            crate::transport::client(row.outbound_proxy.as_ref())?;
        }
        let (appid, kind) = (row.component_appid.clone(), settled.kind);
        let new_secret = old.is_some_and(|o| o.component_appsecret != row.component_appsecret);
        let (id, credential) = self
            .store()
            .write(move |tx| {
                let id = platform::save(tx, &row)?;
                if kind == OwnKind::WebsiteApp {
                    return Ok((id, None));
                }
                let known = account::find(tx, id, &row.component_appid)?;
                let first = known.is_none();
                let mut account = known.unwrap_or_default();
                account.platform_id = id;
                account.appid.clone_from(&row.component_appid);
                account.own = true;
                account.kind = Some(match kind {
                    OwnKind::MiniProgram => AccountKind::MiniProgram,
                    _ => AccountKind::OfficialAccount,
                });
                account.nick_name.clone_from(&row.name);
                account.authorized = true;
                account.removed_at = None;
                if first {
                    account.authorized_at = now;
                    account.authorized_create_time = now / 1000;
                    // WeChat tells details of accounts that authorized only.
                    account.details_at = Some(now);
                }
                let account = account::save(tx, &account)?;
                if first {
                    account_event::add(tx, account.id, now, AccountEventKind::Connected, &Detail::default())?;
                }
                let mut held = credential::ensure(tx, id, Some(account.id))?;
                // What the operator changed may be what failed: try again soon, keep the token.
                held.forget_failure();
                credential::update(tx, &held)?;
                Ok((id, Some((held.id, held.generation))))
            })
            .await?;
        self.engine().memory().addresses.forget(id);
        self.changes().account(&appid);
        self.changes().tell(["platforms", "door", &format!("own:{appid}")]);
        if let Some((id, generation)) = credential {
            self.wake(Wake::Credential(id));
            if new_secret {
                // Tried now, while the operator is here and the old token still lives.
                let (answer, _) = tokio::sync::oneshot::channel();
                self.wake(Wake::Ask { id, generation, reason: ReasonCode::Requested, answer });
            }
        }
        self.get_own_account(&appid).await
    }

    /// Removes it for good, with its token, menu drafts and messages.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn remove_own_account(&self, appid: &str) -> Result<(), AppError> {
        let id = self.own_row(appid)?.0.id;
        self.store().write(move |tx| platform::remove(tx, id)).await?;
        self.verifications().forget(id);
        self.changes().account(appid);
        self.changes().tell(["platforms", "door", "oauth", "scene_codes", &format!("own:{appid}")]);
        self.wake(Wake::Platform(id));
        Ok(())
    }

    /// A stored secret, for a person who asks.
    ///
    /// # Errors
    /// `NotFound`, also for a secret that was never entered.
    pub fn reveal_own_secret(&self, appid: &str, field: OwnSecretField) -> Result<RevealedSecret, AppError> {
        let (row, _) = self.own_row(appid)?;
        let value = match field {
            OwnSecretField::Appsecret => Some(&row.component_appsecret),
            OwnSecretField::VerifyToken => Some(&row.verify_token),
            OwnSecretField::EncodingAesKey => Some(&row.encoding_aes_key),
            OwnSecretField::OutboundProxy => row.outbound_proxy.as_ref(),
        };
        let value = value.filter(|v| !v.is_empty()).ok_or_else(|| AppError::not_found("such a secret of", appid))?;
        Ok(RevealedSecret { value: value.expose().clone(), expires_at: None })
    }

    /// Forces a new stable token; the one before ends at once, everywhere.
    ///
    /// # Errors
    /// `InvalidInput` for a classic one, `Unavailable` when the day's or the half minute's limit is reached; WeChat's
    /// refusal.
    pub async fn force_own_token(&self, appid: &str) -> Result<OwnAccount, AppError> {
        let (row, own) = self.own_row(appid)?;
        if own.token_mode != TokenMode::Stable {
            return Err(AppError::invalid_field(
                "token_mode",
                "stable",
                "only a stable token can be forced; a classic one is new with every refresh",
                "只有稳定版令牌可以强制刷新；普通令牌每次刷新都是新的",
            ));
        }
        let credential = self.own_account(&row).and_then(|(_, credential)| credential);
        let credential =
            credential.ok_or_else(|| AppError::new(ErrorCode::NoToken, format!("{appid} has no token")))?;
        engine::own::force(self, credential.id).await?;
        self.changes().tell([&format!("own:{appid}")]);
        self.get_own_account(appid).await
    }

    /// URL verifications since the start, newest first.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn list_url_verifications(&self, appid: &str) -> Result<Vec<UrlVerification>, AppError> {
        Ok(self.verifications().list(self.own_row(appid)?.0.id))
    }
}

/// What the account will be; none when nobody said what it is.
fn settled(input: &OwnAccountInput, old: Option<Own>) -> Option<Own> {
    let kind = input.kind.or(old.map(|own| own.kind))?;
    // The page of a test account has no mode: its messages are plain.
    let usual = if kind == OwnKind::TestAccount { MessageMode::Plain } else { MessageMode::default() };
    Some(Own {
        kind,
        message_mode: input.message_mode.or(old.map(|own| own.message_mode)).unwrap_or(usual),
        token_mode: input.token_mode.or(old.map(|own| own.token_mode)).unwrap_or_default(),
    })
}

/// What is entered, over what is stored.
fn merged(
    input: &OwnAccountInput,
    own: Own,
    old: Option<&PlatformRow>,
    endpoints: Endpoints,
    sandbox: bool,
    now: i64,
) -> PlatformRow {
    let keep = |value: &Option<String>, old: Option<&SecretString>| {
        let given = value.as_deref().filter(|v| !v.is_empty()).map(SecretString::from);
        given.or_else(|| old.cloned()).unwrap_or_else(|| SecretString::from(""))
    };
    // An empty text takes these away: no messages are wanted any more.
    let keep_unless_empty = |value: &Option<String>, old: Option<&SecretString>| match value.as_deref() {
        Some("") => SecretString::from(""),
        _ => keep(value, old),
    };
    let key = keep_unless_empty(&input.encoding_aes_key, old.map(|o| &o.encoding_aes_key));
    let previous = match old {
        Some(old) if old.encoding_aes_key != key && !old.encoding_aes_key.is_empty() => {
            Some(old.encoding_aes_key.clone())
        }
        Some(old) => old.previous_encoding_aes_key.clone(),
        None => None,
    };
    let previous_key_since = match old {
        _ if previous.is_none() => None,
        Some(old) if old.previous_encoding_aes_key == previous => old.previous_key_since,
        _ => Some(now),
    };
    PlatformRow {
        id: old.map_or(0, |o| o.id),
        component_appid: input.appid.clone(),
        name: input
            .name
            .as_deref()
            .map_or_else(|| old.map_or(String::new(), |o| o.name.clone()), |n| n.trim().to_owned()),
        component_appsecret: keep(&input.appsecret, old.map(|o| &o.component_appsecret)),
        verify_token: keep_unless_empty(&input.verify_token, old.map(|o| &o.verify_token)),
        encoding_aes_key: key,
        previous_encoding_aes_key: previous,
        previous_key_since,
        public_base_url: match &input.public_base_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => old.map_or(String::new(), |o| o.public_base_url.clone()),
        },
        endpoints,
        outbound_proxy: match input.outbound_proxy.as_deref() {
            Some("") => None,
            Some(given) => Some(SecretString::from(given)),
            None => old.and_then(|o| o.outbound_proxy.clone()),
        },
        sandbox,
        own: Some(own),
        ticket: None,
        ticket_recent: Vec::new(),
        created_at: old.map_or(now, |o| o.created_at),
        // Also tells the runtime to be made anew; must grow even when two saves share a millisecond.
        updated_at: old.map_or(now, |o| now.max(o.updated_at + 1)),
    }
}
