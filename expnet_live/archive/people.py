"""People over an archive: who is in which input, and each person's shape and neutral face from all of their files.

The paper pools identity over all photos of a subject before it fits expressions. Here each frame counts by its
confidence and by how much the head faces the camera, and the neutral face is that of the calmest frames.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from expnet_live.analysis.inputs import Kind
from expnet_live.archive.inputs import Input, lines_of
from expnet_live.archive.manifest import Manifest
from expnet_live.archive.remote import MAGIC, is_address
from expnet_live.archive.schema import APPEARANCE, column
from expnet_live.archive.tasks import FACES
from expnet_live.core.arkit import ARKIT
from expnet_live.core.errors import UserError
from expnet_live.core.files import replacing
from expnet_live.core.naming import few
from expnet_live.core.types import Array, Box, FaceState, Pose
from expnet_live.geometry.camera import facing
from expnet_live.person.auto_neutral import at_ease
from expnet_live.person.calibration import resting_person
from expnet_live.person.person import Person
from expnet_live.sessions.format.table import BLENDSHAPES, ROTATION, TRANSLATION

if TYPE_CHECKING:
    from distributed import Client

PEOPLE = "people.parquet"
_FOLDER = "folder"
_SAMPLES = 400  # frames of each input from which the calmest are taken
_CALMEST = 0.25
_NEUTRAL, _REST, _IDENTITY = "neutral_", "rest_", "identity_"
_ABOUT = {
    "person": column("person", pa.string(), "", "as in inputs.parquet"),
    "digest": column("digest", pa.string(), "", "stands for the versions of this person's files"),
    "inputs": column("inputs", pa.int64(), "", "number of inputs that show this person"),
    "frames": column("frames", pa.int64(), "", "number of frames with the face"),
}
_BLOCKS = {
    _IDENTITY: ("sd", "shape: the mean over all frames of the identity pooled up to each"),
    _NEUTRAL: ("sd", "resting face: the median expression of the calmest frames"),
    _REST: ("0..1", "resting face: the median of ARKit's action in the calmest frames"),
}


def named(inputs: Sequence[Input], texts: Sequence[str], people: str | None) -> list[Input]:
    """The inputs with their persons: those of their own lists for None, else by `folder` or by a list of persons.

    By folder, it is the first one below the INPUT of `texts` that holds the file, or else that which it is in; of a
    pattern, the first one below its part without wildcards. Raises UserError if the list cannot be read, names no
    input, or says two things about one.
    """
    if people is None:
        return list(inputs)
    if people == _FOLDER:
        roots = [root for text in texts if (root := _root(text))]
        return [replace(one, person=_by_folder(one.spec, roots)) for one in inputs]
    path = Path(people)
    if not path.is_file():
        raise UserError(f"There is no list {people}; --people accepts folder, or a .csv file.")
    persons: dict[str, str] = {}
    for name, person in lines_of(path):
        if person is not None and persons.setdefault(name, person) != person:
            raise UserError(f"{people} says both {persons[name]} and {person} for {name}; give each its path.")
    paths = {str((path.parent / name).absolute()): person for name, person in persons.items()} | persons
    files: dict[str, str] = {}  # by their names alone
    for one in inputs:
        name = Path(one.spec).name
        if one.spec not in paths and name in persons and files.setdefault(name, one.spec) != one.spec:
            raise UserError(f"{name} in {people} may be {files[name]} or {one.spec}; give each its path.")
    found = [replace(one, person=paths.get(one.spec) or persons.get(Path(one.spec).name)) for one in inputs]
    if not any(one.person for one in found):
        raise UserError(f"{people} names no input; its column 'source' needs paths or names of files.")
    return found


def unclear(inputs: Sequence[Input], people: str) -> list[str]:
    """Sentences on readable inputs that are nobody's, and on lines of the list `people` that name no input."""
    nobody = [one.source for one in inputs if one.person is None and one.kind is not Kind.UNREADABLE]
    said = [f"{few(nobody)}: nobody's, by --people {people}."] if nobody else []
    if people != _FOLDER:
        path = Path(people)
        known = {one.spec for one in inputs} | {Path(one.spec).name for one in inputs}
        lines = [n for n, p in lines_of(path) if p and not known & {n, str((path.parent / n).absolute())}]
        said += [f"{few(lines)}: in {people}, but no such input is read."] if lines else []
    return said


