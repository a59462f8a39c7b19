"""The player on incomplete sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from official_fakes import import_basel
from players import open_, settled
from seen import LONG, pixels
from session_files import number_of, write_session

from expnet_live.app import texts
from expnet_live.official.basel import BaselModel
from expnet_live.official.store import Store
from expnet_live.sessions.format.folder import INFO, VIDEO
from expnet_live.sessions.format.info import write_info
from expnet_live.sessions.reading.session import Session

if TYPE_CHECKING:
    from expnet_live.app.player.player_view import PlayerView


def _cut(folder: Path) -> None:
    data = (folder / VIDEO).read_bytes()
    (folder / VIDEO).write_bytes(data[: int(0.6 * len(data))])


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut": (_cut, texts.PLAYER_VIDEO_ENDED),
    "foreign": (lambda f: (f / VIDEO).write_bytes(b"nothing" * 99), "is damaged or not a video; restore it"),
    "missing": (lambda f: (f / VIDEO).unlink(), texts.PLAYER_NO_VIDEO),
}


@pytest.mark.parametrize("name", BROKEN)
def test_without_pictures_the_rows_go_on(qtbot: Any, player: PlayerView, copy: Path, name: str) -> None:
    damage, sentence = BROKEN[name]
    damage(copy)
    open_(qtbot, player, copy)
    if name == "cut":
        assert player.camera.image is not None
    for row in (45, 47):
        assert player.playback is not None
        player.deck.seek(player.playback.time_of(row))
        settled(qtbot, player, row)
        qtbot.waitUntil(lambda: sentence in player.camera.note, timeout=LONG)
        assert player.camera.image is None and player.moment is not None and player.moment.head is not None
        assert player.controls.frame.text() == f"frame {row}"


def test_a_private_session_shows_the_head_alone(qtbot: Any, player: PlayerView, copy: Path) -> None:
    (copy / VIDEO).unlink()
    write_info(copy, replace(Session.open(copy).info, video_frames=None))
    open_(qtbot, player, copy)
    assert not player.camera.isVisible() and player.head.isVisible()
    assert player.head.width() + player.readout.width() > 900 and not player.controls.overlay.isVisible()


def test_rows_without_a_picture_of_their_own(qtbot: Any, player: PlayerView, copy: Path) -> None:
    table = copy / "coefficients.csv"
    lines = table.read_text().splitlines()
    for row in (*range(10, 20), 21):
        frame, _, rest = lines[1 + row].split(",", 2)
        lines[1 + row] = f"{frame},,{rest}"
    table.write_text("\n".join(lines) + "\n")
    open_(qtbot, player, copy)
    assert player.playback is not None
    for row, number, note in (
        (12, 9, texts.PLAYER_HELD_PICTURE),
        (19, None, texts.PLAYER_NO_PICTURE),
        (20, 20, ""),
        (21, 20, texts.PLAYER_HELD_PICTURE),
    ):
        player.deck.seek(player.playback.time_of(row))
        settled(qtbot, player, row)
        image = player.camera.image
        assert player.camera.note == note and (None if image is None else number_of(image)) == number


def test_another_face_model_has_no_head(qtbot: Any, player: PlayerView, tmp_path: Path) -> None:
    write_session(tmp_path / "s", n=12)
    open_(qtbot, player, tmp_path / "s")
    assert not player.head.isVisible() and "another face model (face_model.npz)" in player.no_head.text()
    player.deck.seek(9.0)
    settled(qtbot, player)
    assert player.readout.text("c3") == "–"  # its last frame is without a face


def test_what_is_no_session_is_said(qtbot: Any, player: PlayerView, copy: Path, tmp_path: Path) -> None:
    assert player.message.text() == texts.PLAYER_NONE
    (copy / INFO).write_text("{}")
    empty = tmp_path / "empty"
    write_session(empty, n=0)
    cases = ((copy, "is damaged"), (tmp_path / "nowhere", "does not exist"), (empty, "holds no frames"))
    for folder, sentence in cases:
        player.open_session(folder)
        qtbot.waitUntil(lambda sentence=sentence: sentence in player.message.text(), timeout=LONG)
        assert player.message.isVisible() and not player.actions_["play"].isEnabled()
        assert player.folder == folder and player.range is None


def test_a_session_of_the_official_release(
    qtbot: Any, player: PlayerView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows the Basel model's head and lines if that is imported, and a sentence if not."""
    folder, data = tmp_path / "s", tmp_path / "imported"
    write_session(folder, n=12, names=BaselModel.names, n_identity=99)
    open_(qtbot, player, folder)
    assert not player.head.isVisible() and "import it with 'expnet-live official import'" in player.no_head.text()
    import_basel(Store(data / "official"))
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(data))
    open_(qtbot, player, folder)
    settled(qtbot, player, 0)
    replay, moment, basel = player.replay, player.moment, BaselModel.load()
    assert player.head.isVisible() and not player.no_head.isVisible()
    assert replay is not None and replay.drawn is not None and moment is not None and moment.head is not None
    shown = replay.session.info.person.corrected(replay.session.rows.expression[0], BaselModel.names)
    assert np.abs(moment.head.vertices - basel.vertices(shown, replay.rows.identity[-2])).max() < 1e-3
    qtbot.waitUntil(lambda: pixels(player.head.picture()).std() > 10, timeout=LONG)
    # There are lines where the import knows its points of the Face Mesh.
    lines = replay.drawn.lines.contours(replay.faces(0)[0], (320, 240))
    assert bool(lines) == (basel.traits.marks is not None)
