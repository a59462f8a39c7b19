"""mediapipe's Face Mesh, which ExpNet's pipeline is measured against."""

from __future__ import annotations

from typing import Any

from expnet_live.core.light_mediapipe import light_mediapipe


def face_mesh(*, video: bool = True) -> Any:
    """Face Mesh with irises for one face, following it from frame to frame in a `video`; close() it."""
    with light_mediapipe():
        from mediapipe.python.solutions.face_mesh import FaceMesh

    return FaceMesh(static_image_mode=not video, refine_landmarks=True, max_num_faces=1)
