//! How two menus differ, as a person would say it: added, removed, changed member by member, moved.
//!
//! Owns: which button of one menu is which of the other. Must not: decide what is to be sent; see the engine's plan.
//! Invariants: every button of either side that is not the same at the same place is in exactly one change; a menu has no
//! difference to itself. A button that only stands elsewhere because others came or went before it has not moved.

use std::collections::BTreeMap;

use serde_json::Value;

use super::check::{under, walk};
use super::equal::{children, clean, rule_words, same_rule};

/// A conditional menu or the default one, as it is compared.
#[derive(Debug, Clone, Copy, Default)]
pub struct MenuView<'a> {
    /// The operator's own name for it.
    pub name: &'a str,
    /// Its rule; `None` for the default menu.
    pub matchrule: Option<&'a Value>,
    /// Its buttons.
    pub button: &'a [Value],
}

/// What happened to a button or to a conditional menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// Only on the right.
    Added,
    /// Only on the left.
    Removed,
    /// On both, with other members.
    Changed,
    /// On both, unchanged, elsewhere.
    Moved,
}

/// A member that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// `name`, `type`, `url`, …
    pub field: String,
    /// Before; `None` when absent.
    pub left: Option<String>,
    /// After; `None` when absent.
    pub right: Option<String>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Path on the left.
    pub left: Option<String>,
    /// Path on the right.
    pub right: Option<String>,
    /// The button's name, on the right if it is there; of a conditional menu its name or its rule.
    pub name: String,
    /// Members that differ; empty unless changed.
    pub fields: Vec<FieldChange>,
}

/// Compares two sets; the first menu of each is the default one, the others are conditional, in matching order.
/// `replies` of a side say what is answered to a key; they count as a member `reply` of the buttons with that key.
#[must_use]
pub fn diff(
    left: &[MenuView<'_>],
    right: &[MenuView<'_>],
    left_replies: &BTreeMap<String, String>,
    right_replies: &BTreeMap<String, String>,
) -> Vec<Change> {
    let replies = (left_replies, right_replies);
    let default = (left.first().copied().unwrap_or_default(), right.first().copied().unwrap_or_default());
    let mut changes = buttons(("", default.0), ("", default.1), replies);
    let (left, right) = (left.get(1..).unwrap_or_default(), right.get(1..).unwrap_or_default());
    let pairs = pair_menus(left, right);
    let stayed = longest_run(&pairs.iter().flatten().copied().collect::<Vec<_>>());
    let path = |i: usize| format!("conditional[{i}]");
    let words = |menu: &MenuView<'_>| {
        if menu.name.is_empty() { menu.matchrule.map(rule_words).unwrap_or_default() } else { menu.name.to_owned() }
    };
    for (r, menu) in right.iter().enumerate() {
        let Some(l) = pairs.iter().position(|pair| *pair == Some(r)) else {
            changes.push(Change {
                kind: ChangeKind::Added,
                left: None,
                right: Some(path(r)),
                name: words(menu),
                fields: Vec::new(),
            });
            continue;
        };
        let before = left[l];
        let mut fields = Vec::new();
        if before.name != menu.name {
            fields.push(field("name", Some(before.name), Some(menu.name)));
        }
        let rule = |menu: &MenuView<'_>| menu.matchrule.map(rule_words);
        if !same_rule(before.matchrule.unwrap_or(&Value::Null), menu.matchrule.unwrap_or(&Value::Null)) {
            fields.push(field("matchrule", rule(&before).as_deref(), rule(menu).as_deref()));
        }
        if !fields.is_empty() || !stayed.contains(&r) {
            let kind = if fields.is_empty() { ChangeKind::Moved } else { ChangeKind::Changed };
            changes.push(Change { kind, left: Some(path(l)), right: Some(path(r)), name: words(menu), fields });
        }
        changes.extend(buttons((&path(l), before), (&path(r), *menu), replies));
    }
    for (l, menu) in left.iter().enumerate().filter(|(l, _)| pairs[*l].is_none()) {
        changes.push(Change {
            kind: ChangeKind::Removed,
            left: Some(path(l)),
            right: None,
            name: words(menu),
            fields: Vec::new(),
        });
    }
    changes
}

fn field(name: &str, left: Option<&str>, right: Option<&str>) -> FieldChange {
    FieldChange { field: name.to_owned(), left: left.map(str::to_owned), right: right.map(str::to_owned) }
}

/// Whether one of the left is one of the right.
type Test<'t, T> = &'t dyn Fn(&T, &T) -> bool;

/// Which menu on the right each one on the left is: by rule and buttons, then by rule, then by buttons.
fn pair_menus(left: &[MenuView<'_>], right: &[MenuView<'_>]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; left.len()];
    let null = Value::Null;
    let rule =
        |a: &MenuView<'_>, b: &MenuView<'_>| same_rule(a.matchrule.unwrap_or(&null), b.matchrule.unwrap_or(&null));
    let same = |a: &MenuView<'_>, b: &MenuView<'_>| clean(a.button) == clean(b.button);
    let tests: [Test<'_, MenuView<'_>>; 3] = [&|a, b| rule(a, b) && same(a, b), &rule, &same];
    for test in tests {
        for l in 0..left.len() {
            if pairs[l].is_none() {
                pairs[l] = (0..right.len()).find(|r| !pairs.contains(&Some(*r)) && test(&left[l], &right[*r]));
            }
        }
    }
    pairs
}

