/** A small check of menus for the made-up engine: enough rules for pages to show something. Not the engine's list. */
import type { MenuAbilities, MenuCheck, MenuFinding, MenuSet } from "../types";
import { bytes, isAppid, isPreviewLink, KEY_BYTES, MOST_DOMAINS, MOST_SUB, MOST_TOP, NAME_BYTES, NAME_UNITS, units, URL_BYTES, webHost } from "@/lib/menu/measure";
import { FIELDS_OF, isButtonType, type Field } from "@/lib/menu/types";

type Json = Record<string, unknown>;
const str = (value: unknown): string => (typeof value === "string" ? value : "");

export function checkMenu(set: MenuSet, abilities: MenuAbilities): MenuCheck {
  const findings: MenuFinding[] = [];
  const say = (severity: MenuFinding["severity"], path: string, rule: string, message_zh: string, message: string): void => void findings.push({ path, rule, severity, message, message_zh });
  const bad = say.bind(null, "error");
  const warn = say.bind(null, "warning");
  const domains = new Set<string>();

  function field(button: Json, name: Field, path: string): void {
    const value = str(button[name]);
    const at = `${path}.${name}`;
    if (value.trim() === "") return bad(at, `${name}_required`, `还没有填写 ${name}。`, `${name} is missing.`);
    if (name === "key" && bytes(value) > KEY_BYTES) bad(at, "key_bytes", `key 有 ${bytes(value)} 字节，微信最多收 ${KEY_BYTES} 字节。`, `The key has ${bytes(value)} bytes; WeChat takes at most ${KEY_BYTES}.`);
    if (name === "appid" && !isAppid(value)) bad(at, "appid_form", "AppID 是 wx 加 16 位小写十六进制。", "An appid is wx and 16 lower-case hex digits.");
    if (name !== "url") return;
    if (bytes(value) > URL_BYTES) bad(at, "url_bytes", `网址有 ${bytes(value)} 字节，微信最多收 ${URL_BYTES} 字节。`, `The address has ${bytes(value)} bytes; WeChat takes at most ${URL_BYTES}.`);
    const host = webHost(value);
    if (host === null) bad(at, "url_form", "网址要以 http:// 或 https:// 开头，不能有空格。", "An address starts with http:// or https:// and has no blanks.");
    else if (path.startsWith("conditional")) domains.add(host);
    if (isPreviewLink(value)) warn(at, "url_preview", "这是预览链接（tempkey），短期内会失效。", "This is a preview link (tempkey); it will stop working soon.");
  }
  function button(value: unknown, path: string, top: boolean): void {
    if (typeof value !== "object" || value === null) return bad(path, "button_shape", "这一项不是按钮。", "This entry is no button.");
    const own = value as Json;
    const level = top ? "top" : "sub";
    const name = str(own.name);
    if (name.trim() === "") bad(`${path}.name`, "name_required", "还没有名称。", "There is no name.");
    else if (bytes(name) > NAME_BYTES[level]) bad(`${path}.name`, "name_bytes", `名称有 ${bytes(name)} 字节，微信最多收 ${NAME_BYTES[level]} 字节。`, `The name has ${bytes(name)} bytes; WeChat takes at most ${NAME_BYTES[level]}.`);
    else if (units(name) > NAME_UNITS[level]) warn(`${path}.name`, "name_shown", `手机上只显示 ${NAME_UNITS[level] / 2} 个汉字或 ${NAME_UNITS[level]} 个字母，其余显示为「…」。`, `A phone shows ${NAME_UNITS[level] / 2} Chinese characters or ${NAME_UNITS[level]} letters; the rest becomes "…".`);
    const children = Array.isArray(own.sub_button) ? own.sub_button : [];
    if (children.length > 0) {
      if (own.type !== undefined) bad(`${path}.type`, "type_with_children", "有子菜单的一项不能再有内容。", "An item with a sub-menu can have no content.");
      if (children.length > MOST_SUB) bad(path, "sub_count", `子菜单最多 ${MOST_SUB} 个。`, `A sub-menu has at most ${MOST_SUB} items.`);
      if (!top) bad(path, "depth", "菜单只有两级。", "A menu has two levels only.");
      children.forEach((child, i) => button(child, `${path}.sub_button[${i}]`, false));
      return;
    }
    if (own.type === undefined || own.type === "") return bad(`${path}.type`, "content_required", "还没有设置内容。", "It has no content yet.");
    if (!isButtonType(own.type)) return bad(`${path}.type`, "type_unknown", `微信不认识类型 ${String(own.type)}。`, `WeChat does not know the type ${String(own.type)}.`);
    for (const name of FIELDS_OF[own.type]) field(own, name, path);
    if ((own.type === "view" || own.type === "miniprogram") && abilities.verified === false) warn(`${path}.type`, "unverified", "未认证的账号不能跳转到任意网页或小程序。", "An unverified account cannot open any page or mini program.");
  }
  function menu(list: unknown[], prefix: string): void {
    if (list.length > MOST_TOP) bad(prefix, "top_count", `一级菜单最多 ${MOST_TOP} 个。`, `The bar has at most ${MOST_TOP} items.`);
    list.forEach((value, i) => button(value, `${prefix === "" ? "" : `${prefix}.`}button[${i}]`, true));
  }
  menu(set.button, "");
  if (set.button.length === 0 && set.conditional.length > 0) bad("", "default_required", "个性化菜单需要先有默认菜单。", "Conditional menus need a default menu first.");
  set.conditional.forEach((own, i) => {
    const prefix = `conditional[${i}]`;
    const live = Object.entries(own.matchrule).filter(([, value]) => value !== "" && value !== null);
    const abolished = live.filter(([name]) => ["sex", "country", "province", "city", "language"].includes(name));
    if (live.length === 0) bad(`${prefix}.matchrule`, "rule_empty", "还没有匹配条件。", "There is no condition.");
    if (abolished.length > 0) bad(`${prefix}.matchrule`, "rule_abolished", `微信已取消按 ${abolished.map(([name]) => name).join("、")} 匹配。`, `WeChat no longer matches by ${abolished.map(([name]) => name).join(", ")}.`);
    if (own.button.length === 0) bad(prefix, "empty", "这个个性化菜单还没有按钮。", "This conditional menu has no buttons.");
    menu(own.button, prefix);
  });
  if (domains.size > MOST_DOMAINS) bad("", "domains", `全部个性化菜单最多跳转 ${MOST_DOMAINS} 个域名，现在有 ${domains.size} 个。`, `All conditional menus together may lead to ${MOST_DOMAINS} hosts; now there are ${domains.size}.`);
  return { findings, conditional_domains: [...domains] };
}
