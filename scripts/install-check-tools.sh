#!/bin/sh
# Installs what `make check` needs beside Rust, at fixed versions, into target/tools: buf and cargo-deny.
# Says and does nothing when both are there or on PATH.
set -eu
cd "$(dirname "$0")/.."

buf_version=1.75.0
cargo_deny_version=0.20.2
tools=$PWD/target/tools
PATH=$tools/bin:$tools/node_modules/.bin:$PATH

has() {
    command -v "$1" >/dev/null 2>&1
}

if ! has buf; then
    echo "Installing buf $buf_version into target/tools"
    mkdir -p "$tools/bin"
    if has npm; then
        npm install --silent --no-save --no-audit --no-fund --prefix "$tools" "@bufbuild/buf@$buf_version"
    elif has python3 && python3 -m venv "$tools/python" 2>/dev/null; then
        "$tools/python/bin/pip" install --quiet "buf-bin==$buf_version"
        ln -sf "$tools/python/bin/buf" "$tools/bin/buf"
    else
        echo "install-check-tools: needs npm, or python3 with venv, to install buf; or install buf yourself" >&2
        exit 1
    fi
fi

if ! has cargo-deny; then
    echo "Installing cargo-deny $cargo_deny_version into target/tools (this takes some minutes)"
    cargo install --quiet --locked --root "$tools" --target-dir "$tools/build" \
        "cargo-deny@$cargo_deny_version"
    rm -rf "$tools/build"
fi
