//! Business servers and what became of their deliveries.

use std::sync::Arc;

use rusqlite::{Connection, params};
use wechat::crypto::msg_signature;
use wechat::xml::XmlWriter;

use crate::core::{Core, Runtime};
use crate::dto::{
    Delivery, DeliveryPage, DeliveryQuery, DeliveryReport, DeliveryState, ErrorCode, FieldError, RevealedSecret,
    Target, TargetInput, TargetMode,
};
use crate::error::AppError;
use crate::forward::{self, Outgoing};
use crate::store::StoreError;
use crate::store::tables::delivery::{self, DeliveryRow};
use crate::store::tables::delivery_log::{self, LogRow};
use crate::store::tables::inbox::{self, PushRow, Seal, flag, notify_of};
use crate::store::tables::target::{self, TargetRow};

/// Rows of a page, at most and when nobody says.
const LIMIT: (u32, u32) = (500, 100);
/// Letters of a secret that is made here.
const SECRET: usize = 32;
/// Follower of the made-up message.
const NOBODY: &str = "o_wxdesk_test_message";

fn unknown(id: i64) -> AppError {
    AppError::not_found("target", &id.to_string())
}

impl Core {
    async fn target_row(&self, id: i64) -> Result<TargetRow, AppError> {
        self.store().read(move |c| Ok(target::get(c, id)?)).await?.ok_or_else(|| unknown(id))
    }

