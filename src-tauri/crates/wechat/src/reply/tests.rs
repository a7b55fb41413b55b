use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const HEAD: &str = "<ToUserName><![CDATA[to]]></ToUserName><FromUserName><![CDATA[from]]></FromUserName>\
                    <CreateTime>1122</CreateTime>";

/// One reply of every kind, with what stands behind the common head.
fn every_kind() -> Vec<(Reply, &'static str)> {
    let s = str::to_owned;
    vec![
        (
            Reply::Text { content: s("你好\n]]> <b>") },
            "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好\n]]]]><![CDATA[> <b>]]></Content>",
        ),
        (
            Reply::Image { media_id: s("m") },
            "<MsgType><![CDATA[image]]></MsgType><Image><MediaId><![CDATA[m]]></MediaId></Image>",
        ),
        (
            Reply::Voice { media_id: s("m") },
            "<MsgType><![CDATA[voice]]></MsgType><Voice><MediaId><![CDATA[m]]></MediaId></Voice>",
        ),
        (
            Reply::Video { media_id: s("m"), title: s("t"), description: s("") },
            "<MsgType><![CDATA[video]]></MsgType><Video><MediaId><![CDATA[m]]></MediaId><Title><![CDATA[t]]></Title>\
             <Description><![CDATA[]]></Description></Video>",
        ),
        (
            Reply::Music {
                title: s("t"),
                description: s("d"),
                music_url: s("http://a/?x=1&y=2"),
                hq_music_url: s("h"),
                thumb_media_id: s("m"),
            },
            "<MsgType><![CDATA[music]]></MsgType><Music><Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description>\
             <MusicUrl><![CDATA[http://a/?x=1&y=2]]></MusicUrl><HQMusicUrl><![CDATA[h]]></HQMusicUrl>\
             <ThumbMediaId><![CDATA[m]]></ThumbMediaId></Music>",
        ),
        (
            Reply::News {
                articles: vec![
                    Article { title: s("t"), description: s("d"), pic_url: s("p"), url: s("u") },
                    Article { title: s("t2"), ..Article::default() },
                ],
            },
            "<MsgType><![CDATA[news]]></MsgType><ArticleCount>2</ArticleCount><Articles>\
             <item><Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description><PicUrl><![CDATA[p]]></PicUrl>\
             <Url><![CDATA[u]]></Url></item>\
             <item><Title><![CDATA[t2]]></Title><Description><![CDATA[]]></Description><PicUrl><![CDATA[]]></PicUrl>\
             <Url><![CDATA[]]></Url></item></Articles>",
        ),
        (
            Reply::CustomerService { kf_account: Some(s("test1@kftest")) },
            "<MsgType><![CDATA[transfer_customer_service]]></MsgType><TransInfo>\
             <KfAccount><![CDATA[test1@kftest]]></KfAccount></TransInfo>",
        ),
        (Reply::CustomerService { kf_account: None }, "<MsgType><![CDATA[transfer_customer_service]]></MsgType>"),
    ]
}

#[test]
fn every_kind_has_wechats_form_and_reads_back() {
    let mut kinds = Vec::new();
    for (reply, rest) in every_kind() {
        let document = reply.write("to", "from", 1122);
        assert_eq!(document, format!("<xml>{HEAD}{rest}</xml>"));
        let (head, read) = Reply::read(document.as_bytes()).unwrap();
        assert_eq!(read, reply);
        let expected = ReplyHead { to_user_name: "to".into(), from_user_name: "from".into(), create_time: Some(1122) };
        assert_eq!(head, expected);
        kinds.push(reply.kind());
    }
    kinds.dedup();
    assert_eq!(kinds, KINDS);
}

fn read(rest: &str) -> Result<Reply, ReplyError> {
    Reply::read(format!("<xml>{HEAD}{rest}</xml>").as_bytes()).map(|(_, reply)| reply)
}

