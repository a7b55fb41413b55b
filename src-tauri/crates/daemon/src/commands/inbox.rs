//! `wxdeskd inbox`.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use super::target::report;
use super::{ask, items, now};
use crate::args::{Inbox, InboxList, Output, Replay};
use crate::engine::{Engine, Need};
use crate::failure::Failure;
use crate::print;

/// Rows that one request brings at most.
const PAGE: u32 = 500;
/// Columns of a text in a list.
const TEXT: usize = 40;
/// Refused pushes that are listed one by one.
const REFUSED: usize = 20;

pub async fn run(dir: &Path, command: Inbox) -> Result<(), Failure> {
    match command {
        Inbox::List(args) => list(dir, args).await,
        Inbox::Show { id, output } => show(dir, id, output.json).await,
        Inbox::Replay(args) => replay(dir, args).await,
        Inbox::Rejected(output) => rejected(dir, output.json).await,
        Inbox::Figures(output) => {
            let figures = ask(dir, Need::Look, "inbox_figures", json!({})).await?;
            self::figures(&figures, &output);
            Ok(())
        }
        Inbox::Keep { days, mib } => {
            let args = json!({ "keep_days": days, "keep_mib": mib });
            let figures = ask(dir, Need::Look, "set_inbox_retention", args).await?;
            print::note(&format!("kept for {} days, {} MiB at most", figures["keep_days"], figures["keep_mib"]));
            Ok(())
        }
    }
}

/// What a push is, in a word: its event, or its type.
fn kind(item: &Value) -> String {
    match item["event"].as_str() {
        Some(event) => event.to_owned(),
        None => print::text(&item["msg_type"]),
    }
}

fn account(item: &Value) -> String {
    let named = ["account_name", "appid", "component_appid"].into_iter().find_map(|name| item[name].as_str());
    named.unwrap_or("–").to_owned()
}

fn ms(value: &Value) -> String {
    value.as_i64().map_or_else(|| "–".to_owned(), |ms| format!("{ms} ms"))
}

/// A search stops after a while; it goes on here until there is enough, or nothing more.
async fn search(dir: &Path, mut query: Value, limit: u32) -> Result<Value, Failure> {
    let engine = Engine::find(dir, Need::Look).await?;
    let mut found: Vec<Value> = Vec::new();
    let searched = loop {
        let left = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
        query["limit"] = left.clamp(1, PAGE).into();
        let args = json!({ "query": query });
        let mut page = match engine.ask(Method::POST, "/v1/ui/list_pushes", Some(&args)).await {
            Ok(page) => page,
            Err(failure) => break Err(failure),
        };
        found.extend(page["items"].as_array_mut().map(std::mem::take).unwrap_or_default());
        if page["next_before"].is_null() || found.len() >= limit as usize {
            break Ok(page["next_before"].clone());
        }
        query["before"] = page["next_before"].clone();
    };
    engine.close().await;
    Ok(json!({ "items": found, "next_before": searched? }))
}

