// @wecom/crypto as WeChat: writes encrypted pushes, posts them to a listener, reads the encrypted passive replies.
//
// LISTENER is http://host:port; COMPONENT, APPID, TOKEN and AES_KEY are the platform's and the account's. USER_NAME is the
// account's original id. The answers that are expected: ANSWER_TEXT, ANSWER_CLICK and ANSWER_MARKS. Ends with 1 when
// something is not as it should be.
import assert from "node:assert/strict";
import { decrypt, encrypt, getSignature } from "@wecom/crypto";
import { XMLParser } from "fast-xml-parser";

const { LISTENER, COMPONENT, APPID, TOKEN, AES_KEY, USER_NAME = "gh_0123456789ab" } = process.env;
for (const [name, value] of Object.entries({ LISTENER, COMPONENT, APPID, TOKEN, AES_KEY })) assert.ok(value, `${name} is set`);
const OPENID = "oPeerOfNode_0123456789abcdef";
const parser = new XMLParser({ parseTagValue: false, trimValues: false });

const cdata = (text) => `<![CDATA[${text.replaceAll("]]>", "]]]]><![CDATA[>")}]]>`;
const now = () => Math.floor(Date.now() / 1000);
let number = BigInt(Date.now()) * 10_000n;

/** A document as WeChat writes it; `inner` follows CreateTime. */
const message = (inner) =>
  `<xml><ToUserName>${cdata(USER_NAME)}</ToUserName><FromUserName>${cdata(OPENID)}</FromUserName>` +
  `<CreateTime>${now()}</CreateTime>${inner}</xml>`;

const text = (content) =>
  message(`<MsgType>${cdata("text")}</MsgType><Content>${cdata(content)}</Content><MsgId>${(number += 1n)}</MsgId>`);

const click = (key) =>
  message(`<MsgType>${cdata("event")}</MsgType><Event>${cdata("CLICK")}</Event><EventKey>${cdata(key)}</EventKey>`);

/** Encrypts and posts; `spoil` changes the signature. */
async function push(xml, spoil = (signature) => signature) {
  const [timestamp, nonce] = [String(now()), String(Math.floor(Math.random() * 2e9))];
  const sealed = encrypt(AES_KEY, xml, COMPONENT);
  const query = new URLSearchParams({
    signature: getSignature(TOKEN, timestamp, nonce, ""),
    timestamp,
    nonce,
    openid: OPENID,
    encrypt_type: "aes",
    msg_signature: spoil(getSignature(TOKEN, timestamp, nonce, sealed)),
  });
  const body = `<xml><ToUserName>${cdata(USER_NAME)}</ToUserName><Encrypt>${cdata(sealed)}</Encrypt></xml>`;
  const answer = await fetch(`${LISTENER}/wechat/${COMPONENT}/callback/${APPID}?${query}`, {
    method: "POST",
    headers: { "content-type": "text/xml" },
    body,
  });
  return { status: answer.status, body: await answer.text() };
}

/** The text of a passive reply, everything around it checked. */
function opened({ status, body }) {
  assert.equal(status, 200, body);
  const outer = parser.parse(body).xml;
  assert.ok(outer?.Encrypt, `an encrypted reply: ${body.slice(0, 200)}`);
  assert.equal(getSignature(TOKEN, outer.TimeStamp, outer.Nonce, outer.Encrypt), outer.MsgSignature, "MsgSignature");
  const { message: xml, id } = decrypt(AES_KEY, outer.Encrypt);
  assert.equal(id, COMPONENT, "the tail is the platform's appid");
  const reply = parser.parse(xml).xml;
  assert.equal(reply.ToUserName, OPENID);
  assert.equal(reply.FromUserName, USER_NAME);
  assert.match(reply.CreateTime, /^\d+$/);
  assert.equal(reply.MsgType, "text");
  return reply.Content;
}

const { ANSWER_TEXT = "收到：你好", ANSWER_CLICK = "点击：PEER_KEY", ANSWER_MARKS = "收到：😀 <b>]]></b> & 再见" } = process.env;
assert.equal(opened(await push(text("你好"))), ANSWER_TEXT);
assert.equal(opened(await push(click("PEER_KEY"))), ANSWER_CLICK);
assert.equal(opened(await push(text("😀 <b>]]></b> & 再见"))), ANSWER_MARKS);
const wrong = (signature) => (signature[0] === "0" ? "1" : "0") + signature.slice(1);
assert.equal((await push(text("你好"), wrong)).status, 403, "a wrong signature");
console.log("@wecom/crypto: 4 pushes, every answer as expected");
