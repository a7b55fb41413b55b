//! `wxdeskd jsapi-signature`, `wxdeskd qrcode` and `wxdeskd api`.

use std::io::{IsTerminal, Read, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use wxdesk_core::commands::links::qr_text;
use wxdesk_core::folder::io_words;

use super::link::{Picture, picture};
use super::{ask, items, now};
use crate::args::Whose;
use crate::args::{Api, JsapiSignature, Qrcode, QrcodeCreate};
use crate::engine::{Engine, Need, encode};
use crate::failure::Failure;
use crate::print;

/// Largest upload, bytes.
const MAX_FILE: u64 = 10 << 20;

fn target(of: &Whose, what: &str, mut query: Vec<String>) -> String {
    query.extend(of.platform.iter().map(|p| format!("platform={}", encode(p))));
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("/v1/accounts/{}{what}{query}", encode(&of.appid))
}

/// Prints what `wx.config` takes.
pub async fn jsapi_signature(dir: &Path, args: JsapiSignature) -> Result<(), Failure> {
    let target = target(&args.of, "/jsapi-signature", vec![format!("url={}", encode(&args.url))]);
    let signature = Engine::once(dir, Need::Running, Method::GET, &target, None).await?;
    print::json(&signature);
    Ok(())
}

pub async fn qrcode(dir: &Path, command: Qrcode) -> Result<(), Failure> {
    match command {
        Qrcode::Create(args) => create(dir, args).await,
        Qrcode::List { output, account, platform } => {
            let query = json!({ "appid": account, "component_appid": platform, "limit": 500 });
            let page = ask(dir, Need::Look, "list_scene_codes", json!({ "query": query })).await?;
            if output.json {
                print::json(&page);
                return Ok(());
            }
            let now = now();
            let rows: Vec<Vec<String>> = items(&page)
                .iter()
                .map(|code| {
                    vec![
                        code["id"].to_string(),
                        print::text(&code["appid"]),
                        print::text(&code["scene"]),
                        print::text(&code["name"]),
                        if code["permanent"] == true { "never".into() } else { print::when(&code["expires_at"], now) },
                        code["scans"].to_string(),
                        code["followed"].to_string(),
                    ]
                })
                .collect();
            print::line(&print::table(&["ID", "ACCOUNT", "SCENE", "NAME", "ENDS", "SCANS", "FOLLOWED"], &rows));
            Ok(())
        }
    }
}

async fn create(dir: &Path, args: QrcodeCreate) -> Result<(), Failure> {
    // Before the code: what cannot be drawn should cost no quota.
    let picture = args.qr.as_deref().map(|file| picture(file).map(|kind| (file, kind))).transpose()?;
    let request = json!({
        "scene": args.scene,
        "kind": if args.text { "text" } else { "number" },
        "permanent": args.permanent,
        "expire_seconds": args.seconds,
        "name": args.name,
    });
    let target = target(&args.of, "/qrcodes", Vec::new());
    let code = Engine::once(dir, Need::Running, Method::POST, &target, Some(&request)).await?;
    let url = print::text(&code["url"]);
    if args.output.json {
        print::json(&code);
    } else {
        print::line(&url);
    }
    if let Some((file, kind)) = picture {
        let of = json!({ "id": code["id"] });
        let bytes = match kind {
            Picture::Svg => print::text(&ask(dir, Need::Look, "scene_code_svg", of).await?).into_bytes(),
            Picture::Png => {
                let data = print::text(&ask(dir, Need::Look, "scene_code_png", of).await?);
                let text = data.split_once(',').map_or("", |(_, text)| text);
                STANDARD.decode(text).map_err(|_| Failure::refused("the engine's picture cannot be read"))?
            }
        };
        std::fs::write(file, bytes)
            .map_err(|e| Failure::environment(format!("{} cannot be written: {}", file.display(), io_words(&e))))?;
        print::note(&format!("QR code in {}", file.display()));
    } else if std::io::stderr().is_terminal() {
        print::note(&qr_text(&url)?);
    }
    Ok(())
}

fn pair(text: &str, option: &str) -> Result<Value, Failure> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| Failure::environment(format!("{option} {text}: must be NAME=VALUE")))?;
    Ok(json!({ "name": name, "value": value }))
}

