//! Owns: the people of the simulation: who they are at an account, whether they follow it, and what they did there last.
//! Must not: send anything; `push` does.
//! Invariant: openid and unionid of a person are functions of the account and the person alone.

use serde::{Deserialize, Serialize};

use crate::accounts::Kind;
use crate::platform::Platform;
use crate::rng::Rng;

/// Names of the people that every account meets; further ones are numbered. The first one is [`openid_of`].
pub const PEOPLE: [&str; 6] = ["陈晓", "Alice Wang", "李雷 🌱", "韩梅梅", "路人甲", "Passer-by"];
/// The first so many of [`PEOPLE`] follow every account that can be followed, except a test account.
const FOLLOW_FROM_THE_START: usize = 4;
/// Followers of a test account (G.1).
const TEST_FOLLOWERS: usize = 100;
/// Numbers of people; a number from outside must not make the search for openids long.
const LAST_PERSON: usize = 999;
/// A user's message opens this window for customer-service messages (I.2).
const MESSAGE_WINDOW_MS: i64 = 48 * 3_600_000;
/// Any other action does so for this long (I.2).
const ACTION_WINDOW_MS: i64 = 60_000;

fn fold(text: &str) -> u64 {
    text.bytes().fold(7_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

/// The openid of a person at an account.
pub fn person_openid(appid: &str, number: usize) -> String {
    format!("o{}", Rng::stream(fold(appid), number as u64).alphanumeric(27))
}

/// The openid of the first simulated person at an account.
pub fn openid_of(appid: &str) -> String {
    person_openid(appid, 0)
}

/// The virtual user of a snapshot page (G.1): another openid, the same each time.
pub(crate) fn snapshot_openid(appid: &str, number: usize) -> String {
    format!("o{}", Rng::stream(fold(appid) ^ 0x5A45_0770, number as u64).alphanumeric(27))
}

/// The name a person shows.
pub fn person_name(number: usize) -> String {
    PEOPLE.get(number).map_or_else(|| format!("关注者 {}", number + 1), |name| (*name).to_owned())
}

/// A person as the machine interface names him: by number or by openid.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Who {
    /// Number in [`PEOPLE`] and beyond, up to 999.
    Number(usize),
    /// Openid at the account.
    Openid(String),
}

/// Customer-service messages that may still be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window {
    pub(crate) until_ms: i64,
    pub(crate) left: u32,
}

/// A person and an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bond {
    pub(crate) subscribed: bool,
    pub(crate) subscribe_time_s: i64,
    /// `subscribe_scene` of user/info.
    pub(crate) scene: String,
    pub(crate) qr_scene: u64,
    pub(crate) qr_scene_str: String,
    /// Opened by a message.
    pub(crate) message: Option<Window>,
    /// Opened by any other action.
    pub(crate) action: Option<Window>,
    /// The person's number, where it cannot be found from the openid in no time.
    #[serde(default)]
    pub(crate) number: Option<usize>,
}

impl Bond {
    pub(crate) fn new(subscribed: bool) -> Self {
        Self {
            subscribed,
            // 2025-01-01 00:00 UTC: before the simulation began.
            subscribe_time_s: 1_735_689_600,
            scene: "ADD_SCENE_SEARCH".to_owned(),
            qr_scene: 0,
            qr_scene_str: String::new(),
            message: None,
            action: None,
            number: None,
        }
    }
}

/// A person at an account, as the sandbox's pages and control endpoints show him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonView {
    /// Number, 0-based; `None` for one who only ever was named by openid.
    pub number: Option<usize>,
    /// Shown name.
    pub name: String,
    /// Openid at this account.
    pub openid: String,
    /// Only at accounts that are bound to an Open Platform account.
    pub unionid: Option<String>,
    /// Whether he follows it.
    pub subscribed: bool,
}

/// What became of a wish to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// Done; the event is on its way if anybody receives it.
    Done,
    /// Nothing to do.
    Already,
    /// A test account has 100 followers at most.
    Full,
    /// Only official accounts can be followed.
    Impossible,
}

impl Platform {
    /// The number of the person with this openid at an account, snapshot users included.
    pub(crate) fn person_of(&self, appid: &str, openid: &str) -> Option<usize> {
        let known =
            (0..PEOPLE.len()).find(|n| person_openid(appid, *n) == openid || snapshot_openid(appid, *n) == openid);
        known.or_else(|| {
            // The search goes on only for one who has been here.
            let bond = self.state.accounts.get(appid)?.bonds.get(openid)?;
            if bond.number.is_some() {
                return bond.number;
            }
            (PEOPLE.len()..=LAST_PERSON).find(|n| person_openid(appid, *n) == openid)
        })
    }

    /// The openid that `who` means at an account; a number above 999 means the last one.
    pub fn resolve(&self, appid: &str, who: &Who) -> String {
        match who {
            Who::Number(number) => person_openid(appid, (*number).min(LAST_PERSON)),
            Who::Openid(openid) => openid.clone(),
        }
    }

    /// A person's unionid at an account (G.2): one for all accounts bound to the same Open Platform account.
    pub(crate) fn unionid(&self, appid: &str, openid: &str) -> Option<String> {
        if !self.account(appid)?.bound {
            return None;
        }
        let number = self.person_of(appid, openid)?;
        Some(format!("o6_{}", Rng::stream(self.state.seed ^ 0x0141_0171, number as u64).alphanumeric(25)))
    }

