"""Tracks faces: each frame's crop comes from the pose in the previous frame, and rarely from the detector."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from expnet_live.core.types import Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.pipeline.appearance import Appearance
from expnet_live.pipeline.assignment import assigned
from expnet_live.pipeline.crop import CROP_MM, Crop
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.detector import FaceDetector
from expnet_live.pipeline.look import FacePredictor, Look, Stopwatch, apart, crop_type, first_crop, look_at
from expnet_live.pipeline.track import Track, TrackerOptions, remembered

_HERE = ((0, 0),)
_AROUND = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
_MOVE = 0.02  # sides of a crop

_MEMORY = ("_next_face", "_tracks", "_lost", "_time", "_detected", "_searches")


class Tracker:
    """Tracks up to `max_faces` faces through frames of one source.

    With `refine`, the network runs twice on a new face, the second time on the crop of its predicted pose; `confirm`
    must then find a face there as well. Times that run backwards reset it.
    """

    def __init__(
        self,
        detector: FaceDetector,
        predictor: FacePredictor,
        max_faces: int = 1,
        refine: bool = True,
        options: TrackerOptions | None = None,
        confirm: FacePredictor | None = None,
    ) -> None:
        if max_faces < 1 or max_faces != int(max_faces):
            raise ValueError(f"max_faces must be a whole number of at least 1, not {max_faces}.")
        self.detector_runs = 0
        self._detector, self._predictor, self._confirm = detector, predictor, confirm
        self._max_faces, self._refine, self._options = max_faces, refine, options or TrackerOptions()
        self.reset()

    def reset(self) -> None:
        """Forget all faces, and number new ones from 0 again."""
        self._next_face = 0
        self._start()

    def _start(self) -> None:
        self._tracks: list[Track] = []
        self._lost: list[Track] = []
        self._time = self._detected = -math.inf
        self._searches = -1

    def memory(self) -> dict[str, Any]:
        """All that the next frame depends on besides the frame itself, to go on elsewhere with `remember`."""
        return {name: getattr(self, name) for name in _MEMORY}

    def remember(self, memory: Mapping[str, Any]) -> None:
        """Go on where the tracker with this `memory` stopped; if it followed more faces, with those known longest."""
        for name in _MEMORY:
            setattr(self, name, memory[name])
        self._drop(self._tracks[self._max_faces :])

    def appearances(self) -> dict[int, Appearance]:
        """The appearance of each tracked face over the last seconds, by its number."""
        return {t.face: t.memory.long for t in self._tracks if t.memory is not None}

    def knows(self, face: int) -> bool:
        """Whether the face of that number is tracked, or was lost so recently that it may return."""
        return any(t.face == face for t in self._tracks + self._lost)

    def update(self, image: Image, time: float, watch: Stopwatch | None = None) -> list[Track]:
        """The faces seen in this frame, the longest known first."""
        watch = watch or Stopwatch()
        if time < self._time:
            self._start()
        self._time = time
        self._drop(t for t in self._tracks if time - t.seen > self._options.gap)
        size, kind = self._predictor.crop_size, crop_type(self._predictor)
        crops = [kind.of_view(t.expected(time, self._options.momentum), size) for t in self._tracks]
        newcomers = self._detect(image, crops, watch) if time - self._detected >= self._interval() else []

        looks = look_at(image, crops + newcomers, self._predictor, watch)
        strangers = self._follow(looks[: len(crops)])
        self._drop(t for t in self._tracks if time - t.seen > self._options.patience)
        self._welcome(image, strangers, looks[len(crops) :], watch)
        self._lost = [t for t in self._lost if time - t.seen <= self._options.memory]
        return [t for t in self._tracks if not t.missed]

    def _follow(self, looks: Sequence[Look]) -> list[Look]:
        """Assign the looks, one for each track's crop, to matching tracks; return those that match none."""
        o = self._options
        faces: list[Look] = []
        for look in looks:
            # Two tracks may have moved onto one face.
            if look.plausible and look.confidence >= o.held and all(apart(look.view, f.view) >= o.same for f in faces):
                faces.append(look)
        if self._alone(faces):
            followed = {0: 0}
        else:
            costs = [[self._cost(t, f, t.expected(self._time, o.momentum)) for f in faces] for t in self._tracks]
            followed = dict(assigned(costs))
        for i, track in enumerate(self._tracks):
            track.missed = i not in followed
            if i in followed:
                track.update(faces[followed[i]], self._time)
                if len(self._tracks) > 1 or self._time - track.remembered >= o.remembered_every:
                    track.remember()
                if track.memory is not None and track.memory.another:
                    track.face, track.memory = self._new_number(), remembered(None, track.look, 0.0)
                if self._time - track.since <= o.memory:
                    self._regain(track)
        taken = set(followed.values())
        # Of two tracks on one face, the one that matches less has lost its own.
        self._drop(
            t for t in self._tracks if t.missed and any(apart(t.look.view, faces[k].view) < o.same for k in taken)
        )
        return [f for k, f in enumerate(faces) if k not in taken]

    def _regain(self, track: Track) -> None:
        """Give a new face the number of a lost one that it turns out to be, as after a cut to another pose."""
        for lost in self._lost:
            if lost.seen <= track.since and lost.unlikeness(track.look)[1] < self._options.plainly_alike:
                self._lost.remove(lost)
                track.face, track.memory = lost.face, lost.memory
                return

    def _alone(self, faces: Sequence[Look]) -> bool:
        """Whether the only face is plainly the one that is tracked, so that nobody has to look closer."""
        if len(self._tracks) != 1 or len(faces) != 1:
            return False
        (track,), (look,), o = self._tracks, faces, self._options
        near = apart(track.expected(self._time, o.momentum), look.view) < o.same
        return near and not track.missed and not track.doubted and track.plainly(look, o.plainly)

    def _cost(self, track: Track, look: Look, view: WeakPerspective) -> float:
        """The cost of assigning `look` to `track`, expected at `view`: infinite if it is another person."""
        o = self._options
        last, known = track.unlikeness(look)
        fresh = self._time - track.since <= o.patience  # it may come out from behind something
        limit = o.most_unlike if fresh else min(o.unlike + o.unlike_rate * (self._time - track.seen), o.most_unlike)
        distance = apart(view, look.view)
        back = distance < o.returns and self._time - track.seen <= o.expected_back
        if min(last, known) > (limit if back else o.alike):
            return math.inf
        return last + known + min(distance, o.returns)

    def _interval(self) -> float:
        """The time from the detector's last run to the next."""
        o = self._options
        if not self._tracks or not all(t.firm for t in self._tracks):
            return o.search_interval
        if len(self._tracks) >= self._max_faces:
            return o.check_interval
        awaited = any(self._time - t.seen <= o.expected_back for t in self._lost)
        return o.search_interval if awaited else o.vacancy_interval

    def _detect(self, image: Image, crops: list[Crop], watch: Stopwatch) -> list[Crop]:
        """Run the detector: return first crops of untracked faces; missed ones get a new crop in `crops`."""
        o = self._options
        self.detector_runs += 1
        self._detected = self._time
        thorough = not self._tracks and self._searches % o.thorough_every == o.thorough_every - 1
        self._searches += not self._tracks
        with watch("detect"):
            detections = self._detector.detect(image, thorough) or self._look_closely(image)
        unknown = [first_crop(image, d, self._predictor) for d in detections]
        for i, track in enumerate(self._tracks):
            match = _nearest(crops[i], unknown, o.near if track.missed else o.same)
            if match is not None:
                unknown.remove(match)
                track.unsupported = 0
                if track.missed:
                    crops[i] = match
            elif detections:
                track.unsupported += 1
        room = self._max_faces - sum(t.firm for t in self._tracks)
        # One more than there is room for, because the detector's best result need not be a face.
        return unknown[: room + 1] if room > 0 else []

    def _look_closely(self, image: Image) -> list[Detection]:
        """Search a part of the picture for faces that are too small to find in the whole.

        The parts alternate between the place of the last lost face and, while there is no face at all, everywhere.
        """
        gone = max([t for t in self._tracks if t.missed] + self._lost, key=lambda t: t.seen, default=None)
        if gone is not None and (self._tracks or self._searches % 2):
            view, reach = gone.look.view, CROP_MM * gone.look.view.scale
            x0, x1 = max(0, int(view.x - reach)), int(view.x + reach) + 1
            y0, y1 = max(0, int(view.y - reach)), int(view.y + reach) + 1
        else:
            x0, y0, x1, y1 = _part(image.shape[1], image.shape[0], self._searches)
        part = image[y0:y1, x0:x1]
        # None is left of it if the pictures have become smaller.
        if not part.size or max(part.shape[:2]) > max(image.shape[:2]) / 2:
            return []
        return [d.shifted(x0, y0) for d in self._detector.detect(part)]

    def _welcome(self, image: Image, strangers: Sequence[Look], found: Sequence[Look], watch: Stopwatch) -> None:
        """Start tracking new faces, replacing doubtful ones if there is no room."""
        o = self._options
        welcome: list[Look] = []
        for look in (*strangers, *found):
            known = any(math.isfinite(self._cost(t, look, t.look.view)) for t in self._lost)
            others = [t.look for t in self._tracks if not t.missed] + welcome
            room = o.same if known else o.behind if look in strangers else o.beside
            near = any(apart(k.view, look.view) < room for k in others)
            if not look.plausible or look.confidence < o.found or near:
                continue
            full = len(self._tracks) + len(welcome) >= self._max_faces
            doubtful = [t for t in self._tracks if not t.firm]
            if full and not doubtful:
                break
            if (confirm := self._confirm) is not None:
                confidence = self._closely(image, look, confirm, watch)
                if confidence < o.confirmed:
                    continue
                if not known and self._covered(image, look, confirm, confidence, watch):
                    if len(self._tracks) + len(welcome) > self._max_faces:  # a lost one goes on
                        self._give_way(doubtful, look)
                    continue
            if self._refine:
                crop = crop_type(self._predictor).of_view(look.view, self._predictor.crop_size)
                again = look_at(image, [crop], self._predictor, watch)[0]
                look = again if again.plausible and again.confidence >= o.held else look
            if full:
                self._give_way(doubtful, look)
            welcome.append(look)
        if welcome:
            self._take_up(welcome)
            self._searches = 0

    def _give_way(self, doubtful: Sequence[Track], look: Look) -> None:
        """Drop one of the doubtful tracks, the one that `look` resembles most."""
        self._drop([min(doubtful, key=lambda t: self._cost(t, look, t.look.view))])

    def _take_up(self, looks: Sequence[Look]) -> None:
        """Start tracking new faces, with the numbers of matching lost ones or with new numbers."""
        gone = [*self._lost, *(t for t in self._tracks if t.missed)]
        costs = [[self._cost(t, look, t.look.view) for t in gone] for look in looks]
        known = {i: gone[k] for i, k in assigned(costs)}
        for i, look in enumerate(looks):
            before = known.get(i)
            if before is not None:
                (self._lost if before in self._lost else self._tracks).remove(before)
            face = self._new_number() if before is None else before.face
            memory = remembered(None if before is None else before.memory, look, 0.0)
            now = self._time
            self._tracks.append(Track(face, look, now, since=now, memory=memory, remembered=now, known=now))

    def _new_number(self) -> int:
        self._next_face += 1
        return self._next_face - 1

    def _closely(
        self,
        image: Image,
        look: Look,
        predictor: FacePredictor,
        watch: Stopwatch,
        moves: Sequence[tuple[int, int]] = _HERE,
    ) -> float:
        """The confidence of a close look at the same face, the mean over crops moved by `moves` steps."""
        v, kind = look.view, crop_type(predictor)
        step = _MOVE * CROP_MM * v.scale
        views = [WeakPerspective(v.rotation, v.scale, v.x + step * x, v.y + step * y) for x, y in moves]
        closely = look_at(image, [kind.of_view(view, predictor.crop_size) for view in views], predictor, watch)
        return sum(k.confidence if k.plausible else 0.0 for k in closely) / len(closely)

    def _covered(self, image: Image, look: Look, confirm: FacePredictor, confidence: float, watch: Stopwatch) -> bool:
        """Whether an unlike face of this confidence is a known one behind something, which then goes on, or is about to
        come out from behind another one.
        """
        o = self._options
        gone = [t for t in self._tracks if t.missed] + self._lost
        there = [t for t in gone if self._time - t.known <= o.covered and apart(t.look.view, look.view) < o.same]
        if not there:
            near = any(apart(t.look.view, look.view) < o.behind for t in self._tracks if not t.missed)
            return near and confidence < o.clear
        # One look at the same face may have four times the doubt of another.
        confidence = self._closely(image, look, confirm, watch, _AROUND)
        track = max(there, key=lambda t: t.known)
        doubted = confidence >= o.clear
        if confidence >= o.beyond_doubt or (doubted and self._time - track.known > o.doubted):
            return False
        track.cover(look, self._time, doubted)
        if track in self._lost:
            self._lost.remove(track)
            self._tracks.append(track)
        return True

    def _drop(self, tracks: Iterable[Track]) -> None:
        for track in list(tracks):
            self._tracks.remove(track)
            self._lost.append(track)


def _part(width: int, height: int, turn: int) -> tuple[int, int, int, int]:
    """One of the half-overlapping squares that cover a picture: left, top, right, bottom."""
    side = max(1, max(width, height) // 3)
    # At least two per row: a picture lower than the square has the same part twice.
    columns, rows = (max(2, round(2 * n / side) - 1) for n in (width, height))
    x0 = max(0, width - side) * (turn % columns) // (columns - 1)
    y0 = max(0, height - side) * (turn // columns % rows) // (rows - 1)
    return x0, y0, x0 + side, y0 + side


def _nearest(crop: Crop, others: Sequence[Crop], within: float) -> Crop | None:
    def distance(other: Crop) -> float:
        return math.hypot(crop.x - other.x, crop.y - other.y) / max(crop.side, other.side)

    best = min(others, key=distance, default=None)
    return best if best is not None and distance(best) < within else None
