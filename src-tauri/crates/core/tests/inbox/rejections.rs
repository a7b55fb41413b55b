//! What the real door refuses, by reason and platform, with what to do about it.

use wxdesk_core::listener::Limits;

use crate::support::{COMPONENT, Door, head, is_success, push, ticket};

#[tokio::test]
async fn a_wrong_token_or_key_is_found_by_its_reason() {
    let door = Door::open(Limits::default()).await;
    door.core.start_engine();
    let mut changes = door.core.subscribe();
    let now = 1_767_225_600;
    let (query, body) = ticket(now);
    assert!(is_success(&door.say(push(&query, &body)).await));
    let forged = query.replace("msg_signature=", "msg_signature=0");
    for _ in 0..30 {
        assert!(door.say(push(&forged, &body)).await.starts_with("HTTP/1.1 403"));
    }
    assert!(door.say(push("", "x")).await.starts_with("HTTP/1.1 400"));
    let elsewhere = push(&query, &body).replace(COMPONENT, "wx0123456789abcdef");
    assert!(door.say(elsewhere).await.starts_with("HTTP/1.1 404"));
    let large = format!("{}content-length: 9999999\r\n\r\n", head(&query));
    assert!(door.say(large).await.starts_with("HTTP/1.1 413"));
    let all = door.core.list_rejections().await.unwrap();
    assert_eq!((all.total, all.items.len()), (33, 33));
    let mut counts: Vec<_> =
        all.counts.iter().map(|c| (c.reason.as_str(), c.count, c.component_appid.as_deref())).collect();
    counts.sort_unstable();
    assert_eq!(
        counts,
        [
            ("bad_body", 1, Some(COMPONENT)),
            ("bad_signature", 30, Some(COMPONENT)),
            ("too_large", 1, Some(COMPONENT)),
            ("unknown_appid", 1, None)
        ]
    );
    for count in all.counts {
        assert!(!count.advice.zh.is_empty() && !count.advice.en.is_empty());
    }
    // It is told, though not for each.
    let told = async {
        loop {
            if changes.recv().await.unwrap().tags.iter().any(|tag| tag == "rejections") {
                break;
            }
        }
    };
    tokio::time::timeout(crate::support::DEADLINE, told).await.unwrap();
}
