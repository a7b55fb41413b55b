/** Made-up self-test, release check with its rehearsal, and the sandbox's crowd. */
import { HostError, type CommandName, type Commands } from "../host";
import type { Account, AccountKind, Bilingual, CheckCode, CheckOutcome, CheckStep, CheckStepName, MadeUpInput, MadeUpReport, Platform, Rehearsal, RehearsalRow, RehearsalRowName, ReleaseStep, RuleSample, RuleTrace } from "../types";
import { both } from "./forwarddata";

type Name = "send_made_up" | "release_check" | "switch_release_check" | "start_rehearsal" | "get_crowd" | "set_crowd";
type Answers = { [K in Name & CommandName]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> };
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const MIN = 60_000;
const HOUR = 60 * MIN;
const NONE = both("", "");

/** WeChat's test accounts: official account, mini program. */
const SETS = [
  ["wx570bc396a51b8ff8", "wxd101a85aa106f53e"],
  ["wx9252c5e0bb1836fc", "wxc39235c15087f6f3"],
  ["wx8e1097c5bc82cde9", "wx7720d01d4b2a4500"],
  ["wx14550af28c71a144", "wx05d483572dcd5d8b"],
  ["wxa35b9c23cfe664eb", "wx5910277cae6fd970"],
];
const ROWS: RehearsalRowName[] = ["ticket", "pre_auth_code", "auth_code", "authorize", "api_text", "text", "event", "cancel"];
const LIMIT: Partial<Record<RehearsalRowName, number>> = { api_text: 5000, text: 5000, event: 5000 };
const SAID: Record<RehearsalRowName, string> = {
  ticket: "component_verify_ticket → success",
  pre_auth_code: "preauthcode@@@7f0cd2a91b",
  auth_code: "queryauthcode@@@c81e728d9d",
  authorize: "InfoType=authorized → success",
  api_text: "QUERY_AUTH_CODE:queryauthcode@@@c81e728d9d → queryauthcode@@@c81e728d9d_from_api",
  text: "TESTCOMPONENT_MSG_TYPE_TEXT → TESTCOMPONENT_MSG_TYPE_TEXT_callback",
  event: "LOCATION → LOCATIONfrom_callback",
  cancel: "InfoType=unauthorized → success",
};

/** How the self-test ends; a Token or key that differs from the stored one is found out. */
function madeUpSteps(input: MadeUpInput, host: string): CheckStep[] {
  const step = (name: CheckStepName, outcome: CheckOutcome, code: CheckCode, took: number | null, text: Bilingual, fix: Bilingual = NONE): CheckStep => ({ step: name, outcome, code, took_ms: took, text, fix });
  const local = input.local;
  const steps = [
    local ? step("dns", "skipped", "ok", null, both("直接发给本机，不需要解析", "straight to this machine: nothing to resolve")) : step("dns", "ok", "ok", 14, both(`${host} → 203.0.113.80`, `${host} → 203.0.113.80`)),
    step("tcp", "ok", "ok", local ? 1 : 23, local ? both("已连接 127.0.0.1:8090", "connected to 127.0.0.1:8090") : both("已连接 203.0.113.80:443", "connected to 203.0.113.80:443")),
    local ? step("tls", "skipped", "plain_http", null, both("本机监听是 http，没有证书", "the listener of this machine speaks http: no certificate")) : step("tls", "ok", "ok", 51, both("证书有效，还有 71 天到期", "the certificate is good for 71 more days")),
    step("path", "ok", "ok", local ? 2 : 66, both("到达本机监听", "the listener of this machine answered")),
    step("token", "ok", "ok", 1, both("签名相符", "the signature matches")),
    step("aes_key", "ok", "ok", 1, both("可以解密，AppID 相符", "it can be decrypted, and the AppID matches")),
    step("answer", "ok", "ok", local ? 9 : 88, both(`${local ? 9 : 88} 毫秒内应答，微信读得懂`, `answered within ${local ? 9 : 88} ms, in a form that WeChat can read`)),
  ];
  const broken = input.verify_token && input.verify_token !== "wxdeskTk3n" ? 4 : input.encoding_aes_key && !input.encoding_aes_key.endsWith("x9Qa") ? 5 : host.includes("example-platform") && !local ? 3 : -1;
  if (broken < 0) return steps;
  const said: Record<number, CheckStep> = {
    3: step("path", "failed", "nothing_behind", 104, both("隧道应答 502，但后面没有监听", "the tunnel answers 502: nothing behind it"), both("隧道在线，但没有转到本机监听端口：检查隧道设置的本地地址与端口。", "The tunnel is online but does not lead to this listener: check the local address and port that it is set to.")),
    4: step("token", "failed", "push_refused", 2, both("签名不符：填写的 Token 与这里保存的不同", "the signature does not match: this Token is not the one stored here"), both("让微信后台与这里的 Token 完全一致，注意大小写和首尾空格。", "Make the Token at WeChat and here exactly the same; mind capitals and blanks at the ends.")),
    5: step("aes_key", "failed", "push_refused", 3, both("解不开：填写的 EncodingAESKey 与这里保存的不同", "it cannot be decrypted: this EncodingAESKey is not the one stored here"), both("把微信后台的 EncodingAESKey 重新复制到平台配置；正好 43 位。", "Copy the EncodingAESKey from WeChat's console into the platform's settings again; it has exactly 43 characters.")),
  };
  return steps.map((one, i) => (i < broken ? one : i === broken ? said[broken] : step(one.step, "skipped", "not_reached", null, both("前面的步骤未通过，未检查", "not tried: a step before it failed"))));
}

