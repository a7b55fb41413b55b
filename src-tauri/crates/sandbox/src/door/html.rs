//! Owns: the HTML of the door, in Chinese and English.
//! Must not: contain inline script, or a value that was not escaped.
//! Invariant: element ids are those that `door` documents.

use std::fmt::Write as _;

use axum::http::{HeaderMap, header};

use super::live;
use crate::accounts::{Account, Kind};
use crate::authorize::{AuthorizePage, AuthorizeQuery, Candidate};
use crate::codec::html as esc;
use crate::platform::Platform;

/// Language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lang {
    Zh,
    En,
}

impl Lang {
    /// The first of Chinese and English in Accept-Language; Chinese without one, as on WeChat.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("zh");
        let first = accepted.split(',').map(str::trim).find_map(|tag| {
            let tag = tag.to_ascii_lowercase();
            if tag.starts_with("zh") {
                Some(Self::Zh)
            } else if tag.starts_with("en") {
                Some(Self::En)
            } else {
                None
            }
        });
        first.unwrap_or(Self::Zh)
    }

    pub(super) fn pick<'t>(self, zh: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

const STYLE: &str = "\
:root{color-scheme:light dark;--bg:#f5f6f8;--card:#fff;--ink:#1d2129;--soft:#6b7280;--line:#e3e6eb;--green:#07c160;--red:#d54941}\
@media(prefers-color-scheme:dark){:root{--bg:#17181a;--card:#222427;--ink:#e8eaed;--soft:#9aa0a6;--line:#34373b}}\
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.6 system-ui,-apple-system,\
'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Noto Sans SC',sans-serif}main{max-width:720px;margin:0 auto;padding:24px 16px 48px}\
h1{font-size:20px;margin:0 0 4px}p{margin:4px 0}.soft{color:var(--soft);font-size:13px}\
.card{display:block;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px;margin:10px 0;overflow-wrap:anywhere}\
label.head{display:flex;gap:12px;align-items:center;cursor:pointer}label.head img{width:44px;height:44px;border-radius:8px;flex:none}\
label.head .what{flex:1;min-width:0}.card:has(.choose:checked){border-color:var(--green);box-shadow:0 0 0 1px var(--green)}\
.sets{display:none;margin:10px 0 0;padding:10px 0 0;border:0;border-top:1px solid var(--line);grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:6px 16px}\
.card:has(.choose:checked) .sets{display:grid}\
.sets legend{float:left;grid-column:1/-1;padding:0;color:var(--soft);font-size:13px}\
.sets label{display:grid;grid-template-columns:auto 2.2em minmax(0,1fr);gap:6px;align-items:start;font-size:13px;line-height:20px;cursor:pointer}\
.sets input{margin:3px 0 0}.no{color:var(--soft);font-variant-numeric:tabular-nums;text-align:right}\
.facts{display:flex;flex-wrap:wrap;gap:0 14px}.id{font-family:ui-monospace,Consolas,monospace}.tag{display:inline-block;border-radius:4px;padding:0 6px;font-size:12px;\
background:color-mix(in srgb,var(--green) 15%,transparent);color:var(--green);margin-left:6px}\
.bar{position:sticky;bottom:0;display:flex;gap:12px;padding:14px 0;background:var(--bg)}\
button,.button{font:inherit;border:1px solid var(--line);border-radius:8px;padding:9px 26px;background:var(--card);color:var(--ink);text-decoration:none;cursor:pointer}\
button.primary{background:var(--green);border-color:var(--green);color:#fff}:focus-visible{outline:2px solid var(--green);outline-offset:2px}\
.mark{width:56px;height:56px;border-radius:50%;background:var(--red);color:#fff;font-size:34px;line-height:56px;text-align:center;margin:48px auto 16px}\
.middle{text-align:center;max-width:520px;margin:0 auto}table{width:100%;border-collapse:collapse;font-size:13px}\
td,th{text-align:left;padding:5px 8px;border-bottom:1px solid var(--line);vertical-align:top}.scroll{overflow-x:auto}.bad{color:var(--red)}";

pub(super) fn document(title: &str, body: &str, lang: Lang) -> String {
    let code = lang.pick("zh-CN", "en");
    format!(
        "<!DOCTYPE html><html lang=\"{code}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{}</title>\
         <style>{STYLE}</style></head><body><main>{body}</main></body></html>",
        esc(title)
    )
}

/// An error page in WeChat's manner; `text` is Chinese and English.
pub(super) fn error(text: &(String, String), lang: Lang) -> String {
    let title = lang.pick("授权失败", "Authorization failed");
    let body = format!(
        "<div class=\"middle\"><div class=\"mark\" aria-hidden=\"true\">!</div><h1>{title}</h1><p id=\"error\">{}</p></div>",
        esc(lang.pick(&text.0, &text.1))
    );
    document(title, &body, lang)
}

