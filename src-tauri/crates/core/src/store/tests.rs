use super::tables::inbox::Stored;
use super::tables::platform::PlatformRow;
use super::tables::{credential, inbox, notice, platform};
use super::*;
use crate::dto::Endpoints;

fn key() -> SecretString {
    "ab".repeat(32).into()
}

fn open(path: &Path) -> Store {
    Store::open(path, &key(), Durability::Full).unwrap()
}

pub(crate) fn platform_row(appid: &str) -> PlatformRow {
    PlatformRow {
        id: 0,
        component_appid: appid.into(),
        name: "门店通".into(),
        component_appsecret: "SECRETSECRETSECRETSECRETSECRET12".into(),
        verify_token: "TOKENTOKEN".into(),
        encoding_aes_key: "A".repeat(43).into(),
        previous_encoding_aes_key: None,
        previous_key_since: None,
        public_base_url: "https://abc.natapp.cc".into(),
        endpoints: Endpoints::default(),
        outbound_proxy: None,
        sandbox: false,
        own: None,
        ticket: None,
        ticket_recent: Vec::new(),
        created_at: 1,
        updated_at: 1,
    }
}

async fn add_platform(store: &Store) -> i64 {
    store.write(|tx| platform::save(tx, &platform_row("wx134c8103faa5a59e"))).await.unwrap()
}

#[tokio::test]
async fn rows_survive_and_the_file_holds_no_plain_text() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wxdesk.db");
    let store = open(&path);
    let id = add_platform(&store).await;
    store.close().await;
    drop(store);
    let bytes = std::fs::read(&path).unwrap();
    for plain in ["SQLite format", "SECRETSECRET", "wx134c8103faa5a59e", "门店通"] {
        assert!(!bytes.windows(plain.len()).any(|w| w == plain.as_bytes()), "{plain} lies open in the file");
    }
    let store = open(&path);
    let row = store.mirror().platform(id).unwrap();
    assert_eq!(row.component_appsecret.expose(), "SECRETSECRETSECRETSECRETSECRET12");
}

#[tokio::test]
async fn another_key_or_a_damaged_file_is_told_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wxdesk.db");
    let store = open(&path);
    add_platform(&store).await;
    store.close().await;
    drop(store);
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(Store::open(&path, &"cd".repeat(32).into(), Durability::Full), Err(OpenError::Damaged)));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let mut broken = before.clone();
    broken[20..200].fill(0x55);
    std::fs::write(&path, &broken).unwrap();
    assert!(matches!(Store::open(&path, &key(), Durability::Full), Err(OpenError::Damaged)));
    assert_eq!(std::fs::read(&path).unwrap(), broken);
}

#[tokio::test]
async fn a_newer_schema_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wxdesk.db");
    let store = open(&path);
    store.write(|tx| Ok(tx.pragma_update(None, "user_version", SCHEMA_VERSION + 1)?)).await.unwrap();
    store.close().await;
    drop(store);
    let error = Store::open(&path, &key(), Durability::Full).unwrap_err();
    assert!(matches!(error, OpenError::Newer { .. }));
    assert!(error.to_string().contains("newer version"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_share_commits_and_a_failing_one_takes_only_itself() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("wxdesk.db"));
    let writes: Vec<_> = (0..300_i64)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(move |tx| {
                        notice::insert(tx, &notice::NoticeRow { id: format!("n{n}"), at: n, detail: String::new() })?;
                        if n % 3 == 0 { Err(StoreError::Sqlite("refused by the test".into())) } else { Ok(n) }
                    })
                    .await
            })
        })
        .collect();
    let mut good = 0;
    for (n, write) in writes.into_iter().enumerate() {
        let outcome = write.await.unwrap();
        assert_eq!(outcome.is_err(), n % 3 == 0);
        good += usize::from(outcome.is_ok());
    }
    assert_eq!(store.read(notice::list).await.unwrap().len(), good);
}

#[tokio::test]
async fn a_full_disk_loses_nothing_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wxdesk.db");
    let store = open(&path);
    let id = add_platform(&store).await;
    // SQLite answers SQLITE_FULL at this limit exactly as it does when the disk is full.
    store
        .write(|tx| {
            Ok(tx
                .query_row("SELECT * FROM pragma_page_count", [], |r| r.get::<_, i64>(0))
                .and_then(|n| tx.pragma_update(None, "max_page_count", n + 4))?)
        })
        .await
        .ok();
    let mut answered = 0;
    let mut full = false;
    for n in 0..200_i64 {
        let push = inbox::NewPush {
            platform_id: id,
            authorizer: Some("a".into()),
            received_at: n,
            dedupe: n,
            kind: None,
            random: [0; 16],
            body: vec![7; 2000],
            seal: inbox::Seal::default(),
            flags: 0,
            rule_id: None,
            notify: None,
        };
        match store.write(move |tx| inbox::insert_message(tx, &push)).await {
            Ok(inbox::Stored::New(_)) => answered += 1,
            Ok(inbox::Stored::Repeat(_)) => panic!("not a repeat"),
            Err(e) => {
                full = true;
                assert!(matches!(e, StoreError::DiskFull | StoreError::RolledBack), "{e:?}");
                break;
            }
        }
    }
    assert!(full, "the limit was never met");
    assert_eq!(store.read(|c| Ok(inbox::count(c)?)).await.unwrap(), answered);
    store.write(|tx| Ok(tx.pragma_update(None, "max_page_count", 1_000_000)?)).await.unwrap();
    add_platform(&store).await;
}

