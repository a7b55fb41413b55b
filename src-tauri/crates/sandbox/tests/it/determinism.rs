//! The same seed and calls give the same bytes; a restart changes nothing.

use wxdesk_sandbox::{Answer, Effect, Platform, SandboxConfig, Snapshot, When};

use crate::rig::{Held, Rig, START};

fn run(rig: &mut Rig) -> Vec<String> {
    let mut out = Vec::new();
    let half = When { probability: Some(0.5), ..When::default() };
    rig.platform.add_fault(half, Effect::Slow { ms: 7 });
    let token = rig.component_token();
    let mut held = rig.authorize(&token, 0, &[1, 15]);
    for _ in 0..20 {
        rig.wait_s(300);
        for push in rig.take_pushes() {
            out.push(format!("{} {}", push.query, String::from_utf8(push.body).unwrap()));
        }
        let request = rig.refresh_request(&token, &held.appid, &held.refresh);
        let reply = rig.platform.handle(rig.now, &request);
        let Answer::Full { body, .. } = reply.answer else { panic!() };
        out.push(format!("{} {}", reply.delay_ms, String::from_utf8(body.clone()).unwrap()));
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        held = Held {
            refresh: body["authorizer_refresh_token"].as_str().unwrap_or(&held.refresh).to_owned(),
            ..held.clone()
        };
    }
    out
}

#[test]
fn the_same_seed_and_calls_give_the_same_bytes() {
    let (mut a, mut b) = (Rig::new(), Rig::new());
    assert_eq!(run(&mut a), run(&mut b));
    let snapshot = |rig: &Rig| serde_json::to_string(&rig.platform.snapshot()).unwrap();
    assert_eq!(snapshot(&a), snapshot(&b));
    let mut other = Rig { platform: Platform::new(2, SandboxConfig::default()), now: START };
    assert_ne!(run(&mut other), run(&mut b));
}

#[test]
fn a_restored_platform_goes_on_as_if_nothing_had_happened() {
    let mut a = Rig::new();
    run(&mut a);
    let json = serde_json::to_string(&a.platform.snapshot()).unwrap();
    let snapshot: Snapshot = serde_json::from_str(&json).unwrap();
    assert_eq!(snapshot.seed(), 1);
    let mut b = Rig { platform: Platform::restore(snapshot).unwrap(), now: a.now };
    assert_eq!(serde_json::to_string(&b.platform.snapshot()).unwrap(), json);
    assert_eq!(run(&mut a), run(&mut b));
}

#[test]
fn no_debug_text_shows_a_secret() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    let confirmed = rig.confirm(&token, &held.appid, &[1]);
    let pushes = rig.take_pushes();
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        rig.platform,
        rig.platform.snapshot(),
        rig.platform.credentials(),
        rig.refresh_request(&token, &held.appid, &held.refresh),
        confirmed,
        pushes
    );
    let credentials = rig.platform.credentials();
    for secret in [
        &token,
        &held.token,
        &held.refresh,
        &confirmed.auth_code,
        &credentials.component_appsecret,
        &credentials.encoding_aes_key,
        &credentials.verify_token,
        &rig.platform.latest_ticket().unwrap().to_owned(),
    ] {
        assert!(!shown.contains(secret.as_str()), "{shown}");
    }
}
