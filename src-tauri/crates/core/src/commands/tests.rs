//! What operators do with accounts and links, on simulated time with a scripted WeChat.

use crate::dto::{
    AccountEventKind, AccountQuery, AccountSort, AccountState, ErrorCode, LinkKind, LinkQuery, LinkRequest, LinkState,
    PosterLanguage, ReasonCode, TokenState,
};
use crate::error::AppError;
use crate::testing::{COMPONENT, KEY, World, appid, platform};

fn request() -> LinkRequest {
    LinkRequest {
        component_appid: COMPONENT.into(),
        kind: LinkKind::Pc,
        auth_type: Some(3),
        biz_appid: None,
        scopes: vec![1, 15],
        tenant: Some(" 城东店 ".into()),
        note: Some("张店长".into()),
    }
}

fn field(error: &AppError) -> String {
    error.detail.as_ref().map_or_else(String::new, |d| d.fields[0].field.clone())
}

async fn history(world: &World, appid: &str) -> Vec<AccountEventKind> {
    let lines = world.core.list_account_history(COMPONENT, appid, None).await.unwrap();
    lines.into_iter().rev().map(|e| e.kind).collect()
}

#[tokio::test(start_paused = true)]
async fn a_link_brings_tenant_and_note_and_the_list_says_who_authorized() {
    let world = World::ready().await;
    let link = world.core.create_link(request()).await.unwrap();
    assert_eq!(
        (link.state, link.tenant.as_deref(), link.note.as_str()),
        (LinkState::Waiting, Some("城东店"), "张店长")
    );
    let account = appid(5);
    let code = format!("queryauthcode@@@1@{account}");
    world.event("authorized", &account, world.now_s(), Some(&code)).await.unwrap();
    world.until(|w| w.has(&account)).await;
    world.pass(5_000).await;
    let page = world.core.list_links(&LinkQuery::default()).await.unwrap();
    let listed = &page.items[0];
    assert_eq!((listed.state, page.total, page.counts.len()), (LinkState::Authorized, 1, 1));
    assert_eq!(listed.account.as_ref().unwrap().tenant.as_deref(), Some("城东店"));
    assert!(listed.authorized_at.is_some() && listed.url.is_empty() && listed.qr_svg.is_empty());
    let lines = world.core.list_account_history(COMPONENT, &account, None).await.unwrap();
    let first = lines.iter().find(|e| e.kind == AccountEventKind::Authorized).unwrap();
    assert_eq!((first.note.as_str(), first.link_id.as_ref()), ("张店长", Some(&link.link_id)));
    let found = |q: &str| LinkQuery { q: Some(q.into()), ..LinkQuery::default() };
    assert_eq!(world.core.list_links(&found("张店")).await.unwrap().total, 1);
    assert_eq!(world.core.list_links(&found("李")).await.unwrap().total, 0);

    let again = world.core.clone_link(&link.link_id, Some(LinkKind::H5)).await.unwrap();
    assert_eq!((again.kind, &again.scopes, again.auth_type), (LinkKind::H5, &vec![1, 15], Some(3)));
    assert_eq!((again.made_from.as_deref(), again.note.as_str()), (Some(link.link_id.as_str()), "张店长"));
    assert_ne!(again.url, link.url);
    let waiting =
        LinkQuery { state: Some(LinkState::Waiting), tenant: Some("城东店".into()), ..LinkQuery::default() };
    assert_eq!(world.core.list_links(&waiting).await.unwrap().items[0].link_id, again.link_id);
    let poster = world.core.link_poster_svg(&again.link_id, PosterLanguage::Zh, None).await.unwrap();
    assert!(poster.contains("门店通") && poster.contains("有效期至") && !poster.contains("张店长"), "no note on it");
    world.pass(700_000).await;
    assert_eq!(world.core.get_link(&again.link_id).await.unwrap().state, LinkState::Expired);
}

