"""mediapipe's Face Mesh, where its network is."""

from __future__ import annotations

import pytest

from expnet_live.core.errors import UserError
from expnet_live.pipeline.face_mesh import FaceMesh


def face_mesh() -> FaceMesh:
    """The Face Mesh; where mediapipe carries no network and the user has none, the test is skipped."""
    try:
        return FaceMesh()
    except UserError as error:
        pytest.skip(str(error))
