//! From a tunnel's row to what is started: program, words, environment, file. Pure but for looking for the program.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use wechat::secret::SecretString;
use zeroize::Zeroizing;

use super::adapters::Adapter;
use crate::store::tables::tunnel::TunnelRow;
use crate::validate::host_of;

/// Variables of ours that a client must not see, by name: they change what it prints or where it connects to (an
/// inherited `RUST_LOG=warn` makes bore print no address at all, `http_proxy` diverts ngrok's control connection).
const SCRUBBED: &[&str] = &[
    "RUST_LOG",
    "RUST_BACKTRACE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "REQUEST_METHOD",
    "SSH_ASKPASS",
    "DEBUG",
];
/// The same, by beginning: variables by which clients take settings.
const SCRUBBED_PREFIXES: &[&str] = &["TUNNEL_", "NGROK_", "BORE_", "FRP_", "CPOLAR_", "NATAPP_", "WXDESK_"];

/// What is started.
pub struct Plan {
    /// Program.
    pub program: PathBuf,
    /// Words after it.
    pub args: Vec<OsString>,
    /// Environment to set.
    pub env: Vec<(&'static str, SecretString)>,
    /// Configuration file, written for its owner alone.
    pub config: Option<(PathBuf, Zeroizing<String>)>,
    /// The free port that `{api_port}` stands for.
    pub api_port: u16,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan").field("program", &self.program).finish_non_exhaustive()
    }
}

/// Whether a client must not inherit this variable.
#[must_use]
pub fn is_scrubbed(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    SCRUBBED.contains(&upper.as_str()) || SCRUBBED_PREFIXES.iter().any(|p| upper.starts_with(p))
}

/// Settings with the defaults of fields that were left out.
#[must_use]
pub fn settings(adapter: &Adapter, given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = adapter
        .fields
        .iter()
        .filter_map(|f| Some((f.key.to_owned(), f.default?.to_owned())))
        .chain(given.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k.clone(), v.clone())))
        .collect();
    // What does not count must not be filled into a template.
    let idle: Vec<&str> = adapter.fields.iter().filter(|f| !f.applies(&all)).map(|f| f.key).collect();
    all.retain(|key, _| !idle.contains(&key.as_str()));
    all
}

/// The URL that is known before anything runs.
#[must_use]
pub fn known_url(adapter: &Adapter, given: &BTreeMap<String, String>) -> Option<String> {
    settings(adapter, given).remove("public_url").map(|u| u.trim_end_matches('/').to_owned())
}

/// Makes the plan. `dir`: the tunnel's own folder; `local`: our listener; `api_port`: a free port.
#[must_use]
pub fn make(row: &TunnelRow, program: PathBuf, local: SocketAddr, dir: &Path, api_port: u16) -> Plan {
    let adapter = row.client;
    let settings = settings(adapter, &row.settings);
    let mut values: BTreeMap<String, Zeroizing<String>> =
        settings.iter().map(|(k, v)| (k.clone(), Zeroizing::new(v.clone()))).collect();
    for field in adapter.fields.iter().filter(|f| f.applies(&settings)) {
        if let Some(secret) = row.secrets.get(field.key) {
            values.insert(field.key.to_owned(), Zeroizing::new(secret.expose().clone()));
        }
    }
    let config_path = adapter.config.map(|(name, _)| dir.join(name));
    let home = std::env::var("HOME").or_else(|_| std::env::var("USERPROFILE")).unwrap_or_default();
    values.entry("known_hosts".into()).or_insert_with(|| Zeroizing::new(format!("{home}/.ssh/known_hosts")));
    let public_host = settings.get("public_url").and_then(|u| host_of(u)).unwrap_or("").to_owned();
    let vhost = if settings.get("proxy").is_some_and(|p| p == "http") { public_host.clone() } else { String::new() };
    for (key, value) in [
        ("id", row.id.clone()),
        ("dir", dir.display().to_string()),
        ("config", config_path.as_ref().map(|p| p.display().to_string()).unwrap_or_default()),
        ("local", local.to_string()),
        ("local_host", local.ip().to_string()),
        ("local_port", local.port().to_string()),
        ("api_port", api_port.to_string()),
        ("public_host", public_host),
        ("vhost", vhost),
    ] {
        values.insert(key.to_owned(), Zeroizing::new(value));
    }
    let args = adapter
        .args
        .iter()
        .filter(|g| g.when.is_none_or(|(key, value)| settings.get(key).is_some_and(|v| v == value)))
        .filter_map(|g| g.words.iter().map(|w| fill(w, &values)).collect::<Option<Vec<_>>>())
        .flatten()
        .map(|w| OsString::from(w.as_str()))
        .collect();
    let env = adapter
        .env
        .iter()
        .filter_map(|(name, value)| Some((*name, SecretString::from(fill(value, &values)?.as_str()))))
        .collect();
    let config = config_path.zip(adapter.config).map(|(path, (_, lines))| {
        let mut text = Zeroizing::new(String::new());
        for line in lines.iter().filter_map(|l| fill(l, &values)) {
            text.push_str(&line);
            text.push('\n');
        }
        (path, text)
    });
    Plan { program, args, env, config, api_port }
}

/// A template with its values; `None` when one of them is empty. `{key?}` asks for a value and writes none.
fn fill(template: &str, values: &BTreeMap<String, Zeroizing<String>>) -> Option<Zeroizing<String>> {
    let mut out = Zeroizing::new(String::with_capacity(template.len()));
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let after = &rest[open + 1..];
        let end = after.find('}').unwrap_or(0);
        let name = &after[..end];
        let key = name.strip_suffix('?').unwrap_or(name);
        // `{{ .Envs.X }}` is frp's own template.
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            out.push_str(&rest[..=open]);
            rest = after;
            continue;
        }
        let value = values.get(key).filter(|v| !v.is_empty())?;
        out.push_str(&rest[..open]);
        if !name.ends_with('?') {
            out.push_str(value);
        }
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Some(out)
}

/// Where a client's program lies: the path that was entered, else the folders of `PATH` and the places where people put
/// such programs (an app that was started from a desktop's menu often has a short `PATH`).
#[must_use]
pub fn find_program(adapter: &Adapter, entered: Option<&str>) -> Option<PathBuf> {
    if let Some(path) = entered.filter(|p| !p.is_empty()) {
        return Some(PathBuf::from(path)).filter(|p| is_program(p));
    }
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).map(PathBuf::from);
    let mut places: Vec<PathBuf> =
        std::env::var_os("PATH").map(|p| std::env::split_paths(&p).collect()).unwrap_or_default();
    places.extend(["/usr/local/bin", "/opt/homebrew/bin", "/usr/bin"].map(PathBuf::from));
    if let Some(home) = home {
        places.extend([".local/bin", "bin", ".cargo/bin"].map(|p| home.join(p)));
    }
    // A relative entry of PATH would depend on where we were started.
    places.retain(|p| p.is_absolute());
    for place in &places {
        for name in adapter.programs {
            let path = place.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            if is_program(&path) {
                return Some(path);
            }
        }
    }
    None
}

fn is_program(path: &Path) -> bool {
    let Ok(meta) = std::fs::metadata(path) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        meta.is_file() && meta.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    meta.is_file()
}

#[cfg(test)]
mod tests;
