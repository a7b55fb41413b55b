//! Users: web OAuth, logging in to mini programs, and followers.

use super::*;
use crate::api::mini_program::{component_jscode2session, jscode2session};
use crate::api::oauth::{check_oauth_token, component_refresh_oauth_token, oauth_user_info, refresh_oauth_token};
use crate::api::user::{UserInfo, user_info};

fn target(t: &Canned) -> String {
    t.asked().target().expose().clone()
}

#[test]
fn renewing_a_users_token() {
    let t = Canned::json(
        json!({"access_token":"A2","expires_in":7200,"refresh_token":"R2","openid":"o1","scope":"snsapi_base,snsapi_userinfo"}),
    );
    let grant = run(refresh_oauth_token(&t, "wx2", &secret("R1"))).unwrap();
    assert_eq!(
        (grant.access_token.expose().as_str(), grant.refresh_token, grant.is_snapshot_user),
        ("A2", Some(secret("R2")), false)
    );
    assert_eq!(grant.scope, "snsapi_base,snsapi_userinfo");
    assert_eq!(target(&t), "/sns/oauth2/refresh_token?appid=wx2&grant_type=refresh_token&refresh_token=R1");
    run(component_refresh_oauth_token(&t, &secret("CT"), "wx1", "wx2", &secret("R1"))).unwrap();
    assert_eq!(
        target(&t),
        "/sns/oauth2/component/refresh_token?appid=wx2&grant_type=refresh_token&component_appid=wx1\
         &component_access_token=CT&refresh_token=R1"
    );
    let refused = Canned::json(json!({"errcode":42002,"errmsg":"refresh_token expired R1"}));
    let error = run(refresh_oauth_token(&refused, "wx2", &secret("R1"))).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("R1")), (Some(42002), false));
    let error = run(component_refresh_oauth_token(&refused, &secret("CT"), "wx1", "wx2", &secret("R1"))).unwrap_err();
    assert!(!error.to_string().contains("R1"));
    let empty = Canned::json(json!({"access_token":"","expires_in":7200,"openid":"o1"}));
    assert!(matches!(run(refresh_oauth_token(&empty, "wx2", &secret("R1"))), Err(CallError::BadBody(_))));
}

#[test]
fn checking_a_users_token() {
    let good = Canned::json(json!({"errcode":0,"errmsg":"ok"}));
    run(check_oauth_token(&good, &secret("A"), "o1")).unwrap();
    assert_eq!(target(&good), "/sns/auth?access_token=A&openid=o1");
    let bad = Canned::json(json!({"errcode":40003,"errmsg":"invalid openid"}));
    assert_eq!(run(check_oauth_token(&bad, &secret("A"), "o1")).unwrap_err().code(), Some(40003));
}

#[test]
fn profiles_by_web_oauth() {
    let full = json!({"openid":"o1","nickname":"小明","sex":"1","province":"广东","city":"深圳","country":"中国",
        "headimgurl":"http://thirdwx.qlogo.cn/mmopen/x/46","privilege":["P1","P2"],"unionid":"u1"});
    let t = Canned::json(full);
    let user = run(oauth_user_info(&t, &secret("A"), "o1", "zh_CN")).unwrap();
    assert_eq!(target(&t), "/sns/userinfo?access_token=A&openid=o1&lang=zh_CN");
    assert_eq!((user.nickname.as_str(), user.sex, user.city.as_str()), ("小明", Some(1), "深圳"));
    assert_eq!((user.province.as_str(), user.country.as_str()), ("广东", "中国"));
    assert_eq!(user.head_img_url, "http://thirdwx.qlogo.cn/mmopen/x/46");
    assert_eq!((user.privilege.len(), user.unionid.as_deref()), (2, Some("u1")));
    for (body, sex) in [
        (json!({"openid":"o1"}), None),
        (json!({"openid":"o1","sex":0,"nickname":null,"privilege":null,"unionid":"","headimgurl":null}), Some(0)),
        (json!({"openid":"o1","sex":"","province":"","privilege":[]}), None),
    ] {
        let user = run(oauth_user_info(&Canned::json(body), &secret("A"), "o1", "en")).unwrap();
        assert_eq!((user.sex, user.nickname.as_str(), user.unionid, user.privilege.len()), (sex, "", None, 0));
    }
    let nobody = run(oauth_user_info(&Canned::json(json!({})), &secret("A"), "o1", "en"));
    assert!(matches!(nobody, Err(CallError::BadBody(_))));
    let refused = Canned::json(json!({"errcode":48001,"errmsg":"api unauthorized"}));
    assert_eq!(run(oauth_user_info(&refused, &secret("A"), "o1", "en")).unwrap_err().code(), Some(48001));
}

