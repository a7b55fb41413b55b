//! Permission sets (权限集): what the numbers in `func_info` and `category_id_list` stand for.
//!
//! Owns: the table of C.10. Must not: drop an unknown number; callers show it through [`display_name`].
//! Invariant: ids are unique and ascending, and every entry has both names.
//!
//! Ids 1 to 49 are in official tables; the Chinese names of those above come from one SDK's enumeration, and the
//! English names are translations.

use serde::Serialize;

/// Which kind of account a set belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PermissionKind {
    /// 公众号.
    Official,
    /// 小程序.
    Mini,
}

/// One set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PermissionSet {
    /// `funcscope_category.id`.
    pub id: u32,
    /// Chinese name.
    pub name_zh: &'static str,
    /// English name.
    pub name_en: &'static str,
    /// Whose it is.
    pub kind: PermissionKind,
    /// Held by one component at a time (互斥).
    pub exclusive: bool,
}

/// The set with this id.
pub fn permission_set(id: u32) -> Option<&'static PermissionSet> {
    SETS.binary_search_by_key(&id, |set| set.id).ok().and_then(|at| SETS.get(at))
}

/// Every known set, by id.
pub fn all() -> &'static [PermissionSet] {
    SETS
}

/// The names `(zh, en)` to show for any id, known or not.
pub fn display_name(id: u32) -> (String, String) {
    match permission_set(id) {
        Some(set) => (set.name_zh.to_owned(), set.name_en.to_owned()),
        None => (format!("未知权限集 ({id})"), format!("Unknown permission set ({id})")),
    }
}

/// The sets of which one is enough to call an API path; `None` where that is not known.
pub fn sets_for_path(path: &str) -> Option<&'static [u32]> {
    Some(match path {
        "/cgi-bin/get_current_selfmenu_info" => &[1, 3, 15],
        "/cgi-bin/message/custom/send" => &[1, 19],
        "/cgi-bin/message/template/send" => &[7],
        "/cgi-bin/qrcode/create" => &[3],
        "/cgi-bin/ticket/getticket" | "/sns/oauth2/component/access_token" => &[4],
        "/cgi-bin/user/info" => &[2],
        "/sns/component/jscode2session" => &[20, 18],
        path if path.starts_with("/cgi-bin/menu/") => &[15],
        path if path.starts_with("/cgi-bin/material/") => &[11, 3, 100],
        _ => return None,
    })
}

macro_rules! sets {
    ($($id:literal $kind:ident $zh:literal $en:literal $($exclusive:ident)?;)*) => {
        &[$(PermissionSet {
            id: $id,
            name_zh: $zh,
            name_en: $en,
            kind: PermissionKind::$kind,
            exclusive: sets!(@ $($exclusive)?),
        }),*]
    };
    (@) => { false };
    (@ exclusive) => { true };
}