/// Before and after, in words.
#[tokio::test(start_paused = true)]
async fn changed_permission_sets_are_told_with_their_difference() {
    let world = World::ready().await;
    let account = appid(5);
    world.event("authorized", &account, world.now_s(), Some(&format!("c@@@1@{account}"))).await.unwrap();
    world.until(|w| w.has(&account)).await;
    world.pass(5_000).await;
    let id = world.account(&account).id;
    let narrowed = world.core.store().write(move |tx| {
        let mut row = crate::store::tables::account::get(tx, id)?.unwrap();
        row.scopes = vec![1, 7];
        crate::store::tables::account::save(tx, &row)
    });
    narrowed.await.unwrap();
    world.event("updateauthorized", &account, world.now_s() + 1, Some(&format!("c@@@2@{account}"))).await.unwrap();
    world.pass(5_000).await;
    let line = world.core.list_account_history(COMPONENT, &account, None).await.unwrap().remove(0);
    assert_eq!(line.kind, AccountEventKind::Updated);
    let ids = |sets: &[crate::dto::PermissionSet]| sets.iter().map(|s| s.id).collect::<Vec<_>>();
    assert_eq!((ids(&line.added), ids(&line.removed)), (vec![15], vec![1, 7]));
    assert!(line.text.zh.contains("新增：") && line.text.zh.contains("收回："), "{}", line.text.zh);
    assert!(line.text.en.contains("granted: ") && line.text.en.contains("taken back: "), "{}", line.text.en);

    world.event("unauthorized", &account, world.now_s() + 2, None).await.unwrap();
    world.event("authorized", &account, world.now_s() + 3, Some(&format!("c@@@3@{account}"))).await.unwrap();
    world.until(|w| w.account(&account).authorized && w.credential(&account).token.is_some()).await;
    let kinds = history(&world, &account).await;
    use AccountEventKind::{Authorized, Reauthorized, Unauthorized, Updated};
    assert_eq!(kinds, [Authorized, Updated, Unauthorized, Reauthorized]);
    let view = world.core.get_account(COMPONENT, &account).await.unwrap().account;
    assert_eq!((view.state, view.token.state), (AccountState::Authorized, TokenState::Valid), "fresh at once");
    assert!(view.unauthorized_at.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_removed_account_rests_and_comes_back() {
    let world = World::ready().await;
    world.accounts(2, 900_000).await;
    world.until(|w| w.credential(&appid(0)).generation == 2).await;
    world.core.remove_account(COMPONENT, &appid(0)).await.unwrap();
    let twice = world.core.remove_account(COMPONENT, &appid(0)).await.unwrap();
    assert_eq!(twice.token.reason_code, ReasonCode::Removed);
    assert!(!twice.token.needs_operator);
    let page = world.core.list_accounts(&AccountQuery::default()).unwrap();
    assert_eq!((page.total, page.counts.total, page.removed), (1, 1, 1));
    assert_eq!(world.core.overview().await.unwrap().platforms[0].accounts.total, 1);
    let hidden = world.core.find_account(Some(COMPONENT), &appid(0)).unwrap_err();
    assert_eq!(hidden.code, ErrorCode::NotFound);
    world.pass(3 * 3_600_000).await;
    assert_eq!(world.credential(&appid(0)).generation, 2, "not renewed");
    // A change of its permission sets does not bring it back.
    let removed = AccountQuery { removed: Some(true), ..AccountQuery::default() };
    let code = format!("c@@@2@{}", appid(0));
    world.event("updateauthorized", &appid(0), world.now_s() + 1, Some(&code)).await.unwrap();
    world.pass(5_000).await;
    assert_eq!(world.core.list_accounts(&removed).unwrap().total, 1);
    let before = world.credential(&appid(0)).generation;
    world.core.restore_account(COMPONENT, &appid(0)).await.unwrap();
    world.until(|w| w.credential(&appid(0)).generation > before).await;
    assert_eq!(world.core.list_accounts(&removed).unwrap().total, 0);
    use AccountEventKind::{Removed, Restored, Updated};
    assert_eq!(history(&world, &appid(0)).await, [Removed, Updated, Restored]);
    // A link does bring it back.
    world.core.remove_account(COMPONENT, &appid(1)).await.unwrap();
    world.core.create_link(request()).await.unwrap();
    let code = format!("c@@@3@{}", appid(1));
    world.event("authorized", &appid(1), world.now_s() + 1, Some(&code)).await.unwrap();
    world.until(|w| w.account(&appid(1)).removed_at.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn tenants_are_renamed_archived_and_counted() {
    let world = World::ready().await;
    world.accounts(5, 7_000_000).await;
    let core = &world.core;
    let appids: Vec<String> = (0..3).map(appid).collect();
    assert_eq!(core.set_account_tenant(COMPONENT, &appids, Some("North")).await.unwrap(), 3);
    assert_eq!(core.set_account_tenant(COMPONENT, &appids, Some("North")).await.unwrap(), 0, "a double click");
    core.create_tenant("South").await.unwrap();
    assert_eq!(field(&core.create_tenant(" South ").await.unwrap_err()), "tenant");
    assert_eq!(field(&core.rename_tenant("North", "South").await.unwrap_err()), "tenant");
    assert_eq!(core.rename_tenant("North", "北区").await.unwrap().accounts.total, 3);
    assert_eq!(core.set_account_tenant(COMPONENT, &[appid(0)], Some("South")).await.unwrap(), 1);
    core.remove_account(COMPONENT, &appid(1)).await.unwrap();
    let tenants = core.list_tenants(Some(COMPONENT)).await.unwrap();
    let counts: Vec<_> = tenants.iter().map(|t| (t.name.as_str(), t.accounts.total)).collect();
    assert_eq!(counts, [("South", 1), ("北区", 1)]);
    let of = |tenant: &str| AccountQuery { tenant: Some(tenant.into()), ..AccountQuery::default() };
    assert_eq!(core.list_accounts(&of("北区")).unwrap().items[0].appid, appid(2));
    assert_eq!(core.list_accounts(&of("")).unwrap().total, 2);
    core.archive_tenant("北区").await.unwrap();
    let refused = core.set_account_tenant(COMPONENT, &[appid(4)], Some("北区")).await.unwrap_err();
    assert_eq!(field(&refused), "tenant");
    let refused = core.create_link(LinkRequest { tenant: Some("北区".into()), ..request() }).await.unwrap_err();
    assert_eq!(field(&refused), "tenant");
    assert!(world.wechat.calls("api_create_preauthcode").is_empty(), "no code was spent");
    assert_eq!(core.list_accounts(&of("北区")).unwrap().total, 1, "they keep it");
    core.unarchive_tenant("北区").await.unwrap();
    core.set_account_tenant(COMPONENT, &[appid(4)], Some("北区")).await.unwrap();
    core.set_account_tenant(COMPONENT, &[appid(4)], None).await.unwrap();
    let lines = core.list_account_history(COMPONENT, &appid(4), None).await.unwrap();
    assert_eq!(lines[0].text.zh, "业务方：北区 → 无");
    // The folder opens again with all of it.
    let world = world.restart().await;
    assert_eq!(world.core.list_tenants(None).await.unwrap().len(), 2);
    assert_eq!(world.core.list_accounts(&of("South")).unwrap().total, 1);
}

#[tokio::test(start_paused = true)]
async fn notes_and_tags_are_kept_and_found() {
    let world = World::ready().await;
    world.accounts(3, 7_000_000).await;
    let core = &world.core;
    core.set_account_note(COMPONENT, &appid(0), " 周五续费 ").await.unwrap();
    let tags = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let account = core.set_account_tags(COMPONENT, &appid(0), &tags(&["vip", " 连锁 ", "vip", ""])).await.unwrap();
    assert_eq!((account.note.as_str(), account.tags), ("周五续费", tags(&["vip", "连锁"])));
    assert_eq!(
        field(
            &core
                .set_account_tags(COMPONENT, &appid(0), &tags(&["一二三四五六七八九十一二三四五六七八九十一"]))
                .await
                .unwrap_err()
        ),
        "tags"
    );
    let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
    assert_eq!(field(&core.set_account_tags(COMPONENT, &appid(0), &many).await.unwrap_err()), "tags");
    let appids = [appid(0), appid(1), appid(9)];
    let changed = core.change_account_tags(COMPONENT, &appids, &tags(&["vip"]), &tags(&["连锁"])).await;
    assert_eq!(changed.unwrap(), 2);
    let counted = core.list_tags(None).unwrap();
    assert_eq!(counted.iter().map(|t| (t.tag.as_str(), t.count)).collect::<Vec<_>>(), [("vip", 2)]);
    let query = AccountQuery { tag: Some("vip".into()), q: Some("VIP 0001".into()), ..AccountQuery::default() };
    assert_eq!(core.list_accounts(&query).unwrap().items[0].appid, appid(1));
    assert_eq!(field(&core.set_account_note(COMPONENT, &appid(0), &"长".repeat(1_001)).await.unwrap_err()), "note");
}

#[tokio::test(start_paused = true)]
async fn any_row_of_a_long_list_is_one_request() {
    let world = World::ready().await;
    world.accounts(500, 7_000_000).await;
    let page = |offset: u32| {
        let query = AccountQuery {
            sort: Some(AccountSort::Name),
            offset: Some(offset),
            limit: Some(10),
            ..AccountQuery::default()
        };
        world.core.list_accounts(&query).unwrap()
    };
    assert_eq!(page(490).items[9].appid, appid(499));
    assert!(page(490).next_cursor.is_none());
    assert_eq!(page(480).next_cursor.as_deref(), Some("490"));
    assert_eq!((page(900).items.len(), page(900).total), (0, 500));
}

/// The same account under two platforms: each has its own row, tokens, notes, links and history.
#[tokio::test(start_paused = true)]
async fn nothing_of_one_platform_shows_under_another() {
    const OTHER: &str = "wx0000000000000abc";
    let world = World::ready().await;
    let other = crate::dto::PlatformInput { component_appid: OTHER.into(), ..platform() };
    world.core.save_platform(other).await.unwrap();
    world.accounts(2, 7_000_000).await;
    let there = world.core.store().mirror().platform_by_appid(OTHER).unwrap().id;
    let shared = appid(0);
    let twin = shared.clone();
    let saved = world.core.store().write(move |tx| {
        let row = crate::store::tables::account::AccountRow {
            platform_id: there,
            appid: twin,
            nick_name: "there".into(),
            authorized: true,
            authorized_at: 1,
            ..Default::default()
        };
        crate::store::tables::account::save(tx, &row)
    });
    saved.await.unwrap();
    let link = world.core.create_link(request()).await.unwrap();
    world.core.set_account_note(COMPONENT, &shared, "here").await.unwrap();
    world.core.set_account_tags(COMPONENT, &shared, &["here".to_owned()]).await.unwrap();
    world.core.set_account_tenant(COMPONENT, std::slice::from_ref(&shared), Some("Here")).await.unwrap();
    let of = |platform: &str| AccountQuery { platform: Some(platform.into()), ..AccountQuery::default() };
    let page = world.core.list_accounts(&of(OTHER)).unwrap();
    assert_eq!((page.total, page.counts.total), (1, 1));
    let account = &page.items[0];
    assert_eq!((account.note.as_str(), account.tags.len(), &account.tenant), ("", 0, &None));
    assert!(world.core.list_account_history(OTHER, &shared, None).await.unwrap().is_empty());
    assert!(world.core.list_tags(Some(OTHER)).unwrap().is_empty());
    assert_eq!(world.core.list_tenants(Some(OTHER)).await.unwrap()[0].accounts.total, 0);
    let links = LinkQuery { platform: Some(OTHER.into()), ..LinkQuery::default() };
    assert_eq!(world.core.list_links(&links).await.unwrap().total, 0);
    assert!(link.launch_url.contains(COMPONENT));
    // An event of one cancels there alone, and removing one leaves the other.
    world.event("unauthorized", &shared, world.now_s() + 9, None).await.unwrap();
    assert_eq!(world.core.list_accounts(&of(OTHER)).unwrap().items[0].state, AccountState::Authorized);
    world.core.remove_account(OTHER, &shared).await.unwrap();
    assert_eq!(world.core.list_accounts(&of(COMPONENT)).unwrap().total, 2);
    assert_eq!(world.core.find_account(None, &shared).unwrap().0.component_appid, COMPONENT, "no longer ambiguous");
}

#[tokio::test(start_paused = true)]
async fn a_replaced_key_is_kept_and_dated_and_told_when_it_is_needed() {
    let world = World::ready().await;
    let mut input = platform();
    input.encoding_aes_key = Some("B".repeat(43));
    world.pass(1_000).await;
    let view = world.core.save_platform(input).await.unwrap();
    let since = view.previous_key_since.unwrap();
    assert!(view.has_previous_key && view.previous_key_used_at.is_none());
    // WeChat still uses the old one.
    world.pass(60_000).await;
    world.ticket(11).await.unwrap();
    let view = world.core.get_platform(COMPONENT).unwrap();
    assert!(view.previous_key_used_at.unwrap() > since);
    let mut renamed = platform();
    (renamed.name, renamed.encoding_aes_key) = ("另一个名字".into(), None);
    let view = world.core.save_platform(renamed).await.unwrap();
    assert_eq!(view.previous_key_since, Some(since), "another change does not make it younger");
    let mut dropped = platform();
    (dropped.encoding_aes_key, dropped.previous_encoding_aes_key) = (None, Some(String::new()));
    assert_eq!(world.core.save_platform(dropped).await.unwrap().previous_key_since, None);
    assert_ne!(KEY, "B".repeat(43));
}
