use super::*;
use crate::dto::{ApiCallQuery, ExportFormat};
use crate::testing::{COMPONENT, Fault, KEY, TOKEN, World, appid};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

async fn all(world: &World) -> Vec<crate::dto::ApiCall> {
    let query = ApiCallQuery { limit: Some(500), ..ApiCallQuery::default() };
    world.core.list_api_calls(&query).await.unwrap().items
}

/// Everything that the table holds, as text.
async fn dump(world: &World) -> String {
    world.core.flush_call_log().await.unwrap();
    let rows = world.core.store().read(|c| {
        let mut statement = c.prepare("SELECT * FROM api_call")?;
        let columns = statement.column_count();
        let rows: Vec<String> = statement
            .query_map([], |row| {
                Ok((0..columns).map(|at| format!("{:?} ", row.get_ref(at).unwrap())).collect::<String>())
            })?
            .map(Result::unwrap)
            .collect();
        // Texts are shown as bytes in `ValueRef`'s Debug; read them again as texts.
        let mut texts = c.prepare(
            "SELECT concat_ws(' ', component_appid, appid, api, reason, message, rid, transport_error) FROM api_call",
        )?;
        let texts: Vec<String> = texts.query_map([], |row| row.get(0))?.map(Result::unwrap).collect();
        Ok(format!("{}\n{}", rows.join("\n"), texts.join("\n")))
    });
    rows.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_call_has_a_row_with_its_reason_and_account() {
    let world = World::ready().await;
    world.accounts(2, 60_000).await;
    world.until(|w| (0..2).all(|n| w.credential(&appid(n)).generation == 2)).await;
    world.pass(60_000).await;
    world.core.refresh_account(COMPONENT, &appid(0)).await.unwrap();
    world.core.refresh_details(COMPONENT, &appid(1)).await.unwrap();
    world.wechat.fault("api_get_authorizer_info", Fault::Errcode(61003));
    world.core.refresh_details(COMPONENT, &appid(1)).await.unwrap_err();
    world.wechat.fault("api_get_authorizer_info", Fault::DropBefore);
    world.core.refresh_details(COMPONENT, &appid(1)).await.unwrap_err();
    world.wechat.fault("api_get_authorizer_info", Fault::Html);
    world.core.refresh_details(COMPONENT, &appid(1)).await.unwrap_err();
    world.wechat.fault("api_get_authorizer_info", Fault::Status(502));
    world.core.refresh_details(COMPONENT, &appid(1)).await.unwrap_err();
    let calls = all(&world).await;
    let refreshes: Vec<_> = calls.iter().filter(|c| c.api.ends_with("api_authorizer_token")).collect();
    assert_eq!(refreshes.len(), 3);
    assert_eq!((refreshes[0].reason, refreshes[0].appid.as_deref()), (CallReason::Operator, Some(appid(0).as_str())));
    assert_eq!(refreshes[1].reason, CallReason::Scheduled);
    assert!(refreshes.iter().all(|c| c.ok && c.duration_ms == 50 && c.http_status == Some(200) && c.errcode.is_none()));
    let details: Vec<_> = calls.iter().filter(|c| c.api.ends_with("api_get_authorizer_info")).collect();
    assert!(details.iter().all(|c| c.reason == CallReason::Details && c.appid == Some(appid(1))));
    assert_eq!(details[0].http_status, Some(502));
    assert_eq!(details[1].transport_error, Some(TransportErrorKind::BadBody));
    assert_eq!((details[2].transport_error, details[2].http_status), (Some(TransportErrorKind::Connect), None));
    assert_eq!((details[3].errcode, details[3].rid.as_deref()), (Some(61003), Some("5fa26c60-1a0ebdd5-32fd1cd0")));
    assert!(details[3].words.as_ref().is_some_and(|w| !w.advice.zh.is_empty()));
    assert!(details[4].ok && details[4].api_name.is_some());
    assert_eq!(details[4].account_name.as_deref(), Some("花店"));
    assert!(calls.iter().any(|c| c.api.ends_with("api_component_token") && c.appid.is_none()));
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_in_the_whole_table() {
    let world = World::ready().await;
    world.wechat.fault("api_component_token", Fault::Echo(-1));
    world.core.refresh_component(COMPONENT).await.unwrap_err();
    world.accounts(1, 60_000).await;
    for _ in 0..2 {
        world.wechat.fault("api_authorizer_token", Fault::Echo(-1));
    }
    world.until(|w| w.credential(&appid(0)).generation == 2).await;
    for path in ["api_get_authorizer_info", "get_authorizer_option", "api_get_authorizer_option", "get"] {
        world.wechat.fault(path, Fault::Echo(40001));
    }
    let code = "queryauthcode@@@abcdefghijklmnop@wxbbbbbbbbbbbbbbbb";
    world.wechat.fault("api_query_auth", Fault::Echo(-1));
    world.event("authorized", "wxbbbbbbbbbbbbbbbb", world.now_s(), Some(code)).await.unwrap();
    world.until(|w| w.has("wxbbbbbbbbbbbbbbbb") && w.credential("wxbbbbbbbbbbbbbbbb").token.is_some()).await;
    let _ = world.core.refresh_details(COMPONENT, &appid(0)).await;
    let _ = world.core.get_account_options(COMPONENT, &appid(0)).await;
    let _ = world.core.get_quota(COMPONENT, None, None).await;
    world.wechat.fault("v2", Fault::Echo(48006));
    let _ = world.core.clear_quota(COMPONENT, None, crate::dto::ClearMethod::AppSecret).await;
    world.core.test_token(COMPONENT, Some(&appid(0))).await.unwrap();
    world.core.start_ticket_push(COMPONENT).await.unwrap();
    let table = dump(&world).await;
    assert!(table.contains("you sent") && table.lines().count() > 20, "{table}");
    let mut secrets: Vec<String> =
        [SECRET, TOKEN, KEY, code, "ticket@@@1", "abcdefghijklmnop"].map(str::to_owned).into();
    for row in world.core.store().mirror().credentials() {
        secrets.extend([&row.token, &row.refresh_token].into_iter().flatten().map(|s| s.expose().clone()));
    }
    secrets.extend(["token-0-old".to_owned(), format!("refreshtoken@@@{}-0", appid(0))]);
    for secret in &secrets {
        assert!(!table.contains(secret.as_str()), "{secret} is in the log:\n{table}");
        let bytes = format!("{:?}", secret.as_bytes());
        assert!(!table.contains(bytes.trim_matches(['[', ']'])), "{secret} is in the log");
    }
    assert!(all(&world).await.iter().all(|call| !call.api.contains('?')));
    let export = world.core.export_api_calls(&ApiCallQuery::default(), ExportFormat::Json).await.unwrap();
    assert!(secrets.iter().all(|secret| !export.text.contains(secret.as_str())));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_written_fails_no_call() {
    let world = World::ready().await;
    world.core.flush_call_log().await.unwrap();
    world.core.store().write(|tx| Ok(tx.execute_batch("ALTER TABLE api_call RENAME TO away")?)).await.unwrap();
    world.accounts(1, 60_000).await;
    world.until(|w| w.credential(&appid(0)).generation == 2).await;
    world.pass(40_000).await;
    world.core.refresh_account(COMPONENT, &appid(0)).await.unwrap();
    assert!(world.core.flush_call_log().await.is_err());
    assert!(world.core.list_api_calls(&ApiCallQuery::default()).await.is_err(), "the page says why");
    world.core.store().write(|tx| Ok(tx.execute_batch("ALTER TABLE away RENAME TO api_call")?)).await.unwrap();
    let refreshes = all(&world).await.iter().filter(|c| c.api.ends_with("api_authorizer_token")).count();
    assert_eq!(refreshes, 2, "what waited was written after all");
    assert_eq!(world.core.call_log().lost(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_waited_for_is_told() {
    let world = World::ready().await;
    world.accounts(1, 7_000_000).await;
    world.wechat.fault("api_get_authorizer_info", Fault::Hang);
    let (core, account) = (world.core.clone(), appid(0));
    assert!(crate::clock::within(20_000, core.refresh_details(COMPONENT, &account)).await.is_none());
    let calls = all(&world).await;
    assert_eq!(calls[0].transport_error, Some(TransportErrorKind::Abandoned));
    assert!(calls[0].duration_ms >= 19_000 && !calls[0].ok);
}

#[tokio::test(start_paused = true)]
async fn a_stop_writes_the_last_rows_and_a_start_finds_them() {
    let world = World::ready().await;
    let world = world.restart().await;
    assert!(all(&world).await.iter().any(|c| c.api.ends_with("api_component_token")));
    world.core.set_api_call_retention(7).await.unwrap();
    let world = world.restart().await;
    assert_eq!(world.core.get_api_call_settings().await.unwrap().retention_days, 7);
}

fn row(at: i64) -> ApiCallRow {
    ApiCallRow {
        id: 0,
        at,
        component_appid: COMPONENT.into(),
        appid: None,
        api: "/cgi-bin/menu/create".into(),
        reason: CallReason::Menu,
        duration_ms: 1,
        ok: true,
        errcode: None,
        message: None,
        rid: None,
        http_status: Some(200),
        transport_error: None,
    }
}

#[tokio::test(start_paused = true)]
async fn old_calls_go_after_the_days_that_were_set_and_beyond_the_most() {
    const DAY: i64 = 86_400_000;
    let world = World::new().await;
    let now = world.clock.now();
    let rows: Vec<ApiCallRow> = (0..40).rev().map(|day| row(now - day * DAY - 1)).collect();
    world.core.store().write(move |tx| api_call::insert(tx, &rows)).await.unwrap();
    for days in [0, 366] {
        assert!(world.core.set_api_call_retention(days).await.is_err());
    }
    world.pass(3_700_000).await;
    assert_eq!(world.core.get_api_call_settings().await.unwrap().rows, 30, "the default");
    world.core.set_api_call_retention(10).await.unwrap();
    world.pass(3_700_000).await;
    let left = world.core.get_api_call_settings().await.unwrap();
    assert_eq!((left.rows, left.retention_days), (10, 10));
    assert!(left.oldest_at.is_some_and(|at| at > now - 10 * DAY));
    world.core.store().write(|tx| api_call::prune(tx, 0, 3)).await.unwrap();
    let left = all(&world).await;
    assert_eq!(left.len(), 3);
    assert_eq!(left[0].at, now - 1, "the newest stay");
}

#[tokio::test(start_paused = true)]
async fn filters_and_pages() {
    let world = World::new().await;
    let rows: Vec<ApiCallRow> = (0..25)
        .map(|n| ApiCallRow {
            // Pairs share a moment: a page may end between them.
            at: 1_000 + n / 2,
            appid: (n % 5 == 0).then(|| appid(usize::try_from(n).unwrap())),
            api: if n % 2 == 0 { "/cgi-bin/menu/get".into() } else { "/cgi-bin/menu/get_x".into() },
            ok: n % 3 != 0,
            errcode: (n % 3 == 0).then_some(if n % 6 == 0 { 45009 } else { 61023 }),
            component_appid: if n < 20 { COMPONENT.into() } else { "wxother".into() },
            ..row(0)
        })
        .collect();
    world.core.store().write(move |tx| api_call::insert(tx, &rows)).await.unwrap();
    let mut query = ApiCallQuery { limit: Some(4), ..ApiCallQuery::default() };
    let mut seen = Vec::new();
    loop {
        let page = world.core.list_api_calls(&query).await.unwrap();
        seen.extend(page.items.iter().map(|c| c.id));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    let expected: Vec<i64> = (1..=25).rev().collect();
    assert_eq!(seen, expected);
    let count = async |query: ApiCallQuery| world.core.list_api_calls(&query).await.unwrap().items.len();
    let none = ApiCallQuery::default;
    assert_eq!(count(ApiCallQuery { platform: Some("wxother".into()), ..none() }).await, 5);
    assert_eq!(count(ApiCallQuery { appid: Some(appid(5)), ..none() }).await, 1);
    assert_eq!(count(ApiCallQuery { api: Some("get_x".into()), ..none() }).await, 12);
    assert_eq!(count(ApiCallQuery { api: Some("t%x".into()), ..none() }).await, 0);
    assert_eq!(count(ApiCallQuery { errcode: Some(45009), ..none() }).await, 5);
    assert_eq!(count(ApiCallQuery { errcode: Some(0), ..none() }).await, 16);
    assert_eq!(count(ApiCallQuery { only_errors: Some(true), ..none() }).await, 9);
    assert_eq!(count(ApiCallQuery { reason: Some(CallReason::Test), ..none() }).await, 0);
    assert_eq!(count(ApiCallQuery { from: Some(1_002), until: Some(1_004), ..none() }).await, 4);
    assert!(world.core.list_api_calls(&ApiCallQuery { cursor: Some("x".into()), ..none() }).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_exported_name_is_no_formula() {
    let world = World::ready().await;
    world.accounts(1, 7_000_000).await;
    world.wechat.script(
        "api_get_authorizer_info",
        r#"{"authorizer_info":{"nick_name":"=HYPERLINK(\"http://x\")","user_name":"gh_1"},"authorization_info":{}}"#,
    );
    world.core.refresh_details(COMPONENT, &appid(0)).await.unwrap();
    let export = world.core.export_api_calls(&ApiCallQuery::default(), ExportFormat::Csv).await.unwrap();
    assert!(export.text.starts_with('\u{feff}') && export.file_name.ends_with(".csv"));
    assert!(export.text.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{}", export.text);
    assert!(!export.text.contains(",=") && !export.text.contains(",\"="), "{}", export.text);
    let export = world.core.export_api_calls(&ApiCallQuery::default(), ExportFormat::Json).await.unwrap();
    let rows: Vec<crate::dto::ApiCall> = serde_json::from_str(&export.text).unwrap();
    assert_eq!(i64::try_from(rows.len()).unwrap(), export.rows);
}

#[test]
fn long_runs_are_masked_and_words_and_request_ids_stay() {
    let text = "invalid credential, could get access_token by getStableAccessToken rid: 5fa26c60-1a0ebdd5-32fd1cd0";
    assert_eq!(mask(text), text);
    assert_eq!(mask(&format!("secret {SECRET}, key {KEY}.")), "secret ***, key ***.");
    assert_eq!(mask("参数错误 wx134c8103faa5a59e"), "参数错误 wx134c8103faa5a59e");
}

#[test]
fn a_backlog_is_bounded() {
    let log = CallLog::default();
    for at in 0..20_010 {
        log.add(row(at));
    }
    assert_eq!(log.lost(), 10);
    let batch = log.take();
    assert_eq!((batch.len(), batch[0].at), (BATCH, 10), "the oldest are lost");
    log.put_back(batch);
    assert_eq!(log.take()[0].at, 10);
}
