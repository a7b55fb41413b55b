//! Messages that an account sends: customer-service and template messages.

use super::*;
use crate::api::customer::{send_custom_message, send_typing};
use crate::api::template::{add_template, delete_template, get_industry, list_templates, send_template, set_industry};

fn ok() -> Canned {
    Canned::json(json!({"errcode":0,"errmsg":"ok"}))
}

#[test]
fn customer_service_messages() {
    let t = ok();
    let message = json!({"touser":"OPENID","msgtype":"text","text":{"content":"你好"},"customservice":{"kf_account":"test1@kftest"}});
    run(send_custom_message(&t, &secret("AT"), &message)).unwrap();
    assert_eq!(t.asked().target().expose(), "/cgi-bin/message/custom/send?access_token=AT");
    assert_eq!((t.asked_body(), t.asked().content_type.clone(), t.asked().method), (message, None, Method::Post));
    assert!(
        String::from_utf8(t.asked().body.clone().unwrap()).unwrap().contains("你好"),
        "escapes are refused (40033)"
    );
    let late = Canned::json(json!({"errcode":45015,"errmsg":"response out of time limit or subscription is canceled"}));
    let error = run(send_custom_message(&late, &secret("AT"), &json!({}))).unwrap_err();
    assert_eq!(error.code(), Some(45015));
}

#[test]
fn typing() {
    for (typing, command) in [(true, "Typing"), (false, "CancelTyping")] {
        let t = ok();
        run(send_typing(&t, &secret("AT"), "o1", typing)).unwrap();
        assert_eq!(t.asked().target().expose(), "/cgi-bin/message/custom/typing?access_token=AT");
        assert_eq!(t.asked_body(), json!({"touser":"o1","command":command}));
    }
}

#[test]
fn template_messages() {
    let message =
        json!({"touser":"o1","template_id":"T","data":{"first":{"value":"恭喜你购买成功！","color":"#173177"}}});
    for (msgid, value) in [
        (json!(200_228_332), 200_228_332),
        (json!(9_007_199_254_740_993_i64), 9_007_199_254_740_993),
        (json!("2345678901234567890"), 2_345_678_901_234_567_890),
    ] {
        let t = Canned::json(json!({"errcode":0,"errmsg":"ok","msgid":msgid}));
        assert_eq!(run(send_template(&t, &secret("AT"), &message)).unwrap(), value);
        assert_eq!(t.asked().target().expose(), "/cgi-bin/message/template/send?access_token=AT");
        assert_eq!(t.asked_body(), message);
    }
    assert!(matches!(run(send_template(&ok(), &secret("AT"), &message)), Err(CallError::BadBody(_))));
    let refused = Canned::json(json!({"errcode":40037,"errmsg":"invalid template_id"}));
    assert_eq!(run(send_template(&refused, &secret("AT"), &message)).unwrap_err().code(), Some(40037));
}

#[test]
fn templates_of_an_account() {
    let t = Canned::json(json!({"template_list":[
        {"template_id":"iPk5","title":"领取奖金提醒","primary_industry":"IT科技","deputy_industry":"互联网|电子商务",
         "content":"{ {result.DATA} }","example":"您已提交领奖申请"},{"template_id":"x","title":null}]}));
    let templates = run(list_templates(&t, &secret("AT"))).unwrap();
    assert_eq!(t.asked().target().expose(), "/cgi-bin/template/get_all_private_template?access_token=AT");
    assert_eq!((templates.len(), templates[0].title.as_str()), (2, "领取奖金提醒"));
    assert_eq!((templates[0].deputy_industry.as_str(), templates[1].title.as_str()), ("互联网|电子商务", ""));
    assert!(run(list_templates(&Canned::json(json!({"template_list":null})), &secret("AT"))).unwrap().is_empty());

    let t = Canned::json(json!({"errcode":0,"errmsg":"ok","template_id":"Doclyl5"}));
    assert_eq!(run(add_template(&t, &secret("AT"), "TM00015")).unwrap(), "Doclyl5");
    assert_eq!(t.asked().path, "/cgi-bin/template/api_add_template");
    assert_eq!(t.asked_body(), json!({"template_id_short":"TM00015"}));
    assert!(matches!(run(add_template(&ok(), &secret("AT"), "x")), Err(CallError::BadBody(_))));

    let t = ok();
    run(delete_template(&t, &secret("AT"), "Doclyl5")).unwrap();
    assert_eq!(t.asked().path, "/cgi-bin/template/del_private_template");
    assert_eq!(t.asked_body(), json!({"template_id":"Doclyl5"}));
}

#[test]
fn industries() {
    let t = Canned::json(json!({"primary_industry":{"first_class":"运输与仓储","second_class":"快递"}}));
    let industry = run(get_industry(&t, &secret("AT"))).unwrap();
    assert_eq!(industry["primary_industry"]["second_class"], "快递");
    assert_eq!(t.asked().target().expose(), "/cgi-bin/template/get_industry?access_token=AT");
    let t = ok();
    run(set_industry(&t, &secret("AT"), "1", "4")).unwrap();
    assert_eq!(t.asked().path, "/cgi-bin/template/api_set_industry");
    assert_eq!(t.asked_body(), json!({"industry_id1":"1","industry_id2":"4"}));
}
