#!/bin/sh
# Sets everything up and runs the main job: the expressions of the built-in demo clip, into demo-out/.
# With arguments, it runs `expnet-live` with them instead: ./run.sh analyze photo.jpg --out out --overlay
set -eu
here=$(cd "$(dirname "$0")" && pwd)
"$here/scripts/setup.sh" >&2
if [ $# = 0 ]; then
    set -- analyze demo --out demo-out --overlay
    echo "run: expnet-live $*" >&2
fi
exec "$here/.venv/bin/expnet-live" "$@"
