//! Where WeChat's pushes come from, and what the door serves besides: lists that the public door reads on every
//! request, kept in memory.
//!
//! Invariant: the list of addresses is never a substitute for the signature, and an empty list shuts nobody out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::RwLock;

use bytes::Bytes;
use ipnet::IpNet;
use wechat::api::diagnostics;

use crate::clock::MAX_SLEEP_MS;
use crate::core::Core;
use crate::dto::CallbackIps;
use crate::engine::{last_error, usable};
use crate::error::AppError;
use crate::store::tables::setting;

/// Name of the setting.
const SETTING: &str = "callback_ips";
/// WeChat's list is read again after a day (protocol L), ms.
const EVERY: i64 = 86_400_000;
/// And after a failure so soon, ms.
const AGAIN: i64 = 3_600_000;

/// Verification files by name.
#[derive(Debug, Default)]
pub struct PublicFiles(RwLock<HashMap<String, Bytes>>);

impl PublicFiles {
    fn write(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<String, Bytes>> {
        self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
    /// The bytes of a file.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Bytes> {
        self.0.read().ok()?.get(name).cloned()
    }
    pub(crate) fn put(&self, name: &str, content: Bytes) {
        self.write().insert(name.to_owned(), content);
    }
    pub(crate) fn remove(&self, name: &str) {
        self.write().remove(name);
    }
    pub(crate) fn count(&self) -> usize {
        self.0.read().map_or(0, |files| files.len())
    }
}

/// The list of WeChat's addresses, as the door uses it.
#[derive(Debug, Default)]
pub struct Sources(RwLock<(CallbackIps, Vec<IpNet>)>);

impl Sources {
    /// The list as shown.
    #[must_use]
    pub fn view(&self) -> CallbackIps {
        self.0.read().map(|state| state.0.clone()).unwrap_or_default()
    }

    pub(crate) fn put(&self, ips: CallbackIps) {
        let nets = ips.ips.iter().filter_map(|text| parse(text)).collect();
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = (ips, nets);
    }

    /// Whether a push may come straight from this address. Loopback may always: that is the tunnel.
    #[must_use]
    pub fn allows(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        let Ok(state) = self.0.read() else { return true };
        peer.is_loopback() || !state.0.allow_only || state.1.is_empty() || state.1.iter().any(|net| net.contains(&peer))
    }
}

/// An address or a CIDR block.
fn parse(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

impl Core {
    /// Where WeChat's pushes come from.
    #[must_use]
    pub fn callback_ips(&self) -> CallbackIps {
        self.sources().view()
    }

    /// Asks WeChat for the list now, by any platform's token.
    ///
    /// # Errors
    /// `NoToken` without a live component token; the store's. A refusal of WeChat's is kept in `error`, with the old list.
    pub async fn refresh_callback_ips(&self) -> Result<CallbackIps, AppError> {
        let now = self.clock().now();
        let mirror = self.store().mirror();
        let found = mirror.platforms().into_iter().find_map(|p| {
            let token = mirror.component_credential(p.id).filter(|c| usable(c, now))?.token.clone()?;
            Some((self.runtime(p.id)?, token))
        });
        let Some((runtime, token)) = found else {
            return Err(AppError::new(crate::dto::ErrorCode::NoToken, "there is no live component token to ask with"));
        };
        let mut ips = self.sources().view();
        match diagnostics::get_callback_ip(runtime.transport.as_ref(), &token).await {
            Ok(list) => {
                ips.ips = list.into_iter().filter(|text| parse(text).is_some()).collect();
                ips.fetched_at = Some(self.clock().now());
                ips.error = None;
            }
            Err(e) => ips.error = Some(last_error(&e, self.clock().now())),
        }
        self.keep_callback_ips(ips).await
    }

    /// Takes pushes that come straight in from WeChat's addresses only, or from anywhere.
    ///
    /// # Errors
    /// The store's.
    pub async fn set_callback_allow_only(&self, on: bool) -> Result<CallbackIps, AppError> {
        self.keep_callback_ips(CallbackIps { allow_only: on, ..self.sources().view() }).await
    }

    async fn keep_callback_ips(&self, ips: CallbackIps) -> Result<CallbackIps, AppError> {
        let stored = ips.clone();
        self.store().write(move |tx| setting::put(tx, SETTING, &stored)).await?;
        self.sources().put(ips.clone());
        self.changes().tell(["door"]);
        Ok(ips)
    }

    /// Reads what the door needs from the store.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn load_sources(&self) -> Result<(), AppError> {
        let (ips, files) = self
            .store()
            .read(|c| Ok((setting::get::<CallbackIps>(c, SETTING)?, crate::store::tables::verification_file::list(c)?)))
            .await?;
        self.sources().put(ips);
        for file in files {
            self.public_files().put(&file.name, file.content.into());
        }
        Ok(())
    }
}

/// Reads WeChat's list once a day, for ever.
pub(crate) async fn watch(core: Core) {
    let mut next = 0;
    loop {
        let now = core.clock().now();
        let fetched = core.sources().view().fetched_at.unwrap_or(0);
        // A clock that went back must not put the next reading off for ever.
        let due = now - fetched >= EVERY || fetched > now;
        if due && core.clock().monotonic() >= next {
            let read = core.refresh_callback_ips().await.is_ok_and(|ips| ips.error.is_none());
            let pause = if read || core.sources().view().error.is_some() { AGAIN } else { 0 };
            next = core.clock().monotonic() + pause;
        }
        core.clock().sleep(MAX_SLEEP_MS).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_addresses_when_asked_for_and_never_nobody() {
        let sources = Sources::default();
        let allows = |ip: &str| sources.allows(ip.parse().unwrap());
        assert!(allows("198.51.100.7"));
        sources.put(CallbackIps { allow_only: true, ..CallbackIps::default() });
        assert!(allows("198.51.100.7"), "an empty list shuts nobody out");
        let ips =
            vec!["203.0.113.0/24".to_owned(), "198.51.100.8".to_owned(), "2001:db8::/32".to_owned(), "junk".to_owned()];
        sources.put(CallbackIps { ips, allow_only: true, ..CallbackIps::default() });
        for (ip, allowed) in [
            ("203.0.113.9", true),
            ("::ffff:203.0.113.9", true),
            ("198.51.100.8", true),
            ("198.51.100.7", false),
            ("2001:db8::1", true),
            ("2001:db9::1", false),
            ("127.0.0.1", true),
            ("::1", true),
        ] {
            assert_eq!(allows(ip), allowed, "{ip}");
        }
    }
}
