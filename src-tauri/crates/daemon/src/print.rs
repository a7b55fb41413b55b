//! Results to stdout, messages to stderr. A closed pipe is not an error: whoever closed it has seen enough.

use std::io::Write;

use serde_json::Value;

/// A line of the result.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// A message.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// One JSON document.
pub fn json(document: &Value) {
    line(&serde_json::to_string_pretty(document).unwrap_or_default());
}

/// What a stranger wrote, without what a terminal would take for a command; lines and tabs stay.
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// The beginning of a text, so many columns wide at most.
pub fn short(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut taken = 1;
    for c in text.chars() {
        taken += width(c.encode_utf8(&mut [0; 4]));
        if taken > columns {
            break;
        }
        out.push(c);
    }
    out + "…"
}

/// A text with blanks up to so many columns.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Columns of half-width units that a terminal needs for a text; CJK and full-width forms take two.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            0x1100..=0x115F
            | 0x2E80..=0xA4CF
            | 0xAC00..=0xD7A3
            | 0xF900..=0xFAFF
            | 0xFE30..=0xFE4F
            | 0xFF00..=0xFF60
            | 0xFFE0..=0xFFE6
            | 0x1F300..=0x1FAFF
            | 0x20000..=0x3FFFD => 2,
            _ => 1,
        })
        .sum()
}

/// A table with a head, columns two spaces apart. Cells are one line each.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |text: &String| plain(text).replace(['\n', '\t'], " ");
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(i, name)| {
            rows.iter().filter_map(|r| r.get(i)).map(|cell| width(cell)).max().unwrap_or(0).max(width(name))
        })
        .collect();
    let mut lines = Vec::with_capacity(rows.len() + 1);
    let heads: Vec<String> = head.iter().map(|h| (*h).to_owned()).collect();
    for row in std::iter::once(&heads).chain(&rows) {
        let text: String = row.iter().zip(&widths).map(|(cell, columns)| padded(cell, columns + 2)).collect();
        lines.push(text.trim_end().to_owned());
    }
    lines.join("\n")
}

/// A length of time in words, two units at most; `ms` may be negative.
pub fn span(ms: i64) -> String {
    let seconds = ms.abs() / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, m) => format!("{m} min"),
        (0, h, m) => format!("{h} h {m:02} min"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

/// A moment in words, seen from `now`, both ms since 1970.
pub fn when(at: &Value, now: i64) -> String {
    match at.as_i64() {
        None => "–".to_owned(),
        Some(at) if at > now => format!("in {}", span(at - now)),
        Some(at) => format!("{} ago", span(now - at)),
    }
}

/// A state, and the moment that belongs to it if there is one: `valid, ends in 2 h 00 min`.
pub fn state(state: &Value, what: &str, at: &Value, now: i64) -> String {
    let gap = if what.is_empty() { "" } else { " " };
    if at.is_null() { text(state) } else { format!("{}, {what}{gap}{}", text(state), when(at, now)) }
}

/// A text member of a document.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or("–").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_under_chinese_names() {
        let table = table(&["NAME", "STATE"], &[vec!["门店通".into(), "ok".into()], vec!["abc".into(), "ok".into()]]);
        assert_eq!(table, "NAME    STATE\n门店通  ok\nabc     ok");
    }

    #[test]
    fn what_followers_write_stays_in_its_cell() {
        let table = table(&["TEXT", "ANSWER"], &[vec!["a\u{1b}[2Jb\nc".into(), "ok".into()]]);
        assert_eq!(table, "TEXT     ANSWER\na[2Jb c  ok");
        assert_eq!(plain("<a>\n\t<b>\u{9b}31m\u{7f}"), "<a>\n\t<b>31m");
        assert_eq!([short("你好吗", 6), short("你好吗", 5), short("abcdef", 4)], ["你好吗", "你好…", "abc…"]);
    }

    #[test]
    fn spans_in_words() {
        for (ms, words) in
            [(0, "0 s"), (59_999, "59 s"), (-61_000, "1 min"), (6_120_000, "1 h 42 min"), (90_000_000, "1 d 1 h")]
        {
            assert_eq!(span(ms), words);
        }
        assert_eq!(when(&Value::Null, 0), "–");
        assert_eq!(when(&Value::from(5_000), 0), "in 5 s");
        assert_eq!(when(&Value::from(0), 5_000), "5 s ago");
    }
}
