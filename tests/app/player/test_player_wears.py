"""The player wears the head that the main window wears."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from avatar_files import vrm_1
from blendshape_sets import SHAPES, make_set
from players import open_

from expnet_live.app.player.player_view import PlayerView
from expnet_live.app.state.choices import Choices
from expnet_live.app.state.window_state import WindowState
from expnet_live.app.theme import DARK
from expnet_live.avatars.avatar import Avatar
from expnet_live.avatars.wardrobe import Wardrobe
from expnet_live.heads.built_in import face_model
from expnet_live.heads.library import import_head


@pytest.fixture
def wearing(qapp: Any, tmp_path: Path) -> Iterator[Callable[[str], PlayerView]]:
    """A player of a window that wears the head of that name: One, an avatar, or Mask, a folder of OBJs."""
    (tmp_path / "one.vrm").write_bytes(vrm_1())
    Wardrobe().keep(tmp_path / "one.vrm", "One")
    make_set(tmp_path / "set", face_model(), SHAPES)
    Wardrobe().add("Mask", import_head(tmp_path / "set", face_model())[0])
    made: list[PlayerView] = []

    def make(head: str) -> PlayerView:
        made.append(PlayerView(DARK, WindowState(replace(Choices(), head=head))))
        made[-1].resize(900, 650)
        made[-1].show()
        return made[-1]

    yield make
    for view in made:
        view.close_session()
        view.close()
        view.deleteLater()


@pytest.mark.parametrize("name", ["One", "Mask"])
def test_the_player_wears_the_chosen_head(
    name: str, qtbot: Any, wearing: Callable[[str], PlayerView], copy: Path
) -> None:
    player = wearing(name)
    open_(qtbot, player, copy)
    assert player.replay is not None and player.replay.drawn is not None and player.moment is not None
    head, shown = player.replay.drawn.head, player.moment.head
    assert head.name == name and shown is not None and len(shown.vertices) == len(head.colors)
    if isinstance(head, Avatar):  # it turns its own head
        assert not shown.pose.rotation.any()
        assert np.abs(shown.vertices - head.rest).max() > 1
    # So it does for the outputs that play along, whose actions are those of our own head.
    row = int(np.flatnonzero(player.replay.rows.face >= 0)[0])
    face = player.replay.live(row, None, 1.0).faces[0]
    assert face.head is head and face.blendshapes is None
    assert np.array_equal(face.weights, face_model().blendshapes_of(face.expression))


def test_without_that_head_the_own_one_is_worn(qtbot: Any, wearing: Callable[[str], PlayerView], copy: Path) -> None:
    player = wearing("Gone")
    open_(qtbot, player, copy)
    assert player.replay is not None and player.replay.drawn is not None
    assert player.replay.drawn.head is face_model()
