/** Links, tenants, tags, filters, columns and the choices of reconciling: what is decided without the engine. */
import { describe, expect, it } from "vitest";
import type { Link, ReconcileGroup, ReconcilePreview } from "../src/host";
import { account, lastError, platform, token } from "../src/host/mock/data";
import { platformTone } from "../src/lib/health";
import { posterName, svgUrl } from "../src/lib/poster";
import { addTags, splitTags } from "../src/lib/tags";
import { COLUMNS, fitting } from "../src/pages/accounts/columns";
import { fromAddress, toQuery, type Filter } from "../src/pages/accounts/filters";
import { byPlatform, EVENT_TONE } from "../src/pages/accounts/grouping";
import { isOpen, milestones, shownLinkState } from "../src/pages/links/state";
import { firstChoice, isTicked, size, toChoices, toggled, toggledAll } from "../src/pages/reconcile/choices";
import { tenantRule } from "../src/pages/tenants/tenants";

const NOW = 1_700_000_000_000;
const COMPONENT = "wx134c8103faa5a59e";

describe("filters", () => {
  const none: Filter = { state: "", kind: "", connection: "", platform: "", tenant: null, tag: "", removed: false, sort: "name", descending: false };

  it("ask only for what is chosen", () => {
    expect(toQuery(none, "")).toEqual({ sort: "name", descending: false });
    expect(toQuery({ ...none, platform: COMPONENT, state: "failing", tag: "华东" }, "咖啡")).toMatchObject({ platform: COMPONENT, state: "failing", tag: "华东", q: "咖啡" });
  });

  it("tell no tenant from any tenant", () => {
    expect(toQuery({ ...none, tenant: "" }, "")).toMatchObject({ tenant: "" });
    expect("tenant" in toQuery(none, "")).toBe(false);
  });

  it("leave the state out among removed accounts", () => {
    expect(toQuery({ ...none, removed: true, state: "failing" }, "")).toEqual({ removed: true, sort: "name", descending: false });
  });

  it("come from the address", () => {
    expect(fromAddress({ tenant: "", state: "failing" })).toEqual({ tenant: "", state: "failing" });
    expect(fromAddress({ state: "nonsense", removed: "0", tag: ["a", "b"] })).toEqual({});
    expect(fromAddress({ removed: "1", tag: "重点", platform: COMPONENT })).toEqual({ removed: true, tag: "重点", platform: COMPONENT });
    expect(fromAddress({ open: "wx1", platform: COMPONENT }), "the platform of an open account is no filter").toEqual({});
  });
});

describe("columns", () => {
  it("always fit, the important ones first", () => {
    for (const width of [600, 826, 1000, 1200, 1392, 1800]) {
      const shown = fitting(width, true);
      for (const name of ["account", "state", "life"]) expect(shown.map((column) => column.name)).toContain(name);
      if (width > 800) expect(120 + shown.reduce((sum, column) => sum + column.min, 0)).toBeLessThanOrEqual(width);
    }
    expect(fitting(824, true).map((column) => column.name), "a window of 1100 px names the tenant").toContain("tenant");
    expect(fitting(5000, true).map((column) => column.name)).toEqual(COLUMNS.map((column) => column.name));
    expect(fitting(5000, false).some((column) => column.name === "platform")).toBe(false);
  });
});

describe("tags", () => {
  it("are split at commas of both scripts", () => {
    expect(splitTags(" 重点，华东, 直营、 \n重点")).toEqual(["重点", "华东", "直营"]);
  });

  it("fall away when they are there, and obey the rules", () => {
    expect(addTags(["a"], "a, b")).toEqual({ tags: ["a", "b"], rule: null });
    expect(addTags(["a"], "字".repeat(21))).toEqual({ tags: ["a"], rule: "tag_long" });
    expect(addTags(["a"], "😀".repeat(20)).rule, "counted as characters").toBeNull();
    const twenty = Array.from({ length: 20 }, (_, i) => `t${i}`);
    expect(addTags(twenty, "one more").rule).toBe("tags_many");
    expect(addTags(twenty, "t3").rule).toBeNull();
  });
});

describe("a tenant's name", () => {
  it("is there, short, and its own", () => {
    expect(tenantRule("  ", [])).toBe("required");
    expect(tenantRule("字".repeat(41), [])).toBe("long");
    expect(tenantRule(` ${"字".repeat(40)} `, [])).toBeNull();
    expect(tenantRule(" 晨光 ", ["晨光"])).toBe("taken");
  });
});

