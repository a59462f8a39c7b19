"""The software renderer and the overlay, on shapes with known pictures."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.srgb import linear_from_srgb, srgb_from_linear
from expnet_live.core.types import Array
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.normals import NormalOperator
from expnet_live.meshes.subdivision import edges_of, loop_subdivision, trails_of
from expnet_live.render.overlay import draw_overlay
from expnet_live.render.rasterizer import rasterize
from expnet_live.render.shading import Surface, render
from expnet_live.render.style import OverlayStyle

SQUARE = np.array([(2, 6, 0), (10, 6, 0), (10, 2, 0), (2, 2, 0)], np.float32)  # y down
NEARER = np.array([0, 0, 5], np.float32)
SQUARE_FACES = np.array([(0, 1, 2), (0, 2, 3)])


def sphere(radius: float = 40) -> tuple[Array, Array]:
    octahedron = np.concatenate([np.eye(3), -np.eye(3)])
    faces = [(0, 1, 2), (1, 3, 2), (3, 4, 2), (4, 0, 2), (1, 0, 5), (3, 1, 5), (4, 3, 5), (0, 4, 5)]
    matrix, triangles = loop_subdivision(np.array(faces), 6, rounds=4)
    points = matrix @ octahedron
    return (radius * points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32), triangles


def test_every_pixel_centre_of_a_square_is_covered_and_no_other() -> None:
    fragments = rasterize(SQUARE + 0.25, SQUARE_FACES, 16, 12)
    picture = np.zeros((12, 16), int)
    picture.ravel()[fragments.pixel] += 1
    expected = np.zeros_like(picture)
    expected[3:7, 3:11] = 1
    assert np.array_equal(picture, expected)
    assert len(fragments.pixel) == len(np.unique(fragments.pixel))


def test_interpolation_reproduces_a_linear_function() -> None:
    points = np.array([(1.3, 20.1, 4), (25.2, 17.7, -3), (9.8, 2.2, 1)], np.float32)
    fragments = rasterize(points, np.array([(0, 1, 2)]), 30, 30)
    seen = fragments.interpolate(np.array([(0, 1, 2)]), points)
    assert np.allclose(fragments.weights.sum(1), 1, atol=1e-5) and fragments.weights.min() > -1e-5
    assert np.allclose(seen[:, 0], fragments.pixel % 30, atol=1e-4)
    assert np.allclose(seen[:, 1], fragments.pixel // 30, atol=1e-4)
    assert np.allclose(seen[:, 2], fragments.depth, atol=1e-4)


def test_the_nearer_triangle_wins_and_backs_are_culled() -> None:
    points = np.concatenate([SQUARE, SQUARE + NEARER])
    far_first = np.concatenate([SQUARE_FACES, SQUARE_FACES + 4])
    assert (rasterize(points, far_first, 16, 12).triangle >= 2).all()
    assert (rasterize(points, far_first[::-1], 16, 12).triangle <= 1).all()
    assert not len(rasterize(SQUARE, SQUARE_FACES[:, ::-1], 16, 12).pixel)


def test_a_mesh_beyond_the_frame_is_cut_off() -> None:
    fragments = rasterize(SQUARE * 10 - (50, 30, 0), SQUARE_FACES, 16, 12)
    assert len(fragments.pixel) == 16 * 12
    assert not len(rasterize(SQUARE + 100, SQUARE_FACES, 16, 12).pixel)


def test_colours_survive_the_way_to_linear_light_and_back() -> None:
    values = np.arange(256, dtype=np.uint8)
    assert np.abs(srgb_from_linear(linear_from_srgb(values)).astype(int) - values).max() <= 1


def test_a_sphere_is_round_lit_from_the_key_side_and_transparent_around() -> None:
    points, triangles = sphere()
    surface = Surface(triangles, np.full((len(points), 3), 180, np.uint8))
    view = WeakPerspective(np.zeros(3), 1.0, 49.5, 49.5)
    picture = render(surface, points, NormalOperator(triangles, len(points))(points), view, (100, 100), background=None)
    assert picture.shape == (100, 100, 4) and picture.dtype == np.uint8
    assert (picture[:, :, 3] / 255).sum() == pytest.approx(np.pi * 40**2, rel=0.01)
    assert picture[30, 30, :3].mean() > picture[70, 70, :3].mean() + 30
    on_red = render(surface, points, points / 40, view, (100, 100), background=(0, 0, 255))
    assert tuple(on_red[0, 0]) == pytest.approx((0, 0, 255), abs=0)


@pytest.mark.parametrize("style", list(OverlayStyle))
def test_the_overlay_changes_the_face_and_nothing_else(style: OverlayStyle) -> None:
    points, triangles = sphere()
    colors = np.full((len(points), 3), 200, np.uint8)
    photo = np.full((120, 160, 3), 30, np.uint8)
    view = WeakPerspective(np.zeros(3), 1.0, 120.0, 60.0)  # part of it beyond the frame
    out = draw_overlay(photo, Surface(triangles, colors), points, points / 40, view, style=style)
    assert photo.max() == 30 and out.shape == photo.shape
    changed = (out != photo).any(2)
    y, x = np.nonzero(changed)
    assert len(x) > 50 and np.hypot(x - 120, y - 60).max() < 55  # the eyes and lips of a sphere are wild curves


def test_a_face_outside_the_picture_leaves_it_alone() -> None:
    points, triangles = sphere()
    photo = np.full((60, 80, 3), 30, np.uint8)
    view = WeakPerspective(np.zeros(3), 1.0, 400.0, 60.0)
    for style in OverlayStyle:
        surface = Surface(triangles, np.full((len(points), 3), 200, np.uint8))
        assert np.array_equal(draw_overlay(photo, surface, points, points / 40, view, style=style), photo)


def test_what_the_skin_hides_is_not_drawn_and_what_an_opening_shows_is() -> None:
    """A red sphere inside a skin that has a hole above it: the picture is that of all triangles in any order."""
    points, triangles = sphere()
    inner = points * np.float32(0.8) + np.array([0, 0, 6], np.float32)
    hole = np.hypot(points[:, 0], points[:, 1] - 5) < 15
    skin = triangles[~hole[triangles].any(1)]
    colors = np.repeat(np.array([(200, 200, 200), (220, 30, 30)], np.uint8), len(points), axis=0)
    both, normals = np.concatenate([points, inner]), np.concatenate([points / 40, points / 40])
    photo, view = np.zeros((100, 100, 3), np.uint8), WeakPerspective(np.zeros(3), 1.0, 49.5, 49.5)
    shown = [
        draw_overlay(
            photo, Surface(np.concatenate([skin, triangles + len(points)]), colors, skin=n), both, normals, view
        )
        for n in (len(skin), None)
    ]
    assert np.abs(shown[0].astype(int) - shown[1]).max() <= 1
    assert shown[0][44, 50, 2] > 2 * shown[0][44, 50, 1] and shown[0][75, 50, 2] < 1.5 * shown[0][75, 50, 1]


def test_trails_run_along_every_edge_once() -> None:
    edges = edges_of(sphere()[1])[0]
    trails = trails_of(edges)
    walked = np.concatenate([np.stack([t[:-1], t[1:]], 1) for t in trails])
    assert np.array_equal(np.unique(np.sort(walked, 1), axis=0), np.unique(edges, axis=0))
    assert len(walked) == len(edges) and len(trails) < len(edges) / 20
