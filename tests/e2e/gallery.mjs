// Pictures of the pages about links, accounts and calls, at the smallest window that they must look well in.
//
// Owns what each of them shows; `pictures.mjs` owns how a picture is kept. Comes last in its walk: it leaves the simulated
// WeChat with accounts that the store does not know.

import { shoot } from './pictures.mjs';
import { id } from './walk.mjs';

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

export async function shootMenus() {}
