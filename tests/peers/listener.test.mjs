// Independent implementations of WeChat's encryption against the listener: @wecom/crypto and wechatpy write the pushes and
// read the passive replies that rules give.
//
// WXDESKD_BIN names the program; PEERS_PYTHON a Python that has wechatpy.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { authorize } from "../e2e/walk.mjs";

const folder = mkdtempSync(join(tmpdir(), "wxdesk-peers-"));
let engine;
let note;
let env;

/** A command of the local API. */
async function command(name, args = {}) {
  const answer = await fetch(`http://${note.api}/v1/ui/${name}`, {
    method: "POST",
    headers: { authorization: `Bearer ${note.admin_key}`, "content-type": "application/json" },
    body: JSON.stringify(args),
  });
  const body = await answer.text();
  assert.ok(answer.ok, `${name}: ${answer.status} ${body}`);
  return JSON.parse(body);
}

const status = async () => {
  const answer = await fetch(`http://${note.api}/v1/status`, { headers: { authorization: `Bearer ${note.admin_key}` } });
  assert.ok(answer.ok, `status: ${answer.status}`);
  return answer.json();
};

/** Looks again until there is something to see. */
async function until(what, look) {
  for (const began = Date.now(); Date.now() - began < 30_000; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const seen = await look();
    if (seen) return seen;
  }
  assert.fail(`${what} did not come`);
}

/** A rule that answers a text. */
const rule = (name, when, content) => ({
  input: {
    name,
    enabled: true,
    scope: { component_appid: null, appid: null, tenant: null },
    when: { msg_types: [], events: [], key: null, text: null, ...when },
    answer: { kind: "text", content },
    notify: [],
  },
});

before(async () => {
  const args = ["--data-dir", folder, "serve", "--sandbox", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"];
  engine = spawn(process.env.WXDESKD_BIN, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, WXDESK_KEYRING: "off", WXDESK_DATA_DIR: undefined },
  });
  for await (const line of createInterface({ input: engine.stdout })) {
    if (line.startsWith("api on ")) break;
  }
  note = JSON.parse(readFileSync(join(folder, "engine.json"), "utf8"));
  const component = await until("the component token", async () => {
    const [platform] = (await status()).platforms;
    return platform?.component_token.state === "valid" && platform.component_appid;
  });
  const { sandbox_url: sandbox } = await command("app_info");
  const platform = await (await fetch(`${sandbox}/sandbox/platform`)).json();
  assert.equal(platform.component_appid, component);

  const link = await command("create_link", { request: { component_appid: component, kind: "pc", auth_type: 1 } });
  const appid = await authorize(link.launch_url);
  const { accounts } = await (await fetch(`${sandbox}/sandbox/state`)).json();
  const account = accounts.find((one) => one.appid === appid);
  assert.ok(account?.authorized, `${appid} authorized the platform`);

  await command("save_rule", rule("taps", { msg_types: ["event"], events: ["CLICK"] }, "点击：{{EventKey}}"));
  await command("save_rule", rule("texts", { msg_types: ["text"] }, "收到：{{Content}}"));
  env = {
    ...process.env,
    LISTENER: `http://${note.listener}`,
    COMPONENT: component,
    APPID: appid,
    TOKEN: platform.verify_token,
    AES_KEY: platform.encoding_aes_key,
    USER_NAME: account.user_name,
  };
});

after(async () => {
  if (engine?.exitCode === null) {
    engine.kill("SIGTERM");
    await once(engine, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program of this folder to its end; what it said is shown when it failed. */
async function passes(program, file) {
  const child = spawn(program, [new URL(file, import.meta.url).pathname], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += part));
  const [code] = await once(child, "close");
  assert.equal(code, 0, said);
}

test("@wecom/crypto writes the pushes and reads the replies", () => passes(process.execPath, "push_wecom.mjs"));

test("wechatpy writes the pushes and reads the replies", () => passes(process.env.PEERS_PYTHON ?? "python3", "push_wechatpy.py"));
