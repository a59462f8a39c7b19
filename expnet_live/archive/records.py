"""What a task reports, as it goes over the wire and into the manifest."""

from __future__ import annotations

import msgspec


class Outcome(msgspec.Struct, frozen=True, tag="input"):
    """What came of one input.

    `file` in the data set holds its rows, empty if there are none; an input with frames and a `problem` was read up
    to the damage; `remark` holds sentences on what was read whole but may not be as wanted. `digest` is that of the
    settings.
    """

    source: str
    spec: str
    kind: str
    size: int
    stamp: str
    person: str | None = None
    sha256: str = ""
    file: str = ""
    frames: int = 0
    with_face: int = 0
    problem: str = ""
    remark: str = ""
    digest: str = ""
    host: str = ""


class Usage(msgspec.Struct, frozen=True):
    """What a task took: s of work, and the most memory (bytes) that its process has had so far."""

    seconds: float
    memory: int


class Step(msgspec.Struct, frozen=True):
    """A task is done: part `part` of the `parts` of a video, or the one part of a batch of photos.

    `outcomes` has one entry per input that is complete.
    """

    part: int
    parts: int
    frames: int
    usage: Usage
    outcomes: tuple[Outcome, ...] = ()
