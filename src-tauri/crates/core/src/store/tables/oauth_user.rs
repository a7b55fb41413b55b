//! Users who granted something in web OAuth, with their tokens, which are no API tokens.
//!
//! Invariant: an answer without a refresh token keeps the one before; what was asked with tokens that were replaced
//! meanwhile says nothing about the new ones (`generation`).

use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, Row, params};
use wechat::api::oauth::{OauthGrant, OauthUserInfo};
use wechat::secret::SecretString;

use crate::dto::{LastError, OauthUserState};
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE oauth_user (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        platform_id INTEGER NOT NULL REFERENCES platform (id) ON DELETE CASCADE,
        appid TEXT NOT NULL,
        openid TEXT NOT NULL,
        unionid TEXT,
        scope TEXT NOT NULL,
        snapshot INTEGER NOT NULL DEFAULT 0,
        access_token TEXT NOT NULL,
        refresh_token TEXT,
        generation INTEGER NOT NULL,
        access_dead INTEGER NOT NULL DEFAULT 0,
        refresh_dead INTEGER NOT NULL DEFAULT 0,
        obtained_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        refresh_expires_at INTEGER NOT NULL,
        nickname TEXT,
        sex INTEGER,
        country TEXT,
        province TEXT,
        city TEXT,
        head_img_url TEXT,
        created_at INTEGER NOT NULL,
        checked_at INTEGER,
        check_ok INTEGER,
        last_error TEXT,
        UNIQUE (platform_id, appid, openid)
    ) STRICT;",
)];

/// Life of a refresh token after a consent, ms (protocol E.1).
pub const REFRESH_LIFE: i64 = 30 * 24 * 3_600_000;

/// A user.
#[derive(Debug, Clone)]
pub struct OauthUserRow {
    /// Row id; never given twice.
    pub id: i64,
    /// Platform row id.
    pub platform_id: i64,
    /// Account.
    pub appid: String,
    /// The user at this account.
    pub openid: String,
    /// The user at all accounts of one Open Platform account.
    pub unionid: Option<String>,
    /// As granted.
    pub scope: String,
    /// A virtual user of a snapshot page.
    pub snapshot: bool,
    /// Web-OAuth token.
    pub access_token: SecretString,
    /// Its refresh token.
    pub refresh_token: Option<SecretString>,
    /// Grows by one with every answer of tokens.
    pub generation: i64,
    /// WeChat refused the token.
    pub access_dead: bool,
    /// WeChat refused the refresh token.
    pub refresh_dead: bool,
    /// Token obtained, ms.
    pub obtained_at: i64,
    /// Token ends, ms.
    pub expires_at: i64,
    /// Refresh token ends, ms.
    pub refresh_expires_at: i64,
    /// Profile.
    pub nickname: Option<String>,
    /// Profile.
    pub sex: Option<i64>,
    /// Profile.
    pub country: Option<String>,
    /// Profile.
    pub province: Option<String>,
    /// Profile.
    pub city: Option<String>,
    /// Profile.
    pub head_img_url: Option<String>,
    /// First consent, ms.
    pub created_at: i64,
    /// Last `sns/auth`, ms.
    pub checked_at: Option<i64>,
    /// What it said.
    pub check_ok: Option<bool>,
    /// The last refusal.
    pub last_error: Option<LastError>,
}

impl OauthUserRow {
    /// Life of the tokens by our books and WeChat's refusals.
    #[must_use]
    pub fn state(&self, now: i64) -> OauthUserState {
        if !self.access_dead && now < self.expires_at {
            OauthUserState::Valid
        } else if self.refresh_token.is_some() && !self.refresh_dead && now < self.refresh_expires_at {
            OauthUserState::Refreshable
        } else {
            OauthUserState::Over
        }
    }
}

/// The same rule as [`OauthUserRow::state`], for `?1` = now.
const STATE: &str = "CASE WHEN access_dead = 0 AND ?1 < expires_at THEN 'valid'
    WHEN refresh_token IS NOT NULL AND refresh_dead = 0 AND ?1 < refresh_expires_at THEN 'refreshable' ELSE 'over' END";

