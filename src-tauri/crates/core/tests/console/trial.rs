//! Calls that are tried: every form is answered by the simulated platform, refusals are shown and never repeated, and no
//! token is in anything that is shown, stored or logged.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wxdesk_core::Core;
use wxdesk_core::clock::Clock;
use wxdesk_core::dto::{
    ApiCallQuery, ApiField, ApiFieldPlace, ApiFile, ApiForm, ApiMethod, ApiTrial, ApiTrialRequest, CallReason,
    NameValue,
};
use wxdesk_sandbox::{Effect, lock};

use crate::world::World;

const INFO: &str = "/cgi-bin/user/info";
/// The smallest picture: a GIF of one pixel.
const GIF: &str = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

impl World {
    fn request(&self, appid: &str, method: ApiMethod, path: &str) -> ApiTrialRequest {
        ApiTrialRequest {
            component_appid: self.component.clone(),
            appid: appid.to_owned(),
            form: None,
            method,
            path: path.to_owned(),
            query: Vec::new(),
            body: None,
            parts: Vec::new(),
            file: None,
        }
    }

    async fn try_get(&self, appid: &str, path: &str) -> ApiTrial {
        self.core.run_api(self.request(appid, ApiMethod::Get, path)).await.unwrap()
    }

    fn token(&self, appid: &str) -> String {
        self.core.reveal_token(&self.component, appid).unwrap().value
    }
}

fn pair(name: &str, value: &str) -> NameValue {
    NameValue { name: name.to_owned(), value: value.to_owned() }
}

/// A form filled in as a person would who changes nothing.
fn filled(world: &World, appid: &str, form: &ApiForm) -> ApiTrialRequest {
    let place = |place| form.fields.iter().filter(move |f: &&ApiField| f.place == place);
    let mut request = world.request(appid, form.method, &form.path);
    request.form = Some(form.id.clone());
    request.query = place(ApiFieldPlace::Query).map(|f| pair(&f.name, &f.default)).collect();
    request.parts = place(ApiFieldPlace::Part).map(|f| pair(&f.name, &f.default)).collect();
    request.body = Some(form.body.clone()).filter(|body| !body.is_empty());
    request.file = place(ApiFieldPlace::File)
        .map(|f| ApiFile { field: f.name.clone(), name: "a.gif".into(), content_base64: GIF.into() })
        .next();
    request
}

#[tokio::test(start_paused = true)]
async fn every_form_reaches_an_api_of_the_platform() {
    let (world, appid) = World::with_account().await;
    let forms = Core::api_forms();
    assert!(forms.len() >= 40, "{}", forms.len());
    for form in &forms {
        let trial = world.core.run_api(filled(&world, &appid, form)).await.unwrap();
        assert_eq!((trial.status, trial.form.as_deref()), (Some(200), Some(form.id.as_str())), "{trial:?}");
        // 40066 is the sandbox's word for a path that it does not know; 43001, 43002 and 44002 mean a wrong method or no body.
        let wrong = [40066, 43001, 43002, 44002, 47001, 61007, 41001].map(Some);
        assert!(!wrong.contains(&trial.errcode), "{}: {:?}", form.id, trial.answer);
        world.pass(100).await;
    }
    assert!(world.calls("/cgi-bin/qrcode/create") >= 4);
    assert_eq!(world.core.list_api_trials(None, None).await.unwrap().len(), forms.len());
}

