//! Taking an address, and what to say when it is taken: by whom, and which one is free.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use crate::dto::ErrorCode;
use crate::error::AppError;

/// Ports above the wanted one that are tried for the offer; the first after it is skipped, since the local API's usual
/// port is one above the public door's.
const NEAR: std::ops::RangeInclusive<u16> = 2..=40;

/// Connections that may wait to be accepted. The system's own limit is 4096 where nobody changed it; one that does not
/// fit is asked to come again after a second.
const BACKLOG: u32 = 4_096;

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // On Windows it would let two programs share an address; elsewhere it frees one from its closed connections.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Binds an address.
///
/// # Errors
/// In words: taken (by whom, where this machine tells us), not ours, no permission. `detail.offer` is a free address near
/// a taken one.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, AppError> {
    let e = match listen(address) {
        Ok(listener) => return Ok(listener),
        Err(e) => e,
    };
    let why = match e.kind() {
        std::io::ErrorKind::AddrInUse => return Err(taken(address).await),
        std::io::ErrorKind::PermissionDenied => "no permission (ports below 1024 need it)".to_owned(),
        std::io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        _ => e.to_string(),
    };
    Err(AppError::new(ErrorCode::Unavailable, format!("cannot listen on {address}: {why}")))
}

async fn taken(address: SocketAddr) -> AppError {
    // Looking through every process's files may take some ms.
    let (who, offer) =
        tokio::task::spawn_blocking(move || (holder(address), free_near(address))).await.unwrap_or_default();
    let who = who.unwrap_or_else(|| "another program".to_owned());
    let free = offer.map_or_else(String::new, |a| format!("; {a} is free"));
    let mut error =
        AppError::new(ErrorCode::Unavailable, format!("cannot listen on {address}: {who} listens there{free}"));
    error.offer(offer.map(|a| a.to_string()));
    error
}

/// A free address of the same host near the wanted port.
fn free_near(address: SocketAddr) -> Option<SocketAddr> {
    NEAR.filter_map(|step| address.port().checked_add(step))
        .map(|port| SocketAddr::new(address.ip(), port))
        .find(|near| std::net::TcpListener::bind(near).is_ok())
}

/// Name and process id of the program that listens there, as far as we may see it.
#[cfg(target_os = "linux")]
fn holder(address: SocketAddr) -> Option<String> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| std::fs::read_to_string(table).ok())
        .flat_map(|table| listening(&table, address.port()))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let pid = std::fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
        let pid: u32 = process.file_name().to_str()?.parse().ok()?;
        // Other users' processes do not let us look.
        let mut files = std::fs::read_dir(process.path().join("fd")).ok()?.flatten();
        let holds = files.any(|file| {
            let target = std::fs::read_link(file.path()).ok();
            target.and_then(|t| t.to_str().map(|t| inodes.iter().any(|i| i == t))).unwrap_or(false)
        });
        holds.then_some(pid)
    })?;
    if pid == std::process::id() {
        return Some("this program itself".to_owned());
    }
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(format!("{} (process {pid})", Some(name.trim()).filter(|n| !n.is_empty()).unwrap_or("another program")))
}

/// Inodes of the sockets that listen on a port, of `/proc/net/tcp` or `tcp6`.
#[cfg(target_os = "linux")]
fn listening(table: &str, port: u16) -> Vec<String> {
    /// `TCP_LISTEN` of the kernel's `tcp_states.h`.
    const LISTEN: &str = "0A";
    table
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let local = fields.nth(1)?;
            let state = fields.nth(1)?;
            let inode = fields.nth(5)?;
            let at = u16::from_str_radix(local.rsplit(':').next()?, 16).ok()?;
            (at == port && state == LISTEN).then(|| inode.to_owned())
        })
        .collect()
}

#[cfg(not(target_os = "linux"))]
fn holder(_: SocketAddr) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_address_is_said_by_whom_and_another_is_offered() {
        let holder = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = holder.local_addr().unwrap();
        let error = bind(address).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Unavailable);
        if cfg!(target_os = "linux") {
            assert!(error.message.contains("this program itself listens there"), "{error}");
        }
        let offer: SocketAddr = error.detail.unwrap().offer.unwrap().parse().unwrap();
        assert!(error.message.contains(&offer.to_string()) && offer.ip() == address.ip() && offer != address);
        bind(offer).await.unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernels_table_is_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \u{20}  0: 0100007F:1F9A 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31337 1 0\n\
            \u{20}  1: 0100007F:1F9A 0100007F:C000 01 00000000:00000000 00:00000000 00000000  1000        0 31338 1 0\n\
            \u{20}  2: 0100007F:1F9B 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31339 1 0\n";
        assert_eq!(listening(table, 8090), ["31337"]);
    }
}
