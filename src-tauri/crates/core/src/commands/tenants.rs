//! Tenants (业务方/门店): make, rename, archive, count.

use crate::core::Core;
use crate::dto::{LinkState, Tenant};
use crate::error::AppError;
use crate::store::StoreError;
use crate::store::tables::tenant::{self, TenantRow};
use crate::store::tables::{account, link};

/// Longest name, characters.
const MAX_NAME: usize = 40;

/// A tenant's name without blanks around it.
///
/// # Errors
/// `InvalidInput`.
pub(super) fn checked_name(name: &str) -> Result<String, AppError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(AppError::invalid_field("tenant", "required", "is required", "必填"));
    }
    if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        let words = "must have at most 40 characters on one line";
        return Err(AppError::invalid_field("tenant", "length", words, "最多 40 个字，不能换行"));
    }
    Ok(name.to_owned())
}

fn taken(name: &str) -> AppError {
    let words = format!("there is one named {name} already");
    AppError::invalid_field("tenant", "unique", &words, "已有同名的业务方")
}

impl Core {
    /// Tenants by name, archived ones last, with the accounts of one platform or of all.
    ///
    /// # Errors
    /// `NotFound` for an unknown platform; the store's.
    pub async fn list_tenants(&self, component_appid: Option<&str>) -> Result<Vec<Tenant>, AppError> {
        let platform_id = component_appid.map(|c| self.platform_row(c).map(|p| p.id)).transpose()?;
        let (rows, links) = self.store().read(move |c| Ok((tenant::list(c)?, link::list(c, platform_id)?))).await?;
        let mut open = std::collections::HashMap::<String, i64>::new();
        for row in links {
            let usable =
                matches!(self.link_state(&row, false), LinkState::Waiting | LinkState::Opened | LinkState::Cancelled);
            if let Some(name) = row.tenant.filter(|_| usable) {
                *open.entry(name).or_default() += 1;
            }
        }
        let view = |row: TenantRow| Tenant {
            accounts: self.store().mirror().index(|i| i.tenant(platform_id, &row.name)),
            links: open.get(&row.name).copied().unwrap_or(0),
            name: row.name,
            created_at: row.created_at,
            archived_at: row.archived_at,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Makes a tenant.
    ///
    /// # Errors
    /// `InvalidInput` for a bad or taken name; the store's.
    pub async fn create_tenant(&self, name: &str) -> Result<Tenant, AppError> {
        let (name, now) = (checked_name(name)?, self.clock().now());
        let wanted = name.clone();
        self.store()
            .write(move |tx| {
                if tenant::get(tx, &wanted)?.is_some() {
                    return Err(StoreError::Refused(Box::new(taken(&wanted))));
                }
                tenant::ensure(tx, &wanted, now)
            })
            .await?;
        self.told_tenant(&name).await
    }

    /// Gives a tenant another name; its accounts and links follow.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` for a bad or taken name; the store's.
    pub async fn rename_tenant(&self, name: &str, new_name: &str) -> Result<Tenant, AppError> {
        let (from, to) = (name.to_owned(), checked_name(new_name)?);
        let told = to.clone();
        self.store()
            .write(move |tx| {
                if tenant::get(tx, &from)?.is_none() {
                    return Err(StoreError::Refused(Box::new(AppError::not_found("tenant", &from))));
                }
                if from == to {
                    return Ok(());
                }
                if tenant::get(tx, &to)?.is_some() {
                    return Err(StoreError::Refused(Box::new(taken(&to))));
                }
                tenant::rename(tx, &from, &to)?;
                account::rename_tenant(tx, &from, &to)?;
                link::rename_tenant(tx, &from, &to)
            })
            .await?;
        self.told_tenant(&told).await
    }

    /// Archives a tenant: its accounts keep it, nothing new can be given it.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn archive_tenant(&self, name: &str) -> Result<Tenant, AppError> {
        self.set_archived(name, Some(self.clock().now())).await
    }

    /// Takes a tenant out of the archive.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn unarchive_tenant(&self, name: &str) -> Result<Tenant, AppError> {
        self.set_archived(name, None).await
    }

    async fn set_archived(&self, name: &str, at: Option<i64>) -> Result<Tenant, AppError> {
        let wanted = name.to_owned();
        self.store()
            .write(move |tx| match tenant::get(tx, &wanted)? {
                None => Err(StoreError::Refused(Box::new(AppError::not_found("tenant", &wanted)))),
                // A second click keeps the first time.
                Some(row) if row.archived_at.is_some() == at.is_some() => Ok(()),
                Some(_) => tenant::set_archived(tx, &wanted, at),
            })
            .await?;
        self.told_tenant(name).await
    }

    async fn told_tenant(&self, name: &str) -> Result<Tenant, AppError> {
        self.changes().tell(["tenants", "accounts", "links"]);
        let tenants = self.list_tenants(None).await?;
        tenants.into_iter().find(|t| t.name == name).ok_or_else(|| AppError::not_found("tenant", name))
    }
}
