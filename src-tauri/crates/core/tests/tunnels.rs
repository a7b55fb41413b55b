//! Tunnels with real sockets on real time: bore and `ssh -R` with their real servers on loopback, the closed clients by
//! fake ones that say recorded lines.
//!
//! bore comes from crates.io and sshd from the system (`scripts/setup.sh test`); a test fails in words without them.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "tests: a failure should stop them where they stand")]

#[path = "tunnel_rig/mod.rs"]
mod rig;

use std::os::unix::fs::PermissionsExt;

use rig::{
    BORE_TURN, BoreServer, Fake, SshFiles, SshServer, engine, input, log, reaches_listener, soon, tunnel, until,
};
use wxdesk_core::dto::{NeedCause, PlatformInput, TunnelClientId, TunnelState};
use wxdesk_core::tunnel::process;

const SECRET: &str = "s3cret-of-the-tunnel";

#[tokio::test(flavor = "multi_thread")]
async fn bore_comes_back_with_its_server() {
    let _turn = BORE_TURN.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let core = engine(dir.path()).await;
    let port = rig::free_port();
    let public = format!("http://127.0.0.1:{port}");
    let server = BoreServer::start(port, SECRET).await;
    let settings = [("server", "127.0.0.1"), ("remote_port", &port.to_string())];
    let saved = core
        .save_tunnel(input(TunnelClientId::Bore, Some(&rig::bore()), &settings, &[("secret", SECRET)]))
        .await
        .unwrap();
    assert_eq!((saved.state, saved.enabled), (TunnelState::Stopped, false));
    assert_eq!(saved.stored_secrets, ["secret"]);
    let id = saved.id;
    core.start_tunnel(&id).await.unwrap();

    let online = until(&core, &id, "online", |t| t.state == TunnelState::Online).await;
    assert_eq!(online.url.as_deref(), Some(public.as_str()));
    assert_eq!(online.local, core.listener_address().map(|a| a.to_string()));
    assert!(reaches_listener(&public).await, "a request through the tunnel reaches the listener");
    let first = online.pid.unwrap();
    assert!(rig::command_line(first).contains("bore local"), "{}", rig::command_line(first));
    assert!(!rig::command_line(first).contains(SECRET), "the secret is in the process list");

    server.kill().await;
    let lost = until(&core, &id, "lost", |t| t.state == TunnelState::Waiting).await;
    let problem = lost.problem.unwrap();
    assert_eq!(problem.kind, "ended", "{problem:?}");
    assert!(lost.retry_at.is_some() && lost.pid.is_none() && lost.url.is_none());

    let server = BoreServer::start(port, SECRET).await;
    let again = until(&core, &id, "online again", |t| t.state == TunnelState::Online).await;
    assert_ne!(again.pid, Some(first));
    assert_eq!(again.problem, None);
    assert!(reaches_listener(&public).await);

    let stopped = core.stop_tunnel(&id).await.unwrap();
    assert_eq!((stopped.state, stopped.enabled, stopped.pid), (TunnelState::Stopped, false, None));
    assert_eq!(process::identity(again.pid.unwrap()), None, "the client ended with the tunnel");
    let log = log(&core, &id).await;
    assert!(log.contains("listening at") && !log.contains(SECRET), "{log}");

    core.shutdown().await;
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bore_with_a_wrong_secret_waits_for_a_person() {
    let _turn = BORE_TURN.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let core = engine(dir.path()).await;
    let port = rig::free_port();
    let server = BoreServer::start(port, SECRET).await;
    let mut wrong =
        input(TunnelClientId::Bore, Some(&rig::bore()), &[("server", "127.0.0.1")], &[("secret", "another-one")]);
    let id = core.save_tunnel(wrong.clone()).await.unwrap().id;
    core.start_tunnel(&id).await.unwrap();
    let failed = until(&core, &id, "failed", |t| t.state == TunnelState::Failed).await;
    assert_eq!(failed.failures, 1, "a wrong secret is not tried again");
    let problem = failed.problem.unwrap();
    assert_eq!((problem.kind.as_str(), problem.text.as_str()), ("wrong_token", "Error: server error: invalid secret"));
    assert!(!problem.advice.zh.is_empty());
    let needs = core.overview().await.unwrap().needs;
    assert!(needs.iter().any(|n| n.cause == NeedCause::TunnelFailed), "{needs:?}");

    // The right one: it goes on by itself, and with it the engine's end ends the client.
    wrong.id = Some(id.clone());
    wrong.secrets = [("secret".to_owned(), SECRET.to_owned())].into();
    core.save_tunnel(wrong).await.unwrap();
    let online = until(&core, &id, "online", |t| t.state == TunnelState::Online).await;
    core.shutdown().await;
    assert_eq!(process::identity(online.pid.unwrap()), None, "the client ended with the engine");
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ssh_comes_back_with_its_server() {
    let dir = tempfile::tempdir().unwrap();
    let files = SshFiles::make(dir.path()).await;
    let server = SshServer::start(&files).await;
    let core = engine(&dir.path().join("data")).await;
    let remote = rig::free_port();
    let public = format!("http://127.0.0.1:{remote}");
    let settings = [
        ("server", "127.0.0.1"),
        ("server_port", &files.port.to_string()),
        ("user", &files.user),
        ("key_file", files.key.to_str().unwrap()),
        ("known_hosts", files.known_hosts.to_str().unwrap()),
        ("remote_port", &remote.to_string()),
        ("public_url", &public),
    ];
    let id = core.save_tunnel(input(TunnelClientId::Ssh, None, &settings, &[])).await.unwrap().id;
    core.start_tunnel(&id).await.unwrap();
    let online = until(&core, &id, "online", |t| t.state == TunnelState::Online).await;
    assert_eq!(online.url.as_deref(), Some(public.as_str()));
    assert!(reaches_listener(&public).await);

    server.kill().await;
    let lost = until(&core, &id, "lost", |t| t.state == TunnelState::Waiting).await;
    assert!(lost.problem.unwrap().text.contains("code 255"));
    let server = SshServer::start(&files).await;
    let again = until(&core, &id, "online again", |t| t.state == TunnelState::Online).await;
    assert!(reaches_listener(&public).await);
    assert!(!log(&core, &id).await.contains("debug1"), "the noise of -v is not kept");

    core.stop_tunnel(&id).await.unwrap();
    assert_eq!(process::identity(again.pid.unwrap()), None);
    core.shutdown().await;
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ssh_without_a_known_host_waits_for_a_person() {
    let dir = tempfile::tempdir().unwrap();
    let files = SshFiles::make(dir.path()).await;
    let _server = SshServer::start(&files).await;
    let core = engine(&dir.path().join("data")).await;
    let empty = dir.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    let (port, remote) = (files.port.to_string(), rig::free_port());
    let public = format!("http://127.0.0.1:{remote}");
    let remote = remote.to_string();
    let settings = |host_key: &'static str| {
        [
            ("server", "127.0.0.1"),
            ("server_port", port.as_str()),
            ("user", files.user.as_str()),
            ("key_file", files.key.to_str().unwrap()),
            ("known_hosts", empty.to_str().unwrap()),
            ("remote_port", remote.as_str()),
            ("public_url", public.as_str()),
            ("host_key", host_key),
        ]
        .to_vec()
    };
    let mut entered = input(TunnelClientId::Ssh, None, &settings("known"), &[]);
    let id = core.save_tunnel(entered.clone()).await.unwrap().id;
    core.start_tunnel(&id).await.unwrap();
    let failed = until(&core, &id, "failed", |t| t.state == TunnelState::Failed).await;
    assert_eq!(failed.problem.unwrap().kind, "host_key");

    // Trusting the first one seen is a choice of the person.
    entered = input(TunnelClientId::Ssh, None, &settings("first"), &[]);
    entered.id = Some(id.clone());
    core.save_tunnel(entered).await.unwrap();
    until(&core, &id, "online", |t| t.state == TunnelState::Online).await;
    core.shutdown().await;
}

/// Client, settings, secrets; what it says until it is online; the URL; what it says when it lost its server, and
/// again when it is back; the URL then.
struct Recorded {
    client: TunnelClientId,
    settings: &'static [(&'static str, &'static str)],
    secrets: &'static [(&'static str, &'static str)],
    online: &'static [&'static str],
    url: &'static str,
    lost: &'static [&'static str],
    back: &'static [&'static str],
    url_then: &'static str,
}

