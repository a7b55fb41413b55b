//! `wxdeskd verification-file`, `check` and `egress`.

use std::path::Path;

use base64::Engine as _;
use serde_json::{Value, json};

use super::{ask, now};
use crate::args::VerificationFile;
use crate::engine::Need;
use crate::failure::Failure;
use crate::print;

pub async fn file(dir: &Path, command: VerificationFile) -> Result<(), Failure> {
    match command {
        VerificationFile::Add { file } => add(dir, &file).await,
        VerificationFile::List(output) => list(dir, output.json).await,
        VerificationFile::Remove { name } => {
            ask(dir, Need::Look, "remove_verification_file", json!({ "name": name })).await?;
            print::note(&format!("removed {name}"));
            Ok(())
        }
    }
}

async fn add(dir: &Path, file: &Path) -> Result<(), Failure> {
    let name = file.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let bytes = std::fs::read(file).map_err(|e| {
        Failure::environment(format!("{} cannot be read: {}", file.display(), wxdesk_core::folder::io_words(&e)))
    })?;
    let content = base64::engine::general_purpose::STANDARD.encode(bytes);
    let saved =
        ask(dir, Need::Change, "add_verification_file", json!({ "name": name, "content_base64": content })).await?;
    for url in saved["urls"].as_array().into_iter().flatten() {
        print::line(&print::text(url));
    }
    print::note(&format!("{name} is served at the root of the public door"));
    Ok(())
}

async fn list(dir: &Path, as_json: bool) -> Result<(), Failure> {
    let document = ask(dir, Need::Look, "list_verification_files", json!({})).await?;
    if as_json {
        print::json(&document);
        return Ok(());
    }
    let now = now();
    let rows: Vec<Vec<String>> = document
        .as_array()
        .into_iter()
        .flatten()
        .map(|f| {
            let urls = f["urls"].as_array().into_iter().flatten().map(print::text).collect::<Vec<_>>().join(" ");
            vec![print::text(&f["name"]), f["size"].to_string(), print::when(&f["added_at"], now), urls]
        })
        .collect();
    print::line(&print::table(&["NAME", "BYTES", "ADDED", "URL"], &rows));
    Ok(())
}

/// The steps of a check, one a line, and what to do.
pub(super) fn steps(report: &Value) {
    for step in report["steps"].as_array().into_iter().flatten() {
        let took = step["took_ms"].as_i64().map_or_else(String::new, |ms| format!("{ms} ms"));
        print::line(&format!(
            "  {:7}  {:8}  {:>8}  {}",
            print::text(&step["step"]),
            print::text(&step["outcome"]),
            took,
            print::text(&step["text"]["en"])
        ));
        let fix = print::text(&step["fix"]["en"]);
        if matches!(step["outcome"].as_str(), Some("failed" | "warning")) && !fix.is_empty() {
            print::line(&format!("           → {fix}"));
        }
    }
}

/// Every public base URL in use.
pub async fn check(dir: &Path, as_json: bool) -> Result<(), Failure> {
    let overview = ask(dir, Need::Running, "overview", json!({})).await?;
    let mut bases: Vec<Value> = overview["door"]["tunnels"].as_array().cloned().unwrap_or_default();
    // A tunnel that is online is checked even before a platform uses it.
    let tunnels = ask(dir, Need::Running, "list_tunnels", json!({})).await?;
    for tunnel in tunnels.as_array().into_iter().flatten().filter(|t| t["state"] == "online" && t["url"].is_string()) {
        if bases.iter().all(|b| b["public_base_url"] != tunnel["url"]) {
            bases.push(json!({ "public_base_url": tunnel["url"] }));
        }
    }
    if bases.is_empty() {
        return Err(Failure::environment("no platform has a public base URL yet, and no tunnel is online"));
    }
    let mut reports = Vec::new();
    for base in &bases {
        reports
            .push(ask(dir, Need::Running, "check_door", json!({ "public_base_url": base["public_base_url"] })).await?);
    }
    if as_json {
        print::json(&Value::Array(reports.clone()));
    } else {
        for report in &reports {
            print::line(&print::text(&report["public_base_url"]));
            steps(report);
        }
    }
    if reports.iter().any(|r| r["reachable"] == false) {
        return Err(Failure::refused("the world cannot reach the listener"));
    }
    Ok(())
}

pub async fn egress(dir: &Path, component_appid: &str, as_json: bool) -> Result<(), Failure> {
    let test = ask(dir, Need::Running, "test_egress", json!({ "component_appid": component_appid })).await?;
    if as_json {
        print::json(&test);
    } else {
        print::line(&print::text(&test["text"]["en"]));
        let fix = print::text(&test["fix"]["en"]);
        if !fix.is_empty() {
            print::note(&fix);
        }
    }
    if test["listed"] == false {
        return Err(Failure::refused("WeChat does not take calls from here"));
    }
    if !test["error"].is_null() {
        return Err(Failure::refused(print::text(&test["error"]["message"])));
    }
    Ok(())
}
