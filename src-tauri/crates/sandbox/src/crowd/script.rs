//! Owns: what people send: every message and event of K, with fields as WeChat has them, and how often each occurs.
//! Must not: know accounts; `crowd` chooses who acts where.
//! Invariant: the table below holds every type of K once.

use crate::people::event_fields;
use crate::rng::Rng;

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Taps the menu; which event that is, the item says.
    Menu,
    /// Scans a code with parameters.
    Scan,
    /// Stops following.
    Unsubscribe,
    /// A message type, or an event.
    Plain(&'static str),
}

/// How often in an official account, how often in a mini program.
const TABLE: [(What, u64, u64); 28] = [
    (What::Plain("text"), 330, 450),
    (What::Plain("image"), 60, 120),
    (What::Plain("voice"), 40, 0),
    (What::Plain("video"), 12, 0),
    (What::Plain("shortvideo"), 8, 0),
    (What::Plain("location"), 20, 0),
    (What::Plain("link"), 10, 0),
    (What::Menu, 296, 0),
    (What::Scan, 50, 0),
    (What::Plain("LOCATION"), 70, 0),
    (What::Unsubscribe, 25, 0),
    (What::Plain("TEMPLATESENDJOBFINISH"), 20, 0),
    (What::Plain("MASSSENDJOBFINISH"), 6, 0),
    (What::Plain("subscribe_msg_popup_event"), 10, 40),
    (What::Plain("subscribe_msg_change_event"), 6, 12),
    (What::Plain("subscribe_msg_sent_event"), 8, 30),
    (What::Plain("qualification_verify_success"), 2, 0),
    (What::Plain("qualification_verify_fail"), 2, 0),
    (What::Plain("naming_verify_success"), 2, 0),
    (What::Plain("naming_verify_fail"), 2, 0),
    (What::Plain("annual_renew"), 2, 0),
    (What::Plain("verify_expired"), 2, 0),
    (What::Plain("debug_demo"), 2, 2),
    (What::Plain("user_enter_tempsession"), 0, 300),
    (What::Plain("weapp_audit_success"), 0, 4),
    (What::Plain("weapp_audit_fail"), 0, 4),
    (What::Plain("weapp_audit_delay"), 0, 3),
    (What::Plain("wxa_nickname_audit"), 0, 4),
];

/// Types of menu items that push an event (F.3).
pub(crate) const TAPS: [&str; 9] = [
    "click",
    "view",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
    "miniprogram",
];

const TEXTS: [&str; 16] = [
    "你好",
    "在吗？",
    "营业时间是几点到几点",
    "怎么退款",
    "订单 20260101123456 到哪了",
    "谢谢 🌱",
    "hello",
    "Where is the store?",
    "1",
    "<b>a & b</b>",
    "写到这里]]>就断了吗",
    "第一行\n第二行",
    "👨‍👩‍👧‍👦 四个人有位置吗",
    "{\"text\":\"hi\"}",
    "  前后有空格  ",
    "人工客服",
];
const PLACES: [(&str, &str, &str); 4] = [
    ("30.274085", "120.155070", "杭州市西湖区文三路"),
    ("39.908722", "116.397499", "北京市东城区天安门广场"),
    ("22.543096", "114.057865", "深圳市福田区市民中心"),
    ("-33.868820", "151.209296", "Sydney NSW"),
];
const SCENES: [&str; 6] = ["shop-12", "poster", "42", "100000", "店员 小王", "ad_2026_spring"];
const KEYS: [&str; 4] = ["V1001_TODAY_MUSIC", "V1001_GOOD", "rselfmenu_0_0", "联系客服"];

type Pairs = Vec<(String, String)>;

fn one<T: Copy>(rng: &mut Rng, of: &[T]) -> Option<T> {
    of.get(rng.below(of.len() as u64) as usize).copied()
}

