"""Locations of files: `assets/` beside the package in a checkout, inside it in a wheel; the user's data folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

from expnet_live.core.errors import UserError

_PACKAGE = Path(__file__).resolve().parents[1]
_NAME = "ExpNet Live" if sys.platform in ("win32", "darwin") else "expnet-live"


def without_python() -> bool:
    """Whether the program runs from the folder that needs no Python, which bundle/make.py makes."""
    return bool(getattr(sys, "frozen", False))


def assets_dir() -> Path:
    """The folder of the assets. Raises UserError if it is missing."""
    # The checkout's own folder comes first, so that a rebuilt asset there is used.
    checkout = _PACKAGE.parent / "assets"
    if checkout.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        return checkout
    if (_PACKAGE / "assets").is_dir():
        return _PACKAGE / "assets"
    raise UserError(f"The folder assets is missing beside {_PACKAGE}; install expnet-live again.")


def asset(name: str) -> Path:
    """Path of the asset file `name`. Raises UserError if there is no such file."""
    folder = assets_dir()
    path = folder / name
    if not path.is_file():
        there = ", ".join(sorted(p.name for p in folder.iterdir() if p.is_file()))
        raise UserError(f"The asset {name} is not in {folder} (which has {there}); build it or install again.")
    return path


def data_folder() -> Path:
    """The folder for the user's data of this program: EXPNET_LIVE_DATA, or the system's usual place.

    `%APPDATA%\\ExpNet Live`, `~/Library/Application Support/ExpNet Live`, or `$XDG_DATA_HOME/expnet-live`.
    """
    if override := os.environ.get("EXPNET_LIVE_DATA"):
        return Path(override)
    return _found(platformdirs.user_data_path(_NAME, appauthor=False, roaming=True), _former(roaming=True))


def local_data_folder() -> Path:
    """Like `data_folder`, but never a roaming profile, for data that is too large for that.

    It differs only on Windows: `%LOCALAPPDATA%\\ExpNet Live`.
    """
    if sys.platform != "win32" or os.environ.get("EXPNET_LIVE_DATA"):
        return data_folder()
    return _found(platformdirs.user_data_path(_NAME, appauthor=False, roaming=False), _former(roaming=False))


def cache_folder() -> Path:
    """The folder for what can be made again: the system's usual place, or `cache` in EXPNET_LIVE_DATA."""
    if override := os.environ.get("EXPNET_LIVE_DATA"):
        return Path(override) / "cache"
    return platformdirs.user_cache_path(_NAME, appauthor=False)


def make_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it. The user's data, which show faces, are for nobody else, unless
    EXPNET_LIVE_DATA puts them in a place of the user's choice."""
    own = data_folder()
    if os.name == "posix" and not os.environ.get("EXPNET_LIVE_DATA") and folder.is_relative_to(own):
        own.parent.mkdir(parents=True, exist_ok=True)
        own.mkdir(0o700, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)


def _found(folder: Path, former: Path | None) -> Path:
    """`folder`, unless only the folder of earlier versions exists."""
    return former if former is not None and former.is_dir() and not folder.is_dir() else folder


def _former(roaming: bool) -> Path | None:
    """Earlier versions asked Windows' environment, not Windows itself, and ignored XDG_DATA_HOME on macOS."""
    if sys.platform == "win32":
        folder = os.environ.get("APPDATA" if roaming else "LOCALAPPDATA")
        return Path(folder) / _NAME if folder else None
    return Path.home() / "Library" / "Application Support" / _NAME if sys.platform == "darwin" else None
