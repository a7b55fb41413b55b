//! Who may open the authorize page, and whom it offers.

use wxdesk_sandbox::{AuthorizeQuery, Entry, PageError, SandboxConfig};

use crate::rig::Rig;

fn rig() -> (Rig, AuthorizeQuery) {
    let config = SandboxConfig { push_base: Some("https://abc.natapp.cc".into()), ..SandboxConfig::default() };
    let mut rig = Rig::with(config);
    let token = rig.component_token();
    let link = AuthorizeQuery { redirect_uri: "https://abc.natapp.cc/done".into(), ..rig.link(&token) };
    (rig, link)
}

#[test]
fn pc_checks_the_referer_and_h5_does_not() {
    let (rig, link) = rig();
    let with =
        |entry, referer: Option<&str>| AuthorizeQuery { entry, referer: referer.map(str::to_owned), ..link.clone() };
    let open = |query| rig.platform.authorize_page(rig.now, &query).err();
    assert_eq!(open(with(Entry::Pc, Some("https://abc.natapp.cc/wechat/x"))), None);
    assert_eq!(open(with(Entry::Pc, Some("https://ABC.natapp.cc:443/"))), None);
    assert_eq!(open(with(Entry::Pc, None)), Some(PageError::EntryDomain(None)));
    let other = open(with(Entry::Pc, Some("https://evil.cn/"))).unwrap();
    assert_eq!(other, PageError::EntryDomain(Some("evil.cn".into())));
    assert!(other.text().0.starts_with("请确认授权入口页所在域名"));
    assert!(other.text().0.ends_with("evil.cn"));
    assert_eq!(open(with(Entry::H5, None)), None);
    assert_eq!(open(with(Entry::H5, Some("https://evil.cn/"))), None);
}

#[test]
fn wrong_links() {
    let (rig, link) = rig();
    let open = |query: AuthorizeQuery| rig.platform.authorize_page(rig.now, &query).err();
    assert_eq!(open(AuthorizeQuery { component_appid: "wx1".into(), ..link.clone() }), Some(PageError::Component));
    assert_eq!(open(AuthorizeQuery { pre_auth_code: "x".into(), ..link.clone() }), Some(PageError::PreAuthCode));
    for uri in ["", "https://evil.cn/", "abc.natapp.cc/done"] {
        let query = AuthorizeQuery { redirect_uri: uri.into(), ..link.clone() };
        assert_eq!(open(query), Some(PageError::RedirectDomain), "{uri}");
    }
    let nobody = AuthorizeQuery { biz_appid: Some("wx1".into()), ..link };
    assert_eq!(open(nobody), Some(PageError::Account));
}

#[test]
fn accounts_are_filtered_by_type_appid_state_and_sets() {
    let (rig, link) = rig();
    let open = |query: AuthorizeQuery| rig.platform.authorize_page(rig.now, &query).unwrap().candidates;
    let all = open(link.clone());
    assert!(all.len() >= 8);
    assert!(all.iter().all(|c| !matches!(c.account.status, 14 | 16 | 19)));
    let official = open(AuthorizeQuery { auth_type: Some(1), ..link.clone() });
    let mini = open(AuthorizeQuery { auth_type: Some(2), ..link.clone() });
    assert_eq!(official.len() + mini.len(), all.len());
    assert!(!mini.is_empty());
    let one = AuthorizeQuery { auth_type: Some(1), biz_appid: Some(mini[0].account.appid.clone()), ..link.clone() };
    assert_eq!(open(one).len(), 1, "biz_appid wins over auth_type");
    let some = open(AuthorizeQuery { category_ids: vec![15, 1, 9999], ..link });
    assert!(some.iter().all(|c| c.sets == [1, 15]));
    assert_eq!(some.len(), official.len(), "mini programs have none of these sets");
}

#[test]
fn sets_outside_the_link_cannot_be_granted() {
    let (mut rig, link) = rig();
    let appid = rig.platform.accounts()[0].appid.clone();
    let link = AuthorizeQuery { category_ids: vec![1, 15], ..link };
    rig.platform.confirm(rig.now, &link, &appid, &[15, 7]).unwrap();
    assert_eq!(rig.platform.accounts()[0].sets, [15]);
}

#[test]
fn frozen_accounts_cannot_confirm() {
    let (mut rig, link) = rig();
    let frozen = rig.platform.accounts().into_iter().find(|a| a.status == 19).unwrap().appid;
    assert_eq!(rig.platform.confirm(rig.now, &link, &frozen, &[]), Err(PageError::Account));
}
