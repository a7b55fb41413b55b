"""wechatpy against the simulated platform, unchanged but for the hosts.

WXDESKD_BIN names the program whose `sandbox` command is tested.
"""

import io
import os
import queue
import re
import subprocess
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import requests
from wechatpy import WeChatClient, WeChatOAuth, parse_message
from wechatpy.component import WeChatComponent
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatClientException, WeChatOAuthException
from wechatpy.replies import create_reply
from wechatpy.utils import check_signature

KNOWN = re.compile(r"^https?://(api|mp|open)\.weixin\.qq\.com")
TOKEN = "tok3n"
KEY = "p0o9i8u7y6t5r4e3w2q1azsxdcfvgbhnjmkl0987654"

sandbox = None
base = None
real_request = requests.Session.request


def setUpModule():
    global sandbox, base
    command = [os.environ["WXDESKD_BIN"], "sandbox", "--listen", "127.0.0.1:0", "--seed", "7"]
    sandbox = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in sandbox.stdout:
        found = re.match(r"sandbox on (http:\S+)", line)
        if found:
            base = found.group(1)
            break
    assert base, "the sandbox printed no address"

    def to_sandbox(self, method, url, *args, **kwargs):
        # Only the host changes; wechatpy has it in several constants.
        return real_request(self, method, KNOWN.sub(base, url), *args, **kwargs)

    requests.Session.request = to_sandbox


def tearDownModule():
    requests.Session.request = real_request
    sandbox.terminate()
    sandbox.wait()
    sandbox.stdout.close()


def control(path, body=None):
    answer = requests.get(base + path) if body is None else requests.post(base + path, json=body)
    answer.raise_for_status()
    return answer.json()


def account(number):
    appid = control("/sandbox/state")["accounts"][number]["appid"]
    return control("/sandbox/accounts/" + appid)


def client_of(shop):
    return WeChatClient(shop["appid"], shop["app_secret"])


class Receiver:
    """A server of the kind that developers write: echoes a verification, answers pushes."""

    def __init__(self, answer):
        self.seen = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def query(self):
                return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

            def reply(self, text):
                body = text.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                query = self.query()
                check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
                self.reply(query["echostr"])

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.reply(answer(self.query(), body))
                receiver.seen.put((self.query(), body))

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class OAuth(unittest.TestCase):
    def test_exchange_refresh_check_userinfo(self):
        shop = account(4)
        control("/sandbox/web-domain", {"appid": shop["appid"], "domain": "shop.example.com"})
        redirect = "https://shop.example.com/in?x=1"
        oauth = WeChatOAuth(shop["appid"], shop["app_secret"], redirect, "snsapi_userinfo", "s1")
        answer = control("/sandbox/oauth", {"url": oauth.authorize_url, "follower": 1, "agree": True})
        query = parse_qs(urlsplit(answer["redirect"]).query)
        self.assertEqual((query["x"], query["state"]), (["1"], ["s1"]))
        got = oauth.fetch_access_token(query["code"][0])
        self.assertEqual(got["openid"], shop["people"][1]["openid"])
        self.assertTrue(oauth.check_access_token())
        self.assertEqual(oauth.refresh_access_token(oauth.refresh_token)["access_token"], got["access_token"])
        self.assertEqual(oauth.get_user_info()["nickname"], "Alice Wang")
        with self.assertRaises(WeChatOAuthException) as caught:
            oauth.fetch_access_token(query["code"][0])
        self.assertEqual(caught.exception.errcode, 40163)

    def test_website_login(self):
        site = account(15)
        control("/sandbox/web-domain", {"appid": site["appid"], "domain": "shop.example.com"})
        oauth = WeChatOAuth(site["appid"], site["app_secret"], "https://shop.example.com/", "snsapi_login", "s1")
        answer = control("/sandbox/oauth", {"url": oauth.qrconnect_url})
        code = parse_qs(urlsplit(answer["redirect"]).query)["code"][0]
        self.assertEqual(oauth.fetch_access_token(code)["scope"], "snsapi_login")


