/** The generated form, what a changed URL means, and how states are shown. */
import { describe, expect, it } from "vitest";
import type { CallbackUrls, TunnelClient, TunnelState } from "../src/host";
import { tunnelClients } from "../src/host/mock/clients";
import { changeAsText, changedRows, isActive, nginxExample, shownUrl, traitsOf, TUNNEL_TONE } from "../src/lib/tunnels";
import { brokenRules, draftOf, inputOf, isAbsolute, pathOf, shownFields, valueRule } from "../src/pages/channel/fields";

const client = (id: TunnelClient["id"]): TunnelClient => tunnelClients.find((x) => x.id === id)!;
const stored = (id: TunnelClient["id"], settings: Record<string, string>, secrets: string[]) => ({ client: id, name: "n", settings, stored_secrets: secrets, program: null, follow: false }) as never;

describe("a client's form", () => {
  it("starts with the defaults, and shows a field only while its condition holds", () => {
    const draft = draftOf(client("cloudflared"), null);
    expect(draft.settings).toEqual({ mode: "quick", public_url: "", protocol: "auto" });
    expect(shownFields(client("cloudflared"), draft.settings).map((f) => f.key)).toEqual(["mode", "protocol"]);
    draft.settings.mode = "named";
    expect(shownFields(client("cloudflared"), draft.settings).map(pathOf)).toEqual(["settings.mode", "secrets.token", "settings.public_url", "settings.protocol"]);
  });

  it("asks for nothing that is hidden", () => {
    const draft = draftOf(client("cloudflared"), null);
    expect([...brokenRules(client("cloudflared"), draft)]).toEqual([]);
    draft.settings.mode = "named";
    expect([...brokenRules(client("cloudflared"), draft)]).toEqual([
      ["secrets.token", "required"],
      ["settings.public_url", "required"],
    ]);
  });

  it("sends only what counts", () => {
    const draft = draftOf(client("cloudflared"), null);
    draft.settings.public_url = "https://hidden.example.com";
    draft.secrets.token = "hidden";
    expect(inputOf(client("cloudflared"), null, draft)).toEqual({ id: null, client: "cloudflared", name: "", settings: { mode: "quick", protocol: "auto" }, secrets: {}, program: null, follow: true });
  });

  it("keeps, replaces and removes stored secrets", () => {
    const draft = draftOf(client("frp"), stored("frp", { server: "s" }, ["token"]));
    expect(draft.secrets.token).toBeNull();
    expect(inputOf(client("frp"), "t1", draft).secrets).toEqual({});
    draft.secrets.token = "";
    expect(inputOf(client("frp"), "t1", draft).secrets).toEqual({ token: "" });
    draft.secrets.token = " fresh ";
    expect(inputOf(client("frp"), "t1", draft).secrets).toEqual({ token: "fresh" });
  });

  it("does not bring a default back into an optional field that was emptied", () => {
    const draft = draftOf(client("ssh"), stored("ssh", { server: "s", user: "u" }, []));
    expect(draft.settings.key_file).toBe("");
    expect(draft.settings.server_port).toBe("22");
  });

  it("names no program where none is started", () => {
    const draft = { ...draftOf(client("own"), null), program: "/usr/bin/x" };
    expect(inputOf(client("own"), null, draft).program).toBeNull();
  });

  const values: [Parameters<typeof valueRule>[0]["kind"], string, ReturnType<typeof valueRule>][] = [
    ["port", "0", "tunnel_port"],
    ["port", "65535", null],
    ["port", "65536", "tunnel_port"],
    ["port", "80a", "tunnel_port"],
    ["host", "vps.example.com", null],
    ["host", "[::1]", null],
    ["host", "https://vps.example.com", "tunnel_host"],
    ["host", "-oProxyCommand=x", "tunnel_host"],
    ["text", "cn_vip", null],
    ["text", "a b", "tunnel_text"],
    ["text", "$HOME", "tunnel_text"],
    ["secret", "0123-abc_%$", null],
    ["secret", 'a"b', "tunnel_secret"],
    ["path", "keys/id", "tunnel_path"],
    ["path", "/home/ops/.ssh/id", null],
    ["url", "http://wx.example.com", "https"],
    ["url", "https://wx.example.com/x", "no_path"],
    ["url", "https://wx.example.com", null],
    ["choice", "anything", null],
  ];
  it.each(values)("%s %s breaks %s", (kind, value, rule) => expect(valueRule({ kind, required: true }, value)).toBe(rule));

  it("lets an optional field be empty and a stored secret be kept", () => {
    expect(valueRule({ kind: "port", required: false }, "")).toBeNull();
    expect(valueRule({ kind: "secret", required: true }, null)).toBeNull();
    expect(valueRule({ kind: "secret", required: true }, "")).toBe("required");
  });

  it("knows full paths of every system", () => {
    expect(["/a", "C:\\natapp\\natapp.exe", "d:/x", "\\\\nas\\x"].every(isAbsolute)).toBe(true);
    expect(["natapp", "./natapp", "C:natapp"].some(isAbsolute)).toBe(false);
  });
});

