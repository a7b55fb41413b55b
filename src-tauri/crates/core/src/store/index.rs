//! Accounts in the orders and under the names that people look for them by, in memory.
//!
//! Owned by the mirror and changed with it, one account at a time: a list of 100,000 accounts is walked in its order
//! and never sorted or copied. Invariant: an account stands in every order once, or in none.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::tables::account::AccountRow;
use super::tables::credential::CredentialRow;
use crate::dto::{AccountCounts, AccountKind, AccountSort, AccountState, Connection};
use crate::policy::FailureKind;

/// Where an account's authorization stands.
#[must_use]
pub fn state_of(account: &AccountRow, credential: Option<&CredentialRow>) -> AccountState {
    if !account.authorized {
        return AccountState::Unauthorized;
    }
    match credential {
        Some(c) if c.failure_kind == Some(FailureKind::NeedsAuthorization) => AccountState::NeedsAuthorization,
        Some(c) if c.failures > 0 => AccountState::Failing,
        _ => AccountState::Authorized,
    }
}

/// What to look for. The default finds every account that is not removed.
#[derive(Debug, Clone, Default)]
pub struct Find {
    /// Only this platform.
    pub platform_id: Option<i64>,
    /// Only this state.
    pub state: Option<AccountState>,
    /// Only this kind.
    pub kind: Option<AccountKind>,
    /// Only those that came this way.
    pub connection: Option<Connection>,
    /// Only this tenant; empty for none.
    pub tenant: Option<String>,
    /// Only with this tag.
    pub tag: Option<String>,
    /// Only removed ones.
    pub removed: bool,
    /// Words in lower case that must all occur.
    pub words: Vec<String>,
    /// Order.
    pub sort: AccountSort,
    /// The order turned round.
    pub descending: bool,
}

#[derive(Debug)]
struct Entry {
    row: Arc<AccountRow>,
    state: AccountState,
    expires_at: i64,
    name: Arc<str>,
    /// Everything that is searched, in lower case, the parts divided by line ends.
    text: Box<str>,
}

impl Entry {
    fn of(row: Arc<AccountRow>, credential: Option<&CredentialRow>) -> Self {
        let parts = [&row.nick_name, &row.appid, &row.user_name, &row.principal_name];
        let more = row.tenant.iter().chain(&row.tags);
        let mut text = String::new();
        for part in parts.into_iter().chain(more) {
            text.push_str(&part.to_lowercase());
            text.push('\n');
        }
        Self {
            state: state_of(&row, credential),
            expires_at: credential.and_then(|c| c.expires_at).unwrap_or(i64::MAX),
            name: row.nick_name.to_lowercase().into(),
            text: text.into(),
            row,
        }
    }

    fn is(&self, find: &Find) -> bool {
        find.removed == self.row.removed_at.is_some()
            && find.platform_id.is_none_or(|id| id == self.row.platform_id)
            && find.state.is_none_or(|state| state == self.state)
            && find.kind.is_none_or(|kind| kind == self.row.kind.unwrap_or(AccountKind::Unknown))
            && find.connection.is_none_or(|way| (way == Connection::OwnSecret) == self.row.own)
            && find.tenant.as_ref().is_none_or(|tenant| tenant == self.row.tenant.as_deref().unwrap_or(""))
            && find.tag.as_ref().is_none_or(|tag| self.row.tags.contains(tag))
            && find.words.iter().all(|word| self.text.contains(word.as_str()))
    }

    fn add_to(&self, counts: &mut AccountCounts, n: i64) {
        counts.total += n;
        *match self.state {
            AccountState::Authorized => &mut counts.authorized,
            AccountState::Failing => &mut counts.failing,
            AccountState::NeedsAuthorization => &mut counts.needs_authorization,
            AccountState::Unauthorized => &mut counts.unauthorized,
        } += n;
    }
}

/// Counts of one platform.
#[derive(Debug, Default)]
struct Sums {
    shown: AccountCounts,
    removed: i64,
    tenants: HashMap<String, AccountCounts>,
    tags: HashMap<String, i64>,
}

/// The orders.
#[derive(Debug, Default)]
pub struct Index {
    entries: HashMap<i64, Entry>,
    by_name: BTreeSet<(Arc<str>, i64)>,
    /// (minus the time, id): newest first is what a person wants to see after an authorization.
    by_authorized: BTreeSet<(i64, i64)>,
    by_expires: BTreeSet<(i64, i64)>,
    by_state: BTreeSet<(u8, i64)>,
    sums: BTreeMap<i64, Sums>,
}

