//! `wxdeskd tunnel`.

use std::path::Path;

use serde_json::{Value, json};

use super::{ask, now, platform};
use crate::args::Tunnel;
use crate::engine::Need;
use crate::failure::Failure;
use crate::print;

pub async fn run(dir: &Path, command: Tunnel) -> Result<(), Failure> {
    match command {
        Tunnel::Clients(output) => clients(dir, output.json).await,
        Tunnel::List(output) => list(dir, output.json).await,
        Tunnel::Add { file } => {
            let input = platform::document(&file)?;
            let saved = ask(dir, Need::Change, "save_tunnel", json!({ "input": input })).await?;
            print::note("saved; start it with: wxdeskd tunnel start ID");
            print::line(&print::text(&saved["id"]));
            Ok(())
        }
        Tunnel::Start { id } => {
            let tunnel = ask(dir, Need::Running, "start_tunnel", json!({ "id": id })).await?;
            print::note(&format!("{}: {}", print::text(&tunnel["name"]), print::text(&tunnel["state"])));
            Ok(())
        }
        Tunnel::Stop { id } => {
            let tunnel = ask(dir, Need::Look, "stop_tunnel", json!({ "id": id })).await?;
            print::note(&format!("{}: {}", print::text(&tunnel["name"]), print::text(&tunnel["state"])));
            Ok(())
        }
        Tunnel::Remove { id } => {
            ask(dir, Need::Look, "remove_tunnel", json!({ "id": id })).await?;
            print::note(&format!("removed {id}"));
            Ok(())
        }
        Tunnel::Log { id } => {
            let log = ask(dir, Need::Running, "tunnel_log", json!({ "id": id })).await?;
            for line in log["lines"].as_array().into_iter().flatten() {
                print::line(&format!("{:6}  {}", print::text(&line["source"]), print::text(&line["text"])));
            }
            Ok(())
        }
        Tunnel::Confirm { id } => {
            ask(dir, Need::Look, "confirm_tunnel_url", json!({ "id": id })).await?;
            print::note("confirmed");
            Ok(())
        }
    }
}

async fn clients(dir: &Path, as_json: bool) -> Result<(), Failure> {
    let document = ask(dir, Need::Change, "list_tunnel_clients", json!({})).await?;
    if as_json {
        print::json(&document);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = document
        .as_array()
        .into_iter()
        .flatten()
        .map(|c| {
            let nothing = c["programs"].as_array().is_none_or(Vec::is_empty);
            let found = match c["found"].as_str() {
                Some(path) => path.to_owned(),
                None if nothing => "–".to_owned(),
                None => format!("not found; {}", print::text(&c["site"])),
            };
            vec![print::text(&c["id"]), print::text(&c["name"]["en"]), found]
        })
        .collect();
    print::line(&print::table(&["CLIENT", "NAME", "PROGRAM"], &rows));
    Ok(())
}

async fn list(dir: &Path, as_json: bool) -> Result<(), Failure> {
    let document = ask(dir, Need::Look, "list_tunnels", json!({})).await?;
    if as_json {
        print::json(&document);
        return Ok(());
    }
    let now = now();
    let tunnels = document.as_array().map_or(&[][..], Vec::as_slice);
    let rows: Vec<Vec<String>> = tunnels
        .iter()
        .map(|t| {
            vec![
                print::text(&t["id"]),
                print::text(&t["client"]),
                print::text(&t["name"]),
                print::state(&t["state"], "since", &t["state_since"], now),
                print::text(if t["url"].is_null() { &t["endpoint"] } else { &t["url"] }),
            ]
        })
        .collect();
    print::line(&print::table(&["ID", "CLIENT", "NAME", "STATE", "ADDRESS"], &rows));
    for tunnel in tunnels {
        if !tunnel["problem"].is_null() {
            let advice = print::text(&tunnel["problem"]["advice"]["en"]);
            print::note(&format!(
                "{}: {}\n{advice}",
                print::text(&tunnel["id"]),
                print::text(&tunnel["problem"]["text"])
            ));
        }
        if !tunnel["change"].is_null() {
            changed(tunnel);
        }
    }
    Ok(())
}

/// What must be entered on open.weixin.qq.com again.
fn changed(tunnel: &Value) {
    let id = print::text(&tunnel["id"]);
    print::note(&format!("{id}: the URL changed; enter on open.weixin.qq.com, then: wxdeskd tunnel confirm {id}"));
    for platform in tunnel["change"]["platforms"].as_array().into_iter().flatten() {
        let after = &platform["after"];
        print::line(&format!("{}  {}", print::text(&platform["component_appid"]), print::text(&platform["name"])));
        for (label, key) in [
            ("登录授权的发起页域名", "authorize_domain"),
            ("授权事件接收URL", "event_url"),
            ("消息与事件接收URL", "message_url"),
            ("网页开发域名", "web_domain"),
        ] {
            print::line(&format!("  {label}  {}", print::text(&after[key])));
        }
    }
}
