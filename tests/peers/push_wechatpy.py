"""wechatpy as WeChat: writes encrypted pushes, posts them to a listener, reads the encrypted passive replies.

LISTENER is http://host:port; COMPONENT, APPID, TOKEN and AES_KEY are the platform's and the account's. USER_NAME is the
account's original id. The answers that are expected: ANSWER_TEXT, ANSWER_CLICK and ANSWER_MARKS. Ends with 1 when
something is not as it should be.
"""

import os
import random
import time
import unittest

import requests
import xmltodict
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

LISTENER = os.environ["LISTENER"]
COMPONENT = os.environ["COMPONENT"]
APPID = os.environ["APPID"]
TOKEN = os.environ["TOKEN"]
USER_NAME = os.environ.get("USER_NAME", "gh_0123456789ab")
OPENID = "oPeerOfPython_0123456789abcd"

crypto = WeChatCrypto(TOKEN, os.environ["AES_KEY"], COMPONENT)
number = int(time.time() * 1000) * 10_000 + 5_000


def cdata(text):
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def message(inner):
    """A document as WeChat writes it; `inner` follows CreateTime."""
    head = "<ToUserName>%s</ToUserName><FromUserName>%s</FromUserName>" % (cdata(USER_NAME), cdata(OPENID))
    return "<xml>%s<CreateTime>%d</CreateTime>%s</xml>" % (head, time.time(), inner)


def text(content):
    global number
    number += 1
    fields = (cdata("text"), cdata(content), number)
    return message("<MsgType>%s</MsgType><Content>%s</Content><MsgId>%d</MsgId>" % fields)


def click(key):
    fields = (cdata("event"), cdata("CLICK"), cdata(key))
    return message("<MsgType>%s</MsgType><Event>%s</Event><EventKey>%s</EventKey>" % fields)


def push(xml, spoil=lambda signature: signature):
    """Encrypts and posts; `spoil` changes the signature."""
    timestamp, nonce = str(int(time.time())), str(random.randrange(2_000_000_000))
    sealed = xmltodict.parse(crypto.encrypt_message(xml, nonce, timestamp))["xml"]
    plain = WeChatSigner()
    plain.add_data(TOKEN, timestamp, nonce)
    query = {
        "signature": plain.signature,
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": OPENID,
        "encrypt_type": "aes",
        "msg_signature": spoil(sealed["MsgSignature"]),
    }
    envelope = "<xml><ToUserName>%s</ToUserName><Encrypt>%s</Encrypt></xml>"
    return requests.post(
        "%s/wechat/%s/callback/%s" % (LISTENER, COMPONENT, APPID),
        params=query,
        data=(envelope % (cdata(USER_NAME), cdata(sealed["Encrypt"]))).encode(),
        headers={"Content-Type": "text/xml"},
        timeout=10,
    )


class Pushes(unittest.TestCase):
    def opened(self, answer):
        """The text of a passive reply, everything around it checked."""
        self.assertEqual(answer.status_code, 200, answer.text)
        outer = xmltodict.parse(answer.content)["xml"]
        # Raises when the signature or the appid in the tail is wrong.
        xml = crypto.decrypt_message(answer.content, outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"])
        reply = xmltodict.parse(xml, strip_whitespace=False)["xml"]
        self.assertEqual((reply["ToUserName"], reply["FromUserName"]), (OPENID, USER_NAME))
        self.assertTrue(reply["CreateTime"].isdigit())
        self.assertEqual(reply["MsgType"], "text")
        return reply["Content"]

    def test_a_text(self):
        self.assertEqual(self.opened(push(text("你好"))), os.environ.get("ANSWER_TEXT", "收到：你好"))

    def test_a_tap(self):
        self.assertEqual(self.opened(push(click("PEER_KEY"))), os.environ.get("ANSWER_CLICK", "点击：PEER_KEY"))

    def test_emoji_and_the_end_of_a_section(self):
        content = "😀 <b>]]></b> & 再见"
        self.assertEqual(self.opened(push(text(content))), os.environ.get("ANSWER_MARKS", "收到：" + content))

    def test_a_wrong_signature(self):
        answer = push(text("你好"), lambda signature: ("1" if signature[0] == "0" else "0") + signature[1:])
        self.assertEqual(answer.status_code, 403)


if __name__ == "__main__":
    unittest.main()
