//! Messages and events with typed contents: every kind of sections K.1 and K.2 of the protocol.
//!
//! Owns: which field of which kind means what. Must not: refuse a message for its contents; only a head that cannot be
//! read is an error, because WeChat adds kinds and fields without notice and an answer is due all the same.
//! Invariant: a kind that is not known is kept whole, and `Debug` shows no content.

use std::fmt;

use super::document::{Node, tree};
use super::{parse_message_head, parse_message_head_json};
use crate::xml::XmlError;

/// A message or event.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The account's original id (`gh_…`).
    pub to_user_name: String,
    /// The follower's openid.
    pub from_user_name: String,
    /// Unix seconds.
    pub create_time: i64,
    /// As pushed.
    pub msg_type: String,
    /// As pushed; of events.
    pub event: Option<String>,
    /// Of messages.
    pub msg_id: Option<u64>,
    /// Of messages that came from an article: which.
    pub msg_data_id: Option<String>,
    /// Of messages that came from an article: its place among several.
    pub idx: Option<String>,
    /// What it says.
    pub kind: MessageKind,
}

/// What a message or event says. A text that WeChat always sends is empty when it is absent.
#[derive(Clone, PartialEq)]
pub enum MessageKind {
    /// `text`.
    Text {
        /// What was written.
        content: String,
        /// Of the choice that was tapped in a menu message (`bizmsgmenuid`).
        menu_id: Option<String>,
    },
    /// `image`.
    Image {
        /// Where it can be seen.
        pic_url: String,
        /// With which it can be fetched.
        media_id: String,
    },
    /// `voice`.
    Voice {
        /// With which it can be fetched.
        media_id: String,
        /// `amr` or `speex`.
        format: String,
        /// What WeChat understood, when voice recognition is on.
        recognition: Option<String>,
        /// The same at 16 kHz.
        media_id_16k: Option<String>,
    },
    /// `video`, or `shortvideo`.
    Video {
        /// `shortvideo`: recorded for this message.
        short: bool,
        /// With which it can be fetched.
        media_id: String,
        /// With which its thumbnail can be fetched.
        thumb_media_id: String,
    },
    /// `location`: a place that was sent.
    Location(Place),
    /// `link`.
    Link {
        /// Title.
        title: String,
        /// Summary.
        description: String,
        /// The page.
        url: String,
    },
    /// `subscribe`.
    Subscribe {
        /// Scene of the QR code by which it happened: what follows `qrscene_`.
        scene: Option<String>,
        /// Of that QR code.
        ticket: Option<String>,
    },
    /// `unsubscribe`.
    Unsubscribe,
    /// `SCAN`: a follower scanned a parametric QR code.
    Scan {
        /// Scene.
        scene: String,
        /// Of the QR code.
        ticket: Option<String>,
    },
    /// `LOCATION`: the phone reports where it is.
    LocationReport {
        /// Degrees.
        latitude: Coordinate,
        /// Degrees.
        longitude: Coordinate,
        /// Metres.
        precision: Coordinate,
    },
    /// `CLICK`.
    Click {
        /// The button's.
        key: String,
    },
    /// `VIEW`.
    View {
        /// The page.
        url: String,
        /// The conditional menu.
        menu_id: Option<String>,
    },
    /// `scancode_push`, or `scancode_waitmsg`.
    ScanCode {
        /// `scancode_waitmsg`: the phone waits for an answer.
        waits: bool,
        /// The button's.
        key: String,
        /// `qrcode`, …
        scan_type: String,
        /// What the code says.
        result: String,
    },
    /// `pic_sysphoto`, `pic_photo_or_album` or `pic_weixin`: the pictures follow as messages.
    Pictures {
        /// Which of the three.
        source: PictureSource,
        /// The button's.
        key: String,
        /// How many.
        count: Option<u64>,
        /// MD5 of each.
        md5: Vec<String>,
    },
    /// `location_select`: the place follows as a message too.
    LocationSelect {
        /// The button's.
        key: String,
        /// The place.
        place: Place,
    },
    /// `view_miniprogram`.
    ViewMiniProgram {
        /// Path of the page.
        path: String,
        /// The conditional menu.
        menu_id: Option<String>,
    },
    /// `TEMPLATESENDJOBFINISH`.
    TemplateSent {
        /// The template message (`MsgID`).
        template_msg_id: Option<u64>,
        /// `success`, `failed:user block`, `failed: system failed`.
        status: String,
    },
    /// `MASSSENDJOBFINISH`.
    MassSent {
        /// The broadcast (`MsgID`).
        mass_msg_id: Option<u64>,
        /// How it ended.
        status: String,
        /// Followers it was for.
        total: Option<u64>,
        /// Of them, after filtering.
        filtered: Option<u64>,
        /// Reached.
        sent: Option<u64>,
        /// Not reached.
        failed: Option<u64>,
        /// `CopyrightCheckResult` as it is.
        copyright_check: Option<Node>,
    },
    /// `subscribe_msg_popup_event`, `subscribe_msg_change_event` or `subscribe_msg_sent_event`.
    Subscription {
        /// Which of the three.
        step: SubscriptionStep,
        /// One a template.
        templates: Vec<SubscribedTemplate>,
    },
    /// `qualification_verify_…`, `naming_verify_…`, `annual_renew` or `verify_expired`.
    Verification {
        /// Which of the six.
        what: Verification,
        /// Unix seconds; of all but the two failures.
        expires_at: Option<i64>,
        /// Unix seconds; of the two failures.
        failed_at: Option<i64>,
        /// WeChat's words; of the two failures.
        reason: Option<String>,
    },
    /// `user_enter_tempsession`: a mini program's user opened the chat.
    EnterSession {
        /// What the mini program gave along.
        session_from: String,
    },
    /// `weapp_audit_success`, `weapp_audit_fail` or `weapp_audit_delay`.
    AppAudit {
        /// Which of the three.
        outcome: AuditOutcome,
        /// Unix seconds.
        at: Option<i64>,
        /// WeChat's words.
        reason: Option<String>,
        /// Media ids of pictures of what is wrong.
        screenshots: Vec<String>,
    },
    /// `wxa_nickname_audit`.
    NicknameAudit {
        /// 2 failed, 3 passed.
        ret: Option<i64>,
        /// The name.
        nickname: String,
        /// WeChat's words.
        reason: Option<String>,
    },
    /// `debug_demo`, which 消息推送调试 sends.
    Debug {
        /// What was typed there.
        text: String,
    },
    /// Anything else.
    Unknown(Node),
}

