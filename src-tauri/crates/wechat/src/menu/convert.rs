//! Readings of WeChat's two kinds, in the form of `menu/create`.
//!
//! Works on JSON and not on types, so that members and types that are not known here pass through untouched.
//! Invariant: whatever `menu/create` took comes out of either reading as it went in.

use serde::Serialize;
use serde_json::{Map, Value};

use super::ButtonType;
use super::equal::{children, clean};

/// A conditional menu as `menu/get` shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadConditional {
    /// Its buttons, in the form of `menu/create`.
    pub button: Vec<Value>,
    /// As it was created, abolished members included.
    pub matchrule: Value,
    /// WeChat's number, as a text.
    pub menuid: Option<String>,
}

/// What `menu/get` shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadMenus {
    /// The default menu's buttons, in the form of `menu/create`.
    pub button: Vec<Value>,
    /// In matching order, newest first: numbers grow with every menu that is added.
    pub conditional: Vec<ReadConditional>,
}

/// A website-made button that `menu/create` cannot express, and what stands in its place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replaced {
    /// `button[0].sub_button[2]` in the converted menu.
    pub path: String,
    /// The button's name.
    pub name: String,
    /// The website's type: `text`, `img`, …
    pub kind: String,
    /// The key of the `click` button that stands in its place, or `None` where a `view` does (`news`).
    pub key: Option<String>,
    /// What the account should answer to that key: text, media id or address; of a `news`, its material.
    pub value: String,
    /// The articles of a `news` with several.
    pub news: Option<Value>,
}

/// A reading of `get_current_selfmenu_info` in the form of `menu/create`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Converted {
    /// The buttons.
    pub button: Vec<Value>,
    /// What had to be replaced.
    pub replaced: Vec<Replaced>,
}

/// Who made the live menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// By hand on mp.weixin.qq.com.
    Website,
    /// Through the API.
    Api,
    /// There is none, or menus are switched off.
    Nobody,
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A number or a text, as a text.
fn number_text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The menus of a `menu/get` answer (F.4).
#[must_use]
pub fn from_get(answer: &Value) -> ReadMenus {
    let mut conditional: Vec<ReadConditional> = list(answer.get("conditionalmenu"))
        .iter()
        .map(|menu| ReadConditional {
            button: clean(list(menu.get("button"))),
            matchrule: menu.get("matchrule").cloned().unwrap_or_default(),
            menuid: number_text(menu.get("menuid")),
        })
        .collect();
    let number = |menu: &ReadConditional| menu.menuid.as_ref().and_then(|id| id.parse::<u64>().ok());
    if conditional.iter().all(|menu| number(menu).is_some()) {
        conditional.sort_by_key(|menu| std::cmp::Reverse(number(menu)));
    }
    ReadMenus { button: clean(list(answer.pointer("/menu/button"))), conditional }
}

/// Whether a `get_current_selfmenu_info` answer says that menus are switched on; missing means on.
#[must_use]
pub fn is_open(selfmenu: &Value) -> bool {
    number_text(selfmenu.get("is_menu_open")).as_deref() != Some("0")
}

/// The menu of a `get_current_selfmenu_info` answer (F.5). A `news` with one article becomes a `view` of it, every other
/// website-made type a `click` with a generated key (`{key_prefix}1_2`) that no other button has.
#[must_use]
pub fn from_selfmenu(answer: &Value, key_prefix: &str) -> Converted {
    let buttons = list(answer.pointer("/selfmenu_info/button"));
    let mut taken = Vec::new();
    for top in buttons {
        for button in std::iter::once(top).chain(listed(top)) {
            taken.extend(button.get("key").and_then(Value::as_str).map(str::to_owned));
        }
    }
    let mut converter = Converter { taken, replaced: Vec::new() };
    let button = buttons
        .iter()
        .enumerate()
        .map(|(i, top)| {
            let path = format!("button[{i}]");
            let subs = listed(top);
            if subs.is_empty() {
                return converter.leaf(top, path, format!("{key_prefix}{}", i + 1));
            }
            let subs: Vec<Value> = subs
                .iter()
                .enumerate()
                .map(|(j, sub)| {
                    converter.leaf(sub, format!("{path}.sub_button[{j}]"), format!("{key_prefix}{}_{}", i + 1, j + 1))
                })
                .collect();
            let mut parent = without_children(top);
            parent.insert("sub_button".to_owned(), Value::Array(subs));
            Value::Object(parent)
        })
        .collect::<Vec<_>>();
    Converted { button: clean(&button), replaced: converter.replaced }
}

