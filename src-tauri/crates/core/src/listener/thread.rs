//! A thread with a runtime of its own for the public door.
//!
//! Invariant: the thread, its connections and its socket are gone when the handle has been dropped, so that the address
//! is free for whoever binds it next.

use std::io;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Ends the thread when dropped.
pub(super) struct DoorThread {
    stop: Option<oneshot::Sender<()>>,
    ended: Option<oneshot::Receiver<()>>,
    thread: Option<JoinHandle<()>>,
}

impl DoorThread {
    /// Waits until what runs on the thread has ended by itself.
    pub(super) async fn ended(mut self) {
        if let Some(ended) = self.ended.take() {
            let _ = ended.await;
        }
    }
}

impl Drop for DoorThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to finish: the connections are dropped where they stand.
            let _ = thread.join();
        }
    }
}

/// Runs `work` on a new thread with a runtime of its own.
///
/// # Errors
/// The system's, when it has no thread or no file descriptors for a runtime.
pub(super) fn spawn<F: Future<Output = ()>>(
    listener: TcpListener,
    work: impl FnOnce(TcpListener) -> F + Send + 'static,
) -> io::Result<DoorThread> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let socket = listener.into_std()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let (done, ended) = oneshot::channel();
    let thread = std::thread::Builder::new().name("public-door".to_owned()).spawn(move || {
        runtime.block_on(async move {
            match TcpListener::from_std(socket) {
                Ok(socket) => {
                    tokio::select! {
                        // Either way of ending this is the handle's drop.
                        _ = stopped => {}
                        () = work(socket) => {}
                    }
                }
                Err(e) => tracing::error!(error = %e, "the public door's socket cannot be used"),
            }
        });
        // Reads of the store that are under way have nobody left to answer.
        runtime.shutdown_background();
        let _ = done.send(());
    })?;
    Ok(DoorThread { stop: Some(stop), ended: Some(ended), thread: Some(thread) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dropped_handle_frees_the_address_at_once() {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let thread = spawn(socket, |socket| async move {
            loop {
                let _ = socket.accept().await;
            }
        })
        .unwrap();
        drop(tokio::net::TcpStream::connect(address).await.unwrap());
        drop(thread);
        TcpListener::bind(address).await.unwrap();
    }

    #[tokio::test]
    async fn work_that_ends_by_itself_is_noticed() {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        spawn(socket, |_| std::future::ready(())).unwrap().ended().await;
    }
}
