//! What is known of every tunnel client, as data: fields, command line, files, and the words it says.
//!
//! Owns the table and nothing that runs. Templates hold `{key}`: the value of a field, or one of `{id}`, `{dir}` (the
//! tunnel's private folder), `{config}` (its configuration file), `{local}`, `{local_host}`, `{local_port}` (our
//! listener), `{api_port}` (a free port, chosen anew at each start), `{public_host}` (host of the field `public_url`),
//! `{vhost}` (the same while the field `proxy` is `http`). `{key?}` asks for a value and writes none.
//! A group of words, an environment variable or a line of the file that names an empty value is left out whole.
//! Invariant: no secret stands in a command line (a test walks the table).

mod hosted;
mod own;

use std::collections::BTreeMap;

use crate::dto::{
    Bilingual, TunnelChoice, TunnelClient, TunnelClientId, TunnelField, TunnelFieldCondition, TunnelFieldKind,
    TunnelTested, TunnelTraits,
};

/// A text in both languages, as data: English, Chinese.
pub type Words = (&'static str, &'static str);

/// A client.
#[derive(Debug)]
pub struct Adapter {
    /// Id.
    pub id: TunnelClientId,
    /// Name.
    pub name: Words,
    /// What it is.
    pub summary: Words,
    /// Where the program comes from.
    pub site: Option<&'static str>,
    /// The same in words.
    pub get: Words,
    /// Names of the program; empty: nothing is started.
    pub programs: &'static [&'static str],
    /// Its form.
    pub fields: &'static [Field],
    /// What to know, as flags.
    pub traits: TunnelTraits,
    /// What to know, in words.
    pub notes: &'static [Words],
    /// How it was tested.
    pub tested: TunnelTested,
    /// Command line without the program.
    pub args: &'static [Group],
    /// Environment.
    pub env: &'static [(&'static str, &'static str)],
    /// Configuration file: its name and its lines.
    pub config: Option<(&'static str, &'static [&'static str])>,
    /// Where the URL is read.
    pub url: UrlSource,
    /// The client's own words. Regular expressions, matched against clean lines.
    pub says: Says,
    /// Tries again by itself after it lost its server.
    pub retries_itself: bool,
    /// Not online so long after its start is a failure, ms.
    pub patience: i64,
    /// Between the wish to end and the kill, ms; at most [`super::MAX_GRACE`].
    pub grace: i64,
}

/// Words of a command line that come or go together.
#[derive(Debug)]
pub struct Group {
    /// Only while the field has this value.
    pub when: Option<(&'static str, &'static str)>,
    /// The words.
    pub words: &'static [&'static str],
}

const fn always(words: &'static [&'static str]) -> Group {
    Group { when: None, words }
}

const fn when(key: &'static str, value: &'static str, words: &'static [&'static str]) -> Group {
    Group { when: Some((key, value)), words }
}

/// Where the public URL is read, unless the field `public_url` says it: that one comes first.
#[derive(Debug, Clone, Copy)]
pub enum UrlSource {
    /// In the output (`says.url`).
    Output,
    /// The same, or from the client's own HTTP API on `{api_port}` while the output has not said it: path, JSON pointer.
    OutputOrApi(&'static str, &'static str),
}

/// Words of a client that mean something.
#[derive(Debug, Default)]
pub struct Says {
    /// Holds the URL or address in the group `url`. The last one counts.
    pub url: Option<&'static str>,
    /// Online. A group `conn` names one of several connections.
    pub online: &'static [&'static str],
    /// Lost its server, tries again. With a group `conn`, the tunnel is lost with its last connection.
    pub lost: &'static [&'static str],
    /// Refused: this run of the client is useless.
    pub refused: &'static [Refusal],
    /// Lines that are not kept in the log (they are matched all the same).
    pub noise: Option<&'static str>,
}

/// A refusal.
#[derive(Debug)]
pub struct Refusal {
    /// What the client says.
    pub pattern: &'static str,
    /// For the page.
    pub kind: &'static str,
    /// In a row until a person is needed. 1: at once.
    pub tries: u32,
    /// What to do.
    pub advice: Words,
}

/// A field of a form.
#[derive(Debug)]
pub struct Field {
    /// Key.
    pub key: &'static str,
    /// Kind.
    pub kind: TunnelFieldKind,
    /// Must be given.
    pub required: bool,
    /// When left out.
    pub default: Option<&'static str>,
    /// Of a choice: value, label.
    pub choices: &'static [(&'static str, Words)],
    /// Label.
    pub label: Words,
    /// Help.
    pub help: Words,
    /// Counts only while another field has this value.
    pub only_if: Option<(&'static str, &'static str)>,
}

impl Field {
    const fn new(key: &'static str, kind: TunnelFieldKind, label: Words, help: Words) -> Self {
        Self { key, kind, required: false, default: None, choices: &[], label, help, only_if: None }
    }
    const fn required(mut self) -> Self {
        self.required = true;
        self
    }
    const fn default(mut self, value: &'static str) -> Self {
        self.default = Some(value);
        self
    }
    const fn choices(mut self, choices: &'static [(&'static str, Words)]) -> Self {
        self.choices = choices;
        self
    }
    const fn only_if(mut self, key: &'static str, value: &'static str) -> Self {
        self.only_if = Some((key, value));
        self
    }

    /// Counts under these settings.
    #[must_use]
    pub fn applies(&self, settings: &BTreeMap<String, String>) -> bool {
        self.only_if.is_none_or(|(key, value)| settings.get(key).is_some_and(|v| v == value))
    }
}

