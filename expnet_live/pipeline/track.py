"""A tracked face, and the limits that separate it from others."""

from __future__ import annotations

import math
from dataclasses import dataclass

from expnet_live.geometry.camera import WeakPerspective, facing
from expnet_live.pipeline.appearance import Memory
from expnet_live.pipeline.look import Look


@dataclass(frozen=True)
class TrackerOptions:
    """Confidences 0..1, times in seconds, distances in sides of the crop, dissimilarity as in Appearance.distance."""

    found: float = 0.6  # confidence that a new face needs,
    confirmed: float = 0.3  # that it needs in several crops that must agree,
    clear: float = 0.994  # that a face there may have if nothing covers it,
    beyond_doubt: float = 0.998  # that it has only then, both on average over crops moved a little: see `doubted`,
    held: float = 0.4  # and that a known face needs
    patience: float = 0.15  # a face not seen for this time is lost
    gap: float = 0.6  # after a longer pause, as when a clip jumps, search for faces again
    memory: float = 2.0  # a matching face that returns within this time is the same face
    search_interval: float = 0.1  # time between detector runs while a face is missing,
    vacancy_interval: float = 0.5  # while there is room for more,
    check_interval: float = 1.0  # and in all other cases
    expected_back: float = 1.0  # how long to search for a lost face while there is room for it
    thorough_every: int = 50  # one in this many searches is thorough while there is no face at all
    same: float = 0.3  # faces nearer than this are the same face
    beside: float = 0.6  # a look nearer than this to a face, and unlike any known one, is half hidden by it,
    behind: float = 1.0  # or nearer than this to a tracked face that it does not resemble
    near: float = 0.8  # the largest distance that a lost face may have moved
    returns: float = 1.0  # a face found nearer than this to where it was lost may be less similar
    momentum: float = 0.5  # fraction of the last motion that is expected to continue
    unlike: float = 1.2  # a less similar face is another one,
    unlike_rate: float = 15.0  # with a tolerance that grows with time (per s),
    most_unlike: float = 2.2  # up to this
    plainly_alike: float = 1.2  # a new face so similar to one that was lost before it came is that one
    alike: float = 1.3  # a lost face is recognised anywhere, and later
    plainly: float = 0.4  # a lone face whose identity (rms, sd) changes less from frame to frame is the same one,
    remembered_every: float = 0.1  # and its appearance is needed no more often than this
    covered: float = 2.0  # for this time, an unlike, partly covered face in the place of a known one is taken for it,
    doubted: float = 0.2  # and for this one if it may be clear: shadows and blurred hands pass sooner, people stay


@dataclass
class Track:
    """A tracked face. `look` is the last good one, `seen` its time, `memory` its appearance, `known` the time when it
    was last like that. `doubted`: the last look may be at another person.
    """

    face: int
    look: Look
    seen: float
    missed: bool = False  # in the last frame
    unsupported: int = 0  # consecutive detector runs that found faces, but not this one
    velocity: tuple[float, float] = (0.0, 0.0)  # px/s
    since: float = 0.0  # when tracking started
    memory: Memory | None = None
    remembered: float = 0.0  # time of the last look in `memory`
    known: float = 0.0
    doubted: bool = False

    @property
    def firm(self) -> bool:
        """Whether nothing contradicts it: other tracks give way to a new face."""
        return not self.missed and self.unsupported < 2

    def expected(self, time: float, momentum: float) -> WeakPerspective:
        v, step = self.look.view, momentum * min(time - self.seen, 0.1)
        return WeakPerspective(v.rotation, v.scale, v.x + step * self.velocity[0], v.y + step * self.velocity[1])

    def update(self, look: Look, time: float) -> None:
        step, old, new = time - self.seen, self.look.view, look.view
        # After a pause or a new search, the motion of the face is unknown.
        steady = 0 < step < 0.2 and not self.missed
        self.velocity = ((new.x - old.x) / step, (new.y - old.y) / step) if steady else (0.0, 0.0)
        self.look, self.seen, self.known, self.missed, self.doubted = look, time, time, False, False

    def cover(self, look: Look, time: float, doubted: bool) -> None:
        """Go on with a look at the same face behind something, which says nothing about its appearance."""
        self.look, self.seen, self.remembered, self.missed, self.doubted = look, time, time, False, doubted

    def remember(self) -> None:
        """Add the last look to the memory, if it is not in it."""
        if self.remembered < self.seen:
            self.memory = remembered(self.memory, self.look, self.seen - self.remembered)
            self.remembered = self.seen

    def unlikeness(self, look: Look) -> tuple[float, float]:
        """Dissimilarity of another look to the last look at this face, and to its long-term appearance."""
        self.remember()
        if self.memory is None or look.appearance is None:
            return math.inf, math.inf
        return self.memory.unlikeness(look.appearance)

    def plainly(self, look: Look, within: float) -> bool:
        """Whether the network's identity alone says that another look is at the same face."""
        change = look.identity - self.look.identity
        return len(change) > 0 and float(change @ change) < within**2 * len(change)


def remembered(memory: Memory | None, look: Look, seconds: float) -> Memory | None:
    if look.appearance is None:
        return memory
    if memory is None:
        return Memory(look.appearance)
    memory.see(look.appearance, seconds, facing(look.view.rotation))
    return memory
