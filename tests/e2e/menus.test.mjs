// Everything an operator does with menus, through the real window: taken over, edited by mouse and keys, published, compared,
// rolled back, made for tags and for many accounts.
//
// Owns the walk; `editor.mjs` is its hands and eyes. What followers would get is asked of the simulated WeChat with the
// account's own token, what the engine keeps of its local API; everything the operator does is a click, a drag or a key.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

import { atWeChat, Editor } from './editor.mjs';
import { shootMenus } from './gallery.mjs';
import { id, Walk, Wechat } from './walk.mjs';
import { CONTROL, ESCAPE, until } from './webdriver.mjs';

const CREATE = '/cgi-bin/menu/create';
const ALT = '\uE00A';
const LEFT = '\uE012';
const UP = '\uE013';
const RIGHT = '\uE014';

/** Accounts of the sandbox. The first two have menus that were made on WeChat's website. */
const BOOKS = '云上书房 📚 Reading Room';
const CHAIN = '全国连锁智慧门店数字化运营与会员权益服务中心官方服务账号（华东大区）';
const FRESH = '老邻居生鲜';

/** A menu with something of every kind that the preview shows. */
const FIRST = [
  { type: 'view', name: '官网', url: 'https://www.example.com/' },
  {
    name: '服务',
    sub_button: [
      { type: 'click', name: '营业时间', key: 'HOURS' },
      { type: 'miniprogram', name: '下单', url: 'https://www.example.com/shop', appid: 'wx286b93c14bbf93aa', pagepath: 'pages/shop/index' },
    ],
  },
];
const HOURS = '每天 9:00–21:00';

let walk;
let wechat;
let editor;
/** What the walk has found so far. */
const seen = { component: '' };

const live = (appid) => atWeChat(walk, wechat, appid);
const text = (css) => walk.session.script('return document.querySelector(arguments[0])?.innerText ?? ""', css);
const undo = () => walk.session.press(CONTROL, 'z');
const redo = () => walk.session.press(CONTROL, 'y');

/** An account's administrator scans the link of the page; answers when the engine has kept the account's own menu. */
async function authorized(name) {
  const { appid } = (await wechat.state()).accounts.find((one) => one.nick_name === name);
  await walk.authorized(appid);
  await until(`the menu of ${name} as it was`, async () => (await editor.state(appid)).original);
  return appid;
}