async fn list(dir: &Path, args: InboxList) -> Result<(), Failure> {
    let now = now();
    let query = json!({
        "component_appid": args.platform,
        "appid": args.account,
        "msg_type": args.msg_type,
        "event": args.event,
        "sender": args.sender,
        "text": args.text,
        "only_slow": args.slow,
        "from": args.since.map(|ago| now - ago),
    });
    let found = search(dir, query, args.limit).await?;
    if args.output.json {
        print::json(&found);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = items(&found)
        .iter()
        .map(|item| {
            let mut marks = Vec::new();
            if item["repeats"].as_i64().is_some_and(|n| n > 0) {
                marks.push(format!("sent {} times more", item["repeats"]));
            }
            if item["ended"] == true {
                marks.push("authorization ended".to_owned());
            }
            if item["made_up"] == true {
                marks.push("test".to_owned());
            }
            vec![
                item["id"].to_string(),
                print::when(&item["received_at"], now),
                account(item),
                kind(item),
                print::text(&item["sender"]),
                print::short(&print::text(&item["text"]), TEXT),
                print::text(&item["answer"]),
                ms(&item["took_ms"]),
                marks.join(", "),
            ]
        })
        .collect();
    let head = ["ID", "CAME", "ACCOUNT", "KIND", "SENDER", "TEXT", "ANSWER", "TOOK", ""];
    print::line(&print::table(&head, &rows));
    if !found["next_before"].is_null() {
        print::note(&format!("there are more; show them with a larger --limit than {}", args.limit));
    }
    Ok(())
}

async fn show(dir: &Path, id: i64, as_json: bool) -> Result<(), Failure> {
    let push = ask(dir, Need::Look, "get_push", json!({ "id": id })).await?;
    if as_json {
        print::json(&push);
        return Ok(());
    }
    let (item, now) = (&push["item"], now());
    let rule = match item["rule_id"].as_i64() {
        None => "none".to_owned(),
        Some(id) => item["rule_name"].as_str().map_or_else(|| format!("{id}, which is gone"), str::to_owned),
    };
    let rows: Vec<Vec<String>> = [
        ("came", print::when(&item["received_at"], now)),
        ("account", account(item)),
        ("sender", print::text(&item["sender"])),
        ("kind", kind(item)),
        ("meaning", print::text(&item["kind_words"]["en"])),
        ("path", print::text(&push["path"])),
        ("msg id", print::text(&push["msg_id"])),
        ("rule", rule),
        ("answer", print::text(&item["answer"])),
        ("took", ms(&item["took_ms"])),
        ("repeats", item["repeats"].to_string()),
    ]
    .into_iter()
    .map(|(name, value)| vec![name.to_owned(), value])
    .collect();
    print::line(&print::table(&["PUSH", &id.to_string()], &rows));
    let rows: Vec<Vec<String>> = push["checks"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|check| {
            let words = print::text(&check["text"]["en"]);
            vec![print::text(&check["name"]), print::text(&check["verdict"]), words]
        })
        .collect();
    print::line(&format!("\n{}", print::table(&["CHECK", "VERDICT", ""], &rows)));
    print::line(&format!("\n{}", print::plain(print::text(&push["pretty"]).trim_end())));
    if let Some(xml) = push["reply"]["xml"].as_str().filter(|xml| !xml.is_empty()) {
        print::line(&format!("\nanswered with\n{}", print::plain(xml.trim_end())));
    }
    if let Some(trouble) = push["trouble"]["en"].as_str() {
        print::line(&format!("\ntrouble  {trouble}"));
    }
    let rows: Vec<Vec<String>> = push["deliveries"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|delivery| {
            vec![
                print::text(&delivery["target_name"]),
                print::text(&delivery["state"]),
                print::when(&delivery["at"], now),
                delivery["attempts"].to_string(),
                print::text(&delivery["text"]["en"]),
            ]
        })
        .collect();
    if !rows.is_empty() {
        print::line(&format!("\n{}", print::table(&["BUSINESS SERVER", "STATE", "WHEN", "ATTEMPTS", ""], &rows)));
    }
    Ok(())
}

async fn replay(dir: &Path, args: Replay) -> Result<(), Failure> {
    let to = match args.target {
        Some(id) => json!({ "to": "target", "target_id": id }),
        None => json!({ "to": "rules" }),
    };
    let done = ask(dir, Need::Running, "replay_push", json!({ "id": args.id, "to": to })).await?;
    if args.output.json {
        print::json(&done);
    } else {
        if !done["trace"].is_null() {
            super::rule::trace(&done["trace"]);
        }
        if let Some(text) = done["reply"]["text"].as_str() {
            print::line(&format!("answer  {}", print::plain(text)));
        }
        if !done["delivery"].is_null() {
            report(&done["delivery"]);
        }
        for target in done["queued"].as_array().into_iter().flatten() {
            print::note(&format!("in the queue of business server {target} again"));
        }
        print::note(&format!("{} ms; the follower got nothing", done["took_ms"]));
    }
    if done["delivery"]["ok"] == false {
        return Err(Failure::refused("the business server did not answer well"));
    }
    Ok(())
}

async fn rejected(dir: &Path, as_json: bool) -> Result<(), Failure> {
    let refused = ask(dir, Need::Running, "list_rejections", json!({})).await?;
    if as_json {
        print::json(&refused);
        return Ok(());
    }
    let now = now();
    let counts = refused["counts"].as_array().map_or(&[][..], Vec::as_slice);
    let rows: Vec<Vec<String>> = counts
        .iter()
        .map(|count| {
            vec![
                print::text(&count["reason"]),
                count["count"].to_string(),
                print::when(&count["last_at"], now),
                print::text(&count["component_appid"]),
                print::text(&count["advice"]["en"]),
            ]
        })
        .collect();
    print::line(&print::table(&["REASON", "COUNT", "LAST", "FOR", "WHAT TO DO"], &rows));
    let row = |r: &Value| {
        vec![
            print::when(&r["at"], now),
            r["status"].to_string(),
            print::text(&r["reason"]),
            print::text(&r["from"]),
            print::text(&r["path"]),
        ]
    };
    let rows: Vec<Vec<String>> = items(&refused).iter().take(REFUSED).map(row).collect();
    if !rows.is_empty() {
        print::line(&format!("\n{}", print::table(&["CAME", "STATUS", "REASON", "FROM", "PATH"], &rows)));
    }
    print::note(&format!("{} refused since the start", refused["total"]));
    Ok(())
}

fn figures(figures: &Value, output: &Output) {
    if output.json {
        print::json(figures);
        return;
    }
    let sum = |name: &str| -> i64 {
        figures["minutes"].as_array().into_iter().flatten().filter_map(|minute| minute[name].as_i64()).sum()
    };
    let mib = figures["bytes"].as_i64().unwrap_or(0) / (1 << 20);
    let rows: Vec<Vec<String>> = [
        ("pushes", figures["rows"].to_string()),
        ("size", format!("{mib} MiB of {} MiB", figures["keep_mib"])),
        ("oldest", format!("{}; kept for {} days", print::when(&figures["oldest_at"], now()), figures["keep_days"])),
        ("held", format!("{} longer than that, for business servers", figures["held"])),
        ("last hour", format!("{} answered, {} slow, {} out of time", sum("count"), sum("slow"), sum("late"))),
        ("half took", ms(&figures["p50_ms"])),
        ("99 in 100", ms(&figures["p99_ms"])),
        ("budget", ms(&figures["budget_ms"])),
    ]
    .into_iter()
    .map(|(name, value)| vec![name.to_owned(), value])
    .collect();
    print::line(&print::table(&["INBOX", ""], &rows));
}
