//! Calls as forms: what "Try the API" offers to fill in.
//!
//! Owns: the words, fields and bodies to begin with (protocol F.1, H.3, I.1–I.4, C.9). Must not: know an account.
//! Invariants: ids are unique; every text is there in both languages; every pointer of a field is in its form's body,
//! whose value there is the field's default.

mod diagnostics;
mod media;
mod menu;
mod message;
mod qrcode;
mod template;
mod user;

use serde_json::Value;

use crate::dto::{AccountKind, ApiField, ApiFieldKind, ApiFieldPlace, ApiForm, ApiMethod, Bilingual};

/// Chinese and English.
type Words = (&'static str, &'static str);

/// Stands in a body for the appid of the account that calls, as `$APPID$` does in WeChat's callback addresses.
pub(crate) const APPID: &str = "$APPID$";

const OFFICIAL: &[AccountKind] = &[AccountKind::OfficialAccount];

fn both((zh, en): Words) -> Bilingual {
    Bilingual { zh: zh.to_owned(), en: en.to_owned() }
}

/// Every form, by group.
pub(crate) fn all() -> Vec<ApiForm> {
    let groups = [
        message::forms(),
        template::forms(),
        media::forms(),
        user::forms(),
        menu::forms(),
        qrcode::forms(),
        diagnostics::forms(),
    ];
    groups.into_iter().flatten().map(Form::finish).collect()
}

/// A form under construction.
struct Form {
    form: ApiForm,
    body: Option<Value>,
}

/// A field under construction.
struct Field(ApiField);

fn get(id: &str, group: &str, name: Words, about: Words, path: &str) -> Form {
    form(ApiMethod::Get, id, group, name, about, path, None)
}

fn post(id: &str, group: &str, name: Words, about: Words, path: &str, body: Value) -> Form {
    form(ApiMethod::Post, id, group, name, about, path, Some(body))
}

fn upload(id: &str, group: &str, name: Words, about: Words, path: &str) -> Form {
    form(ApiMethod::Post, id, group, name, about, path, None)
}

fn form(method: ApiMethod, id: &str, group: &str, name: Words, about: Words, path: &str, body: Option<Value>) -> Form {
    Form {
        form: ApiForm {
            id: id.to_owned(),
            group: group.to_owned(),
            name: both(name),
            about: both(about),
            method,
            path: path.to_owned(),
            sets: Vec::new(),
            kinds: Vec::new(),
            changes: false,
            body: String::new(),
            fields: Vec::new(),
        },
        body,
    }
}

impl Form {
    fn sets(mut self, sets: &[i64]) -> Self {
        self.form.sets = sets.to_vec();
        self
    }

    fn kinds(mut self, kinds: &[AccountKind]) -> Self {
        self.form.kinds = kinds.to_vec();
        self
    }

    fn changes(mut self) -> Self {
        self.form.changes = true;
        self
    }

    fn field(mut self, field: Field) -> Self {
        self.form.fields.push(field.0);
        self
    }

    fn finish(mut self) -> ApiForm {
        if let Some(body) = &self.body {
            self.form.body = serde_json::to_string_pretty(body).unwrap_or_default();
            for field in self.form.fields.iter_mut().filter(|f| f.place == ApiFieldPlace::Body) {
                field.default = match body.pointer(&field.name) {
                    None | Some(Value::Null) => String::new(),
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => serde_json::to_string_pretty(other).unwrap_or_default(),
                };
            }
        }
        self.form
    }
}

/// A field; a name that begins with `/` is a pointer into the body, any other a query parameter.
fn field(kind: ApiFieldKind, name: &str, label: Words) -> Field {
    let place = match kind {
        ApiFieldKind::File => ApiFieldPlace::File,
        _ if name.starts_with('/') => ApiFieldPlace::Body,
        _ => ApiFieldPlace::Query,
    };
    Field(ApiField {
        name: name.to_owned(),
        place,
        kind,
        label: both(label),
        help: Bilingual::default(),
        required: false,
        default: String::new(),
        choices: Vec::new(),
    })
}

