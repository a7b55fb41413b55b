//! Where WeChat leads users back to after a web OAuth page, and where a business server's visitors enter.
//!
//! Owns what the visitor sees and where the browser goes. Must not show an openid, a token or a code. Invariants: a page
//! sends no referrer, so that nobody learns the URL it was shown under; a visitor who entered by a route is known by a
//! cookie, and whoever brings that visitor's code without it gets nothing.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;
use wechat::secret::SecretString;

use super::pages::{Mood, Words, page};
use crate::core::Core;
use crate::error::AppError;
use crate::oauth::{self, Arrived, Brought, NotEntered, Subject};
use crate::store::tables::oauth_link::{self, OauthLinkRow};
use crate::store::tables::oauth_route;

/// Longest code that is looked at, bytes; WeChat's have 32.
const CODE: usize = 512;
/// Longest `state` of a business server, bytes.
const VISITOR_STATE: usize = 512;

pub(super) async fn visit(
    State(core): State<Core>,
    method: Method,
    Path(appid): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let words = Words::of(&headers);
    let value = |name: &str| query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty());
    let response = if method == Method::HEAD {
        // A messenger that looks at a link to draw its preview is no visitor: no code of theirs is used up for it.
        say(words, StatusCode::OK, Mood::Plain, WAITING)
    } else if let (None, Some(route)) = (value("code"), value("route")) {
        enter(&core, words, &appid, route, value("state")).await
    } else {
        back(&core, words, &appid, &headers, value("state"), value("code"), value("appid")).await
    };
    quiet(response)
}