/// Sub-buttons in either form: `{"list": […]}` or `[…]`.
fn listed(button: &Value) -> &[Value] {
    let subs = button.get("sub_button");
    match subs {
        Some(Value::Object(subs)) => list(subs.get("list")),
        other => list(other),
    }
}

fn without_children(button: &Value) -> Map<String, Value> {
    let mut members = button.as_object().cloned().unwrap_or_default();
    members.remove("sub_button");
    members
}

struct Converter {
    taken: Vec<String>,
    replaced: Vec<Replaced>,
}

impl Converter {
    fn leaf(&mut self, from: &Value, path: String, key: String) -> Value {
        let mut members = without_children(from);
        let kind = from.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let website = matches!(kind.as_str(), "text" | "img" | "photo" | "video" | "voice" | "news");
        if !website || ButtonType::from_name(&kind).is_some() {
            return Value::Object(members);
        }
        let articles = list(from.pointer("/news_info/list"));
        let article = match articles {
            [only] => only.get("content_url").and_then(Value::as_str).filter(|url| !url.is_empty()),
            _ => None,
        };
        let value = members.remove("value").and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
        members.remove("news_info");
        let mut replaced = Replaced {
            path,
            name: from.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
            kind,
            key: None,
            value: article.map_or(value, str::to_owned),
            news: None,
        };
        if let Some(url) = article {
            members.insert("type".to_owned(), "view".into());
            members.insert("url".to_owned(), url.into());
        } else {
            let key = self.free_key(key);
            members.insert("type".to_owned(), "click".into());
            members.insert("key".to_owned(), key.clone().into());
            replaced.key = Some(key);
            replaced.news = (!articles.is_empty()).then(|| Value::Array(articles.to_vec()));
        }
        self.replaced.push(replaced);
        Value::Object(members)
    }

    fn free_key(&mut self, key: String) -> String {
        let mut free = key.clone();
        let mut n = 1;
        while self.taken.contains(&free) {
            n += 1;
            free = format!("{key}_x{n}");
        }
        self.taken.push(free.clone());
        free
    }
}

/// Who made the live menu, from both readings; `get` is `None` when `menu/get` says that there is none.
#[must_use]
pub fn maker(selfmenu: &Value, get: Option<&Value>) -> Maker {
    let live = from_selfmenu(selfmenu, "");
    if !is_open(selfmenu) {
        return Maker::Nobody;
    }
    match get.map(from_get) {
        None if live.button.is_empty() => Maker::Nobody,
        None => Maker::Website,
        Some(api) if live.button.is_empty() && api.button.is_empty() => Maker::Nobody,
        // A reading without buttons says nothing about who made them.
        Some(_) if live.button.is_empty() => Maker::Api,
        Some(api) if live.replaced.is_empty() && agree(&live.button, &api.button) => Maker::Api,
        Some(_) => Maker::Website,
    }
}

