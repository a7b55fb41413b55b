//! Owns: the avatar pictures of simulated accounts.
//! Must not: read files or the network.
//! Invariant: one appid always gives the same PNG bytes.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// Side of an avatar in pixels; WeChat serves `/132` thumbnails.
pub const SIDE: u32 = 132;

const INKS: [[u8; 3]; 10] = [
    [0x07, 0xC1, 0x60],
    [0x10, 0x72, 0xE8],
    [0xE3, 0x4D, 0x59],
    [0xED, 0x7B, 0x2F],
    [0x72, 0x32, 0xDD],
    [0x00, 0x8A, 0x8A],
    [0xC2, 0x18, 0x5B],
    [0x5D, 0x40, 0x37],
    [0x2E, 0x7D, 0x32],
    [0x37, 0x47, 0x4F],
];

/// A simple geometric PNG for `appid`: a ground colour, one of six figures and a mirrored 5 × 5 pattern in it.
/// Empty only if the encoder fails, which it does not for a picture in memory.
pub fn png(appid: &str) -> Vec<u8> {
    let hash = fnv(appid);
    let ink = Rgb(INKS[(hash % 10) as usize]);
    let second = Rgb(INKS[((hash / 10 + 1 + hash % 10) % 10) as usize]);
    let paper = Rgb([0xF7, 0xF8, 0xFA]);
    let figure = (hash >> 8) % 6;
    let bits = hash >> 16;
    let centre = i64::from(SIDE) / 2;
    let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let (dx, dy) = (i64::from(x) - centre, i64::from(y) - centre);
        let (ax, ay) = (dx.abs(), dy.abs());
        let inside = match figure {
            0 => dx * dx + dy * dy < 58 * 58,
            1 => ax + ay < 62,
            2 => ax < 50 && ay < 50,
            3 => dy > -56 && dy < 50 && ax * 2 < dy + 62,
            4 => ax.max(ay) < 54 && ax + ay < 80,
            _ => (dx + dy).rem_euclid(40) < 24,
        };
        if !inside {
            return paper;
        }
        if ax < 30 && ay < 30 {
            let (column, row) = ((ax / 12).min(2), (dy + 30) / 12);
            if bits >> (column * 5 + row.min(4)) & 1 == 1 {
                return second;
            }
        }
        ink
    });
    let mut out = Cursor::new(Vec::new());
    match picture.write_to(&mut out, ImageFormat::Png) {
        Ok(()) => out.into_inner(),
        Err(_) => Vec::new(),
    }
}

/// FNV-1a with a last mixing step: spreads appids that differ in one digit.
fn fnv(text: &str) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    hash ^= hash >> 29;
    hash = hash.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_stable_and_differ() {
        let a = png("wx0000000000000001");
        assert_eq!(a, png("wx0000000000000001"));
        assert_ne!(a, png("wx0000000000000002"));
        let read = image::load_from_memory(&a).map(|p| (p.width(), p.height()));
        assert_eq!(read.ok(), Some((SIDE, SIDE)));
    }
}
