/** Made-up menus: one made on the website, one through the API, none. Development and tests only. */
import type { Account, LiveMenu, MenuAbilities, MenuSet, MenuTemplate, TakeoverRules } from "../types";

const article = (title: string, n: number): Record<string, unknown> => ({ title, author: "晨光咖啡", digest: "每天七点，为你煮好第一杯。", show_cover: 1, cover_url: `http://mmbiz.qpic.cn/mmbiz_jpg/${n}/0`, content_url: `http://mp.weixin.qq.com/s?__biz=MzA4&mid=${n}&idx=1`, source_url: "" });

/** As `get_current_selfmenu_info` has it. */
export const WEBSITE_SELFMENU = {
  is_menu_open: 1,
  selfmenu_info: {
    button: [
      {
        name: "今日咖啡",
        sub_button: {
          list: [
            { type: "text", name: "营业时间", value: "每天 07:00–22:00，法定节假日照常营业。" },
            { type: "img", name: "本周菜单", value: "ax5Whs5dsoomJLEppAvftBUuH7CgXCZGFbFJifmbUjnQk_ierMHY99Y5d2Cv14RD" },
            { type: "voice", name: "店长的话", value: "nTXe3aghlQ4XYHa0AQPWiQQbFW9RVtaYTLPC1PCQx11qc9UB6CiUPFjdkeEtJicn" },
            { type: "video", name: "门店视频", value: "http://61.182.130.30/vweixinp.tc.qq.com/1007_dc.f10.mp4" },
            { type: "news", name: "冲煮指南", value: "KQb_w_Tiz-nSdVLoTV35Psmty8hGBulGhEdbb9SKs-o", news_info: { list: [article("四种豆子，四种冲法", 11), article("在家也能打好奶泡", 12)] } },
          ],
        },
      },
      { type: "view", name: "附近门店", url: "https://shop.example.com/near" },
      { type: "text", name: "联系我们", value: "电话 021-5555 0123，工作日 9:00–18:00。" },
    ],
  },
};

const reply = (key: string, kind: MenuSet["replies"][number]["kind"], content: string, news: unknown[] | null = null): MenuSet["replies"][number] => ({ key, kind, content, news });
export const WEBSITE_SET: MenuSet = {
  button: [
    {
      name: "今日咖啡",
      sub_button: [
        { type: "click", name: "营业时间", key: "wxdesk_0_0" },
        { type: "click", name: "本周菜单", key: "wxdesk_0_1" },
        { type: "click", name: "店长的话", key: "wxdesk_0_2" },
        { type: "click", name: "门店视频", key: "wxdesk_0_3" },
        { type: "click", name: "冲煮指南", key: "wxdesk_0_4" },
      ],
    },
    { type: "view", name: "附近门店", url: "https://shop.example.com/near" },
    { type: "click", name: "联系我们", key: "wxdesk_2" },
  ],
  conditional: [],
  replies: [
    reply("wxdesk_0_0", "text", "每天 07:00–22:00，法定节假日照常营业。"),
    reply("wxdesk_0_1", "image", "ax5Whs5dsoomJLEppAvftBUuH7CgXCZGFbFJifmbUjnQk_ierMHY99Y5d2Cv14RD"),
    reply("wxdesk_0_2", "voice", "nTXe3aghlQ4XYHa0AQPWiQQbFW9RVtaYTLPC1PCQx11qc9UB6CiUPFjdkeEtJicn"),
    reply("wxdesk_0_3", "video", "http://61.182.130.30/vweixinp.tc.qq.com/1007_dc.f10.mp4"),
    reply("wxdesk_0_4", "news", "KQb_w_Tiz-nSdVLoTV35Psmty8hGBulGhEdbb9SKs-o", [article("四种豆子，四种冲法", 11), article("在家也能打好奶泡", 12)]),
    reply("wxdesk_2", "text", "电话 021-5555 0123，工作日 9:00–18:00。"),
  ],
};

