//! Media, temporary and permanent.

use super::*;
use crate::api::media::*;

fn upload(t: &Canned) -> (String, String) {
    let request = t.asked();
    let body = String::from_utf8_lossy(request.body.as_deref().unwrap()).into_owned();
    (request.content_type.clone().unwrap(), body)
}

#[test]
fn temporary_media() {
    let t = Canned::json(json!({"type":"image","media_id":"M1","created_at":123_456_789}));
    let media = run(upload_media(&t, &secret("AT"), "image", "a\".png", b"\x89PNG", "B0")).unwrap();
    assert_eq!(media, UploadedMedia { kind: "image".to_owned(), media_id: "M1".to_owned(), created_at: 123_456_789 });
    assert_eq!(t.asked().target().expose(), "/cgi-bin/media/upload?access_token=AT&type=image");
    let (kind, body) = upload(&t);
    assert_eq!(kind, "multipart/form-data; boundary=B0");
    assert!(body.starts_with("--B0\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a_.png\"\r\n"));
    let t = Canned::json(json!({"type":"thumb","thumb_media_id":"TM","created_at":"1"}));
    let thumb = run(upload_media(&t, &secret("AT"), "thumb", "a.jpg", b"x", "B0")).unwrap();
    assert_eq!((thumb.kind.as_str(), thumb.media_id.as_str(), thumb.created_at), ("thumb", "TM", 1));
    let t = Canned::json(json!({"type":"image","media_id":""}));
    let nothing = run(upload_media(&t, &secret("AT"), "image", "a.jpg", b"x", "B0"));
    assert!(matches!(nothing, Err(CallError::BadBody(_))));
    let t = Canned::json(json!({"errcode":40004,"errmsg":"invalid media type"}));
    let error = run(upload_media(&t, &secret("AT"), "gif", "a.jpg", b"x", "B0")).unwrap_err();
    assert_eq!(error.code(), Some(40004));
}

#[test]
fn pictures_of_articles() {
    let t = Canned::json(json!({"url":"http://mmbiz.qpic.cn/x"}));
    let url = run(upload_article_image(&t, &secret("AT"), "a.jpg", b"x", "B0")).unwrap();
    assert_eq!(
        (url.as_str(), t.asked().target().expose().as_str()),
        ("http://mmbiz.qpic.cn/x", "/cgi-bin/media/uploadimg?access_token=AT")
    );
    assert!(upload(&t).1.contains("name=\"media\"; filename=\"a.jpg\""));
    let t = Canned::json(json!({"errcode":0}));
    assert!(run(upload_article_image(&t, &secret("AT"), "a.jpg", b"x", "B0")).is_err());
}

#[test]
fn permanent_material() {
    let t = Canned::json(json!({"media_id":"M","url":"http://mmbiz.qpic.cn/x"}));
    let added = run(add_material(&t, &secret("AT"), "image", "a.jpg", b"x", "B0", None)).unwrap();
    assert_eq!((added.media_id.as_str(), added.url.as_deref()), ("M", Some("http://mmbiz.qpic.cn/x")));
    assert_eq!(t.asked().target().expose(), "/cgi-bin/material/add_material?access_token=AT&type=image");
    assert!(!upload(&t).1.contains("description"));
    let t = Canned::json(json!({"media_id":"M"}));
    let video = Some(("标题", "say \"hi\""));
    let added = run(add_material(&t, &secret("AT"), "video", "a.mp4", b"x", "B0", video)).unwrap();
    assert_eq!(added.url, None);
    let body = upload(&t).1;
    let text = body.split("name=\"description\"").nth(1).unwrap().split("\r\n\r\n").nth(1).unwrap();
    let description: Value = serde_json::from_str(text.split("\r\n").next().unwrap()).unwrap();
    assert_eq!(description, json!({"title":"标题","introduction":"say \"hi\""}));
    let t = Canned::json(json!({}));
    assert!(run(add_material(&t, &secret("AT"), "image", "a.jpg", b"x", "B0", None)).is_err());

    let t = Canned::json(json!({"voice_count":1,"video_count":2,"image_count":3,"news_count":4}));
    let count = run(material_count(&t, &secret("AT"))).unwrap();
    assert_eq!((count.voice, count.video, count.image, count.news), (1, 2, 3, 4));
    assert_eq!(t.asked().target().expose(), "/cgi-bin/material/get_materialcount?access_token=AT");

    let t = Canned::json(json!({"total_count":1,"item_count":1,"item":[{"media_id":"M","name":"n"}]}));
    let list = run(list_material(&t, &secret("AT"), "image", 40, 20)).unwrap();
    assert_eq!(list["item"][0]["media_id"], "M");
    assert_eq!(t.asked().path, "/cgi-bin/material/batchget_material");
    assert_eq!(t.asked_body(), json!({"type":"image","offset":40,"count":20}));
    for (offset, count, body) in [(-1, 0, (0, 1)), (5, 999, (5, 20))] {
        run(list_material(&t, &secret("AT"), "news", offset, count)).unwrap();
        assert_eq!(t.asked_body(), json!({"type":"news","offset":body.0,"count":body.1}));
    }

    let t = Canned::json(json!({"errcode":0,"errmsg":"ok"}));
    run(delete_material(&t, &secret("AT"), "M")).unwrap();
    assert_eq!((t.asked().path.as_str(), t.asked_body()), ("/cgi-bin/material/del_material", json!({"media_id":"M"})));
}

