// What every walk through the real window shares: a desktop, a data folder that is thrown away, the window's own words for
// things on it, the administrator's part, and the simulated WeChat's controls.
//
// Owns the order of starting and ending; asserts only what every walk wants. The app under test is WXDESK_BIN.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { open, submit } from './browser.mjs';
import { App, Display, environment } from './desktop.mjs';
import { BACKSPACE, CONTROL, ENTER, ESCAPE, until } from './webdriver.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const binary = resolve(process.env.WXDESK_BIN ?? join(root, 'target/debug/wxdesk'));

/** The selector of what a page names for tests. */
export const id = (name) => `[data-testid="${name}"]`;

/** A desktop, and at most one app on it. */
export class Walk {
  static async begin(name) {
    assert.ok(existsSync(binary), `${binary} is built`);
    const walk = new Walk(mkdtempSync(join(tmpdir(), `wxdesk-${name}-`)));
    walk.display = await Display.start();
    walk.env = environment(walk.display, walk.home);
    return walk;
  }

  constructor(home) {
    this.home = home;
    this.dataDir = join(home, 'wxdesk data');
  }

  get session() {
    return this.app.session;
  }

  async start({ dataDir = this.dataDir, args } = {}) {
    // What a failed test left running must not be in the way.
    await this.app?.kill();
    this.app = await App.start({ binary, dataDir, env: this.env, args });
    // Anything that the content security policy stops is a mistake of ours: it is collected, and asserted at the end.
    await this.session.script(`
      window.stopped = [];
      document.addEventListener('securitypolicyviolation', (e) => window.stopped.push(e.violatedDirective + ' ' + e.blockedURI));`);
  }

