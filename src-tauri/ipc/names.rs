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
    "get_account_qr",
    "get_account_options",
    "set_account_option",
    "test_token",
    "token_timeline",
    // onboard.rs
    "create_link",
    "get_link",
    "list_links",
    "link_qr_png",
    "close_link",
    // tunnels.rs
    "list_tunnel_clients",
    "list_tunnels",
    "save_tunnel",
    "remove_tunnel",
    "start_tunnel",
    "stop_tunnel",
    "tunnel_log",
    "confirm_tunnel_url",
    // quota.rs
    "known_apis",
    "get_quota",
    "clear_quota",
    "clear_api_quota",
    "lookup_rid",
    // calls.rs
    "list_api_calls",
    "export_api_calls",
    "get_api_call_settings",
    "set_api_call_retention",
    "explain_errcode",
    // bulk.rs
    "start_bulk",
    "list_bulk_jobs",
    "bulk_job",
    "cancel_bulk",
    "export_bulk_report",
];
