//! What a URL that a tunnel gave means: the platforms that used the one before are moved to it, and what must be entered
//! on open.weixin.qq.com stays on the page until a person confirms it.
//!
//! Invariant: `before` of a change is what was last confirmed, also when the URL changed several times since; a URL
//! that came back is no change.

use std::sync::Arc;

use super::adapters::bilingual;
use crate::core::Core;
use crate::dto::{CallbackUrls, TunnelChange, TunnelChangedPlatform};
use crate::engine::Wake;
use crate::error::AppError;
use crate::store::tables::platform::{self, PlatformRow};
use crate::store::tables::tunnel::{self, ChangedPlatform, TunnelRow, UrlChange};
use crate::views;

/// Host and port of a base URL, in lower case: what makes two of them the same place.
#[must_use]
pub fn place(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.trim_end_matches('/').to_ascii_lowercase()
}

/// A tunnel is online under this public base URL.
pub(super) async fn came(core: &Core, id: &str, url: &str) -> Result<(), AppError> {
    let (id, url, now) = (id.to_owned(), url.to_owned(), core.clock().now());
    let moved = core
        .store()
        .write(move |tx| {
            let Some(row) = tunnel::get(tx, &id)? else { return Ok(Vec::new()) };
            if row.last_url.as_deref() == Some(url.as_str()) {
                return Ok(Vec::new());
            }
            let users = platform::load_all(tx)?;
            let (change, moves) = after(&row, &users, &url, now);
            tunnel::keep_url(tx, &id, Some(&url), change.as_ref())?;
            for platform in &moves {
                platform::save(tx, platform)?;
            }
            Ok(moves.into_iter().map(|p| p.id).collect())
        })
        .await?;
    if !moved.is_empty() {
        core.changes().tell(["platforms", "door"]);
    }
    for id in moved {
        core.wake(Wake::Platform(id));
    }
    core.changes().tell(["tunnels", "overview"]);
    Ok(())
}

/// The change that stands after a tunnel gave `url`, and the platforms that move. Pure.
fn after(row: &TunnelRow, users: &[PlatformRow], url: &str, now: i64) -> (Option<UrlChange>, Vec<PlatformRow>) {
    let Some(old) = row.last_url.as_deref().filter(|old| place(old) != place(url)) else {
        return (row.change.clone(), Vec::new());
    };
    let mut listed = row.change.as_ref().map(|c| c.platforms.clone()).unwrap_or_default();
    let mut moves = Vec::new();
    for user in users {
        let uses_old = place(&user.public_base_url) == place(old);
        let known = listed.iter_mut().find(|p| p.component_appid == user.component_appid);
        match known {
            // It followed before and still does; one that was changed by hand since is its operator's business.
            Some(known) => known.moved = known.moved && uses_old && row.follow,
            None if uses_old => listed.push(ChangedPlatform {
                component_appid: user.component_appid.clone(),
                before: user.public_base_url.clone(),
                moved: row.follow,
            }),
            None => continue,
        }
        if uses_old && row.follow {
            moves.push(PlatformRow {
                public_base_url: url.to_owned(),
                // Must grow even when two saves share a millisecond: it tells the runtime to be made anew.
                updated_at: now.max(user.updated_at + 1),
                ..user.clone()
            });
        }
    }
    // The confirmed URL came back: nothing is left to enter.
    listed.retain(|p| place(&p.before) != place(url));
    let change = (!listed.is_empty()).then(|| UrlChange { new: url.to_owned(), at: now, platforms: listed });
    (change, moves)
}

/// The change for the page: old and new callback URLs of each platform that still exists.
pub(super) fn view(row: &TunnelRow, platforms: &[Arc<PlatformRow>]) -> Option<TunnelChange> {
    let change = row.change.as_ref()?;
    let listed: Vec<_> = change
        .platforms
        .iter()
        .filter_map(|p| {
            let platform = platforms.iter().find(|row| row.component_appid == p.component_appid)?;
            let own = platform.own.is_some();
            let urls = |base: &str| {
                let urls = views::callback_urls(&p.component_appid, base);
                if own {
                    CallbackUrls { message_url: views::server_url(&p.component_appid, base), ..urls }
                } else {
                    urls
                }
            };
            Some(TunnelChangedPlatform {
                component_appid: p.component_appid.clone(),
                own,
                name: platform.name.clone(),
                moved: p.moved,
                before: urls(&p.before),
                after: urls(&change.new),
            })
        })
        .collect();
    let old = change.platforms.first()?.before.clone();
    (!listed.is_empty()).then(|| TunnelChange { old, new: change.new.clone(), at: change.at, platforms: listed })
}

