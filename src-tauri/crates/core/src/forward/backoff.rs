//! How long a message, or a whole business server, is left alone after failures. Pure.
//!
//! Invariant: never zero, bounded, and not the same for two at once.

/// First delay of a message, ms.
const FIRST: i64 = 1_000;
/// Longest delay, ms; the jitter comes on top.
const LONGEST: i64 = 300_000;
/// Jitter of a delay, thousandths either way.
const JITTER: i64 = 200;
/// No delay is longer, ms. A deadline further away than this comes from before the clock was put back.
pub(super) const BOUND: i64 = LONGEST + LONGEST * JITTER / 1_000;
/// First pause of a server that failed [`FAILURES`] times in a row, ms.
const PAUSE: i64 = 15_000;
/// So many failures in a row, of any messages, open the breaker.
pub(super) const FAILURES: u32 = 5;

fn doubled(first: i64, times: u32) -> i64 {
    first.saturating_mul(1_i64 << times.min(20)).min(LONGEST)
}

/// Until the next attempt after so many (at least one), ms; `roll` is 0 to 1000.
pub(super) fn delay(attempts: i64, roll: i64) -> i64 {
    let step = u32::try_from(attempts.max(1) - 1).unwrap_or(u32::MAX);
    doubled(FIRST, step) * (1_000 - JITTER + 2 * JITTER * roll.clamp(0, 1_000) / 1_000) / 1_000
}

/// Until the next probe, after so many that failed, ms.
pub(super) fn pause(failed_probes: u32) -> i64 {
    doubled(PAUSE, failed_probes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_are_bounded_jittered_and_never_zero() {
        assert_eq!(
            [1, 2, 3, 4, 9, 10, 11, 1_000].map(|n| delay(n, 500)),
            [1_000, 2_000, 4_000, 8_000, 256_000, 300_000, 300_000, 300_000]
        );
        for attempts in -1..200 {
            for roll in [0, 500, 1_000, 5_000] {
                assert!((800..=BOUND).contains(&delay(attempts, roll)), "{attempts} {roll}");
            }
        }
        assert_eq!((delay(1, 0), delay(1, 1_000), delay(99, 1_000)), (800, 1_200, BOUND));
    }

    #[test]
    fn pauses_double_up_to_five_minutes() {
        assert_eq!([0, 1, 2, 3, 4, 5, 99].map(pause), [15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    }
}
