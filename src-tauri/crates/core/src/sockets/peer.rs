//! What is known of one connection: who is at its other end, and what is due from them since when.
//!
//! Written by the connection's own task, read by whoever must decide which connection goes. Invariant: a connection
//! whose request is being worked on owes nothing and is never chosen.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};
use std::time::Duration;

use axum::http::HeaderMap;

use super::Limits;
use crate::clock::Clock;

/// Has not said anything yet.
const SILENT: u8 = 0;
/// A head has begun.
const HEAD: u8 = 1;
/// The head is there, the body is coming.
const BODY: u8 = 2;
/// The request is being worked on.
const WORK: u8 = 3;
/// The answer is ready and not yet written.
const ANSWER: u8 = 4;
/// Answered; kept alive for another request.
const KEPT: u8 = 5;
/// Answered with a stream that goes on.
const STREAM: u8 = 6;

/// A second of idling weighs as much as so many seconds of a head or body under way: whoever idles goes first, but a
/// connection that only just came does not go before a head that has been dripping for seconds.
const IDLE_WEIGHT: i64 = 4;

/// The name of a header that says how long a body is, as it begins a line.
const LENGTH: &[u8] = b"content-length:";

/// The other end of a connection.
pub(super) struct Peer {
    address: IpAddr,
    loopback: bool,
    clock: Arc<dyn Clock>,
    /// ms.
    head: i64,
    /// ms.
    idle: i64,
    phase: AtomicU8,
    /// Since when it has been in this phase (streams: since the last write), ms.
    since: AtomicI64,
    /// How much of [`LENGTH`] the current line of the head has matched, or one of the three below.
    matched: AtomicU8,
    /// The head has such a line.
    has_length: AtomicBool,
}

