//! Publishing, with everything that goes wrong on the way.

use serde_json::json;
use wxdesk_core::dto::{ErrorCode, MenuPlace, MenuSet, MenuSource, PublishCause, PublishState};
use wxdesk_sandbox::{Effect, lock};

use crate::world::{ADD, CREATE, GET, REMOVE, World, acts, click, set};

#[tokio::test(start_paused = true)]
async fn a_reply_that_was_lost_after_the_fact_is_found_by_reading() {
    let (world, appid) = World::with_account().await;
    world.fault(CREATE, 0, 1, Effect::DropAfter);
    world.fault(ADD, 0, 1, Effect::HalfBody);
    let version = world.publish(&appid, &set("a", &[("100", "c")])).await;
    assert_eq!(version.state, PublishState::Live);
    assert_eq!(acts(&version), ["create!", "add_conditional!", "read_back"]);
    assert_eq!((world.calls(CREATE), world.calls(ADD)), (1, 1), "nothing is sent twice");
    assert_eq!(world.conditional(&appid).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_menu_is_not_kept() {
    let (world, appid) = World::with_account().await;
    let many = MenuSet { button: vec![click("x"); 10_000], ..MenuSet::default() };
    let refused = world.core.save_menu_draft(&world.component, &appid, many, 0).await.unwrap_err();
    assert_eq!(refused.detail.unwrap().fields[0].rule, "size");
    let mut odd = set("a", &[]);
    odd.button[0]["pagePath"] = json!("x");
    let found = world.core.check_menu(&world.component, &appid, &odd).unwrap().findings;
    assert!(found.iter().any(|f| f.path == "button[0].pagePath" && f.rule == "unknown_member"), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_arrived_is_made_again() {
    let (world, appid) = World::with_account().await;
    world.fault(CREATE, 0, 2, Effect::DropBefore);
    world.errcode(ADD, 0, -1);
    let version = world.publish(&appid, &set("a", &[("100", "c")])).await;
    assert_eq!(
        (version.state, acts(&version)),
        (PublishState::Live, vec!["create".into(), "add_conditional".into(), "read_back".into()])
    );
    assert_eq!(world.conditional(&appid).len(), 1);
    // For ever is too long: then it stopped half-way.
    world.fault(CREATE, 0, 9, Effect::DropBefore);
    let version = world.publish(&appid, &set("b", &[])).await;
    assert_eq!((version.state, version.resumable, version.fault.unwrap().error.code), (PublishState::Failed, true, 0));
    lock(&world.platform).clear_faults(None);
    let version = world.core.resume_menu_publish(&world.component, &appid, version.id).await.unwrap();
    assert_eq!((version.state, version.resumable, version.fault), (PublishState::Live, false, None));
    assert!(world.conditional(&appid).is_empty());
}

#[tokio::test(start_paused = true)]
async fn when_reading_fails_too_it_can_be_taken_up_later() {
    let (world, appid) = World::with_account().await;
    world.fault(CREATE, 0, 1, Effect::DropAfter);
    world.fault(GET, 1, 99, Effect::DropBefore);
    let version = world.publish(&appid, &set("a", &[])).await;
    assert_eq!((version.state, version.resumable), (PublishState::Failed, true));
    assert!(version.steps[0].done_at.is_none(), "what became of it is not known, and not said");
    // Nothing can be read: nothing is changed either.
    let error = world.core.resume_menu_publish(&world.component, &appid, version.id).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unavailable);
    lock(&world.platform).clear_faults(None);
    let version = world.core.resume_menu_publish(&world.component, &appid, version.id).await.unwrap();
    assert_eq!((version.state, acts(&version)), (PublishState::Live, vec!["create!".into(), "read_back".into()]));
    assert_eq!(world.calls(CREATE), 1);
}

#[tokio::test(start_paused = true)]
async fn a_publication_that_a_crash_cut_off_is_shown_and_taken_up() {
    let (mut world, appid) = World::with_account().await;
    let menu = set("a", &[("102", "z"), ("101", "y"), ("100", "x")]);
    // The second one is added, and the program ends before the answer.
    world.fault(ADD, 1, 1, Effect::Slow { ms: 600_000 });
    let revision = world.draft(&appid, &menu).await.revision;
    let (core, component, account) = (world.core.clone(), world.component.clone(), appid.clone());
    let asked = tokio::spawn(async move { core.publish_menu(&component, &account, revision, "window").await });
    world.until(|w| w.conditional(&appid).len() == 2).await;
    let busy = world.core.menu_state(&world.component, &appid).await.unwrap().last_version.unwrap();
    assert_eq!((busy.state, busy.resumable), (PublishState::Publishing, false), "under way");
    world.kill().await;
    assert_eq!(asked.await.unwrap().unwrap_err().code, ErrorCode::Stopping);
    let last = world.core.menu_state(&world.component, &appid).await.unwrap().last_version.unwrap();
    assert_eq!((last.state, last.resumable, last.set.as_ref()), (PublishState::Publishing, true, Some(&menu)));
    let version = world.core.resume_menu_publish(&world.component, &appid, last.id).await.unwrap();
    assert_eq!(version.state, PublishState::Live);
    assert_eq!(acts(&version), ["create", "add_conditional", "add_conditional!", "add_conditional", "read_back"]);
    assert_eq!(version.steps[2].place, Some(MenuPlace::Conditional { index: 1 }));
    let own = |tag: &str, name: &str| (tag.to_owned(), name.to_owned());
    assert_eq!(world.conditional(&appid), [own("100", "x"), own("101", "y"), own("102", "z")]);
    let error = world.core.resume_menu_publish(&world.component, &appid, last.id).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Conflict, "it has ended");
}

#[tokio::test(start_paused = true)]
async fn a_set_changes_with_no_more_steps_than_it_needs() {
    let (world, appid) = World::with_account().await;
    let (x, y, z) = (("100", "x"), ("101", "y"), ("102", "z"));
    for (newest_first, added, removed) in [
        (vec![z, y, x], 3, 0),
        (vec![z, y, x], 0, 0),
        // Out of the middle.
        (vec![z, x], 0, 1),
        // On top.
        (vec![("103", "w"), z, x], 1, 0),
        // The oldest changes: all are made again.
        (vec![("103", "w"), z, ("100", "changed")], 3, 3),
        // The newest two change places.
        (vec![z, ("103", "w"), ("100", "changed")], 1, 1),
        (vec![], 0, 3),
    ] {
        let before = (world.calls(ADD), world.calls(REMOVE));
        let version = world.publish(&appid, &set("a", &newest_first)).await;
        assert_eq!(version.state, PublishState::Live, "{newest_first:?}");
        assert_eq!((world.calls(ADD) - before.0, world.calls(REMOVE) - before.1), (added, removed), "{newest_first:?}");
        let live: Vec<(String, String)> = world.conditional(&appid).into_iter().rev().collect();
        let wanted: Vec<(String, String)> =
            newest_first.iter().map(|(t, n)| ((*t).to_owned(), (*n).to_owned())).collect();
        assert_eq!(live, wanted);
    }
    assert_eq!(world.calls(CREATE), 1);
}

#[tokio::test(start_paused = true)]
async fn a_double_click_publishes_once() {
    let (world, appid) = World::with_account().await;
    let revision = world.draft(&appid, &set("a", &[("100", "x")])).await.revision;
    let publish = || world.core.publish_menu(&world.component, &appid, revision, "window");
    let (first, second) = tokio::join!(publish(), publish());
    assert_eq!(first.unwrap().state, PublishState::Live);
    assert_eq!(second.unwrap_err().code, ErrorCode::Conflict);
    assert_eq!((world.calls(CREATE), world.calls(ADD)), (1, 1));
    // Another account is not held up.
    assert_eq!(world.core.menu_versions(&world.component, &appid, None, None).await.unwrap().items.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_draft_that_moved_on_is_neither_overwritten_nor_published() {
    let (world, appid) = World::with_account().await;
    let first = world.draft(&appid, &set("a", &[])).await;
    assert_eq!((first.revision, first.saved_at.is_some()), (1, true));
    let second = world.draft(&appid, &set("b", &[])).await;
    let late = world.core.save_menu_draft(&world.component, &appid, set("c", &[]), first.revision).await.unwrap_err();
    assert_eq!(late.code, ErrorCode::Conflict);
    let late = world.core.publish_menu(&world.component, &appid, first.revision, "window").await.unwrap_err();
    assert_eq!((late.code, world.calls(CREATE)), (ErrorCode::Conflict, 0));
    let state = world.core.menu_state(&world.component, &appid).await.unwrap();
    assert_eq!((state.draft.revision, state.draft.set), (second.revision, set("b", &[])));
    // Saving the same again is no change; an incomplete one is kept, and not published.
    assert_eq!(world.draft(&appid, &set("b", &[])).await.revision, second.revision);
    let incomplete = MenuSet { button: vec![json!({"type": "click", "name": "新菜单"})], ..MenuSet::default() };
    let draft = world.draft(&appid, &incomplete).await;
    let error = world.core.publish_menu(&world.component, &appid, draft.revision, "window").await.unwrap_err();
    assert_eq!(
        (error.code, error.detail.unwrap().fields[0].field.as_str()),
        (ErrorCode::InvalidInput, "button[0].key")
    );
    assert!(world.core.menu_state(&world.component, &appid).await.unwrap().last_version.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_earlier_version_is_put_back() {
    let (world, appid) = World::with_account().await;
    let (one, two) = (set("a", &[("100", "x")]), set("b", &[("101", "y")]));
    let first = world.publish(&appid, &one).await;
    world.publish(&appid, &two).await;
    let source = MenuSource::Version { id: first.id };
    let third = world.core.republish_menu(&world.component, &appid, source, "window").await.unwrap();
    assert_eq!(
        (third.state, third.cause, third.from.as_deref()),
        (PublishState::Live, PublishCause::Rollback, Some("1"))
    );
    assert_eq!(third.set, Some(one.clone()));
    assert_eq!(world.conditional(&appid), [("100".to_owned(), "x".to_owned())]);
    assert_eq!(lock(&world.platform).menu_of(&appid), Some(&json!([click("a")])));
    let state = world.core.menu_state(&world.component, &appid).await.unwrap();
    assert_eq!((state.draft.set, state.live.unwrap().set.button), (one, vec![click("a")]));
    let page = world.core.menu_versions(&world.component, &appid, None, Some(2)).await.unwrap();
    let states: Vec<(i64, PublishState)> = page.items.iter().map(|v| (v.id, v.state)).collect();
    assert_eq!(states, [(3, PublishState::Live), (2, PublishState::Superseded)]);
    assert!(page.items.iter().all(|v| v.set.is_none() && v.steps.is_empty()));
    let page = world.core.menu_versions(&world.component, &appid, page.next_before, Some(2)).await.unwrap();
    assert_eq!((page.items.len(), page.items[0].id, page.next_before), (1, 1, None));
    let missing = world.core.menu_version(&world.component, &appid, 9).await.unwrap_err();
    assert_eq!(missing.code, ErrorCode::NotFound);
}

#[tokio::test(start_paused = true)]
async fn deleting_removes_everything_and_keeps_the_draft() {
    let (world, appid) = World::with_account().await;
    let menu = set("a", &[("101", "y"), ("100", "x")]);
    world.publish(&appid, &menu).await;
    world.fault("/cgi-bin/menu/delete", 0, 1, Effect::DropAfter);
    let version = world.core.delete_menu(&world.component, &appid, "window").await.unwrap();
    assert_eq!(
        (version.state, version.cause, acts(&version)),
        (PublishState::Live, PublishCause::Delete, vec!["delete!".into(), "read_back".into()])
    );
    assert!(world.conditional(&appid).is_empty() && lock(&world.platform).menu_of(&appid).is_none());
    assert_eq!(world.core.menu_state(&world.component, &appid).await.unwrap().draft.set, menu);
    let again = world.core.delete_menu(&world.component, &appid, "window").await.unwrap();
    assert_eq!(acts(&again), ["read_back"], "there is nothing to delete");
    // Putting the deletion back is deleting; putting the menu back is publishing it.
    let source = MenuSource::Version { id: 1 };
    assert_eq!(
        world.core.republish_menu(&world.component, &appid, source, "window").await.unwrap().state,
        PublishState::Live
    );
    assert_eq!(world.conditional(&appid).len(), 2);
    let source = MenuSource::Version { id: version.id };
    assert_eq!(
        world.core.republish_menu(&world.component, &appid, source, "window").await.unwrap().state,
        PublishState::Live
    );
    assert!(world.conditional(&appid).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_points_at_the_buttons_it_can_be_about() {
    let (world, appid) = World::with_account().await;
    let mut menu = set("a", &[("101", "y"), ("100", "x")]);
    let view = |name: &str, host: &str| json!({"type": "view", "name": name, "url": format!("https://{host}/")});
    menu.button.push(view("v", "a.cn"));
    menu.conditional[1].button = vec![click("x"), view("w", "b.cn")];
    world.errcode(CREATE, 0, 40055);
    let version = world.publish(&appid, &menu).await;
    let fault = version.fault.unwrap();
    assert_eq!((version.state, fault.error.code, fault.error.rid.is_some()), (PublishState::Failed, 40055, true));
    assert_eq!(fault.suspects, ["button[1].url"]);
    assert!(!version.resumable, "nothing was done, and trying again would bring the same");
    assert!(version.steps[0].done_at.is_none());
    // In the middle: the step before it stays done, and the rest can follow.
    world.errcode(ADD, 1, 65317);
    let version = world.publish(&appid, &menu).await;
    assert_eq!(
        (version.state, acts(&version)),
        (PublishState::Failed, vec!["create".into(), "add_conditional".into(), "add_conditional".into()])
    );
    assert!(version.resumable);
    assert_eq!(version.fault.unwrap().suspects, ["conditional[0]"], "it has no address, so only the menu is known");
    world.errcode(ADD, 0, 65317);
    menu.conditional.swap(0, 1);
    let version = world.publish(&appid, &menu).await;
    assert_eq!(version.fault.unwrap().suspects, ["conditional[1]"]);
    let version = world.core.resume_menu_publish(&world.component, &appid, version.id).await.unwrap();
    assert_eq!(version.state, PublishState::Live);
    // A quota is not the menu's fault.
    world.errcode(CREATE, 0, 45009);
    let version = world.publish(&appid, &set("b", &[])).await;
    assert_eq!((version.fault.unwrap().suspects.len(), version.resumable), (0, true));
    // A later publication takes its place.
    world.publish(&appid, &set("c", &[])).await;
    assert!(!world.core.menu_version(&world.component, &appid, version.id).await.unwrap().resumable);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_somebody_else_replaced_is_renewed_on_the_way() {
    let (world, appid) = World::with_account().await;
    let now = wxdesk_core::clock::Clock::now(&**world.core.clock());
    lock(&world.platform).replace_token_elsewhere(now, &appid);
    let version = world.publish(&appid, &set("a", &[])).await;
    assert_eq!((version.state, acts(&version)), (PublishState::Live, vec!["create".into(), "read_back".into()]));
    assert_eq!(world.calls(CREATE), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_website_put_in_its_place_is_replaced_again() {
    let (world, appid) = World::with_account().await;
    world.publish(&appid, &set("a", &[])).await;
    lock(&world.platform).make_menu_by_hand(&appid, json!([{"type": "text", "name": "手工", "value": "v"}]));
    let version = world.publish(&appid, &set("a", &[])).await;
    assert_eq!((version.state, acts(&version)), (PublishState::Live, vec!["create".into(), "read_back".into()]));
    assert_eq!(world.calls(CREATE), 2);
}
