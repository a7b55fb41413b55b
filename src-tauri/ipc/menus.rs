//! Menus of one account: drafts, what is live, publishing, versions.

use wxdesk_core::Core;
use wxdesk_core::commands::WINDOW;
use wxdesk_core::dto::{
    LiveMenu, MenuChange, MenuCheck, MenuDraft, MenuMatch, MenuSet, MenuSource, MenuState, MenuVersion,
    MenuVersionPage, SourcedMenu,
};

use super::{Answer, State};

/// Everything the editor opens with.
#[tauri::command(rename_all = "snake_case")]
pub async fn menu_state(desk: State<'_>, component_appid: String, appid: String) -> Answer<MenuState> {
    desk.core().await?.menu_state(&component_appid, &appid).await
}

/// What is wrong with a menu, by WeChat's rules and by what the account can do.
#[tauri::command(rename_all = "snake_case")]
pub async fn check_menu(desk: State<'_>, component_appid: String, appid: String, set: MenuSet) -> Answer<MenuCheck> {
    desk.core().await?.check_menu(&component_appid, &appid, &set)
}

/// Keeps a draft.
#[tauri::command(rename_all = "snake_case")]
pub async fn save_menu_draft(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    set: MenuSet,
    base_revision: i64,
) -> Answer<MenuDraft> {
    desk.core().await?.save_menu_draft(&component_appid, &appid, set, base_revision).await
}

/// Asks WeChat what is live.
#[tauri::command(rename_all = "snake_case")]
pub async fn read_live_menu(desk: State<'_>, component_appid: String, appid: String) -> Answer<LiveMenu> {
    desk.core().await?.read_live_menu(&component_appid, &appid).await
}

/// A menu that is kept somewhere.
#[tauri::command(rename_all = "snake_case")]
pub async fn menu_source(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    source: MenuSource,
) -> Answer<SourcedMenu> {
    desk.core().await?.menu_source(&component_appid, &appid, source).await
}

/// How two menus differ.
#[tauri::command(rename_all = "snake_case")]
pub fn diff_menus(left: MenuSet, right: MenuSet) -> Vec<MenuChange> {
    Core::diff_menus(&left, &right)
}

/// Publishes the draft of that revision.
#[tauri::command(rename_all = "snake_case")]
pub async fn publish_menu(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    revision: i64,
) -> Answer<MenuVersion> {
    desk.core().await?.publish_menu(&component_appid, &appid, revision, WINDOW).await
}

/// Puts a kept menu back.
#[tauri::command(rename_all = "snake_case")]
pub async fn republish_menu(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    source: MenuSource,
) -> Answer<MenuVersion> {
    desk.core().await?.republish_menu(&component_appid, &appid, source, WINDOW).await
}

/// Takes up a publication that stopped half-way.
#[tauri::command(rename_all = "snake_case")]
pub async fn resume_menu_publish(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    version_id: i64,
) -> Answer<MenuVersion> {
    desk.core().await?.resume_menu_publish(&component_appid, &appid, version_id).await
}

/// Deletes the default menu and all conditional ones.
#[tauri::command(rename_all = "snake_case")]
pub async fn delete_menu(desk: State<'_>, component_appid: String, appid: String) -> Answer<MenuVersion> {
    desk.core().await?.delete_menu(&component_appid, &appid, WINDOW).await
}

/// A page of publications, newest first.
#[tauri::command(rename_all = "snake_case")]
pub async fn menu_versions(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    before: Option<i64>,
    limit: Option<i64>,
) -> Answer<MenuVersionPage> {
    desk.core().await?.menu_versions(&component_appid, &appid, before, limit).await
}

/// One publication, with its menu and steps.
#[tauri::command(rename_all = "snake_case")]
pub async fn menu_version(desk: State<'_>, component_appid: String, appid: String, id: i64) -> Answer<MenuVersion> {
    desk.core().await?.menu_version(&component_appid, &appid, id).await
}

/// What a follower sees.
#[tauri::command(rename_all = "snake_case")]
pub async fn try_menu_match(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    user_id: String,
) -> Answer<MenuMatch> {
    desk.core().await?.try_menu_match(&component_appid, &appid, &user_id).await
}
