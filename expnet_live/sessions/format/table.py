"""The table coefficients.csv: one row per processed frame and face, in text that gives back the same float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.errors import UserError
from expnet_live.core.files import replacing
from expnet_live.core.progress import Progress, unwatched
from expnet_live.core.types import N_EXPRESSION, Array, FaceState

KEYS = ("frame", "video_frame", "timestamp_s", "face", "confidence")
BOX = ("box_x", "box_y", "box_w", "box_h")
ROTATION, TRANSLATION = ("rx", "ry", "rz"), ("tx", "ty", "tz")
# Left and right as the viewer of the picture sees them: rows 0 and 1 of FaceState.gaze.
GAZE = ("gaze_left_yaw", "gaze_left_pitch", "gaze_right_yaw", "gaze_right_pitch")

# ARKit's actions, 0..1: a coefficient of the face model may bear the same name.
BLENDSHAPES = tuple(f"arkit_{name}" for name in ARKIT)

_STEP = 500  # rows that are read at a time


def columns(names: Sequence[str], n_identity: int, blendshapes: bool = False) -> tuple[str, ...]:
    """The header: keys, box in pixels, pose in rad and mm, gaze in rad, coefficients and identity in sd, and where the
    model tells them ARKit's actions."""
    raw, identity = (f"raw_{n}" for n in names), (f"identity_{i:02d}" for i in range(n_identity))
    actions = BLENDSHAPES if blendshapes else ()
    return (*KEYS, *BOX, *ROTATION, *TRANSLATION, *GAZE, *names, *raw, *identity, *actions)


def header(names: Sequence[str], n_identity: int, blendshapes: bool = False) -> bytes:
    return (",".join(columns(names, n_identity, blendshapes)) + "\n").encode()


def frame_rows(
    frame: int,
    video_frame: int | None,
    time: float,
    faces: Sequence[FaceState],
    n_identity: int,
    blendshapes: bool = False,
) -> list[bytes]:
    """The rows of one frame, each with its line end; without a face one of confidence 0 and empty fields."""
    keys = f"{frame},{'' if video_frame is None else video_frame},{time:.6f}"
    if not faces:
        empty = len(columns((), n_identity, blendshapes)) + 2 * N_EXPRESSION - len(KEYS)
        return [f"{keys},,0{',' * empty}\n".encode()]
    return [f"{keys},{face.face},{_face(face, n_identity, blendshapes)}\n".encode() for face in faces]


def _face(face: FaceState, n_identity: int, blendshapes: bool) -> str:
    box, gaze = face.box, face.gaze
    before = [face.confidence, box.x, box.y, box.w, box.h, *face.pose.rotation, *face.pose.translation]
    after = [*face.expression, *face.expression_raw, *face.identity[:n_identity]]
    middle = [""] * len(GAZE) if gaze is None else _texts(np.ravel(gaze))
    actions: list[str] = []
    if blendshapes:
        actions = [""] * len(BLENDSHAPES) if face.blendshapes is None else _texts(face.blendshapes)
    return ",".join([*_texts(before), *middle, *_texts(after), *actions])


def _texts(values: Sequence[float] | Array) -> list[str]:
    # The shortest text that is read back as the same float32.
    return [str(v) for v in np.asarray(values, np.float32)]


@dataclass(frozen=True, eq=False)
class Rows:
    """The table's R rows. Without a face `face` is -1, `confidence` 0 and the rest NaN.

    `frame` (R,) counts what went through the network, a gap being frames that could not be written; `video_frame` (R,)
    is the number of its picture in the video, -1 for none; `time` (R,) in s; `box` (R, 4) x, y, w, h in pixels;
    `rotation` (R, 3) rad, `translation` (R, 3) mm; `gaze` (R, 2, 2) as in FaceState, NaN for none; `expression` (R, 29)
    smoothed and `expression_raw` (R, 29) as the network said it, both before the person's neutral and gains;
    `identity` (R, K); `blendshapes` (R, 52) ARKit's actions, 0..1, NaN where the model tells none.
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

    def __len__(self) -> int:
        return len(self.frame)

    def gaze_of(self, i: int) -> Array | None:
        """(2, 2) as in FaceState."""
        gaze: Array = self.gaze[i]
        return gaze if np.isfinite(gaze).all() else None

    def blendshapes_of(self, i: int) -> Array | None:
        """(52,) as in FaceState."""
        weights: Array = self.blendshapes[i]
        return weights if np.isfinite(weights).all() else None

    def with_pictures(self, n: int) -> Rows:
        """Where the video has n pictures: after a kill, rows are further than it."""
        return replace(self, video_frame=np.where(self.video_frame < n, self.video_frame, -1))


def read_rows(path: Path, names: Sequence[str], n_identity: int, progress: Progress = unwatched) -> Rows:
    """The table's rows, up to its last whole line. Raises UserError with one sentence.

    `progress` is told how many of how many rows are read, every few hundred, and may raise, which ends it.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as e:
        raise UserError(f"{path} is missing; restore it from a copy of the session.") from e
    except OSError as e:
        raise UserError(f"{path} cannot be read ({e.strerror}); check its permissions.") from e
    return parsed(path, data, names, n_identity, progress)


