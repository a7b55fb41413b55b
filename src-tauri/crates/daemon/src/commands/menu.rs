//! `wxdeskd menu`.

use std::path::Path;

use reqwest::Method;

use super::platform::document;
use crate::args::{Menu, MenuOf};
use crate::engine::{Engine, Need, encode};
use crate::failure::Failure;
use crate::print;

pub async fn run(dir: &Path, command: Menu) -> Result<(), Failure> {
    match command {
        Menu::Get(of) => {
            let menu = Engine::once(dir, Need::Look, Method::GET, &target(&of, "menu"), None).await?;
            print::json(&menu);
        }
        Menu::Put { of, file } => {
            let menu = document(&file)?;
            Engine::once(dir, Need::Look, Method::PUT, &target(&of, "menu"), Some(&menu)).await?;
            print::note(&format!("kept; publish it with: wxdeskd menu publish {}", of.appid));
        }
        Menu::Publish(of) => {
            let done = Engine::once(dir, Need::Running, Method::POST, &target(&of, "menu/publish"), None).await?;
            print::note(&format!("version {} is live; phones ask again after 5 minutes", done["version"]));
        }
    }
    Ok(())
}

fn target(of: &MenuOf, what: &str) -> String {
    let platform = of.platform.as_ref().map_or_else(String::new, |p| format!("?platform={}", encode(p)));
    format!("/v1/accounts/{}/{what}{platform}", encode(&of.appid))
}
