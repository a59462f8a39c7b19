"""Information on a session as a whole: session.json."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from expnet_live.core.errors import UserError
from expnet_live.core.files import write_whole
from expnet_live.core.records import Count, Number, read_json, record_of
from expnet_live.core.types import Array, checked
from expnet_live.person.person import Person
from expnet_live.person.record import PersonRecord
from expnet_live.pipeline.weights_file import ModelFile
from expnet_live.sessions.format.folder import INFO

SCHEMA = 2  # 1 always had 29 coefficients, and its first sessions had no blendshapes
RECORDING, COMPLETE = "recording", "complete"
# More than any session has: a damaged file, or one of somebody's, must not fill the memory.
_MOST_IDENTITY, _MOST_PIXELS = 10_000, 1 << 28


@dataclass(frozen=True, eq=False)
class SessionInfo:
    """The content of session.json. Times in seconds; `person` is the chosen profile.

    `started` is wall-clock time (ISO 8601 with time zone) and `monotonic_start` the time.monotonic() of the first
    frame's capture, from which all times of the session count. `frames` were processed and give `rows`; `drops` is the
    number of frames dropped while the network was busy (None: unknown, after a kill); `unwritten` are ranges (first,
    last) of frames that could not be written completely: without their picture, or also without their rows.
    `video_frames` is None without video. `lost_face` are intervals (from, to) without any face. `blendshapes`: whether
    rows have ARKit's actions.
    `people`: names by face number; the mirrored face has the name of the profile. `sound` names what the video's sound
    was recorded from; empty without sound.
    `skins`: the tone of the skin by face number, as in FaceState. `persons`: by face number, the first one that looks
    like the same person; empty if that is unknown.
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
    problem: str = ""  # the error that ended it, empty if the user did
    duration: float = 0.0
    frames: int = 0
    rows: int = 0
    drops: int | None = None
    video_frames: int | None = None
    unwritten: tuple[tuple[int, int], ...] = ()
    lost_face: tuple[tuple[float, float], ...] = field(default=())
    blendshapes: bool = False
    people: dict[int, str] = field(default_factory=dict)
    sound: str = ""
    skins: dict[int, Array] = field(default_factory=dict)
    persons: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.coefficients or len(set(self.coefficients)) != len(self.coefficients):
            raise ValueError("coefficients need different names")
        if self.n_identity > _MOST_IDENTITY or self.width * self.height > _MOST_PIXELS:
            raise ValueError(
                f"no session has {self.n_identity} numbers of identity and {self.width} x {self.height} px"
            )
        if self.status not in (RECORDING, COMPLETE):
            raise ValueError(f"there is no status {self.status}")

    @property
    def complete(self) -> bool:
        return self.status == COMPLETE

    @property
    def moment(self) -> datetime | None:
        """The time of `started`, with its zone; None if that is no time of this computer's calendar."""
        try:
            moment = datetime.fromisoformat(self.started)
            moment.astimezone(UTC)
            return moment if moment.tzinfo else moment.astimezone()
        except (ValueError, OverflowError, OSError):
            return None

    def skin_of(self, face: int | None) -> Array | None:
        """The tone in which to show a face, sRGB (3,) 0..255: that of the profile for its person; None if unknown."""
        seen = None if face is None else self.skins.get(face)
        return self.person.toned(seen) if face in self.named else seen

    @property
    def named(self) -> dict[int, str]:
        """Names by the numbers of people in `Session.rows`."""
        return {self.persons.get(face, face): name for face, name in self.people.items()}

    @property
    def owners(self) -> frozenset[int] | None:
        """The people in `Session.rows` whose profile `person` is; None: unknown, so who comes first in a frame."""
        return frozenset(self.named) if self.persons and self.person.identity is not None else None

    @property
    def n_unwritten(self) -> int:
        """Number of frames in `unwritten`."""
        return sum(last - first + 1 for first, last in self.unwritten)

    def to_json(self) -> str:
        document = _Document(
            schema=SCHEMA,
            duration_s=round(self.duration, 6),
            profile=PersonRecord.of(self.person),
            unwritten_count=self.n_unwritten,
            lost_face_s=[(round(a, 6), round(b, 6)) for a, b in self.lost_face],
            faces={str(number): name for number, name in self.people.items()},
            face_skins={str(number): [round(float(v), 1) for v in skin] for number, skin in self.skins.items()},
            face_persons={str(number): first for number, first in self.persons.items()},
            **{name: getattr(self, name) for name in _AS_THEY_ARE},
        )
        text = json.dumps(msgspec.to_builtins(document), indent=1, ensure_ascii=False) + "\n"
        # File names may not be valid text: JSON escapes what is not.
        return text.encode("utf-8", "backslashreplace").decode()

    @classmethod
    def from_json(cls, text: str) -> SessionInfo:
        """Parse the text. Raises ValueError with the reason if it is invalid, FutureSchema if it is newer."""
        data = read_json(text)
        schema = record_of(data, _Versioned).schema
        if schema > SCHEMA:
            raise FutureSchema(schema)
        if schema < 1:
            raise ValueError(f"there is no schema {schema}")
        document = record_of(data, _Document)
        return cls(
            duration=document.duration_s,
            person=document.profile.person(),
            lost_face=tuple(document.lost_face_s),
            people={int(number): name for number, name in document.faces.items()},
            skins={int(number): checked("skin", skin, (3,)) for number, skin in document.face_skins.items()},
            persons={int(number): first for number, first in document.face_persons.items()},
            **{name: getattr(document, name) for name in _AS_THEY_ARE},
        )


