"""Reads an avatar from a .vrm or .glb file. A broken file gives one sentence; an odd one is read as far as it makes
sense."""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from expnet_live.avatars import schema
from expnet_live.avatars.accessors import Arrays
from expnet_live.avatars.container import Container, inside, read_container
from expnet_live.avatars.model import AvatarFile, Block, Material, Morph, Node, Piece, Skin
from expnet_live.avatars.surfaces import Surfaces, material_record
from expnet_live.avatars.textures import FORMATS
from expnet_live.avatars.vrm import vrm_of
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array

_MOST_VERTICES, _MOST_TRIANGLES = 1_000_000, 2_000_000
_MOST_MORPHS = 1000  # of a mesh
_MOST_PIXELS = 8192 * 8192  # of an image
_MOST_PIXELS_IN_ALL = 500_000_000
_DEEPEST = 512  # nodes
_MOST_SUMMED = 1e-6


def read_avatar(path: Path) -> AvatarFile:
    """The avatar in a file. Raises UserError with one sentence."""
    file = read_container(path)
    return _Reader(file).avatar()


class _Reader:
    def __init__(self, file: Container) -> None:
        self._file, self._document = file, file.document
        self._arrays = Arrays(file)
        self._blocks: list[Block] = []
        self._pieces: list[Piece] = []
        self._notes: list[str] = []
        self._pixels = 0
        self._surfaces = Surfaces(file, self._notes)

    def avatar(self) -> AvatarFile:
        nodes, order = self._nodes()
        materials = [self._surfaces.material(i, m) for i, m in enumerate(self._document.materials)] + [Material()]
        skins = tuple(self._skin(s) for s in self._document.skins)
        for number in order:
            node = self._document.nodes[number]
            if node.mesh is not None:
                self._add_mesh(number, node, skins)
        for i, block in enumerate(self._blocks):
            if not block.normals.any():
                triangles = np.concatenate([p.triangles for p in self._pieces if p.block == i])
                block.normals[:] = vertex_normals(block.positions, triangles)
        if not sum(len(p.triangles) for p in self._pieces):
            raise UserError(f"{self._file.name} has nothing to draw; choose a file with a mesh of triangles.")
        meshes: dict[int, list[int]] = {}
        for number in order:
            mesh = self._document.nodes[number].mesh
            if mesh is not None:
                meshes.setdefault(mesh, []).append(number)
        images = tuple(self._image(i) for i in self._document.images)
        vrm = vrm_of(self._file, meshes)
        self._notes += () if vrm is None else vrm.notes
        return AvatarFile(
            self._file.name, nodes, order, tuple(self._blocks), tuple(self._pieces), tuple(materials), images, skins,
            vrm, tuple(dict.fromkeys(self._notes)),
        )  # fmt: skip

    # --- nodes --------------------------------------------------------------------------------

    def _nodes(self) -> tuple[tuple[Node, ...], tuple[int, ...]]:
        given = self._document.nodes
        parents = [-1] * len(given)
        for number, node in enumerate(given):
            for child in node.children:
                if child >= len(given):
                    raise self._file.broken(f"it refers to node {child}, and has {len(given)}")
                if parents[child] >= 0:
                    raise self._file.broken(f"node {child} has two parents")
                parents[child] = number
        roots = [i for i, parent in enumerate(parents) if parent < 0]
        order: list[int] = []
        level, depth = roots, 0
        while level:
            order += level
            level = [child for number in level for child in given[number].children]
            depth += 1
            if depth > _DEEPEST:
                raise self._file.broken("its nodes are nested too deeply")
        if len(order) < len(given):
            raise self._file.broken("its nodes form a circle")
        nodes = tuple(Node(n.name, parents[i], _local(n), n.mesh) for i, n in enumerate(given))
        if not all(np.isfinite(n.local).all() for n in nodes):
            raise self._file.broken("a node is placed at infinity")
        return nodes, tuple(order)

    def _skin(self, skin: schema.Skin) -> Skin:
        n = len(skin.joints)
        if not n or max(skin.joints) >= len(self._document.nodes):
            raise self._file.broken("a skin has no joints, or one that does not exist")
        matrices = np.tile(np.eye(4, dtype=np.float32), (n, 1, 1))
        if skin.inverse_bind_matrices is not None:
            given = self._arrays(skin.inverse_bind_matrices, "MAT4")
            if len(given) < n:
                raise self._file.broken(f"a skin of {n} joints has {len(given)} matrices")
            matrices = given[:n].reshape(n, 4, 4).swapaxes(1, 2).astype(np.float32)
        return Skin(tuple(skin.joints), matrices)

    # --- meshes -------------------------------------------------------------------------------

    def _add_mesh(self, number: int, node: schema.Node, skins: tuple[Skin, ...]) -> None:
        if node.mesh is None or node.mesh >= len(self._document.meshes):
            raise self._file.broken(f"it refers to mesh {node.mesh}, and has {len(self._document.meshes)}")
        if node.skin is not None and node.skin >= len(skins):
            raise self._file.broken(f"it refers to skin {node.skin}, and has {len(skins)}")
        mesh = self._document.meshes[node.mesh]
        shared: dict[object, int] = {}
        for primitive in mesh.primitives:
            if "KHR_draco_mesh_compression" in primitive.extensions:
                raise UserError(f"{self._file.name} is compressed with Draco, which this program does not read; "
                                "export it without.")  # fmt: skip
            if primitive.mode not in (4, 5, 6):
                self._notes.append("Its points and lines are not drawn.")
                continue
            # Exporters of VRM give all pieces of a mesh the same vertices.
            key = (tuple(sorted(primitive.attributes.items())), tuple(tuple(t.items()) for t in primitive.targets),
                   self._texture_transform(primitive.material))  # fmt: skip
            if key not in shared:
                shared[key] = len(self._blocks)
                self._blocks.append(self._block(number, node.skin, skins, mesh, primitive))
                if sum(len(b.positions) for b in self._blocks) > _MOST_VERTICES:
                    raise UserError(f"{self._file.name} has more than a million vertices; reduce its meshes.")
            self._add_piece(shared[key], primitive)

    def _add_piece(self, block: int, primitive: schema.Primitive) -> None:
        n = len(self._blocks[block].positions)
        if primitive.indices is None:
            numbers = np.arange(n, dtype=np.int64)
        else:
            numbers = self._arrays(primitive.indices, "SCALAR")
            if numbers.dtype.kind != "u":
                raise self._file.broken("its triangles are not whole numbers")
            numbers = numbers.astype(np.int64)
        if len(numbers) and int(numbers.max()) >= n:
            raise self._file.broken(f"a triangle has the corner {numbers.max()} of {n} vertices")
        material = len(self._document.materials) if primitive.material is None else primitive.material
        if material > len(self._document.materials):
            raise self._file.broken(f"it refers to material {material}, and has {len(self._document.materials)}")
        self._pieces.append(Piece(block, _triangles(numbers, primitive.mode), material))
        if sum(len(p.triangles) for p in self._pieces) > _MOST_TRIANGLES:
            raise UserError(f"{self._file.name} has more than two million triangles; reduce its meshes.")

    def _block(
        self, number: int, skin: int | None, skins: tuple[Skin, ...], mesh: schema.Mesh, primitive: schema.Primitive
    ) -> Block:
        attributes = primitive.attributes
        if "POSITION" not in attributes:
            raise self._file.broken("a mesh has no positions")
        positions = self._arrays(attributes["POSITION"], "VEC3").astype(np.float32)
        n = len(positions)

        def read(name: str, kinds: str | tuple[str, ...]) -> Array | None:
            if name not in attributes:
                return None
            values = self._arrays(attributes[name], kinds)
            if len(values) != n:
                raise self._file.broken(f"a mesh of {n} vertices has {len(values)} of {name}")
            return values

        normals = read("NORMAL", "VEC3")
        info = self._texture(primitive.material)
        uv = read(f"TEXCOORD_{0 if info is None else info.tex_coord}", "VEC2")
        colors = read("COLOR_0", ("VEC3", "VEC4"))
        joints, weights = self._influences(read, skin, skins)
        return Block(
            number,
            positions,
            np.zeros((n, 3), np.float32) if normals is None else normals.astype(np.float32),
            self._placed(uv, primitive.material, n),
            None if colors is None else _with_alpha(colors),
            joints,
            weights,
            None if joints is None else skin,
            self._morphs(mesh, primitive, n),
        )

    def _influences(self, read: Any, skin: int | None, skins: tuple[Skin, ...]) -> tuple[Array | None, Array | None]:
        if skin is None:
            return None, None
        found = [(read(f"JOINTS_{i}", "VEC4"), read(f"WEIGHTS_{i}", "VEC4")) for i in range(2)]
        pairs = [(j, w) for j, w in found if j is not None and w is not None]
        if not pairs:
            return None, None
        joints = np.hstack([j for j, _ in pairs]).astype(np.int64)
        weights = np.hstack([w for _, w in pairs]).astype(np.float32)
        if len(joints) and (joints[weights > 0].max(initial=0) >= len(skins[skin].joints) or weights.min() < 0):
            raise self._file.broken("a vertex hangs on a joint that does not exist, or by a negative weight")
        joints[weights == 0] = 0
        total = weights.sum(1, keepdims=True)
        weights = np.where(total > _MOST_SUMMED, weights / np.maximum(total, _MOST_SUMMED), np.eye(1, weights.shape[1]))
        return joints, weights.astype(np.float32)

    def _morphs(self, mesh: schema.Mesh, primitive: schema.Primitive, n: int) -> tuple[Morph, ...]:
        if len(primitive.targets) > _MOST_MORPHS:
            raise UserError(f"{self._file.name} has a mesh of {len(primitive.targets)} morph targets; reduce them.")
        names = _target_names(mesh.extras) or _target_names(primitive.extras)
        out = []
        for i, target in enumerate(primitive.targets):
            name = names[i] if i < len(names) else ""
            none = np.zeros(0, np.int64), np.zeros((0, 3), np.float32)
            parts = {}
            for part in ("POSITION", "NORMAL"):
                if part in target and self._arrays.count(target[part]) != n:
                    raise self._file.broken(f"a morph target of {n} vertices moves {self._arrays.count(target[part])}")
                parts[part] = self._arrays.moved(target[part]) if part in target else none
            vertices = np.union1d(parts["POSITION"][0], parts["NORMAL"][0])
            steps, turns = (np.zeros((len(vertices), 3), np.float32) for _ in range(2))
            steps[np.searchsorted(vertices, parts["POSITION"][0])] = parts["POSITION"][1]
            turns[np.searchsorted(vertices, parts["NORMAL"][0])] = parts["NORMAL"][1]
            out.append(Morph(name, vertices, steps, turns if "NORMAL" in target else None))
        return tuple(out)

    # --- materials and images -----------------------------------------------------------------

    def _texture(self, material: int | None) -> schema.TextureInfo | None:
        materials = self._document.materials
        if material is None or material >= len(materials):
            return None
        return materials[material].pbr_metallic_roughness.base_color_texture

    def _texture_transform(self, material: int | None) -> schema.TextureTransform | None:
        info = self._texture(material)
        if info is None or "KHR_texture_transform" not in info.extensions:
            return None
        return material_record(self._file, info.extensions["KHR_texture_transform"], schema.TextureTransform)

    def _placed(self, uv: Array | None, material: int | None, n: int) -> Array:
        if uv is None:
            return np.zeros((n, 2), np.float32)
        uv = uv.astype(np.float32)
        place = self._texture_transform(material)
        if place is None:
            return uv
        cos, sin = np.cos(place.rotation), np.sin(place.rotation)
        turn = np.array([[cos, sin], [-sin, cos]])
        return (uv * place.scale @ turn.T + place.offset).astype(np.float32)

    def _image(self, image: schema.Image) -> bytes:
        if image.uri is not None:
            content = inside(self._file.name, image.uri)
        elif image.buffer_view is not None:
            content = bytes(self._file.view(image.buffer_view))
        else:
            return b""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)  # we have a limit of our own
                with Pillow.open(BytesIO(content), formats=FORMATS) as picture:
                    width, height = picture.size
        except Pillow.DecompressionBombError:
            width, height = _MOST_PIXELS + 1, 1
        except (OSError, ValueError, SyntaxError):
            self._notes.append("One of its pictures is damaged, and is left out.")
            return b""
        self._pixels += width * height
        if self._pixels > _MOST_PIXELS_IN_ALL:
            raise UserError(f"{self._file.name} has textures of over 500 million pixels in all; make them smaller.")
        if width * height > _MOST_PIXELS:
            raise UserError(f"{self._file.name} has a texture of more than 67 million pixels; make it smaller.")
        return content


