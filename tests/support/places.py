"""Locations of files for tests: the checkout, and data beside it that not every machine has."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
