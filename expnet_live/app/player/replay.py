"""A session as the player shows it: one face over time, and its drawable head."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.app import texts
from expnet_live.app.player.curves import Curves
from expnet_live.app.state.gauge import ACTIONS, GAUGES, Gauge, actions_gauge
from expnet_live.app.state.history import POSE, angles_of
from expnet_live.app.view3d.drawn import DrawnHead, drawable, own_drawn
from expnet_live.avatars.avatar import Posed, posed
from expnet_live.avatars.swinging import Swings
from expnet_live.avatars.wardrobe import Wardrobe
from expnet_live.core.arkit import plain_action
from expnet_live.core.errors import UserError
from expnet_live.core.progress import Progress, unwatched
from expnet_live.core.types import Array, Frame, Image, Pose
from expnet_live.heads.built_in import face_model
from expnet_live.heads.head import Head
from expnet_live.heads.look import USUAL, Look
from expnet_live.live.capture_worker import Captured
from expnet_live.live.state import LiveFace, LiveState
from expnet_live.outputs.export.track import latest, main_face
from expnet_live.outputs.replayed import Replayed
from expnet_live.pipeline.models import head_with
from expnet_live.sessions.format.info import SessionInfo
from expnet_live.sessions.format.table import Rows
from expnet_live.sessions.reading.session import Session
from expnet_live.threads.answerer import Answerer

log = logging.getLogger(__name__)

_NO_SOURCE = -1  # in place of the number of a source
_HOLD = 0.5  # s for which a picture stays for later rows without a picture of their own


@dataclass(frozen=True, eq=False)
class Replay:
    """`replayed` is the track of `face`, or of each frame's only one where it is None.

    `angles` (T, 3) are the shown yaw, pitch and roll in degrees, NaN where the face was not seen.
    `pose_row` (T,) is the row whose head is shown: the last one with a face, or the first one with a face for rows
    before it, or -1 if there is none at all. `picture` (T,) is the number of the picture shown, -1 for none; `own` (T,)
    says whether it is the row's own. `drawn` is None if there is no head; `no_head` then says why.
    """

    session: Session
    face: int | None
    replayed: Replayed
    angles: Array
    pose_row: Array
    picture: Array
    own: Array
    drawn: DrawnHead | None
    no_head: str
    swings: Swings = field(default_factory=Swings)

    @classmethod
    def load(cls, folder: Path, progress: Progress = unwatched, head: str = "", look: Look = USUAL) -> Replay:
        """Load a session, which takes a while. `progress` gets the part of the table that has been read, and may raise
        to stop. `head` is the name or file of the head to wear; if it is empty or cannot be loaded, the face model's
        own is worn, ours in that `look`. Raises UserError with one sentence."""
        session = Session.open(folder, progress)
        n = len(session.rows)
        if not n:
            raise UserError(f"{folder} holds no frames; its recording ended before the first one.")
        drawn, no_head = None, ""
        try:
            drawn = _drawn_of(session.info, head, look)
        except UserError as error:
            no_head = str(error)
        progress(n, n)
        return cls.of(session, drawn, no_head, main_face(session.rows, session.info))._prepared()

    def following(self, face: int) -> Replay:
        """The same session with another face, which takes a moment."""
        return self.of(self.session, self.drawn, self.no_head, face)._prepared()

    def _prepared(self) -> Replay:
        """With what nobody should wait for later."""
        for gauge in GAUGES:
            self.track(gauge).liveliest(0)
            _ = self.track(gauge).curves
        return self

    @classmethod
    def of(cls, session: Session, drawn: DrawnHead | None, no_head: str, face: int | None) -> Replay:
        replayed = Replayed.of(session, face)
        rows, shown = replayed.rows, replayed.shown
        seen = rows.face >= 0
        angles = np.full((len(rows), 3), np.nan)
        if seen.any():
            angles[seen] = angles_of(Rotation.from_rotvec(shown.rotation[seen]).as_matrix())
        picture, own = _pictures(rows)
        if session.video is None:
            picture = np.full_like(picture, -1)
        return cls(session, face, replayed, angles, latest(seen), picture, own, drawn, no_head)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def rows(self) -> Rows:
        """The track as measured, one row per frame."""
        return self.replayed.rows

    @property
    def shown(self) -> Rows:
        """The same rows with neutral and gains, beside the look ahead."""
        return self.replayed.shown

    @property
    def identity(self) -> Array:
        """(K,)"""
        return self.replayed.identity

    @property
    def expression(self) -> Array:
        """The coefficients shown (T, n); NaN where the face was not seen."""
        return self.shown.expression

    @property
    def blendshapes(self) -> Array:
        """The actions shown (T, 52); NaN also if the model predicts none."""
        return self.shown.blendshapes

    @property
    def names(self) -> tuple[str, ...]:
        return self.session.info.coefficients

    @property
    def private(self) -> bool:
        """Whether it was recorded without video."""
        return self.session.info.video_frames is None

    @property
    def lost(self) -> list[tuple[float, float]]:
        """The intervals (from, to) in s without the face."""
        gone = np.flatnonzero(np.diff(np.concatenate([[0], self.rows.face < 0, [0]])))
        time, last = self.rows.time, len(self) - 1
        return [(float(time[a]), float(time[min(b, last)])) for a, b in gone.reshape(-1, 2)]

    def skin(self, row: int) -> Array | None:
        """The tone of the shown face's skin, sRGB (3,) 0..255, None if unknown."""
        posed = int(self.pose_row[row])
        return None if posed < 0 else self.session.info.skin_of(int(self.rows.face[posed]))

    def track(self, choice: str) -> Track:
        """The values of a gauge, one of GAUGES; a session without actions shows its coefficients instead."""
        tells = bool(np.isfinite(self.blendshapes).any())
        return self._actions if choice == ACTIONS and tells else self._coefficients

    @cached_property
    def _actions(self) -> Track:
        return Track(actions_gauge(), self.rows.time, self.blendshapes, self.angles)

    @cached_property
    def _coefficients(self) -> Track:
        return Track(Gauge(self.names), self.rows.time, self.expression, self.angles)

    @cached_property
    def _model(self) -> Head | None:
        """The face model that the session was recorded with."""
        info = self.session.info
        return head_with(self.names, info.n_identity, info.face_model.version)

    def live(self, row: int, image: Image | None, now: float) -> LiveState:
        """The moment of a row as if it were live at `now` (time.monotonic(), s), with the values shown."""
        rows, info = self.rows, self.session.info
        picture = np.zeros((max(info.height, 1), max(info.width, 1), 3), np.uint8) if image is None else image
        head = self._model if self.drawn is None else self.drawn.head
        faces = () if head is None else self.replayed.faces(row, head, self.swings)
        captured = Captured(Frame(picture, now, row, self.session.folder.name), now, float(rows.time[row]), _NO_SOURCE)
        return LiveState(captured, faces, {}, now, processed=True)

    def faces(self, row: int) -> tuple[LiveFace, ...]:
        """All faces of that moment as measured, for the lines over the picture: first the one that is shown."""
        if self.drawn is None:
            return ()
        rows, frame = self.session.rows, self.rows.frame[row]
        first, end = np.searchsorted(rows.frame, frame), np.searchsorted(rows.frame, frame, side="right")
        there = sorted(range(first, end), key=lambda i: bool(rows.face[i] != self.rows.face[row]))
        states = [rows.state_of(i) for i in there if rows.face[i] >= 0]
        return tuple(LiveFace(s, s.expression, s.identity, self.drawn.head) for s in states)