fn text(name: &str, label: Words) -> Field {
    field(ApiFieldKind::Text, name, label)
}

fn long(name: &str, label: Words) -> Field {
    field(ApiFieldKind::LongText, name, label)
}

fn number(name: &str, label: Words) -> Field {
    field(ApiFieldKind::Number, name, label)
}

fn json(name: &str, label: Words) -> Field {
    field(ApiFieldKind::Json, name, label)
}

fn choice(name: &str, label: Words, choices: &[&str]) -> Field {
    let mut field = field(ApiFieldKind::Choice, name, label).required();
    field.0.choices = choices.iter().map(|c| (*c).to_owned()).collect();
    field.0.default = choices.first().map(|c| (*c).to_owned()).unwrap_or_default();
    field
}

fn file(name: &str, label: Words) -> Field {
    field(ApiFieldKind::File, name, label).required()
}

/// A text field of an upload that holds JSON.
fn part(name: &str, label: Words, default: &str) -> Field {
    let mut field = field(ApiFieldKind::Json, name, label);
    field.0.place = ApiFieldPlace::Part;
    field.0.default = default.to_owned();
    field
}

impl Field {
    fn required(mut self) -> Self {
        self.0.required = true;
        self
    }

    fn help(mut self, help: Words) -> Self {
        self.0.help = both(help);
        self
    }
}

/// The follower, as nearly every message names them.
fn to_user() -> Field {
    text("/touser", ("接收人 openid", "Receiver's openid")).required()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const GROUPS: [&str; 7] = ["message", "template", "media", "user", "menu", "qrcode", "diagnostics"];

    #[test]
    fn every_form_is_whole() {
        let forms = all();
        let ids: HashSet<&str> = forms.iter().map(|f| f.id.as_str()).collect();
        assert_eq!(ids.len(), forms.len(), "an id is there twice");
        for form in &forms {
            let id = &form.id;
            assert!(GROUPS.contains(&form.group.as_str()), "{id}");
            let both_languages =
                |words: &Bilingual| !words.zh.is_ascii() && !words.en.is_empty() && words.en.is_ascii();
            assert!(both_languages(&form.name) && both_languages(&form.about), "{id}");
            assert!(wechat::apis::find(&form.path).is_some(), "{id}: {}", form.path);
            for set in &form.sets {
                let known = u32::try_from(*set).ok().and_then(wechat::permission::permission_set);
                assert!(known.is_some(), "{id}: {set}");
            }
            let body: Value =
                if form.body.is_empty() { Value::Null } else { serde_json::from_str(&form.body).unwrap() };
            assert!(body.is_null() || (form.method == ApiMethod::Post && body.is_object()), "{id}");
            let mut names = HashSet::new();
            for field in &form.fields {
                let at = format!("{id} {}", field.name);
                assert!(names.insert(&field.name), "{at} is there twice");
                assert!(both_languages(&field.label), "{at}");
                let help = &field.help;
                assert!(help == &Bilingual::default() || both_languages(help), "{at}");
                assert_eq!(field.kind == ApiFieldKind::Choice, !field.choices.is_empty(), "{at}");
                assert!(field.choices.is_empty() || field.choices.contains(&field.default), "{at}");
                match field.place {
                    ApiFieldPlace::Body => {
                        let value = body.pointer(&field.name).unwrap_or_else(|| panic!("{at} is not in the body"));
                        let fits = match field.kind {
                            ApiFieldKind::Number => value.is_number(),
                            ApiFieldKind::Flag => value.is_boolean(),
                            ApiFieldKind::Json => value.is_object() || value.is_array(),
                            _ => value.is_string(),
                        };
                        assert!(fits, "{at}: {value}");
                    }
                    ApiFieldPlace::Part | ApiFieldPlace::File => {
                        assert!(form.method == ApiMethod::Post && body.is_null(), "{at}");
                    }
                    ApiFieldPlace::Query => assert!(!field.name.starts_with('/'), "{at}"),
                }
            }
        }
        for group in GROUPS {
            assert!(forms.iter().any(|f| f.group == group), "{group}");
        }
    }
}
