//! The overview: the chain of every platform, and what needs a person.

use std::collections::{BTreeMap, HashMap};

use crate::core::Core;
use crate::dto::{
    Account, AccountState, Need, NeedAction, NeedCause, Overview, OwnChain, PlatformChain, ReasonCode, TokenState,
    TokenStateCount, TunnelState,
};
use crate::error::AppError;
use crate::policy::TICKET_LATE;
use crate::store::tables::platform::PlatformRow;
use crate::store::tables::{account_event, attempt, notice};
use crate::views::{self, AccountWithCredential};

/// Accounts that end soonest, shown on the overview.
const SOONEST: usize = 5;
/// Accounts named in a need.
const NAMED: usize = 5;
/// A platform that was just added is given so long for its first ticket before it needs a person, ms.
const FIRST_TICKET: i64 = 11 * 60_000;

impl Core {
    /// Everything the overview shows.
    ///
    /// # Errors
    /// The store's.
    pub async fn overview(&self) -> Result<Overview, AppError> {
        let now = self.clock().now();
        let (notices, hours) = self.store().read(move |c| Ok((notice::list(c)?, attempt::by_hour(c, now)?))).await?;
        let by_platform = views::accounts_by_platform(self);
        let door = self.door().view(crate::check::bases(self));
        let mut needs: Vec<Need> = notices
            .into_iter()
            .map(|n| Need {
                detail: Some(n.detail),
                since: Some(n.at),
                actions: vec![NeedAction::Dismiss],
                ..need(
                    &n.id,
                    if n.id == crate::listener::NOTICE { NeedCause::ListenerBack } else { NeedCause::StoreSetAside },
                )
            })
            .collect();
        if !door.listening {
            needs.push(Need {
                detail: door.error.clone(),
                actions: vec![NeedAction::RestartListener],
                ..need("listener_down", NeedCause::ListenerDown)
            });
        }
        for tunnel in door.tunnels.iter().filter(|t| t.reachable == Some(false)) {
            needs.push(Need {
                detail: Some(format!("{}: {}", tunnel.public_base_url, tunnel.error.clone().unwrap_or_default())),
                since: self.door().failing_since(&tunnel.public_base_url),
                actions: vec![NeedAction::CheckDoor],
                ..need(&format!("door:{}", tunnel.public_base_url), NeedCause::DoorUnreachable)
            });
        }
        tunnel_needs(&self.list_tunnels().await?, &mut needs);
        let mut platforms = Vec::new();
        for platform in self.store().mirror().platforms() {
            let accounts = by_platform.get(&platform.id).map_or(&[][..], Vec::as_slice);
            platform_needs(self, &platform, accounts, now, &mut needs);
            platforms.push(chain(self, &platform, accounts, now));
        }
        let own = own_chain(self, &by_platform, now, &mut needs).await?;
        Ok(Overview { time: now, needs, platforms, own, door, hours })
    }
}

fn tunnel_needs(tunnels: &[crate::dto::Tunnel], needs: &mut Vec<Need>) {
    for tunnel in tunnels {
        if tunnel.state == TunnelState::Failed {
            let words = tunnel.problem.as_ref().map(|p| format!("{}: {}", tunnel.name, p.text));
            needs.push(Need {
                detail: words.or_else(|| Some(tunnel.name.clone())),
                since: tunnel.state_since,
                actions: vec![NeedAction::ShowTunnels],
                ..need(&format!("tunnel:{}", tunnel.id), NeedCause::TunnelFailed)
            });
        }
        if let Some(change) = &tunnel.change {
            needs.push(Need {
                detail: Some(format!("{} → {}", change.old, change.new)),
                since: Some(change.at),
                count: i64::try_from(change.platforms.len()).unwrap_or(i64::MAX),
                actions: vec![NeedAction::ShowTunnels],
                ..need(&format!("tunnel_url:{}", tunnel.id), NeedCause::TunnelUrlChanged)
            });
        }
    }
}

fn need(id: &str, cause: NeedCause) -> Need {
    Need {
        id: id.to_owned(),
        cause,
        component_appid: None,
        own: false,
        platform_name: None,
        since: None,
        count: 0,
        appids: Vec::new(),
        error: None,
        detail: None,
        actions: Vec::new(),
    }
}

