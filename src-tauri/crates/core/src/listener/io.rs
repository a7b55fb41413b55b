//! A TCP stream that can still be written to after hyper has given it up, so that a slow head gets its 408.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::Sleep;

/// What hyper reads and writes.
pub(super) struct SharedStream {
    read: OwnedReadHalf,
    last: LastWord,
    /// How long a client may leave its answers unread.
    patience: Duration,
    /// Runs while nothing can be written.
    unread: Option<Pin<Box<Sleep>>>,
}

/// What is left when hyper has dropped its stream.
#[derive(Clone)]
pub(super) struct LastWord {
    write: Arc<OwnedWriteHalf>,
    /// Bytes came in since the last answer went out: a head has begun.
    begun: Arc<AtomicBool>,
}

impl SharedStream {
    pub(super) fn new(stream: TcpStream, patience: Duration) -> (Self, LastWord) {
        let (read, write) = stream.into_split();
        let last = LastWord { write: Arc::new(write), begun: Arc::new(AtomicBool::new(false)) };
        (Self { read, last: last.clone(), patience, unread: None }, last)
    }
}

impl LastWord {
    /// A head has begun and has no answer yet.
    pub(super) fn mid_head(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// Writes what fits at once; the connection is over anyway.
    pub(super) fn try_say(&self, bytes: &[u8]) {
        let _ = self.write.try_write(bytes);
    }

    fn stream(&self) -> &TcpStream {
        self.write.as_ref().as_ref()
    }
}

impl AsyncRead for SharedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.read).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.last.begun.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl SharedStream {
    /// Writes by `attempt`, or fails once the client has read nothing for too long: a slot is not held for ever.
    fn write_with(
        &mut self,
        cx: &mut Context<'_>,
        attempt: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.last.begun.store(false, Ordering::Relaxed);
        loop {
            if self.last.stream().poll_write_ready(cx)?.is_pending() {
                let patience = self.patience;
                let unread = self.unread.get_or_insert_with(|| crate::clock::deadline(patience));
                return match unread.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
                    Poll::Pending => Poll::Pending,
                };
            }
            match attempt(self.last.stream()) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                done => {
                    self.unread = None;
                    return Poll::Ready(done);
                }
            }
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
