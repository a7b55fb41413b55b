//! What a rule must be, in the form and on every other way in.

use crate::core::Core;
use crate::dto::{Bilingual, FieldError, RuleAnswer, RuleInput, RuleScope, TargetMode, TextHow, TextTest};
use crate::store::tables::rule::Says;
use crate::validate::error;

/// Longest name, characters.
const MAX_NAME: usize = 60;
/// Longest value of a comparison, characters.
const MAX_VALUE: usize = 500;
/// Most types or events, and targets.
const MAX_LIST: usize = 50;

/// All broken rules of the input.
pub(crate) fn problems(core: &Core, input: &RuleInput) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let name = input.name.trim().chars().count();
    if name == 0 || name > MAX_NAME {
        errors.push(error("name", "length", "must have 1 to 60 characters", "应为 1–60 个字"));
    }
    scope(core, &input.scope, &mut errors);
    let kinds = [("when.msg_types", &input.when.msg_types), ("when.events", &input.when.events)];
    for (field, list) in kinds {
        let fits = |kind: &String| {
            !kind.is_empty() && kind.len() <= 64 && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        if list.len() > MAX_LIST || !list.iter().all(fits) {
            let (en, zh) = ("must be names of WeChat's: letters, digits and _", "应为微信的类型名：字母、数字和下划线");
            errors.push(error(field, "format", en, zh));
        }
    }
    for (field, test) in [("when.key", &input.when.key), ("when.text", &input.when.text)] {
        if let Some(test) = test {
            comparison(field, test, &mut errors);
        }
    }
    answer(core, &input.answer, &mut errors);
    if input.notify.len() > MAX_LIST {
        errors.push(error("notify", "length", "at most 50 targets", "最多 50 个通知目标"));
    }
    for id in &input.notify {
        match core.forward().brief(*id).map(|target| target.mode) {
            Some(TargetMode::Notified) => {}
            Some(TargetMode::Answering) => errors.push(error(
                "notify",
                "mode",
                "an answering target has no queue; ask it as the answer",
                "回复目标没有队列，请在“应答”中选择它",
            )),
            None => errors.push(error("notify", "unknown", "there is no such target", "没有这个目标")),
        }
    }
    let silent = input.answer == RuleAnswer::Pass && input.notify.is_empty();
    if silent {
        let (en, zh) = ("it answers nothing and tells nobody: choose a target", "既不应答也不通知：请选择通知目标");
        errors.push(error("notify", "empty", en, zh));
    }
    errors
}

fn scope(core: &Core, scope: &RuleScope, errors: &mut Vec<FieldError>) {
    let mirror = core.store().mirror();
    let platform = scope.component_appid.as_deref().map(|appid| mirror.platform_by_appid(appid));
    if matches!(platform, Some(None)) {
        let (en, zh) = ("there is no such platform or directly connected account", "没有这个平台或直连账号");
        errors.push(error("scope.component_appid", "unknown", en, zh));
    }
    if let Some(appid) = scope.appid.as_deref() {
        let known = match &platform {
            Some(Some(platform)) => mirror.account_by_appid(platform.id, appid).is_some(),
            Some(None) => true,
            None => mirror.connections().iter().any(|p| mirror.account_by_appid(p.id, appid).is_some()),
        };
        if !known {
            errors.push(error("scope.appid", "unknown", "there is no such account", "没有这个账号"));
        }
    }
    if scope.tenant.as_deref().is_some_and(|tenant| tenant.trim().is_empty() || tenant.chars().count() > 60) {
        errors.push(error("scope.tenant", "length", "must have 1 to 60 characters", "应为 1–60 个字"));
    }
}

fn comparison(field: &str, test: &TextTest, errors: &mut Vec<FieldError>) {
    let value = format!("{field}.value");
    let length = test.value.chars().count();
    if test.value.trim().is_empty() || length > MAX_VALUE {
        errors.push(error(&value, "length", "must have 1 to 500 characters", "应为 1–500 个字"));
    } else if test.how == TextHow::Regex
        && let Err(why) = super::compiled::pattern(test)
    {
        let (en, zh) = (format!("is no regular expression: {why}"), format!("不是有效的正则表达式：{why}"));
        errors.push(error(&value, "regex", &en, &zh));
    }
}