fn state_text(state: OauthUserState) -> &'static str {
    match state {
        OauthUserState::Valid => "valid",
        OauthUserState::Refreshable => "refreshable",
        OauthUserState::Over => "over",
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<OauthUserRow> {
    let error: Option<String> = row.get("last_error")?;
    Ok(OauthUserRow {
        id: row.get("id")?,
        platform_id: row.get("platform_id")?,
        appid: row.get("appid")?,
        openid: row.get("openid")?,
        unionid: row.get("unionid")?,
        scope: row.get("scope")?,
        snapshot: row.get("snapshot")?,
        access_token: row.get::<_, String>("access_token")?.into(),
        refresh_token: row.get::<_, Option<String>>("refresh_token")?.map(Into::into),
        generation: row.get("generation")?,
        access_dead: row.get("access_dead")?,
        refresh_dead: row.get("refresh_dead")?,
        obtained_at: row.get("obtained_at")?,
        expires_at: row.get("expires_at")?,
        refresh_expires_at: row.get("refresh_expires_at")?,
        nickname: row.get("nickname")?,
        sex: row.get("sex")?,
        country: row.get("country")?,
        province: row.get("province")?,
        city: row.get("city")?,
        head_img_url: row.get("head_img_url")?,
        created_at: row.get("created_at")?,
        checked_at: row.get("checked_at")?,
        check_ok: row.get("check_ok")?,
        last_error: error.and_then(|e| serde_json::from_str(&e).ok()),
    })
}

/// When a granted token ends. The figure comes from outside, so it is capped: WeChat says 7200 s.
fn ends(grant: &OauthGrant, now: i64) -> i64 {
    now + grant.expires_in.clamp(0, REFRESH_LIFE / 1000) * 1000
}

/// A user by row id.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> rusqlite::Result<Option<OauthUserRow>> {
    connection.prepare_cached("SELECT * FROM oauth_user WHERE id = ?1")?.query_row([id], read).optional()
}

/// Stores what a user granted: a new one, or the same one again. Answers the row id.
///
/// # Errors
/// SQLite's.
pub fn consented(tx: &Tx<'_>, platform_id: i64, appid: &str, grant: &OauthGrant, now: i64) -> Result<i64, StoreError> {
    tx.prepare_cached(
        "INSERT INTO oauth_user (platform_id, appid, openid, unionid, scope, snapshot, access_token, refresh_token,
            generation, obtained_at, expires_at, refresh_expires_at, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?9, ?10, ?11, ?9)
         ON CONFLICT (platform_id, appid, openid) DO UPDATE SET unionid = coalesce(excluded.unionid, unionid),
            scope = excluded.scope, snapshot = excluded.snapshot, access_token = excluded.access_token,
            refresh_token = coalesce(excluded.refresh_token, refresh_token), generation = generation + 1,
            access_dead = 0,
            refresh_dead = CASE WHEN excluded.refresh_token IS NULL THEN refresh_dead ELSE 0 END,
            obtained_at = excluded.obtained_at, expires_at = excluded.expires_at,
            refresh_expires_at = CASE WHEN excluded.refresh_token IS NULL THEN refresh_expires_at
                ELSE excluded.refresh_expires_at END,
            checked_at = NULL, check_ok = NULL, last_error = NULL",
    )?
    .execute(params![
        platform_id,
        appid,
        grant.openid,
        grant.unionid,
        grant.scope,
        grant.is_snapshot_user,
        grant.access_token.expose(),
        grant.refresh_token.as_ref().map(|t| t.expose().clone()),
        now,
        ends(grant, now),
        now + REFRESH_LIFE,
    ])?;
    let id = tx
        .prepare_cached("SELECT id FROM oauth_user WHERE platform_id = ?1 AND appid = ?2 AND openid = ?3")?
        .query_row(params![platform_id, appid, grant.openid], |r| r.get(0))?;
    Ok(id)
}

/// Stores renewed tokens. A consent that came meanwhile wins: false then, and nothing is stored.
///
/// # Errors
/// SQLite's.
pub fn renewed(tx: &Tx<'_>, asked: &OauthUserRow, grant: &OauthGrant, now: i64) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE oauth_user SET access_token = ?3, refresh_token = coalesce(?4, refresh_token),
                unionid = coalesce(?5, unionid), scope = CASE WHEN ?6 = '' THEN scope ELSE ?6 END,
                generation = generation + 1, access_dead = 0, refresh_dead = 0, obtained_at = ?7, expires_at = ?8,
                checked_at = NULL, check_ok = NULL, last_error = NULL
             WHERE id = ?1 AND generation = ?2",
        )?
        .execute(params![
            asked.id,
            asked.generation,
            grant.access_token.expose(),
            grant.refresh_token.as_ref().map(|t| t.expose().clone()),
            grant.unionid,
            grant.scope,
            now,
            ends(grant, now),
        ])?;
    Ok(changed > 0)
}