/// All clients, in the order in which a form offers them.
#[must_use]
pub fn all() -> [&'static Adapter; 8] {
    [
        &hosted::NATAPP,
        &hosted::CPOLAR,
        &hosted::CLOUDFLARED,
        &hosted::NGROK,
        &own::FRP,
        &own::SSH,
        &own::BORE,
        &own::OWN,
    ]
}

/// One client.
#[must_use]
pub fn of(id: TunnelClientId) -> &'static Adapter {
    match id {
        TunnelClientId::Natapp => &hosted::NATAPP,
        TunnelClientId::Ngrok => &hosted::NGROK,
        TunnelClientId::Cloudflared => &hosted::CLOUDFLARED,
        TunnelClientId::Cpolar => &hosted::CPOLAR,
        TunnelClientId::Frp => &own::FRP,
        TunnelClientId::Bore => &own::BORE,
        TunnelClientId::Ssh => &own::SSH,
        TunnelClientId::Own => &own::OWN,
    }
}

/// Both languages.
#[must_use]
pub fn bilingual(words: Words) -> Bilingual {
    Bilingual { en: words.0.to_owned(), zh: words.1.to_owned() }
}

impl Adapter {
    /// For the form; `found` is where the program lies.
    #[must_use]
    pub fn view(&self, found: Option<String>) -> TunnelClient {
        TunnelClient {
            id: self.id,
            name: bilingual(self.name),
            summary: bilingual(self.summary),
            site: self.site.map(str::to_owned),
            get: bilingual(self.get),
            programs: self.programs.iter().map(|p| (*p).to_owned()).collect(),
            found,
            fields: self.fields.iter().map(field_view).collect(),
            traits: self.traits,
            notes: self.notes.iter().map(|n| bilingual(*n)).collect(),
            tested: self.tested,
        }
    }

    /// The id as in JSON.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self.id {
            TunnelClientId::Natapp => "natapp",
            TunnelClientId::Ngrok => "ngrok",
            TunnelClientId::Cloudflared => "cloudflared",
            TunnelClientId::Cpolar => "cpolar",
            TunnelClientId::Frp => "frp",
            TunnelClientId::Bore => "bore",
            TunnelClientId::Ssh => "ssh",
            TunnelClientId::Own => "own",
        }
    }

    /// By the id as in JSON.
    #[must_use]
    pub fn by_key(key: &str) -> Option<&'static Self> {
        all().into_iter().find(|a| a.key() == key)
    }
}

fn field_view(field: &Field) -> TunnelField {
    TunnelField {
        key: field.key.to_owned(),
        kind: field.kind,
        required: field.required,
        default: field.default.map(str::to_owned),
        choices: field
            .choices
            .iter()
            .map(|(value, label)| TunnelChoice { value: (*value).to_owned(), label: bilingual(*label) })
            .collect(),
        label: bilingual(field.label),
        help: bilingual(field.help),
        only_if: field
            .only_if
            .map(|(key, value)| TunnelFieldCondition { key: key.to_owned(), value: value.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_stands_in_a_command_line() {
        for adapter in all() {
            for field in adapter.fields.iter().filter(|f| f.kind == TunnelFieldKind::Secret) {
                let name = format!("{{{}}}", field.key);
                let words: Vec<_> = adapter.args.iter().flat_map(|g| g.words).collect();
                assert!(!words.iter().any(|w| w.contains(&name)), "{}: {name} in {words:?}", adapter.key());
                let elsewhere = adapter.env.iter().any(|(_, v)| v.contains(&name))
                    || adapter.config.is_some_and(|(_, lines)| lines.iter().any(|l| l.contains(&name)));
                assert!(elsewhere, "{}: {name} is used nowhere", adapter.key());
            }
        }
    }

    #[test]
    fn every_template_names_known_values_only() {
        const OURS: [&str; 9] =
            ["id", "dir", "config", "local", "local_host", "local_port", "api_port", "public_host", "vhost"];
        let named = regex::Regex::new(r"\{([a-z_]+)\??\}").unwrap();
        for adapter in all() {
            let config = adapter.config.map_or(&[][..], |(_, lines)| lines);
            let texts =
                adapter.args.iter().flat_map(|g| g.words).chain(adapter.env.iter().map(|(_, v)| v)).chain(config);
            for text in texts {
                for found in named.captures_iter(text) {
                    let key = &found[1];
                    let known = OURS.contains(&key) || adapter.fields.iter().any(|f| f.key == key);
                    assert!(known, "{}: {{{key}}} in {text:?}", adapter.key());
                }
            }
        }
    }

    #[test]
    fn every_field_is_whole() {
        for adapter in all() {
            assert_eq!(Adapter::by_key(adapter.key()).map(|a| a.id), Some(adapter.id));
            assert_eq!(of(adapter.id).key(), adapter.key());
            assert!(adapter.grace <= crate::tunnel::MAX_GRACE);
            for field in adapter.fields {
                assert!(!field.label.0.is_empty() && !field.label.1.is_empty());
                assert_eq!(field.help.0.is_empty(), field.help.1.is_empty(), "{}", field.key);
                assert_eq!(field.kind == TunnelFieldKind::Choice, !field.choices.is_empty(), "{}", field.key);
                if let Some((key, value)) = field.only_if {
                    let on = adapter.fields.iter().find(|f| f.key == key).unwrap();
                    assert!(on.choices.iter().any(|(v, _)| *v == value), "{key}={value}");
                }
                if let Some(default) = field.default.filter(|_| !field.choices.is_empty()) {
                    assert!(field.choices.iter().any(|(v, _)| *v == default));
                }
            }
        }
    }
}
