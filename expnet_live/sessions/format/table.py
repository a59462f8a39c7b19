"""The table coefficients.csv, of sessions and of `analyze`: one row per processed frame and face.

Numbers are the shortest text that reads back as the same float32.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.files import replacing
from expnet_live.core.progress import Progress, unwatched
from expnet_live.core.types import Array, Box, FaceState, Pose
from expnet_live.sessions.format.csv_reader import Table, read_text

KEYS = ("frame", "video_frame", "timestamp_s", "face", "confidence")
INPUT_KEYS = ("source", "frame", "timestamp_s", "face", "confidence")
BOX = ("box_x", "box_y", "box_w", "box_h")
ROTATION, TRANSLATION = ("rx", "ry", "rz"), ("tx", "ty", "tz")
# Left and right as the viewer of the picture sees them: rows 0 and 1 of FaceState.gaze.
GAZE = ("gaze_left_yaw", "gaze_left_pitch", "gaze_right_yaw", "gaze_right_pitch")

QUALITY = "quality"  # how far the numbers of a row can be believed, 0..1
MARKER = "marker"  # labels of the markers of a row

_LAST_FIELD = re.compile(rb',(?:"(?:[^"]|"")*"|[^,"]*?)(\r?)$')

# ARKit's actions, 0..1, with a prefix, because a coefficient of the face model may have the same name.
BLENDSHAPES = tuple(f"arkit_{name}" for name in ARKIT)


@dataclass(frozen=True)
class Layout:
    """The columns of a table: keys, box in pixels, pose in rad and mm, gaze in rad, the coefficients `names`
    in sd, the same `raw`, `n_identity` of identity in sd, ARKit's actions if the model predicts them, the `quality` if
    it is told, and labels of markers if it is `marked`.

    In the table of a session, a row names the picture of its video; in one `of_inputs`, its input.
    """

    names: tuple[str, ...]
    n_identity: int = 0
    blendshapes: bool = False
    raw: bool = True
    of_inputs: bool = False
    marked: bool = False
    quality: bool = False

    @cached_property
    def columns(self) -> tuple[str, ...]:
        raw = [f"raw_{name}" for name in self.names] if self.raw else []
        identity = [f"identity_{i:02d}" for i in range(self.n_identity)]
        actions = BLENDSHAPES if self.blendshapes else ()
        keys = INPUT_KEYS if self.of_inputs else KEYS
        last = (*((QUALITY,) if self.quality else ()), *((MARKER,) if self.marked else ()))
        return (*keys, *BOX, *ROTATION, *TRANSLATION, *GAZE, *self.names, *raw, *identity, *actions, *last)

    def header(self) -> bytes:
        return (",".join(self.columns) + "\n").encode()

    def rows(
        self, frame: int, video_frame: int | None, time: float, faces: Sequence[FaceState], label: str = ""
    ) -> list[bytes]:
        """The rows of a session's frame, each with its line end; without a face, one with confidence 0 and empty
        fields. `label`: of the markers of this frame."""
        return self._rows(f"{frame},{'' if video_frame is None else video_frame},{time_text(time)}", faces, label)

    def input_rows(
        self, source: str, frame: int, time: float, faces: Sequence[FaceState], label: str = ""
    ) -> list[bytes]:
        """The same for one of several inputs, called `source`."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow([source])  # it quotes line ends only if it writes some
        return self._rows(f"{text.getvalue()[:-1]},{frame},{time_text(time)}", faces, label)

    def _rows(self, keys: str, faces: Sequence[FaceState], label: str = "") -> list[bytes]:
        end = f",{_quoted(label)}\n" if self.marked else "\n"
        lines = [f"{keys},{face.face},{self._face(face)}{end}" for face in faces]
        lines = lines or [f"{keys},,0{',' * (len(self.columns) - len(KEYS) - self.marked)}{end}"]
        # File names may not be valid text.
        return [line.encode("utf-8", "backslashreplace") for line in lines]

    def _face(self, face: FaceState) -> str:
        box, gaze, actions = face.box, face.gaze, face.blendshapes
        before = [face.confidence, box.x, box.y, box.w, box.h, *face.pose.rotation, *face.pose.translation]
        after = [*face.expression, *(face.expression_raw if self.raw else ()), *face.identity[: self.n_identity]]
        middle = [""] * len(GAZE) if gaze is None else number_texts(np.ravel(gaze))
        end: list[str] = []
        if self.blendshapes:
            end = [""] * len(BLENDSHAPES) if actions is None else number_texts(actions)
        if self.quality:
            end.append("" if face.quality is None else f"{face.quality:.4g}")
        return ",".join([*number_texts(before), *middle, *number_texts(after), *end])


