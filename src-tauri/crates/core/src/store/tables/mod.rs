//! One file a table: its migrations, row type, reads and writes.
//!
//! Times are ms since 1970. Secrets lie in the encrypted pages like everything else and are `Secret` in the row types.

pub mod account;
pub mod account_details;
pub mod account_event;
pub mod api_call;
pub mod api_key;
pub mod api_trial;
pub mod attempt;
pub mod credential;
pub mod custom_message;
pub mod delivery;
pub mod delivery_log;
pub mod generation;
pub mod inbox;
pub mod link;
pub mod menu;
pub mod menu_takeover;
pub mod menu_template;
pub mod notice;
pub mod oauth_exchange;
pub mod oauth_link;
pub mod oauth_route;
pub mod oauth_ticket;
pub mod oauth_user;
pub mod platform;
pub mod push_answer;
pub mod redemption;
pub mod release;
pub mod rule;
pub mod scene_code;
pub mod setting;
pub mod target;
pub mod tenant;
pub mod tunnel;
pub mod verification_file;

/// Rows that one pruning of a large table removes at most.
pub const PRUNED_AT_ONCE: usize = 5_000;

/// All migrations as (schema version, SQL), in the order in which they run.
#[must_use]
pub fn migrations() -> Vec<(u32, &'static str)> {
    let mut all = Vec::new();
    for table in [
        platform::MIGRATIONS,
        account::MIGRATIONS,
        account_event::MIGRATIONS,
        credential::MIGRATIONS,
        attempt::MIGRATIONS,
        link::MIGRATIONS,
        tenant::MIGRATIONS,
        redemption::MIGRATIONS,
        inbox::MIGRATIONS,
        push_answer::MIGRATIONS,
        release::MIGRATIONS,
        rule::MIGRATIONS,
        custom_message::MIGRATIONS,
        api_key::MIGRATIONS,
        notice::MIGRATIONS,
        menu::MIGRATIONS,
        menu_takeover::MIGRATIONS,
        menu_template::MIGRATIONS,
        setting::MIGRATIONS,
        verification_file::MIGRATIONS,
        tunnel::MIGRATIONS,
        api_call::MIGRATIONS,
        account_details::MIGRATIONS,
        generation::MIGRATIONS,
        oauth_route::MIGRATIONS,
        oauth_link::MIGRATIONS,
        oauth_user::MIGRATIONS,
        oauth_exchange::MIGRATIONS,
        oauth_ticket::MIGRATIONS,
        scene_code::MIGRATIONS,
        api_trial::MIGRATIONS,
        target::MIGRATIONS,
        delivery::MIGRATIONS,
        delivery_log::MIGRATIONS,
    ] {
        all.extend_from_slice(table);
    }
    all.sort_by_key(|(version, _)| *version);
    all
}
