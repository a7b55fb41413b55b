//! A second start on the same data folder brings the first window to front.
//!
//! Owns the loopback door behind which a window waits to be asked, and the note `DIR/focus.json` by which a second start
//! finds it. It decides nothing: the lock of the data folder does (`wxdesk_core::folder`), so a second window on another
//! folder is allowed, and a note left by a crash misleads nobody. Tauri's single-instance plugin is not used, since it
//! knows one window per application, not per folder, and needs a session bus on Linux. Invariant: whoever cannot read
//! the note (mode 0600) cannot raise the window, and raising it is all that the door can do.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use serde::{Deserialize, Serialize};
use tauri::async_runtime::JoinHandle;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const FILE: &str = "focus.json";
/// A window answers at once or is gone.
const PATIENCE: Duration = Duration::from_secs(2);
/// A pass (24 characters) and its line end; whoever sends more is not ours.
const MOST_BYTES: u64 = 64;

#[derive(Serialize, Deserialize)]
struct Note {
    port: u16,
    pass: String,
}

/// The door of this process. Dropping it closes the door and removes its notes.
pub struct FocusDoor {
    port: u16,
    pass: String,
    folders: Mutex<HashSet<PathBuf>>,
    task: JoinHandle<()>,
}

impl FocusDoor {
    /// Opens the door; `raise` is called for each second start.
    ///
    /// # Errors
    /// When no loopback port can be had.
    pub async fn open(raise: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let port = listener.local_addr()?.port();
        let mut random = [0u8; 18];
        getrandom::fill(&mut random).map_err(std::io::Error::other)?;
        let pass = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random);
        let expected = pass.clone();
        let task = tauri::async_runtime::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // One after the other, each with its time limit: nobody needs to be raised by two at once.
                let _ = tokio::time::timeout(PATIENCE, answer(stream, &expected, &raise)).await;
            }
        });
        Ok(Self { port, pass, folders: Mutex::default(), task })
    }

    /// Leaves the note in a folder whose lock this process holds.
    pub fn announce(&self, dir: &Path) {
        let note = Note { port: self.port, pass: self.pass.clone() };
        let written = serde_json::to_vec(&note)
            .map_err(std::io::Error::other)
            .and_then(|bytes| wxdesk_core::folder::write_private(&dir.join(FILE), &bytes));
        match written {
            Ok(()) => {
                self.folders.lock().unwrap_or_else(PoisonError::into_inner).insert(dir.to_owned());
            }
            Err(error) => tracing::warn!(%error, "a second start will not find this window"),
        }
    }

    /// Takes the note away again, before the lock is given back.
    pub fn withdraw(&self, dir: &Path) {
        if self.folders.lock().unwrap_or_else(PoisonError::into_inner).remove(dir) {
            let _ = std::fs::remove_file(dir.join(FILE));
        }
    }

    /// Takes all notes away.
    pub fn withdraw_all(&self) {
        for dir in std::mem::take(&mut *self.folders.lock().unwrap_or_else(PoisonError::into_inner)) {
            let _ = std::fs::remove_file(dir.join(FILE));
        }
    }
}

impl Drop for FocusDoor {
    fn drop(&mut self) {
        self.task.abort();
        self.withdraw_all();
    }
}

async fn answer(stream: TcpStream, expected: &str, raise: &(impl Fn() + Sync)) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(MOST_BYTES)).read_line(&mut line).await?;
    if line.trim_end() == expected {
        raise();
        write.write_all(b"raised\n").await?;
    }
    Ok(())
}

/// Asks the window that holds `dir` to come to front. False when there is none, for instance because `wxdeskd` holds it.
pub async fn hand_over(dir: &Path) -> bool {
    let Some(note) = std::fs::read(dir.join(FILE)).ok().and_then(|b| serde_json::from_slice::<Note>(&b).ok()) else {
        return false;
    };
    let ask = async {
        let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, note.port))).await?;
        stream.write_all(format!("{}\n", note.pass).as_bytes()).await?;
        let mut reply = String::new();
        stream.take(MOST_BYTES).read_to_string(&mut reply).await?;
        std::io::Result::Ok(reply == "raised\n")
    };
    matches!(tokio::time::timeout(PATIENCE, ask).await, Ok(Ok(true)))
}

/// The same for a folder that is known to be held. Whoever holds it may have taken it a moment ago and be about to leave
/// its note (a double click on the icon starts the program twice), so this asks for a while.
pub async fn hand_over_to_holder(dir: &Path) -> bool {
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    for _ in 0..20 {
        pace.tick().await;
        if hand_over(dir).await {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_second_start_raises_the_window_of_its_folder_only() {
        tauri::async_runtime::block_on(async {
            let (mine, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let raised = Arc::new(AtomicU32::new(0));
            let counter = raised.clone();
            let door = FocusDoor::open(move || {
                counter.fetch_add(1, Ordering::SeqCst);
            })
            .await
            .unwrap();
            door.announce(mine.path());
            assert!(hand_over(mine.path()).await);
            assert!(!hand_over(other.path()).await, "no window there");
            assert_eq!(raised.load(Ordering::SeqCst), 1);
            door.withdraw(mine.path());
            assert!(!hand_over(mine.path()).await, "the note is gone");
        });
    }

    #[test]
    fn a_wrong_pass_raises_nothing() {
        tauri::async_runtime::block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let raised = Arc::new(AtomicU32::new(0));
            let counter = raised.clone();
            let door = FocusDoor::open(move || {
                counter.fetch_add(1, Ordering::SeqCst);
            })
            .await
            .unwrap();
            let forged = Note { port: door.port, pass: "guessed".into() };
            std::fs::write(dir.path().join(FILE), serde_json::to_vec(&forged).unwrap()).unwrap();
            assert!(!hand_over(dir.path()).await);
            assert_eq!(raised.load(Ordering::SeqCst), 0);
        });
    }

    #[cfg(unix)]
    #[test]
    fn the_note_is_private() {
        use std::os::unix::fs::PermissionsExt;
        tauri::async_runtime::block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let door = FocusDoor::open(|| {}).await.unwrap();
            door.announce(dir.path());
            let mode = std::fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        });
    }
}
