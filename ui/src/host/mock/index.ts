/**
 * A made-up engine for development and tests: `?mock=` one of rich (default), healthy, many, empty, error, slow,
 * sandbox, needs, own (no third-party platform at all). Never in the production bundle.
 */
import { HostError, type CommandName, type Commands, type Host } from "../host";
import type { Account, AppInfo, Change, FieldError, Overview, OwnAccount, Platform, PlatformInput, TokenState } from "../types";
import { callAnswers, extraOf } from "./calls";
import { channelAnswers } from "./channel";
import { account, ALL_NEEDS, attempts, counts, hex, LIFE, lastError, needs, permissionSets, platform, random, token } from "./data";
import { doorCheck, type Ending } from "./door";
import { forwardAnswers } from "./forward";
import { inboxAnswers } from "./inbox";
import { jssdkAnswers } from "./jssdk";
import { dress, lifeAnswers } from "./life";
import { menuAnswers } from "./menus";
import { oauthAnswers } from "./oauth";
import { ownAccounts, ownAnswers, ownChain, ownNeeds } from "./own";
import { sceneAnswers } from "./scenes";
import { trialAnswers } from "./trials";


const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const TAKEN = "cannot listen on 127.0.0.1:8090: nginx (pid 812) listens there; 127.0.0.1:8092 is free";
/** How the self-check of each platform ends when things are broken; the last when they are not. */
const ENDINGS: readonly Ending[] = ["nothing_behind", "ends_soon", "never", "ok"];
const IDS = { one: "wx134c8103faa5a59e", two: "wx9f21c0d84be7713a", three: "wx77e0a1b2c3d4e5f6" };

