//! The in-process carrier with the protocol crate's own calls.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use wechat::{SecretString, TransportError, api};
use wxdesk_sandbox::{
    AuthorizeQuery, Effect, Entry, InProcess, Platform, SandboxClock, SandboxConfig, SharedPlatform, TokioClock, When,
    lock,
};

use crate::rig::START;

struct Client {
    transport: Arc<InProcess>,
    platform: SharedPlatform,
    clock: Arc<TokioClock>,
    appid: String,
    token: SecretString,
}

async fn client() -> Client {
    let platform: SharedPlatform = Arc::new(Mutex::new(Platform::new(1, SandboxConfig::default())));
    let clock = Arc::new(TokioClock::starting_at(START));
    let transport = Arc::new(InProcess::new(platform.clone(), clock.clone()).with_latency(50));
    let credentials = lock(&platform).credentials().clone();
    lock(&platform).due_pushes(START);
    let ticket = SecretString::from(lock(&platform).latest_ticket().unwrap());
    let secret = SecretString::from(credentials.component_appsecret);
    let appid = credentials.component_appid;
    api::start_push_ticket(&*transport, &appid, &secret).await.unwrap();
    let grant = api::component_token(&*transport, &appid, &secret, &ticket).await.unwrap();
    Client { transport, platform, clock, appid, token: grant.token }
}

impl Client {
    async fn authorize(&self, number: usize) -> api::authorizer::AuthorizationInfo {
        let code = api::create_preauthcode(&*self.transport, &self.token, &self.appid).await.unwrap();
        let link = AuthorizeQuery {
            entry: Entry::H5,
            component_appid: self.appid.clone(),
            pre_auth_code: code.code.expose().clone(),
            redirect_uri: "http://127.0.0.1/done".into(),
            auth_type: None,
            biz_appid: None,
            category_ids: Vec::new(),
            referer: None,
        };
        let appid = lock(&self.platform).accounts()[number].appid.clone();
        let confirmed = lock(&self.platform).confirm(self.clock.now_ms(), &link, &appid, &[]).unwrap();
        let code = SecretString::from(confirmed.auth_code);
        api::query_auth(&*self.transport, &self.token, &self.appid, &code).await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn every_typed_call_understands_the_answers() {
    let c = client().await;
    let (t, appid) = (&*c.transport, c.appid.as_str());
    let info = c.authorize(0).await;
    let authorizer = info.authorizer_appid.as_str();
    let token = info.access_token.clone().unwrap();
    let refresh = info.refresh_token.clone().unwrap();
    assert!(!info.func_info.is_empty());
    let grant = api::authorizer_token(t, &c.token, appid, authorizer, &refresh).await.unwrap();
    assert!(grant.refresh_token.is_some_and(|new| new != refresh));
    let details = api::get_authorizer_info(t, &c.token, appid, authorizer).await.unwrap();
    assert_eq!(details.nick_name, "城南门店通");
    assert_eq!(details.kind, wechat::AccountKind::OfficialAccount);
    let mini = c.authorize(2).await;
    let details = api::get_authorizer_info(t, &c.token, appid, &mini.authorizer_appid).await.unwrap();
    assert_eq!(details.kind, wechat::AccountKind::MiniProgram);
    let list = api::get_authorizer_list(t, &c.token, appid, 0, 500).await.unwrap();
    assert_eq!((list.total, list.items.len()), (2, 2));
    api::set_authorizer_option(t, &token, "voice_recognize", "1").await.unwrap();
    assert_eq!(api::get_authorizer_option(t, &token, "voice_recognize").await.unwrap(), "1");
    let menu = json!({"button": [{"type": "click", "name": "a", "key": "k"}]});
    api::menu::create(t, &token, &menu).await.unwrap();
    assert!(api::menu::get(t, &token).await.unwrap().is_some());
    api::menu::current_selfmenu_info(t, &token).await.unwrap();
    api::menu::delete(t, &token).await.unwrap();
    assert!(api::menu::get(t, &token).await.unwrap().is_none());
    api::diagnostics::quota_get(t, &token, "/cgi-bin/menu/get").await.unwrap();
    api::diagnostics::clear_quota(t, &token, authorizer).await.unwrap();
    assert!(!api::diagnostics::get_callback_ip(t, &c.token).await.unwrap().is_empty());
    api::diagnostics::callback_check(t, &c.token, "all", "DEFAULT").await.unwrap();
    api::js_sdk::get_ticket(t, &token, "jsapi").await.unwrap();
    let secret = SecretString::from(lock(&c.platform).app_secret(authorizer).unwrap());
    api::account_token(t, authorizer, &secret).await.unwrap();
    api::stable_token(t, authorizer, &secret, false).await.unwrap();
    assert_eq!(lock(&c.platform).violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn errors_carry_code_rid_and_ip() {
    let c = client().await;
    lock(&c.platform).refuse_ip(Some("203.0.113.9".into()));
    let error = api::create_preauthcode(&*c.transport, &c.token, &c.appid).await.unwrap_err();
    let error = error.api().unwrap();
    assert_eq!((error.code, error.ip.as_deref()), (61004, Some("203.0.113.9")));
    assert!(error.rid.is_some());
}

#[tokio::test(start_paused = true)]
async fn latency_and_slowness_pass_on_the_clock() {
    let c = client().await;
    let before = c.clock.now_ms();
    api::create_preauthcode(&*c.transport, &c.token, &c.appid).await.unwrap();
    assert_eq!(c.clock.now_ms() - before, 50);
    lock(&c.platform).add_fault(When::default(), Effect::Slow { ms: 8_000 });
    api::create_preauthcode(&*c.transport, &c.token, &c.appid).await.unwrap();
    assert_eq!(c.clock.now_ms() - before, 50 + 8_050);
}

#[tokio::test(start_paused = true)]
async fn overlapping_refreshes_are_seen_and_given_up_ones_are_not() {
    let c = client().await;
    let info = c.authorize(0).await;
    let refresh = info.refresh_token.clone().unwrap();
    lock(&c.platform).set_rotation(false);
    let call = || api::authorizer_token(&*c.transport, &c.token, &c.appid, &info.authorizer_appid, &refresh);
    lock(&c.platform).add_fault(When { times: Some(1), ..When::default() }, Effect::Slow { ms: 60_000 });
    assert!(tokio::time::timeout(Duration::from_secs(10), call()).await.is_err());
    call().await.unwrap();
    assert_eq!(lock(&c.platform).violations(), Vec::<String>::new());
    let (a, b) = tokio::join!(call(), call());
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(lock(&c.platform).violations().len(), 1);
    assert_eq!(c.transport.peak_in_flight(), 2);
}

#[tokio::test(start_paused = true)]
async fn dropped_calls_are_transport_errors() {
    let c = client().await;
    lock(&c.platform).add_fault(When { times: Some(1), ..When::default() }, Effect::DropAfter);
    let error = api::create_preauthcode(&*c.transport, &c.token, &c.appid).await.unwrap_err();
    assert!(matches!(error, wechat::CallError::Transport(TransportError::Dropped(_))));
    for effect in [Effect::HalfBody, Effect::Html] {
        lock(&c.platform).add_fault(When { times: Some(1), ..When::default() }, effect);
        let error = api::create_preauthcode(&*c.transport, &c.token, &c.appid).await.unwrap_err();
        assert!(matches!(error, wechat::CallError::BadBody(_)), "{error:?}");
    }
}
