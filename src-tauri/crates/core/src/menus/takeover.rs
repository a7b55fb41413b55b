//! The mapped menu: what a platform's rules make of an original one. Pure.
//!
//! Invariant: an original button is in the mapped menu, or it is named among what was left out.

use serde_json::Value;
use wechat::menu::{MAX_BUTTONS, MAX_SUB_BUTTONS};

use crate::dto::{LiveMenu, MenuReplaced, MenuSet, Overflow, OwnPlace, SourcedMenu, TakeoverRules};

/// What the rules made of an original.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mapped {
    pub menu: SourcedMenu,
    pub left_out: Vec<MenuReplaced>,
}

/// A leaf or a parent on its way, with its path in the original.
struct Top {
    path: String,
    button: Value,
}

fn text<'a>(button: &'a Value, member: &str) -> &'a str {
    button.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn children(button: &Value) -> Vec<Value> {
    button.get("sub_button").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn left(path: &str, button: &Value, original: &LiveMenu) -> MenuReplaced {
    let replaced = original.replaced.iter().find(|r| r.path == path);
    MenuReplaced {
        path: path.to_owned(),
        name: text(button, "name").to_owned(),
        kind: replaced.map_or_else(|| text(button, "type").to_owned(), |r| r.kind.clone()),
        key: None,
    }
}

/// Applies the rules.
pub(crate) fn map(original: &LiveMenu, rules: &TakeoverRules) -> Mapped {
    let mut left_out = Vec::new();
    let mut tops: Vec<Top> = Vec::new();
    for (i, button) in original.set.button.iter().enumerate() {
        let path = format!("button[{i}]");
        let subs = children(button);
        if subs.is_empty() {
            match leaf(&path, button, original, rules) {
                Some(button) => tops.push(Top { path, button }),
                None => left_out.push(left(&path, button, original)),
            }
            continue;
        }
        let mut kept = Vec::new();
        for (j, sub) in subs.iter().enumerate() {
            let path = format!("{path}.sub_button[{j}]");
            match leaf(&path, sub, original, rules) {
                Some(sub) => kept.push(sub),
                None => left_out.push(left(&path, sub, original)),
            }
        }
        if kept.is_empty() {
            left_out.push(left(&path, button, original));
        } else {
            let mut button = button.clone();
            button["sub_button"] = Value::Array(kept);
            tops.push(Top { path, button });
        }
    }
    let own: Vec<Value> = rules.own.iter().take(MAX_BUTTONS).cloned().collect();
    let room = MAX_BUTTONS - own.len();
    let tops = if tops.len() > room { shrink(tops, room, original, rules, &mut left_out) } else { tops };
    let originals = tops.into_iter().map(|top| top.button);
    let button: Vec<Value> = match rules.own_place {
        OwnPlace::Before => own.into_iter().chain(originals).collect(),
        OwnPlace::After => originals.chain(own).collect(),
    };
    let keys = keys(&button);
    let replies = original.set.replies.iter().filter(|reply| keys.contains(&reply.key)).cloned().collect();
    let mut replaced = original.replaced.clone();
    replaced.retain(|r| r.key.as_ref().is_none_or(|key| keys.contains(key)));
    replaced.retain(|r| !left_out.iter().any(|left| left.path == r.path));
    let set = MenuSet { button, conditional: Vec::new(), replies };
    Mapped { menu: SourcedMenu { set, replaced }, left_out }
}

/// A leaf as the rules want it; `None` for content that nobody answers.
fn leaf(path: &str, button: &Value, original: &LiveMenu, rules: &TakeoverRules) -> Option<Value> {
    // `news` with one article became a page: nothing has to be answered.
    let content = original.replaced.iter().any(|r| r.path == path && r.key.is_some());
    if content {
        return rules.answer_content.then(|| button.clone());
    }
    let mut button = button.clone();
    if text(&button, "type") == "click" && !rules.key_prefix.is_empty() {
        let key = text(&button, "key").to_owned();
        if !key.starts_with(&rules.key_prefix) {
            button["key"] = format!("{}{key}", rules.key_prefix).into();
        }
    }
    Some(button)
}

/// Makes `tops` fit into `room` places: by one button that takes in those that do not fit, or without them.
fn shrink(
    mut tops: Vec<Top>,
    room: usize,
    original: &LiveMenu,
    rules: &TakeoverRules,
    left_out: &mut Vec<MenuReplaced>,
) -> Vec<Top> {
    let fold = rules.overflow == Overflow::Fold && room > 0;
    let over = tops.split_off(if fold { room - 1 } else { room });
    if !fold {
        left_out.extend(over.iter().map(|top| left(&top.path, &top.button, original)));
        return tops;
    }
    let mut inside = Vec::new();
    let mut path = String::new();
    for top in over {
        if path.is_empty() {
            path.clone_from(&top.path);
        }
        let subs = children(&top.button);
        let leaves: Vec<(String, Value)> = if subs.is_empty() {
            vec![(top.path, top.button)]
        } else {
            subs.into_iter().enumerate().map(|(j, sub)| (format!("{}.sub_button[{j}]", top.path), sub)).collect()
        };
        for (path, leaf) in leaves {
            if inside.len() < MAX_SUB_BUTTONS {
                inside.push(leaf);
            } else {
                left_out.push(left(&path, &leaf, original));
            }
        }
    }
    tops.push(Top { path, button: serde_json::json!({ "name": rules.folder_name, "sub_button": inside }) });
    tops
}

fn keys(buttons: &[Value]) -> Vec<String> {
    let mut keys = Vec::new();
    for button in buttons {
        for one in std::iter::once(button).chain(&children(button)) {
            keys.extend(one.get("key").and_then(Value::as_str).map(str::to_owned));
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dto::{MenuMaker, MenuReply, ReplyKind};

    /// Three parents' worth: a text, a page, a parent with a click, a voice and a page.
    fn original() -> LiveMenu {
        let replaced = |path: &str, kind: &str, key: Option<&str>| MenuReplaced {
            path: path.into(),
            name: "x".into(),
            kind: kind.into(),
            key: key.map(str::to_owned),
        };
        let reply = |key: &str, kind| MenuReply { key: key.into(), kind, content: "c".into(), news: None };
        LiveMenu {
            read_at: 1,
            made_by: MenuMaker::Website,
            is_open: true,
            set: MenuSet {
                button: vec![
                    json!({"type": "click", "name": "text", "key": "wxdesk_1"}),
                    json!({"type": "view", "name": "page", "url": "https://a.example"}),
                    json!({"name": "more", "sub_button": [
                        {"type": "click", "name": "own click", "key": "K1"},
                        {"type": "click", "name": "voice", "key": "wxdesk_3_2"},
                        {"type": "view", "name": "article", "url": "https://mp.weixin.qq.com/s?1"}]}),
                ],
                conditional: Vec::new(),
                replies: vec![reply("wxdesk_1", ReplyKind::Text), reply("wxdesk_3_2", ReplyKind::Voice)],
            },
            replaced: vec![
                replaced("button[0]", "text", Some("wxdesk_1")),
                replaced("button[2].sub_button[1]", "voice", Some("wxdesk_3_2")),
                replaced("button[2].sub_button[2]", "news", None),
            ],
            selfmenu: Value::Null,
            menu_get: None,
        }
    }

    fn own(n: usize) -> Vec<Value> {
        (0..n).map(|i| json!({"type": "view", "name": format!("own{i}"), "url": "https://own.example"})).collect()
    }

    fn names(set: &MenuSet) -> Vec<String> {
        let mut all = Vec::new();
        for top in &set.button {
            all.push(text(top, "name").to_owned());
            all.extend(children(top).iter().map(|sub| format!(" {}", text(sub, "name"))));
        }
        all
    }

    #[test]
    fn the_default_rules_keep_everything_and_answer_it() {
        let mapped = map(&original(), &TakeoverRules::default());
        assert_eq!(mapped.menu.set.button, original().set.button);
        assert_eq!(mapped.menu.set.replies.len(), 2);
        assert!(mapped.left_out.is_empty());
    }

    #[test]
    fn what_nobody_answers_is_left_out_and_named() {
        let rules = TakeoverRules { answer_content: false, ..TakeoverRules::default() };
        let mapped = map(&original(), &rules);
        assert_eq!(names(&mapped.menu.set), ["page", "more", " own click", " article"]);
        let left: Vec<_> = mapped.left_out.iter().map(|l| (l.path.as_str(), l.kind.as_str())).collect();
        assert_eq!(left, [("button[0]", "text"), ("button[2].sub_button[1]", "voice")]);
        assert!(mapped.menu.set.replies.is_empty());
    }

    #[test]
    fn keys_get_a_prefix_once_and_answers_keep_theirs() {
        let rules = TakeoverRules { key_prefix: "orig_".into(), ..TakeoverRules::default() };
        let mapped = map(&original(), &rules);
        assert_eq!(keys(&mapped.menu.set.button), ["wxdesk_1", "orig_K1", "wxdesk_3_2"]);
        let again = map(&LiveMenu { set: mapped.menu.set, ..original() }, &rules);
        assert_eq!(keys(&again.menu.set.button)[1], "orig_K1");
    }

    #[test]
    fn own_buttons_find_their_place_and_the_rest_folds_or_goes() {
        let rules = |n, own_place, overflow| TakeoverRules {
            own: own(n),
            own_place,
            overflow,
            folder_name: "原菜单".into(),
            ..TakeoverRules::default()
        };
        let folded = map(&original(), &rules(1, OwnPlace::Before, Overflow::Fold));
        assert_eq!(names(&folded.menu.set), ["own0", "text", "原菜单", " page", " own click", " voice", " article"]);
        assert!(folded.left_out.is_empty());
        let folded = map(&original(), &rules(2, OwnPlace::After, Overflow::Fold));
        assert_eq!(
            names(&folded.menu.set),
            ["原菜单", " text", " page", " own click", " voice", " article", "own0", "own1"]
        );
        let dropped = map(&original(), &rules(2, OwnPlace::After, Overflow::Drop));
        assert_eq!(names(&dropped.menu.set), ["text", "own0", "own1"]);
        assert_eq!(dropped.left_out.iter().map(|l| l.path.as_str()).collect::<Vec<_>>(), ["button[1]", "button[2]"]);
        let full = map(&original(), &rules(3, OwnPlace::After, Overflow::Fold));
        assert_eq!(full.menu.set.button.len(), 3);
        assert_eq!(full.left_out.len(), 3);
    }

    /// Whatever the rules: every original leaf is in the mapped menu or among what was left out.
    #[test]
    fn nothing_goes_without_a_word() {
        for n in 0..=3 {
            for overflow in [Overflow::Fold, Overflow::Drop] {
                for answer_content in [true, false] {
                    let rules = TakeoverRules { own: own(n), overflow, answer_content, ..TakeoverRules::default() };
                    let mapped = map(&original(), &rules);
                    let all = names(&mapped.menu.set).join("|");
                    for leaf in ["text", "page", "own click", "voice", "article"] {
                        let there = all.contains(leaf);
                        let named = mapped.left_out.iter().any(|l| l.name == leaf || l.name == "more");
                        assert!(there || named, "{leaf} {rules:?} {all}");
                    }
                    assert!(mapped.menu.set.button.len() <= 3);
                }
            }
        }
    }
}