/// A short message.
pub(super) fn notice(text: &(String, String), lang: Lang) -> String {
    let shown = esc(lang.pick(&text.0, &text.1));
    document(
        lang.pick("授权", "Authorization"),
        &format!("<div class=\"middle\"><p id=\"notice\">{shown}</p></div>"),
        lang,
    )
}

/// The authorize page.
pub(super) fn authorize(page: &AuthorizePage, link: &AuthorizeQuery, lang: Lang) -> String {
    let title = lang.pick("选择要授权的账号", "Choose the account to authorize");
    let hint = lang.pick(
        "模拟的微信开放平台 · 选择账号和权限集，然后确认授权",
        "Simulated WeChat Open Platform · choose an account and its permission sets, then confirm",
    );
    let mut body = format!("<h1>{title}</h1><p class=\"soft\">{hint}</p>");
    body.push_str("<form method=\"post\" action=\"/sandbox/authorize/confirm\">");
    let ids: Vec<String> = link.category_ids.iter().map(u32::to_string).collect();
    let auth_type = link.auth_type.map(|t| t.to_string()).unwrap_or_default();
    for (name, value) in [
        ("component_appid", link.component_appid.as_str()),
        ("pre_auth_code", &link.pre_auth_code),
        ("redirect_uri", &link.redirect_uri),
        ("auth_type", &auth_type),
        ("biz_appid", link.biz_appid.as_deref().unwrap_or_default()),
        ("category_id_list", &ids.join("|")),
    ] {
        let _ = write!(body, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", esc(value));
    }
    for (number, candidate) in page.candidates.iter().enumerate() {
        card(&mut body, candidate, number == 0, lang);
    }
    let (confirm, cancel) = (lang.pick("确认授权", "Confirm"), lang.pick("取消", "Cancel"));
    let _ = write!(
        body,
        "<div class=\"bar\"><button class=\"primary\" type=\"submit\" id=\"confirm\">{confirm}</button>\
         <a class=\"button\" id=\"cancel\" href=\"/sandbox/authorize/cancelled\">{cancel}</a></div></form>"
    );
    document(title, &body, lang)
}

/// The kind within the kind, as the account's owner knows it.
fn service(account: &Account, lang: Lang) -> &'static str {
    let en = match (account.kind, account.service_type) {
        (Kind::Website, _) => "website application",
        (Kind::OfficialAccount, _) if account.test => "test account",
        (Kind::OfficialAccount, 2) => "service account",
        (Kind::OfficialAccount, 1) => "subscription account (upgraded)",
        (Kind::OfficialAccount, _) => "subscription account",
        (Kind::MiniProgram, 2 | 3) => "store",
        (Kind::MiniProgram, 4) => "game",
        (Kind::MiniProgram, 10) => "shop",
        (Kind::MiniProgram, 12) => "trial",
        (Kind::MiniProgram, _) => "ordinary",
    };
    lang.pick(account.service_name(), en)
}

fn card(out: &mut String, candidate: &Candidate, chosen: bool, lang: Lang) {
    let account = &candidate.account;
    let appid = esc(&account.appid);
    let kind = match account.kind {
        Kind::OfficialAccount => lang.pick("公众号", "Official account"),
        Kind::MiniProgram => lang.pick("小程序", "Mini program"),
        Kind::Website => lang.pick("网站应用", "Website application"),
    };
    let service = service(account, lang);
    let principal = if account.principal_name.is_empty() {
        String::new()
    } else {
        format!("<span>{}</span>", esc(&account.principal_name))
    };
    let authorized = match candidate.granted {
        Some(_) => format!("<span class=\"tag\">{}</span>", lang.pick("已授权", "authorized")),
        None => String::new(),
    };
    let checked = if chosen { " checked" } else { "" };
    let _ = write!(
        out,
        "<div class=\"card\"><label class=\"head\" id=\"account-{appid}\">\
         <input class=\"choose\" type=\"radio\" name=\"appid\" id=\"choose-{appid}\" value=\"{appid}\"{checked}>\
         <img src=\"/sandbox/avatar/{appid}.png\" alt=\"\"><span class=\"what\"><b>{}</b>{authorized}\
         <span class=\"soft facts\"><span>{kind} · {service}</span>{principal}<span class=\"id\">{appid}</span></span></span></label>\
         <fieldset class=\"sets\"><legend>{}</legend>",
        esc(&account.nick_name),
        lang.pick("授予的权限集", "Permission sets to grant")
    );
    for id in &candidate.sets {
        let (zh, en) = wechat::permission::display_name(*id);
        let ticked = candidate.granted.as_ref().is_none_or(|granted| granted.contains(id));
        let checked = if ticked { " checked" } else { "" };
        let _ = write!(
            out,
            "<label><input type=\"checkbox\" name=\"set-{appid}\" id=\"set-{appid}-{id}\" value=\"{id}\"{checked}>\
             <span class=\"no\">{id}</span><span>{}</span></label>",
            esc(lang.pick(&zh, &en))
        );
    }
    out.push_str("</fieldset></div>");
}

