//! Reports of jobs as files.

use super::calls::{code, stamp};
use crate::core::Core;
use crate::dto::{Account, BulkKind, BulkLine, ExportFormat, ExportedText};
use crate::error::AppError;
use crate::sheet::{self, Cell};

impl Core {
    /// A job's report, one line an account; of an export, the accounts themselves as they are now.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn export_bulk_report(&self, id: &str, format: ExportFormat) -> Result<ExportedText, AppError> {
        let job = self.bulk().find(id)?;
        let lines = job.lines();
        let stamp = stamp(self.clock().now());
        if job.work.kind == BulkKind::Export {
            let accounts: Vec<Account> = lines
                .iter()
                .filter_map(|line| self.find_any_account(&line.component_appid, &line.appid).ok())
                .map(|(platform, row)| self.account_view(&platform, &row))
                .collect();
            let name = format!("wxdesk-accounts-{stamp}");
            return sheet::export(&name, format, ACCOUNT_HEAD, &accounts, account_cells, false);
        }
        let name = format!("wxdesk-{}-{stamp}", code(job.work.kind));
        sheet::export(&name, format, LINE_HEAD, &lines, line_cells, false)
    }
}

const LINE_HEAD: &[&str] = &[
    "n",
    "component_appid",
    "platform_name",
    "appid",
    "nick_name",
    "outcome",
    "words_zh",
    "words_en",
    "errcode",
    "rid",
    "duration_ms",
];

fn line_cells(line: &BulkLine) -> Vec<Cell> {
    vec![
        line.n.into(),
        line.component_appid.clone().into(),
        line.platform_name.clone().into(),
        line.appid.clone().into(),
        line.nick_name.clone().into(),
        code(line.outcome).into(),
        line.words.zh.clone().into(),
        line.words.en.clone().into(),
        line.errcode.into(),
        line.rid.clone().into(),
        line.duration_ms.into(),
    ]
}

const ACCOUNT_HEAD: &[&str] = &[
    "component_appid",
    "appid",
    "kind",
    "nick_name",
    "user_name",
    "principal_name",
    "state",
    "tenant",
    "tags",
    "note",
    "scopes",
    "authorized_at",
    "token_state",
    "token_expires_at",
    "next_refresh_at",
    "generation",
    "errcode",
];

fn account_cells(account: &Account) -> Vec<Cell> {
    let scopes: Vec<String> = account.scopes.iter().map(ToString::to_string).collect();
    let time = |at: Option<i64>| Cell::from(at.map(sheet::beijing_time));
    vec![
        account.component_appid.clone().into(),
        account.appid.clone().into(),
        code(account.kind).into(),
        account.nick_name.clone().into(),
        account.user_name.clone().into(),
        account.principal_name.clone().into(),
        code(account.state).into(),
        account.tenant.clone().into(),
        account.tags.join(" ").into(),
        account.note.clone().into(),
        scopes.join(" ").into(),
        time(Some(account.authorized_at)),
        code(account.token.state).into(),
        time(account.token.expires_at),
        time(account.token.next_refresh_at),
        account.token.generation.into(),
        account.token.last_error.as_ref().map(|e| e.code).into(),
    ]
}
