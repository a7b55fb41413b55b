//! Owns: error codes and the texts that WeChat gives them (E.4).
//! Must not: know when a code is given.
//! Invariant: every text is in WeChat's wording; the rid is appended by `platform`, never here.

use crate::rng::Rng;

/// A call refused with a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    /// Another text than the usual one.
    pub(crate) text: Option<String>,
}

impl Refusal {
    pub(crate) fn new(code: i64) -> Self {
        Self { code, text: None }
    }

    pub(crate) fn with(code: i64, text: impl Into<String>) -> Self {
        Self { code, text: Some(text.into()) }
    }
}

/// The text of `code` for a caller at `ip`, without the rid.
pub(crate) fn text(code: i64, ip: &str, rng: &mut Rng) -> String {
    let fixed = match code {
        -1 => "system error",
        40001 => {
            "invalid credential, access_token is invalid or not latest, could get access_token by \
             getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r"
        }
        40002 => "invalid grant_type",
        40003 => "invalid openid",
        40004 => "invalid media type",
        40005 => "invalid file type",
        40006 => "invalid meida size",
        40007 => "invalid media_id",
        40008 => "invalid message type",
        40013 => "invalid appid",
        40014 => "invalid access_token",
        40015 => "invalid menu type",
        40016 => "invalid button size",
        40017 => "invalid button type",
        40018 => "invalid button name size",
        40019 => "invalid button key size",
        40020 => "invalid button url size",
        40022 => "invalid sub button level",
        40023 => "invalid sub button size",
        40024 => "invalid sub button type",
        40025 => "invalid sub button name size",
        40026 => "invalid sub button key size",
        40027 => "invalid sub button url size",
        40029 => "invalid code",
        40030 => "invalid refresh_token",
        40033 => "invalid charset. please check your request, if include \\uxxxx will create fail!",
        40035 => "invalid parameter",
        40037 => "invalid template_id",
        40052 => "invalid action name",
        40053 => "invalid action info",
        40054 => "invalid sub button url domain",
        40055 => "invalid button url domain",
        40066 => "invalid url",
        40091 => "invalid component ticket",
        40094 => "invalid component credential",
        40119 => "invalid use button type",
        40120 => "invalid use sub button type",
        40125 => "invalid appsecret, view more at http://t.cn/RAEkdVq",
        40163 => "code been used",
        40164 => return format!("invalid ip {ip} ipv6 ::ffff:{ip}, not in whitelist"),
        40170 => "args count exceed count limit",
        40201 => "url is not set",
        40202 => "invalid action",
        40203 => "invalid check_operator",
        40243 => "appsecret is frozen",
        41001 => "access_token missing",
        41002 => "appid missing",
        41003 => "refresh_token missing",
        41004 => "appsecret missing",
        41005 => "media data missing",
        41007 => "sub menu data missing",
        41008 => "missing code",
        41009 => "missing openid",
        41018 => "component_appid missing",
        41021 => "component_access_token missing",
        42001 => "access_token expired",
        42002 => "refresh_token expired",
        42003 => "code expired",
        42006 => "component_access_token expired",
        42007 => "access_token and refresh_token exception",
        43001 => "require GET method",
        43002 => "require POST method",
        43004 => "require subscribe",
        43007 => "require authorization",
        44001 => "empty media data",
        44002 => "empty post data",
        44004 => "empty content",
        45002 => "content size out of limit",
        45008 => "article size out of limit",
        45009 => "reach max api daily quota limit",
        45010 => "create menu limit",
        45011 => "api minute-quota reach limit, must slower, retry next minute",
        45015 => "response out of time limit or subscription is canceled",
        45029 => "qrcode count out of limit",
        45035 => "access clientip is not registered",
        45047 => "out of response count limit",
        45064 => "no permission to use weapp in menu",
        46003 => "menu no exist",
        47001 => "data format error",
        47003 => "argument invalid!",
        48001 => "api unauthorized",
        48004 => "api forbidden for irregularities",
        48006 => "forbid to clear quota because of reaching the limit",
        50002 => "user limited",
        50004 => "not allow to use access_token",
        50007 => "account is frozen",
        61000 => "invalid component type",
        61001 => "component appid mismatch",
        // The real text carries a token of WeChat's own here.
        61003 => return format!("component is not authorized by this account hint: [{}]", rng.alphanumeric(6)),
        61004 => return format!("access clientip is not registered requestIP: {ip}"),
        61005 => "component ticket is expired",
        61006 => "component ticket is invalid",
        61007 => "api is unauthorized to component",
        61008 => "component req key is duplicated",
        61009 => "code is invalid",
        61010 => "code is expired",
        61011 => "invalid component",
        61012 => "invalid option name",
        61013 => "invalid option value",
        61014 => "must use component token for component api",
        61015 => "must use biz token for biz api",
        61016 => "function category of API need be confirmed by component",
        61017 => "function category is not authorized",
        61023 => "refresh_token is invalid",
        61025 => "option is readonly",
        61028 => "component is unpublished",
        65301 => "no this menuid",
        65303 => "there is no selfmenu, please create selfmenu first",
        65304 => "match rule empty",
        65307 => "conditional menu body empty",
        65308 => "content of menu is empty",
        65316 => "over domain limit",
        65317 => "invalid url",
        65320 => "matchrule includes removed privacy fields",
        76001 => "rid not found",
        76002 => "rid is error",
        76003 => "could not query this rid, no permission",
        76004 => "rid is expired",
        76021 => "cgi_path not found, please check",
        76022 => "could not use this cgi_path, no permission",
        _ => "unknown error",
    };
    fixed.to_owned()
}
