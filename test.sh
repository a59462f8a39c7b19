#!/bin/sh
# Sets everything up and runs the tests. Arguments go to pytest: ./test.sh -k analyze
set -eu
cd "$(dirname "$0")"
scripts/setup.sh dev
unset PYTHONDONTWRITEBYTECODE  # each program that a test starts would compile all of its modules again
exec .venv/bin/python -m pytest "$@"
