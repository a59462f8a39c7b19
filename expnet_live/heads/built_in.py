"""The face model that ships, loaded once for whoever needs it."""

from __future__ import annotations

import threading
from functools import cache

from expnet_live.heads.face_model import FaceModel

_lock = threading.Lock()


def face_model() -> FaceModel:
    """From any thread; the same object each time. Raises UserError when the asset is missing or damaged."""
    with _lock:
        return _loaded()


@cache
def _loaded() -> FaceModel:
    model = FaceModel.load()
    # Made on first use, and needed for the first face at the latest.
    model.normals(model.vertices(model.expression_of()))
    return model
