#!/usr/bin/env bash
# make bundle: a .deb with the app.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TAURI_CLI=2.12.5 # @tauri-apps/cli; the bundler only, the library's version is in Cargo.toml
scripts/setup.sh bundle
source scripts/lib.sh
npm exec --yes --package "@tauri-apps/cli@$TAURI_CLI" -- tauri build --bundles deb "$@"
ls -l "$TARGET_DIR"/release/bundle/deb/*.deb