#[test]
fn mini_program_sessions() {
    for body in [
        json!({"openid":"o16w","session_key":"D1ZWEygStjuLCnZ9IN2l4Q==","unionid":"or4z"}),
        json!({"errcode":0,"errmsg":"ok","openid":"o16w","session_key":"D1ZWEygStjuLCnZ9IN2l4Q==","unionid":"or4z","expires_in":7200}),
    ] {
        let t = Canned::json(body);
        let session = run(jscode2session(&t, "wx3", &secret("S"), &secret("C"))).unwrap();
        assert_eq!((session.openid.as_str(), session.unionid.as_deref()), ("o16w", Some("or4z")));
        assert_eq!(session.session_key.expose(), "D1ZWEygStjuLCnZ9IN2l4Q==");
        assert!(!format!("{session:?}").contains("D1ZW"));
        assert_eq!(target(&t), "/sns/jscode2session?appid=wx3&secret=S&js_code=C&grant_type=authorization_code");
        run(component_jscode2session(&t, &secret("CT"), "wx1", "wx3", &secret("C"))).unwrap();
        assert_eq!(
            target(&t),
            "/sns/component/jscode2session?appid=wx3&js_code=C&grant_type=authorization_code&component_appid=wx1\
             &component_access_token=CT"
        );
    }
    for body in [
        json!({"openid":"o16w","session_key":""}),
        json!({"openid":"o16w"}),
        json!({"openid":"","session_key":"K"}),
        json!({"errcode":0,"errmsg":"ok"}),
    ] {
        let t = Canned::json(body.clone());
        let own = run(jscode2session(&t, "wx3", &secret("S"), &secret("C")));
        assert!(matches!(own, Err(CallError::BadBody(_))), "{body}");
        let on_behalf = run(component_jscode2session(&t, &secret("CT"), "wx1", "wx3", &secret("C")));
        assert!(matches!(on_behalf, Err(CallError::BadBody(_))), "{body}");
    }
    let refused = Canned::json(json!({"errcode":40029,"errmsg":"invalid code c0dec0de, hints: [ req_id: x ]"}));
    let error = run(jscode2session(&refused, "wx3", &secret("S"), &secret("c0dec0de"))).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("c0dec0de")), (Some(40029), false));
}

#[test]
fn followers() {
    let t = Canned::json(
        json!({"subscribe":1,"openid":"o1","language":"zh_CN","subscribe_time":1_434_093_047,"unionid":"u1",
        "remark":"","groupid":0,"tagid_list":[128,2],"subscribe_scene":"ADD_SCENE_QR_CODE","qr_scene":98765,"qr_scene_str":""}),
    );
    let user = run(user_info(&t, &secret("AT"), "o1", "zh_CN")).unwrap();
    assert_eq!(target(&t), "/cgi-bin/user/info?access_token=AT&openid=o1&lang=zh_CN");
    assert!(user.subscribe);
    assert_eq!((user.openid.as_deref(), user.subscribe_time, user.groupid), (Some("o1"), Some(1_434_093_047), Some(0)));
    assert_eq!((user.tagid_list.as_slice(), user.remark, user.nickname), (&[128, 2][..], None, None));
    assert_eq!((user.subscribe_scene.as_deref(), user.qr_scene), (Some("ADD_SCENE_QR_CODE"), Some(98765)));
    assert_eq!(
        (user.qr_scene_str, user.language.as_deref(), user.unionid.as_deref()),
        (None, Some("zh_CN"), Some("u1"))
    );
    let gone = run(user_info(&Canned::json(json!({"subscribe":0,"openid":"o1"})), &secret("AT"), "o1", "en")).unwrap();
    assert_eq!(gone, UserInfo { openid: Some("o1".to_owned()), ..UserInfo::default() });
    let old = json!({"subscribe":"1","nickname":"n","sex":2,"city":"c","province":"p","country":"x","headimgurl":"h","tagid_list":null});
    let old = run(user_info(&Canned::json(old), &secret("AT"), "o1", "en")).unwrap();
    assert_eq!((old.subscribe, old.sex, old.head_img_url.as_deref()), (true, Some(2), Some("h")));
    assert_eq!(
        (old.nickname.as_deref(), old.city.as_deref(), old.province.as_deref(), old.country.as_deref()),
        (Some("n"), Some("c"), Some("p"), Some("x"))
    );
    let refused = Canned::json(json!({"errcode":40003,"errmsg":"invalid openid"}));
    assert_eq!(run(user_info(&refused, &secret("AT"), "o1", "en")).unwrap_err().code(), Some(40003));
}
