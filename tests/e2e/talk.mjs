// Both ends of a message in a test: followers of the simulated WeChat, a business server, and WeChat's own sealing of a push.
//
// Owns what followers, business servers and WeChat would do; never what the operator does. The cryptography is Node's own,
// so that what is compared does not come from the program under test.

import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import { until } from './webdriver.mjs';

/** How long WeChat is waited for until a push is over: three attempts, 5 s apart, and some. */
const OVER_MS = 30_000;

/** Content of a text message in WeChat's XML; undefined when there is none. */
export const contentOf = (xml) => xml?.match(/<Content>(?:<!\[CDATA\[)?([\s\S]*?)(?:\]\]>)?<\/Content>/)?.[1];

/** What followers do, and what came of it for them. */
export class Followers {
  constructor(wechat) {
    this.wechat = wechat;
  }

  /** A follower does something; answers his openid and the number of the push. */
  says(appid, follower, text) {
    return this.wechat.call('POST', '/message', { appid, follower, text });
  }

  /** The last attempt of a push that is over. */
  async end(push) {
    const view = await this.wechat.call('GET', `/push/${push}?wait_ms=${OVER_MS}`);
    return { state: view.state, tries: view.attempts.length, ...view.attempts.at(-1) };
  }

  /** A follower writes, and the push is over: what he got is in `reply`, what he reads instead of it in `shown`. */
  async hears(appid, follower, text) {
    return this.end((await this.says(appid, follower, text)).push);
  }

  /** Brings a push to the door that the sandbox would not send any more, or that is sealed with something else; answers
   * what was sent, and what the door said. */
  async bring({ appid, content, token, key }) {
    const platform = await this.wechat.call('GET', '/platform');
    const { user_name: user, people } = await this.wechat.call('GET', `/accounts/${appid}`);
    const [{ openid }] = people;
    const sent = seal({
      xml: textXml({ user, openid, content, msgId: randomBytes(8).readBigUInt64BE() >> 1n }),
      user,
      openid,
      appid: platform.component_appid,
      token: token ?? platform.verify_token,
      key: key ?? platform.encoding_aes_key,
    });
    const url = `${platform.public_base_url}/wechat/${platform.component_appid}/callback/${appid}?${sent.query}`;
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'text/xml' }, body: sent.body });
    return { ...sent, status: response.status, text: await response.text() };
  }
}

/** A push as WeChat seals it (A.2–A.4): its query and its envelope. */
function seal({ xml, user, appid, token, key, openid }) {
  const secret = Buffer.from(`${key}=`, 'base64');
  const message = Buffer.from(xml);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  const whole = Buffer.concat([randomBytes(16), length, message, Buffer.from(appid)]);
  const pad = 32 - (whole.length % 32);
  const cipher = createCipheriv('aes-256-cbc', secret, secret.subarray(0, 16)).setAutoPadding(false);
  const encrypted = Buffer.concat([cipher.update(Buffer.concat([whole, Buffer.alloc(pad, pad)])), cipher.final()]).toString('base64');
  const digest = (...parts) => createHash('sha1').update(parts.toSorted().join('')).digest('hex');
  const [timestamp, nonce] = [String(Math.floor(Date.now() / 1000)), String(randomBytes(4).readUInt32BE())];
  const query = new URLSearchParams({ signature: digest(token, timestamp, nonce), timestamp, nonce, openid, encrypt_type: 'aes', msg_signature: digest(token, timestamp, nonce, encrypted) });
  return { query: query.toString(), body: `<xml><ToUserName><![CDATA[${user}]]></ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>` };
}

/** A text message of a follower, as WeChat writes it. */
const textXml = ({ user, openid, content, msgId }) =>
  `<xml><ToUserName><![CDATA[${user}]]></ToUserName><FromUserName><![CDATA[${openid}]]></FromUserName><CreateTime>${Math.floor(Date.now() / 1000)}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${content}]]></Content><MsgId>${msgId}</MsgId></xml>`;

/** A passive reply of a business server to what it was asked. */
export function answerTo(asked, text) {
  const { FromUserName: openid, ToUserName: user } = asked.json.message;
  return `<xml><ToUserName><![CDATA[${openid}]]></ToUserName><FromUserName><![CDATA[${user}]]></FromUserName><CreateTime>${Math.floor(Date.now() / 1000)}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${text}]]></Content></xml>`;
}

/** A server of the operator's business. It keeps what it got, and answers what the test says. */
export class Business {
  static async open(secret) {
    const business = new Business(secret);
    await business.up();
    return business;
  }

  constructor(secret) {
    this.secret = secret;
    this.port = 0;
    /** Everything that came, in its order. */
    this.got = [];
    /** What is answered: a text, `{ status, text }`, or null for never. May be a promise. */
    this.answer = () => 'success';
  }

  async up() {
    this.server = createServer(async (request, response) => {
      const parts = [];
      try {
        for await (const part of request) parts.push(part);
      } catch {
        // Whoever sent it was killed meanwhile: half a message is none.
        return;
      }
      const raw = Buffer.concat(parts);
      const one = { path: request.url, headers: request.headers, raw, json: parsed(raw) };
      this.got.push(one);
      const answer = await this.answer(one);
      if (answer === null || response.destroyed) return;
      const { status = 200, text } = typeof answer === 'string' ? { text: answer } : answer;
      response.writeHead(status, { 'content-type': 'text/xml; charset=utf-8' }).end(text);
    });
    this.server.on('clientError', (error, socket) => socket.destroy());
    await new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = this.server.address().port;
  }

  /** Nobody listens at its port any more. */
  async down() {
    if (!this.server) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
    this.server = undefined;
  }

  url(path) {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** What came to one path. */
  at(path) {
    return this.got.filter((one) => one.path.split('?')[0] === path);
  }

  /** The texts that came to one path decrypted, in their order; `from`: of one follower. */
  texts(path, from) {
    return this.at(path).filter((one) => one.json && (!from || one.json.sender === from)).map((one) => one.json.message.Content);
  }

  /** Waits for a text at a path. */
  heard(path, text) {
    return until(`${text} at ${path}`, () => this.at(path).find((one) => one.json?.message.Content === text));
  }

  /** Whether a request carries the signature that only who knows the secret can make. */
  isSigned({ headers, raw }) {
    const timestamp = headers['x-wxdesk-timestamp'];
    const wanted = `v1=${createHmac('sha256', this.secret).update(`${timestamp}.`).update(raw).digest('hex')}`;
    return headers['x-wxdesk-signature'] === wanted && Math.abs(Date.now() / 1000 - Number(timestamp)) < 300;
  }
}

function parsed(raw) {
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch {
    return null;
  }
}
