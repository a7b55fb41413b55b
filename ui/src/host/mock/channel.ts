/** Made-up tunnels, files, addresses and egress tests in every state. Development and tests only. */
import { HostError, type Commands } from "../host";
import type { CallbackIps, EgressTest, FieldError, Platform, Tunnel, TunnelInput, TunnelLogLine, VerificationFile } from "../types";
import { tunnelClients } from "./clients";
import { hex, lastError, platform } from "./data";
import { doorCheck } from "./door";

const MIN = 60_000;
const HOUR = 60 * MIN;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Surroundings {
  scenario: string;
  start: number;
  platforms: () => Platform[];
  emit: (...tags: string[]) => void;
}
type Part = "list_tunnel_clients" | "list_tunnels" | "save_tunnel" | "remove_tunnel" | "start_tunnel" | "stop_tunnel" | "tunnel_log" | "confirm_tunnel_url" | "list_verification_files" | "add_verification_file" | "remove_verification_file" | "test_egress" | "callback_ips" | "refresh_callback_ips" | "set_callback_allow_only";
export type ChannelAnswers = { [K in Part]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> };

function base(seed: number, client: Tunnel["client"], now: number, extra: Partial<Tunnel>): Tunnel {
  const name = tunnelClients.find((x) => x.id === client)?.name.en ?? client;
  return {
    id: hex(seed + 700, 16), client, name, settings: {}, stored_secrets: [], program: null, follow: true, enabled: true,
    state: "stopped", state_since: null, retry_at: null, failures: 0, problem: null, pid: null, local: null, endpoint: null, url: null, last_url: null, health: null,
    platforms: [], change: null, created_at: now - (40 - seed) * 24 * HOUR, updated_at: now - 24 * HOUR, ...extra,
  };
}

