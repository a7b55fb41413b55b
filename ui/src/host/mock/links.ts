/** Made-up authorize links in every state. Development and tests only. */
import { HostError, type Commands } from "../host";
import type { Account, Link, LinkRequest, LinkState, Platform } from "../types";
import { hex, lastError, random } from "./data";

export function qr(seed: number): string {
  const size = 33;
  const next = random(seed);
  let path = "";
  const finder = (x: number, y: number): boolean => {
    for (const [fx, fy] of [[0, 0], [size - 7, 0], [0, size - 7]]) {
      const dx = x - fx, dy = y - fy;
      if (dx >= -1 && dx <= 7 && dy >= -1 && dy <= 7) {
        const ring = dx === 0 || dy === 0 || dx === 6 || dy === 6;
        if (dx >= 0 && dx <= 6 && dy >= 0 && dy <= 6 && (ring || (dx >= 2 && dx <= 4 && dy >= 2 && dy <= 4))) path += `M${x + 4} ${y + 4}h1v1h-1z`;
        return true;
      }
    }
    return false;
  };
  for (let y = 0; y < size; y += 1) for (let x = 0; x < size; x += 1) if (!finder(x, y) && next() > 0.52) path += `M${x + 4} ${y + 4}h1v1h-1z`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size + 8} ${size + 8}" shape-rendering="crispEdges"><rect width="100%" height="100%" fill="#fff"/><path d="${path}" fill="#000"/></svg>`;
}

interface Around {
  scenario: string;
  platforms: () => Platform[];
  accounts: () => Account[];
  emit: (...tags: string[]) => void;
  /** Makes the tenant when it is new; throws when it is archived. */
  tenant: (name: string) => void;
}
type LinkCommand = "create_link" | "get_link" | "list_links" | "clone_link" | "link_poster_svg" | "link_qr_png" | "end_link" | "close_link";

