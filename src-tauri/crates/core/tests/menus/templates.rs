//! One template, many accounts.

use std::collections::BTreeMap;

use serde_json::json;
use wxdesk_core::dto::{
    AccountQuery, BulkJob, BulkKind, BulkOutcome, BulkRequest, BulkState, MenuSet, MenuTemplate, TemplateRequest,
    TemplateVariable,
};
use wxdesk_sandbox::lock;

use crate::world::{CREATE, World};

fn template(variables: &[(&str, Option<&str>)]) -> MenuTemplate {
    MenuTemplate {
        id: String::new(),
        name: "全部门店".into(),
        note: String::new(),
        set: MenuSet {
            button: vec![
                json!({"type": "view", "name": "{{short}}", "url": "https://shop.example/{{appid}}"}),
                json!({"type": "click", "name": "客服", "key": "CALL_{{short}}"}),
            ],
            ..MenuSet::default()
        },
        variables: variables
            .iter()
            .map(|(name, default)| TemplateVariable {
                name: (*name).into(),
                label: String::new(),
                default: default.map(str::to_owned),
            })
            .collect(),
        updated_at: 0,
    }
}

fn request(template: &MenuTemplate, values: &[(String, &str)]) -> TemplateRequest {
    TemplateRequest {
        template_id: template.id.clone(),
        accounts: BulkRequest {
            kind: BulkKind::Export,
            component_appid: None,
            accounts: None,
            query: Some(AccountQuery::default()),
        },
        values: values
            .iter()
            .map(|(account, value)| (account.clone(), BTreeMap::from([("short".to_owned(), (*value).to_owned())])))
            .collect(),
    }
}

async fn ended(world: &World, job: &BulkJob) -> BulkJob {
    world.until(|w| w.core.bulk_job(&job.id, None).unwrap().state != BulkState::Running).await;
    world.core.bulk_job(&job.id, Some(0)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_template_is_tried_filled_published_and_what_failed_is_done_again() {
    let world = World::new().await;
    let core = &world.core;
    // One that granted everything, and one that did not grant menus.
    let first = world.authorize(0, &[]).await;
    let second = world.authorize(1, &[1]).await;
    let key = |appid: &str| format!("{}/{appid}", world.component);
    let mut template = core.save_menu_template(template(&[("short", None)])).await.unwrap();
    let error = core.save_menu_template(MenuTemplate { id: String::new(), ..template.clone() }).await.unwrap_err();
    assert_eq!(error.detail.unwrap().fields[0].rule, "unique");

    let mut nobody = request(&template, &[]);
    nobody.accounts.query = None;
    let refused = core.start_menu_template(nobody).await.unwrap_err();
    assert_eq!(refused.detail.unwrap().fields[0].rule, "missing", "a field left out does not mean everybody");
    let dry = core.dry_run_menu_template(request(&template, &[])).await.unwrap();
    assert_eq!((dry.ready, dry.blocked), (0, 2));
    let line = |appid: &str| dry.lines.iter().find(|l| l.appid == appid).unwrap();
    assert_eq!(line(&first).missing, ["short"]);
    assert_eq!(line(&second).obstacle.as_ref().unwrap().rule, "not_granted");
    assert_eq!(world.calls(CREATE), 0, "a dry run asks nothing");

    let dry = core.dry_run_menu_template(request(&template, &[(key(&first), "城东")])).await.unwrap();
    assert_eq!((dry.ready, dry.blocked), (1, 1));
    let filled = &dry.lines.iter().find(|l| l.ok).unwrap().set.button;
    assert_eq!((&filled[0]["name"], &filled[1]["key"]), (&json!("城东"), &json!("CALL_城东")));
    assert_eq!(filled[0]["url"], format!("https://shop.example/{first}"));

    // WeChat refuses the first one, once.
    world.errcode(CREATE, 0, 45064);
    let job = core.start_menu_template(request(&template, &[(key(&first), "城东")])).await.unwrap();
    let job = ended(&world, &job).await;
    let outcomes: Vec<_> = job.lines.iter().map(|l| (l.appid.clone(), l.outcome, l.errcode)).collect();
    assert!(outcomes.contains(&(first.clone(), BulkOutcome::Failed, Some(45064))), "{outcomes:?}");
    let refused = job.lines.iter().find(|l| l.appid == second).unwrap();
    assert_eq!(refused.outcome, BulkOutcome::Failed);
    assert!(refused.words.zh.contains("权限集 15") && refused.words.en.contains("permission set 15"), "{refused:?}");

    // Again, without values: they were kept with the account.
    let again = ended(&world, &core.retry_bulk(&job.id).unwrap()).await;
    assert_eq!(again.total, 2);
    assert_eq!(again.lines.iter().find(|l| l.appid == first).unwrap().outcome, BulkOutcome::Ok);
    assert_eq!(lock(&world.platform).menu_of(&first).unwrap()[0]["name"], "城东");
    let version = core.menu_versions(&world.component, &first, None, None).await.unwrap().items.remove(0);
    assert_eq!((version.who, version.from.as_deref()), (format!("bulk:{}", again.id), Some("全部门店")));

    // The value that an account had is there the next time.
    template.note = "x".into();
    core.save_menu_template(template.clone()).await.unwrap();
    let dry = core.dry_run_menu_template(request(&template, &[])).await.unwrap();
    assert_eq!((dry.ready, dry.lines.iter().find(|l| l.ok).unwrap().changes), (1, Some(0)));
    core.remove_menu_template(&template.id).await.unwrap();
    assert!(core.list_menu_templates().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_menu_that_breaks_a_rule_once_filled_is_not_sent() {
    let world = World::new().await;
    let appid = world.authorize(0, &[]).await;
    let template =
        world.core.save_menu_template(template(&[("short", Some("a name that is far too long"))])).await.unwrap();
    let dry = world.core.dry_run_menu_template(request(&template, &[])).await.unwrap();
    assert!(dry.lines[0].findings.iter().any(|f| f.path == "button[0].name"), "{:?}", dry.lines[0].findings);
    let job = ended(&world, &world.core.start_menu_template(request(&template, &[])).await.unwrap()).await;
    assert_eq!((job.failed, world.calls(CREATE)), (1, 0));
    assert!(job.lines[0].words.zh.contains("button[0].name"), "{}", job.lines[0].words.zh);
    assert!(lock(&world.platform).menu_of(&appid).is_none());
}
