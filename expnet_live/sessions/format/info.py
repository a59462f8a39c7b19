"""What is noted of a session as a whole: session.json."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.files import write_whole
from expnet_live.core.types import N_EXPRESSION, checked
from expnet_live.person.person import Person
from expnet_live.pipeline.models import ModelFile as ModelFile
from expnet_live.sessions.format.folder import INFO

SCHEMA = 1
RECORDING, COMPLETE = "recording", "complete"


@dataclass(frozen=True, eq=False)
class SessionInfo:
    """What session.json holds. Times in seconds; `person` is the profile that was chosen.

    `started` is wall-clock time (ISO 8601 with its zone) and `monotonic_start` time.monotonic() of the first frame's
    grab, from which all of the session's times count. `frames` went through the network and make `rows`; `drops` more
    came while it was busy (None: not known, after a kill); `unwritten` are ranges (first, last) of frames that could
    not be written in full: without their picture, or without their rows as well. `video_frames` is None where no video
    was wanted. `lost_face` are spans (from, to) without any face. `blendshapes`: whether rows have ARKit's
    actions.
    """

    app_version: str
    started: str
    monotonic_start: float
    source: str
    width: int
    height: int
    device: str
    model: ModelFile
    face_model: ModelFile
    coefficients: tuple[str, ...]
    n_identity: int
    smoothing: str
    max_faces: int
    person: Person
    title: str = ""
    notes: str = ""
    status: str = RECORDING
    recovered: bool = False
    problem: str = ""  # the sentence that ended it, when not the user did
    duration: float = 0.0
    frames: int = 0
    rows: int = 0
    drops: int | None = None
    video_frames: int | None = None
    unwritten: tuple[tuple[int, int], ...] = ()
    lost_face: tuple[tuple[float, float], ...] = field(default=())
    blendshapes: bool = False

    def __post_init__(self) -> None:
        if len(self.coefficients) != N_EXPRESSION or len(set(self.coefficients)) != N_EXPRESSION:
            raise ValueError(f"there must be {N_EXPRESSION} names of coefficients")
        if self.status not in (RECORDING, COMPLETE):
            raise ValueError(f"there is no status {self.status}")

    @property
    def complete(self) -> bool:
        return self.status == COMPLETE

    @property
    def n_unwritten(self) -> int:
        """How many frames `unwritten` has."""
        return sum(last - first + 1 for first, last in self.unwritten)

    def to_json(self) -> str:
        person = self.person
        data = {
            "schema": SCHEMA,
            "status": self.status,
            "recovered": self.recovered,
            "problem": self.problem,
            "title": self.title,
            "notes": self.notes,
            "app_version": self.app_version,
            "started": self.started,
            "monotonic_start": self.monotonic_start,
            "duration_s": round(self.duration, 6),
            "source": self.source,
            "width": self.width,
            "height": self.height,
            "device": self.device,
            "model": vars(self.model),
            "face_model": vars(self.face_model),
            "smoothing": self.smoothing,
            "max_faces": self.max_faces,
            "coefficients": self.coefficients,
            "n_identity": self.n_identity,
            "blendshapes": self.blendshapes,
            "profile": {
                "name": person.name,
                "identity": None if person.identity is None else [round(float(v), 5) for v in person.identity],
                "neutral": person.neutral,
                "gains": person.gains,
                "resting": person.resting,
            },
            "frames": self.frames,
            "rows": self.rows,
            "drops": self.drops,
            "video_frames": self.video_frames,
            "unwritten_count": self.n_unwritten,
            "unwritten": self.unwritten,
            "lost_face_s": [[round(a, 6), round(b, 6)] for a, b in self.lost_face],
        }
        return json.dumps(data, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> SessionInfo:
        """Raises ValueError, KeyError, TypeError or AttributeError for what is none, FutureSchema for a newer one."""
        data = json.loads(text)
        schema = int(data["schema"])
        if schema > SCHEMA:
            raise FutureSchema(schema)
        if schema < 1:
            raise ValueError(f"there is no schema {schema}")
        drops, video_frames, profile = data["drops"], data["video_frames"], data["profile"]
        plain: dict[str, Any] = {k: _text(data[k]) for k in _TEXTS} | {k: _count(data[k]) for k in _COUNTS}
        return cls(
            **plain,
            recovered=bool(data["recovered"]),
            monotonic_start=_number(data["monotonic_start"]),
            duration=_number(data["duration_s"]),
            model=_model(data["model"]),
            face_model=_model(data["face_model"]),
            coefficients=tuple(_text(n) for n in data["coefficients"]),
            blendshapes=bool(data.get("blendshapes", False)),  # sessions of before they were recorded
            person=Person(
                name=_text(profile["name"]),
                identity=None if profile["identity"] is None else checked("identity", profile["identity"], (None,)),
                neutral={str(k): _number(v) for k, v in profile["neutral"].items()},
                gains={str(k): _number(v) for k, v in profile["gains"].items()},
                resting={str(k): _number(v) for k, v in profile.get("resting", {}).items()},
            ),
            drops=None if drops is None else _count(drops),
            video_frames=None if video_frames is None else _count(video_frames),
            unwritten=tuple((_count(a), _count(b)) for a, b in data["unwritten"]),
            lost_face=tuple((_number(a), _number(b)) for a, b in data["lost_face_s"]),
        )


_TEXTS = ("app_version", "started", "source", "device", "smoothing", "title", "notes", "status", "problem")
_COUNTS = ("width", "height", "n_identity", "max_faces", "frames", "rows")


class FutureSchema(Exception):
    """Written by a newer version of the program, with another schema."""


def read_info(folder: Path) -> SessionInfo:
    """What session.json in `folder` says. Raises UserError with one sentence."""
    path = folder / INFO
    try:
        return SessionInfo.from_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as e:
        missing = "is not there" if not folder.exists() else f"is no session: it has no {INFO}"
        raise UserError(f"{folder} {missing}; name the folder of a recorded session.") from e
    except OSError as e:
        raise UserError(f"{path} cannot be read ({e.strerror}); check its permissions.") from e
    except FutureSchema as e:
        raise UserError(
            f"{folder} was recorded by a newer version (schema {e}; this one reads up to {SCHEMA}); update expnet-live."
        ) from e
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise UserError(
            f"{path} is damaged or of another program ({_reason(e)}); restore it from a copy, "
            f"the coefficients beside it are readable without it."
        ) from e


def write_info(folder: Path, info: SessionInfo) -> None:
    """Replaces session.json in one go. Raises UserError when it cannot be written."""
    try:
        write_whole(folder / INFO, info.to_json())
    except OSError as e:
        raise UserError(f"{folder / INFO} cannot be written ({e.strerror}); make that folder writable.") from e


def _reason(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]


def _model(data: Any) -> ModelFile:
    return ModelFile(_text(data["name"]), _text(data["version"]), _text(data["sha256"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} should be a text")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise TypeError(f"{value!r} should be a number")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"{value!r} should be a count")
    return value
