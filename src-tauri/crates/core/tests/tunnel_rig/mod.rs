//! What the tunnel tests stand on: an engine in a folder of its own, waiting for a tunnel's state by its changes, real
//! bore and sshd servers on loopback, and fake clients that say what a test tells them to.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use wxdesk_core::dto::{Tunnel, TunnelClientId, TunnelInput};
use wxdesk_core::{Core, OpenOptions};

/// Nothing here takes so long, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `future`, or fails in words.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("not within {PATIENCE:?}: {what}"),
    }
}

/// An engine on a folder, listening on free ports.
pub async fn engine(dir: &Path) -> Core {
    let core = Core::open(OpenOptions::new(dir)).await.unwrap();
    let any = "127.0.0.1:0".parse().unwrap();
    core.start(any, any).await.unwrap();
    core
}

/// A tunnel as entered.
pub fn input(
    client: TunnelClientId,
    program: Option<&Path>,
    settings: &[(&str, &str)],
    secrets: &[(&str, &str)],
) -> TunnelInput {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    };
    TunnelInput {
        id: None,
        client,
        name: String::new(),
        settings: map(settings),
        secrets: map(secrets),
        program: program.map(|p| p.display().to_string()),
        follow: true,
    }
}

/// The tunnel as it is now.
pub async fn tunnel(core: &Core, id: &str) -> Tunnel {
    core.list_tunnels().await.unwrap().into_iter().find(|t| t.id == id).unwrap()
}

/// Waits until the tunnel is as wished, looking at it after every change that is told.
pub async fn until(core: &Core, id: &str, what: &str, wished: impl Fn(&Tunnel) -> bool) -> Tunnel {
    let mut changes = core.subscribe();
    let mut last = None;
    let found = tokio::time::timeout(PATIENCE, async {
        loop {
            let now = tunnel(core, id).await;
            if wished(&now) {
                return now;
            }
            last = Some(now);
            let _ = changes.recv().await;
        }
    })
    .await;
    match found {
        Ok(found) => found,
        Err(_) => {
            let log = core.tunnel_log(id).await.unwrap();
            panic!("not within {PATIENCE:?}: {what}\nlast: {last:#?}\nlog: {:#?}", log.lines);
        }
    }
}

/// The log as one text.
pub async fn log(core: &Core, id: &str) -> String {
    core.tunnel_log(id).await.unwrap().lines.into_iter().map(|l| l.text + "\n").collect()
}

/// Asks for a nonce through a public address: only our own listener answers with it.
pub async fn reaches_listener(base: &str) -> bool {
    let client = wxdesk_core::transport::client(None).unwrap();
    match client.get(format!("{base}/healthz?nonce=throughthetunnel")).send().await {
        Ok(response) => response.text().await.unwrap_or_default().contains("throughthetunnel"),
        Err(_) => false,
    }
}

/// A stand-in for a tunnel's public port: passes bytes to `to` until its task is aborted.
pub async fn proxy_to(to: std::net::SocketAddr) -> (u16, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut to = tokio::net::TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
            });
        }
    });
    (port, task)
}

/// A port that nothing listens on now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Everything of a process's command line.
pub fn command_line(pid: u32) -> String {
    String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/cmdline")).unwrap()).replace('\0', " ")
}

/// bore, from `WXDESK_BORE` or `.tools/bore/bin/bore` at the root of the workspace.
pub fn bore() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).unwrap();
    let path = std::env::var_os("WXDESK_BORE").map_or_else(|| root.join(".tools/bore/bin/bore"), PathBuf::from);
    assert!(
        path.is_file(),
        "{} is missing: run scripts/setup.sh test, or set WXDESK_BORE to a bore 0.6 (cargo install bore-cli)",
        path.display()
    );
    path
}

/// Its tests share one control port, also under plain `cargo test`.
pub static BORE_TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// `bore server` on loopback.
pub struct BoreServer {
    child: Child,
}

impl BoreServer {
    /// Listens when this returns. `port` is the only one it gives.
    pub async fn start(port: u16, secret: &str) -> Self {
        let range = port.to_string();
        let mut child = Command::new(bore())
            .args(["server", "--min-port", &range, "--max-port", &range])
            .args(["--bind-addr", "127.0.0.1", "--bind-tunnels", "127.0.0.1"])
            .env("BORE_SECRET", secret)
            .env("NO_COLOR", "1")
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        soon("bore's server listens", async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.contains("server listening") {
                    return;
                }
            }
            panic!("bore's server ended; is port 7835 in use?");
        })
        .await;
        // Read on, or a full pipe would hold it up.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child }
    }

    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// sshd with a configuration, keys and a port of its own.
