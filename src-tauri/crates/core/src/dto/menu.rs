//! Menus: drafts, what is live, versions, conditional menus, takeover, templates.
//!
//! Buttons travel as WeChat's own JSON (section F of the protocol), so that nothing is lost on the way through.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::{BulkRequest, FieldError, LastError};

/// A default menu and the conditional menus (个性化菜单) beside it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuSet {
    /// The buttons of `menu/create`, 0 to 3 in a draft. Empty: no default menu.
    #[ts(type = "Array<unknown>")]
    pub button: Vec<Value>,
    /// In matching order: WeChat tries the newest first, so the first of this list is published last.
    #[serde(default)]
    pub conditional: Vec<ConditionalSet>,
    /// What this console answers to `click` keys that stand for content of the website's own kinds.
    #[serde(default)]
    pub replies: Vec<MenuReply>,
}

/// A conditional menu of a draft or a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct ConditionalSet {
    /// The operator's own name for it; never sent.
    #[serde(default)]
    pub name: String,
    /// WeChat's `matchrule`: `tag_id`, `client_platform_type`; abolished members are kept as read.
    #[ts(type = "Record<string, unknown>")]
    pub matchrule: Value,
    /// Its buttons.
    #[ts(type = "Array<unknown>")]
    pub button: Vec<Value>,
    /// WeChat's number of the live one that this was read from.
    #[serde(default)]
    pub menuid: Option<String>,
}

/// The kinds of content that the website's editor sends and `menu/create` cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ReplyKind {
    /// `text`
    Text,
    /// `img` or `photo`; the content is a media id, temporary (3 days) when WeChat's website made it.
    Image,
    /// `voice`; a media id, likewise.
    Voice,
    /// `video`; a download address.
    Video,
    /// `news` with several articles.
    News,
}

/// What is answered to a `click` key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct MenuReply {
    /// The key of the button, at most 128 bytes.
    pub key: String,
    /// What it is.
    pub kind: ReplyKind,
    /// Text, media id or address.
    pub content: String,
    /// Articles of `news`, as WeChat wrote them.
    #[serde(default)]
    #[ts(type = "Array<unknown> | null")]
    pub news: Option<Value>,
}

/// Which of a set's menus: the default one, or a conditional one by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "menu")]
#[ts(export)]
pub enum MenuPlace {
    /// The default menu.
    Default,
    /// `conditional[index]`.
    Conditional {
        /// From 0.
        index: usize,
    },
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum MenuSeverity {
    /// WeChat would refuse it: publishing is not possible.
    Error,
    /// Published, but cut on the phone, or of no use to some followers.
    Warning,
}

/// What is wrong, where, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuFinding {
    /// `button[0].sub_button[2].url`, or `conditional[1].button[0].name`, `conditional[1].matchrule`; empty for all.
    pub path: String,
    /// Stable name of the rule.
    pub rule: String,
    /// How bad.
    pub severity: MenuSeverity,
    /// In English.
    pub message: String,
    /// In Chinese.
    pub message_zh: String,
}

/// The findings of a set, in document order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuCheck {
    /// Errors and warnings.
    pub findings: Vec<MenuFinding>,
    /// Different hosts that all conditional menus lead to; WeChat allows 3 (65316).
    pub conditional_domains: Vec<String>,
}

/// What the account can do with menus, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuAbilities {
    /// The account is authorized; without that nothing can be read or published.
    pub authorized: bool,
    /// Permission set 15 is granted: create, get, delete.
    pub publish: bool,
    /// Set 1, 3 or 15 is granted: what is live can be read.
    pub read: bool,
    /// Verified (认证); null when it is not known. Unverified accounts cannot have `view` pages of any address, mini
    /// programs or conditional menus.
    pub verified: Option<bool>,
    /// Subscription account (订阅号) or service account (服务号); null when it is not known.
    pub service: Option<bool>,
}

/// Who made the live menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum MenuMaker {
    /// By hand on mp.weixin.qq.com.
    Website,
    /// Through the API, by this console or another program.
    Api,
    /// There is none, or menus are switched off.
    Nobody,
}

/// A website-made button and what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuReplaced {
    /// `button[0].sub_button[2]` in the converted menu.
    pub path: String,
    /// The button's name.
    pub name: String,
    /// The website's kind: `text`, `img`, `voice`, `video`, `news`.
    pub kind: String,
    /// The key of the `click` that stands in its place; null where a `view` of the article does.
    pub key: Option<String>,
}

/// What is live at WeChat, as read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LiveMenu {
    /// When it was read, ms.
    pub read_at: i64,
    /// Who made it.
    pub made_by: MenuMaker,
    /// `is_menu_open`.
    pub is_open: bool,
    /// In the form of a draft, conversions included.
    pub set: MenuSet,
    /// What had to be converted.
    pub replaced: Vec<MenuReplaced>,
    /// The answer of `get_current_selfmenu_info`, untouched.
    #[ts(type = "unknown")]
    pub selfmenu: Value,
    /// The answer of `menu/get`, untouched; null when it says that there is none (46003).
    #[ts(type = "unknown")]
    pub menu_get: Option<Value>,
}