impl fmt::Debug for MessageKind {
    /// Without contents, which are a follower's, and in a release check a code. `Message` tells the kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageKind")
    }
}

/// A number of a place, with its text as pushed: to calculate with, and to pass on unchanged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Coordinate {
    /// As pushed; empty when absent.
    pub text: String,
    /// `None` when it is no finite number.
    pub value: Option<f64>,
}

/// A place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Place {
    /// Latitude, degrees.
    pub x: Coordinate,
    /// Longitude, degrees.
    pub y: Coordinate,
    /// Zoom of the map.
    pub scale: String,
    /// Address.
    pub label: String,
    /// Name of the place; of `location_select` only.
    pub poi_name: Option<String>,
}

/// Where pictures of a menu button come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PictureSource {
    /// `pic_sysphoto`: the camera.
    Camera,
    /// `pic_photo_or_album`: the camera or the album.
    CameraOrAlbum,
    /// `pic_weixin`: WeChat's album.
    Album,
}

/// What happened to subscription notifications (订阅通知).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubscriptionStep {
    /// The follower answered the popup.
    Popup,
    /// The follower changed them in the settings.
    Change,
    /// One was sent.
    Sent,
}

/// One template of [`MessageKind::Subscription`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubscribedTemplate {
    /// Template.
    pub template_id: String,
    /// Its other fields, in document order.
    pub fields: Vec<(String, String)>,
}

/// Verification of the account (微信认证).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verification {
    /// `qualification_verify_success`.
    QualificationSuccess,
    /// `qualification_verify_fail`.
    QualificationFail,
    /// `naming_verify_success`.
    NamingSuccess,
    /// `naming_verify_fail`.
    NamingFail,
    /// `annual_renew`.
    AnnualRenew,
    /// `verify_expired`.
    Expired,
}

/// Outcome of the audit of a mini program's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditOutcome {
    /// `weapp_audit_success`.
    Success,
    /// `weapp_audit_fail`.
    Fail,
    /// `weapp_audit_delay`.
    Delay,
}

