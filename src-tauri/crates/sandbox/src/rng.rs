//! Owns: every random value the sandbox makes up.
//! Must not: read the operating system's randomness or a clock; the same seed and the same calls give the same bytes.
//! Invariant: the generator's whole state is one serialisable number, so a restart continues the same sequence.

use serde::{Deserialize, Serialize};

const URL_SAFE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";

/// SplitMix64 (Steele, Lea, Flood 2014): tiny, well spread, and its state is one number.
/// Not for secrets of a real platform; nothing here guards anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// A generator for `seed`; equal seeds give equal sequences.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// An independent generator for one named thing (`stream` = its number), whatever was drawn elsewhere before.
    pub fn stream(seed: u64, stream: u64) -> Self {
        let mut mixer = Self::new(seed ^ stream.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        Self { state: mixer.next_u64() }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..bound` (0 when `bound` is 0). The modulo bias is far below what a simulation can notice.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next_u64() % bound }
    }

    /// True with probability `p` (clamped to 0…1).
    pub fn chance(&mut self, p: f64) -> bool {
        // 53 bits fill the mantissa of an f64 exactly.
        let unit = (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        unit < p
    }

    /// 16 bytes: the random prefix of an encrypted push (A.1).
    pub fn bytes16(&mut self) -> [u8; 16] {
        let mut out = [0u8; 16];
        for byte in &mut out {
            // WeChat's own samples draw letters and digits only.
            *byte = self.pick(ALPHANUMERIC);
        }
        out
    }

    /// `len` URL-safe characters.
    pub fn url_safe(&mut self, len: usize) -> String {
        self.text(len, URL_SAFE)
    }

    /// `len` letters or digits.
    pub fn alphanumeric(&mut self, len: usize) -> String {
        self.text(len, ALPHANUMERIC)
    }

    /// `len` lower-case hexadecimal digits.
    pub fn hex(&mut self, len: usize) -> String {
        self.text(len, HEX)
    }

    fn text(&mut self, len: usize, alphabet: &[u8]) -> String {
        (0..len).map(|_| char::from(self.pick(alphabet))).collect()
    }

    fn pick(&mut self, alphabet: &[u8]) -> u8 {
        let at = self.below(alphabet.len() as u64) as usize;
        alphabet.get(at).copied().unwrap_or(b'0')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_sequences_and_streams_differ() {
        let (mut a, mut b) = (Rng::new(7), Rng::new(7));
        assert_eq!(a.url_safe(64), b.url_safe(64));
        assert_eq!(a.bytes16(), b.bytes16());
        assert_ne!(Rng::stream(7, 1).hex(16), Rng::stream(7, 2).hex(16));
    }

    #[test]
    fn chance_keeps_its_ends() {
        let mut rng = Rng::new(1);
        assert!((0..1000).all(|_| !rng.chance(0.0)));
        assert!((0..1000).all(|_| rng.chance(1.0)));
    }
}
