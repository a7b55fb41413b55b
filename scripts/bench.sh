#!/usr/bin/env bash
# make bench: measurements, printed with ratios of one run. `make bench PART=ingest` (attack, crypto, accounts, list, calls, messages, window) runs
# one.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/setup.sh bench
source scripts/lib.sh
part=${PART:-all}
bench=$TARGET_DIR/release/wxdesk-bench

say "Building (release)"
cargo build --quiet --release --package wxdesk-bench

if [ "$part" = all ] || [ "$part" = ingest ]; then
  say "Peers in Go, Node and Python"
  (cd benches/peers/go && go build -o handler .)
  npm ci --prefix benches/peers/node --no-audit --no-fund --silent
  [ -x benches/peers/python/.venv/bin/gunicorn ] || {
    python3 -m venv benches/peers/python/.venv
    benches/peers/python/.venv/bin/pip install --quiet --requirement benches/peers/python/requirements.txt
  }
  say "Ingest"
  "$bench" ingest
fi
if [ "$part" = all ] || [ "$part" = attack ]; then
  say "Attack"
  "$bench" attack
fi
if [ "$part" = all ] || [ "$part" = crypto ]; then
  say "Crypto"
  "$bench" crypto
fi
if [ "$part" = all ] || [ "$part" = accounts ]; then
  say "Accounts"
  "$bench" accounts
fi
if [ "$part" = all ] || [ "$part" = messages ]; then
  say "Messages"
  "$bench" messages
fi
if [ "$part" = all ] || [ "$part" = list ]; then
  say "List"
  "$bench" list
fi
if [ "$part" = all ] || [ "$part" = calls ]; then
  say "Call log"
  "$bench" calls
fi
if [ "$part" = all ] || [ "$part" = window ]; then
  say "Window"
  scripts/pages.sh
  cargo build --quiet --release --package wxdesk --bin wxdesk --example empty-window
  "$bench" window
fi
