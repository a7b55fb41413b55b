//! Whatever is done to a menu in an editor, it stays one that WeChat takes, or the check names what is wrong with it.

#![cfg(test)]

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use wechat::menu::{ButtonType, MenuView, check_set, clean, diff, from_get, from_selfmenu, same_buttons};

/// What a person does; places are taken modulo what is there.
#[derive(Debug, Clone)]
enum Edit {
    Add(usize, Option<usize>),
    Delete(usize, Option<usize>),
    /// From a place to a place; `None` in the second part is the first level.
    Move((usize, Option<usize>), (usize, Option<usize>)),
    Rename(usize, Option<usize>, String),
    Retype(usize, Option<usize>, usize),
    Fill(usize, Option<usize>, bool),
    Duplicate(usize),
}

fn place() -> impl Strategy<Value = (usize, Option<usize>)> {
    (0_usize..4, proptest::option::of(0_usize..6))
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        3 => place().prop_map(|(i, j)| Edit::Add(i, j)),
        1 => place().prop_map(|(i, j)| Edit::Delete(i, j)),
        2 => (place(), place()).prop_map(|(a, b)| Edit::Move(a, b)),
        2 => (place(), "[a-z一二三四五]{0,24}").prop_map(|((i, j), name)| Edit::Rename(i, j, name)),
        2 => (place(), 0_usize..14).prop_map(|((i, j), kind)| Edit::Retype(i, j, kind)),
        3 => (place(), any::<bool>()).prop_map(|((i, j), good)| Edit::Fill(i, j, good)),
        1 => (0_usize..4).prop_map(Edit::Duplicate),
    ]
}

fn new_button() -> Value {
    json!({"type": "click", "name": "新菜单", "key": "K"})
}

fn subs(button: &mut Value) -> &mut Vec<Value> {
    if !button["sub_button"].is_array() {
        button["sub_button"] = json!([]);
    }
    button["sub_button"].as_array_mut().unwrap()
}

fn at(menu: &mut [Value], i: usize, j: Option<usize>) -> Option<&mut Value> {
    let count = menu.len();
    let top = menu.get_mut(i % count.max(1))?;
    match j {
        None => Some(top),
        Some(j) => {
            let list = top.get_mut("sub_button").and_then(Value::as_array_mut)?;
            let count = list.len();
            list.get_mut(j % count.max(1))
        }
    }
}

fn take(menu: &mut Vec<Value>, i: usize, j: Option<usize>) -> Option<Value> {
    if menu.is_empty() {
        return None;
    }
    let i = i % menu.len();
    match j {
        None => Some(menu.remove(i)),
        Some(j) => {
            let list = menu[i].get_mut("sub_button").and_then(Value::as_array_mut).filter(|list| !list.is_empty())?;
            let j = j % list.len();
            Some(list.remove(j))
        }
    }
}

fn put(menu: &mut Vec<Value>, i: usize, j: Option<usize>, button: Value) {
    match j {
        Some(j) if !menu.is_empty() => {
            let i = i % menu.len();
            let list = subs(&mut menu[i]);
            let j = j.min(list.len());
            list.insert(j, button);
        }
        _ => menu.insert(i.min(menu.len()), button),
    }
}

fn apply(menu: &mut Vec<Value>, edit: Edit) {
    match edit {
        Edit::Add(i, j) => put(menu, i, j, new_button()),
        Edit::Delete(i, j) => drop(take(menu, i, j)),
        Edit::Move((i, j), (k, l)) => {
            if let Some(button) = take(menu, i, j) {
                put(menu, k, l, button);
            }
        }
        Edit::Rename(i, j, name) => {
            if let Some(button) = at(menu, i, j) {
                button["name"] = name.into();
            }
        }
        Edit::Retype(i, j, kind) => {
            if let Some(button) = at(menu, i, j) {
                button["type"] = ButtonType::ALL.get(kind).map_or(Value::Null, |kind| kind.as_str().into());
            }
        }
        Edit::Fill(i, j, good) => {
            if let Some(button) = at(menu, i, j) {
                let kind = button["type"].as_str().and_then(ButtonType::from_name);
                for member in kind.iter().flat_map(|kind| kind.required()) {
                    let value = match (*member, good) {
                        ("url", true) => "https://a.cn/".to_owned(),
                        ("url", false) => format!("https://a.cn/{}", "x".repeat(1100)),
                        ("appid", true) => "wx286b93c14bbf93aa".to_owned(),
                        ("key", false) => "k".repeat(129),
                        (_, true) => "good".to_owned(),
                        (_, false) => String::new(),
                    };
                    button[*member] = value.into();
                }
            }
        }
        Edit::Duplicate(i) => {
            if let Some(button) = at(menu, i, None).cloned() {
                menu.push(button);
            }
        }
    }
}