/// Advice where the client itself gave none.
pub(super) fn advice(kind: &str) -> crate::dto::Bilingual {
    bilingual(match kind {
        "not_found" => (
            "The program was not found. Install it, or enter its full path.",
            "未找到该程序，请先安装，或填写它的完整路径。",
        ),
        "not_started" => (
            "The program could not be started. Is it made for this machine, and executable?",
            "程序无法启动，请确认它适用于本机且有可执行权限。",
        ),
        "listener_down" => (
            "The listener does not listen; the tunnel starts as soon as it does.",
            "本程序的监听未启动，恢复后隧道会自动启动。",
        ),
        "silent" => (
            "The client runs but did not get online in time. Look at its last lines; it is started again.",
            "客户端在运行，但迟迟未连上。请查看日志，程序会重新启动它。",
        ),
        "unreachable" => (
            "The client says online, but the public address no longer answers. It is started again.",
            "客户端显示在线，但公网地址已无响应，程序会重新启动它。",
        ),
        _ => (
            "The client ended without being asked to. It is started again by itself; its last lines say why.",
            "客户端意外退出，程序会自动重启；原因见日志最后几行。",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::{Endpoints, TunnelClientId};

    fn platform(appid: &str, base: &str) -> PlatformRow {
        PlatformRow {
            id: 1,
            component_appid: appid.into(),
            name: String::new(),
            component_appsecret: "x".into(),
            verify_token: "x".into(),
            encoding_aes_key: "x".into(),
            previous_encoding_aes_key: None,
            previous_key_since: None,
            public_base_url: base.into(),
            endpoints: Endpoints::default(),
            outbound_proxy: None,
            sandbox: false,
            own: None,
            ticket: None,
            ticket_recent: Vec::new(),
            created_at: 0,
            updated_at: 5,
        }
    }

    fn tunnel(last: Option<&str>, follow: bool) -> TunnelRow {
        TunnelRow {
            id: "0011223344556677".into(),
            client: super::super::adapters::of(TunnelClientId::Natapp),
            name: "n".into(),
            settings: Default::default(),
            secrets: Default::default(),
            program: None,
            follow,
            enabled: true,
            last_url: last.map(str::to_owned),
            change: None,
            created_at: 0,
            updated_at: 0,
        }
    }

    #[test]
    fn a_changed_url_moves_its_platforms_and_says_so_until_it_comes_back() {
        let users = [platform("wxa", "https://A.natappfree.cc"), platform("wxb", "https://own.example.com")];
        let mut row = tunnel(None, true);
        assert_eq!(after(&row, &users, "https://a.natappfree.cc", 1).0, None, "the first URL is no change");
        row.last_url = Some("https://a.natappfree.cc".into());

        let (change, moves) = after(&row, &users, "https://b.natappfree.cc", 2);
        let change = change.unwrap();
        assert_eq!(change.platforms.len(), 1);
        assert_eq!(change.platforms[0].before, "https://A.natappfree.cc");
        assert!(change.platforms[0].moved);
        assert_eq!(moves.iter().map(|p| p.public_base_url.as_str()).collect::<Vec<_>>(), ["https://b.natappfree.cc"]);
        assert!(moves[0].updated_at > users[0].updated_at);

        // Again, before anybody confirmed: what WeChat has is still the first.
        row.last_url = Some("https://b.natappfree.cc".into());
        row.change = Some(change);
        let (again, moves) = after(&row, &moves, "https://c.natappfree.cc", 3);
        let again = again.unwrap();
        assert_eq!(
            (again.new.as_str(), again.platforms[0].before.as_str()),
            ("https://c.natappfree.cc", "https://A.natappfree.cc")
        );

        row.last_url = Some("https://c.natappfree.cc".into());
        row.change = Some(again);
        assert_eq!(after(&row, &moves, "https://a.natappfree.cc", 4).0, None, "it came back");
    }

    #[test]
    fn without_follow_the_platform_stays_and_is_named() {
        let users = [platform("wxa", "https://a.natappfree.cc")];
        let (change, moves) =
            after(&tunnel(Some("https://a.natappfree.cc"), false), &users, "https://b.natappfree.cc", 2);
        assert!(moves.is_empty());
        assert!(!change.unwrap().platforms[0].moved);
        assert_eq!(place("HTTPS://A.b/"), place("http://a.B"));
    }
}