/// What became of a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PublishState {
    /// Under way, or ended half-way by the end of the program: [`MenuVersion::resumable`] tells them apart.
    Publishing,
    /// Read back and found to be what was sent.
    Live,
    /// Refused, or a step failed; what is live then is what the last reading shows.
    Failed,
    /// It was live, and a later version took its place.
    Superseded,
}

/// Why a version came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PublishCause {
    /// The draft was published.
    Draft,
    /// An earlier version was put back.
    Rollback,
    /// The original menu was put back.
    Original,
    /// A template was applied.
    Template,
    /// Deleted, with all conditional menus.
    Delete,
}

/// One step of a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PublishStep {
    /// `create`, `delete`, `add_conditional`, `delete_conditional`, `read_back`.
    pub act: String,
    /// Which menu it is about.
    pub place: Option<MenuPlace>,
    /// WeChat's number of the conditional menu.
    pub menuid: Option<String>,
    /// When it ended, ms; null while it has not.
    pub done_at: Option<i64>,
    /// The reply was lost, and reading back showed that it had been done.
    pub found_done: bool,
}

/// WeChat's refusal of a publication, and the buttons it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PublishFault {
    /// WeChat's refusal, or what happened on the way.
    pub error: LastError,
    /// Paths of the buttons that the errcode can be about, as in [`MenuFinding::path`]; one when it is certain.
    pub suspects: Vec<String>,
}

/// A publication: what was sent, when, by whom, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuVersion {
    /// Counts up.
    pub id: i64,
    /// Start, ms.
    pub at: i64,
    /// End, ms.
    pub ended_at: Option<i64>,
    /// `window`, `api:KEYNAME`, `cli`, `bulk:JOB`.
    pub who: String,
    /// Why.
    pub cause: PublishCause,
    /// The version or template that it came from.
    pub from: Option<String>,
    /// What became of it.
    pub state: PublishState,
    /// It stopped half-way and can be taken up again.
    pub resumable: bool,
    /// Exactly what was sent; null in a list.
    pub set: Option<MenuSet>,
    /// The steps so far; empty in a list.
    pub steps: Vec<PublishStep>,
    /// Why it failed.
    pub fault: Option<PublishFault>,
    /// Buttons of the default menu, sub-buttons included.
    pub buttons: i64,
    /// Conditional menus.
    pub conditional: i64,
}

/// A page of versions, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuVersionPage {
    /// Without sets and steps.
    pub items: Vec<MenuVersion>,
    /// Ask again with `before` = this; null at the end.
    pub next_before: Option<i64>,
}

/// An original menu, kept untouched when an account was authorized.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuOriginal {
    /// Counts up.
    pub id: i64,
    /// The menu as it was read then.
    pub live: LiveMenu,
    /// When the account was authorized before the reading, ms.
    pub authorized_at: Option<i64>,
}

/// A draft as kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuDraft {
    /// The draft; may be incomplete.
    pub set: MenuSet,
    /// Counts up with every save; 0 when there is none yet.
    pub revision: i64,
    /// ms.
    pub saved_at: Option<i64>,
}

/// Everything the editor of one account opens with. Nothing is asked of WeChat for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuState {
    /// Platform.
    pub component_appid: String,
    /// Account.
    pub appid: String,
    /// Its name.
    pub nick_name: String,
    /// Its tenant's name.
    pub tenant: Option<String>,
    /// What it can do.
    pub abilities: MenuAbilities,
    /// The draft.
    pub draft: MenuDraft,
    /// The last reading; null before the first.
    pub live: Option<LiveMenu>,
    /// The newest version, with its set.
    pub last_version: Option<MenuVersion>,
    /// The original menu; null when none was read yet.
    pub original: Option<MenuOriginal>,
    /// Why the original could not be read.
    pub original_error: Option<LastError>,
}

/// A menu that is kept somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "from")]
#[ts(export)]
pub enum MenuSource {
    /// The draft.
    Draft,
    /// The last reading of what is live.
    Live,
    /// A version.
    Version {
        /// Its number.
        id: i64,
    },
    /// An original.
    Original {
        /// Its number.
        id: i64,
    },
    /// The mapped menu that the platform's takeover rules make of the newest original.
    Mapped,
}

/// A menu fetched from a [`MenuSource`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SourcedMenu {
    /// The menu.
    pub set: MenuSet,
    /// What had to be converted.
    pub replaced: Vec<MenuReplaced>,
}

/// How two menus differ at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum MenuChangeKind {
    /// Only on the right.
    Added,
    /// Only on the left.
    Removed,
    /// On both, with other members.
    Changed,
    /// On both, unchanged, elsewhere.
    Moved,
}

