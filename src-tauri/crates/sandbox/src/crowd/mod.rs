//! Owns: the crowd: followers that write, tap, scan, come and go by themselves, so many times a minute.
//! Must not: know what a message looks like; `script` does. Reads no clock.
//! Invariant: the n-th act is a function of the seed, n, the accounts and their menus, codes and followers. Two acts of one
//! person at one account are seconds apart, so that no act looks like another one's repetition (K).

pub(crate) mod script;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::script::What;
use crate::accounts::Kind;
use crate::people::{PEOPLE, Who, person_openid};
use crate::platform::Platform;
use crate::push::Origin;
use crate::rng::Rng;

/// Acts a minute at most.
pub const FASTEST: u32 = 60_000;
/// While so many of its messages have not been taken, the crowd waits.
const MOST_WAITING: usize = 2_000;
/// After a jump of the clock so much of it is made up for.
const CATCH_UP_MS: u64 = 5_000;
/// People of the crowd at an account, at least and at most.
const PEOPLE_AT_AN_ACCOUNT: std::ops::RangeInclusive<u64> = 24..=4_000;
/// A person acts at an account once in this time, at least.
const APART_S: u64 = 3;
/// Prime and larger than any number of accounts: walks over all pairs of account and person in no visible order.
const STRIDE: u64 = 1_000_003;
/// Of those who were never seen at an account, so many in a hundred begin with following it.
const NEWCOMERS: u64 = 5;
/// The random stream of the crowd.
const STREAM: u64 = 0x0C0F_FEE0_0000;

/// What the crowd does, and how it went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CrowdView {
    /// Acts a minute, at all accounts together; 0 is quiet.
    pub per_minute: u32,
    /// Messages and events sent so far.
    pub sent: u64,
    /// Further attempts, because no good answer came.
    pub repeated: u64,
    /// Given up after the last attempt.
    pub lost: u64,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Crowd {
    pub(crate) per_minute: u32,
    /// When the moments began to be counted.
    pub(crate) since_ms: Option<i64>,
    /// Moments since then, used or not.
    pub(crate) moments: u64,
    /// Acts ever.
    pub(crate) acts: u64,
    pub(crate) sent: u64,
    pub(crate) repeated: u64,
    pub(crate) lost: u64,
}

impl Crowd {
    /// When the n-th moment since the begin is.
    fn moment_ms(&self, n: u64) -> Option<i64> {
        let after = n.checked_mul(60_000)?.checked_div(u64::from(self.per_minute))?;
        Some(self.since_ms?.saturating_add(i64::try_from(after).ok()?))
    }
}

impl Platform {
    /// What the crowd does.
    pub fn crowd(&self) -> CrowdView {
        let Crowd { per_minute, sent, repeated, lost, .. } = self.state.crowd;
        CrowdView { per_minute, sent, repeated, lost }
    }

    /// So many acts a minute from now on, [`FASTEST`] at most; 0 makes the crowd quiet.
    pub fn set_crowd(&mut self, per_minute: u32) {
        let per_minute = per_minute.min(FASTEST);
        if self.state.crowd.per_minute != per_minute {
            self.state.crowd.per_minute = per_minute;
            self.state.crowd.since_ms = None;
        }
        self.signal.notify_one();
        self.touched();
    }

    /// When the crowd acts next.
    pub(crate) fn next_crowd_ms(&self) -> Option<i64> {
        let crowd = &self.state.crowd;
        if crowd.per_minute == 0 {
            return None;
        }
        // One that was never anchored is due at once.
        Some(crowd.moment_ms(crowd.moments).unwrap_or(i64::MIN))
    }

    /// The accounts that the crowd is at changed.
    pub(crate) fn receivers_changed(&mut self) {
        self.receivers = None;
    }

    fn receivers(&self) -> Vec<String> {
        let pushing = self.state.pushing;
        let hears = |appid: &&String| {
            self.state.accounts.get(*appid).is_some_and(|a| {
                let crowded = a.account.kind != Kind::Website && a.account.release_set.is_none();
                crowded && !a.account.is_banned() && (a.server.is_some() || (pushing && a.grant.is_some()))
            })
        };
        self.state.order.iter().filter(hears).cloned().collect()
    }

    /// What the crowd did by now.
    pub(crate) fn crowd_acts(&mut self, now: i64) {
        let rate = u64::from(self.state.crowd.per_minute);
        if rate == 0 {
            return;
        }
        let longest = i64::try_from(60_000 / rate).unwrap_or(i64::MAX).max(1_000);
        let crowd = &mut self.state.crowd;
        // Begun now, or again after the clock was set back.
        if crowd.moment_ms(crowd.moments).is_none_or(|next| next > now + longest) {
            (crowd.since_ms, crowd.moments) = (Some(now), 0);
        }
        let since = crowd.since_ms.unwrap_or(now);
        let due = u64::try_from(now - since).unwrap_or(0).saturating_mul(rate) / 60_000 + 1;
        if due <= crowd.moments {
            return;
        }
        crowd.moments = crowd.moments.max(due.saturating_sub((rate * CATCH_UP_MS / 60_000).max(1)));
        let waiting = self.state.pushes.values().filter(|p| p.origin == Origin::Crowd).count();
        let room = MOST_WAITING.saturating_sub(waiting) as u64;
        let accounts = self.receivers.take().unwrap_or_else(|| self.receivers());
        for moment in self.state.crowd.moments..due {
            if !accounts.is_empty() && moment - self.state.crowd.moments < room {
                let at = self.state.crowd.moment_ms(moment).unwrap_or(now);
                self.crowd_act(at, &accounts);
            }
        }
        self.state.crowd.moments = due;
        // An act changes neither authorizations nor servers.
        self.receivers = Some(accounts);
    }