/// Reads a decrypted message or event, XML or JSON.
///
/// # Errors
/// As [`super::parse_message_head`] and [`super::tree`]. Contents that are absent or no numbers are no error.
pub fn parse_message(document: &[u8]) -> Result<Message, XmlError> {
    let node = tree(document)?;
    let head = if node.is_json() { parse_message_head_json(document)? } else { parse_message_head(document)? };
    let mut message = Message {
        to_user_name: head.to_user_name.into_owned(),
        from_user_name: head.from_user_name.into_owned(),
        create_time: head.create_time,
        msg_type: head.msg_type.into_owned(),
        event: head.event.map(Into::into),
        msg_id: head.msg_id,
        msg_data_id: optional(&node, "MsgDataId"),
        idx: optional(&node, "Idx"),
        kind: MessageKind::Unsubscribe,
    };
    let known = match (message.msg_type.as_str(), message.event.as_deref()) {
        ("event", Some(event)) => known_event(event, &node),
        ("event", None) => None,
        (msg_type, _) => known_message(msg_type, &node),
    };
    message.kind = known.unwrap_or(MessageKind::Unknown(node));
    Ok(message)
}

fn known_message(msg_type: &str, node: &Node) -> Option<MessageKind> {
    Some(match msg_type {
        "text" => MessageKind::Text {
            content: node.child("Content").map(|content| content.text.clone()).unwrap_or_default(),
            menu_id: optional(node, "bizmsgmenuid"),
        },
        "image" => MessageKind::Image { pic_url: text(node, "PicUrl"), media_id: text(node, "MediaId") },
        "voice" => MessageKind::Voice {
            media_id: text(node, "MediaId"),
            format: text(node, "Format"),
            recognition: optional(node, "Recognition"),
            media_id_16k: optional(node, "MediaId16K"),
        },
        "video" | "shortvideo" => MessageKind::Video {
            short: msg_type == "shortvideo",
            media_id: text(node, "MediaId"),
            thumb_media_id: text(node, "ThumbMediaId"),
        },
        "location" => MessageKind::Location(place(node)),
        "link" => MessageKind::Link {
            title: text(node, "Title"),
            description: text(node, "Description"),
            url: text(node, "Url"),
        },
        _ => return None,
    })
}

fn known_event(event: &str, node: &Node) -> Option<MessageKind> {
    let key = || text(node, "EventKey");
    let verification = |what| MessageKind::Verification {
        what,
        expires_at: number(node, "ExpiredTime"),
        failed_at: number(node, "FailTime"),
        reason: optional(node, "FailReason"),
    };
    let audit = |outcome, time| MessageKind::AppAudit {
        outcome,
        at: number(node, time),
        reason: optional(node, "Reason"),
        screenshots: node.get("ScreenShot").map(|ids| ids.split('|').map(str::to_owned).collect()).unwrap_or_default(),
    };
    Some(match event {
        "subscribe" => MessageKind::Subscribe {
            scene: node.get("EventKey").map(|key| key.strip_prefix("qrscene_").unwrap_or(key).to_owned()),
            ticket: optional(node, "Ticket"),
        },
        "unsubscribe" => MessageKind::Unsubscribe,
        "SCAN" => MessageKind::Scan { scene: key(), ticket: optional(node, "Ticket") },
        "LOCATION" => MessageKind::LocationReport {
            latitude: coordinate(node, "Latitude"),
            longitude: coordinate(node, "Longitude"),
            precision: coordinate(node, "Precision"),
        },
        "CLICK" => MessageKind::Click { key: key() },
        "VIEW" => MessageKind::View { url: key(), menu_id: menu_id(node) },
        "view_miniprogram" => MessageKind::ViewMiniProgram { path: key(), menu_id: menu_id(node) },
        "scancode_push" | "scancode_waitmsg" => {
            let info = node.child("ScanCodeInfo");
            MessageKind::ScanCode {
                waits: event == "scancode_waitmsg",
                key: key(),
                scan_type: info.map(|info| text(info, "ScanType")).unwrap_or_default(),
                result: info.map(|info| text(info, "ScanResult")).unwrap_or_default(),
            }
        }
        "pic_sysphoto" => pictures(PictureSource::Camera, node),
        "pic_photo_or_album" => pictures(PictureSource::CameraOrAlbum, node),
        "pic_weixin" => pictures(PictureSource::Album, node),
        "location_select" => MessageKind::LocationSelect {
            key: key(),
            place: node.child("SendLocationInfo").map(place).unwrap_or_default(),
        },
        "TEMPLATESENDJOBFINISH" => {
            MessageKind::TemplateSent { template_msg_id: number(node, "MsgID"), status: text(node, "Status") }
        }
        "MASSSENDJOBFINISH" => MessageKind::MassSent {
            mass_msg_id: number(node, "MsgID"),
            status: text(node, "Status"),
            total: number(node, "TotalCount"),
            filtered: number(node, "FilterCount"),
            sent: number(node, "SentCount"),
            failed: number(node, "ErrorCount"),
            copyright_check: node.child("CopyrightCheckResult").cloned(),
        },
        "subscribe_msg_popup_event" => subscription(SubscriptionStep::Popup, node),
        "subscribe_msg_change_event" => subscription(SubscriptionStep::Change, node),
        "subscribe_msg_sent_event" => subscription(SubscriptionStep::Sent, node),
        "qualification_verify_success" => verification(Verification::QualificationSuccess),
        "qualification_verify_fail" => verification(Verification::QualificationFail),
        "naming_verify_success" => verification(Verification::NamingSuccess),
        "naming_verify_fail" => verification(Verification::NamingFail),
        "annual_renew" => verification(Verification::AnnualRenew),
        "verify_expired" => verification(Verification::Expired),
        "user_enter_tempsession" => MessageKind::EnterSession { session_from: text(node, "SessionFrom") },
        "weapp_audit_success" => audit(AuditOutcome::Success, "SuccTime"),
        "weapp_audit_fail" => audit(AuditOutcome::Fail, "FailTime"),
        "weapp_audit_delay" => audit(AuditOutcome::Delay, "DelayTime"),
        "wxa_nickname_audit" => MessageKind::NicknameAudit {
            ret: number(node, "ret"),
            nickname: text(node, "nickname"),
            reason: optional(node, "reason"),
        },
        "debug_demo" => MessageKind::Debug { text: text(node, "debug_str") },
        _ => return None,
    })
}

