//! What the simulated platform does not do: answers that lack something, stops in the middle, and rows that grow old.

use rusqlite::params;
use wechat::api::oauth::OauthGrant;

use super::*;
use crate::store::tables::oauth_exchange::Outcome;
use crate::store::tables::{oauth_link, oauth_user};
use crate::testing::{World, appid};

const DAY: i64 = 24 * 3_600_000;

/// A user of the first account, whose tokens are `ACCESS` and `REFRESH`.
async fn with_user() -> (World, i64) {
    let world = World::ready().await;
    world.accounts(1, 7_200_000).await;
    let (platform_id, now) = (world.component().platform_id, world.core.clock().now());
    let grant = OauthGrant {
        access_token: "ACCESS".into(),
        expires_in: 7200,
        refresh_token: Some("REFRESH".into()),
        openid: "oUser".into(),
        scope: "snsapi_base".into(),
        is_snapshot_user: false,
        unionid: None,
    };
    let id = world
        .core
        .store()
        .write(move |tx| {
            tx.execute(
                "INSERT INTO oauth_link (state, platform_id, appid, scope, created_at, expires_at) VALUES ('S', ?1, ?2, 'base', ?3, ?4)",
                params![platform_id, appid(0), now, now + DAY],
            )?;
            oauth_user::consented(tx, platform_id, &appid(0), &grant, now)
        })
        .await
        .unwrap();
    (world, id)
}