#[tokio::test(start_paused = true)]
async fn what_is_uploaded_comes_back_as_a_picture() {
    let (world, appid) = World::with_account().await;
    let mut upload = world.request(&appid, ApiMethod::Post, "media/upload");
    upload.query = vec![pair("type", "image")];
    upload.file = Some(ApiFile { field: "media".into(), name: "a.gif".into(), content_base64: GIF.into() });
    let trial = world.core.run_api(upload).await.unwrap();
    assert_eq!(trial.body.as_deref(), Some("media: a.gif (42 B)"), "of a file only its name and size");
    let answer: Value = serde_json::from_str(trial.answer.as_deref().unwrap()).unwrap();
    let mut get = world.request(&appid, ApiMethod::Get, "/cgi-bin/media/get");
    get.query = vec![pair("media_id", answer["media_id"].as_str().unwrap())];
    let picture = world.core.run_api(get).await.unwrap();
    assert_eq!(picture.picture.as_deref(), Some(format!("data:image/gif;base64,{GIF}").as_str()), "{picture:?}");
    assert_eq!((picture.answer.as_deref(), picture.answer_bytes), (None, 42));
    let kept = world.core.get_api_trial(picture.id).await.unwrap();
    assert_eq!(kept.picture, None, "only right after the call");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_shown_and_not_repeated() {
    let (world, appid) = World::with_account().await;
    let before = world.core.get_account(&world.component, &appid).await.unwrap().account.token.generation;
    for code in [40001, 40014, 42001] {
        world.errcode(INFO, 0, code);
        let calls = world.calls(INFO);
        let trial = world.try_get(&appid, "user/info").await;
        assert_eq!((trial.errcode, trial.path.as_str(), trial.status), (Some(code), INFO, Some(200)));
        let error = trial.error.unwrap();
        assert!(error.advice.contains("not repeated") && !error.advice_zh.is_ascii(), "{error:?}");
        assert!(trial.rid.is_some());
        assert!(world.calls(INFO) - calls <= 1, "one call");
    }
    world.pass(60_000).await;
    let after = world.core.get_account(&world.component, &appid).await.unwrap().account.token.generation;
    assert_eq!(before, after, "the engine's token is left alone");
    // An empty day tells what the limit was.
    world.errcode(INFO, 0, 45009);
    let used_up = world.try_get(&appid, INFO).await;
    assert!(used_up.quota.as_ref().is_some_and(|quota| quota.daily_limit > 0), "{used_up:?}");
    assert!(world.try_get(&appid, INFO).await.quota.is_none(), "not asked for when there is plenty");
    assert!(world.try_get(&appid, "user/get").await.quota.is_some(), "500 a day are few");
    // No answer is an answer too.
    world.fault(INFO, 0, 1, Effect::DropBefore);
    let lost = world.try_get(&appid, INFO).await;
    assert_eq!((lost.status, lost.errcode, lost.error.unwrap().code), (None, None, 0));
    world.fault(INFO, 0, 1, Effect::Html);
    assert!(world.try_get(&appid, INFO).await.answer.unwrap().contains("<"));
}

#[tokio::test(start_paused = true)]
async fn the_whole_answer_is_there_for_ten_minutes() {
    let (world, appid) = World::with_account().await;
    let mut make = world.request(&appid, ApiMethod::Post, "qrcode/create");
    make.body = Some(
        json!({ "expire_seconds": 60, "action_name": "QR_STR_SCENE", "action_info": { "scene": { "scene_str": "x" } } })
            .to_string(),
    );
    let trial = world.core.run_api(make).await.unwrap();
    assert!(trial.has_more && trial.answer.as_deref().unwrap().contains("\"ticket\": \"***\""), "{trial:?}");
    let whole = world.core.reveal_api_trial(trial.id).unwrap();
    assert!(serde_json::from_str::<Value>(&whole.value).unwrap()["ticket"].as_str().unwrap().len() > 10);
    assert!(whole.expires_at.unwrap() - world.clock.now() <= 600_000);
    world.pass(601_000).await;
    assert!(world.core.reveal_api_trial(trial.id).is_err());
    let kept = world.core.get_api_trial(trial.id).await.unwrap();
    assert!(!kept.has_more && kept.answer == trial.answer && kept.error == trial.error);
    let listed = world.core.list_api_trials(Some(&world.component), Some(&appid)).await.unwrap();
    assert!(listed[0].id == trial.id && listed[0].answer.is_none());
    assert!(world.core.list_api_trials(None, Some("wx0000000000000000")).await.unwrap().is_empty());
    world.core.clear_api_trials().await.unwrap();
    assert!(world.core.get_api_trial(trial.id).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_newest_five_hundred_are_kept() {
    let (world, appid) = World::with_account().await;
    let first = world.try_get(&appid, "getcallbackip").await.id;
    for _ in 0..501 {
        world.try_get(&appid, "getcallbackip").await;
    }
    assert!(world.core.get_api_trial(first).await.is_err() && world.core.get_api_trial(first + 1).await.is_err());
    assert!(world.core.get_api_trial(first + 2).await.is_ok());
    assert_eq!(world.core.list_api_trials(None, None).await.unwrap().len(), 100);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn no_token_is_in_anything_that_is_shown_stored_or_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    // For the whole process: one of a thread misses what other threads had asked for first.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let (world, appid) = World::with_account().await;
    let token = world.token(&appid);
    let mut shown = String::new();
    let echo = Effect::Errcode { code: 40035, message: Some(format!("you sent access_token={token} and {token}")) };
    world.fault(INFO, 0, 1, echo);
    let mut sends = world.request(&appid, ApiMethod::Post, "message/custom/send");
    sends.body = Some(json!({ "touser": "o1", "msgtype": "text", "text": { "content": token } }).to_string());
    let mut echoes = world.request(&appid, ApiMethod::Get, INFO);
    echoes.query = vec![pair("openid", &token), pair("session_key", "SESSION")];
    let refused = world.core.run_api(echoes).await.unwrap();
    let mut asks = world.request(&appid, ApiMethod::Post, "openapi/rid/get");
    asks.body = Some(json!({ "rid": refused.rid }).to_string());
    for trial in [refused, world.core.run_api(sends).await.unwrap(), world.core.run_api(asks).await.unwrap()] {
        shown.push_str(&format!("{trial:?}{}", serde_json::to_string(&trial).unwrap()));
        shown.push_str(&format!("{:?}", world.core.get_api_trial(trial.id).await.unwrap()));
    }
    let page = world.core.sign_page(&world.component, &appid, "https://a.example/", None, None).await.unwrap();
    shown.push_str(&serde_json::to_string(&page).unwrap());
    shown.push_str(&serde_json::to_string(&world.core.list_js_tickets(&world.component, &appid).unwrap()).unwrap());
    shown.push_str(&serde_json::to_string(&world.core.list_api_trials(None, None).await.unwrap()).unwrap());
    let calls = world.core.list_api_calls(&ApiCallQuery::default()).await.unwrap();
    assert!(calls.items.iter().filter(|call| call.reason == CallReason::Trial).count() >= 3);
    shown.push_str(&serde_json::to_string(&calls).unwrap());
    let rows = world.core.store().read(|c| {
        let mut rows = c.prepare("SELECT document || coalesce(answer, '') FROM api_trial")?;
        let rows = rows.query_map([], |r| r.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        Ok(rows.concat())
    });
    shown.push_str(&rows.await.unwrap());
    shown.push_str(&String::from_utf8(log.0.lock().unwrap().clone()).unwrap());
    let kind = wxdesk_core::dto::JsTicketKind::Jsapi;
    let mirror = world.core.store().mirror();
    let platform = mirror.platform_by_appid(&world.component).unwrap();
    let account = mirror.account_by_appid(platform.id, &appid).unwrap();
    let ticket = mirror.ticket_credential(account.id, kind).unwrap().token.clone().unwrap();
    assert!(shown.contains("40035") && shown.contains("wxdesk_core"), "something was shown and logged");
    for secret in [token.as_str(), ticket.expose().as_str(), "SESSION"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(lock(&world.platform).violations().is_empty());
}
