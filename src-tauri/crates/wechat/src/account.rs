//! What kinds of accounts there are and what their numbers mean.
//!
//! Owns: the enumerations of C.6 in Chinese and English. Must not: refuse an unknown number.
//! Invariant: every number of the protocol document has both names.

use serde::{Deserialize, Serialize};

/// The two kinds of accounts that can authorize a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// 公众号.
    OfficialAccount,
    /// 小程序.
    MiniProgram,
}

impl AccountKind {
    /// As in JSON: `official_account` or `mini_program`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OfficialAccount => "official_account",
            Self::MiniProgram => "mini_program",
        }
    }

    /// The kind as people call it.
    pub fn label(self) -> Label {
        match self {
            Self::OfficialAccount => Label { zh: "公众号", en: "Official account" },
            Self::MiniProgram => Label { zh: "小程序", en: "Mini program" },
        }
    }
}

/// A name in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

pub(crate) const fn label(zh: &'static str, en: &'static str) -> Option<Label> {
    Some(Label { zh, en })
}

/// `service_type_info.id`, whose numbers mean different things for the two kinds.
pub fn service_type(kind: AccountKind, id: i64) -> Option<Label> {
    match (kind, id) {
        (AccountKind::OfficialAccount, 0) => label("订阅号", "Subscription account"),
        (AccountKind::OfficialAccount, 1) => {
            label("由历史老账号升级的订阅号", "Subscription account (upgraded legacy account)")
        }
        (AccountKind::OfficialAccount, 2) => label("服务号", "Service account"),
        (AccountKind::MiniProgram, 0) => label("普通小程序", "Ordinary mini program"),
        (AccountKind::MiniProgram, 2 | 3) => label("门店小程序", "Store mini program"),
        (AccountKind::MiniProgram, 4) => label("小游戏", "Mini game"),
        (AccountKind::MiniProgram, 10) => label("小商店", "Mini shop"),
        (AccountKind::MiniProgram, 12) => label("试用小程序", "Trial mini program"),
        _ => None,
    }
}

/// `verify_type_info.id`.
pub fn verify_type(id: i64) -> Option<Label> {
    match id {
        -1 => label("未认证", "Not verified"),
        0 => label("微信认证", "Verified by WeChat"),
        1 => label("新浪微博认证", "Verified by Sina Weibo"),
        2 => label("腾讯微博认证", "Verified by Tencent Weibo"),
        3 => label("已资质认证通过，但还未通过名称认证", "Qualification verified, name not verified"),
        4 => label(
            "已资质认证通过、还未通过名称认证，但通过了新浪微博认证",
            "Qualification verified, name not verified, verified by Sina Weibo",
        ),
        5 => label(
            "已资质认证通过、还未通过名称认证，但通过了腾讯微博认证",
            "Qualification verified, name not verified, verified by Tencent Weibo",
        ),
        _ => None,
    }
}

/// `account_status`.
pub fn account_status(id: i64) -> Option<Label> {
    match id {
        1 => label("正常", "Normal"),
        14 => label("已注销", "Closed"),
        16 => label("已封禁", "Banned"),
        18 => label("已告警", "Warned"),
        19 => label("已冻结", "Frozen"),
        _ => None,
    }
}

/// `register_type` (小程序注册方式).
pub fn register_type(id: i64) -> Option<Label> {
    match id {
        0 => label("普通方式注册", "Ordinary registration"),
        2 => label("通过复用公众号创建", "Created from an official account"),
        6 => label("通过法人扫脸创建企业小程序", "Company mini program by the legal person's face scan"),
        13 => label("通过创建试用小程序", "Trial mini program"),
        15 => label("通过联盟控制台注册", "Alliance console"),
        16 => label("通过创建个人小程序", "Personal mini program"),
        17 => label("通过创建个人交易小程序", "Personal trading mini program"),
        19 => label("通过试用小程序转正", "Trial mini program made permanent"),
        22 => label("通过复用商户号创建企业小程序", "Company mini program from a merchant account"),
        23 => label("通过复用商户号转正", "Made permanent from a merchant account"),
        _ => None,
    }
}

/// A function of `business_info` by its member name.
pub fn business_function(name: &str) -> Option<Label> {
    match name {
        "open_store" => label("微信门店", "Stores"),
        "open_scan" => label("微信扫商品", "Product scanning"),
        "open_pay" => label("微信支付", "WeChat Pay"),
        "open_card" => label("微信卡券", "Cards and coupons"),
        "open_shake" => label("微信摇一摇", "Shake"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_number_has_two_names() {
        let found = (-2..=30)
            .flat_map(|id| {
                [
                    service_type(AccountKind::OfficialAccount, id),
                    service_type(AccountKind::MiniProgram, id),
                    verify_type(id),
                    account_status(id),
                    register_type(id),
                ]
            })
            .flatten()
            .inspect(|name| assert!(!name.zh.is_empty() && name.en.is_ascii() && !name.en.is_empty()))
            .count();
        // C.6: 3 + 6 service types, 7 verify types, 5 states, 10 ways to register.
        assert_eq!(found, 3 + 6 + 7 + 5 + 10);
    }

    #[test]
    fn the_same_number_means_different_things_for_the_two_kinds() {
        assert_eq!(service_type(AccountKind::OfficialAccount, 2).unwrap().zh, "服务号");
        assert_eq!(service_type(AccountKind::MiniProgram, 2).unwrap().zh, "门店小程序");
        assert_eq!(service_type(AccountKind::MiniProgram, 99), None);
    }

    #[test]
    fn kinds_are_written_as_in_the_json() {
        assert_eq!(serde_json::to_string(&AccountKind::MiniProgram).unwrap(), "\"mini_program\"");
        assert_eq!(AccountKind::OfficialAccount.as_str(), "official_account");
        assert_eq!(AccountKind::MiniProgram.label().en, "Mini program");
        assert_eq!(business_function("open_pay").unwrap().zh, "微信支付");
    }
}
