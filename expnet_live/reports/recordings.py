"""Reads what a report is about: sessions, tables of `analyze`, Parquet data sets."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.delimiters import check_commas
from expnet_live.core.errors import UserError
from expnet_live.core.moments import spans, usual_step
from expnet_live.core.naming import few, printable
from expnet_live.core.records import read_json
from expnet_live.core.types import Array
from expnet_live.outputs.export.track import corrected, faces_of, main_face, track
from expnet_live.sessions.format.folder import INFO, RUN, TABLE, is_session
from expnet_live.sessions.format.markers import Marker, markers_of_rows
from expnet_live.sessions.format.table import BLENDSHAPES, BOX, MARKER, QUALITY, ROTATION
from expnet_live.sessions.reading.session import Session

GAP = 0.5  # s without a frame: a pause of the recording
_LEAST = 10  # frames of a face, below which it is left out
_NO_FACE = "left out, because no face is seen in ten frames."
_ONE = "its faces are never there at once, so they count as one person."
_NO_ACTIONS = "left out, because the model has no actions; re-analyse with our network."
_KEYS = ("timestamp_s", "face", "confidence")
_DATASET = "dataset.json"  # of an archive
_LOOKS = "appearance"  # of an archive: joins the faces that look like one person
_NUMBERS = (*_KEYS, *BLENDSHAPES, *ROTATION, BOX[2], QUALITY, _LOOKS)


@dataclass(frozen=True, eq=False)
class Recording:
    """One face in T frames of a recording: `time` (T,) s, `seen` (T,) bool, `weights` (T, 52) 0..1, `rotation` (T, 3)
    rad, `width` (T,) px of its box, `confidence` (T,), and `quality` (T,) or None; NaN where it is not seen.

    `source` names the recording, unlike all others, and `face` the face in it, or is -1 where there is but one.
    `made`: a sentence about how, or empty. `short`: the name in figures; empty: the last part of `source`.
    """

    source: str
    face: int
    time: Array
    seen: Array
    weights: Array
    rotation: Array
    width: Array
    confidence: Array
    quality: Array | None = None
    markers: tuple[Marker, ...] = field(default=())
    made: str = ""
    short: str = ""

    @property
    def title(self) -> str:
        """The recording's short name."""
        return self.short or Path(self.source).name or self.source

    @property
    def names(self) -> list[str]:
        """What the recording may be called, the longest first: its whole source, the end of that from any folder on,
        and the file's name without suffix."""
        source = self.source.replace("\\", "/")
        parts = source.split("/")
        return [source, *("/".join(parts[i:]) for i in range(1, len(parts))), self.title, Path(parts[-1]).stem]

    @property
    def name(self) -> str:
        """The face's short name."""
        return self.named(self.title)

    def named(self, recording: str) -> str:
        """The face's name in a recording that is called so."""
        return recording if self.face < 0 else f"{recording}, face {self.face}"

    @property
    def minutes(self) -> float:
        """Minutes with the face in frame."""
        return float(self.spans[self.seen].sum() / 60)

    @property
    def step(self) -> float:
        """Usual time from one frame to the next, s."""
        return usual_step(self.time)

    @cached_property
    def spans(self) -> Array:
        """How long each frame counts (T,), s: until the next one, but not over a pause of the recording."""
        return spans(self.time, max(GAP, self.step))

    def share(self, of: Array, among: Array) -> float:
        """The share of time, 0..1, in which the mask `of` (T,) holds, in the frames of another mask."""
        return float(self.spans[of & among].sum() / self.spans[among].sum())

    def mean(self, values: Array, among: Array) -> Array:
        """The mean over time of values (T,) or (T, n) in the frames of a mask (T,), NaN left out."""
        values, weights = values[among], self.spans[among]
        known = np.isfinite(values)
        weights = np.where(known, weights.reshape(-1, *(1,) * (values.ndim - 1)), 0.0)
        with np.errstate(invalid="ignore"):
            return np.asarray((weights * np.where(known, values, 0.0)).sum(0) / weights.sum(0))


@dataclass(frozen=True, eq=False)
class Recordings:
    """The faces of all inputs, and what is told about recordings, such as why they are left out: a sentence, and their
    names."""

    faces: list[Recording]
    left_out: dict[str, list[str]]

    @property
    def remarks(self) -> list[str]:
        """A sentence for each reason, with the names of the first recordings."""
        return [f"{few(names)}: {why}" for why, names in self.left_out.items()]


