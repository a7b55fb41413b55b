/** Both languages hold the same keys, and every key that the code names is there. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import en from "../src/locales/en.json";
import zh from "../src/locales/zh-CN.json";

type Tree = { [key: string]: string | string[] | Tree };

function flatten(tree: Tree, prefix = ""): Map<string, string> {
  const out = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const path = prefix ? `${prefix}.${key}` : key;
    if (typeof value === "string") out.set(path, value);
    else if (Array.isArray(value)) value.forEach((line, i) => out.set(`${path}.${i}`, line));
    else flatten(value, path).forEach((text, inner) => out.set(inner, text));
  }
  return out;
}

function sources(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? (name === "bindings" ? [] : sources(path)) : /\.(vue|ts)$/.test(name) ? [path] : [];
  });
}

const zhKeys = flatten(zh as Tree);
const enKeys = flatten(en as Tree);
const prefixes = (): string[] => [...zhKeys.keys()];

describe("locales", () => {
  it("have identical key sets", () => {
    expect([...enKeys.keys()].sort()).toEqual([...zhKeys.keys()].sort());
  });

  it("use the same placeholders", () => {
    const named = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
    for (const [key, text] of zhKeys) {
      for (const form of (enKeys.get(key) ?? "").split(" | ")) {
        // A plural form may leave the number to the word ("the token of its account").
        const missing = named(form).filter((name) => !named(text).includes(name));
        expect(missing, key).toEqual([]);
      }
    }
  });

  it("have no empty text and no exclamation mark", () => {
    for (const [key, text] of [...zhKeys, ...enKeys]) {
      expect(text.trim(), key).not.toBe("");
      expect(text, key).not.toMatch(/[!！]/);
    }
  });

  it("hold every key that the code names", () => {
    const root = join(import.meta.dirname ?? __dirname, "../src");
    for (const file of sources(root)) {
      const code = readFileSync(file, "utf8");
      for (const [, key] of code.matchAll(/\b(?:t|te|tm|lines)\(\s*["']([a-zA-Z_]+\.[\w.]+)["']/g)) {
        expect(zhKeys.has(key) || zhKeys.has(`${key}.0`), `${key} in ${file}`).toBe(true);
      }
      for (const [, prefix] of code.matchAll(/\bt\(\s*`([a-zA-Z_]+\.[\w.]*)\$\{/g)) {
        expect(prefixes().some((key) => key.startsWith(prefix)), `${prefix}* in ${file}`).toBe(true);
      }
    }
  });

  it("word every code of the engine", () => {
    const union = (name: string): string[] => [...readFileSync(join(__dirname, `../src/host/bindings/${name}.ts`), "utf8").matchAll(/"([a-z_]+)"/g)].map((m) => m[1]).filter((word) => !word.startsWith("./"));
    const needed: [string, (code: string) => string[]][] = [
      ["NeedCause", (c) => [`need.${c}.title`, `need.${c}.do`]],
      ["NeedAction", (c) => [`need.action.${c}`]],
      ["ReasonCode", (c) => [`reason.${c}`]],
      ["ErrorCode", (c) => [`error.${c}`]],
      ["TokenState", (c) => [`tokens.${c}`]],
      ["TicketState", (c) => [`ticket.${c}`]],
      ["LinkState", (c) => [`link.${c}`, `links.tab_${c}`]],
      ["AccountEventKind", (c) => [`history.kind.${c}`]],
      ["ReconcilePhase", (c) => (c === "idle" ? [] : [`reconcile.${c}`])],
      ["AttemptOutcome", (c) => [`attempt.${c}`]],
      ["AccountKind", (c) => [`kind.${c}`]],
      ["AccountState", (c) => [`accounts.tab_${c}`]],
      ["AccountSort", (c) => [`accounts.sort_${c}`]],
      ["TunnelState", (c) => [`tunnel.state.${c}`]],
      ["TunnelTested", (c) => [`tunnel.tested.${c}`]],
      ["CheckStepName", (c) => [`check.step.${c}`]],
      ["CheckOutcome", (c) => [`check.outcome.${c}`]],
      ["EgressRoute", (c) => [`egress.route.${c}`]],
      ["CallReason", (c) => [`calls.reason.${c}`]],
      ["TransportErrorKind", (c) => [`calls.transport.${c}`, `calls.transport_do.${c}`]],
      ["GenerationCause", (c) => [`token.cause.${c}`]],
      ["BulkKind", (c) => ["do", "doing", "did", "stopped", "ask"].map((part) => `bulk.${part}.${c}`)],
      ["BulkOutcome", (c) => [`bulk.outcome_${c}`]],
      ["ClearMethod", (c) => [`quota.way_${c}`, `quota.way_${c}_text`]],
      ["OwnKind", (c) => [`own.kinds.${c}`, `own.kind_text.${c}`, `own.mirror.title_${c}`, `own.connect.path_${c}`]],
      ["TokenMode", (c) => [`own.token_mode.${c}`, `own.token_mode_text.${c}`]],
      ["MessageMode", (c) => [`own.mode.${c}`, `own.mode_text.${c}`]],
      ["UrlVerdict", (c) => [`own.verdict.${c}.title`, `own.verdict.${c}.text`]],
      ["JsTicketKind", (c) => [`jssdk.kind.${c}`]],
      ["SceneKind", (c) => [`scene.kinds.${c}`]],
      ["PushAnswer", (c) => [`inbox.answer.${c}`, `inbox.answer_text.${c}`]],
      ["PushCheckName", (c) => [`inbox.check.${c}`]],
      ["Verdict", (c) => [`inbox.verdict.${c}`]],
      ["WindowCause", (c) => [`conversation.cause.${c}`, `conversation.cause_text.${c}`]],
      ["PushExportFormat", (c) => [`inbox.export_${c}`]],
      ["TextHow", (c) => [`rules.how_${c}`, `rules.how_${c}_words`]],
      ["RuleVerdict", (c) => [`rules.verdict.${c}`]],
      ["TargetMode", (c) => [`targets.mode.${c}`, `targets.mode_title.${c}`, `targets.mode_text.${c}`]],
      ["TargetFormat", (c) => [`targets.format.${c}`, `targets.format_text.${c}`, `targets.guide.request_${c}`]],
      ["TargetState", (c) => [`targets.state.${c}`]],
      ["DeliveryState", (c) => [`targets.delivery.${c}`]],
      ["MadeUpKind", (c) => [`selftest.kind.${c}`]],
      ["ReleaseStepName", (c) => [`release.step.${c}`, `release.step_text.${c}`]],
      ["RehearsalRowName", (c) => [`release.row.${c}`]],
      ["RowState", (c) => [`release.row_state.${c}`]],
      ["KeySource", (c) => [`settings.key_${c}`, `settings.key_${c}_text`]],
    ];
    for (const [name, keysOf] of needed) for (const code of union(name)) for (const key of keysOf(code)) expect(zhKeys.has(key), key).toBe(true);
  });
});