def _quoted(label: str) -> str:
    """A label as the last field of a line: in quotes, as no other field is, or empty."""
    text = label.replace('"', '""')
    return f'"{text}"' if text else ""


def number_texts(values: Sequence[float] | Array) -> list[str]:
    """For each, the shortest text that reads back as the same float32; an empty one for NaN."""
    return ["0" if v == 0 else "" if v != v else str(v) for v in np.asarray(values, np.float32)]


def time_text(seconds: float) -> str:
    return f"{seconds:.6f}"


@dataclass(frozen=True, eq=False)
class Rows:
    """The table's R rows. Without a face, `face` is -1, `confidence` is 0 and the rest is NaN.

    `frame` (R,) counts processed frames, and a gap means frames that could not be written; `video_frame` (R,)
    is the number of its picture in the video, -1 for none; `time` (R,) in s; `box` (R, 4) x, y, w, h in pixels;
    `rotation` (R, 3) rad, `translation` (R, 3) mm; `gaze` (R, 2, 2) as in FaceState, NaN for none; `expression` (R, n)
    smoothed and `expression_raw` (R, n) as predicted by the network, both before the person's neutral and gains;
    `identity` (R, K); `blendshapes` (R, 52) ARKit's actions, 0..1, NaN if the model predicts none; `quality` (R,) 0..1,
    NaN if it is not told.
    """

    frame: Array
    video_frame: Array
    time: Array
    face: Array
    confidence: Array
    box: Array
    rotation: Array
    translation: Array
    gaze: Array
    expression: Array
    expression_raw: Array
    identity: Array
    blendshapes: Array
    quality: Array

    def __len__(self) -> int:
        return len(self.frame)

    def gaze_of(self, i: int) -> Array | None:
        """The gaze (2, 2) of a row, as in FaceState."""
        gaze: Array = self.gaze[i]
        return gaze if np.isfinite(gaze).all() else None

    def blendshapes_of(self, i: int) -> Array | None:
        """The blendshapes (52,) of a row, as in FaceState."""
        weights: Array = self.blendshapes[i]
        return weights if np.isfinite(weights).all() else None

    def state_of(self, i: int) -> FaceState:
        """The face of that row, as measured. Raises ValueError if there is none."""
        return FaceState(
            face=int(self.face[i]),
            frame=int(self.frame[i]),
            timestamp=float(self.time[i]),
            box=Box(*(float(v) for v in self.box[i])),
            confidence=float(self.confidence[i]),
            expression=self.expression[i],
            expression_raw=self.expression_raw[i],
            identity=self.identity[i],
            pose=Pose(self.rotation[i], self.translation[i]),
            gaze=self.gaze_of(i),
            blendshapes=self.blendshapes_of(i),
            quality=float(self.quality[i]) if np.isfinite(self.quality[i]) else None,
        )

    def with_pictures(self, n: int) -> Rows:
        """The rows for a video of n pictures: after a kill, there may be more rows than pictures."""
        return replace(self, video_frame=np.where(self.video_frame < n, self.video_frame, -1))


def read_rows(path: Path, names: Sequence[str], n_identity: int, progress: Progress = unwatched) -> Rows:
    """The table's rows, up to its last whole line. Raises UserError with one sentence.

    `progress` gets the amount read and the total from time to time, and may raise to stop.
    """
    return parsed(path, read_text(path), names, n_identity, progress)