    fn crowd_act(&mut self, at: i64, accounts: &[String]) {
        let n = self.state.crowd.acts;
        self.state.crowd.acts += 1;
        let count = accounts.len() as u64;
        let wanted = u64::from(self.state.crowd.per_minute) * APART_S / 60 / count + 1;
        let people = wanted.clamp(*PEOPLE_AT_AN_ACCOUNT.start(), *PEOPLE_AT_AN_ACCOUNT.end());
        let slot = n.wrapping_mul(STRIDE) % (count * people);
        let Some(appid) = accounts.get((slot % count) as usize) else { return };
        let person = (slot / count) as usize;
        let mut rng = Rng::stream(self.state.seed ^ STREAM, n);
        self.acting = Origin::Crowd;
        self.person_acts(at, appid, person, &mut rng);
        self.acting = Origin::Act;
    }

    fn person_acts(&mut self, now: i64, appid: &str, person: usize, rng: &mut Rng) {
        let openid = person_openid(appid, person);
        let Some(account) = self.account(appid) else { return };
        let (mini, service) = (account.kind == Kind::MiniProgram, account.is_verified_service());
        if !mini && !self.follows(appid, &openid) {
            // The first few people are as `people` has them; of the others most have followed for long.
            let stranger = person < PEOPLE.len() || self.bond(appid, &openid).is_some();
            if stranger || rng.below(100) < NEWCOMERS {
                return self.somebody_follows(now, appid, person, rng);
            }
            self.change_bond(appid, &openid, |bond| bond.subscribed = true);
        }
        if person >= PEOPLE.len() && self.bond(appid, &openid).is_none_or(|bond| bond.number.is_none()) {
            self.change_bond(appid, &openid, |bond| bond.number = Some(person));
        }
        let what = script::draw(rng, mini, service);
        match what {
            What::Unsubscribe => {
                self.unfollow(now, appid, &openid);
            }
            What::Menu => {
                let leaves = self.tappable(appid);
                let fields = match leaves.get(rng.below(leaves.len() as u64) as usize) {
                    Some((kind, key)) => script::tapped(kind, key, rng),
                    None => script::made_up_tap(rng),
                };
                self.send_message(now, appid, &openid, &fields);
            }
            What::Scan => {
                let codes = self.qr_codes_of(now, appid);
                match codes.get(rng.below(codes.len() as u64) as usize) {
                    Some((ticket, ..)) => {
                        // Codes are found by their ticket; whether it works was just looked at.
                        let _ = self.scan(now, Some(appid), ticket, &Who::Openid(openid.clone()));
                    }
                    None => {
                        self.send_message(now, appid, &openid, &script::scanned(rng));
                    }
                }
            }
            What::Plain(name) => {
                let fields = script::fields(name, now.div_euclid(1000), rng);
                self.send_message(now, appid, &openid, &fields);
            }
        }
    }

    /// By a search, or by a code with parameters.
    fn somebody_follows(&mut self, now: i64, appid: &str, person: usize, rng: &mut Rng) {
        let openid = person_openid(appid, person);
        if rng.below(2) == 0 {
            self.follow(now, appid, &openid);
            return;
        }
        let codes = self.qr_codes_of(now, appid);
        match codes.get(rng.below(codes.len() as u64) as usize) {
            Some((ticket, ..)) => {
                let _ = self.scan(now, Some(appid), ticket, &Who::Openid(openid.clone()));
            }
            None => {
                let added = script::followed_by_code(rng);
                self.follow_through(now, appid, &openid, "ADD_SCENE_QR_CODE", &added);
            }
        }
    }

    /// Leaves of an account's menu that push an event: type, and key, address or page.
    fn tappable(&self, appid: &str) -> Vec<(String, String)> {
        let leaves = self.menu_leaves(appid).into_iter();
        leaves.filter(|(kind, ..)| script::TAPS.contains(&kind.as_str())).map(|(kind, key, _)| (kind, key)).collect()
    }

    /// Leaves of the menu that was created through the API: type; key, address or page; name.
    pub fn menu_leaves(&self, appid: &str) -> Vec<(String, String, String)> {
        let mut out = Vec::new();
        let mut open: Vec<&Value> = self.menu_of(appid).and_then(Value::as_array).into_iter().flatten().rev().collect();
        while let Some(button) = open.pop() {
            let text = |name: &str| button.get(name).and_then(Value::as_str).unwrap_or_default();
            match button.get("sub_button").and_then(Value::as_array).filter(|subs| !subs.is_empty()) {
                Some(subs) => open.extend(subs.iter().rev()),
                None => {
                    let mini = text("type") == "miniprogram";
                    let names = if mini { ["pagepath", "url", "key"] } else { ["key", "url", "pagepath"] };
                    let key = names.map(text).into_iter().find(|key| !key.is_empty());
                    out.push((text("type").to_owned(), key.unwrap_or_default().to_owned(), text("name").to_owned()));
                }
            }
        }
        out
    }
}
