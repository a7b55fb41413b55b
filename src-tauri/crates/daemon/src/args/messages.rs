//! The command line of messages: inbox, rules, business servers, self-test, release check.

use std::path::PathBuf;

use clap::{ArgGroup, Subcommand, ValueEnum};

use super::Output;

#[derive(Subcommand)]
pub enum Inbox {
    /// List messages and events, newest first.
    List(InboxList),
    /// Everything that is known of a push: its checks, its document, its answer, its deliveries.
    Show {
        /// From `inbox list`.
        id: i64,
        #[command(flatten)]
        output: Output,
    },
    /// Send a push again, to the rules as they are now or to a business server. The follower gets nothing. Ends with 1
    /// when the business server does not answer well.
    Replay(Replay),
    /// What was refused at the door, by reason, and what to do about it.
    Rejected(Output),
    /// Size, age and answer times of the inbox.
    Figures(Output),
    /// How long pushes are kept; whatever comes first takes the oldest.
    Keep {
        /// Days, 1 to 365.
        #[arg(long, value_name = "N")]
        days: u32,
        /// MiB, 16 to 65536.
        #[arg(long, value_name = "N")]
        mib: u32,
    },
}

#[derive(clap::Args)]
pub struct InboxList {
    /// Only of this platform, or of this account with its own AppSecret.
    #[arg(long, value_name = "COMPONENT_APPID")]
    pub platform: Option<String>,
    /// Only of this account.
    #[arg(long, value_name = "APPID")]
    pub account: Option<String>,
    /// Only this MsgType; event for every event.
    #[arg(long = "type", value_name = "TYPE")]
    pub msg_type: Option<String>,
    /// Only this Event, as WeChat writes it.
    #[arg(long)]
    pub event: Option<String>,
    /// Only of this follower.
    #[arg(long, value_name = "OPENID")]
    pub sender: Option<String>,
    /// Only with this text somewhere.
    #[arg(long)]
    pub text: Option<String>,
    /// Only of the last so long, such as 30m, 2h or 7d.
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<i64>,
    /// Only what was answered slowly, or sent more than once by WeChat.
    #[arg(long)]
    pub slow: bool,
    /// At most this many.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub limit: u32,
    #[command(flatten)]
    pub output: Output,
}

#[derive(clap::Args)]
#[command(group = ArgGroup::new("to").required(true))]
pub struct Replay {
    /// From `inbox list`.
    pub id: i64,
    /// To the rules.
    #[arg(long, group = "to")]
    pub rules: bool,
    /// To this business server, from `target list`.
    #[arg(long, value_name = "ID", group = "to")]
    pub target: Option<i64>,
    #[command(flatten)]
    pub output: Output,
}

/// What `rule add` reads.
pub const RULE_EXAMPLE: &str = r#"Example, rule.json:
  {
    "name": "Opening hours",
    "scope": { "tenant": "North" },
    "when": { "msg_types": ["text"], "text": { "how": "contains", "value": "open\nhours" } },
    "answer": { "kind": "text", "content": "{{account}} opens at seven." },
    "notify": [2]
  }

  wxdeskd rule add --file rule.json

scope: component_appid, appid, tenant; none of them: all accounts. when: msg_types, events, key, text; key and text with
"how" equals, contains, starts_with or regex, one alternative a line. answer: kind pass, success, empty, text (content),
image or voice (media_id), video, music, news (articles), customer_service (kf_account), or target (target_id).
notify: ids of business servers that are told. With "id" a rule is changed. {{…}} is filled from the message."#;

/// What `target add` reads.
pub const TARGET_EXAMPLE: &str = r#"Example, target.json:
  {
    "name": "Shop",
    "mode": "notified",
    "url": "https://shop.example.com/wechat/$APPID$",
    "format": "json",
    "enabled": true
  }

  wxdeskd target add --file target.json

mode: notified (told through a durable queue) or answering (asked while WeChat waits). format: json or xml, signed, or
sealed, encrypted as WeChat sent it. Optional: id (changes that one), secret (16 to 128 signs; made when left out),
timeout_ms, concurrency, give_up_hours, private_ok (true: it may lie in a private network or on this machine)."#;

