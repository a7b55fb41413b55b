// Messages on their way to business servers, through the real window: servers that answer followers, servers that are told
// of everything, what happens when they fail, a push that is sent again, and a program that is killed in the middle.
//
// Owns the walk, in the sandbox. The business server is this process, followers are played over the sandbox's controls, what
// a follower got is asked of it, what the engine keeps of its commands; everything the operator does is a click or a key.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { alive } from './desktop.mjs';
import { shootForward } from './gallery.mjs';
import { answerTo, Business, contentOf, Followers } from './talk.mjs';
import { id, Walk, Wechat } from './walk.mjs';
import { HOME, until } from './webdriver.mjs';

const SECRET = 'chengnan-members-2026';
const ASK = '/ask';
const TELL = '/tell';
/** Longest wait for the answering server, ms: beyond what the inbox calls slow. */
const LIMIT_MS = 1_300;
/** Followers who write until the program is killed, each one message after the other. */
const WRITERS = 12;
/** So many messages are taken before that. */
const TAKEN = 120;
const ROWS = `${id('inbox-table')} [role="row"]:has([role="gridcell"])`;

let walk;
let wechat;
let followers;
let business;
/** What the walk has found so far. */
const seen = { component: '', shop: '', asked: null, told: null, stopped: [] };

const pushes = async (query = {}) => (await walk.app.command('list_pushes', { query })).items;
const stored = (text) => until(`${text} in the store`, async () => (await pushes({ text, class: 'message' }))[0]);
const rules = () => walk.app.command('list_rules');
const targets = () => walk.app.command('list_targets');
const target = async (number) => (await targets()).find((one) => one.id === number);
const deliveries = async (number, state) => (await walk.app.command('list_deliveries', { query: { target_id: number, state } })).items;
const rows = () => walk.session.script('return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)', ROWS);
const shown = (text) => until(`a row with ${text}`, async () => (await rows()).find((row) => row.includes(text)));
const openid = async (number) => (await wechat.call('GET', `/accounts/${seen.shop}`)).people[number].openid;

/** The sandbox's address changes with every start. */
async function reach() {
  seen.component = await until('a component token', async () => {
    const [platform] = (await walk.app.api('/v1/status')).platforms;
    return platform?.component_token.state === 'valid' && platform.component_appid;
  });
  wechat = new Wechat((await walk.app.command('app_info')).sandbox_url);
  followers = new Followers(wechat);
}

/** Opens a stored push beside the inbox. */
async function open(text) {
  const { id: push } = await stored(text);
  await walk.visit(`/messages?open=${push}`);
  await walk.session.see(`${id('push-drawer')}[data-id="${push}"]`);
  await walk.see('push-checks');
  return push;
}

/** Fills in a new server, as far as saving it. */
async function serverForm(name, mode, url) {
  await walk.go('rules');
  await walk.tab('forward-tab-targets');
  await walk.click('target-new');
  await walk.write('target-name', name);
  await walk.pick(`target-mode-${mode}`);
  await walk.write('target-url', url);
}

/** A server's own page. */
async function page(number) {
  await walk.visit(`/targets/${number}`);
  await walk.see(`target-page-${number}`);
}

/** Its state in the list of the engine and on its page. */
async function fares(number, state) {
  await until(`state ${state}`, async () => (await target(number)).health.state === state);
  await walk.session.see(`${id(`target-page-${number}`)} [data-state="${state}"]`);
}

/** Sends a stored push again: to the rules, or to a server; answers the words of what came of it. */
async function replay(text, way, number) {
  await open(text);
  await walk.click('push-replay');
  await walk.pick(`replay-${way}`);
  if (number) await walk.pick(`replay-target-${number}`);
  await walk.click('replay-run');
  return walk.text('replay-report');
}

