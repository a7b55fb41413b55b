//! Owns: the accounts that exist on the simulated platform, built-in and made up.
//! Must not: know what an account granted or which tokens it has; that is `state`.
//! Invariant: accounts are a function of the seed and their number alone.

use serde::{Deserialize, Serialize};

use crate::rng::Rng;

/// Official account (公众号), mini program (小程序) or website application (网站应用).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 公众号.
    OfficialAccount,
    /// 小程序.
    MiniProgram,
    /// 网站应用: logs people in on a website (G.3), has neither followers nor API tokens.
    Website,
}

/// An account as WeChat knows it (C.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `wx` and 16 hexadecimal digits.
    pub appid: String,
    /// What it is.
    pub kind: Kind,
    /// Original id, `gh_` and 12 hexadecimal digits.
    pub user_name: String,
    /// Shown name.
    pub nick_name: String,
    /// WeChat number; may be empty.
    pub alias: String,
    /// Who owns it; may be empty.
    pub principal_name: String,
    /// What it says about itself.
    pub signature: String,
    /// `service_type_info.id`.
    pub service_type: i64,
    /// `verify_type_info.id`; -1 is unverified.
    pub verify_type: i64,
    /// `account_status`; 1 is normal, 14, 16 and 19 cannot authorize.
    pub status: i64,
    /// `register_type`.
    pub register_type: i64,
    /// False: `api_query_auth` answers without tokens (不具备API权限, C.4).
    pub has_api: bool,
    /// First and second level category of a mini program.
    pub category: Option<(String, String)>,
    /// 测试号: smaller quotas, people must follow before anything, no authorization of a platform (E.3, G.1).
    #[serde(default)]
    pub test: bool,
    /// Bound to an Open Platform account, so that people have a unionid at it (G.2).
    #[serde(default)]
    pub bound: bool,
    /// Which element of the synthetic series it is; `None` for a built-in one.
    pub synthetic: Option<u64>,
    /// Which set of WeChat's test accounts of the release check it belongs to (J.1); no person ever authorizes it.
    #[serde(default)]
    pub release_set: Option<u8>,
}

impl Account {
    /// Closed, banned or frozen.
    pub fn is_banned(&self) -> bool {
        matches!(self.status, 14 | 16 | 19)
    }

    /// Banned accounts are not offered on the authorize page (D.4), and what is no account of mp.weixin.qq.com or belongs to
    /// WeChat itself neither.
    pub fn can_authorize(&self) -> bool {
        !self.is_banned() && !self.test && self.kind != Kind::Website && self.release_set.is_none()
    }

    /// Whether the account itself may use menus: verified official accounts (48001 otherwise, C.10).
    pub fn has_menus(&self) -> bool {
        self.kind == Kind::OfficialAccount && self.verify_type >= 0
    }

    /// Whether it is a verified service account, which owns web OAuth, template messages and parametric QR codes
    /// (G.1, C.10).
    pub fn is_verified_service(&self) -> bool {
        self.has_menus() && self.service_type == 2
    }

    /// 服务号, 订阅号, 小程序, … as in `service_type_info.name`.
    pub fn service_name(&self) -> &'static str {
        match (self.kind, self.service_type) {
            (Kind::Website, _) => "网站应用",
            (Kind::OfficialAccount, _) if self.test => "测试号",
            (Kind::OfficialAccount, 2) => "服务号",
            (Kind::OfficialAccount, 1) => "由历史老账号升级后的订阅号",
            (Kind::OfficialAccount, _) => "订阅号",
            (Kind::MiniProgram, 2 | 3) => "门店小程序",
            (Kind::MiniProgram, 4) => "小游戏",
            (Kind::MiniProgram, 10) => "小商店",
            (Kind::MiniProgram, 12) => "试用小程序",
            (Kind::MiniProgram, _) => "普通小程序",
        }
    }

    /// 微信认证, 未认证, … as in `verify_type_info.name`.
    pub fn verify_name(&self) -> &'static str {
        match self.verify_type {
            -1 => "未认证",
            0 => "微信认证",
            1 => "新浪微博认证",
            _ => "已资质认证通过但还未通过名称认证",
        }
    }
}

struct Sketch {
    kind: Kind,
    nick_name: &'static str,
    alias: &'static str,
    principal_name: &'static str,
    signature: &'static str,
    service_type: i64,
    verify_type: i64,
    status: i64,
    register_type: i64,
    has_api: bool,
    category: Option<(&'static str, &'static str)>,
}

