//! Rules of a tunnel's fields. They also keep values from meaning something else in a command line or a client's
//! configuration file: nothing begins with `-`, and nothing holds quotes, backslashes, braces or line ends.

use std::path::Path;

use super::{MAX_NAME, base_url, error};
use crate::dto::{FieldError, TunnelFieldKind};
use crate::store::tables::tunnel::TunnelRow;
use crate::tunnel::adapters::Field;
use crate::tunnel::plan;

/// Longest value of a field, characters.
const MAX_VALUE: usize = 1_024;

/// All broken rules of a tunnel as it would be stored.
#[must_use]
pub fn row(row: &TunnelRow) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if row.name.chars().count() > MAX_NAME {
        errors.push(error("name", "length", "must have at most 40 characters", "最多 40 个字"));
    }
    if row.program.as_ref().is_some_and(|p| !Path::new(p).is_absolute()) {
        errors.push(error("program", "absolute", "must be a full path", "应为完整路径"));
    }
    let settings = plan::settings(row.client, &row.settings);
    for field in row.client.fields.iter().filter(|f| f.applies(&settings)) {
        let secret = field.kind == TunnelFieldKind::Secret;
        let name = format!("{}.{}", if secret { "secrets" } else { "settings" }, field.key);
        let value = if secret {
            row.secrets.get(field.key).map(|s| s.expose().as_str())
        } else {
            settings.get(field.key).map(String::as_str)
        };
        match value.filter(|v| !v.is_empty()) {
            None if field.required => errors.push(error(&name, "required", "is required", "必填")),
            None => {}
            Some(value) => errors.extend(value_error(field, &name, value)),
        }
    }
    let known = |key: &str, secret: bool| {
        row.client.fields.iter().any(|f| f.key == key && (f.kind == TunnelFieldKind::Secret) == secret)
    };
    let strangers = row.settings.keys().filter(|k| !known(k, false)).map(|k| format!("settings.{k}"));
    for name in strangers.chain(row.secrets.keys().filter(|k| !known(k, true)).map(|k| format!("secrets.{k}"))) {
        errors.push(error(&name, "unknown", "is no field of this client", "该客户端没有此字段"));
    }
    errors
}

/// The client of a stored tunnel cannot be another one.
#[must_use]
pub fn client_fixed() -> FieldError {
    error("client", "fixed", "cannot be changed; add another tunnel", "不能更改，请另外添加隧道")
}

fn value_error(field: &Field, name: &str, value: &str) -> Option<FieldError> {
    let harmless = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\' | '`' | '{' | '}');
    let begins_well = !value.starts_with('-');
    let fits = value.chars().count() <= MAX_VALUE;
    let (ok, rule, en, zh) = match field.kind {
        TunnelFieldKind::Text => (
            fits && begins_well && value.chars().all(|c| harmless(c) && !matches!(c, '@' | ';' | '$' | '%')),
            "format",
            "must be letters, digits and simple signs, not beginning with -",
            "应为字母、数字和简单符号，且不以 - 开头",
        ),
        TunnelFieldKind::Secret => (
            fits && value.chars().all(harmless),
            "format",
            "must have no blanks, quotes, backslashes or braces",
            "不能含空格、引号、反斜杠或花括号",
        ),
        TunnelFieldKind::Host => (
            fits && begins_well
                && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']' | '_')),
            "format",
            "must be a host name or an address, without scheme and path",
            "应为主机名或 IP 地址，不带协议和路径",
        ),
        TunnelFieldKind::Port => (
            value.bytes().all(|b| b.is_ascii_digit()) && value.parse::<u16>().is_ok_and(|p| p > 0),
            "port",
            "must be a port from 1 to 65535",
            "应为 1–65535 的端口",
        ),
        TunnelFieldKind::Path => (
            fits && Path::new(value).is_absolute()
                && Path::new(value).is_file()
                && !value.contains(['"', '\n', '%', '$']),
            "file",
            "must be the full path of a file that exists",
            "应为已存在文件的完整路径",
        ),
        TunnelFieldKind::Choice => {
            (field.choices.iter().any(|(v, _)| *v == value), "choice", "must be one of the choices", "应为选项之一")
        }
        TunnelFieldKind::Url => {
            let mut errors = Vec::new();
            base_url(&mut errors, name, value);
            return errors.into_iter().next();
        }
    };
    (!ok).then(|| error(name, rule, en, zh))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::dto::TunnelClientId;
    use crate::tunnel::adapters;

    fn tunnel(client: TunnelClientId, settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> TunnelRow {
        TunnelRow {
            id: "0011223344556677".into(),
            client: adapters::of(client),
            name: "n".into(),
            settings: settings.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            secrets: secrets.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect::<BTreeMap<_, _>>(),
            program: None,
            follow: true,
            enabled: false,
            last_url: None,
            change: None,
            created_at: 0,
            updated_at: 0,
        }
    }

    #[test]
    fn every_rule_names_its_field() {
        use TunnelClientId::{Bore, Cloudflared, Frp, Natapp, Own, Ssh};
        type Case<'a> = (TunnelClientId, &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)]);
        let table: &[Case<'_>] = &[
            (Natapp, &[], &[], &[("secrets.authtoken", "required")]),
            (Natapp, &[], &[("authtoken", "a b")], &[("secrets.authtoken", "format")]),
            (Natapp, &[], &[("authtoken", "0123abcd")], &[]),
            (Natapp, &[("x", "1")], &[("authtoken", "0123abcd")], &[("settings.x", "unknown")]),
            (Bore, &[("server", "bore.example")], &[], &[]),
            (Bore, &[("server", "-oProxyCommand=x")], &[], &[("settings.server", "format")]),
            (Bore, &[("server", "https://bore.example")], &[], &[("settings.server", "format")]),
            (Bore, &[("server", "b"), ("remote_port", "0")], &[], &[("settings.remote_port", "port")]),
            (Bore, &[("server", "b"), ("remote_port", "70000")], &[], &[("settings.remote_port", "port")]),
            (Own, &[("public_url", "http://wx.example.com")], &[], &[("settings.public_url", "https")]),
            (Own, &[("public_url", "https://wx.example.com/x")], &[], &[("settings.public_url", "no_path")]),
            (Own, &[("public_url", "https://wx.example.com")], &[], &[]),
            (Cloudflared, &[], &[], &[]),
            (
                Cloudflared,
                &[("mode", "named")],
                &[],
                &[("secrets.token", "required"), ("settings.public_url", "required")],
            ),
            (Cloudflared, &[("mode", "x")], &[], &[("settings.mode", "choice")]),
            (
                Frp,
                &[("server", "s"), ("proxy", "tcp"), ("public_url", "https://a.b")],
                &[],
                &[("settings.remote_port", "required")],
            ),
            (
                Ssh,
                &[("server", "s"), ("user", "u"), ("public_url", "https://a.b"), ("key_file", "/no/such/key")],
                &[],
                &[("settings.key_file", "file")],
            ),
            (
                Ssh,
                &[("server", "s"), ("user", "-u"), ("public_url", "https://a.b")],
                &[],
                &[("settings.user", "format")],
            ),
        ];
        for (client, settings, secrets, expected) in table {
            let errors = row(&tunnel(*client, settings, secrets));
            let found: Vec<_> = errors.iter().map(|e| (e.field.as_str(), e.rule.as_str())).collect();
            assert_eq!(&found, expected, "{client:?} {settings:?}");
            assert!(errors.iter().all(|e| !e.message.is_empty() && !e.message_zh.is_empty()));
        }
    }
}
