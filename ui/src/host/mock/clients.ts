/** The tunnel clients as the engine's table has them; made-up places of their programs. Development and tests only. */
import type { Bilingual, TunnelClient, TunnelClientId, TunnelField, TunnelFieldKind, TunnelTraits } from "../types";

const b = (zh: string, en: string): Bilingual => ({ zh, en });
const FOUND: Partial<Record<TunnelClientId, string>> = { natapp: "/usr/local/bin/natapp", cloudflared: "/usr/bin/cloudflared", ssh: "/usr/bin/ssh", frp: "/opt/frp/frpc" };

function field(key: string, kind: TunnelFieldKind, label: Bilingual, help: Bilingual, more: Partial<TunnelField> = {}): TunnelField {
  return { key, kind, required: false, default: null, choices: [], label, help, only_if: null, ...more };
}

function traits(...on: (keyof TunnelTraits)[]): TunnelTraits {
  const none: TunnelTraits = { tcp_only: false, local_port_elsewhere: false, interstitial: false, foreign_domain: false, url_changes: false };
  for (const name of on) none[name] = true;
  return none;
}

export const tunnelClients: TunnelClient[] = [
  {
    id: "natapp",
    name: b("natapp 内网穿透", "natapp"),
    summary: b("国内线路；付费二级域名固定不变，免费隧道的域名会变化。", "Servers in China; a paid second-level domain stays, a free one changes."),
    site: "https://natapp.cn",
    get: b("到 natapp.cn 下载客户端，并赋予可执行权限。", "Download the client from natapp.cn and make it executable."),
    programs: ["natapp"],
    found: FOUND.natapp ?? null,
    fields: [
      field("authtoken", "secret", b("authtoken", "authtoken"), b("在 natapp.cn「我的隧道」中查看，每条隧道一个。", "From 我的隧道 on natapp.cn, one per tunnel."), { required: true }),
    ],
    traits: traits("local_port_elsewhere", "url_changes"),
    notes: [
      b("请在 natapp.cn 的隧道配置里把本地地址和端口设为本程序的监听地址；客户端命令行无法指定。", "Set the local address of the tunnel on natapp.cn to the listener's: the client cannot be told here."),
      b("免费隧道每次启动、每隔一两天都会更换域名，每次都要到 open.weixin.qq.com 重新填写。", "A free tunnel gets another domain at every start and every day or two. Each time the URLs on open.weixin.qq.com must be entered again."),
    ],
    tested: "recorded",
  },
  {
    id: "cpolar",
    name: b("cpolar 极点云", "cpolar"),
    summary: b("国内线路；免费域名 24 小时内会变化，保留的二级域名固定不变。", "Servers in China; free names change within 24 hours, reserved ones stay."),
    site: "https://www.cpolar.com",
    get: b("到 cpolar.com 下载客户端。", "Download the client from cpolar.com."),
    programs: ["cpolar"],
    found: FOUND.cpolar ?? null,
    fields: [
      field("authtoken", "secret", b("authtoken", "authtoken"), b("在 dashboard.cpolar.com「验证」页查看。", "From the page 验证 of dashboard.cpolar.com."), { required: true }),
      field("subdomain", "text", b("保留的二级子域名", "Reserved subdomain"), b("需套餐支持；留空则随机分配。", "Only with a plan that has one. Empty: a random name.")),
      field("region", "text", b("地区", "Region"), b("与保留时一致，例如 cn_vip；留空由服务决定。", "As reserved, for example cn_vip. Empty: the service's choice.")),
    ],
    traits: traits("url_changes"),
    notes: [
      b("免费域名每 24 小时更换，届时需到 open.weixin.qq.com 重新填写。", "A free name is replaced every 24 hours; the URLs on open.weixin.qq.com must then be entered again."),
    ],
    tested: "recorded",
  },
  {
    id: "cloudflared",
    name: b("Cloudflare Tunnel", "Cloudflare Tunnel"),
    summary: b("境外线路；可用托管在 Cloudflare 的自有域名，或免注册的临时随机域名。", "Abroad; your own domain at Cloudflare, or a temporary random name without an account."),
    site: "https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/downloads/",
    get: b("到 Cloudflare 官网下载 cloudflared。", "Download cloudflared from Cloudflare's site."),
    programs: ["cloudflared"],
    found: FOUND.cloudflared ?? null,
    fields: [
      field("mode", "choice", b("类型", "Kind"), b("", ""), { required: true, default: "quick", choices: [{ value: "quick", label: b("临时随机域名", "Temporary random name") }, { value: "named", label: b("自有域名", "Your own domain") }] }),
      field("token", "secret", b("隧道令牌", "Tunnel token"), b("在 Cloudflare 控制台的隧道页面复制；并在那里把服务设为 http:// 加本程序的监听地址。", "From the tunnel's page in the Cloudflare dashboard. Set its service there to http:// and the listener's address."), { required: true, only_if: { key: "mode", value: "named" } }),
      field("public_url", "url", b("公网地址", "Public address"), b("隧道的公网域名，例如 https://wx.example.com。", "The public hostname of the tunnel, for example https://wx.example.com."), { required: true, only_if: { key: "mode", value: "named" } }),
      field("protocol", "choice", b("传输协议", "Transport"), b("网络屏蔽 UDP 时选 HTTP/2。", "HTTP/2 where the network blocks UDP."), { required: true, default: "auto", choices: [{ value: "auto", label: b("自动", "Automatic") }, { value: "http2", label: b("HTTP/2", "HTTP/2") }] }),
    ],
    traits: traits("foreign_domain", "url_changes"),
    notes: [
      b("临时域名每次启动都会变化且无可用性保证；微信的部分校验会拒绝 trycloudflare.com。", "A temporary name changes at every start and comes without any promise; some WeChat checks refuse trycloudflare.com."),
    ],
    tested: "recorded",
  },
  {
    id: "ngrok",
    name: b("ngrok", "ngrok"),
    summary: b("境外线路；免费套餐有一个固定域名，国内访问慢，免费套餐打开网页前有提示页。", "Abroad; one fixed free domain, slow from China, with a warning page before web pages on the free plan."),
    site: "https://ngrok.com/download",
    get: b("到 ngrok.com 下载第 3 版客户端。", "Download version 3 from ngrok.com."),
    programs: ["ngrok"],
    found: FOUND.ngrok ?? null,
    fields: [
      field("authtoken", "secret", b("Authtoken", "Authtoken"), b("在 dashboard.ngrok.com 查看。", "From dashboard.ngrok.com."), { required: true }),
      field("public_url", "url", b("固定域名", "Fixed domain"), b("例如 https://name.ngrok-free.app；留空由服务分配。", "For example https://name.ngrok-free.app. Empty: the service's choice.")),
    ],
    traits: traits("interstitial", "foreign_domain", "url_changes"),
    notes: [
      b("免费套餐会先向浏览器显示提示页：授权链接和菜单页面会遇到它，微信的推送也可能遇到。", "On the free plan ngrok shows browsers a warning page first: authorize links and menu pages meet it, pushes of WeChat may."),
    ],
    tested: "recorded",
  },
  {
    id: "frp",
    name: b("frp", "frp"),
    summary: b("自建 frps 服务器，地址由你决定，不会变化。", "Your own server runs frps; nothing changes unless you change it."),
    site: "https://github.com/fatedier/frp/releases",
    get: b("从 fatedier/frp 的发布页下载 frpc。", "Download frpc from the releases of fatedier/frp."),
    programs: ["frpc"],
    found: FOUND.frp ?? null,
    fields: [
      field("server", "host", b("服务器", "Server"), b("frps 的地址。", "Host of frps."), { required: true }),
      field("server_port", "port", b("服务器端口", "Server port"), b("frps 的 bindPort。", "bindPort of frps."), { required: true, default: "7000" }),
      field("token", "secret", b("令牌", "Token"), b("frps 的 auth.token，没有则留空。", "auth.token of frps; empty if it has none.")),
      field("proxy", "choice", b("代理类型", "Proxy type"), b("", ""), { required: true, default: "http", choices: [{ value: "http", label: b("http，按域名（vhostHTTPPort）", "http, by domain (vhostHTTPPort)") }, { value: "tcp", label: b("tcp，服务器上的端口", "tcp, a port of the server") }] }),
      field("remote_port", "port", b("远程端口", "Remote port"), b("", ""), { required: true, only_if: { key: "proxy", value: "tcp" } }),
      field("public_url", "url", b("公网地址", "Public address"), b("外网访问的地址，例如 https://wx.example.com。", "Where the world reaches it, for example https://wx.example.com."), { required: true }),
    ],
    traits: traits(),
    notes: [
      b("443 端口的 TLS 由服务器负责：通常在 vhostHTTPPort 或远程端口前加 nginx。", "TLS on port 443 is the server's business: the usual way is nginx in front of vhostHTTPPort or of the remote port."),
    ],
    tested: "recorded",
  },
  {
    id: "ssh",
    name: b("ssh -R 远程转发", "ssh -R"),
    summary: b("自有服务器，只需 sshd 和 nginx，无需另装软件。", "A server of your own with sshd and nginx; nothing to install there."),
    site: "https://www.openssh.com",
    get: b("Linux、macOS、Windows 10 均自带，对应软件包 openssh-client。", "Part of Linux, macOS and Windows 10: package openssh-client."),
    programs: ["ssh"],
    found: FOUND.ssh ?? null,
    fields: [
      field("server", "host", b("服务器", "Server"), b("", ""), { required: true }),
      field("server_port", "port", b("ssh 端口", "ssh port"), b("", ""), { required: true, default: "22" }),
      field("user", "text", b("用户", "User"), b("", ""), { required: true }),
      field("key_file", "path", b("私钥文件", "Private key"), b("须无口令，或已加入 ssh agent；留空使用 ssh 的默认密钥。", "Without a passphrase, or held by the ssh agent. Empty: ssh's usual keys.")),
      field("host_key", "choice", b("服务器主机密钥", "Server's host key"), b("", ""), { required: true, default: "known", choices: [{ value: "known", label: b("须已在 known_hosts 中", "Must be in known_hosts already") }, { value: "first", label: b("信任首次见到的，此后只认它", "Trust the first one seen, then only that") }] }),
      field("known_hosts", "path", b("known_hosts 文件", "known_hosts file"), b("留空使用 ~/.ssh/known_hosts。", "Empty: ~/.ssh/known_hosts."), { only_if: { key: "host_key", value: "known" } }),
      field("remote_port", "port", b("服务器上的端口", "Port on the server"), b("监听在服务器回环地址，由 nginx 转发到此端口。", "On its loopback, where nginx passes requests to."), { required: true, default: "18090" }),
      field("public_url", "url", b("公网地址", "Public address"), b("外网访问的地址，例如 https://wx.example.com。", "Where the world reaches it, for example https://wx.example.com."), { required: true }),
    ],
    traits: traits("tcp_only"),
    notes: [
      b("它只转发 TCP：请在服务器上用 nginx 或 Caddy 在 443 端口提供域名和 TLS，再转发到该端口。", "It carries bytes only: put nginx or Caddy with TLS and your domain on port 443 of the server in front of the port."),
      b("请在服务器 sshd 设置 ClientAliveInterval 15、ClientAliveCountMax 3，否则断线的会话会长时间占用端口。", "Set ClientAliveInterval 15 and ClientAliveCountMax 3 on the server: otherwise a dead session holds the port for hours."),
    ],
    tested: "run",
  },
  {
    id: "bore",
    name: b("bore", "bore"),
    summary: b("轻量 TCP 隧道，需自建服务器。", "A small TCP tunnel to a server of your own."),
    site: "https://github.com/ekzhang/bore",
    get: b("cargo install bore-cli，或从 ekzhang/bore 的发布页下载。", "cargo install bore-cli, or the releases of ekzhang/bore."),
    programs: ["bore"],
    found: FOUND.bore ?? null,
    fields: [
      field("server", "host", b("服务器", "Server"), b("bore server 的地址，控制端口固定为 7835。", "Host of bore server; its control port is always 7835."), { required: true }),
      field("secret", "secret", b("密钥", "Secret"), b("服务器的 --secret，没有则留空。", "The server's --secret; empty if it has none.")),
      field("remote_port", "port", b("远程端口", "Remote port"), b("留空由服务器分配，每次不同。", "Empty: the server's choice, another one each time.")),
      field("public_url", "url", b("公网地址", "Public address"), b("远程端口前提供 TLS 的反向代理地址，例如 https://wx.example.com。", "Of the proxy with TLS in front of the remote port, for example https://wx.example.com.")),
    ],
    traits: traits("tcp_only"),
    notes: [
      b("它只转发 TCP：请在服务器上用 nginx 或 Caddy 在 443 端口提供域名和 TLS，再转发到该端口。", "It carries bytes only: put nginx or Caddy with TLS and your domain on port 443 of the server in front of the port."),
    ],
    tested: "run",
  },
  {
    id: "own",
    name: b("自有域名 / 反向代理", "My own domain / reverse proxy"),
    summary: b("由 nginx、Caddy、负载均衡或路由器把请求转发到监听地址，本程序不启动任何客户端。", "nginx, Caddy, a load balancer or a router passes requests to the listener; nothing is started here."),
    site: null,
    get: b("无需安装。", "Nothing to get."),
    programs: [],
    found: FOUND.own ?? null,
    fields: [
      field("public_url", "url", b("公网地址", "Public address"), b("外网访问的地址，例如 https://wx.example.com。", "Where the world reaches it, for example https://wx.example.com."), { required: true }),
    ],
    traits: traits("local_port_elsewhere"),
    notes: [
      b("请把 /wechat/ 和 /healthz 原样转发到监听地址，请求体上限至少 1 MiB。", "Pass /wechat/ and /healthz to the listener's address unchanged, with bodies up to 1 MiB."),
    ],
    tested: "nothing",
  },
];
