//! What is live at WeChat, by both of its readings.

use std::collections::HashSet;

use rusqlite::Connection;
use serde_json::Value;
use wechat::api;
use wechat::error::CallError;
use wechat::menu::{Maker, Replaced, from_get, from_selfmenu, is_open, maker, same_buttons, same_rule};

use super::{Failed, on_behalf, tell};
use crate::core::Core;
use crate::dto::{ConditionalSet, LiveMenu, MenuMaker, MenuReplaced, MenuReply, MenuSet, ReplyKind};
use crate::error::AppError;
use crate::store::StoreError;
use crate::store::tables::account::AccountRow;
use crate::store::tables::menu;

/// Begins the keys of buttons that stand for content of the website's own kinds.
pub(crate) const KEY_PREFIX: &str = "wxdesk_";

/// What both readings answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reading {
    /// `get_current_selfmenu_info`.
    pub selfmenu: Value,
    /// `menu/get`; `None` when there is no menu made through the API, or the account may not ask.
    pub get: Option<Value>,
}

/// Asks WeChat for both readings.
pub(crate) async fn read(core: &Core, row: &AccountRow) -> Result<Reading, Failed> {
    let selfmenu =
        on_behalf(core, row, |transport, token| Box::pin(api::menu::current_selfmenu_info(transport, token))).await?;
    Ok(Reading { selfmenu, get: read_get(core, row).await? })
}

/// Asks for the menus made through the API only.
pub(crate) async fn read_get(core: &Core, row: &AccountRow) -> Result<Option<Value>, Failed> {
    match on_behalf(core, row, |transport, token| Box::pin(api::menu::get(transport, token))).await {
        // Reading what is live needs less than this does: without set 15, or unverified, the other reading has to do.
        Err(Failed::Call(CallError::Api(e))) if matches!(e.code, 48001 | 61007) => Ok(None),
        other => other,
    }
}

/// The reading as a document.
pub(crate) fn document(reading: &Reading, now: i64) -> LiveMenu {
    let converted = from_selfmenu(&reading.selfmenu, KEY_PREFIX);
    let api = reading.get.as_ref().map(from_get).unwrap_or_default();
    let made_by = maker(&reading.selfmenu, reading.get.as_ref());
    let by_api = made_by == Maker::Api || converted.button.is_empty();
    let (button, replaced) = if by_api { (api.button, Vec::new()) } else { (converted.button, converted.replaced) };
    let conditional = api.conditional.into_iter().map(|menu| ConditionalSet {
        name: String::new(),
        matchrule: menu.matchrule,
        button: menu.button,
        menuid: menu.menuid,
    });
    LiveMenu {
        read_at: now,
        made_by: match made_by {
            Maker::Website => MenuMaker::Website,
            Maker::Api => MenuMaker::Api,
            Maker::Nobody => MenuMaker::Nobody,
        },
        is_open: is_open(&reading.selfmenu),
        set: MenuSet {
            button,
            conditional: conditional.collect(),
            replies: replaced.iter().filter_map(reply).collect(),
        },
        replaced: replaced
            .into_iter()
            .map(|r| MenuReplaced { path: r.path, name: r.name, kind: r.kind, key: r.key })
            .collect(),
        selfmenu: reading.selfmenu.clone(),
        menu_get: reading.get.clone(),
    }
}

fn reply(replaced: &Replaced) -> Option<MenuReply> {
    let kind = match replaced.kind.as_str() {
        "text" => ReplyKind::Text,
        "img" | "photo" => ReplyKind::Image,
        "voice" => ReplyKind::Voice,
        "video" => ReplyKind::Video,
        _ => ReplyKind::News,
    };
    let key = replaced.key.clone()?;
    Some(MenuReply { key, kind, content: replaced.value.clone(), news: replaced.news.clone() })
}

/// Gives a reading what WeChat does not keep of a menu of ours: the operator's names of conditional menus, and what is
/// answered to keys. `ours` are menus that were published from here, newest first.
pub(crate) fn remember(live: &mut LiveMenu, ours: &[MenuSet]) {
    if live.made_by != MenuMaker::Api {
        return;
    }
    for menu in &mut live.set.conditional {
        let known = ours
            .iter()
            .flat_map(|set| &set.conditional)
            .find(|known| same_rule(&known.matchrule, &menu.matchrule) && same_buttons(&known.button, &menu.button));
        if let Some(known) = known {
            menu.name.clone_from(&known.name);
        }
    }
    let mut keys = HashSet::new();
    each_key(&live.set.button, &mut keys);
    live.set.conditional.iter().for_each(|menu| each_key(&menu.button, &mut keys));
    let mut replies: Vec<MenuReply> = Vec::new();
    for reply in ours.iter().flat_map(|set| &set.replies) {
        if keys.contains(reply.key.as_str()) && !replies.iter().any(|there| there.key == reply.key) {
            replies.push(reply.clone());
        }
    }
    live.set.replies = replies;
}

fn each_key<'b>(buttons: &'b [Value], keys: &mut HashSet<&'b str>) {
    for button in buttons {
        keys.extend(button.get("key").and_then(Value::as_str));
        each_key(button.get("sub_button").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default(), keys);
    }
}

/// Menus that were published from here and may be what is live: the newest one, however it ended, and the newest that
/// was live.
///
/// # Errors
/// SQLite's.
pub(crate) fn published(connection: &Connection, account_id: i64) -> Result<Vec<MenuSet>, StoreError> {
    let newest = menu::versions(connection, account_id, None, 1)?;
    let live = menu::newest_live(connection, account_id)?;
    Ok(newest.into_iter().chain(live).map(|version| version.set).collect())
}

/// Reads and keeps what is live.
///
/// # Errors
/// `NoToken`, or WeChat's refusal.
pub(crate) async fn read_and_keep(core: &Core, row: &AccountRow) -> Result<LiveMenu, AppError> {
    let reading = read(core, row).await.map_err(|failed| failed.words(core))?;
    let (id, mut live) = (row.id, document(&reading, core.clock().now()));
    let live = core
        .store()
        .write(move |tx| {
            remember(&mut live, &published(tx, id)?);
            menu::save_live(tx, id, &live)?;
            Ok(live)
        })
        .await?;
    tell(core, &row.appid);
    Ok(live)
}

/// The last reading.
pub(crate) async fn last(core: &Core, row: &AccountRow) -> Result<Option<LiveMenu>, AppError> {
    let id = row.id;
    Ok(core.store().read(move |c| menu::live(c, id)).await?)
}