static SETS: &[PermissionSet] = sets! {
    1 Official "消息管理权限" "Messages";
    2 Official "用户管理权限" "Users";
    3 Official "帐号服务权限" "Account services (QR codes, short links)";
    4 Official "网页服务权限" "Web services (web authorization, JS-SDK)";
    5 Official "微信小店权限" "WeChat shop";
    6 Official "微信多客服权限" "Customer service";
    7 Official "群发与通知权限" "Broadcasts and notifications (template messages)";
    8 Official "微信卡券权限" "Cards and coupons";
    9 Official "微信扫一扫权限" "Scan";
    10 Official "微信连WIFI权限" "Wi-Fi";
    11 Official "素材管理权限" "Material";
    12 Official "微信摇周边权限" "Shake nearby";
    13 Official "微信门店权限" "Stores";
    14 Official "微信支付权限（已下线）" "WeChat Pay (withdrawn)";
    15 Official "自定义菜单权限" "Custom menus";
    16 Official "获取认证状态及信息" "Verification state";
    17 Mini "帐号管理权限" "Account (mini program codes)";
    18 Mini "开发管理与数据分析权限" "Development and analytics" exclusive;
    19 Mini "客服消息管理权限" "Customer service messages";
    20 Mini "微信登录权限" "WeChat login";
    21 Mini "数据分析权限" "Analytics";
    22 Official "城市服务接口权限" "City services API";
    23 Official "广告管理权限" "Advertising";
    24 Official "开放平台帐号管理权限" "Open Platform account" exclusive;
    25 Mini "开放平台帐号管理权限" "Open Platform account" exclusive;
    26 Official "微信电子发票权限" "Electronic invoices";
    27 Official "快速注册小程序权限" "Quick registration of mini programs";
    30 Mini "小程序基本信息设置权限" "Basic information";
    31 Mini "小程序认证名称检测" "Name check for verification";
    33 Official "小程序管理权限" "Linked mini programs";
    34 Official "微信商品库权限" "Product library";
    35 Official "微信卡路里权限" "Calories";
    36 Mini "微信卡路里权限" "Calories";
    37 Mini "附近地点权限集" "Nearby places";
    40 Mini "插件管理权限集" "Plugins";
    41 Mini "好物圈管理" "Good things circle";
    44 Official "好物圈权限" "Good things circle";
    45 Mini "微信物流服务" "Logistics";
    46 Official "微信一物一码权限" "One code for each item";
    47 Official "微信财政电子票据权限" "Fiscal electronic receipts";
    48 Mini "微信财政电子票据管理" "Fiscal electronic receipts";
    49 Mini "云开发管理权限集" "Cloud development";
    51 Mini "即时配送权限" "Instant delivery";
    52 Mini "小程序直播权限集" "Live streaming";
    54 Official "服务号对话权限" "Service account conversations";
    57 Mini "小程序搜索" "Mini program search";
    65 Mini "广告管理权限" "Advertising";
    66 Official "服务平台管理权限" "Service platform";
    67 Mini "服务平台管理权限" "Service platform";
    70 Mini "商品管理权限" "Products";
    71 Mini "订单与物流管理权限" "Orders and logistics";
    73 Mini "标准版交易组件接入权限" "Standard trade component";
    76 Mini "违规和申诉管理权限" "Violations and appeals";
    81 Mini "快速体验小程序权限" "Quick trial mini programs";
    84 Mini "优惠券权限集" "Coupons";
    85 Mini "自定义版交易组件" "Custom trade component";
    86 Mini "小商店装修" "Mini shop design";
    88 Mini "获取小程序链接" "Mini program links";
    89 Official "订阅通知权限" "Subscription notifications";
    93 Mini "小程序联盟权限" "Mini program alliance";
    99 Mini "云开发短信服务" "Cloud development SMS";
    100 Official "素材接口（备选权限集）" "Material API (alternative set)";
    102 Mini "云开发微信支付" "Cloud development WeChat Pay";
    104 Mini "标准版组件资金链路" "Standard trade component funds";
    105 Official "城市服务" "City services";
    107 Mini "连接器电商场景接入" "E-commerce connector";
    112 Mini "红包封面管理" "Red packet covers";
    116 Mini "获取自定义版交易组件数据" "Custom trade component data";
    117 Mini "小程序图像处理" "Image processing";
    118 Mini "硬件服务" "Hardware services";
    119 Mini "小程序支付管理服务" "Payment management";
    120 Mini "小程序购物订单" "Shopping orders";
    121 Official "公众号购物订单" "Shopping orders";
    129 Mini "视频号小店商品管理" "Channels shop products";
    130 Mini "视频号小店物流管理" "Channels shop logistics";
    131 Mini "视频号小店订单与售后管理" "Channels shop orders and after-sales";
    132 Mini "视频号小店优惠券管理" "Channels shop coupons";
    133 Mini "视频号商品橱窗管理" "Channels product window";
    135 Mini "流量主代运营权限集" "Traffic owner operation on behalf";
    138 Mini "视频号小店资金管理" "Channels shop funds";
    139 Mini "小程序运费险" "Freight insurance";
    140 Mini "小程序推广员" "Promoters";
    141 Mini "视频号小店优选联盟" "Channels shop preferred alliance";
    142 Mini "小程序发货管理服务" "Shipping management";
    144 Mini "微信学生身份验证权限集" "Student identity check";
    151 Mini "小程序交易保障" "Trade protection";
    153 Mini "微短剧小程序资源管理" "Micro-drama resources";
    156 Mini "小程序备案服务" "ICP filing";
    157 Mini "小程序虚拟支付管理权限" "Virtual payment";
    159 Mini "视频号电子面单管理" "Channels electronic waybills";
    161 Mini "微信客服管理" "WeChat customer service";
    171 Mini "消息推送调试" "Message push debugging";
    172 Official "消息推送调试" "Message push debugging";
    173 Mini "小游戏相关权限" "Mini game related";
    174 Mini "视频号相关权限" "Channels related";
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend_and_every_set_has_both_names() {
        assert!(all().windows(2).all(|pair| pair[0].id < pair[1].id));
        for set in all() {
            assert!(set.name_zh.chars().any(|c| c > '\u{4e00}') && set.name_en.is_ascii() && !set.name_en.is_empty());
        }
    }

    #[test]
    fn the_exclusive_sets_are_the_three_documented_ones() {
        let exclusive: Vec<u32> = all().iter().filter(|set| set.exclusive).map(|set| set.id).collect();
        assert_eq!(exclusive, [18, 24, 25]);
    }

    #[test]
    fn known_and_unknown_ids() {
        assert_eq!(permission_set(15).unwrap().name_zh, "自定义菜单权限");
        assert_eq!(permission_set(15).unwrap().kind, PermissionKind::Official);
        assert_eq!(permission_set(17).unwrap().kind, PermissionKind::Mini);
        assert_eq!(permission_set(28), None);
        assert_eq!(display_name(9999).0, "未知权限集 (9999)");
        assert_eq!(display_name(1).1, "Messages");
    }

    #[test]
    fn api_paths_name_their_sets() {
        assert_eq!(sets_for_path("/cgi-bin/menu/create"), Some(&[15][..]));
        assert_eq!(sets_for_path("/cgi-bin/get_current_selfmenu_info"), Some(&[1, 3, 15][..]));
        assert_eq!(sets_for_path("/nowhere"), None);
    }
}
