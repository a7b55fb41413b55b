// The real window, from first start to live tokens, as a person and an account's administrator would go about it.
//
// Owns the walk; `walk.mjs` holds what walks share, `desktop.mjs` owns processes, `webdriver.mjs` the wire, `browser.mjs`
// the administrator's browser. The QR code is read from the screenshot by an independent reader (zbarimg). Pictures of
// every page in both languages and themes go to E2E_SCREENSHOTS (default docs/screenshots).

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { alive, ended } from './desktop.mjs';
import { shoot } from './pictures.mjs';
import { authorize, binary, id, Walk } from './walk.mjs';
import { ESCAPE, until } from './webdriver.mjs';

const run = promisify(execFile);
let walk;
/** What the walk has found so far. */
const seen = { component: '', accounts: [] };

describe('the window', { concurrency: false }, () => {
  before(async () => {
    walk = await Walk.begin('window');
    await walk.start();
  });

  after(() => walk?.end());

  test('first start offers two ways in', async () => {
    await walk.session.see(id('welcome-sandbox'));
    await walk.session.see(id('welcome-connect'));
    await shoot(walk.app, 'welcome');
  });

  test('one click enters the sandbox, and a ticket arrives', async () => {
    await walk.session.click(id('welcome-sandbox'));
    await walk.session.see(id('sandbox-bar'));
    await until('the mark in the title bar', async () => (await walk.display.titles()).some((title) => title.includes('沙盒')));
    const status = await until('a fresh ticket', async () => {
      const status = await walk.app.api('/v1/status');
      return status.platforms[0]?.ticket.state === 'fresh' ? status : undefined;
    });
    seen.component = status.platforms[0].component_appid;
    await walk.session.see(id(`chain-${seen.component}`));
    await until('a component token', async () => {
      const [platform] = (await walk.app.api('/v1/status')).platforms;
      return platform.component_token.state === 'valid';
    });
  });

  test("the operator's own engine goes on beside the sandbox", () => {
    const [own, sandbox] = [walk.app.engine(false), walk.app.engine(true)];
    assert.equal(own.pid, sandbox.pid);
    assert.notEqual(own.listener, sandbox.listener);
  });

  test('the QR code on the screen holds the launch link', async () => {
    await walk.go('onboard');
    const url = await walk.shownLink();
    const picture = join(walk.home, 'onboard.png');
    // The whole page as a person sees it, not the QR element alone.
    const decoded = await until('a readable QR code', async () => {
      writeFileSync(picture, await walk.session.screenshot());
      const { stdout } = await run('zbarimg', ['--quiet', '--raw', picture]);
      return stdout.trim();
    });
    assert.equal(decoded, url);
  });

  test('three administrators authorize, and the link turns into the account each time', async () => {
    for (let number = 0; number < 3; number += 1) {
      if (number > 0) {
        await walk.session.click(id('onboard-another'));
      }
      const url = await until('a link that is not used up', async () => {
        const url = await walk.shownLink();
        return url !== seen.url ? url : undefined;
      });
      seen.url = url;
      const appid = await authorize(url, (offered) => offered.find((appid) => !seen.accounts.includes(appid)));
      seen.accounts.push(appid);
      await walk.session.see(`${id('onboard-done')}[data-appid="${appid}"]`);
      if (number === 0) await shoot(walk.app, 'onboard-done');
    }
    assert.equal(new Set(seen.accounts).size, 3);
  });

  test('the accounts are listed with live tokens', async () => {
    assert.equal(seen.accounts.length, 3);
    await walk.go('accounts');
    for (const appid of seen.accounts) {
      await walk.session.see(id(`accounts-row-${appid}`));
      await until(`a token of ${appid}`, async () => (await walk.generation(appid)) >= 1);
    }
    const listed = await walk.app.api('/v1/accounts');
    assert.deepEqual(listed.items.map((account) => account.appid).sort(), [...seen.accounts].sort());
    assert.ok(listed.items.every((account) => account.token.state === 'valid'));
  });

  test('a click on refresh makes a new token', async () => {
    const [appid] = seen.accounts;
    const before = await walk.generation(appid);
    await walk.session.click(id(`refresh-${appid}`));
    await until('a newer generation', async () => (await walk.generation(appid)) > before);
    const token = await walk.app.api(`/v1/accounts/${appid}/token`);
    assert.equal(token.generation, await walk.generation(appid));
    seen.generation = token.generation;
  });

  test('the channel room checks the way in, serves a verification file and starts a tunnel', async () => {
    await walk.go('channel');
    await walk.session.see(id('listener'));
    // The way in: every step of the sandbox's own address.
    const health = await until('a self-check that passed', async () => {
      const { door } = await walk.app.command('overview');
      return door.tunnels[0]?.reachable ? door.tunnels[0] : undefined;
    });
    assert.deepEqual(health.steps.map((step) => step.outcome), ['ok', 'ok', 'skipped', 'ok', 'ok']);
    await walk.session.see(id(`check-${health.public_base_url}`));
    // A file, dropped by its name and content, is at the root of the public door.
    await walk.session.click(id('file-paste'));
    await (await walk.session.see(id('file-name'))).type('MP_verify_7vd0KpvN6c1fTlGq.txt');
    await (await walk.session.see(id('file-content'))).type('7vd0KpvN6c1fTlGq');
    await walk.session.click(id('file-add'));
    await walk.session.see(id('file-MP_verify_7vd0KpvN6c1fTlGq.txt'));
    const served = await fetch(`http://${walk.app.engine(true).listener}/MP_verify_7vd0KpvN6c1fTlGq.txt`);
    assert.equal(await served.text(), '7vd0KpvN6c1fTlGq');
    // A way in of the operator's own: nothing to start, but checked like any other.
    await walk.session.click(id('add-tunnel'));
    await walk.session.see(id('client-grid'));
    await shoot(walk.app, 'tunnel-clients');
    await walk.session.click(id('client-natapp'));
    await walk.session.see(id('save-tunnel'));
    await shoot(walk.app, 'tunnel-form');
  });

  test('a second start on the same folder brings this window to front and ends', async () => {
    for (const args of [[], ['--sandbox']]) {
      const second = spawn(binary, ['--data-dir', walk.dataDir, ...args], { env: walk.env, stdio: 'ignore' });
      assert.equal(await ended(second), 0, `wxdesk ${args.join(' ')}`);
    }
  });

  test('every page in both languages and themes', async () => {
    await shoot(walk.app, 'overview', async () => {
      await walk.go('overview');
      await walk.session.see(id(`chain-${seen.component}`));
    });
    await shoot(walk.app, 'onboard', async () => {
      await walk.go('onboard');
      await walk.shownLink();
    });
    await shoot(walk.app, 'accounts', async () => {
      await walk.go('accounts');
      await walk.session.see(id(`accounts-row-${seen.accounts[0]}`));
    });
    await shoot(
      walk.app,
      'account',
      async () => {
        await walk.session.click(id(`accounts-row-${seen.accounts[0]}`));
        await walk.session.see(id('account-drawer'));
      },
      async () => {
        await walk.session.press(ESCAPE);
        await walk.session.gone(id('account-drawer'));
      },
    );
    await shoot(walk.app, 'platforms', async () => {
      await walk.go('platforms');
      await walk.session.see(id(`platform-${seen.component}`));
    });
    await shoot(walk.app, 'platform-edit', async () => {
      await walk.go('platforms');
      await walk.session.click(id(`edit-${seen.component}`));
      await walk.session.see(id('save-platform'));
    });
    await shoot(walk.app, 'platform-new', async () => {
      await walk.go('platforms');
      await walk.session.click(id('add-platform'));
      await walk.session.see(id('form-component_appid'));
    });
    await shoot(walk.app, 'platform-connect', async () => {
      await walk.session.script('location.hash = arguments[0]', `#/platforms/${seen.component}/connect`);
      await walk.session.see(id('callback-urls'));
    });
    await shoot(walk.app, 'channel', async () => {
      await walk.go('channel');
      await walk.session.see(id('file-MP_verify_7vd0KpvN6c1fTlGq.txt'));
    });
    await shoot(walk.app, 'settings', () => walk.go('settings'));
  });

  test("leaving the sandbox shows the operator's own, untouched folder, and coming back loses nothing", async () => {
    await walk.go('settings');
    await walk.session.click(id('leave-sandbox'));
    await walk.session.see(id('welcome-connect'));
    await until('no mark in the title bar', async () => !(await walk.display.titles()).some((title) => title.includes('沙盒')));
    assert.deepEqual((await walk.app.api('/v1/status', false)).platforms, []);
    assert.equal(walk.app.engine(true), undefined, "the sandbox's engine has stopped");
    await walk.session.click(id('welcome-sandbox'));
    await walk.session.see(id('sandbox-bar'));
    await walk.go('accounts');
    for (const appid of seen.accounts) {
      await walk.session.see(id(`accounts-row-${appid}`));
    }
  });

  test('nothing was stopped by the content security policy', async () => {
    assert.deepEqual(await walk.stopped(), []);
  });

  test('it ends within five seconds and leaves no engine behind', async () => {
    const { pid } = walk.app.engine();
    const took = await walk.app.stop();
    assert.ok(took < 5_000, `${took} ms`);
    assert.ok(!alive(pid));
    for (const note of ['engine.json', 'focus.json', 'sandbox/engine.json', 'sandbox/focus.json']) {
      assert.ok(!existsSync(join(walk.dataDir, note)), `${note} is gone`);
    }
  });

  test('a restart keeps everything, the sandbox included', async () => {
    assert.equal(seen.accounts.length, 3);
    await walk.start();
    await walk.session.see(id('sandbox-bar'));
    await walk.go('accounts');
    for (const appid of seen.accounts) {
      await walk.session.see(id(`accounts-row-${appid}`));
    }
    assert.ok((await walk.generation(seen.accounts[0])) >= seen.generation);
    await walk.app.stop();
  });

  test("connecting a platform of one's own: rules as one types, and the callback URLs ready to copy", async () => {
    const appid = 'wx0123456789abcdef';
    const enter = async (field, text) => (await walk.session.see(id(`form-${field}`))).type(text);
    await walk.start({ dataDir: join(walk.home, 'own') });
    await walk.session.click(id('welcome-connect'));
    await enter('name', '门店通');
    await enter('component_appid', 'wx123');
    await enter('component_appsecret', '0123456789abcdef0123456789abcdef');
    await walk.session.see('#form-component_appid-error');
    await (await walk.session.see(id('form-component_appid'))).clear();
    await enter('component_appid', appid);
    await walk.session.gone('#form-component_appid-error');
    for (const field of ['verify_token', 'encoding_aes_key']) await walk.session.click(id(`generate-${field}`));
    await enter('public_base_url', 'https://wx.example.com');
    await walk.session.click(id('save-platform'));
    await walk.session.see(id('connect-panel'));
    const shown = async (row) => (await walk.session.see(id(`callback-${row}`))).text();
    assert.equal(await shown('event_url'), `https://wx.example.com/wechat/${appid}/event`);
    assert.equal(await shown('message_url'), `https://wx.example.com/wechat/${appid}/callback/$APPID$`);
    assert.equal(await shown('authorize_domain'), 'wx.example.com');
    const [platform] = (await walk.app.api('/v1/status', false)).platforms;
    assert.equal(platform.ticket.state, 'missing');
    assert.deepEqual(await walk.stopped(), []);
    await walk.app.stop();
  });

  test('two starts at once make one window', async () => {
    const folder = join(walk.home, 'twice');
    const both = [0, 1].map(() => spawn(binary, ['--data-dir', folder], { env: walk.env, stdio: 'ignore' }));
    const first = await Promise.race(both.map(async (child) => ({ child, code: await ended(child) })));
    assert.equal(first.code, 0, 'the second one hands over');
    const other = both.find((child) => child !== first.child);
    assert.ok(alive(other.pid), 'the first one stays');
    other.kill('SIGTERM');
    assert.equal(await ended(other), 0);
  });

  test('a folder that a daemon holds is refused in words, with exit code 2', async () => {
    const folder = join(walk.home, 'held');
    mkdirSync(folder);
    // Any process that holds the lock will do.
    const holder = spawn('flock', [join(folder, 'engine.lock'), 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
    await new Promise((done) => holder.stdout.once('data', done));
    const second = spawn(binary, ['--data-dir', folder], { env: walk.env, stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    second.stderr.on('data', (chunk) => (words += chunk));
    await until('the words', () => words.includes('is held by'));
    await walk.display.dismiss('wxdesk cannot start');
    assert.equal(await ended(second), 2);
    holder.stdin.end();
    await ended(holder);
  });
});