describe("an operator's menus", { concurrency: false }, () => {
  before(async () => {
    walk = await Walk.begin('menus');
    await walk.start({ args: ['--sandbox'] });
    await walk.see('sandbox-bar');
    seen.component = await until('a component token', async () => {
      const [platform] = (await walk.app.api('/v1/status')).platforms;
      return platform?.component_token.state === 'valid' && platform.component_appid;
    });
    wechat = new Wechat((await walk.app.command('app_info')).sandbox_url);
    editor = new Editor(walk, seen.component);
    await walk.speak('zh-CN');
  });

  afterEach(() => walk.clear());
  after(() => walk?.end());

  test('an account comes with its own menu: kept untouched, and beside it what the rules make of it', async () => {
    seen.fresh = await authorized(FRESH);
    seen.chain = await authorized(CHAIN);
    seen.books = await authorized(BOOKS);
    await walk.go('menus');
    await until('made on the website', async () => /网站|mp\.weixin/.test(await text(`[role="row"]:has(${id(`menus-row-${seen.books}`)})`)));
    await editor.open(seen.books);
    assert.match(await walk.text('menu-source'), /mp\.weixin\.qq\.com/);
    await editor.part('takeover');
    await walk.see('mapped-adopt');
    const boards = await walk.session.script(
      `return [...document.querySelectorAll('[data-testid="menu-takeover"] figure.board')].map((one) => one.innerText)`,
    );
    assert.equal(boards.length, 2);
    for (const board of boards) for (const name of ['关于我们', '官网', '营业时间', '本月书单', '门店地图']) assert.ok(board.includes(name), board);
    assert.equal(await live(seen.books), null, 'nothing was written');
  });

  test('the live menu is brought into the draft, and what had to be converted is listed', async () => {
    await editor.part('edit');
    await walk.click('menu-start-live');
    await editor.pick('import-live');
    await until('what was converted', async () => /营业时间[^]*门店地图/.test(await walk.text('import-dialog')));
    await walk.click('import-take');
    await walk.gone('import-dialog');
    await editor.reads('top', ['关于我们', '门店地图']);
    const { set } = await editor.draft(seen.books, (one) => one.button.length === 2);
    assert.deepEqual(set.button[0].sub_button.map((one) => one.type).slice(0, 2), ['view', 'click']);
    assert.equal(set.replies.find((one) => one.key === set.button[0].sub_button[1].key).content, HOURS);
  });

  test('plus-tiles add items until there are three and five', async () => {
    await walk.click('menu-add-top');
    await editor.reads('top', ['关于我们', '门店地图', '菜单名称']);
    await editor.write('menu-name', '新品');
    await editor.reads('top', ['关于我们', '门店地图', '新品']);
    await walk.gone('menu-add-top');
    await editor.choose('top-0');
    for (const [name, page] of [['活动', 'events'], ['地图', 'map']]) {
      await walk.click('menu-add-sub');
      await until('an item to name', async () => (await editor.value('menu-name')) === '子菜单名称');
      await editor.asPage(name, `https://www.example.com/${page}`);
    }
    await editor.reads('sub', ['官网', '营业时间', '本月书单', '活动', '地图']);
    await walk.gone('menu-add-sub');
  });

  test('a name is counted as a phone shows it and as WeChat takes it; a problem leads to its field', async () => {
    await editor.choose('top-1');
    await editor.write('menu-name', '一二三四五');
    await until('cut on a phone', async () => /12|10/.test(await walk.text('menu-name-units')));
    assert.equal((await walk.text('menu-name-units')).trim(), '显示 10 / 8');
    assert.equal((await walk.text('menu-name-bytes')).trim(), '字节 15 / 16');
    assert.match(await text('#menu-name-words'), /一二三/);
    await editor.write('menu-name', '一二三四五ab');
    await until('17 bytes', async () => (await walk.text('menu-name-bytes')).trim() === '字节 17 / 16');
    assert.match(await text('#menu-name-words.bad'), /17/);
    await walk.session.see('#menu-field-name[aria-invalid="true"]');
    // From elsewhere, the list of problems leads back.
    await editor.choose('top-0');
    const line = `${id('menu-problems')} .line.error`;
    const name = await until('the name in the list', () =>
      walk.session.script(`return [...document.querySelectorAll(arguments[0])].find((one) => one.innerText.includes('一二三四五ab'))?.dataset.testid`, line),
    );
    await walk.click(name);
    await until('the caret in the name', () => walk.session.script(`return document.activeElement?.id === 'menu-field-name'`));
    assert.equal(await editor.value('menu-name'), '一二三四五ab');
    await editor.write('menu-name', '门店地图');
    await until('no such problem', async () => !/一二三四五ab/.test(await walk.text('menu-problems')));
  });

  test('items go where the mouse takes them, within a level and across; what was done is taken back and done again', async () => {
    const before = ['官网', '营业时间', '本月书单', '活动', '地图'];
    await editor.choose('top-0');
    await editor.reads('sub', before);
    await editor.drag('sub-0', 'sub-2', [0.5, 0.8], '.row-place .line');
    await editor.drop();
    const after = ['营业时间', '本月书单', '官网', '活动', '地图'];
    await editor.reads('sub', after);
    await undo();
    await editor.reads('sub', before);
    await redo();
    await editor.reads('sub', after);
    // A full sub-menu takes no sixth.
    await editor.drag('top-1', 'top-0', [0.5, 0.5], `${id('menu-ghost')}.refused`);
    await editor.drop();
    await editor.reads('top', ['关于我们', '门店地图', '新品']);
    // Into another item, which becomes a parent.
    await editor.choose('top-0');
    await editor.drag('sub-4', 'top-2', [0.5, 0.5], `${id('menu-top-2')}.into`);
    await editor.drop();
    await editor.reads('sub', ['地图']);
    await undo();
    await until('back at its old place', async () => (await editor.shown('sub')).length !== 1);
    await redo();
    await editor.choose('top-2');
    await editor.reads('sub', ['地图']);
    // Along the bar.
    await editor.drag('top-1', 'top-0', [0.1, 0.5], '.cell-place .line');
    await editor.drop();
    await editor.reads('top', ['门店地图', '关于我们', '新品']);
  });

  test('the same by keys alone', async () => {
    await editor.stand('top-0');
    await walk.session.press(ALT, RIGHT);
    await editor.reads('top', ['关于我们', '门店地图', '新品']);
    await editor.stand('top-0');
    await walk.session.press(UP);
    await walk.session.see(`${id('menu-sub-3')}[aria-selected="true"]`);
    await walk.session.press(ALT, UP);
    await editor.reads('sub', ['营业时间', '本月书单', '活动', '官网']);
    await walk.session.see(`${id('menu-sub-2')}[aria-selected="true"]`);
    await editor.choose('top-2');
    await editor.stand('sub-0');
    await walk.session.press(ALT, LEFT);
    // The neighbour's content would go: it is asked first, and no is an answer.
    await walk.see('confirm-ask');
    await walk.session.press(ESCAPE);
    await walk.gone('confirm-ask');
    await editor.reads('sub', ['地图']);
    await editor.stand('sub-0');
    await walk.session.press(ALT, LEFT);
    await walk.click('confirm-ask');
    await walk.gone('confirm-ask');
    await editor.choose('top-1');
    await editor.reads('sub', ['地图']);
    await undo();
    await editor.choose('top-2');
    await editor.reads('sub', ['地图']);
  });

  test('JSON goes in by pasting; where it breaks is said', async () => {
    await editor.pick('menu-view-json');
    const good = JSON.stringify({ button: FIRST }, null, 2);
    const lines = good.split('\n');
    await editor.paste('menu-json-text', good.replace('"官网",', '"官网"'));
    const line = lines.findIndex((one) => one.includes('官网')) + 1;
    await until('where it breaks', async () => new RegExp(`第?\\s*${line + 1}\\s*行`).test(await walk.text('menu-json-where')));
    await walk.session.see(`${id('menu-json-apply')}[disabled]`);
    await editor.paste('menu-json-text', good);
    await walk.session.see(`${id('menu-json-apply')}:not([disabled])`);
    await walk.click('menu-json-apply');
    await editor.reads('top', ['官网', '服务']);
    await editor.draft(seen.books, (set) => isDeepStrictEqual(set.button, FIRST));
    await editor.pick('menu-view-edit');
    // What a click is answered with is not WeChat's: it is written here.
    await editor.choose('top-1');
    await editor.choose('sub-0');
    await walk.click('menu-reply-add');
    await editor.write('menu-field-reply', HOURS);
    await editor.draft(seen.books, (set) => set.replies.some((one) => one.key === 'HOURS' && one.content === HOURS));
  });

  test('the preview answers taps as a phone would', async () => {
    await editor.pick('menu-view-preview');
    await walk.click('preview-top-0');
    assert.match(await walk.text('preview-page'), /www\.example\.com/);
    await walk.session.press(ESCAPE);
    await walk.gone('preview-page');
    await walk.click('preview-top-1');
    await walk.click('preview-sub-0');
    await until('the answer', async () => /CLICK[^]*HOURS[^]*9:00–21:00/.test(await walk.text('menu-preview')));
    await walk.click('preview-top-1');
    await walk.click('preview-sub-1');
    assert.match(await walk.text('preview-mini'), /pages\/shop\/index/);
    await walk.session.press(ESCAPE);
    await walk.gone('preview-mini');
    await editor.pick('menu-view-edit');
  });

  test('publishing shows the difference, asks, goes by steps and proves it; two clicks are one version', async () => {
    const before = await wechat.calls(CREATE);
    await editor.ready();
    await walk.see('menu-diff');
    assert.ok((await walk.session.script(`return document.querySelectorAll('[data-testid="menu-diff"] [data-kind]').length`)) > 0, 'the difference is shown');
    assert.equal(await wechat.calls(CREATE), before, 'nothing is written before the answer');
    await walk.doubleClick('publish-go');
    await until('it is live', async () => (await editor.versions(seen.books))[0]?.state === 'live');
    // The second click may have landed beside the dialog, which is smaller by then.
    await walk.clear();
    assert.equal(await wechat.calls(CREATE), before + 1);
    const [version, ...older] = await editor.versions(seen.books);
    assert.deepEqual([version.state, version.who, older.length], ['live', 'window', 0]);
    const { steps } = await editor.ask('menu_version', seen.books, { id: version.id });
    assert.deepEqual(steps.map((step) => step.act), ['create', 'read_back']);
    assert.deepEqual(await live(seen.books), { button: FIRST, conditional: [] });
    await until('made by this console', async () => !/mp\.weixin/.test(await walk.text('menu-source')));
    seen.first = version.id;
  });

  test('history: a second version, compared with the first, and back to the first', async () => {
    await editor.choose('top-0');
    await editor.write('menu-name', '商城');
    await editor.reads('top', ['商城', '服务']);
    await editor.ready();
    await editor.go();
    const second = [{ ...FIRST[0], name: '商城' }, FIRST[1]];
    assert.deepEqual(await live(seen.books), { button: second, conditional: [] });
    const [{ id: newest }] = await editor.versions(seen.books);
    await editor.part('history');
    await walk.click(`version-${newest}`);
    await editor.option('version-against', 'before');
    await until('the name that changed', async () => /官网[^]*商城/.test(await text(`${id('menu-history')} ${id('menu-diff')} [data-kind]`)));
    await walk.click(`version-${seen.first}`);
    await until('the first version', async () => (await walk.session.script(`return document.querySelector('[name="menu-version"]:checked')?.value`)) === String(seen.first));
    await walk.click('version-tab-json');
    await until('its JSON', async () => isDeepStrictEqual(JSON.parse(await walk.text('version-json')).button, FIRST));
    await walk.click('version-rollback');
    await walk.see('publish-go');
    await editor.go();
    assert.deepEqual(await live(seen.books), { button: FIRST, conditional: [] });
    assert.deepEqual((await editor.versions(seen.books)).map((one) => [one.cause, one.state]), [['rollback', 'live'], ['draft', 'superseded'], ['draft', 'superseded']]);
    await editor.part('edit');
    await editor.reads('top', ['官网', '服务']);
  });

  test("the account's own menu is put back with a click", async () => {
    const { original } = await editor.state(seen.books);
    await editor.part('takeover');
    await walk.click('original-back');
    await walk.see('publish-go');
    await editor.go();
    assert.deepEqual((await live(seen.books)).button, original.live.set.button);
    await editor.part('edit');
    await editor.reads('top', ['关于我们', '门店地图']);
  });

  test('a menu for a tag: added, published, and what a user sees is asked of WeChat', async () => {
    await editor.open(seen.fresh);
    await walk.click('menu-add-first');
    await editor.asPage('首页', 'https://www.example.com/');
    await walk.click('menu-tab-conditional');
    await walk.click('menu-cond-first');
    await editor.write('menu-cond-name', '会员');
    await editor.write('menu-cond-tag', '100');
    await walk.click('menu-add-top');
    await editor.asPage('会员中心', 'https://www.example.com/vip');
    await until('one host', async () => /1 \/ 3/.test(await text(id('menu-cond-domains')) || '1 / 3'));
    await editor.ready();
    await editor.go();
    const home = { type: 'view', name: '首页', url: 'https://www.example.com/' };
    const vip = { type: 'view', name: '会员中心', url: 'https://www.example.com/vip' };
    assert.deepEqual(await live(seen.fresh), { button: [home], conditional: [{ button: [home, vip], matchrule: { tag_id: '100' } }] });
    await editor.more('match');
    for (const [user, words] of [['follower-vip', /命中[^]*会员中心/], ['follower-android', /默认菜单[^]*首页/]]) {
      await editor.write('match-user', user);
      await walk.click('match-ask');
      await until(`what ${user} sees`, async () => words.test(await walk.text('match-dialog')));
    }
  });

  test('deleting asks for the name, says what goes along, and leaves nothing', async () => {
    await editor.more('delete');
    await walk.see('confirm-name');
    assert.match(await text('dialog[open]'), /个性化菜单/);
    await walk.session.see(`${id('confirm-danger')}[disabled]`);
    await editor.write('confirm-name', FRESH);
    await walk.session.see(`${id('confirm-danger')}:not([disabled])`);
    await walk.doubleClick('confirm-danger');
    await editor.proved();
    assert.equal(await live(seen.fresh), null);
    assert.deepEqual((await editor.versions(seen.fresh)).map((one) => one.cause), ['delete', 'draft']);
  });

  test('a template with a variable goes to two accounts; what failed is tried again', async () => {
    await walk.go('menus');
    await walk.click('menus-templates');
    await walk.click('template-new');
    await walk.click('template-new-empty');
    await editor.write('template-name', '连锁门店');
    await walk.click('variable-add');
    const variable = `${id('template-variables')} tbody input.mono`;
    await walk.session.click(variable);
    await (await walk.session.see(variable)).type('phone');
    await walk.see('variable-chip-phone');
    await walk.click('menu-add-first');
    await editor.asPage('门店', 'https://www.example.com/{{appid}}?tel={{phone}}');
    await walk.click('template-save');
    const template = await until('the template', async () => (await walk.app.command('list_menu_templates')).find((one) => one.name === '连锁门店'));
    assert.deepEqual(template.variables.map((one) => [one.name, one.default]), [['phone', null]]);
    await walk.go('menus');
    for (const appid of [seen.books, seen.fresh]) {
      await walk.click(`menus-select-${appid}`);
      await until('ticked', () => walk.session.script('return document.querySelector(arguments[0]).checked', id(`menus-select-${appid}`)));
    }
    await walk.click('menus-apply');
    // The dry run: neither can go without the value.
    const lines = (ok) => walk.session.script(`return document.querySelectorAll('[data-testid="dry-run"] tr[data-ok="' + arguments[0] + '"]').length`, String(ok));
    await until('both lack the value', async () => (await lines(false)) === 2);
    const order = await walk.session.script(`return [...document.querySelectorAll('[data-testid="value-sheet"] tbody th small')].map((one) => one.textContent.trim())`);
    assert.deepEqual(order.toSorted(), [seen.books, seen.fresh].toSorted());
    for (const [row, appid] of order.entries()) {
      const cell = `[data-cell="${row}.0"]`;
      await walk.session.click(cell);
      await (await walk.session.see(cell)).type(appid === seen.books ? '111' : '222');
    }
    await until('both are ready', async () => (await lines(true)) === 2);
    await walk.session.see(`${id('dry-run')}:not(.old)`);
    assert.equal(await live(seen.fresh), null, 'a dry run writes nothing');
    const end = await wechat.fault({ effect: 'errcode', code: 40054 }, { path: CREATE, appid: seen.fresh, times: 1 });
    await walk.session.see(`${id('apply-start')}:not([disabled])`);
    await walk.click('apply-start');
    await walk.doubleClick('confirm-ask');
    const jobs = async () => (await walk.app.command('list_bulk_jobs')).filter((one) => one.kind === 'apply_menu_template');
    await until('it has ended', async () => (await jobs())[0]?.state === 'done');
    assert.deepEqual((await jobs()).map((job) => [job.total, job.failed]), [[2, 1]], 'two clicks, one job');
    await walk.click('apply-report');
    await until('the line that failed', async () => /40054/.test(await walk.text('bulk-lines')));
    const page = (appid, phone) => [{ type: 'view', name: '门店', url: `https://www.example.com/${appid}?tel=${phone}` }];
    assert.deepEqual((await live(seen.books)).button, page(seen.books, '111'));
    assert.equal(await live(seen.fresh), null);
    await end();
    await walk.click('bulk-again');
    await until('the rest has ended', async () => (await jobs()).length === 2 && (await jobs()).every((job) => job.state === 'done'));
    assert.deepEqual((await jobs()).map((job) => [job.total, job.failed]).toSorted(), [[1, 0], [2, 1]]);
    assert.deepEqual((await live(seen.fresh)).button, page(seen.fresh, '222'));
  });

  test('every page of it in both languages and themes', { skip: process.env.E2E_NO_PICTURES === '1' }, async () => {
    await shootMenus({ walk, editor, seen });
    await walk.speak('zh-CN');
  });

  test('a draft outlives the app; nothing was stopped by the content security policy, and WeChat saw no rule broken', async () => {
    await editor.open(seen.fresh);
    await editor.choose('top-0');
    await editor.write('menu-name', '明天再发');
    await walk.session.see(`${id('menu-save-state')}[data-state="saved"]`);
    assert.deepEqual(await walk.stopped(), []);
    assert.deepEqual((await wechat.state()).violations, []);
    await walk.app.stop();
    await walk.start({ args: ['--sandbox'] });
    await walk.see('sandbox-bar');
    await editor.open(seen.fresh);
    await editor.reads('top', ['明天再发']);
    assert.deepEqual(await walk.stopped(), []);
  });
});
