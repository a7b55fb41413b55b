#!/usr/bin/env bash
# make run: opens the desktop app. Arguments go to the app.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [ "$(uname)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  die "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open.
Without a window, run the same engine against the built-in sandbox:

    cargo run -p wxdesk-daemon -- serve --sandbox        (installed: wxdeskd serve --sandbox)

or see it work from end to end: make demo"
fi
scripts/setup.sh window
source scripts/lib.sh
scripts/pages.sh
say "Building the app (the first time takes some minutes)"
exec cargo run --quiet --package wxdesk --bin wxdesk -- "$@"
