//! `wxdeskd demo`: the whole way against the simulated platform, over real sockets, in a few seconds.
//!
//! Ticket → component token → three authorizations through the real pages → refreshes → a menu → the table of
//! lifetimes. It waits for events, never for time. Invariant: nothing outside its temporary folder is touched.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use wxdesk_core::dto::{Account, AccountKind, AccountQuery, Change, LinkKind, LinkRequest, LinkState, TokenState};
use wxdesk_core::{Core, transport};

use crate::commands::account::table;
use crate::failure::Failure;
use crate::owner;
use crate::print;
use crate::serve::{Addresses, Session};
use crate::stop::Signals;

/// No step takes longer, unless something is broken.
const STEP: Duration = Duration::from_secs(20);

pub async fn run() -> Result<(), Failure> {
    let dir = tempfile::tempdir().map_err(|e| Failure::environment(format!("no temporary folder: {e}")))?;
    let session = Session::start_sandbox(dir.path(), Addresses::free(), Vec::new()).await.map_err(Failure::at_start)?;
    let mut signals = Signals::listen()?;
    let shown = tokio::select! {
        shown = show(&session) => shown,
        () = signals.wait() => Err(Failure::refused("stopped")),
    };
    let violations = session.stop().await;
    shown?;
    if violations.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!("the simulated platform saw what must never happen:\n{}", violations.join("\n"))))
}

async fn show(session: &Session) -> Result<(), Failure> {
    let core = &session.core;
    let component = until(core, "the ticket and the component token", async || {
        let status = core.status();
        let platform = status.platforms.first()?;
        (platform.component_token.state == TokenState::Valid).then(|| platform.component_appid.clone())
    })
    .await?;
    print::note(&format!("ticket received and component token obtained for {component}"));
    let mut authorized: Vec<String> = Vec::new();
    // Official account by scan, mini program inside WeChat, another one of either kind by scan.
    for (kind, auth_type) in [(LinkKind::Pc, 1), (LinkKind::H5, 2), (LinkKind::Pc, 3)] {
        let account = authorize(core, &component, kind, auth_type, &authorized).await?;
        print::note(&format!(
            "authorized {} by a {} link",
            account.appid,
            if kind == LinkKind::Pc { "pc" } else { "h5" }
        ));
        authorized.push(account.appid);
    }
    let accounts = until(core, "the accounts' details", async || {
        let page = core.list_accounts(&AccountQuery::default()).ok()?;
        (page.total == 3 && page.items.iter().all(|a| a.kind != AccountKind::Unknown)).then_some(page.items)
    })
    .await?;
    for account in &accounts {
        let renewed = core.refresh_account(&component, &account.appid).await?;
        if renewed.token.generation != account.token.generation + 1 {
            return Err(Failure::refused(format!("refreshing {} did not bring a new token", account.appid)));
        }
        print::note(&format!("refreshed {}: generation {}", account.appid, renewed.token.generation));
    }
    publish(core, &component, &authorized[0]).await?;
    let page = core.list_accounts(&AccountQuery::default())?;
    let rows: Vec<Value> = page.items.iter().filter_map(|a| serde_json::to_value(a).ok()).collect();
    print::line(&table(&rows, core.status().time));
    Ok(())
}

/// On the first account that was authorized, an official one.
async fn publish(core: &Core, component: &str, appid: &str) -> Result<(), Failure> {
    let menu = json!({ "button": [
        { "type": "click", "name": "今日歌曲", "key": "V1001_TODAY_MUSIC" },
        { "name": "菜单", "sub_button": [
            { "type": "view", "name": "搜索", "url": "https://www.example.com/" },
            { "type": "click", "name": "赞一下我们", "key": "V1001_GOOD" },
        ] },
    ] });
    core.save_default_menu_draft(component, appid, &menu).await?;
    let live = core.publish_menu_draft(component, appid, "cli").await?.menu.unwrap_or_default();
    let names = |menu: &Value| -> Vec<String> {
        menu["button"].as_array().into_iter().flatten().map(|b| print::text(&b["name"])).collect()
    };
    if names(&live["menu"]) != names(&menu) {
        return Err(Failure::refused(format!("the menu of {} read back is not the one published", appid)));
    }
    print::note(&format!("published a menu on {} and read it back", appid));
    Ok(())
}

/// Follows a link as its owner would, and waits for the account.
async fn authorize(
    core: &Core,
    component: &str,
    kind: LinkKind,
    auth_type: u8,
    taken: &[String],
) -> Result<Account, Failure> {
    let request = LinkRequest {
        component_appid: component.to_owned(),
        kind,
        auth_type: Some(auth_type),
        biz_appid: None,
        scopes: Vec::new(),
        tenant: None,
        note: None,
    };
    let link = core.create_link(request).await?;
    let client = transport::client(None)?;
    owner::visit(&client, &link.launch_url, kind == LinkKind::Pc, taken).await.map_err(Failure::refused)?;
    until(core, "the authorization", async || {
        let link = core.get_link(&link.link_id).await.ok()?;
        (link.state == LinkState::Authorized).then_some(link.account).flatten()
    })
    .await
}

/// Looks now and after every change until there is something to see.
async fn until<T>(core: &Core, what: &str, look: impl AsyncFn() -> Option<T>) -> Result<T, Failure> {
    let mut changes = core.subscribe();
    let wait = async {
        loop {
            if let Some(seen) = look().await {
                return Some(seen);
            }
            match changes.recv().await {
                Ok(Change { .. }) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    };
    match tokio::time::timeout(STEP, wait).await {
        Ok(Some(seen)) => Ok(seen),
        _ => Err(Failure::refused(format!("{what} did not come within {} s", STEP.as_secs()))),
    }
}