const fn official(
    nick_name: &'static str,
    alias: &'static str,
    principal_name: &'static str,
    signature: &'static str,
    service_type: i64,
    verify_type: i64,
) -> Sketch {
    Sketch {
        kind: Kind::OfficialAccount,
        nick_name,
        alias,
        principal_name,
        signature,
        service_type,
        verify_type,
        status: 1,
        register_type: 0,
        has_api: true,
        category: None,
    }
}

const fn mini(
    nick_name: &'static str,
    principal_name: &'static str,
    signature: &'static str,
    service_type: i64,
    register_type: i64,
    category: (&'static str, &'static str),
) -> Sketch {
    Sketch {
        kind: Kind::MiniProgram,
        nick_name,
        alias: "",
        principal_name,
        signature,
        service_type,
        verify_type: 0,
        status: 1,
        register_type,
        has_api: true,
        category: Some(category),
    }
}

/// The built-in accounts; the order is part of the interface, tests and the demo take the first ones.
const BUILT_IN: [Sketch; 16] = [
    official("城南门店通", "chengnan-store", "杭州城南云店科技有限公司", "附近门店，一键到家。", 2, 0),
    official("橘子早餐铺", "", "个人", "每天六点出炉的包子和豆浆", 0, -1),
    mini("城南到家", "杭州城南云店科技有限公司", "下单、会员、储值，一个小程序就够", 0, 0, ("生活服务", "丽人服务")),
    official(
        "云上书房 📚 Reading Room",
        "cloud-reading",
        "上海云上文化传播有限公司",
        "读一本好书 🌿 a book a day",
        2,
        0,
    ),
    official(
        "全国连锁智慧门店数字化运营与会员权益服务中心官方服务账号（华东大区）",
        "long-name-account-for-layout",
        "华东智慧门店数字化运营管理服务（集团）股份有限公司上海浦东新区分公司",
        "名称很长的账号，用来检查列表、二维码和通知里的换行与省略是否正确；签名也同样很长，长到一行怎么都放不下。",
        2,
        0,
    ),
    official("老邻居生鲜", "neighbour-fresh", "宁波老邻居商贸有限公司", "由历史老账号升级的订阅号", 1, 0),
    mini("星海消消乐", "深圳星海互动娱乐有限公司", "小游戏 · 轻松一刻", 4, 0, ("游戏", "休闲游戏")),
    mini("试用小程序 1024", "", "", 12, 13, ("工具", "效率")),
    mini("甜心花店", "苏州甜心花艺有限公司", "当日送达 💐", 3, 6, ("商家自营", "鲜花/园艺植物")),
    Sketch {
        status: 18, ..official("小城快讯", "", "小城信息咨询有限公司", "被告警的订阅号，仍可授权", 0, 3)
    },
    Sketch { has_api: false, ..official("随手记·私人号", "", "个人", "不具备API权限的账号", 0, -1) },
    Sketch { status: 19, ..official("已冻结的服务号", "", "广州某某贸易有限公司", "冻结中", 2, 0) },
    Sketch {
        status: 16, ..mini("已封禁的小程序", "成都某某网络有限公司", "封禁中", 0, 0, ("工具", "信息查询"))
    },
    Sketch { status: 14, ..official("已注销的订阅号", "", "", "", 0, -1) },
    official("测试号", "", "", "开发者的接口测试号", 2, 0),
    Sketch {
        kind: Kind::Website,
        ..official("城南商城网站", "", "杭州城南云店科技有限公司", "网站应用，扫码登录", 0, 0)
    },
];

/// Number of the test account among the built-in ones.
pub const TEST_ACCOUNT: usize = 14;
/// Number of the website application among the built-in ones.
pub const WEBSITE: usize = 15;
/// Numbers of those that are bound to one Open Platform account.
const BOUND: [usize; 3] = [1, 4, WEBSITE];

/// Number of the first synthetic account's random stream; built-in ones use 1…16, the credentials 0.
const SYNTHETIC_STREAM: u64 = 1_000;

fn ids(rng: &mut Rng) -> (String, String) {
    (format!("wx{}", rng.hex(16)), format!("gh_{}", rng.hex(12)))
}