async fn tokens(world: &World, id: i64) -> (String, String) {
    let row = world.core.store().read(move |c| Ok(oauth_user::get(c, id)?.unwrap())).await.unwrap();
    (row.access_token.expose().clone(), row.refresh_token.unwrap().expose().clone())
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_refresh_token_keeps_the_one_before() {
    let (world, id) = with_user().await;
    let pair = |a: &str, r: &str| (a.to_owned(), r.to_owned());
    for refresh in [r#""""#, "null"] {
        world.wechat.script(
            "refresh_token",
            format!(r#"{{"access_token":"NEW","expires_in":7200,"refresh_token":{refresh},"openid":"oUser","scope":"snsapi_base"}}"#),
        );
        world.core.refresh_oauth_user(id).await.unwrap();
        assert_eq!(tokens(&world, id).await, pair("NEW", "REFRESH"));
    }
    world.wechat.script(
        "refresh_token",
        r#"{"access_token":"NEXT","expires_in":7200,"refresh_token":"ROTATED","openid":"oUser"}"#,
    );
    world.core.refresh_oauth_user(id).await.unwrap();
    assert_eq!(tokens(&world, id).await, pair("NEXT", "ROTATED"));
    // Another user's tokens, whyever they come, are not kept.
    world
        .wechat
        .script("refresh_token", r#"{"access_token":"X","expires_in":7200,"refresh_token":"Y","openid":"oOther"}"#);
    let refused = world.core.refresh_oauth_user(id).await.unwrap_err();
    assert!(!format!("{refused:?}").contains("oOther"));
    assert_eq!(tokens(&world, id).await, pair("NEXT", "ROTATED"));
    // WeChat repeats the whole request in its words.
    world.wechat.fault("refresh_token", crate::testing::Fault::Echo(40030));
    let refused = world.core.refresh_oauth_user(id).await.unwrap_err();
    assert!(!format!("{refused:?}").contains("ROTATED"), "{refused:?}");
    // The refresh token of a whole consent is replaced, and a consent that came meanwhile wins over a renewal.
    let stored = world
        .core
        .store()
        .write(move |tx| {
            let asked = oauth_user::get(tx, id)?.unwrap();
            let grant = OauthGrant {
                access_token: "CONSENT".into(),
                expires_in: 7200,
                refresh_token: None,
                openid: "oUser".into(),
                scope: "snsapi_base".into(),
                is_snapshot_user: false,
                unionid: None,
            };
            oauth_user::consented(tx, asked.platform_id, &asked.appid, &grant, 1)?;
            oauth_user::renewed(tx, &asked, &grant, 2)
        })
        .await
        .unwrap();
    assert!(!stored);
    assert_eq!(tokens(&world, id).await, pair("CONSENT", "ROTATED"));
}

#[tokio::test(start_paused = true)]
async fn a_stop_after_the_tokens_were_stored_is_a_success() {
    let (world, id) = with_user().await;
    let now = world.core.clock().now();
    world
        .core
        .store()
        .write(move |tx| {
            for (key, user) in [(b"known".as_slice(), Some(id)), (b"unknown".as_slice(), None)] {
                oauth_exchange::claim(tx, key, "S", now)?;
                if let Some(user) = user {
                    oauth_exchange::belongs_to(tx, key, user)?;
                }
            }
            Ok(())
        })
        .await
        .unwrap();
    let world = world.restart().await;
    let outcome = async |key: &'static [u8]| {
        world.core.store().read(move |c| Ok(oauth_exchange::get(c, key)?.unwrap().outcome)).await.unwrap()
    };
    assert_eq!(outcome(b"known").await, Outcome::Done);
    assert_eq!(outcome(b"unknown").await, Outcome::Unknown);
}

#[tokio::test(start_paused = true)]
async fn old_rows_go_and_young_ones_stay() {
    let (world, id) = with_user().await;
    let platform_id = world.component().platform_id;
    let now = world.core.clock().now();
    let left = world
        .core
        .store()
        .write(move |tx| {
            let link = |state: &str, once: bool, uses: i64, expires_at: i64, ended_at: Option<i64>| {
                tx.execute(
                    "INSERT INTO oauth_link (state, platform_id, appid, scope, once, uses, created_at, expires_at, ended_at)
                     VALUES (?1, ?2, 'a', 'base', ?3, ?4, 0, ?5, ?6)",
                    params![state, platform_id, once, uses, expires_at, ended_at],
                )
            };
            link("old", false, 1, now - 31 * DAY, None)?;
            link("ended long ago", false, 1, now + 300 * DAY, Some(now - 31 * DAY))?;
            link("ended", false, 1, now - 29 * DAY, None)?;
            link("alive", false, 0, now + DAY, None)?;
            link("visit for nothing", true, 0, now - 3_700_000, None)?;
            link("visit", true, 1, now - 3_700_000, Some(now - 3_800_000))?;
            for (key, at) in [(b"old".as_slice(), now - 31 * DAY), (b"new".as_slice(), now - 29 * DAY)] {
                oauth_exchange::claim(tx, key, "alive", at)?;
            }
            oauth_ticket::insert(tx, b"old", id, "alive", now - DAY - 1)?;
            oauth_ticket::insert(tx, b"new", id, "alive", now - DAY + 1)?;
            prune(tx, now)?;
            let mut left: Vec<String> = tx
                .prepare("SELECT state FROM oauth_link WHERE appid = 'a' ORDER BY state")?
                .query_map([], |r| r.get(0))?
                .collect::<Result<_, _>>()?;
            for table in ["oauth_exchange", "oauth_ticket"] {
                left.push(tx.query_row(&format!("SELECT count(*) || ' of {table}' FROM {table}"), [], |r| r.get(0))?);
            }
            assert!(oauth_link::get(tx, "S")?.is_some());
            Ok(left)
        })
        .await
        .unwrap();
    assert_eq!(left, ["alive", "ended", "visit", "1 of oauth_exchange", "1 of oauth_ticket"]);
}

/// Session keys and one-time codes leave memory by themselves.
#[tokio::test(start_paused = true)]
async fn what_is_over_is_not_kept_in_memory() {
    let world = World::new().await;
    let (oauth, now) = (world.core.oauth().clone(), world.core.clock().now());
    let id = oauth.keep_session("KEY".into(), now).unwrap();
    oauth.hand(b"code", Handed { code: "CODE".into(), user_id: 1, until: now + 300_000 });
    world.pass(300_000 + MAX_SLEEP_MS).await;
    assert!(locked(&oauth.handed).is_empty() && locked(&oauth.sessions).contains_key(&id));
    world.pass(300_000).await;
    assert!(locked(&oauth.sessions).is_empty());
    for n in 0..SESSIONS + 5 {
        oauth.keep_session("KEY".into(), now + i64::try_from(n).unwrap()).unwrap();
    }
    assert_eq!(locked(&oauth.sessions).len(), SESSIONS);
}
