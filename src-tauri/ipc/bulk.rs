//! Work on many accounts at once.

use wxdesk_core::dto::{BulkJob, BulkRequest, ExportFormat, ExportedText};

use super::{Answer, State};

/// Starts a job.
#[tauri::command(rename_all = "snake_case")]
pub async fn start_bulk(desk: State<'_>, request: BulkRequest) -> Answer<BulkJob> {
    desk.core().await?.start_bulk(request)
}

/// The jobs of this run, newest first.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_bulk_jobs(desk: State<'_>) -> Answer<Vec<BulkJob>> {
    Ok(desk.core().await?.list_bulk_jobs())
}

/// A job and the lines of its report after number `after`.
#[tauri::command(rename_all = "snake_case")]
pub async fn bulk_job(desk: State<'_>, id: String, after: Option<i64>) -> Answer<BulkJob> {
    desk.core().await?.bulk_job(&id, after)
}

/// Lets nothing new of a job begin.
#[tauri::command(rename_all = "snake_case")]
pub async fn cancel_bulk(desk: State<'_>, id: String) -> Answer<BulkJob> {
    desk.core().await?.cancel_bulk(&id)
}

/// A job's report as a file's text.
#[tauri::command(rename_all = "snake_case")]
pub async fn export_bulk_report(desk: State<'_>, id: String, format: ExportFormat) -> Answer<ExportedText> {
    desk.core().await?.export_bulk_report(&id, format)
}

/// Starts the same work with the accounts that failed, or that a cancel left out.
#[tauri::command(rename_all = "snake_case")]
pub async fn retry_bulk(desk: State<'_>, id: String) -> Answer<BulkJob> {
    desk.core().await?.retry_bulk(&id)
}
