# Shared by the scripts of this folder; source it first. Owns the PATH to tools that setup.sh put into .tools/, and words.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
export HOME=${HOME:-/root}
[ -d "$HOME/.cargo/bin" ] && PATH="$HOME/.cargo/bin:$PATH"
# Node from the npm registry, where the distribution's is too old (see setup.sh).
[ -d "$ROOT/.tools/node/bin" ] && PATH="$ROOT/.tools/node/bin:$PATH"
export PATH
# A rustup toolchain that setup.sh chose because the default one is too old.
[ -f "$ROOT/.tools/toolchain" ] && RUSTUP_TOOLCHAIN=$(cat "$ROOT/.tools/toolchain") && export RUSTUP_TOOLCHAIN

TARGET_DIR=${CARGO_TARGET_DIR:-$ROOT/target}

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
die() { printf '\n%s\n' "$*" >&2; exit 2; }

# at_least HAVE WANT: version HAVE is WANT or newer.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1)" = "$2" ]; }
