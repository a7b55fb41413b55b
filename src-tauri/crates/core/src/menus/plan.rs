//! What has to be done so that a menu is live: a pure function of what was read and what is wanted.
//!
//! WeChat changes no conditional menu: one is deleted and added again, and the newest is matched first. So what can stay
//! is the longest beginning of the wanted ones, oldest first, that is live in this order; everything else live goes, and
//! the rest of the wanted is added, oldest first. Invariants: nothing is planned for what is live already; doing the
//! first step and planning again ends, whatever a lost reply hid.

use serde_json::Value;
use wechat::menu::{Maker, ReadConditional, clean, clean_rule, from_get, maker, same_buttons, same_rule};

use super::live::Reading;
use crate::dto::{ConditionalSet, MenuPlace, MenuSet, PublishStep};

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The default menu and all conditional ones go.
    Delete,
    /// The default menu is replaced.
    Create,
    /// A conditional menu of that number goes.
    DeleteConditional(String),
    /// `conditional[index]` of the wanted set is added.
    AddConditional(usize),
}

impl Step {
    /// As it is kept and shown, not done yet.
    pub(crate) fn begun(&self) -> PublishStep {
        let (act, place, menuid) = match self {
            Self::Delete => ("delete", None, None),
            Self::Create => ("create", Some(MenuPlace::Default), None),
            Self::DeleteConditional(id) => ("delete_conditional", None, Some(id.clone())),
            Self::AddConditional(index) => ("add_conditional", Some(MenuPlace::Conditional { index: *index }), None),
        };
        PublishStep { act: act.to_owned(), place, menuid, done_at: None, found_done: false }
    }

    /// Whether that kept step is this one.
    pub(crate) fn is(&self, kept: &PublishStep) -> bool {
        let own = self.begun();
        own.act == kept.act && own.place == kept.place && (own.menuid.is_none() || own.menuid == kept.menuid)
    }
}

/// The menu as it is sent: without what says nothing, rules under their present names.
pub(crate) fn sendable(set: &MenuSet) -> MenuSet {
    MenuSet {
        button: clean(&set.button),
        conditional: set
            .conditional
            .iter()
            .map(|menu| ConditionalSet {
                name: menu.name.clone(),
                matchrule: Value::Object(clean_rule(&menu.matchrule)),
                button: clean(&menu.button),
                menuid: None,
            })
            .collect(),
        replies: set.replies.clone(),
    }
}

/// The steps from what was read to what is wanted, in the order in which they are done; none: it is live.
pub(crate) fn plan(read: &Reading, wanted: &MenuSet) -> Vec<Step> {
    let live = read.get.as_ref().map(from_get).unwrap_or_default();
    let made_by = maker(&read.selfmenu, read.get.as_ref());
    if wanted.button.is_empty() {
        let nothing = made_by == Maker::Nobody && live.button.is_empty() && live.conditional.is_empty();
        return if nothing { Vec::new() } else { vec![Step::Delete] };
    }
    let mut steps = Vec::new();
    if made_by != Maker::Api || !same_buttons(&live.button, &wanted.button) {
        steps.push(Step::Create);
    }
    let oldest_first: Vec<(usize, &ConditionalSet)> = wanted.conditional.iter().enumerate().rev().collect();
    let mut kept = 0;
    for menu in live.conditional.iter().rev() {
        if oldest_first.get(kept).is_some_and(|(_, wanted)| same_menu(menu, wanted)) {
            kept += 1;
        } else {
            steps.extend(menu.menuid.clone().map(Step::DeleteConditional));
        }
    }
    steps.extend(oldest_first[kept..].iter().map(|(index, _)| Step::AddConditional(*index)));
    steps
}

