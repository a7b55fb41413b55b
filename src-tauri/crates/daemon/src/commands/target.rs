//! `wxdeskd target`.

use std::path::Path;

use serde_json::{Value, json};

use super::{ask, items, now, platform};
use crate::args::Target;
use crate::engine::Need;
use crate::failure::Failure;
use crate::print;

/// Attempts that are shown.
const LOG: u32 = 50;
/// Dead letters that are shown.
const DEAD: u32 = 500;
/// Columns of a text in a list.
const TEXT: usize = 40;

pub async fn run(dir: &Path, command: Target) -> Result<(), Failure> {
    match command {
        Target::List(output) => {
            let targets = ask(dir, Need::Look, "list_targets", json!({})).await?;
            if output.json {
                print::json(&json!({ "items": targets }));
            } else {
                list(&targets);
            }
        }
        Target::Add { file } => {
            let input = platform::document(&file)?;
            let saved = ask(dir, Need::Look, "save_target", json!({ "input": input })).await?;
            let id = &saved["id"];
            print::note(&format!("saved; see what it signs with: wxdeskd target secret {id}"));
            if saved["enabled"] == false {
                print::note(&format!("it is off; switch it on with: wxdeskd target on {id}"));
            }
            print::line(&id.to_string());
        }
        Target::Remove { id } => {
            ask(dir, Need::Look, "remove_target", json!({ "id": id })).await?;
            print::note(&format!("removed {id}"));
        }
        Target::On { id } => switch(dir, id, true).await?,
        Target::Off { id } => switch(dir, id, false).await?,
        Target::Test { id, output } => {
            let done = ask(dir, Need::Running, "test_target", json!({ "id": id })).await?;
            if output.json {
                print::json(&done);
            } else {
                report(&done);
            }
            if done["ok"] == false {
                return Err(Failure::refused("the business server did not answer well"));
            }
        }
        Target::Secret { id } => {
            let secret = ask(dir, Need::Look, "reveal_target_secret", json!({ "id": id })).await?;
            print::line(&print::text(&secret["value"]));
        }
        Target::Log { id, failed, output } => log(dir, id, failed, output.json).await?,
        Target::Dead { id, output } => dead(dir, id, output.json).await?,
        Target::Resend { id, all, letters } => {
            let ids = if all { Value::Null } else { json!(letters) };
            let count = ask(dir, Need::Look, "resend_dead", json!({ "target_id": id, "ids": ids })).await?;
            if count == 0 {
                return Err(Failure::refused("there is no such dead letter"));
            }
            print::note(&format!("{count} in the queue again"));
        }
    }
    Ok(())
}

async fn switch(dir: &Path, id: i64, on: bool) -> Result<(), Failure> {
    let target = ask(dir, Need::Look, "switch_target", json!({ "id": id, "on": on })).await?;
    print::note(&format!("{}: {}", print::text(&target["name"]), if on { "on" } else { "off" }));
    Ok(())
}

fn list(targets: &Value) {
    let now = now();
    let targets = targets.as_array().map_or(&[][..], Vec::as_slice);
    let rows: Vec<Vec<String>> = targets
        .iter()
        .map(|target| {
            let health = &target["health"];
            let more = if health["waiting_more"] == true { "+" } else { "" };
            vec![
                target["id"].to_string(),
                print::text(&target["name"]),
                print::text(&target["mode"]),
                print::text(&target["format"]),
                print::text(&health["state"]),
                format!("{}{more}", health["waiting"]),
                health["dead"].to_string(),
                print::when(&health["last_success_at"], now),
                health["p99_ms"].as_i64().map_or_else(|| "–".to_owned(), |ms| format!("{ms} ms")),
                print::text(&target["url"]),
            ]
        })
        .collect();
    let head = ["ID", "NAME", "MODE", "FORMAT", "STATE", "WAITING", "DEAD", "LAST GOOD", "P99", "URL"];
    print::line(&print::table(&head, &rows));
    for target in targets {
        let health = &target["health"];
        if let Some(error) = health["last_error_text"]["en"].as_str()
            && matches!(health["state"].as_str(), Some("failing" | "open" | "probing"))
        {
            print::note(&format!("{}: {error}", print::text(&target["name"])));
        }
    }
}

async fn deliveries(dir: &Path, query: Value) -> Result<Value, Failure> {
    ask(dir, Need::Look, "list_deliveries", json!({ "query": query })).await
}

fn error(row: &Value) -> String {
    row["error_text"]["en"].as_str().unwrap_or_default().to_owned()
}

async fn log(dir: &Path, id: i64, failed: bool, as_json: bool) -> Result<(), Failure> {
    let state = if failed { json!("failed") } else { Value::Null };
    let page = deliveries(dir, json!({ "target_id": id, "state": state, "limit": LOG })).await?;
    if as_json {
        print::json(&page);
        return Ok(());
    }
    let now = now();
    let rows: Vec<Vec<String>> = items(&page)
        .iter()
        .map(|row| {
            vec![
                print::when(&row["at"], now),
                row["push_id"].to_string(),
                print::text(&row["state"]),
                row["attempt"].to_string(),
                row["status"].as_i64().map_or_else(|| "–".to_owned(), |status| status.to_string()),
                format!("{} ms", row["took_ms"]),
                print::text(&row["kind"]),
                print::short(&print::text(&row["text"]), TEXT),
                error(row),
            ]
        })
        .collect();
    let head = ["WHEN", "PUSH", "STATE", "ATTEMPT", "STATUS", "TOOK", "KIND", "TEXT", ""];
    print::line(&print::table(&head, &rows));
    Ok(())
}

async fn dead(dir: &Path, id: i64, as_json: bool) -> Result<(), Failure> {
    let page = deliveries(dir, json!({ "target_id": id, "state": "dead", "limit": DEAD })).await?;
    if as_json {
        print::json(&page);
        return Ok(());
    }
    let now = now();
    let rows: Vec<Vec<String>> = items(&page)
        .iter()
        .map(|row| {
            vec![
                row["id"].to_string(),
                row["push_id"].to_string(),
                print::when(&row["at"], now),
                row["attempt"].to_string(),
                print::text(&row["kind"]),
                print::short(&print::text(&row["text"]), TEXT),
                error(row),
            ]
        })
        .collect();
    print::line(&print::table(&["LETTER", "PUSH", "GIVEN UP", "ATTEMPTS", "KIND", "TEXT", ""], &rows));
    if !rows.is_empty() {
        print::note(&format!("send them again with: wxdeskd target resend {id} --all, or some: LETTER…"));
    }
    Ok(())
}

/// What a business server did with one request.
pub(super) fn report(done: &Value) {
    let status = done["status"].as_i64().map_or_else(|| "no answer".to_owned(), |status| format!("HTTP {status}"));
    print::line(&format!("{status}, {} ms", done["took_ms"]));
    let words = error(done);
    if !words.is_empty() {
        print::note(&words);
    }
    let answer = print::text(&done["answer"]);
    if !answer.is_empty() {
        print::line(&print::plain(&answer));
    }
}
