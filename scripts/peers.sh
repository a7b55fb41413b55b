#!/usr/bin/env bash
# Independent SDKs against the sandbox: wechat-oauth and co-wechat-api on Node, wechatpy on Python; and as WeChat against the
# listener: @wecom/crypto and wechatpy write pushes and read passive replies, and a business server reads what is passed on.
# WXDESKD_BIN names the wxdeskd to test; without it the debug build is made.
set -euo pipefail
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-$PWD/target}"
if [ -z "${WXDESKD_BIN:-}" ]; then
  cargo build -p wxdesk-daemon
  WXDESKD_BIN="$target/debug/wxdeskd"
fi
export WXDESKD_BIN

venv="$target/peers/venv"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/peers/requirements.txt
(cd tests/peers && npm ci --silent --no-audit --no-fund)
PEERS_PYTHON="$(cd "$venv/bin" && pwd)/python"
export PEERS_PYTHON

# Both run, whatever the first says.
failed=0
(cd tests/peers && npm test --silent) || failed=1
"$venv/bin/python" tests/peers/test_wechatpy.py || failed=1
exit "$failed"
