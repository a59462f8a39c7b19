"""Meshes as binary glTF 2.0 (.glb), for Blender, Unity, Godot and browsers. Source: Khronos' glTF 2.0 specification."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from expnet_live.core.types import Array
from expnet_live.core.version import __version__

_FLOAT, _USHORT, _UINT = 5126, 5123, 5125  # component types
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


def glb_file(document: dict[str, Any], arrays: GlbArrays) -> bytes:
    """The content of a file: scenes, nodes, meshes and animations of `document`, which refer to accessors of
    `arrays`.
    """
    document = {
        "asset": {"version": "2.0", "generator": f"ExpNet Live {__version__}"},
        "scene": 0,
        **document,
        "materials": [
            # Double-sided, because the neck is open and shows the inside.
            {"pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.6}, "doubleSided": True}
        ],
        "accessors": arrays.accessors,
        "bufferViews": arrays.views,
        "buffers": [{"byteLength": len(arrays.data)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(arrays.data), b"BIN\0")
    return struct.pack("<4sII", b"glTF", 2, 12 + len(head) + len(arrays.data)) + head + bytes(arrays.data)


class GlbArrays:
    """The binary part and its description. Methods that add an array return its accessor's number."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, int]] = []
        self.accessors: list[dict[str, Any]] = []

    def primitive(
        self, vertices: Array, triangles: Array, normals: Array | None, colors: Array | None
    ) -> dict[str, Any]:
        """Add vertices (V, 3) mm, triangles (F, 3), normals (V, 3) and sRGB uint8 colors (V, 3) of a mesh."""
        position = np.ascontiguousarray(vertices / np.float32(1000), "<f4")
        attributes = {"POSITION": self._add(position, "VEC3", _FLOAT, _VERTICES, **_limits(position))}
        if normals is not None:
            length = np.linalg.norm(normals, axis=1, keepdims=True)
            attributes["NORMAL"] = self._add((normals / length).astype("<f4"), "VEC3", _FLOAT, _VERTICES)
        if colors is not None:
            # Four components, because each vertex must begin at a multiple of four bytes.
            rgba = np.ones((len(colors), 4))
            rgba[:, :3] = _linear(colors / 255)
            attributes["COLOR_0"] = self._add(
                np.rint(65535 * rgba).astype("<u2"), "VEC4", _USHORT, _VERTICES, normalized=True
            )
        indices = self._add(triangles.astype("<u4").ravel(), "SCALAR", _UINT, _INDICES)
        return {"attributes": attributes, "indices": indices, "material": 0}

    def track(self, values: Array, shape: str) -> int:
        """Add times (T,) or keys (T, n) of an animation; `shape` is SCALAR, VEC3 or VEC4."""
        values = np.ascontiguousarray(values, "<f4")
        if shape == "SCALAR":
            values = values.reshape(-1, 1)
        return self._add(values, shape, _FLOAT, None, **_limits(values))

    def places(self, vertices: Array) -> int:
        """Add ascending indices (n,) of vertices that several morph targets move; return the `places` for
        `differences`.
        """
        return self._view(vertices.astype("<u4"), None)

    def differences(self, values: Array, n_vertices: int, where: int | None = None) -> int:
        """Add the displacements of a morph target: (V, 3), or (n, 3) at the `places` of that number."""
        values = np.ascontiguousarray(values, "<f4")
        if where is None:
            return self._add(values, "VEC3", _FLOAT, _VERTICES, **_limits(values))
        limits = _limits(np.vstack([values, np.zeros((1, 3), np.float32)]))
        sparse = {
            "count": len(values),
            "indices": {"bufferView": where, "componentType": _UINT},
            "values": {"bufferView": self._view(values, None)},
        }
        self.accessors.append(
            {"componentType": _FLOAT, "count": n_vertices, "type": "VEC3", "sparse": sparse, **limits}
        )
        return len(self.accessors) - 1

    def _add(self, array: Array, shape: str, component: int, target: int | None, **more: Any) -> int:
        view = self._view(array, target)
        self.accessors.append(
            {"bufferView": view, "componentType": component, "count": len(array), "type": shape, **more}
        )
        return len(self.accessors) - 1

    def _view(self, array: Array, target: int | None) -> int:
        """Add an array; all rows are multiples of four bytes, so every array begins at one."""
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": array.nbytes}
        self.views.append(view if target is None else {**view, "target": target})
        self.data += array.tobytes()
        return len(self.views) - 1


def _limits(values: Array) -> dict[str, list[float]]:
    return {"min": values.min(0).tolist(), "max": values.max(0).tolist()} if len(values) else {}


def _linear(srgb: Array) -> Array:
    """Linear light of sRGB values 0..1 (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
