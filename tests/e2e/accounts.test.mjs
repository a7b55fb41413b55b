// Everything an operator does with authorizations, through the real window and the administrator's browser.
//
// Owns the walk from the first link to bulk work, in the sandbox. What WeChat saw is asked of the simulated platform, what
// the engine keeps of its local API; everything the operator does is a click or a key. Ends with pictures of these pages.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { open } from './browser.mjs';
import { shootAccounts } from './gallery.mjs';
import { atWechat, authorize, confirm, id, Walk, Wechat, words } from './walk.mjs';
import { ENTER, ESCAPE, until } from './webdriver.mjs';

const run = promisify(execFile);
const REDEEM = '/cgi-bin/component/api_query_auth';
const REFRESH = '/cgi-bin/component/api_authorizer_token';
const PREAUTH = '/cgi-bin/component/api_create_preauthcode';

let walk;
let wechat;
/** What the walk has found so far. */
const seen = { component: '', links: [], accounts: [] };

/** The newest links, as the engine has them. */
const links = async (query = {}) => (await walk.app.command('list_links', { query })).items;
const linkState = (linkId, state) => walk.session.see(`${id(`link-${linkId}`)}[data-state="${state}"]`);
const account = (appid) => walk.app.command('get_account', { component_appid: seen.component, appid });
const history = async (appid) =>
  (await walk.app.command('list_account_history', { component_appid: seen.component, appid, before: null })).map((event) => event.kind);
/** The name of an account, as WeChat has it. */
const nick = async (appid) => (await wechat.state()).accounts.find((a) => a.appid === appid).nick_name;
/** An account of the sandbox that WeChat lets authorize and then gives no token. */
const POWERLESS = '随手记·私人号';
/** Accounts of the sandbox that can authorize and have not. */
const candidates = async () =>
  (await wechat.state()).accounts
    .filter((a) => !a.authorized && ![14, 16, 19].includes(a.status) && a.nick_name !== POWERLESS)
    .map((a) => a.appid);

/** Closes a layer: again if it was about to be replaced by the next of its kind. */
async function escape(name) {
  await until(`${name} to close`, async () => {
    if (!(await walk.session.find(id(name)))) return true;
    await walk.session.press(ESCAPE);
    return false;
  });
}

/** A new link like the newest one, made in the list of links; `life`: how long WeChat's code lives, seconds. */
async function again(life) {
  const [newest] = await links();
  if (life) await wechat.configure({ pre_auth_code_life_s: life });
  await walk.go('links');
  await walk.click(`again-${newest.link_id}`);
  await walk.see('link-drawer');
  const fresh = await until('a link made from it', async () => (await links()).find((link) => link.made_from === newest.link_id));
  if (life) await wechat.configure({ pre_auth_code_life_s: 600 });
  await escape('link-drawer');
  return fresh;
}

/** Opens an account's drawer on one of its tabs. */
async function drawer(appid, tab) {
  await walk.visit(`/accounts?open=${appid}&platform=${seen.component}`);
  await walk.session.see(`${id('account-drawer')}[data-appid="${appid}"]`);
  if (tab) await walk.tab(`drawer-tab-${tab}`);
}