#[test]
fn other_servers_write_it_otherwise() {
    let text = |content: &str| Ok(Reply::Text { content: content.to_owned() });
    let typed = |rest: &str| read(&format!("<MsgType>text</MsgType>{rest}"));
    assert_eq!(typed("<Content>a&amp;b</Content>"), text("a&b"));
    assert_eq!(typed("<Content>\n  a\n</Content>"), text("a"));
    assert_eq!(typed("<Content>\n  <![CDATA[ a\nb ]]>\n</Content>"), text(" a\nb "));
    assert_eq!(typed("<FuncFlag>0</FuncFlag><More><X>1</X></More><Content>a</Content>"), text("a"));
    assert_eq!(typed("<Content/>"), text(""));
    let declared = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xml>\n <ToUserName> o </ToUserName>\n \
                    <FromUserName>gh</FromUserName>\n <CreateTime>1700000000.25</CreateTime>\n \
                    <MsgType>\n<![CDATA[image]]></MsgType><Image><MediaId> m </MediaId></Image></xml>\n";
    let (head, reply) = Reply::read(declared.as_bytes()).unwrap();
    assert_eq!(head, ReplyHead { to_user_name: "o".into(), from_user_name: "gh".into(), create_time: None });
    assert_eq!(reply, Reply::Image { media_id: "m".into() });
    assert_eq!(
        read("<MsgType>transfer_customer_service</MsgType><TransInfo><KfAccount></KfAccount></TransInfo>"),
        Ok(Reply::CustomerService { kf_account: None })
    );
}

#[test]
fn errors_name_the_element() {
    for (rest, error) in [
        ("", ReplyError::Missing("MsgType")),
        ("<MsgType>hologram</MsgType>", ReplyError::Kind),
        ("<MsgType>Text</MsgType>", ReplyError::Kind),
        ("<MsgType>text</MsgType>", ReplyError::Missing("Content")),
        ("<MsgType>image</MsgType><MediaId>m</MediaId>", ReplyError::Missing("Image")),
        ("<MsgType>image</MsgType><Image/>", ReplyError::Missing("Image.MediaId")),
        ("<MsgType>voice</MsgType><Voice/>", ReplyError::Missing("Voice.MediaId")),
        ("<MsgType>video</MsgType><Video/>", ReplyError::Missing("Video.MediaId")),
        ("<MsgType>music</MsgType><Music/>", ReplyError::Missing("Music.ThumbMediaId")),
        ("<MsgType>news</MsgType><Articles/>", ReplyError::Missing("ArticleCount")),
        ("<MsgType>news</MsgType><ArticleCount>1</ArticleCount>", ReplyError::Missing("Articles")),
        ("<MsgType>news</MsgType><ArticleCount>1</ArticleCount><Articles/>", ReplyError::ArticleCount),
        ("<MsgType>news</MsgType><ArticleCount>one</ArticleCount><Articles/>", ReplyError::ArticleCount),
        ("<MsgType>text</MsgType><!DOCTYPE x>", ReplyError::Xml(XmlError::Doctype)),
    ] {
        assert_eq!(read(rest), Err(error), "{rest}");
        assert!(error.to_string().is_ascii() && error.text_zh().chars().any(|c| c > '\u{4e00}'), "{error}");
    }
    assert_eq!(Reply::read(b"<xml></xml>"), Err(ReplyError::Missing("ToUserName")));
    assert_eq!(Reply::read(b"<xml><ToUserName>o</ToUserName></xml>"), Err(ReplyError::Missing("FromUserName")));
    assert_eq!(Reply::read(b"success"), Err(ReplyError::Xml(XmlError::Malformed)));
    assert_eq!(Reply::read(b"{\"MsgType\":\"text\"}"), Err(ReplyError::Xml(XmlError::Malformed)));
    assert_eq!(Reply::read(b"<html></html>").unwrap_err().text_zh(), "根元素不是 <xml>");
}

