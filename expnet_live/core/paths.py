"""Where files lie: `assets/` beside the package in a checkout, inside it in a wheel; the user's own data."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from expnet_live.core.errors import UserError

_PACKAGE = Path(__file__).resolve().parents[1]


def assets_dir() -> Path:
    """The folder of the assets. Raises UserError when it is nowhere."""
    # The checkout's own folder comes first: an asset that was just rebuilt there is the one meant.
    checkout = _PACKAGE.parent / "assets"
    if checkout.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        return checkout
    if (_PACKAGE / "assets").is_dir():
        return _PACKAGE / "assets"
    raise UserError(f"The folder assets is missing beside {_PACKAGE}; install expnet-live again.")


def asset(name: str) -> Path:
    """Path of the asset file `name`. Raises UserError when there is no such file."""
    folder = assets_dir()
    path = folder / name
    if not path.is_file():
        there = ", ".join(sorted(p.name for p in folder.iterdir() if p.is_file()))
        raise UserError(f"The asset {name} is not in {folder} (which has {there}); build it or install again.")
    return path


def data_folder() -> Path:
    """Where the user's own data of this program belong, on each system."""
    if override := os.environ.get("EXPNET_LIVE_DATA"):
        return Path(override)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", Path.home() / "AppData" / "Roaming")) / "ExpNet Live"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "ExpNet Live"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "expnet-live"
