"""Arrays of a glTF file, sparse ones too, with all limits checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from expnet_live.avatars.container import Container
from expnet_live.avatars.schema import Accessor, Sparse
from expnet_live.core.types import Array

_KINDS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_SIZES = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_MOST = 1 << 22  # elements of an array
_MOST_BYTES = 1 << 30  # of all arrays of a file


class Arrays:
    """Reads the accessors of a file; their sum is limited, so that a small file cannot fill the memory."""

    def __init__(self, container: Container) -> None:
        self._file = container
        self._read = 0

    def __call__(self, number: int, kinds: str | tuple[str, ...]) -> Array:
        """The array (n, k) of an accessor of one of these types, (n,) for SCALAR: float32 if it is normalized or of
        floats, else whole numbers. Raises UserError."""
        accessor = self._accessor(number, kinds)
        out = self._dense(accessor)
        if accessor.sparse is not None:
            where, values = self._sparse(accessor, accessor.sparse)
            out = out.copy()
            out[where] = values
        return self._finished(accessor, out)

    def moved(self, number: int) -> tuple[Array, Array]:
        """The elements of a VEC3 array that are not 0: their numbers (m,), ascending, and values (m, 3) float32."""
        accessor = self._accessor(number, "VEC3")
        if accessor.sparse is not None and accessor.buffer_view is None:
            where, values = self._sparse(accessor, accessor.sparse)
            order = np.argsort(where, kind="stable")
            where, values = where[order], values[order]
        else:
            values = self(number, "VEC3")
            return _nonzero(np.arange(len(values)), values)
        return _nonzero(where, self._finished(accessor, values))

    def count(self, number: int) -> int:
        return self._accessor(number, tuple(_SIZES)).count

    def _accessor(self, number: int, kinds: str | tuple[str, ...]) -> Accessor:
        accessors = self._file.document.accessors
        if number >= len(accessors):
            raise self._file.broken(f"it refers to accessor {number}, and has {len(accessors)}")
        accessor = accessors[number]
        if accessor.type not in _SIZES or accessor.type not in ((kinds,) if isinstance(kinds, str) else kinds):
            raise self._file.broken(f"accessor {number} is of the type {accessor.type[:12]}")
        if accessor.component_type not in _KINDS:
            raise self._file.broken(f"accessor {number} has numbers of an unknown kind {accessor.component_type}")
        if accessor.count > _MOST:
            raise self._file.broken(f"accessor {number} claims {accessor.count} elements")
        return accessor

    def _dense(self, accessor: Accessor) -> Array:
        kind, width = np.dtype(_KINDS[accessor.component_type]), _SIZES[accessor.type]
        self._spend(accessor.count * width * 4)
        if accessor.buffer_view is None:
            return np.zeros((accessor.count, width), kind)
        stride = self._file.document.buffer_views[accessor.buffer_view].byte_stride if self._known(accessor) else None
        return self._elements(accessor.buffer_view, accessor.byte_offset, accessor.count, width, kind, stride)

    def _known(self, accessor: Accessor) -> bool:
        return accessor.buffer_view is not None and accessor.buffer_view < len(self._file.document.buffer_views)

    def _sparse(self, accessor: Accessor, sparse: Sparse) -> tuple[Array, Array]:
        if sparse.count > accessor.count or sparse.indices.component_type not in (5121, 5123, 5125):
            raise self._file.broken("a sparse array has more elements than it may have")
        kind, width = np.dtype(_KINDS[accessor.component_type]), _SIZES[accessor.type]
        self._spend(sparse.count * (width * 4 + 8))
        numbers = np.dtype(_KINDS[sparse.indices.component_type])
        where = self._elements(sparse.indices.buffer_view, sparse.indices.byte_offset, sparse.count, 1, numbers, None)
        values = self._elements(sparse.values.buffer_view, sparse.values.byte_offset, sparse.count, width, kind, None)
        if len(where) and int(where.max()) >= accessor.count:
            raise self._file.broken("a sparse array refers to an element beyond its end")
        return where[:, 0].astype(np.int64), values

    def _elements(
        self, view: int, offset: int, count: int, width: int, kind: np.dtype[Any], stride: int | None
    ) -> Array:
        data, size = self._file.view(view), width * kind.itemsize
        step = stride or size
        end = offset + (count - 1) * step + size if count else offset
        if step < size or end > len(data):
            raise self._file.broken(f"an array ends at byte {end} of {len(data)}")
        if not count:
            return np.zeros((0, width), kind)
        rows: Array = np.ndarray((count, width), kind, buffer=data, offset=offset, strides=(step, kind.itemsize))
        return np.ascontiguousarray(rows)

    def _finished(self, accessor: Accessor, values: Array) -> Array:
        if accessor.normalized and values.dtype.kind in "iu":
            top = np.iinfo(values.dtype).max
            values = np.maximum(values.astype(np.float32) / np.float32(top), -1)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise self._file.broken("it has numbers that are not finite")
        return values[:, 0] if accessor.type == "SCALAR" else values

    def _spend(self, n_bytes: int) -> None:
        self._read += n_bytes
        if self._read > _MOST_BYTES:
            raise self._file.broken("its arrays would take more than 1 GB of memory")


def _nonzero(where: Array, values: Array) -> tuple[Array, Array]:
    moved = values.any(1)
    return where[moved], values[moved].astype(np.float32)
