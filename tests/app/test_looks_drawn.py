"""Hair styles and colours in the 3D view and in the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QSize
from seen import bgra
from waiting import LONG

from expnet_live.app import texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.view3d.geometry import HeadGeometry
from expnet_live.app.view3d.orbit import HOME, projection
from expnet_live.app.view3d.stage import Stage
from expnet_live.app.view3d.strand_visual import behind
from expnet_live.app.view3d.visual import Finish, HeadVisual
from expnet_live.core.types import Array
from expnet_live.heads.built_in import face_model
from expnet_live.heads.hair_styles import STYLES
from expnet_live.heads.look import BALD, EYE_COLORS, HAIR_COLORS, Look

SIDE = 320


@pytest.fixture
def drawn(qapp: Any) -> Any:
    """Draws our own head in a look."""
    stage = Stage()

    def draw(look: Look, frugal: bool, **finish: bool) -> Array:
        head, visual = face_model().dressed(look), HeadVisual(frugal)
        visual.set_geometry(HeadGeometry.of(head))
        visual.set_finish(Finish(**finish))
        vertices = head.vertices(head.expression_of())
        visual.set_mesh(vertices, head.normals(vertices))
        visual.place(HOME.matrix(), np.diag([1, -1, 1, 1]).astype(np.float32) @ projection(SIDE, SIDE))
        return bgra(stage.picture(QSize(SIDE, SIDE), visual.draw))

    yield draw
    stage.close()


def changed(a: Array, b: Array) -> Array:
    """Which pixels (H, W) differ visibly."""
    return np.asarray(np.abs(a - b).max(2) > 12)


def places() -> dict[str, Array]:
    """Squares (H, W) of the picture: the top of the head, the irises, and the middle of the face."""
    model, shape = face_model(), projection(SIDE, SIDE)
    rest = model.vertices(model.expression_of())
    right, left = (rest[ball].mean(0) + np.array([0, 0, 11]) for ball in model.anatomy.eyeballs)
    top = rest[rest[:, 1].argmax()] - np.array([0, 16, 0])
    points = {"top": (top, 7), "right": (right, 3), "left": (left, 3), "nose": (rest[4], 6), "chin": (rest[152], 5)}
    masks = {}
    for name, (at, size) in points.items():
        point = np.append(at, 1.0)
        seen = shape @ HOME.matrix() @ point
        x, y = ((1 + seen[0] / seen[3]) * SIDE / 2, (1 - seen[1] / seen[3]) * SIDE / 2)
        masks[name] = np.zeros((SIDE, SIDE), bool)
        masks[name][int(y) - size : int(y) + size + 1, int(x) - size : int(x) + size + 1] = True
    return masks


@pytest.mark.parametrize("frugal", [True, False])
def test_each_style_looks_different_and_leaves_the_face_alone(drawn: Callable[..., Array], frugal: bool) -> None:
    pictures = {name: drawn(Look(name), frugal) for name in STYLES}
    at = places()
    for name, picture in pictures.items():
        for other in pictures:
            if name != other:
                assert changed(picture, pictures[other]).mean() > 0.005, (name, other)
        face = at["nose"] | at["chin"] | at["right"] | at["left"]
        assert not changed(picture, pictures[BALD])[face].any(), name
        assert name == BALD or changed(picture, pictures[BALD])[at["top"]].mean() > 0.7, name
        if name != BALD:
            assert np.array_equal(drawn(Look(name), frugal, hair=False)[..., 3] > 0, pictures[BALD][..., 3] > 0)


@pytest.mark.parametrize("frugal", [True, False])
def test_colours_change_hair_or_irises_alone(drawn: Callable[..., Array], frugal: bool) -> None:
    at, usual = places(), drawn(Look(), frugal)
    light = {name: drawn(Look(hair_color=name), frugal)[at["top"]][:, :3].mean() for name in HAIR_COLORS}
    assert light["black"] < light["brown"] < light["blond"] < light["white"]
    red = drawn(Look(hair_color="red"), frugal)
    assert (red[at["top"]][:, 2] > red[at["top"]][:, 0] + 15).mean() > 0.8
    assert not changed(red, usual)[at["nose"] | at["chin"] | at["right"] | at["left"]].any()
    blue = drawn(Look(eye_color="blue"), frugal)
    moved = changed(blue, usual)
    assert moved[at["right"]].mean() > 0.1 and moved[at["left"]].mean() > 0.1
    assert not moved[at["top"] | at["nose"] | at["chin"]].any()
    assert len({drawn(Look(eye_color=n), frugal)[at["left"]].tobytes() for n in EYE_COLORS}) == len(EYE_COLORS)


def test_a_look_is_chosen_in_the_menus_and_kept(
    qtbot: Any, window: MainWindow, open_window: Callable[..., MainWindow]
) -> None:
    view = window.parts.head
    window.actions_["follow"].setChecked(False)

    def pick(window: MainWindow, title: str, name: str) -> None:
        menu = next(m for m in window.menus.looks.menus if m.title() == title)
        assert any(a.menu() is menu for m in window.menuBar().actions() for a in m.menu().actions())
        next(a for a in menu.actions() if a.text() == texts.LOOKS[name]).trigger()

    def worn(window: MainWindow, look: Look) -> bool:
        head, faces = window.presenter.head, window.controller.faces
        return head is not None and head.traits.look == look and bool(faces) and faces[0].head is head

    def side() -> Array:
        picture = bgra(view.picture())
        return picture[:, : picture.shape[1] // 2]

    before = side()
    pick(window, texts.HAIR_STYLE, "long")
    qtbot.waitUntil(lambda: worn(window, Look("long")), timeout=LONG)
    qtbot.waitUntil(lambda: changed(side(), before).mean() > 0.01, timeout=LONG)
    brown = side()
    pick(window, texts.HAIR_COLOR, "white")
    pick(window, texts.EYE_COLOR, "blue")
    qtbot.waitUntil(lambda: worn(window, Look("long", "white", "blue")), timeout=LONG)
    qtbot.waitUntil(lambda: side().mean() > brown.mean() + 2, timeout=LONG)
    white = side()
    window.actions_["hair"].trigger()  # hidden, but not forgotten
    qtbot.waitUntil(lambda: worn(window, Look(BALD, "white", "blue")), timeout=LONG)
    qtbot.waitUntil(lambda: changed(side(), white).mean() > 0.01, timeout=LONG)
    bald = side()
    assert window.actions_["hair"].isEnabled()
    window.actions_["hair"].trigger()
    qtbot.waitUntil(lambda: worn(window, Look("long", "white", "blue")), timeout=LONG)
    qtbot.waitUntil(lambda: changed(side(), bald).mean() > 0.01, timeout=LONG)
    window.actions_["next_hair"].trigger()
    qtbot.waitUntil(lambda: worn(window, Look(BALD, "white", "blue")), timeout=LONG)
    window.actions_["next_hair"].trigger()
    qtbot.waitUntil(lambda: worn(window, Look("cropped", "white", "blue")), timeout=LONG)
    window.close()

    again = open_window()
    qtbot.waitUntil(lambda: worn(again, Look("cropped", "white", "blue")), timeout=LONG)
    checked = [[a.text() for a in menu.actions() if a.isChecked()] for menu in again.menus.looks.menus]
    assert checked == [[texts.LOOKS[name]] for name in ("cropped", "white", "blue")]


@pytest.mark.parametrize("frugal", [True, False])
def test_brows_have_the_hair_s_colour(drawn: Callable[..., Array], frugal: bool) -> None:
    model, shape = face_model(), projection(SIDE, SIDE)
    brow = np.zeros((SIDE, SIDE), bool)
    for mark in (105, 334):  # the middles of both brows' upper edges
        seen = shape @ HOME.matrix() @ np.append(model.mean[mark] - (0, 3, 0), 1.0)
        x, y = int((1 + seen[0] / seen[3]) * SIDE / 2), int((1 - seen[1] / seen[3]) * SIDE / 2)
        brow[y - 1 : y + 2, x - 2 : x + 3] = True
    black, blond = (drawn(Look(BALD, name), frugal)[brow][:, :3].mean(0) for name in ("black", "blond"))
    assert blond[2] > black[2] + 10 and blond[2] - blond[0] > black[2] - black[0]


def test_only_hair_behind_the_head_is_left_out() -> None:
    front, back = (np.array([0, 0, z], np.float32) for z in (700, -900))
    points = np.array([(0, 60, -185), (0, 125, -80), (60, 90, -60), (0, -60, -150), (75, -80, -120)], np.float32)
    assert behind(points, front).tolist() == [True, False, False, True, False]
    assert behind(points, back).tolist() == [False, False, True, False, False]
