//! Owns: the pages of web OAuth and website login in the browser, and their machine interface.
//! Must not: decide what a link leads to; `oauth` does.
//! Invariant: without script every button works; the only script says that `#wechat_redirect` is missing, which no
//! server can see.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::Shared;
use super::html::{self, Lang};
use crate::clock::SandboxClock as _;
use crate::codec::{self, html as esc};
use crate::oauth::{Choice, ConsentError, ConsentKind, ConsentPage};
use crate::people::{PersonView, Who};
use crate::transport::lock;

type Door = State<Arc<Shared>>;

const POLICY: &str =
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; script-src 'self'; base-uri 'none'";

/// A second request after about this long was seen (L).
const SECOND_REQUEST_MS: u64 = 6_000;

/// The page checks its own address: the fragment never reaches a server.
const SCRIPT: &str = "if(location.hash!=='#wechat_redirect'){document.getElementById('hash').hidden=false;\
var b=document.querySelectorAll('button.primary');for(var i=0;i<b.length;i++){b[i].disabled=true}}";

pub(super) async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT).into_response()
}

/// The picture of a person; the size is part of the address, as on WeChat, and always the same here.
pub(super) async fn face(Path((who, _size)): Path<(String, String)>) -> Response {
    ([(header::CONTENT_TYPE, "image/png")], crate::avatar::png(&format!("person {who}"))).into_response()
}

fn page(html: String) -> Response {
    let headers = [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::OK, headers, Html(html)).into_response()
}

fn refused(error: &ConsentError, lang: Lang) -> Response {
    let shown = |text: &str| if error.code == 0 { text.to_owned() } else { format!("{text} ({})", error.code) };
    page(html::error(&(shown(&error.zh), shown(&error.en)), lang))
}

async fn show(shared: &Arc<Shared>, kind: ConsentKind, query: Option<String>, headers: &HeaderMap) -> Response {
    let lang = Lang::of(headers);
    let query = query.unwrap_or_default();
    let path = match kind {
        ConsentKind::Web => "/connect/oauth2/authorize",
        ConsentKind::Login => "/connect/qrconnect",
    };
    let link = format!("{path}?{query}");
    let (found, people, visitor) = {
        let platform = lock(&shared.platform);
        let found = platform.consent_page(kind, &query);
        let people = found.as_ref().map(|found| platform.people(&found.appid)).unwrap_or_default();
        (found, people, platform.config().visitor)
    };
    match found {
        Err(why) => refused(&why, lang),
        Ok(found) if found.asks => page(consent(&found, &people, visitor, &link, lang)),
        Ok(_) => {
            let choice = Choice { openid: None, agree: true, snapshot: false };
            decide(shared, &link, &choice).map_or_else(|why| refused(&why, lang), |to| redirect(StatusCode::FOUND, to))
        }
    }
}

fn redirect(status: StatusCode, to: String) -> Response {
    (status, [(header::LOCATION, to), (header::CACHE_CONTROL, "no-store".to_owned())]).into_response()
}

/// The platform's answer, and the second request of WeChat if the settings ask for it.
fn decide(shared: &Arc<Shared>, link: &str, choice: &Choice) -> Result<String, ConsentError> {
    let (to, twice) = {
        let mut platform = lock(&shared.platform);
        (platform.consent(shared.clock.now_ms(), link, choice)?, platform.config().oauth_double_redirect)
    };
    if twice && choice.agree {
        let (shared, to) = (Arc::clone(shared), to.clone());
        tokio::spawn(async move {
            shared.clock.sleep_ms(SECOND_REQUEST_MS).await;
            let outcome = match shared.outside.get(&to).await {
                Ok(answer) => format!("HTTP {}", answer.status),
                Err(why) => why,
            };
            let now = shared.clock.now_ms();
            lock(&shared.platform).notice(now, &format!("a redirect of web OAuth was requested once more: {outcome}"));
        });
    }
    Ok(to)
}

pub(super) async fn web(State(shared): Door, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    show(&shared, ConsentKind::Web, query, &headers).await
}

pub(super) async fn login(State(shared): Door, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    show(&shared, ConsentKind::Login, query, &headers).await
}

/// The form of the page: `link`, `openid`, `agree` (1 or 0), `snapshot` (1) when ticked.
pub(super) async fn confirm(State(shared): Door, headers: HeaderMap, body: String) -> Response {
    let pairs = codec::parse_query(&body);
    let get = |name: &str| pairs.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    let choice = Choice {
        openid: Some(get("openid").to_owned()).filter(|openid| !openid.is_empty()),
        agree: get("agree") == "1",
        snapshot: get("snapshot") == "1",
    };
    match decide(&shared, get("link"), &choice) {
        Ok(to) => redirect(StatusCode::SEE_OTHER, to),
        Err(why) => refused(&why, Lang::of(&headers)),
    }
}

