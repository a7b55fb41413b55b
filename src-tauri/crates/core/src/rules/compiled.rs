//! A rule made ready: regular expressions compiled, lists split.
//!
//! Invariant: looking at a message takes bounded time. Regular expressions here need time in proportion to the length of
//! the text times the size of their program, and have no backtracking; both are limited, and so is their sum over all
//! rules for one message.

use std::sync::atomic::{AtomicI64, Ordering};

use regex::{Regex, RegexBuilder};

use crate::dto::{RuleVerdict, TextHow, TextTest};
use crate::store::tables::rule::RuleRow;

/// Largest program of a regular expression, bytes. With [`MAX_TEXT`] its worst case is some milliseconds.
const MAX_PROGRAM: usize = 64 << 10;
/// So much of a text is compared, bytes. WeChat takes 2,048 from a follower.
const MAX_TEXT: usize = 4_096;
/// Bytes of text times expressions that one message may cost. Beyond it the remaining expressions are not tried: about
/// 100 ms of the worst expressions, less than a millisecond of usual ones.
pub(super) const EFFORT: usize = 64 * MAX_TEXT;

/// What rules look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// Platform; the account's own appid when it is connected directly.
    pub component_appid: &'a str,
    /// Account.
    pub appid: &'a str,
    /// Its tenant.
    pub tenant: Option<&'a str>,
    /// `MsgType`.
    pub msg_type: &'a str,
    /// `Event`.
    pub event: Option<&'a str>,
    /// `EventKey`.
    pub key: Option<&'a str>,
    /// What is compared with `when.text`.
    pub text: Option<&'a str>,
}

#[derive(Debug)]
enum Test {
    /// Alternatives, folded when capitals do not count.
    Words {
        how: TextHow,
        words: Vec<String>,
        fold: bool,
    },
    Pattern(Regex),
    /// Its expression cannot be compiled any more: it fits nothing.
    Never,
}

/// Compiles a regular expression.
///
/// # Errors
/// What is wrong with it, in one line of English.
pub(super) fn pattern(test: &TextTest) -> Result<Regex, String> {
    RegexBuilder::new(&test.value)
        .case_insensitive(test.ignore_case)
        .size_limit(MAX_PROGRAM)
        .dfa_size_limit(MAX_PROGRAM * 4)
        .nest_limit(50)
        .build()
        .map_err(|e| match e {
            regex::Error::CompiledTooBig(_) => "it is too large; write it shorter, without large counts".to_owned(),
            other => other.to_string().lines().last().unwrap_or("").trim_start_matches("error: ").to_owned(),
        })
}

impl Test {
    fn new(test: &TextTest) -> Self {
        match test.how {
            TextHow::Regex => pattern(test).map_or(Self::Never, Self::Pattern),
            how => {
                let words = test.value.lines().map(str::trim).filter(|word| !word.is_empty());
                let fold = test.ignore_case;
                let words = words.map(|word| if fold { word.to_lowercase() } else { word.to_owned() }).collect();
                Self::Words { how, words, fold }
            }
        }
    }

    /// None: not tried, since the effort is used up.
    fn holds(&self, text: &str, effort: &mut usize) -> Option<bool> {
        let text = head(text.trim(), MAX_TEXT);
        match self {
            Self::Never => Some(false),
            Self::Pattern(pattern) => {
                *effort = effort.checked_sub(text.len().max(64))?;
                Some(pattern.is_match(text))
            }
            Self::Words { how, words, fold } => {
                let folded = if *fold { text.to_lowercase() } else { String::new() };
                let text = if *fold { folded.as_str() } else { text };
                Some(words.iter().any(|word| match how {
                    TextHow::Equals => text == word,
                    TextHow::StartsWith => text.starts_with(word.as_str()),
                    TextHow::Contains | TextHow::Regex => text.contains(word.as_str()),
                }))
            }
        }
    }
}

fn head(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A rule.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// As stored.
    pub row: RuleRow,
    key: Option<Test>,
    text: Option<Test>,
    hits: AtomicI64,
    last_hit_at: AtomicI64,
}

impl Compiled {
    /// `hits`: of the rule before its change, and the last, ms.
    pub(super) fn new(row: RuleRow, hits: Option<(i64, i64)>) -> Self {
        let (count, last) = hits.unwrap_or_default();
        Self {
            key: row.says.when.key.as_ref().map(Test::new),
            text: row.says.when.text.as_ref().map(Test::new),
            row,
            hits: AtomicI64::new(count),
            last_hit_at: AtomicI64::new(last),
        }
    }

    /// A rule that is not stored.
    pub(crate) fn draft(row: RuleRow) -> Self {
        Self::new(row, None)
    }

    pub(super) fn hit(&self, now: i64) {
        self.hits.fetch_add(1, Ordering::Relaxed);
        self.last_hit_at.fetch_max(now, Ordering::Relaxed);
    }

    /// How often it took a message since the start, and when last, ms, 0 for never.
    pub(crate) fn hits(&self) -> (i64, i64) {
        (self.hits.load(Ordering::Relaxed), self.last_hit_at.load(Ordering::Relaxed))
    }

    /// `Taken` when everything holds.
    pub(super) fn look(&self, facts: &Facts<'_>, effort: &mut usize) -> RuleVerdict {
        let says = &self.row.says;
        let other = |wanted: &Option<String>, is: &str| wanted.as_deref().is_some_and(|wanted| wanted != is);
        let scope = &says.scope;
        if !self.row.enabled {
            return RuleVerdict::Off;
        }
        if other(&scope.component_appid, facts.component_appid)
            || other(&scope.appid, facts.appid)
            || scope.tenant.as_deref().is_some_and(|tenant| Some(tenant) != facts.tenant)
        {
            return RuleVerdict::Scope;
        }
        let when = &says.when;
        if !when.msg_types.is_empty() && !when.msg_types.iter().any(|kind| kind == facts.msg_type) {
            return RuleVerdict::MsgType;
        }
        if !when.events.is_empty() && !facts.event.is_some_and(|event| when.events.iter().any(|e| e == event)) {
            return RuleVerdict::Event;
        }
        for (test, value, verdict) in
            [(&self.key, facts.key, RuleVerdict::Key), (&self.text, facts.text, RuleVerdict::Text)]
        {
            let Some(test) = test else { continue };
            match value.map(|value| test.holds(value, effort)) {
                Some(Some(true)) => {}
                Some(None) => return RuleVerdict::OutOfTime,
                _ => return verdict,
            }
        }
        RuleVerdict::Taken
    }
}
