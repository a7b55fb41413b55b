//! One line about a document, for lists, and what of a document is never shown.
//!
//! Owns: which fields and values are secret, and which field says most about a kind.
//! Must not: depend on a language: the words for the kind itself stand beside it.
//! Invariant: at most [`SUMMARY_CHARS`] characters, no line break, no secret.

use std::borrow::Cow;

use super::document::Node;
use crate::release;

/// Longest summary, characters.
pub const SUMMARY_CHARS: usize = 200;

/// In place of a secret.
pub(super) const MASK: &str = "***";
/// How WeChat's own tickets and codes begin.
const SECRET_FORMS: [&str; 4] = ["ticket@@@", "queryauthcode@@@", "preauthcode@@@", "refreshtoken@@@"];
/// Between two parts of a summary.
const BETWEEN: &str = " · ";
/// Fields that a list shows in columns of their own, or that tell a reader nothing.
const HEAD: [&str; 12] = [
    "ToUserName",
    "FromUserName",
    "CreateTime",
    "MsgType",
    "MsgId",
    "MsgDataId",
    "Idx",
    "Event",
    "AppId",
    "InfoType",
    "Encrypt",
    "Ticket",
];

/// Whether a field of a push holds a ticket or code with which something can be obtained. A QR code's `Ticket` is none.
#[must_use]
pub fn is_secret_field(name: &str) -> bool {
    matches!(name, "ComponentVerifyTicket" | "AuthorizationCode" | "PreAuthCode" | "auth_code")
}

/// The text of a field as it may be shown: `***` for a secret, whether by the field's name or by its own form; of the
/// release check's text with a code all but the code.
#[must_use]
pub fn masked<'a>(name: &str, text: &'a str) -> Cow<'a, str> {
    let bare = text.trim_start();
    if bare.is_empty() {
        Cow::Borrowed(text)
    } else if is_secret_field(name) || SECRET_FORMS.iter().any(|form| bare.starts_with(form)) {
        Cow::Borrowed(MASK)
    } else if bare.strip_prefix(release::AUTH_CODE).is_some_and(|rest| rest.starts_with(':')) {
        Cow::Owned(format!("{}:{MASK}", release::AUTH_CODE))
    } else {
        Cow::Borrowed(text)
    }
}

/// What a document says, in one line.
#[must_use]
pub fn summary(node: &Node) -> String {
    let mut line = Line::default();
    let kind = match (node.get("InfoType"), node.get("MsgType"), node.get("Event")) {
        (Some(info_type), ..) => info_type,
        (None, Some("event"), Some(event)) => event,
        (None, Some(msg_type), _) => msg_type,
        (None, None, _) => "",
    };
    match kind {
        "text" => line.first(node, &["Content"]),
        "image" | "video" | "shortvideo" => line.first(node, &["MediaId"]),
        "voice" => line.first(node, &["Recognition", "Format"]),
        "location" => line.place(node),
        "link" => line.every(node, &["Title", "Url"]),
        "subscribe" => line.add(node.get("EventKey").map(|key| key.strip_prefix("qrscene_").unwrap_or(key))),
        "SCAN" | "CLICK" | "VIEW" | "view_miniprogram" | "unsubscribe" => line.first(node, &["EventKey"]),
        "LOCATION" => line.pair(node, "Latitude", "Longitude"),
        "scancode_push" | "scancode_waitmsg" => {
            line.first(node, &["EventKey"]);
            line.inside(node, "ScanCodeInfo", &["ScanResult"]);
        }
        "pic_sysphoto" | "pic_photo_or_album" | "pic_weixin" => {
            line.first(node, &["EventKey"]);
            line.inside(node, "SendPicsInfo", &["Count"]);
        }
        "location_select" => {
            line.first(node, &["EventKey"]);
            if let Some(info) = node.child("SendLocationInfo") {
                line.first(info, &["Poiname"]);
                line.place(info);
            }
        }
        "TEMPLATESENDJOBFINISH" => line.every(node, &["Status", "MsgID"]),
        "MASSSENDJOBFINISH" => {
            line.first(node, &["Status"]);
            if let (Some(sent), Some(total)) = (node.get("SentCount"), node.get("TotalCount")) {
                line.add(Some(&format!("{sent}/{total}")));
            }
        }
        "qualification_verify_fail" | "naming_verify_fail" => line.first(node, &["FailReason"]),
        "user_enter_tempsession" => line.first(node, &["SessionFrom"]),
        "weapp_audit_fail" | "weapp_audit_delay" => line.first(node, &["Reason"]),
        "wxa_nickname_audit" => line.every(node, &["nickname", "reason"]),
        "debug_demo" => line.first(node, &["debug_str"]),
        // A ticket, or nothing but a time in seconds, which tells a reader little.
        "component_verify_ticket" | "annual_renew" | "verify_expired" | "weapp_audit_success" => {}
        "qualification_verify_success" | "naming_verify_success" => {}
        "authorized" | "updateauthorized" | "unauthorized" => line.first(node, &["AuthorizerAppid"]),
        "notify_third_fasteregister" | "notify_third_fastregisterbetaapp" | "notify_third_fastverifybetaapp" => {
            line.every(node, &["appid", "msg"]);
            line.inside(node, "info", &["name", "idname", "unique_id"]);
        }
        "notify_3rd_wxa_auth" | "notify_3rd_wxa_wxverify" => line.every(node, &["appid", "message"]),
        _ => line.everything(node),
    }
    line.finish()
}

