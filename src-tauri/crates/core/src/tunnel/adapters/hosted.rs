//! Clients of somebody else's tunnel servers. None of them was run by us: words and flags are from their documents,
//! from public repositories, and from the sources of cloudflared and of the open ngrok 1.x, natapp's parent.

use super::{Adapter, Field, Refusal, Says, UrlSource, always, when};
use crate::dto::TunnelFieldKind::{Choice, Secret, Text, Url};
use crate::dto::{TunnelClientId, TunnelTested, TunnelTraits};

/// natapp: the name most Chinese WeChat tutorials use. A close relative of ngrok 1.x.
pub(super) static NATAPP: Adapter = Adapter {
    id: TunnelClientId::Natapp,
    name: ("natapp", "natapp 内网穿透"),
    summary: (
        "Servers in China; a paid second-level domain stays, a free one changes.",
        "国内线路；付费二级域名固定不变，免费隧道的域名会变化。",
    ),
    site: Some("https://natapp.cn"),
    get: ("Download the client from natapp.cn and make it executable.", "到 natapp.cn 下载客户端，并赋予可执行权限。"),
    programs: &["natapp"],
    fields: &[Field::new(
        "authtoken",
        Secret,
        ("authtoken", "authtoken"),
        ("From 我的隧道 on natapp.cn, one per tunnel.", "在 natapp.cn「我的隧道」中查看，每条隧道一个。"),
    )
    .required()],
    traits: TunnelTraits {
        tcp_only: false,
        local_port_elsewhere: true,
        interstitial: false,
        foreign_domain: false,
        url_changes: true,
    },
    notes: &[
        (
            "Set the local address of the tunnel on natapp.cn to the listener's: the client cannot be told here.",
            "请在 natapp.cn 的隧道配置里把本地地址和端口设为本程序的监听地址；客户端命令行无法指定。",
        ),
        (
            "A free tunnel gets another domain at every start and every day or two. Each time the URLs on open.weixin.qq.com must be entered again.",
            "免费隧道每次启动、每隔一两天都会更换域名，每次都要到 open.weixin.qq.com 重新填写。",
        ),
    ],
    tested: TunnelTested::Recorded,
    args: &[always(&["-config={config}", "-log=stdout", "-loglevel=INFO"])],
    env: &[],
    config: Some(("config.ini", &["[default]", "authtoken={authtoken}", "log=stdout", "loglevel=INFO"])),
    url: UrlSource::Output,
    says: Says {
        url: Some(r"(?:Tunnel established at\s+|Forwarding\s+)(?<url>(?:https?|tcp)://[^\s>]+)"),
        online: &[r"Tunnel established at\s", r"Tunnel Status\s+Online"],
        lost: &[
            r"control recovering from failure",
            r"Waiting \d+ seconds before reconnecting",
            r"Tunnel Status\s+Reconnecting",
        ],
        refused: NGROK_1_REFUSALS,
        noise: None,
    },
    retries_itself: true,
    patience: 90_000,
    grace: 2_000,
};

/// Words of the open ngrok 1.x; natapp's and cpolar's own refusals are not on public record, so `ended` covers the rest.
const NGROK_1_REFUSALS: &[Refusal] = &[
    Refusal {
        pattern: r"(?i)Failed to authenticate to server|authtoken.*(invalid|not found|incorrect)|(认证|鉴权|验证)失败|authtoken.*(错误|无效|不存在)",
        kind: "wrong_token",
        tries: 1,
        advice: (
            "The service refused the authtoken. Copy it again from its website.",
            "服务器拒绝了 authtoken，请到官网重新复制。",
        ),
    },
    Refusal {
        pattern: r"is already registered",
        kind: "in_use",
        tries: 6,
        advice: (
            "The tunnel is in use, perhaps by the same client on another machine. Stop that one.",
            "该隧道正在被使用，可能是另一台机器上的客户端，请先停掉它。",
        ),
    },
    Refusal {
        pattern: r"Server failed to allocate tunnel",
        kind: "not_allowed",
        tries: 3,
        advice: (
            "The server gives no such tunnel. Look at the tunnel's settings and its term on the service's website.",
            "服务器未能分配隧道，请到官网检查隧道配置和有效期。",
        ),
    },
    Refusal {
        pattern: r"Failed to read configuration file",
        kind: "config",
        tries: 1,
        advice: ("The client could not read its configuration file.", "客户端无法读取配置文件。"),
    },
];

