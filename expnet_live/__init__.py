"""ExpNet Live: 3D facial expressions from pictures, without landmarks.

Each public name is imported at first use, so that `expnet-live --help` does not wait for heavy imports. Conventions
are those of `expnet_live.core.types`. docs/api.md lists the names.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from expnet_live.core.version import __version__

# Since 1.29, ONNX Runtime reports its use to Microsoft, from its import on and unless this is set before.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

_PLACES = {
    "ARKIT": "core.arkit",
    "Box": "core.types",
    "ExportOptions": "outputs.export.options",
    "FORMATS": "outputs.export.format",
    "FaceModel": "heads.face_model",
    "FaceState": "core.types",
    "Frame": "core.types",
    "HEADS": "heads.kind",
    "MODELS": "pipeline.models",
    "OUTPUTS": "outputs.stream",
    "Person": "person.person",
    "Pipeline": "pipeline.pipeline",
    "Pose": "core.types",
    "Registry": "core.registry",
    "SOURCES": "capture.spec",
    "Session": "sessions.reading.session",
    "Settings": "live.state",
    "Source": "capture.source",
    "SourceSpec": "capture.spec",
    "UserError": "core.errors",
    "blendshapes_of": "core.arkit",
    "export": "outputs.export.export",
    "list_sessions": "sessions.reading.session",
    "open_source": "capture.sources",
    "reanalyze": "sessions.reading.reanalysis",
    "record": "sessions.recording.record",
}
__all__ = [
    "ARKIT",
    "FORMATS",
    "HEADS",
    "MODELS",
    "OUTPUTS",
    "SOURCES",
    "Box",
    "ExportOptions",
    "FaceModel",
    "FaceState",
    "Frame",
    "Person",
    "Pipeline",
    "Pose",
    "Registry",
    "Session",
    "Settings",
    "Source",
    "SourceSpec",
    "UserError",
    "__version__",
    "blendshapes_of",
    "export",
    "list_sessions",
    "open_source",
    "reanalyze",
    "record",
]

if TYPE_CHECKING:
    from expnet_live.capture.source import Source
    from expnet_live.capture.sources import open_source
    from expnet_live.capture.spec import SOURCES, SourceSpec
    from expnet_live.core.arkit import ARKIT, blendshapes_of
    from expnet_live.core.errors import UserError
    from expnet_live.core.registry import Registry
    from expnet_live.core.types import Box, FaceState, Frame, Pose
    from expnet_live.heads.face_model import FaceModel
    from expnet_live.heads.kind import HEADS
    from expnet_live.live.state import Settings
    from expnet_live.outputs.export.export import export
    from expnet_live.outputs.export.format import FORMATS
    from expnet_live.outputs.export.options import ExportOptions
    from expnet_live.outputs.stream import OUTPUTS
    from expnet_live.person.person import Person
    from expnet_live.pipeline.models import MODELS
    from expnet_live.pipeline.pipeline import Pipeline
    from expnet_live.sessions.reading.reanalysis import reanalyze
    from expnet_live.sessions.reading.session import Session, list_sessions
    from expnet_live.sessions.recording.record import record


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
