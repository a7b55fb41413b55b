//! Codes are made within WeChat's limits, and every scan counts once.

use wxdesk_core::clock::Clock;
use wxdesk_core::dto::{SceneCode, SceneCodeInput, SceneCodeQuery, SceneKind};
use wxdesk_sandbox::{Effect, lock};

use crate::world::{T0, World};

const CREATE: &str = "/cgi-bin/qrcode/create";

impl World {
    fn input(&self, appid: &str, scene: &str) -> SceneCodeInput {
        SceneCodeInput {
            component_appid: self.component.clone(),
            appid: appid.to_owned(),
            name: "门口海报".into(),
            kind: SceneKind::Text,
            scene: scene.to_owned(),
            permanent: false,
            expire_seconds: Some(3_600),
        }
    }

    async fn code(&self, id: i64) -> SceneCode {
        let page = self.core.list_scene_codes(&SceneCodeQuery::default()).await.unwrap();
        page.items.into_iter().find(|code| code.id == id).unwrap()
    }

    /// A follower's event arrives, with these fields besides.
    async fn event(&self, appid: &str, openid: &str, event: &str, key: &str, ticket: &str) {
        let fields: Vec<(String, String)> =
            [("MsgType", "event"), ("Event", event), ("EventKey", key), ("Ticket", ticket)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        let now = T0 + self.clock.monotonic();
        assert!(lock(&self.platform).push_message(now, appid, openid, &fields));
        self.pass(2_000).await;
    }
}

/// The ticket is not shown to anybody, so a test reads it off the address of WeChat's picture.
async fn ticket(world: &World, id: i64) -> String {
    world
        .core
        .store()
        .read(move |c| Ok(c.query_row("SELECT ticket FROM scene_code WHERE id = ?1", [id], |r| r.get(0))?))
        .await
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn wrong_codes_cost_no_call() {
    let (world, appid) = World::with_account().await;
    let base = world.input(&appid, "x");
    let number = SceneCodeInput { kind: SceneKind::Number, ..base.clone() };
    let cases = [
        (SceneCodeInput { scene: String::new(), ..base.clone() }, "scene"),
        (SceneCodeInput { scene: "长".repeat(65), ..base.clone() }, "scene"),
        (SceneCodeInput { scene: "0".into(), ..number.clone() }, "scene"),
        (SceneCodeInput { scene: "-1".into(), ..number.clone() }, "scene"),
        (SceneCodeInput { scene: "4294967296".into(), ..number.clone() }, "scene"),
        (SceneCodeInput { scene: "100001".into(), permanent: true, ..number }, "scene"),
        (SceneCodeInput { expire_seconds: Some(59), ..base.clone() }, "expire_seconds"),
        (SceneCodeInput { expire_seconds: Some(2_592_001), ..base.clone() }, "expire_seconds"),
        (SceneCodeInput { name: "n".repeat(61), ..base }, "name"),
    ];
    for (input, field) in cases {
        let refused = world.core.create_scene_code(input.clone()).await.unwrap_err();
        let fields = refused.detail.unwrap().fields;
        assert_eq!(fields[0].field, field, "{input:?}");
        assert!(!fields[0].message_zh.is_ascii() && !fields[0].message.is_empty());
    }
    assert_eq!(world.calls(CREATE), 0);
}

#[tokio::test(start_paused = true)]
async fn scans_count_once_and_only_on_their_code() {
    let (mut world, appid) = World::with_account().await;
    let poster = world.core.create_scene_code(world.input(&appid, "poster")).await.unwrap();
    let table = world.core.create_scene_code(world.input(&appid, "table-7")).await.unwrap();
    assert_eq!((poster.scans, poster.expires_at.unwrap() - poster.created_at), (0, 3_600_000));
    assert!(poster.url.starts_with("http"));
    let name = ticket(&world, poster.id).await;
    world.event(&appid, "follower-1", "subscribe", "qrscene_poster", &name).await;
    // WeChat's repeat of a push is the same scan.
    world.fault("message", 0, 1, Effect::PushDuplicate);
    world.event(&appid, "follower-2", "SCAN", "poster", &name).await;
    // Not a scan of ours: no ticket, another ticket, another event.
    world.event(&appid, "follower-3", "subscribe", "", "").await;
    world.event(&appid, "follower-4", "SCAN", "poster", "gQ-of-somebody-else").await;
    world.event(&appid, "follower-5", "CLICK", "poster", &name).await;
    let seen = world.code(poster.id).await;
    assert_eq!((seen.scans, seen.followed), (2, 1));
    assert!(seen.last_scan_at.is_some_and(|at| at % 1000 == 0 && at > T0));
    assert_eq!(world.code(table.id).await.scans, 0);
    let scans = world.core.list_scene_scans(poster.id).await.unwrap();
    let who: Vec<(&str, bool)> = scans.iter().map(|s| (s.openid.as_str(), s.followed)).collect();
    assert_eq!(who, [("follower-2", false), ("follower-1", true)], "newest first");
    // A restart knows the tickets again.
    world.kill().await;
    world.event(&appid, "follower-6", "SCAN", "poster", &name).await;
    assert_eq!(world.code(poster.id).await.scans, 3);
    // Forgotten, it is counted no more, and its scans are gone.
    world.core.forget_scene_code(poster.id).await.unwrap();
    world.event(&appid, "follower-7", "SCAN", "poster", &name).await;
    assert!(world.core.list_scene_scans(poster.id).await.is_err());
    assert!(world.core.forget_scene_code(poster.id).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn codes_are_found_renamed_and_drawn() {
    let (world, appid) = World::with_account().await;
    let first = world.core.create_scene_code(world.input(&appid, "Spring_100%")).await.unwrap();
    let mut lasting = world.input(&appid, "42");
    (lasting.kind, lasting.permanent, lasting.expire_seconds) = (SceneKind::Number, true, None);
    let second = world.core.create_scene_code(lasting).await.unwrap();
    assert_eq!((second.permanent, second.expires_at, second.scene.as_str()), (true, None, "42"));
    let find = async |query: SceneCodeQuery| {
        let page = world.core.list_scene_codes(&query).await.unwrap();
        (page.items.iter().map(|code| code.id).collect::<Vec<_>>(), page.total)
    };
    let with = |q: &str| SceneCodeQuery { q: Some(q.into()), ..SceneCodeQuery::default() };
    assert_eq!(find(SceneCodeQuery::default()).await, (vec![second.id, first.id], 2));
    assert_eq!(find(with("spring")).await.0, [first.id]);
    assert_eq!(find(with("g_1")).await.0, [first.id], "signs are signs");
    assert_eq!(find(with("%%")).await.1, 0);
    assert_eq!(find(SceneCodeQuery { limit: Some(1), offset: Some(1), ..with("") }).await, (vec![first.id], 2));
    let other = SceneCodeQuery { appid: Some("wx0000000000000000".into()), ..SceneCodeQuery::default() };
    assert_eq!(find(other).await.1, 0);
    let ended = |ended| SceneCodeQuery { ended: Some(ended), ..SceneCodeQuery::default() };
    assert_eq!((find(ended(true)).await.1, find(ended(false)).await.1), (0, 2));
    world.pass(3_601_000).await;
    assert_eq!((find(ended(true)).await.0, find(ended(false)).await.0), (vec![first.id], vec![second.id]));

    let renamed = world.core.rename_scene_code(second.id, " 收银台 ").await.unwrap();
    assert_eq!(renamed.name, "收银台");
    assert!(world.core.scene_code_svg(second.id).await.unwrap().starts_with("<svg "));
    assert!(world.core.scene_code_png(second.id).await.unwrap().starts_with("data:image/png;base64,"));
    // With its platform, everything goes.
    world.core.remove_platform(&world.component).await.unwrap();
    assert_eq!(find(SceneCodeQuery::default()).await.1, 0);
}
