use std::sync::Arc;

use super::*;
use crate::clock::{Clock, SystemClock};
use crate::dto::{RuleScope, RuleWhen, TextHow, TextTest};
use crate::store::tables::rule::Says;

fn rule(id: i64, when: RuleWhen, answer: RuleAnswer, notify: &[i64]) -> Arc<Compiled> {
    scoped(id, RuleScope::default(), when, answer, notify)
}

fn scoped(id: i64, scope: RuleScope, when: RuleWhen, answer: RuleAnswer, notify: &[i64]) -> Arc<Compiled> {
    let says = Says { scope, when, answer, notify: notify.to_vec() };
    let name = format!("rule {id}");
    Arc::new(Compiled::draft(RuleRow { id, position: id, name, enabled: true, says, updated_at: 0 }))
}

fn text(how: TextHow, value: &str) -> RuleWhen {
    let test = TextTest { how, value: value.to_owned(), ignore_case: true };
    RuleWhen { text: Some(test), ..RuleWhen::default() }
}

const FACTS: Facts<'static> = Facts {
    component_appid: "wx0000000000000001",
    appid: "wx00000000000000aa",
    tenant: Some("城南店"),
    msg_type: "text",
    event: None,
    key: None,
    text: Some("  请问 Price 多少  "),
};

fn taken(rules: &[Arc<Compiled>], facts: &Facts<'_>) -> Option<i64> {
    decide(rules, facts, None).taken.map(|rule| rule.row.id)
}

#[test]
fn the_first_that_answers_wins_and_those_that_pass_on_are_all_heard() {
    let any = RuleWhen::default;
    let rules = [
        rule(1, any(), RuleAnswer::Pass, &[7]),
        rule(2, text(TextHow::Equals, "别的"), RuleAnswer::Empty, &[8]),
        rule(3, any(), RuleAnswer::Pass, &[9, 7]),
        rule(4, any(), RuleAnswer::Success, &[10]),
        rule(5, any(), RuleAnswer::Empty, &[11]),
    ];
    let mut trace = Vec::new();
    let decision = decide(&rules, &FACTS, Some(&mut trace));
    assert_eq!(decision.taken.as_ref().map(|r| r.row.id), Some(4));
    assert_eq!(decision.notify, [7, 9, 10], "each once, and none below the one that answers");
    assert_eq!(decision.rule_id(), Some(4));
    let verdicts: Vec<RuleVerdict> = trace.iter().map(|step| step.verdict).collect();
    use RuleVerdict as V;
    assert_eq!(verdicts, [V::Passed, V::Text, V::Passed, V::Taken, V::TooLate]);
    decision.count(5);
    assert_eq!((rules[0].hits(), rules[3].hits(), rules[4].hits()), ((1, 5), (1, 5), (0, 0)));
    assert_eq!(decide(&rules[..1], &FACTS, None).rule_id(), Some(1), "named, although it only passes on");
}

#[test]
fn texts_are_compared_as_they_say() {
    for (how, value, fits) in [
        (TextHow::Equals, "请问 price 多少", true),
        (TextHow::Equals, "请问", false),
        (TextHow::Contains, "别的\n\n  PRICE ", true),
        (TextHow::StartsWith, "请问", true),
        (TextHow::StartsWith, "price", false),
        (TextHow::Regex, r"^请问\s+\w+", true),
        (TextHow::Regex, r"多少$", true),
        (TextHow::Regex, r"^price", false),
    ] {
        let rules = [rule(1, text(how, value), RuleAnswer::Empty, &[])];
        assert_eq!(taken(&rules, &FACTS).is_some(), fits, "{how:?} {value}");
    }
    let exact = TextTest { how: TextHow::Contains, value: "price".into(), ignore_case: false };
    let rules = [rule(1, RuleWhen { text: Some(exact), ..RuleWhen::default() }, RuleAnswer::Empty, &[])];
    assert_eq!(taken(&rules, &FACTS), None);
    assert_eq!(taken(&rules, &Facts { text: None, ..FACTS }), None, "a push without a text fits no comparison");
}

#[test]
fn scope_types_events_and_keys_must_all_hold() {
    let scope = |c: Option<&str>, a: Option<&str>, t: Option<&str>| RuleScope {
        component_appid: c.map(Into::into),
        appid: a.map(Into::into),
        tenant: t.map(Into::into),
    };
    for (scope, fits) in [
        (scope(None, None, None), true),
        (scope(Some("wx0000000000000001"), Some("wx00000000000000aa"), Some("城南店")), true),
        (scope(Some("wx0000000000000002"), None, None), false),
        (scope(None, Some("wx00000000000000ab"), None), false),
        (scope(None, None, Some("城北店")), false),
    ] {
        let rules = [scoped(1, scope, RuleWhen::default(), RuleAnswer::Empty, &[])];
        assert_eq!(taken(&rules, &FACTS).is_some(), fits);
    }
    let click = Facts { msg_type: "event", event: Some("CLICK"), key: Some("HELP"), text: None, ..FACTS };
    let key = TextTest { how: TextHow::Equals, value: "HELP".into(), ignore_case: false };
    let when = RuleWhen {
        msg_types: vec!["event".into()],
        events: vec!["subscribe".into(), "CLICK".into()],
        key: Some(key),
        text: None,
    };
    let rules = [rule(1, when, RuleAnswer::Empty, &[])];
    assert_eq!(taken(&rules, &click), Some(1));
    assert_eq!(taken(&rules, &Facts { event: Some("click"), ..click }), None, "names of events keep their case");
    assert_eq!(taken(&rules, &Facts { key: Some("HELP2"), ..click }), None);
    assert_eq!(taken(&rules, &FACTS), None);
}

#[test]
fn a_regular_expression_cannot_hold_up_an_answer() {
    let test = |value: &str| TextTest { how: TextHow::Regex, value: value.to_owned(), ignore_case: false };
    assert!(compiled::pattern(&test("(a+)+$")).is_ok());
    assert!(compiled::pattern(&test("(")).unwrap_err().len() < 200);
    assert!(compiled::pattern(&test(r"\w{1000}")).unwrap_err().contains("too large"));
    // What makes backtracking engines hang: hundreds of such rules against the longest text.
    let long = format!("{}!", "a".repeat(60_000));
    let facts = Facts { text: Some(&long), ..FACTS };
    let rules: Vec<_> =
        (1..=500).map(|id| rule(id, text(TextHow::Regex, "(a+)+(b|c+)+$"), RuleAnswer::Empty, &[])).collect();
    let mut trace = Vec::new();
    let clock = SystemClock::default();
    assert!(decide(&rules, &facts, Some(&mut trace)).taken.is_none());
    assert!(clock.monotonic() < 2_000, "{} ms, in a build without optimisation", clock.monotonic());
    assert_eq!(trace[0].verdict, RuleVerdict::Text);
    assert_eq!(trace[499].verdict, RuleVerdict::OutOfTime, "the rest is not tried");
}