fn same_menu(live: &ReadConditional, wanted: &ConditionalSet) -> bool {
    same_rule(&live.matchrule, &wanted.matchrule) && same_buttons(&live.button, &wanted.button)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn button(name: &str) -> Value {
        json!({"type": "click", "name": name, "key": name})
    }

    /// What is read of conditional menus, oldest first, as (tag, button).
    fn reading(default: Option<&str>, conditional: &[(u32, &str)]) -> Reading {
        let menus = conditional.iter().enumerate().map(|(n, (tag, name))| {
            let mut leaf = button(name);
            leaf["sub_button"] = json!([]);
            json!({"button": [leaf], "matchrule": {"group_id": tag}, "menuid": 100 + n})
        });
        let default = default.map(|name| json!([button(name)]));
        Reading {
            selfmenu: json!({"is_menu_open": i32::from(default.is_some()), "selfmenu_info": {"button": default}}),
            get: default
                .map(|button| json!({"menu": {"button": button}, "conditionalmenu": menus.rev().collect::<Vec<_>>()})),
        }
    }

    /// Oldest first, like the reading.
    fn wanted(default: &str, conditional: &[(u32, &str)]) -> MenuSet {
        let menu = |(tag, name): &(u32, &str)| ConditionalSet {
            matchrule: json!({"tag_id": tag.to_string()}),
            button: vec![button(name)],
            ..ConditionalSet::default()
        };
        let button = if default.is_empty() { Vec::new() } else { vec![button(default)] };
        MenuSet { button, conditional: conditional.iter().rev().map(menu).collect(), replies: Vec::new() }
    }

    /// Does what was planned, one step at a time; answers the acts.
    fn acts(
        mut default: Option<&'static str>,
        live: &[(u32, &'static str)],
        set: &MenuSet,
        names: &[(u32, &'static str)],
    ) -> Vec<String> {
        let mut live = live.to_vec();
        let mut acts = Vec::new();
        // As WeChat would: numbers are the places here, so a plan is made anew after every step.
        while let Some(step) = plan(&reading(default, &live), set).into_iter().next() {
            assert!(acts.len() < 20, "{acts:?}");
            match step {
                Step::Delete => (default, live) = (None, Vec::new()),
                Step::Create => default = Some("new"),
                Step::DeleteConditional(ref id) => {
                    let gone = live.remove(id.parse::<usize>().unwrap() - 100);
                    acts.push(format!("-{}", gone.0));
                    continue;
                }
                Step::AddConditional(index) => {
                    let added = names[names.len() - 1 - index];
                    live.push(added);
                    acts.push(format!("+{}", added.0));
                    continue;
                }
            }
            acts.push(step.begun().act);
        }
        acts
    }

    #[test]
    fn no_more_than_is_needed() {
        let (a, b, c, d) = ((1, "a"), (2, "b"), (3, "c"), (4, "d"));
        for (default, live, names, expected) in [
            (Some("new"), vec![a, b, c], vec![a, b, c], vec![]),
            (Some("old"), vec![a, b], vec![a, b], vec!["create"]),
            (None, vec![], vec![a, b], vec!["create", "+1", "+2"]),
            (Some("new"), vec![], vec![a], vec!["+1"]),
            (Some("new"), vec![a, b, c], vec![], vec!["-1", "-2", "-3"]),
            // A newer one is added on top.
            (Some("new"), vec![a, b], vec![a, b, c], vec!["+3"]),
            // Out of the middle: the newer ones stay.
            (Some("new"), vec![a, b, c], vec![a, c], vec!["-2"]),
            (Some("new"), vec![a, b, c], vec![b, c], vec!["-1"]),
            // An older one comes in between: everything newer is made again.
            (Some("new"), vec![a, c, d], vec![a, b, c, d], vec!["-3", "-4", "+2", "+3", "+4"]),
            // Changed places.
            (Some("new"), vec![a, b, c], vec![a, c, b], vec!["-2", "+2"]),
            (Some("new"), vec![a, b], vec![b, a], vec!["-1", "+1"]),
            // Changed buttons or rule.
            (Some("new"), vec![a, b, c], vec![a, (2, "z"), c], vec!["-2", "-3", "+2", "+3"]),
            (Some("new"), vec![a, b], vec![a, (9, "b")], vec!["-2", "+9"]),
            // Doubles.
            (Some("new"), vec![a, a], vec![a], vec!["-1"]),
            (Some("new"), vec![a], vec![a, a], vec!["+1"]),
        ] {
            assert_eq!(acts(default, &live, &wanted("new", &names), &names), expected, "{live:?} → {names:?}");
        }
    }

    #[test]
    fn nothing_wanted_deletes_whatever_is_there_once() {
        let nothing = wanted("", &[]);
        assert_eq!(acts(Some("old"), &[(1, "a")], &nothing, &[]), ["delete"]);
        assert_eq!(acts(None, &[], &nothing, &[]), [] as [&str; 0]);
        let website = Reading {
            selfmenu: json!({"is_menu_open": 1, "selfmenu_info": {"button": [{"type": "text", "name": "t", "value": "v"}]}}),
            get: None,
        };
        assert_eq!(plan(&website, &nothing), [Step::Delete]);
    }

    #[test]
    fn a_menu_of_the_website_is_replaced_even_if_ours_is_still_shown() {
        let mut read = reading(Some("new"), &[]);
        let set = wanted("new", &[]);
        assert_eq!(plan(&read, &set), []);
        read.selfmenu["selfmenu_info"]["button"] = json!([{"type": "text", "name": "by hand", "value": "v"}]);
        assert_eq!(plan(&read, &set), [Step::Create]);
        read.selfmenu = json!({"is_menu_open": 0, "selfmenu_info": {"button": []}});
        assert_eq!(plan(&read, &set), [Step::Create], "switched off");
    }

    #[test]
    fn what_says_nothing_is_not_sent() {
        let set = MenuSet {
            button: vec![json!({"type": "click", "name": "a", "key": "K", "url": null, "sub_button": []})],
            conditional: vec![ConditionalSet {
                name: "VIP".into(),
                matchrule: json!({"group_id": 2, "sex": ""}),
                button: vec![button("a")],
                menuid: Some("7".into()),
            }],
            replies: Vec::new(),
        };
        let sent = sendable(&set);
        assert_eq!(sent.button, [json!({"type": "click", "name": "a", "key": "K"})]);
        assert_eq!(sent.conditional[0].matchrule, json!({"tag_id": "2"}));
        assert_eq!((sent.conditional[0].name.as_str(), &sent.conditional[0].menuid), ("VIP", &None));
        let kept = Step::DeleteConditional("7".into()).begun();
        assert!(Step::DeleteConditional("7".into()).is(&kept) && !Step::DeleteConditional("8".into()).is(&kept));
        assert!(!Step::Create.is(&kept));
    }
}
