#!/usr/bin/env bash
# Builds the pages into ui/dist when a source is newer than the last build.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [ ! -f ui/dist/index.html ] ||
  [ -n "$(find ui -path ui/node_modules -prune -o -path ui/dist -prune -o -type f -newer ui/dist/index.html -print -quit)" ]; then
  say "Building the pages"
  npm run build --prefix ui --silent
fi
