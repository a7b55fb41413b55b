/** Made-up parametric QR codes and their scans. Development and tests only. */
import { HostError, type Commands } from "../host";
import type { Account, SceneCode, SceneKind } from "../types";
import { hex, random } from "./data";
import { qr } from "./links";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
/** Name, scene, kind, life in days (0: for ever), age in days, scans, followed. */
const SAMPLES: [string, string, SceneKind, number, number, number, number][] = [
  ["南山门店收银台", "store-0086-cashier", "text", 0, 62, 18_420, 5_106],
  ["地推活动 国庆第二场", "90210", "number", 30, 12, 1_204, 388],
  ["门店桌贴（A 区 1–40 号桌，含露台和包间，2026 春季新版物料）", "table-a-2026-spring", "text", 0, 21, 7_733, 912],
  ["快递箱内卡", "insert_card_v3", "text", 0, 140, 40_911, 11_274],
  ["周三会员日海报", "20261118", "number", 7, 3, 96, 31],
  ["展会名片", "expo-sh-2026", "text", 30, 31, 640, 402],
  ["收银小票", "4096", "number", 0, 9, 311, 58],
  ["客服测试", "debug", "text", 1, 0.2, 2, 0],
];

interface Around {
  scenario: string;
  start: number;
  accounts: () => Account[];
  emit: (...tags: string[]) => void;
}
type SceneCommand = "create_scene_code" | "list_scene_codes" | "rename_scene_code" | "forget_scene_code" | "scene_code_svg" | "scene_code_png" | "list_scene_scans";

export function sceneAnswers({ scenario, start, accounts, emit }: Around): { [K in SceneCommand]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> } {
  let codes: SceneCode[] | null = null;
  function all(): SceneCode[] {
    if (codes) return codes;
    const owners = accounts().filter((a) => a.kind === "official_account" && a.state === "authorized");
    const n = scenario === "empty" || scenario === "sandbox" || owners.length === 0 ? 0 : scenario === "many" ? 3_000 : 34;
    codes = Array.from({ length: n }, (_, i) => {
      const [name, scene, kind, life, age, scans, followed] = SAMPLES[i % SAMPLES.length];
      const round = Math.floor(i / SAMPLES.length);
      const owner = owners[(i * 3) % owners.length];
      const created = start - (age + round * 4) * DAY;
      const next = random(i + 5);
      return {
        id: n - i, component_appid: owner.component_appid, appid: owner.appid, name: round === 0 ? name : `${name} ${round + 1}`, kind, scene: kind === "number" ? String(Number(scene) + round) : round === 0 ? scene : `${scene}-${round + 1}`, permanent: life === 0,
        url: `http://weixin.qq.com/q/${hex(i + 77, 20)}`, created_at: created, expires_at: life === 0 ? null : created + life * DAY, scans: i === 9 ? 0 : Math.round(scans / (round + 1)), followed: i === 9 ? 0 : Math.round(followed / (round + 1)), last_scan_at: i === 9 ? null : start - next() * 5 * HOUR - round * DAY,
      };
    }).sort((a, b) => b.created_at - a.created_at);
    return codes;
  }
  const find = (id: number): SceneCode => {
    const found = all().find((x) => x.id === id);
    if (!found) throw new HostError({ code: "not_found", message: "no such code" });
    return found;
  };

  return {
    list_scene_codes: ({ query }) => {
      const now = Date.now();
      const q = (query.q ?? "").toLowerCase();
      const match = all().filter(
        (x) =>
          (!query.appid || x.appid === query.appid) && (!query.component_appid || x.component_appid === query.component_appid) && (!q || x.name.toLowerCase().includes(q) || x.scene.toLowerCase().includes(q)) &&
          (query.ended === undefined || query.ended === (x.expires_at !== null && x.expires_at <= now)),
      );
      const from = query.offset ?? 0;
      return { items: match.slice(from, from + (query.limit ?? 100)), total: match.length };
    },
    create_scene_code: async ({ input }) => {
      await wait(700);
      if (input.scene === "0") throw new HostError({ code: "invalid_input", message: "invalid", detail: { fields: [{ field: "scene", rule: "range", message: "A number from 1 on.", message_zh: "从 1 开始的整数。" }] } });
      const now = Date.now();
      const made: SceneCode = { id: Math.max(0, ...all().map((x) => x.id)) + 1, component_appid: input.component_appid, appid: input.appid, name: input.name, kind: input.kind, scene: input.scene, permanent: input.permanent, url: `http://weixin.qq.com/q/${hex(now % 9973, 20)}`, created_at: now, expires_at: input.permanent ? null : now + (input.expire_seconds ?? 604_800) * 1000, scans: 0, followed: 0, last_scan_at: null };
      all().unshift(made);
      emit("scene_codes");
      return made;
    },
    rename_scene_code: async ({ id, name }) => (await wait(200), (find(id).name = name.trim()), emit("scene_codes"), find(id)),
    forget_scene_code: async ({ id }) => (await wait(300), (codes = all().filter((x) => x.id !== id)), emit("scene_codes"), null),
    scene_code_svg: ({ id }) => qr(id * 31 + 7),
    scene_code_png: async ({ id }) => {
      const { svgToPng } = await import("@/lib/poster");
      return svgToPng(qr(id * 31 + 7).replace("<svg ", '<svg width="512" height="512" '), { width: 512, height: 512 });
    },
    list_scene_scans: ({ id }) => {
      const code = find(id);
      const next = random(id + 11);
      let at = code.last_scan_at ?? start;
      return Array.from({ length: Math.min(200, code.scans) }, () => ({ at: (at -= next() * 40 * MIN), openid: `oH4k${hex(Math.floor(next() * 40) + id, 24)}`, followed: next() < code.followed / Math.max(1, code.scans) }));
    },
  };
}
