// Messages of accounts through the real window: the inbox and what each push holds, what was refused, rules and their tester,
// the conversation with a follower, the callback self-test, the release check and its rehearsal, a crowd of followers.
//
// Owns the walk, in the sandbox. Followers and WeChat are played over the sandbox's controls, what a follower got is asked
// of it, what the engine keeps of its commands; everything the operator does is a click or a key.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';

import { shootMessages } from './gallery.mjs';
import { contentOf, Followers } from './talk.mjs';
import { id, Walk, Wechat } from './walk.mjs';
import { CONTROL, ENTER, ESCAPE, HOME, UP, until } from './webdriver.mjs';

/** A check of WeChat's has rows with limits of their own, ms. */
const CHECK_MS = 120_000;
const WRONG_TOKEN = 'chengnan2025';
const WRONG_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
const SEEK = '几点开门';
const ROWS = `${id('inbox-table')} [role="row"]:has([role="gridcell"])`;

let walk;
let wechat;
let followers;
/** What the walk has found so far. */
const seen = { component: '', shop: '', books: '', first: null };

const pushes = async (query = {}) => (await walk.app.command('list_pushes', { query })).items;
/** The one push with this text, when the engine has it. */
const stored = (text) => until(`${text} in the store`, async () => (await pushes({ text, class: 'message' }))[0]);
const rules = () => walk.app.command('list_rules');
const rule = async (name) => (await rules()).find((one) => one.name === name);
const person = async (appid, number) => (await wechat.call('GET', `/accounts/${appid}`)).people[number];
/** Words of all rows of the inbox that are drawn, the newest first. */
const rows = () => walk.session.script('return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)', ROWS);
const shown = (text) => until(`a row with ${text}`, async () => (await rows()).find((row) => row.includes(text)));
const everyRow = (what, holds) => until(what, async () => ((all) => all.length > 0 && all.every(holds))(await rows()));

/** Opens a push of the list by a click on its row. Rows may move under the pointer until one is open. */
async function open(text) {
  const { id: push } = await stored(text);
  await shown(text);
  await until(`the drawer of ${text}`, async () => {
    const drawer = await walk.session.find(id('push-drawer'));
    if ((await drawer?.attribute('data-id')) === String(push)) return true;
    if (drawer) await walk.session.press(ESCAPE);
    const at = await walk.session.script('return [...document.querySelectorAll(arguments[0])].find((one) => one.innerText.includes(arguments[1]))?.getAttribute("aria-rowindex")', ROWS, text);
    await (await walk.session.find(`${ROWS}[aria-rowindex="${at}"] .time`))?.click();
    return false;
  });
  await walk.see('push-checks');
  return push;
}

async function close(name = 'push-drawer') {
  await walk.clear();
  await walk.gone(name);
}

/** Fills in a rule that answers texts with one of some words by a text, as far as saving it. */
async function keywordRule(name, words, answer) {
  await walk.go('rules');
  await walk.click('rule-new');
  await walk.write('rule-name', name);
  await walk.click('rule-type-text');
  await walk.option('rule-text-how', 'contains');
  await walk.paste('rule-text', words.join('\n'));
  await walk.write('answer-content', answer);
}

/** Removes a rule, and waits until it is gone. A click that comes right after a layer closed may be swallowed. */
async function removeRule(name) {
  const { id: number } = await rule(name);
  await walk.go('rules');
  await walk.click(`rule-remove-${number}`);
  await walk.see('confirm-ask');
  await until(`${name} is removed`, async () => {
    await (await walk.session.find(id('confirm-ask')))?.click();
    return (await rule(name)) === undefined;
  });
  await walk.gone('confirm-ask');
  await walk.gone(`rule-${number}`);
}

/** Runs the self-test; answers the outcome of each step. */
async function selfTest() {
  const past = () => walk.session.script('return document.querySelectorAll(`[data-testid^="st-past-"]`).length');
  const before = await past();
  await walk.click('st-run');
  await until('it has run', async () => {
    const busy = await walk.session.find(`${id('st-result')}[aria-busy="true"]`);
    return !busy && ((await past()) > before || (before === 0 && (await walk.session.find(`${id('st-result')}[data-ok]`))));
  });
  const steps = await walk.session.script('return [...document.querySelectorAll(arguments[0])].map((one) => [one.dataset.step, one.dataset.outcome])', `${id('st-result')} [data-step]`);
  return Object.fromEntries(steps);
}