class _Versioned(msgspec.Struct):
    schema: int


class _Document(msgspec.Struct, kw_only=True):
    """session.json, field by field in order. Fields added after the first schema have a default."""

    schema: int
    status: str
    recovered: bool
    problem: str
    title: str
    notes: str
    app_version: str
    started: str
    monotonic_start: Number
    duration_s: Number
    source: str
    width: Count
    height: Count
    device: str
    model: ModelFile
    face_model: ModelFile
    smoothing: str
    max_faces: Count
    coefficients: tuple[str, ...]
    n_identity: Count
    blendshapes: bool = False
    profile: PersonRecord
    frames: Count
    rows: Count
    drops: Count | None
    video_frames: Count | None
    sound: str = ""
    unwritten_count: Count = 0
    unwritten: tuple[tuple[Count, Count], ...]
    lost_face_s: list[tuple[Number, Number]]
    faces: dict[str, str] = {}
    face_skins: dict[str, list[Number]] = {}
    face_persons: dict[str, Count] = {}


_AS_THEY_ARE = [f.name for f in fields(SessionInfo) if f.name in _Document.__struct_fields__]


class FutureSchema(Exception):
    """Written by a newer version of the program, with another schema."""


def read_info(folder: Path) -> SessionInfo:
    """Read session.json in `folder`. Raises UserError with one sentence."""
    path = folder / INFO
    try:
        return SessionInfo.from_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as e:
        missing = "does not exist" if not folder.exists() else f"is not a session: it has no {INFO}"
        raise UserError(f"{folder} {missing}; choose the folder of a recorded session.") from e
    except OSError as e:
        raise UserError(f"{path} cannot be read ({e.strerror}); check its permissions.") from e
    except FutureSchema as e:
        raise UserError(
            f"{folder} was recorded by a newer version (schema {e}; this one reads up to {SCHEMA}); update expnet-live."
        ) from e
    except ValueError as e:
        raise UserError(
            f"{path} is damaged or from another program ({str(e).splitlines()[0]}); restore it from a copy; "
            f"the coefficients beside it are readable without it."
        ) from e


def write_info(folder: Path, info: SessionInfo) -> None:
    """Replace session.json atomically. Raises UserError if it cannot be written."""
    try:
        write_whole(folder / INFO, info.to_json())
    except OSError as e:
        raise UserError(f"{folder / INFO} cannot be written ({e.strerror}); make that folder writable.") from e
