//! Tickets: one call for all who ask, renewed in their last five minutes, healed with the account's token, and kept.

use wxdesk_core::clock::Clock;
use wxdesk_core::dto::{ErrorCode, JsTicketKind, PageConfig, ReasonCode, SignedPage, TokenState, TokenView};

use crate::world::{HOUR, World};

const GET_TICKET: &str = "/cgi-bin/ticket/getticket";
const PAGE: &str = "https://shop.example.com/list?id=7";

impl World {
    async fn sign(&self, appid: &str) -> SignedPage {
        self.core.sign_page(&self.component, appid, PAGE, None, None).await.unwrap()
    }

    fn ticket(&self, appid: &str) -> TokenView {
        let all = self.core.list_js_tickets(&self.component, appid).unwrap();
        assert_eq!((all[0].kind, all[1].kind), (JsTicketKind::Jsapi, JsTicketKind::WxCard));
        all[0].ticket.clone()
    }
}

fn config(page: &SignedPage) -> PageConfig {
    PageConfig {
        url: page.url.clone(),
        app_id: Some(page.config.app_id.clone()),
        timestamp: page.config.timestamp.to_string(),
        nonce_str: page.config.nonce_str.clone(),
        signature: page.config.signature.clone(),
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_at_once_shares_one_ticket() {
    let (world, appid) = World::with_account().await;
    assert!(!world.core.list_js_tickets(&world.component, &appid).unwrap()[0].on);
    let (one, two) = tokio::join!(world.sign(&appid), world.sign(&appid));
    assert_eq!(world.calls(GET_TICKET), 1);
    assert_eq!((one.generation, two.generation), (1, 1));
    assert_ne!(one.config.nonce_str, two.config.nonce_str);
    assert_eq!(one.config.timestamp, world.clock.now() / 1000);
    let ticket = &world.core.list_js_tickets(&world.component, &appid).unwrap()[0];
    assert!(ticket.on && ticket.used_at.is_some(), "signing switched it on: {ticket:?}");
    assert_eq!(ticket.ticket.state, TokenState::Valid);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_is_renewed_in_its_last_five_minutes_and_survives_a_restart() {
    let (mut world, appid) = World::with_account().await;
    let first = world.sign(&appid).await;
    world.kill().await;
    let again = world.core.sign_page(&world.component, &appid, PAGE, Some("Wm3WZYTPz0wzccnW"), Some(5)).await.unwrap();
    assert_eq!((again.generation, world.calls(GET_TICKET)), (1, 1), "what was stored is used");
    assert_eq!((again.config.nonce_str.as_str(), again.config.timestamp), ("Wm3WZYTPz0wzccnW", 5));
    let end = first.expires_at.unwrap();
    while world.ticket(&appid).generation == 1 {
        assert!(world.clock.now() < end, "it is renewed before it ends");
        world.pass(1_000).await;
    }
    let left = end - world.clock.now();
    assert!((180_000..=300_000).contains(&left), "{left} ms before its end");
    assert_eq!(world.calls(GET_TICKET), 2);
    // A page that was signed before is still told from a wrong one.
    let check = world.core.check_page(&world.component, &appid, config(&first)).await.unwrap();
    assert_eq!((check.ok, check.findings[0].code.as_str()), (false, "old_ticket"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_account_token_is_renewed_and_the_ticket_follows() {
    let (world, appid) = World::with_account().await;
    let token = world.core.get_account(&world.component, &appid).await.unwrap().account.token.generation;
    world.errcode(GET_TICKET, 0, 40001);
    let refused = world.core.sign_page(&world.component, &appid, PAGE, None, None).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoToken, "{refused}");
    assert!(refused.message.contains("no live ticket"), "{refused}");
    while world.ticket(&appid).generation == 0 {
        world.pass(1_000).await;
        assert!(world.clock.now() < crate::world::T0 + HOUR);
    }
    let after = world.core.get_account(&world.component, &appid).await.unwrap().account.token.generation;
    assert_eq!(after, token + 1, "once");
    assert_eq!(world.calls(GET_TICKET), 2);
    world.sign(&appid).await;
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_is_off_ends_by_itself() {
    let (world, appid) = World::with_account().await;
    world.sign(&appid).await;
    let of = async |on| world.core.switch_js_ticket(&world.component, &appid, JsTicketKind::Jsapi, on).await.unwrap();
    let off = of(false).await;
    assert!(!off[0].on && off[0].ticket.generation == 1, "kept");
    assert_eq!(off[0].ticket.reason_code, ReasonCode::SwitchedOff);
    world.pass(3 * HOUR).await;
    assert_eq!(world.calls(GET_TICKET), 1);
    assert_eq!(world.ticket(&appid).state, TokenState::Expired);
    let kind = JsTicketKind::Jsapi;
    let refused = world.core.refresh_js_ticket(&world.component, &appid, kind).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Conflict);
    assert!(of(true).await[0].on);
    while world.ticket(&appid).generation == 1 {
        world.pass(1_000).await;
    }
    assert_eq!(world.calls(GET_TICKET), 2);
    let cards = world.core.switch_js_ticket(&world.component, &appid, JsTicketKind::WxCard, true).await.unwrap();
    assert!(cards[1].on);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_page_is_said_with_both_values() {
    let (world, appid) = World::with_account().await;
    let other = world.authorize(1, &[]).await;
    let good = world.sign(&appid).await;
    let foreign = world.sign(&other).await;
    let check = async |config: PageConfig| world.core.check_page(&world.component, &appid, config).await.unwrap();
    let fine = check(config(&good)).await;
    assert!(fine.ok && fine.findings[0].code == "matches", "{fine:?}");
    assert_eq!(fine.ours.config, good.config);

    let mut slash = config(&good);
    slash.url = "https://shop.example.com/list/?id=7#top".into();
    let found = check(slash).await;
    assert!(!found.ok);
    assert_eq!(found.findings[0].code, "trailing_slash");
    assert_eq!(found.findings[0].signed.as_deref(), Some(PAGE));
    assert_eq!(found.findings[0].needed.as_deref(), Some("https://shop.example.com/list/?id=7"));

    let mut wrong = config(&foreign);
    wrong.app_id = Some(appid.clone());
    let found = check(wrong).await;
    assert_eq!(found.findings[0].code, "wrong_account");
    assert_eq!(found.findings[0].signed.as_deref(), Some(other.as_str()));

    let mut unknown = config(&good);
    unknown.signature = "0".repeat(40);
    let found = check(unknown).await;
    assert_eq!((found.findings.len(), found.findings[0].code.as_str()), (1, "unknown"));
    for finding in found.findings.iter().chain(&fine.findings) {
        assert!(!finding.text.zh.is_ascii() && !finding.text.en.is_empty(), "{finding:?}");
    }
    for (field, change) in [
        ("url", (|c: &mut PageConfig| c.url.clear()) as fn(&mut PageConfig)),
        ("timestamp", |c| c.timestamp = "soon".into()),
        ("nonce_str", |c| c.nonce_str.clear()),
        ("signature", |c| c.signature.clear()),
    ] {
        let mut bad = config(&good);
        change(&mut bad);
        let refused = world.core.check_page(&world.component, &appid, bad).await.unwrap_err();
        assert_eq!(refused.detail.unwrap().fields[0].field, field);
    }
}
