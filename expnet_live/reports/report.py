"""Measures everything that a report tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from expnet_live.core.naming import few
from expnet_live.core.progress import Progress, unwatched
from expnet_live.reports.groups import Effect, Member, assign, compare
from expnet_live.reports.latency import Response, by_chance, responses
from expnet_live.reports.measures import Blink, Figure, blinks, figures_of
from expnet_live.reports.recordings import Recording, couples_of
from expnet_live.reports.synchrony import Synchrony, synchronies

UNPAIRED = "No two faces share 16 s and move in two windows of them, so none are compared."
_COARSE = (
    "too few frames a second for the duration of its blinks, which is left out below 20; below 10, short blinks are "
    "missed as well."
)


@dataclass(frozen=True, eq=False)
class FaceReport:
    """All that is told about one face."""

    recording: Recording
    figures: list[Figure]
    closures: list[Blink]
    responses: list[Response]

    def value(self, key: str, of: str = "") -> float | None:
        return next((f.value for f in self.figures if (f.key, f.of) == (key, of)), None)


@dataclass(frozen=True, eq=False)
class Report:
    faces: list[FaceReport]
    pairs: list[Synchrony]
    effects: list[Effect] = field(default_factory=list)
    grouped: bool = False
    compared: bool = False  # whether there were faces to compare in pairs
    remarks: Sequence[str] = ()  # sentences on what was left out


def make_report(
    recordings: Sequence[Recording],
    members: Mapping[str, Member] | None = None,
    together: bool = False,
    progress: Progress = unwatched,
    remarks: Sequence[str] = (),
    reference: str | None = None,
) -> Report:
    """Measure everything. Faces of one recording are compared in pairs; with `together`, those of different recordings
    as well, whose clocks then count from their first frames. Raises UserError as `compare` does."""
    effects = [] if members is None else compare(recordings, members, reference)
    remarks = [*remarks, *([] if members is None else assign(recordings, members)[1])]
    couples = [*combinations(recordings, 2)] if together else couples_of(recordings)
    faces, steps = [], len(recordings) + len(couples)
    for i, recording in enumerate(recordings):
        figures, answers = figures_of(recording), responses(recording)
        if answers:
            figures += [Figure("chance", 100 * share, action) for action, share in by_chance(recording).items()]
        faces.append(FaceReport(recording, figures, blinks(recording), answers))
        progress(i + 1, steps)
    coarse = [f.recording.name for f in faces if f.value("blinks") and f.value("blink_duration") is None]
    remarks += [f"{few(coarse)}: {_COARSE}"] if coarse else []
    pairs = []
    for i, (one, other) in enumerate(couples, start=len(recordings)):
        pairs += synchronies(one, other)
        progress(i + 1, steps)
    return Report(faces, pairs, effects, members is not None, bool(couples), remarks)
