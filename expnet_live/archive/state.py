"""What the next part of a video depends on: it is written after each part, so that any worker can go on."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from expnet_live.analysis.rest import Neutral
from expnet_live.core.files import write_whole
from expnet_live.pipeline.people import People


@dataclass
class State:
    """`pipeline` is that of Pipeline.memory; `frames` were read, `with_face` of them have one."""

    neutral: Neutral
    pipeline: Mapping[str, Any] = field(default_factory=dict)
    frames: int = 0
    with_face: int = 0
    people: People = field(default_factory=People)

    def write(self, path: Path) -> None:
        """Raises OSError."""
        write_whole(path, pickle.dumps(self, pickle.HIGHEST_PROTOCOL))


def read_state(path: Path) -> State:
    """The state in a file. Raises OSError, or ValueError if it is not one."""
    data = path.read_bytes()
    try:
        state = _Unpickler(io.BytesIO(data)).load()
    except Exception as error:  # a damaged pickle may raise anything
        raise ValueError(f"{path} is not the state of a video ({error})") from error
    if not isinstance(state, State):
        raise ValueError(f"{path} is not the state of a video")
    return state


# What a state is made of. Not all classes of our modules: some start programs when they are made.
_OURS = {
    "analysis.rest": ("Moment", "Neutral"),
    "archive.state": ("State",),
    "core.arkit": ("Blendshapes",),
    "core.types": ("Box", "FaceState", "Pose"),
    "geometry.camera": ("WeakPerspective",),
    "person.curve": ("Curve",),
    "person.person": ("Person",),
    "pipeline.appearance": ("Appearance", "Memory"),
    "pipeline.look": ("Look",),
    "pipeline.people": ("People",),
    "pipeline.pipeline": ("_Memory",),
    "pipeline.skin": ("SkinTone",),
    "pipeline.smoothing": ("FaceSmoother", "IdentityPool", "OneEuro", "OneEuroFilter"),
    "pipeline.track": ("Track",),
    "pipeline.tracker": ("Track",),  # where archives that began earlier found it
}
_NUMPY = {"multiarray": ("_reconstruct", "scalar"), "numeric": ("_frombuffer",)}
_ALLOWED = frozenset(
    {("numpy", "ndarray"), ("numpy", "dtype"), ("collections", "deque"), ("builtins", "set")}
    | {(f"expnet_live.{module}", name) for module, names in _OURS.items() for name in names}
    | {(f"numpy.{core}.{m}", name) for core in ("core", "_core") for m, names in _NUMPY.items() for name in names}
)


class _Unpickler(pickle.Unpickler):
    """Loads what a state is made of, and nothing else: a pickle from elsewhere could run any program."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it contains {module}.{name}")
        return super().find_class(module, name)