def vertex_normals(positions: Array, triangles: Array) -> Array:
    """Unit normals (V, 3) float32, weighted by the triangles' areas; (0, 0, 1) where there is no triangle."""
    a, b, c = (positions[triangles[:, k]] for k in range(3))
    areas = np.cross(b - a, c - a)
    sums = [np.bincount(triangles.ravel(), np.repeat(areas[:, axis], 3), minlength=len(positions)) for axis in range(3)]
    out = np.stack(sums, 1)
    length = np.linalg.norm(out, axis=1, keepdims=True)
    return np.where(length > 0, out / np.where(length > 0, length, 1), (0, 0, 1)).astype(np.float32)


def _target_names(extras: Any) -> list[str]:
    names = extras.get("targetNames") if isinstance(extras, dict) else None
    return [str(n)[:80] for n in names] if isinstance(names, list) else []


def _triangles(numbers: Array, mode: int) -> Array:
    """Triangles (F, 3) of a list, a strip (5) or a fan (6)."""
    if mode == 4:
        out = numbers[: len(numbers) // 3 * 3].reshape(-1, 3)
    elif mode == 5:
        out = np.stack([numbers[:-2], numbers[1:-1], numbers[2:]], 1) if len(numbers) > 2 else numbers[:0].reshape(0, 3)
        out[1::2] = out[1::2, ::-1]
    else:
        out = np.stack([np.broadcast_to(numbers[:1], len(numbers) - 2), numbers[1:-1], numbers[2:]], 1) if (
            len(numbers) > 2) else numbers[:0].reshape(0, 3)  # fmt: skip
    return np.ascontiguousarray(out, np.int32)


def _local(node: schema.Node) -> Array:
    if node.matrix is not None:
        return np.array(node.matrix, np.float64).reshape(4, 4).T
    x, y, z, w = node.rotation
    length = (x * x + y * y + z * z + w * w) ** 0.5
    x, y, z, w = (0.0, 0.0, 0.0, 1.0) if length < 1e-9 else (v / length for v in (x, y, z, w))
    out = np.eye(4)
    out[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    out[:3, :3] *= node.scale
    out[:3, 3] = node.translation
    return out


def _with_alpha(colors: Array) -> Array:
    out = np.ones((len(colors), 4), np.float32)
    out[:, : colors.shape[1]] = colors
    return out