fn text(node: &Node, name: &str) -> String {
    node.get(name).unwrap_or_default().to_owned()
}

fn optional(node: &Node, name: &str) -> Option<String> {
    node.get(name).map(str::to_owned)
}

fn number<N: std::str::FromStr>(node: &Node, name: &str) -> Option<N> {
    node.get(name).and_then(|text| text.parse().ok())
}

/// The document says `MenuID` in its prose and `MenuId` in its samples.
fn menu_id(node: &Node) -> Option<String> {
    optional(node, "MenuId").or_else(|| optional(node, "MenuID"))
}

fn coordinate(node: &Node, name: &str) -> Coordinate {
    Coordinate { text: text(node, name), value: number(node, name).filter(|value: &f64| value.is_finite()) }
}

fn place(node: &Node) -> Place {
    Place {
        x: coordinate(node, "Location_X"),
        y: coordinate(node, "Location_Y"),
        scale: text(node, "Scale"),
        label: text(node, "Label"),
        poi_name: optional(node, "Poiname"),
    }
}

fn pictures(source: PictureSource, node: &Node) -> MessageKind {
    let info = node.child("SendPicsInfo");
    // JSON may hold the pictures in the list itself, XML has an item around each.
    let md5_of = |entry: &Node| entry.get("PicMd5Sum").map(str::to_owned);
    let md5 = info.into_iter().flat_map(|info| info.all("PicList")).flat_map(|list| match md5_of(list) {
        Some(md5) => vec![md5],
        None => list.children.iter().filter_map(md5_of).collect(),
    });
    MessageKind::Pictures {
        source,
        key: text(node, "EventKey"),
        count: info.and_then(|info| number(info, "Count")),
        md5: md5.collect(),
    }
}

/// XML has a group around the list that is named after the event, JSON may have the list alone.
fn subscription(step: SubscriptionStep, node: &Node) -> MessageKind {
    let group = match step {
        SubscriptionStep::Popup => "SubscribeMsgPopupEvent",
        SubscriptionStep::Change => "SubscribeMsgChangeEvent",
        SubscriptionStep::Sent => "SubscribeMsgSentEvent",
    };
    let templates = node.child(group).unwrap_or(node).all("List").map(|entry| {
        let others = entry.children.iter().filter(|field| field.children.is_empty() && field.name != "TemplateId");
        SubscribedTemplate {
            template_id: text(entry, "TemplateId"),
            fields: others.map(|field| (field.name.clone(), field.text.clone())).collect(),
        }
    });
    MessageKind::Subscription { step, templates: templates.collect() }
}

#[cfg(test)]
mod tests;