/// WeChat's rules, told a second time and as simply as can be: yes or no.
fn valid(menu: &[Value]) -> bool {
    let text = |button: &Value, member: &str| button[member].as_str().unwrap_or_default().to_owned();
    let leaf = |button: &Value, name: usize| {
        let own = text(button, "name");
        let members = match text(button, "type").as_str() {
            "click" | "scancode_push" | "scancode_waitmsg" | "pic_sysphoto" | "pic_photo_or_album" | "pic_weixin"
            | "location_select" => vec![("key", 128)],
            "view" => vec![("url", 1024)],
            "media_id" | "view_limited" => vec![("media_id", 9999)],
            "article_id" | "article_view_limited" => vec![("article_id", 9999)],
            "miniprogram" => vec![("url", 1024), ("appid", 18), ("pagepath", 9999)],
            _ => return false,
        };
        let filled = |(member, limit): &(&str, usize)| (1..=*limit).contains(&text(button, member).len());
        (1..=name).contains(&own.len()) && members.iter().all(filled)
    };
    (1..=3).contains(&menu.len())
        && menu.iter().all(|top| match top["sub_button"].as_array().map(Vec::as_slice) {
            None | Some([]) => leaf(top, 16),
            Some(list) => {
                let own = text(top, "name");
                (1..=16).contains(&own.len())
                    && top["type"].is_null()
                    && list.len() <= 5
                    && list.iter().all(|sub| sub["sub_button"].as_array().is_none_or(Vec::is_empty) && leaf(sub, 60))
            }
        })
}

fn exists(menu: &[Value], path: &str) -> bool {
    let root = json!({ "button": menu });
    let pointer = format!("/{}", path.replace("].", "/").replace(['.', '['], "/").replace(']', ""));
    // The last part may be a member that is missing: that is what is wrong then.
    let (parent, _) = pointer.rsplit_once('/').unwrap();
    root.pointer(parent).is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn a_menu_stays_valid_or_the_check_names_the_problem(edits in vec(edit(), 0..40)) {
        let mut menu = vec![new_button()];
        for edit in edits {
            apply(&mut menu, edit);
            let findings = check_set(&menu, &[]);
            let errors: Vec<_> = findings.iter().filter(|f| f.error).collect();
            prop_assert_eq!(errors.is_empty(), valid(&menu), "{} {:?}", json!(menu), errors);
            for finding in &findings {
                prop_assert!(exists(&menu, &finding.problem.path), "{} {}", json!(menu), finding.problem.path);
            }
        }
    }

    #[test]
    fn a_difference_accounts_for_every_button(left in vec(edit(), 0..25), right in vec(edit(), 0..12)) {
        let mut before = vec![new_button()];
        left.into_iter().for_each(|edit| apply(&mut before, edit));
        // The check refuses a third level; a difference is made of what an editor shows.
        for top in &mut before {
            for sub in top.get_mut("sub_button").and_then(Value::as_array_mut).into_iter().flatten() {
                sub.as_object_mut().unwrap().remove("sub_button");
            }
        }
        let mut after = before.clone();
        right.into_iter().for_each(|edit| apply(&mut after, edit));
        let none = BTreeMap::new();
        let compare = |a: &[Value], b: &[Value]| {
            let view = |button| [MenuView { name: "", matchrule: None, button }];
            diff(&view(a), &view(b), &none, &none)
        };
        prop_assert!(compare(&before, &before).is_empty());
        let changes = compare(&before, &after);
        if clean(&before) != clean(&after) && after.iter().all(|top| {
            top["sub_button"].as_array().into_iter().flatten().all(|sub| sub["sub_button"].is_null())
        }) {
            prop_assert!(!changes.is_empty(), "{} {}", json!(before), json!(after));
        }
        // Nothing is named twice, and what came and went adds up.
        let mut lefts: Vec<&str> = changes.iter().filter_map(|c| c.left.as_deref()).collect();
        let mut rights: Vec<&str> = changes.iter().filter_map(|c| c.right.as_deref()).collect();
        let (all_left, all_right) = (lefts.len(), rights.len());
        lefts.sort_unstable();
        lefts.dedup();
        rights.sort_unstable();
        rights.dedup();
        prop_assert_eq!((lefts.len(), rights.len()), (all_left, all_right));
        let count = |menu: &[Value]| menu.iter().map(|top| 1 + top["sub_button"].as_array().map_or(0, Vec::len)).sum::<usize>();
        let only_left = changes.iter().filter(|c| c.right.is_none()).count();
        let only_right = changes.iter().filter(|c| c.left.is_none()).count();
        prop_assert_eq!(count(&before) + only_right, count(&after) + only_left);
    }

    #[test]
    fn a_valid_menu_survives_both_readings(edits in vec(edit(), 0..40)) {
        let mut menu = vec![new_button()];
        // The last one on the way that WeChat would take: at the end most are not.
        let mut last = menu.clone();
        for edit in edits {
            apply(&mut menu, edit);
            if valid(&menu) {
                last.clone_from(&menu);
            }
        }
        let menu = last;
        let listed = |menu: &[Value]| -> Vec<Value> {
            let top = |top: &Value| {
                let mut top = top.clone();
                let list = top["sub_button"].take();
                if list.as_array().is_some_and(|list| !list.is_empty()) {
                    top["sub_button"] = json!({"list": list});
                }
                top
            };
            menu.iter().map(top).collect()
        };
        let get = json!({"menu": {"button": menu}});
        let selfmenu = json!({"is_menu_open": 1, "selfmenu_info": {"button": listed(&menu)}});
        prop_assert!(same_buttons(&from_get(&get).button, &menu));
        let converted = from_selfmenu(&selfmenu, "k");
        prop_assert!(converted.replaced.is_empty() && same_buttons(&converted.button, &menu), "{}", json!(converted.button));
    }
}
