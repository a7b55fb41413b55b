/** The picture of WeChat's form never takes what was typed here for what WeChat has confirmed. */
import { describe, expect, it } from "vitest";
import { platform, token } from "../src/host/mock/data";
import { MIRROR, proofs, rowState, type MirrorRow } from "../src/pages/platforms/mirror";

const NOW = 1_700_000_000_000;
const ROWS = MIRROR.flatMap((group) => group.rows);
const row = (field: string): MirrorRow => ROWS.find((r) => r.field === field) as MirrorRow;
const ALL_READY = Object.fromEntries(ROWS.map((r) => [r.by, true]));
const waiting = platform("wx134c8103faa5a59e", "门店通", "https://abc.natapp.cc", NOW, {
  ticket: { state: "missing", received_at: null, recent: [] },
  component_token: token(NOW, "waiting", { obtained_at: null, expires_at: null }),
});
const running = platform("wx134c8103faa5a59e", "门店通", "https://abc.natapp.cc", NOW);
const none = new Set<string>();

describe("mirror", () => {
  it("confirms nothing before WeChat has spoken", () => {
    for (const known of [undefined, waiting]) {
      for (const each of ROWS) expect(rowState(each, ALL_READY, proofs(known), none), each.field).not.toBe("confirmed");
    }
    expect(rowState(row("verify_token"), ALL_READY, proofs(undefined), none)).toBe("ready");
    expect(rowState(row("component_appid"), ALL_READY, proofs(undefined), none)).toBe("filled");
    expect(rowState(row("verify_token"), {}, proofs(undefined), none)).toBe("give");
  });

  it("confirms by a ticket what a ticket needs, and no more", () => {
    const proven = proofs({ ...waiting, ticket: { state: "fresh", received_at: NOW, recent: [NOW] } });
    for (const field of ["event_url", "verify_token", "encoding_aes_key"]) expect(rowState(row(field), ALL_READY, proven, none), field).toBe("confirmed");
    for (const field of ["component_appsecret", "message_url", "web_domain", "ip_list", "authorize_domain"]) expect(rowState(row(field), ALL_READY, proven, none), field).not.toBe("confirmed");
  });

  it("confirms the secret and the IP list by a component token", () => {
    const proven = proofs(running);
    expect(rowState(row("component_appsecret"), ALL_READY, proven, none)).toBe("confirmed");
    expect(rowState(row("ip_list"), ALL_READY, proven, none)).toBe("confirmed");
  });

  it("takes a confirmation back while the field is being changed", () => {
    expect(rowState(row("verify_token"), ALL_READY, proofs(running), new Set(["verify_token"]))).toBe("ready");
    expect(rowState(row("event_url"), ALL_READY, proofs(running), new Set(["public_base_url"]))).toBe("ready");
  });

  it("forgets what WeChat said before the last save", () => {
    expect([...proofs({ ...running, updated_at: NOW + 1 })]).toEqual([]);
  });

  it("shows every entry of the open platform's form", () => {
    expect(ROWS.map((r) => r.field)).toEqual(["component_appid", "component_appsecret", "authorize_domain", "test_accounts", "event_url", "verify_token", "encoding_aes_key", "message_url", "web_domain", "ip_list"]);
  });
});