#[derive(Subcommand)]
pub enum Rule {
    /// List rules in their order.
    List(Output),
    /// Add a rule at the end, or change one, from JSON.
    #[command(after_help = RULE_EXAMPLE)]
    Add {
        /// The JSON file; - for standard input.
        #[arg(long, value_name = "FILE|-")]
        file: PathBuf,
    },
    /// Remove a rule.
    Remove {
        /// From `rule list`.
        id: i64,
    },
    /// Switch a rule on.
    On {
        /// From `rule list`.
        id: i64,
    },
    /// Switch a rule off.
    Off {
        /// From `rule list`.
        id: i64,
    },
    /// Move a rule: the first that fits a message answers it.
    #[command(group = ArgGroup::new("place").required(true))]
    Move {
        /// From `rule list`.
        id: i64,
        /// To the place of this one.
        #[arg(long, value_name = "ID", group = "place")]
        before: Option<i64>,
        /// To the end.
        #[arg(long, group = "place")]
        last: bool,
    },
    /// Show what the rules do with a message. Nothing is sent or counted. Ends with 1 when the answer could not be sent.
    Test(RuleSample),
}

#[derive(clap::Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub struct RuleSample {
    /// A stored push, from `inbox list`.
    #[arg(long, value_name = "ID", group = "what")]
    pub push: Option<i64>,
    /// A made-up message to this account.
    #[arg(long, value_name = "APPID", group = "what", requires = "msg_type")]
    pub account: Option<String>,
    /// The platform it authorized, if it authorized several.
    #[arg(long, value_name = "COMPONENT_APPID", conflicts_with = "push")]
    pub platform: Option<String>,
    /// Its MsgType, such as text or event.
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "push")]
    pub msg_type: Option<String>,
    /// Its Event.
    #[arg(long, conflicts_with = "push")]
    pub event: Option<String>,
    /// Its EventKey.
    #[arg(long, conflicts_with = "push")]
    pub key: Option<String>,
    /// Its text.
    #[arg(long, conflicts_with = "push")]
    pub text: Option<String>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Subcommand)]