/// A button of one side, with its members as texts.
struct Flat {
    path: String,
    /// Index of the parent among the flat ones.
    parent: Option<usize>,
    name: String,
    members: BTreeMap<String, String>,
    is_parent: bool,
}

fn flatten(menu: &MenuView<'_>, replies: &BTreeMap<String, String>) -> Vec<Flat> {
    let cleaned = clean(menu.button);
    let mut flat: Vec<Flat> = Vec::new();
    let mut last_top = 0;
    walk(&cleaned, &mut |path, button| {
        let sub = path.contains("sub_button");
        if !sub {
            last_top = flat.len();
        }
        let mut members: BTreeMap<String, String> = button
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| *name != "sub_button")
            .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect();
        if members.get("type").is_some_and(|kind| kind == "click")
            && let Some(reply) = members.get("key").and_then(|key| replies.get(key))
        {
            members.insert("reply".to_owned(), reply.clone());
        }
        flat.push(Flat {
            path: path.to_owned(),
            parent: sub.then_some(last_top),
            name: members.get("name").cloned().unwrap_or_default(),
            members,
            is_parent: !children(button).is_empty(),
        });
    });
    flat
}

/// What a tap does: every member but the name.
fn action(button: &Flat) -> impl Iterator<Item = (&String, &String)> {
    button.members.iter().filter(|(name, _)| *name != "name" && *name != "reply")
}

/// Which button on the right each one on the left is. The surer tests go first, so that a weak likeness never takes a
/// button away from its double.
fn pair(left: &[Flat], right: &[Flat]) -> Vec<Option<usize>> {
    let equal = |a: &Flat, b: &Flat| a.members == b.members && a.is_parent == b.is_parent;
    let place = |a: &Flat, b: &Flat| a.path == b.path;
    let same_name = |a: &Flat, b: &Flat| a.name == b.name && !a.name.is_empty() && a.is_parent == b.is_parent;
    let same_action =
        |a: &Flat, b: &Flat| !a.is_parent && !b.is_parent && action(a).next().is_some() && action(a).eq(action(b));
    let tests: [Test<'_, Flat>; 7] = [
        &|a, b| place(a, b) && equal(a, b),
        &|a, b| equal(a, b),
        &|a, b| place(a, b) && (same_name(a, b) || same_action(a, b)),
        &same_action,
        &same_name,
        &|a, b| place(a, b) && a.is_parent == b.is_parent,
        &place,
    ];
    let mut pairs = vec![None; left.len()];
    let mut taken = vec![false; right.len()];
    for test in tests {
        for l in 0..left.len() {
            if pairs[l].is_some() {
                continue;
            }
            // Of several, one under the same parent first.
            let fits: Vec<usize> = (0..right.len()).filter(|r| !taken[*r] && test(&left[l], &right[*r])).collect();
            let near = |r: &usize| left[l].parent.map(|p| pairs[p]) == right[*r].parent.map(Some);
            if let Some(r) = fits.iter().copied().find(near).or_else(|| fits.first().copied()) {
                pairs[l] = Some(r);
                taken[r] = true;
            }
        }
    }
    pairs
}

