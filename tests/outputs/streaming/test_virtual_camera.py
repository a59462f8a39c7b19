"""The virtual camera, through a device of the test's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from avatar_files import vrm_0
from sending import TURNS, Opened, face_of, frame_of
from waiting import until

from expnet_live.avatars.avatar import Avatar
from expnet_live.core.types import Frame
from expnet_live.heads.built_in import face_model
from expnet_live.live.state import LiveFace, LiveState
from expnet_live.outputs.stream import Stream, parse_target
from expnet_live.outputs.streaming.virtual_camera import fitted

GRAY = 90


@pytest.fixture
def pictures() -> Iterator[list[np.ndarray]]:
    """What a camera of ours gets, RGB."""
    library = pytest.importorskip("pyvirtualcam")
    from pyvirtualcam.camera import BACKENDS

    got: list[np.ndarray] = []

    class Backend:
        def __init__(self, *, width: int, height: int, device: str | None, **_: Any) -> None:
            if device == "/dev/nothing":
                raise RuntimeError("there is none")
            self._shape = height, width, 3
            self._goes = device == "/dev/goes"

        def send(self, frame: np.ndarray) -> None:
            if self._goes:
                raise RuntimeError("no such device")
            got.append(np.array(frame).reshape(self._shape)[:, :, ::-1])

        def close(self) -> None: ...

        def device(self) -> str:
            return "the test's"

        def native_fourcc(self) -> None:
            return None

    before = dict(BACKENDS)
    BACKENDS.clear()
    library.register_backend("test", Backend)
    yield got
    BACKENDS.clear()
    BACKENDS.update(before)


def seen(*faces: LiveFace, size: tuple[int, int] = (320, 240)) -> LiveState:
    state = frame_of(1.0, *faces)
    image = np.full((size[1], size[0], 3), GRAY, np.uint8)
    return replace(state, captured=replace(state.captured, frame=Frame(image, 1.0, 0)))


def one(stream: Stream, pictures: list[np.ndarray], state: LiveState) -> np.ndarray:
    n = len(pictures)
    stream.put(state)
    until(lambda: len(pictures) > n or stream.problem)
    return pictures[-1].astype(int)


def test_the_face_over_the_camera(opened: Opened, pictures: list[np.ndarray]) -> None:
    stream = opened("camera", 0)
    image = one(stream, pictures, seen(face_of()))
    changed = np.abs(image - GRAY).max(2) > 8
    assert image.shape == (240, 320, 3) and changed[120, 160] and not changed[5, 5]
    assert np.all(one(stream, pictures, seen()) == GRAY)
    until(lambda: stream.sent == 2)  # counted after it was shown
    assert stream.describe().startswith("Sending to the virtual camera, ")


def test_the_face_turns_as_the_person(opened: Opened, pictures: list[np.ndarray]) -> None:
    stream = opened("camera", 0)
    places = []
    for turn in (np.zeros(3), *TURNS.values()):
        rows, columns = np.nonzero(np.abs(one(stream, pictures, seen(face_of(0, turn))) - GRAY).max(2) > 8)
        places.append((columns.mean(), rows.mean()))
    front, left, up, _ = places
    # The nose stays in its place: of a face that turns to its left, more is seen at the picture's left.
    assert left[0] < front[0] - 2
    assert up[1] > front[1] + 2


def test_the_head_alone(opened: Opened, pictures: list[np.ndarray]) -> None:
    for name, color in (("green", (0, 177, 64)), ("black", (0, 0, 0))):
        stream = opened("camera", 0, picture="head", background=name)
        image = one(stream, pictures, seen(face_of()))
        assert tuple(image[2, 2]) == color == tuple(image[-3, 2]) and np.abs(image[120, 160] - color).max() > 8
        assert np.all(one(stream, pictures, seen()) == color)


def test_other_sizes_are_fitted(opened: Opened, pictures: list[np.ndarray]) -> None:
    stream = opened("camera", 0, picture="camera")
    one(stream, pictures, seen())
    image = one(stream, pictures, seen(size=(100, 200)))
    assert image.shape == (240, 320, 3) and np.all(image[:, 160] == GRAY) and np.all(image[:, 5] == 0)
    assert fitted(np.full((241, 321, 3), 7, np.uint8), 320, 240).shape == (240, 320, 3)


def test_it_says_what_is_missing(opened: Opened, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = opened("camera", 0, device="/dev/nothing")
    until(lambda: nothing.over, each=lambda: nothing.put(seen()))
    assert nothing.problem == "/dev/nothing is no virtual camera, or another program feeds it."
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    without = opened("camera", 0)
    until(lambda: without.over)
    assert without.problem == 'The output camera needs pyvirtualcam; install it: pip install "expnet-live[camera]"'
    assert not Stream(*parse_target("camera?picture=head")).leaves


def test_an_avatar_in_place_of_the_face(opened: Opened, pictures: list[np.ndarray], tmp_path: Path) -> None:
    """Opaque, with its jersey, and turned like the person."""
    (tmp_path / "a.vrm").write_bytes(vrm_0())
    avatar, stream = Avatar.load(tmp_path / "a.vrm", face_model()), opened("camera", 0)
    image = one(stream, pictures, seen(replace(face_of(), head=avatar)))
    jersey = image[..., 2] > image[..., 0] + 60  # the camera gets RGB
    assert jersey.mean() > 0.02
    turned = one(stream, pictures, seen(replace(face_of(0, np.array([0.0, 0.5, 0.0])), head=avatar)))
    assert np.abs(turned - image).max(2)[90:150, 120:200].mean() > 3


def test_a_device_that_goes_is_told(opened: Opened, pictures: list[np.ndarray]) -> None:
    stream = opened("camera", 0, device="/dev/goes")
    stream.put(seen(face_of()))
    until(lambda: stream.over)
    assert stream.problem == "/dev/goes takes no more pictures (no such device); start it again, and then this output."
