#!/bin/sh
# Sets everything up and opens the window. Where there is no screen, the window runs on a virtual display for some
# seconds, on the built-in demo clip, and its picture is saved as demo-out/window.png.
# With arguments, it runs `expnet-live` with them instead: ./run.sh analyze photo.jpg --out out --overlay
set -eu
here=$(cd "$(dirname "$0")" && pwd)
"$here/scripts/setup.sh" >&2

screen() {
    case $(uname -s) in
    Darwin | MINGW* | MSYS* | CYGWIN*) true ;;
    *) [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] ;;
    esac
}

# Without xvfb-run, the program itself says what is missing.
if [ $# != 0 ] || screen || ! command -v xvfb-run >/dev/null 2>&1; then
    exec "$here/.venv/bin/expnet-live" "$@"
fi
set -- --source demo --duration 15 --screenshot demo-out/window.png
echo "run: no screen here, so on a virtual one: expnet-live $*" >&2
# Not exec: as a container's first process, xvfb-run would wait for its server's signal for ever.
xvfb-run -a -s "-screen 0 1280x800x24 +extension GLX -nolisten tcp" "$here/.venv/bin/expnet-live" "$@"