function tunnelsOf(scenario: string, now: number, all: Platform[]): Tunnel[] {
  if (scenario === "empty" || scenario === "sandbox") return [];
  const first = all[0];
  const running = { pid: 41_873, local: "127.0.0.1:8090" };
  const good = base(1, "natapp", now, {
    name: "门店通 · natapp", state: "online", state_since: now - 5 * HOUR, ...running, stored_secrets: ["authtoken"],
    endpoint: "http://abc.natapp.cc", url: "https://abc.natapp.cc", last_url: "https://abc.natapp.cc", platforms: [first.component_appid], health: doorCheck("https://abc.natapp.cc", "ok", now - 50_000),
  });
  if (scenario === "healthy" || scenario === "many") return [good];
  const old = "https://kwrs4y.natappfree.cc";
  const fresh = "https://diby3i.natappfree.cc";
  const urls = (id: string, url: string): Platform["callback_urls"] => platform(id, "", url, 0).callback_urls;
  return [
    base(2, "natapp", now, {
      name: "natapp 免费隧道", state: "online", state_since: now - 3 * MIN, ...running, stored_secrets: ["authtoken"], endpoint: fresh.replace("https", "http"), url: fresh, last_url: fresh,
      platforms: [first.component_appid], health: doorCheck(fresh, "ok", now - 40_000),
      change: {
        old, new: fresh, at: now - 3 * MIN,
        platforms: [
          { component_appid: first.component_appid, own: false, name: first.name, moved: true, before: urls(first.component_appid, old), after: urls(first.component_appid, fresh) },
          ...all.slice(1, 2).map((p) => ({ component_appid: p.component_appid, own: false, name: p.name, moved: false, before: urls(p.component_appid, old), after: urls(p.component_appid, fresh) })),
        ],
      },
    }),
    base(3, "cloudflared", now, {
      name: "华东连锁商户数字化运营中台（上海分公司）备用线路，仅限演示环境使用", state: "reconnecting", state_since: now - 40_000, ...running, pid: 2_117, settings: { mode: "named", public_url: "https://open.example-platform.com.cn", protocol: "auto" }, stored_secrets: ["token"],
      endpoint: "https://open.example-platform.com.cn", url: "https://open.example-platform.com.cn", last_url: "https://open.example-platform.com.cn", platforms: all.slice(1, 2).map((p) => p.component_appid),
      problem: { at: now - 40_000, kind: "lost", text: "Retrying connection in up to 4s connIndex=0 event=0 ip=198.41.200.23", advice: { zh: "客户端正在自己重连；若持续不通，请检查本机网络是否屏蔽 UDP 7844，或把传输协议改为 HTTP/2。", en: "The client reconnects by itself. If it lasts, see whether the network blocks UDP 7844, or choose HTTP/2." } },
    }),
    base(4, "ssh", now, {
      name: "VPS 远程转发", state: "waiting", state_since: now - 20_000, retry_at: now + 47_000, failures: 3, settings: { server: "vps.example.com", server_port: "22", user: "tunnel", host_key: "known", remote_port: "18090", public_url: "https://wx.example.com" }, last_url: "https://wx.example.com",
      problem: { at: now - 20_000, kind: "in_use", text: "Error: remote port forwarding failed for listen port 18090", advice: { zh: "服务器未开放该端口：可能被占用，或密钥没有转发权限。", en: "The server does not give this port: it is in use, or the key may not forward it." } },
    }),
    base(5, "ngrok", now, {
      state: "failed", state_since: now - 12 * MIN, failures: 1, stored_secrets: ["authtoken"],
      problem: { at: now - 12 * MIN, kind: "wrong_token", text: "ERROR:  authentication failed: The authtoken you specified does not look like a proper ngrok authtoken. ERR_NGROK_105", advice: { zh: "ngrok 拒绝了 authtoken，请到 dashboard.ngrok.com 重新复制。", en: "ngrok refused the authtoken. Copy it again from dashboard.ngrok.com." } },
    }),
    base(6, "bore", now, { name: "bore", state: "online", state_since: now - 2 * HOUR, ...running, pid: 990, settings: { server: "bore.example.com" }, endpoint: "bore.example.com:20017" }),
    base(7, "own", now, { name: "公司 nginx", state: "online", state_since: now - 30 * HOUR, local: "127.0.0.1:8090", settings: { public_url: "https://new.example.com" }, endpoint: "https://new.example.com", url: "https://new.example.com", last_url: "https://new.example.com", health: doorCheck("https://new.example.com", "ends_soon", now - 50_000), platforms: all.slice(2, 3).map((p) => p.component_appid) }),
    base(8, "frp", now, { name: "frp", enabled: false, settings: { server: "frps.example.com", server_port: "7000", proxy: "http", public_url: "https://frp.example.com" }, last_url: "https://frp.example.com" }),
  ];
}

function logOf(now: number): TunnelLogLine[] {
  const said: [TunnelLogLine["source"], string][] = [
    ["wxdesk", "starting /usr/local/bin/natapp, pid 41873"],
    ["out", "[20:14:03 CST 2026/01/05] [INFO] (natapp/client:59) [client] Reading configuration file"],
    ["out", "[20:14:04 CST 2026/01/05] [INFO] (natapp/log:83) [ctl] Authenticated with server, client id: 9a31c0f2b7d84e15"],
    ["out", "[20:14:04 CST 2026/01/05] [INFO] (natapp/log:83) [client] Tunnel established at http://diby3i.natappfree.cc"],
    ["wxdesk", "online: https://diby3i.natappfree.cc"],
  ];
  const traffic = Array.from({ length: 60 }, (_, i): TunnelLogLine => ({ at: now - (62 - i) * 9_000, source: i % 17 === 9 ? "err" : "out", text: i % 17 === 9 ? "[EROR] (natapp/proxy:121) Failed to open private leg 127.0.0.1:8090: dial tcp 127.0.0.1:8090: connect: connection refused, the request was answered with 502 and dropped" : `[20:${String(15 + Math.floor(i / 6)).padStart(2, "0")}:${String((i % 6) * 9).padStart(2, "0")} CST] [INFO] (natapp/proxy:98) [prv:${hex(i, 8)}] New connection to: 127.0.0.1:8090` }));
  return [...said.map(([source, text], i): TunnelLogLine => ({ at: now - 600_000 + i * 300, source, text })), ...traffic];
}

