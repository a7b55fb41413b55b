//! `wxdeskd calls`.

use std::path::Path;

use serde_json::{Value, json};

use super::{ask, items, now};
use crate::args::Calls;
use crate::engine::Need;
use crate::failure::Failure;
use crate::print;

pub async fn run(dir: &Path, args: Calls) -> Result<(), Failure> {
    let from = args.hours.map(|hours| now() - i64::from(hours) * 3_600_000);
    let query = json!({
        "platform": args.platform,
        "appid": args.account,
        "api": args.api,
        "errcode": args.errcode,
        "only_errors": args.errors,
        "from": from,
        "limit": args.limit,
    });
    if args.csv {
        let export = ask(dir, Need::Look, "export_api_calls", json!({ "query": query, "format": "csv" })).await?;
        print::line(print::text(&export["text"]).trim_end());
        if export["truncated"] == true {
            print::note("there are more calls than fit; narrow the filter");
        }
        return Ok(());
    }
    let page = ask(dir, Need::Look, "list_api_calls", json!({ "query": query })).await?;
    if args.output.json {
        print::json(&page);
        return Ok(());
    }
    let now = now();
    let rows: Vec<Vec<String>> = items(&page).iter().map(|call| row(call, now)).collect();
    print::line(&print::table(&["WHEN", "ACCOUNT", "API", "REASON", "MS", "RESULT", "RID"], &rows));
    Ok(())
}

fn row(call: &Value, now: i64) -> Vec<String> {
    let about = if call["appid"].is_null() { &call["component_appid"] } else { &call["appid"] };
    let result = if call["ok"] == true {
        "ok".to_owned()
    } else if let Some(code) = call["errcode"].as_i64() {
        match call["words"]["meaning"]["en"].as_str() {
            Some(meaning) => format!("{code} {meaning}"),
            None => format!("{code} {}", print::text(&call["message"])),
        }
    } else if let Some(kind) = call["transport_error"].as_str() {
        kind.to_owned()
    } else {
        format!("HTTP {}", call["http_status"])
    };
    vec![
        print::when(&call["at"], now),
        print::text(about),
        print::text(&call["api"]),
        print::text(&call["reason"]),
        call["duration_ms"].to_string(),
        result,
        print::text(&call["rid"]),
    ]
}
