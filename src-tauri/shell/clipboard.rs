//! A secret in the clipboard, and out of it again after a minute, whatever window has the focus by then.
//!
//! The web view may touch the clipboard only while its window is the active one, which it rarely still is a minute after
//! a copy. Owns the one secret that is held; invariant: it is kept only until the clipboard is emptied or holds something
//! else, and what a person copied meanwhile is never touched.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

/// How long a copied secret stays (the window's rule, also in `ui/src/lib/secretcopy.ts`).
pub const HOLD: Duration = Duration::from_secs(60);

/// What emptying came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Emptied {
    /// It held our secret and is empty now, or we hold none.
    Cleared,
    /// It holds something else, which stays.
    Other,
    /// The system does not let us look.
    Refused,
}

/// The system's clipboard, or a test's.
pub trait Board: Send {
    /// The text in it; `None` when it has none, or cannot be asked.
    fn text(&mut self) -> Option<String>;
    /// Puts a text that clipboard managers are asked not to keep; false when the system refuses.
    fn put_secret(&mut self, text: &str) -> bool;
    /// Empties it; false when the system refuses.
    fn clear(&mut self) -> bool;
    /// Whether there is a clipboard at all.
    fn there(&mut self) -> bool;
}

/// arboard's, opened at the first use and kept: on X11 the program that copied has to serve the text.
#[derive(Default)]
pub struct System(Option<arboard::Clipboard>);

impl System {
    fn open(&mut self) -> Option<&mut arboard::Clipboard> {
        if self.0.is_none() {
            self.0 = arboard::Clipboard::new().ok();
        }
        self.0.as_mut()
    }
}

impl Board for System {
    fn text(&mut self) -> Option<String> {
        self.open()?.get_text().ok()
    }

    fn put_secret(&mut self, text: &str) -> bool {
        let Some(board) = self.open() else { return false };
        let set = board.set();
        #[cfg(target_os = "linux")]
        let set = arboard::SetExtLinux::exclude_from_history(set);
        #[cfg(target_os = "macos")]
        let set = arboard::SetExtApple::exclude_from_history(set);
        #[cfg(windows)]
        let set = arboard::SetExtWindows::exclude_from_history(set);
        set.text(text).is_ok()
    }

    fn clear(&mut self) -> bool {
        self.open().is_some_and(|board| board.clear().is_ok())
    }

    fn there(&mut self) -> bool {
        self.open().is_some()
    }
}

struct Inner<B> {
    board: B,
    /// The secret, and which copy it was: the alarm of an earlier one must not end it early.
    held: Option<(Zeroizing<String>, u64)>,
    copies: u64,
}

/// See the module.
pub struct SecretClipboard<B = System>(Arc<Mutex<Inner<B>>>);

impl<B: Board + Default + 'static> Default for SecretClipboard<B> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Inner { board: B::default(), held: None, copies: 0 })))
    }
}

impl<B: Board + 'static> SecretClipboard<B> {
    /// Copies, and empties the clipboard after [`HOLD`]. False when the system refuses. Must be called on a runtime.
    pub fn copy(&self, text: String) -> bool {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner.board.put_secret(&text) {
            return false;
        }
        inner.copies += 1;
        let copy = inner.copies;
        inner.held = Some((Zeroizing::new(text), copy));
        let shared = self.0.clone();
        tokio::spawn(async move {
            tokio::time::sleep(HOLD).await;
            let mut inner = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if inner.held.as_ref().is_some_and(|(_, held)| *held == copy) {
                empty(&mut inner);
            }
        });
        true
    }

    /// Empties the clipboard if it still holds our secret.
    pub fn empty(&self) -> Emptied {
        empty(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn empty<B: Board>(inner: &mut Inner<B>) -> Emptied {
    let Some((secret, _)) = inner.held.take() else { return Emptied::Cleared };
    if !inner.board.there() {
        return Emptied::Refused;
    }
    match inner.board.text() {
        Some(text) if text == *secret => match inner.board.clear() {
            true => Emptied::Cleared,
            false => Emptied::Refused,
        },
        _ => Emptied::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Fake {
        text: Option<String>,
        locked: bool,
    }

    impl Board for Fake {
        fn text(&mut self) -> Option<String> {
            self.text.clone()
        }
        fn put_secret(&mut self, text: &str) -> bool {
            self.text = Some(text.to_owned());
            !self.locked
        }
        fn clear(&mut self) -> bool {
            self.text = None;
            true
        }
        fn there(&mut self) -> bool {
            !self.locked
        }
    }

    fn text(clipboard: &SecretClipboard<Fake>) -> Option<String> {
        clipboard.0.lock().unwrap().board.text.clone()
    }
    fn put(clipboard: &SecretClipboard<Fake>, text: &str) {
        clipboard.0.lock().unwrap().board.text = Some(text.to_owned());
    }
    async fn pass(time: Duration) {
        tokio::time::advance(time).await;
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_secret_leaves_after_a_minute() {
        let clipboard = SecretClipboard::<Fake>::default();
        assert!(clipboard.copy("81_token".into()));
        tokio::task::yield_now().await;
        pass(HOLD - Duration::from_secs(1)).await;
        assert_eq!(text(&clipboard).as_deref(), Some("81_token"));
        pass(Duration::from_secs(2)).await;
        assert_eq!(text(&clipboard), None);
        assert!(clipboard.0.lock().unwrap().held.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_person_copied_meanwhile_stays() {
        let clipboard = SecretClipboard::<Fake>::default();
        clipboard.copy("81_token".into());
        tokio::task::yield_now().await;
        put(&clipboard, "a shopping list");
        pass(HOLD + Duration::from_secs(1)).await;
        assert_eq!(text(&clipboard).as_deref(), Some("a shopping list"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_copy_has_its_own_minute() {
        let clipboard = SecretClipboard::<Fake>::default();
        clipboard.copy("first".into());
        tokio::task::yield_now().await;
        pass(Duration::from_secs(40)).await;
        clipboard.copy("second".into());
        tokio::task::yield_now().await;
        pass(Duration::from_secs(40)).await;
        assert_eq!(text(&clipboard).as_deref(), Some("second"));
        pass(Duration::from_secs(21)).await;
        assert_eq!(text(&clipboard), None);
    }

    #[tokio::test(start_paused = true)]
    async fn emptied_at_once_when_asked() {
        let clipboard = SecretClipboard::<Fake>::default();
        clipboard.copy("81_token".into());
        assert_eq!(clipboard.empty(), Emptied::Cleared);
        assert_eq!(text(&clipboard), None);
        put(&clipboard, "other");
        assert_eq!(clipboard.empty(), Emptied::Cleared, "nothing of ours is held");
        assert_eq!(text(&clipboard).as_deref(), Some("other"));
    }
}