    /// All business servers.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_targets(&self) -> Result<Vec<Target>, AppError> {
        let rows = self.store().read(|c| Ok(target::list(c)?)).await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            all.push(forward::view(self, row).await?);
        }
        Ok(all)
    }

    /// What is wrong with a business server.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn validate_target(&self, input: TargetInput) -> Result<Vec<FieldError>, AppError> {
        Ok(self.checked_target(&input).await?.0)
    }

    async fn checked_target(&self, input: &TargetInput) -> Result<(Vec<FieldError>, Option<TargetRow>), AppError> {
        let Some(id) = input.id else { return Ok((forward::check(input, None, false), None)) };
        let known = self.target_row(id).await?;
        let used = !self.rules().using(id).is_empty();
        Ok((forward::check(input, Some(&known), used), Some(known)))
    }

    /// Makes or changes a business server.
    ///
    /// # Errors
    /// `InvalidInput` naming fields and rules; `NotFound`; the store's.
    pub async fn save_target(&self, input: TargetInput) -> Result<Target, AppError> {
        let (errors, known) = self.checked_target(&input).await?;
        if !errors.is_empty() {
            return Err(AppError::invalid(errors));
        }
        let fresh = || {
            wechat::crypto::generate_token(SECRET)
                .map_err(|_| AppError::new(ErrorCode::Internal, "no random bytes from the system"))
        };
        let row = forward::row_of(input, known.as_ref(), fresh, self.clock().now())?;
        let row = self.store().write(move |tx| target::save(tx, &row)).await?;
        self.forward().put(row.clone())?;
        forward::view(self, row).await
    }

    /// Switches a business server on or off.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn switch_target(&self, id: i64, on: bool) -> Result<Target, AppError> {
        let now = self.clock().now();
        let row = self.store().write(move |tx| target::switch(tx, id, on, now)).await?.ok_or_else(|| unknown(id))?;
        self.forward().put(row.clone())?;
        forward::view(self, row).await
    }

    /// Removes a business server with its queue, its dead letters and its log.
    ///
    /// # Errors
    /// `Conflict` while rules use it; `NotFound`; the store's.
    pub async fn remove_target(&self, id: i64) -> Result<(), AppError> {
        let rules = self.rules().using(id);
        if !rules.is_empty() {
            let words = format!("rules use it: {}; change or remove them first", rules.join(", "));
            return Err(AppError::new(ErrorCode::Conflict, words));
        }
        if !self.store().write(move |tx| target::remove(tx, id)).await? {
            return Err(unknown(id));
        }
        self.forward().forget(id);
        Ok(())
    }

    /// Shows a business server's secret.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn reveal_target_secret(&self, id: i64) -> Result<RevealedSecret, AppError> {
        let row = self.target_row(id).await?;
        Ok(RevealedSecret { value: row.secret.expose().clone(), expires_at: None })
    }

    /// Sends a made-up message to a business server.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while nothing is connected that a message could come from.
    pub async fn test_target(&self, id: i64) -> Result<DeliveryReport, AppError> {
        self.target_row(id).await?;
        let (runtime, appid) = self.any_account().ok_or_else(|| {
            AppError::new(ErrorCode::Conflict, "connect a platform or an account first: a message comes from one")
        })?;
        let row = made_up(&runtime, appid, self.clock().now())?;
        let message = Outgoing { runtime, row: Arc::new(row), test: true };
        forward::send_once(self, id, &message).await
    }

    /// An account that a made-up message may come from, best one whose messages are encrypted and that is authorized.
    fn any_account(&self) -> Option<(Arc<Runtime>, String)> {
        let mirror = self.store().mirror();
        let accounts = mirror.accounts();
        let best = |runtime: &Arc<Runtime>| runtime.crypto.is_none();
        let mut connections: Vec<Arc<Runtime>> =
            mirror.connections().iter().filter_map(|row| self.runtime(row.id)).collect();
        connections.sort_by_key(best);
        let with_account = connections.iter().find_map(|runtime| {
            let (account, _) = accounts.iter().find(|(a, _)| a.platform_id == runtime.row.id && a.authorized)?;
            Some((runtime.clone(), account.appid.clone()))
        });
        with_account.or_else(|| {
            let runtime = connections.into_iter().next()?;
            let appid = runtime.row.component_appid.clone();
            Some((runtime, appid))
        })
    }

    /// Attempts, or messages that wait or are dead.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_deliveries(&self, query: DeliveryQuery) -> Result<DeliveryPage, AppError> {
        // What was sent a moment ago is what a person looks for. A store that takes no rows still shows old ones.
        let _ = forward::flush_log(self).await;
        let limit = query.limit.unwrap_or(LIMIT.1).clamp(1, LIMIT.0) as usize;
        let before = query.before.unwrap_or(i64::MAX);
        let (mut rows, more) = self
            .store()
            .read(move |c| match query.state {
                Some(DeliveryState::Dead) => dead(c, query.target_id, before, limit),
                Some(DeliveryState::Waiting) => waiting(c, query.target_id, before, limit),
                state => {
                    let ok = state.map(|state| state == DeliveryState::Delivered);
                    let mut rows = delivery_log::list(c, query.target_id, ok, before, limit + 1)?;
                    let more = rows.len() > limit;
                    rows.truncate(limit);
                    let told = rows.into_iter().map(|row| with_push(c, attempt(row))).collect::<Result<_, _>>()?;
                    Ok((told, more))
                }
            })
            .await?;
        let mirror = self.store().mirror();
        for (row, platform_id) in &mut rows {
            let account = row.appid.as_deref().and_then(|appid| mirror.account_by_appid(*platform_id, appid));
            row.account_name = account.map(|a| a.nick_name.clone()).filter(|name| !name.is_empty());
        }
        let items: Vec<Delivery> = rows.into_iter().map(|(row, _)| row).collect();
        let next_before = items.last().filter(|_| more).map(|row| row.id);
        Ok(DeliveryPage { items, next_before })
    }

    /// Dead letters back into the queue: these, or all of the target. Answers how many.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn resend_dead(&self, target_id: i64, ids: Option<Vec<i64>>) -> Result<i64, AppError> {
        self.target_row(target_id).await?;
        let now = self.clock().now();
        let count = self.store().write(move |tx| delivery::resend(tx, target_id, ids.as_deref(), now)).await?;
        self.forward().look_again(target_id);
        Ok(count)
    }

    /// Forgets dead letters: these, or all of the target. Answers how many.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn drop_dead(&self, target_id: i64, ids: Option<Vec<i64>>) -> Result<i64, AppError> {
        self.target_row(target_id).await?;
        let count = self.store().write(move |tx| delivery::drop_dead(tx, target_id, ids.as_deref())).await?;
        self.changes().tell(["targets"]);
        Ok(count)
    }

    /// Ends the pause of a business server that failed too often.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn close_breaker(&self, id: i64) -> Result<Target, AppError> {
        let row = self.target_row(id).await?;
        self.forward().close_breaker(id);
        forward::view(self, row).await
    }
}

/// A text message as a follower would send it.
fn made_up(runtime: &Runtime, appid: String, now: i64) -> Result<PushRow, AppError> {
    let random = wechat::crypto::random_prefix()
        .map_err(|_| AppError::new(ErrorCode::Internal, "no random bytes from the system"))?;
    let seconds = now / 1_000;
    let mut xml = XmlWriter::new();
    xml.cdata("ToUserName", "gh_wxdesk_test")
        .cdata("FromUserName", NOBODY)
        .number("CreateTime", seconds)
        .cdata("MsgType", "text")
        .cdata("Content", "wxdesk 测试消息 / test message")
        .number("MsgId", now);
    let body = xml.finish().into_bytes();
    let (timestamp, nonce) = (seconds.to_string(), fastrand::u32(100_000_000..).to_string());
    let signature = runtime.crypto.as_ref().map(|crypto| {
        msg_signature(runtime.row.verify_token.expose(), &timestamp, &nonce, &crypto.encrypt(&body, random))
    });
    let key_print = if signature.is_some() { runtime.key_prints.0 } else { 0 };
    Ok(PushRow {
        id: 0,
        platform_id: runtime.row.id,
        authorizer: Some(appid),
        received_at: now,
        dedupe: 0,
        kind: None,
        random,
        body,
        seal: Seal { timestamp, nonce, signature: signature.unwrap_or_default(), key_print },
        flags: flag::MADE_UP,
        rule_id: None,
        notify: None,
    })
}

