//! What differs between WeChat's list and the accounts here. Reads the mirror only.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Kept, Listed};
use crate::core::Core;
use crate::dto::{Bilingual, ReconcileChange, ReconcileGroup, ReconcileItem};
use crate::store::tables::account::AccountRow;
use crate::store::tables::credential::CredentialRow;

/// Accounts of a group that a preview names.
const NAMED: usize = 1_000;

pub(super) fn run(core: &Core, mut kept: Kept) -> Kept {
    let mut here: HashMap<String, (Arc<AccountRow>, Option<Arc<CredentialRow>>)> = HashMap::new();
    for (account, credential) in core.store().mirror().accounts() {
        if account.platform_id == kept.platform_id && account.is_known() {
            here.insert(account.appid.clone(), (account, credential));
        }
    }
    let (mut missing, mut gone, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for (appid, listed) in &kept.list {
        let Some((account, credential)) = here.get(appid) else {
            missing.push(item(appid, None, Some(listed), None, words_missing(listed)));
            continue;
        };
        match difference(&kept, account, credential.as_deref(), listed) {
            Some(change) => {
                changed.push(item(appid, Some(account), Some(listed), Some(change), words_changed(change)));
            }
            None => kept.preview.unchanged += 1,
        }
    }
    if kept.preview.complete {
        for (appid, (account, credential)) in &here {
            if !kept.list.contains_key(appid) && account.authorized && !moved_on(&kept, appid, credential.as_deref()) {
                let words = Bilingual {
                    zh: "微信的授权列表中没有它，可能已取消授权".into(),
                    en: "not in WeChat's list; its owner may have cancelled".into(),
                };
                gone.push(item(appid, Some(account), None, None, words));
            }
        }
    }
    let names = |items: &[ReconcileItem]| items.iter().map(|i| i.appid.clone()).collect();
    kept.missing = names(&missing);
    kept.gone = names(&gone);
    kept.changed = names(&changed);
    kept.preview.missing_here = group(missing);
    kept.preview.gone_there = group(gone);
    kept.preview.changed = group(changed);
    kept
}

/// Its tokens changed since reading began, so what is here is newer than the list.
fn moved_on(kept: &Kept, appid: &str, credential: Option<&CredentialRow>) -> bool {
    kept.generations.get(appid) != Some(&credential.map_or(0, |c| c.generation))
}

fn difference(
    kept: &Kept,
    account: &AccountRow,
    credential: Option<&CredentialRow>,
    listed: &Listed,
) -> Option<ReconcileChange> {
    if moved_on(kept, &account.appid, credential) {
        return None;
    }
    if !account.authorized {
        return (account.unauthorized_at < kept.preview.read_at).then_some(ReconcileChange::AuthorizedAgain);
    }
    let theirs = listed.refresh_token.as_ref()?;
    match credential.and_then(|c| c.refresh_token.as_ref()) {
        None => Some(ReconcileChange::RefreshTokenMissing),
        Some(ours) if ours.expose() != theirs.expose() => Some(ReconcileChange::RefreshTokenDiffers),
        Some(_) => None,
    }
}

fn item(
    appid: &str,
    account: Option<&Arc<AccountRow>>,
    listed: Option<&Listed>,
    change: Option<ReconcileChange>,
    text: Bilingual,
) -> ReconcileItem {
    ReconcileItem {
        appid: appid.to_owned(),
        nick_name: account.map_or_else(String::new, |a| a.nick_name.clone()),
        removed: account.is_some_and(|a| a.removed_at.is_some()),
        tenant: account.and_then(|a| a.tenant.clone()),
        auth_time: listed.map(|l| l.auth_time.saturating_mul(1000)).filter(|at| *at > 0),
        change,
        text,
    }
}

fn group(mut items: Vec<ReconcileItem>) -> ReconcileGroup {
    items.sort_by(|a, b| a.appid.cmp(&b.appid));
    let total = i64::try_from(items.len()).unwrap_or(i64::MAX);
    items.truncate(NAMED);
    ReconcileGroup { total, items }
}

fn words_missing(listed: &Listed) -> Bilingual {
    if listed.refresh_token.is_some() {
        Bilingual {
            zh: "微信已授权，这里没有；可用其刷新令牌找回".into(),
            en: "authorized at WeChat and unknown here; its refresh token brings it back".into(),
        }
    } else {
        Bilingual {
            zh: "微信已授权，这里没有；它没有接口权限，微信不提供刷新令牌".into(),
            en: "authorized at WeChat and unknown here; it has no API permission, so there is no refresh token".into(),
        }
    }
}

fn words_changed(change: ReconcileChange) -> Bilingual {
    let (zh, en) = match change {
        ReconcileChange::RefreshTokenDiffers => {
            ("微信持有的刷新令牌与这里的不同", "WeChat holds another refresh token")
        }
        ReconcileChange::RefreshTokenMissing => {
            ("这里没有刷新令牌，微信有", "there is no refresh token here, WeChat has one")
        }
        ReconcileChange::AuthorizedAgain => ("这里已取消，微信显示已授权", "cancelled here, authorized at WeChat"),
    };
    Bilingual { zh: zh.into(), en: en.into() }
}