#[derive(Default)]
struct Line(String);

impl Line {
    fn add(&mut self, text: Option<&str>) {
        if let Some(text) = text {
            self.add_field("", text);
        }
    }

    fn add_field(&mut self, name: &str, text: &str) {
        // What is cut off in the end anyway need not be collected.
        if text.trim().is_empty() || self.0.len() > 4 * SUMMARY_CHARS {
            return;
        }
        if !self.0.is_empty() {
            self.0.push_str(BETWEEN);
        }
        self.0.push_str(&masked(name, text));
    }

    /// The first of `names` that is not empty.
    fn first(&mut self, node: &Node, names: &[&str]) {
        if let Some((name, text)) = names.iter().find_map(|name| node.get(name).map(|text| (name, text))) {
            self.add_field(name, text);
        }
    }

    fn every(&mut self, node: &Node, names: &[&str]) {
        for name in names {
            self.first(node, &[name]);
        }
    }

    /// The first of `names` that is not empty in the group.
    fn inside(&mut self, node: &Node, group: &str, names: &[&str]) {
        if let Some(group) = node.child(group) {
            self.first(group, names);
        }
    }

    fn pair(&mut self, node: &Node, first: &str, second: &str) {
        if let (Some(first), Some(second)) = (node.get(first), node.get(second)) {
            self.add(Some(&format!("{first}, {second}")));
        }
    }

    fn place(&mut self, node: &Node) {
        match node.get("Label") {
            Some(label) => self.add(Some(label)),
            None => self.pair(node, "Location_X", "Location_Y"),
        }
    }

    /// Of a kind that has no field that says most: every one, with its name.
    fn everything(&mut self, node: &Node) {
        let mut shown = node.clone();
        shown.mask();
        for field in shown.walk() {
            if !(field.group || field.text.is_empty() || field.depth == 0 && HEAD.contains(&field.name)) {
                self.add(Some(&format!("{}: {}", field.name, field.text)));
            }
        }
    }

    /// Line breaks, other blanks and control characters in a row become one blank; what is too long ends in `…`.
    fn finish(self) -> String {
        let mut out = String::new();
        let mut chars = 0;
        let blank = |c: char| c.is_whitespace() || c.is_control();
        for word in self.0.split(blank).filter(|word| !word.is_empty()) {
            for c in (!out.is_empty()).then_some(' ').into_iter().chain(word.chars()) {
                if chars == SUMMARY_CHARS {
                    out.pop();
                    out.push('…');
                    return out;
                }
                out.push(c);
                chars += 1;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests;
