"""`expnet-live shortcut`: puts the window among the programs of a Linux desktop."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers

_NAME = "expnet-live"
_ENTRY = """\
[Desktop Entry]
Type=Application
Name=ExpNet Live
Comment=A 3D head that mirrors your face
Exec={command}
Icon={name}
Categories=AudioVideo;Video;Graphics;
StartupNotify=true
StartupWMClass=ExpNet Live
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "shortcut",
        help="put the window among the programs of a Linux desktop",
        description="Puts the window, with its icon, among the programs of a Linux desktop, for this user alone.",
    )
    parser.add_argument("--remove", action="store_true", help="take it away again, such as before you uninstall")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import platformdirs

    from expnet_live.core.errors import UserError
    from expnet_live.core.files import write_whole
    from expnet_live.core.paths import asset

    if sys.platform != "linux":
        raise UserError("Shortcuts are made on Linux alone; make one to the program expnet-live with your system.")
    data = Path(platformdirs.user_data_dir())
    entry = data / "applications" / f"{_NAME}.desktop"
    icon = data / "icons" / "hicolor" / "scalable" / "apps" / f"{_NAME}.svg"
    try:
        if args.remove:
            for path in (entry, icon):
                path.unlink(missing_ok=True)
            print(f"{entry} and its icon are gone.")
            return 0
        for path in (entry, icon):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(icon, asset("icon.svg").read_bytes())
        write_whole(entry, _ENTRY.format(name=_NAME, command=_command()))
    except OSError as e:
        raise UserError(f"The shortcut cannot be written to {data} ({e.strerror or e}); make it writable.") from e
    print(f"{entry}: ExpNet Live is among your programs.")
    return 0


def _command() -> str:
    """What the entry starts: this Python or, without it, this program. A desktop has no PATH of a terminal."""
    from expnet_live.core.paths import without_python

    return quoted(sys.executable) + ("" if without_python() else " -m expnet_live")


def quoted(path: str) -> str:
    """A path in the words of the Desktop Entry Specification (The Exec key), whose strings have backslashes as well."""
    for character in '\\"`$':
        path = path.replace(character, "\\" + character)
    return '"' + path.replace("\\", "\\\\").replace("%", "%%") + '"'
