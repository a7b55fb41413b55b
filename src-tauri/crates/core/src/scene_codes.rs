//! Scans of parametric QR codes, found in the pushes of followers.
//!
//! Owns: which push is a scan of a code of ours, and the pictures. Must not: cost other pushes anything; one that is no
//! `subscribe` or `SCAN` with a ticket is not even looked up. Invariant: a scan is counted in the transaction that stores
//! its push, and not again for a repeat of it.

use std::fmt::Write as _;

use image::{GrayImage, ImageFormat, Luma};
use qrcode::{Color, EcLevel, QrCode};
use wechat::message::MessageHead;

use crate::core::Core;
use crate::dto::ErrorCode;
use crate::error::AppError;
use crate::inbox;
use crate::store::tables::scene_code::{self, NewScan};
use crate::store::{StoreError, Tx};

/// Side of the PNG, pixels.
const SIDE: u32 = 1_024;
/// Modules of white around a QR code (ISO 18004).
const QUIET: usize = 4;

/// A scan of a code of ours, to be counted with its push.
#[derive(Debug, Clone)]
pub struct ScanNote(NewScan);

/// What the mirror finds a code by.
pub(crate) fn ticket_hash(appid: &str, ticket: &str) -> i64 {
    inbox::identity(&[appid, ticket])
}

/// Whether a push to an account is a scan of a code that was made here.
#[must_use]
pub fn scan_of(core: &Core, platform_id: i64, appid: &str, head: &MessageHead<'_>) -> Option<ScanNote> {
    if !head.is_event() {
        return None;
    }
    let followed = match head.event.as_deref()? {
        "subscribe" => true,
        "SCAN" => false,
        _ => return None,
    };
    let hash = ticket_hash(appid, head.ticket.as_deref()?);
    let code_id = core.store().mirror().scene_code(platform_id, hash)?;
    let at = head.create_time.saturating_mul(1000);
    Some(ScanNote(NewScan { code_id, at, openid: head.from_user_name.clone().into_owned(), followed }))
}

/// Counts a scan in the transaction that stores its push. Answers false when it was counted before.
///
/// # Errors
/// SQLite's.
pub fn count(tx: &Tx<'_>, note: &ScanNote) -> Result<bool, StoreError> {
    scene_code::count(tx, &note.0)
}

fn code(url: &str) -> Result<QrCode, AppError> {
    if url.is_empty() {
        return Err(AppError::new(ErrorCode::Unavailable, "WeChat told no content of this code; make another one"));
    }
    QrCode::with_error_correction_level(url, EcLevel::M)
        .map_err(|e| AppError::new(ErrorCode::Internal, format!("the address does not fit a QR code: {e}")))
}

/// Rows of dark modules as (row, first column, length). Whole runs: single squares show hairlines between them in print.
fn runs(code: &QrCode) -> Vec<(usize, usize, usize)> {
    let (width, colors) = (code.width(), code.to_colors());
    let mut all = Vec::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let length = row[x..].iter().take_while(|c| **c == Color::Dark).count();
            if length > 0 {
                all.push((y, x, length));
            }
            x += length.max(1);
        }
    }
    all
}

/// A code as an SVG document without anything from outside: sharp at every size, in print too.
///
/// # Errors
/// When there is nothing to draw.
pub(crate) fn svg(url: &str) -> Result<String, AppError> {
    let code = code(url)?;
    let modules = code.width() + 2 * QUIET;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{SIDE}\" height=\"{SIDE}\" viewBox=\"0 0 {modules} {modules}\" shape-rendering=\"crispEdges\">\
<rect width=\"{modules}\" height=\"{modules}\" fill=\"#ffffff\"/><path fill=\"#000000\" d=\""
    );
    for (y, x, length) in runs(&code) {
        let _ = write!(out, "M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET);
    }
    out.push_str("\"/></svg>");
    Ok(out)
}

/// A code as a PNG file of exactly 1024 pixels: whole pixels a module, what is left over is white border.
///
/// # Errors
/// When there is nothing to draw.
pub(crate) fn png(url: &str) -> Result<Vec<u8>, AppError> {
    let code = code(url)?;
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let scale = (SIDE / number(code.width() + 2 * QUIET)).max(1);
    let margin = SIDE.saturating_sub(scale * number(code.width())) / 2;
    let mut picture = GrayImage::from_pixel(SIDE, SIDE, Luma([255]));
    for (y, x, length) in runs(&code) {
        let (left, top) = (margin + number(x) * scale, margin + number(y) * scale);
        for py in top..(top + scale).min(SIDE) {
            for px in left..(left + number(length) * scale).min(SIDE) {
                picture.put_pixel(px, py, Luma([0]));
            }
        }
    }
    let mut bytes = Vec::new();
    picture
        .write_to(&mut std::io::Cursor::new(&mut bytes), ImageFormat::Png)
        .map_err(|e| AppError::new(ErrorCode::Internal, format!("the QR code could not be drawn: {e}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://weixin.qq.com/q/kZgfwMTm72WWPkovabbI";

    #[test]
    fn both_pictures_hold_every_dark_module() {
        let code = code(URL).unwrap();
        let dark = code.to_colors().iter().filter(|c| **c == Color::Dark).count();
        assert_eq!(runs(&code).iter().map(|(_, _, length)| length).sum::<usize>(), dark);
        let svg = svg(URL).unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>") && !svg.contains("href"));
        assert_eq!(svg.matches('M').count(), runs(&code).len());
        let picture = image::load_from_memory(&png(URL).unwrap()).unwrap().to_luma8();
        assert_eq!(picture.dimensions(), (1024, 1024));
        let scale = 1024 / (code.width() + 8);
        let black = picture.pixels().filter(|p| p.0[0] == 0).count();
        assert_eq!(black, dark * scale * scale);
        // A quiet zone of at least four modules.
        let quiet = u32::try_from(4 * scale).unwrap();
        assert!((0..1024).all(|x| (0..quiet).all(|y| picture.get_pixel(x, y).0[0] == 255)));
        assert!(super::svg("").is_err() && super::png("").is_err());
    }
}
