"""A mesh as binary glTF 2.0 (.glb), for Blender, Unity, Godot and browsers. Source: Khronos' glTF 2.0 specification."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from expnet_live import __version__
from expnet_live.types import Array

_FLOAT, _USHORT, _UINT = 5126, 5123, 5125  # component types
_VERTICES, _INDICES = 34962, 34963  # targets of buffer views


def glb_bytes(vertices: Array, triangles: Array, normals: Array | None, colors: Array | None) -> bytes:
    """Vertices (V, 3) in mm, triangles (F, 3), unit normals (V, 3) and sRGB uint8 colors (V, 3) as a file's content.

    glTF has its rules: lengths are metres, colours of vertices are linear (16 bits keep their dark tones), y is up and
    a face looks along +z, as our faces do.
    """
    arrays = _Arrays()
    position = np.ascontiguousarray(vertices / np.float32(1000), "<f4")
    limits = {"min": position.min(0).tolist(), "max": position.max(0).tolist()} if len(position) else {}
    attributes = {"POSITION": arrays.add(position, "VEC3", _FLOAT, _VERTICES, **limits)}
    if normals is not None:
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        attributes["NORMAL"] = arrays.add((normals / length).astype("<f4"), "VEC3", _FLOAT, _VERTICES)
    if colors is not None:
        # Four components, as each vertex has to begin at a multiple of four bytes.
        rgba = np.ones((len(colors), 4))
        rgba[:, :3] = _linear(colors / 255)
        attributes["COLOR_0"] = arrays.add(
            np.rint(65535 * rgba).astype("<u2"), "VEC4", _USHORT, _VERTICES, normalized=True
        )
    indices = arrays.add(triangles.astype("<u4").ravel(), "SCALAR", _UINT, _INDICES)
    document = {
        "asset": {"version": "2.0", "generator": f"ExpNet Live {__version__}"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "head", "mesh": 0}],
        "meshes": [{"name": "head", "primitives": [{"attributes": attributes, "indices": indices, "material": 0}]}],
        "materials": [
            # Seen from inside, too: the neck is open.
            {"pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.6}, "doubleSided": True}
        ],
        "accessors": arrays.accessors,
        "bufferViews": arrays.views,
        "buffers": [{"byteLength": len(arrays.data)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    data = bytes(arrays.data)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\0") + data
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


class _Arrays:
    """The binary part, and how it is described."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, int]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, array: Array, shape: str, component: int, target: int, **more: Any) -> int:
        """The accessor's number. All rows are multiples of four bytes, so that every array begins at one."""
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": array.nbytes, "target": target})
        self.accessors.append(
            {"bufferView": len(self.views) - 1, "componentType": component, "count": len(array), "type": shape, **more}
        )
        self.data += array.tobytes()
        return len(self.accessors) - 1


def _linear(srgb: Array) -> Array:
    """Light of sRGB values 0..1 (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
