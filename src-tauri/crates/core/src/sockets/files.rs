//! How many connections the operating system's limit of open files allows.
//!
//! The store, the engine's calls, the tunnels' pipes and the log need files too: a door that took them all would stop
//! the tokens it exists for. So the doors divide what a reserve leaves.

/// Kept for everything but the doors' connections: about 30 for the store and its log, 16 for calls to WeChat, the rest
/// for name lookups, tunnels, backups and what is being closed.
const RESERVE: u64 = 128;
/// Raised to this if the system lets us; two doors and the reserve fit, and a child that closes every file one by one
/// is not slowed down.
const WISHED: u64 = 4_096;
/// Connections at once that a door wants. WeChat opens a handful; each costs a file and about 20 KiB.
const WANTED: usize = 1_024;
/// A door is no use with fewer.
const LEAST: usize = 16;

/// The caps of the two doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shares {
    /// Connections of the public door.
    pub public: usize,
    /// Connections of the private door.
    pub private: usize,
}

/// Raises this process's limit of open files towards its hard limit, and divides it.
pub(crate) fn shares() -> Shares {
    divide(limit())
}

/// Two thirds for the door that the world knocks on.
fn divide(limit: Option<u64>) -> Shares {
    let budget = limit.map_or(usize::MAX, |l| usize::try_from(l.saturating_sub(RESERVE)).unwrap_or(usize::MAX));
    Shares { public: (budget / 3).saturating_mul(2).clamp(LEAST, WANTED), private: (budget / 3).clamp(LEAST, WANTED) }
}

/// None: as many as one likes.
#[cfg(unix)]
fn limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let now = getrlimit(Resource::Nofile);
    let wished = now.maximum.map_or(WISHED, |most| most.min(WISHED));
    if now.current.is_some_and(|soft| soft < wished) {
        // Refused is no harm: the limit stays what it was.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wished), maximum: now.maximum });
    }
    getrlimit(Resource::Nofile).current
}

/// Windows limits sockets by memory only.
#[cfg(not(unix))]
fn limit() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_doors_leave_the_reserve() {
        for (limit, public, private) in [
            (None, 1_024, 1_024),
            (Some(4_096), 1_024, 1_024),
            (Some(1_024), 596, 298),
            (Some(512), 256, 128),
            (Some(64), 16, 16),
        ] {
            assert_eq!(divide(limit), Shares { public, private }, "{limit:?}");
        }
        assert!(limit().is_none_or(|l| l > 0));
    }
}
