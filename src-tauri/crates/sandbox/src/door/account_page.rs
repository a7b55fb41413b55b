//! Owns: the page of one account: its secret, server configuration, people, and what they can do.
//! Must not: contain script; every button is a form.
//! Invariant: a form that did something leads back to the page, which says what came of it.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::Shared;
use super::accounts::{submit, why_not};
use super::html::{self, Lang};
use crate::accounts::Kind;
use crate::clock::SandboxClock as _;
use crate::codec::{self, html as esc};
use crate::people::{Followed, Who};
use crate::platform::Platform;
use crate::server::Verified;
use crate::state::{Format, Mode, Server};
use crate::transport::lock;

type Door = State<Arc<Shared>>;

const POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'";

/// What a form did.
enum Outcome {
    Said(String, String),
    /// What was entered, and what came of it.
    Verified(Server, Verified),
}

fn said(zh: &str, en: &str) -> Outcome {
    Outcome::Said(zh.to_owned(), en.to_owned())
}

fn page(shared: &Shared, appid: &str, outcome: Option<&Outcome>, lang: Lang) -> Response {
    let now = shared.clock.now_ms();
    match render(&lock(&shared.platform), now, appid, outcome, lang) {
        Some(html) => {
            let headers = [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::OK, headers, Html(html)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(super) async fn show(State(shared): Door, Path(appid): Path<String>, headers: HeaderMap) -> Response {
    page(&shared, &appid, None, Lang::of(&headers))
}

/// The forms: the last piece of the path says what is done.
pub(super) async fn act(
    State(shared): Door,
    Path((appid, action)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let pairs = codec::parse_query(&body);
    let get = |name: &str| pairs.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    let now = shared.clock.now_ms();
    let openid = get("openid");
    let outcome = match action.as_str() {
        "server" => {
            let server = Server {
                url: get("url").trim().to_owned(),
                token: get("token").trim().to_owned(),
                encoding_aes_key: get("encoding_aes_key").trim().to_owned(),
                mode: match get("mode") {
                    "plain" => Mode::Plain,
                    "compatible" => Mode::Compatible,
                    _ => Mode::Secure,
                },
                format: if get("format") == "json" { Format::Json } else { Format::Xml },
            };
            let verified = submit(&shared, &appid, server.clone()).await;
            Outcome::Verified(server, verified)
        }
        "verify" => {
            let saved = lock(&shared.platform).server_of(&appid).cloned();
            match saved {
                Some(server) => Outcome::Verified(server.clone(), submit(&shared, &appid, server).await),
                None => said("没有服务器配置", "There is no server configuration"),
            }
        }
        other => match simple(&mut lock(&shared.platform), now, &appid, openid, other, &get) {
            Some(outcome) => outcome,
            None => return StatusCode::NOT_FOUND.into_response(),
        },
    };
    page(&shared, &appid, Some(&outcome), Lang::of(&headers))
}

fn simple<'b>(
    platform: &mut Platform,
    now: i64,
    appid: &str,
    openid: &str,
    action: &str,
    get: &dyn Fn(&str) -> &'b str,
) -> Option<Outcome> {
    let pushed = |sent: bool| {
        if sent {
            said("已推送", "Pushed")
        } else {
            said("没有接收方：未授权第三方平台，也没有服务器配置", "Nobody receives it: not authorized, and no server")
        }
    };
    Some(match action {
        "remove" => {
            platform.remove_server(appid);
            said("已停用服务器配置", "The server configuration is off")
        }
        "domain" => {
            platform.set_web_domain(appid, get("domain").trim());
            said("已保存网页授权域名", "The web authorization domain is saved")
        }
        "text" => {
            let fields = [("MsgType".to_owned(), "text".to_owned()), ("Content".to_owned(), get("content").to_owned())];
            pushed(platform.push_message(now, appid, openid, &fields))
        }
        "tap" => {
            let (kind, key) = get("item").split_once(' ')?;
            pushed(platform.tap_menu(now, appid, openid, kind, key))
        }
        "scan" => match platform.scan(now, Some(appid), get("ticket"), &Who::Openid(openid.to_owned())) {
            Ok(event) => Outcome::Said(format!("已扫码：{event}"), format!("Scanned: {event}")),
            Err(why) => Outcome::Said(format!("扫码失败：{}", why_not(why)), format!("Refused: {}", why_not(why))),
        },
        "follow" => match platform.follow(now, appid, openid) {
            Followed::Done => said("已关注", "Follows now"),
            Followed::Already => said("本来就已关注", "Followed already"),
            Followed::Full => said("测试号最多 100 人关注", "A test account has 100 followers at most"),
            Followed::Impossible => said("该账号不能被关注", "The account cannot be followed"),
        },
        "unfollow" => match platform.unfollow(now, appid, openid) {
            true => said("已取消关注", "Follows no longer"),
            false => said("本来就未关注", "Did not follow"),
        },
        "take-token" => match platform.take_token(now, appid) {
            true => said(
                "另一个程序取走了新的 access_token，旧的 5 分钟后失效",
                "Another program fetched a token; the former one dies in 5 minutes",
            ),
            false => said("该账号没有 access_token", "The account cannot have a token"),
        },
        "js-code" => match platform.issue_js_code(now, appid, openid) {
            Some(code) => Outcome::Said(format!("js_code：{code}"), format!("js_code: {code}")),
            None => said("不是可用的小程序", "Not a mini program that people can open"),
        },
        _ => return None,
    })
}

struct Form<'a> {
    out: &'a mut String,
    appid: &'a str,
    people: &'a str,
}

impl Form<'_> {
    /// A form in a card: `inner` before the button; with the choice of a person if asked.
    fn add(&mut self, action: &str, person: bool, inner: &str, button: &str) {
        let people = if person { self.people } else { "" };
        let _ = write!(
            self.out,
            "<form class=\"card\" method=\"post\" action=\"/sandbox/account/{}/{action}\">{people} {inner} \
             <button type=\"submit\" id=\"{action}\">{button}</button></form>",
            esc(self.appid)
        );
    }
}

fn render(platform: &Platform, now: i64, appid: &str, outcome: Option<&Outcome>, lang: Lang) -> Option<String> {
    let account = platform.account(appid)?;
    let mut body = format!("<h1>{}</h1>", esc(&account.nick_name));
    match outcome {
        None => {}
        Some(Outcome::Said(zh, en)) => {
            let _ = write!(body, "<p class=\"card\" id=\"notice\">{}</p>", esc(lang.pick(zh, en)));
        }
        Some(Outcome::Verified(_, verified)) => {
            body.push_str("<div class=\"card\" id=\"verification\"><b>");
            body.push_str(match verified.saved {
                true => lang.pick("提交成功", "Saved"),
                false => lang.pick("提交失败，未保存", "Not saved"),
            });
            body.push_str("</b>");
            for step in &verified.steps {
                let (class, mark) = if step.ok { ("soft", "✓") } else { ("bad", "✗") };
                let text = lang.pick(&step.detail_zh, &step.detail);
                let _ = write!(body, "<p class=\"{class}\">{mark} {}</p>", esc(text));
            }
            body.push_str("</div>");
        }
    }
    let _ = write!(
        body,
        "<div class=\"card\"><p>AppID <span class=\"id\" id=\"appid\">{}</span></p><p>{} <span class=\"id\">{}</span></p>\
         <details><summary>AppSecret · {}</summary><span class=\"id\" id=\"secret\">{}</span></details></div>",
        esc(appid),
        lang.pick("原始 ID", "Original id"),
        esc(&account.user_name),
        lang.pick("点击显示", "click to reveal"),
        esc(platform.app_secret(appid).unwrap_or_default()),
    );
    let mut people = format!("<select name=\"openid\" aria-label=\"{}\">", lang.pick("谁", "Who"));
    for person in platform.people(appid) {
        let state = if person.subscribed { lang.pick("（已关注）", " (follows)") } else { "" };
        let _ = write!(people, "<option value=\"{}\">{}{state}</option>", esc(&person.openid), esc(&person.name));
    }
    people.push_str("</select>");
    let mut form = Form { out: &mut body, appid, people: &people };
    if account.kind != Kind::Website {
        // What was just entered stays in the form, also when it was refused.
        let entered = match outcome {
            Some(Outcome::Verified(server, _)) => Some(server),
            _ => platform.server_of(appid),
        };
        server_form(&mut form, entered, account.kind, lang);
        let content = format!(
            "<input name=\"content\" value=\"{}\" aria-label=\"{}\">",
            lang.pick("你好", "Hello"),
            lang.pick("内容", "Content")
        );
        form.add("text", true, &content, lang.pick("发送文本消息", "Send a text"));
        let take = lang.pick("另一个程序获取 access_token", "Another program fetches a classic token");
        form.add("take-token", false, "", take);
    }
    if account.kind == Kind::OfficialAccount {
        form.add("follow", true, "", lang.pick("关注", "Follow"));
        form.add("unfollow", true, "", lang.pick("取消关注", "Stop following"));
        let mut items = String::from("<select name=\"item\" aria-label=\"menu\">");
        for (kind, key, name) in platform.menu_leaves(appid) {
            let _ = write!(items, "<option value=\"{}\">{}</option>", esc(&format!("{kind} {key}")), esc(&name));
        }
        items.push_str("</select>");
        form.add("tap", true, &items, lang.pick("点击菜单", "Tap the menu item"));
        let mut codes = String::from("<select name=\"ticket\" aria-label=\"QR\">");
        for (ticket, scene, _) in platform.qr_codes_of(now, appid) {
            let _ = write!(codes, "<option value=\"{}\">{}</option>", esc(&ticket), esc(&scene));
        }
        codes.push_str("</select>");
        form.add("scan", true, &codes, lang.pick("扫描二维码", "Scan the code"));
    }
    if account.kind == Kind::MiniProgram {
        form.add("js-code", true, "", lang.pick("wx.login：取 js_code", "wx.login: issue a js_code"));
    } else {
        let domain = format!(
            "<input name=\"domain\" value=\"{}\" aria-label=\"domain\">",
            esc(&platform.web_domain(appid).unwrap_or_default())
        );
        form.add("domain", false, &domain, lang.pick("保存网页授权域名", "Save the web authorization domain"));
    }
    followers(&mut body, platform, appid, lang);
    pushes(&mut body, platform, appid, lang);
    Some(html::document(&account.nick_name, &body, lang))
}

fn server_form(form: &mut Form<'_>, server: Option<&Server>, kind: Kind, lang: Lang) {
    let value = |pick: fn(&Server) -> &str| esc(server.map_or("", pick));
    let chosen = |name: &str, is: bool, text: &str| {
        format!("<option value=\"{name}\"{}>{text}</option>", if is { " selected" } else { "" })
    };
    let mode = |mode: Mode| server.map_or(mode == Mode::Secure, |server| server.mode == mode);
    let mut inner = format!(
        "<b>{}</b><p><label>URL <input name=\"url\" size=\"48\" value=\"{}\"></label></p>\
         <p><label>Token <input name=\"token\" value=\"{}\"></label></p>\
         <p><label>EncodingAESKey <input name=\"encoding_aes_key\" size=\"48\" value=\"{}\"></label></p><p><select name=\"mode\" \
         aria-label=\"mode\">{}{}{}</select>",
        lang.pick("服务器配置", "Server configuration"),
        value(|s| &s.url),
        value(|s| &s.token),
        value(|s| &s.encoding_aes_key),
        chosen("plain", mode(Mode::Plain), lang.pick("明文模式", "plain")),
        chosen("compatible", mode(Mode::Compatible), lang.pick("兼容模式", "compatible")),
        chosen("secure", mode(Mode::Secure), lang.pick("安全模式", "secure")),
    );
    if kind == Kind::MiniProgram {
        let json = server.is_some_and(|server| server.format == Format::Json);
        let _ = write!(
            inner,
            " <select name=\"format\" aria-label=\"format\">{}{}</select>",
            chosen("xml", !json, "XML"),
            chosen("json", json, "JSON")
        );
    }
    inner.push_str("</p>");
    form.add("server", false, &inner, lang.pick("提交", "Submit"));
    if server.is_some() {
        form.add("verify", false, "", lang.pick("再次验证", "Verify again"));
        form.add("remove", false, "", lang.pick("停用", "Switch off"));
    }
}

fn followers(out: &mut String, platform: &Platform, appid: &str, lang: Lang) {
    let rows = platform.people(appid).into_iter().map(|person| {
        let state = if person.subscribed { lang.pick("已关注", "follows") } else { "–" };
        [person.name, person.openid, person.unionid.unwrap_or_default(), state.to_owned()]
    });
    html::table(out, lang.pick("用户", "People"), rows);
}

fn pushes(out: &mut String, platform: &Platform, appid: &str, lang: Lang) {
    let about = platform.recent_pushes().rev().filter(|push| push.appid.as_deref() == Some(appid)).take(20);
    let rows = about.map(|push| {
        let number = format!("#{} ({})", push.id, push.attempt);
        [push.at_ms.to_string(), number, push.outcome.clone(), push.reply.clone().unwrap_or_default()]
    });
    html::table(out, lang.pick("最近的推送和回复", "Recent pushes and replies"), rows);
}