/// One member of a button that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuFieldChange {
    /// `name`, `type`, `url`, …
    pub field: String,
    /// Before; null when absent.
    pub left: Option<String>,
    /// After; null when absent.
    pub right: Option<String>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuChange {
    /// What happened.
    pub kind: MenuChangeKind,
    /// Path on the left; null when only on the right.
    pub left: Option<String>,
    /// Path on the right; null when only on the left.
    pub right: Option<String>,
    /// The button's name (on the right if it is there), or the conditional menu's rule in words.
    pub name: String,
    /// Members that differ; empty unless changed. A changed button that also moved has differing paths.
    pub fields: Vec<MenuFieldChange>,
}

/// What `trymatch` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuMatch {
    /// What that user sees.
    #[ts(type = "Array<unknown>")]
    pub button: Vec<Value>,
    /// Which live menu that is, when exactly one has these buttons.
    pub place: Option<MenuPlace>,
}

/// Where own buttons of a takeover go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum OwnPlace {
    /// Before the original ones.
    Before,
    /// After them.
    After,
}

/// What becomes of original top-level buttons that find no place among three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Overflow {
    /// They become sub-buttons of one button, named by [`TakeoverRules::folder_name`]; what has no place there is named.
    Fold,
    /// They are left out, and named.
    Drop,
}

/// How the mapped menu is derived from an original one, for the accounts of a platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TakeoverRules {
    /// The mapped menu becomes the draft of an account as soon as its original is read, if it has no draft yet. It is
    /// never published by itself.
    pub auto_draft: bool,
    /// Website-made content becomes a `click` that this console answers; otherwise such buttons are left out, and named.
    pub answer_content: bool,
    /// Put before the keys of original `click` buttons, so that business servers can tell them; empty: keys stay.
    pub key_prefix: String,
    /// Own buttons, in the form of `menu/create`, at most 3.
    #[ts(type = "Array<unknown>")]
    pub own: Vec<Value>,
    /// Where they go.
    pub own_place: OwnPlace,
    /// What does not fit.
    pub overflow: Overflow,
    /// Name of the button that folded ones go under, at most 16 bytes.
    pub folder_name: String,
}

impl Default for TakeoverRules {
    fn default() -> Self {
        Self {
            auto_draft: false,
            answer_content: true,
            key_prefix: String::new(),
            own: Vec::new(),
            own_place: OwnPlace::After,
            overflow: Overflow::Fold,
            folder_name: "更多".to_owned(),
        }
    }
}

/// An original menu and what the rules make of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TakeoverPreview {
    /// The original in the form of a draft.
    pub original: SourcedMenu,
    /// What the rules make of it.
    pub mapped: SourcedMenu,
    /// Original buttons that found no place: path in the original, and name.
    pub left_out: Vec<MenuReplaced>,
    /// Findings in the mapped menu.
    pub check: MenuCheck,
}

/// A menu with variables for many accounts: `{{name}}`, `{{appid}}`, `{{tenant}}` and custom ones in any text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MenuTemplate {
    /// Random; empty in a new one.
    pub id: String,
    /// At most 64 characters, unique.
    pub name: String,
    /// For the operator.
    pub note: String,
    /// The menu, variables unfilled.
    pub set: MenuSet,
    /// Custom variables.
    pub variables: Vec<TemplateVariable>,
    /// ms; set by the console.
    pub updated_at: i64,
}

/// A custom variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TemplateVariable {
    /// Letters, digits and `_`, 1 to 32, not one of the built-in names.
    pub name: String,
    /// What it is for.
    pub label: String,
    /// Value of accounts that have none of their own; null: each account needs one.
    pub default: Option<String>,
}

/// A template, the accounts it is for, and values of custom variables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TemplateRequest {
    /// The template.
    pub template_id: String,
    /// Which accounts; its `kind` does not count.
    pub accounts: BulkRequest,
    /// `component_appid/appid` → variable → value. Kept for the next time.
    #[serde(default)]
    pub values: BTreeMap<String, BTreeMap<String, String>>,
}

/// What a template would do to one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TemplateLine {
    /// Platform.
    pub component_appid: String,
    /// Account.
    pub appid: String,
    /// Its name.
    pub nick_name: String,
    /// It would be published.
    pub ok: bool,
    /// Why not: no permission set 15, not authorized, a mini program.
    pub obstacle: Option<FieldError>,
    /// Custom variables without a value.
    pub missing: Vec<String>,
    /// Values that are used for custom variables.
    pub values: BTreeMap<String, String>,
    /// Findings in the filled menu.
    pub findings: Vec<MenuFinding>,
    /// Differences to the last reading of what is live; null when it was never read.
    pub changes: Option<i64>,
    /// The filled menu.
    pub set: MenuSet,
}

/// The dry run of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TemplateDryRun {
    /// At most 1000, those with trouble first.
    pub lines: Vec<TemplateLine>,
    /// Accounts that would be published.
    pub ready: i64,
    /// Accounts that would not.
    pub blocked: i64,
}
