// Pictures of the pages about links, accounts, calls and menus, at the smallest window that they must look well in.
//
// Owns what each of them shows; `pictures.mjs` owns how a picture is kept. Comes last in its walk: it leaves the simulated
// WeChat with accounts that the store does not know.

import { shoot } from './pictures.mjs';
import { id } from './walk.mjs';
import { ENTER, until } from './webdriver.mjs';

const REFRESH = '/cgi-bin/component/api_authorizer_token';

/** Goes through the pages with the steps of the walk, and with what it has found. */
export async function shootAccounts({ walk, wechat, seen, again, linkState, escape, drawer }) {
  const { app, session } = walk;
  await session.setSize(1100, 720);
  const [appid, second] = seen.accounts;
  const layer = async (name, picture, show) => shoot(app, picture, show, () => escape(name));
  // Links in many states, one of them still open.
  const open = await again();
  await shoot(app, 'links', async () => {
    await walk.go('links');
    await linkState(open.link_id, 'waiting');
  });
  await layer('link-drawer', 'link', async () => {
    await session.click(`${id(`link-${open.link_id}`)} td:first-child`);
    await walk.see('link-qr');
  });
  await layer('poster', 'link-poster', async () => {
    await walk.click(`poster-${open.link_id}`);
    await walk.see('poster');
  });
  await shoot(app, 'tenants', async () => {
    await walk.go('tenants');
    await walk.see('tenant-城南店');
  });
  for (const [tab, part] of [['token', 'token-timeline'], ['history', 'history'], ['options', 'option-location_report']]) {
    await layer('account-drawer', `account-${tab}`, async () => {
      await drawer(appid, tab);
      await walk.see(part);
    });
  }
  await layer('account-drawer', 'account-details', async () => {
    await drawer(second, 'details');
    await walk.see('detail-extras');
  });
  await wechat.call('POST', '/accounts', { count: 3 });
  const end = await wechat.fault({ effect: 'push_skip' }, { path: 'unauthorized' });
  await wechat.call('POST', '/revoke', { appid: seen.many[1] });
  await walk.go('accounts');
  await walk.click('accounts-reconcile');
  await walk.click('reconcile-read');
  await shoot(app, 'reconcile', () => walk.see('reconcile-apply'));
  await end();
  await shoot(app, 'calls', async () => {
    await walk.go('calls');
    await session.see(`${id('calls-table')} [role="row"][aria-rowindex="2"]`);
  });
  await layer('call-drawer', 'call', async () => {
    await walk.visit('/calls?errcode=45009');
    await session.click(`${id('calls-table')} [role="row"][aria-rowindex="2"] .took`);
    await walk.see('call-drawer');
  });
  await walk.click('calls-clear');
  await shoot(app, 'quota', async () => {
    await walk.go('quota');
    await walk.see('quota-/cgi-bin/component/api_component_token');
  });
  const refused = await wechat.fault({ effect: 'errcode', code: 45009 }, { path: REFRESH, appid: seen.many[3], times: 1 });
  await walk.go('accounts');
  await walk.click('bulk-all');
  await walk.click('bulk-kind-refresh');
  await walk.doubleClick('confirm-ask');
  await session.see(`${id('bulk-job')}[data-kind="refresh"][data-state="done"]`);
  await refused();
  await layer('bulk-lines', 'bulk-report', async () => {
    await session.click(`${id('bulk-job')}[data-kind="refresh"] ${id('bulk-report')}`);
    await walk.see('bulk-lines');
  });
  await walk.click('select-all');
  await shoot(app, 'accounts-chosen', () => walk.see('selection-bar'));
}

/** A menu that fills every place, with names that phones cut. */
function fullMenu() {
  const page = (name, number) => ({ type: 'view', name, url: `https://www.example.com/page/${number}?from=menu` });
  const tops = ['会员服务中', '门店与活动', '关于我们'];
  const subs = ['积分查询与兑换', '附近门店与营业时间查询', '会员专享折扣券', 'Gift cards & orders', '联系客服'];
  return tops.map((name, i) => ({ name, sub_button: subs.map((sub, j) => (j === 4 ? { type: 'click', name: sub, key: `SERVICE_${i}` } : page(sub, i * 10 + j))) }));
}

