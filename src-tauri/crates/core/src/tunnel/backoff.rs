//! How long a client that ended is left alone. Pure.

/// Delays after the first, second … failure in a row, ms. The first is short because a port that a killed client left
/// behind is free again after two to three seconds (measured with bore).
const LADDER: [i64; 7] = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 60_000];
/// Jitter of a delay, thousandths either way: many desktops behind one server must not come back together.
const JITTER: i64 = 200;

/// The delay after so many failures in a row (at least one), ms; `roll` is 0 to 1000.
#[must_use]
pub(super) fn delay(failures: u32, roll: i64) -> i64 {
    let step = usize::try_from(failures.max(1) - 1).unwrap_or(usize::MAX).min(LADDER.len() - 1);
    LADDER[step] * (1_000 - JITTER + 2 * JITTER * roll.clamp(0, 1_000) / 1_000) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_is_bounded_jittered_and_never_zero() {
        for failures in 0..1_000 {
            for roll in [0, 500, 1_000] {
                let wait = delay(failures, roll);
                assert!((800..=72_000).contains(&wait), "{failures}: {wait}");
            }
        }
        assert_eq!(
            [1, 2, 3, 4, 5, 6, 7, 8].map(|n| delay(n, 500)),
            [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 60_000, 60_000]
        );
        assert!(delay(5, 0) < delay(5, 1_000));
    }
}