export function linkAnswers(around: Around): { [K in LinkCommand]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> } {
  const { scenario, emit } = around;
  const links = new Map<string, Link>();
  let made = 0;
  let filled = false;

  function build(request: LinkRequest, now: number): Link {
    const platform = around.platforms().find((p) => p.component_appid === request.component_appid);
    if (!platform) throw new HostError({ code: "not_found", message: "no such platform" });
    if (request.tenant) around.tenant(request.tenant);
    made += 1;
    const id = `lk${hex(made + 40, 20)}`;
    const link: Link = {
      link_id: id,
      component_appid: request.component_appid,
      kind: request.kind,
      url: `https://open.weixin.qq.com/wxaopen/safe/bindcomponent?component_appid=${request.component_appid}`,
      launch_url: `${platform.public_base_url}/wechat/${request.component_appid}/authorize/${id}`,
      qr_svg: qr(made),
      state: "waiting",
      created_at: now,
      expires_at: now + (scenario === "healthy" ? 20_000 : 600_000),
      account: null,
      error: null,
      auth_type: request.auth_type ?? null,
      biz_appid: request.biz_appid ?? null,
      scopes: request.scopes ?? [],
      tenant: request.tenant ?? null,
      note: request.note ?? "",
      opened_at: null,
      authorized_at: null,
      cancelled_at: null,
      made_from: null,
    };
    links.set(id, link);
    return link;
  }

  /** Links of the days before. */
  function fill(): void {
    if (filled || scenario === "empty" || scenario === "sandbox") return;
    filled = true;
    const platforms = around.platforms();
    const states: LinkState[] = ["waiting", "opened", "authorized", "expired", "cancelled", "authorized", "failed", "expired", "ended"];
    const notes = ["王经理，周三前要接完", "", "华东区第二批", "电话里说晚上扫", "", "城西旗舰店", "", "替换过期的那条", ""];
    for (let i = 63; i >= 0; i -= 1) {
      const state = i < 2 ? states[i] : states[i % states.length] === "waiting" || states[i % states.length] === "opened" ? "expired" : states[i % states.length];
      const now = Date.now() - (i < 2 ? 40_000 * (i + 1) : i * 5 * 3_600_000);
      const component = platforms[i % 7 === 6 && platforms.length > 1 ? 1 : 0].component_appid;
      const link = build({ component_appid: component, kind: i % 3 === 1 ? "pc" : "h5", auth_type: [3, 1, 2][i % 3], note: i === 12 ? "城西旗舰店，联系人李女士 13800000000，周五之前务必完成授权，否则公众号的菜单和客服消息都不能用；如果扫码失败请换电脑打开".slice(0, 200) : notes[i % notes.length], ...(i % 4 !== 3 && { tenant: ["晨光餐饮", "江南小馆", "华东连锁商户数字化运营中心上海分公司陆家嘴门店"][i % 3] }), ...(i % 8 === 3 && { biz_appid: around.accounts()[i]?.appid }), scopes: i % 5 === 0 ? [1, 7, 11, 15] : [] }, now);
      const opened = now + 45_000;
      Object.assign(link, { state, opened_at: state === "waiting" || i % 9 === 3 ? null : opened });
      if (state === "authorized") Object.assign(link, { account: around.accounts().filter((a) => a.component_appid === component)[i % 12], authorized_at: opened + 70_000 });
      if (state === "cancelled") link.cancelled_at = opened + 20_000;
      if (state === "failed") link.error = lastError(61004, opened + 60_000);
    }
  }

  const shown = (link: Link): Link => ({ ...link, state: (link.state === "waiting" || link.state === "opened" || link.state === "cancelled") && link.expires_at <= Date.now() && link.state !== "cancelled" ? "expired" : link.state });
  const find = (id: string): Link => {
    fill();
    const link = links.get(id);
    if (!link) throw new HostError({ code: "not_found", message: "no such link" });
    return link;
  };
  function make(request: LinkRequest): Link {
    fill();
    const link = build(request, Date.now());
    const step = (ms: number, change: () => Partial<Link>): void => {
      setTimeout(() => {
        Object.assign(link, change());
        emit(`link:${link.link_id}`, "links");
      }, ms);
    };
    const auto = new URLSearchParams(location.search).get("auto");
    if (auto !== null) {
      step(2500, () => ({ state: "opened", opened_at: Date.now() }));
      if (auto === "cancel") step(4500, () => ({ state: "cancelled", cancelled_at: Date.now() }));
      else {
        step(4500, () => ({ state: "redeeming" }));
        step(6000, () => ({ state: "authorized", account: around.accounts()[0], authorized_at: Date.now() }));
      }
    }
    emit("links");
    return link;
  }

  return {
    create_link: ({ request }) => make(request),
    get_link: ({ link_id }) => shown(find(link_id)),
    clone_link: ({ link_id, kind }) => {
      const old = find(link_id);
      const link = make({ component_appid: old.component_appid, kind: kind ?? old.kind, scopes: old.scopes, note: old.note, ...(old.auth_type !== null && { auth_type: old.auth_type }), ...(old.biz_appid !== null && { biz_appid: old.biz_appid }), ...(old.tenant !== null && { tenant: old.tenant }) });
      link.made_from = link_id;
      return link;
    },
    list_links: ({ query }) => {
      fill();
      const scope = [...links.values()].map(shown).reverse().sort((a, b) => b.created_at - a.created_at).filter((link) => !query.platform || link.component_appid === query.platform);
      const q = query.q?.toLowerCase() ?? "";
      const match = scope.filter((link) => (!query.state || link.state === query.state) && (!query.tenant || link.tenant === query.tenant) && (q === "" || [link.note, link.tenant, link.account?.nick_name, link.account?.appid, link.biz_appid].some((text) => text?.toLowerCase().includes(q))));
      const from = query.offset ?? 0;
      const states = [...new Set(scope.map((link) => link.state))];
      return { items: match.slice(from, from + (query.limit ?? 50)).map((link) => ({ ...link, url: "", qr_svg: "" })), total: match.length, counts: states.map((state) => ({ state, count: scope.filter((link) => link.state === state).length })) };
    },
    link_poster_svg: ({ link_id, lang, tz_offset_minutes = 480 }) => {
      const link = find(link_id);
      const zh = lang === "zh";
      const until = new Date(link.expires_at + tz_offset_minutes * 60_000).toISOString().slice(0, 16).replace("T", " ");
      const name = around.platforms().find((p) => p.component_appid === link.component_appid)?.name ?? "";
      const inner = link.qr_svg.replace("<svg ", '<svg x="120" y="300" width="480" height="480" ');
      const text = (y: number, size: number, fill: string, words: string, bold = ""): string => `<text x="360" y="${y}" font-size="${size}" fill="${fill}" text-anchor="middle" ${bold} font-family="'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','WenQuanYi Micro Hei',sans-serif">${words}</text>`;
      return `<svg xmlns="http://www.w3.org/2000/svg" width="720" height="1080" viewBox="0 0 720 1080"><rect width="720" height="1080" fill="#0052d9"/><rect x="60" y="60" width="600" height="960" rx="24" fill="#fff"/>${text(160, 30, "#1f2329", name.length > 18 ? `${name.slice(0, 18)}…` : name, 'font-weight="600"')}${text(220, 24, "#646a73", zh ? "邀请你授权公众号或小程序" : "invites you to authorize your account")}${inner}${text(860, 26, "#1f2329", zh ? "请账号管理员用微信扫码" : "Scan with the administrator's WeChat")}${text(920, 22, "#646a73", zh ? `${until} 前有效` : `Valid until ${until}`)}</svg>`;
    },
    link_qr_png: () => "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    end_link: ({ link_id }) => {
      const link = find(link_id);
      // Like the engine: one that was used stays as it is.
      if (link.state !== "authorized") link.state = "ended";
      emit("links", `link:${link_id}`);
      return shown(link);
    },
    close_link: ({ link_id }) => {
      const link = links.get(link_id);
      if (link && link.state !== "authorized") link.expires_at = Math.min(link.expires_at, Date.now());
      emit("links", `link:${link_id}`);
      return null;
    },
  };
}
