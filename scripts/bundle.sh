#!/bin/sh
# Makes dist/expnet-live, the folder that needs no Python, and tries it in an empty environment on a virtual display.
# On Debian or Ubuntu after scripts/setup.sh (it names the further packages that it needs), or on macOS; PYTHON names the interpreter (default: the one of .venv).
# Windows has no sh of its own: run bundle/make.py and bundle/check.py there, which this script calls.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
if ! command -v "$python" >/dev/null 2>&1; then
    echo "bundle: $python was not found; run scripts/setup.sh first, or name an interpreter: PYTHON=python3.13 $0" >&2
    exit 1
fi
"$python" bundle/make.py
unset DISPLAY WAYLAND_DISPLAY
build/bundle/env/bin/python bundle/check.py