impl Index {
    /// An account or its credential changed.
    pub(super) fn put(&mut self, row: &Arc<AccountRow>, credential: Option<&CredentialRow>) {
        if let Some(known) = self.entries.get(&row.id)
            && Arc::ptr_eq(&known.row, row)
            && known.state == state_of(row, credential)
        {
            // Most changes are of this sort: a new token.
            let (id, was, now) = (row.id, known.expires_at, credential.and_then(|c| c.expires_at).unwrap_or(i64::MAX));
            if was != now {
                self.by_expires.remove(&(was, id));
                self.by_expires.insert((now, id));
                if let Some(known) = self.entries.get_mut(&id) {
                    known.expires_at = now;
                }
            }
            return;
        }
        self.remove(row.id);
        if !row.is_known() {
            return;
        }
        let entry = Entry::of(row.clone(), credential);
        self.by_name.insert((entry.name.clone(), row.id));
        self.by_authorized.insert((-row.authorized_at, row.id));
        self.by_expires.insert((entry.expires_at, row.id));
        self.by_state.insert((entry.state as u8, row.id));
        self.sum(&entry, 1);
        self.entries.insert(row.id, entry);
    }

    /// An account went.
    pub(super) fn remove(&mut self, id: i64) {
        let Some(entry) = self.entries.remove(&id) else { return };
        self.by_name.remove(&(entry.name.clone(), id));
        self.by_authorized.remove(&(-entry.row.authorized_at, id));
        self.by_expires.remove(&(entry.expires_at, id));
        self.by_state.remove(&(entry.state as u8, id));
        self.sum(&entry, -1);
    }

    fn sum(&mut self, entry: &Entry, n: i64) {
        let sums = self.sums.entry(entry.row.platform_id).or_default();
        if entry.row.removed_at.is_some() {
            sums.removed += n;
            return;
        }
        entry.add_to(&mut sums.shown, n);
        if let Some(tenant) = &entry.row.tenant {
            entry.add_to(sums.tenants.entry(tenant.clone()).or_default(), n);
        }
        for tag in &entry.row.tags {
            *sums.tags.entry(tag.clone()).or_default() += n;
        }
    }

    fn sums(&self, platform_id: Option<i64>) -> impl Iterator<Item = &Sums> {
        self.sums.iter().filter(move |(id, _)| platform_id.is_none_or(|wanted| wanted == **id)).map(|(_, sums)| sums)
    }

    /// Accounts by state, of one platform or of all, without removed ones.
    #[must_use]
    pub fn counts(&self, platform_id: Option<i64>) -> AccountCounts {
        self.sums(platform_id).fold(AccountCounts::default(), |all, sums| plus(all, &sums.shown))
    }

    /// Accounts that are connected with their own AppSecret by state, without removed ones: each is alone in its sums.
    #[must_use]
    pub fn counts_own(&self) -> AccountCounts {
        let own = self.entries.values().filter(|e| e.row.own && e.row.removed_at.is_none());
        own.fold(AccountCounts::default(), |mut all, entry| {
            entry.add_to(&mut all, 1);
            all
        })
    }

    /// Removed accounts.
    #[must_use]
    pub fn removed(&self, platform_id: Option<i64>) -> i64 {
        self.sums(platform_id).map(|sums| sums.removed).sum()
    }

    /// Accounts of a tenant by state.
    #[must_use]
    pub fn tenant(&self, platform_id: Option<i64>, tenant: &str) -> AccountCounts {
        self.sums(platform_id).filter_map(|sums| sums.tenants.get(tenant)).fold(AccountCounts::default(), plus)
    }

    /// Accounts with each tag.
    #[must_use]
    pub fn tags(&self, platform_id: Option<i64>) -> BTreeMap<String, i64> {
        let mut all = BTreeMap::new();
        for (tag, count) in self.sums(platform_id).flat_map(|sums| &sums.tags).filter(|(_, count)| **count > 0) {
            *all.entry(tag.clone()).or_default() += *count;
        }
        all
    }

    /// Row ids of what matches from `offset` on, at most `limit`, and how many match in all.
    #[must_use]
    pub fn find(&self, find: &Find, offset: usize, limit: usize) -> (Vec<i64>, usize) {
        match find.sort {
            AccountSort::Name => self.walk(find, offset, limit, self.by_name.iter().map(|(_, id)| *id)),
            AccountSort::AuthorizedAt => self.walk(find, offset, limit, self.by_authorized.iter().map(|(_, id)| *id)),
            AccountSort::ExpiresAt => self.walk(find, offset, limit, self.by_expires.iter().map(|(_, id)| *id)),
            AccountSort::State => self.walk(find, offset, limit, self.by_state.iter().map(|(_, id)| *id)),
        }
    }

