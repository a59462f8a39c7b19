"""Writes glTF documents and their binary parts as GLB files."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
from PIL import Image

_KINDS = {"float32": 5126, "uint16": 5123, "uint32": 5125, "uint8": 5121}
_SHAPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


class Maker:
    """A document and its binary part; `add` returns the number of an accessor."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "ExpNet Live's tests"},
            "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [], "meshes": [], "skins": [], "materials": [],
            "textures": [], "images": [], "accessors": [], "bufferViews": [],
        }  # fmt: skip
        self.binary = bytearray()

    def view(self, data: bytes) -> int:
        self.binary += bytes(-len(self.binary) % 4)
        self.document["bufferViews"].append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)})
        self.binary += data
        return len(self.document["bufferViews"]) - 1

    def add(self, array: Any, target: int | None = None) -> int:
        rows = np.ascontiguousarray(array).reshape(len(array), -1)
        view = self.view(rows.tobytes())
        if target:
            self.document["bufferViews"][view]["target"] = target
        limits = {"min": rows.min(0).tolist(), "max": rows.max(0).tolist()} if rows.shape[1] == 3 else {}
        self.document["accessors"].append(
            {"bufferView": view, "componentType": _KINDS[rows.dtype.name], "count": len(rows),
             "type": _SHAPES[rows.shape[1]], **limits}
        )  # fmt: skip
        return len(self.document["accessors"]) - 1

    def sparse(self, steps: Any) -> int:
        """Displacements (V, 3), of which only those that are not 0 are stored."""
        where = np.flatnonzero(np.abs(steps).max(1) > 1e-6)
        if not len(where):
            where = np.zeros(1, np.int64)
        values = steps[where].astype(np.float32)
        kept = np.vstack([values, np.zeros((1, 3), np.float32)])
        self.document["accessors"].append({
            "componentType": 5126, "count": len(steps), "type": "VEC3", "min": kept.min(0).tolist(),
            "max": kept.max(0).tolist(),
            "sparse": {"count": len(where), "indices": {"bufferView": self.view(where.astype("<u4").tobytes()),
                       "componentType": 5125}, "values": {"bufferView": self.view(values.tobytes())}},
        })  # fmt: skip
        return len(self.document["accessors"]) - 1

    def image(self, pixels: Any) -> int:
        """A texture of pixels (H, W, 3 or 4) uint8 RGB; the number of the texture."""
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "PNG")
        self.document["images"].append({"bufferView": self.view(out.getvalue()), "mimeType": "image/png"})
        self.document["textures"].append({"source": len(self.document["images"]) - 1})
        return len(self.document["textures"]) - 1

    def content(self) -> bytes:
        document = {k: v for k, v in self.document.items() if v != []}
        document["buffers"] = [{"byteLength": len(self.binary)}]
        return glb(document, bytes(self.binary))


def glb(document: Any, binary: bytes = b"") -> bytes:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += bytes(-len(binary) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if binary:
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
