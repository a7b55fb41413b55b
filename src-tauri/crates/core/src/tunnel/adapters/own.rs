//! Clients that need a server of one's own, and the entry for no client at all. bore and ssh are run by the tests; frpc's
//! words are from its sources.

use super::{Adapter, Field, Refusal, Says, UrlSource, always, when};
use crate::dto::TunnelFieldKind::{Choice, Host, Path, Port, Secret, Text, Url};
use crate::dto::{TunnelClientId, TunnelTested, TunnelTraits};

const IN_FRONT: super::Words = (
    "It carries bytes only: put nginx or Caddy with TLS and your domain on port 443 of the server in front of the port.",
    "它只转发 TCP：请在服务器上用 nginx 或 Caddy 在 443 端口提供域名和 TLS，再转发到该端口。",
);

const PUBLIC_URL: super::Words = (
    "Where the world reaches it, for example https://wx.example.com.",
    "外网访问的地址，例如 https://wx.example.com。",
);

/// frp.
pub(super) static FRP: Adapter = Adapter {
    id: TunnelClientId::Frp,
    name: ("frp", "frp"),
    summary: (
        "Your own server runs frps; nothing changes unless you change it.",
        "自建 frps 服务器，地址由你决定，不会变化。",
    ),
    site: Some("https://github.com/fatedier/frp/releases"),
    get: ("Download frpc from the releases of fatedier/frp.", "从 fatedier/frp 的发布页下载 frpc。"),
    programs: &["frpc"],
    fields: &[
        Field::new("server", Host, ("Server", "服务器"), ("Host of frps.", "frps 的地址。")).required(),
        Field::new("server_port", Port, ("Server port", "服务器端口"), ("bindPort of frps.", "frps 的 bindPort。"))
            .required()
            .default("7000"),
        Field::new(
            "token",
            Secret,
            ("Token", "令牌"),
            ("auth.token of frps; empty if it has none.", "frps 的 auth.token，没有则留空。"),
        ),
        Field::new("proxy", Choice, ("Proxy type", "代理类型"), ("", "")).required().default("http").choices(&[
            ("http", ("http, by domain (vhostHTTPPort)", "http，按域名（vhostHTTPPort）")),
            ("tcp", ("tcp, a port of the server", "tcp，服务器上的端口")),
        ]),
        Field::new("remote_port", Port, ("Remote port", "远程端口"), ("", "")).required().only_if("proxy", "tcp"),
        Field::new("public_url", Url, ("Public address", "公网地址"), PUBLIC_URL).required(),
    ],
    traits: TunnelTraits {
        tcp_only: false,
        local_port_elsewhere: false,
        interstitial: false,
        foreign_domain: false,
        url_changes: false,
    },
    notes: &[(
        "TLS on port 443 is the server's business: the usual way is nginx in front of vhostHTTPPort or of the remote port.",
        "443 端口的 TLS 由服务器负责：通常在 vhostHTTPPort 或远程端口前加 nginx。",
    )],
    tested: TunnelTested::Recorded,
    args: &[always(&["-c", "{config}"])],
    // In the environment and not in the file: a token may then hold whatever TOML would have to escape.
    env: &[("WXDESK_FRP_TOKEN", "{token}")],
    config: Some((
        "frpc.toml",
        &[
            "serverAddr = \"{server}\"",
            "serverPort = {server_port}",
            // A line that names an empty value is left out; the value itself comes from the environment.
            "auth.token = \"{{ .Envs.WXDESK_FRP_TOKEN }}\" # {token?}",
            "log.to = \"console\"",
            "log.disablePrintColor = true",
            "[[proxies]]",
            "name = \"wxdesk-{id}\"",
            "type = \"{proxy}\"",
            "localIP = \"{local_host}\"",
            "localPort = {local_port}",
            "remotePort = {remote_port}",
            "customDomains = [\"{vhost}\"]",
        ],
    )),
    url: UrlSource::Output,
    says: Says {
        url: None,
        online: &[r"start proxy success"],
        lost: &[r"connect to server error", r"try to connect to server", r"client exit", r"control writer is closing"],
        refused: &[
            Refusal {
                pattern: r"token in login doesn't match token from configuration|authorization failed",
                kind: "wrong_token",
                tries: 1,
                advice: ("frps has another token.", "令牌与 frps 的配置不一致。"),
            },
            Refusal {
                pattern: r"start error:.*(already (in use|used)|already exists|conflict)",
                kind: "in_use",
                tries: 6,
                advice: (
                    "frps has this domain, port or name in use already, perhaps by another client.",
                    "该域名、端口或名称在 frps 上已被占用，可能是另一个客户端。",
                ),
            },
            Refusal {
                pattern: r"start error:",
                kind: "not_allowed",
                tries: 3,
                advice: (
                    "frps does not allow this proxy. Look at its allowPorts, vhostHTTPPort and subDomainHost.",
                    "frps 不允许该代理，请检查 allowPorts、vhostHTTPPort 等配置。",
                ),
            },
        ],
        noise: None,
    },
    retries_itself: true,
    patience: 90_000,
    grace: 2_000,
};