pub enum Target {
    /// List business servers and how they fare.
    List(Output),
    /// Add a business server, or change one, from JSON. A secret that is left out stays as it is, or is made.
    #[command(after_help = TARGET_EXAMPLE)]
    Add {
        /// The JSON file; - for standard input.
        #[arg(long, value_name = "FILE|-")]
        file: PathBuf,
    },
    /// Remove a business server with its queue and dead letters.
    Remove {
        /// From `target list`.
        id: i64,
    },
    /// Switch a business server on.
    On {
        /// From `target list`.
        id: i64,
    },
    /// Switch a business server off; its queue goes on growing.
    Off {
        /// From `target list`.
        id: i64,
    },
    /// Send a made-up message, marked as a test. Ends with 1 when it is not answered well.
    Test {
        /// From `target list`.
        id: i64,
        #[command(flatten)]
        output: Output,
    },
    /// Print the secret that signs what is sent.
    Secret {
        /// From `target list`.
        id: i64,
    },
    /// The last attempts, newest first.
    Log {
        /// From `target list`.
        id: i64,
        /// Only those that failed.
        #[arg(long)]
        failed: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Messages that were given up.
    Dead {
        /// From `target list`.
        id: i64,
        #[command(flatten)]
        output: Output,
    },
    /// Put dead letters into the queue again.
    #[command(group = ArgGroup::new("which").required(true))]
    Resend {
        /// From `target list`.
        id: i64,
        /// All of them.
        #[arg(long, group = "which")]
        all: bool,
        /// From `target dead`.
        #[arg(value_name = "LETTER", group = "which")]
        letters: Vec<i64>,
    },
}

#[derive(Subcommand)]
pub enum Message {
    /// Send a customer-service message (客服消息) within the window that the follower opened. Ends with 1 when WeChat
    /// refuses it.
    #[command(group = ArgGroup::new("content").required(true))]
    Send {
        /// The platform's appid; the account's own for one with its own AppSecret.
        component_appid: String,
        /// The account's appid.
        appid: String,
        /// The follower.
        openid: String,
        /// A text.
        #[arg(long, group = "content")]
        text: Option<String>,
        /// Any message as JSON, such as {"kind": "image", "media_id": "…"}; - for standard input.
        #[arg(long, value_name = "FILE|-", group = "content")]
        file: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(clap::Args)]
#[command(group = ArgGroup::new("what"))]
pub struct SelfTest {
    /// The platform's appid; the account's own for one with its own AppSecret.
    pub component_appid: String,
    /// The account's appid.
    pub appid: String,
    /// A text; it is one when nothing is said.
    #[arg(long, group = "what")]
    pub text: Option<String>,
    /// A tap on a menu item with this key.
    #[arg(long, value_name = "KEY", group = "what")]
    pub click: Option<String>,
    /// A scan of a QR code with this scene.
    #[arg(long, value_name = "SCENE", group = "what")]
    pub scan: Option<String>,
    /// Any event.
    #[arg(long, group = "what")]
    pub event: Option<String>,
    /// Straight to the listener of this machine, without the public address.
    #[arg(long)]
    pub local: bool,
    /// Business servers in queues get it too, marked as a test.
    #[arg(long)]
    pub deliver: bool,
    /// Token and key as WeChat's console has them, {"verify_token": "…", "encoding_aes_key": "…"}, to find out which of
    /// them differs here; - for standard input.
    #[arg(long, value_name = "FILE|-")]
    pub keys: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(clap::Args)]
#[command(group = ArgGroup::new("do"))]
pub struct ReleaseCheck {
    /// Answer the check for this platform, as it is from the start.
    #[arg(long, value_name = "COMPONENT_APPID", group = "do")]
    pub on: Option<String>,
    /// Leave pushes for WeChat's test accounts to the rules.
    #[arg(long, value_name = "COMPONENT_APPID", group = "do")]
    pub off: Option<String>,
    /// Rehearse in the sandbox and print WeChat's eight rows as they turn.
    #[arg(long, group = "do")]
    pub rehearse: bool,
    /// WeChat's set of test accounts, 1 to 5; any when left out.
    #[arg(long, value_name = "N", requires = "rehearse", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub set: Option<u8>,
    /// Kind of the test account; any when left out.
    #[arg(long, value_enum, requires = "rehearse")]
    pub kind: Option<TestKind>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum TestKind {
    OfficialAccount,
    MiniProgram,
}

impl TestKind {
    /// As the engine names it.
    pub fn text(self) -> &'static str {
        match self {
            Self::OfficialAccount => "official_account",
            Self::MiniProgram => "mini_program",
        }
    }
}

/// A length of time in ms: a number and s, m, h or d. Says the rule; clap names the option.
fn since(text: &str) -> Result<i64, String> {
    let rule = || "must be a number with s, m, h or d, such as 30m, 2h or 7d".to_owned();
    let text = text.trim();
    let unit = match text.chars().last() {
        Some('s') => 1_000,
        Some('m') => 60_000,
        Some('h') => 3_600_000,
        Some('d') => 86_400_000,
        _ => return Err(rule()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| rule())?;
    Ok(i64::from(number) * unit)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::Value;
    use wxdesk_core::dto::{RuleInput, TargetInput};

    use super::*;
    use crate::args::{Args, Command};

    fn example(help: &str) -> Value {
        let json = help.split_once('{').and_then(|(_, rest)| rest.split_once("\n  }\n")).unwrap().0;
        serde_json::from_str(&format!("{{{json}}}")).unwrap()
    }

    #[test]
    fn the_examples_are_what_they_show() {
        let rule: RuleInput = serde_json::from_value(example(RULE_EXAMPLE)).unwrap();
        assert_eq!((rule.name.as_str(), rule.enabled, rule.notify.as_slice()), ("Opening hours", true, &[2][..]));
        let target: TargetInput = serde_json::from_value(example(TARGET_EXAMPLE)).unwrap();
        assert!(target.enabled && !target.private_ok && target.secret.is_none());
    }

    #[test]
    fn lengths_of_time_are_read_and_a_mistake_says_the_rule() {
        for (text, ms) in [("90s", 90_000), ("30m", 1_800_000), (" 2h ", 7_200_000), ("7d", 604_800_000)] {
            assert_eq!(since(text), Ok(ms));
        }
        for wrong in ["", "2", "h", "-1h", "2 hours", "2时", "99999999999d"] {
            assert!(since(wrong).unwrap_err().contains("30m, 2h or 7d"), "{wrong}");
        }
    }

    #[test]
    fn what_must_be_said_is_asked_for() {
        let parse = |args: &[&str]| Args::try_parse_from([&["wxdeskd"], args].concat());
        for wrong in [
            &["inbox", "replay", "1"][..],
            &["inbox", "replay", "1", "--rules", "--target", "2"],
            &["rule", "move", "1"],
            &["rule", "test"],
            &["rule", "test", "--account", "wx1"],
            &["rule", "test", "--push", "1", "--text", "hi"],
            &["target", "resend", "1"],
            &["target", "resend", "1", "--all", "7"],
            &["message", "send", "wx1", "wx2", "o1"],
            &["self-test", "wx1", "wx2", "--text", "hi", "--click", "K"],
            &["release-check", "--set", "2"],
            &["release-check", "--rehearse", "--set", "6"],
            &["release-check", "--rehearse", "--off", "wx1"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
        let resend = parse(&["target", "resend", "1", "7", "8"]).unwrap().command;
        assert!(matches!(resend, Command::Target(Target::Resend { letters, .. }) if letters == [7, 8]));
        let test = parse(&["rule", "test", "--account", "wx1", "--type", "text"]).unwrap().command;
        assert!(matches!(test, Command::Rule(Rule::Test(sample)) if sample.msg_type.as_deref() == Some("text")));
    }
}
