//! A message held against the rules without being stored: for the tester, for a replay, and for what an answer is filled
//! with.

use std::cell::OnceCell;
use std::sync::Arc;

use wechat::message::{Node, tree};
use wechat::xml::XmlWriter;

use super::take::{facts_of, head_of};
use super::view;
use crate::core::Core;
use crate::dto::{Bilingual, RuleSample, RuleTrace};
use crate::error::AppError;
use crate::rules::{self, Compiled, Filled};
use crate::sheet::beijing_time;
use crate::store::tables::account::AccountRow;
use crate::store::tables::inbox;

/// What answers are filled with.
pub(crate) struct Values<'a> {
    account: Option<&'a AccountRow>,
    appid: &'a str,
    body: &'a [u8],
    now: i64,
    tree: OnceCell<Option<Node>>,
}

impl<'a> Values<'a> {
    /// `body`: the decrypted document, read only when a field of it is asked for.
    pub(crate) fn new(account: Option<&'a AccountRow>, appid: &'a str, body: &'a [u8], now: i64) -> Self {
        Self { account, appid, body, now, tree: OnceCell::new() }
    }

    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        match name {
            "account" => self.account.map(|account| account.nick_name.clone()),
            "appid" => Some(self.appid.to_owned()),
            "time" => beijing_time(self.now).get(11..16).map(str::to_owned),
            "date" => beijing_time(self.now).get(..10).map(str::to_owned),
            name => {
                let mut node = self.tree.get_or_init(|| tree(self.body).ok()).as_ref()?;
                for part in name.split('.') {
                    node = node.children.iter().find(|child| child.name == part)?;
                }
                Some(node.text.clone())
            }
        }
    }
}

/// A message for the rules.
pub(crate) struct Sample {
    /// Platform; the account's own appid when it is connected directly.
    pub component_appid: String,
    /// Account.
    pub appid: String,
    /// Decrypted document.
    pub body: Vec<u8>,
    /// The account, when it is known.
    pub account: Option<Arc<AccountRow>>,
}

/// The message that a sample means.
///
/// # Errors
/// `NotFound` for a push that is gone; `InvalidInput` without a type, and for a component event.
pub(crate) async fn of(core: &Core, sample: &RuleSample) -> Result<Sample, AppError> {
    let mirror = core.store().mirror();
    if let Some(id) = sample.push_id {
        let row = core.store().read(move |c| Ok(inbox::get(c, id)?)).await?;
        let row = row.ok_or_else(|| AppError::not_found("push", &id.to_string()))?;
        let Some(appid) = row.authorizer.filter(|_| row.kind.is_none()) else {
            let (en, zh) = ("is an event of the platform, which no rule sees", "是平台事件，不经过规则");
            return Err(AppError::invalid_field("push_id", "component_event", en, zh));
        };
        let component_appid = mirror.platform(row.platform_id).map(|p| p.component_appid.clone()).unwrap_or_default();
        let account = mirror.account_by_appid(row.platform_id, &appid);
        return Ok(Sample { component_appid, appid, body: row.body, account });
    }
    let Some(msg_type) = sample.msg_type.as_deref().filter(|kind| !kind.is_empty()) else {
        return Err(AppError::invalid_field("msg_type", "required", "is required", "必填"));
    };
    let appid = sample.appid.clone().unwrap_or_default();
    let platform = match &sample.component_appid {
        Some(component) => mirror.platform_by_appid(component),
        None => mirror.connections().into_iter().find(|p| mirror.account_by_appid(p.id, &appid).is_some()),
    };
    let account = platform.as_ref().and_then(|platform| mirror.account_by_appid(platform.id, &appid));
    let mut xml = XmlWriter::new();
    let to = account.as_ref().map(|account| account.user_name.as_str()).filter(|name| !name.is_empty());
    xml.cdata("ToUserName", to.unwrap_or("gh_000000000000")).cdata("FromUserName", "o0000000000000000000000000000");
    xml.number("CreateTime", core.clock().now() / 1000).cdata("MsgType", msg_type);
    if let Some(event) = sample.event.as_deref().filter(|_| msg_type == "event") {
        xml.cdata("Event", event);
    }
    if let Some(key) = &sample.key {
        xml.cdata("EventKey", key);
    }
    if let Some(text) = &sample.text {
        let name = match msg_type {
            "voice" => "Recognition",
            "location" => "Label",
            "link" => "Title",
            _ => "Content",
        };
        xml.cdata(name, text);
    }
    Ok(Sample {
        component_appid: platform.map(|p| p.component_appid.clone()).unwrap_or_default(),
        appid,
        body: xml.finish().into_bytes(),
        account,
    })
}

/// What the rules do with it. Nothing is counted, asked or sent.
pub(crate) fn trace(core: &Core, sample: &Sample, all: &[Arc<Compiled>]) -> RuleTrace {
    let mut out =
        RuleTrace { steps: Vec::new(), taken_by: None, notify: Vec::new(), ask: None, reply: None, trouble: None };
    let Ok(head) = head_of(&sample.body) else {
        let (zh, en) = ("内容无法读取，规则不会看到它", "the document cannot be read; no rule sees it");
        out.trouble = Some(Bilingual { zh: zh.to_owned(), en: en.to_owned() });
        return out;
    };
    let facts = facts_of(&sample.component_appid, &sample.appid, sample.account.as_deref(), &head);
    let decision = rules::decide(all, &facts, Some(&mut out.steps));
    out.notify = decision.notify;
    let Some(rule) = decision.taken else { return out };
    out.taken_by = Some(rule.row.id);
    let now = core.clock().now();
    let values = Values::new(sample.account.as_deref(), &sample.appid, &sample.body, now);
    match rules::fill(&rule.row.says.answer, &|name| values.get(name)) {
        Filled::Success | Filled::Empty => {}
        Filled::Ask(target) => out.ask = Some(target),
        Filled::Reply(reply) => {
            if let Some(problem) = reply.problems(!head.is_event()).first() {
                let words = |language: &str| format!("{}：{language}", problem.field);
                out.trouble = Some(Bilingual { zh: words(problem.label.zh), en: words(problem.label.en) });
            }
            out.reply = Some(view::reply(&reply.write(&head.from_user_name, &head.to_user_name, now / 1000)));
        }
    }
    out
}
