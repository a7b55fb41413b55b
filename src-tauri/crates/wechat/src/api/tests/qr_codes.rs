//! Parametric QR codes.

use super::*;
use crate::api::qr_code::*;

fn code(scene: Scene, life: SceneLife) -> SceneCode {
    SceneCode { scene, life }
}

const WEEK: SceneLife = SceneLife::Temporary { seconds: 604_800 };

#[test]
fn limits() {
    let text = |text: &str| Scene::Text(text.to_owned());
    for good in [
        code(Scene::Number(1), WEEK),
        code(Scene::Number(u32::MAX), WEEK),
        code(Scene::Number(1), SceneLife::Permanent),
        code(Scene::Number(100_000), SceneLife::Permanent),
        code(text("a"), WEEK),
        code(text(&"中".repeat(64)), SceneLife::Permanent),
        code(text("a"), SceneLife::Temporary { seconds: 60 }),
        code(text("a"), SceneLife::Temporary { seconds: 2_592_000 }),
    ] {
        assert_eq!(good.check(), [], "{good:?}");
    }
    for (bad, field, rule) in [
        (code(Scene::Number(0), WEEK), "scene_id", "temporary_number_range"),
        (code(Scene::Number(0), SceneLife::Permanent), "scene_id", "permanent_number_range"),
        (code(Scene::Number(100_001), SceneLife::Permanent), "scene_id", "permanent_number_range"),
        (code(text(""), WEEK), "scene_str", "text_required"),
        (code(text(""), SceneLife::Permanent), "scene_str", "text_required"),
        (code(text(&"a".repeat(65)), WEEK), "scene_str", "text_length"),
        (code(text(&"a".repeat(65)), SceneLife::Permanent), "scene_str", "text_length"),
        (code(text("a"), SceneLife::Temporary { seconds: 59 }), "expire_seconds", "seconds_range"),
        (code(text("a"), SceneLife::Temporary { seconds: -1 }), "expire_seconds", "seconds_range"),
        (code(text("a"), SceneLife::Temporary { seconds: 2_592_001 }), "expire_seconds", "seconds_range"),
    ] {
        let problems = bad.check();
        assert_eq!(problems.len(), 1, "{bad:?}");
        assert_eq!((problems[0].field, problems[0].rule), (field, rule), "{bad:?}");
        assert!(problems[0].text.is_ascii() && !problems[0].text_zh.is_ascii());
    }
    let both = code(Scene::Number(0), SceneLife::Temporary { seconds: 0 }).check();
    assert_eq!(both.iter().map(|p| p.field).collect::<Vec<_>>(), ["scene_id", "expire_seconds"]);
}

#[test]
fn making_codes() {
    for (code, body) in [
        (
            code(Scene::Number(123), WEEK),
            json!({"expire_seconds":604_800,"action_name":"QR_SCENE","action_info":{"scene":{"scene_id":123}}}),
        ),
        (
            code(Scene::Text("测试".to_owned()), WEEK),
            json!({"expire_seconds":604_800,"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":"测试"}}}),
        ),
        (
            code(Scene::Number(123), SceneLife::Permanent),
            json!({"action_name":"QR_LIMIT_SCENE","action_info":{"scene":{"scene_id":123}}}),
        ),
        (
            code(Scene::Text("test".to_owned()), SceneLife::Permanent),
            json!({"action_name":"QR_LIMIT_STR_SCENE","action_info":{"scene":{"scene_str":"test"}}}),
        ),
    ] {
        let t = Canned::json(json!({"ticket":"gQH47w==","expire_seconds":60,"url":"http://weixin.qq.com/q/kZ"}));
        let made = run(create_qr_code(&t, &secret("AT"), &code)).unwrap();
        assert_eq!(
            (t.asked().target().expose().as_str(), t.asked_body()),
            ("/cgi-bin/qrcode/create?access_token=AT", body)
        );
        assert!(!String::from_utf8(t.asked().body.clone().unwrap()).unwrap().contains("\\u"));
        assert_eq!((made.ticket.as_str(), made.expire_seconds), ("gQH47w==", Some(60)));
        assert_eq!(made.url, "http://weixin.qq.com/q/kZ");
    }
    let permanent = code(Scene::Number(1), SceneLife::Permanent);
    let t = Canned::json(json!({"ticket":"T","url":"U"}));
    assert_eq!(run(create_qr_code(&t, &secret("AT"), &permanent)).unwrap().expire_seconds, None);
    let t = Canned::json(json!({"ticket":"","url":"U"}));
    assert!(matches!(run(create_qr_code(&t, &secret("AT"), &permanent)), Err(CallError::BadBody(_))));
    let t = Canned::json(json!({"errcode":45029,"errmsg":"qrcode count out of limit"}));
    assert_eq!(run(create_qr_code(&t, &secret("AT"), &permanent)).unwrap_err().code(), Some(45029));
}

#[test]
fn pictures() {
    let request = show_qr_code_request("gQH47w==/+");
    assert_eq!((request.method, &request.host, request.body.is_none()), (Method::Get, &Host::Mp, true));
    assert_eq!(request.target().expose(), "/cgi-bin/showqrcode?ticket=gQH47w%3D%3D%2F%2B");
}

#[test]
fn scenes_of_scans() {
    for (event, key, scene) in [
        ("subscribe", "qrscene_123123", Some("123123")),
        ("subscribe", "qrscene_qrscene_x", Some("qrscene_x")),
        ("subscribe", "qrscene_", None),
        ("subscribe", "", None),
        ("subscribe", "123", None),
        ("SCAN", "123123", Some("123123")),
        ("SCAN", "qrscene_1", Some("qrscene_1")),
        ("SCAN", "", None),
        ("scan", "123", None),
        ("CLICK", "qrscene_1", None),
    ] {
        assert_eq!(scene_of_event_key(event, key), scene, "{event} {key}");
    }
}