#[derive(Deserialize)]
pub(super) struct Machine {
    url: String,
    /// An openid, or
    openid: Option<String>,
    /// the number of a person or an openid; absent: the visitor of the settings.
    follower: Option<Who>,
    #[serde(default = "yes")]
    agree: bool,
    #[serde(default)]
    snapshot: bool,
}

fn yes() -> bool {
    true
}

/// `{"redirect"}`, or status 409 with `{"code","message"}` and the page's error code.
pub(super) async fn machine(State(shared): Door, Json(body): Json<Machine>) -> Response {
    let query = body.url.split_once('?').map_or("", |(_, query)| query);
    let query = codec::parse_query(query);
    let appid = query.iter().find(|(name, _)| name == "appid").map_or("", |(_, v)| v.as_str());
    let named = body.follower.map(|who| lock(&shared.platform).resolve(appid, &who));
    let choice = Choice { openid: body.openid.or(named), agree: body.agree, snapshot: body.snapshot };
    match decide(&shared, &body.url, &choice) {
        Ok(to) => Json(json!({"redirect": to})).into_response(),
        Err(why) => {
            let answer = json!({"code": "refused", "page_code": why.code, "message": why.en, "message_zh": why.zh});
            (StatusCode::CONFLICT, Json(answer)).into_response()
        }
    }
}

fn consent(found: &ConsentPage, people: &[PersonView], visitor: usize, link: &str, lang: Lang) -> String {
    let login = found.kind == ConsentKind::Login;
    let title =
        if login { lang.pick("微信登录", "WeChat login") } else { lang.pick("网页授权", "Web authorization") };
    let ask = match found.scope.as_str() {
        "snsapi_login" => lang.pick("使用你的微信登录该网站", "log in on this website with WeChat"),
        "snsapi_userinfo" => lang.pick("获取你的昵称、头像", "read your name and picture"),
        _ => lang.pick("获取你的 OpenID", "read your openid"),
    };
    let mut body = format!(
        "<h1>{}</h1><p class=\"soft\">{} · <span class=\"id\">{}</span> · {}</p>\
         <p id=\"hash\" class=\"bad\" hidden>{}</p><p>{}{ask}</p>",
        esc(&found.nick_name),
        lang.pick("模拟的微信", "Simulated WeChat"),
        esc(&found.appid),
        esc(&found.scope),
        lang.pick(
            "链接缺少 #wechat_redirect，微信客户端不会打开此页面。",
            "The link lacks #wechat_redirect; WeChat would not open this page."
        ),
        lang.pick("申请：", "Asks to "),
    );
    if login {
        let text = lang.pick("模拟手机扫码：选择是谁在扫码", "As if a phone scanned the code: choose whose");
        let _ = write!(body, "<p class=\"soft\">{text}</p>");
    }
    let _ = write!(
        body,
        "<form method=\"post\" action=\"/sandbox/oauth/confirm\"><input type=\"hidden\" name=\"link\" value=\"{}\">",
        esc(link)
    );
    for person in people {
        let checked = if person.number == Some(visitor) { " checked" } else { "" };
        let picture = person.number.map_or_else(|| "none".to_owned(), |number| number.to_string());
        let follows = match person.subscribed {
            true => format!("<span class=\"tag\">{}</span>", lang.pick("已关注", "follows")),
            false => String::new(),
        };
        let _ = write!(
            body,
            "<div class=\"card\"><label class=\"head\"><input class=\"choose\" type=\"radio\" name=\"openid\" \
             id=\"person-{picture}\" value=\"{}\"{checked}><img src=\"/sandbox/face/{picture}/132\" alt=\"\">\
             <span class=\"what\"><b>{}</b>{follows}<span class=\"soft facts\"><span class=\"id\">{}</span></span></span>\
             </label></div>",
            esc(&person.openid),
            esc(&person.name),
            esc(&person.openid),
        );
    }
    if !login {
        let ticked = if found.snapshot { " checked" } else { "" };
        let _ = write!(
            body,
            "<p><label><input type=\"checkbox\" name=\"snapshot\" id=\"snapshot\" value=\"1\"{ticked}> {}</label></p>",
            lang.pick(
                "快照页：以虚拟用户访问 (is_snapshotuser)",
                "Snapshot page: visit as a virtual user (is_snapshotuser)"
            )
        );
    }
    let agree = if login { lang.pick("扫码并确认", "Scan and confirm") } else { lang.pick("同意", "Allow") };
    let _ = write!(
        body,
        "<div class=\"bar\"><button class=\"primary\" type=\"submit\" name=\"agree\" value=\"1\" id=\"agree\">{agree}\
         </button><button type=\"submit\" name=\"agree\" value=\"0\" id=\"refuse\">{}</button></div></form>\
         <script src=\"/sandbox/oauth.js\"></script>",
        lang.pick("拒绝", "Refuse")
    );
    html::document(title, &body, lang)
}
