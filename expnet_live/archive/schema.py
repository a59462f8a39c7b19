"""The columns of an archive's data set: those of `analyze`, typed, with units, and some that follow from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from expnet_live.analysis.rest import Moment
from expnet_live.core.types import Array, FaceState
from expnet_live.outputs.channels import ACTION_UNITS
from expnet_live.sessions.format.table import (
    BLENDSHAPES,
    BOX,
    GAZE,
    INPUT_KEYS,
    MARKER,
    QUALITY,
    ROTATION,
    TRANSLATION,
    Layout,
)

SCHEMA = "1"
APPEARANCE = "appearance"
_KINDS = {
    "source": pa.string(),
    "frame": pa.int32(),
    "timestamp_s": pa.float64(),
    "face": pa.int32(),
    APPEARANCE: pa.int32(),
    MARKER: pa.string(),
}
_ABOUT = {
    "source": ("", "the photo or video, as in inputs.parquet"),
    "frame": ("", "its frame, counted from 0"),
    "timestamp_s": ("s", "time from the first frame"),
    "face": ("", "the number of the face in its video; empty if the frame has none"),
    QUALITY: ("0..1", "how far the numbers can be believed, by size, blur, cover, turn and light"),
    "confidence": ("0..1", "how sure the network is that this is a face; 0 if the frame has none"),
    MARKER: ("", "labels of the session's markers at this time; empty if there are none"),
    APPEARANCE: ("", "faces of a video with the same number look like the same person, wherever and whenever they are"),
}

_GAZE = "in the head's frame: yaw to the viewer's right, pitch up"


def column(name: str, kind: pa.DataType, unit: str, about: str) -> pa.Field:
    """A column whose metadata tells its `unit` and what it is `about`."""
    return pa.field(name, kind, metadata={"unit": unit, "about": about})


def schema_of(layout: Layout) -> pa.Schema:
    """The data set's schema; each column's metadata tells its `unit` and what it is `about`."""
    blocks = [
        (BOX, "px", "the box around the head, from its upper left corner"),
        (ROTATION, "rad", "rotation vector of the head: x right, y up, z to the viewer; 0 faces the camera"),
        (TRANSLATION, "mm", "position of the head in the camera's frame"),
        (GAZE[:2], "rad", f"gaze of the eye on the viewer's left, the person's right, {_GAZE}"),
        (GAZE[2:], "rad", f"gaze of the eye on the viewer's right, the person's left, {_GAZE}"),
        (layout.names, "sd", "expression, in standard deviations of the face model"),
        ([c for c in layout.columns if c.startswith("identity_")], "sd", "identity, pooled over the video so far"),
        (BLENDSHAPES if layout.blendshapes else (), "0..1", "ARKit's action"),
        (ACTION_UNITS.names if layout.blendshapes else (), "0..5", "action unit, from ARKit's actions"),
    ]
    about = _ABOUT | {name: (unit, text) for names, unit, text in blocks for name in names}
    names = [*layout.columns, *(ACTION_UNITS.names if layout.blendshapes else ()), APPEARANCE]
    fields = [column(n, _KINDS.get(n, pa.float32()), *about[n]) for n in names]
    return pa.schema(fields, metadata={"expnet_live_archive": json.dumps({"schema": SCHEMA})})


@dataclass
class Rows:
    """Collects moments of inputs and turns them into record batches of at most `most` frames."""

    layout: Layout
    schema: pa.Schema
    most: int = 1024
    _sources: list[str] = field(default_factory=list)
    _keys: list[tuple[int, float, int | None, float]] = field(default_factory=list)
    _values: list[Array | None] = field(default_factory=list)

    def add(self, source: str, moment: Moment) -> Iterator[pa.RecordBatch]:
        """Add a row for each face, or one without values if there is none; yields a batch when there are enough."""
        for state in moment.faces:
            keys = moment.frame, moment.seconds, state.face, state.confidence
            self._row(source, keys, self._numbers(state))
        if not moment.faces:
            self._row(source, (moment.frame, moment.seconds, None, 0.0), None)
        if len(self._keys) >= self.most:
            yield self.take()

    def take(self) -> pa.RecordBatch:
        """The rows that wait, which may be none."""
        missing = np.array([v is None for v in self._values], bool)
        width = len(self._named)
        values = np.array([np.full(width, np.nan) if v is None else v for v in self._values], np.float32)
        values = values.reshape(-1, width)
        columns = {name: pa.array(values[:, i], mask=np.isnan(values[:, i])) for i, name in enumerate(self._named)}
        frames, times, faces, confidences = zip(*self._keys, strict=True) if self._keys else ([], [], [], [])
        columns["source"] = pa.array(self._sources, pa.string())
        columns["frame"], columns["timestamp_s"] = pa.array(frames, pa.int32()), pa.array(times, pa.float64())
        columns["face"] = columns[APPEARANCE] = pa.array(faces, pa.int32())
        columns["confidence"] = pa.array(np.array(confidences, np.float32))
        columns[MARKER] = pa.nulls(len(values), pa.string())
        if self.layout.blendshapes:
            columns |= self._units(values, missing)
        for waiting in (self._sources, self._keys, self._values):
            waiting.clear()
        arrays = [columns[f.name].cast(f.type) for f in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _row(self, source: str, keys: tuple[int, float, int | None, float], values: Array | None) -> None:
        self._sources.append(source)
        self._keys.append(keys)
        self._values.append(values)

    @cached_property
    def _named(self) -> Sequence[str]:
        return [name for name in self.layout.columns if name not in (*INPUT_KEYS, MARKER)]

    def _numbers(self, face: FaceState) -> Array:
        """The columns after the keys, in their order."""
        box, n = face.box, self.layout.n_identity
        gaze = np.full(len(GAZE), np.nan) if face.gaze is None else np.ravel(face.gaze)
        actions = np.full(len(BLENDSHAPES), np.nan) if face.blendshapes is None else face.blendshapes
        return np.concatenate(
            [
                (box.x, box.y, box.w, box.h),
                face.pose.rotation,
                face.pose.translation,
                gaze,
                face.expression,
                face.identity[:n],
                actions if self.layout.blendshapes else (),
                ([np.nan if face.quality is None else face.quality] if self.layout.quality else ()),
            ]
        ).astype(np.float32)

    def _units(self, values: Array, missing: Array) -> dict[str, pa.Array]:
        first = self._named.index(BLENDSHAPES[0])
        units = ACTION_UNITS.values(values[:, first : first + len(BLENDSHAPES)]).astype(np.float32)
        return {name: pa.array(units[:, i], mask=missing) for i, name in enumerate(ACTION_UNITS.names)}
