// Independent implementations of WeChat's encryption against the listener: @wecom/crypto and wechatpy write the pushes and
// read the passive replies that rules give. A business server that speaks WeChat's protocol is played by @wecom/crypto, and
// one that checks signatures by Node's own HMAC.
//
// WXDESKD_BIN names the program; PEERS_PYTHON a Python that has wechatpy.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { authorize } from "../e2e/walk.mjs";
import { business, wechat } from "./wecom.mjs";

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

/** A business server on a free port; `answer` gets each request with its body, and gives what is answered. */
async function serve(answer) {
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    try {
      response.end(answer(request, Buffer.concat(parts)));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/wechat`;
}

const target = (name, mode, format, url) => ({ input: { name, mode, format, url, private_ok: true, enabled: true } });

test("a business server with @wecom/crypto needs no change: pushes as WeChat sent them, its sealed answers", async () => {
  const { open, seal } = business(env);
  const seen = [];
  const url = await serve((request, body) => {
    const { sealed, push } = open(request.url, body.toString());
    seen.push(sealed);
    return seal(push, `业务：${push.Content}`);
  });
  const { id } = await command("save_target", target("sealed", "answering", "sealed", url));
  const { input } = rule("ask", { msg_types: ["text"], text: { how: "starts_with", value: "问" } }, "");
  const asking = await command("save_rule", { input: { ...input, answer: { kind: "target", target_id: id } } });
  const [first] = await command("list_rules");
  await command("move_rule", { id: asking.id, before: first.id });

  const { text, push, opened } = wechat(env, "oPeerOfBusiness_0123456789ab");
  const answer = await push(text("问：😀 ]]> 几点开门"));
  assert.equal(opened(answer), "业务：问：😀 ]]> 几点开门");
  assert.deepEqual(seen, [answer.sealed], "the ciphertext as it came, once");
});

test("what a notified server is told carries an HMAC-SHA256 over time and body", async () => {
  let told;
  const heard = new Promise((resolve) => (told = resolve));
  const url = await serve(({ headers }, body) => {
    told({ headers, body });
    return "";
  });
  const { id } = await command("save_target", target("told", "notified", "json", url));
  const { value: secret } = await command("reveal_target_secret", { id });
  const { input } = rule("tell", { events: ["CLICK"], key: { how: "equals", value: "TOLD" } }, "");
  const telling = await command("save_rule", { input: { ...input, answer: { kind: "pass" }, notify: [id] } });
  const [first] = await command("list_rules");
  await command("move_rule", { id: telling.id, before: first.id });

  const { click, push, opened } = wechat(env, "oPeerOfBusiness_0123456789ab");
  assert.equal(opened(await push(click("TOLD"))), "点击：TOLD", "a rule that passes on leaves the answer to the others");
  const { headers, body } = await heard;
  const mac = createHmac("sha256", secret).update(`${headers["x-wxdesk-timestamp"]}.`).update(body).digest("hex");
  assert.equal(headers["x-wxdesk-signature"], `v1=${mac}`);
  assert.equal(JSON.parse(body).message.EventKey, "TOLD");
});