/// Nothing of the visit is kept by the browser or told to the next page.
fn quiet(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Title and line, Chinese and English.
type Text = [(&'static str, &'static str); 2];

fn say(words: Words, status: StatusCode, mood: Mood, text: Text) -> Response {
    let [(title_zh, title_en), (line_zh, line_en)] = text;
    page(words, status, mood, words.pick(title_zh, title_en), words.pick(line_zh, line_en), None)
}

const WAITING: Text =
    [("微信网页授权", "WeChat authorization"), ("请在微信中打开本页。", "Open this page inside WeChat.")];
const UNKNOWN: Text = [
    ("链接无效", "This link is not valid"),
    ("请回到原来的页面，重新打开链接。", "Go back to where you came from and open the link again."),
];
const ENDED: Text = [
    ("链接已失效", "This link has ended"),
    ("请向发送链接的人重新获取。", "Ask whoever sent it to you for a new one."),
];
const EXPIRED: Text = [
    ("链接已过期", "This link has expired"),
    ("请回到原来的页面，重新开始登录。", "Go back to where you came from and begin again."),
];
const OTHER_ACCOUNT: Text = [
    ("链接与公众号不符", "This link belongs to another account"),
    ("请回到原来的页面，重新打开链接。", "Go back to where you came from and open the link again."),
];
const OTHER_BROWSER: Text = [
    ("请从商家的页面重新开始", "Begin again from the shop's page"),
    (
        "这次登录不是从当前浏览器发起的，或者已超过 10 分钟。",
        "This login was not begun in this browser, or it was more than 10 minutes ago.",
    ),
];
const REFUSED: Text = [
    ("你没有授权", "You did not authorize"),
    ("没有读取你的任何信息，可以关闭本页。", "Nothing about you was read. You can close this page."),
];
const FAILED: Text = [
    ("授权没有完成", "The authorization was not completed"),
    (
        "微信没有接受这次授权，请重新扫码或重新打开链接。",
        "WeChat did not accept it. Scan the code or open the link again.",
    ),
];
const UNSURE: Text = [
    ("授权结果未知", "It is not known whether this worked"),
    ("处理时被中断，请重新扫码或重新打开链接。", "It was interrupted. Scan the code or open the link again."),
];
const WORKING: Text = [
    ("正在处理", "Still working on it"),
    ("请稍后刷新本页查看结果。", "Reload this page in a moment to see the result."),
];
const NOT_NOW: Text =
    [("暂时无法处理", "This cannot be done right now"), ("请稍后刷新本页。", "Reload this page in a moment.")];
const ALREADY: Text = [
    ("已经完成", "This is done already"),
    ("这次登录已经处理过，请回到商家的页面继续。", "This login was dealt with. Go on at the shop's page."),
];
const NO_ROUTE: Text = [("入口不存在", "There is no such entrance"), ("请联系商家。", "Tell the shop.")];
const LONG_STATE: Text = [
    ("参数过长", "A parameter is too long"),
    ("state 最多 512 字节，请联系商家。", "state may have at most 512 bytes. Tell the shop."),
];

/// A visitor of a business server, who goes on to WeChat's page.
async fn enter(core: &Core, words: Words, appid: &str, route: &str, state: Option<&str>) -> Response {
    if state.is_some_and(|state| state.len() > VISITOR_STATE) {
        return say(words, StatusCode::BAD_REQUEST, Mood::Bad, LONG_STATE);
    }
    match oauth::enter(core, appid, route, state).await {
        Ok(entered) => {
            let mut response = lead(words, &entered.url);
            let secure = if entered.secure { "; Secure" } else { "" };
            let (name, cookie, age) = (&entered.cookie_name, &entered.cookie, oauth::VISIT / 1000);
            let cookie = format!("{name}={cookie}; HttpOnly; SameSite=Lax; Path=/wechat/oauth; Max-Age={age}{secure}");
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(NotEntered::Unknown) => say(words, StatusCode::NOT_FOUND, Mood::Bad, NO_ROUTE),
        Err(NotEntered::NotNow(why)) => {
            tracing::warn!(appid, why, "a visitor could not enter by a route");
            say(words, StatusCode::SERVICE_UNAVAILABLE, Mood::Bad, NOT_NOW)
        }
    }
}

/// A user comes back from WeChat: with a code, or with the state alone after a refusal.
async fn back(
    core: &Core,
    words: Words,
    appid: &str,
    headers: &HeaderMap,
    state: Option<&str>,
    code: Option<&str>,
    named: Option<&str>,
) -> Response {
    let bad = |text| say(words, StatusCode::BAD_REQUEST, Mood::Bad, text);
    let Some(state) = state.filter(|state| wechat::links::is_state(state)) else { return bad(UNKNOWN) };
    let asked = state.to_owned();
    let link = match core.store().read(move |c| Ok(oauth_link::get(c, &asked)?)).await {
        Ok(Some(link)) => link,
        Ok(None) => match first_time_back(core, appid, state, headers).await {
            Ok(Arrived::Visitor(link)) => *link,
            Ok(Arrived::TooLate) => return say(words, StatusCode::FORBIDDEN, Mood::Bad, EXPIRED),
            Ok(Arrived::Stranger) if oauth::cookie_name(state).is_some() => {
                return say(words, StatusCode::FORBIDDEN, Mood::Bad, OTHER_BROWSER);
            }
            Ok(Arrived::Stranger) => return bad(UNKNOWN),
            Err(_) => return say(words, StatusCode::SERVICE_UNAVAILABLE, Mood::Bad, NOT_NOW),
        },
        Err(_) => return say(words, StatusCode::SERVICE_UNAVAILABLE, Mood::Bad, NOT_NOW),
    };
    if link.appid != appid || named.is_some_and(|named| named != appid) {
        return say(words, StatusCode::FORBIDDEN, Mood::Bad, OTHER_ACCOUNT);
    }
    if !is_the_visitor(&link, headers) {
        return say(words, StatusCode::FORBIDDEN, Mood::Bad, OTHER_BROWSER);
    }
    let Ok(subject) = core.oauth_subject_by_id(link.platform_id, &link.appid) else { return bad(ENDED) };
    let Some(code) = code else { return refused(core, words, &link).await };
    if code.len() > CODE || !code.bytes().all(|b| b.is_ascii_graphic()) {
        return bad(FAILED);
    }
    match oauth::bring(core, &subject, &link, SecretString::from(code)).await {
        Brought::User { ticket } => welcome(core, words, &subject, &link, ticket).await,
        Brought::Failed => bad(FAILED),
        Brought::Unknown => bad(UNSURE),
        Brought::Working => say(words, StatusCode::ACCEPTED, Mood::Plain, WORKING),
        Brought::Elsewhere | Brought::Used => say(words, StatusCode::CONFLICT, Mood::Bad, ALREADY),
        Brought::Ended => say(words, StatusCode::FORBIDDEN, Mood::Bad, ENDED),
        Brought::Expired => say(words, StatusCode::FORBIDDEN, Mood::Bad, EXPIRED),
        Brought::NotNow => say(words, StatusCode::SERVICE_UNAVAILABLE, Mood::Bad, NOT_NOW),
    }
}

/// A state that is no link's yet: a visitor who entered by a route, if the browser has the cookie that goes with it.
async fn first_time_back(core: &Core, appid: &str, state: &str, headers: &HeaderMap) -> Result<Arrived, AppError> {
    let Some(name) = oauth::cookie_name(state) else { return Ok(Arrived::Stranger) };
    for cookie in cookies(headers, &name) {
        match oauth::arrive(core, appid, state, cookie).await? {
            Arrived::Stranger => {}
            arrived => return Ok(arrived),
        }
    }
    Ok(Arrived::Stranger)
}

/// Whether the browser is the one that entered. The operator's own links are for everybody.
fn is_the_visitor(link: &OauthLinkRow, headers: &HeaderMap) -> bool {
    let Some(expected) = &link.visitor_hash else { return !link.once };
    let Some(name) = oauth::cookie_name(&link.state) else { return false };
    cookies(headers, &name).any(|value| bool::from(oauth::hash(value).ct_eq(expected)))
}

/// Values of all cookies of this name, a few of them: whoever sends more is no browser.
fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(n, _)| *n == name)
        .map(|(_, value)| value)
        .take(3)
}