export function releaseAnswers(mock: { scenario: string; start: number; accounts: () => Account[]; platforms: () => Platform[]; emit: (...tags: string[]) => void; trace: (sample: RuleSample) => RuleTrace }): Answers {
  const { scenario, start, emit } = mock;
  const sandbox = scenario === "sandbox";
  const off = new Set<string>();
  const rehearsals: Rehearsal[] = [];
  let crowd = { per_minute: sandbox ? 120 : 0, sent: sandbox ? 4812 : 0, repeated: sandbox ? 37 : 0, lost: sandbox ? 4 : 0 };
  let since = start;
  let pushes = 48_211;

  const row = (name: RehearsalRowName, state: RehearsalRow["state"], took: number | null, text: string | null = null): RehearsalRow => ({ row: name, state, took_ms: took, limit_ms: LIMIT[name] ?? null, text: text === null ? null : { zh: text, en: text } });
  function run(id: number, at: number, set: number, kind: AccountKind, rows: RehearsalRow[], ended: number | null): Rehearsal {
    return { id, started_at: at, ended_at: ended, set, kind, appid: SETS[set - 1][kind === "mini_program" ? 1 : 0], rows };
  }
  if (sandbox) {
    const TOOK = [12, 31, 240, 18, 486, 7, 9, 11];
    rehearsals.push(run(2, start - 12 * MIN, 3, "official_account", ROWS.map((name, i) => row(name, "ok", TOOK[i], SAID[name])), start - 12 * MIN + 3100));
    rehearsals.push(run(1, start - 47 * MIN, 5, "mini_program", ROWS.map((name, i) => (i < 5 ? row(name, "ok", TOOK[i], SAID[name]) : i === 5 ? row(name, "failed", 5003, "TESTCOMPONENT_MSG_TYPE_TEXT → 5 秒内没有应答") : row(name, "waiting", null))), start - 47 * MIN + 9000));
  }
  function steps(component: string): ReleaseStep[] {
    if (scenario === "empty" || component !== mock.platforms()[0]?.component_appid || (!sandbox && scenario !== "rich" && scenario !== "many")) return [];
    const base = { appid: SETS[1][0], set: 2, kind: "official_account" as const, trouble: null };
    const mini = { appid: SETS[1][1], set: 2, kind: "mini_program" as const, trouble: null };
    const at = start - 26 * HOUR;
    return [
      { ...mini, at: at + 19_000, step: "other", took_ms: 3, ok: true },
      { ...mini, at: at + 16_000, step: "api_text", took_ms: 5210, ok: false, trouble: both("用授权码换令牌时微信返回 61010：code 已过期。检查期间 WeChat 可能重发过同一条消息。", "WeChat answered 61010 when the code was exchanged: it has expired. WeChat may have sent the same message twice.") },
      { ...mini, at: at + 11_000, step: "auth_code", took_ms: 4, ok: true },
      { ...base, at: at + 8000, step: "api_text", took_ms: 512, ok: true },
      { ...base, at: at + 7400, step: "auth_code", took_ms: 5, ok: true },
      { ...base, at: at + 4000, step: "text", took_ms: 6, ok: true },
      { ...base, at, step: "event", took_ms: 9, ok: true },
    ];
  }
  const check = (): Commands["release_check"]["result"] => ({
    platforms: mock.platforms().map((one) => ({ component_appid: one.component_appid, name: one.name, on: !off.has(one.component_appid), steps: steps(one.component_appid) })),
    can_rehearse: sandbox,
    rehearsals: rehearsals.map((one) => ({ ...one, rows: one.rows.map((x) => ({ ...x })) })),
  });
  /** A row after the other, the slow ones slower; with the responder switched off the answers are missing. */
  async function play(one: Rehearsal): Promise<void> {
    const silent = off.size > 0;
    for (const name of ROWS) {
      const at = one.rows.findIndex((x) => x.row === name);
      one.rows[at] = row(name, "running", null);
      emit("release");
      await wait(name === "api_text" || name === "auth_code" ? 900 : 450);
      const fails = silent && (name === "api_text" || name === "text" || name === "event");
      one.rows[at] = fails ? row(name, "failed", 12, `${SAID[name].split(" → ")[0]} → success`) : row(name, "ok", name === "api_text" ? 486 : 8 + at * 3, SAID[name]);
    }
    one.ended_at = Date.now();
    emit("release");
  }
  function figures(): typeof crowd {
    const n = Math.floor(((Date.now() - since) / MIN) * crowd.per_minute);
    if (n > 0) {
      since = Date.now();
      crowd = { ...crowd, sent: crowd.sent + n, repeated: crowd.repeated + (n > 4 ? 1 : 0) };
    }
    return crowd;
  }

  return {
    send_made_up: async ({ input }): Promise<MadeUpReport> => {
      await wait(input.local ? 300 : 1300);
      const base = input.local ? "http://127.0.0.1:8090" : (mock.platforms().find((one) => one.component_appid === input.component_appid)?.public_base_url ?? "https://abc.natapp.cc");
      const list = madeUpSteps(input, new URL(base).hostname);
      const good = !list.some((one) => one.outcome === "failed");
      const event = { text: undefined, click: "CLICK", view: "VIEW", subscribe: "subscribe", scan: "SCAN", location: "LOCATION", event: input.event }[input.kind];
      const trace = good ? mock.trace({ component_appid: input.component_appid, appid: input.appid, msg_type: input.kind === "text" ? "text" : "event", event, key: input.key, text: input.content }) : null;
      if (good) {
        pushes += 1;
        emit("inbox");
      }
      return { steps: list, url: `${base}/wechat/${input.component_appid}/callback/${input.appid}`, push_id: good ? pushes : null, reply: trace?.reply ?? null, took_ms: good ? (input.local ? 12 : 143) : null };
    },
    release_check: check,
    switch_release_check: async ({ component_appid, on }) => {
      await wait(200);
      if (on) off.delete(component_appid);
      else off.add(component_appid);
      emit("release");
      return check();
    },
    start_rehearsal: ({ set, kind }) => {
      if (!sandbox) throw new HostError({ code: "unavailable", message: "the sandbox only" });
      if (rehearsals.some((one) => one.ended_at === null)) throw new HostError({ code: "conflict", message: "one is running" });
      const chosen = set ?? 1 + Math.floor(Math.random() * 5);
      const one = run(rehearsals.length + 1, Date.now(), chosen, kind ?? (chosen % 2 === 0 ? "mini_program" : "official_account"), ROWS.map((name) => row(name, "waiting", null)), null);
      rehearsals.unshift(one);
      void play(one);
      return check();
    },
    get_crowd: figures,
    set_crowd: ({ per_minute }) => {
      figures();
      since = Date.now();
      crowd = { ...crowd, per_minute };
      return crowd;
    },
  };
}