/// cpolar.
pub(super) static CPOLAR: Adapter = Adapter {
    id: TunnelClientId::Cpolar,
    name: ("cpolar", "cpolar 极点云"),
    summary: (
        "Servers in China; free names change within 24 hours, reserved ones stay.",
        "国内线路；免费域名 24 小时内会变化，保留的二级域名固定不变。",
    ),
    site: Some("https://www.cpolar.com"),
    get: ("Download the client from cpolar.com.", "到 cpolar.com 下载客户端。"),
    programs: &["cpolar"],
    fields: &[
        Field::new(
            "authtoken",
            Secret,
            ("authtoken", "authtoken"),
            ("From the page 验证 of dashboard.cpolar.com.", "在 dashboard.cpolar.com「验证」页查看。"),
        )
        .required(),
        Field::new(
            "subdomain",
            Text,
            ("Reserved subdomain", "保留的二级子域名"),
            ("Only with a plan that has one. Empty: a random name.", "需套餐支持；留空则随机分配。"),
        ),
        Field::new(
            "region",
            Text,
            ("Region", "地区"),
            (
                "As reserved, for example cn_vip. Empty: the service's choice.",
                "与保留时一致，例如 cn_vip；留空由服务决定。",
            ),
        ),
    ],
    traits: TunnelTraits {
        tcp_only: false,
        local_port_elsewhere: false,
        interstitial: false,
        foreign_domain: false,
        url_changes: true,
    },
    notes: &[(
        "A free name is replaced every 24 hours; the URLs on open.weixin.qq.com must then be entered again.",
        "免费域名每 24 小时更换，届时需到 open.weixin.qq.com 重新填写。",
    )],
    tested: TunnelTested::Recorded,
    args: &[always(&["start-all", "-config={config}", "-log=stdout", "-log-level=INFO"])],
    env: &[],
    config: Some((
        "cpolar.yml",
        &[
            "authtoken: \"{authtoken}\"",
            "tunnels:",
            "  wxdesk:",
            "    proto: http",
            "    addr: \"{local}\"",
            "    subdomain: \"{subdomain}\"",
            "    region: \"{region}\"",
        ],
    )),
    url: UrlSource::Output,
    says: Says {
        url: Some(r"(?:Tunnel established at\s+|Forwarding\s+)(?<url>(?:https?|tcp)://[^\s>]+)"),
        online: &[r"Tunnel established at\s", r"Tunnel Status\s+[Oo]nline"],
        lost: &[r"control recovering from failure", r"Waiting \d+ seconds before reconnecting"],
        refused: NGROK_1_REFUSALS,
        noise: None,
    },
    retries_itself: true,
    patience: 90_000,
    grace: 2_000,
};