    fn walk(
        &self,
        find: &Find,
        offset: usize,
        limit: usize,
        order: impl DoubleEndedIterator<Item = i64>,
    ) -> (Vec<i64>, usize) {
        let mut ids = Vec::with_capacity(limit.min(1_000));
        let mut total = 0;
        let mut look = |id: i64| {
            if self.entries.get(&id).is_some_and(|entry| entry.is(find)) {
                if total >= offset && ids.len() < limit {
                    ids.push(id);
                }
                total += 1;
            }
        };
        if find.descending {
            order.rev().for_each(&mut look)
        } else {
            order.for_each(&mut look)
        }
        (ids, total)
    }
}

fn plus(mut all: AccountCounts, more: &AccountCounts) -> AccountCounts {
    all.total += more.total;
    all.authorized += more.authorized;
    all.failing += more.failing;
    all.needs_authorization += more.needs_authorization;
    all.unauthorized += more.unauthorized;
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, name: &str) -> Arc<AccountRow> {
        Arc::new(AccountRow {
            id,
            platform_id: id % 2,
            appid: format!("wx{id:016x}"),
            nick_name: name.into(),
            authorized: true,
            authorized_at: 1_000 + id,
            ..AccountRow::default()
        })
    }

    fn names(index: &Index, find: &Find) -> Vec<i64> {
        index.find(find, 0, 100).0
    }

    #[test]
    fn orders_filters_and_counts_follow_every_change() {
        let mut index = Index::default();
        for (id, name) in [(1, "Bakery"), (2, "apple"), (3, "花店"), (4, "cafe")] {
            index.put(&row(id, name), None);
        }
        let by = |sort| Find { sort, ..Find::default() };
        assert_eq!(names(&index, &by(AccountSort::AuthorizedAt)), [4, 3, 2, 1]);
        assert_eq!(names(&index, &by(AccountSort::Name)), [2, 1, 4, 3], "whatever the case");
        let turned = Find { descending: true, ..by(AccountSort::Name) };
        assert_eq!(names(&index, &turned), [3, 4, 1, 2]);

        let mut changed = (*row(1, "Bakery")).clone();
        changed.tenant = Some("North".into());
        changed.tags = vec!["vip".into()];
        let failing = CredentialRow { failures: 1, expires_at: Some(5), ..CredentialRow::default() };
        index.put(&Arc::new(changed.clone()), Some(&failing));
        let find = |index: &Index, change: &dyn Fn(&mut Find)| {
            let mut find = Find::default();
            change(&mut find);
            names(index, &find)
        };
        assert_eq!(find(&index, &|f| f.state = Some(AccountState::Failing)), [1]);
        assert_eq!(find(&index, &|f| f.tenant = Some("North".into())), [1]);
        assert_eq!(find(&index, &|f| f.tenant = Some(String::new())), [4, 3, 2]);
        assert_eq!(find(&index, &|f| f.tag = Some("vip".into())), [1]);
        assert_eq!(find(&index, &|f| f.words = vec!["nor".into(), "bak".into()]), [1]);
        assert_eq!(find(&index, &|f| f.words = vec!["花".into()]), [3]);
        assert_eq!(find(&index, &|f| f.platform_id = Some(0)), [4, 2]);
        assert_eq!(names(&index, &by(AccountSort::ExpiresAt))[0], 1);
        assert_eq!((index.counts(None).total, index.counts(Some(1)).failing), (4, 1));
        assert_eq!(index.tenant(None, "North").failing, 1);
        assert_eq!(index.tags(None).get("vip"), Some(&1));

        // A new token moves it in one order only.
        let row = Arc::new(changed);
        index.put(&row, Some(&failing));
        index.put(
            &row,
            Some(&CredentialRow { failures: 1, expires_at: Some(i64::MAX - 1), ..CredentialRow::default() }),
        );
        assert_eq!(names(&index, &by(AccountSort::ExpiresAt))[0], 1);
        let gone = Arc::new(AccountRow { removed_at: Some(9), ..(*row).clone() });
        index.put(&gone, Some(&failing));
        assert_eq!((index.counts(None).total, index.removed(None), index.removed(Some(0))), (3, 1, 0));
        assert_eq!(find(&index, &|f| f.removed = true), [1]);
        index.remove(1);
        assert_eq!((index.removed(None), index.tags(None).len(), index.by_name.len()), (0, 0, 3));
        assert_eq!(index.find(&Find::default(), 1, 1), (vec![3], 3));
    }
}
