"""The head around a face: built on the face of scikit-image's public-domain portrait."""

from __future__ import annotations

import numpy as np
import pytest
from mesh import face_mesh
from scipy.spatial import cKDTree

from expnet_live.core.types import Array
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads import eyes
from expnet_live.heads.anatomy import Anatomy, build_anatomy
from expnet_live.heads.ears import ear
from expnet_live.heads.head import Part
from expnet_live.heads.posing import Posing
from expnet_live.heads.topology import LEFT_IRIS, RIGHT_IRIS, base_topology, mirror_permutation
from expnet_live.meshes.subdivision import edges_of, loop_subdivision

UPPER_LID, LOWER_LID = (386, 159), (374, 145)


@pytest.fixture(scope="module")
def face() -> Array:
    """The portrait's 468 points: frontal, made symmetric, in mm."""
    import skimage.data

    image = skimage.data.astronaut()[:300, 80:380]
    with face_mesh() as mesh:
        found = mesh.process(np.ascontiguousarray(image))
    assert found is not None
    points = found * (1.0, -1.0, -1.0)
    points -= points[:468].mean(0)
    # Axes of the head: across the eyes, and from the chin to the forehead.
    across = points[[263, 362, 454]].mean(0) - points[[33, 133, 234]].mean(0)
    across /= np.linalg.norm(across)
    up = points[10] - points[152]
    up -= across * (up @ across)
    up /= np.linalg.norm(up)
    points = points @ np.stack([across, up, np.cross(across, up)], 1)
    pupils = np.linalg.norm(points[RIGHT_IRIS] - points[LEFT_IRIS])
    points = points[:468] * 63 / pupils
    order = mirror_permutation(points)
    points[:, 0] -= (points[:, 0] + points[order, 0]).mean() / 2
    return (points + points[order] * (-1, 1, 1)) / 2


@pytest.fixture(scope="module")
def anatomy(face: Array) -> Anatomy:
    return build_anatomy(face, base_topology().triangles)


@pytest.fixture(scope="module")
def posing(anatomy: Anatomy) -> Posing:
    return Posing(anatomy)


def posed(posing: Posing, face: Array, gaze: Array | None = None) -> Array:
    return posing(posing.points.at(face.astype(np.float32)), gaze)


def blinking(face: Array, amount: float) -> Array:
    """The face with its upper lids drawn over the lower ones by a share of the way."""
    out = face.copy()
    for ring in (base_topology().right_eye, base_topology().left_eye):
        one, other = ring[1:8], ring[:8:-1]
        upper, lower = (one, other) if face[one, 1].mean() > face[other, 1].mean() else (other, one)
        out[upper] += amount * (face[lower] - face[upper])
    return out


def test_the_face_comes_first_and_is_the_subdivided_base(face: Array, anatomy: Anatomy, posing: Posing) -> None:
    matrix, triangles = loop_subdivision(base_topology().triangles, 468, 2)
    assert anatomy.n_face == matrix.shape[0]
    assert np.array_equal(anatomy.triangles[: anatomy.n_face_triangles], triangles)
    cheeks = np.abs((matrix @ face)[:, 0]) < 40
    apart = np.linalg.norm(posed(posing, face)[: anatomy.n_face] - matrix @ face, axis=1)
    eyes_and_lips = np.linalg.norm((matrix @ face)[:, None, :2] - face[[159, 386, 13], :2], axis=2).min(1) < 30
    assert apart[cheeks & ~eyes_and_lips & (np.abs((matrix @ face)[:, 1]) < 50)].max() < 1e-3
    assert np.median(apart) < 0.1


def test_every_part_is_there_and_contiguous(anatomy: Anatomy) -> None:
    for part in Part:
        vertices = anatomy.range(part)
        assert (anatomy.part[vertices] == part).all() and len(anatomy.triangles_of(part))
    assert anatomy.colors.shape == anatomy.offset.shape == (len(anatomy.part), 3)
    assert anatomy.shine.min() >= 0 and anatomy.shine.max() <= 1
    assert len(np.unique(anatomy.triangles)) == len(anatomy.part)


def test_skin_lids_mouth_and_head_are_one_closed_sheet(anatomy: Anatomy) -> None:
    sheet = anatomy.triangles_of(Part.FACE, Part.SHELL, Part.LID_RIM, Part.MOUTH)
    edges, _, count = edges_of(sheet)
    assert count.max() == 2
    open_ = edges[count == 1]
    assert set(anatomy.part[open_.ravel()].tolist()) == {Part.LID_RIM}  # which end inside the eyeballs


def test_the_head_mirrors_when_the_face_does(face: Array, posing: Posing) -> None:
    vertices = posed(posing, face)
    assert np.isfinite(vertices).all() and vertices.dtype == np.float32
    distance, _ = cKDTree(vertices).query(vertices * (-1, 1, 1))
    assert np.percentile(distance, 99) < 0.3


