//! `wxdeskd oauth`.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, items, link, now};
use crate::args::{Oauth, OauthRoute};
use crate::engine::{Engine, Need, encode};
use crate::failure::Failure;
use crate::print;

pub async fn run(dir: &Path, command: Oauth) -> Result<(), Failure> {
    match command {
        Oauth::Link { appid, scope, platform, route, valid, note, qr, output } => {
            let picture = qr.as_deref().map(|file| link::picture(file).map(|kind| (file, kind))).transpose()?;
            let platform = platform.map_or_else(String::new, |p| format!("?platform={}", encode(&p)));
            let target = format!("/v1/accounts/{}/oauth-links{platform}", encode(&appid));
            let request = json!({
                "scope": scope.text(), "route": route, "valid_seconds": valid, "note": note.unwrap_or_default(),
            });
            let made = Engine::once(dir, Need::Look, Method::POST, &target, Some(&request)).await?;
            let url = print::text(&made["url"]);
            if output.json {
                print::json(&made);
            } else {
                print::line(&url);
            }
            link::draw(picture, &url)?;
            print::note(&format!("ends {}; any number of users may open it", print::when(&made["expires_at"], now())));
            Ok(())
        }
        Oauth::Users { appid, platform, output } => users(dir, appid, platform, output.json).await,
        Oauth::Route(command) => route(dir, command).await,
        Oauth::Check { id } => {
            let user = ask(dir, Need::Running, "check_oauth_user", json!({ "id": id })).await?;
            if user["check_ok"] == true {
                print::note("WeChat takes this user's token");
                return Ok(());
            }
            let error = &user["last_error"];
            let words = format!("WeChat refused ({}): {}", error["code"], print::text(&error["message"]));
            Err(Failure::refused(words))
        }
        Oauth::Refresh { id } => {
            let user = ask(dir, Need::Running, "refresh_oauth_user", json!({ "id": id })).await?;
            print::note(&format!("renewed, ends {}", print::when(&user["expires_at"], now())));
            Ok(())
        }
        Oauth::Forget { id } => {
            ask(dir, Need::Look, "forget_oauth_user", json!({ "id": id })).await?;
            print::note(&format!("forgot {id}"));
            Ok(())
        }
    }
}

async fn users(dir: &Path, appid: Option<String>, platform: Option<String>, as_json: bool) -> Result<(), Failure> {
    let query = json!({ "component_appid": platform, "appid": appid, "limit": 500 });
    let page = ask(dir, Need::Look, "list_oauth_users", json!({ "query": query })).await?;
    if as_json {
        print::json(&page);
        return Ok(());
    }
    let now = now();
    let rows: Vec<Vec<String>> = items(&page)
        .iter()
        .map(|u| {
            let ends = if u["state"] == "refreshable" { &u["refresh_expires_at"] } else { &u["expires_at"] };
            vec![
                u["id"].to_string(),
                print::text(&u["appid"]),
                print::text(&u["openid"]),
                print::text(&u["nickname"]),
                print::text(&u["scope"]),
                print::state(&u["state"], "ends", ends, now),
            ]
        })
        .collect();
    print::line(&print::table(&["ID", "ACCOUNT", "OPENID", "NAME", "SCOPE", "TOKEN"], &rows));
    let total = page["total"].as_u64().unwrap_or(0);
    if total > rows.len() as u64 {
        print::note(&format!("{} of {total}", rows.len()));
    }
    Ok(())
}

async fn route(dir: &Path, command: OauthRoute) -> Result<(), Failure> {
    match command {
        OauthRoute::Add { appid, url, name, scope, platform, id } => {
            let input = json!({
                "id": id, "component_appid": platform.unwrap_or_default(), "appid": appid, "name": name, "url": url,
                "scope": scope.text(),
            });
            let saved = ask(dir, Need::Look, "save_oauth_route", json!({ "input": input })).await?;
            print::note(&format!(
                "send visitors to {}… with your own state at its end; their page gets ?code=…, good once for POST /v1/oauth/exchange",
                print::text(&saved["enter_url"])
            ));
            print::line(&print::text(&saved["id"]));
        }
        OauthRoute::List(output) => {
            let routes = ask(dir, Need::Look, "list_oauth_routes", json!({})).await?;
            if output.json {
                print::json(&routes);
                return Ok(());
            }
            let now = now();
            let row = |r: &Value| {
                vec![
                    print::text(&r["id"]),
                    print::text(&r["appid"]),
                    print::text(&r["name"]),
                    print::text(&r["scope"]),
                    r["used"].to_string(),
                    print::when(&r["last_used_at"], now),
                    print::text(&r["url"]),
                ]
            };
            let rows: Vec<Vec<String>> = routes.as_array().into_iter().flatten().map(row).collect();
            print::line(&print::table(&["ID", "ACCOUNT", "NAME", "SCOPE", "USED", "LAST", "PAGE"], &rows));
        }
        OauthRoute::Remove { id } => {
            ask(dir, Need::Look, "remove_oauth_route", json!({ "id": id })).await?;
            print::note(&format!("removed {id}"));
        }
    }
    Ok(())
}
