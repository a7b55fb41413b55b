//! Literal lines of the clients. bore and ssh: recorded by running them. natapp, ngrok, cpolar, cloudflared and frpc were
//! not run: their lines are from documents, public repositories and, for cloudflared and frpc, from their sources.

use super::*;
use crate::dto::TunnelClientId::{self, Bore, Cloudflared, Cpolar, Frp, Natapp, Ngrok, Ssh};
use crate::tunnel::adapters;

fn words(client: TunnelClientId, lines: &[&str]) -> Vec<String> {
    let mut ear = Ear::new(&adapters::of(client).says);
    let mut out = Vec::new();
    for line in lines {
        for heard in ear.hear(&clean(line)) {
            out.push(match heard {
                Heard::Url(url) => url.to_owned(),
                Heard::Online => "online".to_owned(),
                Heard::Lost => "lost".to_owned(),
                Heard::Refused(refusal) => refusal.kind.to_owned(),
            });
        }
    }
    out
}

#[test]
fn every_pattern_compiles() {
    for adapter in adapters::all() {
        let says = &adapter.says;
        let refused = says.refused.iter().map(|r| r.pattern);
        let all = says.url.into_iter().chain(says.noise).chain(says.online.iter().copied());
        for pattern in all.chain(says.lost.iter().copied()).chain(refused) {
            assert!(compile(pattern).is_some(), "{}: {pattern}", adapter.key());
        }
        if let Some(url) = says.url {
            assert!(url.contains("(?<url>"), "{url}");
        }
    }
}

#[test]
fn bore_as_run() {
    let lines = [
        "2026-11-21T00:52:48.271558Z  INFO bore_cli::client: connected to server remote_port=20017",
        "2026-11-21T00:52:48.271578Z  INFO bore_cli::client: listening at 127.0.0.1:20017",
    ];
    assert_eq!(words(Bore, &lines), ["127.0.0.1:20017", "online"]);
    // Coloured, as without NO_COLOR.
    let coloured = "\u{1b}[2m2026-11-21T00:52:48Z\u{1b}[0m \u{1b}[32m INFO\u{1b}[0m \u{1b}[2mbore_cli::client\u{1b}[0m\u{1b}[2m:\u{1b}[0m listening at 127.0.0.1:20017";
    assert_eq!(words(Bore, &[coloured]), ["127.0.0.1:20017", "online"]);
    for (line, kind) in [
        ("Error: server error: invalid secret", "wrong_token"),
        ("Error: server requires authentication, but no client secret was provided", "wrong_token"),
        ("Error: server error: port already in use", "in_use"),
        ("Error: server error: client port number not in allowed range", "not_allowed"),
    ] {
        assert_eq!(words(Bore, &[line]), [kind]);
    }
    assert!(
        words(
            Bore,
            &["Error: could not connect to 127.0.0.1:7835", "Caused by:", "    Connection refused (os error 111)"]
        )
        .is_empty()
    );
}

#[test]
fn ssh_as_run() {
    assert_eq!(
        words(Ssh, &["debug1: remote forward success for: listen 127.0.0.1:18090, connect 127.0.0.1:8090\r"]),
        ["online"]
    );
    for (line, kind) in [
        ("Error: remote port forwarding failed for listen port 18090\r", "in_use"),
        ("root@127.0.0.1: Permission denied (publickey).\r", "wrong_token"),
        ("Host key verification failed.\r", "host_key"),
        ("@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r", "host_key"),
    ] {
        assert_eq!(words(Ssh, &[line]), [kind], "{line}");
    }
    assert!(words(Ssh, &["ssh: connect to host 127.0.0.1 port 2229: Connection refused\r"]).is_empty());
    assert!(words(Ssh, &["Timeout, server 127.0.0.1 not responding.\r"]).is_empty());
    let ear = Ear::new(&adapters::of(Ssh).says);
    assert!(ear.is_noise("debug1: Reading configuration data /dev/null"));
    assert!(!ear.is_noise("Connection to 127.0.0.1 closed by remote host."));
}

