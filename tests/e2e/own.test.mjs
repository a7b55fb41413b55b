// Accounts that are connected with their own AppSecret, through the real window: entered, verified by WeChat, renewed,
// talked to in every message mode, and removed.
//
// Owns the walk, in the sandbox. WeChat's side (its form, its clock, another program that fetches a token, followers) is
// played over the sandbox's controls, what the engine keeps is asked of its local API; all else is a click or a key.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { shootOwn } from './gallery.mjs';
import { connectOwn, id, Walk, Wechat } from './walk.mjs';
import { until } from './webdriver.mjs';

const STABLE = '/cgi-bin/stable_token';
const CLASSIC = '/cgi-bin/token';
/** Accounts of the sandbox, by their number: a verified service account, and a test account. */
const BOOKS = 3;
const TEST = 14;
const TOKEN = 'chengnan2026';
const KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
const NAME = '门店测试号';

let walk;
let wechat;
/** What the walk has found so far. */
const seen = { base: '', test: '', books: '' };

const own = (appid) => walk.app.command('get_own_account', { appid });
const token = async (appid) => (await walk.app.api(`/v1/accounts/${appid}/token`)).access_token;
/** What WeChat says to a harmless call with a token: 0 when it is taken. */
const worth = async (value) => (await (await fetch(`${wechat.base}/cgi-bin/getcallbackip?access_token=${value}`)).json()).errcode ?? 0;
/** All words of the window. */
const everything = () => walk.words('body');
/** 提交 on WeChat's page for an account's server. */
const submit = async (appid, wish = {}) => {
  const { server_url: url } = await own(appid);
  return wechat.call('POST', '/server', { appid, url, token: TOKEN, encoding_aes_key: KEY, mode: 'plain', ...wish });
};
/** Asks the local API for something that changes; answers the status and the document. */
async function post(path, body) {
  const engine = walk.app.engine(true);
  const headers = { authorization: `Bearer ${engine.admin_key}`, 'content-type': 'application/json' };
  const response = await fetch(`http://${engine.api}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}
/** Messages of an account in the inbox, as business servers read it. */
const messages = async (appid) => (await walk.app.api('/v1/events?limit=1000')).items.filter((one) => one.kind === 'message' && one.appid === appid).map((one) => one.body);

/** Opens an account's drawer on its token. */
async function drawer(appid) {
  await walk.visit(`/accounts?open=${appid}&platform=${appid}`);
  await walk.session.see(`${id('account-drawer')}[data-appid="${appid}"]`);
  await walk.tab('drawer-tab-token');
  await walk.see('token-timeline');
}

/** The form of an account, as it is stored. */
async function form(appid) {
  await walk.visit(`/own/${appid}`);
  await until('the form of this account', async () => (await walk.value('own-appid')) === appid);
}

async function save() {
  await walk.click('own-save');
  // Saved, the way to the verification takes the place of the way out.
  await walk.see('own-to-connect');
}

describe('accounts with a secret of their own', { concurrency: false }, () => {
  before(async () => {
    walk = await Walk.begin('own');
    await walk.start({ args: ['--sandbox'] });
    await walk.see('sandbox-bar');
    wechat = new Wechat((await walk.app.command('app_info')).sandbox_url);
    seen.base = (await walk.app.api('/v1/status')).listener.public_base_url;
    const { accounts } = await wechat.state();
    [seen.test, seen.books] = [TEST, BOOKS].map((number) => accounts[number].appid);
    await walk.speak('zh-CN');
  });

  afterEach(() => walk.clear());
  after(() => walk?.end());

  test('a form that is not right names the field and the rule, and saves nothing', async () => {
    await walk.go('accounts');
    await walk.click('accounts-own');
    await walk.see('own-appid');
    await walk.click('own-save');
    for (const field of ['appid', 'appsecret', 'public_base_url', 'verify_token']) {
      await until(`${field} is needed`, async () => /必填/.test(await walk.words(`#own-${field}-error`)));
    }
    await walk.fill('own-appid', 'wx0123');
    await walk.fill('own-public_base_url', 'http://wx.example.com');
    await walk.fill('own-verify_token', '城南');
    await walk.fill('own-encoding_aes_key', 'short');
    for (const [field, rule] of [['appid', /AppID.*16 位/], ['public_base_url', /https/], ['verify_token', /Token.*3–32 位/], ['encoding_aes_key', /EncodingAESKey.*43 位/]]) {
      await until(`the rule of ${field}`, async () => rule.test(await walk.words(`#own-${field}-error`)));
      await walk.session.see(`[id="own-${field}"][aria-invalid="true"]`);
    }
    await walk.click('own-save');
    await until('the caret in the first of them', () => walk.session.script(`return document.activeElement?.id === 'own-appid'`));
    assert.deepEqual(await walk.app.command('list_own_accounts'), []);
    await walk.go('accounts');
    await walk.click('leave-discard');
  });

  test('saved, the form leads to where the verification of WeChat will show, and nothing has come yet', async () => {
    await connectOwn(walk, wechat, { appid: seen.test, kind: 'test_account', name: NAME, base: seen.base, token: TOKEN });
    await walk.see('own-paste');
    await walk.session.see(`${id('own-live')}[data-n="0"]`);
    await walk.see('own-waiting');
    assert.ok((await walk.text('own-paste')).includes(`${seen.base}/wechat/account/${seen.test}`));
    const kept = await own(seen.test);
    assert.deepEqual([kept.kind, kept.message_mode, kept.token_mode, kept.verified_at, kept.last_push_at], ['test_account', 'plain', 'stable', null, null]);
  });

  test('a wrong Token at WeChat shows at once, with two digests that differ; the right one passes', async () => {
    const wrong = await submit(seen.test, { token: 'chengnan2025' });
    assert.equal(wrong.saved, false);
    await walk.session.see('[data-verdict="wrong_token"]');
    const [sent, computed] = [await walk.text('digest-sent'), await walk.text('digest-computed')].map((text) => text.replace(/\s/g, ''));
    for (const digest of [sent, computed]) assert.match(digest, /^[0-9a-f]{40}$/);
    assert.notEqual(sent, computed);
    assert.match(await walk.words('[data-verdict="wrong_token"]'), /Token 不一致/);
    assert.equal((await submit(seen.test)).saved, true);
    await walk.session.see('[data-verdict="passed"]');
    await walk.session.see(`${id('own-live')}[data-n="2"]`);
    const passed = await walk.session.script(`return [...document.querySelectorAll('[data-verdict="passed"] code')].map((one) => one.textContent)`);
    assert.equal(passed.length, 2);
    assert.equal(passed[0], passed[1]);
    await until('the time is kept', async () => (await own(seen.test)).verified_at !== null);
  });

  test('the Token is shown after a click only, and hidden again', async () => {
    const shown = () => walk.text('own-verify_token-shown');
    assert.ok(!(await everything()).includes(TOKEN));
    await walk.click('own-eye-verify_token');
    await until('the Token', async () => (await shown()) === TOKEN);
    // Now the strings of the verification can be read as they were joined.
    await until('the joined strings', async () => (await walk.words('[data-verdict="passed"] .joined')).includes(TOKEN));
    await walk.click('own-eye-verify_token');
    await until('hidden', async () => (await shown()).startsWith('•'));
    assert.ok(!(await everything()).includes(TOKEN));
  });

  test('its interface token is there; forced once by one act of two clicks, then held back', async () => {
    await walk.click('own-to-account');
    await walk.session.see(`${id('account-drawer')}[data-appid="${seen.test}"]`);
    await walk.tab('drawer-tab-token');
    const old = await until('a token', () => token(seen.test));
    assert.equal((await own(seen.test)).account.token.state, 'valid');
    assert.match(await walk.text('own-force-used'), /0 \/ 20/);
    await walk.see('own-verify');
    // The engine leaves two seconds between two calls for a token; WeChat forces none within 30 s of the last.
    const { obtained_at: at } = (await own(seen.test)).account.token;
    await until('two seconds of the engine', async () => (await walk.app.api('/v1/status')).time - at > 2_000);
    await wechat.call('POST', '/advance', { ms: 31_000 });
    const before = await wechat.calls(STABLE);
    await walk.click('own-force');
    await walk.session.see(`${id('confirm-danger')}[disabled]`);
    await (await walk.see('confirm-name')).type(NAME);
    await walk.session.see(`${id('confirm-danger')}:not([disabled])`);
    await walk.doubleClick('confirm-danger');
    await walk.gone('confirm-danger');
    await until('one is used', async () => /1 \/ 20/.test(await walk.text('own-force-used')));
    assert.equal(await wechat.calls(STABLE), before + 1);
    const fresh = await token(seen.test);
    assert.notEqual(fresh, old);
    assert.deepEqual([await worth(old) !== 0, await worth(fresh)], [true, 0], 'the old one ended everywhere');
    // Held back in the window and in the engine.
    await walk.session.see(`${id('own-force')}[disabled]`);
    assert.match(await walk.text('own-force-used'), /还要等/);
    await assert.rejects(walk.app.command('force_own_token', { appid: seen.test }));
    assert.equal(await wechat.calls(STABLE), before + 1);
    assert.ok(!(await everything()).includes(fresh));
  });

  test('an address that WeChat refuses is shown to copy, with the place where it goes; it heals', async () => {
    const ip = '203.0.113.77';
    await wechat.configure({ refused_ip: ip });
    await drawer(seen.test);
    await walk.click('drawer-refresh');
    await until('the address', async () => (await walk.text('egress-ip')) === ip);
    assert.match(await walk.words('.ip-place'), /基本配置[^]*IP白名单/);
    await walk.session.click('.ip-place .copy');
    const { account } = await own(seen.test);
    assert.deepEqual([account.token.last_error.code, account.token.last_error.ip], [40164, ip]);
    await form(seen.test);
    await walk.see('own-ip');
    await wechat.configure({ refused_ip: null });
    await drawer(seen.test);
    await walk.click('drawer-refresh');
    await walk.gone('egress-ip');
    await until('no error is left', async () => (await own(seen.test)).account.token.last_error === null);
    assert.equal(await worth(await token(seen.test)), 0);
  });

  test('the classic interface warns, and a token that another program ended is noticed by its test and replaced', async () => {
    await form(seen.test);
    await walk.pick('own-token-classic');
    assert.match(await walk.text('own-classic-warning'), /200[^]*5 分钟/);
    await save();
    assert.equal((await own(seen.test)).token_mode, 'classic');
    await drawer(seen.test);
    await until('no forcing here', async () => !(await walk.session.find(id('own-force-part'))));
    await walk.click('drawer-refresh');
    await until('a classic token', async () => (await wechat.calls(CLASSIC)) >= 1);
    await until('it came in', async () => !(await own(seen.test)).account.token.in_flight);
    const old = await token(seen.test);
    assert.equal(await worth(old), 0);
    await walk.click('token-test');
    await walk.session.see(`${id('token-test-result')}[data-ok="true"]`);
    await wechat.call('POST', '/take-token', { appid: seen.test });
    await wechat.call('POST', '/advance', { ms: 301_000 });
    assert.notEqual(await worth(old), 0, 'five minutes later it is dead');
    // The engine tries it every ten minutes by itself, longer than a test may wait: here a person asks.
    await walk.click('token-test');
    await walk.session.see(`${id('token-test-result')}[data-ok="false"]`);
    assert.match(await walk.text('token-test-result'), /4000[01]|40014|42001/);
    await walk.click('drawer-refresh');
    const fresh = await until('another token', async () => {
      const now = await token(seen.test);
      return now !== old && now;
    });
    // A server that tells late what it saw refused gets the new one, and nothing is fetched again.
    const before = await wechat.calls(CLASSIC);
    const { status, body } = await post(`/v1/accounts/${seen.test}/token/refresh`, { rejected: old });
    assert.deepEqual([status, body.access_token], [200, fresh]);
    assert.equal(await worth(fresh), 0);
    assert.equal(await wechat.calls(CLASSIC), before);
    // Back to the other interface.
    await form(seen.test);
    await walk.pick('own-token-stable');
    await save();
    assert.equal((await own(seen.test)).token_mode, 'stable');
  });

  test('messages arrive in each mode once both sides have it, and a mode that differs is named', async () => {
    const { books } = seen;
    await connectOwn(walk, wechat, { appid: books, kind: 'official_account', name: '云上书房', base: seen.base, token: TOKEN, key: KEY });
    await walk.see('own-waiting');
    for (const mode of ['secure', 'compatible', 'plain']) {
      if (mode !== 'secure') {
        await form(books);
        await walk.pick(`own-mode-${mode}`);
        await save();
      }
      assert.equal((await own(books)).message_mode, mode);
      assert.equal((await submit(books, { mode })).saved, true, mode);
      await wechat.call('POST', '/message', { appid: books, follower: 1, text: `几点开门？${mode}` });
      await until(`a message in ${mode} mode`, async () => (await messages(books)).some((body) => body.includes(`几点开门？${mode}`)));
    }
    assert.equal((await messages(books)).length, 3, 'each once');
    await until('when the last one came', async () => (await own(books)).last_push_at !== null);
    // WeChat goes on sending plain ones after our side was changed.
    await form(books);
    await walk.pick('own-mode-secure');
    await save();
    await wechat.call('POST', '/message', { appid: books, text: '还在吗？' });
    const refused = await until('a refusal', async () => (await walk.app.command('overview')).door.rejections.find((one) => one.path.includes(books)));
    assert.deepEqual([refused.reason, refused.status], ['wrong_mode', 403]);
    await walk.go('channel');
    await until('it is named', async () => /加密方式不符[^]*403/.test(await walk.words('.rejections')));
    assert.equal((await messages(books)).length, 3);
    // With the same mode on both sides WeChat's next try gets through.
    assert.equal((await submit(books, { mode: 'secure' })).saved, true);
    await wechat.call('POST', '/message', { appid: books, text: '好了' });
    await until('a message again', async () => (await messages(books)).some((body) => body.includes('好了')));
  });

  test('the test account takes messages as well, plain as it is', async () => {
    await wechat.call('POST', '/follow', { appid: seen.test, follower: 0, on: true });
    await wechat.call('POST', '/message', { appid: seen.test, follower: 0, text: '测试一下' });
    await until('follow and message', async () => {
      const all = await messages(seen.test);
      return all.some((body) => body.includes('subscribe')) && all.some((body) => body.includes('测试一下'));
    });
  });

  test('every page of it in both languages and themes', { skip: process.env.E2E_NO_PICTURES === '1' }, async () => {
    await shootOwn({ walk, appid: seen.test });
    await walk.speak('zh-CN');
  });

  test('removing asks for the name; then nothing is left, and WeChat is refused', async () => {
    await form(seen.test);
    await walk.click('own-remove');
    await (await walk.see('confirm-name')).type('云上书房');
    await walk.session.see(`${id('confirm-danger')}[disabled]`);
    await walk.fill('confirm-name', NAME);
    await walk.session.see(`${id('confirm-danger')}:not([disabled])`);
    await walk.doubleClick('confirm-danger');
    await walk.see(`accounts-row-${seen.books}`);
    await walk.gone(`accounts-row-${seen.test}`);
    assert.deepEqual((await walk.app.command('list_own_accounts')).map((one) => one.appid), [seen.books]);
    await assert.rejects(token(seen.test), /404/);
    await assert.rejects(own(seen.test), /404/);
    assert.equal((await wechat.call('POST', '/server/verify', { appid: seen.test })).saved, false);
    await until('an unknown account', async () => (await walk.app.command('overview')).door.rejections.some((one) => one.path.includes(seen.test) && one.reason === 'unknown_appid'));
  });

  test('nothing was stopped by the content security policy, and WeChat saw no rule broken', async () => {
    assert.deepEqual(await walk.stopped(), []);
    assert.deepEqual((await wechat.state()).violations, []);
  });
});
