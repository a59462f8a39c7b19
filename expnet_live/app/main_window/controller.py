"""Controls source, network and person without widgets, and collects notices about them."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from expnet_live.app import texts
from expnet_live.app.main_window.neutral import Neutral
from expnet_live.app.main_window.notice import Act, Notice
from expnet_live.app.main_window.recording import Recording
from expnet_live.app.main_window.sources import Sources
from expnet_live.app.platform import plugins
from expnet_live.app.state import catalog, gauge
from expnet_live.app.state.choices import Choices
from expnet_live.app.state.current_person import Change, CurrentPerson, Then
from expnet_live.app.state.gallery import Gallery
from expnet_live.app.state.gesturing import GestureChoice, Gesturing, with_choice
from expnet_live.app.state.history import History, Ranges
from expnet_live.app.state.presence import Confirmation, Presence
from expnet_live.app.state.shelf import Shelf
from expnet_live.app.state.statistics import Statistics
from expnet_live.app.state.streaming import Streaming
from expnet_live.app.state.window_state import WindowState
from expnet_live.app.view3d.drawn import own_drawn
from expnet_live.app.view3d.lines import FaceLines
from expnet_live.avatars.avatar import Avatar
from expnet_live.capture.cameras import CameraInfo, CameraWatch, list_cameras
from expnet_live.capture.sources import open_spec
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.heads.built_in import face_model
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Head
from expnet_live.live.capture_worker import Opener
from expnet_live.live.engine import PATIENCE, Engine
from expnet_live.live.loading import Loader, load_pipeline
from expnet_live.live.state import LiveFace, LiveState
from expnet_live.outputs.shape import Shape
from expnet_live.person.curve import Curves
from expnet_live.person.person import HEAD_TURN, Person
from expnet_live.person.profiles import Profiles
from expnet_live.threads.worker import Life

__all__ = ["Controller", "Notice", "Prepared"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """Things that take long to load: the model, its drawable head, and the available devices."""

    model: FaceModel
    lines: FaceLines


class Controller:
    """Methods are for the GUI thread and return at once; timers call `tick` and `watch`."""

    def __init__(
        self,
        choices: Choices,
        profiles: Profiles | None = None,
        *,
        open_: Opener = open_spec,
        load: Loader = load_pipeline,
        lister: Callable[[], list[CameraInfo]] = list_cameras,
        permit: Callable[[Callable[[], None]], None] = lambda then: then(),
    ) -> None:
        """`permit` calls back once a camera may be opened."""
        self.window_state = WindowState(choices)
        self.profiles = profiles or Profiles()
        self.notices: deque[Notice] = deque()
        self.history, self.ranges = History(), Ranges()
        self.statistics = Statistics()
        self.presence = Presence()
        self._confirmation = Confirmation()
        self.prepared: Prepared | None = None
        self.devices: list[catalog.Option] | None = None
        self.engine = Engine(
            choices.settings, open_=open_, load=load, calibrated=lambda result: self.neutral.take(result)
        )
        self.gallery = Gallery(self._headless)
        self.recording = Recording(self.engine, self.notices)
        self.streaming = Streaming(self.engine.inference.outputs)
        self.gesturing = Gesturing(self.engine.inference.outputs, self._mark_gesture)
        self.shelf = Shelf(self.profiles, self.gallery.library)
        self._current = CurrentPerson(self.window_state, self.profiles, self.shelf, self._use_person, self._no_profile)
        self.neutral = Neutral(self.engine, self.window_state, self._current, self.notices)
        self.cameras = CameraWatch(lister)
        self.sources = Sources(
            self.engine, self.window_state, self.cameras, self.notices, permit=permit,
            leave=lambda: self.recording.stop(texts.RECORD_LEFT),  # a session has one source
            entered=self._enter,
        )  # fmt: skip
        self._model_life = Life.STARTING
        self._no_head = False

    @property
    def choices(self) -> Choices:
        return self.window_state.choices

    @property
    def state(self) -> LiveState | None:
        return self.window_state.live

    @property
    def faces(self) -> tuple[LiveFace, ...]:
        return self.window_state.faces

    @property
    def confirming(self) -> bool:
        """Whether a face is in view that is not shown yet, because it only just came."""
        return self._confirmation.waiting

    @property
    def person(self) -> Person:
        return self.window_state.person

    # --- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        self.window_state.observe(self._use_choices)
        self._use_choices()
        self.cameras.start()
        threading.Thread(target=self._prepare, name="preparation of the head", daemon=True).start()
        self.shelf.start()
        self.engine.start()
        self.use_head(self.choices.head)
        self.use_profile(self.choices.profile)
        self.recording.recover()
        for problem in self.streaming.resume(self.choices.outputs):
            self.notices.append(Notice("output", "warning", problem))

    def close(self) -> list[str]:
        """Names of threads that hang and were left behind."""
        self.cameras.stop()
        self.shelf.stop()
        self.recording.stop()
        self.gesturing.close()
        hanging = [*self.streaming.close(), *self.engine.close(), *self.recording.close()]
        hanging += [] if self.shelf.join(PATIENCE) else [self.shelf.name]
        return hanging if self.cameras.join(0.2) else [*hanging, self.cameras.name]

    def _prepare(self) -> None:
        try:
            drawn = own_drawn(self.choices.look)
            self.gallery.add(drawn.head, drawn.geometry)
            self.prepared = Prepared(face_model(), drawn.lines)
            self.devices = catalog.devices()
            for i, problem in enumerate(plugins.problems()):
                self.notices.append(Notice(f"plugin {i}", "warning", problem))
        except UserError as error:
            self.notices.append(Notice("head", "error", str(error)))
        except Exception as error:
            log.exception("the head cannot be built")
            self.tell_unforeseen(str(error))

    def tell_unforeseen(self, reason: str) -> None:
        """Show a banner for an unexpected error; callable from any thread."""
        text = texts.UNFORESEEN.format(reason=reason)
        self.notices.append(Notice("unforeseen", "error", text, Act.SHOW_LOG))

    def tell_unsaved(self, file: str) -> None:
        """Show a banner, because the choices cannot be kept."""
        self.notices.append(Notice("settings", "warning", texts.SETTINGS_UNSAVED.format(folder=Path(file).parent)))

    # --- source -------------------------------------------------------------------------------

    @property
    def spec(self) -> SourceSpec | None:
        return self.window_state.source

    def _enter(self) -> None:
        """After the source has changed."""
        self._confirmation.reset()
        self.engine.inference.cancel_calibration()
        self.presence.leave(time.monotonic())
        self.forget_past()
        self.window_state.announce()

    def forget_past(self) -> None:
        """Reset curves and ranges, because new values are unrelated to the old ones."""
        self.history.clear()
        self.ranges.clear()

    # --- network and person -------------------------------------------------------------------

    def change(self, **changes: object) -> None:
        """Change choices, and pass those on that concern the network."""
        self.window_state.choose(**changes)
        self.engine.inference.change(self.choices.settings)

    def retry_model(self) -> None:
        self.engine.inference.change(self.choices.settings)

    def use_head(self, name: str) -> None:
        """Choose the imported head of that name, or ours if it is empty. The previous head stays until it is loaded."""
        self.window_state.choose(head=name)
        self.notices.append(Notice("worn head", "gone"))
        self.gallery.wear(name, face_model, self._wear)

    def dressed(self, model: FaceModel) -> FaceModel:
        """Our own head in the look that was chosen."""
        return model.dressed(self.choices.look)

    def keep_avatar(self, source: Path, avatar: Avatar) -> None:
        """Keep an avatar's file among the heads and its conditions in the profile, and wear it."""
        library = self.gallery.library

        def then(name: str) -> None:
            if avatar.file.vrm is not None:
                terms = {"Title": avatar.file.vrm.licence.title, **dict(avatar.file.vrm.licence.conditions)}
                self.change_person(lambda person: person.with_terms(name, terms))
            self.use_head(name)

        self.shelf.ask(lambda: library.keep_once(source), then, self.no_avatar)

    def no_avatar(self, reason: str) -> None:
        self.notices.append(Notice("worn head", "error", reason))

    def _wear(self, head: Head | None) -> None:
        self.engine.inference.head = head

    def _use_choices(self) -> None:
        self.engine.inference.swings.on = self.choices.swing
        self.engine.inference.look = self.choices.look

    def _headless(self, reason: str) -> None:
        """On a thread of its own."""
        self.notices.append(Notice("worn head", "error", reason))
        self._no_head = True

    def use_profile(self, name: str) -> None:
        """Choose a profile. The previous person stays until it is loaded."""
        self.window_state.choose(profile=name)
        self._current.use(name)

    def rename_profile(self, name: str) -> None:
        """Give the chosen profile another name."""
        old = self.choices.profile
        if name != old:
            self.shelf.ask(lambda: self.profiles.rename(old, name), lambda _: self.use_profile(name), self._no_profile)

    def delete_profile(self) -> None:
        """Delete the chosen profile, and choose the default one."""
        name = self.choices.profile

        def then(_: None) -> None:
            self.use_profile(texts.DEFAULT_PROFILE)

        self.shelf.ask(lambda: self.profiles.delete(name), then, self._no_profile)

    def change_person(self, change: Change, then: Then = lambda person: None) -> None:
        """Change and save the profile, see CurrentPerson."""
        self._current.change(change, then)

    def remember_outputs(self, on: bool) -> None:
        """Whether the live outputs that are on now are on again at the next start."""
        self.window_state.choose(keep_outputs=on, outputs=tuple(self.streaming.targets) if on else ())

    def bend(self, curves: Curves) -> None:
        """Reshape what live outputs send, until the profile changes; not at all by curves that cannot be used."""
        try:
            shape = Shape.of(curves) if curves else None
        except UserError as error:  # of a profile that somebody wrote by hand
            shape = None
            self.notices.append(Notice("profile", "warning", str(error)))
        self.streaming.bend(shape)

    def _use_person(self, person: Person) -> None:
        self.bend(person.curves)
        self.engine.inference.person = person
        self.recording.set_person(person)
        self.ranges.clear()

    def _no_profile(self, reason: str) -> None:
        self.notices.append(Notice("profile", "error", reason))

    def set_gain(self, name: str, gain: float) -> None:
        """Set a gain; an empty name resets those of all bars, not that of the head's turn, which is no bar."""

        def changed(person: Person) -> Person:
            turn = {n: g for n, g in person.gains.items() if n == HEAD_TURN}
            return person.with_gain(name, gain) if name else replace(person, gains=turn)

        self._current.change(changed)

    def mirror_face(self, number: int) -> None:
        """Mirror that face of several for as long as it is seen."""
        self.engine.inference.mirrored = number
        self.forget_past()

    # --- gestures -----------------------------------------------------------------------------

    def choose_gesture(self, choice: GestureChoice) -> None:
        """Change what a gesture does; a key that cannot be pressed is not taken."""
        if choice.key:
            try:
                self.gesturing.keyboard.check(choice.key)
            except UserError as error:
                self.notices.append(Notice("gestures", "warning", str(error)))
                choice = replace(choice, key="")
        self.window_state.choose(gestures=with_choice(self.choices.gestures, choice))

    def forget_gesture(self, name: str) -> None:
        """Delete one of the person's own gestures."""

        def without(person: Person) -> Person:
            return replace(person, gestures={n: e for n, e in person.gestures.items() if n != name})

        self._current.change(without)

    def _mark_gesture(self, label: str, color: str, at: float) -> None:
        if self.recording.active or self.streaming.takes_markers:
            self.recording.mark(label, color, at)

    def watch_gestures(self, seen: bool) -> list[str]:
        """Let gestures act; `seen`: whether their panel is. Return the names of those that have just happened."""
        choices = self.choices
        self.gesturing.use(self.person.gestures, choices.gestures, seen or choices.gestures_act)
        fired, problem = self.gesturing.take(choices.gestures, choices.gestures_act)
        if problem:
            self.notices.append(Notice("gestures", "warning", problem))
        return fired

    # --- recording ----------------------------------------------------------------------------

    def record(self, on: bool) -> None:
        if not on:
            self.recording.stop()
        elif self.spec is not None:
            self.recording.begin(self.spec, video=not self.choices.private, sound=self.choices.sound)
        self.window_state.announce()

    # --- timers -------------------------------------------------------------------------------

    def tick(self) -> LiveState | None:
        """The newest state, or None if there is none since the last tick."""
        self.shelf.deliver()
        state = self.engine.latest()
        if state is None:
            return None
        capture = self.engine.capture
        state = self._confirmation.confirmed(state, at_once=capture is not None and not capture.transport.playing)
        self.window_state.show(state)
        self.presence.see(state)
        if state.processed:
            face = state.faces[0] if state.faces else None
            time_ = state.captured.frame.timestamp
            values = gauge.read(face, self.choices.gauge)[1] if face else None
            self.history.add(time_, values, face.rotation if face else None)
            if values is not None:
                self.ranges.add(time_, values)
        return state

    def shown(self, state: LiveState) -> None:
        """Call this when a state is on the screen."""
        now = time.monotonic()
        screen = now - state.finished
        if state.processed:
            self.statistics.add(now - state.captured.grabbed, {**state.stages, "screen": screen}, now)

    def watch(self) -> None:
        """Check cameras, source, network, recording and calibration; called several times a second."""
        self.sources.watch()
        self._watch_model()
        if self._no_head:
            self._no_head = False
            self.window_state.choose(head="")
            self.gallery.wear("", face_model, self._wear)
        self.recording.watch(self.spec)
        for problem in self.engine.inference.outputs.take_problems() + self.streaming.take_problems():
            self.notices.append(Notice("output", "error", problem))
        self.neutral.watch()

    def _watch_model(self) -> None:
        inference = self.engine.inference
        if inference.life is Life.FAILED and inference.problem:
            text = texts.MODEL_FAILED.format(problem=inference.problem)
            self.notices.append(Notice("model", "error", text, Act.RETRY_MODEL))
        elif self._model_life is Life.FAILED:
            self.notices.append(Notice("model", "gone"))
        self._model_life = inference.life