function broken(input: TunnelInput): FieldError[] {
  const client = tunnelClients.find((x) => x.id === input.client);
  const errors: FieldError[] = [];
  if (input.program?.includes("missing")) errors.push({ field: "program", rule: "file", message: "must be a program that exists", message_zh: "这里没有可执行的程序" });
  if (input.secrets.authtoken === "bad token") errors.push({ field: "secrets.authtoken", rule: "format", message: "must have no blanks", message_zh: "不能含空格" });
  if (!client) errors.push({ field: "client", rule: "unknown", message: "unknown client", message_zh: "未知的客户端" });
  return errors;
}

export function channelAnswers({ scenario, start, platforms, emit }: Surroundings): ChannelAnswers {
  let tunnels: Tunnel[] | null = null;
  const all = (): Tunnel[] => (tunnels ??= platforms().length === 0 ? [] : tunnelsOf(scenario, start, platforms()));
  const find = (id: string): Tunnel => {
    const found = all().find((x) => x.id === id);
    if (!found) throw new HostError({ code: "not_found", message: "no such tunnel" });
    return found;
  };
  const log = logOf(start);
  let files: VerificationFile[] | null = null;
  const urlsOf = (name: string): string[] => [...new Set(platforms().map((p) => p.public_base_url))].map((url) => `${url}/${name}`);
  const allFiles = (): VerificationFile[] =>
    (files ??= scenario === "rich" || scenario === "" ? ["MP_verify_8fJk2LmQx9aTzR4w.txt", "6871402915.txt"].map((name, i) => ({ name, size: i === 0 ? 16 : 32, added_at: start - (i + 1) * 26 * HOUR, urls: urlsOf(name) })) : []);
  let ips: CallbackIps =
    scenario === "empty"
      ? { ips: [], fetched_at: null, allow_only: false, error: null }
      : { ips: Array.from({ length: 46 }, (_, i) => `${[101, 106, 140, 162, 182][i % 5]}.${226 - i}.${(i * 37) % 250}.${(i * 13) % 240}`), fetched_at: start - 9 * HOUR, allow_only: false, error: null };
  if (scenario === "needs") ips = { ips: [], fetched_at: null, allow_only: false, error: lastError(61004, start) };

  return {
    list_tunnel_clients: () => tunnelClients,
    list_tunnels: all,
    save_tunnel: async ({ input }) => {
      await wait(500);
      const fields = broken(input);
      if (fields.length > 0) throw new HostError({ code: "invalid_input", message: "invalid input", detail: { fields } });
      const secrets = Object.entries(input.secrets);
      if (input.id === null) {
        const added = base(20 + all().length, input.client, Date.now(), { enabled: false, settings: input.settings, program: input.program, follow: input.follow, stored_secrets: secrets.map(([key]) => key), created_at: Date.now() });
        if (input.name) added.name = input.name;
        all().push(added);
        emit("tunnels", "overview");
        return added;
      }
      const saved = find(input.id);
      Object.assign(saved, { settings: input.settings, program: input.program, follow: input.follow, name: input.name || saved.name, updated_at: Date.now() });
      saved.stored_secrets = [...new Set([...saved.stored_secrets, ...secrets.filter(([, v]) => v !== "").map(([k]) => k)])].filter((key) => input.secrets[key] !== "");
      emit("tunnels", "overview");
      return saved;
    },
    remove_tunnel: async ({ id }) => {
      await wait(300);
      tunnels = all().filter((x) => x.id !== id);
      emit("tunnels", "overview");
      return null;
    },
    start_tunnel: ({ id }) => {
      const tunnel = find(id);
      Object.assign(tunnel, { state: "starting", state_since: Date.now(), enabled: true, problem: null, pid: 5_512, local: "127.0.0.1:8090" });
      setTimeout(() => {
        if (tunnel.state !== "starting") return;
        const url = tunnel.settings.public_url ?? "https://q7x2.natappfree.cc";
        Object.assign(tunnel, { state: "online", state_since: Date.now(), endpoint: url, url, last_url: url, health: doorCheck(url, "ok", Date.now()) });
        emit("tunnels", "overview");
      }, 2500);
      emit("tunnels", "overview");
      return tunnel;
    },
    stop_tunnel: async ({ id }) => {
      await wait(900);
      const tunnel = find(id);
      Object.assign(tunnel, { state: "stopped", state_since: Date.now(), enabled: false, pid: null, local: null, endpoint: null, url: null, problem: null, retry_at: null, health: null });
      emit("tunnels", "overview");
      return tunnel;
    },
    tunnel_log: ({ id }) => {
      const { state } = find(id);
      setTimeout(() => {
        log.push({ at: Date.now(), source: "out", text: `[INFO] (natapp/proxy:98) [prv:${hex(log.length, 8)}] New connection to: 127.0.0.1:8090` });
        emit(`tunnel:${id}`);
      }, 2000);
      return { lines: state === "stopped" ? [] : log.slice(-200) };
    },
    confirm_tunnel_url: async ({ id }) => (await wait(300), (find(id).change = null), emit("tunnels", "overview"), find(id)),
    list_verification_files: allFiles,
    add_verification_file: async ({ name, content_base64 }) => {
      await wait(250);
      const added = { name, size: atob(content_base64).length, added_at: Date.now(), urls: urlsOf(name) };
      files = [added, ...allFiles().filter((x) => x.name !== name)];
      emit("files");
      return added;
    },
    remove_verification_file: async ({ name }) => (await wait(250), (files = allFiles().filter((x) => x.name !== name)), emit("files"), null),
    test_egress: async ({ outbound_proxy, endpoints }): Promise<EgressTest> => {
      await wait(1400);
      const at = Date.now();
      if (scenario === "healthy" || scenario === "many") return { at, route: outbound_proxy ? "proxy" : "direct", ip: "198.51.100.7", listed: true, took_ms: 212, text: { zh: "微信接受了来自这个 IP 的调用。", en: "WeChat took a call from this IP." }, fix: { zh: "", en: "" }, error: null };
      if (endpoints && !endpoints.api.includes("weixin")) return { at, route: "forward", ip: null, listed: null, took_ms: 96, text: { zh: "转发服务应答了，但看不出微信看到的 IP。", en: "The forward server answered, but not with what WeChat sees." }, fix: { zh: "把转发服务的出口 IP 加入白名单，再试一次。", en: "Add the forward server's outbound IP to the list, then try again." }, error: null };
      return { at, route: outbound_proxy ? "proxy" : "direct", ip: "203.0.113.24", listed: false, took_ms: 187, text: { zh: "微信看到的 IP 不在白名单里。", en: "WeChat sees an IP that is not on the list." }, fix: { zh: "把它加入「白名单IP地址列表」，几分钟后生效。", en: "Add it to 白名单IP地址列表; it takes a few minutes." }, error: lastError(61004, at) };
    },
    callback_ips: () => ips,
    refresh_callback_ips: async () => {
      await wait(900);
      if (scenario === "needs") return ips;
      ips = { ...ips, ips: ips.ips.length > 0 ? ips.ips : ["101.226.103.0/25", "140.207.54.0/25", "162.62.80.205"], fetched_at: Date.now(), error: null };
      emit("door");
      return ips;
    },
    set_callback_allow_only: async ({ on }) => (await wait(250), (ips = { ...ips, allow_only: on }), emit("door"), ips),
  };
}
