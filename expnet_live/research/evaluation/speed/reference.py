"""mediapipe's Face Mesh, the reference for ExpNet's pipeline."""

from __future__ import annotations

from typing import Any

from expnet_live.core.light_mediapipe import light_mediapipe


def face_mesh(*, video: bool = True) -> Any:
    """Face Mesh with irises for one face, tracked from frame to frame in a `video`; call close() at the end."""
    with light_mediapipe():
        from mediapipe.python.solutions.face_mesh import FaceMesh

    return FaceMesh(static_image_mode=not video, refine_landmarks=True, max_num_faces=1)