  async end() {
    await this.app?.kill();
    await this.display?.stop();
    // The web view's processes may still be writing their last.
    rmSync(this.home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  /** What the content security policy stopped. */
  stopped() {
    return this.session.script('return window.stopped');
  }

  see(name) {
    return this.session.see(id(name));
  }

  /** Closes every layer, so that what one test left open is not in the way of the next. */
  async clear() {
    await until('no layer', async () => {
      if (!(await this.session.find('dialog[open]'))) return true;
      await this.session.press(ESCAPE);
      return false;
    });
  }

  /** Waits until no layer and no bar slides in any more: a click aims at where a thing was a moment ago. */
  still() {
    const moving = `return [...document.querySelectorAll('dialog[open], [data-testid="selection-bar"]')].some((one) => one.getAnimations().some((a) => a.playState === 'running'))`;
    return until('layers at rest', async () => !(await this.session.script(moving)));
  }

  async click(name) {
    await this.see(name);
    await this.still();
    await this.session.click(id(name));
  }

  /** Chooses a tab. What is said above the tabs moves them when fresh news of the account comes, under the pointer too. */
  async tab(name) {
    const lit = `${id(name)}[aria-selected="true"]`;
    await until(`the tab ${name}`, async () => {
      if (await this.session.find(lit)) return true;
      await this.click(name);
      return false;
    });
  }

  async doubleClick(name) {
    await this.see(name);
    await this.still();
    await this.session.doubleClick(id(name));
  }

  gone(name) {
    return this.session.gone(id(name));
  }

  go(page) {
    return this.click(`nav-${page}`);
  }

  /** Goes to an address of the window, as a link in it would. */
  visit(address) {
    return this.session.script('location.hash = arguments[0]', `#${address}`);
  }

  async attribute(css, name) {
    return (await this.session.see(css)).attribute(name);
  }

  /** All words of a part of the page. WebKit's driver leaves out what is cut off with an ellipsis. */
  async text(name) {
    await this.see(name);
    return this.session.script('return document.querySelector(arguments[0]).innerText', id(name));
  }

  /** Scrolls to the middle of the page what may lie under a bar that stays. */
  centre(css) {
    return this.session.script('document.querySelector(arguments[0])?.scrollIntoView({ block: "center" })', css);
  }

  /** Types over what a field holds, as a person does. */
  async fill(name, text) {
    await this.see(name);
    await this.centre(id(name));
    await this.click(name);
    await this.session.press(CONTROL, 'a');
    if (text === '') await this.session.press(BACKSPACE);
    else await (await this.see(name)).type(text);
  }

  /** What a field holds. */
  value(name) {
    return this.session.script('return document.querySelector(arguments[0])?.value', id(name));
  }

  /** Types over a field until it holds the text: what was half typed when something moved is typed again. */
  async write(name, text) {
    await until(`${name}: ${text}`, async () => {
      if ((await this.value(name)) === text) return true;
      await this.fill(name, text);
      return (await this.value(name)) === text;
    });
  }

  /** Puts a text into a field at once, as pasting does. */
  async paste(name, text) {
    await until(`${name} pasted`, async () => {
      await this.session.click(id(name));
      await this.session.press(CONTROL, 'a');
      await this.session.script(`document.execCommand('insertText', false, arguments[0])`, text);
      return (await this.value(name)) === text;
    });
  }

  /** Chooses a radio or a tick that is drawn as its label. */
  async pick(name, on = true) {
    await until(`${name} chosen`, async () => {
      if ((await this.session.script('return document.querySelector(arguments[0])?.checked ?? null', id(name))) === on) return true;
      const label = `label:has(${id(name)})`;
      await this.centre(label);
      await (await this.session.find(label))?.click();
      return false;
    });
  }

  /** Chooses one of a native list. */
  async option(name, value) {
    await until(`${name} = ${value}`, async () => {
      if ((await this.value(name)) === value) return true;
      await (await this.session.find(`${id(name)} option[value="${value}"]`))?.click();
      return (await this.value(name)) === value;
    });
  }

  /** Finds an account by its appid where accounts are searched for, and takes it. */
  async take(name, appid) {
    await this.click(name);
    await (await this.see(`${name}-find`)).type(appid);
    const label = await until(`${appid} alone`, async () => {
      const found = await this.session.script('return [...document.querySelectorAll(arguments[0])].map((one) => [one.textContent, one.querySelector(".ellipsis").textContent])', `#${name}-list [role="option"]`);
      return found.length === 1 && found[0][0].includes(appid) && found[0][1];
    });
    await this.session.press(ENTER);
    await this.gone(`${name}-find`);
    // What is below belongs to the account before until this one's name stands here.
    await until(`${label} chosen`, async () => (await this.text(name)).includes(label));
  }

  /** The words of whatever a selector finds first, with all that is cut off; empty when there is nothing. */
  words(css) {
    return this.session.script('return document.querySelector(arguments[0])?.innerText ?? ""', css);
  }

  async generation(appid) {
    return Number(await this.attribute(id(`generation-${appid}`), 'data-generation'));
  }

  /** The link that the onboard page shows now, once its QR code is there. */
  async shownLink() {
    await this.see('onboard-qr');
    return until('a launch URL', () => this.attribute(id('onboard-url'), 'data-url'));
  }

  /** An account's administrator scans a link of the onboard page that nobody used; answers when the account is there. */
  async authorized(appid) {
    await this.go('onboard');
    const url = await until('a link that is not used up', async () => {
      await (await this.session.find(id('onboard-another')))?.click();
      const shown = await this.shownLink();
      return shown !== this.used && shown;
    });
    this.used = url;
    await authorize(url, appid);
    await this.session.see(`${id('onboard-done')}[data-appid="${appid}"]`);
  }

  /** Chooses the window's language with its own switch. */
  async speak(locale) {
    const language = () => this.see('lang-switch');
    if ((await (await language()).attribute('data-locale')) !== locale) await (await language()).click();
    await until(`the page in ${locale}`, async () => (await (await language()).attribute('data-locale')) === locale);
  }
}

/** The words of a visitor's page: its heading and the line under it. */
export function words(page) {
  const part = (tag) => page.html.match(new RegExp(`<${tag}>([^<]*)</${tag}>`))?.[1] ?? '';
  return [part('h1'), part('p')];
}

/** WeChat's page for a link that was sent: the launch page, and where its button leads. */
export async function atWechat(launchUrl, { language } = {}) {
  const launch = await open(launchUrl, { language });
  assert.equal(launch.status, 200, 'the launch page opens');
  const target = launch.links.find((link) => link.includes('componentloginpage') || link.includes('bindcomponent'));
  assert.ok(target, 'the launch page leads to WeChat');
  return open(target, { from: launch.url, language });
}

/** The administrator of an account confirms on WeChat's page. `appid`: which one, or a choice among those offered.
 * `stay`: the browser is not led back; the answer's `next` is where it would have gone. */
export async function confirm(choice, appid, { stay = false } = {}) {
  const [form] = choice.forms;
  assert.ok(form, `WeChat's page offers accounts: ${choice.html.slice(0, 300)}`);
  const offered = form.options.filter(([name]) => name === 'appid').map(([, value]) => value);
  const chosen = typeof appid === 'function' ? appid(offered) : (appid ?? offered[0]);
  const page = await submit(choice, form, { appid: chosen }, { stay });
  return { appid: chosen, page };
}

/** An account's administrator agrees: launch page, WeChat's page, confirmation, result page. */
export async function authorize(launchUrl, appid) {
  const { appid: chosen, page } = await confirm(await atWechat(launchUrl), appid);
  assert.equal(page.status, 200, 'the result page opens');
  assert.ok(page.url.startsWith(new URL(launchUrl).origin), 'WeChat leads back to our domain');
  return chosen;
}

/** The simulated WeChat's controls, and what it saw. */
export class Wechat {
  constructor(base) {
    this.base = base;
  }

  async call(method, path, body) {
    const response = await fetch(`${this.base}/sandbox${path}`, {
      method,
      body: body && JSON.stringify(body),
      headers: body ? { 'content-type': 'application/json' } : {},
    });
    assert.ok(response.ok, `${method} /sandbox${path}: ${response.status}`);
    return response.json();
  }

  state() {
    return this.call('GET', '/state');
  }

  /** Calls of one path so far. */
  async calls(path) {
    return (await this.state()).calls[path] ?? 0;
  }

  /** Something goes wrong from now on; answers how to end it. */
  async fault(effect, when = {}) {
    const { id: number } = await this.call('POST', '/faults', { when, ...effect });
    return () => this.call('DELETE', `/faults/${number}`);
  }

  configure(changes) {
    return this.call('POST', '/config', changes);
  }
}

/** The operator connects an account with its own AppSecret, from the list of accounts to what comes after saving. */
export async function connectOwn(walk, wechat, { appid, kind, name, base, token, key }) {
  const { app_secret: secret } = await wechat.call('GET', `/accounts/${appid}`);
  await walk.go('accounts');
  await walk.click('accounts-own');
  await walk.pick(`own-kind-${kind}`);
  await walk.write('own-appid', appid);
  await walk.write('own-appsecret', secret);
  await walk.write('own-name', name);
  if (base) await walk.write('own-public_base_url', base);
  if (token) await walk.write('own-verify_token', token);
  if (key) await walk.write('own-encoding_aes_key', key);
  await walk.click('own-save');
  await until('saved', async () => (await walk.app.command('list_own_accounts')).some((own) => own.appid === appid));
}
