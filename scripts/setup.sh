#!/bin/sh
# Sets ExpNet Live up: Debian packages (only those that are missing), a virtual environment in .venv, Python packages.
# Called by run.sh and test.sh: scripts/setup.sh [EXTRA], EXTRA being test or dev, or system for the Debian packages alone.
# Says what it installs; the second time it finds everything there and takes a moment. Settings: PYTHON (interpreter), EXPNET_TORCH (default torch==2.13.0).
set -eu
cd "$(dirname "$0")/.."
extra=${1:-}
torch=${EXPNET_TORCH:-torch==2.13.0}

say() { printf 'setup: %s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# --- Debian packages ----------------------------------------------------------------------------
# OpenCV, Qt and mediapipe load these: OpenGL, OpenGL ES and EGL with Mesa's software renderer, GLib, fonts, D-Bus, keyboard,
# sound (mediapipe imports sounddevice), the X11 libraries of Qt's xcb platform, and Xvfb, a display without a screen.
debian="libgl1 libegl1 libgles2 libopengl0 libgl1-mesa-dri libglib2.0-0 libfontconfig1 libfreetype6 fonts-dejavu-core fonts-inter libdbus-1-3
libxkbcommon0 libxkbcommon-x11-0 libportaudio2 libx11-6 libxext6 libxrender1 libsm6 libxcb-cursor0 libxcb-icccm4
libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0
libxcb-xinerama0 libxcb-xkb1 xvfb xauth"

suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; }
find_python() {
    for candidate in ${PYTHON:-python3.12 python3.11 python3.13 python3.14 python3 /usr/bin/python3 python}; do
        if command -v "$candidate" >/dev/null 2>&1 && suits "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
}
headers() { "$1" -c 'import os, sysconfig; open(os.path.join(sysconfig.get_path("include"), "Python.h"))' 2>/dev/null; }
python=$(find_python)

if command -v dpkg-query >/dev/null 2>&1; then
    # Debian keeps venv and headers out of its bare Python. There may be several Pythons, such as those of Ubuntu's deadsnakes, each with a venv and headers of its own.
    name=python3
    [ -z "$python" ] || name=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    [ -n "$python" ] || debian="$debian python3"
    "${python:-false}" -c 'import ensurepip, venv' 2>/dev/null || debian="$debian $name-venv"
    case $extra in
    test | dev)
        # A package that the tests read VMD files with comes as source code.
        command -v cc >/dev/null 2>&1 || debian="$debian gcc libc6-dev"
        headers "${python:-false}" || debian="$debian $name-dev"
        ;;
    esac
    missing=
    for package in $debian; do
        # Newer releases spell some of them with t64: such a package provides the old name.
        state=$(dpkg-query -W -f '${db:Status-Status} ' "$package" "${package}t64" 2>/dev/null) || true
        case " $state" in
        *" installed "*) ;;
        *) missing="$missing $package" ;;
        esac
    done
    if [ -n "$missing" ]; then
        if [ "$(id -u)" = 0 ]; then
            root=
        elif command -v sudo >/dev/null 2>&1; then
            root=sudo
        else
            fail "Debian packages are missing; as root, run: apt-get update && apt-get install$missing"
        fi
        say "installing the Debian packages$missing"
        $root apt-get update -qq
        # shellcheck disable=SC2086 # The names are to be split.
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
        python=$(find_python)
    fi
fi
[ "$extra" != system ] || exit 0
[ -n "$python" ] || fail "Python 3.11 to 3.14 was not found; install it, or name it: PYTHON=/path/to/python3.13 $0"

# --- Python packages ----------------------------------------------------------------------------
if [ -d .venv ] && ! suits .venv/bin/python; then
    say "removing .venv, which has no working Python 3.11 to 3.14"
    rm -rf .venv
fi
if ! [ -x .venv/bin/pip ]; then
    say "making the virtual environment .venv with $python"
    "$python" -m venv --clear .venv
fi
# The versions that were tried together, where there is a file for this Python: see scripts/lock.py.
locked=constraints/$(.venv/bin/python -c 'import sys; print("py%d%d.txt" % sys.version_info[:2])')
set --
if [ -f "$locked" ]; then set -- --constraint "$locked"; fi
# The stamp names everything that decides what is installed; unchanged, there is nothing to do.
stamp=.venv/.expnet-live-${extra:-runtime}
wanted="$torch $(cat pyproject.toml scripts/setup.sh ${2:+"$2"} | cksum) $(pwd)"
if ! [ -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    # First and by itself: a build that is already there or found nearby (CPU or CUDA) is kept by what follows.
    say "installing $torch into .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@" "$torch"
    say "installing expnet-live[${extra:-archive}] and what it needs into .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@" --editable ".[${extra:-archive}]"
    printf '%s\n' "$wanted" >"$stamp"
fi
say "ready: .venv/bin/expnet-live"
