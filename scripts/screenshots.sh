#!/usr/bin/env bash
# make screenshots: drives the real window and keeps a picture of every page in both languages and both themes.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/setup.sh test
source scripts/lib.sh
scripts/pages.sh
cargo build --quiet --package wxdesk --bins
for walk in window accounts menus own rooms messages forward; do
  WXDESK_BIN="$TARGET_DIR/debug/wxdesk" node --test --test-reporter=spec "tests/e2e/$walk.test.mjs"
done
