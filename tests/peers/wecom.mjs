// WeChat's side with @wecom/crypto: writes encrypted pushes, posts them to a listener, opens the encrypted passive replies.
import assert from "node:assert/strict";
import { decrypt, encrypt, getSignature } from "@wecom/crypto";
import { XMLParser } from "fast-xml-parser";

const parser = new XMLParser({ parseTagValue: false, trimValues: false });
let number = BigInt(Date.now()) * 10_000n;

export const cdata = (text) => `<![CDATA[${text.replaceAll("]]>", "]]]]><![CDATA[>")}]]>`;
export const now = () => Math.floor(Date.now() / 1000);
export const read = (xml) => parser.parse(xml).xml;

/** LISTENER is http://host:port; COMPONENT, APPID, TOKEN, AES_KEY and USER_NAME are the platform's and the account's. */
export function wechat({ LISTENER, COMPONENT, APPID, TOKEN, AES_KEY, USER_NAME = "gh_0123456789ab" }, openid) {
  for (const [name, value] of Object.entries({ LISTENER, COMPONENT, APPID, TOKEN, AES_KEY })) assert.ok(value, `${name} is set`);

  /** A document as WeChat writes it; `inner` follows CreateTime. */
  const message = (inner) =>
    `<xml><ToUserName>${cdata(USER_NAME)}</ToUserName><FromUserName>${cdata(openid)}</FromUserName>` +
    `<CreateTime>${now()}</CreateTime>${inner}</xml>`;

  return {
    text: (content) =>
      message(`<MsgType>${cdata("text")}</MsgType><Content>${cdata(content)}</Content><MsgId>${(number += 1n)}</MsgId>`),

    click: (key) =>
      message(`<MsgType>${cdata("event")}</MsgType><Event>${cdata("CLICK")}</Event><EventKey>${cdata(key)}</EventKey>`),

    /** Encrypts and posts; `spoil` changes the signature. */
    async push(xml, spoil = (signature) => signature) {
      const [timestamp, nonce] = [String(now()), String(Math.floor(Math.random() * 2e9))];
      const sealed = encrypt(AES_KEY, xml, COMPONENT);
      const query = new URLSearchParams({
        signature: getSignature(TOKEN, timestamp, nonce, ""),
        timestamp,
        nonce,
        openid,
        encrypt_type: "aes",
        msg_signature: spoil(getSignature(TOKEN, timestamp, nonce, sealed)),
      });
      const body = `<xml><ToUserName>${cdata(USER_NAME)}</ToUserName><Encrypt>${cdata(sealed)}</Encrypt></xml>`;
      const answer = await fetch(`${LISTENER}/wechat/${COMPONENT}/callback/${APPID}?${query}`, {
        method: "POST",
        headers: { "content-type": "text/xml" },
        body,
      });
      return { status: answer.status, body: await answer.text(), sealed };
    },

    /** The text of a passive reply, everything around it checked. */
    opened({ status, body }) {
      assert.equal(status, 200, body);
      const outer = read(body);
      assert.ok(outer?.Encrypt, `an encrypted reply: ${body.slice(0, 200)}`);
      assert.equal(getSignature(TOKEN, outer.TimeStamp, outer.Nonce, outer.Encrypt), outer.MsgSignature, "MsgSignature");
      const { message: xml, id } = decrypt(AES_KEY, outer.Encrypt);
      assert.equal(id, COMPONENT, "the tail is the platform's appid");
      const reply = read(xml);
      assert.equal(reply.ToUserName, openid);
      assert.equal(reply.FromUserName, USER_NAME);
      assert.match(reply.CreateTime, /^\d+$/);
      assert.equal(reply.MsgType, "text");
      return reply.Content;
    },
  };
}

/** A business server's side: opens a push that was passed on as WeChat sent it, and seals a text for its sender. */
export function business({ COMPONENT, TOKEN, AES_KEY }) {
  return {
    open(url, body) {
      const query = new URL(url, "http://localhost").searchParams;
      const { Encrypt: sealed } = read(body);
      const signature = getSignature(TOKEN, query.get("timestamp"), query.get("nonce"), sealed);
      assert.equal(query.get("msg_signature"), signature, "msg_signature");
      const { message, id } = decrypt(AES_KEY, sealed);
      assert.equal(id, COMPONENT, "the tail is the platform's appid");
      return { sealed, push: read(message) };
    },

    seal(push, content) {
      const xml =
        `<xml><ToUserName>${cdata(push.FromUserName)}</ToUserName><FromUserName>${cdata(push.ToUserName)}</FromUserName>` +
        `<CreateTime>${now()}</CreateTime><MsgType>${cdata("text")}</MsgType><Content>${cdata(content)}</Content></xml>`;
      const [timestamp, nonce] = [String(now()), String(Math.floor(Math.random() * 2e9))];
      const sealed = encrypt(AES_KEY, xml, COMPONENT);
      const signature = getSignature(TOKEN, timestamp, nonce, sealed);
      return (
        `<xml><Encrypt>${cdata(sealed)}</Encrypt><MsgSignature>${cdata(signature)}</MsgSignature>` +
        `<TimeStamp>${timestamp}</TimeStamp><Nonce>${cdata(nonce)}</Nonce></xml>`
      );
    },
  };
}