#[test]
fn what_wechat_would_not_take() {
    let found = |reply: &Reply, to_a_message| -> Vec<(String, &'static str)> {
        let problems = reply.problems(to_a_message);
        assert!(problems.iter().all(|problem| problem.label.en.is_ascii() && !problem.label.zh.is_empty()));
        problems.into_iter().map(|problem| (problem.field, problem.rule)).collect()
    };
    let one = |field: &str, rule| vec![(field.to_owned(), rule)];
    let text = |content: String| Reply::Text { content };
    assert_eq!(found(&text(" \n".into()), true), one("content", "required"));
    assert_eq!(found(&text("中".repeat(682)), true), []);
    assert_eq!(found(&text("中".repeat(683)), true), one("content", "too_long"));
    assert_eq!(found(&Reply::Image { media_id: String::new() }, true), one("media_id", "required"));
    assert_eq!(found(&Reply::Voice { media_id: " ".into() }, true), one("media_id", "required"));
    let video = Reply::Video { media_id: String::new(), title: String::new(), description: String::new() };
    assert_eq!(found(&video, false), one("media_id", "required"));
    let (title, description, music_url, hq_music_url) = Default::default();
    let music = Reply::Music { title, description, music_url, hq_music_url, thumb_media_id: String::new() };
    assert_eq!(found(&music, false), one("thumb_media_id", "required"));
    assert_eq!(found(&Reply::CustomerService { kf_account: None }, true), []);

    let news = |n: usize| Reply::News {
        articles: vec![Article { title: "t".into(), url: "u".into(), ..Article::default() }; n],
    };
    assert_eq!(found(&news(0), false), one("articles", "required"));
    assert_eq!(found(&news(1), true), []);
    assert_eq!(found(&news(2), true), one("articles", "too_many"));
    assert_eq!(found(&news(8), false), []);
    assert_eq!(found(&news(9), false), one("articles", "too_many"));
    let bare = Reply::News { articles: vec![Article::default()] };
    let expected = [("articles.0.title".to_owned(), "required"), ("articles.0.url".to_owned(), "required")];
    assert_eq!(found(&bare, true), expected);
}

fn words() -> impl Strategy<Value = String> {
    "[ \n\r]{0,2}\\PC{0,12}(\\]\\]>|&amp;|</xml>)?\\PC{0,6}"
}

/// As ids come out of the reader: without blanks around them.
fn id() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_@-]{0,20}"
}

fn reply() -> impl Strategy<Value = Reply> {
    let article = (words(), words(), words(), words()).prop_map(|(title, description, pic_url, url)| Article {
        title,
        description,
        pic_url,
        url,
    });
    prop_oneof![
        words().prop_map(|content| Reply::Text { content }),
        id().prop_map(|media_id| Reply::Image { media_id }),
        id().prop_map(|media_id| Reply::Voice { media_id }),
        (id(), words(), words()).prop_map(|(media_id, title, description)| Reply::Video {
            media_id,
            title,
            description
        }),
        (words(), words(), words(), words(), id()).prop_map(
            |(title, description, music_url, hq_music_url, thumb_media_id)| Reply::Music {
                title,
                description,
                music_url,
                hq_music_url,
                thumb_media_id
            }
        ),
        vec(article, 0..10).prop_map(|articles| Reply::News { articles }),
        proptest::option::of("[a-z0-9@]{1,12}").prop_map(|kf_account| Reply::CustomerService { kf_account }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn what_was_written_reads_back(reply in reply(), to in "[a-zA-Z0-9_-]{1,28}", time in any::<i64>()) {
        let (head, read) = Reply::read(reply.write(&to, "gh_1", time).as_bytes()).unwrap();
        prop_assert_eq!(read, reply);
        prop_assert_eq!((head.to_user_name, head.create_time), (to, Some(time)));
    }

    #[test]
    fn no_part_of_a_reply_makes_the_reader_panic(reply in reply(), from in 0_usize..400, to in 0_usize..400, put in "\\PC{0,4}") {
        let document = reply.write("o", "g", 1);
        let cut = |at: usize| (0..=at.min(document.len())).rev().find(|at| document.is_char_boundary(*at)).unwrap_or(0);
        let changed = format!("{}{put}{}", &document[..cut(from)], &document[cut(to)..]);
        if let Ok((_, reply)) = Reply::read(changed.as_bytes()) {
            let _ = reply.problems(true);
        }
    }
}