/// Whether two readings can be of one menu: the same tree of names, and no member that both have differs.
fn agree(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            super::equal::MEMBERS.iter().all(|member| match (a.get(member), b.get(member)) {
                (Some(x), Some(y)) => x == y,
                _ => true,
            }) && agree(children(a), children(b))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A button of every type that can be created, with a member that nobody knows.
    fn all_types() -> Vec<Value> {
        ButtonType::ALL
            .iter()
            .map(|kind| {
                let mut button = json!({"type": kind.as_str(), "name": kind.as_str(), "future": {"a": [1]}});
                for member in kind.required() {
                    button[*member] = json!(format!("{}-{member}", kind.as_str()));
                }
                button
            })
            .collect()
    }

    fn as_get(buttons: &[Value]) -> Value {
        let shown: Vec<Value> = buttons
            .iter()
            .map(|button| {
                let mut button = button.clone();
                let subs = as_get(children(&button));
                button["sub_button"] = subs;
                button
            })
            .collect();
        Value::Array(shown)
    }

    fn as_selfmenu(buttons: &[Value]) -> Value {
        let shown: Vec<Value> = buttons
            .iter()
            .map(|button| {
                let mut button = button.clone();
                if !children(&button).is_empty() {
                    button["sub_button"] = json!({"list": as_selfmenu(children(&button))});
                }
                button
            })
            .collect();
        Value::Array(shown)
    }

    #[test]
    fn every_type_comes_back_as_it_went_out() {
        for (n, leaf) in all_types().into_iter().enumerate() {
            let menu = vec![
                leaf.clone(),
                json!({"name": "m", "sub_button": [leaf, {"type": "brand_new", "name": "x", "extra": n}]}),
            ];
            let get = json!({"menu": {"button": as_get(&menu)}});
            let selfmenu = json!({"is_menu_open": 1, "selfmenu_info": {"button": as_selfmenu(&menu)}});
            assert_eq!(from_get(&get).button, menu);
            assert_eq!(from_selfmenu(&selfmenu, "k"), Converted { button: menu, replaced: Vec::new() });
            assert_eq!(maker(&selfmenu, Some(&get)), Maker::Api);
            assert_eq!(maker(&selfmenu, None), Maker::Website);
        }
    }

    #[test]
    fn every_website_type_keeps_its_content() {
        let article = json!({"title": "t", "content_url": "http://mp.weixin.qq.com/s"});
        let cases = [
            (json!({"type": "text", "name": "n", "value": "hello"}), Some("k1"), "hello", None),
            (json!({"type": "img", "name": "n", "value": "MEDIA"}), Some("k1"), "MEDIA", None),
            (json!({"type": "photo", "name": "n", "value": "MEDIA"}), Some("k1"), "MEDIA", None),
            (json!({"type": "voice", "name": "n", "value": "MEDIA"}), Some("k1"), "MEDIA", None),
            (json!({"type": "video", "name": "n", "value": "http://v/x.mp4"}), Some("k1"), "http://v/x.mp4", None),
            (
                json!({"type": "news", "name": "n", "value": "M", "news_info": {"list": [article]}}),
                None,
                "http://mp.weixin.qq.com/s",
                None,
            ),
            (
                json!({"type": "news", "name": "n", "value": "M", "news_info": {"list": [article, article]}}),
                Some("k1"),
                "M",
                Some(json!([article, article])),
            ),
            (json!({"type": "news", "name": "n", "value": "M"}), Some("k1"), "M", None),
        ];
        for (button, key, value, news) in cases {
            let selfmenu = json!({"is_menu_open": 1, "selfmenu_info": {"button": [button]}});
            let converted = from_selfmenu(&selfmenu, "k");
            let replaced = &converted.replaced[0];
            assert_eq!(
                (replaced.key.as_deref(), replaced.value.as_str(), &replaced.news),
                (key, value, &news),
                "{button}"
            );
            assert_eq!((replaced.path.as_str(), replaced.name.as_str()), ("button[0]", "n"));
            assert_eq!(super::super::validate(&json!({"button": converted.button})), [], "{button}");
            assert_eq!(converted.button[0].as_object().unwrap().len(), 3, "type, name and the action only");
            assert_eq!(
                maker(
                    &selfmenu,
                    Some(&json!({"menu": {"button": [{"type": "view", "name": "n", "url": "http://a"}]}}))
                ),
                Maker::Website
            );
        }
    }

    #[test]
    fn a_generated_key_is_nobody_elses() {
        let selfmenu = json!({"selfmenu_info": {"button": [
            {"type": "click", "name": "a", "key": "k2"}, {"type": "text", "name": "b", "value": "v"}]}});
        assert_eq!(from_selfmenu(&selfmenu, "k").replaced[0].key.as_deref(), Some("k2_x2"));
    }

    #[test]
    fn conditional_menus_come_newest_first() {
        let menu = |id: Value, tag: i64| json!({"button": [], "matchrule": {"tag_id": tag}, "menuid": id});
        let ids = |menus: Vec<Value>| -> Vec<Option<String>> {
            from_get(&json!({"menu": {"button": []}, "conditionalmenu": menus}))
                .conditional
                .into_iter()
                .map(|c| c.menuid)
                .collect()
        };
        let some = |id: &str| Some(id.to_owned());
        assert_eq!(ids(vec![menu(json!(9), 1), menu(json!("10"), 2)]), [some("10"), some("9")]);
        assert_eq!(ids(vec![menu(json!(9), 1), menu(Value::Null, 2)]), [some("9"), None]);
    }

    #[test]
    fn who_made_it() {
        let api = json!({"menu": {"button": [{"type": "view", "name": "n", "url": "http://a"}]}});
        let own = |open: i64, button: Value| json!({"is_menu_open": open, "selfmenu_info": {"button": button}});
        let view = |url: &str| json!([{"type": "view", "name": "n", "url": url}]);
        for (selfmenu, get, who) in [
            (own(1, view("http://a")), Some(&api), Maker::Api),
            (own(1, view("http://b")), Some(&api), Maker::Website),
            (own(1, json!([])), Some(&api), Maker::Api),
            (own(0, view("http://a")), Some(&api), Maker::Nobody),
            (own(1, view("http://a")), None, Maker::Website),
            (own(1, json!([])), None, Maker::Nobody),
            (own(0, json!([])), None, Maker::Nobody),
            (json!({}), None, Maker::Nobody),
        ] {
            assert_eq!(maker(&selfmenu, get), who, "{selfmenu}");
        }
    }
}
