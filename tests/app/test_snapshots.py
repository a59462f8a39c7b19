"""Snapshots get folders of their own."""

from __future__ import annotations

import time
from pathlib import Path

from expnet_live.app.main_window.snapshot import Snapshot
from expnet_live.sessions.format.folder import STAMP


def test_snapshots_of_one_second_are_numbered(tmp_path: Path) -> None:
    while True:  # until the second does not end between them
        begun = time.strftime(STAMP)
        names = [Snapshot({}, ()).save(tmp_path / begun).name for _ in range(3)]
        if time.strftime(STAMP) == begun:
            break
    assert names == [begun, f"{begun} 2", f"{begun} 3"]