def parsed(path: Path, data: bytes, names: Sequence[str], n_identity: int, progress: Progress = unwatched) -> Rows:
    """Like `read_rows`, for a table's text, or a part of it: its header and some of its lines."""
    table = Table.of(path, data)
    told = QUALITY in table.names
    layout = Layout(tuple(names), n_identity, blendshapes=BLENDSHAPES[0] in table.names, quality=told)
    numbers = [name for name in layout.columns if name not in KEYS]
    keys, values = table.numbers(KEYS, numbers, progress)
    if not layout.blendshapes:
        place = len(values) - told
        values = np.insert(values, [place] * len(BLENDSHAPES), np.float32(np.nan), axis=0)
    if not told:
        values = np.concatenate([values, np.full((1, keys.shape[1]), np.nan, np.float32)])
    return _rows(table, keys, values, len(layout.names), n_identity)


def mend(path: Path, pictures: int) -> None:
    """Remove a cut-off row, and picture numbers from `pictures` on, which the video lacks. Raises OSError."""
    with replacing(path) as mended, path.open("rb") as old, mended.open("wb") as new:
        begun = False  # whether the header has come; blank lines stay as they are
        for line in old:
            if not line.endswith(b"\n"):
                break
            if line.strip() and begun:
                frame, picture, rest = line.split(b",", 2)
                there = picture.isdigit() and int(picture) < pictures
                new.write(b",".join([frame, picture if there else b"", rest]))
            else:
                begun = begun or bool(line.strip())
                new.write(line)


def mark_table(path: Path, labels_of: Callable[[Array], list[str]]) -> None:
    """Set the column of labels, which tables of older sessions get; `labels_of` gets the times (R,) of the rows.

    Other text stays as it is, byte by byte. Raises OSError, and UserError if there is no time in it.
    """
    table = Table.of(path, read_text(path))
    labels = iter(labels_of(table.numbers(["timestamp_s"])[0][0]))
    marked = MARKER in table.names
    if marked and table.names[-1] != MARKER:
        raise OSError(f"the column {MARKER} is not the last one")
    with replacing(path) as mended, mended.open("wb") as new:
        head = table.data[: table.start]
        new.write(head if marked else _longer(head.removesuffix(b"\n"), MARKER.encode()))
        for line in table.lines():
            if not line.strip(b"\r"):
                new.write(line + b"\n")
                continue
            bare = _LAST_FIELD.sub(rb"\1", line) if marked else line
            new.write(_longer(bare, _quoted(next(labels)).encode()))


def _longer(line: bytes, field: bytes) -> bytes:
    """A line with one more field, and its line end."""
    bare = line.removesuffix(b"\r")
    return bare + b"," + field + (b"\r\n" if bare != line else b"\n")


def _rows(table: Table, keys: Array, values: Array, n_names: int, n_identity: int) -> Rows:
    sizes = [len(BOX), len(ROTATION), len(TRANSLATION), len(GAZE), n_names, n_names, n_identity, len(BLENDSHAPES)]
    # Views: each column is contiguous in memory, as it was read.
    parts = np.split(values.T, np.cumsum(sizes), axis=1)
    box, rotation, translation, gaze, expression, raw, identity, blendshapes, quality = parts
    frame, video_frame, time, face, confidence = keys
    seen = ~np.isnan(face)
    bad = ~(_whole(frame) & (_whole(video_frame) | np.isnan(video_frame)) & (_whole(face) | ~seen))
    bad |= ~(np.isfinite(time) & np.isfinite(confidence))
    for part in (box, rotation, translation, expression, raw, identity):
        bad |= seen & ~np.isfinite(part).all(1)
    bad |= np.isinf(gaze).any(1) | np.isinf(blendshapes).any(1) | np.isinf(quality).any(1)
    # Rows of one frame share its time; the next frame's is later.
    bad[1:] |= np.where(frame[1:] == frame[:-1], time[1:] != time[:-1], time[1:] <= time[:-1])
    bad[1:] |= frame[1:] < frame[:-1]
    if bad.any():
        raise table.damaged(int(bad.argmax()))
    return Rows(
        frame.astype(np.int64),
        np.where(np.isnan(video_frame), -1, video_frame).astype(np.int64),
        time,
        np.where(seen, face, -1).astype(np.int64),
        confidence,
        box,
        rotation,
        translation,
        gaze.reshape(-1, 2, 2),
        expression,
        raw,
        identity,
        blendshapes,
        quality[:, 0],
    )


def _whole(values: Array) -> Array:
    return np.isfinite(values) & (values >= 0) & (values == np.floor(values))