/// The built-in accounts of `seed`, in their fixed order.
pub fn built_in(seed: u64) -> Vec<Account> {
    let account = |(number, sketch): (usize, &Sketch)| {
        let (appid, user_name) = ids(&mut Rng::stream(seed, number as u64 + 1));
        Account {
            appid,
            kind: sketch.kind,
            user_name,
            nick_name: sketch.nick_name.to_owned(),
            alias: sketch.alias.to_owned(),
            principal_name: sketch.principal_name.to_owned(),
            signature: sketch.signature.to_owned(),
            service_type: sketch.service_type,
            verify_type: sketch.verify_type,
            status: sketch.status,
            register_type: sketch.register_type,
            has_api: sketch.has_api,
            category: sketch.category.map(|(a, b)| (a.to_owned(), b.to_owned())),
            test: number == TEST_ACCOUNT,
            bound: BOUND.contains(&number),
            synthetic: None,
            release_set: None,
        }
    };
    BUILT_IN.iter().enumerate().map(account).collect()
}

/// The `number`-th made-up account of `seed`; every third one is a mini program.
pub fn synthetic(seed: u64, number: u64) -> Account {
    let (appid, user_name) = ids(&mut Rng::stream(seed, SYNTHETIC_STREAM + number));
    let mini = number % 3 == 2;
    Account {
        appid,
        kind: if mini { Kind::MiniProgram } else { Kind::OfficialAccount },
        user_name,
        nick_name: format!("{} {:05}", if mini { "模拟小程序" } else { "模拟公众号" }, number + 1),
        alias: String::new(),
        principal_name: format!("模拟企业 {}", number / 10 + 1),
        signature: String::new(),
        service_type: if mini { 0 } else { 2 },
        verify_type: 0,
        status: 1,
        register_type: 0,
        has_api: true,
        category: mini.then(|| ("工具".to_owned(), "效率".to_owned())),
        test: false,
        bound: false,
        synthetic: Some(number),
        release_set: None,
    }
}

/// J.1: appid and username of the official account and of the mini program of each set.
const RELEASE: [[(&str, &str); 2]; 5] = [
    [("wx570bc396a51b8ff8", "gh_3c884a361561"), ("wxd101a85aa106f53e", "gh_8dad206e9538")],
    [("wx9252c5e0bb1836fc", "gh_c0f28a78b318"), ("wxc39235c15087f6f3", "gh_905ae9d01059")],
    [("wx8e1097c5bc82cde9", "gh_3f222ed8d140"), ("wx7720d01d4b2a4500", "gh_393666f1fdf4")],
    [("wx14550af28c71a144", "gh_26128078e9ab"), ("wx05d483572dcd5d8b", "gh_39abb5d4e1b7")],
    [("wxa35b9c23cfe664eb", "gh_2b3713f184a6"), ("wx5910277cae6fd970", "gh_7818dcb60240")],
];

/// A test account of the release check; `set` is 1–5.
pub fn release(set: u8, kind: Kind) -> Option<Account> {
    let mini = kind == Kind::MiniProgram;
    let pair = RELEASE.get(usize::from(set.checked_sub(1)?))?;
    let (appid, user_name) = pair[usize::from(mini)];
    Some(Account {
        appid: appid.to_owned(),
        kind,
        user_name: user_name.to_owned(),
        nick_name: format!("全网发布检测 {}{set}", if mini { "小程序" } else { "公众号" }),
        alias: String::new(),
        principal_name: "腾讯".to_owned(),
        signature: String::new(),
        service_type: if mini { 0 } else { 2 },
        verify_type: 0,
        status: 1,
        register_type: 0,
        has_api: true,
        category: mini.then(|| ("工具".to_owned(), "效率".to_owned())),
        test: false,
        bound: false,
        synthetic: None,
        release_set: Some(set),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn accounts_are_varied_and_distinct() {
        let all = built_in(1);
        assert!(all.len() >= 8);
        assert!(all.iter().filter(|a| !a.can_authorize()).count() >= 2);
        assert!(all.iter().any(|a| a.nick_name.contains('📚')));
        assert!(all.iter().any(|a| a.nick_name.chars().count() > 30));
        let mut appids: BTreeSet<String> = all.iter().map(|a| a.appid.clone()).collect();
        appids.extend((0..10_000).map(|n| synthetic(1, n).appid));
        assert_eq!(appids.len(), all.len() + 10_000);
        assert_eq!(built_in(1), all);
        assert_ne!(built_in(2)[0].appid, all[0].appid);
    }
}
