//! What others may ask of an engine: its parts by name.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{Notify, broadcast};

use super::Core;
use crate::bulk::Bulk;
use crate::call_log::CallLog;
use crate::changes::Changes;
use crate::check::Expected;
use crate::clock::Clock;
use crate::door::DoorState;
use crate::dto::{Change, KeySource};
use crate::engine::reconcile::Reconciler;
use crate::engine::{Engine, EngineOptions, Wake};
use crate::forward::Forward;
use crate::inbox::Answers;
use crate::menus::Menus;
use crate::oauth::Oauth;
use crate::release::Release;
use crate::rules::Rules;
use crate::sources::{PublicFiles, Sources};
use crate::store::Store;
use crate::transport::TransportFactory;
use crate::tunnel::Tunnels;
use crate::verifications::Verifications;
use crate::{js_sdk, trial};

impl Core {
    /// A push of a platform was opened with its previous key.
    pub(crate) fn previous_key_used(&self, platform_id: i64, now: i64) {
        if let Ok(mut used) = self.inner.previous_key_used.lock() {
            used.insert(platform_id, now);
        }
    }
    /// When that happened last since the start, ms.
    pub(crate) fn previous_key_used_at(&self, platform_id: i64) -> Option<i64> {
        self.inner.previous_key_used.lock().ok()?.get(&platform_id).copied()
    }
    /// Comparisons with WeChat's list.
    pub(crate) fn reconciler(&self) -> &Reconciler {
        &self.inner.reconciler
    }
    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.store
    }
    /// Domain verification files, as the door serves them.
    #[must_use]
    pub fn public_files(&self) -> &PublicFiles {
        &self.inner.public_files
    }
    /// Where WeChat's pushes come from.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.inner.sources
    }
    /// What came to the server URLs of own accounts.
    #[must_use]
    pub fn verifications(&self) -> &Verifications {
        &self.inner.verifications
    }
    pub(crate) fn transports(&self) -> &Arc<dyn TransportFactory> {
        &self.inner.options.transports
    }
    /// Test pushes of the self-check.
    pub(crate) fn expected_pushes(&self) -> &Expected {
        &self.inner.expected_pushes
    }
    /// Time.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.options.clock
    }
    /// Limits.
    #[must_use]
    pub fn engine_options(&self) -> EngineOptions {
        self.inner.options.engine
    }
    /// The bus of changes.
    #[must_use]
    pub fn changes(&self) -> &Arc<Changes> {
        &self.inner.changes
    }
    /// Listens for changes.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.inner.changes.subscribe()
    }
    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }
    /// Wakes the engine.
    pub fn wake(&self, wake: Wake) {
        self.inner.engine.wake(wake);
    }
    /// Health of the public door.
    #[must_use]
    pub fn door(&self) -> &DoorState {
        &self.inner.door
    }
    /// Signalled after every redemption.
    #[must_use]
    pub fn redeemed(&self) -> &Notify {
        &self.inner.redeemed
    }
    /// Calls on their way into the log.
    #[must_use]
    pub fn call_log(&self) -> &Arc<CallLog> {
        &self.inner.call_log
    }
    /// Jobs on many accounts.
    pub(crate) fn bulk(&self) -> &Bulk {
        &self.inner.bulk
    }
    /// Publications under way.
    pub(crate) fn menus(&self) -> &Arc<Menus> {
        &self.inner.menus
    }
    /// Web OAuth's part in memory.
    pub(crate) fn oauth(&self) -> &Arc<Oauth> {
        &self.inner.oauth
    }
    /// When JS-SDK tickets were used.
    pub(crate) fn js_tickets_used(&self) -> &js_sdk::Used {
        &self.inner.js_tickets_used
    }
    /// Answers of tried calls.
    pub(crate) fn trial_answers(&self) -> &trial::Answers {
        &self.inner.trial_answers
    }
    /// Rules.
    pub(crate) fn rules(&self) -> &Rules {
        &self.inner.rules
    }
    /// The responder of the release check.
    pub(crate) fn release(&self) -> &Release {
        &self.inner.release
    }
    /// Answers to pushes.
    pub(crate) fn answers(&self) -> &Answers {
        &self.inner.answers
    }
    /// Business servers.
    pub(crate) fn forward(&self) -> &Forward {
        &self.inner.forward
    }
    /// The tunnels that run.
    #[must_use]
    pub fn tunnels(&self) -> &Tunnels {
        &self.inner.tunnels
    }
    /// Names this run in claims.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.inner.run_id
    }
    /// Data folder.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.inner.options.data_dir
    }
    /// Runs against the sandbox.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        self.inner.options.sandbox
    }
    /// Names for a local API that is open to the network.
    pub(crate) fn api_names(&self) -> &[String] {
        &self.inner.options.api_names
    }
    /// Where the store's key lies.
    #[must_use]
    pub fn key_source(&self) -> KeySource {
        self.inner.key_source
    }
    /// Base URL of the sandbox's pages.
    #[must_use]
    pub fn sandbox_url(&self) -> Option<String> {
        self.inner.sandbox_url.lock().ok()?.clone()
    }
    /// Told by whoever runs the sandbox beside this engine.
    pub fn set_sandbox_url(&self, url: Option<String>) {
        if let Ok(mut slot) = self.inner.sandbox_url.lock() {
            *slot = url;
        }
    }
    /// Address of the public door, while it listens.
    #[must_use]
    pub fn listener_address(&self) -> Option<SocketAddr> {
        self.door().address()
    }
    /// Address of the private door.
    #[must_use]
    pub fn api_address(&self) -> Option<SocketAddr> {
        *self.inner.api_address.lock().ok()?
    }
}
