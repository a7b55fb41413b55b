//! What must never happen is noticed, and what a client may do is not.

use serde_json::json;
use wxdesk_sandbox::{Effect, End, ViolationKind, When};

use crate::rig::{COMPONENT, Held, QUERY_AUTH, Rig, post, text};

fn kinds(rig: &Rig) -> Vec<ViolationKind> {
    rig.platform.violation_records().iter().map(|v| v.kind).collect()
}

#[test]
fn two_refreshes_of_one_account_at_once() {
    let mut rig = Rig::new();
    rig.platform.set_rotation(false);
    let token = rig.component_token();
    let (a, b) = (rig.authorize(&token, 0, &[]), rig.authorize(&token, 2, &[]));
    let (of_a, of_b) =
        (rig.refresh_request(&token, &a.appid, &a.refresh), rig.refresh_request(&token, &b.appid, &b.refresh));
    let (first, _) = rig.platform.begin(rig.now, &of_a);
    let (other, _) = rig.platform.begin(rig.now, &of_b);
    assert!(kinds(&rig).is_empty(), "two accounts may refresh at once");
    rig.platform.finish(other, End::Answered);
    rig.platform.finish(first, End::Answered);
    let (second, _) = rig.platform.begin(rig.now, &of_a);
    assert!(kinds(&rig).is_empty(), "one after the other is fine");
    let (third, _) = rig.platform.begin(rig.now + 1, &of_a);
    assert_eq!(kinds(&rig), [ViolationKind::OverlappingRefresh]);
    rig.platform.finish(second, End::Answered);
    rig.platform.finish(third, End::Answered);
    assert_eq!(rig.platform.peak_in_flight(), 2);
    assert!(rig.platform.violations()[0].contains(&a.appid));
}

#[test]
fn two_component_token_calls_and_two_redemptions_at_once() {
    let mut rig = Rig::new();
    let ticket = rig.ticket();
    let call = post(COMPONENT, None, &rig.component_body(&ticket));
    rig.platform.begin(rig.now, &call);
    rig.platform.begin(rig.now, &call);
    assert_eq!(kinds(&rig), [ViolationKind::OverlappingComponentToken]);

    let mut rig = Rig::new();
    let token = rig.component_token();
    let appid = rig.platform.accounts()[0].appid.clone();
    let code = rig.confirm(&token, &appid, &[]).auth_code;
    let body = json!({"component_appid": rig.appid(), "authorization_code": code});
    let call = post(QUERY_AUTH, Some(&token), &body);
    rig.platform.begin(rig.now, &call);
    rig.platform.begin(rig.now, &call);
    assert_eq!(kinds(&rig), [ViolationKind::OverlappingRedemption]);
    let told = rig.platform.violations();
    assert!(told[0].contains(&appid) && !told[0].contains(&code));
}

#[test]
fn a_stale_refresh_token_after_its_successor_was_delivered() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    rig.refresh(&token, &held);
    assert_eq!(rig.refresh(&token, &held)["errcode"], 61023);
    assert_eq!(kinds(&rig), [ViolationKind::StaleRefreshToken]);
    assert!(!rig.platform.violations()[0].contains(&held.refresh));
}

#[test]
fn a_lost_answer_is_not_the_clients_fault() {
    for effect in [Effect::DropAfter, Effect::HalfBody, Effect::Status { status: 502, processed: true }] {
        let mut rig = Rig::new();
        let token = rig.component_token();
        let held = rig.authorize(&token, 0, &[]);
        rig.platform.add_fault(When { times: Some(1), ..When::default() }, effect);
        let request = rig.refresh_request(&token, &held.appid, &held.refresh);
        rig.platform.handle(rig.now, &request);
        assert_eq!(rig.refresh(&token, &held)["errcode"], 61023);
        assert!(kinds(&rig).is_empty());
        // The list heals it. From there on the old one is a mistake.
        let body = json!({"component_appid": rig.appid(), "offset": 0, "count": 10});
        let list = rig.call(&post("/cgi-bin/component/api_get_authorizer_list", Some(&token), &body));
        let healed = Held { refresh: text(&list["list"][0], "refresh_token"), ..held.clone() };
        rig.refresh(&token, &held);
        assert_eq!(kinds(&rig), [ViolationKind::StaleRefreshToken]);
        assert!(rig.refresh(&token, &healed).get("errcode").is_none());
    }
}

#[test]
fn a_client_that_gave_up_or_died_knows_nothing_of_the_answer() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    let request = rig.refresh_request(&token, &held.appid, &held.refresh);
    let (id, _) = rig.platform.begin(rig.now, &request);
    rig.platform.finish(id, End::Abandoned);
    assert_eq!(rig.refresh(&token, &held)["errcode"], 61023);
    assert!(kinds(&rig).is_empty());

    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    rig.refresh(&token, &held);
    rig.platform.client_restarted();
    assert_eq!(rig.refresh(&token, &held)["errcode"], 61023);
    assert!(kinds(&rig).is_empty());
}

#[test]
fn a_new_authorization_makes_the_old_refresh_token_useless_but_not_a_mistake() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    let appid = held.appid.clone();
    let confirmed = rig.confirm(&token, &appid, &[1]);
    assert_eq!(rig.refresh(&token, &held)["errcode"], 61023);
    assert!(kinds(&rig).is_empty(), "the new one was not redeemed yet");
    rig.redeem(&token, &confirmed.auth_code);
    rig.refresh(&token, &held);
    assert_eq!(kinds(&rig), [ViolationKind::StaleRefreshToken]);
}

#[test]
fn redeeming_twice_and_an_old_ticket_are_noted_only() {
    let mut rig = Rig::new();
    let first = rig.ticket();
    rig.wait_s(600);
    let token = rig.component_token();
    rig.wait_s(61);
    let body = rig.component_body(&first);
    assert_eq!(rig.code(&post(COMPONENT, None, &body)), 0);
    let appid = rig.platform.accounts()[0].appid.clone();
    let code = rig.confirm(&token, &appid, &[]).auth_code;
    rig.redeem(&token, &code);
    rig.redeem(&token, &code);
    assert!(kinds(&rig).is_empty());
    assert_eq!(rig.platform.notices().count(), 2);
}
