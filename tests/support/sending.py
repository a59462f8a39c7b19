"""Faces to send, streams that send them, and sockets that take them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import numpy as np
import waiting

from expnet_live.core.arkit import blendshapes_of
from expnet_live.core.types import Box, FaceState, Frame, Pose
from expnet_live.heads.built_in import face_model
from expnet_live.live.capture_worker import Captured
from expnet_live.live.state import LiveFace, LiveState
from expnet_live.outputs.stream import Stream

Opened = Callable[..., Stream]
LSL_SESSION = f"expnet test {os.getpid()}"  # one for all tests: a process keeps its first
PATIENCE = waiting.PATIENCE
WEIGHTS = {"jawOpen": 0.5, "eyeBlinkLeft": 1.0, "mouthSmileRight": 0.25}
# Each turn alone: of a head to its own left, up, and towards its right shoulder, in our frame.
TURNS = {
    "left by 30": np.radians([0.0, 30.0, 0.0]),
    "up by 20": np.radians([-20.0, 0.0, 0.0]),
    "tilted by 15": np.radians([0.0, 0.0, 15.0]),
}
LOOKS = {  # yaw (to the viewer's right) and pitch (up) of the person's right eye, and of the left
    "left eye out": ((0.0, 0.0), (0.3, 0.0)),
    "right eye out": ((-0.3, 0.0), (0.0, 0.0)),
    "left eye up": ((0.0, 0.0), (0.0, 0.2)),
    "right eye down": ((0.0, -0.2), (0.0, 0.0)),
    "left eye out and up": ((0.0, 0.0), (0.5, 0.4)),
}


def looking(gaze: np.ndarray) -> dict[str, float]:
    """The blendshapes of a gaze (2, 2): what a model says of the same eyes."""
    out = {}
    for side, outwards, (yaw, pitch) in (("Right", -1, gaze[0]), ("Left", 1, gaze[1])):
        out[f"eyeLookOut{side}"], out[f"eyeLookIn{side}"] = (max(0.0, s * outwards * yaw / 0.607) for s in (1, -1))
        out[f"eyeLookUp{side}"], out[f"eyeLookDown{side}"] = (max(0.0, s * pitch / 0.556) for s in (1, -1))
    return out


def face_of(number: int = 0, rotation: object = (0.0, 0.0, 0.0), gaze: object = ((0.0, 0.0), (0.0, 0.0))) -> LiveFace:
    model = face_model()
    rest, identity = np.zeros(len(model.names), np.float32), np.zeros(model.n_identity, np.float32)
    eyes = np.array(gaze, np.float32)
    weights = blendshapes_of(**WEIGHTS, **looking(eyes))
    pose = Pose(np.array(rotation), np.array([10.0 + number, 20.0, -600.0]))
    state = FaceState(number, 0, 0.0, Box(0, 0, 1, 1), 1.0, rest, rest, identity, pose, eyes, {}, weights)
    return LiveFace(state, rest, identity, model, weights)


def frame_of(time: float, *faces: LiveFace, generation: int = 1) -> LiveState:
    captured = Captured(Frame(np.zeros((48, 64, 3), np.uint8), time, 0), time, time, generation)
    return LiveState(captured, faces, {}, time, processed=True)


def turned(time: float, seen: bool = True) -> LiveState:
    """A head turned to its own left (the viewer's right) by 30 degrees, its jaw half open, its left eye shut."""
    return frame_of(time, *([face_of(rotation=TURNS["left by 30"], gaze=((0.2, 0.0), (0.2, 0.0)))] if seen else []))


def free_port(kind: int = socket.SOCK_DGRAM, host: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
