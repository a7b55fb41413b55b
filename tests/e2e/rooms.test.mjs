// The rooms around an account, through the real window: web OAuth and logins, JS-SDK, QR codes with a scene, and the console.
//
// Owns the walk, in the sandbox, with accounts that authorized the platform and accounts with a secret of their own. Users,
// followers and business servers are played here; what WeChat saw is asked of the sandbox, what the engine keeps of its
// local API; everything the operator does is a click or a key.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { open } from './browser.mjs';
import { shootRooms } from './gallery.mjs';
import { connectOwn, id, Walk, Wechat, words } from './walk.mjs';
import { until } from './webdriver.mjs';

const run = promisify(execFile);
const EXCHANGE = '/sns/oauth2/component/access_token';
const OWN_EXCHANGE = '/sns/oauth2/access_token';
const KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
/** A picture of one grey pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNsaGj4DwAFhQKAjM1mJgAAAABJRU5ErkJggg==';

let walk;
let wechat;
let shopfront;
/** What the walk has found so far. */
const seen = { base: '', component: '', shop: '', mini: '', books: '', site: '', visits: [] };

const token = async (appid) => (await walk.app.api(`/v1/accounts/${appid}/token`)).access_token;
const everything = () => walk.words('body');
const person = async (appid, number) => (await wechat.call('GET', `/accounts/${appid}`)).people[number];
const link = (state) => walk.app.command('get_oauth_link', { state });
/** What a user decides on WeChat's page for a link: where WeChat leads back to. */
const decides = async (url, choice) => (await wechat.call('POST', '/oauth', { url, ...choice })).redirect;

