//! An account's menus: drafts, what is live, checks, and publishing.
//!
//! Owns what a menu of ours is besides WeChat's JSON. Rules and conversions are `wechat::menu`'s, commands are
//! `commands::menus`'. Invariants: one publication an account at a time; what became of a call is read, never guessed.

pub(crate) mod check;
pub(crate) mod draft;
pub(crate) mod live;
pub(crate) mod originals;
pub(crate) mod plan;
pub(crate) mod publish;
pub(crate) mod replies;
pub(crate) mod takeover;
pub(crate) mod templates;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use wechat::error::CallError;
use wechat::menu::ChangeKind;
use wechat::secret::SecretString;
use wechat::transport::{BoxFuture, Transport};

use crate::call_log;
use crate::core::Core;
use crate::dto::{
    AccountKind, CallReason, ErrorCode, FieldError, MenuAbilities, MenuChange, MenuChangeKind, MenuFieldChange,
    MenuReply, MenuSet, ReasonCode,
};
use crate::engine::last_error;
use crate::error::AppError;
use crate::store::tables::account::AccountRow;

/// Creates, gets and deletes menus (protocol F.1).
const MENU_SET: i64 = 15;
/// Any of these reads what is live.
const READ_SETS: [i64; 3] = [1, 3, 15];

/// Accounts whose menu is being published by this process.
#[derive(Debug, Default)]
pub(crate) struct Menus {
    publishing: Mutex<HashSet<i64>>,
    /// What is answered to clicks.
    pub(crate) replies: replies::Replies,
}

impl Menus {
    /// Begins a publication, or answers `None` when one is under way. It ends with the answer's drop.
    pub(crate) fn begin(self: &Arc<Self>, account_id: i64) -> Option<Publishing> {
        let mut accounts = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.insert(account_id).then(|| Publishing { menus: self.clone(), account_id })
    }

    /// Whether a publication of this account is under way.
    pub(crate) fn busy(&self, account_id: i64) -> bool {
        self.publishing.lock().unwrap_or_else(PoisonError::into_inner).contains(&account_id)
    }
}

/// A publication under way.
#[derive(Debug)]
pub(crate) struct Publishing {
    menus: Arc<Menus>,
    account_id: i64,
}

impl Drop for Publishing {
    fn drop(&mut self) {
        self.menus.publishing.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.account_id);
    }
}

/// Refuses accounts that have no menu.
///
/// # Errors
/// `InvalidInput` for a mini program.
pub(crate) fn has_menu(row: &AccountRow) -> Result<(), AppError> {
    match row.kind {
        Some(AccountKind::MiniProgram) => Err(AppError::invalid(vec![FieldError {
            field: "appid".into(),
            rule: "mini_program".into(),
            message: format!("{} is a mini program; only official accounts have a menu", row.appid),
            message_zh: "小程序没有自定义菜单，只有公众号可以设置".into(),
        }])),
        _ => Ok(()),
    }
}

/// What the account can do with menus. An account whose permission sets were never told is given the benefit: WeChat
/// says then.
pub(crate) fn abilities(row: &AccountRow) -> MenuAbilities {
    let told = !row.scopes.is_empty();
    MenuAbilities {
        authorized: row.authorized,
        publish: !told || row.scopes.contains(&MENU_SET),
        read: !told || READ_SETS.iter().any(|set| row.scopes.contains(set)),
        verified: row.verify_type.map(|kind| kind >= 0),
        service: row.service_type.map(|kind| kind == 2),
    }
}

/// Says that something about an account's menus changed.
pub(crate) fn tell(core: &Core, appid: &str) {
    core.changes().tell([&format!("menu:{appid}")]);
}

/// Why a call on behalf brought no answer.
#[derive(Debug)]
pub(crate) enum Failed {
    /// No call could be made.
    Before(AppError),
    /// WeChat or the network.
    Call(CallError),
}

impl Failed {
    pub(crate) fn words(self, core: &Core) -> AppError {
        match self {
            Self::Before(e) => e,
            Self::Call(e) => AppError::refused(last_error(&e, core.clock().now())),
        }
    }
}

/// Makes a call about menus, see [`on_behalf_because`].
pub(crate) async fn on_behalf<T>(
    core: &Core,
    account: &AccountRow,
    call: impl for<'a> Fn(&'a dyn Transport, &'a SecretString) -> BoxFuture<'a, Result<T, CallError>> + Send + Sync,
) -> Result<T, Failed> {
    on_behalf_because(core, CallReason::Menu, account, call).await
}

/// Makes a call with the account's token; a token that WeChat refuses is renewed once, and the call repeated: a refused
/// token means that nothing was done.
pub(crate) async fn on_behalf_because<T>(
    core: &Core,
    reason: CallReason,
    account: &AccountRow,
    call: impl for<'a> Fn(&'a dyn Transport, &'a SecretString) -> BoxFuture<'a, Result<T, CallError>> + Send + Sync,
) -> Result<T, Failed> {
    let gone = |what: &str| Failed::Before(AppError::not_found(what, &account.appid));
    let id = core.store().mirror().account_credential(account.id).ok_or_else(|| gone("credential of account"))?.id;
    let runtime = core.runtime(account.platform_id).ok_or_else(|| gone("platform of account"))?;
    let mut renewed = false;
    loop {
        let credential = core.live_credential(id).await.map_err(Failed::Before)?;
        let token = credential.token.as_ref().ok_or_else(|| gone("token of"))?;
        let call = call(runtime.transport.as_ref(), token);
        let error = match call_log::because(reason, Some(&account.appid), call).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if renewed || !matches!(error.code(), Some(40001 | 40014 | 42001)) {
            return Err(Failed::Call(error));
        }
        renewed = true;
        // Somebody may have renewed it while the call was under way.
        if core.credential_row(id).map_err(Failed::Before)?.generation == credential.generation {
            core.ask(id, ReasonCode::ReportedRejected).await.map_err(Failed::Before)?;
        }
    }
}

/// Somebody else changed it meanwhile, or is at it.
pub(crate) fn conflict(words: &str) -> AppError {
    AppError::new(ErrorCode::Conflict, words)
}

/// How two menus differ.
pub(crate) fn differences(left: &MenuSet, right: &MenuSet) -> Vec<MenuChange> {
    let replies = |set: &MenuSet| -> BTreeMap<String, String> {
        let words = |reply: &MenuReply| match &reply.news {
            Some(news) => format!("{} {news}", reply.content),
            None => reply.content.clone(),
        };
        set.replies.iter().map(|reply| (reply.key.clone(), words(reply))).collect()
    };
    wechat::menu::diff(&publish::views(left), &publish::views(right), &replies(left), &replies(right))
        .into_iter()
        .map(|change| MenuChange {
            kind: match change.kind {
                ChangeKind::Added => MenuChangeKind::Added,
                ChangeKind::Removed => MenuChangeKind::Removed,
                ChangeKind::Changed => MenuChangeKind::Changed,
                ChangeKind::Moved => MenuChangeKind::Moved,
            },
            left: change.left,
            right: change.right,
            name: change.name,
            fields: change
                .fields
                .into_iter()
                .map(|f| MenuFieldChange { field: f.field, left: f.left, right: f.right })
                .collect(),
        })
        .collect()
}
