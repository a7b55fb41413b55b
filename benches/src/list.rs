//! Lists of 100,000 accounts: the slowest of a few answers to each question that the window asks.

use std::time::{Duration, Instant};

use wxdesk_core::dto::{AccountQuery, AccountSort, AccountState, PlatformInput};
use wxdesk_core::store::Durability;
use wxdesk_core::store::tables::account::{self, AccountRow};
use wxdesk_core::store::tables::credential;
use wxdesk_core::{Core, OpenOptions};

use crate::load;

/// What a person does not feel as waiting, with room for drawing.
const LIMIT: Duration = Duration::from_millis(50);
/// Answers to each question; the slowest is printed.
const TIMES: usize = 20;

pub fn run(arguments: &[String]) {
    let count: usize = arguments.first().and_then(|a| a.parse().ok()).unwrap_or(100_000);
    let dir = std::env::temp_dir().join(format!("wxdesk-list-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let slowest = runtime.block_on(async {
        let mut options = OpenOptions::new(&dir);
        options.durability = Durability::Off;
        let core = Core::open(options).await.expect("the store opens");
        fill(&core, count).await;
        let slowest = measure(&core, count);
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

async fn fill(core: &Core, count: usize) {
    core.save_platform(PlatformInput {
        component_appid: load::COMPONENT.into(),
        name: "bench".into(),
        component_appsecret: Some("0".repeat(32)),
        verify_token: Some(load::TOKEN.into()),
        encoding_aes_key: Some(load::KEY.into()),
        previous_encoding_aes_key: None,
        public_base_url: "http://127.0.0.1:1".into(),
        endpoints: None,
        outbound_proxy: None,
    })
    .await
    .expect("the platform is saved");
    let platform_id = core.store().mirror().platforms()[0].id;
    let now = core.clock().now();
    let filled = core.store().write(move |tx| {
        for n in 0..count {
            let spread = i64::try_from(n * 7_919 % count).unwrap();
            let row = AccountRow {
                platform_id,
                appid: format!("wx{:016x}", n * 2_654_435_761),
                nick_name: format!("{}花店 Flower {}", ["城东", "城西", "南门", "北苑"][n % 4], spread),
                user_name: format!("gh_{n:012x}"),
                principal_name: format!("第 {} 商贸有限公司", n / 20),
                tenant: Some(format!("业务方 {}", n % 300)),
                tags: if n % 10 == 0 { vec!["vip".into()] } else { Vec::new() },
                authorized: n % 50 != 0,
                authorized_at: now - spread * 1_000,
                details_at: Some(now),
                ..AccountRow::default()
            };
            let row = account::save(tx, &row)?;
            let mut held = credential::ensure(tx, platform_id, Some(row.id))?;
            held.token = Some("t".repeat(140).into());
            held.refresh_token = Some("refreshtoken@@@x".into());
            held.obtained_at = Some(now);
            held.expires_at = Some(now + 7_200_000 - spread);
            held.failures = i64::from(n % 30 == 0);
            held.generation = 1;
            credential::update(tx, &held)?;
        }
        Ok(())
    });
    filled.await.expect("the accounts are stored");
}

fn measure(core: &Core, count: usize) -> Duration {
    let sorted = |sort| AccountQuery { sort: Some(sort), ..AccountQuery::default() };
    let found = |q: &str| AccountQuery { q: Some(q.into()), ..AccountQuery::default() };
    let last = u32::try_from(count.saturating_sub(100)).unwrap();
    let questions = [
        ("first page, newest", AccountQuery::default()),
        ("first page by name", sorted(AccountSort::Name)),
        ("first page by expiry", sorted(AccountSort::ExpiresAt)),
        ("first page by state", sorted(AccountSort::State)),
        ("state: failing", AccountQuery { state: Some(AccountState::Failing), ..AccountQuery::default() }),
        (
            "tenant and tag",
            AccountQuery { tenant: Some("业务方 30".into()), tag: Some("vip".into()), ..AccountQuery::default() },
        ),
        ("search: name", found("南门花店")),
        ("search: principal, two words", found("商贸 4999")),
        ("search: appid, nobody", found("wxffffffffffffffff")),
        ("last page by name", AccountQuery { offset: Some(last), ..sorted(AccountSort::Name) }),
    ];
    println!("list: {count} accounts, pages of 100, the slowest of {TIMES}; limit {} ms", LIMIT.as_millis());
    println!("{:<30} {:>9} {:>9}", "question", "matches", "ms");
    let mut slowest = Duration::ZERO;
    for (name, query) in questions {
        let mut worst = Duration::ZERO;
        let mut total = 0;
        for _ in 0..TIMES {
            let asked = Instant::now();
            total = core.list_accounts(&query).expect("a page").total;
            worst = worst.max(asked.elapsed());
        }
        println!("{name:<30} {total:>9} {:>9.1}", worst.as_secs_f64() * 1e3);
        slowest = slowest.max(worst);
    }
    println!("{:<30} {:>9} {:>9.1}", "slowest", "", slowest.as_secs_f64() * 1e3);
    slowest
}
