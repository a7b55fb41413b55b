// The real window, from first start to live tokens, as a person and an account's administrator would go about it.
//
// Owns the walk; `desktop.mjs` owns processes, `webdriver.mjs` the wire, `browser.mjs` the administrator's browser. The
// QR code is read from the screenshot by an independent reader (zbarimg). Pictures of every page in both languages and
// themes go to E2E_SCREENSHOTS (default docs/screenshots). The app under test is WXDESK_BIN.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { open, submit } from './browser.mjs';
import { alive, App, Display, ended, environment } from './desktop.mjs';
import { shoot } from './pictures.mjs';
import { ESCAPE, until } from './webdriver.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const binary = resolve(process.env.WXDESK_BIN ?? join(root, 'target/debug/wxdesk'));
const run = promisify(execFile);

const home = mkdtempSync(join(tmpdir(), 'wxdesk-e2e-'));
const dataDir = join(home, 'wxdesk data');
let display;
let env;
let app;
/** What the walk has found so far. */
const seen = { component: '', accounts: [] };

const id = (name) => `[data-testid="${name}"]`;
const start = async (folder = dataDir) => {
  // What a failed test left running must not be in the way.
  await app?.kill();
  app = await App.start({ binary, dataDir: folder, env });
  // Anything that the content security policy stops is a mistake of ours: it is collected, and asserted at the end.
  await app.session.script(`
    window.stopped = [];
    document.addEventListener('securitypolicyviolation', (e) => window.stopped.push(e.violatedDirective + ' ' + e.blockedURI));`);
};
const stopped = () => app.session.script('return window.stopped');
const go = (page) => app.session.click(id(`nav-${page}`));
const attribute = async (css, name) => (await app.session.see(css)).attribute(name);
const generation = async (appid) => Number(await attribute(id(`generation-${appid}`), 'data-generation'));

/** An account's administrator agrees: launch page, WeChat's page, confirmation, result page. */
async function authorize(launchUrl, appid) {
  const launch = await open(launchUrl);
  assert.equal(launch.status, 200, 'the launch page opens');
  const wechat = launch.links.find((link) => link.includes('componentloginpage') || link.includes('bindcomponent'));
  assert.ok(wechat, 'the launch page leads to WeChat');
  const choice = await open(wechat, { from: launch.url });
  const [form] = choice.forms;
  assert.ok(form, `WeChat's page offers accounts: ${choice.html.slice(0, 300)}`);
  const offered = form.options.filter(([name]) => name === 'appid').map(([, value]) => value);
  const chosen = appid ?? offered.find((candidate) => !seen.accounts.includes(candidate));
  const result = await submit(choice, form, { appid: chosen });
  assert.equal(result.status, 200, 'the result page opens');
  assert.ok(result.url.startsWith(new URL(launchUrl).origin), 'WeChat leads back to our domain');
  return chosen;
}

/** The link that the onboard page shows now, once its QR code is there. */
async function shownLink() {
  await app.session.see(id('onboard-qr'));
  return until('a launch URL', () => attribute(id('onboard-url'), 'data-url'));
}

