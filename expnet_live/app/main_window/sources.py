"""The source of the main window: choosing, opening and playing it, and what becomes of it and of the cameras."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path

from expnet_live.app import texts
from expnet_live.app.main_window.notice import Act, Notice
from expnet_live.app.state.window_state import WindowState
from expnet_live.capture.cameras import CameraWatch
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.live.engine import Engine
from expnet_live.threads.worker import Life


class Sources:
    """Methods are for the GUI thread.

    `permit` calls back once a camera may be opened; `leave` is called before the source changes, `entered` after.
    """

    def __init__(
        self,
        engine: Engine,
        window_state: WindowState,
        cameras: CameraWatch,
        notices: deque[Notice],
        *,
        permit: Callable[[Callable[[], None]], None],
        leave: Callable[[], None],
        entered: Callable[[], None],
    ) -> None:
        self._engine, self._state, self._cameras, self._notices = engine, window_state, cameras, notices
        self._permit, self._leave, self._entered = permit, leave, entered
        self._known: set[int] | None = None
        self._undecided = False  # the demo plays until the list of cameras is known
        self._lost = False
        self._looking = 0  # the request of the user whose answer is not told yet

    def look(self) -> None:
        """List the cameras now, and tell what was found."""
        self._looking = self._cameras.look_again()

    def use(self, spec: SourceSpec, remember: bool = True) -> None:
        self._leave()
        self._lost = self._undecided = False
        self._state.use_source(spec, remember)
        for key in ("source", "no camera"):
            self._notices.append(Notice(key, "gone"))
        if spec.live:
            # The answer may take a while; another source may have been chosen meanwhile.
            self._permit(lambda: self._open(spec) if self._state.source is spec else None)
        else:
            self._open(spec)

    def opens(self, path: str) -> bool:
        """Whether a path is a file to play; False for a folder. Reads from the disk, so not on the GUI thread. Raises
        SourceError if it cannot be played.
        """
        if Path(path).is_dir():
            return False
        self._engine.try_source(SourceSpec.file(path))
        return True

    def use_file(self, path: str) -> None:
        """Play a file that opens."""
        self._notices.append(Notice("file", "gone"))
        self.use(SourceSpec.file(path))

    def keep(self, problem: str) -> None:
        """Go on with the source, because a file cannot be played; a recording goes on as well."""
        self._notices.append(Notice("file", "error", problem))

    def _open(self, spec: SourceSpec) -> None:
        self._engine.set_source(spec, self._state.choices.loop)
        self._entered()

    def begin(self) -> None:
        """The first source: the one chosen last, else a camera, else the demo clip."""
        cameras, spec = self._cameras.cameras, self._state.choices.spec
        if spec is None or spec.live:
            found = self._camera(spec)
            if found is None:
                if self._state.source != SourceSpec.demo():
                    self.use(SourceSpec.demo(), remember=False)
                self._undecided = cameras is None
                if not self._undecided:
                    self._notices.append(Notice("no camera", "info", texts.NO_CAMERA, Act.LOOK_FOR_CAMERAS))
                return
            spec = found
        self.use(spec, remember=False)

    def camera(self, number: int) -> SourceSpec:
        """The camera of that number, with its name and the chosen size and rate."""
        name = next((c.name for c in self._cameras.cameras or [] if c.number == number), "")
        choices = self._state.choices
        return SourceSpec.camera(number, choices.width, choices.height, choices.fps, name)

    def _camera(self, last: SourceSpec | None) -> SourceSpec | None:
        """The last camera used, found by its name if it has one (numbers change), else the first."""
        cameras = self._cameras.cameras or []
        if last is not None:
            same = [c for c in cameras if str(c.number) == last.value and last.label in ("", c.name)]
            cameras = [*same, *(c for c in cameras if c.name == last.label), *cameras]
        return self.camera(cameras[0].number) if cameras else None

    def set_loop(self, loop: bool) -> None:
        self._state.choose(loop=loop)
        if self._engine.capture is not None:
            self._engine.capture.transport.loop = loop

    def set_playing(self, playing: bool) -> None:
        if self._engine.capture is not None and not self._engine.capture.spec.live:
            self._engine.capture.transport.playing = playing

    def watch(self) -> None:
        """Check the cameras and the source; called several times a second."""
        self._watch_cameras()
        if self._looking and self._cameras.answered >= self._looking:
            self._looking = 0
            self._tell_cameras()
        self._watch_source()

    def _watch_cameras(self) -> None:
        cameras = self._cameras.cameras
        if cameras is None:
            return
        known, self._known = self._known, {c.number for c in cameras}
        if known is None:
            if self._undecided:
                self.begin()
            return
        new = [c for c in cameras if c.number not in known]
        if new and not (self._state.source is not None and self._state.source.live):
            self._looking = 0  # that is the answer
            text = texts.CAMERA_FOUND.format(name=new[0].name)
            self._notices.append(Notice("no camera", "gone"))
            self._notices.append(Notice("camera found", "info", text, Act.USE_CAMERA, new[0].number))

    def _tell_cameras(self) -> None:
        names = ", ".join(camera.name for camera in self._cameras.cameras or [])
        if names:
            self._notices.append(Notice("no camera", "info", texts.CAMERAS_THERE.format(names=names), stays=False))
        else:
            text = self._cameras.problem or texts.CAMERAS_NONE
            self._notices.append(Notice("no camera", "warning", text, Act.LOOK_FOR_CAMERAS))

    def _watch_source(self) -> None:
        capture = self._engine.capture
        if capture is None:
            return
        if capture.life is Life.FAILED and capture.problem:
            live = capture.spec.live
            text = (texts.CAMERA_LOST if live else texts.SOURCE_FAILED).format(problem=capture.problem)
            act = None if capture.spec.kind is SourceKind.DEMO else Act.PLAY_DEMO
            self._notices.append(Notice("source", "warning" if live else "error", text, act))
            self._lost = True
        elif self._lost and capture.life is Life.RUNNING:
            self._lost = False
            self._notices.append(Notice("source", "gone"))
            if capture.spec.live:
                text = texts.CAMERA_BACK.format(name=capture.spec.name)
                self._notices.append(Notice("camera back", "info", text, stays=False))
