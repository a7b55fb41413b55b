//! `wxdeskd quota` and `wxdeskd rid`.

use std::path::Path;

use serde_json::{Value, json};

use super::{ask, items, now};
use crate::args::{Clear, Quota, Rid};
use crate::engine::Need;
use crate::failure::Failure;
use crate::print;

pub async fn run(dir: &Path, args: Quota) -> Result<(), Failure> {
    if let Some(clear) = args.clear {
        let method = match clear {
            Clear::Token => "token",
            Clear::AppSecret => "app_secret",
        };
        let body = json!({ "component_appid": args.component_appid, "appid": args.account, "method": method });
        let left = ask(dir, Need::Running, "clear_quota", body).await?;
        print::note(&format!("cleared; {}", allowance(&left)));
    }
    let body = json!({ "component_appid": args.component_appid, "appid": args.account, "cgi_paths": args.api });
    let report = ask(dir, Need::Running, "get_quota", body).await?;
    if args.output.json {
        print::json(&report);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = items(&report)
        .iter()
        .map(|item| {
            let number = |name: &str| item[name].as_i64().map_or_else(|| "–".to_owned(), |n| n.to_string());
            let said = if item["error"].is_null() { &item["name"]["en"] } else { &item["error"]["message"] };
            vec![
                print::text(&item["cgi_path"]),
                number("used"),
                number("daily_limit"),
                number("remain"),
                print::text(said),
            ]
        })
        .collect();
    print::line(&print::table(&["API", "USED", "LIMIT", "LEFT", ""], &rows));
    print::note(&allowance(&report["allowance"]));
    Ok(())
}

fn allowance(left: &Value) -> String {
    if left["exhausted"] == true {
        return format!(
            "all clearings of this month are used; the next come {}",
            print::when(&left["resets_at"], now())
        );
    }
    format!("clearings this month: at least {} of {} used", left["used_at_least"], left["limit"])
}

/// What WeChat knows of a request.
pub async fn rid(dir: &Path, args: Rid) -> Result<(), Failure> {
    let body = json!({ "rid": args.rid, "component_appid": args.platform, "appid": args.account });
    let found = ask(dir, Need::Running, "lookup_rid", body).await?;
    if args.output.json {
        print::json(&found);
        return Ok(());
    }
    let now = now();
    let rows: Vec<Vec<String>> = [
        ("made", print::when(&found["invoked_at"], now)),
        ("took", format!("{} ms", found["cost_ms"])),
        ("from", print::text(&found["client_ip"])),
        ("by", print::text(if found["appid"].is_null() { &found["component_appid"] } else { &found["appid"] })),
        ("api", print::text(&found["api"])),
        ("request", print::text(&found["request_url"])),
        ("body", print::text(&found["request_body"])),
        ("answer", print::text(&found["response_body"])),
        ("meaning", print::text(&found["words"]["meaning"]["en"])),
        ("advice", print::text(&found["words"]["advice"]["en"])),
    ]
    .into_iter()
    .map(|(name, value)| vec![name.to_owned(), value])
    .collect();
    print::line(&print::table(&["RID", &args.rid], &rows));
    Ok(())
}