class Client(unittest.TestCase):
    def test_token_and_a_refused_secret(self):
        client = client_of(account(0))
        self.assertEqual(client.fetch_access_token()["expires_in"], 7200)
        with self.assertRaises(WeChatClientException) as caught:
            WeChatClient(client.appid, "wrong").fetch_access_token()
        self.assertEqual(caught.exception.errcode, 40125)

    def test_a_replaced_token_is_fetched_again(self):
        client = client_of(account(3))
        before = client.access_token
        control("/sandbox/take-token", {"appid": client.appid})
        control("/sandbox/advance", {"ms": 300000})
        self.assertEqual(client.user.get_followers()["total"], 4)
        self.assertNotEqual(client.access_token, before)

    def test_js_signature_is_what_the_page_accepts(self):
        shop = account(0)
        control("/sandbox/web-domain", {"appid": shop["appid"], "domain": "shop.example.com"})
        client = client_of(shop)
        ticket = client.jsapi.get_jsapi_ticket()
        url = "https://shop.example.com/page?x=1"
        signature = client.jsapi.get_jsapi_signature("n0nce", ticket, 1414587457, url)
        config = {"appid": shop["appid"], "timestamp": 1414587457, "nonce_str": "n0nce", "signature": signature}
        self.assertEqual(control("/sandbox/jsapi-verify", dict(config, url=url))["result"], "config:ok")
        other = control("/sandbox/jsapi-verify", dict(config, url=url + "&y=2"))
        self.assertEqual(other["result"], "invalid signature")
        self.assertNotEqual(client.jsapi.get_jsapi_card_ticket(), ticket)

    def test_qr_codes(self):
        client = client_of(account(0))
        scene = {"scene": {"scene_id": 123}}
        made = client.qrcode.create({"expire_seconds": 1800, "action_name": "QR_SCENE", "action_info": scene})
        self.assertEqual(made["expire_seconds"], 1800)
        self.assertTrue(client.qrcode.show(made["ticket"]).content.startswith(b"\x89PNG"))
        self.assertEqual(control("/sandbox/scan", {"ticket": made["ticket"], "follower": 4})["event"], "subscribe")
        info = client.user.get(account(0)["people"][4]["openid"])
        self.assertEqual((info["subscribe"], info["qr_scene"]), (1, 123))

    def test_template(self):
        shop = account(0)
        client = client_of(shop)
        template = client.template.get_all_private_template()["template_list"][0]
        names = re.findall(r"{{(\w+)\.DATA}}", template["content"])
        data = {name: {"value": "x"} for name in names}
        to = shop["people"][0]["openid"]
        self.assertGreater(client.message.send_template(to, template["template_id"], data)["msgid"], 2**53)
        with self.assertRaises(WeChatClientException) as caught:
            client.message.send_template(to, template["template_id"], {})
        self.assertEqual(caught.exception.errcode, 47003)
        self.assertIn("primary_industry", client.template.get_industry())

    def test_media_and_material(self):
        client = client_of(account(0))
        data = b"\x89PNG\r\n\x1a\n\x00"
        made = client.media.upload("image", ("a.png", io.BytesIO(data), "image/png"))
        self.assertEqual(client.media.download(made["media_id"]).content, data)
        self.assertEqual(client.material.get_count()["news_count"], 1)
        self.assertEqual(client.material.batchget("image", 0, 20)["total_count"], 2)

    def test_menu(self):
        client = client_of(account(3))
        client.menu.create({"button": [{"type": "click", "name": "今日", "key": "TODAY"}]})
        self.assertEqual(client.menu.get()["menu"]["button"][0]["key"], "TODAY")
        client.menu.delete()


class OwnServer(unittest.TestCase):
    """Verification, a push and a reply in every mode, with wechatpy on the developer's side."""

    def in_mode(self, mode):
        shop = account(0)
        crypto = WeChatCrypto(TOKEN, KEY, shop["appid"])

        def answer(query, body):
            if query.get("encrypt_type") == "aes":
                text = crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
                reply = create_reply("pong", parse_message(text)).render()
                return crypto.encrypt_message(reply, query["nonce"], query["timestamp"])
            check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
            return create_reply("pong", parse_message(body)).render()

        receiver = Receiver(answer)
        self.addCleanup(receiver.close)
        server = {"appid": shop["appid"], "url": receiver.url + "/wx?own=1", "token": TOKEN, "encoding_aes_key": KEY}
        saved = control("/sandbox/server", dict(server, mode=mode))
        self.assertTrue(saved["saved"], saved)
        self.addCleanup(control, "/sandbox/server/remove", {"appid": shop["appid"]})
        control("/sandbox/message", {"appid": shop["appid"], "follower": 0, "text": "ping"})
        query, body = receiver.seen.get(timeout=10)
        self.assertEqual(query["own"], "1")
        self.assertEqual("<Content>" in body, mode != "secure")
        client_of(shop).message.send_text(shop["people"][0]["openid"], "hello")
        # The receiver has answered; the sandbox records the reply a moment later.
        for _ in range(200):
            record = control("/sandbox/accounts/" + shop["appid"])["pushes"][-1:]
            if record and record[0]["reply"] and record[0]["outcome"] == "taken":
                break
        self.assertIn("pong", record[0]["reply"])

    def test_plain(self):
        self.in_mode("plain")

    def test_compatible(self):
        self.in_mode("compatible")

    def test_secure(self):
        self.in_mode("secure")


class Component(unittest.TestCase):
    def test_from_the_ticket_to_an_authorizer_token(self):
        receiver = Receiver(lambda query, body: "success")
        self.addCleanup(receiver.close)
        platform = control("/sandbox/platform")
        component = WeChatComponent(
            platform["component_appid"],
            platform["component_appsecret"],
            platform["verify_token"],
            platform["encoding_aes_key"],
        )
        control("/sandbox/push", {"push_base": receiver.url})
        query, body = receiver.seen.get(timeout=10)
        pushed = component.parse_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
        self.assertEqual(pushed.type, "component_verify_ticket")
        self.assertTrue(component.access_token)
        shop = account(5)
        form = {
            "component_appid": platform["component_appid"],
            "pre_auth_code": component.create_preauthcode()["pre_auth_code"],
            "redirect_uri": receiver.url + "/done",
            "appid": shop["appid"],
        }
        confirmed = requests.post(base + "/sandbox/authorize/confirm", data=form, allow_redirects=False)
        code = parse_qs(urlsplit(confirmed.headers["Location"]).query)["auth_code"][0]
        info = component.query_auth(code)["authorization_info"]
        self.assertEqual(info["authorizer_appid"], shop["appid"])
        renewed = component.refresh_authorizer_token(shop["appid"], info["authorizer_refresh_token"])
        self.assertTrue(renewed["authorizer_access_token"])
        shown = component.get_authorizer_info(shop["appid"])["authorizer_info"]
        self.assertEqual(shown["user_name"], shop["user_name"])
        authorizer = component.get_client_by_appid(shop["appid"])
        authorizer.menu.create({"button": [{"type": "click", "name": "a", "key": "K"}]})
        self.assertEqual(authorizer.menu.get()["menu"]["button"][0]["key"], "K")


class Counted(unittest.TextTestResult):
    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromModule(__import__("__main__"))
    result = unittest.TextTestRunner(verbosity=2, resultclass=Counted).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(f"python: {result.passed} passed {failed} failed", flush=True)
    raise SystemExit(1 if failed or not result.passed else 0)