/** Goes through the menus' pages; `seen.books` has versions, `seen.chain` its own menu alone, `seen.fresh` a template's. */
export async function shootMenus({ walk, editor, seen }) {
  const { app, session } = walk;
  const { books, chain, fresh } = seen;
  const layer = (name, picture, show) =>
    shoot(app, picture, show, async () => {
      await walk.clear();
      await walk.gone(name);
    });
  await session.setSize(1100, 720);
  // What the walk left at the foot of the window is no part of these pages.
  await walk.click('bulk-away-all');
  await walk.gone('bulk-away-all');
  const button = fullMenu();
  const long = structuredClone(button);
  long[0].name = '会员服务与权益中心';
  const vip = { name: '会员', matchrule: { tag_id: '100' }, button: button.slice(0, 2) };
  const apple = { name: '苹果手机', matchrule: { tag_id: '101', client_platform_type: '1' }, button: button.slice(1) };
  await shoot(app, 'menus', async () => {
    await walk.go('menus');
    await walk.see(`menus-row-${chain}`);
  });
  await editor.open(chain);
  await editor.part('takeover');
  await shoot(app, 'menu-takeover', () => walk.see('mapped-adopt'));
  await editor.part('edit');
  await editor.put(chain, { button, conditional: [], replies: [] });
  await until('the new draft on the phone', async () => (await editor.shown('top'))[2] === button[2].name);
  await editor.choose('top-0');
  await shoot(app, 'menu-editor', () => editor.choose('sub-1'));
  await editor.write('menu-name', '附近门店');
  await editor.choose('top-0');
  await editor.write('menu-name', long[0].name);
  await shoot(app, 'menu-problem', () => session.see(`${id('menu-problems')} .line.error`));
  await editor.write('menu-name', button[0].name);
  await until('no error is left', async () => !(await session.find(`${id('menu-problems')} .line.error`)));
  await shoot(app, 'menu-json', () => editor.pick('menu-view-json'));
  await shoot(app, 'menu-preview', async () => {
    await editor.pick('menu-view-preview');
    if (!(await session.find(id('preview-sub-0')))) await walk.click('preview-top-1');
    await session.see(id('preview-sub-0'));
  });
  await editor.pick('menu-view-edit');
  await editor.put(chain, { button, conditional: [vip, apple], replies: [] });
  await until('two conditional menus', async () => /2/.test(await walk.text('menu-tab-conditional')));
  await walk.click('menu-tab-conditional');
  await shoot(app, 'menu-conditional', () => walk.see('menu-rule'));
  await layer('publish-go', 'menu-publish', async () => {
    await editor.ready();
    await walk.see('menu-diff');
  });
  await editor.open(books);
  await editor.part('history');
  await walk.click(`version-${seen.first}`);
  await shoot(app, 'menu-history', () => session.see(`${id('menu-history')} ${id('menu-diff')}`));
  await walk.go('menus');
  await walk.click('menus-rules');
  await walk.click('own-add');
  const own = id('own-buttons');
  await (await session.see(`${own} input.name`)).type('在线客服');
  await (await session.see(`${own} .field input`)).type('https://www.example.com/service');
  await walk.click('rules-account');
  await (await walk.see('rules-account-find')).type(chain);
  await until('the account alone', async () => {
    const found = await session.script(`return [...document.querySelectorAll('#rules-account-list [role="option"]')].map((one) => one.textContent)`);
    return found.length === 1 && found[0].includes(chain);
  });
  await session.press(ENTER);
  await until('its menu', async () => /语音导览[^]*在线客服/.test(await session.script(`return document.querySelector('.preview')?.innerText ?? ''`)));
  await shoot(app, 'menu-rules', async () => {
    await walk.see('rules-form');
    await session.see('.preview .boards');
  });
  await walk.go('menus');
  await walk.click('leave-discard');
  await walk.click('menus-templates');
  await shoot(app, 'menu-templates', () => session.see('[data-testid^="template-apply-"]'));
  await walk.go('menus');
  for (const appid of [books, fresh]) await walk.click(`menus-select-${appid}`);
  await walk.click('menus-apply');
  await shoot(app, 'menu-apply', () => session.see(`${id('dry-run')}:not(.old)`));
}

/** Goes through the pages of an account that is connected with its own AppSecret. */
export async function shootOwn({ walk, appid }) {
  const { app, session } = walk;
  await session.setSize(1100, 720);
  await shoot(app, 'own', async () => {
    await walk.visit(`/own/${appid}`);
    await walk.see('own-save');
  });
  await shoot(app, 'own-connect', async () => {
    await walk.visit(`/own/${appid}/connect`);
    await session.see('[data-verdict="passed"]');
  });
}

