"""The built-in face model, loaded once and shared."""

from __future__ import annotations

import threading
from functools import cache

from expnet_live.heads.face_model import FaceModel

_lock = threading.Lock()


def face_model() -> FaceModel:
    """The same object each time, from any thread. Raises UserError if the asset is missing or damaged."""
    with _lock:
        return _loaded()


@cache
def _loaded() -> FaceModel:
    model = FaceModel.load()
    # Otherwise created at first use, by the first face at the latest.
    model.normals(model.vertices(model.expression_of()))
    return model