export const API_SET: MenuSet = {
  button: [
    {
      name: "点单",
      sub_button: [
        { type: "miniprogram", name: "外卖点单", url: "https://shop.example.com/order", appid: "wx286b93c14bbf93aa", pagepath: "pages/lunar/index" },
        { type: "view", name: "储值卡", url: "https://shop.example.com/card" },
        { type: "scancode_waitmsg", name: "扫桌码", key: "TABLE_SCAN" },
        { type: "pic_photo_or_album", name: "晒单有礼", key: "SHOW_PHOTO" },
        { type: "location_select", name: "离我最近", key: "NEAREST" },
      ],
    },
    { name: "会员", sub_button: [{ type: "click", name: "积分查询", key: "POINTS" }, { type: "article_id", name: "会员章程", article_id: "MzA4_PLN2N5a1" }] },
    { type: "click", name: "人工客服", key: "HUMAN" },
  ],
  conditional: [
    { name: "老会员", matchrule: { tag_id: "101" }, button: [{ type: "view", name: "会员专享", url: "https://vip.example.com/" }, { type: "click", name: "专属客服", key: "VIP_HUMAN" }], menuid: "208396993" },
    { name: "苹果手机", matchrule: { client_platform_type: "1" }, button: [{ type: "view", name: "点单", url: "https://ios.example.com/order" }], menuid: "208396992" },
    { name: "以前按地区建的", matchrule: { country: "中国", province: "上海", sex: "1" }, button: [{ type: "click", name: "上海门店", key: "SHANGHAI" }], menuid: "208396991" },
  ],
  replies: [],
};

export const EMPTY_SET: MenuSet = { button: [], conditional: [], replies: [] };

export function liveOf(kind: number, now: number): LiveMenu {
  if (kind === 0) {
    const replaced = WEBSITE_SET.replies.map((own) => ({ path: own.key.length > 8 ? `button[0].sub_button[${own.key.slice(-1)}]` : "button[2]", name: own.key === "wxdesk_2" ? "联系我们" : ["营业时间", "本周菜单", "店长的话", "门店视频", "冲煮指南"][Number(own.key.slice(-1))], kind: own.kind === "image" ? "img" : own.kind, key: own.key }));
    return { read_at: now, made_by: "website", is_open: true, set: WEBSITE_SET, replaced, selfmenu: WEBSITE_SELFMENU, menu_get: null };
  }
  if (kind === 1) {
    const { button, conditional } = API_SET;
    const menu_get = { menu: { button, menuid: 208396938 }, conditionalmenu: conditional.map((own) => ({ button: own.button, matchrule: own.matchrule, menuid: Number(own.menuid) })) };
    return { read_at: now, made_by: "api", is_open: true, set: { ...API_SET, conditional: conditional.map((own) => ({ ...own, name: "" })) }, replaced: [], selfmenu: { is_menu_open: 1, selfmenu_info: { button } }, menu_get };
  }
  return { read_at: now, made_by: "nobody", is_open: false, set: EMPTY_SET, replaced: [], selfmenu: { is_menu_open: 0, selfmenu_info: { button: [] } }, menu_get: null };
}

export function abilitiesOf(row: Account, kind: number): MenuAbilities {
  const has = (...ids: number[]): boolean => ids.some((id) => row.scopes.includes(id));
  return { authorized: row.state !== "unauthorized", publish: row.kind === "official_account" && row.state === "authorized" && has(15), read: row.kind === "official_account" && has(1, 3, 15), verified: kind !== 2, service: kind !== 2 };
}

export const RULES: TakeoverRules = { auto_draft: true, answer_content: true, key_prefix: "", own: [{ type: "view", name: "门店通", url: "https://abc.natapp.cc/home" }], own_place: "after", overflow: "fold", folder_name: "更多" };

export const templates = (now: number): MenuTemplate[] => [
  {
    id: "tp1",
    name: "门店标准菜单",
    note: "新开门店先用这份",
    set: { button: [{ type: "view", name: "点单", url: "https://shop.example.com/{{appid}}" }, { type: "view", name: "附近门店", url: "https://shop.example.com/{{city}}/near" }, { type: "click", name: "联系{{name}}", key: "CONTACT" }], conditional: [], replies: [{ key: "CONTACT", kind: "text", content: "{{name}}，电话 {{phone}}。", news: null }] },
    variables: [{ name: "city", label: "城市（拼音）", default: "shanghai" }, { name: "phone", label: "门店电话", default: null }],
    updated_at: now - 3 * 86_400_000,
  },
];