/** Goes through the rooms around an account: web OAuth, JS-SDK, QR codes and the console, as the walk left them. */
export async function shootRooms({ walk, seen }) {
  const { app, session } = walk;
  const { shop, link } = seen;
  const page = 'http://127.0.0.1/member?id=7';
  await session.setSize(1100, 720);
  await shoot(app, 'oauth-links', async () => {
    await walk.visit(`/oauth?link=${link}`);
    await session.see(`${id('oauth-link')}[data-state="${link}"] ${id('oauth-results')}`);
  });
  await shoot(app, 'oauth-users', async () => {
    await walk.visit('/oauth?tab=users');
    await session.see(`${id('oauth-users')} [role="row"][aria-rowindex="2"]`);
  });
  await shoot(app, 'oauth-routes', async () => {
    await walk.visit('/oauth?tab=routes');
    await session.see('[data-testid^="route-remove-"]');
  });
  await walk.visit(`/jssdk?appid=${shop}&platform=${seen.component}`);
  await walk.write('jssdk-url', page);
  await walk.click('jssdk-sign');
  await shoot(app, 'jssdk', () => walk.see('jssdk-block'));
  await shoot(app, 'scenes', async () => {
    await walk.go('scenes');
    await session.see(`${id('scene-table')} [role="row"][aria-rowindex="2"]`);
  });
  await walk.go('console');
  await walk.take('console-account', shop);
  await walk.click('form-user_info');
  await walk.write('api-query-openid', seen.reader);
  await walk.click('console-send');
  await shoot(app, 'console', () => session.see(`${id('console-answer')}[data-outcome="ok"]`));
}

/** Goes through the rooms of messages, as the walk left them: pushes of each kind, what was refused, self-tests, rehearsals. */
export async function shootMessages({ walk, followers, seen, keywordRule, open, close }) {
  const { app, session } = walk;
  const { shop } = seen;
  const words = '价格在哪里看？';
  await session.setSize(1100, 720);
  for (const [name, keys, answer] of [['问价格', ['价格', '多少钱'], '中杯 18 元，大杯 21 元。'], ['找门店', ['地址', '在哪'], '{{account}} 全市 32 家店，发送位置查看最近的一家。'], ['营业时间', ['几点', '开门'], '每天 9:00–21:00。']]) {
    await keywordRule(name, keys, answer);
    await walk.doubleClick('rule-save');
    await walk.see('rule-list');
  }
  const { openid } = await followers.says(shop, 1, words);
  await shoot(app, 'inbox', async () => {
    await walk.visit('/messages');
    await until('the last row', async () => (await walk.text('inbox-table')).includes(words));
  });
  const drawer = (picture, part, see) =>
    shoot(
      app,
      picture,
      async () => {
        await open(words);
        await walk.tab(`push-part-${part}`);
        await walk.see(see);
      },
      () => close(),
    );
  await drawer('push', 'fields', 'push-fields');
  await drawer('push-forms', 'raw', 'push-sealed');
  await drawer('push-reply', 'reply', 'push-reply-xml');
  await shoot(app, 'conversation', async () => {
    await walk.visit(`/messages/chat/${seen.component}/${shop}/${openid}`);
    await walk.see('send-windows');
  });
  await shoot(app, 'rejected', async () => {
    await walk.visit('/messages/rejected');
    await walk.see('rejection-cards');
  });
  await shoot(app, 'rules', async () => {
    await walk.visit('/rules');
    await walk.see('rule-list');
  });
  const [{ id: first }] = await app.command('list_rules');
  await shoot(app, 'rule', async () => {
    await walk.visit(`/rules/${first}`);
    await walk.see('trace-result');
  });
  await walk.visit('/selftest');
  await walk.take('st-account', shop);
  await walk.click('st-run');
  await shoot(app, 'selftest', () => session.see(`${id('st-result')}[data-ok="true"]`));
  await shoot(app, 'release', async () => {
    await walk.visit('/release');
    await walk.see('rehearsal-rows');
  });
}

/** Goes through the rooms of business servers, as the walk left them: one that answers and one that is told. */
export async function shootForward({ walk, seen, open, text }) {
  const { app, session } = walk;
  await session.setSize(1100, 720);
  await shoot(app, 'targets', async () => {
    await walk.visit('/targets');
    await walk.see('target-list');
  });
  await shoot(app, 'target', async () => {
    await walk.visit(`/targets/${seen.told}?tab=log`);
    await walk.see('deliveries-log');
  });
  await shoot(app, 'target-form', async () => {
    await walk.visit(`/targets/${seen.asked}/edit`);
    await walk.see('target-save');
  });
  for (const [picture, lead] of [['push-deliveries', async () => walk.tab('push-part-deliveries')], ['push-replay', async () => {
    await walk.click('push-replay');
    await walk.pick('replay-target');
    await walk.pick(`replay-target-${seen.asked}`);
    await walk.click('replay-run');
    await walk.see('replay-report');
  }]]) {
    await shoot(
      app,
      picture,
      async () => {
        await open(text);
        await lead();
      },
      () => walk.clear(),
    );
  }
}
