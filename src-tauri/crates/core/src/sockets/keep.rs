//! Keeps a door open: whatever ends its task, the address is taken again.
//!
//! Invariant: between two tries there is always a pause, and it is never longer than [`PAUSE`] plus a bind, so a door
//! whose address is still free is back within 2 s.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use wechat::transport::BoxFuture;

use super::bind;
use crate::clock::Clock;

/// Before each try to take the address again, ms.
const PAUSE: i64 = 500;

/// What its owner is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// It listens.
    Listening(SocketAddr),
    /// It does not, and why.
    Failed(String),
    /// It listens again, after it failed for this reason.
    Back(String),
}

/// Hears every [`Word`].
pub(crate) type Tell = Arc<dyn Fn(Word) -> BoxFuture<'static, ()> + Send + Sync>;

/// Runs `serve` on the socket, and again on a new one whenever it ends, for ever. `serve` answers why it ended.
pub(crate) async fn keep_open<F>(
    listener: TcpListener,
    clock: Arc<dyn Clock>,
    serve: impl Fn(TcpListener) -> F,
    tell: Tell,
) where
    F: Future<Output = String> + Send + 'static,
{
    let address = match listener.local_addr() {
        Ok(address) => address,
        Err(e) => return tell(Word::Failed(e.to_string())).await,
    };
    let mut socket = listener;
    tell(Word::Listening(address)).await;
    loop {
        // A task of its own, so that a panic ends it and not this; it ends with this future.
        let mut task = JoinSet::new();
        task.spawn(serve(socket));
        let why = match task.join_next().await {
            Some(Ok(why)) => why,
            Some(Err(e)) if e.is_panic() => "its task broke off".to_owned(),
            _ => "its task was ended".to_owned(),
        };
        tell(Word::Failed(why.clone())).await;
        socket = again(address, &*clock, &tell).await;
        tell(Word::Listening(address)).await;
        tell(Word::Back(why)).await;
    }
}

async fn again(address: SocketAddr, clock: &dyn Clock, tell: &Tell) -> TcpListener {
    let mut said = String::new();
    loop {
        clock.sleep(PAUSE).await;
        match bind(address).await {
            Ok(socket) => return socket,
            // Another program may have been faster; it is named once and waited for.
            Err(e) if e.message != said => {
                said.clone_from(&e.message);
                tell(Word::Failed(e.message)).await;
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::clock::SystemClock;

    fn to(sender: tokio::sync::mpsc::UnboundedSender<Word>) -> Tell {
        Arc::new(move |word| {
            let _ = sender.send(word);
            Box::pin(std::future::ready(()))
        })
    }

    /// A panic, an error, and whatever else: back within 2 s each time, and every word is said.
    #[tokio::test]
    async fn a_door_that_dies_is_back_within_2_s() {
        let socket = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = socket.local_addr().unwrap();
        let (starts, said) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (sender, mut words) = tokio::sync::mpsc::unbounded_channel();
        let serve = {
            let starts = starts.clone();
            move |socket: TcpListener| {
                let start = starts.fetch_add(1, Ordering::SeqCst);
                async move {
                    let _socket = socket;
                    match start {
                        0 => panic!("the test lets it panic"),
                        1 => "the socket broke".to_owned(),
                        _ => std::future::pending().await,
                    }
                }
            }
        };
        let clock = SystemClock::default();
        let task = tokio::spawn(async move {
            keep_open(socket, Arc::new(SystemClock::default()), serve, to(sender)).await;
        });
        let mut failed_at = None;
        while said.lock().unwrap().iter().filter(|w| matches!(w, Word::Back(_))).count() < 2 {
            let word = crate::clock::within(5_000, words.recv()).await.expect("a word").unwrap();
            match &word {
                Word::Failed(_) => failed_at = Some(clock.monotonic()),
                Word::Back(_) => assert!(clock.monotonic() - failed_at.take().unwrap() < 2_000),
                Word::Listening(at) => assert_eq!(*at, address),
            }
            said.lock().unwrap().push(word);
        }
        task.abort();
        let said = said.lock().unwrap().clone();
        assert_eq!(said[2], Word::Listening(address));
        assert_eq!(said[3], Word::Back("its task broke off".into()));
        assert_eq!(said[6], Word::Back("the socket broke".into()));
    }

    #[tokio::test]
    async fn a_taken_address_is_named_and_waited_for() {
        let socket = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = socket.local_addr().unwrap();
        let (thief, mut stolen) = tokio::sync::mpsc::unbounded_channel();
        let (sender, mut words) = tokio::sync::mpsc::unbounded_channel();
        let serve = move |socket: TcpListener| {
            let thief = thief.clone();
            async move {
                // Another program is faster: it has the address before this task has ended.
                let _ = thief.send(socket);
                "it was robbed".to_owned()
            }
        };
        let task = tokio::spawn(async move {
            keep_open(socket, Arc::new(SystemClock::default()), serve, to(sender)).await;
        });
        let next = async |words: &mut tokio::sync::mpsc::UnboundedReceiver<Word>| {
            crate::clock::within(5_000, words.recv()).await.expect("a word").unwrap()
        };
        assert_eq!(next(&mut words).await, Word::Listening(address));
        assert_eq!(next(&mut words).await, Word::Failed("it was robbed".into()));
        let named = next(&mut words).await;
        assert!(matches!(&named, Word::Failed(why) if why.contains("listens there")), "{named:?}");
        drop(stolen.recv().await);
        assert_eq!(next(&mut words).await, Word::Listening(address));
        assert_eq!(next(&mut words).await, Word::Back("it was robbed".into()));
        task.abort();
    }
}
