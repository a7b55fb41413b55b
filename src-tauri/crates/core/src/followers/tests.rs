use super::*;
use crate::dto::ReplyArticle;
use crate::store::tables::inbox::Seal;
use crate::testing::T0;

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

/// What a follower did `at` ms after T0; it arrived 300 ms later.
fn did(id: i64, at: i64, msg_type: &str, event: &str) -> PushRow {
    let event = if event.is_empty() { String::new() } else { format!("<Event>{event}</Event>") };
    let body = format!(
        "<xml><ToUserName>g</ToUserName><FromUserName>o1</FromUserName><CreateTime>{}</CreateTime><MsgType>{msg_type}</MsgType>{event}</xml>",
        (T0 + at) / 1000
    );
    PushRow {
        id,
        platform_id: 1,
        authorizer: Some("wx1".into()),
        received_at: T0 + at + 300,
        dedupe: 0,
        kind: None,
        random: [0; 16],
        body: body.into_bytes(),
        seal: Seal::default(),
        flags: 0,
        rule_id: None,
        notify: None,
    }
}

fn sent(id: i64, at: i64, outcome: Option<Outcome>, errcode: Option<i64>) -> CustomMessageRow {
    CustomMessageRow {
        id,
        platform_id: 1,
        appid: "wx1".into(),
        openid: "o1".into(),
        at: T0 + at,
        kind: "text".into(),
        text: "x".into(),
        outcome,
        errcode,
        message: None,
    }
}

/// (cause, ms until which it is open from T0 on, used of allowed)
fn open(pushes: &[PushRow], sent: &[CustomMessageRow], mini: bool, at: i64) -> Vec<(WindowCause, i64, i64, i64)> {
    let windows = windows(pushes, sent, mini, T0 + at);
    windows.into_iter().map(|w| (w.cause, w.until - T0, w.used, w.allowed)).collect()
}

#[test]
fn each_action_opens_its_window_and_it_closes_to_the_second() {
    use WindowCause::{Enter, Follow, Menu, Message, Scan};
    for (event, cause, mini, allowed) in [
        ("CLICK", Menu, false, 3),
        ("scancode_push", Menu, false, 3),
        ("scancode_waitmsg", Menu, false, 3),
        ("subscribe", Follow, false, 3),
        ("SCAN", Scan, false, 3),
        ("user_enter_tempsession", Enter, true, 2),
    ] {
        let pushes = [did(1, 0, "event", event)];
        assert_eq!(open(&pushes, &[], mini, MINUTE - 1), [(cause, MINUTE, 0, allowed)], "{event}");
        assert_eq!(open(&pushes, &[], mini, MINUTE), [], "{event}");
    }
    for event in ["VIEW", "LOCATION", "pic_weixin", "location_select", "TEMPLATESENDJOBFINISH"] {
        assert_eq!(open(&[did(1, 0, "event", event)], &[], false, 1), [], "{event}");
    }
    // The last window of a message is shown after its end.
    let message = [did(1, 0, "text", "")];
    assert_eq!(open(&message, &[], false, 47 * HOUR), [(Message, 48 * HOUR, 0, 5)]);
    assert_eq!(open(&message, &[], false, 72 * HOUR), [(Message, 48 * HOUR, 0, 5)]);
    // A newer message opens it anew; who left cannot be written to; the self-test is no follower.
    let pushes = [did(1, 0, "text", ""), did(2, HOUR, "image", "")];
    assert_eq!(open(&pushes, &[], false, 2 * HOUR), [(Message, 49 * HOUR, 0, 5)]);
    assert_eq!(open(&[did(1, 0, "text", ""), did(2, HOUR, "event", "unsubscribe")], &[], false, HOUR), []);
    let mut made_up = did(1, 0, "text", "");
    made_up.flags = flag::MADE_UP;
    assert_eq!(open(&[made_up], &[], false, 1), []);
}

#[test]
fn a_message_counts_against_the_window_that_ends_first() {
    use Outcome::{NotSent, Refused, Sent, Unknown};
    use WindowCause::{Menu, Message};
    let pushes = [did(1, 0, "text", ""), did(2, HOUR, "event", "CLICK")];
    let at = |n: i64, outcome| sent(n, HOUR + 1_000 * n, outcome, None);
    let mut all = vec![sent(1, 30 * MINUTE, Some(Sent), None)];
    all.extend((2..5).map(|n| at(n, Some(Sent))));
    let now = HOUR + 20_000;
    assert_eq!(open(&pushes, &all, false, now), [(Menu, HOUR + MINUTE, 3, 3), (Message, 48 * HOUR, 1, 5)]);
    // The fourth within the minute takes from the longer one; what never left counts nowhere.
    all.extend([
        at(5, Some(Unknown)),
        at(6, Some(NotSent)),
        at(7, None),
        sent(8, HOUR + 9_000, Some(Refused), Some(40_007)),
    ]);
    assert_eq!(open(&pushes, &all, false, now), [(Menu, HOUR + MINUTE, 3, 3), (Message, 48 * HOUR, 3, 5)]);
    // WeChat says that it was too many: others sent too.
    all.push(sent(9, HOUR + 10_000, Some(Refused), Some(TOO_MANY)));
    assert_eq!(open(&pushes, &all, false, now), [(Menu, HOUR + MINUTE, 3, 3), (Message, 48 * HOUR, 5, 5)]);
    // Before a window opened nothing counts against it.
    let later = [did(1, 0, "text", ""), did(2, 2 * HOUR, "text", "")];
    assert_eq!(open(&later, &all, false, 3 * HOUR), [(Message, 50 * HOUR, 0, 5)]);
}