describe("links", () => {
  const link = (extra: Partial<Link>): Link => ({ link_id: "abcdefghij", component_appid: COMPONENT, kind: "h5", url: "", launch_url: "", qr_svg: "", state: "waiting", created_at: NOW, expires_at: NOW + 600_000, account: null, error: null, auth_type: 3, biz_appid: null, scopes: [], tenant: null, note: "", opened_at: null, authorized_at: null, cancelled_at: null, made_from: null, ...extra });

  it("end by the clock, before the engine says so", () => {
    expect(shownLinkState(link({}), NOW)).toBe("waiting");
    expect(shownLinkState(link({ state: "opened" }), NOW + 600_000)).toBe("expired");
    expect(shownLinkState(link({ state: "authorized" }), NOW + 900_000)).toBe("authorized");
  });

  it("can be opened again after the owner cancelled", () => {
    expect(isOpen(link({ state: "cancelled" }), NOW)).toBe(true);
    expect(isOpen(link({ state: "cancelled" }), NOW + 600_000)).toBe(false);
    expect(isOpen(link({ state: "redeeming" }), NOW)).toBe(false);
    expect(isOpen(link({ state: "ended" }), NOW)).toBe(false);
    expect(shownLinkState(link({ state: "ended" }), NOW + 600_001)).toBe("ended");
  });

  it("tell what happened in its order", () => {
    const names = (x: Link, now = NOW): string[] => milestones(x, now).map((step) => step.name);
    expect(names(link({}))).toEqual(["created", "expires"]);
    expect(names(link({}), NOW + 600_001)).toEqual(["created", "expired"]);
    expect(names(link({ state: "authorized", opened_at: NOW + 9, cancelled_at: NOW + 20, authorized_at: NOW + 50 }))).toEqual(["created", "opened", "cancelled", "authorized"]);
    expect(names(link({ state: "failed", opened_at: NOW + 9, error: lastError(61004, NOW + 60) }))).toEqual(["created", "opened", "failed"]);
    expect(names(link({ state: "ended", opened_at: NOW + 9 })), "no end to come").toEqual(["created", "opened"]);
  });

  it("have posters with names that any system takes", () => {
    expect(posterName(link({ tenant: '晨光/餐饮: "一店"' }), "门店通")).toBe("wxdesk-晨光-餐饮-一店-abcdef.png");
    expect(posterName(link({}), "...")).toBe("wxdesk-poster-abcdef.png");
    expect(posterName(link({ note: "长".repeat(80) }), "")).toBe(`wxdesk-${"长".repeat(24)}-abcdef.png`);
    expect(svgUrl("<svg>#&</svg>")).toBe("data:image/svg+xml;charset=utf-8,%3Csvg%3E%23%26%3C%2Fsvg%3E");
  });
});

describe("reconciling", () => {
  const group = (n: number, total = n): ReconcileGroup => ({ total, items: Array.from({ length: n }, (_, i) => ({ appid: `wx${i}`, nick_name: "", removed: false, tenant: null, auth_time: null, change: null, text: { zh: "", en: "" } })) });
  const preview: ReconcilePreview = { preview_id: "p", component_appid: COMPONENT, read_at: NOW, expires_at: NOW, pages: 1, readings: 2, listed: 9, complete: true, missing_here: group(3, 3000), gone_there: group(2), changed: group(0), unchanged: 4 };

  it("takes what is missing and leaves what is gone to the person", () => {
    expect(toChoices(firstChoice(preview), preview)).toEqual({ add: { all: true, appids: [] }, update: { all: false, appids: [] }, mark_gone: { all: false, appids: [] } });
  });

  it("leaves the rows beyond the shown ones out when one is left out", () => {
    const some = toggled({ all: true, appids: new Set() }, preview.missing_here, "wx1");
    expect(size(some, preview.missing_here)).toBe(2);
    expect(isTicked(some, "wx1")).toBe(false);
    const again = toggled(some, preview.missing_here, "wx1");
    expect(again.all, "2,997 cannot be seen").toBe(false);
    expect(size(again, preview.missing_here)).toBe(3);
  });

  it("is whole again when every row is ticked", () => {
    const one = toggled({ all: false, appids: new Set() }, preview.gone_there, "wx0");
    expect(toChoices({ ...firstChoice(preview), gone_there: one }, preview).mark_gone).toEqual({ all: false, appids: ["wx0"] });
    expect(toggled(one, preview.gone_there, "wx1").all).toBe(true);
    expect(toggledAll(one).all).toBe(true);
    expect(toggledAll({ all: true, appids: new Set() })).toEqual({ all: false, appids: new Set() });
  });
});

describe("platforms and accounts", () => {
  it("show health in one dot", () => {
    const fine = platform(COMPONENT, "", "https://a.b", NOW);
    expect(platformTone(fine)).toBe("ok");
    expect(platformTone({ ...fine, ticket: { ...fine.ticket, state: "stale" } })).toBe("warn");
    expect(platformTone({ ...fine, ticket: { ...fine.ticket, state: "missing" } })).toBe("bad");
    expect(platformTone({ ...fine, component_token: token(NOW, "failing", { needs_operator: true }) })).toBe("bad");
    expect(platformTone({ ...fine, component_token: token(NOW, "expiring") })).toBe("ok");
  });

  it("are grouped by platform for the engine", () => {
    const rows = [account(0, "wxa", NOW), account(1, "wxb", NOW), account(2, "wxa", NOW)];
    expect([...byPlatform(rows)]).toEqual([["wxa", [rows[0].appid, rows[2].appid]], ["wxb", [rows[1].appid]]]);
  });

  it("have a look for every event", () => {
    expect(EVENT_TONE.unauthorized).toBe("bad");
    expect(EVENT_TONE.updated).toBe("info");
  });
});
