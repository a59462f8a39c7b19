"""Avatars over pictures, drawn on the CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from avatar_files import AVATARS
from gltf_files import Maker

from expnet_live.avatars.avatar import Avatar, posed
from expnet_live.core.arkit import blendshapes_of
from expnet_live.core.types import Array, Pose
from expnet_live.geometry.camera import Camera
from expnet_live.heads.built_in import face_model
from expnet_live.render.textured import AvatarPainter

WIDTH, HEIGHT = 320, 240
REST = np.zeros(29, np.float32)
GROUND = np.full((HEIGHT, WIDTH, 3), (200, 40, 40), np.uint8)  # blue
MEASURED = Pose(np.array([0.0, 0.0, 0.0]), np.array([20.0, 30.0, -620.0]))
NAMES = list(AVATARS)


def picture(avatar: Avatar, pose: Pose = MEASURED, finely: bool = True, **actions: float) -> Array:
    drawn = posed(avatar, REST, None, None, blendshapes_of(**actions), pose)
    return AvatarPainter(avatar, finely=finely).draw(GROUND, drawn, pose).astype(float)


def box(low: tuple[float, float], high: tuple[float, float], pose: Pose = MEASURED) -> tuple[slice, slice]:
    """Rows and columns between two points of a face that looks ahead, mm."""
    (x0, y1, _), (x1, y0, _) = Camera.for_image(WIDTH, HEIGHT).view(pose).project(np.array([[*low, 0], [*high, 0]]))
    return slice(round(y0), round(y1)), slice(round(x0), round(x1))


def changed(one: Array, other: Array) -> Array:
    return np.abs(one - other).max(2) > 24


@pytest.mark.parametrize("name", NAMES)
def test_the_avatar_is_where_the_face_was(name: str, avatars: dict[str, Avatar]) -> None:
    rest = picture(avatars[name])
    face = rest[box((-40, -80), (40, 60))]
    assert (face[..., 2] > face[..., 0]).mean() > 0.9  # skin, on a blue ground
    assert np.array_equal(rest[:8, :8], GROUND[:8, :8])
    mouth, eyes = box((-35, -95), (35, -30)), box((-55, 15), (55, 55))
    opened = changed(picture(avatars[name], jawOpen=1.0), rest)
    assert opened[mouth].mean() > 0.05 and opened[eyes].mean() < 0.02
    shut = changed(picture(avatars[name], eyeBlinkLeft=1.0, eyeBlinkRight=1.0), rest)
    assert shut[eyes].mean() > 0.03 and shut[mouth].mean() < 0.02


@pytest.mark.parametrize("name", NAMES)
def test_a_turned_head_stays_at_its_place(name: str, avatars: dict[str, Avatar]) -> None:
    """The mouth opens where that of a measured head with this pose is."""
    pose = Pose(np.array([0.1, 0.45, 0.1]), MEASURED.translation)
    shut, opened = picture(avatars[name], pose), picture(avatars[name], pose, jawOpen=1.0)
    rows, columns = np.nonzero((opened.max(2) < 70) & (shut.max(2) > 110))
    x, y, _ = Camera.for_image(WIDTH, HEIGHT).view(pose).project(np.array([[0.0, -52.0, 12.0]]))[0]
    assert abs(np.median(columns) - x) < 6 and abs(np.median(rows) - y) < 8


def test_coarse_and_fine_pictures_are_alike(avatars: dict[str, Avatar]) -> None:
    fine, coarse = (picture(avatars["one.vrm"], finely=finely) for finely in (True, False))
    assert np.abs(fine - coarse).mean() < 3
    assert len(np.unique(fine.reshape(-1, 3), axis=0)) > len(np.unique(coarse.reshape(-1, 3), axis=0))  # smooth edges


def test_an_avatar_outside_of_the_picture(avatars: dict[str, Avatar]) -> None:
    away = Pose(np.zeros(3), np.array([5000.0, 0.0, -600.0]))
    assert np.array_equal(picture(avatars["head.glb"], away), GROUND)


@pytest.mark.parametrize("mode", ["BLEND", "MASK"])
def test_what_is_behind_a_transparent_part_is_seen(mode: str, tmp_path: Path) -> None:
    """An iris behind a highlight whose picture is empty, as avatars' eyes are made."""
    maker = Maker()
    square = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    for z, name, color in ((0.0, "iris", (0, 255, 0, 255)), (0.1, "highlight", (255, 255, 255, 0))):
        texture = {"index": maker.image(np.full((4, 4, 4), color, np.uint8))}
        maker.document["materials"].append(
            {"name": name, "alphaMode": mode, "pbrMetallicRoughness": {"baseColorTexture": texture},
             "extensions": {"KHR_materials_unlit": {}}}
        )  # fmt: skip
        attributes = {"POSITION": maker.add(square + np.float32((0, 0, z))), "TEXCOORD_0": maker.add(square[:, :2])}
        numbers = maker.add(np.array([0, 1, 2, 0, 2, 3], np.uint16))
        material = len(maker.document["materials"]) - 1
        maker.document["meshes"].append(
            {"primitives": [{"attributes": attributes, "indices": numbers, "material": material}]}
        )
        maker.document["nodes"].append({"name": name, "mesh": material})
    (tmp_path / "eye.glb").write_bytes(maker.content())
    seen = picture(Avatar.load(tmp_path / "eye.glb", face_model()))
    assert np.abs(seen - (0, 255, 0)).max(2).min() < 10