/// States of the live accounts' tokens, and the accounts whose tokens end soonest.
fn tokens_of(core: &Core, accounts: &[AccountWithCredential], now: i64) -> (Vec<TokenStateCount>, Vec<Account>) {
    let live: Vec<_> = accounts.iter().filter(|(a, _)| a.authorized).collect();
    let mut states: BTreeMap<TokenState, i64> = BTreeMap::new();
    for (_, credential) in &live {
        *states.entry(views::token(core, credential.as_deref(), now).state).or_default() += 1;
    }
    let mut soonest: Vec<_> = live.iter().filter(|(_, c)| c.as_ref().is_some_and(|c| c.expires_at.is_some())).collect();
    soonest.sort_by_key(|(_, c)| c.as_ref().and_then(|c| c.expires_at));
    let soonest = soonest.into_iter().take(SOONEST).filter_map(|(a, c)| {
        let platform = core.store().mirror().platform(a.platform_id)?;
        Some(views::account(core, &platform, a, c.as_deref(), now))
    });
    (states.into_iter().map(|(state, count)| TokenStateCount { state, count }).collect(), soonest.collect())
}

fn chain(core: &Core, platform: &PlatformRow, accounts: &[AccountWithCredential], now: i64) -> PlatformChain {
    let (token_states, soonest) = tokens_of(core, accounts, now);
    PlatformChain {
        component_appid: platform.component_appid.clone(),
        name: platform.name.clone(),
        ticket: views::ticket(platform, now),
        component_token: views::token(core, core.store().mirror().component_credential(platform.id).as_deref(), now),
        accounts: views::counts(accounts),
        token_states,
        soonest,
    }
}

/// A classic token that another program ended so lately needs a person, ms.
const TAKEN_LATELY: i64 = 24 * 3_600_000;

/// Accounts that are connected with their own AppSecret, as one station, and what they need.
async fn own_chain(
    core: &Core,
    by_platform: &HashMap<i64, Vec<AccountWithCredential>>,
    now: i64,
    needs: &mut Vec<Need>,
) -> Result<Option<OwnChain>, AppError> {
    let connections = core.store().mirror().connections();
    let own: Vec<i64> = connections.iter().filter(|p| p.own.is_some()).map(|p| p.id).collect();
    if own.is_empty() {
        return Ok(None);
    }
    let accounts: Vec<_> = own.iter().filter_map(|id| by_platform.get(id)).flatten().cloned().collect();
    let before = needs.len();
    let of = |cause: NeedCause| Need { own: true, ..need(&format!("{cause:?}:own"), cause) };
    account_needs(core, &accounts, now, &of, needs);
    let taken = core.store().read(move |c| Ok(account_event::taken_since(c, now - TAKEN_LATELY)?)).await?;
    let taken: Vec<_> =
        accounts.iter().filter_map(|(a, _)| taken.iter().find(|(id, _)| *id == a.id).map(|(_, at)| (a, *at))).collect();
    if let Some(last) = taken.iter().map(|(_, at)| *at).max() {
        needs.push(Need {
            since: Some(last),
            count: i64::try_from(taken.len()).unwrap_or(i64::MAX),
            appids: taken.iter().take(NAMED).map(|(a, _)| a.appid.clone()).collect(),
            actions: vec![NeedAction::EditPlatform, NeedAction::ShowAccounts],
            ..of(NeedCause::TokenTaken)
        });
    }
    for need in needs.iter_mut().skip(before) {
        // With one account its own form and its own test are the way; with several the list is.
        if let [only] = need.appids.as_slice() {
            need.component_appid = Some(only.clone());
            need.platform_name = accounts.iter().find(|(a, _)| a.appid == *only).map(|(a, _)| a.nick_name.clone());
        } else {
            need.actions.retain(|a| !matches!(a, NeedAction::EditPlatform | NeedAction::TestEgress));
        }
    }
    let (token_states, soonest) = tokens_of(core, &accounts, now);
    Ok(Some(OwnChain { accounts: views::counts(&accounts), token_states, soonest }))
}

