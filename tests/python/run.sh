#!/bin/sh
# Calls a server from Python, with a client that is generated from the protos: the API is for any language.
# PROFILE names the cargo profile of the server, dev by default.
set -eu
cd "$(dirname "$0")/../.."

if ! command -v python3 >/dev/null 2>&1; then
    echo "tests/python: skipped, because python3 is not installed"
    exit 0
fi

profile=${PROFILE:-dev}
# The whole workspace, as for the other tests: with fewer packages the dependencies would have other features
# and be built once more.
cargo build --locked --profile "$profile" --workspace --bins
case $profile in
    dev) handoffd=$PWD/target/debug/handoffd ;;
    *) handoffd=$PWD/target/$profile/handoffd ;;
esac

work=$PWD/target/python
requirements=tests/python/requirements.txt
# Made anew when the versions change, or where an interrupted run left half of it.
if ! cmp -s "$requirements" "$work/requirements.txt"; then
    rm -rf "$work"
    python3 -m venv "$work/venv" || {
        echo "tests/python: python3 cannot make a virtual environment; on Debian and Ubuntu install python3-venv" >&2
        exit 1
    }
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$work/requirements.txt"
fi

rm -rf "$work/client"
mkdir "$work/client"
"$work/venv/bin/python" -m grpc_tools.protoc --proto_path=proto --python_out="$work/client" --grpc_python_out="$work/client" \
    proto/handoff/v1/*.proto
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$work/client HANDOFFD=$handoffd exec "$work/venv/bin/python" -m unittest --verbose tests/python/client_test.py
