use super::*;
use crate::dto::TunnelClientId;
use crate::tunnel::adapters;

fn plan(client: TunnelClientId, given: &[(&str, &str)], secrets: &[(&str, &str)]) -> (String, Vec<String>, String) {
    let row = TunnelRow {
        id: "0011223344556677".into(),
        client: adapters::of(client),
        name: "n".into(),
        settings: given.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
        secrets: secrets.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
        program: None,
        follow: true,
        enabled: true,
        last_url: None,
        change: None,
        created_at: 0,
        updated_at: 0,
    };
    let local = SocketAddr::from(([127, 0, 0, 1], 8090));
    let plan = make(&row, PathBuf::from("/bin/client"), local, Path::new("/data/t"), 20_500);
    let args: Vec<_> = plan.args.iter().map(|a| a.to_str().unwrap()).collect();
    let env = plan.env.iter().map(|(k, v)| format!("{k}={}", v.expose())).collect();
    (args.join(" "), env, plan.config.map(|(_, text)| text.to_string()).unwrap_or_default())
}

#[test]
fn natapp_gets_its_token_from_a_file() {
    let (args, env, config) = plan(TunnelClientId::Natapp, &[], &[("authtoken", "t0k3n")]);
    assert_eq!(args, "-config=/data/t/config.ini -log=stdout -loglevel=INFO");
    assert!(env.is_empty());
    assert_eq!(config, "[default]\nauthtoken=t0k3n\nlog=stdout\nloglevel=INFO\n");
}

#[test]
fn ngrok_gets_its_token_and_its_own_inspector_from_a_file() {
    let (args, _, config) = plan(TunnelClientId::Ngrok, &[], &[("authtoken", "t0k3n")]);
    assert_eq!(args, "http 127.0.0.1:8090 --log stdout --log-format json --config /data/t/ngrok.yml");
    assert_eq!(config, "version: 3\nagent:\n  authtoken: \"t0k3n\"\n  web_addr: 127.0.0.1:20500\n");
    let (args, _, _) =
        plan(TunnelClientId::Ngrok, &[("public_url", "https://n.ngrok-free.app")], &[("authtoken", "t")]);
    assert!(args.ends_with("--url https://n.ngrok-free.app"), "{args}");
}

#[test]
fn cloudflared_quick_and_named() {
    let (args, env, config) = plan(TunnelClientId::Cloudflared, &[], &[("token", "left over")]);
    assert_eq!(
        args,
        "tunnel --no-autoupdate --config /data/t/config.yml --metrics 127.0.0.1:20500 --url http://127.0.0.1:8090"
    );
    assert!(env.is_empty(), "a token that does not count is not given");
    assert_eq!(config, "no-autoupdate: true\n");
    let named = [("mode", "named"), ("public_url", "https://wx.example.com"), ("protocol", "http2")];
    let (args, env, _) = plan(TunnelClientId::Cloudflared, &named, &[("token", "t0k3n")]);
    assert_eq!(
        args,
        "tunnel --no-autoupdate --config /data/t/config.yml --metrics 127.0.0.1:20500 --protocol http2 run"
    );
    assert_eq!(env, ["TUNNEL_TOKEN=t0k3n"]);
}

#[test]
fn frpc_by_domain_and_by_port() {
    let given = [("server", "frps.example.com"), ("public_url", "https://wx.example.com")];
    let (args, env, config) = plan(TunnelClientId::Frp, &given, &[("token", "t0k3n")]);
    assert_eq!(args, "-c /data/t/frpc.toml");
    assert_eq!(env, ["WXDESK_FRP_TOKEN=t0k3n"]);
    assert_eq!(
        config,
        "serverAddr = \"frps.example.com\"\nserverPort = 7000\nauth.token = \"{{ .Envs.WXDESK_FRP_TOKEN }}\" # \n\
         log.to = \"console\"\nlog.disablePrintColor = true\n[[proxies]]\nname = \"wxdesk-0011223344556677\"\n\
         type = \"http\"\nlocalIP = \"127.0.0.1\"\nlocalPort = 8090\ncustomDomains = [\"wx.example.com\"]\n"
    );
    let given = [("server", "s"), ("proxy", "tcp"), ("remote_port", "6000"), ("public_url", "https://wx.example.com")];
    let (_, env, config) = plan(TunnelClientId::Frp, &given, &[]);
    assert!(env.is_empty());
    assert!(!config.contains("auth.token") && !config.contains("customDomains"), "{config}");
    assert!(config.contains("type = \"tcp\"") && config.contains("remotePort = 6000"), "{config}");
}

#[test]
fn bore_ssh_and_cpolar() {
    let (args, env, config) = plan(TunnelClientId::Bore, &[("server", "b.example")], &[("secret", "s3cret")]);
    assert_eq!((args.as_str(), config.as_str()), ("local 8090 --local-host 127.0.0.1 --to b.example", ""));
    assert_eq!(env, ["BORE_SECRET=s3cret"]);
    let (args, env, _) = plan(TunnelClientId::Bore, &[("server", "b"), ("remote_port", "20017")], &[]);
    assert!(args.ends_with("--to b --port 20017") && env.is_empty(), "{args}");

    let given = [
        ("server", "s.example"),
        ("user", "wx"),
        ("key_file", "/k"),
        ("known_hosts", "/kh"),
        ("public_url", "https://a.b"),
    ];
    let (args, _, _) = plan(TunnelClientId::Ssh, &given, &[]);
    assert_eq!(
        args,
        "-F none -v -N -T -p 22 -l wx -i /k -o IdentitiesOnly=yes -o BatchMode=yes -o ExitOnForwardFailure=yes \
         -o ConnectTimeout=10 -o ServerAliveInterval=15 -o ServerAliveCountMax=3 -o StrictHostKeyChecking=yes \
         -o UserKnownHostsFile=\"/kh\" -R 127.0.0.1:18090:127.0.0.1:8090 s.example"
    );
    let (args, _, _) = plan(
        TunnelClientId::Ssh,
        &[("server", "s"), ("user", "u"), ("host_key", "first"), ("known_hosts", "/kh")],
        &[],
    );
    assert!(
        args.contains("accept-new") && args.contains("\"/data/t/known_hosts\"") && !args.contains("/kh\""),
        "{args}"
    );

    let (args, _, config) = plan(TunnelClientId::Cpolar, &[("region", "cn_vip")], &[("authtoken", "t0k3n")]);
    assert_eq!(args, "start-all -config=/data/t/cpolar.yml -log=stdout -log-level=INFO");
    assert!(
        config.contains("authtoken: \"t0k3n\"")
            && config.contains("region: \"cn_vip\"")
            && !config.contains("subdomain")
    );
}

#[test]
fn clients_do_not_inherit_what_changes_them() {
    for name in
        ["RUST_LOG", "http_proxy", "HTTPS_PROXY", "TUNNEL_TOKEN", "NGROK_AUTHTOKEN", "WXDESK_DATA_DIR", "BORE_SERVER"]
    {
        assert!(is_scrubbed(name), "{name}");
    }
    for name in ["PATH", "HOME", "SSH_AUTH_SOCK", "LANG", "SystemRoot"] {
        assert!(!is_scrubbed(name), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_program_is_a_file_that_may_be_run() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("natapp");
    std::fs::write(&path, "#!/bin/sh\n").unwrap();
    let natapp = adapters::of(TunnelClientId::Natapp);
    assert_eq!(find_program(natapp, path.to_str()), None, "not executable");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(find_program(natapp, path.to_str()), Some(path));
    assert_eq!(find_program(natapp, dir.path().to_str()), None, "a folder");
}
