//! The house's walls: which crate may know which, who may import Tauri, where time comes from.
//!
//! Owns no behaviour; it reads manifests and sources. A failure here means that an edge was added which the
//! architecture forbids (`ARCHITECTURE.md`), so mend the edge and not the test.

#![expect(clippy::unwrap_used, reason = "a test: a failure should stop it where it stands")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

#[path = "../src-tauri/ipc/names.rs"]
mod names;

/// Crate, what it may use of ours, what only its tests may use besides.
const ALLOWED: [(&str, &[&str], &[&str]); 6] = [
    ("wxdesk-wechat", &[], &[]),
    ("wxdesk-core", &["wxdesk-wechat"], &["wxdesk-sandbox"]),
    ("wxdesk-sandbox", &["wxdesk-wechat"], &[]),
    ("wxdesk-daemon", &["wxdesk-core", "wxdesk-sandbox"], &["wxdesk-wechat"]),
    ("wxdesk", &["wxdesk-core", "wxdesk-sandbox"], &["wxdesk-wechat", "wxdesk-daemon"]),
    // Measures everything, ships nothing.
    ("wxdesk-bench", &["wxdesk-wechat", "wxdesk-core", "wxdesk-sandbox", "wxdesk-daemon"], &[]),
];

/// What only the window host can do, so that no engine has it.
const SHELL_ONLY: [&str; 6] =
    ["enter_sandbox", "leave_sandbox", "open_external", "save_file", "copy_secret", "clear_secret"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(args).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "cargo {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn packages() -> Vec<Value> {
    let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--no-deps"])).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Every crate that `package` is built from, its own included, tests and build scripts left out.
fn built_from(package: &str) -> BTreeSet<String> {
    cargo(&["tree", "-p", package, "--no-default-features", "-e", "normal", "--prefix", "none", "--format", "{p}"])
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn crates_depend_one_way() {
    let packages = packages();
    let ours: BTreeSet<&str> = packages.iter().map(|p| p["name"].as_str().unwrap()).collect();
    let known: BTreeSet<&str> = ALLOWED.iter().map(|(name, ..)| *name).collect();
    assert_eq!(ours, known, "a crate came or went: say in ALLOWED what it may use");
    let mut forbidden = Vec::new();
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        let (_, always, in_tests) = ALLOWED.iter().find(|(known, ..)| *known == name).unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let on = dependency["name"].as_str().unwrap();
            let for_tests = dependency["kind"].as_str() == Some("dev");
            if ours.contains(on) && !always.contains(&on) && !(for_tests && in_tests.contains(&on)) {
                forbidden.push(format!("{name} → {on}{}", if for_tests { " (tests)" } else { "" }));
            }
        }
    }
    assert!(forbidden.is_empty(), "forbidden edges: {forbidden:?}");
}

#[test]
fn the_protocol_knows_no_runtime_no_database_and_no_network() {
    let parts = built_from("wxdesk-wechat");
    for forbidden in ["tokio", "rusqlite", "libsqlite3-sys", "reqwest", "hyper", "axum"] {
        assert!(!parts.contains(forbidden), "wxdesk-wechat is built from {forbidden}");
    }
}

#[test]
fn the_engine_and_the_daemon_know_no_window_and_the_engine_no_sandbox() {
    for package in ["wxdesk-core", "wxdesk-sandbox", "wxdesk-daemon"] {
        let window: Vec<_> = built_from(package)
            .into_iter()
            .filter(|part| part.starts_with("tauri") || ["wry", "tao", "gtk", "webkit2gtk"].contains(&part.as_str()))
            .collect();
        assert!(window.is_empty(), "{package} is built from {window:?}");
    }
    assert!(!built_from("wxdesk-core").contains("wxdesk-sandbox"));
}

#[test]
fn without_its_feature_the_app_needs_no_webkit() {
    let parts = built_from("wxdesk");
    assert!(!parts.contains("tauri") && !parts.contains("webkit2gtk"), "the fast inner loop would need WebKit");
}

#[test]
fn only_the_host_folder_of_the_ui_imports_tauri() {
    let host = root().join("ui/src/host");
    let strays: Vec<_> = files(&root().join("ui/src"), &["ts", "vue", "js", "tsx"])
        .into_iter()
        .filter(|file| !file.starts_with(&host))
        .filter(|file| read(file).contains("@tauri-apps"))
        .collect();
    assert!(strays.is_empty(), "only ui/src/host may import @tauri-apps: {strays:?}");
}

#[test]
fn time_comes_from_the_clock_alone() {
    for krate in ["wechat", "core"] {
        let clippy = read(format!("src-tauri/crates/{krate}/clippy.toml"));
        for method in ["std::time::SystemTime::now", "std::time::Instant::now", "tokio::time::sleep"] {
            assert!(clippy.contains(&format!("\"{method}\"")), "{krate}/clippy.toml must disallow {method}");
        }
    }
}

#[test]
fn no_test_is_ignored() {
    let attribute = concat!("#[", "ignore");
    let ignored: Vec<_> = ["src-tauri", "tests", "benches"]
        .iter()
        .flat_map(|folder| files(&root().join(folder), &["rs"]))
        .filter(|file| read(file).contains(attribute))
        .collect();
    assert!(ignored.is_empty(), "ignored tests in {ignored:?}");
}

#[test]
fn window_commands_are_the_same_in_every_list() {
    let listed: BTreeSet<String> = names::COMMANDS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(listed.len(), names::COMMANDS.len(), "a name is listed twice");

    let source = read("src-tauri/ipc/mod.rs");
    let handlers = source.split("generate_handler![").nth(1).unwrap().split(']').next().unwrap();
    let handled: BTreeSet<String> = handlers
        .split(',')
        .filter_map(|path| path.trim().rsplit("::").next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, handled, "names.rs and generate_handler! differ");

    let capability: Value = serde_json::from_str(&read("src-tauri/capabilities/main.json")).unwrap();
    let allowed: BTreeSet<String> = capability["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|permission| permission.as_str().unwrap().strip_prefix("allow-"))
        .map(|name| name.replace('-', "_"))
        .collect();
    assert_eq!(listed, allowed, "names.rs and the capability `main` differ");
}

#[test]
fn the_window_and_the_engine_offer_the_same_commands() {
    let window: BTreeSet<&str> = names::COMMANDS.iter().copied().filter(|name| !SHELL_ONLY.contains(name)).collect();
    let engine: BTreeSet<&str> =
        wxdesk_core::commands::names().into_iter().filter(|name| !SHELL_ONLY.contains(name)).collect();
    assert_eq!(window, engine, "what the window can do, the daemon can do, and the other way round");
}

fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "node_modules") {
                found.extend(files(&path, extensions));
            }
        } else if path.extension().is_some_and(|e| extensions.iter().any(|wanted| e == *wanted)) {
            found.push(path);
        }
    }
    found
}