describe("an operator's accounts", { concurrency: false }, () => {
  before(async () => {
    walk = await Walk.begin('accounts');
    await walk.start({ args: ['--sandbox'] });
    await walk.see('sandbox-bar');
    seen.component = await until('a component token', async () => {
      const [platform] = (await walk.app.api('/v1/status')).platforms;
      return platform?.component_token.state === 'valid' && platform.component_appid;
    });
    const info = await walk.app.command('app_info');
    wechat = new Wechat(info.sandbox_url);
    await walk.speak('zh-CN');
  });

  afterEach(() => walk.clear());
  after(() => walk?.end());

  test('a link asks for one tenant, with a note and a permission set chosen by name', async () => {
    await walk.go('onboard');
    await walk.shownLink();
    await (await walk.see('onboard-tenant')).type(`城南店${ENTER}`);
    await (await walk.see('onboard-note')).type('王老板，周三前');
    await walk.click('sets-chosen');
    await (await walk.see('sets-search')).type('自定义菜单');
    await walk.click('set-15');
    const [link] = await until('a link with all of it', async () => {
      const [newest] = await links();
      return newest?.tenant === '城南店' && newest.note === '王老板，周三前' && newest.scopes.join() === '15' && [newest];
    });
    await until('its code on the page', async () => (await walk.shownLink()) === link.launch_url);
    // The poster that is sent in a chat carries the same address.
    await walk.click('onboard-poster');
    await walk.see('poster');
    const file = join(walk.home, 'poster.png');
    await walk.click('poster-save');
    await walk.display.answer('Save', file);
    const { stdout } = await run('zbarimg', ['--quiet', '--raw', file]);
    assert.equal(stdout.trim(), link.launch_url);
    await escape('poster');
    seen.link = link;
  });

  test('the list follows a link from waiting to authorized, and says by whom', async () => {
    const { link_id: linkId, launch_url: url } = seen.link;
    await walk.go('links');
    await linkState(linkId, 'waiting');
    const choice = await atWechat(url);
    await linkState(linkId, 'opened');
    const { appid, page } = await confirm(choice);
    assert.deepEqual(words(page), ['授权成功', `「${await nick(appid)}」已授权，可以关闭本页。`]);
    await linkState(linkId, 'authorized');
    const { account: known, permissions } = await account(appid);
    assert.equal(known.tenant, '城南店');
    assert.deepEqual(permissions.map((set) => set.id), [15]);
    const row = await until('the name in the list', async () => {
      const text = await walk.text(`link-${linkId}`);
      return text.includes(known.nick_name) && text;
    });
    assert.ok(row.includes('王老板，周三前') && row.includes('城南店'), row);
    assert.deepEqual(await history(appid), ['tenant', 'authorized']);
    seen.accounts.push(appid);
    // A made-again link asks for the same.
    const same = await again();
    assert.deepEqual([same.tenant, same.note, same.scopes], ['城南店', '王老板，周三前', [15]]);
  });

  test('a cancelled authorization is told in words, in both languages, and can be tried again', async () => {
    // From here on links without wishes: the newest one is the pattern.
    await walk.go('onboard');
    await walk.shownLink();
    const link = await again();
    assert.deepEqual(link.scopes, []);
    const choice = await atWechat(link.launch_url);
    assert.ok((await open(choice.links.find((href) => href.endsWith('/cancelled')))).html.includes('已取消授权'));
    // WeChat leads back without a code.
    const back = link.launch_url.replace('/authorize/', '/authorized/');
    const page = await open(back, { from: choice.url });
    assert.equal(page.status, 400);
    assert.deepEqual(words(page), ['授权未完成', '微信没有带回授权码，通常是在微信中点了取消。可以再试一次。']);
    assert.deepEqual(words(await open(back, { from: choice.url, language: 'en-US,en;q=0.9,zh;q=0.1' }))[0], 'Not authorized');
    assert.deepEqual(page.links, [link.launch_url]);
    await linkState(link.link_id, 'cancelled');
    const appid = await authorize(page.links[0], (await candidates())[0]);
    await linkState(link.link_id, 'authorized');
    seen.accounts.push(appid);
  });

  test('a link that has expired, or that the operator ended, says whom to ask', async () => {
    const expired = ['链接已过期', '请联系发送链接的人，重新获取授权链接。'];
    const link = await again(1);
    await linkState(link.link_id, 'expired');
    const page = await open(link.launch_url);
    assert.equal(page.status, 410);
    assert.deepEqual(words(page), expired);
    const ended = await again();
    await walk.session.click(`${id(`link-${ended.link_id}`)} td:first-child`);
    await walk.click('link-end');
    await walk.doubleClick('confirm-ask');
    await walk.gone('link-end');
    await escape('link-drawer');
    await linkState(ended.link_id, 'ended');
    assert.deepEqual(words(await open(ended.launch_url)), ['链接已作废', '发送链接的人已将它作废。如仍需授权，请联系对方重新获取。']);
    assert.equal((await account(seen.accounts[0])).account.state, 'authorized');
  });

  test('the result page reloaded, or asked for twice at once, redeems nothing twice', async () => {
    const link = await again();
    const before = await wechat.calls(REDEEM);
    const { appid, page } = await confirm(await atWechat(link.launch_url), (await candidates())[0], { stay: true });
    const results = await Promise.all([open(page.next), open(page.next)]);
    results.push(await open(page.next));
    for (const result of results) {
      assert.equal(result.status, 200);
      assert.equal(words(result)[0], '授权成功');
    }
    await linkState(link.link_id, 'authorized');
    assert.equal(await wechat.calls(REDEEM), before + 1);
    assert.deepEqual(await history(appid), ['authorized']);
    seen.accounts.push(appid);
  });

  test('two administrators with one link: the second is told, and the first is not named to him', async () => {
    const link = await again();
    const [first, second] = await candidates();
    const choices = await Promise.all([atWechat(link.launch_url), atWechat(link.launch_url)]);
    const { page: done } = await confirm(choices[0], first);
    assert.equal(words(done)[0], '授权成功');
    // WeChat itself stops the second one: a code is used up. The same for a form that is sent twice.
    for (const appid of [second, first]) {
      const { page } = await confirm(choices[1], appid);
      assert.ok(page.html.includes('预授权码无效或已过期，请重新发起授权'), page.html);
    }
    const late = await open(link.launch_url);
    assert.deepEqual(words(late), ['这个链接已经使用过', '授权已经完成，一个链接只能用一次。要授权另一个账号，请联系发送链接的人重新获取。']);
    assert.ok(!late.html.includes(await nick(first)));
    // Should WeChat let him through, ours does not.
    const other = await open(`${link.launch_url.replace('/authorize/', '/authorized/')}?auth_code=queryauthcode@@@other&expires_in=600`);
    assert.equal(other.status, 409);
    assert.deepEqual(words(other), ['这个链接已被使用', '另一位管理员已用它完成授权，一个链接只能用一次。请联系发送链接的人，为你的账号重新获取一个。']);
    assert.ok(!other.html.includes(await nick(first)));
    await linkState(link.link_id, 'authorized');
    assert.ok((await candidates()).includes(second));
    seen.accounts.push(first);
  });

  test('an account that WeChat gives no token finds its way by itself', async () => {
    const link = await again();
    const { appid } = (await wechat.state()).accounts.find((a) => a.nick_name === POWERLESS);
    await confirm(await atWechat(link.launch_url), appid);
    await linkState(link.link_id, 'authorized');
    // Its refresh token is found in WeChat's list by itself; the token follows, at once when asked for.
    await until('the refresh token of the list', async () => (await account(appid)).account.token.reason_code === 'no_token');
    await drawer(appid);
    await walk.click('drawer-refresh');
    await until('a token', async () => (await account(appid)).account.token.state === 'valid');
    await escape('account-drawer');
  });

  for (const [name, order] of [
    ['only the event', 'event'],
    ['only the callback', 'callback'],
    ['the event before the callback', 'event, callback'],
    ['the callback before the event', 'callback, event'],
    ['the event twice', 'event, event, callback'],
  ]) {
    test(`${name}: one authorization, one code redeemed`, async () => {
      const link = await again();
      const [appid] = await candidates();
      const before = await wechat.calls(REDEEM);
      const effect = { callback: 'push_skip', 'callback, event': 'push_reorder', 'event, event, callback': 'push_duplicate' }[order];
      const end = effect && (await wechat.fault({ effect }, { path: 'authorized', appid }));
      const { page } = await confirm(await atWechat(link.launch_url), appid, { stay: true });
      if (order.startsWith('event')) await linkState(link.link_id, 'authorized');
      if (order.includes('callback')) assert.equal(words(await open(page.next))[0], '授权成功');
      await linkState(link.link_id, 'authorized');
      // What was held back is sent after the next push.
      if (order.endsWith('callback, event')) await wechat.call('POST', '/ticket', {});
      await until('every push to be taken', async () => (await wechat.state()).pending_pushes === 0);
      await end?.();
      assert.equal(await wechat.calls(REDEEM), before + 1);
      assert.deepEqual(await history(appid), ['authorized']);
      const token = await until('a token', () => walk.app.api(`/v1/accounts/${appid}/token`));
      assert.equal(token.generation, 1);
      seen.accounts.push(appid);
    });
  }

  test('tenants: made once by two clicks, renamed, archived, filtered by and counted', async () => {
    const [first, second] = seen.accounts;
    await walk.go('tenants');
    await walk.click('tenant-add');
    await (await walk.see('tenant-name')).type('城北店');
    await walk.doubleClick('tenant-save');
    await walk.see('tenant-城北店');
    await walk.gone('tenant-name');
    await walk.click('rename-城北店');
    await walk.fill('tenant-name', '城北旗舰店');
    await walk.doubleClick('tenant-save');
    await walk.see('tenant-城北旗舰店');
    await walk.gone('tenant-name');
    // An account is given to it in its drawer.
    await drawer(second, 'details');
    await (await walk.see('drawer-tenant')).type(`城北旗舰店${ENTER}`);
    await until('the tenant is kept', async () => (await account(second)).account.tenant === '城北旗舰店');
    await escape('account-drawer');
    await walk.go('accounts');
    await walk.click('filter-tenant');
    await walk.click('tenant-=城北旗舰店');
    await walk.gone(`accounts-row-${first}`);
    await walk.see(`accounts-row-${second}`);
    await walk.click('filter-tenant');
    await walk.click('tenant-all');
    await walk.see(`accounts-row-${first}`);
    await walk.go('tenants');
    await until('one account counted', async () => /城北旗舰店\s+1\b/.test(await walk.text('tenant-城北旗舰店')));
    await walk.click('archive-城北旗舰店');
    await walk.doubleClick('confirm-ask');
    await walk.gone('archive-城北旗舰店');
    await walk.click('tenants-archived');
    assert.match(await walk.text('tenant-城北旗舰店'), /已归档/);
    const tenants = await walk.app.command('list_tenants', { component_appid: null });
    assert.deepEqual(tenants.map((t) => [t.name, t.accounts.total, t.archived_at !== null]), [['城南店', 1, false], ['城北旗舰店', 1, true]]);
    // Nothing new can be given to it.
    await drawer(first, 'details');
    await walk.fill('drawer-tenant', `城北旗舰店${ENTER}`);
    await walk.see('drawer-tenant');
    await until('the refusal in words', () => walk.session.find('#drawer-tenant-error'));
    assert.equal((await account(first)).account.tenant, '城南店');
    await escape('account-drawer');
  });

  test('a note, tags; removed by one act of two clicks, and restored', async () => {
    const [appid] = seen.accounts;
    await drawer(appid, 'details');
    await (await walk.see('drawer-note')).type('老板娘管账');
    await (await walk.see('drawer-tags')).type(`直营${ENTER}`);
    await (await walk.see('drawer-tags')).type(`重点${ENTER}`);
    await until('note and tags are kept', async () => {
      const { note, tags } = (await account(appid)).account;
      return note === '老板娘管账' && tags.join() === '直营,重点';
    });
    const { token } = (await account(appid)).account;
    await walk.click('drawer-remove');
    await walk.doubleClick('confirm-ask');
    await walk.gone('account-drawer');
    await walk.gone(`accounts-row-${appid}`);
    const refused = await fetch(`http://${walk.app.engine(true).api}/v1/accounts/${appid}/token`, { headers: { authorization: `Bearer ${walk.app.engine(true).admin_key}` } });
    assert.equal(refused.status, 404, 'no token of a removed account leaves the engine');
    await walk.click('tab-removed');
    await walk.doubleClick(`restore-${appid}`);
    await walk.gone(`accounts-row-${appid}`);
    await walk.click('tab-all');
    await walk.see(`accounts-row-${appid}`);
    const back = (await account(appid)).account;
    assert.deepEqual([back.note, back.tags.join(), back.tenant], ['老板娘管账', '直营,重点', '城南店']);
    assert.ok(back.token.generation >= token.generation);
    assert.deepEqual((await history(appid)).slice(0, 2), ['restored', 'removed']);
  });

  test('cancelled in WeChat: greyed with its history, tokens gone; authorized again: fresh at once', async () => {
    const [appid] = seen.accounts;
    const { generation } = (await account(appid)).account.token;
    await wechat.call('POST', '/revoke', { appid });
    await walk.session.see(`${id(`accounts-row-${appid}`)}[data-state="unauthorized"].gone`);
    await drawer(appid);
    await walk.session.see(`${id('history')} [data-kind="unauthorized"]`);
    await walk.tab('drawer-tab-token');
    await walk.see('token-timeline');
    assert.equal(await walk.session.find(id('reveal-token')), undefined);
    await walk.click('drawer-again');
    const url = await until('a link for this account alone', async () => {
      const [newest] = await links();
      return newest.biz_appid === appid && (await walk.shownLink()) === newest.launch_url && newest.launch_url;
    });
    const choice = await atWechat(url);
    assert.deepEqual(choice.forms[0].options.map(([, value]) => value), [appid]);
    await confirm(choice, appid);
    await walk.session.see(`${id('onboard-done')}[data-appid="${appid}"]`);
    await walk.click('onboard-view');
    await walk.see('reveal-token');
    const now = (await account(appid)).account;
    assert.deepEqual([now.state, now.note, now.tenant], ['authorized', '老板娘管账', '城南店']);
    assert.ok(now.token.state === 'valid' && now.token.generation > generation);
    assert.deepEqual((await history(appid)).slice(0, 2), ['reauthorized', 'unauthorized']);
    // Sets that the owner takes away are told as a difference.
    const { sets } = (await wechat.state()).accounts.find((a) => a.appid === appid);
    await wechat.call('POST', '/sets', { appid, sets: sets.slice(1) });
    await walk.tab('drawer-tab-history');
    await walk.session.see(`${id('history')} [data-kind="updated"] .set.minus`);
    await escape('account-drawer');
  });

  test('reconcile: a preview that writes nothing, then what it found is written once', async () => {
    // What a lost store, or missed notices, look like: accounts only WeChat knows, and one that it does not know any more.
    const { appids } = await wechat.call('POST', '/accounts', { count: 24 });
    const gone = seen.accounts.at(-1);
    const end = await wechat.fault({ effect: 'push_skip' }, { path: 'unauthorized', appid: gone });
    await wechat.call('POST', '/revoke', { appid: gone });
    const before = (await walk.app.api('/v1/accounts')).items.length;
    await walk.go('accounts');
    await walk.click('accounts-reconcile');
    await walk.click('reconcile-read');
    await walk.see('reconcile-apply');
    assert.match(await walk.text('reconcile-missing_here'), /\b24\b/);
    assert.match(await walk.text('reconcile-gone_there'), /\b1\b/);
    assert.equal((await walk.app.api('/v1/accounts')).items.length, before);
    assert.equal((await account(gone)).account.state, 'authorized');
    // What takes tokens away is not ticked by itself.
    if (!(await walk.session.script('return document.querySelector(arguments[0]).checked', id('reconcile-all-gone_there')))) await walk.click('reconcile-all-gone_there');
    await walk.doubleClick('reconcile-apply');
    assert.match(await walk.text('reconcile-report'), /24[^]*1/);
    assert.equal((await walk.app.api('/v1/accounts')).items.length, before + 24);
    assert.equal((await account(gone)).account.state, 'unauthorized');
    assert.deepEqual((await history(gone)).slice(0, 1), ['marked_gone']);
    assert.deepEqual(await history(appids[0]), ['recovered']);
    await until('their tokens', async () => {
      const states = await Promise.all(appids.map(async (appid) => (await account(appid)).account.token.state));
      return states.every((state) => state === 'valid');
    });
    await walk.click('reconcile-again');
    await walk.see('reconcile-same');
    await end();
    seen.many = appids;
  });

  test('options: read from WeChat, set by a click, read back', async () => {
    const [appid] = seen.accounts;
    await drawer(appid, 'options');
    const value = () => walk.attribute(id('option-location_report'), 'data-value');
    assert.equal(await value(), '0');
    await walk.still();
    await walk.session.click(`label:has(${id('option-location_report-1')})`);
    await walk.session.see(`${id('option-location_report')}[data-value="1"]`);
    assert.match(await walk.text('option-location_report'), /微信/);
    await walk.click('options-read');
    await walk.session.see(`${id('options-read')}:not([disabled])`);
    assert.equal(await value(), '1');
    assert.equal(await walk.attribute(id('option-voice_recognize'), 'data-value'), '0');
    await escape('account-drawer');
  });

  test('quota: what is used, and a reset that asks first and is spent once', async () => {
    const clears = async () => Object.entries((await wechat.state()).calls).reduce((sum, [path, n]) => sum + (path.includes('clear_quota') ? n : 0), 0);
    const before = await clears();
    await walk.go('quota');
    await walk.see(`quota-/cgi-bin/component/api_component_token`);
    assert.match(await walk.text('quota-/cgi-bin/component/api_component_token'), /\/\s*2,000/);
    const left = await walk.text('quota-left');
    await walk.click('quota-reset-all');
    await walk.session.press(ESCAPE);
    await walk.gone('confirm-ask');
    assert.equal(await clears(), before, 'nothing is spent without a word');
    await walk.click('quota-reset-all');
    await walk.doubleClick('confirm-ask');
    await walk.gone('confirm-ask');
    await until('one less is left', async () => (await walk.text('quota-left')) !== left);
    assert.equal(await clears(), before + 1);
    // An account has counts of its own.
    const [appid] = seen.accounts;
    await walk.visit(`/quota?platform=${seen.component}&appid=${appid}`);
    await walk.see('quota-/cgi-bin/menu/create');
    assert.match(await walk.text('quota-/cgi-bin/menu/create'), /\/\s*1,000/);
  });

  test('an error is explained, and its rid is looked up where it stands', async () => {
    // After this refusal the engine asks again tomorrow; the first account goes on being used below.
    const [, appid] = seen.accounts;
    const end = await wechat.fault({ effect: 'errcode', code: 45009 }, { path: REFRESH, appid, times: 1 });
    await drawer(appid, 'token');
    await walk.click('drawer-refresh');
    await walk.see('token-pending');
    await walk.click('rid-lookup');
    await walk.see('rid-card');
    await until('the answer', async () => /45009/.test(await walk.text('rid-card')));
    await walk.session.press(ESCAPE);
    await walk.gone('rid-card');
    await end();
    await escape('account-drawer');
  });

  test('a token by click: refreshed, shown, copied, proved, and its past told', async () => {
    const [appid] = seen.accounts;
    await drawer(appid, 'token');
    const [{ generation }, before] = [(await account(appid)).account.token, await wechat.calls(REFRESH)];
    await walk.doubleClick('drawer-refresh');
    await walk.session.see(`${id('token-timeline')} li.current[data-generation="${generation + 1}"]`);
    assert.equal(await wechat.calls(REFRESH), before + 1, 'two clicks, one refresh');
    const { access_token: value } = await walk.app.api(`/v1/accounts/${appid}/token`);
    await walk.click('reveal-token');
    assert.equal(await walk.text('token-value'), value);
    await walk.click('secret-copy');
    await walk.session.see(`${id('clipboard-note')}[data-held="held"]`);
    await walk.click('token-test');
    await walk.session.see(`${id('token-test-result')}[data-ok="true"]`);
    const current = await walk.session.script('return document.querySelector(arguments[0]).innerText', `${id('token-timeline')} li.current`);
    assert.match(current, /手动/);
    await walk.click('clipboard-clear');
    await walk.gone('clipboard-note');
    await escape('account-drawer');
    assert.equal(await walk.session.find(id('token-value')), undefined);
  });

  test('the call log: rows, a filter, an explanation, an export, and no token anywhere', async () => {
    const [appid] = seen.accounts;
    const rows = `${id('calls-table')} [role="row"][aria-rowindex="2"]`;
    await walk.go('calls');
    await walk.session.see(rows);
    await walk.click('calls-tab-errors');
    await (await walk.see('calls-errcode')).type('45009');
    const only = async () => /45009/.test(await walk.session.script('return document.querySelector(arguments[0]).innerText', rows));
    await until('the refused refresh alone', only);
    await walk.session.click(`${rows} .took`);
    assert.match(await walk.text('call-drawer'), /errcode 45009/);
    assert.match(await walk.text('call-drawer'), /额度/);
    await escape('call-drawer');
    await walk.click('calls-clear');
    await until('all rows again', async () => !(await only()));
    const file = join(walk.home, 'calls.csv');
    await walk.click('calls-export');
    await walk.click('calls-export-csv');
    await walk.display.answer('Save', file);
    await until('the file', () => existsSync(file));
    const csv = readFileSync(file, 'utf8');
    assert.match(csv, /45009/);
    assert.ok(csv.includes(appid));
    const shown = await walk.session.script('return document.documentElement.outerHTML');
    const tokens = await Promise.all(seen.accounts.slice(0, -1).map(async (one) => (await walk.app.api(`/v1/accounts/${one}/token`)).access_token));
    for (const token of tokens) {
      assert.ok(token.length > 20);
      assert.ok(!csv.includes(token) && !shown.includes(token), 'no token in the log');
    }
  });

  test('bulk: chosen by a filter, tagged, refreshed with progress and cancelled, reported one line an account', async () => {
    const chosen = seen.many.length;
    await walk.go('accounts');
    await (await walk.see('accounts-search')).type('模拟企业');
    await walk.see(`accounts-row-${seen.many[0]}`);
    await walk.gone(`accounts-row-${seen.accounts[0]}`);
    await walk.click('select-all');
    await until('all of them chosen', async () => new RegExp(`\\b${chosen}\\b`).test(await walk.text('selection-bar')));
    await walk.click('bulk-tags');
    await (await walk.see('bulk-add')).type(`连锁${ENTER}`);
    await walk.doubleClick('bulk-apply');
    await walk.gone('bulk-apply');
    await until('all are tagged', async () => (await walk.app.command('list_tags', { component_appid: null })).find((t) => t.tag === '连锁')?.count === chosen);
    if (!(await walk.session.find(id('selection-bar')))) await walk.click('select-all');
    // Slow enough to be stopped in the middle.
    const end = await wechat.fault({ effect: 'slow', ms: 1_000 }, { path: REFRESH });
    const before = await wechat.calls(REFRESH);
    await walk.doubleClick('bulk-refresh');
    await walk.session.see(`${id('bulk-job')}[data-state="running"]`);
    await until('some are done', async () => (await walk.app.command('list_bulk_jobs'))[0].done > 0);
    await walk.doubleClick('bulk-cancel');
    await walk.session.see(`${id('bulk-job')}[data-state="cancelled"]`);
    await end();
    const jobs = await walk.app.command('list_bulk_jobs');
    assert.equal(jobs.length, 1, 'two clicks, one job');
    const job = await walk.app.command('bulk_job', { id: jobs[0].id, after: null });
    assert.equal(job.lines.length, chosen);
    assert.deepEqual(new Set(job.lines.map((line) => line.appid)), new Set(seen.many));
    const asked = (await wechat.calls(REFRESH)) - before;
    assert.ok(asked > 0 && asked < chosen, `${asked} of ${chosen} were asked for`);
    assert.equal(job.lines.filter((line) => line.outcome === 'ok').length, asked);
    await walk.click('bulk-report');
    await walk.see('bulk-lines');
    const file = join(walk.home, 'report.csv');
    await walk.click('bulk-save-csv');
    await walk.display.answer('Save', file);
    await until('the file', () => existsSync(file));
    assert.equal(readFileSync(file, 'utf8').trim().split(/\r?\n/).length, chosen + 1);
    await escape('bulk-lines');
    await walk.click('bulk-away');
    // The accounts themselves, of a whole filter.
    await walk.click('bulk-all');
    await walk.click('bulk-kind-export');
    await walk.session.see(`${id('bulk-job')}[data-kind="export"][data-state="done"]`);
    await walk.click('bulk-report');
    const accounts = join(walk.home, 'accounts.csv');
    await walk.click('bulk-save-csv');
    await walk.display.answer('Save', accounts);
    await until('the file', () => existsSync(accounts));
    const lines = readFileSync(accounts, 'utf8').trim().split(/\r?\n/);
    assert.equal(lines.length, chosen + 1);
    assert.ok(seen.many.every((appid) => lines.some((line) => line.includes(appid))));
    await escape('bulk-lines');
    // A saved export leaves the foot of the page by itself.
    await walk.gone('bulk-job');
  });

  test('two clicks on the buttons that make a link make one', async () => {
    const before = await wechat.calls(PREAUTH);
    const [newest] = await links();
    await walk.go('links');
    await walk.doubleClick(`again-${newest.link_id}`);
    await walk.see('link-drawer');
    await walk.doubleClick('drawer-again');
    await until('the second one', async () => (await links())[1]?.made_from === newest.link_id);
    await escape('link-drawer');
    assert.equal(await wechat.calls(PREAUTH), before + 2);
  });

  test('every page of it in both languages and themes', () =>
    shootAccounts({ walk, wechat, seen, again, linkState, escape, drawer }));

  test('nothing was stopped by the content security policy, and WeChat saw no rule broken', async () => {
    assert.deepEqual(await walk.stopped(), []);
    assert.deepEqual((await wechat.state()).violations, []);
  });
});