@dataclass(frozen=True, eq=False)
class Track:
    """What a gauge shows of the face over `time` (T,): `values` (T, n) by the gauge's names, NaN without a face, and
    `angles` (T, 3) of the head in degrees."""

    gauge: Gauge
    time: Array
    values: Array
    angles: Array

    @cached_property
    def channels(self) -> dict[str, Array]:
        """All available curves: each of the gauge's values (T,), and yaw, pitch and roll (T,)."""
        curves = [*self.values.T, *self.angles.T]
        return dict(zip((*self.gauge.names, *POSE), (np.ascontiguousarray(c) for c in curves), strict=True))

    @cached_property
    def curves(self) -> Curves:
        return Curves(self.time, self.channels)

    @cached_property
    def low(self) -> Array:
        """The least of each value (n,) in the session, 0 if there is none."""
        return self._ends[0]

    @cached_property
    def high(self) -> Array:
        return self._ends[1]

    @cached_property
    def _ends(self) -> Array:
        return np.array([self.curves.ends[name] or (0.0, 0.0) for name in self.gauge.names]).T

    def liveliest(self, n: int) -> list[str]:
        """The values that move most; only one of a left-right pair, which usually move together."""
        found: dict[str, str] = {}
        for name in sorted(self.gauge.names, key=lambda n: -self._spreads[n]):
            if self._spreads[name] > 0:
                found.setdefault(plain_action(name), name)
        return list(found.values())[:n]

    @cached_property
    def _spreads(self) -> dict[str, float]:
        return {name: _spread(self.channels[name]) for name in self.gauge.names}


class Poser(Answerer[int, Posed]):
    """Makes the head of a row."""

    def __init__(self, replay: Replay, head: Head) -> None:
        super().__init__("posing of the head")
        self._replay, self._head, self._swings = replay, head, Swings()

    def _answer(self, wish: int) -> Posed:
        replay, row = self._replay, int(self._replay.pose_row[wish])
        rotation: Array = np.zeros(3, np.float32)
        expression: Array = np.zeros(len(replay.names), np.float32)
        gaze = blendshapes = None
        if row >= 0:
            shown = replay.shown
            rotation, expression, gaze = shown.rotation[row], shown.expression[row], shown.gaze_of(row)
            blendshapes = shown.blendshapes_of(row)
        pose = Pose(rotation, np.zeros(3))
        self._swings.on = replay.swings.on
        time = float(replay.rows.time[wish])
        return posed(
            self._head, expression, replay.identity, gaze, blendshapes, pose, swings=self._swings, time=time
        )  # fmt: skip


def _pictures(rows: Rows) -> tuple[Array, Array]:
    """The picture that each row shows, -1 for none, and whether it is its own: a short gap shows the previous one."""
    own = rows.video_frame >= 0
    last = latest(own)
    age = rows.time - rows.time[last]
    return np.where((last >= 0) & (age >= 0) & (age <= _HOLD), rows.video_frame[last], -1), own


def _spread(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.subtract(*np.percentile(known, (98, 2)))) if len(known) else 0.0


def _drawn_of(info: SessionInfo, worn: str, look: Look) -> DrawnHead:
    """The head to wear, or that of the face model that the session was recorded with. Takes a while.

    Raises UserError where that model is not on this computer.
    """
    try:
        head = head_with(info.coefficients, info.n_identity, info.face_model.version)
    except UserError as error:
        raise UserError(texts.PLAYER_NO_HEAD.format(reason=error)) from error
    if head is None:
        raise UserError(texts.PLAYER_OTHER_MODEL.format(name=info.face_model.name))
    own = own_drawn(look)
    if worn:
        try:
            other = Wardrobe().head(worn, head)
            return DrawnHead(other, drawable(other), own.lines)
        except UserError as error:
            log.warning("%s", error)
    return own if head is face_model() else DrawnHead(head, drawable(head), own.lines)
