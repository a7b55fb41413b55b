//! The commands that the window may call, by name.
//!
//! Owns the one list from which the build script makes a permission each. It must hold nothing but names: the build
//! script includes this file. Invariant: this list, the handlers in `ipc/mod.rs` and the capability `main` name the
//! same commands (`tests/layering.rs`).

/// Every command of the window.
pub const COMMANDS: &[&str] = &[
    // app.rs
    "app_info",
    "overview",
    "check_door",
    "restart_listener",
    "dismiss_notice",
    "enter_sandbox",
    "leave_sandbox",
    "open_external",
    "save_file",
    // channel.rs
    "list_verification_files",
    "add_verification_file",
    "remove_verification_file",
    "test_egress",
    "callback_ips",
    "refresh_callback_ips",
    "set_callback_allow_only",
    // platforms.rs
    "list_platforms",
    "get_platform",
    "validate_platform",
    "save_platform",
    "remove_platform",
    "reveal_platform_secret",
    "start_ticket_push",
    "refresh_component",
    "preview_callback_urls",
    "generate_verify_token",
    "generate_encoding_aes_key",
    // accounts.rs
    "list_accounts",
    "get_account",
    "refresh_account",
    "refresh_details",
    "reveal_token",
    "get_avatar",
    "permission_sets",
    "list_attempts",
    // onboard.rs
    "create_link",
    "get_link",
    "clone_link",
    "list_links",
    "link_poster_svg",
    "link_qr_png",
    "close_link",
    // life.rs
    "list_tenants",
    "create_tenant",
    "rename_tenant",
    "archive_tenant",
    "unarchive_tenant",
    "set_account_tenant",
    "set_account_note",
    "set_account_tags",
    "change_account_tags",
    "list_tags",
    "remove_account",
    "restore_account",
    "list_account_history",
    "reconcile_preview",
    "reconcile_apply",
    "reconcile_progress",
    "reconcile_cancel",
    // tunnels.rs
    "list_tunnel_clients",
    "list_tunnels",
    "save_tunnel",
    "remove_tunnel",
    "start_tunnel",
    "stop_tunnel",
    "tunnel_log",
    "confirm_tunnel_url",
];
