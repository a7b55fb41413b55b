use proptest::prelude::*;

use super::*;

const T0: i64 = 1_767_225_600_000;
const TWO_HOURS: i64 = 7_200_000;

fn fresh() -> Facts {
    Facts {
        id: 7,
        subject: Subject::Authorizer,
        off: false,
        authorized: true,
        removed: false,
        has_token: true,
        has_refresh_token: true,
        obtained_at: T0,
        expires_at: T0 + TWO_HOURS,
        generation: 3,
        rejected: false,
        rejections: 0,
        failures: 0,
        failure: None,
        last_attempt_at: Some(T0),
        interrupted: false,
        clock_jumped: false,
        asked: None,
        parent: Parent::Ready,
        address_refused_until: None,
    }
}

fn failed(kind: FailureKind, failures: i64, at: i64) -> Facts {
    Facts { failure: Some(kind), failures, last_attempt_at: Some(at), ..fresh() }
}

#[test]
fn two_hours_renew_between_1h40_and_1h45() {
    for id in 0..500 {
        for generation in 0..4 {
            let at = renew_at(&Facts { id, generation, ..fresh() }) - T0;
            assert!((6_000_000..=6_300_000).contains(&at), "{at}");
        }
    }
}

#[test]
fn the_jitter_spreads_ten_thousand_accounts_over_the_window() {
    let mut buckets = [0_u32; 10];
    for id in 0..10_000 {
        let at = renew_at(&Facts { id, ..fresh() }) - T0 - 6_000_000;
        buckets[usize::try_from(at / 30_001).unwrap().min(9)] += 1;
    }
    assert!(buckets.iter().all(|n| (800..1_200).contains(n)), "{buckets:?}");
}

#[test]
fn decisions_by_time() {
    let facts = fresh();
    let renew = renew_at(&facts);
    let table = [
        (T0 + 1_000, Decision::Wait { until: renew, reason: ReasonCode::Fresh }),
        (renew - 1, Decision::Wait { until: renew, reason: ReasonCode::Fresh }),
        (renew, Decision::Refresh { reason: ReasonCode::Due }),
        (T0 + TWO_HOURS - TWO_HOURS / 20, Decision::Refresh { reason: ReasonCode::Emergency }),
        (T0 + TWO_HOURS * 9, Decision::Refresh { reason: ReasonCode::Emergency }),
        (T0 - 3_600_000, Decision::Refresh { reason: ReasonCode::ClockJumped }),
    ];
    for (now, expected) in table {
        assert_eq!(decide(&facts, now), expected, "at {}", now - T0);
    }
}

#[test]
fn decisions_by_dependency() {
    let due = Facts { has_token: false, last_attempt_at: None, ..fresh() };
    for (parent, reason) in [
        (Parent::TicketMissing, ReasonCode::TicketMissing),
        (Parent::TicketRefused, ReasonCode::TicketRejected),
        (Parent::TokenMissing, ReasonCode::ParentMissing),
    ] {
        assert_eq!(decide(&Facts { parent, ..due.clone() }, T0), Decision::Wait { until: i64::MAX, reason });
    }
    assert_eq!(decide(&due, T0), Decision::Refresh { reason: ReasonCode::NoToken });
    // Also with a token that lives: the list has the refresh token, or nobody has.
    assert_eq!(
        decide(&Facts { has_refresh_token: false, ..fresh() }, T0 + 60_000),
        Decision::Refresh { reason: ReasonCode::NoRefreshToken }
    );
    assert!(matches!(
        decide(
            &Facts { has_refresh_token: false, failure: Some(FailureKind::NeedsAuthorization), failures: 1, ..fresh() },
            T0 + 60_000
        ),
        Decision::NeedsOperator { reason: ReasonCode::NeedsAuthorization, retry_at: None }
    ));
    // A refused AppSecret is said at once, not when the token ends.
    let secret = Facts { failure: Some(FailureKind::Secret), failures: 1, ..fresh() };
    assert!(matches!(
        decide(&secret, T0 + 60_000),
        Decision::NeedsOperator { reason: ReasonCode::SecretInvalid, retry_at: Some(at) } if at == renew_at(&secret)
    ));
    assert!(matches!(
        decide(&Facts { removed: true, ..due.clone() }, T0),
        Decision::NeedsOperator { reason: ReasonCode::Removed, retry_at: None }
    ));
    assert!(matches!(
        decide(&Facts { authorized: false, ..due }, T0),
        Decision::NeedsOperator { reason: ReasonCode::Unauthorized, .. }
    ));
}

