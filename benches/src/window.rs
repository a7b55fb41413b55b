//! Cold start of the window, against an empty Tauri window on the same machine, and what it costs while idle.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Starts measured of each program, after one that warms the disk cache.
const RUNS: usize = 7;
/// A window that has not appeared by then never will.
const PATIENCE: Duration = Duration::from_secs(30);
/// Idle time watched.
const IDLE: Duration = Duration::from_secs(30);

/// A process that ends with its owner.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let ended = Instant::now();
        while self.0.try_wait().ok().flatten().is_none() {
            if ended.elapsed() > Duration::from_secs(6) {
                let _ = self.0.kill();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

pub fn run() {
    let programs = std::env::current_exe().unwrap().parent().unwrap().to_path_buf();
    let (ours, empty) = (programs.join("wxdesk"), programs.join("examples/empty-window"));
    if !ours.exists() || !empty.exists() {
        println!("window: build first: cargo build --release --package wxdesk --bin wxdesk --example empty-window");
        return;
    }
    let display = format!(":{}", 90 + std::process::id() % 100);
    let _screen = Owned(
        Command::new("Xvfb")
            .args([&display, "-screen", "0", "1600x1000x24"])
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed"),
    );
    while !Path::new(&format!("/tmp/.X11-unix/X{}", &display[1..])).exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let folder = std::env::temp_dir().join(format!("wxdesk-window-{}", std::process::id()));
    let start = |program: &PathBuf, title: &str| {
        let started = Instant::now();
        let mut command = Command::new(program);
        command
            .env("DISPLAY", &display)
            .env("WXDESK_KEYRING", "off")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .stderr(Stdio::null());
        if title == "^wxdesk$" || title.contains('「') {
            command.arg("--data-dir").arg(&folder);
        }
        if title.contains('「') {
            command.arg("--sandbox");
        }
        let child = Owned(command.spawn().expect("it starts"));
        // `--sync` would look only twice a second.
        let visible = || {
            let search = ["search", "--onlyvisible", "--name", title];
            let seen = Command::new("xdotool").env("DISPLAY", &display).args(search).stdout(Stdio::null()).status();
            seen.expect("xdotool is installed").success()
        };
        while !visible() {
            assert!(started.elapsed() < PATIENCE, "no window {title} appeared");
            std::thread::sleep(Duration::from_millis(5));
        }
        (started.elapsed(), child)
    };
    let mut times: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for run in 0..=RUNS {
        for (which, (program, title)) in [(&ours, "^wxdesk$"), (&empty, "^wxdesk-empty$")].into_iter().enumerate() {
            let (took, child) = start(program, title);
            drop(child);
            if run > 0 {
                times[which].push(took.as_secs_f64() * 1e3);
            }
        }
    }
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let (a, b) = (median(&mut times[0]), median(&mut times[1]));
    println!("window: process start to a visible, loaded page, median of {RUNS}");
    println!("  wxdesk               {a:>8.0} ms");
    println!("  empty Tauri window   {b:>8.0} ms");
    println!("  ratio                {:>8.2}   (limit 1.5)", a / b);

    let (_, child) = start(&ours, "wxdesk「");
    // The first seconds draw and fetch, and after 15 s without input the clock of the pages slows down; idle comes after.
    std::thread::sleep(Duration::from_secs(45));
    let before = ticks(child.0.id());
    std::thread::sleep(IDLE);
    let used = ticks(child.0.id()) - before;
    println!("window: idle in the sandbox for {} s", IDLE.as_secs());
    println!(
        "  processor            {:>8.2} % of one core, all processes of the app   (limit 1)",
        used / 100.0 / IDLE.as_secs_f64() * 100.0
    );
    drop(child);
    let _ = std::fs::remove_dir_all(&folder);
}

/// Processor time of a process and all its descendants, in ticks of 10 ms.
fn ticks(root: u32) -> f64 {
    let mut parents = Vec::new();
    let Ok(entries) = std::fs::read_dir("/proc") else { return 0.0 };
    for entry in entries.flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
        parents.push((pid, number(1) as u32, number(11) + number(12)));
    }
    let mut family = vec![root];
    let mut at = 0;
    while at < family.len() {
        let of = family[at];
        family.extend(parents.iter().filter(|(_, parent, _)| *parent == of).map(|(pid, _, _)| *pid));
        at += 1;
    }
    parents.iter().filter(|(pid, _, _)| family.contains(pid)).map(|(_, _, ticks)| ticks).sum()
}
