#!/bin/sh
# Measures a service of its own and prints a table; the rows are in target/bench/latest.json too.
# Arguments go to `handoff-load bench`; see its --help. Takes about a quarter of an hour without any; see docs/performance.md.
set -eu
cd "$(dirname "$0")/.."

cargo build --locked --release --workspace --bins
exec target/release/handoff-load bench "$@"