fn platform_needs(
    core: &Core,
    platform: &PlatformRow,
    accounts: &[AccountWithCredential],
    now: i64,
    needs: &mut Vec<Need>,
) {
    let of = |cause: NeedCause| Need {
        component_appid: Some(platform.component_appid.clone()),
        platform_name: Some(platform.name.clone()),
        ..need(&format!("{cause:?}:{}", platform.component_appid), cause)
    };
    let component = core.store().mirror().component_credential(platform.id);
    let view = views::token(core, component.as_deref(), now);
    let failing_since = component.as_ref().and_then(|c| c.failing_since);
    match &platform.ticket {
        None if now - platform.created_at > FIRST_TICKET => needs.push(Need {
            since: Some(platform.created_at),
            actions: vec![NeedAction::ShowCallbackUrls, NeedAction::StartTicketPush],
            ..of(NeedCause::TicketNeverCame)
        }),
        Some(ticket) if now - ticket.received_at > TICKET_LATE => needs.push(Need {
            since: Some(ticket.received_at),
            error: view.last_error.clone().filter(|_| ticket.refused),
            actions: vec![NeedAction::StartTicketPush, NeedAction::CheckDoor, NeedAction::ShowCallbackUrls],
            ..of(NeedCause::TicketLate)
        }),
        _ => {}
    }
    let cause = match view.reason_code {
        ReasonCode::SecretInvalid => {
            Some((NeedCause::SecretInvalid, vec![NeedAction::EditPlatform, NeedAction::RefreshNow]))
        }
        ReasonCode::IpNotListed => Some((
            NeedCause::IpNotListed,
            vec![NeedAction::TestEgress, NeedAction::RefreshNow, NeedAction::EditPlatform],
        )),
        ReasonCode::QuotaExhausted => Some((NeedCause::QuotaExhausted, vec![NeedAction::RefreshNow])),
        ReasonCode::Refused | ReasonCode::TokenRejected => {
            Some((NeedCause::RefreshFailing, vec![NeedAction::RefreshNow, NeedAction::EditPlatform]))
        }
        // A few transient failures heal by themselves; a dead token does not wait.
        ReasonCode::BackingOff if view.expires_at.is_none_or(|at| at <= now) => {
            Some((NeedCause::RefreshFailing, vec![NeedAction::RefreshNow]))
        }
        _ => None,
    };
    if let Some((cause, actions)) = cause {
        needs.push(Need { since: failing_since, error: view.last_error.clone(), actions, ..of(cause) });
    }
    account_needs(core, accounts, now, &of, needs);
}

/// One entry a cause, not an account.
fn account_needs(
    core: &Core,
    accounts: &[AccountWithCredential],
    now: i64,
    of: &dyn Fn(NeedCause) -> Need,
    needs: &mut Vec<Need>,
) {
    let mut grouped: BTreeMap<u8, Need> = BTreeMap::new();
    for (account, credential) in accounts {
        let Some(credential) = credential else { continue };
        let (order, cause, actions) = match views::state_of(account, Some(credential)) {
            AccountState::NeedsAuthorization => {
                (1, NeedCause::NeedsAuthorization, vec![NeedAction::Reauthorize, NeedAction::ShowAccounts])
            }
            AccountState::Failing => {
                let view = views::token(core, Some(credential), now);
                match view.reason_code {
                    ReasonCode::QuotaExhausted => (2, NeedCause::QuotaExhausted, vec![NeedAction::ShowAccounts]),
                    ReasonCode::IpNotListed => (
                        3,
                        NeedCause::IpNotListed,
                        vec![NeedAction::TestEgress, NeedAction::RefreshNow, NeedAction::ShowAccounts],
                    ),
                    ReasonCode::SecretInvalid => {
                        (5, NeedCause::SecretInvalid, vec![NeedAction::EditPlatform, NeedAction::RefreshNow])
                    }
                    _ if view.needs_operator || view.expires_at.is_none_or(|at| at <= now) => {
                        (4, NeedCause::RefreshFailing, vec![NeedAction::ShowAccounts, NeedAction::RefreshNow])
                    }
                    _ => continue,
                }
            }
            _ => continue,
        };
        let entry = grouped.entry(order).or_insert_with(|| {
            let mut need = of(cause);
            need.id.push_str(":accounts");
            Need { actions, ..need }
        });
        entry.count += 1;
        entry.since = match (entry.since, credential.failing_since) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if entry.appids.len() < NAMED {
            entry.appids.push(account.appid.clone());
        }
        if entry.error.is_none() {
            entry.error.clone_from(&credential.failure);
        }
    }
    needs.extend(grouped.into_values());
}
