//! The two pages that an account's owner sees: the launch page and the result page.
//!
//! Plain HTML for phones, in the visitor's language. No script, nothing remote, no secret but the pre-auth code in the
//! link to WeChat, which is its purpose. Invariant: a replayed or reloaded callback shows the result again and does
//! nothing.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wechat::secret::SecretString;

use crate::core::Core;
use crate::dto::{LastError, LinkKind};
use crate::engine::Wake;
use crate::store::tables::link::{self, LinkRow};
use crate::store::tables::platform::PlatformRow;
use crate::store::tables::redemption::{self, Offer, RedemptionState};

/// The owner waits so long for the result; WeChat's pages give up much later, ms.
const PATIENCE: u64 = 12_000;

/// The result page waits so long for the account's name, ms.
const NAME_PATIENCE: u64 = 1_500;

/// In which of our two languages a visitor reads.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) zh: bool,
}

impl Words {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self { zh: prefers_chinese(headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or("")) }
    }
    pub(super) fn pick(self, zh: &'static str, en: &'static str) -> &'static str {
        if self.zh { zh } else { en }
    }
}

/// Whether `Accept-Language` likes Chinese no less than English. Visitors who say neither are WeChat's usual ones.
fn prefers_chinese(accepted: &str) -> bool {
    let liking = |language: &str| {
        let weights = accepted.split(',').filter_map(|range| {
            let mut parts = range.split(';');
            let tag = parts.next()?.trim().to_ascii_lowercase();
            let quality = parts.find_map(|p| p.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            (tag.split('-').next() == Some(language)).then_some(quality)
        });
        weights.fold(0.0_f32, f32::max)
    };
    liking("zh") >= liking("en")
}

/// A link of this platform: another platform's is as unknown as none.
async fn find(core: &Core, component: &str, link_id: &str) -> Option<(LinkRow, Arc<PlatformRow>)> {
    let platform = core.store().mirror().platform_by_appid(component)?;
    let id = link_id.to_owned();
    let link = core.store().read(move |c| Ok(link::get(c, &id)?)).await.ok()??;
    (link.platform_id == platform.id).then_some((link, platform))
}

/// What the visitor's browser is, as far as it says so.
struct Browser {
    wechat: bool,
    phone: bool,
}

impl Browser {
    fn of(headers: &HeaderMap) -> Self {
        let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or("");
        Self {
            wechat: agent.contains("MicroMessenger"),
            phone: ["Android", "iPhone", "iPad", "Mobile"].iter().any(|word| agent.contains(word)),
        }
    }
}

pub(super) async fn launch(
    State(core): State<Core>,
    method: Method,
    Path((component, link_id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let words = Words::of(&headers);
    let Some((link, platform)) = find(&core, &component, &link_id).await else { return unknown(words) };
    let (now, name) = (core.clock().now(), &platform.name);
    if link.account_id.is_some() {
        return was_used(words);
    }
    if link.ended_at.is_some() {
        return ended(words);
    }
    let id = link.id.clone();
    if core.store().read(move |c| Ok(redemption::link_is_redeeming(c, &id)?)).await.unwrap_or(false) {
        return working(words);
    }
    if now >= link.expires_at {
        return expired(words);
    }
    // A messenger that looks at a link to draw its preview has not opened it.
    if method != Method::HEAD {
        let id = link.id.clone();
        let _ = core.store().write(move |tx| link::opened(tx, &id, now)).await;
        core.changes().tell(["links", &format!("link:{}", link.id)]);
    }
    let title = if name.is_empty() {
        words.pick("授权", "Authorize").to_owned()
    } else if words.zh {
        format!("授权给「{name}」")
    } else {
        format!("Authorize “{name}”")
    };
    let button = Some((link.url.expose().as_str(), words.pick("前往微信授权", "Continue to WeChat")));
    let hint = entry_hint(words, &link, &platform, &Browser::of(&headers));
    page_with(
        words,
        StatusCode::OK,
        Mood::Plain,
        &title,
        words.pick(
            "点击按钮后，用公众号或小程序管理员的微信确认授权。",
            "Continue, then confirm with the WeChat of the account's administrator.",
        ),
        button,
        &hint,
    )
}

/// What goes wrong most often on the way to WeChat, in words: the wrong device, and the domain that WeChat compares
/// with the page that one comes from (protocol D.1, "请确认授权入口页所在域名").
fn entry_hint(words: Words, link: &LinkRow, platform: &PlatformRow, browser: &Browser) -> String {
    let mut hint = String::new();
    match link.kind {
        LinkKind::H5 if !browser.wechat => hint.push_str(words.pick(
            "这个链接要在手机微信里打开：把本页发到微信，再从微信中点开。",
            "This link must be opened inside WeChat on a phone: send this page to yourself in WeChat and open it there. ",
        )),
        LinkKind::Pc if browser.phone => hint.push_str(words.pick(
            "这个链接要在电脑浏览器里打开，再用手机微信扫码。",
            "This link is for a browser on a computer, where WeChat shows a code to scan. ",
        )),
        _ => {}
    }
    let domain = crate::validate::host_of(&platform.public_base_url).unwrap_or("");
    if words.zh {
        hint.push_str(&format!(
            "如果微信提示「请确认授权入口页所在域名」：请从本页点击按钮进入，不要直接打开或转发微信页面的地址；仍然出现时，请发送链接的人检查开放平台的「登录授权的发起页域名」是否为 {domain}。"
        ));
    } else {
        hint.push_str(&format!(
            "If WeChat complains about the domain of the entry page: use the button on this page, do not open or forward WeChat's address itself. If it goes on, ask whoever sent the link to check that the authorization launch page domain on open.weixin.qq.com is {domain}."
        ));
    }
    hint
}

/// Codes that one link may bring: one, and room for a browser that is sent back twice.
const CODES: i64 = 3;
/// A callback this long after the link's end cannot be its own: a code lives at most two hours, ms.
const LATEST: i64 = 2 * 3_600_000;

pub(super) async fn authorized(
    State(core): State<Core>,
    Path((component, link_id)): Path<(String, String)>,
    Query(callback): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let words = Words::of(&headers);
    let Some((link, _)) = find(&core, &component, &link_id).await else { return unknown(words) };
    let value = |name: &str| callback.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
    let Some(code) = value("auth_code").filter(|c| !c.is_empty() && c.len() <= 1024) else {
        return cancelled(&core, words, &link).await;
    };
    let now = core.clock().now();
    if link.account_id.is_some() {
        // A reloaded page brings the code that was redeemed and sees its result again; another code is another
        // administrator's, who must not be told whose account it was.
        let (platform_id, value) = (link.platform_id, code.clone());
        let known = core.store().read(move |c| Ok(redemption::by_code(c, platform_id, &value)?)).await.ok().flatten();
        match known.filter(|r| r.link_id.as_deref() == Some(link.id.as_str())) {
            Some(row) if row.state == RedemptionState::Pending => {}
            Some(row) => {
                return match row.account_id {
                    Some(account) => done(&core, words, account).await,
                    None => failed(words, row.error),
                };
            }
            None => return used(words),
        }
    }
    if link.ended_at.is_some() {
        return ended(words);
    }
    if now > link.expires_at + LATEST {
        return expired(words);
    }
    let code = SecretString::from(code);
    // The documented lifetime when WeChat says none (protocol D.5), capped: the value comes from outside.
    let expires_at = now + value("expires_in").and_then(|v| v.parse().ok()).unwrap_or(600_i64).clamp(60, 7_200) * 1000;
    let (platform_id, id) = (link.platform_id, link.id.clone());
    let offered = core
        .store()
        .write(move |tx| {
            if !redemption::link_may_bring(tx, &id, code.expose(), CODES)? {
                return Ok(None);
            }
            let offer = Offer {
                platform_id,
                code: &code,
                link_id: Some(&id),
                authorizer_appid: None,
                create_time: 0,
                expires_at,
            };
            redemption::offer(tx, &offer, now).map(Some)
        })
        .await;
    let redemption_id = match offered {
        Ok(Some(id)) => id,
        Ok(None) => return too_many_codes(words),
        Err(_) => {
            return page(
                words,
                StatusCode::INTERNAL_SERVER_ERROR,
                Mood::Bad,
                words.pick("暂时无法保存授权", "The authorization could not be saved"),
                words.pick("请稍后刷新本页。", "Reload this page in a moment."),
                None,
            );
        }
    };
    core.changes().tell(["links", &format!("link:{}", link.id)]);
    core.wake(Wake::Redeem);
    match settled(&core, redemption_id).await {
        Some((RedemptionState::Done, Some(account), _)) => done(&core, words, account).await,
        Some((RedemptionState::Failed, _, error)) => failed(words, error),
        _ => working(words),
    }
}

fn working(words: Words) -> Response {
    page(
        words,
        StatusCode::ACCEPTED,
        Mood::Plain,
        words.pick("授权已收到，正在处理", "Received, still working on it"),
        words.pick("系统会自动完成，可以关闭本页。", "It completes by itself. You can close this page."),
        None,
    )
}

/// WeChat sent the administrator back without a code.
async fn cancelled(core: &Core, words: Words, link: &LinkRow) -> Response {
    let now = core.clock().now();
    if link.account_id.is_some() {
        return was_used(words);
    }
    if link.ended_at.is_some() {
        return ended(words);
    }
    if now >= link.expires_at {
        return expired(words);
    }
    let id = link.id.clone();
    let _ = core.store().write(move |tx| link::cancelled(tx, &id, now)).await;
    core.changes().tell(["links", &format!("link:{}", link.id)]);
    let again = format!("../authorize/{}", link.id);
    page(
        words,
        StatusCode::BAD_REQUEST,
        Mood::Bad,
        words.pick("授权未完成", "Not authorized"),
        words.pick(
            "微信没有带回授权码，通常是在微信中点了取消。可以再试一次。",
            "WeChat brought no authorization code back; usually it was cancelled in WeChat. You can try again.",
        ),
        Some((&again, words.pick("重新授权", "Try again"))),
    )
}

/// To somebody who may be the administrator who used it, or another one: the account is not named.
fn was_used(words: Words) -> Response {
    page(
        words,
        StatusCode::OK,
        Mood::Good,
        words.pick("这个链接已经使用过", "This link has been used"),
        words.pick(
            "授权已经完成，一个链接只能用一次。要授权另一个账号，请联系发送链接的人重新获取。",
            "The authorization is done; a link works once. For another account, ask whoever sent it for a new one.",
        ),
        None,
    )
}

fn ended(words: Words) -> Response {
    page(
        words,
        StatusCode::GONE,
        Mood::Bad,
        words.pick("链接已作废", "This link is no longer valid"),
        words.pick(
            "发送链接的人已将它作废。如仍需授权，请联系对方重新获取。",
            "Whoever sent it has ended it. If you still want to authorize, ask them for a new one.",
        ),
        None,
    )
}

/// WeChat's own notification of an authorization comes without this page, so a real one is not lost here.
fn too_many_codes(words: Words) -> Response {
    page(
        words,
        StatusCode::CONFLICT,
        Mood::Bad,
        words.pick("这个链接的尝试次数过多", "Too many attempts with this link"),
        words.pick(
            "如果你刚在微信中确认了授权，系统会从微信的通知得到结果；否则请联系发送链接的人，重新获取一个链接。",
            "If you have just confirmed in WeChat, WeChat itself tells us the result. Otherwise ask whoever sent the link for a new one.",
        ),
        None,
    )
}

fn used(words: Words) -> Response {
    page(
        words,
        StatusCode::CONFLICT,
        Mood::Bad,
        words.pick("这个链接已被使用", "This link has already been used"),
        words.pick(
            "另一位管理员已用它完成授权，一个链接只能用一次。请联系发送链接的人，为你的账号重新获取一个。",
            "Another administrator has authorized with it, and a link works once. Ask whoever sent it for one of your own.",
        ),
        None,
    )
}

async fn done(core: &Core, words: Words, account: i64) -> Response {
    named(core, account).await;
    let name = core
        .store()
        .mirror()
        .account(account)
        .map_or_else(String::new, |a| if a.nick_name.is_empty() { a.appid.clone() } else { a.nick_name.clone() });
    let line = if words.zh {
        format!("「{name}」已授权，可以关闭本页。")
    } else {
        format!("“{name}” is authorized. You can close this page.")
    };
    page(words, StatusCode::OK, Mood::Good, words.pick("授权成功", "Authorized"), &line, None)
}

/// Waits a moment for the account's name, which is fetched right after its authorization.
async fn named(core: &Core, account: i64) {
    let mut changes = core.subscribe();
    let wait = async {
        while core.store().mirror().account(account).is_some_and(|a| a.nick_name.is_empty()) {
            if changes.recv().await.is_err() {
                break;
            }
        }
    };
    let _ = crate::clock::within(NAME_PATIENCE, wait).await;
}

fn unknown(words: Words) -> Response {
    page(
        words,
        StatusCode::NOT_FOUND,
        Mood::Bad,
        words.pick("链接不存在", "There is no such link"),
        words.pick(
            "请检查链接是否完整，或联系发送链接的人重新获取。",
            "Check that the link is complete, or ask whoever sent it for a new one.",
        ),
        None,
    )
}

fn expired(words: Words) -> Response {
    page(
        words,
        StatusCode::GONE,
        Mood::Bad,
        words.pick("链接已过期", "This link has expired"),
        words.pick("请联系发送链接的人，重新获取授权链接。", "Ask whoever sent it to you for a new one."),
        None,
    )
}

fn failed(words: Words, error: Option<LastError>) -> Response {
    let line = match error.as_ref().map(|e| e.code) {
        Some(61009 | 61010) => words.pick(
            "授权码已使用或已过期。请联系发送链接的人，重新获取授权链接。",
            "The code was used or has expired. Ask whoever sent the link for a new one.",
        ),
        _ => words.pick(
            "请联系发送链接的人；他们的控制台里写明了原因。",
            "Contact whoever sent the link; their console says why.",
        ),
    };
    page(words, StatusCode::OK, Mood::Bad, words.pick("授权未完成", "Not authorized"), line, None)
}

async fn settled(core: &Core, id: i64) -> Option<(RedemptionState, Option<i64>, Option<LastError>)> {
    let wait = async {
        loop {
            let notified = core.redeemed().notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            let row = core.store().read(move |c| Ok(redemption::get(c, id)?)).await.ok()??;
            if row.state != RedemptionState::Pending {
                return Some((row.state, row.account_id, row.error));
            }
            notified.await;
        }
    };
    crate::clock::within(PATIENCE, wait).await?
}

/// How a page looks.
pub(super) enum Mood {
    Plain,
    Good,
    Bad,
}

/// A page of a few words and at most one button.
pub(super) fn page(
    words: Words,
    status: StatusCode,
    mood: Mood,
    title: &str,
    line: &str,
    button: Option<(&str, &str)>,
) -> Response {
    page_with(words, status, mood, title, line, button, "")
}

/// A page with small print under its button.
fn page_with(
    words: Words,
    status: StatusCode,
    mood: Mood,
    title: &str,
    line: &str,
    button: Option<(&str, &str)>,
    hint: &str,
) -> Response {
    let (colour, mark) = match mood {
        Mood::Plain => ("#0052d9", "→"),
        Mood::Good => ("#008858", "✓"),
        Mood::Bad => ("#ad352f", "!"),
    };
    let button = button.map_or_else(String::new, |(href, label)| {
        format!(
            "<a id=\"continue\" class=\"go\" href=\"{}\" referrerpolicy=\"origin\">{}</a>",
            escape(href),
            escape(label)
        )
    });
    let hint = if hint.is_empty() { String::new() } else { format!("<p class=\"hint\">{}</p>", escape(hint)) };
    let lang = words.pick("zh-CN", "en");
    let (title, line) = (escape(title), escape(line));
    let html = format!(
        "<!doctype html><html lang=\"{lang}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
<meta name=\"robots\" content=\"noindex\"><title>{title}</title><style>\
:root{{color-scheme:light dark}}body{{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;background:#f3f3f3;color:#1d1d1f;\
font:16px/1.6 \"PingFang SC\",\"Microsoft YaHei\",\"Noto Sans CJK SC\",system-ui,sans-serif}}\
main{{box-sizing:border-box;width:min(26rem,calc(100vw - 2rem));padding:2.5rem 2rem;background:#fff;border-radius:12px;text-align:center}}\
i{{display:block;width:56px;height:56px;margin:0 auto 1rem;border-radius:50%;background:{colour};color:#fff;font:600 28px/56px system-ui;font-style:normal}}\
h1{{margin:0 0 .5rem;font-size:1.25rem;overflow-wrap:anywhere}}p{{margin:0;color:#5e5e63;overflow-wrap:anywhere}}\
.go{{display:block;margin-top:1.75rem;padding:.75rem;border-radius:8px;background:#07c160;color:#fff;text-decoration:none;font-weight:600}}\
.hint{{margin-top:1.5rem;font-size:.8125rem;text-align:left}}.go:focus-visible{{outline:3px solid #0052d9;outline-offset:2px}}\
@media(prefers-color-scheme:dark){{body{{background:#181818;color:#eee}}main{{background:#242424}}p{{color:#a6a6a6}}}}\
</style></head><body><main><i aria-hidden=\"true\">{mark}</i><h1>{title}</h1><p>{line}</p>{button}{hint}</main></body></html>"
    );
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
        ),
    );
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests;
