"""The container of an avatar: binary glTF 2.0, also under the ending .vrm. Nothing outside of the file is read."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from expnet_live.avatars.schema import Document
from expnet_live.core.errors import UserError
from expnet_live.core.records import record_of

ENDINGS = (".vrm", ".glb")
_LARGEST = 1 << 29  # bytes of a file
_LARGEST_TEXT = 1 << 26  # bytes of its JSON
_INSIDE = "data:"
# What is required and not listed here would look wrong, or cannot be read at all.
_KNOWN = ("VRM", "VRMC_", "KHR_materials_", "KHR_texture_transform", "KHR_mesh_quantization", "EXT_texture_webp")
_COMPRESSED = {
    "KHR_draco_mesh_compression": "Draco",
    "EXT_meshopt_compression": "meshopt",
    "KHR_meshopt_compression": "meshopt",
    "KHR_texture_basisu": "Basis Universal",
}


@dataclass(frozen=True, eq=False)
class Container:
    """A file's `document`, the same as plain JSON `raw`, and the content of its `buffers`."""

    name: str
    document: Document
    raw: dict[str, Any]
    buffers: tuple[memoryview, ...]

    def view(self, number: int) -> memoryview:
        """The bytes of a buffer view. Raises UserError if there is none of that number, or if it is cut short."""
        views = self.document.buffer_views
        if number >= len(views):
            raise self.broken(f"it refers to buffer view {number}, and has {len(views)}")
        view = views[number]
        if view.buffer >= len(self.buffers):
            raise self.broken(f"it refers to buffer {view.buffer}, and has {len(self.buffers)}")
        whole, end = self.buffers[view.buffer], view.byte_offset + view.byte_length
        if end > len(whole):
            raise self.broken(f"a part ends at byte {end} of {len(whole)}")
        return whole[view.byte_offset : end]

    def broken(self, reason: str) -> UserError:
        return _broken(self.name, reason)


def _broken(name: str, reason: str) -> UserError:
    return UserError(f"{name} is damaged ({reason}); export it again.")


def read_container(path: Path) -> Container:
    """Read a file. Raises UserError with one sentence."""
    name = path.name
    try:
        size = path.stat().st_size
        if size > _LARGEST:
            raise UserError(f"{name} has {size >> 20} MB; choose an avatar of at most {_LARGEST >> 20} MB.")
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}); choose another file.") from error
    text, binary = _chunks(name, content)
    try:
        raw = msgspec.json.decode(text)
        document = record_of(raw, Document)
    except (ValueError, RecursionError) as error:  # msgspec's own errors are ValueErrors
        raise _broken(name, f"its description cannot be read: {error or 'it is nested too deeply'}") from error
    if not document.asset.version.startswith("2."):
        raise UserError(f"{name} is glTF {document.asset.version[:8]}; export it as glTF 2.0.")
    for extension in document.extensions_required:
        if extension in _COMPRESSED:
            how = _COMPRESSED[extension]
            raise UserError(f"{name} is compressed with {how}, which this program does not read; export it without.")
        if not extension.startswith(_KNOWN):
            raise UserError(f"{name} needs {extension[:60]}, which this program does not know; export it without.")
    buffers = []
    for number, buffer in enumerate(document.buffers):
        data = inside(name, buffer.uri) if buffer.uri is not None else (binary if number == 0 else None)
        if data is None or len(data) < buffer.byte_length:
            raise _broken(name, f"buffer {number} is missing or cut short")
        buffers.append(memoryview(data)[: buffer.byte_length])
    return Container(name, document, raw, tuple(buffers))


def inside(name: str, uri: str) -> bytes:
    """The content of a data URI. Raises UserError for any other URI: no other file is opened."""
    if not uri.startswith(_INSIDE):
        raise UserError(f"{name} keeps a part of itself in another file ({uri[:60]!r}); export it as one file.")
    head, _, text = uri.partition(",")
    try:
        if not head.endswith(";base64"):
            raise ValueError
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _broken(name, "an embedded part is not base64") from error


def _chunks(name: str, content: bytes) -> tuple[bytes, bytes | None]:
    """The JSON text and the binary part of a file."""
    if len(content) < 20 or content[:4] != b"glTF":
        raise UserError(f"{name} is not a binary glTF file; choose a .vrm or .glb file.")
    version, length = struct.unpack_from("<II", content, 4)
    if version != 2:
        raise UserError(f"{name} is binary glTF {version}; export it as glTF 2.0.")
    if length > len(content):
        raise _broken(name, f"it should have {length} bytes and has {len(content)}")
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= length:
        size, kind = struct.unpack_from("<I4s", content, at)
        at += 8
        if at + size > length:
            raise _broken(name, f"a chunk ends at byte {at + size} of {length}")
        if kind == b"JSON" and size > _LARGEST_TEXT:
            raise _broken(name, f"its description has {size >> 20} MB")
        found.setdefault(kind, content[at : at + size])
        at += size + -size % 4
    if b"JSON" not in found:
        raise _broken(name, "it has no description")
    return found[b"JSON"], found.get(b"BIN\0")
