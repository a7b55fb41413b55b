//! Owns: scripted faults: when they strike and what they do.
//! Must not: apply an effect; `platform` does that to calls and `push` to pushes.
//! Invariant: the n-th matching call or push is the same one in every run with the same seed and calls.

use serde::{Deserialize, Serialize};

use crate::rng::Rng;

/// What a fault strikes. Absent conditions match everything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// Path of the call; a trailing `*` matches every continuation. For pushes: the InfoType, `message` for messages.
    pub path: Option<String>,
    /// Only calls about this account (by token or body), or pushes about it.
    pub appid: Option<String>,
    /// The first matches that pass untouched: `nth call` is `skip: n - 1, times: 1`.
    pub skip: u32,
    /// How many matches are struck; `None`: all.
    pub times: Option<u32>,
    /// Strikes with this probability, 0…1.
    pub probability: Option<f64>,
    /// Not before this time, milliseconds of the sandbox's clock.
    pub from_ms: Option<i64>,
    /// Not from this time on.
    pub until_ms: Option<i64>,
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "effect", deny_unknown_fields)]
pub enum Effect {
    /// The call is processed at once and answered after `ms` more milliseconds. Combines with another effect.
    Slow {
        /// Milliseconds.
        ms: u64,
    },
    /// The connection breaks before the call is processed.
    DropBefore,
    /// The call is processed and the connection breaks instead of an answer.
    DropAfter,
    /// The call is processed and the answer ends in its middle.
    HalfBody,
    /// A page of HTML instead of JSON (a captive portal, a gateway); status 200, not processed.
    Html,
    /// An HTTP status with a short HTML body.
    Status {
        /// For example 502.
        status: u16,
        /// Whether the call was processed before.
        #[serde(default)]
        processed: bool,
    },
    /// Refused with an error code; not processed.
    Errcode {
        /// Any code; its usual text is used.
        code: i64,
        /// Another text (the rid is appended).
        #[serde(default)]
        message: Option<String>,
    },
    /// The push is never sent.
    PushSkip,
    /// The push carries a `msg_signature` that does not fit.
    PushBadSignature,
    /// The encrypted text ends with another appid.
    PushWrongAppid,
    /// The padding of the encrypted text is broken.
    PushBadPadding,
    /// The push is sent twice, the second one right after the first.
    PushDuplicate,
    /// The push waits until the next one has been queued and is sent after it.
    PushReorder,
}

impl Effect {
    /// Whether it strikes pushes rather than calls.
    pub fn is_push(&self) -> bool {
        matches!(
            self,
            Self::PushSkip
                | Self::PushBadSignature
                | Self::PushWrongAppid
                | Self::PushBadPadding
                | Self::PushDuplicate
                | Self::PushReorder
        )
    }
}

/// A fault as scripted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Number given by the platform.
    pub id: u64,
    /// What it strikes.
    pub when: When,
    /// What it does.
    #[serde(flatten)]
    pub effect: Effect,
    /// Matches so far.
    pub seen: u32,
    /// Strikes so far.
    pub struck: u32,
}

/// A call or push as the conditions look at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) now_ms: i64,
    pub(crate) path: &'a str,
    pub(crate) appid: Option<&'a str>,
    pub(crate) is_push: bool,
}

impl Fault {
    fn matches(&self, target: Target<'_>) -> bool {
        let path_fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(prefix) => target.path.starts_with(prefix),
            None => target.path == pattern,
        };
        self.effect.is_push() == target.is_push
            && self.when.path.as_ref().is_none_or(path_fits)
            && self.when.appid.as_deref().is_none_or(|appid| target.appid == Some(appid))
            && self.when.from_ms.is_none_or(|from| target.now_ms >= from)
            && self.when.until_ms.is_none_or(|until| target.now_ms < until)
    }

    /// Counts the match and says whether the fault strikes.
    fn strikes(&mut self, target: Target<'_>, rng: &mut Rng) -> bool {
        if !self.matches(target) {
            return false;
        }
        self.seen += 1;
        if self.seen <= self.when.skip || self.when.times.is_some_and(|times| self.struck >= times) {
            return false;
        }
        if self.when.probability.is_some_and(|p| !rng.chance(p)) {
            return false;
        }
        self.struck += 1;
        true
    }
}

/// What strikes one call or push: the sum of all slow-downs and the first other effect.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    pub(crate) slow_ms: u64,
    pub(crate) effect: Option<Effect>,
}

pub(crate) fn strike(faults: &mut [Fault], target: Target<'_>, rng: &mut Rng) -> Strike {
    let mut out = Strike::default();
    for fault in faults {
        if out.effect.is_some() && !matches!(fault.effect, Effect::Slow { .. }) {
            // One effect a call: a fault that could not strike does not use up its turn.
            continue;
        }
        if fault.strikes(target, rng) {
            match &fault.effect {
                Effect::Slow { ms } => out.slow_ms += ms,
                effect => out.effect = Some(effect.clone()),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(path: &str) -> Target<'_> {
        Target { now_ms: 5, path, appid: Some("wxa"), is_push: false }
    }

    fn fault(when: When, effect: Effect) -> Fault {
        Fault { id: 1, when, effect, seen: 0, struck: 0 }
    }

    #[test]
    fn conditions() {
        let cases = [
            (When::default(), true),
            (When { path: Some("/a/b".into()), ..When::default() }, true),
            (When { path: Some("/a/*".into()), ..When::default() }, true),
            (When { path: Some("/a".into()), ..When::default() }, false),
            (When { appid: Some("wxb".into()), ..When::default() }, false),
            (When { from_ms: Some(6), ..When::default() }, false),
            (When { until_ms: Some(5), ..When::default() }, false),
            (When { probability: Some(0.0), ..When::default() }, false),
            (When { skip: 1, ..When::default() }, false),
        ];
        for (when, wanted) in cases {
            let mut faults = [fault(when.clone(), Effect::DropBefore)];
            let hit = strike(&mut faults, target("/a/b"), &mut Rng::new(1)).effect.is_some();
            assert_eq!(hit, wanted, "{when:?}");
        }
    }

    #[test]
    fn the_nth_call_alone() {
        let mut faults = [fault(When { skip: 2, times: Some(1), ..When::default() }, Effect::HalfBody)];
        let hits: Vec<bool> =
            (0..5).map(|_| strike(&mut faults, target("/x"), &mut Rng::new(1)).effect.is_some()).collect();
        assert_eq!(hits, [false, false, true, false, false]);
    }

    #[test]
    fn slow_combines_and_one_effect_wins() {
        let mut faults = [
            fault(When::default(), Effect::Slow { ms: 10 }),
            fault(When::default(), Effect::Html),
            fault(When { times: Some(1), ..When::default() }, Effect::DropAfter),
            fault(When::default(), Effect::Slow { ms: 5 }),
        ];
        let strike = strike(&mut faults, target("/x"), &mut Rng::new(1));
        assert_eq!((strike.slow_ms, strike.effect), (15, Some(Effect::Html)));
        assert_eq!(faults[2].struck, 0);
    }

    #[test]
    fn the_json_form() {
        let json = r#"{"id":3,"when":{"path":"/x","times":1},"effect":"errcode","code":45009,"seen":0,"struck":0}"#;
        let fault: Result<Fault, _> = serde_json::from_str(json);
        assert_eq!(fault.ok().map(|f| f.effect), Some(Effect::Errcode { code: 45009, message: None }));
    }
}
