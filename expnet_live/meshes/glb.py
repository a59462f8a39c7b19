"""Meshes as binary glTF 2.0 (.glb), for Blender, Unity, Godot and browsers. Source: Khronos' glTF 2.0 specification."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from expnet_live.core.types import Array
from expnet_live.core.version import __version__

_FLOAT, _BYTE, _UBYTE, _SHORT, _USHORT, _UINT = 5126, 5120, 5121, 5122, 5123, 5125  # component types
ASSET = {"version": "2.0", "generator": f"ExpNet Live {__version__}"}
_ROUGHNESS = {"eyes": 0.15, "hair": 0.45}
_VERTICES, _INDICES = 34962, 34963  # targets of buffer views


def glb_bytes(vertices: Array, triangles: Array, normals: Array | None, colors: Array | None) -> bytes:
    """The content of a file for vertices (V, 3) in mm, triangles (F, 3), unit normals (V, 3) and sRGB uint8 colors (V,
    3).

    glTF requires lengths in metres, linear vertex colours (16 bits preserve dark tones), y up, and a face that looks
    along +z, as our faces do.
    """
    arrays = GlbArrays()
    document = {
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "head", "mesh": 0}],
        "meshes": [{"name": "head", "primitives": [arrays.primitive(vertices, triangles, normals, colors)]}],
    }
    return glb_file(document, arrays)


def glb_file(document: dict[str, Any], arrays: GlbArrays, materials: Sequence[str] = ("head",)) -> bytes:
    """The content of a file: scenes, nodes, meshes and animations of `document`, which refer to accessors of
    `arrays`.
    """
    document = {
        "asset": ASSET,
        "scene": 0,
        **document,
        "materials": [
            # Seen from inside, too: the neck is open.
            {
                "name": name,
                "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": _ROUGHNESS.get(name, 0.6)},
                "doubleSided": True,
            }
            for name in materials
        ],
        "accessors": arrays.accessors,
        "bufferViews": arrays.views,
    }
    if arrays.quantized:
        document |= {name: ["KHR_mesh_quantization"] for name in ("extensionsUsed", "extensionsRequired")}
    arrays.data += bytes(-len(arrays.data) % 4)
    document["buffers"] = [{"byteLength": len(arrays.data)}]
    if not materials:
        del document["materials"]  # empty lists are not allowed
    return packed(document, bytes(arrays.data))


def packed(document: dict[str, Any], binary: bytes) -> bytes:
    """The content of a file: a whole document, and its binary part, if there is one."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if binary:
        binary += bytes(-len(binary) % 4)
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


