//! Tunnels: the known clients, enter, change, remove, start, stop, and what became of the URL.

use wechat::secret::SecretString;

use crate::core::Core;
use crate::dto::{ErrorCode, Tunnel, TunnelClient, TunnelInput, TunnelLog};
use crate::error::AppError;
use crate::store::tables::tunnel::{self, TunnelRow};
use crate::tunnel::{adapters, folder_of, plan};
use crate::validate;

impl Core {
    async fn tunnel_row(&self, id: &str) -> Result<TunnelRow, AppError> {
        let wanted = id.to_owned();
        self.store().read(move |c| Ok(tunnel::get(c, &wanted)?)).await?.ok_or_else(|| AppError::not_found("tunnel", id))
    }

    fn tunnel_view(&self, row: &TunnelRow) -> Tunnel {
        self.tunnels().view(self, row, &self.store().mirror().connections())
    }

    /// The known clients, and where the program of each lies on this machine.
    ///
    /// # Errors
    /// None but a broken-off task.
    pub async fn list_tunnel_clients(&self) -> Result<Vec<TunnelClient>, AppError> {
        // Looks at some dozen folders.
        tokio::task::spawn_blocking(|| {
            let found = |a| plan::find_program(a, None).map(|p| p.display().to_string());
            adapters::all().into_iter().map(|a| a.view(found(a))).collect()
        })
        .await
        .map_err(|_| AppError::new(ErrorCode::Internal, "looking for programs broke off"))
    }

    /// All tunnels, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_tunnels(&self) -> Result<Vec<Tunnel>, AppError> {
        let rows = self.store().read(|c| Ok(tunnel::list(c)?)).await?;
        Ok(rows.iter().map(|row| self.tunnel_view(row)).collect())
    }

    /// Adds or changes a tunnel. Secrets that are left out stay. One that runs is started again if what it runs with
    /// changed.
    ///
    /// # Errors
    /// `InvalidInput` naming fields and rules; `NotFound`; the store's.
    pub async fn save_tunnel(&self, input: TunnelInput) -> Result<Tunnel, AppError> {
        let old = match input.id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => Some(self.tunnel_row(id).await?),
            None => None,
        };
        let adapter = adapters::of(input.client);
        let mut secrets = old.as_ref().map(|o| o.secrets.clone()).unwrap_or_default();
        for (key, value) in input.secrets {
            if value.is_empty() {
                secrets.remove(&key);
            } else {
                secrets.insert(key, SecretString::from(value));
            }
        }
        let settings = input.settings.into_iter().map(|(k, v)| (k, v.trim().to_owned())).filter(|(_, v)| !v.is_empty());
        let name = input.name.trim();
        let now = self.clock().now();
        let row = TunnelRow {
            id: match &old {
                Some(old) => old.id.clone(),
                None => new_id()?,
            },
            client: adapter,
            name: if name.is_empty() { adapter.name.0.to_owned() } else { name.to_owned() },
            settings: settings.collect(),
            secrets,
            program: input.program.map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()),
            follow: input.follow,
            enabled: old.as_ref().is_some_and(|o| o.enabled),
            last_url: old.as_ref().and_then(|o| o.last_url.clone()),
            change: old.as_ref().and_then(|o| o.change.clone()),
            created_at: old.as_ref().map_or(now, |o| o.created_at),
            updated_at: now,
        };
        let mut errors = validate::tunnel::row(&row);
        if old.as_ref().is_some_and(|o| o.client.id != adapter.id) {
            errors.push(validate::tunnel::client_fixed());
        }
        if !errors.is_empty() {
            return Err(AppError::invalid(errors));
        }
        let stored = row.clone();
        self.store()
            .write(move |tx| {
                let mut row = stored;
                // It may have come online meanwhile.
                if let Some(newest) = tunnel::get(tx, &row.id)? {
                    row.last_url = newest.last_url;
                    row.change = newest.change;
                    row.enabled = newest.enabled;
                }
                tunnel::save(tx, &row)
            })
            .await?;
        let same = old.is_some_and(|o| {
            o.settings == row.settings
                && o.secrets == row.secrets
                && o.program == row.program
                && o.client.id == row.client.id
        });
        if !same && self.tunnels().is_running(&row.id) {
            self.tunnels().start(self, row.clone()).await?;
        }
        self.changes().tell(["tunnels", "overview"]);
        let row = self.tunnel_row(&row.id).await?;
        Ok(self.tunnel_view(&row))
    }

    /// Ends a tunnel and removes what is stored of it.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn remove_tunnel(&self, id: &str) -> Result<(), AppError> {
        let row = self.tunnel_row(id).await?;
        self.tunnels().stop(self, &row.id).await;
        let gone = row.id.clone();
        self.store().write(move |tx| tunnel::remove(tx, &gone)).await?;
        self.tunnels().forget(&row.id);
        let _ = std::fs::remove_dir_all(folder_of(self, &row.id));
        self.changes().tell(["tunnels", "overview"]);
        Ok(())
    }

    /// Starts a tunnel, now and with every start of the app. Answers at once; how it goes on is told as changes.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn start_tunnel(&self, id: &str) -> Result<Tunnel, AppError> {
        self.enable_tunnel(id, true).await?;
        let row = self.tunnel_row(id).await?;
        self.tunnels().start(self, row.clone()).await?;
        Ok(self.tunnel_view(&row))
    }

    /// Ends a tunnel's client, and does not start it with the app any more. Answers once it has ended, within 4 s.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn stop_tunnel(&self, id: &str) -> Result<Tunnel, AppError> {
        self.enable_tunnel(id, false).await?;
        self.tunnels().stop(self, id).await;
        let row = self.tunnel_row(id).await?;
        Ok(self.tunnel_view(&row))
    }

    async fn enable_tunnel(&self, id: &str, enabled: bool) -> Result<(), AppError> {
        let id = self.tunnel_row(id).await?.id;
        Ok(self.store().write(move |tx| tunnel::enable(tx, &id, enabled)).await?)
    }

    /// The last lines of a tunnel's log.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn tunnel_log(&self, id: &str) -> Result<TunnelLog, AppError> {
        Ok(self.tunnels().log(&self.tunnel_row(id).await?.id))
    }

    /// The new callback URLs were entered on open.weixin.qq.com: they are not shown as changed any more.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn confirm_tunnel_url(&self, id: &str) -> Result<Tunnel, AppError> {
        let row = self.tunnel_row(id).await?;
        let (id, shown) = (row.id.clone(), row.change);
        self.store()
            .write(move |tx| {
                let newest = tunnel::get(tx, &id)?;
                // A change that came after the one on the page was not confirmed with it.
                match newest {
                    Some(newest) if newest.change == shown => {
                        tunnel::keep_url(tx, &id, newest.last_url.as_deref(), None)
                    }
                    _ => Ok(()),
                }
            })
            .await?;
        self.changes().tell(["tunnels", "overview"]);
        let row = self.tunnel_row(&row.id).await?;
        Ok(self.tunnel_view(&row))
    }
}

fn new_id() -> Result<String, AppError> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).map_err(|_| AppError::new(ErrorCode::Internal, "no random bytes from the system"))?;
    Ok(crate::hex(&random))
}
