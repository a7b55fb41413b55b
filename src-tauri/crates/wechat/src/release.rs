//! The whole-network release check (全网发布检测): WeChat's test accounts and what it wants to hear from them.
//!
//! Owns: section J of the protocol. Must not: send anything, or say whether the check is answered at all.
//! Invariant: only the ten documented accounts are test accounts, and a code leaves here only inside [`crate::Secret`].

use crate::account::AccountKind;
use crate::message::MessageHead;
use crate::secret::SecretString;

/// An account of WeChat's own, which authorizes every platform that is to be released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TestAccount {
    /// 1–5.
    pub set: u8,
    /// One of each kind is in a set.
    pub kind: AccountKind,
    /// As in the path of the message URL.
    pub appid: &'static str,
    /// As in `ToUserName`.
    pub username: &'static str,
}

/// Rows of `set kind "appid" "username";`.
macro_rules! table {
    ($($set:literal $kind:ident $appid:literal $username:literal;)*) => {
        [$(TestAccount { set: $set, kind: AccountKind::$kind, appid: $appid, username: $username }),*]
    };
}

const ACCOUNTS: [TestAccount; 10] = table! {
    1 OfficialAccount "wx570bc396a51b8ff8" "gh_3c884a361561";
    1 MiniProgram "wxd101a85aa106f53e" "gh_8dad206e9538";
    2 OfficialAccount "wx9252c5e0bb1836fc" "gh_c0f28a78b318";
    2 MiniProgram "wxc39235c15087f6f3" "gh_905ae9d01059";
    3 OfficialAccount "wx8e1097c5bc82cde9" "gh_3f222ed8d140";
    3 MiniProgram "wx7720d01d4b2a4500" "gh_393666f1fdf4";
    4 OfficialAccount "wx14550af28c71a144" "gh_26128078e9ab";
    4 MiniProgram "wx05d483572dcd5d8b" "gh_39abb5d4e1b7";
    5 OfficialAccount "wxa35b9c23cfe664eb" "gh_2b3713f184a6";
    5 MiniProgram "wx5910277cae6fd970" "gh_7818dcb60240";
};

/// The text that wants an answer at once.
pub const TEXT: &str = "TESTCOMPONENT_MSG_TYPE_TEXT";
/// Before the first colon of the text that holds an authorization code.
pub const AUTH_CODE: &str = "QUERY_AUTH_CODE";

/// Every test account, by set, the official account first.
#[must_use]
pub fn accounts() -> &'static [TestAccount] {
    &ACCOUNTS
}

/// The test account that a push is for, by the appid in the URL or else by `ToUserName`.
#[must_use]
pub fn find(appid_in_url: &str, to_user_name: &str) -> Option<TestAccount> {
    let by_appid = ACCOUNTS.iter().find(|account| account.appid == appid_in_url);
    by_appid.or_else(|| ACCOUNTS.iter().find(|account| account.username == to_user_name)).copied()
}

/// What a push to a test account is to be answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseAnswer {
    /// A passive reply: a text with this content.
    Reply(String),
    /// An empty body at once. Then the code is redeemed with `api_query_auth`, and with the token of that very answer
    /// the follower gets [`api_text`] as a customer-service message.
    AuthCode(SecretString),
    /// Nothing that the check asks: `success`.
    Other,
}

/// What a push to a test account asks for. Every event counts, whatever its name.
#[must_use]
pub fn answer(head: &MessageHead<'_>) -> ReleaseAnswer {
    if head.is_event() {
        return match &head.event {
            Some(event) => ReleaseAnswer::Reply(format!("{event}from_callback")),
            None => ReleaseAnswer::Other,
        };
    }
    let text = match &head.text {
        Some(text) if head.msg_type == "text" => text.trim(),
        _ => return ReleaseAnswer::Other,
    };
    match text.split_once(':') {
        None if text == TEXT => ReleaseAnswer::Reply(format!("{TEXT}_callback")),
        Some((AUTH_CODE, code)) if !code.is_empty() => ReleaseAnswer::AuthCode(code.into()),
        _ => ReleaseAnswer::Other,
    }
}