async fn refused(core: &Core, words: Words, link: &OauthLinkRow) -> Response {
    if link.once && link.uses > 0 {
        return say(words, StatusCode::CONFLICT, Mood::Bad, ALREADY);
    }
    if link.ended_at.is_some() {
        return say(words, StatusCode::FORBIDDEN, Mood::Bad, ENDED);
    }
    if core.clock().now() >= link.expires_at {
        return say(words, StatusCode::FORBIDDEN, Mood::Bad, EXPIRED);
    }
    if let Err(e) = oauth::refuse(core, link).await {
        tracing::warn!(error = %e, "a refusal of web OAuth could not be noted");
    }
    match route_url(core, link).await {
        Some(url) => lead(words, &oauth::route_url_with(&url, &given_back(link, "error", "access_denied"))),
        None => say(words, StatusCode::OK, Mood::Plain, REFUSED),
    }
}

/// The user is known: on to the business server, or a page of ours.
async fn welcome(
    core: &Core,
    words: Words,
    subject: &Subject,
    link: &OauthLinkRow,
    ticket: Option<SecretString>,
) -> Response {
    if link.route_id.is_some() {
        return match (route_url(core, link).await, ticket) {
            (Some(url), Some(code)) => {
                lead(words, &oauth::route_url_with(&url, &given_back(link, "code", code.expose())))
            }
            _ => say(words, StatusCode::OK, Mood::Plain, ALREADY),
        };
    }
    let name = subject.name();
    let line = match (name.is_empty(), words.zh) {
        (true, true) => "可以关闭本页。".to_owned(),
        (true, false) => "You can close this page.".to_owned(),
        (false, true) => format!("「{name}」已收到你的授权，可以关闭本页。"),
        (false, false) => format!("“{name}” has received it. You can close this page."),
    };
    page(words, StatusCode::OK, Mood::Good, words.pick("已完成授权", "Authorized"), &line, None)
}

async fn route_url(core: &Core, link: &OauthLinkRow) -> Option<String> {
    let id = link.route_id.clone()?;
    core.store().read(move |c| Ok(oauth_route::get(c, &id)?)).await.ok()?.map(|route| route.url)
}

/// What the business server gets: one value of ours, and its own `state` if it gave one.
fn given_back<'a>(link: &'a OauthLinkRow, name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut given = vec![(name, value)];
    given.extend(link.visitor_state.as_deref().map(|state| ("state", state)));
    given
}

/// Sends the browser on.
fn lead(words: Words, url: &str) -> Response {
    match HeaderValue::from_str(url) {
        Ok(url) => (StatusCode::FOUND, [(header::LOCATION, url)]).into_response(),
        // Addresses are checked when they are saved.
        Err(_) => say(words, StatusCode::SERVICE_UNAVAILABLE, Mood::Bad, NOT_NOW),
    }
}
