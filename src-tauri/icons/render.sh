#!/usr/bin/env bash
# Renders every icon of the bundle from icon.svg. Needs rsvg-convert, icotool and png2icns
# (Debian: librsvg2-bin icoutils icnsutils). Run it after changing icon.svg and commit what it writes.
set -euo pipefail
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
render() { rsvg-convert -w "$1" -h "$1" icon.svg -o "$2"; }
render 32 32x32.png
render 128 128x128.png
render 256 128x128@2x.png
render 512 icon.png
for size in 16 24 32 48 64 128 256; do render "$size" "$tmp/$size.png"; done
icotool -c -o icon.ico "$tmp"/{16,24,32,48,64}.png --raw="$tmp/256.png"
render 512 "$tmp/512.png"
png2icns icon.icns "$tmp"/{16,32,48,128,256,512}.png
