#!/usr/bin/env bash
# make test: everything that CI runs. Each part runs even when one before it failed, so that one run tells all; nothing
# is skipped without a word. The last line is the sum.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/setup.sh test
source scripts/lib.sh

# Tests must never meet the person's own data or keychain.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export WXDESK_KEYRING=off XDG_DATA_HOME="$scratch/data" XDG_CONFIG_HOME="$scratch/config" XDG_CACHE_HOME="$scratch/cache"
unset WXDESK_DATA_DIR
logs=$TARGET_DIR/test-logs
mkdir -p "$logs"

passed=0 failed=0 summary=()
count() { # count NAME PASSED FAILED
  passed=$((passed + $2)) failed=$((failed + $3))
  summary+=("$(printf '%-28s %5d passed %5d failed' "$1" "$2" "$3")")
}
# check NAME COMMAND…: a part that passes or fails as a whole.
check() {
  local name=$1
  shift
  say "$name"
  if "$@"; then count "$name" 1 0; else count "$name" 0 1; fi
}
# tests NAME COUNTER COMMAND…: a part whose tests COUNTER counts in its log: "passed failed".
tests() {
  local name=$1 counter=$2 status=0 counted
  shift 2
  say "$name"
  local log="$logs/${name//[ :]/-}.log"
  "$@" 2>&1 | tee "$log" || status=$?
  counted=$("$counter" <"$log")
  local ok=${counted% *} bad=${counted#* }
  # A crash before the first test, or a run of no tests at all, is a failure too.
  if [ "$status" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  if [ "$((ok + bad))" = 0 ]; then bad=1; fi
  count "$name" "$ok" "$bad"
}

plain() { sed 's/\x1b\[[0-9;]*m//g'; }
count_nextest() { plain | sed -n 's/^ *Summary .* tests\{0,1\} run: \([0-9]*\) passed.*/&/p' | tail -n1 |
  awk '{p=0;f=0;for(i=2;i<=NF;i++){if($i~/^passed/)p=$(i-1);if($i~/^(failed|timed)/)f+=$(i-1)}print p,f}' | grep . || echo "0 0"; }
count_cargo() { plain | awk '/^test result:/{for(i=1;i<=NF;i++){if($i=="passed;")p+=$(i-1);if($i=="failed;")f+=$(i-1)}}END{print p+0,f+0}'; }
count_vitest() { plain | awk '/^ *Tests /{for(i=1;i<=NF;i++){if($i=="passed")p=$(i-1);if($i=="failed")f=$(i-1)}}END{print p+0,f+0}'; }
count_peers() { plain | awk '/^(#|ℹ) pass /{p+=$3}/^(#|ℹ) fail /{f+=$3}/^python: [0-9]+ passed/{p+=$2;f+=$4}END{print p+0,f+0}'; }
count_node() { plain | awk '/^(#|ℹ) pass /{p=$3}/^(#|ℹ) fail /{f=$3}END{print p+0,f+0}'; }

check "formatting" cargo fmt --all --check

# ---- pages first: the app's build takes ui/dist in ----
tests "ui unit tests" count_vitest npm run test --prefix ui
check "ui lint and types" npm run lint --prefix ui --silent
check "ui build" npm run build --prefix ui --silent

# ---- Rust: one set of features, so that everything is compiled once ----
check "clippy" cargo clippy --workspace --all-targets --quiet -- -D warnings
# ts-rs writes the TypeScript twins while the tests run. Written elsewhere, they show drift and leftovers alike.
export TS_RS_EXPORT_DIR="$scratch/bindings"
if cargo nextest --version >/dev/null 2>&1; then
  tests "rust tests" count_nextest cargo nextest run --workspace --no-fail-fast
  check "rust doc tests" cargo test --workspace --doc --no-fail-fast --quiet
else
  echo "cargo-nextest is not installed; cargo test runs the same tests."
  tests "rust tests" count_cargo cargo test --workspace --no-fail-fast
fi
check "typescript twins" diff -r "$TS_RS_EXPORT_DIR" ui/src/host/bindings
unset TS_RS_EXPORT_DIR

# ---- the real window ----
check "app build" cargo build --quiet --package wxdesk --package wxdesk-daemon --bins
# Other people's SDKs against our simulated WeChat: what they do not accept, no client of ours may rely on.
WXDESKD_BIN="$TARGET_DIR/debug/wxdeskd" tests "independent sdks" count_peers scripts/peers.sh
for walk in window accounts menus own rooms messages forward; do
  WXDESK_BIN="$TARGET_DIR/debug/wxdesk" tests "end to end: $walk" count_node node --test --test-reporter=spec "tests/e2e/$walk.test.mjs"
done

say "Summary"
printf '%s\n' "${summary[@]}"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
