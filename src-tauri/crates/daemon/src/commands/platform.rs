//! `wxdeskd platform`.

use std::io::Read;
use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use super::{items, now};
use crate::args::Platform;
use crate::engine::{Engine, Need, encode};
use crate::failure::Failure;
use crate::print;

/// Longer input is no platform, bytes.
const MAX_INPUT: u64 = 1 << 20;

pub async fn run(dir: &Path, command: Platform) -> Result<(), Failure> {
    match command {
        Platform::Add { file } => add(dir, &file).await,
        Platform::List(output) => list(dir, output.json).await,
        Platform::Remove { component_appid } => {
            let target = format!("/v1/platforms/{}", encode(&component_appid));
            Engine::once(dir, Need::Look, Method::DELETE, &target, None).await?;
            print::note(&format!("removed {component_appid}"));
            Ok(())
        }
    }
}

async fn add(dir: &Path, file: &Path) -> Result<(), Failure> {
    let input = document(file)?;
    let saved = Engine::once(dir, Need::Change, Method::POST, "/v1/platforms", Some(&input)).await?;
    print::note(&format!("saved {}; what to enter on open.weixin.qq.com:", print::text(&saved["component_appid"])));
    let urls = &saved["callback_urls"];
    let rows = [
        ("登录授权的发起页域名", &urls["authorize_domain"]),
        ("授权事件接收URL", &urls["event_url"]),
        ("消息与事件接收URL", &urls["message_url"]),
        ("网页开发域名", &urls["web_domain"]),
    ];
    for (label, value) in rows {
        print::line(&format!("{label}  {}", print::text(value)));
    }
    Ok(())
}

/// A JSON document from a file or standard input. What is wrong with it is said without quoting it: it may be a secret.
pub(super) fn document(file: &Path) -> Result<Value, Failure> {
    serde_json::from_str(&read(file)?).map_err(|e| {
        Failure::environment(format!("{} is not JSON (line {}, column {})", name(file), e.line(), e.column()))
    })
}

fn name(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}

fn read(file: &Path) -> Result<String, Failure> {
    let fail = |e: std::io::Error| {
        Failure::environment(format!("{} cannot be read: {}", name(file), wxdesk_core::folder::io_words(&e)))
    };
    let mut text = String::new();
    let mut source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).map_err(fail)?)
    };
    source.as_mut().take(MAX_INPUT).read_to_string(&mut text).map_err(fail)?;
    Ok(text)
}

async fn list(dir: &Path, json: bool) -> Result<(), Failure> {
    let document = Engine::once(dir, Need::Look, Method::GET, "/v1/platforms", None).await?;
    if json {
        print::json(&document);
        return Ok(());
    }
    let now = now();
    let rows: Vec<Vec<String>> = items(&document)
        .iter()
        .map(|p| {
            vec![
                print::text(&p["component_appid"]),
                print::text(&p["name"]),
                print::state(&p["ticket"]["state"], "", &p["ticket"]["received_at"], now),
                print::state(&p["component_token"]["state"], "ends", &p["component_token"]["expires_at"], now),
                p["accounts"]["total"].to_string(),
            ]
        })
        .collect();
    print::line(&print::table(&["APPID", "NAME", "TICKET", "COMPONENT TOKEN", "ACCOUNTS"], &rows));
    Ok(())
}