/// The rest of the line does not matter.
const NO_LINE: u8 = u8::MAX;
/// The head is over.
const NO_HEAD: u8 = u8::MAX - 1;
/// Nothing yet but empty lines, which may come before a request.
const NO_REQUEST: u8 = u8::MAX - 2;

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Peer {
    pub(super) fn new(address: SocketAddr, limits: &Limits, clock: Arc<dyn Clock>) -> Self {
        let address = address.ip().to_canonical();
        Self {
            loopback: address.is_loopback(),
            address,
            head: millis(limits.head),
            idle: millis(limits.idle),
            phase: AtomicU8::new(SILENT),
            since: AtomicI64::new(clock.monotonic()),
            matched: AtomicU8::new(NO_REQUEST),
            has_length: AtomicBool::new(false),
            clock,
        }
    }

    /// Its address, IPv4 where it is one.
    pub(super) fn address(&self) -> IpAddr {
        self.address
    }

    /// It is on this machine: a tunnel's end, a proxy, or a local program.
    pub(super) fn is_loopback(&self) -> bool {
        self.loopback
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.monotonic()
    }

    /// How long it may leave an answer unread.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.head).unwrap_or(0))
    }

    fn phase(&self) -> u8 {
        self.phase.load(Ordering::Relaxed)
    }

    fn enter(&self, phase: u8) {
        self.phase.store(phase, Ordering::Relaxed);
        self.since.store(self.now(), Ordering::Relaxed);
    }

    /// Bytes came in.
    pub(super) fn read(&self, bytes: &[u8]) {
        match self.phase() {
            _ if bytes.is_empty() => {}
            SILENT | KEPT | STREAM => {
                self.enter(HEAD);
                self.matched.store(NO_REQUEST, Ordering::Relaxed);
                self.has_length.store(false, Ordering::Relaxed);
                self.scan(bytes);
            }
            HEAD => self.scan(bytes),
            _ => {}
        }
    }

    /// Looks for a Content-Length line, across reads. hyper removes that header when there is a Transfer-Encoding too,
    /// so this is the only trace of a request with both.
    fn scan(&self, bytes: &[u8]) {
        let mut matched = self.matched.load(Ordering::Relaxed);
        let mut rest = bytes;
        while matched != NO_HEAD {
            if matched == NO_LINE {
                let Some(end) = memchr::memchr(b'\n', rest) else { break };
                rest = &rest[end + 1..];
                matched = 0;
            }
            let Some((byte, after)) = rest.split_first() else { break };
            rest = after;
            matched = match byte {
                b'\r' | b'\n' if matched == NO_REQUEST => NO_REQUEST,
                _ if matched == NO_REQUEST => NO_LINE,
                b'\n' if matched == 0 => NO_HEAD,
                b'\r' if matched == 0 => 0,
                byte if byte.to_ascii_lowercase() == LENGTH[usize::from(matched)] => matched + 1,
                b'\n' => 0,
                _ => NO_LINE,
            };
            if usize::from(matched) == LENGTH.len() {
                self.has_length.store(true, Ordering::Relaxed);
                matched = NO_LINE;
            }
        }
        self.matched.store(matched, Ordering::Relaxed);
    }

    /// The head that was read last names a length.
    pub(super) fn names_length(&self) -> bool {
        self.has_length.load(Ordering::Relaxed)
    }

    /// A request is there, with or without its whole body.
    pub(super) fn asked(&self, whole: bool) {
        self.enter(if whole { WORK } else { BODY });
    }

    /// Its body is there.
    pub(super) fn body_is_whole(&self) {
        let _ = self.phase.compare_exchange(BODY, WORK, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The answer can be written; `stream`: it has no end in sight.
    pub(super) fn answered(&self, stream: bool) {
        self.enter(if stream { STREAM } else { ANSWER });
    }

    /// Something was written.
    pub(super) fn wrote(&self) {
        match self.phase() {
            // A body of several pieces comes by here several times.
            ANSWER | KEPT => self.enter(KEPT),
            STREAM => self.enter(STREAM),
            // 100 Continue.
            _ => {}
        }
    }

    /// When what is due from it must be there: a first or a further head.
    pub(super) fn due(&self) -> Option<i64> {
        let patience = match self.phase() {
            SILENT | HEAD => self.head,
            KEPT => self.idle,
            _ => return None,
        };
        Some(self.since.load(Ordering::Relaxed).saturating_add(patience))
    }

    /// It began a head and never ended it.
    pub(super) fn is_mid_head(&self) -> bool {
        self.phase() == HEAD
    }

    /// How much it has kept us waiting; none when it waits for us.
    pub(super) fn burden(&self, now: i64) -> Option<i64> {
        let waited = now.saturating_sub(self.since.load(Ordering::Relaxed)).max(0);
        match self.phase() {
            SILENT | KEPT | STREAM => Some(waited.saturating_mul(IDLE_WEIGHT)),
            HEAD | BODY => Some(waited),
            _ => None,
        }
    }
}

/// Who asks, as far as a request shows it. Behind a tunnel's end on this machine that is the address which the tunnel
/// names. For fairness and for words only, never for a decision about who may do what: headers can be forged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Address.
    pub address: IpAddr,
    /// A tunnel or proxy on this machine named it, and nothing contradicts it: its requests are counted together.
    pub forwarded: bool,
}

impl Caller {
    /// The tunnel's headers count only from loopback.
    pub(super) fn of(peer: &Peer, headers: &HeaderMap) -> Self {
        match peer.is_loopback().then(|| forwarded(headers)).flatten() {
            Some((address, sure)) => Self { address, forwarded: sure },
            None => Self { address: peer.address(), forwarded: false },
        }
    }
}

/// The address that a tunnel names. The last entry of `X-Forwarded-For` is the one that the tunnel itself wrote; the
/// visitor may have sent the ones before it. frp and nginx send `X-Real-IP`, Cloudflare `CF-Connecting-IP`. Not sure when
/// the first two differ: then the visitor may have forged one of them, to use up the share of somebody else.
fn forwarded(headers: &HeaderMap) -> Option<(IpAddr, bool)> {
    let chain = headers.get_all("x-forwarded-for").iter().next_back();
    let last = chain.and_then(|v| v.to_str().ok()).and_then(|v| v.rsplit(',').next());
    let single = |name| headers.get(name).and_then(|v| v.to_str().ok());
    match (last.and_then(address), single("x-real-ip").and_then(address)) {
        (Some(chain), Some(real)) => Some((chain, chain == real)),
        (Some(one), None) | (None, Some(one)) => Some((one, true)),
        (None, None) => Some((single("cf-connecting-ip").and_then(address)?, true)),
    }
}

/// With or without a port, as tunnels differ.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let parsed = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|a| a.ip()));
    parsed.ok().map(|a| a.to_canonical())
}