def normal_name(name: str) -> str:
    """Systems write accents and separators of paths in different ways."""
    return unicodedata.normalize("NFC", name.replace("\\", "/").removeprefix("./"))


def is_recorded(path: Path) -> bool:
    """Whether it is what `read_recordings` reads besides sessions: a table of `analyze`, a folder of sessions or a
    data set, in which there may be many faces."""
    if not path.is_dir():
        return path.suffix.lower() in (".csv", ".parquet")
    return (path / RUN).is_file() or any(
        next(path.glob(pattern), None) is not None for pattern in (f"*/{INFO}", "**/*.parquet")
    )


def read_recordings(inputs: Sequence[Path]) -> Recordings:
    """All faces of the inputs, each input once. Raises UserError if one cannot be read, or there is no face in any."""
    left_out: dict[str, list[str]] = {}
    paths: dict[Path, Path] = {}
    for path in (inside for given in inputs for inside in _sessions_in(given)):
        paths.setdefault(path.resolve(), path)
    faces = _told_apart({path: _read(path, left_out) for path in paths.values()})
    read = Recordings(faces, left_out)
    if not faces:
        raise UserError(" ".join(read.remarks) or "There is no face in these inputs; choose recordings of faces.")
    return read


def couples_of(recordings: Sequence[Recording]) -> list[tuple[Recording, Recording]]:
    """All pairs of faces of one source."""
    of_source: dict[str, list[Recording]] = {}
    for recording in recordings:
        of_source.setdefault(recording.source, []).append(recording)
    return [couple for faces in of_source.values() for couple in combinations(faces, 2)]


def _sessions_in(path: Path) -> list[Path]:
    """The sessions of a folder of sessions; of anything else, itself."""
    if is_session(path) or (path / TABLE).exists() or not path.is_dir():
        return [path]
    return sorted(p for p in path.iterdir() if (p / INFO).is_file()) or [path]


def _told_apart(read: Mapping[Path, Sequence[Recording]]) -> list[Recording]:
    """The faces of each input, with names that no two recordings share: those of different inputs that are called
    alike get the input's path, and those whose short names are alike are told by their whole ones."""
    inputs = Counter(source for faces in read.values() for source in {r.source for r in faces})
    apart = [
        replace(r, source=_below(path, r.source), short="") if inputs[r.source] > 1 else r
        for path, faces in read.items()
        for r in faces
    ]
    titles = Counter(title for title, _ in {(r.title, r.source) for r in apart})
    return [replace(r, short=r.source) if titles[r.title] > 1 else r for r in apart]


def _below(path: Path, source: str) -> str:
    names = [printable(name) for name in (path.name, path.stem)]
    return printable(str(path)) + ("" if source in names else f"/{source}")


def _read(path: Path, left_out: dict[str, list[str]]) -> list[Recording]:
    if (path / INFO).is_file():
        return _session(Session.open(path), left_out)
    if path.is_dir() and (path / TABLE).is_file():
        made, people = _runs(path / RUN)
        faces = _table(_csv(path / TABLE), path, left_out, people)
        return [replace(r, made=made.get(r.source, "")) for r in faces]
    if path.is_dir():
        way = _archived(path / _DATASET)
        read = [r for columns in _parquets(path) for r in _table(columns, path, left_out)]
        # Its files have names by chance.
        return [replace(r, made=way) for r in sorted(read, key=lambda r: r.source)]
    if not path.is_file():
        raise UserError(f"There is no session, table or data set {path}; check the name.")
    columns = next(_parquets(path)) if path.suffix == ".parquet" else _csv(path)
    return list(_table(columns, path, left_out))