pub struct SshServer {
    child: Child,
}

/// Files of an [`SshServer`], made once.
pub struct SshFiles {
    pub port: u16,
    pub user: String,
    pub key: PathBuf,
    pub known_hosts: PathBuf,
    config: PathBuf,
}

fn sshd() -> PathBuf {
    let found =
        ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd"].map(PathBuf::from).into_iter().find(|p| p.is_file());
    found.unwrap_or_else(|| panic!("sshd is missing: run scripts/setup.sh test, or install openssh-server"))
}

impl SshFiles {
    pub async fn make(dir: &Path) -> Self {
        let (port, key, host_key) = (free_port(), dir.join("key"), dir.join("host_key"));
        for path in [&key, &host_key] {
            let made =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status().await;
            assert!(made.unwrap().success(), "ssh-keygen");
        }
        let public = |path: &Path| std::fs::read_to_string(path.with_extension("pub")).unwrap();
        let authorized = dir.join("authorized_keys");
        std::fs::write(&authorized, public(&key)).unwrap();
        let known_hosts = dir.join("known hosts");
        std::fs::write(&known_hosts, format!("[127.0.0.1]:{port} {}", public(&host_key))).unwrap();
        let root = rustix::process::geteuid().is_root();
        if root {
            // Where sshd of root drops its privileges to; a service would have made it.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        let config = dir.join("sshd_config");
        let mut file = std::fs::File::create(&config).unwrap();
        let yes_no = if root { "yes" } else { "no" };
        write!(
            file,
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
             UsePAM {yes_no}\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nAllowTcpForwarding yes\n",
            host_key.display(),
            authorized.display(),
        )
        .unwrap();
        let user = Command::new("id").arg("-un").output().await.unwrap();
        let user = String::from_utf8(user.stdout).unwrap().trim().to_owned();
        Self { port, user, key, known_hosts, config }
    }
}

impl SshServer {
    pub async fn start(files: &SshFiles) -> Self {
        let mut child = Command::new(sshd())
            .args(["-D", "-e", "-f"])
            .arg(&files.config)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        soon("sshd listens", async {
            let mut said = String::new();
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.contains("Server listening") {
                    return;
                }
                said.push_str(&line);
            }
            panic!("sshd ended: {said}");
        })
        .await;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child }
    }

    /// With its sessions, which a killed sshd would leave behind.
    pub async fn kill(mut self) {
        let all = descendants(self.child.id().unwrap());
        self.child.kill().await.unwrap();
        for pid in all {
            let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        for pid in self.child.id().map(descendants).unwrap_or_default() {
            if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

/// Children of a process, and theirs.
fn descendants(of: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        parents.extend(parent.map(|parent| (pid, parent)));
    }
    let mut found = vec![of];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at];
        found.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    found.split_off(1)
}

/// A fake client: it notes its words and environment, then says what is written into its pipe.
pub struct Fake {
    pub program: PathBuf,
    dir: PathBuf,
    pipe: Option<std::fs::File>,
}

impl Fake {
    pub async fn make(dir: &Path) -> Self {
        let program = dir.join("fake-client");
        let (words, pipe) = (dir.join("words"), dir.join("pipe"));
        let script = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$@\" > '{0}'\nenv > '{0}.env'\nexec cat '{1}'\n",
            words.display(),
            pipe.display()
        );
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Command::new("mkfifo").arg(&pipe).status().await.unwrap().success(), "mkfifo");
        Self { program, dir: dir.to_owned(), pipe: None }
    }

    /// The words after the program, one a line, of the last start.
    pub fn words(&self) -> String {
        std::fs::read_to_string(self.dir.join("words")).unwrap()
    }

    /// Its environment.
    pub fn environment(&self) -> String {
        std::fs::read_to_string(self.dir.join("words.env")).unwrap()
    }

    /// Lets a running client say these lines. Waits until one runs.
    pub async fn say(&mut self, lines: &[&str]) {
        if self.pipe.is_none() {
            let path = self.dir.join("pipe");
            // Opening waits for the reader.
            let open = tokio::task::spawn_blocking(move || std::fs::OpenOptions::new().write(true).open(path));
            self.pipe = Some(soon("the fake client opens its pipe", open).await.unwrap().unwrap());
        }
        let pipe = self.pipe.as_mut().unwrap();
        for line in lines {
            writeln!(pipe, "{line}").unwrap();
        }
    }

    /// Closes the pipe: the client ends, with code 0.
    pub fn end(&mut self) {
        self.pipe = None;
    }
}
