//! One running engine behind the window: the operator's own, or the sandbox's with its simulated platform.
//!
//! Owns starting and stopping in the right order, and the ports. It must not hold a business rule. Invariant: a session
//! that could not be started whole has been stopped again before the error is returned, so its folder is free.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use wxdesk_core::dto::{ErrorCode, PlatformInput};
use wxdesk_core::{AppError, Core, OpenOptions};
use wxdesk_sandbox::door::{self, Door, DoorOptions};

/// The public door, where the operator's tunnel ends (`interfaces.md` of the project: 8090, local API 8091).
const LISTENER_PORT: u16 = 8090;
/// The local API.
const API_PORT: u16 = 8091;
/// The simulated platform is the same on every machine.
const SANDBOX_SEED: u64 = 1;

/// An engine, and for the sandbox the simulated platform that it talks to.
pub struct Session {
    /// The engine.
    pub core: Core,
    door: Option<Door>,
    /// The port that the public door should have had; it was taken, so a free one was chosen.
    pub moved_from: Option<SocketAddr>,
}

impl Session {
    /// Opens and starts the operator's own engine on `dir`. When the usual ports are taken it takes free ones: a window
    /// that does not open helps nobody, and the page shows the address in use. (`wxdeskd` refuses instead, because
    /// whoever starts it has named the ports.)
    ///
    /// # Errors
    /// `Held` when another engine holds the folder, `Store` or `DiskFull` in words.
    pub async fn open(dir: &Path) -> Result<Self, AppError> {
        let mut options = OpenOptions::new(dir);
        options.keychain = true;
        let core = Core::open(options).await?;
        let wanted = loopback(LISTENER_PORT);
        let listen = free(wanted);
        if let Err(error) = core.start(listen, free(loopback(API_PORT))).await {
            core.shutdown().await;
            return Err(error);
        }
        Ok(Self { core, door: None, moved_from: (listen != wanted).then_some(wanted) })
    }

    /// Opens and starts an engine on the sandbox's folder together with its simulated platform, and connects the two.
    /// Ports are free ones: the usual ones belong to the operator's own engine.
    ///
    /// # Errors
    /// As [`Session::open`], or `Unavailable` when the simulated platform cannot listen.
    pub async fn open_sandbox(dir: &Path) -> Result<Self, AppError> {
        let mut options = OpenOptions::new(dir);
        options.sandbox = true;
        let core = Core::open(options).await?;
        match connect_sandbox(&core, dir).await {
            Ok(door) => Ok(Self { core, door: Some(door), moved_from: None }),
            Err(error) => {
                core.shutdown().await;
                Err(error)
            }
        }
    }

    /// Stops the engine first, so that no call of it meets a platform that is gone.
    pub async fn stop(self) {
        self.core.shutdown().await;
        if let Some(door) = self.door {
            door.stop().await;
        }
    }
}

async fn connect_sandbox(core: &Core, dir: &Path) -> Result<Door, AppError> {
    core.start(loopback(0), loopback(0)).await?;
    let listener = core
        .listener_address()
        .ok_or_else(|| AppError::new(ErrorCode::Unavailable, "the sandbox's listener does not listen"))?;
    let door = door::serve(DoorOptions {
        listen: loopback(0),
        seed: SANDBOX_SEED,
        state_file: Some(dir.join("sandbox-platform.json")),
        // Set below: a ticket that comes before the platform is known would be refused, and repeated only after 5 s.
        push_base: None,
        ..DoorOptions::default()
    })
    .await
    .map_err(|e| AppError::new(ErrorCode::Unavailable, format!("the sandbox could not start: {e}")))?;
    let base = format!("http://{listener}");
    let mut platform: PlatformInput = serde_json::from_value(door.platform_json())
        .map_err(|e| AppError::new(ErrorCode::Internal, format!("the sandbox describes its platform wrongly: {e}")))?;
    platform.public_base_url.clone_from(&base);
    core.set_sandbox_url(Some(door.base_url()));
    match core.save_platform(platform).await {
        Ok(_) => {
            door.set_push_base(Some(base));
            Ok(door)
        }
        Err(error) => {
            door.stop().await;
            Err(error)
        }
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// `address` if nobody listens there, else any free port of the same host. Between this look and the engine's own bind
/// another program may be faster; the engine then reports it like any other failure.
fn free(address: SocketAddr) -> SocketAddr {
    match TcpListener::bind(address) {
        Ok(_) => address,
        Err(_) => SocketAddr::new(address.ip(), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_replaced_by_a_free_one() {
        let taken = TcpListener::bind(loopback(0)).unwrap().local_addr().unwrap();
        assert_eq!(free(taken), taken, "nobody listens there any more");
        let holder = TcpListener::bind(taken).unwrap();
        assert_eq!(free(taken), loopback(0));
        drop(holder);
    }
}
