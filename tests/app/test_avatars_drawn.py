"""Avatars on a real OpenGL context: each action changes its part of the picture, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from avatar_files import AVATARS
from gltf_files import Maker
from PySide6.QtCore import QSize
from seen import bgra

from expnet_live.app.view3d.avatar_geometry import AvatarGeometry
from expnet_live.app.view3d.avatar_visual import AvatarVisual
from expnet_live.app.view3d.orbit import HOME, projection
from expnet_live.app.view3d.stage import Stage
from expnet_live.app.view3d.visual import Finish
from expnet_live.avatars.avatar import Avatar, posed
from expnet_live.avatars.model import Material
from expnet_live.core.arkit import blendshapes_of
from expnet_live.core.types import Array, Pose
from expnet_live.heads.built_in import face_model
from expnet_live.render.textured import AvatarPainter

SIDE = 360
REST = np.zeros(29, np.float32)
AHEAD = Pose(np.zeros(3), np.array([0.0, 0.0, -600.0]))
NAMES = list(AVATARS)


@pytest.fixture
def stage(qapp: Any) -> Any:
    made = Stage()
    yield made
    made.close()


class Drawer:
    def __init__(self, stage: Stage, avatar: Avatar, finely: bool = True, **finish: bool) -> None:
        self._stage, self._avatar, self._visual = stage, avatar, AvatarVisual(finely=finely)
        self._visual.set_geometry(AvatarGeometry.of(avatar))
        self._visual.set_finish(Finish(**finish))
        flip = np.diag([1, -1, 1, 1]).astype(np.float32)
        self._to_picture = flip @ projection(SIDE, SIDE)

    def change(self, materials: dict[int, Material]) -> None:
        self._visual.set_materials(materials)

    def picture(self, rotation: Any = None, gaze: Any = None, mirrored: bool = False, **actions: float) -> Array:
        """BGRA (H, W, 4) float."""
        look = None if gaze is None else np.tile(np.float32(gaze), (2, 1))
        turn = None if rotation is None else np.array(rotation)
        vertices, normals, _ = self._avatar.posed(REST, look, blendshapes_of(**actions), turn)
        self._visual.set_mesh(vertices, normals)
        self._visual.place(
            HOME.matrix() @ np.diag([-1 if mirrored else 1, 1, 1, 1]).astype(np.float32), self._to_picture
        )
        image = self._stage.picture(QSize(SIDE, SIDE), self._visual.draw)
        return bgra(image)

    def at(self, x: float, y: float, z: float) -> tuple[int, int]:
        """The pixel (column, row) of a point in mm."""
        seen = self._to_picture @ HOME.matrix() @ np.array([x, y, z, 1])
        column, row = (seen[:2] / seen[3] + 1) / 2 * SIDE
        return round(float(column)), SIDE - 1 - round(float(SIDE - row))


def changed(one: Array, other: Array) -> Array:
    return np.abs(one - other).max(2) > 24


def box(drawer: Drawer, low: tuple[float, float], high: tuple[float, float], z: float = 10.0) -> tuple[slice, slice]:
    """The rows and columns between two points of the face, in mm."""
    (x0, y1), (x1, y0) = drawer.at(*low, z), drawer.at(*high, z)
    return slice(y0, y1), slice(x0, x1)


@pytest.mark.parametrize("name", NAMES)
def test_known_actions_give_known_pictures(name: str, stage: Stage, avatars: dict[str, Avatar]) -> None:
    drawer = Drawer(stage, avatars[name])
    rest = drawer.picture()
    mouth, eyes = box(drawer, (-35, -95), (35, -25)), box(drawer, (-55, 15), (55, 55))

    opened = changed(drawer.picture(jawOpen=1.0), rest)
    assert opened[mouth].mean() > 0.05 and opened[eyes].mean() < 0.01

    shut = changed(drawer.picture(eyeBlinkLeft=1.0, eyeBlinkRight=1.0), rest)
    assert shut[eyes].mean() > 0.05 and shut[mouth].mean() < 0.01
    # The irises are gone: what is there instead has the colour of the lids.
    for side in (-1, 1):
        iris = box(drawer, (32 * side - 3, 30), (32 * side + 3, 36))
        closed = drawer.picture(eyeBlinkLeft=1.0, eyeBlinkRight=1.0)[iris]
        assert closed[..., 2].mean() > closed[..., 0].mean() + 20  # red over blue
    # The person's left eye is on the viewer's right.
    wink = changed(drawer.picture(eyeBlinkLeft=1.0), rest)[eyes]
    half = wink.shape[1] // 2
    assert wink[:, half:].mean() > 0.05 > 0.005 > wink[:, :half].mean()


@pytest.mark.parametrize("name", NAMES)
def test_the_head_turns_the_right_way(name: str, stage: Stage, avatars: dict[str, Avatar]) -> None:
    """Seen by where in the picture the mouth opens."""
    drawer = Drawer(stage, avatars[name])

    def mouth(rotation: tuple[float, float, float], mirrored: bool = False) -> Array:
        shut, opened = (drawer.picture(rotation, mirrored=mirrored, jawOpen=jaw) for jaw in (0.0, 1.0))
        dark = (opened[..., 3] > 0) & (opened[..., :3].max(2) < 70) & (shut[..., :3].max(2) > 110)
        rows, columns = np.nonzero(dark)
        return np.array([np.median(columns), np.median(rows)])

    middle = mouth((0, 0, 0))
    assert abs(middle[0] - SIDE / 2) < 6
    assert mouth((0, 0.5, 0))[0] > middle[0] + 25  # to the viewer's right
    assert mouth((0, -0.5, 0))[0] < middle[0] - 25
    assert mouth((0, 0.5, 0), mirrored=True)[0] < middle[0] - 25
    assert mouth((0.3, 0, 0))[1] > middle[1] + 10  # down
    assert mouth((0, 0, 0.3))[0] < middle[0] - 10  # counter-clockwise about the neck, below the mouth


@pytest.mark.parametrize("name", NAMES)
def test_eyes_look_where_they_should(name: str, stage: Stage, avatars: dict[str, Avatar]) -> None:
    """The dark pixels within the eyes move with the gaze."""
    drawer = Drawer(stage, avatars[name])

    def pupil(gaze: tuple[float, float], side: int) -> Array:
        part = drawer.picture(gaze=gaze, eyeWideLeft=0.3, eyeWideRight=0.3)[
            box(drawer, (32 * side - 13, 26), (32 * side + 13, 42))
        ]
        dark = np.clip(90 - part[..., :3].max(2), 0, None)
        return np.array([(dark * axis).sum() / dark.sum() for axis in np.indices(dark.shape)[::-1]])

    for side in (-1, 1):
        assert pupil((0.4, 0.0), side)[0] > pupil((-0.4, 0.0), side)[0] + 1
        assert pupil((0.0, 0.3), side)[1] < pupil((0.0, -0.3), side)[1]


def test_hair_is_cut_out_and_seen_from_both_sides(stage: Stage, avatars: dict[str, Avatar]) -> None:
    drawer = Drawer(stage, avatars["one.vrm"])
    rest = drawer.picture()
    assert {0, 255} <= set(np.unique(rest[..., 3]))
    # Beside the face hang strands with gaps between them.
    row = rest[drawer.at(0, 0, -60)[1], : SIDE // 2, 3] > 0
    assert np.count_nonzero(np.diff(row.astype(int))) >= 3
    wire = Drawer(stage, avatars["one.vrm"], wireframe=True).picture()
    assert changed(wire, rest).mean() > 0.1


def _plate(tmp_path: Path, textures: dict[str, Any] | None = None, normal: Any = None, **material: Any) -> Avatar:
    """A plate with a grey texture of sRGB 128, and other `textures` by glTF's names."""
    maker = Maker()
    places = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    attributes = {"POSITION": maker.add(places), "TEXCOORD_0": maker.add(places[:, :2].copy() / 2 + 0.5)}
    if normal is not None:
        attributes["NORMAL"] = maker.add(np.tile(np.float32(normal), (4, 1)))
    numbers = maker.add(np.array([0, 1, 2, 0, 2, 3], np.uint16))
    maker.document["meshes"].append({"primitives": [{"attributes": attributes, "indices": numbers, "material": 0}]})
    maker.document["nodes"].append({"name": "Plate", "mesh": 0})
    material |= {name: _image(maker, pixels) for name, pixels in (textures or {}).items()}
    surface = {"baseColorTexture": {"index": maker.image(np.full((8, 8, 4), 128, np.uint8))}, **material.pop("pbr", {})}
    maker.document["materials"].append({"pbrMetallicRoughness": surface, **material})
    path = tmp_path / "plate.glb"
    path.write_bytes(maker.content())
    return Avatar.load(path, face_model())


