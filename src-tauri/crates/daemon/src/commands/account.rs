//! `wxdeskd account`.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, items, now, platform};
use crate::args::{Account, AccountName, Output};
use crate::engine::{Engine, Need, encode};
use crate::failure::Failure;
use crate::print;

pub async fn run(dir: &Path, command: Account) -> Result<(), Failure> {
    let names = |of: &AccountName| json!({ "component_appid": of.component_appid, "appid": of.appid });
    let with = |of: &AccountName, name: &str, value: Value| {
        let mut args = names(of);
        args[name] = value;
        args
    };
    match command {
        Account::List { output, platform, tenant, tag } => {
            let filters = [("platform", platform), ("tenant", tenant), ("tag", tag)];
            list(dir, output.json, &filters).await
        }
        Account::Add { file } => add(dir, &file).await,
        Account::Disconnect { appid } => {
            ask(dir, Need::Change, "remove_own_account", json!({ "appid": appid })).await?;
            print::note(&format!("removed {appid}"));
            Ok(())
        }
        Account::ForceToken { appid } => {
            let saved = ask(dir, Need::Running, "force_own_token", json!({ "appid": appid })).await?;
            let forced = &saved["forced"];
            print::note(&format!("a new token; forced {} of {} times today", forced["used"], forced["limit"]));
            Ok(())
        }
        Account::Note { of, note } => {
            ask(dir, Need::Look, "set_account_note", with(&of, "note", note.into())).await?;
            print::note("noted");
            Ok(())
        }
        Account::Tag { of, tags } => {
            let account = ask(dir, Need::Look, "set_account_tags", with(&of, "tags", tags.into())).await?;
            let tags: Vec<String> = account["tags"].as_array().into_iter().flatten().map(print::text).collect();
            print::note(&format!("tags: {}", tags.join(", ")));
            Ok(())
        }
        Account::Tenant { of, tenant } => {
            let args = json!({ "component_appid": of.component_appid, "appids": [of.appid], "tenant": tenant });
            // Asked for first: a name that is not there would be passed over in silence.
            ask(dir, Need::Look, "list_account_history", with(&of, "before", Value::Null)).await?;
            ask(dir, Need::Look, "set_account_tenant", args).await?;
            print::note(&format!("tenant: {}", tenant.as_deref().unwrap_or("none")));
            Ok(())
        }
        Account::Remove(of) => {
            ask(dir, Need::Look, "remove_account", names(&of)).await?;
            print::note(&format!(
                "removed; bring it back with: wxdeskd account restore {} {}",
                of.component_appid, of.appid
            ));
            Ok(())
        }
        Account::Restore(of) => {
            let account = ask(dir, Need::Look, "restore_account", names(&of)).await?;
            print::note(&format!("restored: {}", print::text(&account["state"])));
            Ok(())
        }
        Account::Options { appid, platform, set, output } => options(dir, &appid, platform, set, output).await,
        Account::History { of, output } => {
            let lines = ask(dir, Need::Look, "list_account_history", with(&of, "before", Value::Null)).await?;
            if output.json {
                print::json(&lines);
                return Ok(());
            }
            let now = now();
            for line in lines.as_array().into_iter().flatten() {
                print::line(&format!("{:>14}  {}", print::when(&line["at"], now), print::text(&line["text"]["en"])));
            }
            Ok(())
        }
    }
}

/// Reads the options, after one was set.
async fn options(
    dir: &Path,
    appid: &str,
    platform: Option<String>,
    set: Option<String>,
    output: Output,
) -> Result<(), Failure> {
    let set = match set.as_deref().map(|pair| pair.split_once('=')) {
        Some(None) => return Err(Failure::environment("--set takes NAME=VALUE, such as voice_recognize=1".to_owned())),
        Some(pair) => pair,
        None => None,
    };
    let mut target = format!("/v1/accounts/{}", encode(appid));
    if let Some(platform) = &platform {
        target.push_str(&format!("?platform={}", encode(platform)));
    }
    let engine = Engine::find(dir, Need::Running).await?;
    let account = engine.ask(Method::GET, &target, None).await?;
    let component_appid = &account["component_appid"];
    if let Some((name, value)) = set {
        let body = json!({ "component_appid": component_appid, "appid": appid, "name": name, "value": value });
        engine.ask(Method::POST, "/v1/ui/set_account_option", Some(&body)).await?;
    }
    let body = json!({ "component_appid": component_appid, "appid": appid });
    let options = engine.ask(Method::POST, "/v1/ui/get_account_options", Some(&body)).await?;
    engine.close().await;
    if output.json {
        print::json(&options);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = items(&options)
        .iter()
        .map(|o| {
            let choices: Vec<String> = o["choices"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|c| format!("{} {}", print::text(&c["value"]), print::text(&c["text"]["en"])))
                .collect();
            let said = if o["error"].is_null() { &o["value_text"]["en"] } else { &o["error"]["message"] };
            vec![print::text(&o["name"]), print::text(&o["value"]), print::text(said), choices.join(", ")]
        })
        .collect();
    print::line(&print::table(&["OPTION", "VALUE", "MEANING", "CHOICES"], &rows));
    Ok(())
}

async fn add(dir: &Path, file: &Path) -> Result<(), Failure> {
    let input = platform::document(file)?;
    let saved = ask(dir, Need::Change, "save_own_account", json!({ "input": input })).await?;
    print::note(&format!("saved {}", print::text(&saved["appid"])));
    let server_url = print::text(&saved["server_url"]);
    if !server_url.is_empty() && saved["kind"] != "website_app" {
        print::note("what to enter on mp.weixin.qq.com (设置与开发 > 基本配置):");
        print::line(&format!("服务器地址(URL)  {server_url}"));
    }
    let domain = print::text(&saved["domain"]);
    if !domain.is_empty() {
        print::line(&format!("网页授权域名      {domain}"));
    }
    Ok(())
}

async fn list(dir: &Path, json: bool, filters: &[(&str, Option<String>)]) -> Result<(), Failure> {
    let engine = Engine::find(dir, Need::Look).await?;
    let all = every_page(&engine, filters).await;
    engine.close().await;
    let all = all?;
    if json {
        print::json(&json!({ "total": all.len(), "next_cursor": null, "items": all }));
    } else {
        print::line(&table(&all, now()));
    }
    Ok(())
}

async fn every_page(engine: &Engine, filters: &[(&str, Option<String>)]) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut target = "/v1/accounts?limit=1000".to_owned();
        let filters = filters.iter().map(|(name, value)| (*name, value.as_deref()));
        for (name, value) in filters.chain([("cursor", cursor.as_deref())]) {
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