def _session(session: Session, left_out: dict[str, list[str]]) -> list[Recording]:
    """Its faces, those seen longest first, as shown: with the profile's neutral and gains."""
    if not np.isfinite(session.rows.blendshapes).any():
        why = _NO_ACTIONS if (session.rows.face >= 0).any() else _NO_FACE
        left_out.setdefault(why, []).append(_title(session))
        return []
    found, name, info = [], _title(session), session.info
    rows = corrected(session.rows, info.person, info.coefficients, info.owners)
    lost = f" {info.drops} frames were dropped." if info.drops else ""
    made = f"Recorded {info.started[:10]}; {_with(info.model.name, info.model.version, info.smoothing)}{lost}"
    numbers: list[int | None] = [*faces_of(rows)]
    if main_face(rows, info) is None and _join(faces_of(rows), name, left_out):
        numbers = [None]
    for face in numbers:
        own = track(rows, face)
        seen = own.face >= 0
        if seen.sum() >= _LEAST:
            label = -1 if face is None or len(numbers) == 1 else face
            found.append(
                Recording(
                    name, label, own.time, seen, own.blendshapes, own.rotation, own.box[:, 2], own.confidence,
                    own.quality if np.isfinite(own.quality).any() else None, markers=session.markers, made=made,
                    short=name,
                )
            )  # fmt: skip
    if not found:
        left_out.setdefault(_NO_FACE, []).append(name)
    return found


def _title(session: Session) -> str:
    return session.info.title or printable(session.folder.name)


def _same(faces: Array, alike: Mapping[int, int]) -> Array:
    """Numbers of faces (R,), with that of the first one that is `alike` for each."""
    return np.array([alike.get(f, f) for f in faces.tolist()], faces.dtype)


def _join(faces: Sequence[float], name: str, told: dict[str, list[str]]) -> bool:
    """Whether several faces are one person: where no two are ever there at once, as exports have it. A face that was
    lost for some seconds comes back with another number."""
    if len(faces) > 1:
        told.setdefault(_ONE, []).append(name)
    return len(faces) > 1


def _with(network: str, version: str, smoothing: str) -> str:
    return f"network {network} ({version}), smoothing {smoothing}."