def _root(text: str) -> str | None:
    """The folder below which the folders of persons are, as the specs of inputs begin; None if INPUT is a file."""
    pattern = MAGIC.search(text)
    if pattern and not Path(text).exists():
        fixed = text[: pattern.start()]
        text = fixed.rpartition("/")[0] if is_address(text) else os.path.dirname(fixed) or "."  # noqa: PTH120
    elif not is_address(text) and not Path(text).is_dir():
        return None
    return text if is_address(text + "/") else os.path.abspath(text)  # noqa: PTH100  keeps links


def _by_folder(spec: str, roots: Sequence[str]) -> str | None:
    file = (spec.partition("::")[0] if is_address(spec) else spec).replace(os.sep, "/")
    for root in roots:
        start = root.replace(os.sep, "/").rstrip("/") + "/"
        if file.startswith(start):
            *folders, _ = file.removeprefix(start).lstrip("/").split("/")
            name = folders[0] if folders else PurePosixPath(start).name
            return None if name.endswith(":") else name  # at the top of an archive
    return PurePosixPath(file).parent.name


# --- pooling ------------------------------------------------------------------------------------


class Pooled(msgspec.Struct, frozen=True):
    """A person's means over `frames` of `inputs`: `identity` in sd, `neutral` and `resting` as in Person.

    `digest` stands for the versions of their files.
    """

    person: str
    digest: str
    inputs: int
    frames: int
    identity: list[float]
    neutral: dict[str, float]
    resting: dict[str, float]


Places = tuple[tuple[str, str], ...]  # a file of the data set, and the source in it


def left_to_pool(manifest: Manifest, out: Path) -> dict[str, tuple[str, Places]]:
    """The persons whose files have changed since they were pooled: their digest and places."""
    places: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for outcome in manifest.outcomes.values():
        if outcome.person and outcome.with_face:
            places[outcome.person].append((outcome.file, outcome.source, outcome.sha256))
    known = {row["person"]: row["digest"] for row in _rows(out)}
    wanted = {person: hashlib.sha256(repr(sorted(told)).encode()).hexdigest() for person, told in places.items()}
    return {
        person: (digest, tuple((file, source) for file, source, _ in sorted(places[person])))
        for person, digest in wanted.items()
        if known.get(person) != digest
    }


def pool_all(client: Client, manifest: Manifest, out: Path) -> None:
    """Pool persons on the cluster, and write people.parquet. Raises OSError."""
    left = left_to_pool(manifest, out)
    if not left:
        return
    futures = [client.submit(pool, person, digest, places, out) for person, (digest, places) in left.items()]
    persons = {outcome.person for outcome in manifest.outcomes.values() if outcome.with_face}
    kept = [row for row in _rows(out) if row["person"] in persons and row["person"] not in left]
    rows = [*kept, *(_row(pooled) for pooled in client.gather(futures))]
    names = list(dict.fromkeys(name for row in rows for name in row))
    with replacing(out / PEOPLE) as partial:
        schema = pa.schema([_column(name) for name in names])
        table = pa.table({name: [row.get(name) for row in rows] for name in names}, schema=schema)
        pq.write_table(table, partial, compression="zstd")


def pool(person: str, digest: str, places: Places, out: Path) -> Pooled:
    """A task: the means of one person over the frames of some inputs."""
    weight, total, frames = 0.0, np.zeros(0), 0
    samples: list[FaceState] = []
    names: tuple[str, ...] = ()
    for file, source in places:
        table = _of(out / FACES / file, source)
        names = tuple(_expressions(table.column_names))
        for batch in table.to_batches(8192):
            weights, identity = _weighted(batch)
            total = weights @ identity + (total if len(total) else 0)
            weight, frames = weight + float(weights.sum()), frames + batch.num_rows
        samples += _samples(table, names)
    rest = resting_person(_calmest(samples), names) if samples else Person()
    return Pooled(
        person,
        digest,
        len(places),
        frames,
        (total / max(weight, 1e-9)).tolist(),
        dict(rest.neutral),
        dict(rest.resting),
    )


def _of(path: Path, source: str) -> pa.Table:
    """The rows of a source with its main face: of several people, the one who is seen most."""
    keep = (pc.field("source") == source) & pc.field("face").is_valid()
    table = pq.read_table(path, filters=keep, partitioning=None)
    most = pc.mode(table.column(APPEARANCE))
    return table if len(most) == 0 else table.filter(pc.equal(table.column(APPEARANCE), most[0]["mode"]))