    /// What is between a person and an account; `None` if the account does not know the openid.
    pub(crate) fn bond(&self, appid: &str, openid: &str) -> Option<Bond> {
        let state = self.state.accounts.get(appid)?;
        if let Some(bond) = state.bonds.get(openid) {
            return Some(bond.clone());
        }
        let number = (0..PEOPLE.len()).find(|n| person_openid(appid, *n) == openid)?;
        let follows =
            number < FOLLOW_FROM_THE_START && !state.account.test && state.account.kind == Kind::OfficialAccount;
        Some(Bond::new(follows))
    }

    /// Changes what is between a person and an account; one the account did not know becomes known.
    pub(crate) fn change_bond(&mut self, appid: &str, openid: &str, change: impl FnOnce(&mut Bond)) {
        let mut bond = self.bond(appid, openid).unwrap_or_else(|| Bond::new(false));
        change(&mut bond);
        if let Some(state) = self.state.accounts.get_mut(appid) {
            state.bonds.insert(openid.to_owned(), bond);
        }
    }

    /// Whether a person follows an account.
    pub fn follows(&self, appid: &str, openid: &str) -> bool {
        self.bond(appid, openid).is_some_and(|bond| bond.subscribed)
    }

    /// The people an account knows, the built-in ones first.
    pub fn people(&self, appid: &str) -> Vec<PersonView> {
        let Some(state) = self.state.accounts.get(appid) else { return Vec::new() };
        let built_in = (0..PEOPLE.len()).map(|n| (Some(n), person_openid(appid, n)));
        let mut out: Vec<PersonView> =
            built_in.map(|(number, openid)| self.person_view(appid, number, openid)).collect();
        for openid in state.bonds.keys() {
            if !out.iter().any(|person| &person.openid == openid) {
                out.push(self.person_view(appid, self.person_of(appid, openid), openid.clone()));
            }
        }
        out
    }

    fn person_view(&self, appid: &str, number: Option<usize>, openid: String) -> PersonView {
        PersonView {
            number,
            name: number.map_or_else(|| openid.clone(), person_name),
            unionid: self.unionid(appid, &openid),
            subscribed: self.follows(appid, &openid),
            openid,
        }
    }

    /// Openids of an account's followers, in a fixed order.
    pub(crate) fn follower_openids(&self, appid: &str) -> Vec<String> {
        self.people(appid).into_iter().filter(|p| p.subscribed).map(|p| p.openid).collect()
    }

    /// A person follows an account by searching for it: `subscribe` is pushed.
    pub fn follow(&mut self, now_ms: i64, appid: &str, openid: &str) -> Followed {
        self.follow_through(now_ms, appid, openid, "ADD_SCENE_SEARCH", &[])
    }

    /// The same by whichever way; `fields` are added to the event.
    pub(crate) fn follow_through(
        &mut self,
        now: i64,
        appid: &str,
        openid: &str,
        scene: &str,
        fields: &[(String, String)],
    ) -> Followed {
        let Some(account) = self.account(appid) else { return Followed::Impossible };
        if account.kind != Kind::OfficialAccount || account.is_banned() {
            return Followed::Impossible;
        }
        let test = account.test;
        if self.follows(appid, openid) {
            return Followed::Already;
        }
        if test && self.follower_openids(appid).len() >= TEST_FOLLOWERS {
            return Followed::Full;
        }
        self.change_bond(appid, openid, |bond| {
            bond.subscribed = true;
            bond.subscribe_time_s = now.div_euclid(1000);
            scene.clone_into(&mut bond.scene);
            (bond.qr_scene, bond.qr_scene_str) = (0, String::new());
        });
        let mut event = event_fields("subscribe");
        if fields.is_empty() {
            event.push(("EventKey".to_owned(), String::new()));
        }
        event.extend_from_slice(fields);
        self.push_message(now, appid, openid, &event);
        self.touched();
        Followed::Done
    }

    /// A person stops following; `unsubscribe` is pushed. False if he did not follow.
    pub fn unfollow(&mut self, now_ms: i64, appid: &str, openid: &str) -> bool {
        if !self.follows(appid, openid) {
            return false;
        }
        let mut event = event_fields("unsubscribe");
        event.push(("EventKey".to_owned(), String::new()));
        self.push_message(now_ms, appid, openid, &event);
        self.change_bond(appid, openid, |bond| bond.subscribed = false);
        self.touched();
        true
    }

    /// A person did something at an account that allows customer-service messages (I.2).
    pub(crate) fn note_action(&mut self, now: i64, appid: &str, openid: &str, fields: &[(String, String)]) {
        let field = |name: &str| fields.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
        let mini = self.account(appid).is_some_and(|account| account.kind == Kind::MiniProgram);
        let message = field("MsgType") != "event";
        let allowed = match field("Event") {
            _ if message => 5,
            "user_enter_tempsession" if mini => 2,
            "CLICK" | "scancode_push" | "scancode_waitmsg" | "subscribe" | "SCAN" if !mini => 3,
            _ => return,
        };
        // Whoever writes to an official account follows it.
        let newcomer = !mini && self.bond(appid, openid).is_none();
        self.change_bond(appid, openid, |bond| {
            bond.subscribed |= newcomer;
            let span = if message { MESSAGE_WINDOW_MS } else { ACTION_WINDOW_MS };
            let window = Some(Window { until_ms: now + span, left: allowed });
            if message { bond.message = window } else { bond.action = window }
        });
    }
}

/// `MsgType` and `Event` of an event.
pub(crate) fn event_fields(event: &str) -> Vec<(String, String)> {
    vec![("MsgType".to_owned(), "event".to_owned()), ("Event".to_owned(), event.to_owned())]
}
