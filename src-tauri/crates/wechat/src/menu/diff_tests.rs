use super::*;
use serde_json::json;

fn click(name: &str, key: &str) -> Value {
    json!({"type": "click", "name": name, "key": key})
}

fn parent(name: &str, subs: &[Value]) -> Value {
    json!({"name": name, "sub_button": subs})
}

/// The changes as `kind left → right name (fields)`.
fn words(changes: &[Change]) -> Vec<String> {
    changes
        .iter()
        .map(|c| {
            let fields: Vec<String> = c
                .fields
                .iter()
                .map(|f| {
                    format!("{}:{}>{}", f.field, f.left.as_deref().unwrap_or("-"), f.right.as_deref().unwrap_or("-"))
                })
                .collect();
            let (left, right) = (c.left.as_deref().unwrap_or("-"), c.right.as_deref().unwrap_or("-"));
            format!("{:?} {left} {right} {} [{}]", c.kind, c.name, fields.join(" "))
                .replace("sub_button", "sub")
                .replace(" []", "")
        })
        .collect()
}

fn menus(left: &[Value], right: &[Value]) -> Vec<String> {
    let view = |button| [MenuView { button, ..MenuView::default() }];
    let none = BTreeMap::new();
    words(&diff(&view(left), &view(right), &none, &none))
}

#[test]
fn differences_as_a_person_would_say_them() {
    let (a, b, c, d) = (click("a", "A"), click("b", "B"), click("c", "C"), click("d", "D"));
    let two = |x: &Value, y: &Value| vec![x.clone(), y.clone()];
    let with = |value: &Value, member: &str, to: Value| {
        let mut value = value.clone();
        value[member] = to;
        value
    };
    let cases: Vec<(Vec<Value>, Vec<Value>, Vec<&str>)> = vec![
        (two(&a, &b), two(&a, &b), vec![]),
        (two(&a, &b), two(&with(&a, "url", Value::Null), &with(&b, "sub_button", json!([]))), vec![]),
        (vec![a.clone()], two(&a, &b), vec!["Added - button[1] b"]),
        // What stands elsewhere because something came or went before it has not moved.
        (vec![a.clone()], two(&b, &a), vec!["Added - button[0] b"]),
        (two(&a, &b), vec![b.clone()], vec!["Removed button[0] - a"]),
        (two(&a, &b), two(&b, &a), vec!["Moved button[0] button[1] a"]),
        (vec![a.clone()], vec![with(&a, "name", json!("z"))], vec!["Changed button[0] button[0] z [name:a>z]"]),
        (vec![a.clone()], vec![with(&a, "key", json!("Z"))], vec!["Changed button[0] button[0] a [key:A>Z]"]),
        (
            vec![a.clone()],
            vec![json!({"type": "view", "name": "a", "url": "http://a"})],
            vec!["Changed button[0] button[0] a [type:click>view key:A>- url:->http://a]"],
        ),
        // Renamed and moved: one change.
        (
            vec![a.clone(), b.clone(), c.clone()],
            vec![b.clone(), c.clone(), with(&a, "name", json!("z"))],
            vec!["Changed button[0] button[2] z [name:a>z]"],
        ),
        // Across levels.
        (
            vec![a.clone(), parent("m", &two(&b, &c))],
            vec![parent("m", &[b.clone(), c.clone(), a.clone()])],
            vec!["Moved button[0] button[0].sub[2] a"],
        ),
        (
            vec![parent("m", &two(&a, &b)), parent("n", &two(&c, &d))],
            vec![parent("m", std::slice::from_ref(&a)), parent("n", &[c.clone(), b.clone(), d.clone()])],
            vec!["Moved button[0].sub[1] button[1].sub[1] b"],
        ),
        // A parent that moved takes its children along, which did not move.
        (
            vec![parent("m", &two(&a, &b)), parent("n", &two(&c, &d))],
            vec![parent("n", &two(&c, &d)), parent("m", &two(&a, &b))],
            vec!["Moved button[0] button[1] m"],
        ),
        // A leaf becomes a parent.
        (
            vec![a.clone()],
            vec![parent("a", std::slice::from_ref(&b))],
            vec!["Changed button[0] button[0] a [type:click>- key:A>-]", "Added - button[0].sub[0] b"],
        ),
        (
            vec![parent("m", &two(&a, &b)), c.clone()],
            vec![c.clone()],
            vec!["Removed button[0] - m", "Removed button[0].sub[0] - a", "Removed button[0].sub[1] - b"],
        ),
        // Doubles stay where they are.
        (vec![a.clone(), a.clone()], vec![a.clone(), a.clone(), b.clone()], vec!["Added - button[2] b"]),
        (vec![], vec![a.clone()], vec!["Added - button[0] a"]),
        (
            vec![with(&a, "custom", json!({"x": 1}))],
            vec![with(&a, "custom", json!({"x": 2}))],
            vec![r#"Changed button[0] button[0] a [custom:{"x":1}>{"x":2}]"#],
        ),
    ];
    for (left, right, expected) in cases {
        assert_eq!(menus(&left, &right), expected, "{} {}", json!(left), json!(right));
    }
}

#[test]
fn conditional_menus_are_known_by_their_rules() {
    let (a, b) = (vec![click("a", "A")], vec![click("b", "B")]);
    let rules: Vec<Value> = (0..4).map(|n| json!({"tag_id": n.to_string()})).collect();
    fn menu<'a>(rule: &'a Value, button: &'a [Value]) -> MenuView<'a> {
        MenuView { name: "", matchrule: Some(rule), button }
    }
    let none = BTreeMap::new();
    let compare = |left: &[MenuView<'_>], right: &[MenuView<'_>]| {
        let default = [MenuView::default()];
        words(&diff(&[&default, left].concat(), &[&default, right].concat(), &none, &none))
    };
    let one = menu(&rules[0], &a);
    assert!(compare(&[one], &[one]).is_empty());
    assert_eq!(compare(&[], &[one]), ["Added - conditional[0] tag_id=0"]);
    assert_eq!(compare(&[one], &[]), ["Removed conditional[0] - tag_id=0"]);
    assert_eq!(
        compare(&[one], &[menu(&rules[1], &a)]),
        ["Changed conditional[0] conditional[0] tag_id=1 [matchrule:tag_id=0>tag_id=1]"]
    );
    assert_eq!(
        compare(&[one], &[MenuView { name: "VIP", ..one }]),
        ["Changed conditional[0] conditional[0] VIP [name:>VIP]"]
    );
    let (two, three) = (menu(&rules[1], &a), menu(&rules[2], &b));
    assert_eq!(compare(&[one, two, three], &[two, three, one]), ["Moved conditional[0] conditional[2] tag_id=0"]);
    assert_eq!(
        compare(&[one, two], &[three, menu(&rules[0], &b)]),
        [
            "Added - conditional[0] tag_id=2",
            "Changed conditional[0].button[0] conditional[1].button[0] b [name:a>b key:A>B]",
            "Removed conditional[1] - tag_id=1"
        ]
    );
}

#[test]
fn a_reply_is_a_member_of_its_button() {
    let menu = [click("a", "A")];
    let view = [MenuView { button: &menu, ..MenuView::default() }];
    let reply = |text: &str| BTreeMap::from([("A".to_owned(), text.to_owned())]);
    let found = words(&diff(&view, &view, &reply("hello"), &reply("bye")));
    assert_eq!(found, ["Changed button[0] button[0] a [reply:hello>bye]"]);
    assert!(diff(&view, &view, &reply("x"), &reply("x")).is_empty());
}
