//! `wxdeskd rule`.

use std::path::Path;

use serde_json::{Value, json};

use super::{ask, platform};
use crate::args::{Rule, RuleSample};
use crate::engine::Need;
use crate::failure::Failure;
use crate::print;

/// Columns of a condition or an answer in a list.
const WORDS: usize = 48;

pub async fn run(dir: &Path, command: Rule) -> Result<(), Failure> {
    match command {
        Rule::List(output) => {
            let rules = ask(dir, Need::Look, "list_rules", json!({})).await?;
            if output.json {
                print::json(&json!({ "items": rules }));
            } else {
                list(&rules);
            }
        }
        Rule::Add { file } => {
            let input = platform::document(&file)?;
            let saved = ask(dir, Need::Look, "save_rule", json!({ "input": input })).await?;
            print::note(&format!("saved in place {}", saved["position"]));
            warn(&saved);
            print::line(&saved["id"].to_string());
        }
        Rule::Remove { id } => {
            ask(dir, Need::Look, "remove_rule", json!({ "id": id })).await?;
            print::note(&format!("removed {id}"));
        }
        Rule::On { id } => switch(dir, id, true).await?,
        Rule::Off { id } => switch(dir, id, false).await?,
        Rule::Move { id, before, last: _ } => {
            let rules = ask(dir, Need::Look, "move_rule", json!({ "id": id, "before": before })).await?;
            let place = rules.as_array().into_iter().flatten().find(|rule| rule["id"] == id);
            print::note(&format!("now in place {}", place.map_or(&Value::Null, |rule| &rule["position"])));
        }
        Rule::Test(sample) => test(dir, sample).await?,
    }
    Ok(())
}

async fn switch(dir: &Path, id: i64, on: bool) -> Result<(), Failure> {
    let rule = ask(dir, Need::Look, "switch_rule", json!({ "id": id, "on": on })).await?;
    print::note(&format!("{}: {}", print::text(&rule["name"]), if on { "on" } else { "off" }));
    warn(&rule);
    Ok(())
}

/// What keeps a rule from working.
fn warn(rule: &Value) {
    if let Some(trouble) = rule["trouble"]["en"].as_str() {
        print::note(&format!("{}: {trouble}", print::text(&rule["name"])));
    }
}

fn list(rules: &Value) {
    let rules = rules.as_array().map_or(&[][..], Vec::as_slice);
    let rows: Vec<Vec<String>> = rules
        .iter()
        .map(|rule| {
            vec![
                rule["position"].to_string(),
                rule["id"].to_string(),
                print::text(&rule["name"]),
                if rule["enabled"] == true { "on" } else { "off" }.to_owned(),
                scope(&rule["scope"]),
                print::short(&when(&rule["when"]), WORDS),
                print::short(&answer(&rule["answer"]), WORDS),
                numbers(&rule["notify"]),
                rule["hits"].to_string(),
            ]
        })
        .collect();
    print::line(&print::table(&["", "ID", "NAME", "", "WHOSE", "WHEN", "ANSWER", "TELLS", "HITS"], &rows));
    rules.iter().for_each(warn);
}

fn scope(scope: &Value) -> String {
    let parts: Vec<&str> =
        ["tenant", "component_appid", "appid"].into_iter().filter_map(|name| scope[name].as_str()).collect();
    if parts.is_empty() { "all".to_owned() } else { parts.join(" ") }
}

fn when(when: &Value) -> String {
    let list = |name: &str| -> Vec<String> {
        when[name].as_array().into_iter().flatten().map(print::text).collect::<Vec<_>>()
    };
    let mut parts: Vec<String> = [list("msg_types"), list("events")]
        .iter()
        .filter(|names| !names.is_empty())
        .map(|names| names.join("|"))
        .collect();
    for name in ["key", "text"] {
        let test = &when[name];
        if !test.is_null() {
            let value = print::text(&test["value"]).replace('\n', "|");
            parts.push(format!("{name} {} {value}", print::text(&test["how"])));
        }
    }
    if parts.is_empty() { "any".to_owned() } else { parts.join(", ") }
}

fn answer(answer: &Value) -> String {
    let kind = print::text(&answer["kind"]);
    let what = match kind.as_str() {
        "text" => print::text(&answer["content"]),
        "target" => answer["target_id"].to_string(),
        "news" => print::text(&answer["articles"][0]["title"]),
        _ => String::new(),
    };
    format!("{kind} {what}").trim_end().to_owned()
}

fn numbers(list: &Value) -> String {
    list.as_array().into_iter().flatten().map(Value::to_string).collect::<Vec<_>>().join(" ")
}

async fn test(dir: &Path, sample: RuleSample) -> Result<(), Failure> {
    let asked = json!({
        "push_id": sample.push,
        "component_appid": sample.platform,
        "appid": sample.account,
        "msg_type": sample.msg_type,
        "event": sample.event,
        "key": sample.key,
        "text": sample.text,
    });
    let found = ask(dir, Need::Look, "test_rules", json!({ "sample": asked })).await?;
    if sample.output.json {
        print::json(&found);
    } else {
        trace(&found);
        match found["reply"]["text"].as_str() {
            Some(text) => print::line(&format!("answer  {}", print::plain(text))),
            None if !found["ask"].is_null() => print::line(&format!("asks business server {}", found["ask"])),
            None if found["taken_by"].is_null() => print::line("no rule answers"),
            None => print::line("answer  success, or nothing"),
        }
    }
    match found["trouble"]["en"].as_str() {
        Some(trouble) => Err(Failure::refused(format!("the answer cannot be sent as it is: {trouble}"))),
        None => Ok(()),
    }
}

/// What each rule did with a message.
pub(super) fn trace(trace: &Value) {
    let rows: Vec<Vec<String>> = trace["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|step| vec![step["rule_id"].to_string(), print::text(&step["name"]), print::text(&step["verdict"])])
        .collect();
    print::line(&print::table(&["RULE", "NAME", "VERDICT"], &rows));
    let told = numbers(&trace["notify"]);
    if !told.is_empty() {
        print::line(&format!("tells   {told}"));
    }
}
