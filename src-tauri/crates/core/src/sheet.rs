//! Tables as text, for a spreadsheet or a program.
//!
//! Invariant: no cell that came from outside can be read as a formula (a name such as `=cmd()` is anybody's choice).

use crate::dto::{ErrorCode, ExportFormat, ExportedText};
use crate::error::AppError;

/// A cell: numbers are ours and go as they are, everything else is guarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    Number(i64),
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// Rows under a head, with CRLF as RFC 4180 has it, and a byte order mark, without which Excel takes Chinese for Latin.
pub(crate) fn csv(head: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> String {
    let mut out = String::from("\u{feff}");
    out.push_str(&head.join(","));
    out.push_str("\r\n");
    for cells in rows {
        out.push_str(&row(&cells));
    }
    out
}

/// One row with its end, for tables that are written piece by piece.
pub(crate) fn row(cells: &[Cell]) -> String {
    let mut out = String::new();
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        match cell {
            Cell::Empty => {}
            Cell::Number(number) => out.push_str(&number.to_string()),
            Cell::Text(text) => push_text(&mut out, text),
        }
    }
    out.push_str("\r\n");
    out
}

fn push_text(out: &mut String, text: &str) {
    // Spreadsheets look past leading blanks, and take the full-width forms too.
    let first = text.trim_start_matches([' ', '\u{3000}', '\u{a0}', '\u{feff}']).chars().next();
    let formula = matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '|'))
        || text.starts_with(['\t', '\r', '\n']);
    let quoted = formula || text.contains([',', '"', '\r', '\n', '\t', ';']);
    if quoted {
        out.push('"');
    }
    if formula {
        out.push('\'');
    }
    for c in text.chars() {
        if c == '"' {
            out.push('"');
        }
        // A line break inside a cell breaks the readers that go line by line.
        out.push(if matches!(c, '\r' | '\n' | '\0') { ' ' } else { c });
    }
    if quoted {
        out.push('"');
    }
}

/// A file of rows in either form. `name` without its ending.
///
/// # Errors
/// `Internal` when a row cannot be written as JSON.
pub(crate) fn export<T: serde::Serialize>(
    name: &str,
    format: ExportFormat,
    head: &[&str],
    rows: &[T],
    cells: impl Fn(&T) -> Vec<Cell>,
    truncated: bool,
) -> Result<ExportedText, AppError> {
    let (ending, mime, text) = match format {
        ExportFormat::Csv => ("csv", "text/csv; charset=utf-8", csv(head, rows.iter().map(cells))),
        ExportFormat::Json => (
            "json",
            "application/json",
            serde_json::to_string_pretty(rows).map_err(|e| AppError::new(ErrorCode::Internal, e.to_string()))?,
        ),
    };
    Ok(ExportedText {
        file_name: format!("{name}.{ending}"),
        mime: mime.to_owned(),
        text,
        rows: i64::try_from(rows.len()).unwrap_or(i64::MAX),
        truncated,
    })
}

/// A moment as `2026-01-01 08:00:00` in Beijing, where WeChat's days begin (Howard Hinnant's civil-from-days).
pub(crate) fn beijing_time(at: i64) -> String {
    let (year, month, day) = beijing_date(at);
    let second = (at + BEIJING).div_euclid(1000).rem_euclid(86_400);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
}

/// Beijing's lead over UTC, ms; it keeps no summer time.
pub(crate) const BEIJING: i64 = 8 * 3_600_000;

/// Year, month and day in Beijing.
pub(crate) fn beijing_date(at: i64) -> (i64, i64, i64) {
    let z = (at + BEIJING).div_euclid(86_400_000) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// 0:00 Beijing of the first of this month and of the next one, ms.
pub(crate) fn beijing_month(at: i64) -> (i64, i64) {
    let (.., day) = beijing_date(at);
    let midnight = (at + BEIJING).div_euclid(86_400_000) * 86_400_000 - BEIJING;
    let start = midnight - (day - 1) * 86_400_000;
    // The day 32 days after a first is in the next month, and no month is shorter than 28 days.
    let later = start + 32 * 86_400_000;
    let (.., beyond) = beijing_date(later);
    (start, later - (beyond - 1) * 86_400_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for evil in [
            "=cmd|' /C calc'!A0",
            "+1+1",
            "-2+3",
            "@SUM(1)",
            "\t=1",
            "\r=1",
            "  =1",
            "＝1",
            "=HYPERLINK(\"http://x\",\"a,b\")",
            "\n@x",
        ] {
            let text = csv(&["a"], [vec![Cell::from(evil)]]);
            let cell = text.lines().nth(1).unwrap();
            assert!(cell.starts_with("\"'") && cell.ends_with('"'), "{evil:?} became {cell:?}");
            assert_eq!(text.lines().count(), 2, "{evil:?}");
        }
    }

    #[test]
    fn cells_are_quoted_and_numbers_are_plain() {
        let row = vec![Cell::from(-1), Cell::from("a\"b,c"), Cell::Empty, Cell::from("花店"), Cell::from(None::<i64>)];
        assert_eq!(csv(&["x", "y"], [row]), "\u{feff}x,y\r\n-1,\"a\"\"b,c\",,花店,\r\n");
    }

    #[test]
    fn months_begin_at_midnight_in_beijing() {
        // 2026-01-01 00:00 in Beijing is 2025-12-31 16:00 UTC; 2026-02-01 is 31 days later.
        let january = 1_767_196_800_000;
        let february = january + 31 * 86_400_000;
        assert_eq!(beijing_month(january), (january, february));
        assert_eq!(beijing_month(february - 1), (january, february));
        assert_eq!(beijing_month(january - 1), (january - 31 * 86_400_000, january));
        assert_eq!(beijing_month(february), (february, february + 28 * 86_400_000));
        assert_eq!(beijing_time(january + 3_661_000), "2026-01-01 01:01:01");
    }
}
