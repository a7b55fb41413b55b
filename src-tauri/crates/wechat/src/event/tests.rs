use super::*;

fn parse(info_type: &str, rest: &str) -> Result<ComponentEvent, XmlError> {
    parse_component_event(
        format!(
            "<xml>\n<AppId><![CDATA[wx134c8103faa5a59e]]></AppId>\n<CreateTime>1413192760</CreateTime>\n\
             <InfoType><![CDATA[{info_type}]]></InfoType>\n{rest}\n</xml>"
        )
        .as_bytes(),
    )
}

fn good(info_type: &str, rest: &str) -> ComponentEvent {
    let event = parse(info_type, rest).unwrap();
    assert_eq!(event.info_type(), info_type);
    assert_eq!((event.app_id.as_str(), event.create_time), ("wx134c8103faa5a59e", 1_413_192_760));
    event
}

const GRANT: &str = "<AuthorizerAppid><![CDATA[wxba5fad812f8e6fb9]]></AuthorizerAppid>\
    <AuthorizationCode><![CDATA[queryauthcode@@@abc]]></AuthorizationCode>\
    <AuthorizationCodeExpiredTime>1413196360</AuthorizationCodeExpiredTime>\
    <PreAuthCode><![CDATA[preauthcode@@@def]]></PreAuthCode>";

#[test]
fn tickets() {
    let event = good(
        "component_verify_ticket",
        "<ComponentVerifyTicket><![CDATA[ticket@@@hXh2446N-]]></ComponentVerifyTicket>",
    );
    let ComponentEventKind::VerifyTicket { ticket } = &event.kind else { panic!("{event:?}") };
    assert_eq!(ticket.expose(), "ticket@@@hXh2446N-");
    assert_eq!(event.dedupe_key(), "component_verify_ticket:1413192760:");
    assert!(!format!("{event:?}").contains("ticket@@@"));
    assert_eq!(parse("component_verify_ticket", ""), Err(XmlError::Missing("ComponentVerifyTicket")));
    assert!(parse("component_verify_ticket", "<ComponentVerifyTicket></ComponentVerifyTicket>").is_err());
}

#[test]
fn grants() {
    for info_type in ["authorized", "updateauthorized"] {
        let event = good(info_type, GRANT);
        let (ComponentEventKind::Authorized(grant) | ComponentEventKind::UpdateAuthorized(grant)) = &event.kind else {
            panic!("{event:?}")
        };
        assert_eq!(grant.authorizer_appid, "wxba5fad812f8e6fb9");
        assert_eq!(grant.code.expose(), "queryauthcode@@@abc");
        assert_eq!(grant.code_expires_at, 1_413_196_360);
        assert_eq!(grant.pre_auth_code.as_ref().unwrap().expose(), "preauthcode@@@def");
        assert_eq!(event.dedupe_key(), format!("{info_type}:1413192760:wxba5fad812f8e6fb9"));
        let shown = format!("{event:?}");
        assert!(!shown.contains("queryauthcode") && !shown.contains("preauthcode"));
    }
}

#[test]
fn expiry_of_a_grant_may_be_a_duration_or_absent() {
    let expires = |xml: &str| match good("authorized", xml).kind {
        ComponentEventKind::Authorized(grant) => grant.code_expires_at,
        other => panic!("{other:?}"),
    };
    assert_eq!(expires(&GRANT.replace("1413196360", "3600")), 1_413_192_760 + 3600);
    assert_eq!(expires(&GRANT.replace("1413196360", "999999999")), 1_413_192_760 + 999_999_999);
    assert_eq!(expires(&GRANT.replace("1413196360", "1000000000")), 1_000_000_000);
    assert_eq!(expires(&GRANT.replace("1413196360", "")), 1_413_192_760 + DEFAULT_CODE_LIFE_S);
    assert!(parse("authorized", &GRANT.replace("1413196360", "soon")).is_err());
}

#[test]
fn a_grant_without_a_pre_auth_code() {
    let rest = GRANT.split("<PreAuthCode>").next().unwrap();
    let event = good("authorized", rest);
    let ComponentEventKind::Authorized(grant) = &event.kind else { panic!("{event:?}") };
    assert_eq!(grant.pre_auth_code, None);
}

