"""Models whose network is a file of weights from `expnet-live train expnet`. They drive our own face model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.core.errors import UserError
from expnet_live.core.paths import asset

if TYPE_CHECKING:
    from expnet_live.heads.face_model import FaceModel
    from expnet_live.networks.predictor import Predictor
    from expnet_live.pipeline.look import FacePredictor


@dataclass(frozen=True)
class ModelFile:
    """A file that a session was recorded with: its name, its version, and its SHA-256 as hex digits."""

    name: str
    version: str
    sha256: str


class WeightsFile:
    """The weights in a file. `find` returns its path if it must be searched for, or None if it is missing."""

    def __init__(
        self,
        path: Path,
        *,
        name: str = "",
        title: str = "",
        about: str = "",
        find: Callable[[], Path | None] | None = None,
        missing: str = "",
    ) -> None:
        self.name, self.title, self.file = name or str(path), title or path.stem, path.name
        self.about = about or f"the weights in {path}"
        self._find, self._missing = find or (lambda: path), missing

    @property
    def path(self) -> Path:
        """The path of the weights. Raises UserError if they are not on this computer."""
        path = self._find()
        if path is None:
            raise UserError(self._missing)
        return path

    def why_not(self) -> str | None:
        return self._missing if self._find() is None else None

    def load(self, device: str = "auto", threads: int | None = None) -> tuple[Predictor, FaceModel]:
        from expnet_live.networks.predictor import Predictor

        return Predictor.load(self.path, device, threads), self.face_model()

    def face_model(self) -> FaceModel:
        from expnet_live.heads.built_in import face_model

        return face_model()

    def fits(self, coefficients: tuple[str, ...], n_identity: int) -> bool:
        model = self.face_model()
        return (model.names, model.n_identity) == (coefficients, n_identity)

    def files(self, predictor: FacePredictor) -> tuple[ModelFile, ModelFile]:
        from expnet_live.heads import face_model
        from expnet_live.networks.checkpoint import FORMAT

        architecture = predictor.about.get("training", {}).get("architecture", "")
        version = f"{FORMAT}, {architecture}" if architecture else FORMAT
        return _described(self.path, version), _described(asset(face_model.ASSET), str(face_model.SCHEMA))


def _described(path: Path, version: str) -> ModelFile:
    from expnet_live.networks.runtime_files import weights_checksum

    try:
        return ModelFile(path.name, version, weights_checksum(path))
    except OSError as e:
        raise UserError(f"{path} can no longer be read ({e.strerror}); choose another model.") from e