#[test]
fn decisions_by_failure() {
    let now = T0 + 6_500_000;
    for (kind, reason, needs) in [
        (FailureKind::Transient, ReasonCode::BackingOff, false),
        (FailureKind::Unhealed, ReasonCode::BackingOff, false),
        (FailureKind::Quota, ReasonCode::QuotaExhausted, false),
        (FailureKind::RateLimited, ReasonCode::RateLimited, false),
        (FailureKind::Ticket, ReasonCode::TicketRejected, false),
        (FailureKind::Ip, ReasonCode::IpNotListed, true),
        (FailureKind::Secret, ReasonCode::SecretInvalid, true),
        (FailureKind::Refused, ReasonCode::Refused, true),
        (FailureKind::Rejected, ReasonCode::TokenRejected, true),
        (FailureKind::NeedsAuthorization, ReasonCode::NeedsAuthorization, true),
    ] {
        let decision = decide(&failed(kind, 1, now - 1_000), now);
        assert_eq!(decision.reason(), reason, "{kind:?}");
        assert_eq!(matches!(decision, Decision::NeedsOperator { .. }), needs, "{kind:?}");
        assert_eq!(FailureKind::parse(kind.text()), Some(kind));
    }
}

#[test]
fn quota_waits_for_midnight_in_beijing() {
    // 2026-01-01 00:00 UTC is 08:00 in Beijing: the reset is 16 hours later.
    let facts = Facts { has_token: false, ..failed(FailureKind::Quota, 1, T0) };
    let Decision::Wait { until, .. } = decide(&facts, T0 + 1) else { panic!() };
    let after = until - T0 - 16 * 3_600_000;
    assert!((MIN_GAP..=MIN_GAP + 300_000).contains(&after), "{after}");
}

#[test]
fn an_operator_who_asks_skips_the_ladder_but_not_the_gap_or_the_parent() {
    let facts = Facts { asked: Some(ReasonCode::Requested), ..failed(FailureKind::Ip, 4, T0) };
    assert!(
        matches!(decide(&facts, T0 + 1_000), Decision::Wait { reason: ReasonCode::Requested, .. }),
        "the gap holds"
    );
    assert_eq!(decide(&facts, T0 + ASKED_GAP), Decision::Refresh { reason: ReasonCode::Requested });
    let quota = Facts { failure: Some(FailureKind::Quota), ..facts.clone() };
    assert_eq!(decide(&quota, T0 + MIN_GAP).reason(), ReasonCode::QuotaExhausted, "a used-up quota is not asked again");
    let facts = Facts { parent: Parent::TokenMissing, ..facts };
    assert!(matches!(decide(&facts, T0 + MIN_GAP), Decision::Wait { reason: ReasonCode::ParentMissing, .. }));
}

#[test]
fn a_reported_rejection_keeps_the_gap() {
    let facts = Facts { asked: Some(ReasonCode::ReportedRejected), last_attempt_at: Some(T0), ..fresh() };
    assert_eq!(
        decide(&facts, T0 + 1_000),
        Decision::Wait { until: T0 + MIN_GAP, reason: ReasonCode::ReportedRejected }
    );
    assert_eq!(decide(&facts, T0 + MIN_GAP), Decision::Refresh { reason: ReasonCode::ReportedRejected });
}

