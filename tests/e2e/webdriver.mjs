// A small W3C WebDriver client: just the calls these tests need, over plain HTTP.
//
// Owns the wire only; waiting for conditions is in `until`. No library, so that a test run downloads nothing.

/** Keys, as WebDriver names them. */
export const ESCAPE = '\uE00C';
export const ENTER = '\uE007';
export const CONTROL = '\uE009';
export const BACKSPACE = '\uE003';
export const HOME = '\uE011';
export const UP = '\uE013';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** How long is waited for anything, ms; less while a test is being written. */
const PATIENCE = Number(process.env.E2E_PATIENCE ?? 30_000);

/** Calls `probe` until it answers something truthy, and answers that. Fails with `what` after `limit` ms. */
export async function until(what, probe, limit = PATIENCE) {
  const end = Date.now() + limit;
  let last;
  for (;;) {
    try {
      const answer = await probe();
      if (answer) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      throw new Error(`${what}: not within ${limit} ms${last ? ` (${last.message})` : ''}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}

/** One element of the page. */
class Element {
  constructor(session, id) {
    this.session = session;
    this.id = id;
  }

  click() {
    return this.session.call('POST', `/element/${this.id}/click`, {});
  }

  text() {
    return this.session.call('GET', `/element/${this.id}/text`);
  }

  attribute(name) {
    return this.session.call('GET', `/element/${this.id}/attribute/${name}`);
  }

  type(text) {
    return this.session.call('POST', `/element/${this.id}/value`, { text });
  }

  clear() {
    return this.session.call('POST', `/element/${this.id}/clear`, {});
  }

  displayed() {
    return this.session.call('GET', `/element/${this.id}/displayed`);
  }

  /** PNG bytes of the element alone. */
  async screenshot() {
    return Buffer.from(await this.session.call('GET', `/element/${this.id}/screenshot`), 'base64');
  }
}

/** A session with one window. */
export class Session {
  constructor(base, id) {
    this.base = base;
    this.id = id;
  }

  static async open(base, capabilities) {
    const value = await request('POST', `${base}/session`, { capabilities: { alwaysMatch: capabilities } });
    return new Session(base, value.sessionId);
  }

  call(method, path, body) {
    return request(method, `${this.base}/session/${this.id}${path}`, body);
  }

  async close() {
    await request('DELETE', `${this.base}/session/${this.id}`);
  }

  /** The first element for a CSS selector, or undefined. */
  async find(css) {
    const found = await this.call('POST', '/elements', { using: 'css selector', value: css });
    return found.length > 0 ? new Element(this, found[0][ELEMENT]) : undefined;
  }

  /** Waits for an element that can be seen. */
  see(css, limit) {
    return until(`${css} on the page`, async () => {
      const element = await this.find(css);
      return element && (await element.displayed()) ? element : undefined;
    }, limit);
  }

  /** Waits for an element and clicks it, again if the page replaced it in between. */
  async click(css, limit) {
    await until(`a click on ${css}`, async () => {
      const element = await this.see(css, limit);
      await element.click();
      return true;
    }, limit);
  }

  /** Clicks twice as fast as a hand can, wherever the pointer is then: what lies under the second click gets it. */
  async doubleClick(css) {
    await until(`a double click on ${css}`, async () => {
      const element = await this.see(css);
      const press = [{ type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }];
      const origin = { [ELEMENT]: element.id };
      const actions = [{ type: 'pointerMove', origin, x: 0, y: 0, duration: 0 }, ...press, ...press];
      await this.call('POST', '/actions', { actions: [{ type: 'pointer', id: 'mouse', actions }] });
      return true;
    });
  }

  /** Presses keys one after the other and releases them all: one key, or a chord. */
  async press(...keys) {
    const actions = [...keys.map((value) => ({ type: 'keyDown', value })), ...keys.toReversed().map((value) => ({ type: 'keyUp', value }))];
    await this.call('POST', '/actions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
  }

  /** Waits until no element for a CSS selector is on the page. */
  gone(css) {
    return until(`no ${css} on the page`, async () => !(await this.find(css)));
  }

  /** Runs a function body in the page and answers its result. */
  script(body, ...args) {
    return this.call('POST', '/execute/sync', { script: body, args });
  }

  /** PNG bytes of the page as seen. */
  async screenshot() {
    return Buffer.from(await this.call('GET', '/screenshot'), 'base64');
  }

  setSize(width, height) {
    return this.call('POST', '/window/rect', { width, height });
  }
}

async function request(method, url, body) {
  const response = await fetch(url, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
  });
  const { value } = await response.json();
  if (!response.ok) {
    throw new Error(`${method} ${new URL(url).pathname}: ${value.error}: ${value.message}`);
  }
  return value;
}
