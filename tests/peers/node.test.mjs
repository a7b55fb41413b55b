// Independent SDKs for Node against the simulated platform: wechat-oauth and co-wechat-api, unchanged but for the hosts.
//
// WXDESKD_BIN names the program whose `sandbox` command is tested.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

const require = createRequire(import.meta.url);
const API = require("co-wechat-api");
const OAuth = require("wechat-oauth");

const KNOWN = /^https?:\/\/(api|mp|open|file\.api)\.weixin\.qq\.com/;
let sandbox;
let base;

before(async () => {
  sandbox = spawn(process.env.WXDESKD_BIN, ["sandbox", "--listen", "127.0.0.1:0", "--seed", "7"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: sandbox.stdout })) {
    const found = /^sandbox on (http:\S+)/.exec(line);
    if (found) {
      base = found[1];
      break;
    }
  }
  assert.ok(base, "the sandbox printed no address");
});

after(async () => {
  sandbox.kill("SIGTERM");
  await once(sandbox, "exit");
});

const control = async (path, body) => {
  const init = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(base + path, init);
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
};

/** The number-th built-in account with its secret and people. */
const account = async (number) => {
  const { accounts } = await control("/sandbox/state");
  return control(`/sandbox/accounts/${accounts[number].appid}`);
};

/** An API client whose hosts are the sandbox. */
const api = ({ appid, app_secret }) => {
  const client = new API(appid, app_secret);
  client.prefix = `${base}/cgi-bin/`;
  client.mpPrefix = `${base}/cgi-bin/`;
  client.snsPrefix = `${base}/sns/`;
  return client;
};

/** An OAuth client whose requests go to the sandbox; everything else is the SDK's. */
const oauth = ({ appid, app_secret }) => {
  const client = new OAuth(appid, app_secret);
  const request = client.request;
  client.request = function (url, opts, callback) {
    return request.call(this, url.replace(KNOWN, base), opts, callback);
  };
  const promised = {};
  for (const name of ["getAccessToken", "refreshAccessToken", "verifyToken", "getUser", "getUserByCode", "getSessionKey"]) {
    promised[name] = promisify(client[name].bind(client));
  }
  return { client, ...promised };
};

const codeOf = async (url, choice) => {
  const { redirect } = await control("/sandbox/oauth", { url, ...choice });
  return new URL(redirect).searchParams.get("code");
};

test("wechat-oauth: URL, exchange, refresh, check, userinfo", async () => {
  const shop = await account(4);
  await control("/sandbox/web-domain", { appid: shop.appid, domain: "shop.example.com" });
  const { client, ...calls } = oauth(shop);
  const url = client.getAuthorizeURL("https://shop.example.com/in?x=1", "state1", "snsapi_userinfo");
  const page = await fetch(url.replace(KNOWN, base));
  assert.match(await page.text(), /id="agree"/);
  const code = await codeOf(url, { follower: 1, agree: true });
  const { data } = await calls.getAccessToken(code);
  assert.equal(data.openid, shop.people[1].openid);
  assert.equal(data.unionid, shop.people[1].unionid);
  const verified = await calls.verifyToken(data.openid, data.access_token);
  assert.equal(verified.errcode, 0);
  const renewed = await calls.refreshAccessToken(data.refresh_token);
  assert.equal(renewed.data.access_token, data.access_token);
  const user = await calls.getUser({ openid: data.openid, lang: "zh_CN" });
  assert.equal(user.nickname, "Alice Wang");
  await assert.rejects(calls.getAccessToken(code), { code: 40163 });
  await assert.rejects(calls.getAccessToken("nonsense"), { code: 40029 });
});

test("wechat-oauth: a silent login cannot read the profile", async () => {
  const shop = await account(0);
  await control("/sandbox/web-domain", { appid: shop.appid, domain: "shop.example.com" });
  const { client, ...calls } = oauth(shop);
  const url = client.getAuthorizeURL("https://shop.example.com/", "s", "snsapi_base");
  const silent = await fetch(url.replace(KNOWN, base), { redirect: "manual" });
  assert.equal(silent.status, 302);
  const code = new URL(silent.headers.get("location")).searchParams.get("code");
  await assert.rejects(calls.getUserByCode(code), { code: 48001 });
});

test("wechat-oauth: a website logs people in", async () => {
  const site = await account(15);
  await control("/sandbox/web-domain", { appid: site.appid, domain: "shop.example.com" });
  const { client, ...calls } = oauth(site);
  const url = client.getAuthorizeURLForWebsite("https://shop.example.com/", "s");
  const code = await codeOf(url, { follower: 0, agree: true });
  const { data } = await calls.getAccessToken(code);
  assert.equal(data.scope, "snsapi_login");
  assert.ok(data.unionid);
  const { redirect } = await control("/sandbox/oauth", { url, agree: false });
  assert.equal(redirect, "https://shop.example.com/?state=s");
});

