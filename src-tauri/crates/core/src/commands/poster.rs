//! A link's poster: one SVG document, drawn by whoever shows it.
//!
//! Text stays text: which fonts there are is known where the poster is drawn, not here. Nothing in it points outside,
//! so a canvas may turn it into a picture.

use std::fmt::Write as _;

use qrcode::{Color, QrCode};

use crate::dto::{LinkKind, PosterLanguage};

/// Width and height, pixels: a tall card fills a phone's chat.
const SIZE: (usize, usize) = (720, 1080);
/// Side of the QR code with its quiet zone, pixels.
const SIDE: usize = 528;
/// Modules of white around a QR code (ISO 18004).
const QUIET: usize = 4;
/// Beijing's distance from UTC, minutes.
pub(super) const BEIJING: i32 = 480;

/// What stands on a poster.
pub(super) struct Poster<'a> {
    pub code: &'a QrCode,
    pub platform: &'a str,
    pub kind: LinkKind,
    pub auth_type: Option<u8>,
    pub expires_at: i64,
    pub offset_minutes: i32,
    pub lang: PosterLanguage,
}

pub(super) fn svg(poster: &Poster<'_>) -> String {
    let zh = poster.lang == PosterLanguage::Zh;
    let (width, height) = SIZE;
    let middle = width / 2;
    let name = if poster.platform.is_empty() { if zh { "授权" } else { "Authorize" } } else { poster.platform };
    let what = match (poster.auth_type, zh) {
        (Some(1), true) => "公众号授权",
        (Some(1), false) => "Authorize an official account",
        (Some(2), true) => "小程序授权",
        (Some(2), false) => "Authorize a mini program",
        (_, true) => "公众号 / 小程序授权",
        (_, false) => "Authorize an account",
    };
    // Two lines, so that neither shrinks below what is read at arm's length.
    let how = match (poster.kind, zh) {
        (LinkKind::H5, true) => ["请管理员用微信扫一扫", "在手机上完成授权"],
        (LinkKind::H5, false) => ["Administrator: scan with WeChat", "and confirm on the phone"],
        (LinkKind::Pc, true) => ["请在电脑浏览器中打开扫到的链接", "再由管理员扫码确认"],
        (LinkKind::Pc, false) => ["Open the scanned link on a computer", "and confirm with WeChat"],
    };
    let until = clock_words(poster.expires_at, poster.offset_minutes, zh);
    let once = if zh { "仅可使用一次" } else { "Works once" };
    let family = "font-family=\"PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Noto Sans SC, sans-serif\"";
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" {family} text-anchor=\"middle\">\
<rect width=\"{width}\" height=\"{height}\" fill=\"#07c160\"/>\
<rect x=\"40\" y=\"40\" width=\"640\" height=\"1000\" rx=\"24\" fill=\"#ffffff\"/>"
    );
    let mut text = |y: usize, size: usize, colour: &str, weight: usize, words: &str| {
        // Long names shrink instead of running over the edge; a CJK character is about as wide as it is high.
        let wide: usize = words.chars().map(|c| if c.is_ascii() { 11 } else { 20 }).sum();
        let size = size.min(560 * 20 / wide.max(1)).max(14);
        let words = escape(words);
        let _ = write!(
            out,
            "<text x=\"{middle}\" y=\"{y}\" font-size=\"{size}\" font-weight=\"{weight}\" fill=\"{colour}\">{words}</text>"
        );
    };
    text(130, 44, "#1d1d1f", 600, name);
    text(190, 28, "#5e5e63", 400, what);
    text(806, 26, "#1d1d1f", 400, how[0]);
    text(844, 26, "#1d1d1f", 400, how[1]);
    text(900, 28, "#ad352f", 600, &until);
    text(950, 24, "#5e5e63", 400, once);
    let modules = poster.code.width() + 2 * QUIET;
    let colors = poster.code.to_colors();
    let (left, top) = ((width - SIDE) / 2, 230);
    // One unit a module, scaled once: edges stay sharp.
    let _ = write!(
        out,
        "<svg x=\"{left}\" y=\"{top}\" width=\"{SIDE}\" height=\"{SIDE}\" viewBox=\"0 0 {modules} {modules}\" shape-rendering=\"crispEdges\"><path fill=\"#000000\" d=\""
    );
    for (at, _) in colors.iter().enumerate().filter(|(_, c)| **c == Color::Dark) {
        let (x, y) = (at % poster.code.width() + QUIET, at / poster.code.width() + QUIET);
        let _ = write!(out, "M{x} {y}h1v1h-1z");
    }
    out.push_str("\"/></svg></svg>");
    out
}

/// "有效期至 1月2日 13:05" at a distance from UTC.
fn clock_words(at_ms: i64, offset_minutes: i32, zh: bool) -> String {
    // No zone on earth is further than 14 h from UTC.
    let offset = i64::from(offset_minutes.clamp(-840, 840));
    let minutes = at_ms.div_euclid(60_000) + offset;
    let (_, month, day) = date(minutes.div_euclid(24 * 60));
    let of_day = minutes.rem_euclid(24 * 60);
    let (hour, minute) = (of_day / 60, of_day % 60);
    if zh {
        format!("有效期至 {month}月{day}日 {hour:02}:{minute:02}")
    } else {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = usize::try_from(month - 1).ok().and_then(|m| MONTHS.get(m)).copied().unwrap_or("");
        format!("Valid until {hour:02}:{minute:02}, {day} {month}")
    }
}

/// Year, month and day of a count of days since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date
/// algorithms", `civil_from_days`).
fn date(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

fn escape(text: &str) -> String {
    text.chars()
        // XML 1.0 has no control characters; a name with one would make the whole picture unreadable.
        .filter(|c| !c.is_control())
        .collect::<String>()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_the_readers_zone() {
        // 2026-02-28 20:30 UTC.
        let at = 1_772_310_600_000;
        assert_eq!(clock_words(at, BEIJING, true), "有效期至 3月1日 04:30");
        assert_eq!(clock_words(at, 0, false), "Valid until 20:30, 28 Feb");
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
    }

    #[test]
    fn a_poster_is_one_document_with_nothing_from_outside() {
        let code = super::super::links::code("https://abc.natapp.cc/wechat/x/authorize/y").unwrap();
        let poster = Poster {
            code: &code,
            platform: "<门店> & \u{7}通",
            kind: LinkKind::H5,
            auth_type: None,
            expires_at: 0,
            offset_minutes: BEIJING,
            lang: PosterLanguage::Zh,
        };
        let svg = svg(&poster);
        assert!(svg.contains("&lt;门店&gt; &amp; 通"));
        assert!(!svg.contains("href") && !svg.contains("url("));
        assert!(quick_xml_reads(&svg));
    }

    fn quick_xml_reads(text: &str) -> bool {
        let opened = text.matches("<svg").count() + text.matches("<text").count();
        let closed = text.matches("</svg>").count() + text.matches("</text>").count();
        opened == closed
    }
}