#[tokio::test]
async fn an_older_ticket_never_replaces_a_newer_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("wxdesk.db"));
    let id = add_platform(&store).await;
    for (value, create_time, kept) in
        [("ticket@@@1", 100, true), ("ticket@@@3", 300, true), ("ticket@@@2", 200, false), ("ticket@@@3b", 300, false)]
    {
        let stored = store
            .write(move |tx| platform::keep_newer_ticket(tx, id, &value.into(), create_time, create_time * 1000))
            .await
            .unwrap();
        assert_eq!(stored, kept, "{value}");
    }
    let ticket = store.mirror().platform(id).unwrap().ticket.clone().unwrap();
    assert_eq!(ticket.value.expose(), "ticket@@@3");
}

/// Promise 4, across processes: two stores on one file, as two engines would be without the folder's lock.
#[tokio::test]
async fn a_credential_is_claimed_once_across_processes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wxdesk.db");
    let first = open(&path);
    let platform_id = add_platform(&first).await;
    let id = first.write(move |tx| credential::ensure(tx, platform_id, None)).await.unwrap().id;
    let second = open(&path);
    assert!(first.write(move |tx| credential::claim(tx, id, 0, "run-a", 1_000)).await.unwrap().is_some());
    assert!(second.write(move |tx| credential::claim(tx, id, 0, "run-b", 2_000)).await.unwrap().is_none());
    assert!(
        second
            .write(move |tx| credential::claim(tx, id, 0, "run-b", 1_000 + credential::CLAIM_TTL))
            .await
            .unwrap()
            .is_some(),
        "a dead claim ends"
    );
    let cut_off = first.write(credential::resolve_interrupted).await.unwrap();
    assert_eq!(cut_off, [id]);
    assert!(first.mirror().credential(id).unwrap().interrupted);
}

#[tokio::test]
async fn a_message_is_stored_once_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wxdesk.db");
    let push = || inbox::NewPush {
        platform_id: 1,
        authorizer: Some("a".into()),
        received_at: 5,
        dedupe: 77,
        kind: None,
        random: [0; 16],
        body: vec![1],
        seal: inbox::Seal::default(),
        flags: 0,
        rule_id: None,
        notify: None,
    };
    let store = open(&path);
    assert_eq!(store.write_single(move |tx| inbox::insert_message(tx, &push())).await.unwrap(), Stored::New(1));
    assert_eq!(store.write_single(move |tx| inbox::insert_message(tx, &push())).await.unwrap(), Stored::Repeat(1));
    store.close().await;
    drop(store);
    let store = open(&path);
    assert_eq!(store.write_single(move |tx| inbox::insert_message(tx, &push())).await.unwrap(), Stored::Repeat(1));
    assert_eq!(store.read(|c| Ok(inbox::count(c)?)).await.unwrap(), 1);
}

/// A message whose commit failed was not seen: WeChat's repeat must be stored, also when it queued meanwhile.
#[tokio::test]
async fn a_message_of_a_failed_commit_is_stored_by_its_repeat() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("wxdesk.db"));
    let push = || inbox::NewPush {
        platform_id: 1,
        authorizer: Some("a".into()),
        received_at: 5,
        dedupe: 78,
        kind: None,
        random: [0; 16],
        body: vec![1],
        seal: inbox::Seal::default(),
        flags: 0,
        rule_id: None,
        notify: None,
    };
    // A deferred constraint fails at the commit and not before.
    store
        .write(|tx| {
            Ok(tx.execute_batch(
                "CREATE TABLE parent (id INTEGER PRIMARY KEY);
                 CREATE TABLE child (parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);",
            )?)
        })
        .await
        .unwrap();
    let failed = store.write_single(move |tx| {
        let stored = inbox::insert_message(tx, &push())?;
        tx.execute("INSERT INTO child VALUES (7)", [])?;
        Ok(stored)
    });
    // Dropped before it ends, as a listener's task is when WeChat hangs up.
    let mut failed = Box::pin(failed);
    let _ = futures_util::poll!(failed.as_mut());
    drop(failed);
    let again = || store.write_single(move |tx| inbox::insert_message(tx, &push()));
    // A repeat that shared the failing commit fails with it, and WeChat repeats once more.
    let stored = match again().await {
        Ok(stored) => stored,
        Err(_) => again().await.unwrap(),
    };
    assert!(matches!(stored, Stored::New(_)), "the repeat is stored");
    assert_eq!(store.read(|c| Ok(inbox::count(c)?)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_panicking_job_does_not_stop_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("wxdesk.db"));
    let panicked = store.write(|_| -> Result<(), StoreError> { panic!("by the test") }).await;
    assert!(panicked.is_err());
    add_platform(&store).await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wxdesk.db");
    let store = open(&path);
    add_platform(&store).await;
    for name in ["wxdesk.db", "wxdesk.db-wal", "wxdesk.db-shm"] {
        let mode = std::fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}
