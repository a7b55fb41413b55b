use super::*;
use crate::dto::{InboxQuery, PushExportFormat};
use crate::inbox::testing::{ACCOUNT, component, event, push, text};
use crate::store::tables::push_answer;
use crate::testing::{COMPONENT, KEY, TOKEN, World, platform};
use wechat::crypto::{AesKey, MessageCrypto};
use wechat::envelope::{PushQuery, parse_envelope};

const SECRETS: [&str; 4] =
    ["ticket@@@TTTTTTTTTT", "queryauthcode@@@CCCCCCCCCC", "preauthcode@@@PPPPPPPPPP", "plaincode12345"];

fn verdicts(detail: &PushDetail) -> Vec<Verdict> {
    use PushCheckName as N;
    let names: Vec<_> = detail.checks.iter().map(|check| check.name).collect();
    assert_eq!(names, [N::Signature, N::Decrypt, N::Appid, N::Parsed, N::Repeats, N::Account, N::Answer]);
    for check in &detail.checks {
        assert!(!check.text.zh.is_empty() && !check.text.en.is_empty(), "{check:?}");
    }
    detail.checks.iter().map(|check| check.verdict).collect()
}

/// Whatever is asked for, tickets and codes are not in it; only the encrypted form holds them.
#[tokio::test(start_paused = true)]
async fn nothing_shows_a_ticket_or_a_code() {
    let world = World::new().await;
    let [ticket, code, pre, plain] = SECRETS;
    let ids = world
        .store(vec![
            component(0, "component_verify_ticket", &format!("<ComponentVerifyTicket><![CDATA[{ticket}]]></ComponentVerifyTicket>")),
            component(1, "authorized", &format!("<AuthorizerAppid>{ACCOUNT}</AuthorizerAppid><AuthorizationCode>{code}</AuthorizationCode><PreAuthCode><![CDATA[{pre}]]></PreAuthCode>")),
            component(2, "notify_third_fasteregister", &format!("<appid>{ACCOUNT}</appid><auth_code>{plain}</auth_code><info><name>花店</name></info>")),
            component(3, "something_new", &format!("<X>{ticket}</X><Y><Z>{code}</Z></Y>")),
            text(4, "o1", &format!("QUERY_AUTH_CODE:{code}")),
            push(5, &format!(r#"{{"ToUserName":"g","FromUserName":"o1","CreateTime":1,"MsgType":"text","Content":"{pre}","MsgId":1}}"#)),
        ])
        .await;
    let mut shown = serde_json::to_string(&world.list(InboxQuery::default()).await).unwrap();
    for id in ids {
        let detail = world.core.get_push(id).await.unwrap();
        assert!(detail.raw.contains("***") && detail.pretty.contains("***"), "{detail:?}");
        assert!(detail.fields.iter().any(|field| field.value.contains("***")));
        let sealed = detail.sealed.as_ref().unwrap();
        assert!(sealed.body.contains("Encrypt") && !sealed.previous_key);
        shown.push_str(&serde_json::to_string(&detail).unwrap());
    }
    for format in [PushExportFormat::Csv, PushExportFormat::Json, PushExportFormat::Xml] {
        let file = world.core.export_pushes(InboxQuery::default(), format).await.unwrap();
        assert_eq!((file.rows, file.truncated), (6, false));
        shown.push_str(&file.text);
    }
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{secret} is shown");
        let tail = secret.rsplit('@').next().unwrap();
        assert!(!shown.contains(tail), "{tail} is shown");
    }
}

#[tokio::test(start_paused = true)]
async fn the_sealed_form_opens_to_the_same_document() {
    let world = World::new().await;
    let message = text(0, "o1", "你好");
    let body = message.body.clone();
    let ids = world.store(vec![message]).await;
    let detail = world.core.get_push(ids[0]).await.unwrap();
    let sealed = detail.sealed.clone().unwrap();
    let crypto = MessageCrypto::new(TOKEN.into(), AesKey::parse(KEY).unwrap(), None, COMPONENT);
    let query = PushQuery::parse(&sealed.query).unwrap();
    assert_eq!((query.timestamp.as_str(), query.nonce.as_str()), ("1767225600", "n"));
    let envelope = parse_envelope(sealed.body.as_bytes()).unwrap();
    assert_eq!(crypto.decrypt(envelope.encrypt_bytes()).unwrap().msg, body);
    assert_eq!(detail.path, format!("/wechat/{COMPONENT}/callback/{ACCOUNT}"));
    assert_eq!((detail.to_user_name.as_str(), detail.msg_id.as_deref()), ("gh_1", Some("0")));
    assert_eq!(detail.raw.as_bytes(), body);
    assert!(detail.pretty.contains("\n  <Content><![CDATA[你好]]></Content>"), "{}", detail.pretty);
    assert!(!detail.json);
    let content = detail.fields.iter().find(|field| field.name == "Content").unwrap();
    assert_eq!((content.path.as_str(), content.value.as_str(), content.depth), ("Content", "你好", 0));
    assert!(content.words.is_some());
    assert!(world.core.get_push(ids[0] + 1).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn checks_say_what_was_looked_at() {
    use Verdict::{Failed, Ok, Unknown, Warning};
    let world = World::new().await;
    world.accounts(1, 7_200_000).await;
    let known = crate::testing::appid(0);
    let mut plain = text(0, &known, "x");
    plain.seal.key_print = 0;
    plain.authorizer = Some(known.clone());
    let mut ended = event(1, "o1", "something_new", "");
    ended.flags = flag::ENDED;
    let mut good = event(2, "o1", "CLICK", "k");
    good.authorizer = Some(known.clone());
    let ticket =
        component(3, "component_verify_ticket", "<ComponentVerifyTicket>ticket@@@xxxxxxxxx</ComponentVerifyTicket>");
    let ids = world.store(vec![plain, ended, good, ticket]).await;
    let get = async |n: usize| world.core.get_push(ids[n]).await.unwrap();
    assert_eq!(verdicts(&get(0).await), [Ok, Unknown, Unknown, Ok, Ok, Ok, Ok]);
    assert_eq!(get(0).await.sealed, None);
    assert_eq!(verdicts(&get(1).await), [Ok, Ok, Ok, Warning, Ok, Warning, Ok]);
    assert!(get(1).await.item.ended);
    assert_eq!(verdicts(&get(2).await), [Ok, Ok, Ok, Ok, Ok, Ok, Ok]);
    assert_eq!(verdicts(&get(3).await), [Ok, Ok, Ok, Ok, Ok, Unknown, Ok]);
    for (took, verdict) in [(999, Ok), (1_000, Warning), (4_500, Failed)] {
        let id = world.store(vec![text(100 + took, "o1", "x")]).await[0];
        world.answered(id, PushAnswer::Target, took, 3).await;
        let detail = world.core.get_push(id).await.unwrap();
        assert_eq!((detail.checks[4].verdict, detail.checks[6].verdict), (Warning, verdict));
        assert!(detail.checks[4].text.zh.contains('3') && detail.checks[6].text.en.contains(&format!("{took} ms")));
    }
    // The key is changed: first it is the previous one, then it is gone.
    for (key, expected) in [("Z", Warning), ("Y", Unknown)] {
        let input = crate::dto::PlatformInput { encoding_aes_key: Some(key.repeat(43)), ..platform() };
        world.core.save_platform(input).await.unwrap();
        let detail = get(2).await;
        assert_eq!(detail.checks[1].verdict, expected);
        assert_eq!(detail.sealed.map(|sealed| sealed.previous_key), (expected == Warning).then_some(true));
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_is_told_with_what_became_of_it() {
    let world = World::new().await;
    let mut asked = text(0, "o1", "x");
    asked.flags = flag::ASKED;
    let mut ruled = text(1, "o1", "x");
    ruled.rule_id = Some(3);
    ruled.notify = Some(",4,9,".into());
    let ids = world.store(vec![asked, ruled, text(2, "o1", "x")]).await;
    let answers = async || {
        let items = world.list(InboxQuery::default()).await.items;
        items.into_iter().rev().map(|item| item.answer).collect::<Vec<_>>()
    };
    use PushAnswer::{Success, TargetFailed, Unknown};
    assert_eq!(answers().await, [Unknown, Unknown, Success]);
    world.pass(11_000).await;
    // A rule without an answer of its own leaves no row; a server that was asked does.
    assert_eq!(answers().await, [Unknown, Success, Success]);
    let reply = "<xml><ToUserName><![CDATA[o1]]></ToUserName><MsgType><![CDATA[image]]></MsgType><Image><MediaId><![CDATA[m1]]></MediaId></Image></xml>";
    let row = AnswerRow {
        push_id: ids[0],
        answer: TargetFailed,
        took_ms: Some(1_234),
        repeats: 1,
        reply: Some(reply.into()),
        target_id: Some(9),
        trouble: Some("\"timeout\"".into()),
    };
    world.core.store().write(move |tx| push_answer::put(tx, &row)).await.unwrap();
    let detail = world.core.get_push(ids[0]).await.unwrap();
    assert_eq!((detail.item.answer, detail.item.took_ms, detail.item.repeats), (TargetFailed, Some(1_234), 1));
    let shown = detail.reply.unwrap();
    assert_eq!(shown.text, "m1");
    assert!(shown.xml.contains("\n  <Image>\n    <MediaId><![CDATA[m1]]></MediaId>"), "{}", shown.xml);
    assert!(detail.trouble.is_some_and(|words| !words.zh.is_empty()));
    assert_eq!(detail.deliveries, []);
    let ruled = world.core.get_push(ids[1]).await.unwrap();
    assert_eq!((ruled.item.rule_id, ruled.item.notified), (Some(3), vec![4, 9]));
}

#[tokio::test(start_paused = true)]
async fn a_file_can_be_read_by_others() {
    let world = World::new().await;
    world.accounts(1, 7_200_000).await;
    world.store((0..450).map(|n| text(n, "o1", "=cmd|' /C calc'!A0\n\"x\",y")).collect()).await;
    world.store(vec![event(1_000, "o2", "CLICK", "K&amp;R")]).await;
    let csv = world.core.export_pushes(InboxQuery::default(), PushExportFormat::Csv).await.unwrap();
    assert_eq!((csv.rows, csv.mime.as_str()), (451, "text/csv; charset=utf-8"));
    assert!(csv.file_name.starts_with("wxdesk-pushes-2026-01-01-") && csv.file_name.ends_with(".csv"));
    let lines: Vec<&str> = csv.text.lines().collect();
    assert_eq!(lines.len(), 452);
    assert!(lines[0].starts_with("\u{feff}id,time_beijing"));
    assert!(lines[2].contains(r#",o1,"'=cmd|' /C calc'!A0 ""x"",y","#), "{}", lines[2]);
    let json = world.core.export_pushes(InboxQuery::default(), PushExportFormat::Json).await.unwrap();
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json.text).unwrap();
    assert_eq!((rows.len(), &rows[0]["document"]["EventKey"]), (451, &"K&R".into()));
    assert_eq!((&rows[0]["sender"], &rows[0]["answer"]), (&"o2".into(), &"success".into()));
    let query = InboxQuery { msg_type: Some("event".into()), ..InboxQuery::default() };
    let xml = world.core.export_pushes(query.clone(), PushExportFormat::Xml).await.unwrap();
    assert!(xml.text.starts_with("<xml>") && xml.text.contains("K&amp;R") && xml.text.ends_with("</xml>\n"));
    let nothing = InboxQuery { sender: Some("nobody".into()), ..query };
    let json = world.core.export_pushes(nothing, PushExportFormat::Json).await.unwrap();
    assert_eq!((json.rows, json.text.trim()), (0, "[\n]"));
}