class GlbArrays:
    """The binary part and its description. Methods that add an array return its accessor's number."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, int]] = []
        self.accessors: list[dict[str, Any]] = []
        self.quantized = False
        self._known: dict[bytes, int] = {}

    def primitive(
        self,
        vertices: Array,
        triangles: Array,
        normals: Array | None,
        colors: Array | None,
        *,
        unit: float = 1000.0,
        material: int = 0,
        small: bool = False,
        dark: bool = True,
    ) -> dict[str, Any]:
        """Add vertices (V, 3) mm, triangles (F, 3), normals (V, 3) and sRGB uint8 colors (V, 3) of a mesh.

        `unit`: so many mm are the mesh's unit of length. `material`: the number of one in the file.
        `small`: normals in bytes, 0.3 degrees off at most, which needs the extension KHR_mesh_quantization.
        `dark`: colours in 16 bits, which preserve dark tones; in bytes, light ones are half a level of 255 off.
        """
        position = np.ascontiguousarray(vertices / np.float32(unit), "<f4")
        attributes = {"POSITION": self._add(position, "VEC3", _FLOAT, _VERTICES, **_limits(position))}
        if normals is not None:
            attributes["NORMAL"] = self._normals(normals / np.linalg.norm(normals, axis=1, keepdims=True), small)
        if colors is not None:
            # Four components, because each vertex must begin at a multiple of four bytes.
            rgba = np.ones((len(colors), 4))
            rgba[:, :3] = _linear(colors / 255)
            most, kind, component = (65535, "<u2", _USHORT) if dark else (255, "u1", _UBYTE)
            attributes["COLOR_0"] = self._add(
                np.rint(most * rgba).astype(kind), "VEC4", component, _VERTICES, normalized=True
            )
        few = len(vertices) < 65536  # the last number is not to be used
        kind, component = ("<u2", _USHORT) if few else ("<u4", _UINT)
        indices = self._add(triangles.astype(kind).ravel(), "SCALAR", component, _INDICES)
        return {"attributes": attributes, "indices": indices, "material": material}

    def track(self, values: Array, shape: str) -> int:
        """Add times (T,) or keys (T, n) of an animation; `shape` is SCALAR, VEC3 or VEC4."""
        values = np.ascontiguousarray(values, "<f4")
        if shape == "SCALAR":
            values = values.reshape(-1, 1)
        return self._add(values, shape, _FLOAT, None, **_limits(values))

    def weights(self, values: Array) -> int:
        """Add keys (T,) between 0 and 1, in 16 bits."""
        return self._add(np.rint(65535 * values).astype("<u2"), "SCALAR", _USHORT, None, normalized=True)

    def moves(self, steps: Array) -> list[int]:
        """Add the displacements (J, V, 3) int16 of morph targets: 32767 is the unit of length of the mesh.

        They need the extension KHR_mesh_quantization.
        """
        self.quantized = True
        return [self._target(s, moved) for s, moved in zip(steps, _shared_lists(steps.any(2)), strict=True)]

    def _target(self, steps: Array, moved: Array) -> int:
        """Add the displacements (V, 3) of a target, zero except at the vertices `moved` (m,)."""
        if not len(moved):
            moved = np.zeros(1, np.int64)  # a list must not be empty; this one says that the first vertex stays
        small = len(steps) <= 65536
        sparse = {
            "count": len(moved),
            "indices": {
                "bufferView": self._shared(moved.astype("<u2" if small else "<u4")),
                "componentType": _USHORT if small else _UINT,
            },
            "values": {"bufferView": self._view(np.ascontiguousarray(steps[moved], "<i2"), None)},
        }
        limits = np.vstack([steps[moved], np.zeros((1, 3), np.int16)])
        about = {"componentType": _SHORT, "normalized": True, "count": len(steps), "type": "VEC3"}
        self.accessors.append({**about, "sparse": sparse, **_limits(limits)})
        return len(self.accessors) - 1

    def _normals(self, normals: Array, small: bool) -> int:
        if not small:
            return self._add(normals.astype("<f4"), "VEC3", _FLOAT, _VERTICES)
        self.quantized = True
        padded = np.zeros((len(normals), 4), np.int8)  # each vertex begins at a multiple of four bytes
        padded[:, :3] = np.rint(127 * normals)
        number = self._add(padded, "VEC3", _BYTE, _VERTICES, normalized=True)
        self.views[-1]["byteStride"] = 4
        return number

    def _shared(self, array: Array) -> int:
        """The view of an array, one for all that are the same."""
        content = array.tobytes()
        if content not in self._known:
            self._known[content] = self._view(array, None)
        return self._known[content]

    def _add(self, array: Array, shape: str, component: int, target: int | None, **more: Any) -> int:
        view = self._view(array, target)
        self.accessors.append(
            {"bufferView": view, "componentType": component, "count": len(array), "type": shape, **more}
        )
        return len(self.accessors) - 1

    def _view(self, array: Array, target: int | None) -> int:
        """Add an array; all rows are multiples of four bytes, so every array begins at one."""
        self.data += bytes(-len(self.data) % 4)
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": array.nbytes}
        self.views.append(view if target is None else {**view, "target": target})
        self.data += array.tobytes()
        return len(self.views) - 1


def _shared_lists(moved: Array) -> list[Array]:
    """The vertices of each target's list, from a mask (J, V): targets share one where that takes fewer bytes.

    An entry of a list takes 2 bytes, the displacement beside it 6.
    """
    groups: list[tuple[Array, list[int]]] = []
    for j in np.argsort(-moved.sum(1), kind="stable").tolist():
        own = int(moved[j].sum())
        best, least = None, 0
        for n, (union, members) in enumerate(groups):
            size, joint = int(union.sum()), int((union | moved[j]).sum())
            more = (6 * len(members) + 2) * (joint - size) + 6 * (joint - own) - 2 * own
            if more < least:
                best, least = n, more
        if best is None:
            groups.append((moved[j], [j]))
        else:
            union, members = groups[best]
            groups[best] = union | moved[j], [*members, j]
    lists = [np.empty(0, np.int64)] * len(moved)
    for union, members in groups:
        vertices = np.flatnonzero(union)
        for j in members:
            lists[j] = vertices
    return lists


def _limits(values: Array) -> dict[str, list[float]]:
    return {"min": values.min(0).tolist(), "max": values.max(0).tolist()} if len(values) else {}


def _linear(srgb: Array) -> Array:
    """Linear light of sRGB values 0..1 (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