/// The recorded lines of `tunnel/output/tests.rs`, under names that lead nowhere.
const RECORDED: &[Recorded] = &[
    Recorded {
        client: TunnelClientId::Natapp,
        settings: &[],
        secrets: &[("authtoken", SECRET)],
        online: &["[06/11/20 15:17:20] [INFO] [client] Tunnel established at http://kwrs4y.natappfree.invalid"],
        url: "https://kwrs4y.natappfree.invalid",
        lost: &["[EROR] control recovering from failure EOF", "[INFO] Waiting 1 seconds before reconnecting"],
        back: &["[06/11/20 15:18:20] [INFO] [client] Tunnel established at http://other1.natappfree.invalid"],
        url_then: "https://other1.natappfree.invalid",
    },
    Recorded {
        client: TunnelClientId::Cpolar,
        settings: &[],
        secrets: &[("authtoken", SECRET)],
        online: &["[INFO] [client] Tunnel established at https://XXXX.r8.cpolar.invalid"],
        url: "https://XXXX.r8.cpolar.invalid",
        lost: &["[EROR] control recovering from failure EOF"],
        back: &["[INFO] [client] Tunnel established at https://XXXX.r8.cpolar.invalid"],
        url_then: "https://XXXX.r8.cpolar.invalid",
    },
    Recorded {
        client: TunnelClientId::Ngrok,
        settings: &[],
        secrets: &[("authtoken", SECRET)],
        online: &[
            r#"{"lvl":"info","msg":"client session established","obj":"tunnels.session"}"#,
            r#"{"addr":"http://localhost:80","lvl":"info","msg":"started tunnel","name":"x","obj":"tunnels","url":"https://XXX.ngrok.invalid"}"#,
        ],
        url: "https://XXX.ngrok.invalid",
        lost: &["lvl=eror msg=\"failed to reconnect session\" obj=csess id=1 err=EOF"],
        back: &[r#"{"lvl":"info","msg":"client session established","obj":"tunnels.session"}"#],
        url_then: "https://XXX.ngrok.invalid",
    },
    Recorded {
        client: TunnelClientId::Cloudflared,
        settings: &[("mode", "named"), ("public_url", "https://wx.example.invalid")],
        secrets: &[("token", SECRET)],
        online: &["2026-01-02T03:04:05Z INF Registered tunnel connection connIndex=0 connection=6f1c protocol=quic"],
        url: "https://wx.example.invalid",
        lost: &["2026-01-02T03:05:05Z INF Retrying connection in up to 1s connIndex=0 event=0"],
        back: &["2026-01-02T03:05:06Z INF Registered tunnel connection connIndex=0 connection=6f1d protocol=quic"],
        url_then: "https://wx.example.invalid",
    },
    Recorded {
        client: TunnelClientId::Frp,
        settings: &[("server", "frps.example.invalid"), ("public_url", "https://wx.example.invalid")],
        secrets: &[("token", SECRET)],
        online: &["[I] login to server success, get run id [0123]", "[I] [wx] start proxy success"],
        url: "https://wx.example.invalid",
        lost: &["[W] connect to server error: EOF"],
        back: &["[I] [wx] start proxy success"],
        url_then: "https://wx.example.invalid",
    },
];

/// Fake clients: they prove the supervisor and the parsers, not the clients.
#[tokio::test(flavor = "multi_thread")]
async fn closed_clients_by_their_recorded_lines() {
    for recorded in RECORDED {
        let dir = tempfile::tempdir().unwrap();
        let mut fake = Fake::make(dir.path()).await;
        let core = engine(&dir.path().join("data")).await;
        let entered = input(recorded.client, Some(&fake.program), recorded.settings, recorded.secrets);
        let id = core.save_tunnel(entered).await.unwrap().id;
        core.start_tunnel(&id).await.unwrap();
        fake.say(&[&format!("the token is {SECRET}")]).await;
        fake.say(recorded.online).await;
        let online = until(&core, &id, "online", |t| t.state == TunnelState::Online).await;
        assert_eq!(online.url.as_deref(), Some(recorded.url), "{:?}", recorded.client);

        assert!(!fake.words().contains(SECRET), "{:?}: {}", recorded.client, fake.words());
        assert!(fake.environment().contains("NO_COLOR=1") && !fake.environment().contains("RUST_LOG="));
        let text = log(&core, &id).await;
        assert!(text.contains("the token is ***") && !text.contains(SECRET), "{text}");
        let folder = dir.path().join("data/tunnels").join(&id);
        for entry in std::fs::read_dir(&folder).unwrap() {
            let mode = entry.as_ref().unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{:?}", entry.unwrap().path());
        }

        fake.say(recorded.lost).await;
        until(&core, &id, "reconnecting", |t| t.state == TunnelState::Reconnecting).await;
        fake.say(recorded.back).await;
        let back = until(&core, &id, "back", |t| t.state == TunnelState::Online).await;
        assert_eq!(back.url.as_deref(), Some(recorded.url_then));

        // An end with code 0 that nobody asked for.
        fake.end();
        let ended = until(&core, &id, "ended", |t| t.state == TunnelState::Waiting).await;
        assert!(ended.problem.unwrap().text.starts_with("ended with code 0"));
        core.shutdown().await;
        let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(left.is_empty(), "{left:?} holds the token and is left behind");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_url_moves_the_platform_and_is_shown_until_confirmed() {
    const APPID: &str = "wx134c8103faa5a59e";
    let dir = tempfile::tempdir().unwrap();
    let mut fake = Fake::make(dir.path()).await;
    let core = engine(&dir.path().join("data")).await;
    let platform: PlatformInput = serde_json::from_value(serde_json::json!({
        "component_appid": APPID,
        "name": "门店通",
        "component_appsecret": "0123456789abcdef0123456789abcdef",
        "verify_token": "AAAAA",
        "encoding_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        "public_base_url": "https://first1.natappfree.invalid",
    }))
    .unwrap();
    core.save_platform(platform).await.unwrap();
    let entered = input(TunnelClientId::Natapp, Some(&fake.program), &[], &[("authtoken", SECRET)]);
    let id = core.save_tunnel(entered).await.unwrap().id;
    core.start_tunnel(&id).await.unwrap();
    fake.say(&["[INFO] [client] Tunnel established at http://first1.natappfree.invalid"]).await;
    let first = until(&core, &id, "first", |t| t.last_url.is_some()).await;
    assert_eq!((first.platforms.as_slice(), &first.change), (&[APPID.to_owned()][..], &None));

    fake.say(&["[INFO] [client] Tunnel established at http://second.natappfree.invalid"]).await;
    let changed = until(&core, &id, "changed", |t| t.change.is_some()).await;
    let change = changed.change.unwrap();
    assert_eq!(change.old, "https://first1.natappfree.invalid");
    assert_eq!(change.new, "https://second.natappfree.invalid");
    assert!(change.platforms[0].moved);
    assert_eq!(change.platforms[0].before.authorize_domain, "first1.natappfree.invalid");
    assert_eq!(change.platforms[0].after.event_url, format!("https://second.natappfree.invalid/wechat/{APPID}/event"));
    assert_eq!(core.get_platform(APPID).unwrap().public_base_url, "https://second.natappfree.invalid");
    let overview = core.overview().await.unwrap();
    assert!(overview.needs.iter().any(|n| n.cause == NeedCause::TunnelUrlChanged), "{:?}", overview.needs);

    assert_eq!(core.confirm_tunnel_url(&id).await.unwrap().change, None);
    assert_eq!(tunnel(&core, &id).await.platforms, [APPID]);
    core.remove_tunnel(&id).await.unwrap();
    assert!(core.list_tunnels().await.unwrap().is_empty());
    assert!(!dir.path().join("data/tunnels").join(&id).exists());
    core.shutdown().await;
}

/// The fake client stands for a bore whose server froze: it says nothing, and its public port is dead.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_notice_is_started_again_when_the_public_port_is_dead() {
    let dir = tempfile::tempdir().unwrap();
    let mut fake = Fake::make(dir.path()).await;
    let core = engine(&dir.path().join("data")).await;
    core.tunnels().set_probe_every(50);
    let (port, proxy) = rig::proxy_to(core.listener_address().unwrap()).await;
    let entered = input(TunnelClientId::Bore, Some(&fake.program), &[("server", "127.0.0.1")], &[]);
    let id = core.save_tunnel(entered).await.unwrap().id;
    core.start_tunnel(&id).await.unwrap();
    fake.say(&[&format!("INFO bore_cli::client: listening at 127.0.0.1:{port}")]).await;
    until(&core, &id, "reachable", |t| t.health.as_ref().is_some_and(|h| h.reachable == Some(true))).await;

    proxy.abort();
    let _ = proxy.await;
    let lost = until(&core, &id, "noticed", |t| t.state == TunnelState::Waiting).await;
    assert_eq!(lost.problem.unwrap().kind, "unreachable");
    core.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_started_again_for_another_address_of_the_listener() {
    let dir = tempfile::tempdir().unwrap();
    let mut fake = Fake::make(dir.path()).await;
    let core = engine(&dir.path().join("data")).await;
    let entered = input(TunnelClientId::Bore, Some(&fake.program), &[("server", "127.0.0.1")], &[]);
    let id = core.save_tunnel(entered).await.unwrap().id;
    core.start_tunnel(&id).await.unwrap();
    fake.say(&["INFO bore_cli::client: listening at 127.0.0.1:9"]).await;
    let first = until(&core, &id, "online", |t| t.state == TunnelState::Online).await;

    core.door().listening("127.0.0.1:18099".parse().unwrap());
    let moved = until(&core, &id, "moved", |t| t.local.as_deref() == Some("127.0.0.1:18099") && t.pid.is_some()).await;
    assert_ne!(moved.pid, first.pid);
    assert_eq!((moved.state, moved.failures), (TunnelState::Starting, 0), "nothing failed");
    core.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_behind_is_ended_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let core = engine(dir.path()).await;
    let own = input(TunnelClientId::Own, None, &[("public_url", "https://wx.example.invalid")], &[]);
    let id = core.save_tunnel(own).await.unwrap().id;
    core.start_tunnel(&id).await.unwrap();
    core.shutdown().await;

    // As a crash leaves them: a child of ours, and a stranger that got the pid of another child of ours.
    let spawn = || {
        let mut command = tokio::process::Command::new("sleep");
        command.arg("600").process_group(0).kill_on_drop(true).spawn().unwrap()
    };
    let (mut ours, stranger) = (spawn(), spawn());
    let note = |name: &str, identity: &process::Identity| {
        let folder = dir.path().join("tunnels").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("child.json"), serde_json::to_vec(identity).unwrap()).unwrap();
    };
    let (ours_pid, stranger_pid) = (ours.id().unwrap(), stranger.id().unwrap());
    note("00000000000000aa", &process::identity(ours_pid).unwrap());
    let stranger_is = process::identity(stranger_pid).unwrap();
    note("00000000000000bb", &process::Identity { started: "another:1".into(), ..stranger_is.clone() });

    let token = dir.path().join("tunnels/00000000000000aa/config.ini");
    std::fs::write(&token, "[default]\nauthtoken=x\n").unwrap();

    let core = engine(dir.path()).await;
    until(&core, &id, "resumed", |t| t.state == TunnelState::Online).await;
    let status = soon("the child of the last run ends", ours.wait()).await.unwrap();
    assert!(!status.success());
    assert!(!token.exists(), "a token was left behind");
    assert_eq!(process::identity(stranger_pid), Some(stranger_is), "a stranger was touched");
    core.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_program_is_said_with_where_to_get_it() {
    let dir = tempfile::tempdir().unwrap();
    let core = engine(dir.path()).await;
    let missing = dir.path().join("no-such-natapp");
    let entered = input(TunnelClientId::Natapp, Some(&missing), &[], &[("authtoken", SECRET)]);
    let id = core.save_tunnel(entered).await.unwrap().id;
    core.start_tunnel(&id).await.unwrap();
    let failed = until(&core, &id, "failed", |t| t.state == TunnelState::Failed).await;
    assert_eq!(failed.problem.unwrap().kind, "not_found");
    let clients = core.list_tunnel_clients().await.unwrap();
    let natapp = clients.iter().find(|c| c.id == TunnelClientId::Natapp).unwrap();
    assert_eq!(natapp.site.as_deref(), Some("https://natapp.cn"));
    assert!(!natapp.get.zh.is_empty());
    let stopped = core.stop_tunnel(&id).await.unwrap();
    assert_eq!((stopped.state, stopped.problem), (TunnelState::Stopped, None));
    core.shutdown().await;
}
