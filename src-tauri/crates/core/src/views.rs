//! From rows to documents. Reads the mirror and the policy; writes nothing, holds no secret.

use std::collections::HashMap;
use std::sync::Arc;

use crate::core::Core;
use crate::dto::{
    Account, AccountCounts, AccountKind, AccountState, Bilingual, CallbackUrls, Connection, PermissionSet, Platform,
    PlatformStatus, ReasonCode, SecretHints, TicketView, TokenState, TokenView,
};
use crate::engine::facts;
use crate::policy::{self, Decision};
use crate::store::tables::account::AccountRow;
use crate::store::tables::credential::CredentialRow;
use crate::store::tables::platform::PlatformRow;
use crate::validate::host_of;

pub(crate) fn token(core: &Core, row: Option<&CredentialRow>, now: i64) -> TokenView {
    let Some(row) = row else {
        return TokenView {
            state: TokenState::Missing,
            obtained_at: None,
            expires_at: None,
            next_refresh_at: None,
            generation: 0,
            in_flight: false,
            needs_operator: false,
            reason_code: ReasonCode::NoToken,
            reason: ReasonCode::NoToken.text().into(),
            last_error: None,
        };
    };
    let facts = facts(core, row, now);
    let decision = policy::decide(&facts, now);
    let live = row.token.is_some() && facts.expires_at > now;
    let reason = decision.reason();
    let waiting = matches!(
        reason,
        ReasonCode::TicketMissing
            | ReasonCode::TicketRejected
            | ReasonCode::ParentMissing
            | ReasonCode::AccountTokenMissing
    );
    let state = if !facts.authorized {
        TokenState::Missing
    } else if waiting && !live {
        TokenState::Waiting
    } else if row.failures > 0 {
        TokenState::Failing
    } else if row.token.is_none() {
        TokenState::Missing
    } else if !live {
        TokenState::Expired
    } else if now >= policy::renew_at(&facts) {
        TokenState::Expiring
    } else {
        TokenState::Valid
    };
    TokenView {
        state,
        obtained_at: row.obtained_at,
        expires_at: row.expires_at,
        next_refresh_at: decision.next_at(now),
        generation: row.generation,
        in_flight: core.engine().memory().in_flight.contains(&row.id),
        // A cancelled authorization or a removed account is a state, not something to mend.
        needs_operator: matches!(decision, Decision::NeedsOperator { .. }) && facts.authorized && !facts.removed,
        reason_code: reason,
        reason: reason.text().to_owned(),
        last_error: row.failure.clone(),
    }
}

pub(crate) fn ticket(row: &PlatformRow, now: i64) -> TicketView {
    let received_at = row.ticket.as_ref().map(|t| t.received_at);
    TicketView { state: policy::ticket_state(received_at, now), received_at, recent: row.ticket_recent.clone() }
}

pub(crate) use crate::store::index::state_of;

pub(crate) fn account(
    core: &Core,
    platform: &PlatformRow,
    row: &AccountRow,
    credential: Option<&CredentialRow>,
    now: i64,
) -> Account {
    Account {
        appid: row.appid.clone(),
        component_appid: platform.component_appid.clone(),
        connection: if row.own { Connection::OwnSecret } else { Connection::Authorized },
        kind: row.kind.unwrap_or(AccountKind::Unknown),
        nick_name: row.nick_name.clone(),
        user_name: row.user_name.clone(),
        principal_name: row.principal_name.clone(),
        state: state_of(row, credential),
        tenant: row.tenant.clone(),
        scopes: row.scopes.clone(),
        authorized_at: row.authorized_at,
        has_avatar: row.has_avatar,
        note: row.note.clone(),
        tags: row.tags.clone(),
        removed_at: row.removed_at,
        unauthorized_at: (row.unauthorized_at > 0).then_some(row.unauthorized_at),
        token: token(core, credential, now),
    }
}

pub(crate) type AccountWithCredential = (Arc<AccountRow>, Option<Arc<CredentialRow>>);

/// Accounts that are shown, with their credentials, by platform row id.
pub(crate) fn accounts_by_platform(core: &Core) -> HashMap<i64, Vec<AccountWithCredential>> {
    let mut all: HashMap<i64, Vec<AccountWithCredential>> = HashMap::new();
    for pair in core.store().mirror().accounts() {
        if !pair.0.is_known() || pair.0.removed_at.is_some() {
            continue;
        }
        all.entry(pair.0.platform_id).or_default().push(pair);
    }
    all
}

