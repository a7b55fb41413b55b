//! Who may have a connection: so many at once, of which one address has at most its share.
//!
//! When all seats are taken, whoever has kept us waiting longest goes, instead of the newcomer being refused. Invariant:
//! a connection whose request is being worked on keeps its seat. Counts at accept and at close; a request that no tunnel
//! forwarded costs nothing here.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::peer::{Caller, Peer, household};

/// One address has at most one in so many of the seats, and of the requests under way.
const SHARE: usize = 4;

/// The seats of one door.
pub(super) struct Seats {
    cap: usize,
    share: usize,
    table: Mutex<Table>,
    freed: Notify,
}

#[derive(Default)]
struct Table {
    next: u64,
    taken: HashMap<u64, Taken>,
    /// Connections of one household; loopback is not counted.
    households: HashMap<IpAddr, usize>,
    /// Requests under way of one forwarded address.
    forwarded: HashMap<IpAddr, usize>,
}

struct Taken {
    peer: Arc<Peer>,
    /// Known once the connection's task runs.
    task: Option<AbortHandle>,
}

/// What a newcomer is told.
pub(super) enum Admission {
    /// Come in.
    Seat(Seat),
    /// Everybody is being served; ask again.
    Full,
    /// Its address has its share, and is being served on all of it.
    ShareUsed,
}

/// A seat; dropping it gives it back.
pub(super) struct Seat {
    seats: Arc<Seats>,
    id: u64,
}

/// A forwarded request under way; dropping it ends the count.
pub(super) struct UnderWay {
    seats: Arc<Seats>,
    address: IpAddr,
}

impl Seats {
    pub(super) fn new(cap: usize) -> Self {
        Self { cap, share: (cap / SHARE).max(1), table: Mutex::default(), freed: Notify::new() }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds a seat, if need be by closing the connection that has kept us waiting longest.
    pub(super) fn admit(self: &Arc<Self>, peer: &Arc<Peer>) -> Admission {
        let mut table = self.table();
        let now = peer.now();
        if !peer.is_loopback() {
            let home = household(peer.address());
            // Its own connections make room, not those of others.
            if table.households.get(&home).is_some_and(|n| *n >= self.share)
                && !table.close_one(now, |p| !p.is_loopback() && household(p.address()) == home)
            {
                return Admission::ShareUsed;
            }
        }
        if table.taken.len() >= self.cap && !table.close_one(now, |_| true) {
            return Admission::Full;
        }
        if !peer.is_loopback() {
            *table.households.entry(household(peer.address())).or_default() += 1;
        }
        table.next += 1;
        let id = table.next;
        table.taken.insert(id, Taken { peer: peer.clone(), task: None });
        Admission::Seat(Seat { seats: self.clone(), id })
    }

    /// Tells whose task a seat is. A connection that has ended meanwhile has none any more.
    pub(super) fn belongs(&self, id: u64, task: AbortHandle) {
        if let Some(taken) = self.table().taken.get_mut(&id) {
            taken.task = Some(task);
        }
    }

    /// Closes up to `count` connections, the longest waiting first. Answers how many.
    pub(super) fn close(&self, count: usize, now: i64) -> usize {
        let mut table = self.table();
        (0..count).take_while(|_| table.close_one(now, |_| true)).count()
    }

    /// A request of a forwarded address begins; none when that address has its share under way already.
    pub(super) fn begin(self: &Arc<Self>, caller: Caller) -> Option<UnderWay> {
        let address = household(caller.address);
        let mut table = self.table();
        let count = table.forwarded.entry(address).or_default();
        if *count >= self.share {
            return None;
        }
        *count += 1;
        Some(UnderWay { seats: self.clone(), address })
    }

    /// Resolves when a seat was given back since the last time.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Connections now.
    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.table().taken.len()
    }
}

impl Table {
    fn close_one(&mut self, now: i64, whose: impl Fn(&Peer) -> bool) -> bool {
        let burdens = self.taken.iter().filter(|(_, t)| t.task.is_some() && whose(&t.peer));
        let longest = burdens.filter_map(|(id, t)| Some((t.peer.burden(now)?, std::cmp::Reverse(*id)))).max();
        let Some((_, std::cmp::Reverse(id))) = longest else { return false };
        if let Some(task) = self.leave(id) {
            task.abort();
        }
        true
    }