/// Which of the two tokens WeChat refused for good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dead {
    /// The token.
    pub access: bool,
    /// The refresh token.
    pub refresh: bool,
}

/// Notes a refusal of a call that was made with `asked`'s tokens.
///
/// # Errors
/// SQLite's.
pub fn refused(tx: &Tx<'_>, asked: &OauthUserRow, error: &LastError, dead: Dead) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE oauth_user SET last_error = ?3, access_dead = max(access_dead, ?4), refresh_dead = max(refresh_dead, ?5)
         WHERE id = ?1 AND generation = ?2",
    )?
    .execute(params![
        asked.id,
        asked.generation,
        serde_json::to_string(error).unwrap_or_default(),
        dead.access,
        dead.refresh
    ])?;
    Ok(())
}

/// Notes what `sns/auth` said about `asked`'s token.
///
/// # Errors
/// SQLite's.
pub fn checked(tx: &Tx<'_>, asked: &OauthUserRow, now: i64, ok: bool) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE oauth_user SET checked_at = ?3, check_ok = ?4, last_error = CASE WHEN ?4 THEN NULL ELSE last_error END
         WHERE id = ?1 AND generation = ?2",
    )?
    .execute(params![asked.id, asked.generation, now, ok])?;
    Ok(())
}

/// Stores a profile. WeChat leaves empty what it does not tell; what was known stays then.
///
/// # Errors
/// SQLite's.
pub fn profiled(tx: &Tx<'_>, id: i64, profile: &OauthUserInfo) -> Result<(), StoreError> {
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    tx.prepare_cached(
        "UPDATE oauth_user SET nickname = coalesce(?2, nickname), sex = coalesce(?3, sex),
            country = coalesce(?4, country), province = coalesce(?5, province), city = coalesce(?6, city),
            head_img_url = coalesce(?7, head_img_url), unionid = coalesce(?8, unionid), last_error = NULL WHERE id = ?1",
    )?
    .execute(params![
        id,
        filled(&profile.nickname),
        profile.sex,
        filled(&profile.country),
        filled(&profile.province),
        filled(&profile.city),
        filled(&profile.head_img_url),
        profile.unionid,
    ])?;
    Ok(())
}

/// What [`find`] looks for.
#[derive(Debug, Clone, Default)]
pub struct Find {
    /// Only this platform.
    pub platform_id: Option<i64>,
    /// Only this account.
    pub appid: Option<String>,
    /// Only this state.
    pub state: Option<OauthUserState>,
    /// Part of openid, unionid or nickname.
    pub words: Option<String>,
    /// Rows.
    pub limit: u32,
    /// From this row on.
    pub offset: u32,
}

/// A page of users, newest first, and how many match.
///
/// # Errors
/// SQLite's.
pub fn find(connection: &Connection, find: &Find, now: i64) -> Result<(Vec<OauthUserRow>, i64), StoreError> {
    let condition = format!(
        "(?2 IS NULL OR platform_id = ?2) AND (?3 IS NULL OR appid = ?3) AND (?4 IS NULL OR {STATE} = ?4)
         AND (?5 IS NULL OR instr(lower(openid || char(10) || coalesce(unionid, '') || char(10) || coalesce(nickname, '')), ?5) > 0)"
    );
    let (state, words) = (find.state.map(state_text), find.words.as_ref().map(|w| w.to_lowercase()));
    let given: [&dyn ToSql; 5] = [&now, &find.platform_id, &find.appid, &state, &words];
    let total = connection
        .prepare_cached(&format!("SELECT count(*) FROM oauth_user WHERE {condition}"))?
        .query_row(given, |r| r.get(0))?;
    let mut statement = connection
        .prepare_cached(&format!("SELECT * FROM oauth_user WHERE {condition} ORDER BY id DESC LIMIT ?6 OFFSET ?7"))?;
    let paged: [&dyn ToSql; 7] = [&now, &find.platform_id, &find.appid, &state, &words, &find.limit, &find.offset];
    let rows = statement.query_map(paged, read)?.collect::<Result<_, _>>()?;
    Ok((rows, total))
}

/// Forgets a user with everything that hangs on it. False when there is none.
///
/// # Errors
/// SQLite's.
pub fn remove(tx: &Tx<'_>, id: i64) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM oauth_user WHERE id = ?1", [id])? > 0)
}