describe('messages on their way to business servers', { concurrency: false }, () => {
  before(async () => {
    business = await Business.open(SECRET);
    walk = await Walk.begin('forward');
    await walk.start({ args: ['--sandbox'] });
    await walk.see('sandbox-bar');
    await reach();
    seen.shop = (await wechat.state()).accounts[0].appid;
    await walk.speak('zh-CN');
    await walk.authorized(seen.shop);
  });

  afterEach(async () => {
    business.answer = () => 'success';
    await walk.clear();
  });
  after(async () => {
    await business?.down();
    await walk?.end();
  });

  test('a server on this machine needs a tick of its own, or the form says so', async () => {
    await serverForm('会员系统', 'answering', business.url(`${ASK}/$APPID$`));
    await walk.write('target-timeout', String(LIMIT_MS));
    await walk.paste('target-secret', SECRET);
    await walk.click('target-save');
    await until('it says so', async () => /内网|本机/.test(await walk.words('#target-form .tick-error')));
    assert.deepEqual(await targets(), []);
    await walk.pick('target-private');
    await walk.doubleClick('target-save');
    const [saved] = await until('one server', async () => ((all) => all.length > 0 && all)(await targets()));
    await walk.see(`target-page-${saved.id}`);
    assert.deepEqual([saved.mode, saved.private_ok, saved.timeout_ms, (await targets()).length], ['answering', true, LIMIT_MS, 1]);
    seen.asked = saved.id;
    // A made-up message finds out whether it works.
    business.answer = (one) => answerTo(one, '收到');
    await walk.click('target-test');
    assert.match(await walk.text('test-verdict'), /应答正常[^]*200/);
    const [test] = business.got;
    assert.ok(business.isSigned(test));
    assert.equal(test.headers['x-wxdesk-test'], '1');
  });

  test('what its writer is told is what arrives', async () => {
    await page(seen.asked);
    await walk.tab('target-tab-guide');
    const example = await until('an example in JSON', async () => (await walk.words('.guide')).match(/\{\s*"id"[^]*?\n\}/)?.[0]);
    const [{ json, headers }] = business.got;
    const told = JSON.parse(example);
    for (const name of Object.keys(told)) assert.ok(name in json, `${name} of the example arrives: ${Object.keys(json).join(', ')}`);
    const nested = Object.keys(told).find((name) => typeof told[name] === 'object');
    assert.equal(json[nested]?.MsgType, 'text');
    assert.ok('x-wxdesk-timestamp' in headers && 'x-wxdesk-signature' in headers);
  });

  test('an answering server: its reply is what the follower gets', async () => {
    await walk.go('rules');
    await walk.tab('forward-tab-rules');
    await walk.click('rule-new');
    await walk.write('rule-name', '问会员系统');
    await walk.click('rule-type-text');
    await walk.option('rule-text-how', 'contains');
    await walk.paste('rule-text', '积分');
    await walk.pick('rule-kind-target');
    await walk.option('answer-target', String(seen.asked));
    await walk.doubleClick('rule-save');
    await walk.see('rule-list');
    assert.equal((await rules()).length, 1);
    business.answer = (one) => answerTo(one, `${one.json.message.Content}：320 分`);
    const end = await followers.hears(seen.shop, 1, '我的积分');
    assert.deepEqual([end.state, end.tries, contentOf(end.reply)], ['taken', 1, '我的积分：320 分']);
    const asked = await business.heard(`${ASK}/${seen.shop}`, '我的积分');
    assert.ok(business.isSigned(asked));
    assert.deepEqual([asked.json.appid, asked.json.sender, asked.json.component_appid], [seen.shop, await openid(1), seen.component]);
    await walk.go('messages');
    await until('who answered, in its row', async () => /业务服务器回复/.test(await shown('我的积分')));
    assert.equal((await stored('我的积分')).answer, 'target');
  });

  test('garbage or silence: the follower gets nothing, and the inbox says why and how slow', async () => {
    for (const [text, answer, words] of [
      ['乱说的积分', () => '<h1>It works</h1>', /应答|回复/],
      ['出错的积分', () => ({ status: 500, text: 'oops' }), /状态码 ?500|不是 ?2xx/],
      ['慢慢的积分', () => null, /时限|超时/],
    ]) {
      business.answer = answer;
      const end = await followers.hears(seen.shop, 1, text);
      assert.deepEqual([end.state, end.tries, end.reply, end.shown], ['taken', 1, null, null], text);
      const push = await until(`${text} as failed`, async () => ((one) => one?.answer === 'target_failed' && one)((await pushes({ text }))[0]));
      await walk.go('messages');
      await until('the same in its row', async () => /业务服务器无效回复/.test(await shown(text)));
      await open(text);
      await walk.tab('push-part-reply');
      const trouble = await walk.text('push-trouble');
      assert.match(trouble, words);
      assert.doesNotMatch(trouble, /状态码，/, 'a status that is named has a number');
      await walk.clear();
      if (text.startsWith('慢')) assert.ok(push.took_ms >= LIMIT_MS && end.took_ms < 4_500, `${push.took_ms} ms, ${end.took_ms} ms`);
    }
    await walk.visit('/messages');
    await walk.click('inbox-slow');
    await until('the slow one alone', async () => ((all) => all.length === 1 && all[0].includes('慢慢的积分'))(await rows()));
    await walk.click('inbox-clear');
    // It answers again.
    business.answer = (one) => answerTo(one, '好了');
    assert.equal(contentOf((await followers.hears(seen.shop, 1, '再查积分')).reply), '好了');
  });

  test('a notified server: every message, signed, in the order of each follower', async () => {
    await serverForm('数据仓库', 'notified', business.url(TELL));
    await walk.pick('target-private');
    await walk.paste('target-secret', SECRET);
    await walk.doubleClick('target-save');
    seen.told = (await until('two servers', async () => ((all) => all.length === 2 && all)(await targets()))).find((one) => one.name === '数据仓库').id;
    await walk.go('rules');
    await walk.tab('forward-tab-rules');
    await walk.click('rule-new');
    await walk.write('rule-name', '全部转发');
    await walk.pick('rule-kind-pass');
    await walk.click('rule-save');
    await until('a server is needed', async () => /服务器|勾选|通知/.test(await walk.words('#rule-notify-error')));
    await walk.pick(`rule-notify-${seen.told}`);
    await walk.doubleClick('rule-save');
    await walk.see('rule-list');
    const all = await rules();
    assert.deepEqual(all.map((one) => one.name), ['问会员系统', '全部转发']);
    // It only tells, so it goes to the top, and the one below still answers.
    await walk.click(`grip-${all[1].id}`);
    await walk.session.press(HOME);
    await until('it is the first', async () => (await rules())[0].name === '全部转发');
    business.answer = (one) => (one.path === TELL ? 'success' : answerTo(one, '还是我答'));
    const words = (number) => [1, 2, 3, 4, 5].map((n) => `第${n}句，来自${number}`);
    await Promise.all([1, 2].map(async (number) => {
      for (const text of words(number)) await followers.hears(seen.shop, number, text);
    }));
    assert.equal(contentOf((await followers.hears(seen.shop, 3, '积分还有吗')).reply), '还是我答');
    await business.heard(TELL, '积分还有吗');
    for (const number of [1, 2]) {
      const from = await openid(number);
      await until('five of them', () => business.texts(TELL, from).length >= 5);
      assert.deepEqual(business.texts(TELL, from), words(number));
    }
    assert.ok(business.at(TELL).every((one) => business.isSigned(one)));
    assert.ok(business.at(TELL).every((one) => one.headers['x-wxdesk-test'] === undefined));
    await until('nothing waits', async () => (await target(seen.told)).health.waiting === 0);
    await until('each in the log', async () => (await deliveries(seen.told, 'delivered')).length === 11);
  });

  test('a push says which servers have it, and the way leads there', async () => {
    await open('第3句，来自1');
    await walk.tab('push-part-deliveries');
    await walk.session.see(`${id('push-deliveries')} [data-state="delivered"]`);
    assert.match(await walk.text('push-deliveries'), /数据仓库[^]*已送达/);
    await walk.session.script('document.querySelector(arguments[0]).click()', `${id('push-deliveries')} a`);
    await walk.gone('push-drawer');
    await walk.see(`target-page-${seen.told}`);
  });

  test('the answer to a message that is only told comes into its row and its drawer by itself', async () => {
    await walk.visit('/messages');
    await walk.session.see(ROWS);
    await followers.hears(seen.shop, 1, '只是通知');
    const { id: push } = await stored('只是通知');
    await until('the answer is known', async () => (await walk.app.command('get_push', { id: push })).item.answer === 'success');
    await until('it is in the row', async () => /success/.test(await shown('只是通知')));
    await followers.hears(seen.shop, 1, '还是通知');
    const other = await open('还是通知');
    await until('the answer is known', async () => (await walk.app.command('get_push', { id: other })).item.answer === 'success');
    await until('it is in the drawer', async () => /success/.test(await walk.words(`${id('push-drawer')} .who`)));
  });

  test('a delivery that ends while its push is open shows by itself', async () => {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    business.answer = async (one) => {
      if (one.path === TELL) await held;
      return 'success';
    };
    try {
      await followers.hears(seen.shop, 1, '慢慢送');
      const push = await open('慢慢送');
      await walk.tab('push-part-deliveries');
      await walk.session.see(`${id('push-deliveries')} [data-state="waiting"]`);
      // From here on nothing else of it is due.
      await until('the answer is known', async () => (await walk.app.command('get_push', { id: push })).item.answer === 'success');
    } finally {
      release();
    }
    await until('it is delivered', async () => (await target(seen.told)).health.waiting === 0);
    await walk.session.see(`${id('push-deliveries')} [data-state="delivered"]`);
  });

  test('a server that is down is left alone; tried by hand, it gets everything in order', async () => {
    await business.down();
    const numbers = [0, 1, 2, 3];
    for (const n of [1, 2]) {
      for (const number of numbers) {
        const end = await followers.hears(seen.shop, number, `停机${n}，来自${number}`);
        assert.deepEqual([end.state, end.reply], ['taken', null], 'the follower notices nothing');
      }
    }
    await page(seen.told);
    await fares(seen.told, 'open');
    await until('eight wait', async () => (await target(seen.told)).health.waiting === 8);
    await until('they are shown', async () => /停机1，来自0/.test(await walk.text('deliveries-waiting')));
    assert.match(await walk.words('.trouble'), /连接|连不上|拒绝/);
    // The list has it too.
    await walk.go('rules');
    await walk.tab('forward-tab-targets');
    await until('eight in the list', async () => /待投递 8/.test(await walk.text(`target-${seen.told}`)));
    await walk.session.see(`${id(`target-${seen.told}`)} [data-state="open"]`);
    await business.up();
    await until('it is delivered', async () => {
      // A probe of its own may have failed a moment ago, and opened it for longer.
      await (await walk.session.find(id(`target-try-${seen.told}`)))?.click();
      return (await target(seen.told)).health.waiting === 0;
    });
    for (const number of numbers) {
      const from = await openid(number);
      assert.deepEqual(business.texts(TELL, from).filter((text) => text.startsWith('停机')), [1, 2].map((n) => `停机${n}，来自${number}`));
    }
    await page(seen.told);
    await fares(seen.told, 'ok');
    await walk.tab('target-tab-log');
    await until('both outcomes in the log', async () => /失败/.test(await walk.text('deliveries-log')) && /已送达|成功/.test(await walk.text('deliveries-log')));
  });

  test('a stored push is sent again: to the rules, which the follower does not notice, and to a server', async () => {
    business.answer = (one) => (one.path === TELL ? 'success' : answerTo(one, '重放的应答'));
    const asked = () => business.at(`${ASK}/${seen.shop}`);
    const told = (what) => business.texts(TELL).filter((text) => text === what).length;
    const { push } = await followers.says(seen.shop, 3, '积分能换什么');
    await followers.end(push);
    await business.heard(TELL, '积分能换什么');
    const before = asked().length;
    const report = await replay('积分能换什么', 'rules');
    const steps = await walk.session.script('return [...document.querySelectorAll(arguments[0])].map((one) => [one.querySelector(".ellipsis").textContent, one.dataset.verdict])', `${id('replay-report')} li[data-verdict]`);
    assert.deepEqual(steps, [['全部转发', 'passed'], ['问会员系统', 'taken']]);
    // The server is asked once more, its answer is shown, and the one that is told has it once more.
    assert.equal(asked().length, before + 1);
    assert.match(report, /问了「会员系统」[^]*重放的应答/);
    assert.match(report, /已重新排队给：数据仓库/);
    await until('told once more', () => told('积分能换什么') === 2);
    assert.equal((await wechat.call('GET', `/push/${push}`)).attempts.length, 1, 'WeChat knows nothing of it');
    await walk.clear();
    const answered = await replay('积分能换什么', 'target', seen.asked);
    assert.match(answered, /应答正常[^]*重放的应答/);
    assert.equal(asked().length, before + 2, 'once');
    const last = asked().at(-1);
    assert.equal(last.json.message.Content, '积分能换什么');
    assert.ok(business.isSigned(last));
    assert.equal(told('积分能换什么'), 2);
    // By its number the server knows it again.
    assert.equal(last.headers['x-wxdesk-id'], asked().find((one) => one.json.message.Content === '积分能换什么').headers['x-wxdesk-id']);
  });

  test('a server that speaks the protocol of WeChat gets a push as WeChat sealed it', async () => {
    const format = async (name) => {
      await page(seen.told);
      await walk.click('target-edit');
      await walk.pick(`target-format-${name}`);
      await walk.click('target-save');
      await until(`it gets ${name}`, async () => (await target(seen.told)).format === name);
      await walk.see(`target-page-${seen.told}`);
    };
    await format('sealed');
    const sealed = await followers.bring({ appid: seen.shop, content: '原样转发' });
    assert.deepEqual([sealed.status, sealed.text], [200, 'success']);
    const path = `${TELL}?${sealed.query}`;
    const got = await until('the same query', () => business.got.find((one) => one.path === path));
    assert.equal(got.raw.toString(), sealed.body);
    await until('nothing waits', async () => (await target(seen.told)).health.waiting === 0);
    await format('json');
  });

  test('every page of it in both languages and themes', { skip: process.env.E2E_NO_PICTURES === '1' }, async () => {
    business.answer = (one) => (one.path === TELL ? 'success' : answerTo(one, '320 分，可换中杯一杯。'));
    await shootForward({ walk, seen, open, text: '积分能换什么' });
    await walk.speak('zh-CN');
  });

  test('killed in the middle of a burst, it loses nothing that WeChat was told is taken', async () => {
    seen.stopped.push(...(await walk.stopped()));
    const taken = [];
    let over = false;
    const writer = async (number) => {
      for (let n = 1; !over; n += 1) {
        const text = `连发${n}，来自${number}`;
        const end = await followers.hears(seen.shop, number, text).catch(() => undefined);
        if (end?.state === 'taken') taken.push({ number, text });
      }
    };
    const writers = Array.from({ length: WRITERS }, (_, number) => writer(number));
    await until(`${TAKEN} taken`, () => taken.length >= TAKEN);
    const { pid } = walk.app.engine(true);
    process.kill(pid, 'SIGKILL');
    over = true;
    await until('it is dead', () => !alive(pid));
    await Promise.all(writers);
    assert.ok(taken.length >= TAKEN);
    await walk.start({ args: ['--sandbox'] });
    await walk.see('sandbox-bar');
    await until('another process', () => walk.app.engine(true)?.pid !== pid);
    await reach();
    // WeChat sends again what nobody answered.
    await until('every push to be taken', async () => (await wechat.state()).pending_pushes === 0);
    const kept = [];
    for (let before = null; ; ) {
      const page = await walk.app.command('list_pushes', { query: { text: '连发', limit: 500, ...(before && { before }) } });
      kept.push(...page.items.map((one) => one.text));
      before = page.next_before;
      if (!before) break;
    }
    assert.equal(new Set(kept).size, kept.length, 'nothing twice');
    for (const { text } of taken) assert.ok(kept.includes(text), `${text} is in the inbox`);
    await until('nothing waits', async () => (await target(seen.told)).health.waiting === 0);
    const told = new Set(business.texts(TELL));
    for (const text of kept) assert.ok(told.has(text), `${text} was told`);
    for (const number of Array.from({ length: WRITERS }, (_, n) => n)) {
      const first = [...new Set(business.texts(TELL, await openid(number)).filter((text) => text.startsWith('连发')))];
      assert.deepEqual(first, first.toSorted((a, b) => Number(a.match(/\d+/)[0]) - Number(b.match(/\d+/)[0])), 'in order');
    }
    await walk.go('messages');
    await until('the window has them', async () => (await rows()).some((row) => row.includes('连发')));
  });

  test('a server that rules use cannot be removed; afterwards it can, with its name', async () => {
    await page(seen.told);
    await walk.click('target-remove');
    await until('the rule is named', async () => /全部转发/.test(await walk.words('dialog[open]')));
    assert.equal(await walk.session.find(id('confirm-danger')), undefined);
    assert.ok(await target(seen.told));
    const { id: number } = (await rules()).find((one) => one.name === '全部转发');
    await walk.click('target-rules');
    await walk.click(`rule-remove-${number}`);
    await walk.doubleClick('confirm-ask');
    await walk.gone('confirm-ask');
    await walk.gone(`rule-${number}`);
    await page(seen.told);
    await walk.click('target-remove');
    await (await walk.see('confirm-name')).type('数据仓库');
    await walk.session.see(`${id('confirm-danger')}:not([disabled])`);
    await walk.doubleClick('confirm-danger');
    await until('it is gone', async () => (await target(seen.told)) === undefined);
    assert.equal((await targets()).length, 1);
  });

  test('nothing was stopped by the content security policy, and WeChat saw no rule broken', async () => {
    assert.deepEqual([...seen.stopped, ...(await walk.stopped())], []);
    assert.deepEqual((await wechat.state()).violations, []);
  });
});
