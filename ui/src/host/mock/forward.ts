/** Made-up rules and business servers, and what they do with a sample. The release check and the self-test are in `release.ts`. */
import { HostError, type CommandName, type Commands } from "../host";
import type { Account, Delivery, DeliveryReport, DeliveryState, FieldError, Platform, Rule, RuleInput, RuleSample, RuleTrace, RuleVerdict, Target, TargetInput, TextTest } from "../types";
import { hex } from "./data";
import { dressed, type Outgoing } from "./dress";
import { both, ERROR_WORDS, makeDeliveries, makeRules, makeTargets, replyOf } from "./forwarddata";
import { releaseAnswers } from "./release";

type Name = "list_rules" | "validate_rule" | "save_rule" | "switch_rule" | "move_rule" | "remove_rule" | "test_rules" | "list_targets" | "validate_target" | "save_target" | "switch_target" | "remove_target" | "reveal_target_secret" | "test_target" | "list_deliveries" | "resend_dead" | "drop_dead" | "close_breaker" | "send_made_up" | "release_check" | "switch_release_check" | "start_rehearsal" | "get_crowd" | "set_crowd";
type Answers = { [K in Name & CommandName]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> };
/** What the inbox shows of it, and does with it. */
export interface World {
  readonly rules: readonly Rule[];
  readonly targets: readonly Target[];
  trace: (sample: RuleSample) => RuleTrace;
  report: (target: number, out: Outgoing) => DeliveryReport;
}
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const fault = (field: string, rule: string, zh: string, en: string): FieldError => ({ field, rule, message: en, message_zh: zh });
const refuse = (fields: FieldError[]): never => {
  throw new HostError({ code: "invalid_input", message: "invalid input", detail: { fields } });
};

function testFaults(test: TextTest | null, at: string): FieldError[] {
  if (!test) return [];
  if (test.value.trim() === "") return [fault(`${at}.value`, "required", "必填。", "Required.")];
  if (test.how !== "regex") return [];
  try {
    new RegExp(test.value);
    return [];
  } catch (thrown) {
    const why = (thrown as Error).message.split(": ").pop() ?? "";
    return [fault(`${at}.value`, "regex", `正则表达式不完整：${why}`, `Not a regular expression: ${why}`)];
  }
}

export function holds(test: TextTest | null, text: string): boolean {
  if (!test) return true;
  const fold = (one: string): string => (test.ignore_case ? one.trim().toLowerCase() : one.trim());
  if (test.how === "regex") return new RegExp(test.value, test.ignore_case ? "i" : "").test(text.trim());
  const own = fold(text);
  return test.value.split("\n").map(fold).filter(Boolean).some((one) => (test.how === "equals" ? own === one : test.how === "contains" ? own.includes(one) : own.startsWith(one)));
}

