"""The path of one frame: camera -> detector and tracker -> crops -> ExpNet -> smoothing -> face model.

pipeline = Pipeline.load()
for frame in open_source("demo"):
    for state in pipeline.process(frame):
        vertices, normals = pipeline.mesh(state)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array, Box, FaceState, Frame, Image, fault_of, fault_of_picture
from expnet_live.geometry.camera import Camera, WeakPerspective
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.rig import gaze_of
from expnet_live.pipeline.appearance import Appearance
from expnet_live.pipeline.close_look import CloseLook, SecondLook
from expnet_live.pipeline.detector import FaceDetector
from expnet_live.pipeline.finder import Finder
from expnet_live.pipeline.look import FacePredictor, Look, MeasuredHead, Stopwatch
from expnet_live.pipeline.models import model_of
from expnet_live.pipeline.photos import PhotoSearch
from expnet_live.pipeline.quality import quality_of
from expnet_live.pipeline.skin import SkinTone
from expnet_live.pipeline.smoothing import FaceSmoother, IdentityPool
from expnet_live.pipeline.tracker import Tracker


class Pipeline:
    """Maps pictures to the state of each face in them.

    `process` tracks faces through the frames of one source, `photo` takes each picture by itself. Give each source, and
    each thread, a pipeline of its own.
    `smoothing`: off, responsive, balanced or stable. `refine`: run the network twice on a newly found face, the
    second time on the crop of its predicted pose; on a photo, three times, and finally also on its mirror image.
    `second_look`: look again, closer, which tells actions better and takes three fifths of a look (on photos, twice
    that).

    >>> pipeline = Pipeline.load(device="cpu")
    >>> frame = next(iter(open_source("demo")))
    >>> (state,) = pipeline.process(frame)
    >>> vertices, normals = pipeline.mesh(state)
    >>> vertices.shape == normals.shape
    True
    """

    def __init__(
        self,
        predictor: FacePredictor,
        face_model: MeasuredHead,
        *,
        detector: FaceDetector | None = None,
        smoothing: str = "balanced",
        max_faces: int = 1,
        refine: bool = True,
        second_look: bool = True,
    ) -> None:
        self.predictor, self.face_model = predictor, face_model
        self.detector = detector or Finder(many=max_faces > 1, device=predictor.device)
        self._smoothing = smoothing
        # The effect of mirroring on the coefficients of other face models is unknown, as is what other crops hold.
        ours = face_model if isinstance(face_model, FaceModel) and predictor.crop_type is None else None
        close = None if ours is None else CloseLook(predictor, ours)
        self.close_look: FacePredictor = close or predictor  # that of photos
        again = second_look and ours is not None and self.tells_blendshapes
        self._again = SecondLook(predictor) if again else None
        self._again_on_photos = SecondLook(predictor, both=True) if again else None
        self._tracker = Tracker(self.detector, predictor, max_faces, refine, confirm=close)
        self._photos = PhotoSearch(self.detector, predictor, self.close_look, max_faces, refine)
        self._outline = _Outline(face_model)
        self._memories: dict[int, _Memory] = {}
        _Memory(FaceSmoother(smoothing))  # an unknown preset must fail here, not at the first face

    @classmethod
    def load(
        cls,
        model: Path | str | None = None,
        device: str = "auto",
        *,
        face_model: Path | str | None = None,
        detector: FaceDetector | None = None,
        smoothing: str = "balanced",
        max_faces: int = 1,
        refine: bool = True,
        second_look: bool = True,
    ) -> Pipeline:
        """Load the pipeline with a model of MODELS by name, or a file of weights, on auto, cpu, cuda or mps.

        None: the built-in model. `face_model`: another file of our face model. Raises UserError with one sentence.
        """
        predictor, head = model_of(model).load(device)
        if face_model is not None:
            head = FaceModel.load(Path(face_model))
        return cls(
            predictor,
            head,
            detector=detector,
            smoothing=smoothing,
            max_faces=max_faces,
            refine=refine,
            second_look=second_look,
        )

    def process(self, frame: Frame) -> list[FaceState]:
        """The faces of the source's next frame, the longest known first.

        Raises ValueError if it is not a picture, or its time is not finite.
        """
        if (fault := fault_of(frame)) is not None:
            raise ValueError(fault)
        watch = Stopwatch()
        tracks = self._tracker.update(frame.image, frame.timestamp, watch)
        self._memories = {k: m for k, m in self._memories.items() if self._tracker.knows(k)}
        looks = self.look_again([(frame.image, t.look) for t in tracks], watch)
        with watch("smooth"):
            states = [self._smoothed(t.face, k, frame, watch.seconds) for t, k in zip(tracks, looks, strict=True)]
        return states

    def look_again(self, places: Sequence[tuple[Image, Look]], watch: Stopwatch, *, photos: bool = False) -> list[Look]:
        """These looks at tracked faces, or at those of photos, after their second look, if they get one."""
        again = self._again_on_photos if photos else self._again
        return [look for _, look in places] if again is None else again(places, watch)

    def photo(self, image: Image, index: int = 0, timestamp: float = 0.0) -> list[FaceState]:
        """The faces of a single picture, largest first, without smoothing or memory; `index` and `timestamp` become
        those of the states. Raises ValueError if it is not a picture.
        """
        (states,) = self.photos([image], index, timestamp)
        return states

    def photos(self, images: Iterable[Image], index: int = 0, timestamp: float = 0.0) -> list[list[FaceState]]:
        """The faces of each picture as by `photo`; their crops go through the network together, which fills a GPU."""
        watch = Stopwatch()
        images = list(images)
        for image in images:
            if (fault := fault_of_picture(image)) is not None:
                raise ValueError(fault)
        found = self._photos(images, watch)
        places = [(image, look) for image, looks in zip(images, found, strict=True) for look in looks]
        again = iter(self.look_again(places, watch, photos=True))
        closer = [list(islice(again, len(looks))) for looks in found]
        return [
            [self._photo_state(i, look, Frame(image, timestamp, index), watch.seconds) for i, look in enumerate(looks)]
            for image, looks in zip(images, closer, strict=True)
        ]

    @property
    def tells_blendshapes(self) -> bool:
        """Whether the model predicts ARKit's actions besides the expression."""
        return "blendshapes" in self.predictor.tells

    def need_blendshapes(self) -> None:
        """Raises UserError if the model does not predict ARKit's actions."""
        if not self.tells_blendshapes:
            raise UserError("This network does not predict ARKit's actions; choose one that does with --model.")

    def mesh(self, state: FaceState) -> tuple[Array, Array]:
        """Vertices (V, 3) in mm in the model's frame, with the eyes turned, and unit normals (V, 3)."""
        vertices = self.face_model.vertices(state.expression, state.identity, state.gaze, state.blendshapes)
        return vertices, self.face_model.normals(vertices)

    def face_mesh(self, state: FaceState) -> tuple[Array, Array]:
        """Like `mesh`, but only the face, without eyes, mouth and the rest of the head: see FaceModel.face_mesh."""
        return self.face_model.face_mesh(state.expression, state.identity, state.blendshapes)

    def reset(self) -> None:
        """Forget all faces, as for a new source."""
        self._tracker.reset()
        self._memories.clear()

    def memory(self) -> dict[str, Any]:
        """All that the next frame of the source depends on besides the frame itself.

        Another pipeline goes on with it, see `remember`; it must be copied or pickled before the next frame.
        """
        return {"tracker": self._tracker.memory(), "faces": self._memories}

    def remember(self, memory: Mapping[str, Any]) -> None:
        """Go on where the pipeline with this `memory` stopped, as if it had processed the earlier frames itself."""
        self._tracker.remember(memory["tracker"])
        self._memories = memory["faces"]

    def go_on(self, before: Pipeline) -> None:
        """Go on with the faces of another pipeline for the same source, under their numbers, if both drive the same
        coefficients; with their identity and skin, if both have the same network.
        """
        ours, theirs = self.face_model, before.face_model
        if (ours.names, ours.n_identity) != (theirs.names, theirs.n_identity):
            return
        self._tracker.remember(before._tracker.memory())
        if before.predictor is self.predictor:
            self._memories = {
                face: replace(memory, smoother=FaceSmoother(self._smoothing))
                for face, memory in before._memories.items()
            }

    def appearances(self) -> dict[int, Appearance]:
        """The appearance of each tracked face over the last seconds, by its number."""
        return self._tracker.appearances()

    def _smoothed(self, face: int, look: Look, frame: Frame, seconds: dict[str, float]) -> FaceState:
        memory = self._memories.get(face) or _Memory(FaceSmoother(self._smoothing))
        self._memories[face] = memory
        actions = look.blendshapes
        own_gaze = look.gaze if actions is None else None  # see _state
        expression, view, gaze = memory.smoother(look.expression, look.view, own_gaze, frame.timestamp)
        smooth = replace(
            look,
            view=view,
            expression=expression,
            identity=memory.identity.add(look.identity, look.confidence, look.view.rotation),
            gaze=gaze,
            blendshapes=None if actions is None else memory.smoother.actions(actions, frame.timestamp),
        )
        skin = memory.skin.add(frame.image, look.view, frame.timestamp)
        return self._state(face, look, smooth, frame, skin, seconds)

    def _photo_state(self, face: int, look: Look, frame: Frame, seconds: dict[str, float]) -> FaceState:
        skin = SkinTone().add(frame.image, look.view, frame.timestamp)
        return self._state(face, look, look, frame, skin, seconds)

    def _state(
        self, face: int, look: Look, smooth: Look, frame: Frame, skin: Array | None, seconds: dict[str, float]
    ) -> FaceState:
        height, width = frame.image.shape[:2]
        # The network's own gaze is less exact: where people look into the camera, it says some 0.15 rad above it.
        gaze = smooth.gaze if smooth.blendshapes is None else gaze_of(smooth.blendshapes)
        return FaceState(
            face=face,
            frame=frame.index,
            timestamp=frame.timestamp,
            box=self._outline.box(smooth.expression, smooth.identity, smooth.view),
            confidence=look.confidence,
            expression=smooth.expression,
            expression_raw=look.expression,
            identity=smooth.identity,
            pose=Camera.for_image(width, height).pose(smooth.view),
            gaze=gaze,
            stages=seconds,
            blendshapes=smooth.blendshapes,
            skin=skin,
            quality=quality_of(frame.image, look.view, look.confidence),
        )


@dataclass
class _Memory:
    """The state kept for a face between frames."""

    smoother: FaceSmoother
    identity: IdentityPool = field(default_factory=IdentityPool)
    skin: SkinTone = field(default_factory=SkinTone)


class _Outline:
    """The outline of a face model in a picture."""

    def __init__(self, model: MeasuredHead) -> None:
        self._mean, self._basis = model.outline

    def box(self, expression: Array, identity: Array, view: WeakPerspective) -> Box:
        """The box in pixels of the picture, beyond which it may extend."""
        points = self._mean + (np.concatenate([expression, identity]) @ self._basis).reshape(-1, 3)
        # Depth does not matter.
        axes = view.scale * matrix_from_vector(view.rotation)[:2]
        seen = axes.astype(np.float32) @ points.T
        (left, low), (right, high) = seen.min(1).tolist(), seen.max(1).tolist()
        return Box(view.x + left, view.y - high, right - left, high - low)
