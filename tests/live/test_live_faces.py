"""A live face on our own head, an imported one and an avatar."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from avatar_files import glb_head
from blendshape_sets import SHAPES, make_set
from sending import face_of

from expnet_live.avatars.avatar import Avatar
from expnet_live.core.arkit import INDEX
from expnet_live.heads.built_in import face_model
from expnet_live.heads.imported import ImportedHead
from expnet_live.heads.library import import_head


def test_whatever_head_shows_a_face_its_actions_are_the_same(tmp_path: Path) -> None:
    """Of a model without blendshapes: those nearest to its coefficients."""
    model = face_model()
    make_set(tmp_path / "set", model, SHAPES)
    (tmp_path / "head.glb").write_bytes(glb_head())
    other = ImportedHead("Other", import_head(tmp_path / "set", model)[0], model)
    avatar = Avatar.load(tmp_path / "head.glb", model)
    face = replace(face_of(), expression=model.expression_of(jawOpen=2.0), blendshapes=None)
    assert face.weights[INDEX["jawOpen"]] > 0.1
    for head in (other, avatar):
        assert np.array_equal(face.on(head).weights, face.weights)


def test_an_avatar_alone_turns_its_own_head(tmp_path: Path) -> None:
    (tmp_path / "head.glb").write_bytes(glb_head())
    ours = face_of(rotation=(0.0, 0.5, 0.0))
    theirs = ours.on(Avatar.load(tmp_path / "head.glb", face_model()))
    assert ours.drawn(follow=False) is ours.drawn() and ours.drawn().pose is ours.state.pose
    assert not theirs.drawn().pose.rotation.any() and theirs.vertices is theirs.drawn().vertices
    assert np.abs(theirs.vertices - theirs.drawn(follow=False).vertices).max() > 10
