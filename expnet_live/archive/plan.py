"""Decides what there is to do: one job is one task at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from expnet_live.analysis.inputs import Kind
from expnet_live.archive.inputs import Input, bucket
from expnet_live.archive.manifest import Manifest
from expnet_live.archive.settings import Settings
from expnet_live.archive.tasks import FACES, parts_done


@dataclass(frozen=True)
class Job:
    """A part of a video, or a batch of photos and the file for their rows; `tries` have failed before.

    `alone`: no other job may run meanwhile, because its worker was killed more than once.
    """

    inputs: tuple[Input, ...]
    file: str = ""
    part: int = 0
    tries: int = 0
    alone: bool = False

    @property
    def key(self) -> str:
        """A name for Dask, which shows what stands before the last hyphen."""
        what = f"{self.file}-" if self.file else ""
        text = f"{what}{self.inputs[0].key}-{self.part}-{self.tries}-{self.alone}-{len(self.inputs)}"
        return f"{'photos' if self.file else 'video'}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def next_part(self) -> Job:
        return replace(self, part=self.part + 1, tries=0)

    def again(self) -> Job:
        return replace(self, tries=self.tries + 1)

    def apart(self, alone: bool = False) -> list[Job]:
        """A job for each input."""
        if not self.file:
            return [replace(self, tries=0, alone=alone)]
        return [replace(self, inputs=(one,), file=_batch_file([one]), tries=0, alone=alone) for one in self.inputs]


def left_to_do(inputs: Sequence[Input], manifest: Manifest, out: Path) -> list[Input]:
    """The inputs that were not read yet, or have changed since."""
    files = {o.file for o in manifest.outcomes.values() if o.file}
    there = {file: (out / FACES / file).is_file() for file in files}
    return [one for one in inputs if one.kind is not Kind.UNREADABLE and not manifest.is_done(one, there)]


def jobs_of(todo: Sequence[Input], manifest: Manifest, settings: Settings, out: Path) -> Iterator[Job]:
    """The first job of each of these inputs."""
    changed: dict[str, list[Input]] = {}
    new: list[Input] = []
    for one in todo:
        if one.kind is not Kind.PHOTO:
            yield Job((one,), part=parts_done(one, settings, out))
            continue
        known = manifest.outcomes.get(one.spec)
        (changed.setdefault(known.file, []) if known is not None and known.file else new).append(one)
    yield from (Job(tuple(photos), file) for file, photos in changed.items())
    rest = iter(new)
    while batch := tuple(islice(rest, settings.batch)):
        yield Job(batch, _batch_file(batch))


def _batch_file(photos: Sequence[Input]) -> str:
    digest = hashlib.sha256("\n".join(one.spec for one in photos).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f"kind=photo/bucket={bucket(digest)}/photos-{digest}.parquet"