def _runs(path: Path) -> tuple[dict[str, str], dict[str, dict[int, int]]]:
    """How each input of `analyze` was read, by its source, and the first face that looks like each of its faces, as
    far as its run.json tells."""
    told: dict[str, str] = {}
    people: dict[str, dict[int, int]] = {}
    try:
        for run in read_json(path.read_bytes())["runs"]:
            model, smoothing = run["model"], run["settings"]["smoothing"]
            made = f"Analysed {run['started'][:10]}; {_with(model['name'], model['version'], smoothing)}"
            for one in run["inputs"]:
                told[str(one["source"])] = made
                people[str(one["source"])] = {int(n): int(first) for n, first in one.get("people", {}).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # they are not needed
    return told, people


def _archived(path: Path) -> str:
    """How `archive` read a data set, as far as its dataset.json tells."""
    try:
        settings = read_json(path.read_bytes())["settings"]
        network = Path(settings["model"] or "expnet.safetensors")
        name = network.stem + settings["runtime"] if settings["runtime"] else network.name
        return f"Read by an archive; {_with(name, 'expnet-live ' + settings['version'], settings['smoothing'])}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # it is not needed


Columns = dict[str, Any]


def _csv(path: Path) -> Columns:
    from pyarrow import ArrowException, csv

    try:
        with path.open("rb") as file:
            start = file.read(1 << 16)
        if b"\0" in start:
            raise UserError(f"{path} is no table; analyse it first: expnet-live analyze FILE --out DIR.")
        check_commas(start.partition(b"\n")[0].decode("utf-8", "replace"), path)
        # A name of digits, such as 007, stays a text.
        texts = csv.ConvertOptions(column_types={"source": "string", MARKER: "string"})
        return _columns(csv.read_csv(path, convert_options=texts), path)
    except (OSError, ArrowException) as e:
        raise UserError(f"{path} cannot be read as a table ({e}); give a table of 'expnet-live analyze'.") from e


def _parquets(path: Path) -> Iterator[Columns]:
    """All files of a folder that are tables of frames, in one table; those of an archive one by one, because each has
    whole inputs, and together they may need more memory than there is."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = [path] if path.is_file() else sorted(path.rglob("*.parquet"))
    try:
        tables = [f for f in files if "timestamp_s" in pq.read_schema(f).names]
        if not tables:
            raise UserError(f"{path} has no table of frames; give a session, a table or a data set.")
        # A data set has twice as many columns.
        wanted = {"source", MARKER, *_NUMBERS}
        for part in [[f] for f in tables] if (path / _DATASET).is_file() else [tables]:
            read = [pq.read_table(f, columns=[c for c in pq.read_schema(f).names if c in wanted]) for f in part]
            yield _columns(pa.concat_tables(read, promote_options="default"), path)
    except (OSError, pa.ArrowException) as e:
        raise UserError(f"{path} cannot be read as a data set ({e}); check it.") from e


def _columns(table: Any, path: Path) -> Columns:
    names = set(table.column_names)
    missing = [n for n in (*_KEYS, *BLENDSHAPES) if n not in names]
    if missing:
        raise UserError(f"{path} has no column {missing[0]}; give a table with ARKit's actions.")
    return {name: table[name] for name in table.column_names}


def _table(
    columns: Columns,
    path: Path,
    left_out: dict[str, list[str]],
    known: Mapping[str, Mapping[int, int]] = MappingProxyType({}),
) -> Iterator[Recording]:
    """`known`: by source, the first face that looks like each of its faces."""
    numbers = {n: _numbers(columns[n], n, path) if n in columns else np.zeros(0) for n in _NUMBERS}
    count = len(numbers["timestamp_s"])
    timeless = np.flatnonzero(~np.isfinite(numbers["timestamp_s"]))
    if len(timeless):
        raise UserError(f"{path} has no time in row {timeless[0] + 1}; fill in timestamp_s, or delete the row.")
    sources = columns["source"].to_pylist() if "source" in columns else [printable(path.stem)] * count
    places: dict[str, list[int]] = {}
    for row, name in enumerate(sources):
        places.setdefault(str(name), []).append(row)
    marks = columns[MARKER].to_pylist() if MARKER in columns else [None] * count
    for source, rows_of_source in places.items():
        here = np.array(rows_of_source)
        times, frame = np.unique(numbers["timestamp_s"][here], return_inverse=True)
        markers = markers_of_rows(numbers["timestamp_s"][here].tolist(), [str(marks[i] or "") for i in here])
        face = numbers["face"][here]
        joined = len(numbers[_LOOKS]) > 0
        if joined:
            face = np.where(np.isfinite(numbers[_LOOKS][here]), numbers[_LOOKS][here], face)
        elif alike := known.get(source):
            face, joined = _same(face, alike), True
        people = _people(frame, face, None if joined else source, left_out)
        for number, rows in people:
            made = _face(source, number, times, frame[rows], here[rows], numbers)
            yield replace(made, markers=markers)
        if not people:
            left_out.setdefault(_NO_FACE, []).append(source)


def _people(frame: Array, face: Array, source: str | None, told: dict[str, list[str]]) -> list[tuple[int, Array]]:
    """The rows (R,) of each person with enough of them, the longest seen first: their number, -1 where there is one
    person alone. `source`: None if the faces of one person have one number already."""
    known = np.isfinite(face)
    faces, counts = np.unique(face[known], return_counts=True)
    alone = len(np.unique(frame[known])) == np.unique([frame[known], face[known]], axis=1).shape[1]
    if source is not None and alone and _join([*faces], source, told):
        masks = [(-1, known)]
    else:
        masks = [(int(f) if len(faces) > 1 else -1, face == f) for f in faces[np.argsort(-counts, kind="stable")]]
    return [(number, rows) for number, rows in masks if rows.sum() >= _LEAST]


def _numbers(column: Any, name: str, path: Path) -> Array:
    try:
        return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)
    except (ValueError, TypeError) as e:
        raise UserError(f"The column {name} of {path} holds more than numbers ({e}); correct it.") from e


def _face(source: str, face: int, times: Array, at: Array, rows: Array, numbers: dict[str, Array]) -> Recording:
    def spread(names: Sequence[str], kind: type[np.floating[Any]] = np.float64) -> Array:
        out = np.full((len(times), len(names)), np.nan, kind)
        for i, name in enumerate(names):
            if len(numbers[name]):
                out[at, i] = numbers[name][rows]
        return out

    seen = np.zeros(len(times), bool)
    seen[at] = True
    quality = spread([QUALITY])[:, 0] if len(numbers[QUALITY]) else None
    weights = spread(BLENDSHAPES, np.float32)  # as they are in the table: most of a recording's memory
    assert weights.shape[1] == N_BLENDSHAPES
    return Recording(
        source, face, times, seen, weights, spread(ROTATION), spread([BOX[2]])[:, 0], spread(["confidence"])[:, 0],
        quality,
    )  # fmt: skip