fn answer(core: &Core, answer: &RuleAnswer, errors: &mut Vec<FieldError>) {
    if let RuleAnswer::Target { target_id } = answer {
        match core.forward().brief(*target_id).map(|target| target.mode) {
            Some(TargetMode::Answering) => {}
            Some(TargetMode::Notified) => errors.push(error(
                "answer.target_id",
                "mode",
                "a notified target cannot answer",
                "通知目标不能给出应答",
            )),
            None => errors.push(error("answer.target_id", "unknown", "there is no such target", "没有这个目标")),
        }
        return;
    }
    for (field, text) in texts(answer) {
        let field = format!("answer.{field}");
        if text
            .chars()
            .any(|c| (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}'))
        {
            errors.push(error(
                &field,
                "characters",
                "has control characters, which XML cannot hold",
                "含有 XML 不允许的控制字符",
            ));
        }
        if let Some(name) = super::answer::names(text).into_iter().find(|name| !is_known(name)) {
            let en = format!("there is no {{{{{name}}}}}; fields are written as WeChat does, such as {{{{Content}}}}");
            let zh = format!("没有 {{{{{name}}}}}：字段名按微信的写法，如 {{{{Content}}}}");
            errors.push(error(&field, "unknown_name", &en, &zh));
        }
    }
    // Names are filled in later; what stands there instead counts as some text.
    let some = |_: &str| Some("x".to_owned());
    if let super::Filled::Reply(reply) = super::fill(answer, &some) {
        for problem in reply.problems(false) {
            let field = format!("answer.{}", problem.field);
            errors.push(error(&field, problem.rule, problem.label.en, problem.label.zh));
        }
    }
    // The reply is cut to this length; who writes more should know it here.
    if let RuleAnswer::Text { content } = answer
        && content.len() > 2_048
    {
        let (en, zh) = ("must have at most 2,048 bytes", "最多 2048 字节（汉字每个 3 字节）");
        errors.push(error("answer.content", "length", en, zh));
    }
}

/// Texts of an answer that are filled in.
fn texts(answer: &RuleAnswer) -> Vec<(String, &str)> {
    let one = |field: &str, text| (field.to_owned(), text);
    match answer {
        RuleAnswer::Text { content } => vec![one("content", content.as_str())],
        RuleAnswer::Video { title, description, .. } => vec![one("title", title), one("description", description)],
        RuleAnswer::Music { title, description, music_url, hq_music_url, .. } => vec![
            one("title", title),
            one("description", description),
            one("music_url", music_url),
            one("hq_music_url", hq_music_url),
        ],
        RuleAnswer::News { articles } => (0..)
            .zip(articles)
            .flat_map(|(n, article)| {
                let fields = [
                    ("title", &article.title),
                    ("description", &article.description),
                    ("pic_url", &article.pic_url),
                    ("url", &article.url),
                ];
                fields.map(|(field, text)| (format!("articles.{n}.{field}"), text.as_str()))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// One of ours, or written as WeChat writes fields. Few of those begin with a small letter, and all of them are known.
fn is_known(name: &str) -> bool {
    matches!(name, "account" | "appid" | "time" | "date")
        || name.starts_with(|c: char| c.is_ascii_uppercase())
        || wechat::message::field_label(name).is_some()
}

/// What keeps a stored rule from working today.
pub(crate) fn trouble(core: &Core, says: &Says) -> Option<Bilingual> {
    let words = |zh: &str, en: &str| Some(Bilingual { zh: zh.to_owned(), en: en.to_owned() });
    let mut errors = Vec::new();
    scope(core, &says.scope, &mut errors);
    if !errors.is_empty() {
        return words("它指定的平台或账号已不在这里", "the platform or account it is for is no longer here");
    }
    let asked = match says.answer {
        RuleAnswer::Target { target_id } => Some(target_id),
        _ => None,
    };
    for id in says.notify.iter().copied().chain(asked) {
        match core.forward().brief(id) {
            None => return words("它使用的目标已被删除", "a target it uses is gone"),
            Some(target) if !target.enabled => {
                let (zh, en) = (format!("目标「{}」已停用", target.name), format!("target {} is off", target.name));
                return Some(Bilingual { zh, en });
            }
            Some(_) => {}
        }
    }
    None
}