/// The customer-service text that proves that `code` was redeemed.
#[must_use]
pub fn api_text(code: &SecretString) -> SecretString {
    format!("{}_from_api", code.expose()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::parse_message_head;

    #[test]
    fn ten_accounts_two_kinds_a_set() {
        for (at, account) in accounts().iter().enumerate() {
            assert_eq!(usize::from(account.set), at / 2 + 1);
            let kind = if at % 2 == 0 { AccountKind::OfficialAccount } else { AccountKind::MiniProgram };
            assert_eq!(account.kind, kind);
            assert!(account.appid.len() == 18 && account.appid.starts_with("wx"), "{}", account.appid);
            assert!(account.username.len() == 15 && account.username.starts_with("gh_"), "{}", account.username);
            let others = &accounts()[..at];
            assert!(others.iter().all(|other| other.appid != account.appid && other.username != account.username));
            assert_eq!(find(account.appid, "gh_unknown"), Some(*account));
            assert_eq!(find("wx_unknown", account.username), Some(*account));
        }
        assert_eq!(find("wx134c8103faa5a59e", "gh_10f6c3c3ac5a"), None);
        assert_eq!(find("", ""), None);
        assert_eq!(find("wx570bc396a51b8ff8", "gh_8dad206e9538").unwrap().kind, AccountKind::OfficialAccount);
    }

    fn answered(kind: &str, rest: &str) -> ReleaseAnswer {
        let document = format!(
            "<xml><ToUserName>gh_3c884a361561</ToUserName><FromUserName>o1</FromUserName><CreateTime>1</CreateTime>\
             <MsgType><![CDATA[{kind}]]></MsgType>{rest}</xml>"
        );
        answer(&parse_message_head(document.as_bytes()).unwrap())
    }

    fn text(content: &str) -> ReleaseAnswer {
        answered("text", &format!("<Content><![CDATA[{content}]]></Content><MsgId>1</MsgId>"))
    }

    #[test]
    fn every_event_is_answered_with_its_name() {
        for event in ["LOCATION", "subscribe", "CLICK", "whatever_comes_next"] {
            let answer = answered("event", &format!("<Event><![CDATA[{event}]]></Event>"));
            assert_eq!(answer, ReleaseAnswer::Reply(format!("{event}from_callback")));
        }
        assert_eq!(answered("event", ""), ReleaseAnswer::Other);
        assert_eq!(answered("event", "<Content>TESTCOMPONENT_MSG_TYPE_TEXT</Content>"), ReleaseAnswer::Other);
    }

    #[test]
    fn the_two_texts() {
        let at_once = ReleaseAnswer::Reply("TESTCOMPONENT_MSG_TYPE_TEXT_callback".to_owned());
        assert_eq!(text("TESTCOMPONENT_MSG_TYPE_TEXT"), at_once);
        let ReleaseAnswer::AuthCode(code) = text("QUERY_AUTH_CODE:queryauthcode@@@a:b@@@") else { panic!() };
        assert_eq!(code.expose(), "queryauthcode@@@a:b@@@");
        assert_eq!(api_text(&code).expose(), "queryauthcode@@@a:b@@@_from_api");
        assert_eq!(format!("{:?}", ReleaseAnswer::AuthCode(code)), "AuthCode(***)");
    }

    #[test]
    fn anything_else_is_nothing_of_the_check() {
        for content in [
            "",
            "hello",
            "QUERY_AUTH_CODE",
            "QUERY_AUTH_CODE:",
            "query_auth_code:x",
            "x QUERY_AUTH_CODE:x",
            "TESTCOMPONENT_MSG_TYPE_TEXT:",
            "TESTCOMPONENT_MSG_TYPE_TEXT_callback",
        ] {
            assert_eq!(text(content), ReleaseAnswer::Other, "{content}");
        }
        let voice = answered("voice", "<Recognition>TESTCOMPONENT_MSG_TYPE_TEXT</Recognition>");
        assert_eq!(voice, ReleaseAnswer::Other);
    }
}
