//! What the page may ask: one function a command, each a line or two into `wxdesk_core`.
//!
//! Owns the translation from Tauri's calls; no rule lives here. Arguments are snake_case, answers are the documents of
//! `wxdesk_core::dto`, and every refusal is an `ErrorBody`. Invariant: the commands below, `names.rs` and the capability
//! `main` name the same commands (`tests/layering.rs`).

mod accounts;
mod app;
mod bulk;
mod calls;
mod channel;
mod clipboard;
mod js_sdk;
mod life;
mod menus;
mod oauth;
mod onboard;
mod own;
mod platforms;
mod quota;
mod scene_codes;
mod takeover;
mod trial;
mod tunnels;

use std::sync::Arc;

use tauri::ipc::Invoke;
use wxdesk_core::AppError;

use crate::shell::desk::Desk;

/// The engines, as commands get at them.
type State<'a> = tauri::State<'a, Arc<Desk>>;
/// What a command answers.
type Answer<T> = Result<T, AppError>;

/// All commands.
pub fn handler() -> impl Fn(Invoke<tauri::Wry>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        app::app_info,
        app::overview,
        app::check_door,
        app::restart_listener,
        app::dismiss_notice,
        app::enter_sandbox,
        app::leave_sandbox,
        app::open_external,
        app::save_file,
        clipboard::copy_secret,
        clipboard::clear_secret,
        channel::list_verification_files,
        channel::add_verification_file,
        channel::remove_verification_file,
        channel::test_egress,
        channel::callback_ips,
        channel::refresh_callback_ips,
        channel::set_callback_allow_only,
        platforms::list_platforms,
        platforms::get_platform,
        platforms::validate_platform,
        platforms::save_platform,
        platforms::remove_platform,
        platforms::reveal_platform_secret,
        platforms::start_ticket_push,
        platforms::refresh_component,
        platforms::preview_callback_urls,
        platforms::generate_verify_token,
        platforms::generate_encoding_aes_key,
        own::list_own_accounts,
        own::get_own_account,
        own::validate_own_account,
        own::save_own_account,
        own::remove_own_account,
        own::reveal_own_secret,
        own::force_own_token,
        own::list_url_verifications,
        accounts::list_accounts,
        accounts::get_account,
        accounts::refresh_account,
        accounts::refresh_details,
        accounts::reveal_token,
        accounts::get_avatar,
        accounts::permission_sets,
        accounts::list_attempts,
        accounts::get_account_qr,
        accounts::get_account_options,
        accounts::set_account_option,
        accounts::test_token,
        accounts::token_timeline,
        onboard::create_link,
        onboard::get_link,
        onboard::clone_link,
        onboard::list_links,
        onboard::link_poster_svg,
        onboard::link_qr_png,
        onboard::end_link,
        onboard::close_link,
        life::list_tenants,
        life::create_tenant,
        life::rename_tenant,
        life::archive_tenant,
        life::unarchive_tenant,
        life::set_account_tenant,
        life::set_account_note,
        life::set_account_tags,
        life::change_account_tags,
        life::list_tags,
        life::remove_account,
        life::restore_account,
        life::list_account_history,
        life::reconcile_preview,
        life::reconcile_apply,
        life::reconcile_progress,
        life::reconcile_cancel,
        tunnels::list_tunnel_clients,
        tunnels::list_tunnels,
        tunnels::save_tunnel,
        tunnels::remove_tunnel,
        tunnels::start_tunnel,
        tunnels::stop_tunnel,
        tunnels::tunnel_log,
        tunnels::confirm_tunnel_url,
        quota::known_apis,
        quota::get_quota,
        quota::clear_quota,
        quota::clear_api_quota,
        quota::lookup_rid,
        calls::list_api_calls,
        calls::export_api_calls,
        calls::get_api_call_settings,
        calls::set_api_call_retention,
        calls::explain_errcode,
        bulk::start_bulk,
        bulk::list_bulk_jobs,
        bulk::bulk_job,
        bulk::cancel_bulk,
        bulk::retry_bulk,
        bulk::export_bulk_report,
        menus::menu_state,
        menus::check_menu,
        menus::save_menu_draft,
        menus::read_live_menu,
        menus::menu_source,
        menus::diff_menus,
        menus::publish_menu,
        menus::republish_menu,
        menus::resume_menu_publish,
        menus::delete_menu,
        menus::menu_versions,
        menus::menu_version,
        menus::try_menu_match,
        takeover::menu_originals,
        takeover::read_menu_original,
        takeover::takeover_rules,
        takeover::save_takeover_rules,
        takeover::preview_takeover,
        takeover::list_menu_templates,
        takeover::save_menu_template,
        takeover::remove_menu_template,
        takeover::dry_run_menu_template,
        takeover::start_menu_template,
        oauth::make_oauth_link,
        oauth::list_oauth_links,
        oauth::get_oauth_link,
        oauth::end_oauth_link,
        oauth::list_oauth_users,
        oauth::check_oauth_user,
        oauth::refresh_oauth_user,
        oauth::read_oauth_profile,
        oauth::forget_oauth_user,
        oauth::reveal_oauth_token,
        oauth::list_oauth_routes,
        oauth::save_oauth_route,
        oauth::remove_oauth_route,
        oauth::oauth_page_errors,
        oauth::mini_login,
        oauth::reveal_session_key,
        js_sdk::list_js_tickets,
        js_sdk::switch_js_ticket,
        js_sdk::refresh_js_ticket,
        js_sdk::sign_page,
        js_sdk::check_page,
        scene_codes::create_scene_code,
        scene_codes::list_scene_codes,
        scene_codes::rename_scene_code,
        scene_codes::forget_scene_code,
        scene_codes::scene_code_svg,
        scene_codes::scene_code_png,
        scene_codes::list_scene_scans,
        trial::api_forms,
        trial::run_api,
        trial::list_api_trials,
        trial::get_api_trial,
        trial::reveal_api_trial,
        trial::clear_api_trials,
    ]
}
