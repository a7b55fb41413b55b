//! What an operator does with targets.

use super::rig::{Stub, input};
use crate::dto::{ErrorCode, TargetFormat, TargetInput, TargetMode, TargetState};
use crate::error::AppError;
use crate::testing::World;

fn rules(error: &AppError) -> Vec<String> {
    let fields = &error.detail.as_ref().unwrap().fields;
    fields.iter().map(|f| format!("{}/{}", f.field, f.rule)).collect()
}

#[tokio::test]
async fn a_target_is_made_changed_switched_and_removed() {
    let world = World::new().await;
    let core = &world.core;
    let plain =
        TargetInput { secret: None, private_ok: false, ..input("https://shop.example.com/wx", TargetMode::Notified) };
    let made = core.save_target(plain.clone()).await.unwrap();
    assert_eq!((made.timeout_ms, made.concurrency, made.give_up_hours), (10_000, 8, 24));
    assert_eq!((made.health.state, made.health.waiting, made.rules.len()), (TargetState::Idle, 0, 0));
    let secret = core.reveal_target_secret(made.id).await.unwrap().value;
    assert_eq!(secret.len(), 32);
    assert!(!serde_json::to_string(&core.list_targets().await.unwrap()).unwrap().contains(&secret));

    // Another mode has its own usual values; the secret stays.
    let changed = TargetInput { id: Some(made.id), mode: TargetMode::Answering, ..plain.clone() };
    let changed = core.save_target(changed).await.unwrap();
    assert_eq!((changed.timeout_ms, changed.concurrency), (4_000, 16));
    assert_eq!(core.reveal_target_secret(made.id).await.unwrap().value, secret);
    let brief = core.forward().brief(made.id).unwrap();
    assert_eq!((brief.mode, brief.enabled), (TargetMode::Answering, true));

    assert_eq!(core.switch_target(made.id, false).await.unwrap().health.state, TargetState::Off);
    assert!(!core.forward().brief(made.id).unwrap().enabled);
    core.remove_target(made.id).await.unwrap();
    assert_eq!(core.forward().brief(made.id), None);
    assert_eq!(core.remove_target(made.id).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(core.switch_target(made.id, true).await.unwrap_err().code, ErrorCode::NotFound);
    // Its id is nobody else's: pushes may name it still.
    assert!(core.save_target(plain).await.unwrap().id > made.id);
}

#[tokio::test]
async fn every_rule_names_its_field() {
    let world = World::new().await;
    let good = input("https://shop.example.com/wx", TargetMode::Notified);
    assert_eq!(world.core.validate_target(good.clone()).await.unwrap(), []);
    type Spoil = fn(&mut TargetInput);
    let table: &[(Spoil, &str)] = &[
        (|t| t.name = " ".into(), "name/required"),
        (|t| t.name = "长".repeat(61), "name/length"),
        (|t| t.url = "ftp://x".into(), "url/format"),
        (|t| (t.url, t.private_ok) = ("http://10.0.0.1/".into(), false), "private_ok/private_address"),
        (|t| t.secret = Some("short".into()), "secret/format"),
        (|t| t.secret = Some("密".repeat(16)), "secret/format"),
        (|t| t.timeout_ms = Some(999), "timeout_ms/range"),
        (|t| (t.mode, t.timeout_ms) = (TargetMode::Answering, Some(4_001)), "timeout_ms/range"),
        (|t| t.concurrency = Some(0), "concurrency/range"),
        (|t| t.concurrency = Some(65), "concurrency/range"),
        (|t| t.give_up_hours = Some(169), "give_up_hours/range"),
    ];
    for (spoil, broken) in table {
        let mut spoilt = good.clone();
        spoil(&mut spoilt);
        let error = world.core.save_target(spoilt).await.unwrap_err();
        assert_eq!(rules(&error), [*broken]);
    }
    let gone = TargetInput { id: Some(99), ..good };
    assert_eq!(world.core.validate_target(gone).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn a_test_message_goes_out_in_every_format() {
    let world = World::new().await;
    let stub = Stub::ok().await;
    for format in [TargetFormat::Json, TargetFormat::Xml, TargetFormat::Sealed] {
        let target = TargetInput { format, enabled: false, ..input(&stub.url(), TargetMode::Notified) };
        let target = world.core.save_target(target).await.unwrap();
        let report = world.core.test_target(target.id).await.unwrap();
        assert_eq!((report.ok, report.status, report.error), (true, Some(200), None), "{format:?}");
        let shown = format!("{report:?}");
        assert!(!shown.contains("v1=") && !shown.contains("0123456789abcdefghijklmnopqrstuv"), "{shown}");
        let seen = stub.seen().pop().unwrap();
        assert_eq!((seen.header("x-wxdesk-test"), seen.header("x-wxdesk-id")), ("1", "0"));
        assert_eq!(String::from_utf8(seen.body).unwrap(), report.body);
    }
}