/// bore.
pub(super) static BORE: Adapter = Adapter {
    id: TunnelClientId::Bore,
    name: ("bore", "bore"),
    summary: ("A small TCP tunnel to a server of your own.", "轻量 TCP 隧道，需自建服务器。"),
    site: Some("https://github.com/ekzhang/bore"),
    get: (
        "cargo install bore-cli, or the releases of ekzhang/bore.",
        "cargo install bore-cli，或从 ekzhang/bore 的发布页下载。",
    ),
    programs: &["bore"],
    fields: &[
        Field::new(
            "server",
            Host,
            ("Server", "服务器"),
            ("Host of bore server; its control port is always 7835.", "bore server 的地址，控制端口固定为 7835。"),
        )
        .required(),
        Field::new(
            "secret",
            Secret,
            ("Secret", "密钥"),
            ("The server's --secret; empty if it has none.", "服务器的 --secret，没有则留空。"),
        ),
        Field::new(
            "remote_port",
            Port,
            ("Remote port", "远程端口"),
            ("Empty: the server's choice, another one each time.", "留空由服务器分配，每次不同。"),
        ),
        Field::new(
            "public_url",
            Url,
            ("Public address", "公网地址"),
            (
                "Of the proxy with TLS in front of the remote port, for example https://wx.example.com.",
                "远程端口前提供 TLS 的反向代理地址，例如 https://wx.example.com。",
            ),
        ),
    ],
    traits: TunnelTraits {
        tcp_only: true,
        local_port_elsewhere: false,
        interstitial: false,
        foreign_domain: false,
        url_changes: false,
    },
    notes: &[IN_FRONT],
    tested: TunnelTested::Run,
    args: &[
        always(&["local", "{local_port}", "--local-host", "{local_host}", "--to", "{server}"]),
        always(&["--port", "{remote_port}"]),
    ],
    env: &[("BORE_SECRET", "{secret}")],
    config: None,
    url: UrlSource::Output,
    says: Says {
        url: Some(r"listening at (?<url>\S+:\d+)"),
        online: &[r"listening at \S+:\d+"],
        lost: &[],
        refused: &[
            Refusal {
                pattern: r"server error: invalid secret|server requires authentication",
                kind: "wrong_token",
                tries: 1,
                advice: ("The server has another secret.", "密钥与服务器不一致。"),
            },
            // A server holds the port two to three seconds after its client was killed (measured): that must pass.
            Refusal {
                pattern: r"server error: port already in use",
                kind: "in_use",
                tries: 6,
                advice: ("Something else on the server uses this port.", "服务器上的该端口已被占用。"),
            },
            Refusal {
                pattern: r"client port number not in allowed range",
                kind: "not_allowed",
                tries: 1,
                advice: (
                    "The server does not allow this port: see its --min-port and --max-port.",
                    "服务器不允许该端口，请查看其 --min-port 和 --max-port。",
                ),
            },
        ],
        noise: None,
    },
    retries_itself: false,
    // Its own time limits are 3 s; the rest is for slow lines.
    patience: 20_000,
    grace: 2_000,
};