def _weighted(batch: pa.RecordBatch) -> tuple[Array, Array]:
    """The weights (R,) of frames, as for the pool over a video, and their identity (R, K)."""
    rotation = np.stack([batch.column(name).to_numpy(False) for name in ROTATION], 1)
    turned = np.array([facing(r) for r in rotation])
    confidence = batch.column("confidence").to_numpy(False)
    names = [name for name in batch.schema.names if name.startswith(_IDENTITY)]
    identity = np.stack([batch.column(name).to_numpy(False) for name in names], 1).astype(np.float64)
    return np.maximum(confidence * turned**2, 1e-3), identity


def _samples(table: pa.Table, names: tuple[str, ...]) -> list[FaceState]:
    """Some faces of the table that may be at rest."""
    told = table.take(np.unique(np.linspace(0, len(table) - 1, min(_SAMPLES, len(table))).astype(np.int64)))
    return [state for row in told.to_pylist() if at_ease(state := _state(row, names))]


def _state(row: Mapping[str, Any], names: tuple[str, ...]) -> FaceState:
    def values(columns: Sequence[str]) -> Array:
        return np.array([row[name] for name in columns], np.float32)

    expression = values(names)
    return FaceState(
        face=0,
        frame=row["frame"],
        timestamp=row["timestamp_s"],
        box=Box(0, 0, 0, 0),
        confidence=row["confidence"],
        expression=expression,
        expression_raw=expression,
        identity=values([name for name in row if name.startswith(_IDENTITY)]),
        pose=Pose(values(ROTATION), values(TRANSLATION)),
        blendshapes=values(BLENDSHAPES) if row.get(BLENDSHAPES[0]) is not None else None,
    )


def _calmest(samples: Sequence[FaceState]) -> list[FaceState]:
    """Those whose actions are least; all, if the model has none."""
    if any(state.blendshapes is None for state in samples):
        return list(samples)
    moving = [float(state.blendshapes.sum()) for state in samples if state.blendshapes is not None]
    return [samples[i] for i in np.argsort(moving)[: max(1, round(_CALMEST * len(samples)))]]


def _expressions(columns: Sequence[str]) -> Iterator[str]:
    """The names of the expression's coefficients, which stand between gaze and identity."""
    started = False
    for name in columns:
        if name.startswith(_IDENTITY):
            return
        if started:
            yield name
        started = started or name == "gaze_right_pitch"


# --- the table of people ------------------------------------------------------------------------


def people_of(dataset: Path) -> dict[str, Person]:
    """The people of a data set, by name. `Person.corrected` and `corrected_blendshapes` subtract their neutral face.

    >>> people_of(Path("no data set"))
    {}
    """
    return {row["person"]: _person(row) for row in _rows(dataset)}


def _person(row: Mapping[str, Any]) -> Person:
    identity = np.array([v for name, v in row.items() if name.startswith(_IDENTITY)], np.float32)
    told = {name: value for name, value in row.items() if value is not None}
    return Person(
        name=row["person"],
        identity=identity,
        neutral={n.removeprefix(_NEUTRAL): v for n, v in told.items() if n.startswith(_NEUTRAL)},
        resting={n.removeprefix(_REST): v for n, v in told.items() if n.startswith(_REST)},
    )


def _rows(dataset: Path) -> list[dict[str, Any]]:
    path = dataset / PEOPLE
    return pq.read_table(path).to_pylist() if path.is_file() else []


def _column(name: str) -> pa.Field:
    """The column of people.parquet with this name."""
    if name in _ABOUT:
        return _ABOUT[name]
    unit, about = next(told for prefix, told in _BLOCKS.items() if name.startswith(prefix))
    return column(name, pa.float64(), unit, about)


def _row(pooled: Pooled) -> dict[str, Any]:
    return {
        "person": pooled.person,
        "digest": pooled.digest,
        "inputs": pooled.inputs,
        "frames": pooled.frames,
        **{f"{_IDENTITY}{i:02d}": value for i, value in enumerate(pooled.identity)},
        **{_NEUTRAL + name: value for name, value in pooled.neutral.items()},
        **{_REST + name: pooled.resting.get(name, 0.0) for name in ARKIT},
    }
