//! Owns: the rows of a release check as WeChat's console has them (J.3), and the words in them.
//! Must not: decide how a check goes on; `release` does.
//! Invariant: no text holds a whole code, and none is longer than a line.

use serde::{Deserialize, Serialize};

use crate::accounts::Kind;
use crate::reply::Said;

/// Longer texts are cut.
const LONGEST: usize = 160;
/// So much of a code may be seen.
const SHOWN_OF_A_CODE: usize = 4;
/// What codes begin with.
const CODE: &str = "queryauthcode@@@";

/// A row of WeChat's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowName {
    /// 组件ticket正确接收.
    Ticket,
    /// 生成预授权码.
    PreAuthCode,
    /// 获取授权code.
    AuthCode,
    /// 授权.
    Authorize,
    /// 返回Api文本消息.
    ApiText,
    /// 返回普通文本消息.
    Text,
    /// 发送事件消息.
    Event,
    /// 取消授权.
    Cancel,
}

impl RowName {
    /// In the console's order.
    pub const ALL: [Self; 8] = [
        Self::Ticket,
        Self::PreAuthCode,
        Self::AuthCode,
        Self::Authorize,
        Self::ApiText,
        Self::Text,
        Self::Event,
        Self::Cancel,
    ];
}

/// How a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// Not yet.
    Waiting,
    /// Now.
    Running,
    /// Green.
    Ok,
    /// Red.
    Failed,
}

/// A row as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) row: RowName,
    pub(crate) state: RowState,
    pub(crate) took_ms: Option<i64>,
    pub(crate) limit_ms: Option<i64>,
    pub(crate) said: Option<Said>,
}

/// A row in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Which.
    pub row: RowName,
    /// How it stands.
    pub state: RowState,
    /// Length, in milliseconds.
    pub took_ms: Option<i64>,
    /// WeChat's limit, in milliseconds, where it has one.
    pub limit_ms: Option<i64>,
    /// What was sent, what came back, or what was missing.
    pub text: Option<String>,
}

/// A check as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rehearsal {
    /// Number of the run.
    pub id: u64,
    /// Begin, milliseconds of the sandbox's clock.
    pub started_at: i64,
    /// End; `None` while it runs.
    pub ended_at: Option<i64>,
    /// Set of test accounts, 1–5.
    pub set: u8,
    /// Official account or mini program.
    pub kind: Kind,
    /// The test account.
    pub appid: String,
    /// The rows, in the console's order.
    pub rows: Vec<Row>,
}

/// Any text as a line: codes masked, cut, control characters gone.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(CODE) {
        let code = |c: char| c.is_ascii_alphanumeric() || c == '-';
        // The ending `_from_api` tells whether the answer was the right one.
        let end =
            after.find("_from_api").unwrap_or_else(|| after.find(|c| !code(c) && c != '_').unwrap_or(after.len()));
        let (value, next) = after.split_at(end);
        out.push_str(before);
        out.push_str(CODE);
        out.extend(value.chars().take(SHOWN_OF_A_CODE));
        out.push('…');
        rest = next;
    }
    out.push_str(rest);
    let clean: String = out.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match clean.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", clean.get(..at).unwrap_or_default()),
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_masked_and_long_texts_cut() {
        assert_eq!(shown("queryauthcode@@@abcdEF-gh_x1_from_api"), "queryauthcode@@@abcd…_from_api");
        assert_eq!(
            shown("a queryauthcode@@@abcdEF and queryauthcode@@@xyz123"),
            "a queryauthcode@@@abcd… and queryauthcode@@@xyz1…"
        );
        assert_eq!(shown("a\nb"), "a b");
        assert_eq!(shown(&"好".repeat(200)).chars().count(), LONGEST + 1);
    }
}
