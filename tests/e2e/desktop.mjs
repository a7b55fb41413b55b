// A desktop of its own for one test run: X server, session bus, WebKit's driver, and the app under test in a data
// folder that is thrown away.
//
// Owns processes; every one it starts it ends. It never touches the person's display, bus, keychain or data folder.

import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Session, until } from './webdriver.mjs';

const run = promisify(execFile);

/** A session bus that starts no service: no portal, no keychain, nothing that would outlive the test. */
const BUS = (folder) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=${folder}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;

/** An X server of its own. */
export class Display {
  static async start() {
    const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1440x960x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const gone = new Promise((_, reject) => {
      server.once('error', (error) => reject(new Error(`Xvfb: ${error.message}`)));
      server.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)));
    });
    gone.catch(() => {});
    const number = await Promise.race([
      new Promise((resolve) => {
        let text = '';
        server.stdio[3].on('data', (chunk) => {
          text += chunk;
          if (text.includes('\n')) resolve(text.trim());
        });
      }),
      gone,
    ]);
    return new Display(server, `:${number}`);
  }

  constructor(server, name) {
    this.server = server;
    this.name = name;
  }

  /** Titles of all windows that can be seen, as the desktop shows them. */
  async titles() {
    const env = { ...process.env, DISPLAY: this.name };
    const { stdout } = await run('xdotool', ['search', '--onlyvisible', '--name', '.', 'getwindowname', '%@'], { env });
    return stdout.split('\n').filter(Boolean);
  }

  /** Clicks the one button of a system dialog, which no web driver can reach, by a part of its title. */
  async dismiss(title) {
    const tool = async (...args) => (await run('xdotool', args, { env: { ...process.env, DISPLAY: this.name } })).stdout.trim();
    const dialog = await until(`a dialog "${title}"`, () => tool('search', '--onlyvisible', '--name', title));
    await until(`no dialog "${title}"`, async () => {
      const place = await tool('getwindowgeometry', '--shell', dialog.split('\n')[0]).catch(() => '');
      const [x, y, width, height] = ['X', 'Y', 'WIDTH', 'HEIGHT'].map((name) => Number(place.match(new RegExp(`^${name}=(\\d+)`, 'm'))?.[1]));
      if (Number.isNaN(x + y + width + height)) return true;
      await tool('mousemove', String(x + Math.floor(width / 2)), String(y + height - 20), 'click', '1');
      return (await tool('search', '--onlyvisible', '--name', title).catch(() => '')) === '';
    });
  }

  /** Answers a system dialog that asks for a file: types the path over the name and presses Enter. */
  async answer(title, path) {
    const tool = async (...args) => (await run('xdotool', args, { env: { ...process.env, DISPLAY: this.name } })).stdout.trim();
    const dialog = (await until(`a dialog "${title}"`, () => tool('search', '--onlyvisible', '--name', title))).split('\n')[0];
    await tool('mousemove', '--window', dialog, '20', '10');
    await tool('windowfocus', '--sync', dialog);
    await until(`no dialog "${title}"`, async () => {
      await tool('key', 'ctrl+a');
      await tool('type', '--delay', '1', path);
      await tool('key', 'Return');
      await until('the dialog goes', async () => (await tool('search', '--onlyvisible', '--name', title).catch(() => '')) === '', 2_000);
      return true;
    });
  }

  async stop() {
    this.server.kill('SIGTERM');
    await ended(this.server);
  }
}

/** The environment of the app: nothing of the person's own. */
export function environment(display, home) {
  const paths = { HOME: home, XDG_DATA_HOME: join(home, 'data'), XDG_CONFIG_HOME: join(home, 'config'), XDG_CACHE_HOME: join(home, 'cache') };
  const runtime = join(home, 'runtime');
  for (const path of [...Object.values(paths), runtime]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const kept = Object.fromEntries(['PATH', 'LD_LIBRARY_PATH', 'LLVM_PROFILE_FILE'].filter((n) => process.env[n]).map((n) => [n, process.env[n]]));
  return {
    ...kept,
    ...paths,
    XDG_RUNTIME_DIR: runtime,
    DISPLAY: display.name,
    LANG: 'C.UTF-8',
    TZ: 'Asia/Shanghai',
    // No keychain in a test: the key lies beside the store.
    WXDESK_KEYRING: 'off',
    GTK_USE_PORTAL: '0',
    NO_AT_BRIDGE: '1',
    // The app turns WebKit's DMA-BUF renderer off unless told otherwise; without it the driver's screenshots never come.
    WEBKIT_DISABLE_DMABUF_RENDERER: '0',
    // What tauri-driver sets, so that the web view accepts automation.
    TAURI_AUTOMATION: 'true',
    TAURI_WEBVIEW_AUTOMATION: 'true',
  };
}

/** The app, driven through its web view. */
export class App {
  /** Starts the app and waits until its page can be driven. */
  static async start({ binary, dataDir, env, args = [] }) {
    const port = await freePort();
    // A bus of its own: it ends with the driver.
    const bus = join(env.XDG_RUNTIME_DIR, 'bus.conf');
    writeFileSync(bus, BUS(env.XDG_RUNTIME_DIR));
    const driver = spawn('dbus-run-session', ['--config-file', bus, '--', 'WebKitWebDriver', `--port=${port}`, '--host=127.0.0.1'], {
      env,
      stdio: ['ignore', 'ignore', process.env.E2E_VERBOSE ? 'inherit' : 'ignore'],
      detached: true,
    });
    const base = `http://127.0.0.1:${port}`;
    await until('WebKitWebDriver answers', async () => (await fetch(`${base}/status`)).ok);
    const options = { binary, args: ['--data-dir', dataDir, ...args] };
    const session = await Session.open(base, { 'webkitgtk:browserOptions': options });
    return new App(driver, session, dataDir);
  }

  constructor(driver, session, dataDir) {
    this.driver = driver;
    this.session = session;
    this.dataDir = dataDir;
  }

  /** `engine.json` of the data folder, or of the sandbox's inside it. */
  engine(sandbox = false) {
    const file = join(this.dataDir, ...(sandbox ? ['sandbox'] : []), 'engine.json');
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  }

  /** Asks the local API of the engine that the window shows. */
  async api(path, sandbox = true) {
    const engine = this.engine(sandbox);
    const response = await fetch(`http://${engine.api}${path}`, { headers: { authorization: `Bearer ${engine.admin_key}` } });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
    return response.json();
  }

  /** Asks the engine what the page asks it, over the local API. */
  async command(name, args = {}, sandbox = true) {
    const engine = this.engine(sandbox);
    const headers = { authorization: `Bearer ${engine.admin_key}`, 'content-type': 'application/json' };
    const response = await fetch(`http://${engine.api}/v1/ui/${name}`, { method: 'POST', headers, body: JSON.stringify(args) });
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    return response.json();
  }

  /** Ends the app as the desktop does at log-out, and answers how many ms that took. */
  async stop() {
    const pid = (this.engine() ?? this.engine(true))?.pid;
    const begun = Date.now();
    if (pid) {
      process.kill(pid, 'SIGTERM');
      await until('the app ends', () => !alive(pid), 10_000);
    }
    const took = Date.now() - begun;
    await this.kill();
    return took;
  }

  /** Ends whatever is left. */
  async kill() {
    await this.session.close().catch(() => {});
    try {
      process.kill(-this.driver.pid, 'SIGTERM');
    } catch {
      // Already gone.
    }
    await ended(this.driver);
  }
}

/** Whether a process lives; one that has ended and waits to be collected does not. */
export function alive(pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits for a child process and answers its exit code. */
export function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', resolve));
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