def parsed(path: Path, data: bytes, names: Sequence[str], n_identity: int, progress: Progress = unwatched) -> Rows:
    """The rows of a table's text, or of a part of it: its header and some of its lines. As `read_rows`."""
    # After a power cut a file may end with zeros, after a full disk in the middle of a row.
    data = data.rstrip(b"\0")
    lines = data[: data.rfind(b"\n") + 1].decode("utf-8", "replace").splitlines()
    if not lines:
        raise UserError(f"{path} is empty; restore it from a copy of the session.")
    place = {name: i for i, name in enumerate(lines[0].split(","))}
    wanted = columns(names, n_identity, blendshapes=BLENDSHAPES[0] in place)
    missing = [name for name in wanted if name not in place]
    if missing:
        raise UserError(
            f"{path} has no column {missing[0]}{' and others' if missing[1:] else ''}; restore it from a copy of the "
            "session."
        )
    values = _numbers(path, lines[1:], len(place), progress)
    values = values[:, [place[name] for name in wanted]]
    if BLENDSHAPES[0] not in place:
        values = np.hstack([values, np.full((len(values), len(BLENDSHAPES)), np.nan)])
    return _rows(path, values, n_identity)


def mend(path: Path, pictures: int) -> None:
    """Takes away a row cut off, and numbers of pictures from `pictures` on, which the video lacks. Raises OSError."""
    with replacing(path) as mended, path.open("rb") as old, mended.open("wb") as new:
        new.write(old.readline())
        for line in old:
            if not line.endswith(b"\n"):
                break
            frame, picture, rest = line.split(b",", 2)
            there = picture.isdigit() and int(picture) < pictures
            new.write(b",".join([frame, picture if there else b"", rest]))


def _numbers(path: Path, lines: list[str], width: int, progress: Progress) -> Array:
    """The fields (R, `width`) as float64, empty ones NaN."""
    values = np.empty((len(lines), width))
    for i, line in enumerate(lines):
        if i % _STEP == 0:
            progress(i, len(lines))
        try:
            fields = [float(v) if v else np.nan for v in line.split(",")]
        except ValueError as e:
            raise _damaged(path, i + 2) from e
        if len(fields) != width:
            raise _damaged(path, i + 2)
        values[i] = fields
    progress(len(lines), len(lines))
    return values


def _damaged(path: Path, line: int) -> UserError:
    """`line` as an editor counts them."""
    return UserError(f"{path} is damaged at line {line}; restore it from a copy, or delete the lines from there on.")


def _rows(path: Path, values: Array, n_identity: int) -> Rows:
    sizes = [1] * len(KEYS) + [4, 3, 3, 4, N_EXPRESSION, N_EXPRESSION, n_identity, len(BLENDSHAPES)]
    parts = np.split(values, np.cumsum(sizes)[:-1], axis=1)
    frame, video_frame, time, face, confidence = (p[:, 0] for p in parts[: len(KEYS)])
    numbers = (p.astype(np.float32) for p in parts[len(KEYS) :])
    box, rotation, translation, gaze, expression, raw, identity, blendshapes = numbers
    seen = ~np.isnan(face)
    bad = ~(_whole(frame) & (_whole(video_frame) | np.isnan(video_frame)) & (_whole(face) | ~seen))
    bad |= ~(np.isfinite(time) & np.isfinite(confidence))
    for part in (box, rotation, translation, expression, raw, identity):
        bad |= seen & ~np.isfinite(part).all(1)
    bad |= np.isinf(gaze).any(1) | np.isinf(blendshapes).any(1)
    # Rows of one frame share its time; the next frame's is later.
    bad[1:] |= np.where(frame[1:] == frame[:-1], time[1:] != time[:-1], time[1:] <= time[:-1])
    bad[1:] |= frame[1:] < frame[:-1]
    if bad.any():
        raise _damaged(path, int(bad.argmax()) + 2)
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
    )


def _whole(values: Array) -> Array:
    return np.isfinite(values) & (values >= 0) & (values == np.floor(values))
