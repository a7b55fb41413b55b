//! Words for a person when the program cannot start as it should.
//!
//! Owns those words, in Chinese and English at once: at this point the page, which knows the person's language, may not
//! be there. It must not print a secret; the engine's errors carry none.

use std::net::SocketAddr;

use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};
use wxdesk_core::AppError;
use wxdesk_core::dto::ErrorCode;

use super::desk::Desk;

/// Says why the program ends, in a dialog and on standard error, and returns when the dialog is closed.
pub async fn tell(app: &AppHandle, error: &AppError) {
    print(&error.message);
    show(app, "wxdesk 无法启动 · wxdesk cannot start", MessageDialogKind::Error, words(error)).await;
}

/// Says that the public door is not where the operator's tunnel expects it.
pub async fn warn_moved(app: &AppHandle, wanted: SocketAddr, desk: &Desk) {
    let Some(actual) = desk.core().await.ok().and_then(|core| core.listener_address()) else {
        return;
    };
    tracing::warn!(%wanted, %actual, "the listener's port is taken by another program");
    let text = format!(
        "端口 {port} 已被其他程序占用，本次监听地址为 {actual}。请将内网穿透指向该地址，或释放 {port} 后重启本程序。\n\n\
         Port {port} is taken by another program; this time the listener is at {actual}. Point your tunnel there, or free \
         {port} and start wxdesk again.",
        port = wanted.port(),
    );
    show(app, "监听端口已更换 · Listener moved", MessageDialogKind::Warning, text).await;
}

/// One line on standard error.
pub fn print(text: &str) {
    eprintln!("wxdesk: {text}");
}

async fn show(app: &AppHandle, title: &str, kind: MessageDialogKind, text: String) {
    let (closed, wait) = tokio::sync::oneshot::channel();
    app.dialog().message(text).title(title).kind(kind).show(move |_| {
        let _ = closed.send(());
    });
    let _ = wait.await;
}

fn words(error: &AppError) -> String {
    let chinese = match error.code {
        ErrorCode::Held => {
            "数据文件夹正被另一个进程使用（例如正在运行的 wxdeskd）。一个数据文件夹同一时间只能由一个进程使用。"
        }
        ErrorCode::DiskFull => "数据文件夹所在磁盘已满，没有任何改动。请释放空间后重试。",
        ErrorCode::Store => "数据文件夹或其中的数据库无法读写，原有数据未被覆盖。",
        _ => "启动时出错。",
    };
    format!("{chinese}\n\n{}", error.message)
}
