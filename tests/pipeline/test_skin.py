"""The tone of the skin: it follows the person, and lamps change it little."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.srgb import lab_from_linear, linear_from_srgb, srgb_from_linear
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.built_in import face_model
from expnet_live.heads.tone import own_tone, toned
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.pipeline.skin import SkinTone, seen_tone
from expnet_live.render.shading import Surface, render

VIEW = WeakPerspective(np.zeros(3), 1.0, 120.0, 120.0)
DARK, TAN, FAIR = np.array([92.0, 62, 50]), np.array([172.0, 124, 98]), np.array([238.0, 200, 180])


def portrait(skin: Array, light: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Image:
    """A drawn head with that skin, sRGB 0..255, before a grey wall, under a lamp with that linear BGR."""
    head = toned(face_model(), skin)
    vertices = head.vertices(face_model().expression_of())
    surface = Surface(head.triangles, head.colors, head.traits.shine)
    image = render(surface, vertices, head.normals(vertices), VIEW, (240, 240), background=(150, 150, 150))
    return srgb_from_linear(linear_from_srgb(image) * np.array(light, np.float32))


def lab(tone: Array) -> Array:
    return lab_from_linear(linear_from_srgb(tone))


def test_dark_tan_and_fair_skin_are_told_apart_and_the_head_wears_them() -> None:
    pipeline = Pipeline.load(device="cpu")
    tones = []
    for skin in (DARK, TAN, FAIR):
        (state,) = pipeline.photo(portrait(skin))
        assert state.skin is not None
        tones.append(lab(state.skin))
        worn = own_tone(toned(face_model(), state.skin))
        assert np.abs(lab_from_linear(worn) - tones[-1]).max() < 2  # rounding to whole grey levels
    lightness = np.array(tones)[:, 0]
    assert (np.diff(lightness) > 15).all() and abs(lightness[1] - lab(TAN)[0]) < 12
    assert all(tone[1] > 3 and tone[2] > 3 for tone in tones)  # nobody is blue


def test_a_lamp_changes_the_tone_less_than_the_picture() -> None:
    plain, dim, cold = (seen_tone(portrait(TAN, light), VIEW) for light in ((1, 1, 1), (0.6, 0.6, 0.6), (1.2, 1, 0.75)))
    assert plain is not None and dim is not None and cold is not None
    darker = lab(TAN)[0] - lab_from_linear(0.6 * linear_from_srgb(TAN))[0]
    assert 0 < plain[0] - dim[0] < 0.75 * darker
    moved = lab_from_linear(linear_from_srgb(TAN) * (0.75, 1, 1.2)) - lab(TAN)
    assert np.linalg.norm((cold - plain)[1:]) < 0.75 * np.linalg.norm(moved[1:])


@pytest.mark.parametrize("skin", [DARK, TAN, FAIR])
def test_warm_light_does_not_make_skin_orange(skin: Array) -> None:
    white, warm = (seen_tone(portrait(skin, light), VIEW) for light in ((1, 1, 1), (0.65, 1, 1.3)))
    assert white is not None and warm is not None
    assert np.abs((warm - white)[1:]).max() < 3 and np.abs((warm - lab(skin))[1:]).max() < 5
    seen = lab_from_linear(linear_from_srgb(skin) * (1.3, 1, 0.65))
    assert np.linalg.norm((warm - white)[1:]) < 0.25 * np.linalg.norm((seen - lab(skin))[1:])


def before_a_window(face: Image) -> Image:
    """The same head in a picture of twice the size, all of which shines around it."""
    head = (portrait(TAN) != 150).any(2)
    image = np.full((480, 480, 3), 255, np.uint8)
    image[120:360, 120:360][head] = face[head]
    return image


def test_a_bright_background_is_not_the_light_of_the_face() -> None:
    """Before a window, the tone was 9 and 22 darker (CIE lightness)."""
    view, tan = WeakPerspective(np.zeros(3), 1.0, 240.0, 240.0), portrait(TAN)
    plain = seen_tone(tan, VIEW)
    lit, in_shade = (seen_tone(before_a_window(portrait(TAN, (k, k, k))), view) for k in (1.0, 0.5))
    assert plain is not None and lit is not None and in_shade is not None
    assert abs(lit[0] - plain[0]) < 3 and plain[0] - in_shade[0] < 18


def test_orange_cheeks_before_a_white_wall_get_no_colour_that_skin_never_has() -> None:
    """Nothing but the cheeks says that the lamp is orange."""
    image = portrait(TAN, (0.4, 0.9, 1.5))
    image[:40] = 255
    tone = seen_tone(image, VIEW)
    assert tone is not None and np.hypot(*tone[1:]) < 36 < np.hypot(
        *lab_from_linear(linear_from_srgb(TAN) * (1.5, 0.9, 0.4))[1:]
    )


def test_a_picture_without_colour_gives_the_usual_colour_of_skin() -> None:
    grey = portrait(TAN)
    grey[:] = grey[..., 1:2]
    tone = seen_tone(grey, VIEW)
    assert tone is not None and tone[1] > 8 and tone[2] > 8


def test_the_tone_is_a_mean_over_seconds() -> None:
    skin, fair, dark = SkinTone(), portrait(FAIR), portrait(DARK)
    for i in range(50):
        before = skin.add(fair, VIEW, i / 10)
    assert before is not None
    assert skin.add(dark, VIEW, 5.05) is before  # too early for another look
    flashed = skin.add(dark, VIEW, 5.2)
    assert flashed is not None and np.linalg.norm(lab(flashed) - lab(before)) < 4
    for i in range(200):
        after = skin.add(dark, VIEW, 5.2 + i / 10)
    wanted = seen_tone(dark, VIEW)
    assert after is not None and wanted is not None and np.linalg.norm(lab(after) - wanted) < 3


def test_cheeks_outside_of_the_picture_say_nothing() -> None:
    image = portrait(TAN)
    assert SkinTone().add(image, WeakPerspective(np.zeros(3), 1.0, 900.0, 120.0), 0.0) is None
    assert SkinTone().add(image, WeakPerspective(np.array([0, 3.0, 0]), 1.0, 120.0, 120.0), 0.0) is None
    assert SkinTone().add(image // 16, VIEW, 0.0) is None  # as of a camera that still opens its shutter
    beside = SkinTone()
    assert beside.add(image, VIEW, 0.0) is not None
    assert beside.add(image, WeakPerspective(np.zeros(3), 1.0, 900.0, 120.0), 1.0) is not None  # what is known stays


@pytest.mark.parametrize("skin", [(60.0, 90.0, 220.0), (80.0, 200.0, 90.0)])
def test_a_tone_that_no_skin_has_is_drawn_in_part(skin: tuple[float, float, float]) -> None:
    tone = seen_tone(portrait(np.array(skin)), VIEW)
    assert tone is not None and np.hypot(*tone[1:]) < np.hypot(*lab(np.array(skin))[1:])
