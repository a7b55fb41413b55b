//! `wxdeskd key`.

use std::path::Path;

use reqwest::Method;
use serde_json::json;

use super::{items, now};
use crate::args::{Key, Scope};
use crate::engine::{Engine, Need};
use crate::failure::Failure;
use crate::print;

pub async fn run(dir: &Path, command: Key) -> Result<(), Failure> {
    match command {
        Key::Create { name, scope, output } => {
            let scope = match scope {
                Scope::Read => "read",
                Scope::Refresh => "refresh",
                Scope::Admin => "admin",
            };
            let made = Engine::once(
                dir,
                Need::Change,
                Method::POST,
                "/v1/keys",
                Some(&json!({ "name": name, "scope": scope })),
            )
            .await?;
            if output.json {
                print::json(&made);
            } else {
                print::note(&format!("key {} ({scope}); it is shown this once:", made["id"]));
                print::line(&print::text(&made["key"]));
            }
        }
        Key::List(output) => {
            let document = Engine::once(dir, Need::Look, Method::GET, "/v1/keys", None).await?;
            if output.json {
                print::json(&document);
                return Ok(());
            }
            let now = now();
            let rows: Vec<Vec<String>> = items(&document)
                .iter()
                .map(|k| {
                    let revoked = if k["revoked_at"].is_null() {
                        "live".to_owned()
                    } else {
                        format!("revoked {}", print::when(&k["revoked_at"], now))
                    };
                    vec![
                        k["id"].to_string(),
                        print::text(&k["name"]),
                        print::text(&k["scope"]),
                        print::when(&k["created_at"], now),
                        revoked,
                    ]
                })
                .collect();
            print::line(&print::table(&["ID", "NAME", "SCOPE", "MADE", "STATE"], &rows));
        }
        Key::Revoke { id } => {
            Engine::once(dir, Need::Look, Method::DELETE, &format!("/v1/keys/{id}"), None).await?;
            print::note(&format!("revoked key {id}"));
        }
    }
    Ok(())
}