UNLIT = {"extensions": {"KHR_materials_unlit": {}}}


@pytest.mark.parametrize(
    ("material", "color", "alpha"),
    [
        (UNLIT, 128, 255),
        ({**UNLIT, "pbr": {"baseColorFactor": [0.5, 0.5, 0.5, 1.0]}}, 92, 255),  # half the light of 128 is 92
        ({**UNLIT, "alphaMode": "BLEND"}, 64, 128),  # premultiplied
        ({**UNLIT, "alphaMode": "MASK", "alphaCutoff": 0.6}, 0, 0),
        ({**UNLIT, "alphaMode": "MASK", "alphaCutoff": 0.4}, 128, 255),
        (
            {"extensions": {"VRMC_materials_mtoon": {"shadeColorFactor": [0.5, 0.5, 0.5], "shadingShiftFactor": 1.0}}},
            128,
            255,
        ),
        (
            {"extensions": {"VRMC_materials_mtoon": {"shadeColorFactor": [0.5, 0.5, 0.5], "shadingShiftFactor": -1.0}}},
            92,
            255,
        ),
    ],
)
def test_colours_are_those_of_the_file(
    material: dict[str, Any], color: int, alpha: int, stage: Stage, tmp_path: Path
) -> None:
    picture = Drawer(stage, _plate(tmp_path, **dict(material))).picture()
    middle = picture[SIDE // 2, SIDE // 2]
    assert np.abs(middle[:3] - color).max() <= 2 and abs(middle[3] - alpha) <= 1


@pytest.mark.parametrize("double", [True, False])
def test_backs_are_drawn_where_the_file_wants_it(double: bool, stage: Stage, tmp_path: Path) -> None:
    drawer = Drawer(stage, _plate(tmp_path, doubleSided=double))
    assert (drawer.picture(rotation=(0, np.pi, 0))[..., 3] > 0).any() == double
    assert (drawer.picture()[..., 3] > 0).any()


def _image(maker: Maker, pixels: Any) -> dict[str, int]:
    return {"index": maker.image(np.ascontiguousarray(pixels, np.uint8))}


def test_a_texture_says_where_a_material_glows(stage: Stage, tmp_path: Path) -> None:
    """The left half of the plate sends out light, the right one does not."""
    half = np.zeros((8, 8, 3), np.uint8)
    half[:, :4] = 255
    black = {"pbr": {"baseColorFactor": [0, 0, 0, 1]}, "emissiveFactor": [0.5, 0.5, 0.5]}
    avatar = _plate(tmp_path, textures={"emissiveTexture": half}, **black)
    picture = Drawer(stage, avatar).picture()
    middle, quarter = SIDE // 2, SIDE // 8
    assert np.abs(picture[middle, middle - quarter, :3] - 186).max() <= 3  # half the light
    assert picture[middle, middle + quarter, :3].max() <= 2
    painted = AvatarPainter(avatar).draw(
        np.zeros((SIDE, SIDE, 3), np.uint8), posed(avatar, REST, None, None, None, AHEAD), AHEAD
    )
    lit = painted.max(2) > 150
    columns = np.flatnonzero(lit.any(0))
    assert len(columns) and columns.max() <= SIDE // 2 + 2


@pytest.mark.parametrize("light", ["lit", "toon"])
@pytest.mark.parametrize("towards", [(-0.6, 0.0), (0.6, 0.0), (0.0, 0.6), (0.3, -0.5)])
def test_a_map_of_normals_turns_the_surface(
    towards: tuple[float, float], light: str, stage: Stage, tmp_path: Path
) -> None:
    """A flat plate with a map of normals looks like one whose vertices have those normals, from wherever it is seen."""
    x, y = towards
    z = np.sqrt(1 - x * x - y * y)
    pixels = np.tile(np.rint(127.5 + 127.5 * np.array([x, y, z])).astype(np.uint8), (8, 8, 1))
    toon = {"extensions": {"VRMC_materials_mtoon": {"shadeColorFactor": [0, 0, 0], "shadingToonyFactor": 0.0}}}
    more = {"doubleSided": True, **(toon if light == "toon" else {})}
    # On the plate, texture coordinates grow to the right and up: so what is up in the map is down on the plate.
    bent = _plate(tmp_path, normal=(x, -y, z), **more)
    mapped = _plate(tmp_path, textures={"normalTexture": pixels}, **more)
    flat = Drawer(stage, _plate(tmp_path, **more), finely=False).picture()
    drawers, middle = [Drawer(stage, a) for a in (bent, mapped)], SIDE // 2
    for rotation in ((0, 0, 0), (0.3, -0.5, 0.2), (0, 2.8, 0)):
        for mirrored in (False, True):
            one, other = (drawer.picture(rotation=rotation, mirrored=mirrored) for drawer in drawers)
            assert np.abs(one - other)[middle, middle].max() <= 3, (rotation, mirrored)
    if min(map(abs, towards)) == 0 < max(towards):
        assert np.abs(drawers[1].picture() - flat)[middle, middle].max() > 5
    # Where the CPU draws, it stays flat.
    assert np.abs(Drawer(stage, mapped, finely=False).picture() - flat)[middle, middle].max() <= 1


@pytest.mark.parametrize("mode", ["worldCoordinates", "screenCoordinates", "none"])
def test_a_line_is_drawn_around_what_wants_one(mode: str, stage: Stage, tmp_path: Path) -> None:
    toon = {"shadeColorFactor": [1, 1, 1], "outlineWidthMode": mode, "outlineWidthFactor": 0.02,
            "outlineColorFactor": [1, 0, 0]}  # fmt: skip
    drawer = Drawer(stage, _ball(tmp_path, {"extensions": {"VRMC_materials_mtoon": toon}}))
    for mirrored in (False, True):
        picture = drawer.picture(mirrored=mirrored)
        red = (picture[..., 2] > 200) & (picture[..., :2].max(2) < 60)
        inside = picture[SIDE // 2, SIDE // 2, :3]
        assert red.any() == (mode != "none")
        assert inside.min() > 100  # the line is behind the ball
        row = red[np.flatnonzero(picture[..., 3].any(1)).mean().astype(int)]
        assert np.flatnonzero(row).size == 0 or not row[SIDE // 2 - 10 : SIDE // 2 + 10].any()


def _ball(tmp_path: Path, material: dict[str, Any]) -> Avatar:
    maker = Maker()
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 33), np.linspace(0, np.pi, 17))
    points = np.stack([np.sin(v) * np.sin(u), np.cos(v), np.sin(v) * np.cos(u)], -1).reshape(-1, 3).astype(np.float32)
    i = np.arange(16)[:, None] * 33 + np.arange(32)
    quads = np.stack([i, i + 33, i + 34, i + 1], -1).reshape(-1, 4)
    numbers = maker.add(np.vstack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.uint16).ravel())
    attributes = {"POSITION": maker.add(points), "NORMAL": maker.add(points)}
    maker.document["meshes"].append({"primitives": [{"attributes": attributes, "indices": numbers, "material": 0}]})
    maker.document["nodes"].append({"name": "Ball", "mesh": 0})
    maker.document["materials"].append(material)
    (tmp_path / "ball.glb").write_bytes(maker.content())
    return Avatar.load(tmp_path / "ball.glb", face_model())


def test_materials_change_with_the_expression(stage: Stage, tmp_path: Path) -> None:
    """A blush: the grey plate turns red, in the window and in a video."""
    avatar = _plate(tmp_path, **UNLIT)
    red = {0: replace(avatar.file.materials[0], color=(1.0, 0.0, 0.0, 1.0), place=(1.0, 1.0, 0.5, 0.0))}
    drawer, middle = Drawer(stage, avatar), SIDE // 2
    assert np.abs(drawer.picture()[middle, middle, :3] - 128).max() <= 2
    drawer.change(red)
    assert np.abs(drawer.picture()[middle, middle, :3] - (0, 0, 128)).max() <= 2
    drawn = replace(posed(avatar, REST, None, None, None, AHEAD), materials=red)
    painted = AvatarPainter(avatar).draw(np.zeros((SIDE, SIDE, 3), np.uint8), drawn, AHEAD)
    assert painted[..., 2].max() > 120 and painted[..., :2].max() <= 2