fn pairs(texts: &[String], option: &str) -> Result<Vec<Value>, Failure> {
    texts.iter().map(|text| pair(text, option)).collect()
}

/// A file's bytes, or standard input's.
fn bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |e: std::io::Error| Failure::environment(format!("{} cannot be read: {}", file.display(), io_words(&e)));
    let mut source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).map_err(fail)?)
    };
    let mut bytes = Vec::new();
    source.as_mut().take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(fail)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE) {
        return Err(Failure::environment(format!("{} is over 10 MiB", file.display())));
    }
    Ok(bytes)
}

/// Makes a call and prints its answer; ends with 1 when WeChat refused it.
pub async fn api(dir: &Path, args: Api) -> Result<(), Failure> {
    let body = args.body.as_deref().map(bytes).transpose()?.map(String::from_utf8).transpose();
    let body = body.map_err(|_| Failure::environment("the body is not UTF-8"))?;
    let file = match args.upload.as_deref() {
        None => Value::Null,
        Some(file) => {
            let name = file.file_name().map_or_else(|| "file".into(), std::ffi::OsStr::to_string_lossy);
            json!({ "field": args.field, "name": name, "content_base64": STANDARD.encode(bytes(file)?) })
        }
    };
    let get = args.get || (body.is_none() && file.is_null());
    let account = Engine::once(dir, Need::Running, Method::GET, &target(&args.of, "", Vec::new()), None).await?;
    let request = json!({
        "component_appid": account["component_appid"],
        "appid": args.of.appid,
        "method": if get { "GET" } else { "POST" },
        "path": args.path,
        "query": pairs(&args.query, "--query")?,
        "body": body,
        "parts": pairs(&args.part, "--part")?,
        "file": file,
    });
    let trial = ask(dir, Need::Running, "run_api", json!({ "request": request })).await?;
    if args.output.json {
        print::json(&trial);
    } else if let Some(answer) = trial["answer"].as_str() {
        print::line(answer);
    } else if let Some(picture) = trial["picture"].as_str() {
        save_or_say(picture, &trial)?;
    } else if !trial["status"].is_null() {
        print::note(&said(&trial));
    }
    if trial["has_more"] == true {
        print::note("secrets are hidden; the whole answer can be seen in the window for ten minutes");
    }
    match trial["error"]["message"].as_str() {
        None => Ok(()),
        Some(message) => {
            let code = trial["error"]["code"].as_i64().filter(|code| *code != 0);
            let message = code.map_or_else(|| message.to_owned(), |code| format!("WeChat refused ({code}): {message}"));
            let advice = print::text(&trial["error"]["advice"]);
            Err(Failure::refused(format!("{message}\n{advice}")))
        }
    }
}

/// A picture goes to a pipe or a file, never to a terminal.
fn save_or_say(picture: &str, trial: &Value) -> Result<(), Failure> {
    if std::io::stdout().is_terminal() {
        print::note(&format!("{}; redirect the output to save it", said(trial)));
        return Ok(());
    }
    let text = picture.split_once(',').map_or("", |(_, text)| text);
    let bytes = STANDARD.decode(text).map_err(|_| Failure::refused("the engine's picture cannot be read"))?;
    std::io::stdout()
        .write_all(&bytes)
        .map_err(|e| Failure::environment(format!("the picture cannot be written: {}", io_words(&e))))
}

fn said(trial: &Value) -> String {
    format!("{} bytes of {}", trial["answer_bytes"], trial["content_type"].as_str().unwrap_or("an unknown type"))
}
