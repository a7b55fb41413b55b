//! `wxdeskd tenant`.

use std::path::Path;

use serde_json::json;

use super::ask;
use crate::args::Tenant;
use crate::engine::Need;
use crate::failure::Failure;
use crate::print;

pub async fn run(dir: &Path, command: Tenant) -> Result<(), Failure> {
    match command {
        Tenant::List { output, platform } => {
            let tenants = ask(dir, Need::Look, "list_tenants", json!({ "component_appid": platform })).await?;
            if output.json {
                print::json(&json!({ "items": tenants }));
                return Ok(());
            }
            let rows: Vec<Vec<String>> = tenants
                .as_array()
                .into_iter()
                .flatten()
                .map(|t| {
                    vec![
                        print::text(&t["name"]),
                        t["accounts"]["total"].to_string(),
                        t["accounts"]["authorized"].to_string(),
                        t["links"].to_string(),
                        if t["archived_at"].is_null() { String::new() } else { "archived".to_owned() },
                    ]
                })
                .collect();
            print::line(&print::table(&["TENANT", "ACCOUNTS", "HEALTHY", "OPEN LINKS", ""], &rows));
        }
        Tenant::Add { name } => {
            ask(dir, Need::Look, "create_tenant", json!({ "name": name })).await?;
            print::note("added");
        }
        Tenant::Rename { name, new_name } => {
            ask(dir, Need::Look, "rename_tenant", json!({ "name": name, "new_name": new_name })).await?;
            print::note("renamed");
        }
        Tenant::Archive { name, undo } => {
            let command = if undo { "unarchive_tenant" } else { "archive_tenant" };
            ask(dir, Need::Look, command, json!({ "name": name })).await?;
            print::note(if undo { "taken out of the archive" } else { "archived" });
        }
    }
    Ok(())
}
