"""The inference thread: takes the newest frame, runs the pipeline, and makes the meshes to be shown."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from expnet_live.avatars.swinging import Swings
from expnet_live.core.errors import UserError
from expnet_live.core.types import FaceState
from expnet_live.heads.dressing import dressed
from expnet_live.heads.head import Head
from expnet_live.heads.look import Look
from expnet_live.live.capture_worker import Captured
from expnet_live.live.follower import Follower
from expnet_live.live.loading import Loaded, Loader, Loading, load_pipeline
from expnet_live.live.outputs import FanOut
from expnet_live.live.owner import Owner
from expnet_live.live.state import LiveFace, LiveState, Settings
from expnet_live.person.auto_neutral import AutoNeutral
from expnet_live.person.calibration import Calibration
from expnet_live.person.person import Person
from expnet_live.pipeline.appearance import Appearance
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.threads.mailbox import Mailbox
from expnet_live.threads.rate import RateMeter
from expnet_live.threads.worker import Life, Worker

log = logging.getLogger(__name__)

Shown = Callable[[tuple[LiveFace, ...]], Iterable[LiveFace]]
_MAX_ERRORS = 3  # consecutive frames that may fail before the pipeline counts as failed


class InferenceWorker(Worker):
    """Processes frames from `inbox` to `outbox`. While the pipeline loads, or after it failed, it passes them on.

    `calibrated` is called, on this thread, with the calibrated person, or with the sentence that says why calibration
    failed.
    """

    def __init__(
        self,
        settings: Settings,
        inbox: Mailbox[Captured],
        outbox: Mailbox[LiveState],
        *,
        load: Loader = load_pipeline,
        calibrated: Callable[[Person | str], None] = lambda result: None,
    ) -> None:
        super().__init__("inference")
        self._settings: Settings = settings
        self._inbox, self._outbox, self._loading, self._calibrated = inbox, outbox, Loading(load), calibrated
        self._meter = RateMeter()
        self._calibration: Calibration | None = None
        self._generation = -1
        self._unseen: Captured | None = None  # the last picture, while there is no pipeline to process it
        self._errors = 0
        self._neutral = AutoNeutral()
        self._made = Loaded(settings)  # replaced as a whole: other threads read it
        self._follower, self._owner = Follower(), Owner()
        self._whose: tuple[str, int | None] = "", None  # the profile, and the face that somebody chose for it
        self.mirrored: int | None = None  # the number of the face that somebody chose; None: the first one seen
        self.person = Person()  # replaced as a whole from other threads
        self.auto_neutral = True  # likewise; it has no effect for a person with a neutral
        self.head: Head | None = None  # likewise; None: the face model's own head, with this look
        self.look = Look()  # likewise
        self.shown: Shown = _first  # likewise: the faces whose meshes must be ready in the output state
        self.swings = Swings()  # of avatars' hair and clothes
        self.outputs = FanOut()  # they get the processed frames
        self.device: str | None = None

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def pipeline(self) -> Pipeline | None:
        """The pipeline, or None while it loads for the first time, or after it failed."""
        return self._made.pipeline

    def rest_known(self, face: int) -> float:
        """How well the automatic neutral knows the rest of that face, 0..1."""
        return self._neutral.share(face)

    @property
    def fps(self) -> float:
        return self._meter.rate(time.monotonic())

    @property
    def calibrating(self) -> bool:
        return self._calibration is not None

    def start(self) -> None:
        super().start()
        self._begin_loading()

    def change(self, settings: Settings) -> None:
        """Load new settings, and continue with the old ones until they are ready. Also retry after a failure."""
        if settings != self._settings or self.life is Life.FAILED:
            self._settings = settings
            self._begin_loading()

    def calibrate(self) -> None:
        if (pipeline := self.pipeline) is not None:
            self._calibration = Calibration(pipeline.face_model.names)

    def cancel_calibration(self) -> None:
        self._calibration = None

    def _begin_loading(self) -> None:
        self._starting()
        self._loading.begin(self._settings, self._made)

    def _work(self) -> None:
        while not self.stopping:
            self._take_loaded()
            captured = self._inbox.take(timeout=0.1)
            if captured is None and self.pipeline is not None:
                captured = self._unseen  # a paused clip gives no other
            if captured is None or captured.generation < self._generation:
                continue  # of a source that was left while it gave its last picture
            if captured.generation != self._generation:
                self._generation = captured.generation
                self._neutral.reset()
                self._owner.reset()
                self.mirrored = None
                if (pipeline := self.pipeline) is not None:
                    pipeline.reset()
            self._unseen = None if self.pipeline is not None else captured
            state = self._processed(captured)
            if state.processed:
                self.outputs.put(state)  # without waiting for meshes, which take milliseconds
                state = self._with_meshes(state)
            self._outbox.put(state)

    def _take_loaded(self) -> None:
        for loaded in self._loading.take():
            if loaded.settings == self._settings:
                self._take(loaded)

    def _take(self, loaded: Loaded) -> None:
        made, self._made = self._made, loaded
        before = made.pipeline
        if before is None or loaded.pipeline is None or not made.has_network_of(loaded.settings):
            self._neutral.reset()
            if self._calibration is not None:
                self._calibration = None
                self._calibrated("The model has changed; keep your face relaxed and still, and calibrate again.")
        if loaded.pipeline is None:
            self._failed(loaded.problem or "The model cannot be loaded; choose another one.")
            return
        if before is not None:
            loaded.pipeline.go_on(before)
        self._errors = 0
        self.device = loaded.pipeline.predictor.device
        self._running()

    def _processed(self, captured: Captured) -> LiveState:
        started = time.monotonic()
        pipeline, person, head = self.pipeline, self.person, self.head
        if pipeline is None:
            return self._passed_on(captured)
        try:
            found = pipeline.process(captured.frame)
            looks = pipeline.appearances()
            lead = self._lead(captured, [s.face for s in found])
            states = tuple(sorted(found, key=lambda s: s.face != lead))
            # Nobody else gets the person's neutral and gains, not even while they are away.
            own = next((s.face for s in states[:1] if s.face == lead and self._owns(s, looks, person)), None)
            faces = tuple(self._face(pipeline, s, person if s.face == own else None, head, started) for s in states)
            stages = {"wait": started - captured.grabbed, **(states[0].stages if states else {})}
        except Exception as error:
            return self._broken(captured, error)
        self._calibrate(states, started)
        finished = time.monotonic()
        self._meter.tick(finished)
        calibration = self._calibration
        return LiveState(
            captured,
            faces,
            stages,
            finished,
            processed=True,
            frame_drops=self._inbox.dropped,
            calibration=None if calibration is None else calibration.progress,
            person=self._follower.face,
            looks=looks,
        )

    def _with_meshes(self, state: LiveState) -> LiveState:
        try:
            shown = tuple(self.shown(state.faces))
            seconds = _make_meshes(shown)
        except Exception as error:
            return self._broken(state.captured, error)
        self._errors = 0
        if not shown:
            return state
        return replace(state, stages={**state.stages, "mesh": seconds}, finished=time.monotonic())

    def _broken(self, captured: Captured, error: Exception) -> LiveState:
        log.exception("frame %d of %s broke the pipeline", captured.frame.index, captured.frame.source)
        self._errors += 1
        if self._errors >= _MAX_ERRORS:
            self._made = replace(self._made, pipeline=None)
            self._failed(f"The network stopped ({error}); choose another device or model.")
        return self._passed_on(captured)

    def _lead(self, captured: Captured, faces: list[int]) -> int | None:
        """The number of the person's face in this frame."""
        if self.mirrored in faces:
            self._follower.choose(self.mirrored)
        return self._follower.follow(captured.generation, captured.grabbed, faces)

    def _owns(self, state: FaceState, looks: Mapping[int, Appearance], person: Person) -> bool:
        """Whether the profile is of the face that is followed."""
        whose = person.name, self.mirrored
        if whose != self._whose:  # it is of the one for whom it was chosen
            self._whose = whose
            self._owner.reset()
        return self._owner.owns(state, looks, person)

    def _passed_on(self, captured: Captured) -> LiveState:
        return LiveState(captured, (), {}, time.monotonic(), processed=False, frame_drops=self._inbox.dropped)

    def _face(
        self, pipeline: Pipeline, state: FaceState, person: Person | None, head: Head | None, now: float
    ) -> LiveFace:
        """`person`: the person of the face, None if unknown; `head`: the head that shows it, None for the model's
        own.
        """
        model = pipeline.face_model
        if head is None or (head.names, head.n_identity) != (model.names, model.n_identity):
            head = dressed(model, self.look)
        expression, identity, blendshapes, skin = state.expression, state.identity, state.blendshapes, state.skin
        ahead = None if person is None else person.ahead
        rested = blendshapes
        if blendshapes is not None:
            self._neutral.add(state, now)
            blendshapes = blendshapes if ahead is None else ahead.looked(blendshapes)
            if self.auto_neutral and not (person and person.resting):
                blendshapes = self._neutral.corrected(blendshapes, state.face)
            rested = blendshapes if person is None else person.rested(blendshapes)
        if person is not None:
            expression = person.corrected(expression, model.names)
            blendshapes = None if rested is None else person.scaled(rested)
            if person.identity is not None and person.identity.shape == identity.shape:
                identity = person.identity
            skin = person.toned(skin)
        seen = state.pose.rotation
        turned = seen if person is None else person.turned(seen)
        straight = None if turned is seen else turned
        aim = None if ahead is None or state.gaze is None else ahead.aimed(state.gaze)
        return LiveFace(
            state, expression, identity, head, blendshapes, rested, skin, self.swings, person is not None, straight, aim
        )

    def _calibrate(self, states: tuple[FaceState, ...], now: float) -> None:
        calibration = self._calibration
        if calibration is None or not calibration.add(states, now):
            return
        self._calibration = None
        try:
            self.person = calibration.result(self.person)
            self._owner.reset()  # the calibrated face is the person's
            self._calibrated(self.person)
        except UserError as error:
            self._calibrated(str(error))


def _first(faces: tuple[LiveFace, ...]) -> tuple[LiveFace, ...]:
    return faces[:1]


def _make_meshes(faces: tuple[LiveFace, ...]) -> float:
    """Make the meshes here instead of in the drawing thread. Return the time in s."""
    start = time.perf_counter()
    for face in faces:
        _ = face.drawn().normals
    return time.perf_counter() - start
