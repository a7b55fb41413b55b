//! `wxdeskd message` and `wxdeskd self-test`.

use std::path::Path;

use serde_json::{Value, json};

use super::{ask, channel, platform};
use crate::args::{Message, SelfTest};
use crate::engine::Need;
use crate::failure::Failure;
use crate::print;

/// What a self-test says when nobody says what.
const HELLO: &str = "wxdesk self-test";

pub async fn run(dir: &Path, command: Message) -> Result<(), Failure> {
    let Message::Send { component_appid, appid, openid, text, file, output } = command;
    let message = match file {
        Some(file) => platform::document(&file)?,
        None => json!({ "kind": "text", "content": text }),
    };
    let args = json!({ "component_appid": component_appid, "appid": appid, "openid": openid, "message": message });
    let sent = ask(dir, Need::Running, "send_custom_message", args).await?;
    if output.json {
        print::json(&sent);
    }
    if sent["ok"] == true {
        print::note("WeChat took it");
        return Ok(());
    }
    let words = print::text(&sent["words"]["en"]);
    Err(Failure::refused(match sent["errcode"].as_i64() {
        Some(code) => format!("WeChat refused ({code}): {words}"),
        None => words,
    }))
}

/// Ends with 1 when a step failed.
pub async fn self_test(dir: &Path, args: SelfTest) -> Result<(), Failure> {
    let keys = args.keys.as_deref().map(platform::document).transpose()?.unwrap_or(Value::Null);
    let (kind, content, key, event) = match (args.click, args.scan, args.event) {
        (Some(key), ..) => ("click", None, Some(key), None),
        (_, Some(scene), _) => ("scan", None, Some(scene), None),
        (.., Some(event)) => ("event", None, None, Some(event)),
        _ => ("text", Some(args.text.unwrap_or_else(|| HELLO.to_owned())), None, None),
    };
    let input = json!({
        "component_appid": args.component_appid,
        "appid": args.appid,
        "kind": kind,
        "content": content,
        "key": key,
        "event": event,
        "deliver": args.deliver,
        "local": args.local,
        "verify_token": keys["verify_token"],
        "encoding_aes_key": keys["encoding_aes_key"],
    });
    let report = ask(dir, Need::Running, "send_made_up", json!({ "input": input })).await?;
    if args.output.json {
        print::json(&report);
    } else {
        print::line(&print::text(&report["url"]));
        channel::steps(&report);
        if let Some(text) = report["reply"]["text"].as_str() {
            print::line(&format!("answer   {}", print::plain(text)));
        }
        if let Some(id) = report["push_id"].as_i64() {
            print::note(&format!("look at it with: wxdeskd inbox show {id}"));
        }
    }
    let failed = report["steps"].as_array().into_iter().flatten().find(|step| step["outcome"] == "failed");
    match failed {
        Some(step) => {
            Err(Failure::refused(format!("{}: {}", print::text(&step["step"]), print::text(&step["text"]["en"]))))
        }
        None => Ok(()),
    }
}