def test_shape_carries_over_to_the_head_and_fades_out(face: Array, anatomy: Anatomy, posing: Posing) -> None:
    wider = face * (1.05, 1, 1)
    moved = np.abs((posed(posing, wider) - posed(posing, face))[:, 0])
    shell = anatomy.range(Part.SHELL)
    depth = posed(posing, face)[shell, 2]
    front, back = moved[shell][depth > -70], moved[shell][depth < -150]
    assert front.max() > 2.5 and back.max() < 1.3 and np.median(back) < 0.5
    edges = edges_of(anatomy.triangles_of(Part.FACE, Part.SHELL))[0]
    assert np.abs(np.diff(moved[edges], axis=1)).max() < 1  # no step anywhere


def test_normals_of_the_skull_point_outward(face: Array, anatomy: Anatomy, posing: Posing) -> None:
    vertices = posed(posing, face)
    normals = NormalOperator(anatomy.triangles, len(vertices))(vertices)
    skull = (anatomy.part == Part.SHELL) & (vertices[:, 1] > 20)
    outward = vertices[skull] - np.array([0, 40, -80])
    assert (normals[skull] * outward).sum(1).min() > 0
    ball = anatomy.range(Part.LEFT_EYE)
    center = vertices[ball].mean(0) - (0, 0, 4)
    assert ((vertices[ball] - center) * normals[ball]).sum(1).min() > 0


@pytest.mark.parametrize("amount", [0.0, 0.4, 0.8, 1.0, 1.15])
def test_lids_slide_over_the_eyeballs(face: Array, anatomy: Anatomy, amount: float, posing: Posing) -> None:
    blink = blinking(face, amount)
    vertices = posed(posing, blink)
    control = anatomy.cage.at(blink)
    for lids, center in zip(anatomy.lids, control[anatomy.centers], strict=True):
        assert np.linalg.norm(vertices[lids] - center, axis=1).min() > eyes.EYE_RADIUS + 0.6


def test_nearly_closed_lids_are_closed_and_open_eyes_left_alone(face: Array, anatomy: Anatomy, posing: Posing) -> None:
    for amount, largest in ((0.93, 0.3), (1.0, 0.3), (1.2, 0.3)):
        vertices = posed(posing, blinking(face, amount))
        for close in anatomy.closings[:2]:
            assert np.abs(vertices[close.first, 1] - vertices[close.second, 1]).max() < largest
    slit = posed(posing, face)[list(UPPER_LID), 1] - posed(posing, face)[list(LOWER_LID), 1]
    assert slit == pytest.approx(face[list(UPPER_LID), 1] - face[list(LOWER_LID), 1], abs=1.0)


def test_eyes_turn_right_and_up_round_their_centres(face: Array, anatomy: Anatomy, posing: Posing) -> None:
    gaze = np.array([[0.3, 0.2], [0.0, 0.0]])
    straight, turned = posed(posing, face), posed(posing, face, gaze)
    right, left = anatomy.range(Part.RIGHT_EYE), anatomy.range(Part.LEFT_EYE)
    assert np.allclose(straight[left], turned[left])
    pupil = turned[right][0] - straight[right][0]
    assert pupil[0] > 3 and pupil[1] > 2
    center = anatomy.cage.at(face)[anatomy.centers[0]]
    forward = (turned[right][0] - center) / np.linalg.norm(turned[right][0] - center)
    assert forward == pytest.approx([np.sin(0.3) * np.cos(0.2), np.sin(0.2), np.cos(0.3) * np.cos(0.2)], abs=1e-4)


def test_lower_teeth_follow_the_jaw_and_upper_ones_do_not(face: Array, anatomy: Anatomy, posing: Posing) -> None:
    jaw = face.copy()
    lower = face[:, 1] < face[14, 1] + 0.1
    jaw[lower, 1] -= 15
    moved = posed(posing, jaw)[:, 1] - posed(posing, face)[:, 1]
    assert moved[anatomy.range(Part.LOWER_TEETH)] == pytest.approx(-15, abs=0.1)
    assert moved[anatomy.range(Part.TONGUE)] == pytest.approx(-15, abs=0.1)
    assert moved[anatomy.range(Part.UPPER_TEETH)] == pytest.approx(0, abs=0.1)


def test_colours_of_the_base_points_or_of_all_vertices_are_taken(face: Array, anatomy: Anatomy) -> None:
    triangles = base_topology().triangles
    few = build_anatomy(face, triangles, np.full((468, 3), (90, 60, 40)))
    assert np.array_equal(np.unique(few.colors[: few.n_face], axis=0), [(90, 60, 40)])
    assert np.array_equal(np.unique(few.colors[few.range(Part.SHELL)], axis=0), [(90, 60, 40)])
    colors = np.random.default_rng(0).integers(0, 256, (anatomy.n_face, 3))
    many = build_anatomy(face, triangles, colors)
    assert np.array_equal(many.colors[: many.n_face], colors)


def test_hollows_of_ears_are_warm_and_only_the_canal_is_dark() -> None:
    skin, back = np.array([220.0, 180, 160]), 4 * 44  # vertices behind the rim
    colors = ear(1, skin)[2]
    shade = (colors / skin)[: len(colors) - back]
    dark = shade[:, 1] < 0.65
    assert 0 < dark.mean() < 0.06 and shade[:, 1].min() > 0.2
    assert (shade[dark, 0] > shade[dark, 1]).all() and (shade[dark, 1] > shade[dark, 2]).all()