#[test]
fn natapp_as_recorded_not_run() {
    assert_eq!(
        words(Natapp, &["[06/11/20 15:17:20] [INFO] [client] Tunnel established at http://kwrs4y.natappfree.cc"]),
        ["http://kwrs4y.natappfree.cc", "online"]
    );
    // Of the open ngrok 1.x, its parent, whose prefix differs.
    let parent = "[00:59:03 UTC 2026/11/21] [INFO] (ngrok/log.(*PrefixLogger).Info:83) [client] Tunnel established at http://a.example:8080";
    assert_eq!(words(Natapp, &[parent]), ["http://a.example:8080", "online"]);
    let screen = [
        "Powered By NATAPP       Please visit https://natapp.cn   (Ctrl+C to Quit)",
        "Tunnel Status           Online",
        "Version                 2.3.8",
        "Forwarding              http://diby3i.natappfree.cc -> 127.0.0.1:8888",
        "Web Interface           http://127.0.0.1:4040",
    ];
    assert_eq!(words(Natapp, &screen), ["online", "http://diby3i.natappfree.cc"]);
    let again = [
        "[EROR] control recovering from failure EOF",
        "[INFO] Waiting 1 seconds before reconnecting",
        "[INFO] [client] Authenticated with server, client id: 0123",
        "[INFO] [client] Tunnel established at http://other1.natappfree.cc",
    ];
    assert_eq!(words(Natapp, &again), ["lost", "lost", "http://other1.natappfree.cc", "online"]);
    let refusals = [
        ("[EROR] Server failed to allocate tunnel: The tunnel http://x.natapp.cc is already registered.", "in_use"),
        ("[EROR] Failed to authenticate to server: bad token", "wrong_token"),
        ("Failed to read configuration file /x/config.ini: no such file", "config"),
    ];
    for (line, kind) in refusals {
        assert_eq!(words(Natapp, &[line]), [kind], "{line}");
    }
}

#[test]
fn cpolar_as_recorded_not_run() {
    assert_eq!(
        words(Cpolar, &["[INFO] [client] Tunnel established at https://XXXX.r8.cpolar.cn"]),
        ["https://XXXX.r8.cpolar.cn", "online"]
    );
    assert_eq!(words(Cpolar, &["Forwarding http://XXX.cpolar.cn -> http://localhost:80"]), ["http://XXX.cpolar.cn"]);
}

#[test]
fn ngrok_as_recorded_not_run() {
    let json = [
        r#"{"addr":"127.0.0.1:4040","allow_hosts":[],"lvl":"info","msg":"starting web service","obj":"web"}"#,
        r#"{"lvl":"info","msg":"client session established","obj":"tunnels.session"}"#,
        r#"{"addr":"http://localhost:80","lvl":"info","msg":"started tunnel","name":"x","obj":"tunnels","url":"https://XXX.ngrok.app"}"#,
    ];
    assert_eq!(words(Ngrok, &json), ["online", "https://XXX.ngrok.app", "online"]);
    let logfmt = "t=2026-01-02 lvl=info msg=\"started tunnel\" obj=tunnels name=x addr=http://localhost:80 url=https://XXX.ngrok.app";
    assert_eq!(words(Ngrok, &[logfmt]), ["https://XXX.ngrok.app", "online"]);
    assert_eq!(words(Ngrok, &["lvl=eror msg=\"failed to reconnect session\" obj=csess id=1 err=EOF"]), ["lost"]);
    for (line, kind) in [
        (
            r#"{"lvl":"eror","msg":"session closing","err":"authentication failed: Your authtoken: 2abc"}"#,
            "wrong_token",
        ),
        ("ERROR:  ERR_NGROK_105", "wrong_token"),
        ("ERROR:  ERR_NGROK_4018", "wrong_token"),
        ("ERROR:  ERR_NGROK_334", "in_use"),
        ("ERROR:  ERR_NGROK_9999", "not_allowed"),
    ] {
        assert_eq!(words(Ngrok, &[line]), [kind], "{line}");
    }
}

