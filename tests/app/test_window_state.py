"""The owner of the window's state, without a window."""

from __future__ import annotations

import numpy as np
from session_files import live_state

from expnet_live.app.state.choices import Choices
from expnet_live.app.state.window_state import WindowState
from expnet_live.capture.spec import SourceSpec
from expnet_live.heads.face_model import FaceModel


def test_observers_hear_of_each_change_once() -> None:
    state, heard = WindowState(Choices()), []
    state.observe(lambda: heard.append(state.choices))
    state.choose(mirror=False)
    state.choose(mirror=False)  # as it is
    state.choose_source(SourceSpec.demo())
    assert [(c.mirror, c.source) for c in heard] == [(False, ""), (False, "demo")]


def test_faces_are_held_and_wear_another_head() -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    state, other = WindowState(Choices()), FaceModel.load()
    assert state.wear(other) is None
    state.show(live_state(0, 0.0, image))
    worn = state.wear(other)
    assert worn is state.live is not None and worn.faces[0].head is other and state.wear(other) is None
    state.show(live_state(1, 0.1, image, faces=0))
    assert state.live is not None and not state.live.faces and state.faces == worn.faces
    state.forget_faces()
    assert state.faces == ()
