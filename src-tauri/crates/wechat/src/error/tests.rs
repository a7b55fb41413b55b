use super::*;

fn api(code: i64, errmsg: &str) -> ApiError {
    ApiError::new(code, errmsg, &[])
}

#[test]
fn rid_and_ip_are_found_in_the_forms_seen() {
    for (code, text, ip, rid) in [
        (
            40164,
            "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 5fa26c60-1a0ebdd5-32fd1cd0",
            Some("1.2.3.4"),
            Some("5fa26c60-1a0ebdd5-32fd1cd0"),
        ),
        (40164, "invalid ip 1.2.3.4, not in whitelist hint: [xxxx]", Some("1.2.3.4"), None),
        (40164, "invalid ip 2001:db8::1, not in whitelist", Some("2001:db8::1"), None),
        (
            61004,
            "access clientip is not registered requestIP: 1.2.3.4 rid: 5fa26c60-1a0ebdd5-32fd1cd0",
            Some("1.2.3.4"),
            Some("5fa26c60-1a0ebdd5-32fd1cd0"),
        ),
        (61004, "access clientip is not registered hint: [xxxx] requestIP: 1.2.3.4", Some("1.2.3.4"), None),
        (61004, "access clientip is not registered", None, None),
        (61004, "access clientip is not registered requestIP: somewhere", None, None),
        (42001, "access_token expired rid: 5fa26c60-1a0ebdd5-32fd1cd0", None, Some("5fa26c60-1a0ebdd5-32fd1cd0")),
        (42001, "access_token expired rid: ", None, None),
        (-1, "", None, None),
    ] {
        let error = api(code, text);
        assert_eq!(error.ip.as_deref(), ip, "{text}");
        assert_eq!(error.rid.as_deref(), rid, "{text}");
    }
}

#[test]
fn secrets_of_the_request_never_appear() {
    let secrets = [
        SecretString::from("T0KEN"),
        SecretString::from("T0KEN-longer"),
        SecretString::from("a@b c"),
        SecretString::from(""),
    ];
    let error = ApiError::new(40001, "bad T0KEN and T0KEN-longer, also a@b c or a%40b%20c", &secrets);
    assert_eq!(error.message, "bad *** and ***, also *** or ***");
    assert!(!format!("{error} {error:?}").contains("T0KEN"));
}

#[test]
fn what_looks_like_a_secret_is_masked_whosever_it_is() {
    for (text, expected) in [
        ("url /cgi-bin/x?access_token=61W3_mEp-U&a=1", "url /cgi-bin/x?access_token=***&a=1"),
        ("component_access_token=abc rid: 12345678", "component_access_token=*** rid: 12345678"),
        ("code queryauthcode@@@a_b-c is bad", "code queryauthcode@@@*** is bad"),
        ("refreshtoken@@@x, ticket@@@y", "refreshtoken@@@***, ticket@@@***"),
        ("appsecret=deadbeef", "appsecret=***"),
        ("access_token expired", "access_token expired"),
    ] {
        assert_eq!(api(1, text).message, expected);
    }
}

#[test]
fn messages_are_one_capped_line() {
    let error = api(1, &format!("a\r\nb\u{0}{}", "中".repeat(500)));
    assert_eq!(error.message.chars().count(), MAX_MESSAGE_CHARS);
    assert!(!error.message.chars().any(char::is_control));
    // The rid stands at the end, beyond the cap.
    assert_eq!(
        api(1, &format!("{} rid: 5fa26c60-1a0ebdd5-32fd1cd0", "x".repeat(500))).rid.as_deref(),
        Some("5fa26c60-1a0ebdd5-32fd1cd0")
    );
}

#[test]
fn classes_of_everything_that_is_not_a_refusal() {
    let http = |status| CallError::Http { status }.class();
    assert_eq!(CallError::Transport(TransportError::Timeout).class(), ErrorClass::Transient);
    assert_eq!(CallError::BadBody(String::new()).class(), ErrorClass::Transient);
    assert_eq!(http(500), ErrorClass::Transient);
    assert_eq!(http(502), ErrorClass::Transient);
    assert_eq!(http(408), ErrorClass::Transient);
    assert_eq!(http(429), ErrorClass::RateLimited);
    assert_eq!(http(404), ErrorClass::Operator);
    assert_eq!(http(407), ErrorClass::Operator);
    assert_eq!(http(302), ErrorClass::Operator);
    assert_eq!(http(204), ErrorClass::Other);
    let refused = CallError::from(api(45011, "x"));
    assert_eq!((refused.class(), refused.code()), (ErrorClass::RateLimited, Some(45011)));
    assert_eq!(CallError::Http { status: 500 }.code(), None);
}
