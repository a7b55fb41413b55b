//! `wxdeskd release-check`.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, now};
use crate::args::ReleaseCheck;
use crate::engine::{Engine, Need};
use crate::failure::Failure;
use crate::print;

/// A rehearsal is looked at so often.
const EVERY: Duration = Duration::from_millis(200);
/// Its rows end by themselves, in less.
const PATIENCE: Duration = Duration::from_secs(180);
/// Columns of the longest name of a row.
const NAME: usize = 18;
/// Steps of a platform that are shown.
const STEPS: usize = 20;

pub async fn run(dir: &Path, args: ReleaseCheck) -> Result<(), Failure> {
    if args.rehearse {
        let kind = args.kind.map(|kind| kind.text());
        return rehearse(dir, json!({ "set": args.set, "kind": kind }), args.output.json).await;
    }
    let check = match (args.on, args.off) {
        (None, None) => ask(dir, Need::Look, "release_check", json!({})).await?,
        (on, off) => {
            let switch = json!({ "on": on.is_some(), "component_appid": on.or(off) });
            ask(dir, Need::Look, "switch_release_check", switch).await?
        }
    };
    if args.output.json {
        print::json(&check);
        return Ok(());
    }
    show(&check);
    Ok(())
}

fn show(check: &Value) {
    let now = now();
    for platform in check["platforms"].as_array().into_iter().flatten() {
        let state = if platform["on"] == true { "on" } else { "off" };
        let name = print::plain(&print::text(&platform["name"]));
        print::line(&format!("{}  {name}  {state}", print::text(&platform["component_appid"])));
        let rows: Vec<Vec<String>> = platform["steps"]
            .as_array()
            .into_iter()
            .flatten()
            .take(STEPS)
            .map(|step| {
                vec![
                    print::when(&step["at"], now),
                    print::text(&step["appid"]),
                    step["set"].to_string(),
                    print::text(&step["step"]),
                    format!("{} ms", step["took_ms"]),
                    step["trouble"]["en"].as_str().unwrap_or("ok").to_owned(),
                ]
            })
            .collect();
        if !rows.is_empty() {
            print::line(&print::table(&["WHEN", "TEST ACCOUNT", "SET", "STEP", "TOOK", ""], &rows));
        }
    }
}

/// A row as WeChat's console names it.
fn name(row: &str) -> &str {
    match row {
        "ticket" => "组件ticket正确接收",
        "pre_auth_code" => "生成预授权码",
        "auth_code" => "获取授权code",
        "authorize" => "授权",
        "api_text" => "返回Api文本消息",
        "text" => "返回普通文本消息",
        "event" => "发送事件消息",
        "cancel" => "取消授权",
        other => other,
    }
}

fn line(row: &Value) -> String {
    let took = row["took_ms"].as_i64().map_or_else(String::new, |ms| format!("{ms} ms"));
    let limit = row["limit_ms"].as_i64().map_or_else(String::new, |ms| format!("of {ms}"));
    let name = print::padded(name(row["row"].as_str().unwrap_or_default()), NAME);
    let text = print::plain(row["text"]["en"].as_str().unwrap_or_default());
    format!("{:7}  {name}  {took:>8}  {limit:8}  {text}", print::text(&row["state"])).trim_end().to_owned()
}

/// Rows are printed as they turn; ends with 1 when one is red.
async fn rehearse(dir: &Path, which: Value, as_json: bool) -> Result<(), Failure> {
    let engine = Engine::find(dir, Need::Running).await?;
    let started = engine.ask(Method::POST, "/v1/ui/start_rehearsal", Some(&which)).await?;
    let id = started["rehearsals"][0]["id"].clone();
    let mut printed: HashSet<String> = HashSet::new();
    let follow = async {
        let mut ticks = tokio::time::interval(EVERY);
        let mut check = started;
        loop {
            let run = check["rehearsals"].as_array().into_iter().flatten().find(|run| run["id"] == id);
            let run = run.ok_or_else(|| Failure::refused("the rehearsal was forgotten"))?;
            if printed.is_empty() && printed.insert(String::new()) {
                print::note(&format!(
                    "set {}, {}, {}",
                    run["set"],
                    print::text(&run["kind"]).replace('_', " "),
                    print::text(&run["appid"])
                ));
            }
            let over = !run["ended_at"].is_null();
            for row in run["rows"].as_array().into_iter().flatten() {
                let turned = over || matches!(row["state"].as_str(), Some("ok" | "failed"));
                if turned && printed.insert(print::text(&row["row"])) && !as_json {
                    print::line(&line(row));
                }
            }
            if over {
                return Ok(run.clone());
            }
            ticks.tick().await;
            check = engine.ask(Method::POST, "/v1/ui/release_check", Some(&json!({}))).await?;
        }
    };
    let run = tokio::time::timeout(PATIENCE, follow)
        .await
        .unwrap_or_else(|_| Err(Failure::refused("the rehearsal does not come to an end")));
    engine.close().await;
    let run = run?;
    if as_json {
        print::json(&run);
    }
    let rows = run["rows"].as_array().map_or(&[][..], Vec::as_slice);
    let green = rows.iter().filter(|row| row["state"] == "ok").count();
    if green < rows.len() {
        return Err(Failure::refused(format!("{green} of {} rows are green", rows.len())));
    }
    print::note(&format!("all {green} rows are green"));
    Ok(())
}
