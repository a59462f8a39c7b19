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
from expnet_live.pipeline.appearance import Appearance

_ALIKE = 1.6  # Appearance.distance over seconds: of one person below 1.2 in 95 %, of two above 1.55 in 99.9 % of pairs


@dataclass
class State:
    """`pipeline` is that of Pipeline.memory; `frames` were read, `with_face` of them have one.

    `looks` are the appearances of all faces so far, `together` the pairs that were seen in one frame.
    """

    neutral: Neutral
    pipeline: Mapping[str, Any] = field(default_factory=dict)
    frames: int = 0
    with_face: int = 0
    looks: dict[int, Appearance] = field(default_factory=dict)
    together: set[tuple[int, int]] = field(default_factory=set)

    def see(self, faces: list[int], looks: Mapping[int, Appearance]) -> None:
        """Note the faces of a frame, and what the tracked ones look like."""
        self.looks.update(looks)
        if len(faces) > 1:
            self.together.update((a, b) for a in faces for b in faces if a != b)

    def people(self) -> dict[int, int]:
        """For each face the first one that looks the same and is never in one frame with it or others like it."""
        people: dict[int, int] = {}
        for face, look in sorted(self.looks.items()):
            like = [
                (look.distance(self.looks[first]), first)
                for first in set(people.values())
                if not any((face, other) in self.together for other, p in people.items() if p == first)
            ]
            distance, first = min(like, default=(_ALIKE, face))
            people[face] = first if distance < _ALIKE else face
        return people

    def write(self, path: Path) -> None:
        """Raises OSError."""
        write_whole(path, pickle.dumps(self, pickle.HIGHEST_PROTOCOL))


def read_state(path: Path) -> State:
    """The state in a file. Raises OSError, or ValueError if it is not one."""
    try:
        state = _Unpickler(io.BytesIO(path.read_bytes())).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, TypeError) as error:
        raise ValueError(f"{path} is not the state of a video ({error})") from error
    if not isinstance(state, State):
        raise ValueError(f"{path} is not the state of a video")
    return state


class _Unpickler(pickle.Unpickler):
    """Loads this program's own classes and arrays only: a pickle from elsewhere could run any program."""

    _OTHERS = frozenset({"_reconstruct", "_frombuffer", "ndarray", "dtype", "scalar", "deque", "set"})

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        ours = module.startswith("expnet_live.") and isinstance(found, type)
        if ours or (module.split(".")[0] in ("numpy", "collections", "builtins") and name in self._OTHERS):
            return found
        raise pickle.UnpicklingError(f"it contains {module}.{name}")
