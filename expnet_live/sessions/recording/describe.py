"""Describes a session before its first frame."""

from __future__ import annotations

from datetime import datetime

from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.version import __version__
from expnet_live.live.state import Settings
from expnet_live.person.person import Person
from expnet_live.pipeline.models import model_of
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.sessions.format.info import SessionInfo


def describe(spec: SourceSpec, settings: Settings, pipeline: Pipeline, person: Person) -> SessionInfo:
    """Describe it, which takes a moment for checksums. Raises UserError if a model's file can no longer be read."""
    model, face = model_of(settings.model).files(pipeline.predictor)
    return SessionInfo(
        app_version=__version__,
        started=datetime.now().astimezone().isoformat(timespec="milliseconds"),
        monotonic_start=0.0,
        source=spec.value if spec.kind is SourceKind.FILE else spec.name,
        width=0,
        height=0,
        device=pipeline.predictor.device,
        model=model,
        face_model=face,
        coefficients=pipeline.face_model.names,
        n_identity=pipeline.face_model.n_identity,
        blendshapes=pipeline.tells_blendshapes,
        smoothing=settings.smoothing,
        max_faces=settings.max_faces,
        person=person,
    )
