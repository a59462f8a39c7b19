"""The estimators of faces: ExpNet's pipeline, or the landmark fit as its baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from expnet_live.analysis.options import Options
from expnet_live.core.machine import keep_freed_memory
from expnet_live.core.types import Array, FaceState, Frame, Image
from expnet_live.heads.head import Head

if TYPE_CHECKING:
    from expnet_live.heads.face_model import FaceModel
    from expnet_live.heads.transfer import Driver
    from expnet_live.pipeline.appearance import Appearance
    from expnet_live.pipeline.landmark_fit import LandmarkFitEstimator
    from expnet_live.pipeline.models import Model
    from expnet_live.pipeline.pipeline import Pipeline
    from expnet_live.pipeline.weights_file import ModelFile

PerFrame = Callable[[Frame], list[FaceState]]


class Estimator(Protocol):
    """Estimates faces of photos and videos, and their meshes."""

    @property
    def face_model(self) -> Head: ...

    @property
    def tells_blendshapes(self) -> bool:
        """Whether faces have ARKit's actions."""
        ...

    @property
    def head(self) -> Head:
        """The head of the meshes."""
        ...

    def photo(self, image: Image) -> list[FaceState]:
        """The faces of one picture (H, W, 3) BGR."""
        ...

    def video(self) -> PerFrame:
        """A function that processes the frames of a new video in order."""
        ...

    def appearances(self) -> dict[int, Appearance]:
        """The appearance of each face that is tracked in a video, by its number; none if that is unknown."""
        ...

    def mesh(self, state: FaceState) -> tuple[Array, Array]:
        """Vertices (V, 3) mm and unit normals (V, 3) in the model's frame."""
        ...

    def files(self) -> dict[str, ModelFile]:
        """The files of the models, by their role. Raises UserError if one can no longer be read."""
        ...

    @property
    def device(self) -> str:
        """Where it runs: cpu, cuda or mps."""
        ...


class ExpNetEstimator:
    """The pipeline: detection, tracking, ExpNet, smoothing."""

    def __init__(self, pipeline: Pipeline, model: Model, head: Head | None = None) -> None:
        self._pipeline, self._model = pipeline, model
        self.head: Head = head or pipeline.face_model

    @property
    def face_model(self) -> Head:
        return self._pipeline.face_model

    @property
    def tells_blendshapes(self) -> bool:
        return self._pipeline.tells_blendshapes

    def photo(self, image: Image) -> list[FaceState]:
        return self._pipeline.photo(image)

    def video(self) -> PerFrame:
        self._pipeline.reset()
        return self._pipeline.process

    def memory(self) -> Mapping[str, Any]:
        """What the next frame of a video depends on besides the frame; see Pipeline.memory."""
        return self._pipeline.memory()

    def go_on(self, memory: Mapping[str, Any]) -> PerFrame:
        """A function like that of `video`, for the frames after those that led to the `memory`."""
        self._pipeline.reset()
        self._pipeline.remember(memory)
        return self._pipeline.process

    def photos(self, images: Sequence[Image]) -> list[list[FaceState]]:
        """The faces of each picture, as by `photo`."""
        return self._pipeline.photos(images)

    def appearances(self) -> dict[int, Appearance]:
        """The appearance of each face that is tracked in a video, by its number."""
        return self._pipeline.appearances()

    @property
    def runtime_file(self) -> Path | None:
        """The file with which ONNX Runtime runs the network, if it does; computers differ in which one is quicker."""
        return getattr(self._pipeline.predictor, "runtime_file", None)

    def mesh(self, state: FaceState) -> tuple[Array, Array]:
        return self._pipeline.mesh(state)

    def files(self) -> dict[str, ModelFile]:
        network, face_model = self._model.files(self._pipeline.predictor)
        return {"model": network, "face_model": face_model}

    @property
    def device(self) -> str:
        return self._pipeline.predictor.device


class LandmarkEstimator:
    """Landmarks and a fit of the face model to them, for each frame separately; one face per picture."""

    tells_blendshapes = False
    device = "cpu"

    def __init__(self, fit: LandmarkFitEstimator, face_model: FaceModel, head: Head | None = None) -> None:
        self._fit = fit
        self.head: Head = head or face_model
        self._face_model = face_model

    @property
    def face_model(self) -> FaceModel:
        return self._face_model

    def photo(self, image: Image) -> list[FaceState]:
        state = self._fit.estimate(image)
        return [] if state is None else [state]

    def video(self) -> PerFrame:
        return lambda frame: self.photo(frame.image)

    def appearances(self) -> dict[int, Appearance]:
        return {}

    def mesh(self, state: FaceState) -> tuple[Array, Array]:
        vertices = self._face_model.vertices(state.expression, state.identity, state.gaze)
        return vertices, self._face_model.normals(vertices)

    def files(self) -> dict[str, ModelFile]:
        return {}


def load_estimator(options: Options) -> Estimator:
    """Create an estimator for many pictures. Raises UserError if weights or assets are missing or unusable."""
    keep_freed_memory()
    if options.landmark_fit:
        from expnet_live.heads.face_model import FaceModel
        from expnet_live.pipeline.landmark_fit import LandmarkFitEstimator

        model = FaceModel.load()
        return LandmarkEstimator(LandmarkFitEstimator(), model, _head(options, model))
    from expnet_live.pipeline.models import model_of
    from expnet_live.pipeline.pipeline import Pipeline

    pipeline = Pipeline.load(
        options.model, device=options.device, smoothing=options.smoothing, max_faces=options.max_faces
    )
    return ExpNetEstimator(pipeline, model_of(options.model), _head(options, pipeline.face_model))


def _head(options: Options, model: Driver) -> Head | None:
    from expnet_live.avatars.wardrobe import Wardrobe

    return None if options.head is None else Wardrobe().head(options.head, model)
