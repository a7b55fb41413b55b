use super::*;
use crate::dto::{PushAnswer, PushClass};
use crate::inbox::testing::{ACCOUNT, component, event, push, text};
use crate::testing::{COMPONENT, T0, World};
use std::sync::atomic::{AtomicI64, Ordering};

fn query() -> InboxQuery {
    InboxQuery::default()
}

#[tokio::test(start_paused = true)]
async fn pages_hold_every_push_once_newest_first() {
    let world = World::new().await;
    let mut ids = world.store((0..1_203).map(|n| text(n, "o1", "你好")).collect()).await;
    ids.reverse();
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = world.list(InboxQuery { before, limit: Some(500), ..query() }).await;
        assert!(page.items.len() <= 500);
        seen.extend(page.items.iter().map(|item| item.id));
        assert_eq!(page.searched_to, page.next_before.map(|_| page.items.last().unwrap().received_at));
        before = page.next_before;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen, ids);
    assert_eq!(world.ids(InboxQuery { limit: Some(9_999), ..query() }).await.len(), 500);
    assert_eq!(world.ids(query()).await.len(), 100);
    // What came since.
    let newest = ids[0];
    assert_eq!(world.ids(InboxQuery { after: Some(newest - 3), ..query() }).await, ids[..3]);
    assert_eq!(world.list(InboxQuery { after: Some(newest), ..query() }).await.next_before, None);
    let some = world.list(InboxQuery { after: Some(newest - 300), limit: Some(10), ..query() }).await;
    assert_eq!((some.items.len(), some.next_before), (10, Some(newest - 9)));
}

#[tokio::test(start_paused = true)]
async fn every_filter_finds_its_own() {
    let world = World::new().await;
    let other = "wxbbbbbbbbbbbbbbbb";
    let mut elsewhere = text(5, "o1", "x");
    elsewhere.authorizer = Some(other.into());
    let mut ruled = text(6, "o1x", "规则 Rule");
    ruled.rule_id = Some(7);
    let json = r#"{"ToUserName":"gh_2","FromUserName":"o3","CreateTime":1767225600,"MsgType":"text","Content":"\u4f60好 \"Quoted\"","MsgId":9}"#;
    let cut = "<xml><ToUserName>g</ToUserName><FromUserName>o4</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content><![CDATA[a]]]]><![CDATA[>b&amp;]]>&lt;c</Content><MsgId>1</MsgId></xml>";
    let ids = world
        .store(vec![
            text(0, "o1", "Hello 花店"),                                                               // 0
            event(1, "o1", "CLICK", "KEY_1"),                                                            // 1
            event(2, "o2", "SCAN", "qr"),                                                                // 2
            component(3, "component_verify_ticket", "<ComponentVerifyTicket>ticket@@@abcdefghij</ComponentVerifyTicket>"), // 3
            component(4, "authorized", &format!("<AuthorizerAppid>{ACCOUNT}</AuthorizerAppid><AuthorizationCode>queryauthcode@@@SECRETCODE</AuthorizationCode><PreAuthCode>preauthcode@@@PREPREPRE</PreAuthCode>")), // 4
            elsewhere,                                                                                    // 5
            ruled,                                                                                        // 6
            push(7, json),                                                                                // 7
            push(8, cut),                                                                                 // 8
        ])
        .await;
    let check = async |query: InboxQuery, mut wanted: Vec<usize>| {
        wanted.reverse();
        let wanted: Vec<i64> = wanted.into_iter().map(|n| ids[n]).collect();
        assert_eq!(world.ids(query.clone()).await, wanted, "{query:?}");
    };
    let some = |text: &str| Some(text.to_owned());
    check(query(), (0..9).collect()).await;
    check(InboxQuery { component_appid: some(COMPONENT), ..query() }, (0..9).collect()).await;
    check(InboxQuery { component_appid: some("wx0000000000000000"), ..query() }, vec![]).await;
    check(InboxQuery { appid: some(ACCOUNT), ..query() }, vec![0, 1, 2, 4, 6, 7, 8]).await;
    check(InboxQuery { appid: some(other), ..query() }, vec![5]).await;
    check(InboxQuery { class: Some(PushClass::Component), ..query() }, vec![3, 4]).await;
    check(InboxQuery { class: Some(PushClass::Message), ..query() }, vec![0, 1, 2, 5, 6, 7, 8]).await;
    check(InboxQuery { msg_type: some("event"), ..query() }, vec![1, 2]).await;
    check(InboxQuery { msg_type: some(" text "), sender: some("o1"), ..query() }, vec![0, 5]).await;
    check(InboxQuery { event: some("CLICK"), ..query() }, vec![1]).await;
    check(InboxQuery { event: some("click"), ..query() }, vec![]).await;
    check(InboxQuery { event: some("authorized"), ..query() }, vec![4]).await;
    check(InboxQuery { sender: some("o1x"), ..query() }, vec![6]).await;
    check(InboxQuery { sender: some(""), rule_id: Some(7), ..query() }, vec![6]).await;
    check(InboxQuery { from: Some(T0 + 2), until: Some(T0 + 5), ..query() }, vec![2, 3, 4]).await;
    for (needle, found) in [
        ("hello", vec![0]),
        ("HELLO 花", vec![0]),
        ("花店", vec![0]),
        ("rule", vec![6]),
        ("key_1", vec![1]),
        ("你好 \"quoted\"", vec![7]),
        ("a]]>b&amp;<c", vec![8]),
        // Names of elements, tickets and codes are no text.
        ("<content", vec![]),
        ("createtime", vec![]),
        ("abcdefghij", vec![]),
        ("ticket@@@", vec![]),
        ("secretcode", vec![]),
        ("prepre", vec![]),
    ] {
        check(InboxQuery { text: some(needle), ..query() }, found).await;
    }
    world.answered(ids[0], PushAnswer::Success, 999, 0).await;
    world.answered(ids[1], PushAnswer::Rule, 1_000, 0).await;
    world.answered(ids[2], PushAnswer::Success, 1, 2).await;
    check(InboxQuery { only_slow: Some(true), ..query() }, vec![1, 2]).await;
    check(InboxQuery { only_slow: Some(true), sender: some("o2"), ..query() }, vec![2]).await;
    check(InboxQuery { only_slow: Some(false), sender: some("o2"), ..query() }, vec![2]).await;
}

