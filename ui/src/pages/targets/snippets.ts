/** What a business server receives, and how it makes sure from whom: examples ready to copy. Pure. */
import type { TargetFormat, TargetMode } from "@/host";

export const LANGUAGES = ["node", "python", "php", "go", "java"] as const;
export type Language = (typeof LANGUAGES)[number];
export const LANGUAGE_NAMES: Record<Language, string> = { node: "Node.js", python: "Python", php: "PHP", go: "Go", java: "Java" };

/** An old signature is not taken: somebody may have kept it, s. */
const AGE_S = 300;

/** The body is signed as it came, before anything parses it. */
export const VERIFY: Record<Language, string> = {
  node: `import { createHmac, timingSafeEqual } from "node:crypto";

// raw: the body as a Buffer, before any parser (express.raw({ type: "*/*" }))
export function fromWxdesk(headers, raw, secret) {
  const timestamp = headers["x-wxdesk-timestamp"] ?? "";
  const given = Buffer.from(headers["x-wxdesk-signature"] ?? "");
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= ${AGE_S})) return false;
  const wanted = Buffer.from("v1=" + createHmac("sha256", secret).update(timestamp + ".").update(raw).digest("hex"));
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}`,
  python: `import hashlib, hmac, time

# raw: the body as bytes, before any parser (Flask: request.get_data())
def from_wxdesk(headers, raw: bytes, secret: str) -> bool:
    timestamp = headers.get("X-Wxdesk-Timestamp", "")
    given = headers.get("X-Wxdesk-Signature", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > ${AGE_S}:
        return False
    wanted = "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(given.encode(), wanted.encode())`,
  php: `<?php
// $raw: file_get_contents("php://input"), before any parser
function from_wxdesk(string $raw, string $secret): bool {
    $timestamp = $_SERVER["HTTP_X_WXDESK_TIMESTAMP"] ?? "";
    $given = $_SERVER["HTTP_X_WXDESK_SIGNATURE"] ?? "";
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > ${AGE_S}) return false;
    return hash_equals("v1=" . hash_hmac("sha256", $timestamp . "." . $raw, $secret), $given);
}`,
  go: `import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// raw: io.ReadAll(r.Body), before any parser
func fromWxdesk(h http.Header, raw []byte, secret string) bool {
	timestamp := h.Get("X-Wxdesk-Timestamp")
	at, err := strconv.ParseInt(timestamp, 10, 64)
	if age := time.Now().Unix() - at; err != nil || age > ${AGE_S} || age < -${AGE_S} {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(raw)
	wanted := "v1=" + hex.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(h.Get("X-Wxdesk-Signature")), []byte(wanted))
}`,
  java: `import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

// raw: the body as bytes, before any parser (@RequestBody byte[] raw); Java 17
static boolean fromWxdesk(String timestamp, String signature, byte[] raw, String secret) throws GeneralSecurityException {
    if (timestamp == null || signature == null || !timestamp.matches("\\\\d{1,12}")) return false;
    if (Math.abs(Instant.now().getEpochSecond() - Long.parseLong(timestamp)) > ${AGE_S}) return false;
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    mac.update((timestamp + ".").getBytes(StandardCharsets.UTF_8));
    String wanted = "v1=" + HexFormat.of().formatHex(mac.doFinal(raw));
    return MessageDigest.isEqual(signature.getBytes(StandardCharsets.UTF_8), wanted.getBytes(StandardCharsets.UTF_8));
}`,
};

const APPID = "wx570bc396a51b8ff8";
const XML = `<xml>
  <ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName>
  <FromUserName><![CDATA[oyORnuP8q7ou2gfYjqLzSIWZf0rs]]></FromUserName>
  <CreateTime>1749611034</CreateTime>
  <MsgType><![CDATA[text]]></MsgType>
  <Content><![CDATA[价格]]></Content>
  <MsgId>6054768590064713728</MsgId>
</xml>`;
const JSON_BODY = `{
  "id": 48211,
  "component_appid": "wx134c8103faa5a59e",
  "appid": "${APPID}",
  "received_at": 1749611034512,
  "msg_type": "text",
  "sender": "oyORnuP8q7ou2gfYjqLzSIWZf0rs",
  "test": false,
  "message": {
    "ToUserName": "gh_10f6c3c3ac5a",
    "FromUserName": "oyORnuP8q7ou2gfYjqLzSIWZf0rs",
    "CreateTime": "1749611034",
    "MsgType": "text",
    "Content": "价格",
    "MsgId": "6054768590064713728"
  }
}`;
const SEALED = `<xml>
  <ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName>
  <Encrypt><![CDATA[hQ8t0GZ…wT2r1A==]]></Encrypt>
</xml>`;
const QUERY = "signature=…&timestamp=1749611034&nonce=1320562132&openid=oyORnuP8q7ou2gfYjqLzSIWZf0rs&encrypt_type=aes&msg_signature=…";

function split(url: string): { host: string; path: string } {
  try {
    const parsed = new URL(url.replaceAll("$APPID$", APPID));
    return { host: parsed.host, path: `${parsed.pathname}${parsed.search}` };
  } catch {
    return { host: "api.example.com", path: "/wechat" };
  }
}

/** The whole request, as it arrives. */
export function requestExample(format: TargetFormat, url: string): string {
  const { host, path } = split(url);
  const head = (target: string, type: string, own: string[]): string => [`POST ${target} HTTP/1.1`, `Host: ${host}`, "User-Agent: wxdesk/0.1.0", `Content-Type: ${type}`, "X-Wxdesk-Id: 48211", ...own].join("\n");
  const signed = [`X-Wxdesk-Appid: ${APPID}`, "X-Wxdesk-Component: wx134c8103faa5a59e", "X-Wxdesk-Timestamp: 1749611034", "X-Wxdesk-Attempt: 1", "X-Wxdesk-Signature: v1=5f2b0c9a…e41d"];
  if (format === "json") return `${head(path, "application/json; charset=utf-8", signed)}\n\n${JSON_BODY}`;
  if (format === "xml") return `${head(path, "text/xml; charset=utf-8", signed)}\n\n${XML}`;
  // As WeChat sends it, without a charset; the target's own query stays before WeChat's.
  return `${head(`${path}${path.includes("?") ? "&" : "?"}${QUERY}`, "text/xml", [])}\n\n${SEALED}`;
}

const REPLY = `<xml>
  <ToUserName><![CDATA[oyORnuP8q7ou2gfYjqLzSIWZf0rs]]></ToUserName>
  <FromUserName><![CDATA[gh_10f6c3c3ac5a]]></FromUserName>
  <CreateTime>1749611035</CreateTime>
  <MsgType><![CDATA[text]]></MsgType>
  <Content><![CDATA[中杯 18 元，大杯 21 元。]]></Content>
</xml>`;
const SEALED_REPLY = `<xml>
  <Encrypt><![CDATA[k9Vb2e…Qz==]]></Encrypt>
  <MsgSignature><![CDATA[…]]></MsgSignature>
  <TimeStamp>1749611035</TimeStamp>
  <Nonce><![CDATA[771029384]]></Nonce>
</xml>`;

/** What it answers with, when all is well. */
export const answerExample = (format: TargetFormat, mode: TargetMode): string => `HTTP/1.1 200 OK\n\n${mode === "notified" ? "success" : format === "sealed" ? SEALED_REPLY : REPLY}`;
