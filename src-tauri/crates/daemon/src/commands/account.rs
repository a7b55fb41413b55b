//! `wxdeskd account`.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use super::{items, now};
use crate::args::Account;
use crate::engine::{Engine, Need, encode};
use crate::failure::Failure;
use crate::print;

pub async fn run(dir: &Path, command: Account) -> Result<(), Failure> {
    let Account::List { output, platform } = command;
    let engine = Engine::find(dir, Need::Look).await?;
    let all = every_page(&engine, platform.as_deref()).await;
    engine.close().await;
    let all = all?;
    if output.json {
        print::json(&json!({ "total": all.len(), "next_cursor": null, "items": all }));
    } else {
        print::line(&table(&all, now()));
    }
    Ok(())
}

async fn every_page(engine: &Engine, platform: Option<&str>) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut target = "/v1/accounts?limit=1000".to_owned();
        for (name, value) in [("platform", platform), ("cursor", cursor.as_deref())] {
            if let Some(value) = value {
                target.push_str(&format!("&{name}={}", encode(value)));
            }
        }
        let page = engine.ask(Method::GET, &target, None).await?;
        all.extend_from_slice(items(&page));
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

/// Accounts and the lifetimes of their tokens.
pub fn table(accounts: &[Value], now: i64) -> String {
    let rows: Vec<Vec<String>> = accounts
        .iter()
        .map(|a| {
            let token = &a["token"];
            vec![
                print::text(&a["appid"]),
                print::text(&a["nick_name"]),
                print::text(&a["kind"]),
                print::text(&a["state"]),
                print::text(&token["state"]),
                print::when(&token["expires_at"], now),
                print::when(&token["next_refresh_at"], now),
                token["generation"].to_string(),
            ]
        })
        .collect();
    print::table(&["APPID", "NAME", "KIND", "STATE", "TOKEN", "ENDS", "NEXT REFRESH", "GENERATION"], &rows)
}