/// Rows with their pushes' platforms, and whether there are more.
type Page = (Vec<(Delivery, i64)>, bool);

fn attempt(row: LogRow) -> Delivery {
    Delivery {
        id: row.id,
        target_id: row.target_id,
        push_id: row.push_id,
        state: if row.error.is_none() { DeliveryState::Delivered } else { DeliveryState::Failed },
        at: row.at,
        attempt: row.attempt,
        status: row.status,
        took_ms: Some(row.took_ms),
        error: row.error,
        error_text: row.error.map(|error| forward::words(error, row.status)),
        due_at: None,
        appid: None,
        account_name: None,
        kind: String::new(),
        text: String::new(),
    }
}

fn queued(row: DeliveryRow) -> Delivery {
    Delivery {
        // What waits is listed by push, together with what was not tried yet and has no row.
        id: if row.dead { row.id } else { row.push_id },
        target_id: row.target_id,
        push_id: row.push_id,
        state: if row.dead { DeliveryState::Dead } else { DeliveryState::Waiting },
        at: if row.dead { row.at } else { row.received_at },
        attempt: row.attempts,
        status: row.status,
        took_ms: None,
        error: row.error,
        error_text: row.error.map(|error| forward::words(error, row.status)),
        due_at: (!row.dead && row.due_at > 0).then_some(row.due_at),
        appid: None,
        account_name: None,
        kind: String::new(),
        text: String::new(),
    }
}

/// Adds what the push says.
fn with_push(connection: &Connection, mut row: Delivery) -> Result<(Delivery, i64), StoreError> {
    let Some(push) = inbox::get(connection, row.push_id)? else { return Ok((row, 0)) };
    (row.kind, row.text) = forward::summary(&push.body);
    row.appid = push.authorizer;
    Ok((row, push.platform_id))
}

fn targets(connection: &Connection, only: Option<i64>) -> Result<Vec<TargetRow>, StoreError> {
    let mut all = target::list(connection)?;
    all.retain(|row| only.is_none_or(|id| id == row.id));
    Ok(all)
}

fn dead(connection: &Connection, only: Option<i64>, before: i64, limit: usize) -> Result<Page, StoreError> {
    let mut rows = Vec::new();
    for target in targets(connection, only)? {
        rows.extend(delivery::list(connection, target.id, true, before, limit + 1)?);
    }
    rows.sort_by_key(|row| -row.id);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let told = rows.into_iter().map(|row| with_push(connection, queued(row))).collect::<Result<_, _>>()?;
    Ok((told, more))
}

/// What waits, newest push first: rows of the table, and pushes after the target's place in the inbox. A page may be a
/// few rows longer than asked for, so that it does not end between two targets of one push.
fn waiting(connection: &Connection, only: Option<i64>, before: i64, limit: usize) -> Result<Page, StoreError> {
    let mut rows = Vec::new();
    for target in targets(connection, only)?.into_iter().filter(|row| row.mode == TargetMode::Notified) {
        rows.extend(delivery::list(connection, target.id, false, before, limit + 1)?.into_iter().map(queued));
        let mut statement = connection.prepare_cached(
            "SELECT id, received_at FROM inbox INDEXED BY inbox_notify WHERE id > ?1 AND id < ?2 AND notify IS NOT NULL
                AND instr(notify, ?3) > 0 ORDER BY id DESC LIMIT ?4",
        )?;
        let limit = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let fresh: Vec<(i64, i64)> = statement
            .query_map(params![target.cursor, before, notify_of(&[target.id]), limit], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (push_id, received_at) in fresh {
            if delivery::has(connection, target.id, push_id)? {
                continue;
            }
            rows.push(queued(DeliveryRow {
                id: 0,
                target_id: target.id,
                push_id,
                lane: 0,
                received_at,
                dead: false,
                attempts: 0,
                due_at: 0,
                at: received_at,
                status: None,
                error: None,
            }));
        }
    }
    rows.sort_by_key(|row| (-row.push_id, row.target_id));
    let end = match rows.get(limit.saturating_sub(1)).map(|row| row.push_id) {
        Some(last) => rows.iter().position(|row| row.push_id < last).unwrap_or(rows.len()),
        None => rows.len(),
    };
    let more = rows.len() > end;
    rows.truncate(end);
    let told = rows.into_iter().map(|row| with_push(connection, row)).collect::<Result<_, _>>()?;
    Ok((told, more))
}