/// ngrok, version 3.
pub(super) static NGROK: Adapter = Adapter {
    id: TunnelClientId::Ngrok,
    name: ("ngrok", "ngrok"),
    summary: (
        "Abroad; one fixed free domain, slow from China, with a warning page before web pages on the free plan.",
        "境外线路；免费套餐有一个固定域名，国内访问慢，免费套餐打开网页前有提示页。",
    ),
    site: Some("https://ngrok.com/download"),
    get: ("Download version 3 from ngrok.com.", "到 ngrok.com 下载第 3 版客户端。"),
    programs: &["ngrok"],
    fields: &[
        Field::new(
            "authtoken",
            Secret,
            ("Authtoken", "Authtoken"),
            ("From dashboard.ngrok.com.", "在 dashboard.ngrok.com 查看。"),
        )
        .required(),
        Field::new(
            "public_url",
            Url,
            ("Fixed domain", "固定域名"),
            (
                "For example https://name.ngrok-free.app. Empty: the service's choice.",
                "例如 https://name.ngrok-free.app；留空由服务分配。",
            ),
        ),
    ],
    traits: TunnelTraits {
        tcp_only: false,
        local_port_elsewhere: false,
        interstitial: true,
        foreign_domain: true,
        url_changes: true,
    },
    notes: &[(
        "On the free plan ngrok shows browsers a warning page first: authorize links and menu pages meet it, pushes of WeChat may.",
        "免费套餐会先向浏览器显示提示页：授权链接和菜单页面会遇到它，微信的推送也可能遇到。",
    )],
    tested: TunnelTested::Recorded,
    args: &[
        always(&["http", "{local}", "--log", "stdout", "--log-format", "json", "--config", "{config}"]),
        always(&["--url", "{public_url}"]),
    ],
    env: &[],
    config: Some((
        "ngrok.yml",
        &["version: 3", "agent:", "  authtoken: \"{authtoken}\"", "  web_addr: 127.0.0.1:{api_port}"],
    )),
    url: UrlSource::OutputOrApi("/api/tunnels", "/tunnels/0/public_url"),
    says: Says {
        // logfmt as well: a configuration of the machine may say so.
        url: Some(r#"started tunnel.*(?:"url":"|\burl=)(?<url>https?://[^\s"]+)"#),
        online: &[r"started tunnel", r"client session established"],
        lost: &[r"failed to reconnect session", r"session closing", r"heartbeat timeout"],
        refused: &[
            Refusal {
                pattern: r"ERR_NGROK_(105|107|4018)|authentication failed",
                kind: "wrong_token",
                tries: 1,
                advice: (
                    "ngrok refused the authtoken. Copy it again from dashboard.ngrok.com.",
                    "ngrok 拒绝了 authtoken，请到 dashboard.ngrok.com 重新复制。",
                ),
            },
            Refusal {
                pattern: r"ERR_NGROK_(334|108)",
                kind: "in_use",
                tries: 3,
                advice: (
                    "The domain or the account's one session is in use by another agent. Stop that one.",
                    "该域名或账号的会话正被另一个客户端占用，请先停掉它。",
                ),
            },
            Refusal {
                pattern: r"ERR_NGROK_\d+",
                kind: "not_allowed",
                tries: 3,
                advice: (
                    "ngrok refused. Look the code up at ngrok.com/docs/errors.",
                    "ngrok 拒绝了请求，可在 ngrok.com/docs/errors 查询错误码。",
                ),
            },
        ],
        noise: None,
    },
    retries_itself: true,
    patience: 90_000,
    grace: 2_000,
};

/// Cloudflare Tunnel.
pub(super) static CLOUDFLARED: Adapter = Adapter {
    id: TunnelClientId::Cloudflared,
    name: ("Cloudflare Tunnel", "Cloudflare Tunnel"),
    summary: (
        "Abroad; your own domain at Cloudflare, or a temporary random name without an account.",
        "境外线路；可用托管在 Cloudflare 的自有域名，或免注册的临时随机域名。",
    ),
    site: Some("https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/downloads/"),
    get: ("Download cloudflared from Cloudflare's site.", "到 Cloudflare 官网下载 cloudflared。"),
    programs: &["cloudflared"],
    fields: &[
        Field::new("mode", Choice, ("Kind", "类型"), ("", "")).required().default("quick").choices(&[
            ("quick", ("Temporary random name", "临时随机域名")),
            ("named", ("Your own domain", "自有域名")),
        ]),
        Field::new(
            "token",
            Secret,
            ("Tunnel token", "隧道令牌"),
            (
                "From the tunnel's page in the Cloudflare dashboard. Set its service there to http:// and the listener's address.",
                "在 Cloudflare 控制台的隧道页面复制；并在那里把服务设为 http:// 加本程序的监听地址。",
            ),
        )
        .required()
        .only_if("mode", "named"),
        Field::new(
            "public_url",
            Url,
            ("Public address", "公网地址"),
            ("The public hostname of the tunnel, for example https://wx.example.com.", "隧道的公网域名，例如 https://wx.example.com。"),
        )
        .required()
        .only_if("mode", "named"),
        Field::new(
            "protocol",
            Choice,
            ("Transport", "传输协议"),
            ("HTTP/2 where the network blocks UDP.", "网络屏蔽 UDP 时选 HTTP/2。"),
        )
        .required()
        .default("auto")
        .choices(&[("auto", ("Automatic", "自动")), ("http2", ("HTTP/2", "HTTP/2"))]),
    ],
    traits: TunnelTraits {
        tcp_only: false,
        local_port_elsewhere: false,
        interstitial: false,
        foreign_domain: true,
        url_changes: true,
    },
    notes: &[(
        "A temporary name changes at every start and comes without any promise; some WeChat checks refuse trycloudflare.com.",
        "临时域名每次启动都会变化且无可用性保证；微信的部分校验会拒绝 trycloudflare.com。",
    )],
    tested: TunnelTested::Recorded,
    args: &[
        always(&["tunnel", "--no-autoupdate", "--config", "{config}", "--metrics", "127.0.0.1:{api_port}"]),
        when("protocol", "http2", &["--protocol", "http2"]),
        when("mode", "quick", &["--url", "http://{local}"]),
        when("mode", "named", &["run"]),
    ],
    // The variable and not the newer --token-file, so that clients of last year work too.
    env: &[("TUNNEL_TOKEN", "{token}")],
    // A file of our own: rules of the person's own config.yml would make --url fail.
    config: Some(("config.yml", &["no-autoupdate: true"])),
    url: UrlSource::OutputOrApi("/quicktunnel", "/hostname"),
    says: Says {
        // Printed in a box before anything is connected. `api.` is named in error texts and is no tunnel.
        url: Some(r"\|\s+(?<url>https://[a-z0-9-]+\.trycloudflare\.com)\s+\|"),
        online: &[r"Registered tunnel connection.*\bconnIndex=(?<conn>\d+)"],
        lost: &[
            r"(?:Serve tunnel error|Lost connection with the edge|Connection terminated|Unregistered tunnel connection|Retrying connection in up to).*\bconnIndex=(?<conn>\d+)",
            r"no more connections active and exiting",
        ],
        refused: &[
            Refusal {
                pattern: r"Provided Tunnel token is not valid",
                kind: "wrong_token",
                tries: 1,
                advice: (
                    "This is no tunnel token. Copy it again from the tunnel's page in the Cloudflare dashboard.",
                    "隧道令牌无效，请到 Cloudflare 控制台的隧道页面重新复制。",
                ),
            },
            Refusal {
                pattern: r"failed to request quick Tunnel|Error unmarshaling QuickTunnel response",
                kind: "quota",
                tries: 6,
                advice: (
                    "Cloudflare gave no temporary name: the network does not reach it, or too many were asked for. A named tunnel does not have this limit.",
                    "未能取得临时域名：网络不通，或申请过于频繁。自有域名的隧道没有此限制。",
                ),
            },
        ],
        noise: None,
    },
    retries_itself: true,
    patience: 90_000,
    grace: 3_500,
};