fn word(rng: &mut Rng, of: &[&'static str]) -> &'static str {
    one(rng, of).unwrap_or_default()
}

/// What somebody does next.
pub(crate) fn draw(rng: &mut Rng, mini: bool, service: bool) -> What {
    let weight = |(what, official, program): &(What, u64, u64)| match what {
        _ if mini => *program,
        // Only service accounts have positions and templates.
        What::Plain("LOCATION" | "TEMPLATESENDJOBFINISH") if !service => 0,
        _ => *official,
    };
    let mut at = rng.below(TABLE.iter().map(weight).sum());
    for row in &TABLE {
        let weight = weight(row);
        if at < weight {
            return row.0;
        }
        at -= weight;
    }
    What::Plain("text")
}

struct Made(Pairs);

impl Made {
    fn event(name: &str) -> Self {
        Self(event_fields(name))
    }

    fn message(kind: &str) -> Self {
        Self(vec![("MsgType".to_owned(), kind.to_owned())])
    }

    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }
}

fn media_id(rng: &mut Rng) -> String {
    rng.url_safe(64)
}

/// The event of a tap: `kind` is the item's type, `key` its key, address or page.
pub(crate) fn tapped(kind: &str, key: &str, rng: &mut Rng) -> Pairs {
    let event = match kind {
        "click" => "CLICK",
        "view" => "VIEW",
        "miniprogram" | "view_miniprogram" => "view_miniprogram",
        other => other,
    };
    let made = Made::event(event).with("EventKey", key);
    let made = match event {
        "VIEW" | "view_miniprogram" => made.with("MenuId", (400_000_000 + rng.below(100_000_000)).to_string()),
        "scancode_push" | "scancode_waitmsg" => {
            let (kind, found) = match rng.below(3) {
                0 => ("barcode", format!("EAN_13,{}", 6_900_000_000_000 + rng.below(99_999_999_999))),
                _ => ("qrcode", format!("https://www.example.com/scanned?id={}", rng.below(10_000))),
            };
            made.with("ScanCodeInfo.ScanType", kind).with("ScanCodeInfo.ScanResult", found)
        }
        "pic_sysphoto" | "pic_photo_or_album" | "pic_weixin" => {
            let count = 1 + rng.below(3);
            let mut made = made.with("SendPicsInfo.Count", count.to_string());
            for number in 0..count {
                made = made.with(&format!("SendPicsInfo.PicList.item.{number}.PicMd5Sum"), rng.hex(32));
            }
            made
        }
        "location_select" => {
            let (x, y, label) = one(rng, &PLACES).unwrap_or_default();
            let named = [("Location_X", x), ("Location_Y", y), ("Scale", "16"), ("Label", label), ("Poiname", "")];
            named.into_iter().fold(made, |made, (name, value)| made.with(&format!("SendLocationInfo.{name}"), value))
        }
        _ => made,
    };
    made.0
}

/// A tap where there is no menu to look at.
pub(crate) fn made_up_tap(rng: &mut Rng) -> Pairs {
    // Mostly what most menus are made of.
    let kind = match rng.below(100) {
        0..50 => "click",
        50..75 => "view",
        75..81 => "miniprogram",
        _ => word(rng, &TAPS),
    };
    let key = match kind {
        "view" => "https://www.example.com/member?from=menu#wechat_redirect",
        "miniprogram" => "pages/index/index",
        _ => word(rng, &KEYS),
    };
    tapped(kind, key, rng)
}

fn ticket(rng: &mut Rng) -> String {
    format!("gQ{}==", rng.url_safe(92))
}

/// A follower scans a code that this platform did not make.
pub(crate) fn scanned(rng: &mut Rng) -> Pairs {
    let scene = word(rng, &SCENES);
    Made::event("SCAN").with("EventKey", scene).with("Ticket", ticket(rng)).0
}

/// What `subscribe` carries when it came by a code.
pub(crate) fn followed_by_code(rng: &mut Rng) -> Pairs {
    let key = format!("qrscene_{}", word(rng, &SCENES));
    vec![("EventKey".to_owned(), key), ("Ticket".to_owned(), ticket(rng))]
}

/// A message type or an event of K, but for taps and scans.
pub(crate) fn fields(name: &str, now_s: i64, rng: &mut Rng) -> Pairs {
    let number = |rng: &mut Rng| (200_000_000 + rng.below(4_000_000_000)).to_string();
    let time = |offset: i64| (now_s + offset).to_string();
    let template = |rng: &mut Rng| rng.url_safe(43);
    let made = match name {
        "image" => {
            let url = format!("http://mmbiz.qpic.cn/mmbiz_jpg/{}/0", rng.alphanumeric(43));
            Made::message(name).with("PicUrl", url).with("MediaId", media_id(rng))
        }
        "voice" => {
            let heard = if rng.below(2) == 0 { "今天 有 什么 优惠。" } else { "" };
            let made = Made::message(name).with("MediaId", media_id(rng)).with("Format", word(rng, &["amr", "speex"]));
            made.with("MediaId16K", media_id(rng)).with("Recognition", heard)
        }
        "video" | "shortvideo" => {
            Made::message(name).with("MediaId", media_id(rng)).with("ThumbMediaId", media_id(rng))
        }
        "location" => {
            let (x, y, label) = one(rng, &PLACES).unwrap_or_default();
            let made = Made::message(name).with("Location_X", x).with("Location_Y", y);
            made.with("Scale", word(rng, &["15", "16", "20"])).with("Label", label)
        }
        "link" => {
            let made = Made::message(name).with("Title", "十本好书").with("Description", "本月推荐 & 书评");
            made.with("Url", "https://mp.weixin.qq.com/s?__biz=demo&mid=11&idx=1#rd")
        }
        "LOCATION" => {
            let (x, y, _) = one(rng, &PLACES).unwrap_or_default();
            let precision = format!("{}.{:06}", 15 + rng.below(150), rng.below(1_000_000));
            Made::event(name).with("Latitude", x).with("Longitude", y).with("Precision", precision)
        }
        "TEMPLATESENDJOBFINISH" => {
            let status = word(rng, &["success", "success", "success", "failed:user block", "failed: system failed"]);
            Made::event(name).with("MsgID", number(rng)).with("Status", status)
        }
        "MASSSENDJOBFINISH" => {
            let filtered = 100 + rng.below(900);
            let failed = rng.below(5);
            let count = |n: u64| n.to_string();
            let made = Made::event(name).with("MsgID", number(rng));
            let made = made.with("Status", word(rng, &["send success", "send success", "send fail", "err(10002)"]));
            let made = made.with("TotalCount", count(filtered + rng.below(50))).with("FilterCount", count(filtered));
            let made = made.with("SentCount", count(filtered - failed)).with("ErrorCount", count(failed));
            let made = made.with("CopyrightCheckResult.Count", "1");
            let item = "CopyrightCheckResult.ResultList.item.0";
            let made = made.with(&format!("{item}.ArticleIdx"), "1").with(&format!("{item}.UserDeclareState"), "0");
            let made = made.with(&format!("{item}.AuditState"), "2").with(&format!("{item}.OriginalArticleUrl"), "");
            made.with("CopyrightCheckResult.CheckState", "2")
        }
        "subscribe_msg_popup_event" => {
            let list = "SubscribeMsgPopupEvent.List";
            let mut made = Made::event(name);
            for n in 0..1 + rng.below(2) {
                let status = word(rng, &["accept", "accept", "reject"]);
                made = made.with(&format!("{list}.{n}.TemplateId"), template(rng));
                made = made
                    .with(&format!("{list}.{n}.SubscribeStatusString"), status)
                    .with(&format!("{list}.{n}.PopupScene"), "2");
            }
            made
        }
        "subscribe_msg_change_event" => {
            let list = "SubscribeMsgChangeEvent.List";
            let made = Made::event(name).with(&format!("{list}.TemplateId"), template(rng));
            made.with(&format!("{list}.SubscribeStatusString"), "reject")
        }
        "subscribe_msg_sent_event" => {
            let list = "SubscribeMsgSentEvent.List";
            let (code, status) =
                if rng.below(10) == 0 { ("43101", "user refuse to accept the msg") } else { ("0", "success") };
            let made = Made::event(name).with(&format!("{list}.TemplateId"), template(rng));
            let made = made.with(&format!("{list}.MsgID"), number(rng)).with(&format!("{list}.ErrorCode"), code);
            made.with(&format!("{list}.ErrorStatus"), status)
        }
        "qualification_verify_success" | "naming_verify_success" | "annual_renew" | "verify_expired" => {
            Made::event(name).with("ExpiredTime", time(365 * 86_400))
        }
        "qualification_verify_fail" | "naming_verify_fail" => {
            Made::event(name).with("FailTime", time(0)).with("FailReason", "营业执照图片不清晰")
        }
        "user_enter_tempsession" => {
            Made::event(name).with("SessionFrom", word(rng, &["sessionFrom", "goods_17", "wxapp|order|20260101"]))
        }
        "weapp_audit_success" => Made::event(name).with("SuccTime", time(0)),
        "weapp_audit_fail" => {
            let made = Made::event(name).with("FailTime", time(0));
            let made = made.with("Reason", "1:账号信息不符合规范:\n(1):包含色情因素\n2:服务类目与所提供的内容不一致");
            made.with("ScreenShot", format!("{}|{}", media_id(rng), media_id(rng)))
        }
        "weapp_audit_delay" => Made::event(name)
            .with("DelayTime", time(0))
            .with("Reason", "为了更好的服务小程序，我们正在进行提审系统的优化"),
        "wxa_nickname_audit" => {
            let passed = rng.below(2) == 0;
            let made = Made::event(name).with("ret", if passed { "3" } else { "2" }).with("nickname", "城南到家");
            made.with("reason", if passed { "" } else { "名称与已有公众号重复" })
        }
        "debug_demo" => Made::event(name).with("debug_str", "hello world"),
        _ => {
            let made = Made::message("text").with("Content", word(rng, &TEXTS));
            // Chosen from a menu in the chat.
            if rng.below(20) == 0 { made.with("bizmsgmenuid", (101 + rng.below(3)).to_string()) } else { made }
        }
    };
    made.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_type_is_twice_in_the_table_and_every_name_is_understood() {
        let mut names = BTreeSet::new();
        for (what, ..) in TABLE {
            if let What::Plain(name) = what {
                assert!(names.insert(name), "{name}");
                let made = fields(name, 1_767_225_600, &mut Rng::new(1));
                let told = made.iter().find(|(n, _)| n == "Event").or_else(|| made.first()).map(|(_, v)| v.as_str());
                assert_eq!(told, Some(name));
            }
        }
    }
}