#[test]
fn cancellations() {
    let event = good("unauthorized", "<AuthorizerAppid><![CDATA[wxba5fad812f8e6fb9]]></AuthorizerAppid>");
    assert_eq!(event.kind, ComponentEventKind::Unauthorized { authorizer_appid: "wxba5fad812f8e6fb9".to_owned() });
    assert_eq!(event.subject_appid(), Some("wxba5fad812f8e6fb9"));
    assert_eq!(parse("unauthorized", ""), Err(XmlError::Missing("AuthorizerAppid")));
}

#[test]
fn quick_registration_succeeded_failed_and_personal() {
    let event = good(
        "notify_third_fasteregister",
        "<appid><![CDATA[wxnew]]></appid><status>0</status><auth_code><![CDATA[queryauthcode@@@x]]></auth_code><msg><![CDATA[OK]]></msg>\
         <info><name><![CDATA[tencent]]></name><code><![CDATA[123]]></code><code_type>1</code_type>\
         <legal_persona_wechat><![CDATA[w]]></legal_persona_wechat><legal_persona_name><![CDATA[candy]]></legal_persona_name>\
         <component_phone><![CDATA[1234567]]></component_phone></info>",
    );
    let ComponentEventKind::FastRegister(register) = &event.kind else { panic!("{event:?}") };
    assert_eq!((register.appid.as_deref(), register.status, register.msg.as_deref()), (Some("wxnew"), 0, Some("OK")));
    assert_eq!(register.auth_code.as_ref().unwrap().expose(), "queryauthcode@@@x");
    assert_eq!((register.info.name.as_deref(), register.info.code_type), (Some("tencent"), Some(1)));
    assert_eq!(register.info.legal_persona_name.as_deref(), Some("candy"));
    assert_eq!(event.dedupe_key(), "notify_third_fasteregister:1413192760:wxnew");

    let event =
        good("notify_third_fasteregister", "<status>-1</status><msg>check legal persona and enterprise fail</msg>");
    let ComponentEventKind::FastRegister(register) = &event.kind else { panic!("{event:?}") };
    assert_eq!((register.appid.as_deref(), register.status, register.auth_code.is_none()), (None, -1, true));

    let event =
        good("notify_third_fasteregister", "<status>0</status><info><wxuser>u</wxuser><idname>n</idname></info>");
    let ComponentEventKind::FastRegister(register) = &event.kind else { panic!("{event:?}") };
    assert_eq!((register.info.wxuser.as_deref(), register.info.idname.as_deref()), (Some("u"), Some("n")));
    assert_eq!(parse("notify_third_fasteregister", "<msg>OK</msg>"), Err(XmlError::Missing("status")));
}

#[test]
fn trial_mini_programs() {
    let rest = "<appid>wx2</appid><status>0</status><msg>OK</msg><info><unique_id>u-1</unique_id><name>n</name></info>";
    let event = good("notify_third_fastregisterbetaapp", rest);
    let ComponentEventKind::FastRegisterBeta(register) = &event.kind else { panic!("{event:?}") };
    assert_eq!((register.info.unique_id.as_deref(), register.info.name.as_deref()), (Some("u-1"), Some("n")));
    assert!(matches!(good("notify_third_fastverifybetaapp", rest).kind, ComponentEventKind::FastVerifyBeta(_)));
}

#[test]
fn mini_program_verification() {
    let event = good(
        "notify_3rd_wxa_auth",
        "<appid>wx3</appid><taskid>t1</taskid><task_status>6</task_status><apply_status>2</apply_status><message>m</message>\
         <dispatch_info><provider>p</provider><contact>c</contact><dispatch_time>1413190000</dispatch_time></dispatch_info>",
    );
    let ComponentEventKind::WxaAuth(task) = &event.kind else { panic!("{event:?}") };
    assert_eq!((task.task_id.as_deref(), task.task_status, task.apply_status), (Some("t1"), Some(6), Some(2)));
    assert_eq!((task.provider.as_deref(), task.dispatch_time), (Some("p"), Some(1_413_190_000)));
    assert!(
        matches!(good("notify_3rd_wxa_auth", "").kind, ComponentEventKind::WxaAuth(task) if task == WxaAuth::default())
    );

    let event = good("notify_3rd_wxa_wxverify", "<appid>wx3</appid><expired>1513190000</expired><message>m</message>");
    assert!(matches!(&event.kind, ComponentEventKind::WxaVerify { expired: Some(1_513_190_000), .. }));
    assert_eq!(event.subject_appid(), Some("wx3"));
}