/// `ssh -R`.
pub(super) static SSH: Adapter = Adapter {
    id: TunnelClientId::Ssh,
    name: ("ssh -R", "ssh -R 远程转发"),
    summary: (
        "A server of your own with sshd and nginx; nothing to install there.",
        "自有服务器，只需 sshd 和 nginx，无需另装软件。",
    ),
    site: Some("https://www.openssh.com"),
    get: (
        "Part of Linux, macOS and Windows 10: package openssh-client.",
        "Linux、macOS、Windows 10 均自带，对应软件包 openssh-client。",
    ),
    programs: &["ssh"],
    fields: &[
        Field::new("server", Host, ("Server", "服务器"), ("", "")).required(),
        Field::new("server_port", Port, ("ssh port", "ssh 端口"), ("", "")).required().default("22"),
        Field::new("user", Text, ("User", "用户"), ("", "")).required(),
        Field::new(
            "key_file",
            Path,
            ("Private key", "私钥文件"),
            (
                "Without a passphrase, or held by the ssh agent. Empty: ssh's usual keys.",
                "须无口令，或已加入 ssh agent；留空使用 ssh 的默认密钥。",
            ),
        ),
        Field::new("host_key", Choice, ("Server's host key", "服务器主机密钥"), ("", ""))
            .required()
            .default("known")
            .choices(&[
                ("known", ("Must be in known_hosts already", "须已在 known_hosts 中")),
                ("first", ("Trust the first one seen, then only that", "信任首次见到的，此后只认它")),
            ]),
        Field::new(
            "known_hosts",
            Path,
            ("known_hosts file", "known_hosts 文件"),
            ("Empty: ~/.ssh/known_hosts.", "留空使用 ~/.ssh/known_hosts。"),
        )
        .only_if("host_key", "known"),
        Field::new(
            "remote_port",
            Port,
            ("Port on the server", "服务器上的端口"),
            ("On its loopback, where nginx passes requests to.", "监听在服务器回环地址，由 nginx 转发到此端口。"),
        )
        .required()
        .default("18090"),
        Field::new("public_url", Url, ("Public address", "公网地址"), PUBLIC_URL).required(),
    ],
    traits: TunnelTraits {
        tcp_only: true,
        local_port_elsewhere: false,
        interstitial: false,
        foreign_domain: false,
        url_changes: false,
    },
    notes: &[
        IN_FRONT,
        (
            "Set ClientAliveInterval 15 and ClientAliveCountMax 3 on the server: otherwise a dead session holds the port for hours.",
            "请在服务器 sshd 设置 ClientAliveInterval 15、ClientAliveCountMax 3，否则断线的会话会长时间占用端口。",
        ),
    ],
    tested: TunnelTested::Run,
    args: &[
        // The person's own ssh_config stays out; -v is the only way to hear that a fixed port was granted.
        always(&["-F", "none", "-v", "-N", "-T", "-p", "{server_port}", "-l", "{user}"]),
        always(&["-i", "{key_file}", "-o", "IdentitiesOnly=yes"]),
        always(&["-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes", "-o", "ConnectTimeout=10"]),
        always(&["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3"]),
        when("host_key", "known", &["-o", "StrictHostKeyChecking=yes"]),
        when("host_key", "known", &["-o", "UserKnownHostsFile=\"{known_hosts}\""]),
        when("host_key", "first", &["-o", "StrictHostKeyChecking=accept-new"]),
        when("host_key", "first", &["-o", "UserKnownHostsFile=\"{dir}/known_hosts\""]),
        always(&["-R", "127.0.0.1:{remote_port}:{local}"]),
        always(&["{server}"]),
    ],
    env: &[],
    config: None,
    url: UrlSource::Output,
    says: Says {
        url: None,
        online: &[r"remote forward success for: listen"],
        lost: &[],
        refused: &[
            Refusal {
                pattern: r"Permission denied \(",
                kind: "wrong_token",
                tries: 1,
                advice: (
                    "The server refused the key. It must be in the user's authorized_keys, and have no passphrase or be in the ssh agent.",
                    "服务器拒绝了密钥：公钥须在该用户的 authorized_keys 中，私钥须无口令或已加入 ssh agent。",
                ),
            },
            Refusal {
                pattern: r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED",
                kind: "host_key",
                tries: 1,
                advice: (
                    "The server's host key is unknown or has changed. Compare it, then connect once with ssh, or mend known_hosts.",
                    "服务器主机密钥未知或已改变。请核对后用 ssh 手动连接一次，或修正 known_hosts。",
                ),
            },
            // A stale session holds the port until the server notices; see the note above.
            Refusal {
                pattern: r"remote port forwarding failed",
                kind: "in_use",
                tries: 8,
                advice: (
                    "The server does not give this port: it is in use, or the key may not forward it.",
                    "服务器未开放该端口：可能被占用，或密钥没有转发权限。",
                ),
            },
            Refusal {
                pattern: r"(?:Bad|unknown) (?:configuration option|local forwarding)|no such identity",
                kind: "config",
                tries: 1,
                advice: ("ssh does not accept these settings.", "ssh 不接受这些设置。"),
            },
        ],
        noise: Some(r"^debug\d:|^Authenticated to |^OpenSSH_|^Transferred: |^Bytes per second: "),
    },
    retries_itself: false,
    patience: 30_000,
    grace: 2_000,
};

/// No client: somebody else's proxy brings the traffic.
pub(super) static OWN: Adapter = Adapter {
    id: TunnelClientId::Own,
    name: ("My own domain / reverse proxy", "自有域名 / 反向代理"),
    summary: (
        "nginx, Caddy, a load balancer or a router passes requests to the listener; nothing is started here.",
        "由 nginx、Caddy、负载均衡或路由器把请求转发到监听地址，本程序不启动任何客户端。",
    ),
    site: None,
    get: ("Nothing to get.", "无需安装。"),
    programs: &[],
    fields: &[Field::new("public_url", Url, ("Public address", "公网地址"), PUBLIC_URL).required()],
    traits: TunnelTraits {
        tcp_only: false,
        local_port_elsewhere: true,
        interstitial: false,
        foreign_domain: false,
        url_changes: false,
    },
    notes: &[(
        "Pass every path to the listener's address unchanged (/wechat/…, /healthz and verification files such as /MP_verify_….txt), with bodies up to 1 MiB.",
        "请把所有路径原样转发到监听地址（/wechat/…、/healthz 以及 /MP_verify_….txt 等校验文件），请求体上限至少 1 MiB。",
    )],
    tested: TunnelTested::Nothing,
    args: &[],
    env: &[],
    config: None,
    url: UrlSource::Output,
    says: Says { url: None, online: &[], lost: &[], refused: &[], noise: None },
    retries_itself: true,
    patience: 0,
    grace: 0,
};
