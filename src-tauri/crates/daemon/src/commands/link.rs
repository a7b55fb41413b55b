//! `wxdeskd authorize-link` and `wxdeskd link`.

use std::io::IsTerminal;
use std::path::Path;

use reqwest::Method;
use serde_json::json;
use wxdesk_core::commands::links::{qr_png, qr_svg, qr_text};

use super::{ask, items, now};
use crate::args::{AuthorizeLink, Kind, LinkCommand};
use crate::engine::{Engine, Need, encode};
use crate::failure::Failure;
use crate::print;

/// What `--qr` draws.
pub(super) enum Picture {
    Svg,
    Png,
}

pub(super) fn picture(file: &Path) -> Result<Picture, Failure> {
    match file.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => Ok(Picture::Svg),
        Some("png") => Ok(Picture::Png),
        _ => Err(Failure::environment(format!("--qr {}: the name must end in .svg or .png", file.display()))),
    }
}

/// For how long a link works, both ms since 1970. The time of day is UTC: a terminal's zone is not known here.
fn works(until: i64, now: i64) -> String {
    let left = until - now;
    if left <= 0 {
        return "it has expired already; make another one".to_owned();
    }
    let minutes = left / 60_000;
    let more = match minutes {
        0 => "less than a minute".to_owned(),
        1 => "1 more minute".to_owned(),
        n => format!("{n} more minutes"),
    };
    let of_day = until.div_euclid(60_000).rem_euclid(24 * 60);
    format!(
        "works for {more}, until {:02}:{:02} UTC ({:02}:{:02} in Beijing); whoever opens it can authorize once",
        of_day / 60,
        of_day % 60,
        (of_day / 60 + 8) % 24,
        of_day % 60
    )
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
        "note": args.note,
    });
    let target = format!("/v1/platforms/{}/authorize-links", encode(&args.component_appid));
    let link = Engine::once(dir, Need::Running, Method::POST, &target, Some(&request)).await?;
    let launch_url = print::text(&link["launch_url"]);
    // Before the picture, which may fail: the link is made, and must not be lost.
    if args.output.json {
        print::json(&link);
    } else {
        print::line(&launch_url);
    }
    draw(picture, &launch_url)?;
    print::note(&works(link["expires_at"].as_i64().unwrap_or(0), now()));
    Ok(())
}

/// Saves a link's QR code, or shows it to a terminal.
pub(super) fn draw(picture: Option<(&Path, Picture)>, url: &str) -> Result<(), Failure> {
    if let Some((file, kind)) = picture {
        let bytes = match kind {
            Picture::Svg => qr_svg(url)?.into_bytes(),
            Picture::Png => qr_png(url)?,
        };
        std::fs::write(file, bytes).map_err(|e| {
            Failure::environment(format!("{} cannot be written: {}", file.display(), wxdesk_core::folder::io_words(&e)))
        })?;
        print::note(&format!("QR code in {}", file.display()));
    } else if std::io::stderr().is_terminal() {
        print::note(&qr_text(url)?);
    }
    Ok(())
}

/// `wxdeskd link`.
pub async fn links(dir: &Path, command: LinkCommand) -> Result<(), Failure> {
    let (output, platform, state, tenant) = match command {
        LinkCommand::List { output, platform, state, tenant } => (output, platform, state, tenant),
        LinkCommand::End { link_id } => {
            let link = ask(dir, Need::Look, "end_link", json!({ "link_id": link_id })).await?;
            if link["state"] == "authorized" {
                return Err(Failure::refused("this link was used already; there is nothing to end".to_owned()));
            }
            print::note("ended");
            return Ok(());
        }
    };
    let query = json!({ "platform": platform, "state": state, "tenant": tenant, "limit": 500 });
    let page = ask(dir, Need::Look, "list_links", json!({ "query": query })).await?;
    if output.json {
        print::json(&page);
        return Ok(());
    }
    let now = now();
    let rows: Vec<Vec<String>> = items(&page)
        .iter()
        .map(|l| {
            vec![
                print::text(&l["link_id"]),
                print::text(&l["kind"]),
                print::text(&l["state"]),
                print::when(&l["expires_at"], now),
                print::text(&l["tenant"]),
                print::text(&l["account"]["appid"]),
                print::text(&l["note"]),
            ]
        })
        .collect();
    print::line(&print::table(&["LINK", "KIND", "STATE", "ENDS", "TENANT", "ACCOUNT", "NOTE"], &rows));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::works;

    #[test]
    fn a_link_says_for_how_long_and_until_when() {
        // 2023-11-14 22:13:20 UTC.
        let now = 1_700_000_000_000;
        assert_eq!(
            works(now + 599_000, now),
            "works for 9 more minutes, until 22:23 UTC (06:23 in Beijing); whoever opens it can authorize once"
        );
        assert!(works(now + 61_000, now).starts_with("works for 1 more minute, until 22:14 UTC"));
        assert!(works(now + 5_000, now).starts_with("works for less than a minute, until 22:13 UTC"));
        assert!(works(now, now).contains("expired"));
    }
}