/// The status page.
pub(super) fn status(platform: &Platform, now_ms: i64, offset_ms: i64, lang: Lang) -> String {
    let title = lang.pick("模拟平台", "Sandbox");
    let violations = platform.violations();
    let accounts = platform.accounts();
    let authorized = accounts.iter().filter(|a| a.authorized).count();
    let mut body = format!("<h1>{title}</h1>");
    let rows = [
        ("component_appid", platform.credentials().component_appid.clone()),
        (lang.pick("时间 (ms)", "Time (ms)"), format!("{now_ms} ({offset_ms:+})")),
        (lang.pick("推送地址", "Push base"), platform.config().push_base.clone().unwrap_or_else(|| "–".to_owned())),
        (lang.pick("已授权账号", "Authorized accounts"), format!("{authorized} / {}", accounts.len())),
        (lang.pick("故障", "Faults"), platform.faults().len().to_string()),
        (lang.pick("违规", "Violations"), violations.len().to_string()),
    ];
    body.push_str("<div class=\"card scroll\"><table>");
    for (name, value) in rows {
        let _ = write!(body, "<tr><th>{name}</th><td>{}</td></tr>", esc(&value));
    }
    body.push_str("</table></div>");
    for violation in violations.iter().take(20) {
        let _ = write!(body, "<p class=\"bad\">{}</p>", esc(violation));
    }
    live::sections(&mut body, platform, lang);
    table(
        &mut body,
        lang.pick("最近的推送", "Recent pushes"),
        platform.recent_pushes().rev().take(20).map(|p| {
            let what = p.what.clone().unwrap_or_else(|| p.info_type.clone());
            let took = p.took_ms.map_or_else(|| p.outcome.clone(), |ms| format!("{} · {ms} ms", p.outcome));
            [p.at_ms.to_string(), format!("#{} ({})", p.id, p.attempt), what, took]
        }),
    );
    table(
        &mut body,
        lang.pick("最近的调用", "Recent calls"),
        platform.recent_calls().rev().take(30).map(|c| {
            let fault = c.fault.clone().unwrap_or_default();
            [c.at_ms.to_string(), c.path.clone(), c.errcode.to_string(), fault]
        }),
    );
    table(
        &mut body,
        lang.pick("账号", "Accounts"),
        accounts.iter().take(50).map(|a| {
            let state = if a.authorized { lang.pick("已授权", "authorized") } else { "–" };
            [a.appid.clone(), a.nick_name.clone(), a.user_name.clone(), state.to_owned()]
        }),
    );
    body.push_str("<p class=\"soft\">");
    for account in accounts.iter().take(50) {
        let _ = write!(body, "<a href=\"/sandbox/account/{0}\">{1}</a> ", esc(&account.appid), esc(&account.nick_name));
    }
    body.push_str("</p>");
    document(title, &body, lang)
}

pub(super) fn table(out: &mut String, title: &str, rows: impl Iterator<Item = [String; 4]>) {
    let _ = write!(out, "<div class=\"card scroll\"><b>{title}</b><table>");
    for row in rows {
        out.push_str("<tr>");
        for cell in row {
            let _ = write!(out, "<td>{}</td>", esc(&cell));
        }
        out.push_str("</tr>");
    }
    out.push_str("</table></div>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts;

    /// Names of accounts and companies are data; everything else follows the page's language.
    #[test]
    fn the_english_page_has_no_chinese_terms() {
        let built_in = accounts::built_in(1);
        assert!(!built_in.is_empty());
        for account in built_in {
            let sets: Vec<u32> = (1..200).collect();
            let names = [account.nick_name.clone(), account.principal_name.clone()];
            let candidate = Candidate { account, sets, granted: None };
            let mut page = String::new();
            card(&mut page, &candidate, true, Lang::En);
            for name in names.iter().filter(|n| !n.is_empty()) {
                page = page.replace(&esc(name), "");
            }
            let chinese: String = page.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect();
            assert_eq!(chinese, "");
        }
    }
}