test("wechat-oauth: a mini program's session", async () => {
  const mini = await account(2);
  const { js_code, openid } = await control("/sandbox/js-code", { appid: mini.appid, follower: 1 });
  const { data } = await oauth(mini).getSessionKey(js_code);
  assert.equal(data.openid, openid);
  assert.equal(Buffer.from(data.session_key, "base64").length, 16);
});

test("co-wechat-api: a token that another program replaced is fetched again", async () => {
  const shop = await account(0);
  const client = api(shop);
  const { accessToken } = await client.ensureAccessToken();
  await control("/sandbox/take-token", { appid: shop.appid });
  await control("/sandbox/advance", { ms: 300_000 });
  const followers = await client.getFollowers();
  assert.equal(followers.total, 4);
  assert.notEqual((await client.ensureAccessToken()).accessToken, accessToken);
});

test("co-wechat-api: JS ticket and signature are accepted", async () => {
  const shop = await account(0);
  await control("/sandbox/web-domain", { appid: shop.appid, domain: "shop.example.com" });
  const url = "https://shop.example.com/page?x=1";
  const config = await api(shop).getJsConfig({ url, jsApiList: [] });
  const { appId: appid, timestamp, nonceStr: nonce_str, signature } = config;
  const judge = (url) => control("/sandbox/jsapi-verify", { appid, url, timestamp, nonce_str, signature });
  assert.equal((await judge(`${url}#top`)).result, "config:ok");
  assert.equal((await judge("https://shop.example.com/page")).result, "invalid signature");
  assert.equal((await judge("https://evil.cn/")).result, "invalid url domain");
});

test("co-wechat-api: QR codes are made, shown and scanned", async () => {
  const client = api(await account(0));
  const made = await client.createTmpQRCode("shop", 600);
  assert.equal(made.expire_seconds, 600);
  const picture = await fetch(client.showQRCodeURL(encodeURIComponent(made.ticket)));
  assert.equal(picture.headers.get("content-type"), "image/png");
  assert.equal((await fetch(client.showQRCodeURL("x"))).status, 404);
  await control("/sandbox/server/remove", { appid: client.appid });
  assert.equal((await control("/sandbox/scan", { ticket: made.ticket, follower: 5 })).event, "subscribe");
  assert.equal((await control("/sandbox/scan", { ticket: made.ticket, follower: 5 })).event, "SCAN");
  const user = await client.getUser(await account(0).then((shop) => shop.people[5].openid));
  assert.equal(user.qr_scene_str, "shop");
  assert.ok((await client.createLimitQRCode(7)).url);
});

test("co-wechat-api: templates and customer-service messages", async () => {
  const shop = await account(0);
  const client = api(shop);
  const { template_list } = await client.getAllPrivateTemplate();
  const value = { value: "x", color: "#173177" };
  const data = { first: value, orderMoneySum: value, orderProductName: value, Remark: value };
  const [template] = template_list;
  const to = shop.people[1].openid;
  const sent = await client.sendTemplate(to, template.template_id, "https://a.b/", "#173177", data);
  assert.ok(BigInt(sent.msgid.toString()) > 2n ** 53n);
  await assert.rejects(client.sendTemplate(to, "x", "", "", data), { code: 40037 });
  await assert.rejects(client.sendText(to, "hello"), { code: 45015 });
  // Nobody receives the message, but the person has spoken.
  await fetch(`${base}/sandbox/message`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ appid: shop.appid, follower: 1, text: "hi" }),
  });
  assert.equal((await client.sendText(to, "hello")).errcode, 0);
});

test("co-wechat-api: media up and down", async () => {
  const client = api(await account(0));
  const bytes = Buffer.from("89504e470d0a1a0a00ff", "hex");
  const { media_id, type } = await client.uploadMedia(bytes, "image", "a.png", "image/png");
  assert.equal(type, "image");
  assert.deepEqual(await client.getMedia(media_id), bytes);
  await assert.rejects(client.getMedia("x"), { code: 40007 });
  const count = await client.getMaterialCount();
  assert.deepEqual(count, { voice_count: 1, video_count: 1, image_count: 2, news_count: 1 });
  const news = await client.getMaterials("news", 0, 20);
  assert.equal(news.item[0].content.news_item[0].title, "欢迎关注");
});

test("co-wechat-api: menus", async () => {
  const client = api(await account(0));
  const button = [{ type: "click", name: "今日", key: "TODAY" }];
  assert.equal((await client.createMenu({ button })).errcode, 0);
  const { menu } = await client.getMenu();
  assert.equal(menu.button[0].key, "TODAY");
  assert.equal((await client.removeMenu()).errcode, 0);
  await assert.rejects(client.getMenu(), { code: 46003 });
});