proptest! {
    /// Promise 5: after an error there is never a delay of zero, and the ladder is bounded.
    #[test]
    fn ladder_is_bounded_and_never_zero(id in 0_i64..1_000_000, failures in 1_i64..10_000) {
        for (first, cap) in [(MIN_GAP, TRANSIENT_CAP), (MIN_GAP, EMERGENCY_CAP), (OPERATOR_FIRST, OPERATOR_CAP)] {
            let wait = ladder(id, failures, first, cap);
            prop_assert!(wait >= first && wait <= cap, "{wait}");
        }
    }

    /// Promise 5, through `decide`: no facts with a failure just now lead to a call now, unless a person asked.
    #[test]
    fn a_failure_is_never_followed_at_once(id in 0_i64..10_000, failures in 1_i64..40, kind in 0_usize..11, elapsed in 0_i64..MIN_GAP, token in any::<bool>()) {
        let (kind, _) = FailureKind::ALL[kind];
        let now = T0 + TWO_HOURS;
        let facts = Facts { id, has_token: token, ..failed(kind, failures, now - elapsed) };
        let is_refresh = matches!(decide(&facts, now), Decision::Refresh { .. });
        prop_assert!(!is_refresh);
    }

    /// Promise 7: wherever the clock jumps, a decision has a next look within the token's life or is a call.
    #[test]
    fn no_clock_loses_a_renewal(shift in -3_600_000_i64..=86_400_000) {
        let facts = fresh();
        match decide(&facts, T0 + shift) {
            Decision::Wait { until, .. } => prop_assert!(until < facts.expires_at),
            Decision::Refresh { .. } => {}
            Decision::NeedsOperator { .. } => prop_assert!(false),
        }
    }
}

/// A stable token, and a ticket: asked earlier, WeChat would give the same one.
#[test]
fn what_wechat_swaps_is_asked_for_in_its_last_five_minutes() {
    for subject in [Subject::Own { classic: false }, Subject::Ticket] {
        for id in 0..200 {
            let facts = Facts { id, subject, ..fresh() };
            let left = facts.expires_at - renew_at(&facts);
            assert!((240_000..=300_000).contains(&left), "{left}");
            let before = decide(&facts, renew_at(&facts) - 1);
            assert_eq!(before, Decision::Wait { until: renew_at(&facts), reason: ReasonCode::Fresh });
            assert_eq!(decide(&facts, renew_at(&facts)), Decision::Refresh { reason: ReasonCode::Due });
            assert_eq!(decide(&facts, facts.expires_at - 60_000), Decision::Refresh { reason: ReasonCode::Emergency });
            // The same token came back: not the next moment again.
            let again = Facts { last_attempt_at: Some(renew_at(&facts)), ..facts.clone() };
            let now = renew_at(&facts) + 5;
            assert!(matches!(decide(&again, now), Decision::Wait { until, .. } if until >= now + 29_000));
        }
    }
    // One with a short rest of life, because another program fetched it long ago.
    let facts = Facts { subject: Subject::Own { classic: false }, expires_at: T0 + 345_000, ..fresh() };
    assert!((T0..=T0 + 105_000).contains(&renew_at(&facts)));
    assert_eq!(min_gap(&facts), MIN_GAP);
}

#[test]
fn a_ticket_waits_for_its_account_and_a_switched_off_one_for_ever() {
    let missing = Facts { subject: Subject::Ticket, has_token: false, parent: Parent::AccountTokenMissing, ..fresh() };
    let waits = |reason| Decision::Wait { until: i64::MAX, reason };
    assert_eq!(decide(&missing, T0 + 60_000), waits(ReasonCode::AccountTokenMissing));
    let off = Facts { off: true, ..missing };
    assert_eq!(decide(&off, T0 + 60_000), waits(ReasonCode::SwitchedOff));
}

#[test]
fn a_refused_classic_token_was_taken_by_another_program() {
    let rejected = |classic| Facts { subject: Subject::Own { classic }, rejected: true, ..fresh() };
    let at = T0 + 600_000;
    assert_eq!(decide(&rejected(true), at), Decision::Refresh { reason: ReasonCode::TakenByAnother });
    assert_eq!(decide(&rejected(false), at), Decision::Refresh { reason: ReasonCode::ReportedRejected });
}