describe("a changed URL", () => {
  const urls = (host: string): CallbackUrls => ({ authorize_domain: host, event_url: `https://${host}/e`, message_url: `https://${host}/c/$APPID$`, web_domain: host });

  it("lists every field that differs, in the form's order", () => {
    expect(changedRows({ own: false, before: urls("a.cc"), after: urls("b.cc") }).map((row) => row.field)).toEqual(["authorize_domain", "event_url", "message_url", "web_domain"]);
    expect(changedRows({ own: false, before: urls("a.cc"), after: { ...urls("a.cc"), event_url: "https://b.cc/e" } })).toEqual([{ field: "event_url", before: "https://a.cc/e", after: "https://b.cc/e" }]);
    expect(changedRows({ own: false, before: urls("a.cc"), after: urls("a.cc") })).toEqual([]);
  });

  it("of an account with its own AppSecret is its server URL and its domain", () => {
    const after = { ...urls("b.cc"), message_url: "https://b.cc/wechat/account/wx1" };
    expect(changedRows({ own: true, before: urls("a.cc"), after }).map((row) => [row.field, row.after])).toEqual([["server_url", after.message_url], ["oauth_domain", "b.cc"]]);
  });

  it("can be copied as a message", () => {
    const text = changeAsText([{ own: false, name: "P", component_appid: "wx1", before: urls("a.cc"), after: urls("b.cc") }], (field) => field);
    expect(text.split("\n")).toEqual(["P (wx1)", "authorize_domain: b.cc", "event_url: https://b.cc/e", "message_url: https://b.cc/c/$APPID$", "web_domain: b.cc"]);
  });
});

describe("a tunnel's state", () => {
  const states: TunnelState[] = ["stopped", "starting", "online", "reconnecting", "waiting", "failed"];
  it("can be stopped while something runs or will", () => expect(states.filter(isActive)).toEqual(["starting", "online", "reconnecting", "waiting"]));
  it("has a tone each", () => expect(states.map((state) => TUNNEL_TONE[state])).toEqual(["idle", "info", "ok", "warn", "warn", "bad"]));
  it("shows a URL as live only online, else the last one", () => {
    expect(shownUrl({ state: "online", url: "https://a", last_url: "https://a", endpoint: "http://a" })).toEqual({ text: "https://a", live: true, web: true });
    expect(shownUrl({ state: "online", url: null, last_url: null, endpoint: "b:20017" })).toEqual({ text: "b:20017", live: true, web: false });
    expect(shownUrl({ state: "failed", url: null, last_url: "https://a", endpoint: "b:1" })).toEqual({ text: "https://a", live: false, web: true });
    expect(shownUrl({ state: "stopped", url: null, last_url: null, endpoint: null })).toBeNull();
  });
  it("says no port for what starts nothing", () => {
    expect(traitsOf(client("own"))).toEqual([]);
    expect(traitsOf(client("natapp"))).toEqual(["url_changes", "local_port_elsewhere"]);
  });
  it("puts the listener and the name into the example", () => {
    const text = nginxExample("127.0.0.1:8090", "https://wx.shop.cn");
    expect(text).toContain("proxy_pass http://127.0.0.1:8090;");
    expect(text).toContain("server_name wx.shop.cn;");
    expect(nginxExample("127.0.0.1:8090", "")).toContain("server_name wx.example.com;");
  });
});
