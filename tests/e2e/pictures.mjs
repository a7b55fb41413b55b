// Pictures of the pages in both languages and both themes.
//
// Owns where they go and how small they are; never judges them.

import { execFile } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { until } from './webdriver.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const folder = resolve(process.env.E2E_SCREENSHOTS ?? join(root, 'docs/screenshots'));
const run = promisify(execFile);

/** A picture in a repository should not weigh more, bytes. */
const HEAVY = 150 * 1024;

/** Chooses language and theme with the window's own switches. */
async function look(session, locale, theme) {
  const language = () => session.see('[data-testid="lang-switch"]');
  if ((await (await language()).attribute('data-locale')) !== locale) {
    await (await language()).click();
  }
  await until(`the page in ${locale}`, async () => (await (await language()).attribute('data-locale')) === locale);
  await session.click('[data-testid="theme-switch"]');
  await session.click(`[data-testid="theme-${theme}"]`);
  await until(`the page in ${theme}`, async () => {
    return (await session.script('return document.documentElement.getAttribute("theme-mode")')) === theme;
  });
}

/** Waits until nothing moves: fonts and pictures loaded, transitions over, no toast, and no pointer over anything. */
async function settled(session) {
  const away = { type: 'pointer', id: 'mouse', actions: [{ type: 'pointerMove', x: 4, y: 4, duration: 0 }] };
  await session.call('POST', '/actions', { actions: [away] });
  await until('a page at rest', () => session.script(`
    const atRest = () => {
      const moving = document.getAnimations().some((a) => a.playState === 'running' && a.effect?.getComputedTiming().iterations !== Infinity);
      const pictures = [...document.images].every((i) => i.complete);
      return document.fonts.status === 'loaded' && pictures && !moving && !document.querySelector('[data-testid="toast"]');
    };
    // A change of theme starts its transitions with the next frame.
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(atRest()))));`));
}

/** Keeps a picture of a page as `name.LOCALE.THEME.png` for every language and theme; `show` leads to the page, `hide`
 * away from what would cover the switches. */
export async function shoot(app, name, show = async () => {}, hide = async () => {}) {
  mkdirSync(folder, { recursive: true });
  for (const locale of ['en', 'zh-CN']) {
    for (const theme of ['dark', 'light']) {
      await look(app.session, locale, theme);
      await show();
      await settled(app.session);
      const file = join(folder, `${name}.${locale}.${theme}.png`);
      writeFileSync(file, await app.session.screenshot());
      await run('pngquant', ['--force', '--skip-if-larger', '--strip', '--speed', '1', '--quality', '70-95', '--output', file, file]).catch((error) => {
        // 98 and 99: already smaller, or the quality cannot be kept. The picture stays as it is.
        if (![98, 99].includes(error.code)) throw error;
      });
      if (statSync(file).size > HEAVY) {
        throw new Error(`${file} weighs ${statSync(file).size} bytes`);
      }
      await hide();
    }
  }
}
