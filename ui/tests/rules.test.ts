/** The form's rules are those of the engine: the table is the one of the interface document. */
import { describe, expect, it } from "vitest";
import * as rules from "../src/lib/rules";

const KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const cases: [keyof typeof rules, string, string | null][] = [
  ["appid", "", "required"],
  ["appid", "wx134c8103faa5a59e", null],
  ["appid", "wx134c8103faa5a59", "appid"],
  ["appid", "wx134c8103faa5a59g", "appid"],
  ["appid", "gh_134c8103faa5a59", "appid"],
  ["platformName", " ", "required"],
  ["platformName", "长".repeat(40), null],
  ["platformName", "𠮷".repeat(40), null],
  ["platformName", "长".repeat(41), "name"],
  ["aesKey", KEY, null],
  ["aesKey", KEY.slice(1), "aes_key"],
  ["aesKey", `${KEY.slice(1)}=`, "aes_key"],
  ["verifyToken", "abc", null],
  ["verifyToken", "ab", "token"],
  ["verifyToken", "a".repeat(32), null],
  ["verifyToken", "a".repeat(33), "token"],
  ["verifyToken", "abc-def", "token"],
  ["baseUrl", "https://abc.natapp.cc", null],
  ["baseUrl", "https://abc.natapp.cc/", null],
  ["baseUrl", "https://abc.natapp.cc:8443", null],
  ["baseUrl", "http://127.0.0.1:8090", null],
  ["baseUrl", "http://localhost", null],
  ["baseUrl", "http://abc.natapp.cc", "https"],
  ["baseUrl", "https://abc.natapp.cc/wechat", "no_path"],
  ["baseUrl", "https://abc.natapp.cc?x=1", "no_path"],
  ["baseUrl", "https://abc.natapp.cc/?", "no_path"],
  ["baseUrl", "abc.natapp.cc", "base_url"],
  ["baseUrl", "ftp://abc.natapp.cc", "base_url"],
  ["baseUrl", "https://user:pw@abc.natapp.cc", "base_url"],
  ["proxy", "", null],
  ["proxy", "socks5://u:p@10.0.0.1:1080", null],
  ["proxy", "http://10.0.0.1:3128", null],
  ["proxy", "ftp://10.0.0.1", "proxy"],
  ["proxy", "10.0.0.1:3128", "proxy"],
];

describe("rules", () => {
  it.each(cases)("%s(%s) is %s", (rule, value, wanted) => expect((rules[rule] as rules.Rule)(value)).toBe(wanted));
});
