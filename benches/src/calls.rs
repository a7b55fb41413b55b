//! A full log of calls (a million rows): the slowest of a few answers to each question that its page asks, and of the
//! batches that are written beside it.

use std::time::{Duration, Instant};

use wxdesk_core::dto::{ApiCallQuery, CallReason};
use wxdesk_core::store::Durability;
use wxdesk_core::store::tables::api_call::{self, ApiCallRow, MAX_ROWS};
use wxdesk_core::{Core, OpenOptions};

/// What a person does not feel as waiting, with room for drawing.
const LIMIT: Duration = Duration::from_millis(50);
/// Answers to each question; the slowest is printed.
const TIMES: usize = 20;
/// Rows a commit while the log is filled here; the engine writes 200.
const FILLED_AT_ONCE: i64 = 20_000;
/// Most of the paths of a platform's day.
const PATHS: [&str; 4] = [
    "/cgi-bin/component/api_authorizer_token",
    "/cgi-bin/component/api_get_authorizer_info",
    "/cgi-bin/menu/create",
    "/cgi-bin/component/api_component_token",
];

pub fn run(arguments: &[String]) {
    let count: i64 = arguments.first().and_then(|a| a.parse().ok()).unwrap_or(MAX_ROWS);
    let dir = std::env::temp_dir().join(format!("wxdesk-calls-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let slowest = runtime.block_on(async {
        let mut options = OpenOptions::new(&dir);
        options.durability = Durability::Off;
        let core = Core::open(options).await.expect("the store opens");
        let now = core.clock().now();
        for first in (0..count).step_by(usize::try_from(FILLED_AT_ONCE).unwrap()) {
            let rows: Vec<ApiCallRow> =
                (first..count.min(first + FILLED_AT_ONCE)).map(|n| row(n, now - (count - n) * 2_000)).collect();
            core.store().write(move |tx| api_call::insert(tx, &rows)).await.expect("the rows are stored");
        }
        let slowest = measure(&core, count, now).await;
        core.shutdown().await;
        slowest
    });
    drop(runtime);
    let _ = std::fs::remove_dir_all(&dir);
    if slowest > LIMIT {
        println!("slower than {} ms", LIMIT.as_millis());
        std::process::exit(1);
    }
}

fn row(n: i64, at: i64) -> ApiCallRow {
    let failed = n % 97 == 0;
    ApiCallRow {
        id: 0,
        at,
        component_appid: format!("wx{:016x}", n % 3),
        appid: (n % 50 != 0).then(|| format!("wx{:016x}", 1_000 + n % 2_000)),
        api: if n % 99_991 == 7 { "/cgi-bin/clear_quota" } else { PATHS[usize::try_from(n % 4).unwrap()] }.to_owned(),
        reason: if n % 4 == 2 { CallReason::Menu } else { CallReason::Details },
        duration_ms: 80 + n % 200,
        ok: !failed,
        errcode: failed.then_some(if n % 9_700 == 0 { 45009 } else { 40001 }),
        message: failed.then(|| "invalid credential, access_token is invalid or not latest".to_owned()),
        rid: failed.then(|| format!("61725984-{n:08x}-040f19c4")),
        http_status: Some(200),
        transport_error: None,
    }
}

async fn measure(core: &Core, count: i64, now: i64) -> Duration {
    let all = ApiCallQuery::default;
    let questions = [
        ("first page", all()),
        ("one account", ApiCallQuery { appid: Some(format!("wx{:016x}", 1_777)), ..all() }),
        ("one platform", ApiCallQuery { platform: Some(format!("wx{:016x}", 1)), ..all() }),
        ("errors only", ApiCallQuery { only_errors: Some(true), ..all() }),
        ("a rare errcode", ApiCallQuery { errcode: Some(45009), ..all() }),
        ("an errcode that never came", ApiCallQuery { errcode: Some(61004), ..all() }),
        ("a common path", ApiCallQuery { api: Some("menu/create".into()), ..all() }),
        ("a rare path", ApiCallQuery { api: Some("clear_quota".into()), ..all() }),
        ("a path that never came", ApiCallQuery { api: Some("jscode2session".into()), ..all() }),
        ("a reason that never came", ApiCallQuery { reason: Some(CallReason::Diagnostics), ..all() }),
        ("an hour of last week", {
            let until = now - 7 * 86_400_000;
            ApiCallQuery { from: Some(until - 3_600_000), until: Some(until), ..all() }
        }),
    ];
    println!("calls: a log of {count} rows, pages of 100, the slowest of {TIMES}; limit {} ms", LIMIT.as_millis());
    println!("{:<30} {:>9} {:>9}", "question", "shown", "ms");
    let mut slowest = Duration::ZERO;
    for (name, query) in questions {
        let query = ApiCallQuery { limit: Some(100), ..query };
        let (mut worst, mut shown) = (Duration::ZERO, 0);
        for _ in 0..TIMES {
            let asked = Instant::now();
            shown = core.list_api_calls(&query).await.expect("a page").items.len();
            worst = worst.max(asked.elapsed());
        }
        println!("{name:<30} {shown:>9} {:>9.1}", worst.as_secs_f64() * 1e3);
        slowest = slowest.max(worst);
    }
    let mut worst = Duration::ZERO;
    for batch in 0..TIMES {
        let first = count + i64::try_from(batch).unwrap() * 200;
        let rows: Vec<ApiCallRow> = (first..first + 200).map(|n| row(n, now)).collect();
        let written = Instant::now();
        core.store().write(move |tx| api_call::insert(tx, &rows)).await.expect("the rows are stored");
        worst = worst.max(written.elapsed());
    }
    println!("{:<30} {:>9} {:>9.1}", "a batch of 200 written", "", worst.as_secs_f64() * 1e3);
    println!("{:<30} {:>9} {:>9.1}", "slowest question", "", slowest.as_secs_f64() * 1e3);
    slowest
}
