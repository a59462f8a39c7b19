"""`evaluate skin` on drawn people of all tones."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from album import Album

from expnet_live.cli import main
from expnet_live.core.srgb import linear_from_srgb
from expnet_live.core.types import Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.built_in import face_model
from expnet_live.heads.tone import toned
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.render.shading import Surface, render
from expnet_live.research.evaluation.skin.command import Tones, measure
from expnet_live.research.evaluation.skin.typology import ita, relit

VIEW = WeakPerspective(np.zeros(3), 0.8, 100.0, 108.0)


def portrait(skin: tuple[float, float, float]) -> Image:
    head = toned(face_model(), np.array(skin))
    vertices = head.vertices(face_model().expression_of())
    surface = Surface(head.triangles, head.colors, head.traits.shine)
    return render(surface, vertices, head.normals(vertices), VIEW, (200, 216), background=(150, 120, 100))


def test_the_angle_orders_skin_as_dermatology_does() -> None:
    angles = [ita(linear_from_srgb(np.array(rgb))) for rgb in ((246, 220, 204), (200, 150, 118), (84, 52, 40))]
    assert angles[0] > 55 > 41 > angles[1] > 10 > -30 > angles[2]


def test_heads_follow_the_people_of_the_photos() -> None:
    pipeline, tones, rng = Pipeline.load(device="cpu"), Tones(), np.random.default_rng(0)
    points = VIEW.project(face_model().landmarks(face_model().expression_of()))[:, :2]
    for skin in ((245.0, 212, 194), (224, 180, 158), (190, 140, 112), (140, 96, 74), (90, 60, 48)):
        measure(portrait(skin), points, pipeline, tones, rng)
    measure(cv2.cvtColor(cv2.cvtColor(portrait((190, 140, 112)), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), points,
            pipeline, tones, rng)  # fmt: skip
    assert (len(tones.photo), tones.grey, tones.missed) == (5, 1, 0)
    assert tones.correlation == pytest.approx(1) and tones.under_other_lamps > 0.6


def test_another_lamp_changes_the_picture_and_not_its_shape() -> None:
    image = portrait((190, 140, 112))
    lit = relit(image, np.random.default_rng(1))
    assert lit.shape == image.shape and lit.dtype == np.uint8 and np.abs(lit.astype(int) - image).mean() > 3


def test_the_command_measures_held_out_people(album: Album, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = tmp_path / "skin.json"
    main(["evaluate", "skin", *album.arguments, "--landmarks", str(album.landmarks), "--json", str(told)])
    figures = json.loads(told.read_text())
    assert len(figures["photo"]) == len(figures["head"]) == len(figures["relit"]) > 3
    assert "rank correlation of the head's ITA" in capsys.readouterr().out
