#!/usr/bin/env bash
# make bench: measurements, printed with ratios.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/setup.sh core
source scripts/lib.sh
say "Building (release)"
exec cargo run --quiet --release --package wxdesk-bench -- "$@"
