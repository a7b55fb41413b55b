//! Every scripted fault, and what it leaves behind.

use wxdesk_sandbox::{Answer, Effect, End, When};

use crate::rig::{REFRESH, Rig};

fn on_refresh() -> When {
    When { path: Some(REFRESH.into()), times: Some(1), ..When::default() }
}

/// Strikes one refresh; returns the answer, the delay, and whether the platform rotated.
fn struck(effect: Effect) -> (Answer, u64, bool) {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    rig.platform.add_fault(on_refresh(), effect);
    let request = rig.refresh_request(&token, &held.appid, &held.refresh);
    let (id, reply) = rig.platform.begin(rig.now, &request);
    rig.platform.finish(id, End::Answered);
    let rotated = rig.platform.current_refresh_token(&held.appid) != Some(held.refresh.as_str());
    // A struck answer never makes the client's next attempt with what it has a violation.
    rig.platform.handle(rig.now, &request);
    assert_eq!(rig.platform.violations(), Vec::<String>::new());
    (reply.answer, reply.delay_ms, rotated)
}

#[test]
fn slow_answers_late_and_is_processed_at_once() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    rig.platform.add_fault(on_refresh(), Effect::Slow { ms: 9_000 });
    let request = rig.refresh_request(&token, &held.appid, &held.refresh);
    let reply = rig.platform.handle(rig.now, &request);
    assert_eq!(reply.delay_ms, 9_000);
    assert!(matches!(reply.answer, Answer::Full { status: 200, .. }));
    assert_ne!(rig.platform.current_refresh_token(&held.appid), Some(held.refresh.as_str()));
}

#[test]
fn dropped_before_and_after() {
    assert_eq!(struck(Effect::DropBefore), (Answer::Dropped, 0, false));
    assert_eq!(struck(Effect::DropAfter), (Answer::Dropped, 0, true));
}

#[test]
fn half_a_body() {
    let (answer, _, rotated) = struck(Effect::HalfBody);
    let Answer::Half { part, whole, status: 200 } = answer else { panic!("{answer:?}") };
    assert!(!part.is_empty() && part.len() < whole && rotated);
    assert!(serde_json::from_slice::<serde_json::Value>(&part).is_err());
}

#[test]
fn html_and_http_errors() {
    let (answer, _, rotated) = struck(Effect::Html);
    assert!(matches!(&answer, Answer::Full { status: 200, content_type, body, .. }
        if content_type.starts_with("text/html") && body.starts_with(b"<!DOCTYPE html>")));
    assert!(!rotated);
    for (processed, status) in [(false, 502), (true, 504)] {
        let (answer, _, rotated) = struck(Effect::Status { status, processed });
        assert!(matches!(answer, Answer::Full { status: s, .. } if s == status));
        assert_eq!(rotated, processed);
    }
}

#[test]
fn any_errcode_with_its_usual_text() {
    for (code, text) in
        [(-1, "system error rid: "), (45009, "reach max api daily quota limit rid: "), (12345, "unknown error rid: ")]
    {
        let (answer, _, rotated) = struck(Effect::Errcode { code, message: None });
        let Answer::Full { status: 200, body, .. } = answer else { panic!() };
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["errcode"], code);
        assert!(body["errmsg"].as_str().unwrap().starts_with(text), "{body}");
        assert!(!rotated);
    }
}

#[test]
fn a_fault_about_one_account_leaves_the_others_alone() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let (a, b) = (rig.authorize(&token, 0, &[]), rig.authorize(&token, 2, &[]));
    let when = When { appid: Some(a.appid.clone()), ..When::default() };
    let id = rig.platform.add_fault(when, Effect::Errcode { code: -1, message: None });
    assert_eq!(rig.refresh(&token, &a)["errcode"], -1);
    assert!(rig.refresh(&token, &b).get("errcode").is_none());
    rig.platform.clear_faults(Some(id));
    assert!(rig.refresh(&token, &a).get("errcode").is_none());
}
