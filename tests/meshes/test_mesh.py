"""Subdivision, normals, mesh files and the base topology."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from expnet_live.core.types import Array
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads.topology import base_topology, mirror_permutation
from expnet_live.meshes.files import write_mesh
from expnet_live.meshes.subdivision import boundary_loops, coarser, edges_of, loop_subdivision

OCTAHEDRON = np.array([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)], np.float32)
OCTAHEDRON_FACES = np.array(
    [(0, 2, 4), (2, 1, 4), (1, 3, 4), (3, 0, 4), (2, 0, 5), (1, 2, 5), (3, 1, 5), (0, 3, 5)], np.int32
)


def grid(n: int) -> tuple[Array, Array]:
    x, y = np.meshgrid(np.arange(n), np.arange(n))
    i = np.arange(n * n).reshape(n, n)
    a, b, c, d = (q.ravel() for q in (i[:-1, :-1], i[:-1, 1:], i[1:, 1:], i[1:, :-1]))
    return np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], 1), np.concatenate(
        [np.stack(t, 1) for t in ((a, b, c), (a, c, d))]
    )


def test_subdivision_of_a_closed_mesh_is_round_and_closed() -> None:
    matrix, faces = loop_subdivision(OCTAHEDRON_FACES, 6, rounds=3)
    points = matrix @ OCTAHEDRON
    assert len(faces) == 8 * 4**3 and len(points) == 6 + 12 * (4**3 - 1) // 3
    assert np.allclose(matrix.sum(axis=1), 1)
    assert (edges_of(faces)[2] == 2).all()
    radius = np.linalg.norm(points, axis=1)
    assert radius.max() / radius.min() < 1.3  # an octahedron itself has 1.73


def test_subdivision_keeps_a_plane_and_its_straight_border() -> None:
    points, faces = grid(10)
    matrix, finer = loop_subdivision(faces, len(points), rounds=2)
    fine = matrix @ points
    assert np.allclose(fine[:, 2], 0)
    ring = fine[boundary_loops(finer)[0]]
    on_a_side = np.isclose(ring[:, :2], 0) | np.isclose(ring[:, :2], 9)
    assert on_a_side.any(axis=1).mean() > 0.8  # all but the rounded corners
    assert fine.min() >= 0 and fine.max() <= 9


def test_a_crease_keeps_the_shape_that_it_has_as_a_border() -> None:
    upper = OCTAHEDRON_FACES[:4]
    ring = np.array([(0, 2), (2, 1), (1, 3), (3, 0)])
    alone, faces = loop_subdivision(upper, 6, rounds=2)
    joined, _ = loop_subdivision(OCTAHEDRON_FACES, 6, rounds=2, creases=ring)
    flat, joined_flat = alone @ OCTAHEDRON, joined @ OCTAHEDRON
    rim = flat[boundary_loops(faces)[0]]
    distance = np.linalg.norm(joined_flat[:, None] - rim, axis=2).min(axis=0)
    assert np.allclose(rim[:, 2], 0) and distance.max() < 1e-12


def test_subdivision_refuses_an_edge_of_three_triangles() -> None:
    with pytest.raises(ValueError, match="more than two"):
        loop_subdivision(np.array([(0, 1, 2), (0, 1, 3), (0, 1, 4)]), 5)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_a_coarser_mesh_stays_closed_and_keeps_its_direction(share: float) -> None:
    matrix, faces = loop_subdivision(OCTAHEDRON_FACES, 6, rounds=2)
    points = matrix @ OCTAHEDRON
    needed = np.random.default_rng(2).random(len(points)) < share
    few = coarser(faces, needed)
    assert len(few) == 32 + 2 * needed[18:].sum()
    assert (edges_of(few)[2] == 2).all()
    a, b, c = points[few].swapaxes(0, 1)
    assert ((np.cross(b - a, c - a) * (a + b + c)).sum(1) > 0).all()  # outwards
    assert set(np.unique(few)) == {*range(18), *np.flatnonzero(needed[18:]) + 18}


def test_normals_of_a_sphere_point_outward() -> None:
    matrix, faces = loop_subdivision(OCTAHEDRON_FACES, 6, rounds=4)
    points = matrix @ OCTAHEDRON
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    normals = NormalOperator(faces, len(points))(points)
    assert normals.dtype == np.float32
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    assert (normals * points).sum(axis=1).min() > 0.99


def test_normals_of_lonely_and_collapsed_vertices_are_defined() -> None:
    points = np.array([(0, 0, 0), (0, 0, 0), (0, 0, 0), (5, 5, 5)])
    assert np.array_equal(NormalOperator(np.array([(0, 1, 2)]), 4)(points), np.tile([0, 0, 1], (4, 1)))


def test_normals_of_any_triangles_are_those_of_their_sum() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(20, 3)).astype(np.float32)
    scattered = np.array([rng.choice(20, 3, replace=False) for _ in range(60)])
    sheets_that_meet = np.array([(0, 1, 2), (0, 2, 3), (0, 3, 1), (0, 4, 5), (0, 5, 6), (0, 7, 8), (9, 0, 1)])
    fan = np.array([(0, i, i + 1) for i in range(1, 18)])
    for triangles in (scattered, sheets_that_meet, fan, OCTAHEDRON_FACES):
        wanted = rng.permutation(np.unique(triangles))
        corners = points[triangles]
        areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        sums = np.array([areas[(triangles == v).any(1)].sum(0) for v in wanted])
        sums /= np.linalg.norm(sums, axis=1, keepdims=True)
        for normals in (NormalOperator(triangles, 20, wanted), NormalOperator(triangles, 20).only(wanted)):
            assert np.allclose(normals(points), sums, atol=1e-5)


def test_ply_is_complete_and_reads_back(tmp_path: Path) -> None:
    colors = np.arange(18, dtype=np.uint8).reshape(6, 3)
    path = tmp_path / "octahedron.ply"
    write_mesh(path, OCTAHEDRON, OCTAHEDRON_FACES, normals=OCTAHEDRON, colors=colors)
    header, body = path.read_bytes().split(b"end_header\n", 1)
    assert b"element vertex 6" in header and b"element face 8" in header
    vertex = np.dtype([("xyz", "<f4", 3), ("n", "<f4", 3), ("rgb", "u1", 3)])
    rows = np.frombuffer(body, vertex, 6)
    faces = np.frombuffer(body, np.dtype([("n", "u1"), ("t", "<i4", 3)]), 8, 6 * vertex.itemsize)
    assert np.array_equal(rows["xyz"], OCTAHEDRON) and np.array_equal(rows["rgb"], colors)
    assert (faces["n"] == 3).all() and np.array_equal(faces["t"], OCTAHEDRON_FACES)
    assert [p.name for p in tmp_path.iterdir()] == ["octahedron.ply"]


def test_obj_counts_from_one(tmp_path: Path) -> None:
    path = tmp_path / "octahedron.obj"
    write_mesh(path, OCTAHEDRON, OCTAHEDRON_FACES, normals=OCTAHEDRON)
    lines = path.read_text().splitlines()
    assert lines[0] == "v 1 0 0" and sum(line.startswith("vn ") for line in lines) == 6
    assert lines[-1] == "f 1//1 4//4 6//6"


def test_glb_is_read_by_others_in_metres_with_linear_colours(tmp_path: Path) -> None:
    import trimesh

    sides = 100 * OCTAHEDRON
    colors = np.array([[0, 10, 20], [128, 60, 255], [1, 2, 3], [250, 251, 252], [80, 90, 100], [7, 8, 9]], np.uint8)
    path = tmp_path / "octahedron.glb"
    write_mesh(path, sides, OCTAHEDRON_FACES, normals=OCTAHEDRON, colors=colors)
    scene = trimesh.load_scene(path, process=False)
    (mesh,) = scene.geometry.values()
    np.testing.assert_allclose(mesh.vertices, sides / 1000, atol=1e-6)
    np.testing.assert_array_equal(mesh.faces, OCTAHEDRON_FACES)
    np.testing.assert_allclose(mesh.vertex_normals, OCTAHEDRON, atol=1e-6)
    # As the specification says it, by hand: chunks at multiples of four bytes, and what they hold.
    data = path.read_bytes()
    magic, version, length, size, kind = struct.unpack_from("<4sIII4s", data)
    assert (magic, version, length, kind) == (b"glTF", 2, len(data), b"JSON") and size % 4 == 0
    document = json.loads(data[20 : 20 + size])
    (binary,) = document["buffers"]
    assert struct.unpack_from("<I4s", data, 20 + size) == (binary["byteLength"], b"BIN\0")
    assert len(data) == 28 + size + binary["byteLength"]
    view = document["bufferViews"][document["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"]]
    start = 28 + size + view["byteOffset"]
    light = np.frombuffer(data[start : start + view["byteLength"]], "<u2").reshape(-1, 4) / 65535
    assert (light[:, 3] == 1).all()
    back = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)[:, :3]
    np.testing.assert_array_equal(np.rint(255 * back), colors)


def test_a_mesh_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.ply, \.obj or \.glb"):
        write_mesh(tmp_path / "a.stl", OCTAHEDRON, OCTAHEDRON_FACES)
    with pytest.raises(ValueError, match="does not exist"):
        write_mesh(tmp_path / "a.ply", OCTAHEDRON[:3], OCTAHEDRON_FACES)
    assert not list(tmp_path.iterdir())


def test_the_base_topology_is_one_sheet_with_four_rings() -> None:
    topology = base_topology()
    assert topology.triangles.shape == (852, 3)
    assert np.array_equal(np.unique(topology.triangles), np.arange(468))
    rings = (topology.oval, topology.lips, topology.right_eye, topology.left_eye)
    assert [len(r) for r in rings] == [36, 20, 16, 16]
    assert len(boundary_loops(topology.triangles)) == 4
    directed = np.stack([topology.triangles, np.roll(topology.triangles, -1, 1)], -1).reshape(-1, 2)
    assert len(np.unique(directed, axis=0)) == len(directed)  # every triangle is turned the same way


def test_mirror_pairs_are_found_despite_an_offset_and_noise() -> None:
    rng = np.random.default_rng(0)
    right = rng.uniform((-60, -60, -20), (-4, 60, 20), (40, 3))
    middle = rng.uniform((0, -60, -20), (0, 60, 20), (5, 3))
    face = np.concatenate([right, middle, right * (-1, 1, 1)])
    expected = np.concatenate([np.arange(45, 85), np.arange(40, 45), np.arange(40)])
    noisy = face + np.array([1.5, 0, 0]) + rng.normal(0, 0.1, face.shape)
    assert np.array_equal(mirror_permutation(noisy), expected)


@pytest.mark.parametrize("suffix", [".ply", ".obj", ".glb"])
def test_what_is_no_mesh_leaves_no_file(tmp_path: Path, suffix: str) -> None:
    path, corners, triangle = tmp_path / f"a{suffix}", np.eye(3), [[0, 1, 2]]
    for vertices in (np.diag([1, np.nan, 1]), np.diag([1, np.inf, 1])):
        with pytest.raises(ValueError, match="finite"):
            write_mesh(path, vertices, triangle)
    with pytest.raises(ValueError, match="finite"):
        write_mesh(path, corners, triangle, normals=np.full((3, 3), np.nan))
    for color in (0.5, 256, -1):
        with pytest.raises(ValueError, match="0 to 255"):
            write_mesh(path, corners, triangle, colors=np.full((3, 3), color))
    assert not path.exists()
    write_mesh(path, corners, triangle, colors=np.full((3, 3), 255.0))
    assert path.exists()
