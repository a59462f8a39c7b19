"""The registry of models. A model is a network that reads faces, and the face model that its coefficients drive.

Ours are in the package `expnet_live.models`, one module each; other packages add theirs through entry points of the
group `expnet_live.models`. A file of weights written by `expnet-live train expnet` is a model as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from expnet_live.core.registry import Registry, check_texts
from expnet_live.pipeline.weights_file import ModelFile, WeightsFile

__all__ = ["BUILT_IN", "MODELS", "Model", "ModelFile", "head_with", "model_of", "model_with"]

if TYPE_CHECKING:
    from expnet_live.pipeline.look import FacePredictor, MeasuredHead


class Model(Protocol):
    """A network and its face model. Importing its module must be cheap; `load` may take seconds."""

    @property
    def name(self) -> str:
        """Its name for `--model`."""
        ...

    @property
    def title(self) -> str:
        """Its title in the window's list."""
        ...

    @property
    def about(self) -> str:
        """One line for help texts."""
        ...

    @property
    def file(self) -> str:
        """The name of its file of weights, for which session lists show the title; empty if it varies."""
        ...

    def why_not(self) -> str | None:
        """A sentence that says why it cannot be used on this computer and what to do, or None if it can."""
        ...

    def load(self, device: str = "auto", threads: int | None = None) -> tuple[FacePredictor, MeasuredHead]:
        """Load the network on auto, cpu, cuda or mps, with `threads` of the CPU, and its face model. Raises
        UserError.
        """
        ...

    def face_model(self) -> MeasuredHead:
        """Its face model without the network. Raises UserError if it is not on this computer."""
        ...

    def fits(self, coefficients: tuple[str, ...], n_identity: int) -> bool:
        """Whether its face model has these expression coefficients and this number of identity coefficients."""
        ...

    def files(self, predictor: FacePredictor) -> tuple[ModelFile, ModelFile]:
        """The files of the network, which was loaded as `predictor`, and of the face model. This takes a moment.

        Raises UserError if a file cannot be read.
        """
        ...


def _check(model: Model) -> None:
    check_texts(model, "title", "file")
    _ = model.why_not, model.load, model.face_model, model.fits, model.files


MODELS: Registry[Model] = Registry("model", "MODEL", ["expnet_live.models"], "expnet_live.models", _check)
BUILT_IN = "compact"


def model_of(choice: Path | str | None) -> Model:
    """The built-in model for None, the model of that name, or else the file of weights at `choice`."""
    name = BUILT_IN if choice is None else str(choice)
    if name in MODELS:
        return MODELS[name]
    path = Path(name)
    if path.suffix or path.exists():
        return WeightsFile(path)
    return WeightsFile(path, find=lambda: None, missing=MODELS.absence(name))


def model_with(coefficients: tuple[str, ...], n_identity: int) -> Model | None:
    """The first model whose face model fits these coefficients, for drawing recordings that have them."""

    def fits(model: Model) -> bool:
        return model.fits(coefficients, n_identity)

    return next((m for m in MODELS.values() if MODELS.ask(m, fits, False)), None)


def head_with(coefficients: tuple[str, ...], n_identity: int, version: str) -> MeasuredHead | None:
    """The face model of recordings with these coefficients and its version. Raises UserError if it is not here."""
    from expnet_live.heads.face_model import FaceModel

    model = model_with(coefficients, n_identity)
    if model is None:
        return None
    head = model.face_model()
    return head.in_version(version) if isinstance(head, FaceModel) else head
