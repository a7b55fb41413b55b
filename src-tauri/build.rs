//! Build script of the app: makes a permission of every window command, then lets Tauri read `tauri.conf.json`.
//!
//! Owns nothing at run time. Without the feature `app` it does nothing, so that the crates build without WebKit.

#[cfg(feature = "app")]
#[path = "ipc/names.rs"]
mod names;

fn main() {
    // Tauri watches `./capabilities` only, and ours lie in `src-tauri/`.
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/ipc/names.rs");
    println!("cargo:rerun-if-changed=src-tauri/icons");
    #[cfg(feature = "app")]
    window();
}

#[cfg(feature = "app")]
fn window() {
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/*.json")
        .app_manifest(tauri_build::AppManifest::new().commands(names::COMMANDS));
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo:warning={error:#}");
        std::process::exit(1);
    }
}
