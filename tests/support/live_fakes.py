"""A fake camera, detector and network, which tests control; everything between them is real."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from waiting import PATIENCE

from expnet_live.capture.sources import Source, SourceError
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.types import Array, Box, Frame, Image
from expnet_live.heads.built_in import face_model
from expnet_live.live.state import Settings
from expnet_live.networks.predictor import Prediction
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.pipeline import Pipeline

SIZE = (320, 240)


class Puppet:
    """Detector and network in one: a face in the middle of each picture, with the expression it is given."""

    crop_size, crop_type = 64, None
    device = "cpu"
    about: dict[str, Any] = {}  # noqa: RUF012
    tells = frozenset({"identity"})

    def __init__(self) -> None:
        self.model = face_model()
        self.expression: Array = np.zeros(len(self.model.names), np.float32)
        self.identity: Array = np.full(self.model.n_identity, 0.1, np.float32)
        self.rotation: Array = np.zeros(3, np.float32)
        self.blendshapes: Array | None = None  # of a network that tells them
        self.seen = True
        self.faces = 1  # side by side
        self.error: Exception | None = None
        self.loads: list[Settings] = []

    def show(self, **coefficients: float) -> None:
        self.expression = self.model.expression_of(**coefficients)

    def load(self, settings: Settings) -> Pipeline:
        self.loads.append(settings)
        # It does not see whether a crop is mirrored, as that of a second look.
        return Pipeline(
            self, self.model, detector=self, smoothing=settings.smoothing, max_faces=settings.max_faces,
            second_look=False,
        )  # fmt: skip

    def detect(self, image: Image, thorough: bool = False) -> list[Detection]:
        if not self.seen:
            return []
        h, w = image.shape[:2]
        y, s = h / 2, h / 4
        found = []
        for i in range(self.faces):
            x = w * (i + 1) / (self.faces + 1)
            points = [(x - s / 4, y - s / 4), (x + s / 4, y - s / 4), (x, y + s / 3)]
            found.append(Detection(Box(x - s / 2, y - s / 2, s, s), 0.99, np.array(points, np.float32)))
        return found

    def predict(self, crops: Image) -> Prediction:
        if self.error is not None:
            raise self.error
        n = len(crops)
        # Crops by four are close looks: of each, two show the face larger and two smaller, as of a face that is there.
        zoom = np.tile([1.08, 1.08, 0.92, 0.92], n // 4) if n % 4 == 0 else np.ones(n)
        return Prediction(
            expression=np.tile(self.expression, (n, 1)).astype(np.float32),
            identity=np.tile(self.identity, (n, 1)),
            rotation=np.tile(self.rotation, (n, 1)).astype(np.float32),
            scale=(zoom * self.crop_size / 220).astype(np.float32),
            origin=np.full((n, 2), (self.crop_size - 1) / 2, np.float32),
            gaze=None,
            blendshapes=None if self.blendshapes is None else np.tile(self.blendshapes, (n, 1)).astype(np.float32),
            confidence=np.full(n, 0.95 if self.seen else 0.05, np.float32),
        )


class FakeCamera(Source):
    """Gives pictures at `fps` as long as it is plugged in."""

    live = True

    def __init__(self, plug: Plug, number: int) -> None:
        super().__init__(f"camera{number}")
        self.fps = plug.fps
        self._plug, self._number = plug, number
        if not plug.inserted:
            raise SourceError(f"Camera {number} cannot be opened; connect it.")

    def __iter__(self) -> Iterator[Frame]:
        for i in range(1_000_000):
            if self._plug.hangs.is_set():
                self._plug.hanging.set()
                self._plug.released.wait(PATIENCE)  # a driver that does not respond
            if not self._plug.inserted:
                raise SourceError(f"Camera {self._number} no longer sends pictures; connect it again.")
            # As bright as skin in a room: the head takes its tone from the picture.
            width, height = self._plug.size
            image = np.full((height, width, 3), 160, np.uint8)
            yield Frame(image, time.monotonic(), i, self.name)
            self._plug.pulled.wait(1 / self._plug.fps)

    def close(self) -> None:
        self._plug.closed += 1


class Plug:
    """The socket of fake cameras: `open` is an Opener."""

    def __init__(self, fps: float = 100.0) -> None:
        self.fps, self.size = fps, SIZE
        self.inserted = True
        self.hangs, self.released, self.pulled = threading.Event(), threading.Event(), threading.Event()
        self.hanging = threading.Event()  # that a camera does so
        self.closed = 0

    def open(self, spec: SourceSpec) -> Source:
        return FakeCamera(self, int(spec.value or 0))
