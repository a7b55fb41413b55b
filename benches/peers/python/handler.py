"""A WSGI handler on wechatpy that verifies, decrypts and parses a push, and stores nothing."""

from urllib.parse import parse_qs

from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto

CRYPTO = WeChatCrypto("AAAAA", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx134c8103faa5a59e")


def application(environ, start_response):
    query = {name: values[-1] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    message = CRYPTO.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
    answer = b"success" if parse_message(message).id else b"bad"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]