    fn leave(&mut self, id: u64) -> Option<AbortHandle> {
        let taken = self.taken.remove(&id)?;
        if !taken.peer.is_loopback() {
            count_down(&mut self.households, household(taken.peer.address()));
        }
        taken.task
    }
}

fn count_down(counts: &mut HashMap<IpAddr, usize>, address: IpAddr) {
    if let Some(count) = counts.get_mut(&address) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(&address);
        }
    }
}

impl Seat {
    pub(super) fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.table().leave(self.id);
        self.seats.freed.notify_one();
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        count_down(&mut self.seats.table().forwarded, self.address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::sockets::Limits;

    struct House {
        seats: Arc<Seats>,
        held: Vec<Seat>,
    }

    impl House {
        fn new(cap: usize) -> Self {
            Self { seats: Arc::new(Seats::new(cap)), held: Vec::new() }
        }
        fn peer(address: &str) -> Arc<Peer> {
            let clock = Arc::new(SystemClock::default());
            Arc::new(Peer::new(format!("{address}:1").parse().unwrap(), &Limits::default(), clock))
        }
        /// Answers its task, when there was a seat.
        fn come(&mut self, address: &str) -> Result<(Arc<Peer>, tokio::task::JoinHandle<()>), &'static str> {
            let peer = Self::peer(address);
            match self.seats.admit(&peer) {
                Admission::Seat(seat) => {
                    let task = tokio::spawn(std::future::pending());
                    self.seats.belongs(seat.id(), task.abort_handle());
                    self.held.push(seat);
                    Ok((peer, task))
                }
                Admission::Full => Err("full"),
                Admission::ShareUsed => Err("share"),
            }
        }
    }

    #[tokio::test]
    async fn a_newcomer_takes_the_seat_of_whoever_waited_longest() {
        let mut house = House::new(4);
        let mut sat: Vec<_> = (0..4).map(|_| house.come("127.0.0.1").unwrap()).collect();
        sat[0].0.asked(true);
        house.come("127.0.0.1").unwrap();
        assert!((&mut sat[1].1).await.unwrap_err().is_cancelled(), "the first that is not being served");
        assert!(!sat[0].1.is_finished());
        assert_eq!(house.seats.taken(), 4);
        for (peer, _) in &sat {
            peer.asked(true);
        }
        // The newcomer of above idles still; after it everybody is being served.
        let (peer, _) = house.come("127.0.0.1").unwrap();
        peer.asked(true);
        assert_eq!(house.come("127.0.0.1").err(), Some("full"));
        house.held.remove(0);
        house.seats.freed().await;
        assert!(house.come("127.0.0.1").is_ok());
    }

    #[tokio::test]
    async fn one_address_has_a_quarter_and_makes_room_for_itself() {
        let mut house = House::new(8);
        let (_, mut first) = house.come("198.51.100.1").unwrap();
        let (second, _) = house.come("198.51.100.1").unwrap();
        let (_, other) = house.come("198.51.100.2").unwrap();
        let (third, _) = house.come("198.51.100.1").unwrap();
        assert!((&mut first).await.unwrap_err().is_cancelled(), "its own oldest");
        assert!(!other.is_finished());
        second.asked(true);
        third.asked(true);
        assert_eq!(house.come("198.51.100.1").err(), Some("share"));
        assert!((0..5).all(|_| house.come("127.0.0.1").is_ok()), "a tunnel's end has no share");
        house.held.clear();
        assert!(house.seats.table().households.is_empty(), "nothing is remembered of who has gone");
    }

    #[tokio::test]
    async fn forwarded_requests_have_a_share_too() {
        let seats = Arc::new(Seats::new(8));
        let caller = |address: &str| Caller { address: address.parse().unwrap(), forwarded: true };
        let _one = seats.begin(caller("203.0.113.7")).unwrap();
        let two = seats.begin(caller("203.0.113.7")).unwrap();
        assert!(seats.begin(caller("203.0.113.7")).is_none());
        assert!(seats.begin(caller("203.0.113.8")).is_some());
        drop(two);
        assert!(seats.begin(caller("203.0.113.7")).is_some());
        assert_eq!(seats.table().forwarded.len(), 1);
    }
}