/// Addresses that count as one: whoever has one IPv6 address has its whole /64.
pub(super) fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn peer(address: &str) -> Peer {
        Peer::new(address.parse().unwrap(), &Limits::default(), Arc::new(SystemClock::default()))
    }

    #[test]
    fn a_length_is_seen_however_the_head_is_cut() {
        let both = b"\r\nPOST / HTTP/1.1\r\nhost: x\r\nContent-LENGTH: 3\r\ntransfer-encoding: chunked\r\n\r\n";
        let only_in_body =
            b"POST / HTTP/1.1\r\nhost: x\r\nx-content-length: 1\r\ncontent-lengt: 2\r\n\r\ncontent-length: 3";
        for step in 1..both.len() {
            let (one, other) = (peer("127.0.0.1:1"), peer("127.0.0.1:1"));
            both.chunks(step).for_each(|piece| one.read(piece));
            only_in_body.chunks(step).for_each(|piece| other.read(piece));
            assert!(one.names_length(), "pieces of {step}");
            assert!(!other.names_length(), "pieces of {step}");
        }
    }

    #[test]
    fn forwarded_addresses_count_only_from_loopback() {
        let headers = |pairs: &[(&'static str, &str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in pairs {
                map.append(*name, value.parse().unwrap());
            }
            map
        };
        type Pairs = [(&'static str, &'static str)];
        let table: [(&Pairs, &str, bool); 7] = [
            (&[("x-forwarded-for", "6.6.6.6, 203.0.113.7")], "203.0.113.7", true),
            (&[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "203.0.113.8")], "203.0.113.8", true),
            (&[("x-forwarded-for", "203.0.113.9:4711"), ("x-real-ip", "203.0.113.9")], "203.0.113.9", true),
            (&[("x-forwarded-for", "203.0.113.9"), ("x-real-ip", "6.6.6.6")], "203.0.113.9", false),
            (&[("x-forwarded-for", "unknown"), ("x-real-ip", "2001:db8::1")], "2001:db8::1", true),
            (&[("cf-connecting-ip", "203.0.113.10")], "203.0.113.10", true),
            (&[("x-forwarded-for", "127.0.0.1 or so")], "127.0.0.1", false),
        ];
        for (pairs, expected, sure) in table {
            let headers = headers(pairs);
            let caller = Caller::of(&peer("127.0.0.1:1"), &headers);
            assert_eq!((caller.address.to_string().as_str(), caller.forwarded), (expected, sure), "{pairs:?}");
            assert_eq!(Caller::of(&peer("[::ffff:127.0.0.1]:1"), &headers).address.to_string(), expected);
            assert_eq!(Caller::of(&peer("198.51.100.1:1"), &headers).address.to_string(), "198.51.100.1");
        }
    }

    /// Streams and answers have no deadline of ours, and whoever is being served is never chosen.
    #[test]
    fn what_is_due_follows_the_conversation() {
        let peer = peer("127.0.0.1:1");
        let owes = |peer: &Peer| (peer.due().is_some(), peer.burden(peer.now() + 1_000).is_some());
        assert_eq!(owes(&peer), (true, true), "silent");
        peer.read(b"GET /");
        assert_eq!((owes(&peer), peer.is_mid_head()), ((true, true), true));
        let head = peer.burden(peer.now() + 1_000);
        peer.asked(false);
        assert_eq!(owes(&peer), (false, true), "its body is the route's to time");
        peer.wrote();
        assert_eq!(owes(&peer), (false, true), "100 Continue is no answer");
        peer.body_is_whole();
        assert_eq!(owes(&peer), (false, false), "being served");
        peer.answered(false);
        assert_eq!(owes(&peer), (false, false));
        peer.wrote();
        assert_eq!(owes(&peer), (true, true), "kept alive");
        assert!(peer.burden(peer.now() + 1_000) > head, "idling weighs more than a head under way");
        peer.asked(true);
        peer.answered(true);
        peer.wrote();
        assert_eq!(owes(&peer), (false, true), "a stream may be quiet as long as it likes");
    }

    #[test]
    fn a_network_of_one_household_is_one() {
        let one = household("2001:db8:1:2:3:4:5:6".parse().unwrap());
        assert_eq!(one, household("2001:db8:1:2::1".parse().unwrap()));
        assert_ne!(one, household("2001:db8:1:3::1".parse().unwrap()));
    }
}