pub(crate) fn counts<'a>(accounts: impl IntoIterator<Item = &'a AccountWithCredential>) -> AccountCounts {
    let mut counts = AccountCounts::default();
    for (account, credential) in accounts {
        counts.total += 1;
        match state_of(account, credential.as_deref()) {
            AccountState::Authorized => counts.authorized += 1,
            AccountState::Failing => counts.failing += 1,
            AccountState::NeedsAuthorization => counts.needs_authorization += 1,
            AccountState::Unauthorized => counts.unauthorized += 1,
        }
    }
    counts
}

pub(crate) fn callback_urls(component_appid: &str, base: &str) -> CallbackUrls {
    let base = base.trim_end_matches('/');
    let domain = host_of(base).unwrap_or("").to_owned();
    CallbackUrls {
        authorize_domain: domain.clone(),
        event_url: format!("{base}/wechat/{component_appid}/event"),
        message_url: format!("{base}/wechat/{component_appid}/callback/$APPID$"),
        web_domain: domain,
    }
}

/// 服务器地址(URL) of an account that is connected with its own AppSecret.
pub(crate) fn server_url(appid: &str, base: &str) -> String {
    format!("{}/wechat/account/{appid}", base.trim_end_matches('/'))
}

/// The last four characters, so that a person can tell which value is stored.
pub(crate) fn hint(secret: &str) -> String {
    let tail: String = secret.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    if secret.chars().count() < 12 { "····".into() } else { format!("····{tail}") }
}

pub(crate) fn mask_proxy(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}://···@{}", &url[..scheme], &url[at + 1..]),
        _ => url.to_owned(),
    }
}

pub(crate) fn platform(core: &Core, row: &PlatformRow, now: i64) -> Platform {
    Platform {
        component_appid: row.component_appid.clone(),
        name: row.name.clone(),
        public_base_url: row.public_base_url.clone(),
        endpoints: row.endpoints.clone(),
        outbound_proxy: row.outbound_proxy.as_ref().map(|p| mask_proxy(p.expose())),
        has_previous_key: row.previous_encoding_aes_key.is_some(),
        previous_key_since: row.previous_key_since,
        previous_key_used_at: core.previous_key_used_at(row.id),
        secret_hints: SecretHints {
            component_appsecret: hint(row.component_appsecret.expose()),
            verify_token: hint(row.verify_token.expose()),
            encoding_aes_key: hint(row.encoding_aes_key.expose()),
        },
        sandbox: row.sandbox,
        callback_urls: callback_urls(&row.component_appid, &row.public_base_url),
        accounts: core.store().mirror().index(|i| i.counts(Some(row.id))),
        ticket: ticket(row, now),
        component_token: token(core, core.store().mirror().component_credential(row.id).as_deref(), now),
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

pub(crate) fn platform_status(core: &Core, row: &PlatformRow, now: i64) -> PlatformStatus {
    PlatformStatus {
        component_appid: row.component_appid.clone(),
        name: row.name.clone(),
        ticket: ticket(row, now),
        component_token: token(core, core.store().mirror().component_credential(row.id).as_deref(), now),
        accounts: core.store().mirror().index(|i| i.counts(Some(row.id))),
    }
}

/// A permission set by its number; unknown ones keep their number in the name.
pub(crate) fn permission(id: i64) -> PermissionSet {
    match u32::try_from(id).ok().and_then(wechat::permission::permission_set) {
        Some(set) => known_permission(set),
        None => PermissionSet {
            id,
            name: Bilingual { zh: format!("未知权限集 ({id})"), en: format!("Unknown permission set ({id})") },
            exclusive: false,
            kind: None,
        },
    }
}

pub(crate) fn known_permission(set: &wechat::permission::PermissionSet) -> PermissionSet {
    PermissionSet {
        id: i64::from(set.id),
        name: Bilingual { zh: set.name_zh.to_owned(), en: set.name_en.to_owned() },
        exclusive: set.exclusive,
        kind: Some(match set.kind {
            wechat::permission::PermissionKind::Mini => AccountKind::MiniProgram,
            wechat::permission::PermissionKind::Official => AccountKind::OfficialAccount,
        }),
    }
}
