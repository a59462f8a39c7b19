"""Hair styles, and the colours of hair and eyes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from expnet_live.core.arkit import blendshapes_of
from expnet_live.core.errors import UserError
from expnet_live.heads.built_in import face_model
from expnet_live.heads.dressing import Haired, dressed
from expnet_live.heads.hair_styles import STYLES
from expnet_live.heads.head import Part
from expnet_live.heads.look import BALD, EYE_COLORS, HAIR_COLORS, USUAL, Look
from expnet_live.heads.strands import Skin

LOCKED = [name for name, style in STYLES.items() if style.locks is not None]


@pytest.mark.parametrize("style", LOCKED)
def test_locks_lie_on_every_head_and_leave_the_face_free(style: str) -> None:
    head = face_model().dressed(Look(style))
    locks, part = head.traits.locks, head.traits.parts(len(head.colors))
    skin = np.isin(part, (Part.FACE, Part.SHELL))
    for seed in range(3):
        identity = np.random.default_rng(seed).normal(0, 1, head.n_identity).astype(np.float32)
        vertices = head.vertices(head.expression_of(), identity)
        height = Skin(vertices[skin], head.normals(vertices)[skin]).below(locks.at(vertices))[0]
        assert (height > -1.5).mean() > 0.99, "skull comes through"
        eyes = vertices[np.isin(part, (Part.RIGHT_EYE, Part.LEFT_EYE))]
        before = (np.abs(locks.at(vertices)[:, 0]) < 50) & (locks.at(vertices)[:, 2] > eyes[:, 2].min())
        assert locks.at(vertices)[before, 1].min(initial=np.inf) > eyes[:, 1].max() + 8, "hair in the eyes"
    assert np.allclose(np.linalg.norm(locks.normals, axis=1), 1, atol=1e-3)
    assert locks.place.min() >= -1 and locks.place.max() <= 1


@pytest.mark.parametrize("style", LOCKED)
def test_hair_is_lit_like_the_skull_below(style: str) -> None:
    """Locks that stand up or wind are no walls of light and shade."""
    head = face_model().dressed(Look(style))
    locks, vertices = head.traits.locks, head.vertices(head.expression_of())
    skin = np.isin(head.traits.parts(len(vertices)), (Part.FACE, Part.SHELL))
    below = Skin(vertices[skin], head.normals(vertices)[skin]).below(locks.at(vertices))[1]
    towards = (locks.normals * below).sum(1)
    assert towards.min() > 0.5 and 0.8 < np.median(towards) < 0.995  # yet each has a form of its own


def test_a_look_is_always_the_same_head_and_changes_only_what_it_says() -> None:
    own = face_model()
    blue = own.dressed(Look("long", "blond", "blue"))
    assert own.dressed(USUAL) is own and blue.dressed(USUAL) is own
    assert own.dressed(Look("long", "blond", "blue")) is blue and blue.dressed(Look("long", "blond", "blue")) is blue
    changed = (blue.colors != own.colors).any(1)
    assert set(np.unique(own.traits.parts(len(changed))[changed])) == {Part.RIGHT_EYE, Part.LEFT_EYE}
    rest = own.expression_of()
    assert np.array_equal(blue.vertices(rest), own.vertices(rest)) and blue.triangles is own.triangles
    assert own.dressed(Look(BALD)).traits.hair is None and not len(own.dressed(Look(BALD)).traits.locks)
    assert blue.colored(own.colors).dressed(USUAL) is not own


def test_eyes_have_the_colour_that_was_chosen() -> None:
    ball = face_model().anatomy.eyeballs[0]
    irises = {name: face_model().dressed(Look(eye_color=name)).colors[ball].astype(float) for name in EYE_COLORS}
    still = irises["hazel"] == irises["blue"]
    assert 0.5 < still.all(1).mean() < 0.95  # white and pupil
    blue, brown = (irises[name][~still.all(1)].mean(0) for name in ("blue", "brown"))
    assert blue[2] > blue[0] + 15 and brown[0] > brown[2] + 15


def test_hair_is_part_of_a_mesh_that_is_written() -> None:
    head = face_model().dressed(Look("long", "blond"))
    vertices = head.vertices(head.expression_of())
    normals, haired = head.normals(vertices), Haired.of(head)
    points, towards = haired.mesh(vertices, normals)
    assert len(points) == len(towards) == len(haired.colors) == len(haired.shine)
    assert len(points) == len(vertices) + len(head.traits.locks) and haired.triangles.max() == len(points) - 1
    color = haired.colors[len(vertices) :].mean(0)
    assert np.abs(color - 0.8 * np.array(HAIR_COLORS["blond"])).max() < 40
    bald = Haired.of(face_model().dressed(Look(BALD)))
    assert np.array_equal(bald.mesh(vertices, normals)[0], vertices) and bald.colors is bald.head.colors


def test_looks_are_read_from_text_and_unknown_names_are_refused() -> None:
    assert Look.parse("") == USUAL and Look.parse("curly") == Look("curly")
    assert Look.parse(" none , red ") == Look(BALD, "red")
    for text in ("mohawk", "long,green", "long,red,red", "long,red,blue,more"):
        with pytest.raises(UserError, match="is no look"):
            Look.parse(text)
    assert Look("gone", "red", "gone").known == Look(hair_color="red")


def test_other_heads_stay_as_they_are() -> None:
    class Other:
        pass

    other = Other()
    assert dressed(other, Look("long")) is other  # type: ignore[arg-type, comparison-overlap]


def test_wider_lashes_have_the_same_middle_and_length() -> None:
    lashes = face_model().traits.lashes()
    assert lashes is not None
    wide = lashes.wider(3.0)
    for before, after in ((lashes.open.offset, wide.open.offset), (lashes.shut, wide.shut)):
        before, after = before.reshape(-1, 3, 3), after.reshape(-1, 3, 3)
        assert_allclose(after[:, 0] + after[:, 2], before[:, 0] + before[:, 2], atol=1e-4)
        assert_allclose(after[:, 2] - after[:, 0], 3 * (before[:, 2] - before[:, 0]), atol=1e-4)


def test_lashes_follow_the_lids_and_turn_down_when_they_shut() -> None:
    head = face_model()
    lashes = head.traits.lashes()
    assert lashes is not None and len(lashes.open) == len(lashes.shut) == len(lashes.eye) > 500
    rest, upper = head.expression_of(), lashes.open.offset[:, 1] > lashes.shut[:, 1] + 1
    assert 0.1 < upper.mean() < 0.9  # tips of the upper lids; the lower ones stay

    def tips(**moved: float) -> tuple[float, float]:
        """How far above their roots the tips of the upper lids are, right and left, mm."""
        vertices = head.vertices(rest, blendshapes=blendshapes_of(**moved))
        away = lashes.at(vertices) - vertices[lashes.open.root]
        assert np.linalg.norm(away, axis=1).max() < 8
        right, left = (away[upper & (lashes.eye == eye), 1].mean() for eye in (0, 1))
        return right, left

    assert min(tips()) > 0.5
    right, left = tips(eyeBlinkRight=1.0)
    assert right < -0.5 and left > 0.5
