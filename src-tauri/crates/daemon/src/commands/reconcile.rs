//! `wxdeskd reconcile`.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::ask;
use crate::args::Reconcile;
use crate::engine::Need;
use crate::failure::Failure;
use crate::print;

/// A long list is read for longer than one call waits: so often it is asked again.
const TRIES: u32 = 60;

pub async fn run(dir: &Path, args: Reconcile) -> Result<(), Failure> {
    let component = &args.component_appid;
    let preview = patiently(dir, "reconcile_preview", &json!({ "component_appid": component })).await?;
    for (group, words) in
        [("missing_here", "at WeChat and not here"), ("gone_there", "here and not at WeChat"), ("changed", "different")]
    {
        print::note(&format!("{:>7} {words}", preview[group]["total"].to_string()));
        if !args.output.json {
            for item in preview[group]["items"].as_array().into_iter().flatten() {
                print::line(&format!(
                    "{group:<13} {}  {}  {}",
                    print::text(&item["appid"]),
                    print::text(&item["nick_name"]),
                    print::text(&item["text"]["en"])
                ));
            }
        }
    }
    print::note(&format!("{:>7} the same", preview["unchanged"].to_string()));
    if preview["complete"] == json!(false) {
        print::note("the list changed while it was read, so nothing is taken for gone; try again later");
    }
    if !args.add && !args.update && !args.mark_gone {
        if args.output.json {
            print::json(&preview);
        }
        print::note("nothing was written; choose with --add, --update and --mark-gone");
        return Ok(());
    }
    let pick = |all: bool| json!({ "all": all, "appids": [] });
    let choices = json!({ "add": pick(args.add), "update": pick(args.update), "mark_gone": pick(args.mark_gone) });
    let arguments = json!({ "component_appid": component, "preview_id": preview["preview_id"], "choices": choices });
    let report = patiently(dir, "reconcile_apply", &arguments).await?;
    if args.output.json {
        print::json(&report);
    }
    print::note(&format!(
        "added {}, updated {}, marked {}, left alone {}",
        report["added"], report["updated"], report["marked"], report["skipped"]
    ));
    Ok(())
}

/// Asks again while the engine says that the same work is still under way.
async fn patiently(dir: &Path, command: &str, args: &Value) -> Result<Value, Failure> {
    let mut tries = 0;
    loop {
        match ask(dir, Need::Running, command, args.clone()).await {
            Err(_) if tries < TRIES && is_busy(dir, args).await => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            outcome => return outcome,
        }
    }
}

async fn is_busy(dir: &Path, args: &Value) -> bool {
    let args = json!({ "component_appid": args["component_appid"] });
    let progress = ask(dir, Need::Running, "reconcile_progress", args).await;
    progress.is_ok_and(|p| p["phase"] != json!("idle"))
}
