// The hands and eyes of a walk in the menu editor: what the drawn phone shows, dragging on it, typing into fields, going
// through a publication; and what WeChat has, asked of WeChat itself.
//
// Owns no order and no story. Every act waits for its effect before it ends.

import assert from 'node:assert/strict';

import { id } from './walk.mjs';
import { CONTROL, until } from './webdriver.mjs';

/** Where on an element a drag ends: parts of its width and height. */
const MIDDLE = [0.5, 0.5];

export class Editor {
  constructor(walk, component) {
    this.walk = walk;
    this.component = component;
  }

  get session() {
    return this.walk.session;
  }

  // ---- the engine ----

  /** Asks the engine about an account's menu. */
  ask(command, appid, args = {}) {
    return this.walk.app.command(command, { component_appid: this.component, appid, ...args });
  }

  state(appid) {
    return this.ask('menu_state', appid);
  }

  async versions(appid) {
    return (await this.ask('menu_versions', appid, { before: null, limit: null })).items;
  }

  /** Waits until the draft of an account is as `is` wants it. */
  async draft(appid, is) {
    let last;
    return until('the draft as wanted', async () => {
      last = (await this.state(appid)).draft;
      return is(last.set) && last;
    }).catch((error) => {
      throw new Error(`${error.message}; it is ${JSON.stringify(last)}`);
    });
  }

  /** Puts a set into an account's draft behind the window's back. */
  async put(appid, set) {
    const { revision } = (await this.state(appid)).draft;
    await this.ask('save_menu_draft', appid, { set, base_revision: revision });
  }

  // ---- the phone ----

  /** Words of the bar, or of the open sub-menu, as the phone shows them. */
  shown(level) {
    return this.session.script(
      `return [...document.querySelectorAll('[data-testid^="menu-' + arguments[0] + '-"][data-item] .word')].map((one) => one.textContent.trim())`,
      level,
    );
  }

  /** Waits until the bar (`top`) or the open sub-menu (`sub`) reads like this. */
  async reads(level, names) {
    let last;
    await until(`${level}: ${names.join(' · ')}`, async () => {
      last = await this.shown(level);
      return JSON.stringify(last) === JSON.stringify(names);
    }).catch((error) => {
      throw new Error(`${error.message}; it reads ${last?.join(' · ')}`);
    });
  }

  /** Selects an item by its place: `top-0`, `sub-2`. */
  async choose(place) {
    const css = id(`menu-${place}`);
    await this.walk.still();
    await until(`${place} selected`, async () => {
      if (await this.session.find(`${css}[aria-selected="true"]`)) return true;
      await this.mouse(await this.spot(css, MIDDLE), { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 });
      return Boolean(await this.session.find(`${css}[aria-selected="true"]`));
    });
    await this.walk.see('menu-inspector');
  }

  /** Selects an item, and puts the focus on it, where keys mean moving. */
  async stand(place) {
    await this.choose(place);
    await until(`the focus on ${place}`, () =>
      this.session.script(
        `const one = document.querySelector(arguments[0]);
         if (document.activeElement !== one) one.focus();
         return document.activeElement === one;`,
        id(`menu-${place}`),
      ),
    );
  }

  mouse(...actions) {
    return this.session.call('POST', '/actions', { actions: [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions }] });
  }

  async spot(css, [across, down]) {
    // WebKit's driver takes a name that is cut off for hidden: it is looked for, not at.
    const [x, y] = await this.session.script(
      `const one = document.querySelector(arguments[0]);
       one.scrollIntoView({ block: 'nearest' });
       const box = one.getBoundingClientRect();
       return [box.left + box.width * arguments[1], box.top + box.height * arguments[2]];`,
      css,
      across,
      down,
    );
    return { type: 'pointerMove', duration: 0, origin: 'viewport', x: Math.round(x), y: Math.round(y) };
  }

  /** Takes an item and holds it over a part of another, until `over` is on the page; lets it go with `drop`. */
  async drag(from, to, part, over) {
    const start = await this.spot(id(`menu-${from}`), MIDDLE);
    await this.mouse(start, { type: 'pointerDown', button: 0 });
    // A press becomes a drag after a few pixels.
    await this.mouse({ ...start, y: start.y - 9 });
    await this.walk.see('menu-ghost');
    // What is drawn makes room while an item is carried: the place is looked up again until it fits.
    await until(`${over} while ${from} is held over ${to}`, async () => {
      const there = await this.spot(id(`menu-${to}`), part);
      await this.mouse({ ...there, x: there.x + 1 }, there);
      return Boolean(await this.session.find(over));
    });
  }

  async drop() {
    await this.mouse({ type: 'pointerUp', button: 0 });
    await this.walk.gone('menu-ghost');
  }

  // ---- fields ----

  pick(name) {
    return this.walk.pick(name);
  }

  value(name) {
    return this.walk.value(name);
  }

  write(name, text) {
    return this.walk.write(name, text);
  }

  paste(name, text) {
    return this.walk.paste(name, text);
  }

  option(name, value) {
    return this.walk.option(name, value);
  }

  /** Names the selected item and makes it a page. */
  async asPage(name, url) {
    await this.write('menu-name', name);
    await this.pick('menu-type-view');
    await this.write('menu-field-url', url);
  }

  // ---- pages ----

  /** Opens an account's menu from the side bar's room. */
  async open(appid) {
    await this.walk.go('menus');
    await this.walk.click(`menus-row-${appid}`);
    // Without a draft, an account with a menu is asked where to begin.
    await this.session.see(`${id('menu-editor')}, ${id('menu-start')}`);
    await this.part('edit');
  }

  async part(name) {
    await this.walk.click(`menu-part-${name}`);
    await this.session.see(`${id(`menu-part-${name}`)}[aria-selected="true"]`);
  }

  async more(what) {
    await this.walk.click('menu-more');
    await this.walk.click(`menu-more-${what}`);
  }

  /** Opens the publish dialog, and waits for what it found. */
  async ready() {
    await this.walk.click('menu-publish');
    await this.walk.see('publish-go');
  }

  /** Says yes to what the publish dialog shows, and follows it to its proof. */
  async go() {
    await this.walk.click('publish-go');
    await this.proved();
  }

  async proved() {
    await this.session.see(`${id('publish-progress')}[data-state="live"] .steps .done`);
    await this.walk.click('publish-close');
    await this.walk.gone('publish-progress');
  }
}

/** Leaves carry an empty list in WeChat's answers. */
export function bare(buttons) {
  return buttons.map(({ sub_button: subs, ...button }) => (subs?.length > 0 ? { ...button, sub_button: bare(subs) } : button));
}

/** What `menu/get` answers for an account, with the account's own token; null when there is no menu. */
export async function atWeChat(walk, wechat, appid) {
  const { access_token: token } = await walk.app.api(`/v1/accounts/${appid}/token`);
  const answer = await (await fetch(`${wechat.base}/cgi-bin/menu/get?access_token=${token}`)).json();
  if (answer.errcode === 46003) return null;
  assert.ok(answer.menu, JSON.stringify(answer));
  return {
    button: bare(answer.menu.button),
    conditional: (answer.conditionalmenu ?? []).map((one) => ({ button: bare(one.button), matchrule: one.matchrule })),
  };
}
