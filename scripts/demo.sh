#!/usr/bin/env bash
# make demo: sandbox, engine, authorizations, refreshes and a table of lifetimes, without a display.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/setup.sh core
source scripts/lib.sh
say "Building the engine (the first time takes some minutes)"
exec cargo run --quiet --package wxdesk-daemon -- demo "$@"