function avatar(appid: string): string {
  const hue = parseInt(appid.slice(2, 6), 16) % 360;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="hsl(${hue} 45% 62%)"/><circle cx="32" cy="26" r="12" fill="hsl(${hue} 50% 88%)"/><path d="M8 64c2-20 14-24 24-24s22 4 24 24z" fill="hsl(${hue} 50% 88%)"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

export function createMockHost(scenario = "rich"): Host {
  const listeners = new Set<(change: Change) => void>();
  const emit = (...tags: string[]): void => listeners.forEach((listener) => listener({ tags }));
  const start = Date.now();
  let sandbox = scenario === "sandbox";
  let platforms: Platform[] = [];
  let accounts: Account[] = [];
  let owns: OwnAccount[] = [];
  let down = scenario === "needs";
  let listenAt = "127.0.0.1:8090";
  const dismissed = new Set<string>();
  const doors = new Map<string, ReturnType<typeof doorCheck>>();

  function fill(): void {
    const now = Date.now();
    if (scenario === "empty" && !sandbox) {
      platforms = [];
      accounts = [];
      owns = [];
      return;
    }
    if (scenario === "own" && !sandbox) {
      platforms = [];
      owns = ownAccounts(now);
      accounts = owns.flatMap((x) => x.account ?? []);
      return;
    }
    owns = [];
    if (sandbox) {
      platforms = [platform("wxb5a1d6d0c4e2f389", "沙盒平台", "http://127.0.0.1:8090", now, { sandbox: true, endpoints: { api: "http://127.0.0.1:41877", mp: "http://127.0.0.1:41877", open: "http://127.0.0.1:41877" } })];
      accounts = Array.from({ length: 3 }, (_, i) => account(i, platforms[0].component_appid, now));
    } else {
      const healthy = scenario === "healthy" || scenario === "many";
      platforms = [platform(IDS.one, "门店通", "https://abc.natapp.cc", now)];
      if (!healthy) {
        platforms.push(
          platform(IDS.two, "华东连锁商户数字化运营中台（上海分公司）", "https://open.example-platform.com.cn", now, {
            ticket: { state: "stale", received_at: now - 47 * 60_000, recent: Array.from({ length: 10 }, (_, i) => now - 47 * 60_000 - i * 600_000) },
            component_token: token(now, "failing", { needs_operator: true, reason_code: "ip_not_listed", generation: 31, last_error: lastError(61004, now - 720_000), next_refresh_at: now + 400_000 }),
          }),
          platform(IDS.three, "新平台", "https://new.example.com", now, {
            ticket: { state: "missing", received_at: null, recent: [] },
            component_token: token(now, "waiting", { obtained_at: null, expires_at: null, next_refresh_at: null, reason_code: "ticket_missing", generation: 0 }),
          }),
        );
      }
      const total = scenario === "many" ? 10_000 : healthy ? 34 : 88;
      accounts = Array.from({ length: total }, (_, i) => account(i, !healthy && i % 5 === 4 ? IDS.two : IDS.one, now));
      if (scenario === "healthy") accounts.forEach((a) => ((a.state = "authorized"), a.token.state !== "valid" && (a.token = token(now, "valid"))));
    }
    dress(accounts, now);
    if (!sandbox) {
      owns = ownAccounts(now, scenario === "healthy" || scenario === "many");
      accounts.push(...owns.flatMap((x) => x.account ?? []));
    }
    for (const p of platforms) p.accounts = counts(accounts.filter((a) => a.removed_at === null && a.component_appid === p.component_appid));
    if (platforms.length > 1) Object.assign(platforms[1], { has_previous_key: true, previous_key_since: now - 4 * 86_400_000, previous_key_used_at: now - 3_600_000 });
  }
  fill();

  const find = (component: string): Platform => {
    const found = platforms.find((p) => p.component_appid === component);
    if (!found) throw new HostError({ code: "not_found", message: "no such platform" });
    return found;
  };
  const findAccount = (component: string, appid: string): Account => {
    const found = accounts.find((a) => a.appid === appid && a.component_appid === component);
    if (!found) throw new HostError({ code: "not_found", message: "no such account" });
    return found;
  };

  function overview(): Overview {
    const now = Date.now();
    const next = random(7);
    const broken = scenario === "rich" || scenario === "" || scenario === "needs";
    let list = broken ? needs(start, platforms[0], platforms[1] ?? platforms[0], platforms[2] ?? platforms[0]) : [];
    if (scenario === "needs") {
      list = list.concat(ALL_NEEDS.map((n, i) => ({ id: `n${i}`, cause: n.cause, own: false, component_appid: platforms[0].component_appid, platform_name: platforms[0].name, since: start - 3_600_000, count: i * 3, appids: [], error: n.code === null ? null : lastError(n.code, start), detail: n.detail ?? null, actions: n.actions })));
    }
    if (owns.length > 2 && (broken || scenario === "own")) list = list.concat(ownNeeds(start));
    return {
      time: now,
      needs: list.filter((need) => !dismissed.has(need.id)),
      platforms: platforms.map((p) => {
        const own = accounts.filter((a) => a.component_appid === p.component_appid);
        const live = own.filter((a) => a.state !== "unauthorized");
        const states: TokenState[] = ["valid", "expiring", "failing", "expired", "waiting", "missing"];
        return {
          component_appid: p.component_appid,
          name: p.name,
          ticket: p.ticket,
          component_token: p.component_token,
          accounts: p.accounts,
          token_states: states.map((state) => ({ state, count: live.filter((a) => a.token.state === state).length })).filter((s) => s.count > 0),
          soonest: live.filter((a) => a.token.expires_at !== null && a.token.expires_at > now).sort((a, b) => (a.token.expires_at ?? 0) - (b.token.expires_at ?? 0)).slice(0, 5),
        };
      }),
      own: ownChain(accounts, now),
      door: {
        listening: !down,
        address: down ? null : listenAt,
        error: down ? TAKEN : null,
        last_callback_at: platforms[0]?.ticket.received_at ?? null,
        rejected: broken ? 1284 : 0,
        rejections: broken
          ? [
              { at: start - 65_000, path: "/wechat/wx134c8103faa5a59e/event", reason: "bad_signature", status: 403, from: "101.226.103.61" },
              { at: start - 640_000, path: "/wechat/wx0000000000000000/event", reason: "unknown_appid", status: 404, from: "101.226.103.62" },
              { at: start - 900_000, path: "/wechat/wx134c8103faa5a59e/callback/wxdb6c0bf23d1f1ac3", reason: "bad_body", status: 400 },
              ...Array.from({ length: 9 }, (_, i) => ({ at: start - (i + 17) * 61_000, path: ["/wp-login.php", "/wechat/wx134c8103faa5a59e/event", "/.env"][i % 3], reason: i % 3 === 1 ? "bad_signature" : "unknown_appid", status: i % 3 === 1 ? 403 : 404, from: `198.51.100.${20 + i * 7}` })),
            ]
          : [],
        tunnels: [...new Set([...platforms, ...owns].map((p) => p.public_base_url).filter(Boolean))].map((url, i) => doors.get(url) ?? doorCheck(url, ENDINGS[broken ? i : 3], start - 50_000)),
      },
      hours: Array.from({ length: 24 }, (_, i) => ({
        start: Math.floor(now / 3_600_000) * 3_600_000 - (23 - i) * 3_600_000,
        ok: sandbox && i < 22 ? 0 : Math.round((accounts.length / 1.8) * (0.8 + next() * 0.4)),
        failed: broken && (i === 9 || i === 10 || i > 20) ? Math.round(next() * 18) + 1 : 0,
      })),
    };
  }

  function check(input: PlatformInput): FieldError[] {
    const errors: FieldError[] = [];
    if (input.component_appid === "wxffffffffffffffff") errors.push({ field: "component_appid", rule: "refused", message: "This appid is not a third-party platform.", message_zh: "这个 AppID 不是第三方平台的。" });
    return errors;
  }

  const scene = sandbox ? "sandbox" : scenario;
  const inbox = inboxAnswers({ scenario: scene, start, accounts: () => accounts, world: () => forward.world, emit });
  const forward = forwardAnswers({ scenario: scene, start, accounts: () => accounts, platforms: () => platforms, outgoing: (push) => inbox.outgoing(push), emit });
  const answers: { [K in CommandName]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> } = {
    app_info: (): AppInfo => ({
      version: "0.1.0",
      data_dir: sandbox ? "/home/ops/.local/share/wxdesk/sandbox" : "/home/ops/.local/share/wxdesk",
      sandbox,
      sandbox_url: sandbox ? "http://127.0.0.1:41877" : null,
      key_source: sandbox ? "key_file" : "keychain",
      api_address: "127.0.0.1:8091",
      listener_address: "127.0.0.1:8090",
      first_start: platforms.length === 0,
    }),
    overview,
    ...lifeAnswers({ scenario: sandbox ? "sandbox" : scenario, start, platforms: () => platforms, accounts: () => accounts, emit }),
    ...callAnswers({ scenario: sandbox ? "sandbox" : scenario, start, platforms: () => platforms, accounts: () => accounts, emit, call: async (name, args) => (await (answers[name as CommandName] as (a: unknown) => unknown)(args)) as never }),
    ...channelAnswers({ scenario: sandbox ? "sandbox" : scenario, start, platforms: () => platforms, emit }),
    ...menuAnswers({ start, accounts: () => accounts, emit, startBulk: async (request) => await answers.start_bulk({ request }), bulkJob: async (id) => await answers.bulk_job({ id, after: null }) }),
    ...ownAnswers({ start, owns: () => owns, setOwns: (fresh) => (owns = fresh), accounts: () => accounts, setAccounts: (fresh) => (accounts = fresh), emit }),
    ...jssdkAnswers({ start, accounts: () => accounts, emit }),
    ...sceneAnswers({ scenario: sandbox ? "sandbox" : scenario, start, accounts: () => accounts, emit }),
    ...oauthAnswers({ scenario: sandbox ? "sandbox" : scenario, start, platforms: () => platforms, accounts: () => accounts, owns: () => owns, emit }),
    ...trialAnswers({ scenario: sandbox ? "sandbox" : scenario, start, accounts: () => accounts, emit }),
    ...inbox.answers,
    ...forward.answers,
    check_door: async ({ public_base_url }) => {
      await wait(public_base_url.includes("example-platform") ? 5000 : 1300);
      const health = doorCheck(public_base_url, "ok", Date.now());
      doors.set(public_base_url, health);
      emit("door");
      return health;
    },
    restart_listener: async ({ address = null }) => {
      await wait(400);
      if (down && address === null) throw new HostError({ code: "unavailable", message: TAKEN, detail: { offer: "127.0.0.1:8092" } });
      if (address !== null) listenAt = address;
      down = false;
      emit("overview", "door");
      return null;
    },
    dismiss_notice: ({ id }) => (dismissed.add(id), emit("overview"), null),
    list_platforms: () => platforms,
    get_platform: ({ component_appid }) => find(component_appid),
    validate_platform: ({ input }) => check(input),
    save_platform: async ({ input }) => {
      await wait(600);
      const fields = check(input);
      if (fields.length > 0) throw new HostError({ code: "invalid_input", message: "invalid input", detail: { fields } });
      const now = Date.now();
      let saved = platforms.find((p) => p.component_appid === input.component_appid);
      if (!saved) {
        saved = platform(input.component_appid, input.name, input.public_base_url, now, { ticket: { state: "missing", received_at: null, recent: [] }, component_token: token(now, "waiting", { obtained_at: null, expires_at: null, next_refresh_at: null, reason_code: "ticket_missing", generation: 0 }) });
        platforms.push(saved);
        const fresh = saved;
        if (new URLSearchParams(location.search).has("auto")) {
          setTimeout(() => ((fresh.ticket = { state: "fresh", received_at: Date.now(), recent: [Date.now()] }), emit("platforms", "overview")), 5000);
          setTimeout(() => ((fresh.component_token = token(Date.now(), "valid", { obtained_at: Date.now(), expires_at: Date.now() + LIFE, generation: 1 })), emit("platforms", "overview")), 6500);
        }
      } else Object.assign(saved, { name: input.name, public_base_url: input.public_base_url, updated_at: now });
      emit("platforms", "overview");
      return saved;
    },
    remove_platform: ({ component_appid }) => {
      platforms = platforms.filter((p) => p.component_appid !== component_appid);
      accounts = accounts.filter((a) => a.component_appid !== component_appid);
      emit("platforms", "accounts", "overview");
      return null;
    },
    reveal_platform_secret: ({ field }) => ({ value: field === "verify_token" ? "wxdeskTk3n" : field === "encoding_aes_key" ? `${hex(3, 39)}x9Qa` : field === "outbound_proxy" ? "http://user:pass@10.0.0.1:3128" : `${hex(5, 28)}7b1c`, expires_at: null }),
    start_ticket_push: async () => (await wait(500), null),
    refresh_component: async ({ component_appid }) => (await wait(700), find(component_appid)),
    preview_callback_urls: ({ component_appid, public_base_url }) => platform(component_appid, "", public_base_url, 0).callback_urls,
    generate_verify_token: () => hex(Date.now() % 99991, 32),
    generate_encoding_aes_key: () => hex(Date.now() % 99989, 43),
    get_account: ({ component_appid, appid }) => {
      const row = findAccount(component_appid, appid);
      return {
        account: row,
        alias: "chenguang_coffee",
        signature: "每天七点，为你煮好第一杯。营业时间 07:00–22:00，全城三十四家门店。",
        service_type: 2,
        service_type_text: { zh: "服务号", en: "Service account" },
        verify_type: 0,
        verify_type_text: { zh: "微信认证", en: "Verified by WeChat" },
        account_status: 1,
        account_status_text: { zh: "正常", en: "Normal" },
        permissions: row.scopes.map((id) => permissionSets.find((set) => set.id === id) ?? { id, name: { zh: `未知权限集 (${id})`, en: `Unknown permission set (${id})` }, exclusive: false, kind: null }),
        details_at: start - 86_400_000,
        details_error: null,
        extra: extraOf(row),
        attempts: attempts(start, row.token.generation),
      };
    },
    refresh_account: async ({ component_appid, appid }) => {
      const row = findAccount(component_appid, appid);
      row.token = { ...row.token, in_flight: true };
      emit(`account:${appid}`);
      await wait(700 + Math.random() * 700);
      const now = Date.now();
      if (row.state === "needs_authorization") {
        row.token = { ...row.token, in_flight: false };
        throw new HostError({ code: "refused", message: "refused", detail: { refusal: lastError(61023, now) } });
      }
      row.state = "authorized";
      row.token = token(now, "valid", { obtained_at: now, expires_at: now + LIFE, next_refresh_at: now + LIFE * 0.86, generation: row.token.generation + 1 });
      emit(`account:${appid}`, "overview");
      return row;
    },
    refresh_details: async ({ component_appid, appid }) => (await wait(600), answers.get_account({ component_appid, appid })),
    reveal_token: ({ appid }) => ({ value: `87_${hex(parseInt(appid.slice(2, 7), 16), 40)}_${hex(4, 60)}`, expires_at: Date.now() + 5_400_000 }),
    get_avatar: ({ appid }) => avatar(appid),
    permission_sets: () => permissionSets,
    list_attempts: () => attempts(start, 3),
    enter_sandbox: async () => (await wait(600), (sandbox = true), fill(), emit("*"), answers.app_info({})),
    leave_sandbox: async () => (await wait(600), (sandbox = false), fill(), emit("*"), answers.app_info({})),
  };

  return {
    kind: "mock",
    canSwitchSandbox: true,
    async call(name, args) {
      if (scenario === "slow" && name !== "app_info") await new Promise(() => undefined);
      await wait(name === "overview" || name.startsWith("list") || name.startsWith("get") ? 60 : 20);
      if (scenario === "error" && name !== "app_info") throw new HostError({ code: name === "overview" ? "store" : "unavailable", message: "made up" });
      return structuredClone(await (answers[name as CommandName] as (a: unknown) => unknown)(args)) as never;
    },
    onChange: (listener) => (listeners.add(listener), () => listeners.delete(listener)),
    onConnection: () => () => undefined,
    openExternal: async (url) => void window.open(url, "_blank"),
    saveFile: async (name) => name,
  };
}
