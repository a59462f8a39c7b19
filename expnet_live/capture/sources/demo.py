"""The built-in demo clip."""

from __future__ import annotations

from expnet_live.capture.source import Source
from expnet_live.capture.sources.video import VideoSource
from expnet_live.capture.spec import DEMO, SourceKind, SourceSpec
from expnet_live.core.paths import asset

DEMO_ASSET = "demo.mp4"


class _Demo:
    name, about, live, still = DEMO, "the demo clip", False, False

    def takes(self, spec: SourceSpec) -> bool:
        return spec.kind is SourceKind.DEMO

    def open(self, spec: SourceSpec) -> Source:
        return VideoSource(asset(DEMO_ASSET), name=DEMO)


SOURCE = _Demo()