fn account(kind: Option<AccountKind>, scopes: &[i64]) -> AccountRow {
    AccountRow { kind, scopes: scopes.to_vec(), authorized: true, authorized_at: 1, ..AccountRow::default() }
}

#[test]
fn who_cannot_be_written_to_for_is_told_why() {
    let (official, mini) = (Some(AccountKind::OfficialAccount), Some(AccountKind::MiniProgram));
    for good in [
        account(official, &[1, 15]),
        account(mini, &[19]),
        account(None, &[19]),
        account(official, &[]),
        AccountRow { own: true, ..account(official, &[2]) },
    ] {
        assert_eq!(barred(Some(&good)), None, "{good:?}");
    }
    for (bad, part) in [
        (account(official, &[19]), "permission set 1 "),
        (account(mini, &[1]), "permission set 19"),
        (account(None, &[2]), "neither"),
        (AccountRow { authorized: false, ..account(official, &[1]) }, "ended"),
        (AccountRow { removed_at: Some(1), ..account(official, &[1]) }, "not authorized here"),
        (AccountRow::default(), "not authorized here"),
    ] {
        let why = barred(Some(&bad)).unwrap();
        assert!(why.en.contains(part) && !why.zh.is_empty(), "{why:?}");
    }
    assert!(barred(None).is_some());
}

#[test]
fn messages_have_wechats_form() {
    let text = |text: &str| text.to_owned();
    let article = ReplyArticle {
        title: text("标题"),
        description: String::new(),
        pic_url: text("https://p"),
        url: text("https://u"),
    };
    let video = CustomMessage::Video {
        media_id: text("m"),
        thumb_media_id: text("t"),
        title: String::new(),
        description: text("d"),
    };
    let music = CustomMessage::Music {
        title: text("歌"),
        description: String::new(),
        musicurl: text("https://m"),
        hqmusicurl: String::new(),
        thumb_media_id: text("t"),
    };
    let menu = CustomMessage::Msgmenu {
        head_content: text("满意吗"),
        list: vec![(text("1"), text("满意")), (text("2"), text("不满意"))],
        tail_content: String::new(),
    };
    for (message, kind, payload, line) in [
        (CustomMessage::Text { content: text("你好\n世界") }, "text", json!({"content": "你好\n世界"}), "你好 世界"),
        (CustomMessage::Image { media_id: text("m") }, "image", json!({"media_id": "m"}), "m"),
        (CustomMessage::Voice { media_id: text("m") }, "voice", json!({"media_id": "m"}), "m"),
        (video, "video", json!({"media_id": "m", "thumb_media_id": "t", "description": "d"}), "m"),
        (
            music,
            "music",
            json!({"title": "歌", "musicurl": "https://m", "hqmusicurl": "https://m", "thumb_media_id": "t"}),
            "歌",
        ),
        (
            CustomMessage::News { article },
            "news",
            json!({"articles": [{"title": "标题", "url": "https://u", "picurl": "https://p"}]}),
            "标题",
        ),
        (CustomMessage::Mpnews { media_id: text("m") }, "mpnews", json!({"media_id": "m"}), "m"),
        (CustomMessage::Mpnewsarticle { article_id: text("a") }, "mpnewsarticle", json!({"article_id": "a"}), "a"),
        (
            menu,
            "msgmenu",
            json!({"head_content": "满意吗", "list": [{"id": "1", "content": "满意"}, {"id": "2", "content": "不满意"}]}),
            "满意吗",
        ),
        (CustomMessage::Wxcard { card_id: text("c") }, "wxcard", json!({"card_id": "c"}), "c"),
    ] {
        assert_eq!(parts(&message), (kind, payload.clone(), line.to_owned()));
        checked(kind, &payload).unwrap();
    }
    let bare = CustomMessage::News { article: ReplyArticle::default() };
    let (kind, payload, _) = parts(&bare);
    let fields = checked(kind, &payload).unwrap_err().detail.unwrap().fields;
    assert_eq!(fields.iter().map(|f| f.field.as_str()).collect::<Vec<_>>(), ["article.title", "article.url"]);
    let long = CustomMessage::Text { content: "长".repeat(700) };
    let (kind, payload, line) = parts(&long);
    assert_eq!(checked(kind, &payload).unwrap_err().detail.unwrap().fields[0].rule, "too_long");
    assert_eq!(line.chars().count(), SUMMARY_CHARS);
    for bad in ["", "a b", "o1\"", &"x".repeat(129)] {
        assert!(checked_openid(bad).is_err());
    }
    checked_openid("oyORnuP8q7ou2gfYjqLzSIWZf0rs").unwrap();
}

#[test]
fn what_became_of_a_message_is_said_in_words() {
    use Outcome::{NotSent, Refused, Sent, Unknown};
    let view = |outcome, errcode, later: i64| sent_view(&sent(1, 0, outcome, errcode), T0 + later);
    assert!(view(Some(Sent), None, 0).ok && view(Some(Sent), None, 0).words.is_none());
    for code in [45015, 45047, 48002] {
        let shown = view(Some(Refused), Some(code), 0);
        assert!(!shown.ok && shown.errcode == Some(code) && shown.words.unwrap().zh.len() > 20);
    }
    assert!(view(Some(Refused), Some(99_999), 0).words.is_some());
    assert!(view(Some(NotSent), None, 0).words.unwrap().en.contains("not sent"));
    assert!(view(Some(Unknown), None, 0).words.unwrap().en.contains("Unknown"));
    assert!(view(None, None, 1_000).words.unwrap().en.contains("way"));
    assert!(view(None, None, 60_000).words.unwrap().en.contains("stopped"));
}