#[test]
fn icp_filing() {
    let event = good(
        "notify_icpfiling_verify_result",
        "<task_id>t</task_id><verify_appid>wx4</verify_appid><result>3</result>",
    );
    assert!(matches!(&event.kind, ComponentEventKind::IcpFilingVerify { result: Some(3), .. }));
    assert_eq!(event.subject_appid(), Some("wx4"));
    let event =
        good("notify_apply_icpfiling_result", "<authorizer_appid>wx4</authorizer_appid><beian_status>6</beian_status>");
    assert!(matches!(&event.kind, ComponentEventKind::IcpFilingResult { beian_status: Some(6), .. }));
    assert_eq!(event.subject_appid(), Some("wx4"));
}

#[test]
fn order_paths_as_repeated_and_as_nested_lists() {
    for rest in [
        "<list><appid>wx5</appid><ret_code>0</ret_code></list><list><appid>wx6</appid><ret_code>-2</ret_code></list>",
        "<list><item><appid>wx5</appid><ret_code>0</ret_code></item><item><appid>wx6</appid><ret_code>-2</ret_code></item></list>",
    ] {
        let event = good("order_path_apply_result_notify", rest);
        let ComponentEventKind::OrderPathApply { items } = &event.kind else { panic!("{event:?}") };
        assert_eq!(
            items.iter().map(|i| (i.appid.as_str(), i.ret_code)).collect::<Vec<_>>(),
            [("wx5", Some(0)), ("wx6", Some(-2))]
        );
        assert_eq!(event.subject_appid(), Some("wx5"));
    }
    let event = good(
        "order_path_audit_result_notify",
        "<list><appid>wx5</appid><audit_id>9</audit_id><status>4</status><apply_time>1</apply_time><audit_time>2</audit_time><reason>r</reason></list>",
    );
    let ComponentEventKind::OrderPathAudit { items } = &event.kind else { panic!("{event:?}") };
    assert_eq!((items[0].status, items[0].audit_time, items[0].reason.as_deref()), (Some(4), Some(2), Some("r")));
    assert_eq!(event.subject_appid(), Some("wx5"));
}

#[test]
fn unknown_types_are_kept() {
    let event = good("notify_something_new", "<whatever><deep>1</deep></whatever>");
    assert_eq!(event.kind, ComponentEventKind::Unknown { info_type: "notify_something_new".to_owned() });
    assert_eq!(event.dedupe_key(), "notify_something_new:1413192760:");
}

#[test]
fn what_every_event_needs() {
    let parse = |xml: &str| parse_component_event(xml.as_bytes());
    assert_eq!(parse("<xml><CreateTime>1</CreateTime><InfoType>x</InfoType></xml>"), Err(XmlError::Missing("AppId")));
    assert_eq!(parse("<xml><AppId>a</AppId><InfoType>x</InfoType></xml>"), Err(XmlError::Missing("CreateTime")));
    assert_eq!(parse("<xml><AppId>a</AppId><CreateTime>1</CreateTime></xml>"), Err(XmlError::Missing("InfoType")));
    assert_eq!(parse("<!DOCTYPE x><xml/>"), Err(XmlError::Doctype));
    // The documentation's samples end in <xml> instead of </xml>; real pushes do not.
    assert!(parse("<xml><AppId>a</AppId><CreateTime>1</CreateTime><InfoType>x</InfoType><xml>").is_err());
}

#[test]
fn registration_states_have_words() {
    for status in [0, -1, 100_001, 100_002, 100_003, 101, 102, 103, 104, 105, 1000] {
        let (zh, en) = fast_register_status(status).unwrap();
        assert!(!zh.is_empty() && !en.is_empty());
    }
    assert_eq!(fast_register_status(7), None);
}
