//! `wxdeskd status`.

use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::args::Output;
use crate::engine::{Engine, Need};
use crate::failure::Failure;
use crate::print;

pub async fn run(dir: &Path, output: Output) -> Result<(), Failure> {
    let status = Engine::once(dir, Need::Look, Method::GET, "/v1/status", None).await?;
    if output.json {
        print::json(&status);
    } else {
        print::line(&text(&status));
        if let Some(hint) = hint(&status) {
            print::note(hint);
        }
    }
    Ok(())
}

/// What to do next, where the answer alone would be a dead end.
fn hint(status: &Value) -> Option<&'static str> {
    let nothing = status["platforms"].as_array().is_some_and(Vec::is_empty) && status["own_accounts"]["total"] == 0;
    nothing.then_some(
        "nothing is connected yet: wxdeskd platform add --file platform.json for a third-party platform, wxdeskd account add --file account.json for an account with its own AppSecret (--help shows the files)",
    )
}

fn text(status: &Value) -> String {
    let now = status["time"].as_i64().unwrap_or(0);
    let listener = &status["listener"];
    let address = listener["address"].as_str().map_or_else(|| "not listening".to_owned(), |a| format!("http://{a}"));
    let mut lines = vec![
        format!("wxdesk {}", print::text(&status["version"])),
        format!(
            "listener         {address}, last push {}, {} refused",
            print::when(&listener["last_callback_at"], now),
            listener["rejected"]
        ),
    ];
    for platform in status["platforms"].as_array().into_iter().flatten() {
        let (ticket, token, accounts) = (&platform["ticket"], &platform["component_token"], &platform["accounts"]);
        lines.push(String::new());
        lines.push(format!("{}  {}", print::text(&platform["component_appid"]), print::text(&platform["name"])));
        lines.push(format!("ticket           {}", print::state(&ticket["state"], "", &ticket["received_at"], now)));
        lines.push(format!(
            "component token  {} ({})",
            print::state(&token["state"], "ends", &token["expires_at"], now),
            print::text(&token["reason"])
        ));
        lines.push(format!("next refresh     {}", print::when(&token["next_refresh_at"], now)));
        if let Some(error) = token["last_error"].as_object() {
            lines.push(format!("last error       {}: {}", error["code"], print::text(&error["message"])));
            lines.push(format!("                 {}", print::text(&error["advice"])));
        }
        let parts: Vec<String> = ["authorized", "failing", "needs_authorization", "unauthorized"]
            .iter()
            .map(|state| format!("{} {}", accounts[*state], state.replace('_', " ")))
            .collect();
        lines.push(format!("accounts         {}: {}", accounts["total"], parts.join(", ")));
    }
    let own = &status["own_accounts"];
    if own["total"].as_i64().is_some_and(|total| total > 0) {
        lines.push(String::new());
        lines.push(format!(
            "own AppSecret    {}: {} working, {} failing",
            own["total"], own["authorized"], own["failing"]
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_an_engine_without_anything_gets_the_hint() {
        let none = json!({ "total": 0 });
        assert_eq!(hint(&json!({ "platforms": [], "own_accounts": { "total": 1 } })), None);
        assert!(hint(&json!({ "platforms": [], "own_accounts": none })).unwrap().contains("platform add --file"));
        assert_eq!(hint(&json!({ "platforms": [{}] })), None);
        assert_eq!(hint(&json!({})), None);
    }
}
