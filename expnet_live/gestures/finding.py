"""Finds the gestures of recorded faces, or of a video, and writes them as a table."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from expnet_live.capture.source import Source
from expnet_live.core.errors import UserError
from expnet_live.core.files import whole
from expnet_live.core.progress import Progress, unwatched
from expnet_live.core.types import Array
from expnet_live.gestures.detector import Detector
from expnet_live.gestures.look import values_of
from expnet_live.gestures.rule import Event, Phase, Rule
from expnet_live.live.follower import Follower
from expnet_live.live.owner import Owner
from expnet_live.outputs.export.track import corrected, main_face, track
from expnet_live.person.person import Person
from expnet_live.pipeline.people import People
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.sessions.reading.session import Session

HEADER = ("name", "onset", "apex", "offset", "strength")
WHOSE = ("source", "face")  # the columns before these in a table of several recordings


def events_of(times: Array, values: Iterable[Array | None], rules: Sequence[Rule]) -> list[Event]:
    """The whole gestures in order of their onsets; `values` (55,) at each of the `times` (s), None without a face."""
    detector = Detector(rules)
    told = [h for time, value in zip(times.tolist(), values, strict=True) for h in detector.add(time, value)]
    told += detector.finish()
    return sorted((h.event for h in told if h.phase is Phase.ENDED), key=lambda e: e.onset)


def session_events(session: Session, rules: Sequence[Rule]) -> list[Event]:
    """Of the main face, as shown: with the profile's neutral and gains. Raises UserError without blendshapes."""
    rows = session.rows
    if not np.isfinite(rows.blendshapes).any():
        raise UserError("The session has no blendshapes, which gestures are read from; re-analyse it with our network.")
    info = session.info
    shown = track(corrected(rows, info.person, info.coefficients, info.owners), main_face(rows, info))
    return face_events(shown.time, shown.blendshapes, shown.rotation, rules)


def face_events(times: Array, weights: Array, rotation: Array, rules: Sequence[Rule]) -> list[Event]:
    """Of one recorded face: `weights` (T, 52) 0..1 and `rotation` (T, 3) rad at `times` (T,) s, NaN where it is not
    seen."""
    known = np.isfinite(weights).all(1) & np.isfinite(rotation).all(1)
    values = (values_of(w, r) if there else None for w, r, there in zip(weights, rotation, known, strict=True))
    return events_of(times, values, rules)


def source_events(
    pipeline: Pipeline, source: Source, person: Person, rules: Sequence[Rule], progress: Progress = unwatched
) -> list[Event]:
    """Of the person in a video: of several who take turns, the profile's, else the one followed longest. Raises
    UserError if the network gives no blendshapes."""
    pipeline.need_blendshapes()
    pipeline.reset()
    times: list[float] = []
    seen: list[tuple[int, Array] | None] = []
    owned: list[int] = []  # the faces with the profile, frame by frame
    follower, owner, people = Follower(), Owner(), People()
    for frame in source:
        faces = {s.face: s for s in pipeline.process(frame)}
        looks = pipeline.appearances()
        people.see(list(faces), looks)
        times.append(frame.timestamp)
        number = follower.follow(0, frame.timestamp, list(faces))
        progress(len(times), source.n_frames or 0)
        state = None if number is None else faces[number]
        if state is None or state.blendshapes is None:
            seen.append(None)
            continue
        weights = state.blendshapes
        if owner.owns(state, looks, person):
            owned.append(state.face)
            weights = person.corrected_blendshapes(weights)
        seen.append((state.face, values_of(weights, state.pose.rotation)))
    first = people.first_of()
    main = Counter(first.get(face, face) for face in owned).most_common(1)
    values = [v[1] if v is not None and first.get(v[0], v[0]) == main[0][0] else None for v in seen]
    return events_of(np.array(times), values, rules)


def lines_of(events: Sequence[Event]) -> list[tuple[str, ...]]:
    """The rows of the table, below HEADER: times in s, an empty offset for a gesture that still lasts."""
    return [
        (e.name, *("" if t is None else f"{t:.3f}" for t in (e.onset, e.apex, e.offset)), f"{e.strength:.3f}")
        for e in events
    ]


def write_table(path: Path, header: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> None:
    """Raises UserError if the file cannot be written."""
    try:
        with whole(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(lines)
    except OSError as e:
        raise UserError(f"{path} cannot be written ({e.strerror or e}); choose another place with --out.") from e
