"""What there is to say of a session before its first frame."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from expnet_live import __version__
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.core.paths import asset
from expnet_live.heads import face_model
from expnet_live.live.state import Settings
from expnet_live.networks import checkpoint, predictor
from expnet_live.official import OFFICIAL
from expnet_live.official.store import Store
from expnet_live.person.person import Person
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.sessions.format.info import ModelFile, SessionInfo


def describe(spec: SourceSpec, settings: Settings, pipeline: Pipeline, person: Person) -> SessionInfo:
    """Takes a moment: checksums are made. Raises UserError when a model's file cannot be read any more."""
    model, face = _official() if settings.model == OFFICIAL else _own(settings.model, pipeline)
    return SessionInfo(
        app_version=__version__,
        started=datetime.now().astimezone().isoformat(timespec="milliseconds"),
        monotonic_start=0.0,
        source=spec.value if spec.kind is SourceKind.FILE else spec.name,
        width=0,
        height=0,
        device=str(getattr(pipeline.predictor, "device", settings.device)),
        model=model,
        face_model=face,
        coefficients=pipeline.face_model.names,
        n_identity=pipeline.face_model.n_identity,
        blendshapes=pipeline.tells_blendshapes,
        smoothing=settings.smoothing,
        max_faces=settings.max_faces,
        person=person,
    )


def _own(path: str | None, pipeline: Pipeline) -> tuple[ModelFile, ModelFile]:
    weights = asset(predictor.ASSET) if path is None else Path(path)
    architecture = getattr(pipeline.predictor, "about", {}).get("training", {}).get("architecture", "")
    version = f"{checkpoint.FORMAT}, {architecture}" if architecture else checkpoint.FORMAT
    return _model(weights, version), _model(asset(face_model.ASSET), str(face_model.SCHEMA))


def _official() -> tuple[ModelFile, ModelFile]:
    """ExpNet's file and the Basel Face Model's, whose checksums the import noted."""
    store = Store()
    parts = store.parts()
    network, face = (
        ModelFile(store.path_of(key).name, "official release", parts[key].sha256) for key in ("expression", "bfm")
    )
    return network, face


def _model(path: Path, version: str) -> ModelFile:
    try:
        with path.open("rb") as f:
            return ModelFile(path.name, version, hashlib.file_digest(f, "sha256").hexdigest())
    except OSError as e:
        raise UserError(f"{path} cannot be read any more ({e.strerror}); choose another model.") from e