/** Asks the local API for something that changes, as a business server does. */
async function post(path, body) {
  const engine = walk.app.engine(true);
  const headers = { authorization: `Bearer ${engine.admin_key}`, 'content-type': 'application/json' };
  const response = await fetch(`http://${engine.api}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

/** A visitor's browser with cookies: follows redirects and keeps every address on its way. */
async function visit(url) {
  const jar = new Map();
  const way = [];
  for (let next = url; next; ) {
    way.push(next);
    const { host } = new URL(next);
    const response = await fetch(next, { redirect: 'manual', headers: { accept: 'text/html', 'accept-language': 'zh-CN', ...(jar.has(host) && { cookie: jar.get(host) }) } });
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
    if (cookies.length > 0) jar.set(host, [...(jar.has(host) ? [jar.get(host)] : []), ...cookies].join('; '));
    const to = response.headers.get('location');
    const html = await response.text();
    if (!to) return { way, status: response.status, html };
    next = new URL(to, next).href;
  }
}

/** The text of a code in a picture, by an independent reader. */
async function read(file) {
  const { stdout } = await run('zbarimg', ['--quiet', '--raw', file]);
  return stdout.trim();
}

/** Makes a link in the window and answers it, when its card is there. */
async function makeLink(appid, scope) {
  const before = (await walk.app.command('list_oauth_links', { component_appid: null, appid: null })).map((one) => one.state);
  await walk.take('oauth-account', appid);
  await walk.pick(`oauth-scope-${scope}`);
  await walk.click('oauth-make');
  const state = await until('a new link', async () => {
    const shown = await walk.attribute(id('oauth-link'), 'data-state');
    return !before.includes(shown) && shown;
  });
  await walk.session.see(`${id('oauth-link')}[data-state="${state}"][data-life="open"] ${id('oauth-qr')}`);
  return link(state);
}

const results = (kind) => walk.session.script(`return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)`, `${id('oauth-results')} [data-kind="${kind}"]`);

/** Presses send, and agrees where a call changes something. */
async function send() {
  await walk.click('console-send');
  await until('it is sent', async () => {
    await (await walk.session.find(`dialog[open] ${id('confirm-ask')}`))?.click();
    return !(await walk.session.find('dialog[open]'));
  });
}

describe('the rooms around an account', { concurrency: false }, () => {
  before(async () => {
    shopfront = createServer((request, response) => {
      seen.visits.push(request.url);
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>会员中心</h1>');
    });
    await new Promise((resolve) => shopfront.listen(0, '127.0.0.1', resolve));
    walk = await Walk.begin('rooms');
    await walk.start({ args: ['--sandbox'] });
    await walk.see('sandbox-bar');
    seen.component = await until('a component token', async () => {
      const [platform] = (await walk.app.api('/v1/status')).platforms;
      return platform?.component_token.state === 'valid' && platform.component_appid;
    });
    wechat = new Wechat((await walk.app.command('app_info')).sandbox_url);
    seen.base = (await walk.app.api('/v1/status')).listener.public_base_url;
    const { accounts } = await wechat.state();
    // By their number: a verified service account, a mini program, another service account, and a website.
    [seen.shop, seen.mini, seen.books, seen.site] = [0, 2, 3, 15].map((number) => accounts[number].appid);
    await walk.speak('zh-CN');
    for (const appid of [seen.shop, seen.mini]) await walk.authorized(appid);
    await connectOwn(walk, wechat, { appid: seen.books, kind: 'official_account', name: '云上书房', base: seen.base, token: 'yunshang2026', key: KEY });
    await wechat.call('POST', '/web-domain', { appid: seen.books, domain: '127.0.0.1' });
    await connectOwn(walk, wechat, { appid: seen.site, kind: 'website_app', name: '城南商城网站', base: seen.base });
    await until('every token', () => Promise.all([seen.shop, seen.mini, seen.books].map(token)));
  });

  afterEach(() => walk.clear());
  after(async () => {
    shopfront?.closeAllConnections();
    shopfront?.close();
    await walk?.end();
  });

  test('a link that reads profiles: its code on the screen, and the user who agreed, live', async () => {
    await walk.go('oauth');
    const made = await makeLink(seen.shop, 'userinfo');
    assert.ok(made.url.includes('scope=snsapi_userinfo') && made.url.endsWith('#wechat_redirect'), made.url);
    const picture = join(walk.home, 'oauth.png');
    await walk.centre(id('oauth-qr'));
    // The whole page as a person sees it, not the code alone.
    const decoded = await until('a readable code', async () => {
      writeFileSync(picture, await walk.session.screenshot());
      return read(picture);
    });
    assert.equal(decoded, made.url);
    const back = await decides(made.url, { follower: 1 });
    const page = await open(back);
    assert.equal(page.status, 200);
    const user = await person(seen.shop, 1);
    const [row] = await until('the user in the window', async () => {
      const users = await results('user');
      return users.length === 1 && users;
    });
    assert.ok(row.includes(user.name) && row.includes(user.openid), row);
    assert.ok(!page.html.includes(user.openid), 'the page of the user shows no openid');
    Object.assign(seen, { link: made.state, back, user });
  });

  test('what comes back twice is done once, another state is refused, and a refusal is told', async () => {
    const before = await wechat.calls(EXCHANGE);
    for (let n = 0; n < 2; n += 1) assert.equal((await open(seen.back)).status, 200);
    await until('two repeats', async () => /2 次/.test(await walk.words(`${id('oauth-results')} .repeat`)));
    assert.equal((await results('user')).length, 1);
    const unknown = await open(seen.back.replace(seen.link, 'A'.repeat(32)));
    assert.deepEqual([unknown.status, words(unknown)[0]], [400, '链接无效']);
    const other = await makeLink(seen.shop, 'base');
    const crossed = await open(seen.back.replace(seen.link, other.state));
    assert.equal(crossed.status, 409);
    assert.equal(await wechat.calls(EXCHANGE), before);
    assert.equal((await link(seen.link)).results[0].repeats, 2);
    assert.deepEqual((await link(other.state)).results, []);
    await walk.session.click(`${id(`oauth-row-${seen.link}`)} td:first-child`);
    await walk.session.see(`${id('oauth-link')}[data-state="${seen.link}"]`);
    const { url } = await link(seen.link);
    assert.deepEqual(words(await open(await decides(url, { follower: 2, agree: false })))[0], '你没有授权');
    await until('the refusal', async () => (await results('refused')).length === 1);
    assert.equal(await wechat.calls(EXCHANGE), before);
  });

  test('a silent link of an own account leads through WeChat without a question', async () => {
    const before = await wechat.calls(OWN_EXCHANGE);
    const made = await makeLink(seen.books, 'base');
    assert.ok(!made.url.includes('component_appid'), made.url);
    const page = await open(made.url);
    assert.ok(page.url.startsWith(seen.base), page.url);
    assert.equal(page.status, 200);
    const { openid } = await person(seen.books, 0);
    await until('the user', async () => (await results('user')).some((row) => row.includes(openid)));
    assert.equal(await wechat.calls(OWN_EXCHANGE), before + 1);
    // Ended, the link takes nobody any more.
    await walk.click('oauth-end');
    await walk.doubleClick('confirm-ask');
    await walk.session.see(`${id('oauth-link')}[data-state="${made.state}"][data-life="ended"]`);
    assert.deepEqual(words(await open(await decides(made.url, { follower: 3 })))[0], '链接已失效');
  });

  test('users: checked, renewed, read, the token shown for a click, and forgotten by name', async () => {
    const { openid, name } = seen.user;
    const users = async () => (await walk.app.command('list_oauth_users', { query: {} })).items;
    const drawer = () => walk.text('oauth-user');
    await walk.click('oauth-tab-users');
    await walk.fill('oauth-users-search', openid);
    await until('the user alone', async () => {
      const rows = await walk.session.script(`return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)`, `${id('oauth-users')} [role="row"]:has([role="gridcell"])`);
      return rows.length === 1 && rows[0].includes(openid);
    });
    await walk.session.click(`${id('oauth-users')} [role="row"][aria-rowindex="2"] .who`);
    await walk.session.see(`${id('oauth-user')}[data-state="valid"]`);
    await walk.click('oauth-check');
    await until('WeChat says it is good', async () => (await drawer()).includes('微信说授权有效'));
    const first = (await users()).find((one) => one.openid === openid);
    await walk.click('oauth-refresh');
    await until('a renewed token', async () => (await users()).find((one) => one.openid === openid).obtained_at > first.obtained_at);
    const profiles = await wechat.calls('/sns/userinfo');
    await walk.click('oauth-profile');
    await until('the profile read again', async () => (await wechat.calls('/sns/userinfo')) === profiles + 1);
    await walk.click('reveal-token');
    const secret = (await walk.text('token-value')).trim();
    assert.ok(secret.length > 20);
    await walk.session.click('.shown .hide');
    await walk.gone('token-value');
    assert.ok(!(await everything()).includes(secret));
    await walk.click('oauth-forget');
    await walk.session.see(`${id('confirm-danger')}[disabled]`);
    await (await walk.see('confirm-name')).type(name);
    await walk.session.see(`${id('confirm-danger')}:not([disabled])`);
    await walk.doubleClick('confirm-danger');
    await walk.gone('oauth-user');
    await until('nobody of that openid', async () => !(await users()).some((one) => one.openid === openid));
    assert.equal((await users()).length, 1, 'the others stay');
  });

  test('a route: a visitor goes from the shop to WeChat and back with a code that is good once', async () => {
    await walk.click('oauth-tab-routes');
    await walk.click('route-add');
    await walk.click('route-save');
    await until('what is missing', async () => /必填/.test(await walk.words('#route-url-error')));
    await walk.take('route-account', seen.shop);
    await walk.write('route-name', '会员中心');
    await walk.write('route-url', `http://127.0.0.1:${shopfront.address().port}/entry?from=wx`);
    await walk.option('route-scope', 'base');
    await walk.doubleClick('route-save');
    await walk.gone('route-save');
    const [route, ...more] = await walk.app.command('list_oauth_routes');
    assert.deepEqual([route.name, more.length], ['会员中心', 0]);
    await walk.see(`route-${route.id}`);
    assert.ok((await walk.text(`route-${route.id}`)).includes(route.enter_url));
    const { way, status } = await visit(`${route.enter_url}table-12`);
    assert.equal(status, 200);
    assert.ok(way.some((url) => url.startsWith(`${wechat.base}/connect/oauth2/authorize`)), way.join('\n'));
    const at = new URL(way.at(-1));
    assert.deepEqual([at.pathname, at.searchParams.get('from'), at.searchParams.get('state')], ['/entry', 'wx', 'table-12']);
    assert.deepEqual([...at.searchParams.keys()].toSorted(), ['code', 'from', 'state']);
    assert.equal(seen.visits.length, 1);
    const { openid } = await person(seen.shop, 0);
    const live = await token(seen.shop);
    for (const url of way) assert.ok(!url.includes(openid) && !url.includes(live) && !url.includes('token='), url);
    const code = at.searchParams.get('code');
    const { status: good, body: user } = await post('/v1/oauth/exchange', { code });
    assert.deepEqual([good, user.appid, user.openid, user.state], [200, seen.shop, openid, 'table-12']);
    assert.equal((await post('/v1/oauth/exchange', { code })).status, 404);
    await until('one code given out', async () => /1 个 code/.test(await walk.text(`route-${route.id}`)));
  });

  test('a website login, and a mini program login whose session key takes a click', async () => {
    await walk.click('oauth-tab-links');
    const made = await makeLink(seen.site, 'login');
    assert.ok(made.url.includes('/connect/qrconnect?') && made.url.includes('scope=snsapi_login'), made.url);
    assert.equal((await open(await decides(made.url, { follower: 1 }))).status, 200);
    const { openid, unionid } = await person(seen.site, 1);
    await until('the user', async () => (await results('user')).some((row) => row.includes(openid) && row.includes(unionid)));
    await walk.click('oauth-tab-login');
    await walk.take('login-account', seen.mini);
    const { js_code: code, openid: guest } = await wechat.call('POST', '/js-code', { appid: seen.mini, follower: 2 });
    await walk.write('login-code', code);
    await walk.click('login-go');
    await until('who it is', async () => (await walk.text('login-result')).includes(guest));
    assert.equal(await walk.session.find(id('token-value')), undefined);
    await walk.click('reveal-token');
    const key = (await walk.text('token-value')).trim();
    assert.match(key, /^[A-Za-z0-9+/]{22}==$/);
    await walk.session.click('.shown .hide');
    await walk.gone('token-value');
    assert.ok(!(await everything()).includes(key));
    // A code works once.
    await walk.write('login-code', code);
    await walk.click('login-go');
    await until('the refusal in words', async () => /40163|40029/.test(await walk.words('.login .trouble')));
  });

  test('JS-SDK: what is signed here WeChat accepts, and the checker says what is wrong with another', async () => {
    const page = 'http://127.0.0.1/member?id=7';
    const block = async () => {
      const text = await walk.text('jssdk-block');
      const value = (name) => text.match(new RegExp(`${name}: ['"]?([^'",\\s]+)`))?.[1];
      return { text, appid: value('appId'), timestamp: value('timestamp'), nonce_str: value('nonceStr'), signature: value('signature') };
    };
    const signed = async (appid) => {
      await walk.take('jssdk-account', appid);
      await walk.write('jssdk-url', `${page}#share`);
      await walk.click('jssdk-sign');
      return until(`a signature of ${appid}`, async () => {
        const found = await block();
        return found.appid === appid && found;
      });
    };
    await walk.go('jssdk');
    const foreign = await signed(seen.books);
    const good = await signed(seen.shop);
    const { text, ...config } = good;
    assert.equal((await wechat.call('POST', '/jsapi-verify', { ...config, url: `${page}#share` })).accepted, true);
    const live = await token(seen.shop);
    const { ticket } = await (await fetch(`${wechat.base}/cgi-bin/ticket/getticket?type=jsapi&access_token=${live}`)).json();
    for (const secret of [live, ticket]) assert.ok(!(await everything()).includes(secret));
    assert.match(await walk.text('jssdk-string1'), /jsapi_ticket=\*\*\*/);

    const check = async (pasted) => {
      await walk.paste('check-paste', pasted);
      await walk.write('check-url', `${page}#share`);
      await walk.click('check-run');
      return walk.attribute(id('check-verdict'), 'data-ok');
    };
    await walk.click('jssdk-tab-check');
    assert.equal(await check(text), 'true');
    // The fragment was signed along.
    const wrong = createHash('sha1').update(`jsapi_ticket=${ticket}&noncestr=${config.nonce_str}&timestamp=${config.timestamp}&url=${page}#share`).digest('hex');
    assert.equal((await wechat.call('POST', '/jsapi-verify', { ...config, signature: wrong, url: `${page}#share` })).accepted, false);
    assert.equal(await check(text.replace(config.signature, wrong)), 'false');
    assert.ok((await walk.text('finding-fragment')).includes('#share'));
    // The ticket of another account.
    assert.equal(await check(foreign.text.replace(seen.books, seen.shop)), 'false');
    assert.ok((await walk.text('finding-wrong_account')).includes(seen.books));
  });

  test('QR codes: limits in words, made for a while and for good, counted live, saved, taken off the list', async () => {
    const codes = async () => (await walk.app.command('list_scene_codes', { query: {} })).items;
    const wrong = async (rule) => until(`${rule} at the scene`, async () => rule.test(await walk.words('#scene-scene-error')));
    await walk.go('scenes');
    await walk.click('scene-new');
    await walk.take('scene-account', seen.shop);
    await walk.click('scene-create');
    await wrong(/必填/);
    await walk.write('scene-scene', '门'.repeat(65));
    await wrong(/最多 64/);
    await walk.pick('scene-kind-number');
    await walk.write('scene-scene', '4294967296');
    await wrong(/1 到 4294967295/);
    await walk.pick('scene-life-permanent');
    await walk.write('scene-scene', '100001');
    await wrong(/1 到 100000/);
    assert.match(await walk.text('scene-note'), /10 万/);
    assert.equal(await wechat.calls('/cgi-bin/qrcode/create'), 0);
    await walk.write('scene-scene', '86');
    await walk.doubleClick('scene-create');
    await walk.see('scene-drawer');
    const [lasting] = await codes();
    assert.deepEqual([lasting.permanent, lasting.scene, (await codes()).length], [true, '86', 1]);
    await walk.clear();
    await walk.click('scene-new');
    await walk.take('scene-account', seen.shop);
    await walk.write('scene-name', '南山门店收银台');
    await walk.write('scene-scene', 'store-0086');
    await walk.pick('scene-life-86400');
    await walk.click('scene-create');
    const made = await until('the second one', async () => (await codes()).find((one) => one.scene === 'store-0086'));
    await walk.session.see(`${id('scene-drawer')}[data-id="${made.id}"]`);
    assert.equal(made.expires_at - made.created_at, 86_400_000);

    // A stranger follows by it, a follower only scans it.
    const { qr_codes: known } = await wechat.call('GET', `/accounts/${seen.shop}`);
    const { ticket } = known.find((one) => one.scene === 'store-0086');
    await wechat.call('POST', '/scan', { ticket, follower: 4 });
    await wechat.call('POST', '/scan', { ticket, follower: 0 });
    await until('both, live', async () => /扫码 2 次 · 关注 1 人/.test(await walk.words('dialog[open]')));
    const [fresh, old] = [await person(seen.shop, 4), await person(seen.shop, 0)];
    const scans = await until('who it was', async () => {
      const lines = await walk.session.script(`return [...document.querySelectorAll('dialog[open] .scans li')].map((one) => one.innerText)`);
      return lines.length === 2 && lines;
    });
    assert.ok(scans.some((line) => line.includes(fresh.openid) && line.includes('扫码关注')), scans.join());
    assert.ok(scans.some((line) => line.includes(old.openid) && line.includes('已关注')), scans.join());
    assert.ok(!(await everything()).includes(ticket));

    const file = join(walk.home, 'scene.png');
    await walk.click('scene-png');
    await walk.display.answer('Save', file);
    assert.equal(await until('the picture', () => read(file)), made.url);
    await walk.clear();
    await until('the list says the same', async () => {
      const row = await walk.words(`${id('scene-table')} [role="row"]:has([role="gridcell"])`);
      return /南山门店收银台[^]*\b2\b[^]*\b1\b/.test(row);
    });
    // Off the list: what is printed goes on working, it is counted here no more.
    await walk.session.click(`${id('scene-table')} [role="row"][aria-rowindex="3"] .name`);
    await walk.session.see(`${id('scene-drawer')}[data-id="${lasting.id}"]`);
    await walk.click('scene-forget');
    await walk.doubleClick('confirm-ask');
    await walk.gone('scene-drawer');
    assert.deepEqual((await codes()).map((one) => one.id), [made.id]);
  });

  test('the console: a user read by a form, and a refused call explained', async () => {
    seen.reader = (await person(seen.shop, 0)).openid;
    await walk.go('console');
    await walk.take('console-account', seen.shop);
    await walk.click('form-user_info');
    await walk.click('console-send');
    await until('the openid is missing', async () => /必填/.test(await walk.words('#api-query-openid-error')));
    await walk.write('api-query-openid', seen.reader);
    await send();
    await walk.session.see(`${id('console-answer')}[data-outcome="ok"]`);
    await until('the answer as a tree', async () => /"subscribe": 1/.test((await walk.text('json-view')).replace(/\s+/g, ' ')));
    assert.ok((await walk.text('json-view')).includes(seen.reader));
    // With an account of its own secret it is the same.
    await walk.take('console-account', seen.books);
    await walk.click('form-template_send');
    await walk.write('api-body--touser', (await person(seen.books, 0)).openid);
    await walk.write('api-body--template-id', 'nobody-has-this-template-id');
    await walk.click('console-send');
    await until('it is asked before a call that users would see', async () => (await walk.words('dialog[open]')).includes('云上书房'));
    await walk.click('confirm-ask');
    await walk.session.see(`${id('console-answer')}[data-outcome="refused"]`);
    const refused = await walk.text('console-answer');
    assert.match(refused, /40037[^]*模板/);
    assert.deepEqual((await wechat.call('GET', `/accounts/${seen.books}`)).sent, []);
  });

  test('the console: a picture is uploaded, a hidden value shows on a click, a path of the engine is refused', async () => {
    await walk.take('console-account', seen.shop);
    await walk.click('form-media_upload');
    await walk.option('api-query-type', 'image');
    const file = join(walk.home, 'pixel.png');
    writeFileSync(file, Buffer.from(PIXEL, 'base64'));
    await (await walk.session.find(id('console-file-input'))).type(file);
    await until('the file', async () => (await walk.text('console-file')).includes('pixel.png'));
    await send();
    await until('a media id', async () => /"media_id"/.test(await walk.text('json-view')));
    await walk.session.see(`${id('console-answer')}[data-outcome="ok"]`);

    await walk.click('form-qrcode_temporary');
    await walk.write('api-body--action-info-scene-scene-str', 'console');
    await send();
    await until('a hidden ticket', async () => /"ticket"/.test(await walk.text('json-view')));
    const { qr_codes: known } = await wechat.call('GET', `/accounts/${seen.shop}`);
    const { ticket } = known.find((one) => one.scene === 'console');
    assert.ok(!(await everything()).includes(ticket));
    await walk.click('json-hidden');
    await until('the ticket', async () => (await walk.text('json-view')).includes(ticket));

    const before = await wechat.calls('/cgi-bin/token');
    await walk.fill('console-find', 'cgi-bin/token');
    await walk.click('console-own');
    await until('the path', async () => (await walk.text('console-request')).includes('/cgi-bin/token'));
    await send();
    assert.match(await walk.text('console-failed'), /令牌[^]*账号页刷新/);
    assert.equal(await wechat.calls('/cgi-bin/token'), before);
  });

  test('the console: history opens again, and holds no secret', async () => {
    const trials = await walk.app.command('list_api_trials', { component_appid: null, appid: null });
    assert.deepEqual(trials.map((one) => one.form), ['qrcode_temporary', 'media_upload', 'template_send', 'user_info']);
    await walk.click('console-side-history');
    await walk.click(`trial-${trials[3].id}`);
    await until('the first answer', async () => (await walk.text('json-view')).includes(seen.reader));
    await walk.click(`trial-${trials[0].id}`);
    await until('hidden again', async () => /"ticket"/.test(await walk.text('json-view')));
    const { qr_codes: known } = await wechat.call('GET', `/accounts/${seen.shop}`);
    const live = await Promise.all([seen.shop, seen.books].map(token));
    for (const secret of [...live, ...known.map((one) => one.ticket)]) assert.ok(!(await everything()).includes(secret), 'a secret is on the page');
    await walk.click(`trial-again-${trials[2].id}`);
    await until('filled in as it was', async () => (await walk.value('api-body--template-id')) === 'nobody-has-this-template-id');
  });

  test('every page of it in both languages and themes', { skip: process.env.E2E_NO_PICTURES === '1' }, async () => {
    // Somebody with a name to show.
    await open(await decides((await link(seen.link)).url, { follower: 2 }));
    await shootRooms({ walk, seen });
    await walk.speak('zh-CN');
  });

  test('nothing was stopped by the content security policy, and WeChat saw no rule broken', async () => {
    assert.deepEqual(await walk.stopped(), []);
    assert.deepEqual((await wechat.state()).violations, []);
  });
});
