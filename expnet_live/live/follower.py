"""Follows one person through the frames: the one with the profile, whom window and live outputs show."""

from __future__ import annotations

from collections.abc import Sequence

_ABSENCE = 2.0  # s to wait for the person: within this time, a returning face keeps its number


class Follower:
    """Follows the first person seen, or the chosen one, as long as they stay.

    People seen beside the person take over only when the person has been away for 2 s; a face that appears later may be
    the same person, lost by the tracker, and is followed at once.
    """

    def __init__(self) -> None:
        self._generation = -1
        self._seen = 0.0
        self._others: set[int] = set()  # faces seen beside this one, which are therefore other people
        self.face: int | None = None  # the person's number, also while they are away; None before the first

    def choose(self, face: int) -> None:
        """Follow that face from now on."""
        self.face = face
        self._others.discard(face)

    def follow(self, generation: int, time: float, faces: Sequence[int]) -> int | None:
        """The person's number among the faces of a frame of `time` (s), or None while they are away.

        Another generation is another source, which numbers its faces from the start.
        """
        if generation != self._generation:
            self._generation, self.face, self._others = generation, None, set()
        if self.face in faces:
            self._others.update(n for n in faces if n != self.face)
        else:
            away = self.face is None or time - self._seen > _ABSENCE
            candidates = [n for n in faces if away or n not in self._others]
            if not candidates:
                return None
            self.face = candidates[0]
            self._others = {n for n in faces if n != self.face} | (set() if away else self._others)
        self._seen = time
        return self.face
