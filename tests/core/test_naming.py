"""Names of files that are made of what users write."""

from __future__ import annotations

from pathlib import Path

import pytest

from expnet_live.core.naming import file_stem, is_device


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("Take 1", "Take 1"),
        ("a/b\\c: <d>?", "a_b_c_ _d__"),
        ("../..", "_"),
        (" . ", "session"),
        ("", "session"),
        ("a\tb\x00c\x7f", "a_b_c_"),
        ("caf\udce9", "caf_"),
        ("Nul", "_Nul"),
        ("com1.take.2", "_com1.take.2"),
        ("Console", "Console"),
    ],
)
def test_a_title_as_the_name_of_a_file(tmp_path: Path, title: str, stem: str) -> None:
    assert file_stem(title, "session") == stem
    (tmp_path / f"{stem}.csv").touch()
    assert [p.name for p in tmp_path.iterdir()] == [f"{stem}.csv"]


def test_a_long_title_leaves_room_for_an_ending(tmp_path: Path) -> None:
    for letter in ("a", "ö", "表", "🙂"):
        stem = file_stem(letter * 200, "session")
        assert set(stem) == {letter} and len(stem.encode()) > 170
        (tmp_path / f"{stem} 999_livelink.csv").touch()


def test_devices_of_windows() -> None:
    assert all(map(is_device, ("con", "AUX", "Prn.old", "LPT9", "nul .txt")))
    assert not any(map(is_device, ("", "conrad", "com", "com10", "my nul")))