/** Plays the release check; answers the rows by name when all of them are decided. */
async function rehearse(set) {
  const before = (await walk.app.command('release_check')).rehearsals[0]?.id ?? 0;
  await walk.option('rehearsal-set', set);
  await walk.click('rehearsal-start');
  const rehearsal = await until('a new rehearsal', async () => (await walk.app.command('release_check')).rehearsals.find((one) => one.id > before));
  await until('its end', async () => (await walk.app.command('release_check')).rehearsals.find((one) => one.id === rehearsal.id).ended_at !== null, CHECK_MS);
  const states = () => walk.session.script('return [...document.querySelectorAll(arguments[0])].map((one) => [one.dataset.rowName, one.dataset.state])', `${id('rehearsal-rows')} [data-row-name]`);
  return until('the same in the window', async () => {
    const all = await states();
    return all.length === 8 && all.every(([, state]) => state === 'ok' || state === 'failed') && Object.fromEntries(all);
  });
}

describe("an account's messages", { concurrency: false }, () => {
  before(async () => {
    walk = await Walk.begin('messages');
    await walk.start({ args: ['--sandbox'] });
    await walk.see('sandbox-bar');
    seen.component = await until('a component token', async () => {
      const [platform] = (await walk.app.api('/v1/status')).platforms;
      return platform?.component_token.state === 'valid' && platform.component_appid;
    });
    wechat = new Wechat((await walk.app.command('app_info')).sandbox_url);
    followers = new Followers(wechat);
    const { accounts } = await wechat.state();
    // By their number: two verified service accounts.
    [seen.shop, seen.books] = [0, 3].map((number) => accounts[number].appid);
    await walk.speak('zh-CN');
    for (const appid of [seen.shop, seen.books]) await walk.authorized(appid);
    await until('every token', () => Promise.all([seen.shop, seen.books].map(async (appid) => (await walk.app.api(`/v1/accounts/${appid}/token`)).access_token)));
  });

  afterEach(() => walk.clear());
  after(() => walk?.end());

  test('a follower writes, and the row appears by itself', async () => {
    await walk.go('messages');
    await walk.session.see(ROWS);
    await until('the inbox is live', async () => /实时/.test(await walk.text('inbox-live')));
    seen.first = await followers.says(seen.shop, 1, `城南店${SEEK}？`);
    const row = await shown(SEEK);
    assert.match(row, /城南门店通[^]*文本[^]*success/);
    const end = await followers.end(seen.first.push);
    assert.deepEqual([end.state, end.tries, end.reply], ['taken', 1, null]);
    const push = await stored(SEEK);
    assert.deepEqual([push.appid, push.sender, push.msg_type, push.answer, push.repeats, push.ended, push.made_up], [seen.shop, seen.first.openid, 'text', 'success', 0, false, false]);
  });

  test('its drawer: each check, each field, both forms side by side, copied; Esc closes it', async () => {
    const push = await open(SEEK);
    const verdicts = await walk.session.script('return [...document.querySelectorAll(arguments[0])].map((one) => [one.querySelector(".check-name").textContent, one.dataset.verdict])', `${id('push-checks')} li`);
    assert.deepEqual(verdicts, ['签名', '解密', '归属', '内容', '重复', '授权', '应答'].map((name) => [name, 'ok']));
    const field = (path) => walk.words(`${id('push-fields')} [data-path="${path}"]`);
    assert.ok((await field('Content')).includes(`城南店${SEEK}？`));
    assert.ok((await field('FromUserName')).includes(seen.first.openid));
    assert.match(await field('MsgType'), /text/);
    await walk.tab('push-part-raw');
    assert.match(await walk.text('push-envelope'), /<Encrypt>/);
    assert.ok(!(await walk.text('push-envelope')).includes(SEEK));
    assert.ok((await walk.text('push-raw')).includes(`城南店${SEEK}？`));
    const box = (name) => walk.session.script('return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()', id(name));
    const [sealed, opened] = [await box('push-sealed'), await box('push-opened')];
    assert.ok(sealed.right <= opened.left && Math.abs(sealed.top - opened.top) < 2, 'side by side');
    await walk.click('push-raw-copy');
    await until('it is said', async () => /已复制/.test(await walk.text('push-raw-copy')));
    assert.equal((await walk.app.command('get_push', { id: push })).raw.includes(SEEK), true);
    await walk.session.press(ESCAPE);
    await walk.gone('push-drawer');
    // What was copied can be pasted: the search field takes it, and the push is found by it.
    await walk.click('inbox-q');
    await walk.session.press(CONTROL, 'v');
    await until('the document in the field', async () => (await walk.value('inbox-q')).includes(SEEK));
    await walk.fill('inbox-q', SEEK);
    await everyRow('the push alone', (row) => row.includes(SEEK));
    await walk.click('inbox-clear');
    await until('all of them', async () => (await rows()).length > 1);
  });

  test('filters by text, kind and sender; what fits nothing says so', async () => {
    const other = await followers.says(seen.books, 2, '新书什么时候到？');
    await wechat.call('POST', '/tap', { appid: seen.shop, follower: 1, type: 'click', key: 'MEMBER_CENTER' });
    await Promise.all([shown('新书'), shown('MEMBER_CENTER')]);
    await walk.write('inbox-q', '新书');
    await everyRow('books alone', (row) => row.includes('新书'));
    await walk.write('inbox-q', '没有人这样写');
    await walk.see('inbox-no-match');
    await walk.click('inbox-clear');
    await shown(SEEK);
    await walk.click('inbox-kind');
    await (await walk.see('inbox-kind-find')).type(`CLICK${ENTER}`);
    await everyRow('taps alone', (row) => row.includes('MEMBER_CENTER'));
    await walk.click('inbox-clear');
    await shown(SEEK);
    await walk.write('inbox-sender', other.openid);
    await everyRow('one sender', (row) => row.includes('新书'));
    await walk.click('inbox-clear');
    await shown(SEEK);
    await walk.tab('inbox-class-component');
    await everyRow('component events alone', (row) => !row.includes(SEEK) && !row.includes('新书'));
    await walk.tab('inbox-class-all');
    await shown(SEEK);
    await walk.take('inbox-account', seen.books);
    await everyRow('one account', (row) => row.includes('云上书房'));
    await walk.click('inbox-clear');
    await shown(SEEK);
  });

  test('paused, the list stands still; resumed, it has what came meanwhile', async () => {
    await walk.click('inbox-pause');
    await until('it says so', async () => /已暂停/.test(await walk.text('inbox-live')));
    const before = await rows();
    await followers.hears(seen.shop, 2, '停下来的时候');
    await stored('停下来的时候');
    assert.deepEqual(await rows(), before);
    await walk.click('inbox-pause');
    await shown('停下来的时候');
  });

  test('a push that was opened the moment it came shows its answer when it is opened again', async () => {
    await followers.says(seen.shop, 2, '一来就看');
    const { id: push } = await stored('一来就看');
    await open('一来就看');
    await close();
    await until('its answer is kept', async () => (await walk.app.command('get_push', { id: push })).item.answer === 'success');
    await open('一来就看');
    await until('the answer', async () => /success/.test(await walk.words(`${id('push-drawer')} .who`)));
    await walk.session.see(`${id('push-checks')} li:last-child[data-verdict="ok"]`);
    await close();
  });

  test('the filter is exported as it is shown', async () => {
    const { openid } = await person(seen.shop, 1);
    await walk.write('inbox-sender', openid);
    await everyRow('his pushes alone', (row) => row.includes(SEEK) || row.includes('MEMBER_CENTER'));
    for (const [format, holds] of [['csv', (text) => text.trim().split(/\r?\n/).length === 3], ['json', (text) => JSON.parse(text).length === 2], ['xml', (text) => text.match(/<MsgType>/g).length === 2]]) {
      const file = join(walk.home, `pushes.${format}`);
      await walk.click('inbox-export');
      await walk.click(`inbox-export-${format}`);
      await walk.display.answer('Save', file);
      await until(`the ${format} file`, () => existsSync(file) && readFileSync(file, 'utf8').includes(SEEK));
      const text = readFileSync(file, 'utf8');
      assert.ok(holds(text), text.slice(0, 600));
      assert.ok(text.includes(openid) && !text.includes('停下来的时候') && !text.includes('一来就看'));
    }
    await walk.click('inbox-clear');
  });

  test('how long pushes are kept is said, and changed by hand', async () => {
    const kept = async () => ((figures) => [figures.keep_days, figures.keep_mib])(await walk.app.command('inbox_figures'));
    const before = await kept();
    await walk.click('inbox-keep');
    await walk.write('inbox-days', '0');
    await walk.click('inbox-keep-save');
    await until('the rule', async () => /1[^]*365/.test(await walk.words('#inbox-days-error')));
    assert.deepEqual(await kept(), before);
    await walk.write('inbox-days', '14');
    await walk.write('inbox-mib', '512');
    await walk.doubleClick('inbox-keep-save');
    await walk.gone('inbox-keep-save');
    assert.deepEqual(await kept(), [14, 512]);
    await until('the figures say so', async () => /14[^]*512/.test(await walk.text('inbox-keep')));
  });

  test('an event that nobody knows is kept as it came', async () => {
    const fields = { MsgType: 'event', Event: 'mystery_box_opened', Box: { Place: '三楼', Prize: '保温杯' } };
    const { push } = await wechat.call('POST', '/message', { appid: seen.shop, follower: 1, fields });
    assert.equal((await followers.end(push)).state, 'taken');
    assert.match(await shown('mystery_box_opened'), /未知类型/);
    const [{ id: stranger, kind_words: words }] = await pushes({ event: 'mystery_box_opened' });
    assert.equal(words, null);
    assert.match((await walk.app.command('get_push', { id: stranger })).raw, /<Box><Place>(<!\[CDATA\[)?三楼(\]\]>)?<\/Place><Prize>(<!\[CDATA\[)?保温杯/);
    await walk.visit(`/messages?open=${stranger}`);
    await walk.session.see(`${id('push-drawer')}[data-id="${stranger}"]`);
    assert.match(await walk.words(`${id('push-fields')} [data-path="Box.Prize"]`), /保温杯/);
    await walk.tab('push-part-raw');
    assert.match(await walk.text('push-raw'), /三楼/);
    await close();
  });

  test('an account whose authorization ended is marked', async () => {
    await wechat.call('POST', '/revoke', { appid: seen.books });
    await until('it has ended', async () => (await walk.app.command('get_account', { component_appid: seen.component, appid: seen.books })).account.state === 'unauthorized');
    const late = await followers.bring({ appid: seen.books, content: '还能退书吗？' });
    assert.deepEqual([late.status, late.text], [200, 'success']);
    assert.match(await shown('还能退书吗'), /已取消授权/);
    assert.equal((await stored('还能退书吗')).ended, true);
    await open('还能退书吗');
    const verdict = await walk.session.script('return [...document.querySelectorAll(arguments[0])].find((one) => one.innerText.includes("授权"))?.dataset.verdict', `${id('push-checks')} li`);
    assert.equal(verdict, 'warning');
    await close();
  });

  test('what was refused has a list of its own, with what to compare where', async () => {
    const refused = await followers.bring({ appid: seen.shop, content: '签名不对', token: WRONG_TOKEN });
    assert.equal(refused.status, 403);
    await walk.go('messages');
    await walk.click('inbox-rejected');
    const card = `${id('rejection-cards')} [data-reason="bad_signature"]`;
    await walk.session.see(card);
    assert.match(await walk.words(card), /1 次[^]*Token/);
    await walk.click('rejections-bad_signature');
    await until('it is listed', async () => new RegExp(`${seen.shop}[^]*403`).test(await walk.words('.rejections')));
    assert.deepEqual(await pushes({ text: '签名不对' }), []);
    // With the right Token and another key.
    await followers.bring({ appid: seen.shop, content: '密钥不对', key: WRONG_KEY });
    await walk.session.see(`${id('rejection-cards')} [data-reason="bad_key"]`);
    assert.match(await walk.words(`${id('rejection-cards')} [data-reason="bad_key"]`), /EncodingAESKey|消息加解密Key/);
  });

  test('a rule in the form: the tester lights it, and the follower gets exactly its text', async () => {
    await walk.go('rules');
    await walk.click('rule-new');
    await walk.click('rule-save');
    await until('a name is needed', async () => /必填/.test(await walk.words('#rule-name-error')));
    assert.deepEqual(await rules(), []);
    await walk.go('messages');
    await keywordRule('问价格', ['价格', '多少钱'], '您问「{{Content}}」：中杯 18 元，大杯 21 元。');
    await walk.write('sample-text', '咖啡多少钱一杯');
    await walk.session.see(`${id('rule-trace')} li.mine.taken[data-verdict="taken"]`);
    await walk.write('sample-text', '你好');
    await walk.session.see(`${id('rule-trace')} li.mine[data-verdict="text"]`);
    await walk.write('sample-text', '咖啡多少钱一杯');
    await walk.session.see(`${id('rule-trace')} li.mine.taken`);
    await until('the answer as the follower sees it', async () => /您问「咖啡多少钱一杯」/.test(await walk.words('.look')));
    await walk.doubleClick('rule-save');
    await walk.see('rule-list');
    assert.deepEqual((await rules()).map((one) => [one.name, one.enabled, one.position]), [['问价格', true, 1]]);
    const end = await followers.hears(seen.shop, 1, '拿铁多少钱？');
    assert.deepEqual([end.state, contentOf(end.reply)], ['taken', '您问「拿铁多少钱？」：中杯 18 元，大杯 21 元。']);
    assert.equal((await followers.hears(seen.shop, 1, '谢谢')).reply, null);
    // The inbox says which rule it was.
    await walk.go('messages');
    await until('the rule in the row', async () => /规则回复[^]*问价格/.test(await shown('拿铁多少钱')));
    await open('拿铁多少钱');
    await walk.tab('push-part-reply');
    assert.match(await walk.text('push-reply-xml'), /中杯 18 元/);
  });

  test('from the answer of a push the way leads to its rule', async () => {
    const { id: number } = await rule('问价格');
    await walk.go('messages');
    await open('拿铁多少钱');
    await walk.tab('push-part-reply');
    await walk.session.click(`${id('push-reply')} .facts a`);
    await walk.gone('push-drawer');
    await until('the rule', async () => (await walk.value('rule-name')) === '问价格' || (await walk.session.script('return document.querySelector(arguments[0])?.className ?? ""', `${id(`rule-${number}`)} .rule`)).includes('fresh'));
  });

  test('the first rule that fits answers: the order is changed by key and by drag', async () => {
    await keywordRule('周三半价', ['多少钱'], '今天周三，都是半价。');
    await walk.doubleClick('rule-save');
    await walk.see('rule-list');
    const [one, two] = [await rule('问价格'), await rule('周三半价')];
    const order = async () => (await rules()).map((rule) => rule.name);
    assert.deepEqual(await order(), ['问价格', '周三半价']);
    assert.match(contentOf((await followers.hears(seen.shop, 1, '美式多少钱？')).reply), /中杯 18 元/);
    await walk.click(`grip-${two.id}`);
    await walk.session.press(UP);
    await until('it is the first', async () => (await order())[0] === '周三半价');
    assert.equal(contentOf((await followers.hears(seen.shop, 1, '摩卡多少钱？')).reply), '今天周三，都是半价。');
    // The other one is dragged above it again.
    const middle = (name) => walk.session.script('const box = document.querySelector(arguments[0]).getBoundingClientRect(); return [box.left + box.width / 2, box.top + box.height / 2, box.height].map(Math.round)', id(name));
    await walk.still();
    const [x, y] = await middle(`grip-${one.id}`);
    const [, above, height] = await middle(`rule-${two.id}`);
    const move = (to) => ({ type: 'pointerMove', x, y: to, duration: 80 });
    const actions = [move(y), { type: 'pointerDown', button: 0 }, move(y - 12), move(above), move(Math.round(above - height / 2 + 4)), { type: 'pointerUp', button: 0 }];
    await walk.session.call('POST', '/actions', { actions: [{ type: 'pointer', id: 'mouse', actions }] });
    await until('it is the first again', async () => (await order())[0] === '问价格');
    assert.match(contentOf((await followers.hears(seen.shop, 1, '果茶多少钱？')).reply), /中杯 18 元/);
  });

  test('switched off, the next one answers; deleted, nobody does', async () => {
    const { id: number } = await rule('问价格');
    await walk.click(`rule-switch-${number}`);
    await until('it is off', async () => (await rule('问价格')).enabled === false);
    assert.equal(contentOf((await followers.hears(seen.shop, 2, '奶茶多少钱？')).reply), '今天周三，都是半价。');
    await removeRule('周三半价');
    const end = await followers.hears(seen.shop, 2, '豆浆多少钱？');
    assert.deepEqual([end.state, end.reply], ['taken', null]);
    await removeRule('问价格');
    assert.deepEqual(await rules(), []);
  });

  test('a customer-service message: the window is counted, and two clicks send one', async () => {
    const text = '您好，早上九点开门。';
    const sent = async () => (await wechat.call('GET', `/accounts/${seen.shop}`)).sent;
    const before = (await sent()).length;
    await followers.hears(seen.shop, 3, '有人在吗？');
    await walk.go('messages');
    await open('有人在吗');
    await walk.click('push-answer');
    await walk.see('chat');
    const window = `${id('send-windows')} [data-cause="message"]`;
    await until('five are left', async () => /还可发 5 条[^]*剩余[^]*\d/.test(await walk.words(window)));
    const counted = await walk.words(window);
    await until('the time runs', async () => (await walk.words(window)) !== counted);
    await walk.write('compose-content', text);
    await walk.doubleClick('compose-send');
    await until('four are left', async () => /还可发 4 条/.test(await walk.words(window)));
    await until('it is in the conversation', async () => (await walk.text('chat-lines')).includes(text));
    assert.equal(await walk.value('compose-content'), '');
    const all = await sent();
    assert.equal(all.length, before + 1, 'once');
    assert.ok(JSON.stringify(all.at(-1)).includes(text) || JSON.stringify(all[0]).includes(text), JSON.stringify(all));
    const { openid } = await person(seen.shop, 3);
    const chat = await walk.app.command('get_conversation', { component_appid: seen.component, appid: seen.shop, openid });
    assert.deepEqual([chat.sent.length, chat.sent[0].ok, chat.windows[0].used], [1, true, 1]);
    // The same conversation on a page of its own; a key sends as well.
    await walk.click('push-chat-page');
    await walk.see('chat-all');
    await walk.write('compose-content', '慢走。');
    await walk.session.press(CONTROL, ENTER);
    await until('three are left', async () => /还可发 3 条/.test(await walk.words(window)));
    assert.equal((await sent()).length, before + 2);
  });

  test('the self-test: every step green here; another Token or key names its step', async () => {
    await walk.go('selftest');
    await walk.take('st-account', seen.shop);
    await walk.write('st-content', '自检一下');
    const good = await selfTest();
    assert.deepEqual(Object.keys(good), ['dns', 'tcp', 'tls', 'path', 'token', 'aes_key', 'answer']);
    assert.ok(Object.values(good).every((outcome) => outcome === 'ok' || outcome === 'skipped'), JSON.stringify(good));
    assert.deepEqual([good.path, good.token, good.aes_key, good.answer], ['ok', 'ok', 'ok', 'ok']);
    await walk.session.see(`${id('st-result')}[data-ok="true"]`);
    assert.equal((await stored('自检一下')).made_up, true);
    await walk.write('st-token', WRONG_TOKEN);
    const wrongToken = await selfTest();
    assert.deepEqual([wrongToken.path, wrongToken.token], ['ok', 'failed']);
    assert.ok(wrongToken.aes_key !== 'failed' && wrongToken.answer !== 'ok', JSON.stringify(wrongToken));
    assert.match(await walk.text('st-result'), /Token/);
    await walk.write('st-token', '');
    await walk.write('st-aes', WRONG_KEY);
    const wrongKey = await selfTest();
    assert.deepEqual([wrongKey.path, wrongKey.token, wrongKey.aes_key], ['ok', 'ok', 'failed']);
    await walk.write('st-aes', '');
    // The first one is still there, and leads to its push.
    await walk.click('st-past-1');
    await walk.click('st-push');
    const { id: push } = await stored('自检一下');
    await walk.session.see(`${id('push-drawer')}[data-id="${push}"]`);
  });

  test('the release check: a rehearsal turns every row green', async () => {
    await walk.go('release');
    const states = await rehearse('1');
    assert.deepEqual(states, { ticket: 'ok', pre_auth_code: 'ok', auth_code: 'ok', authorize: 'ok', api_text: 'ok', text: 'ok', event: 'ok', cancel: 'ok' });
    await walk.session.see(id('release-log'));
  });

  test('what a rehearsal says is in the language of the window', async () => {
    await walk.go('release');
    await walk.speak('en');
    const said = await walk.session.script('return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)', `${id('rehearsal-rows')} code`);
    await walk.speak('zh-CN');
    assert.ok(said.length > 0);
    assert.deepEqual(said.filter((text) => /[\u4e00-\u9fff]/.test(text)), []);
  });

  test('switched off it fails at text and event; on again, all is green', async () => {
    const responder = async () => (await walk.app.command('release_check')).platforms[0].on;
    await walk.go('release');
    await walk.click(`release-switch-${seen.component}`);
    await until('it is off', async () => !(await responder()));
    const off = await rehearse('2');
    assert.deepEqual([off.text, off.event], ['failed', 'failed'], JSON.stringify(off));
    await walk.click(`release-switch-${seen.component}`);
    await until('it is on', responder);
    const on = await rehearse('2');
    assert.ok(Object.values(on).every((state) => state === 'ok'), JSON.stringify(on));
  });

  test('a crowd of followers: rows flow in, the figures count them, and it is quiet again', async () => {
    await walk.go('release');
    const figures = () => walk.app.command('inbox_figures');
    const before = await figures();
    // In the middle of the slider.
    await walk.click('crowd-rate');
    const { per_minute: rate } = await until('they write', async () => ((crowd) => crowd.per_minute > 0 && crowd)(await walk.app.command('get_crowd')));
    assert.ok(rate >= 100 && rate <= 600, `${rate} a minute`);
    await walk.go('messages');
    const [newest] = await pushes({ limit: 1 });
    await until('ten more', async () => (await pushes({ after: newest.id })).length >= 10);
    await until('they are counted on the page', async () => Number((await walk.words(`${id('inbox-keep')} b`)).replace(/\D/g, '')) >= before.rows + 10);
    const top = (await rows())[0];
    await until('another one on top', async () => (await rows())[0] !== top);
    await walk.go('release');
    await walk.session.script('document.querySelector(arguments[0]).focus()', id('crowd-rate'));
    await walk.session.press(HOME);
    await until('they are quiet', async () => (await walk.app.command('get_crowd')).per_minute === 0);
    await until('every push to be taken', async () => (await wechat.state()).pending_pushes === 0);
    const { sent, lost } = await walk.app.command('get_crowd');
    assert.ok(sent >= 10, `${sent} sent`);
    assert.equal(lost, 0);
    assert.ok((await figures()).p99_ms !== null);
  });

  test('every page of it in both languages and themes', { skip: process.env.E2E_NO_PICTURES === '1' }, async () => {
    await shootMessages({ walk, followers, seen, keywordRule, open, close });
    await walk.speak('zh-CN');
  });

  test('nothing was stopped by the content security policy, and WeChat saw no rule broken', async () => {
    assert.deepEqual(await walk.stopped(), []);
    assert.deepEqual((await wechat.state()).violations, []);
  });
});