describe('the window', { concurrency: false }, () => {
  before(async () => {
    assert.ok(existsSync(binary), `${binary} is built`);
    display = await Display.start();
    env = environment(display, home);
    await start();
  });

  after(async () => {
    await app?.kill();
    await display?.stop();
    // The web view's processes may still be writing their last.
    rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  test('first start offers two ways in', async () => {
    await app.session.see(id('welcome-sandbox'));
    await app.session.see(id('welcome-connect'));
    await shoot(app, 'welcome');
  });

  test('one click enters the sandbox, and a ticket arrives', async () => {
    await app.session.click(id('welcome-sandbox'));
    await app.session.see(id('sandbox-bar'));
    await until('the mark in the title bar', async () => (await display.titles()).some((title) => title.includes('沙盒')));
    const status = await until('a fresh ticket', async () => {
      const status = await app.api('/v1/status');
      return status.platforms[0]?.ticket.state === 'fresh' ? status : undefined;
    });
    seen.component = status.platforms[0].component_appid;
    await app.session.see(id(`chain-${seen.component}`));
    await until('a component token', async () => {
      const [platform] = (await app.api('/v1/status')).platforms;
      return platform.component_token.state === 'valid';
    });
  });

  test("the operator's own engine goes on beside the sandbox", () => {
    const [own, sandbox] = [app.engine(false), app.engine(true)];
    assert.equal(own.pid, sandbox.pid);
    assert.notEqual(own.listener, sandbox.listener);
  });

  test('the QR code on the screen holds the launch link', async () => {
    await go('onboard');
    const url = await shownLink();
    const picture = join(home, 'onboard.png');
    // The whole page as a person sees it, not the QR element alone.
    const decoded = await until('a readable QR code', async () => {
      writeFileSync(picture, await app.session.screenshot());
      const { stdout } = await run('zbarimg', ['--quiet', '--raw', picture]);
      return stdout.trim();
    });
    assert.equal(decoded, url);
  });

  test('three administrators authorize, and the link turns into the account each time', async () => {
    for (let number = 0; number < 3; number += 1) {
      if (number > 0) {
        await app.session.click(id('onboard-another'));
      }
      const url = await until('a link that is not used up', async () => {
        const url = await shownLink();
        return url !== seen.url ? url : undefined;
      });
      seen.url = url;
      const appid = await authorize(url);
      seen.accounts.push(appid);
      await app.session.see(`${id('onboard-done')}[data-appid="${appid}"]`);
      if (number === 0) await shoot(app, 'onboard-done');
    }
    assert.equal(new Set(seen.accounts).size, 3);
  });

  test('the accounts are listed with live tokens', async () => {
    assert.equal(seen.accounts.length, 3);
    await go('accounts');
    for (const appid of seen.accounts) {
      await app.session.see(id(`accounts-row-${appid}`));
      await until(`a token of ${appid}`, async () => (await generation(appid)) >= 1);
    }
    const listed = await app.api('/v1/accounts');
    assert.deepEqual(listed.items.map((account) => account.appid).sort(), [...seen.accounts].sort());
    assert.ok(listed.items.every((account) => account.token.state === 'valid'));
  });

  test('a click on refresh makes a new token', async () => {
    const [appid] = seen.accounts;
    const before = await generation(appid);
    await app.session.click(id(`refresh-${appid}`));
    await until('a newer generation', async () => (await generation(appid)) > before);
    const token = await app.api(`/v1/accounts/${appid}/token`);
    assert.equal(token.generation, await generation(appid));
    seen.generation = token.generation;
  });

  test('the channel room checks the way in, serves a verification file and starts a tunnel', async () => {
    await go('channel');
    await app.session.see(id('listener'));
    // The way in: every step of the sandbox's own address.
    const health = await until('a self-check that passed', async () => {
      const { door } = await app.command('overview');
      return door.tunnels[0]?.reachable ? door.tunnels[0] : undefined;
    });
    assert.deepEqual(health.steps.map((step) => step.outcome), ['ok', 'ok', 'skipped', 'ok', 'ok']);
    await app.session.see(id(`check-${health.public_base_url}`));
    // A file, dropped by its name and content, is at the root of the public door.
    await app.session.click(id('file-paste'));
    await (await app.session.see(id('file-name'))).type('MP_verify_7vd0KpvN6c1fTlGq.txt');
    await (await app.session.see(id('file-content'))).type('7vd0KpvN6c1fTlGq');
    await app.session.click(id('file-add'));
    await app.session.see(id('file-MP_verify_7vd0KpvN6c1fTlGq.txt'));
    const served = await fetch(`http://${app.engine(true).listener}/MP_verify_7vd0KpvN6c1fTlGq.txt`);
    assert.equal(await served.text(), '7vd0KpvN6c1fTlGq');
    // A way in of the operator's own: nothing to start, but checked like any other.
    await app.session.click(id('add-tunnel'));
    await app.session.see(id('client-grid'));
    await shoot(app, 'tunnel-clients');
    await app.session.click(id('client-natapp'));
    await app.session.see(id('save-tunnel'));
    await shoot(app, 'tunnel-form');
  });

  test('a second start on the same folder brings this window to front and ends', async () => {
    for (const args of [[], ['--sandbox']]) {
      const second = spawn(binary, ['--data-dir', dataDir, ...args], { env, stdio: 'ignore' });
      assert.equal(await ended(second), 0, `wxdesk ${args.join(' ')}`);
    }
  });

  test('every page in both languages and themes', async () => {
    await shoot(app, 'overview', async () => {
      await go('overview');
      await app.session.see(id(`chain-${seen.component}`));
    });
    await shoot(app, 'onboard', async () => {
      await go('onboard');
      await shownLink();
    });
    await shoot(app, 'accounts', async () => {
      await go('accounts');
      await app.session.see(id(`accounts-row-${seen.accounts[0]}`));
    });
    await shoot(
      app,
      'account',
      async () => {
        await app.session.click(id(`accounts-row-${seen.accounts[0]}`));
        await app.session.see(id('account-drawer'));
      },
      async () => {
        await app.session.press(ESCAPE);
        await app.session.gone(id('account-drawer'));
      },
    );
    await shoot(app, 'platforms', async () => {
      await go('platforms');
      await app.session.see(id(`platform-${seen.component}`));
    });
    await shoot(app, 'platform-edit', async () => {
      await go('platforms');
      await app.session.click(id(`edit-${seen.component}`));
      await app.session.see(id('save-platform'));
    });
    await shoot(app, 'platform-new', async () => {
      await go('platforms');
      await app.session.click(id('add-platform'));
      await app.session.see(id('form-component_appid'));
    });
    await shoot(app, 'platform-connect', async () => {
      await app.session.script('location.hash = arguments[0]', `#/platforms/${seen.component}/connect`);
      await app.session.see(id('callback-urls'));
    });
    await shoot(app, 'channel', async () => {
      await go('channel');
      await app.session.see(id('file-MP_verify_7vd0KpvN6c1fTlGq.txt'));
    });
    await shoot(app, 'settings', () => go('settings'));
  });

  test("leaving the sandbox shows the operator's own, untouched folder, and coming back loses nothing", async () => {
    await go('settings');
    await app.session.click(id('leave-sandbox'));
    await app.session.see(id('welcome-connect'));
    await until('no mark in the title bar', async () => !(await display.titles()).some((title) => title.includes('沙盒')));
    assert.deepEqual((await app.api('/v1/status', false)).platforms, []);
    assert.equal(app.engine(true), undefined, "the sandbox's engine has stopped");
    await app.session.click(id('welcome-sandbox'));
    await app.session.see(id('sandbox-bar'));
    await go('accounts');
    for (const appid of seen.accounts) {
      await app.session.see(id(`accounts-row-${appid}`));
    }
  });

  test('nothing was stopped by the content security policy', async () => {
    assert.deepEqual(await stopped(), []);
  });

  test('it ends within five seconds and leaves no engine behind', async () => {
    const { pid } = app.engine();
    const took = await app.stop();
    assert.ok(took < 5_000, `${took} ms`);
    assert.ok(!alive(pid));
    for (const note of ['engine.json', 'focus.json', 'sandbox/engine.json', 'sandbox/focus.json']) {
      assert.ok(!existsSync(join(dataDir, note)), `${note} is gone`);
    }
  });

  test('a restart keeps everything, the sandbox included', async () => {
    assert.equal(seen.accounts.length, 3);
    await start();
    await app.session.see(id('sandbox-bar'));
    await go('accounts');
    for (const appid of seen.accounts) {
      await app.session.see(id(`accounts-row-${appid}`));
    }
    assert.ok((await generation(seen.accounts[0])) >= seen.generation);
    await app.stop();
  });

  test("connecting a platform of one's own: rules as one types, and the callback URLs ready to copy", async () => {
    const appid = 'wx0123456789abcdef';
    const enter = async (field, text) => (await app.session.see(id(`form-${field}`))).type(text);
    await start(join(home, 'own'));
    await app.session.click(id('welcome-connect'));
    await enter('name', '门店通');
    await enter('component_appid', 'wx123');
    await enter('component_appsecret', '0123456789abcdef0123456789abcdef');
    await app.session.see('#form-component_appid-error');
    await (await app.session.see(id('form-component_appid'))).clear();
    await enter('component_appid', appid);
    await app.session.gone('#form-component_appid-error');
    for (const field of ['verify_token', 'encoding_aes_key']) await app.session.click(id(`generate-${field}`));
    await enter('public_base_url', 'https://wx.example.com');
    await app.session.click(id('save-platform'));
    await app.session.see(id('connect-panel'));
    const shown = async (row) => (await app.session.see(id(`callback-${row}`))).text();
    assert.equal(await shown('event_url'), `https://wx.example.com/wechat/${appid}/event`);
    assert.equal(await shown('message_url'), `https://wx.example.com/wechat/${appid}/callback/$APPID$`);
    assert.equal(await shown('authorize_domain'), 'wx.example.com');
    const [platform] = (await app.api('/v1/status', false)).platforms;
    assert.equal(platform.ticket.state, 'missing');
    assert.deepEqual(await stopped(), []);
    await app.stop();
  });

  test('two starts at once make one window', async () => {
    const folder = join(home, 'twice');
    const both = [0, 1].map(() => spawn(binary, ['--data-dir', folder], { env, stdio: 'ignore' }));
    const first = await Promise.race(both.map(async (child) => ({ child, code: await ended(child) })));
    assert.equal(first.code, 0, 'the second one hands over');
    const other = both.find((child) => child !== first.child);
    assert.ok(alive(other.pid), 'the first one stays');
    other.kill('SIGTERM');
    assert.equal(await ended(other), 0);
  });

  test('a folder that a daemon holds is refused in words, with exit code 2', async () => {
    const folder = join(home, 'held');
    mkdirSync(folder);
    // Any process that holds the lock will do.
    const holder = spawn('flock', [join(folder, 'engine.lock'), 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
    await new Promise((done) => holder.stdout.once('data', done));
    const second = spawn(binary, ['--data-dir', folder], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    second.stderr.on('data', (chunk) => (words += chunk));
    await until('the words', () => words.includes('is held by'));
    await display.dismiss('wxdesk cannot start');
    assert.equal(await ended(second), 2);
    holder.stdin.end();
    await ended(holder);
  });
});
