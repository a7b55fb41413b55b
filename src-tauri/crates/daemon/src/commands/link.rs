//! `wxdeskd authorize-link`.

use std::io::IsTerminal;
use std::path::Path;

use reqwest::Method;
use serde_json::json;
use wxdesk_core::commands::links::{qr_png, qr_svg, qr_text};

use super::now;
use crate::args::{AuthorizeLink, Kind};
use crate::engine::{Engine, Need, encode};
use crate::failure::Failure;
use crate::print;

/// What `--qr` draws.
enum Picture {
    Svg,
    Png,
}

fn picture(file: &Path) -> Result<Picture, Failure> {
    match file.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => Ok(Picture::Svg),
        Some("png") => Ok(Picture::Png),
        _ => Err(Failure::environment(format!("--qr {}: the name must end in .svg or .png", file.display()))),
    }
}

pub async fn run(dir: &Path, args: AuthorizeLink) -> Result<(), Failure> {
    // Before the link: it costs one of WeChat's pre-auth codes.
    let picture = args.qr.as_deref().map(|file| picture(file).map(|kind| (file, kind))).transpose()?;
    let request = json!({
        "kind": match args.kind { Kind::Pc => "pc", Kind::H5 => "h5" },
        "auth_type": args.auth_type,
        "biz_appid": args.biz_appid,
        "scopes": args.scopes,
        "tenant": args.tenant,
    });
    let target = format!("/v1/platforms/{}/authorize-links", encode(&args.component_appid));
    let link = Engine::once(dir, Need::Running, Method::POST, &target, Some(&request)).await?;
    let launch_url = print::text(&link["launch_url"]);
    if let Some((file, kind)) = picture {
        let bytes = match kind {
            Picture::Svg => qr_svg(&launch_url)?.into_bytes(),
            Picture::Png => qr_png(&launch_url)?,
        };
        std::fs::write(file, bytes).map_err(|e| {
            Failure::environment(format!("{} cannot be written: {}", file.display(), wxdesk_core::folder::io_words(&e)))
        })?;
        print::note(&format!("QR code in {}", file.display()));
    } else if std::io::stderr().is_terminal() {
        print::note(&qr_text(&launch_url)?);
    }
    print::note(&format!(
        "works until {} from now; whoever opens it can authorize once",
        print::span(link["expires_at"].as_i64().unwrap_or(0) - now())
    ));
    if args.output.json {
        print::json(&link);
    } else {
        print::line(&launch_url);
    }
    Ok(())
}
