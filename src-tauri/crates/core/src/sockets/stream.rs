//! A TCP stream that keeps the time of whoever is at its other end, and that can still be written to after hyper has
//! given it up, so that a slow head gets its 408.
//!
//! One alarm a connection, moved only when it rings too early or too late: a request costs no timer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::Sleep;

use super::peer::Peer;

/// What hyper reads and writes.
pub(super) struct SharedStream {
    read: OwnedReadHalf,
    write: Arc<OwnedWriteHalf>,
    peer: Arc<Peer>,
    /// Rings when a head is due, or an idle connection is over.
    alarm: Option<Pin<Box<Sleep>>>,
    /// When it rings, on the peer's clock, ms.
    rings_at: i64,
    /// Runs while nothing can be written.
    unread: Option<Pin<Box<Sleep>>>,
}

/// What is left when hyper has dropped its stream.
pub(super) struct LastWord {
    write: Arc<OwnedWriteHalf>,
}

impl SharedStream {
    pub(super) fn new(stream: TcpStream, peer: Arc<Peer>) -> (Self, LastWord) {
        let (read, write) = stream.into_split();
        let write = Arc::new(write);
        let last = LastWord { write: write.clone() };
        (Self { read, write, peer, alarm: None, rings_at: 0, unread: None }, last)
    }

    fn stream(&self) -> &TcpStream {
        self.write.as_ref().as_ref()
    }

    /// Ready once the peer has used up its time for what is due from it.
    fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(due) = self.peer.due() else { return Poll::Pending };
        loop {
            let left = || Duration::from_millis(u64::try_from(due - self.peer.now()).unwrap_or(0).max(1));
            let alarm = match &mut self.alarm {
                Some(alarm) if self.rings_at <= due => alarm,
                slot => {
                    self.rings_at = due;
                    slot.insert(crate::clock::deadline(left()))
                }
            };
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if self.peer.now() >= due {
                return Poll::Ready(());
            }
            self.alarm = None;
        }
    }

    /// Writes by `attempt`, or fails once the client has read nothing for too long: a seat is not held for ever.
    fn write_with(
        &mut self,
        cx: &mut Context<'_>,
        attempt: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            if self.stream().poll_write_ready(cx)?.is_pending() {
                let patience = self.peer.patience();
                let unread = self.unread.get_or_insert_with(|| crate::clock::deadline(patience));
                return match unread.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
                    Poll::Pending => Poll::Pending,
                };
            }
            match attempt(self.stream()) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                done => {
                    self.unread = None;
                    self.peer.wrote();
                    return Poll::Ready(done);
                }
            }
        }
    }
}

impl LastWord {
    /// Writes what fits at once; the connection is over anyway.
    pub(super) fn try_say(&self, bytes: &[u8]) {
        let _ = self.write.try_write(bytes);
    }
}

impl AsyncRead for SharedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.read).poll_read(cx, buf) {
            Poll::Ready(done) => {
                done?;
                self.peer.read(&buf.filled()[before..]);
                Poll::Ready(Ok(()))
            }
            Poll::Pending => match self.poll_overdue(cx) {
                Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}

impl AsyncWrite for SharedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.write_with(cx, |stream| stream.try_write(buf))
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write_with(cx, |stream| stream.try_write_vectored(bufs))
    }
    fn is_write_vectored(&self) -> bool {
        true
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The last handle's drop closes the socket.
        Poll::Ready(Ok(()))
    }
}
