"""A head in the tone of somebody's skin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from expnet_live.core.srgb import linear_from_srgb
from expnet_live.heads.built_in import face_model
from expnet_live.heads.head import Part
from expnet_live.heads.tone import is_skin, own_tone, toned

BROWN = np.array([110.0, 72, 55])


def test_skin_takes_the_tone_with_its_shades_and_the_rest_stays() -> None:
    model = face_model()
    head = toned(model, BROWN)
    assert np.abs(own_tone(head) - linear_from_srgb(BROWN)).max() < 0.01
    part, skin = model.traits.parts(len(model.colors)), is_skin(model)
    assert np.array_equal(head.colors[~skin], model.colors[~skin])
    assert {Part.RIGHT_EYE, Part.UPPER_TEETH} <= {Part(p) for p in np.unique(part[~skin])}
    ratio = linear_from_srgb(head.colors[skin]) / linear_from_srgb(model.colors[skin])
    assert np.abs(ratio / np.median(ratio, axis=0) - 1).mean() < 0.05  # but for rounding
    # It moves as before, and the model itself keeps its colours.
    eta = model.expression_of(jawOpen=1.0)
    assert np.array_equal(head.vertices(eta), model.vertices(eta))
    assert model.colors is face_model().colors and not np.array_equal(model.colors, head.colors)


def test_no_tone_and_colours_of_its_own_leave_a_head_as_it_is() -> None:
    model = face_model()
    assert toned(model, None) is model
    avatar = model.colored(model.colors)
    avatar.__dict__["traits"] = replace(model.traits, own_colors=True)
    assert toned(avatar, BROWN) is avatar
