//! Processes of our own: who they are, and how they are ended.
//!
//! Invariant ("adopts nothing it did not start"): a process that was not started by this very run is ended only if pid,
//! start time and program are all what was noted when it was started.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::folder;

/// The note about a running child in a tunnel's folder.
const NOTE: &str = "child.json";
/// How often a process that was told to end is looked at, ms.
const LOOK_EVERY: i64 = 50;

/// Who a process is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Process id.
    pub pid: u32,
    /// When it was started, in the words of the operating system; with the boot's id where start times count from it.
    pub started: String,
    /// Its program.
    pub program: String,
}

/// Who has this pid now; `None` for nobody, or where the system does not tell (Windows: nothing is ended there by pid).
#[cfg(target_os = "linux")]
#[must_use]
pub fn identity(pid: u32) -> Option<Identity> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything, brackets too: fields are counted from the last one. Field 22 of proc(5)
    // is the start time in clock ticks since boot; field 3 is the state.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if matches!(fields.first(), Some(&"Z" | &"X")) {
        return None;
    }
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let program = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    Some(Identity {
        pid,
        started: format!("{}:{}", boot.trim(), fields.get(19)?),
        program: program.display().to_string(),
    })
}

/// Who has this pid now, as `ps` says.
#[cfg(all(unix, not(target_os = "linux")))]
#[must_use]
pub fn identity(pid: u32) -> Option<Identity> {
    let out = std::process::Command::new("/bin/ps")
        .args(["-o", "lstart=,comm=", "-p", &pid.to_string()])
        .env("LC_ALL", "C")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&out.stdout);
    // "Sat Nov 21 12:00:00 2026 /path/to/program"
    let words: Vec<&str> = text.split_whitespace().collect();
    (words.len() > 5).then(|| Identity { pid, started: words[..5].join(" "), program: words[5..].join(" ") })
}

/// Nothing is known here.
#[cfg(not(unix))]
#[must_use]
pub fn identity(_pid: u32) -> Option<Identity> {
    None
}

/// Notes a child that was just started.
pub fn note(dir: &Path, pid: u32) {
    let Some(identity) = identity(pid) else { return };
    let written = serde_json::to_vec(&identity)
        .map_err(std::io::Error::from)
        .and_then(|bytes| folder::write_private(&dir.join(NOTE), &bytes));
    if let Err(e) = written {
        tracing::warn!(error = %folder::io_words(&e), "a tunnel's client could not be noted; after a crash it would be left running");
    }
}

/// The child is gone.
pub fn forget(dir: &Path) {
    let _ = std::fs::remove_file(dir.join(NOTE));
}

/// Ends the child that a crash of ours left behind, if it is still the very process that was noted. Answers its pid.
pub async fn end_leftover(dir: &Path, clock: &dyn Clock, grace: i64) -> Option<u32> {
    let bytes = std::fs::read(dir.join(NOTE)).ok()?;
    let noted: Option<Identity> = serde_json::from_slice(&bytes).ok();
    let noted = noted.filter(is_same);
    if let Some(noted) = &noted {
        signal(noted.pid, false);
        let until = clock.monotonic() + grace;
        while is_same(noted) && clock.monotonic() < until {
            clock.sleep(LOOK_EVERY).await;
        }
        if is_same(noted) {
            signal(noted.pid, true);
        }
    }
    forget(dir);
    noted.map(|n| n.pid)
}

fn is_same(noted: &Identity) -> bool {
    identity(noted.pid).is_some_and(|now| now == *noted)
}

/// Asks a child and the group that it leads to end, or kills them. The caller knows that the pid is still the child's:
/// it has not been waited for, or [`Identity`] says so.
pub fn signal(pid: u32, kill: bool) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process, kill_process_group};
        let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
        let signal = if kill { Signal::KILL } else { Signal::TERM };
        if kill_process_group(pid, signal).is_err() {
            let _ = kill_process(pid, signal);
        }
    }
    #[cfg(not(unix))]
    let _ = (pid, kill);
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_pid_start_and_program() {
        let me = identity(std::process::id()).unwrap();
        assert_eq!(me, identity(std::process::id()).unwrap());
        assert_eq!(Path::new(&me.program), std::env::current_exe().unwrap());
        assert!(identity(0).is_none());
        // Who started later is another one, even under the same pid.
        assert!(!is_same(&Identity { started: "x:1".into(), ..me.clone() }));
        assert!(!is_same(&Identity { program: "/bin/true".into(), ..me }));
    }
}
