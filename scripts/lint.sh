#!/usr/bin/env bash
# make lint: formatting and lints of both languages. Stops at the first that fails.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/setup.sh test
source scripts/lib.sh
say "cargo fmt"
cargo fmt --all --check
scripts/pages.sh # the app's build reads ui/dist
say "cargo clippy"
cargo clippy --workspace --all-targets -- -D warnings
say "ui lint"
npm run lint --prefix ui --silent