/// The moment is found without walking there, and a clock that jumped within reason hides nothing.
#[tokio::test(start_paused = true)]
async fn times_are_found_by_halving() {
    let world = World::new().await;
    let hour = 3_600_000;
    let mut pushes: Vec<_> = (0..3_000).map(|n| text(n * hour, "o1", "x")).collect();
    // The clock was a quarter of an hour ahead for a moment.
    pushes[1_500].received_at -= 300_000;
    let ids = world.store(pushes).await;
    let wanted =
        Wanted::new(InboxQuery { from: Some(T0 + 1_000 * hour), until: Some(T0 + 1_010 * hour), ..query() }, None);
    let clock = world.clock.clone();
    let found = world
        .core
        .store()
        .read(move |c| Ok(search(c, &wanted, Limits { found: 100, looked_at: 600, ms: 300 }, clock.as_ref())?))
        .await
        .unwrap();
    let found_ids: Vec<i64> = found.rows.iter().map(|(push, _)| push.id).collect();
    assert_eq!(found_ids, ids[1_000..1_010].iter().rev().copied().collect::<Vec<_>>());
    assert_eq!(found.next_before, None, "nothing older is looked at");
    let around = InboxQuery { from: Some(T0 + 1_499 * hour), until: Some(T0 + 1_501 * hour), ..query() };
    assert_eq!(world.ids(around).await, [ids[1_500], ids[1_499]]);
}

/// A rare push is found in the end, however little is looked at at once, and each page says how far it came.
#[tokio::test(start_paused = true)]
async fn a_search_goes_on_where_it_stopped() {
    let world = World::new().await;
    let mut pushes: Vec<_> = (0..4_000).map(|n| text(n, "o1", "x")).collect();
    pushes[10] = text(10, "rare", "x");
    let ids = world.store(pushes).await;
    let limits = Limits { found: 10, looked_at: 1_000, ms: 300 };
    let mut wanted = Wanted::new(InboxQuery { sender: Some("rare".into()), ..query() }, None);
    let mut pages = 0;
    let found = loop {
        let found = world.core.search(wanted.clone(), limits).await.unwrap();
        pages += 1;
        let Some(before) = found.next_before else { break found };
        assert!(found.rows.is_empty() && before == ids[4_000 - pages * 1_000]);
        assert_eq!(found.searched_to, Some(T0 + before - ids[0]));
        wanted = wanted.before(before);
    };
    assert_eq!((pages, found.rows.len(), found.rows[0].0.id), (4, 1, ids[10]));
}

struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> i64 {
        T0
    }
    fn monotonic(&self) -> i64 {
        self.0.fetch_add(10, Ordering::Relaxed)
    }
    fn sleep(&self, _: i64) -> wechat::BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_that_takes_long_stops_in_the_middle_of_a_chunk() {
    let world = World::new().await;
    let ids = world.store((0..1_000).map(|n| text(n, "o1", "x")).collect()).await;
    let mut wanted = Wanted::new(query(), None);
    let mut seen = 0;
    loop {
        let mine = wanted.clone();
        let limits = Limits { found: 10_000, looked_at: i64::MAX, ms: 50 };
        let found =
            world.core.store().read(move |c| Ok(search(c, &mine, limits, &Ticking(AtomicI64::new(0)))?)).await.unwrap();
        seen += found.rows.len();
        let Some(before) = found.next_before else { break };
        assert!(found.rows.len() < 300, "{}", found.rows.len());
        wanted = wanted.before(before);
    }
    assert_eq!(seen, ids.len());
}

/// Ids that a removed platform left out cost nothing but the looking.
#[tokio::test(start_paused = true)]
async fn gaps_are_passed_over() {
    let world = World::new().await;
    let first = world.store((0..3).map(|n| text(n, "o1", "x")).collect()).await;
    let gone = world.store((3..2_000).map(|n| text(n, "o1", "x")).collect()).await;
    let last = world.store(vec![text(2_000, "o1", "x")]).await;
    let (from, to) = (gone[0], gone[gone.len() - 1]);
    world
        .core
        .store()
        .write(move |tx| Ok(tx.execute("DELETE FROM inbox WHERE id BETWEEN ?1 AND ?2", [from, to])?))
        .await
        .unwrap();
    assert_eq!(world.ids(query()).await, [last[0], first[2], first[1], first[0]]);
}