fn downloaded(content_type: Option<&str>, body: &[u8]) -> Result<MediaAnswer, CallError> {
    let mut t = Canned::raw(200, body);
    if let Ok(answer) = &mut t.answer {
        answer.content_type = content_type.map(str::to_owned);
    }
    let result = run(get_media(&t, &secret("AT"), "M+1"));
    assert_eq!(t.asked().target().expose(), "/cgi-bin/media/get?access_token=AT&media_id=M%2B1");
    result
}

#[test]
fn downloads_are_bytes_or_an_answer() {
    let error = br#"{"errcode":40007,"errmsg":"invalid media_id AT rid: 5fa26c60-1a0ebdd5-32fd1cd0"}"#;
    let video = br#"{"video_url":"http://v.example.com/x"}"#;
    for kind in [
        None,
        Some("application/json; encoding=utf-8"),
        Some("Application/JSON"),
        Some("text/json"),
        Some("text/plain"),
        Some(""),
    ] {
        let refused = downloaded(kind, error).unwrap_err();
        assert_eq!(refused.code(), Some(40007), "{kind:?}");
        assert!(!refused.to_string().contains("AT"), "{refused}");
        assert_eq!(downloaded(kind, video), Ok(MediaAnswer::VideoUrl("http://v.example.com/x".to_owned())), "{kind:?}");
    }
    // A file stays a file, even if it is JSON or broken text.
    for (kind, body) in [
        (Some("image/jpeg"), &b"\xff\xd8\xff"[..]),
        (Some("application/octet-stream"), &error[..]),
        (Some("audio/amr"), b"{"),
        (None, b"\xff\xd8\xff"),
        (None, b"{\"a\":1}"),
        (None, b"{\x00\x01"),
        (None, b""),
        (Some("text/plain"), b"plain text"),
    ] {
        let wanted = MediaAnswer::Bytes { content_type: kind.map(str::to_owned), bytes: body.to_vec() };
        assert_eq!(downloaded(kind, body), Ok(wanted), "{kind:?}");
    }
    for body in [&b"not json"[..], b"{\"errcode\":0}", b"{\"video_url\":\"\"}", b""] {
        assert!(matches!(downloaded(Some("application/json"), body), Err(CallError::BadBody(_))));
    }
    let t = Canned::raw(502, b"\xff\xd8\xff");
    assert_eq!(run(get_media(&t, &secret("AT"), "M")), Err(CallError::Http { status: 502 }));
    let t = Canned::failing(TransportError::Timeout);
    assert_eq!(run(get_media(&t, &secret("AT"), "M")), Err(CallError::Transport(TransportError::Timeout)));
    let shown = format!("{:?}", downloaded(None, b"\xff\xd8\xff"));
    assert_eq!(shown, "Ok(Bytes { content_type: None, len: 3, .. })");
}