fn buttons(
    (left_prefix, left): (&str, MenuView<'_>),
    (right_prefix, right): (&str, MenuView<'_>),
    replies: (&BTreeMap<String, String>, &BTreeMap<String, String>),
) -> Vec<Change> {
    let (left, right) = (flatten(&left, replies.0), flatten(&right, replies.1));
    let pairs = pair(&left, &right);
    let moved = moved(&left, &right, &pairs);
    let mut changes = Vec::new();
    for (r, button) in right.iter().enumerate() {
        let right_path = Some(under(right_prefix, &button.path));
        let name = button.name.clone();
        let Some(l) = pairs.iter().position(|pair| *pair == Some(r)) else {
            changes.push(Change { kind: ChangeKind::Added, left: None, right: right_path, name, fields: Vec::new() });
            continue;
        };
        let fields = fields(&left[l], button);
        if !fields.is_empty() || moved.contains(&l) {
            let kind = if fields.is_empty() { ChangeKind::Moved } else { ChangeKind::Changed };
            changes.push(Change {
                kind,
                left: Some(under(left_prefix, &left[l].path)),
                right: right_path,
                name,
                fields,
            });
        }
    }
    for (button, _) in left.iter().zip(&pairs).filter(|(_, pair)| pair.is_none()) {
        changes.push(Change {
            kind: ChangeKind::Removed,
            left: Some(under(left_prefix, &button.path)),
            right: None,
            name: button.name.clone(),
            fields: Vec::new(),
        });
    }
    changes
}

/// Buttons on the left that stand under another parent on the right, or in another order among those that stayed.
fn moved(left: &[Flat], right: &[Flat], pairs: &[Option<usize>]) -> Vec<usize> {
    let mut moved = Vec::new();
    let mut families: BTreeMap<Option<usize>, Vec<(usize, usize)>> = BTreeMap::new();
    for (l, button) in left.iter().enumerate() {
        let Some(r) = pairs[l] else { continue };
        let parents_match = match (button.parent, right[r].parent) {
            (None, None) => true,
            (Some(before), Some(after)) => pairs[before] == Some(after),
            _ => false,
        };
        if parents_match {
            families.entry(button.parent).or_default().push((l, r));
        } else {
            moved.push(l);
        }
    }
    for family in families.into_values() {
        let stayed = longest_run(&family.iter().map(|(_, r)| *r).collect::<Vec<_>>());
        moved.extend(family.into_iter().filter(|(_, r)| !stayed.contains(r)).map(|(l, _)| l));
    }
    moved
}

/// A longest subsequence of different numbers that grows; menus are short, so the simple way does.
fn longest_run(numbers: &[usize]) -> Vec<usize> {
    let mut best: Vec<Vec<usize>> = Vec::new();
    for (i, number) in numbers.iter().enumerate() {
        let before = (0..i).filter(|j| numbers[*j] < *number).max_by_key(|j| best[*j].len());
        let mut run = before.map(|j| best[j].clone()).unwrap_or_default();
        run.push(*number);
        best.push(run);
    }
    best.into_iter().max_by_key(Vec::len).unwrap_or_default()
}

fn fields(left: &Flat, right: &Flat) -> Vec<FieldChange> {
    let mut names: Vec<&String> = left.members.keys().chain(right.members.keys()).collect();
    let rank = |name: &str| {
        ["name", "type", "key", "reply", "url", "appid", "pagepath", "media_id", "article_id"]
            .iter()
            .position(|known| *known == name)
            .unwrap_or(usize::MAX)
    };
    names.sort_by(|a, b| (rank(a), a).cmp(&(rank(b), b)));
    names.dedup();
    names
        .into_iter()
        .filter(|name| left.members.get(*name) != right.members.get(*name))
        .map(|name| {
            field(name, left.members.get(name).map(String::as_str), right.members.get(name).map(String::as_str))
        })
        .collect()
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