#[test]
fn cloudflared_as_recorded_not_run() {
    let quick = [
        "2026-01-02T03:04:05Z INF +--------------------------------------------------------------------------------------------+",
        "2026-01-02T03:04:05Z INF |  Your quick Tunnel has been created! Visit it at (it may take some time to be reachable):  |",
        "2026-01-02T03:04:05Z INF |  https://some-random-words-here.trycloudflare.com                                           |",
        "2026-01-02T03:04:06Z INF Registered tunnel connection connIndex=0 connection=6f1c ip=198.41.192.1 location=hkg01 protocol=quic",
    ];
    assert_eq!(words(Cloudflared, &quick), ["https://some-random-words-here.trycloudflare.com", "online"]);
    // A named tunnel has four connections: it is lost with the last of them.
    let named = [
        "INF Registered tunnel connection connIndex=0 connection=a protocol=quic",
        "INF Registered tunnel connection connIndex=1 connection=b protocol=quic",
        "ERR Serve tunnel error error=\"timeout: no recent network activity\" connIndex=1 event=0 ip=198.41.192.1",
        "INF Retrying connection in up to 1s connIndex=1 event=0 ip=198.41.192.1",
        "ERR Serve tunnel error error=\"timeout: no recent network activity\" connIndex=0 event=0 ip=198.41.192.1",
        "INF Registered tunnel connection connIndex=1 connection=c protocol=quic",
    ];
    assert_eq!(words(Cloudflared, &named), ["online", "online", "lost", "online"]);
    let no_name = "ERR Error unmarshaling QuickTunnel response: error code: 1015 error=\"x\" url=https://api.trycloudflare.com/tunnel";
    assert_eq!(words(Cloudflared, &[no_name]), ["quota"]);
    assert_eq!(words(Cloudflared, &["Provided Tunnel token is not valid."]), ["wrong_token"]);
}

#[test]
fn frpc_as_recorded_not_run() {
    let good = [
        "2026-01-02 03:04:05.000 [I] [client/service.go:1] try to connect to server...",
        "2026-01-02 03:04:05.000 [I] [client/service.go:1] login to server success, get run id [0123]",
        "2026-01-02 03:04:05.000 [I] [client/control.go:1] [wx] start proxy success",
        "2026-01-02 03:04:05.000 [W] [client/service.go:1] connect to server error: EOF",
    ];
    assert_eq!(words(Frp, &good), ["lost", "online", "lost"]);
    for (line, kind) in [
        (
            "login to the server failed: token in login doesn't match token from configuration. With loginFailExit enabled, no additional retries will be attempted",
            "wrong_token",
        ),
        ("[wx] start error: port already used", "in_use"),
        ("[wx] start error: proxy [wx] already exists", "in_use"),
        ("[wx] start error: port not allowed", "not_allowed"),
    ] {
        assert_eq!(words(Frp, &[line]), [kind], "{line}");
    }
}

#[test]
fn lines_are_cut_cleaned_and_bounded() {
    let mut lines = Lines::default();
    assert_eq!(lines.push(b"one\r\ntw"), ["one"]);
    assert_eq!(lines.push(b"o\n\n\rthree"), ["two"]);
    assert_eq!(lines.finish().as_deref(), Some("three"));
    assert_eq!(lines.finish(), None);
    assert_eq!(clean("\u{1b}]0;title\u{7}a\u{1b}[1;31mb\u{1b}[0m\u{8}\tc  "), "ab c");
    assert_eq!(clean("\u{1b}]8;;https://x\u{1b}\\link"), "link");
    lines.push(&vec![b'x'; 1 << 20]);
    assert_eq!(lines.finish().map(|l| l.len()), Some(MAX_LINE));
    assert!(Hidden::default().hide(&"长".repeat(5_000)).chars().count() <= KEPT + 1);
}

#[test]
fn no_secret_is_kept() {
    let secrets = ["tok&en<1>".into(), "abc".into(), "abcdef".into(), SecretString::from("")];
    let hidden = Hidden::new(&secrets);
    assert_eq!(hidden.hide("Your authtoken: tok&en<1>, abcdef or abc"), "Your authtoken: ***, *** or ***");
    assert_eq!(hidden.hide(r#"{"err":"tok\u0026en\u003c1\u003e"}"#), r#"{"err":"***"}"#);
    assert_eq!(hidden.hide("GET /?auth=tok%26en%3C1%3E&x=1"), "GET /?auth=***&x=1");
    assert_eq!(hidden.hide("Authorization: Basic dG9rJmVuPDE+ and dG9rJmVuPDE-"), "Authorization: Basic *** and ***");
}

#[test]
fn what_can_be_a_public_base_url() {
    for (endpoint, base) in [
        ("http://kwrs4y.natappfree.cc", Some("https://kwrs4y.natappfree.cc")),
        ("https://x.ngrok.app", Some("https://x.ngrok.app")),
        ("https://x.example.com/", Some("https://x.example.com")),
        ("words.trycloudflare.com", Some("https://words.trycloudflare.com")),
        ("127.0.0.1:20017", Some("http://127.0.0.1:20017")),
        ("bore.example:20017", None),
        ("tcp://server.natappfree.cc:33333", None),
        ("http://x.example.com:8080", None),
        ("", None),
    ] {
        assert_eq!(public_base(endpoint).as_deref(), base, "{endpoint}");
    }
}
