// @wecom/crypto as WeChat: writes encrypted pushes, posts them to a listener, reads the encrypted passive replies.
//
// LISTENER is http://host:port; COMPONENT, APPID, TOKEN and AES_KEY are the platform's and the account's. USER_NAME is the
// account's original id. The answers that are expected: ANSWER_TEXT, ANSWER_CLICK and ANSWER_MARKS. Ends with 1 when
// something is not as it should be.
import assert from "node:assert/strict";

import { wechat } from "./wecom.mjs";

const { text, click, push, opened } = wechat(process.env, "oPeerOfNode_0123456789abcdef");
const { ANSWER_TEXT = "收到：你好", ANSWER_CLICK = "点击：PEER_KEY", ANSWER_MARKS = "收到：😀 <b>]]></b> & 再见" } = process.env;
assert.equal(opened(await push(text("你好"))), ANSWER_TEXT);
assert.equal(opened(await push(click("PEER_KEY"))), ANSWER_CLICK);
assert.equal(opened(await push(text("😀 <b>]]></b> & 再见"))), ANSWER_MARKS);
const wrong = (signature) => (signature[0] === "0" ? "1" : "0") + signature.slice(1);
assert.equal((await push(text("你好"), wrong)).status, 403, "a wrong signature");
console.log("@wecom/crypto: 4 pushes, every answer as expected");