export function forwardAnswers(mock: { scenario: string; start: number; accounts: () => Account[]; platforms: () => Platform[]; outgoing: (push: number) => Outgoing; emit: (...tags: string[]) => void }): { answers: Answers; world: World } {
  const { scenario, start, emit } = mock;
  let rules: Rule[] | null = null;
  let targets: Target[] = makeTargets(scenario, start);
  const secrets = new Map<number, string>();
  const queues = new Map<string, Delivery[]>();
  let lastId = 1000;

  const all = (): Rule[] => (rules ??= makeRules(scenario, start, mock.accounts()));
  const number = (): void => all().forEach((rule, i) => (rule.position = i + 1));
  function find<T extends { id: number }>(list: T[], id: number): T {
    const found = list.find((one) => one.id === id);
    if (!found) throw new HostError({ code: "not_found", message: "no such row" });
    return found;
  }
  /** With the names of the rules that use them. */
  const named = (): Target[] => targets.map((to) => ({ ...to, rules: all().filter((rule) => rule.notify.includes(to.id) || (rule.answer.kind === "target" && rule.answer.target_id === to.id)).map((rule) => rule.name) }));
  function queue(to: Target, state: DeliveryState): Delivery[] {
    const key = `${to.id} ${state}`;
    const n = { waiting: Math.min(to.health.waiting, 1284), dead: to.health.dead, delivered: to.health.hour_count === 0 ? 0 : to.health.state === "open" ? 0 : 260, failed: Math.min(to.health.hour_failed, 120) }[state];
    const made = queues.get(key) ?? makeDeliveries(to, state, n, start, mock.accounts());
    queues.set(key, made);
    return made;
  }
  function ruleFaults(input: RuleInput): FieldError[] {
    const { answer, name } = input;
    return [
      ...(name.trim() === "" ? [fault("name", "required", "必填。", "Required.")] : []),
      ...testFaults(input.when.key, "when.key"),
      ...testFaults(input.when.text, "when.text"),
      ...(answer.kind === "news" ? answer.articles.flatMap((one, i) => (one.url === "" ? [fault(`answer.articles.${i}.url`, "required", "图文缺少链接", "the article has no link")] : [])) : []),
      ...(answer.kind === "target" && !targets.some((to) => to.id === answer.target_id) ? [fault("answer.target_id", "required", "请选择业务服务器。", "Choose a business server.")] : []),
    ];
  }
  function targetFaults(input: TargetInput): FieldError[] {
    const errors: FieldError[] = [];
    const inside = /^https?:\/\/(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(input.url);
    if (!/^https?:\/\/[^\s/]+/.test(input.url)) errors.push(fault("url", "url", "填完整网址，以 http:// 或 https:// 开头。", "Enter a whole address that begins with http:// or https://."));
    else if (inside && !input.private_ok) errors.push(fault("url", "private_address", "这是内网或本机地址，请先勾选「允许内网地址」。", "This lies in a private range or on this machine: allow that first."));
    const limits = input.mode === "answering" ? [200, 4000] : [1000, 30_000];
    if (input.timeout_ms !== undefined && (input.timeout_ms < limits[0] || input.timeout_ms > limits[1])) errors.push(fault("timeout_ms", "range", `${limits[0]}–${limits[1]} 毫秒之间。`, `Between ${limits[0]} and ${limits[1]} ms.`));
    if (input.secret !== undefined && (input.secret.length < 16 || input.secret.length > 128)) errors.push(fault("secret", "length", "密钥 16–128 位。", "The secret has 16–128 characters."));
    return errors;
  }
  /** A stored push as a sample. */
  function sampleOf(sample: RuleSample): RuleSample {
    if (sample.push_id === undefined) return sample;
    const { component, appid, msg_type, event, fields } = mock.outgoing(sample.push_id);
    const said = fields.Content ?? fields.Recognition ?? fields.Label ?? fields.Title;
    return { component_appid: component, appid, msg_type, ...(event !== null && { event }), ...(fields.EventKey !== undefined && { key: String(fields.EventKey) }), ...(said !== undefined && { text: String(said) }), ...(sample.draft && { draft: sample.draft }) };
  }
  function trace(given: RuleSample): RuleTrace {
    const sample = sampleOf(given);
    const list = all().map((rule) => (sample.draft && sample.draft.id === rule.id ? { ...rule, ...sample.draft, id: rule.id } : rule));
    const tried: { id: number; name: string; enabled: boolean; scope: Rule["scope"]; when: Rule["when"]; answer: Rule["answer"]; notify: number[] }[] = sample.draft && sample.draft.id === undefined ? [...list, { ...sample.draft, id: 0 }] : list;
    const type = sample.msg_type ?? "text";
    let taken: (typeof tried)[number] | null = null;
    const notify = new Set<number>();
    const tenant = mock.accounts().find((one) => one.appid === sample.appid)?.tenant ?? null;
    const steps = tried.map((rule) => {
      const verdict = ((): RuleVerdict => {
        if (!rule.enabled) return "off";
        if ((rule.scope.appid && rule.scope.appid !== sample.appid) || (rule.scope.component_appid && rule.scope.component_appid !== sample.component_appid) || (rule.scope.tenant && rule.scope.tenant !== tenant)) return "scope";
        if (rule.when.msg_types.length > 0 && !rule.when.msg_types.includes(type)) return "msg_type";
        if (rule.when.events.length > 0 && !rule.when.events.includes(sample.event ?? "")) return "event";
        if (!holds(rule.when.key, sample.key ?? "")) return "key";
        if (!holds(rule.when.text, sample.text ?? "")) return "text";
        if (taken) return "too_late";
        rule.notify.forEach((id) => notify.add(id));
        if (rule.answer.kind === "pass") return "passed";
        taken = rule;
        return "taken";
      })();
      return { rule_id: rule.id, name: rule.name || "…", verdict };
    });
    const winner = taken as (typeof tried)[number] | null;
    const now = new Date();
    const values = { Content: sample.text ?? "", EventKey: sample.key ?? "", Event: sample.event ?? "", MsgType: type, FromUserName: "oyORnuP8q7ou2gfYjqLzSIWZf0rs", account: mock.accounts().find((one) => one.appid === sample.appid)?.nick_name ?? "晨光咖啡", appid: sample.appid ?? "", time: now.toTimeString().slice(0, 5), date: `${now.getFullYear()}-${now.getMonth() + 1}-${now.getDate()}` };
    const asked = winner?.answer.kind === "target" ? targets.find((to) => to.id === (winner.answer as { target_id: number }).target_id) : undefined;
    return { steps, taken_by: winner ? winner.id : null, notify: [...notify], ask: asked?.id ?? null, reply: winner ? replyOf(winner.answer, values, values.FromUserName) : null, trouble: asked && !asked.enabled ? both(`业务服务器「${asked.name}」已停用，会直接回复 success。`, `The business server ${asked.name} is switched off: success is answered.`) : null };
  }
  function report(to: Target, out: Outgoing): DeliveryReport {
    const bad = to.health.state === "open" ? "connect" : to.health.state === "failing" ? "status" : to.id === 5 ? "bad_reply" : null;
    return {
      target_id: to.id, ok: bad === null, status: bad === "status" ? 503 : bad === "connect" ? null : 200, took_ms: bad === "connect" ? 3 : 48, error: bad, error_text: bad ? (ERROR_WORDS[bad] ?? null) : null,
      answer: bad === "status" ? "<html><head><title>503 Service Temporarily Unavailable</title></head></html>" : bad === "bad_reply" ? '{"code":0,"msg":"ok"}' : bad ? "" : "success",
      ...dressed(to.format, out, 1),
    };
  }
  /** The message of a test: from nobody, and marked. */
  function madeUp(): Outgoing {
    const now = Date.now();
    const fields = { ToUserName: "gh_wxdesk_test", FromUserName: "o_wxdesk_test_message", CreateTime: String(Math.floor(now / 1000)), MsgType: "text", Content: "wxdesk 测试消息 / test message", MsgId: String(now) };
    const xml = `<xml><ToUserName><![CDATA[${fields.ToUserName}]]></ToUserName><FromUserName><![CDATA[${fields.FromUserName}]]></FromUserName><CreateTime>${fields.CreateTime}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${fields.Content}]]></Content><MsgId>${fields.MsgId}</MsgId></xml>`;
    return { id: 0, component: mock.platforms()[0]?.component_appid ?? "wx134c8103faa5a59e", appid: mock.accounts()[0]?.appid ?? "wx570bc396a51b8ff8", msg_type: "text", event: null, sender: fields.FromUserName, received_at: now, xml, fields, test: true };
  }
  const changed = (to: Target): Target => (emit("targets", "rules"), named().find((one) => one.id === to.id) ?? to);

  const world: World = {
    get rules() {
      return all();
    },
    get targets() {
      return targets;
    },
    trace,
    report: (id, out) => report(find(targets, id), out),
  };
  const answers: Answers = {
    ...releaseAnswers({ ...mock, trace }),
    list_rules: () => all(),
    validate_rule: ({ input }) => ruleFaults(input),
    save_rule: async ({ input }) => {
      await wait(350);
      const faults = ruleFaults(input);
      if (faults.length > 0) refuse(faults);
      const stored = input.id === undefined ? null : find(all(), input.id);
      const saved: Rule = { ...(stored ?? { id: (lastId += 1), position: all().length + 1, hits: 0, last_hit_at: null }), name: input.name, enabled: input.enabled, scope: input.scope, when: input.when, answer: input.answer, notify: input.notify, updated_at: Date.now(), trouble: null };
      if (stored) Object.assign(stored, saved);
      else all().push(saved);
      emit("rules");
      return saved;
    },
    switch_rule: async ({ id, on }) => {
      await wait(150);
      const rule = find(all(), id);
      rule.enabled = on;
      emit("rules");
      return { ...rule };
    },
    move_rule: async ({ id, before }) => {
      await wait(200);
      const rule = find(all(), id);
      const rest = all().filter((one) => one.id !== id);
      const at = before === null ? rest.length : rest.findIndex((one) => one.id === before);
      rest.splice(at < 0 ? rest.length : at, 0, rule);
      rules = rest;
      number();
      emit("rules");
      return rest.map((one) => ({ ...one }));
    },
    remove_rule: async ({ id }) => {
      await wait(200);
      rules = all().filter((one) => one.id !== id);
      number();
      emit("rules");
      return null;
    },
    test_rules: async ({ sample }) => {
      await wait(80);
      const faults = sample.draft ? [...testFaults(sample.draft.when.key, "draft.when.key"), ...testFaults(sample.draft.when.text, "draft.when.text")] : [];
      if (faults.length > 0) refuse(faults);
      return trace(sample);
    },
    list_targets: named,
    validate_target: ({ input }) => targetFaults(input),
    save_target: async ({ input }) => {
      await wait(350);
      const faults = targetFaults(input);
      const stored = input.id === undefined ? null : find(targets, input.id);
      if (stored && stored.mode !== input.mode && named().some((one) => one.id === stored.id && one.rules.length > 0)) faults.push(fault("mode", "in_use", "有规则在用它，用途不能更改。", "Rules use it: what it is for cannot be changed."));
      if (faults.length > 0) refuse(faults);
      const saved: Target = { ...(stored ?? { ...makeTargets("sandbox", start)[1], id: (lastId += 1), rules: [] }), name: input.name, mode: input.mode, url: input.url, format: input.format, timeout_ms: input.timeout_ms ?? 5000, concurrency: input.concurrency ?? 4, private_ok: input.private_ok, enabled: input.enabled, give_up_hours: input.give_up_hours ?? 24, updated_at: Date.now() };
      if (input.secret !== undefined) secrets.set(saved.id, input.secret);
      if (stored) Object.assign(stored, saved);
      else targets = [...targets, saved];
      return changed(saved);
    },
    switch_target: async ({ id, on }) => {
      await wait(200);
      const to = find(targets, id);
      to.enabled = on;
      to.health = { ...to.health, state: on ? "idle" : "off" };
      return changed(to);
    },
    remove_target: async ({ id }) => {
      await wait(250);
      const uses = named().find((one) => one.id === id)?.rules ?? [];
      if (uses.length > 0) throw new HostError({ code: "conflict", message: "rules use it" });
      targets = targets.filter((to) => to.id !== id);
      emit("targets");
      return null;
    },
    reveal_target_secret: ({ id }) => ({ value: secrets.get(id) ?? hex(id + 77, 40), expires_at: null }),
    test_target: async ({ id }) => (await wait(700), report(find(targets, id), madeUp())),
    list_deliveries: async ({ query }) => {
      await wait(60);
      const to = query.target_id === undefined ? null : find(targets, query.target_id);
      const of = (one: Target): Delivery[] => (query.state ? queue(one, query.state) : [...queue(one, "delivered"), ...queue(one, "failed")].sort((a, b) => b.at - a.at).map((row, i) => ({ ...row, id: 90_000 - i })));
      const rows = to ? of(to) : targets.flatMap(of).sort((a, b) => b.at - a.at);
      const from = query.before === undefined ? 0 : rows.findIndex((row) => row.id < (query.before ?? 0));
      const items = from < 0 ? [] : rows.slice(from, from + (query.limit ?? 100));
      return { items, next_before: from >= 0 && from + items.length < rows.length && items.length > 0 ? items[items.length - 1].id : null };
    },
    resend_dead: async ({ target_id, ids }) => {
      await wait(300);
      return dead(target_id, ids, true);
    },
    drop_dead: async ({ target_id, ids }) => {
      await wait(300);
      return dead(target_id, ids, false);
    },
    close_breaker: async ({ id }) => {
      await wait(250);
      const to = find(targets, id);
      to.health = { ...to.health, state: "probing", open_until: null };
      return changed(to);
    },
  };
  return { answers, world };

  function dead(id: number, ids: number[] | null, again: boolean): number {
    const to = find(targets, id);
    const rows = queue(to, "dead");
    const gone = rows.filter((row) => ids === null || ids.includes(row.id));
    queues.set(`${id} dead`, rows.filter((row) => !gone.includes(row)));
    if (again) queues.set(`${id} waiting`, [...gone.map((row) => ({ ...row, id: row.id + 50_000, state: "waiting" as const, due_at: Date.now() + 2000 })), ...queue(to, "waiting")]);
    to.health = { ...to.health, dead: to.health.dead - gone.length, waiting: to.health.waiting + (again ? gone.length : 0) };
    emit("targets");
    return gone.length;
  }
}
