"""Another package adds a kind of source."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from expnet_live.capture import spec as specs
from expnet_live.capture.sources import SOURCES, Source, open_source
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core import registry
from expnet_live.core.types import Frame


class Grey(Source):
    live = True

    def __iter__(self) -> Iterator[Frame]:
        yield Frame(np.full((4, 4, 3), 128, np.uint8), 0.0, 0, self.name)

    def close(self) -> None:
        pass


class GreyType:
    name, about, live, still = "grey", "a grey picture", True, False

    def takes(self, spec: SourceSpec) -> bool:
        return spec.kind is SourceKind.OTHER and spec.value.startswith("grey:")

    def open(self, spec: SourceSpec) -> Source:
        return Grey(spec.value)


GREY = GreyType()


def test_ours() -> None:
    assert set(SOURCES) >= {"animation", "camera", "demo", "folder", "picture", "video"}
    assert all(kind.about for kind in SOURCES.values())


def test_an_entry_point_adds_a_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [EntryPoint("grey", f"{__name__}:GREY", "expnet_live.sources")]
    monkeypatch.setattr(registry, "entry_points", lambda group: points if group == "expnet_live.sources" else [])
    fresh = registry.Registry("source", "SOURCE", ["expnet_live.capture.sources"], "expnet_live.sources")
    monkeypatch.setattr(specs, "SOURCES", fresh)
    found = SourceSpec.parse("grey:1")
    assert found.kind is SourceKind.OTHER and found.live and found.name == "grey:1"
    with open_source("grey:1") as source:
        assert [f.image[0, 0, 0] for f in source] == [128]
