"""The user's choices, kept between starts."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, get_type_hints

from expnet_live.app.state.gauge import ACTIONS, GAUGES
from expnet_live.app.state.gesturing import GestureChoice
from expnet_live.app.state.marking import PRESETS, Preset
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.records import read_json, record_of
from expnet_live.heads.look import BALD, Look
from expnet_live.live.state import Settings

SPANS = (10, 20, 30, 60)
OVERLAYS = ("none", "box", "contours", "mesh")
TRANSPARENT = "transparent"
GROUNDS = (TRANSPARENT, "#00ff00", "#0000ff", "#ff00ff")  # behind the head in its own window
THEMES = ("system", "dark", "light")
ZOOMS = (100, 125, 150, 175, 200)  # per cent


def looking(look: Look) -> dict[str, str]:
    """The choices that give our own head a look."""
    return {"hair_style": look.hair, "hair_color": look.hair_color, "eye_color": look.eye_color}


@dataclass(frozen=True)
class Choices:
    """`source` is a text for `SourceSpec.parse`, empty until one is chosen; `camera` is a camera's name."""

    source: str = ""
    camera: str = ""
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    loop: bool = True
    model: str | None = None
    device: str = "auto"
    smoothing: str = "balanced"
    max_faces: int = 1
    profile: str = "Default"
    mirror: bool = True
    overlay: str = "contours"
    wireframe: bool = False
    painted: bool = False
    follow: bool = True
    hair: bool = True
    swing: bool = True  # whether an avatar's hair and clothes do
    hair_style: str = Look.hair  # these are names, see Look
    hair_color: str = Look.hair_color
    eye_color: str = Look.eye_color
    head: str = ""  # name of an imported head, empty for our own
    theme: str = "system"
    zoom: int = 100  # one of ZOOMS, beside the system's own scaling; from the next start on
    ground: str = TRANSPARENT  # one of GROUNDS
    private: bool = False  # record no video
    sound: bool = False  # record sound in the video
    curves: tuple[str, ...] = ("jawOpen", "mouthSmileLeft", "eyeBlinkLeft", "browInnerUp")
    span: int = 20
    auto_neutral: bool = True
    keep_outputs: bool = False  # whether live outputs are on again at the next start
    outputs: tuple[str, ...] = ()  # those that are on, if they are to be kept: as `stream --to` takes them
    presets: tuple[Preset, ...] = PRESETS  # markers of keys 1 to 9
    gauge: str = ACTIONS  # values of bars and curves, one of GAUGES
    gestures: tuple[GestureChoice, ...] = ()  # those that were changed
    gestures_act: bool = False  # whether gestures set markers and press keys
    global_keys: dict[str, str] = field(default_factory=dict)  # in Qt's portable text, by names of actions

    @property
    def settings(self) -> Settings:
        return Settings(self.model, self.device, self.smoothing, self.max_faces)

    @property
    def look(self) -> Look:
        """That of our own head, as it is shown."""
        return self.styled if self.hair else replace(self.styled, hair=BALD)

    @property
    def styled(self) -> Look:
        """The same with its hair, even if that is hidden."""
        return Look(self.hair_style, self.hair_color, self.eye_color).known

    @property
    def spec(self) -> SourceSpec | None:
        if not self.source:
            return None
        spec = SourceSpec.parse(self.source)
        if not spec.live:
            return spec
        return replace(spec, width=self.width, height=self.height, fps=self.fps, label=self.camera)

    def with_spec(self, spec: SourceSpec) -> Choices:
        text = "demo" if spec.kind is SourceKind.DEMO else spec.value
        if not spec.live:
            return replace(self, source=text)
        return replace(self, source=text, width=spec.width, height=spec.height, fps=spec.fps, camera=spec.label)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Choices:
        """Read as much as possible of an older or damaged text; the rest gets its defaults."""
        try:
            data: Any = read_json(text)
        except ValueError:
            return cls()
        if not isinstance(data, dict):
            return cls()
        default = cls()
        known: dict[str, Any] = {}
        for name, hint in get_type_hints(cls).items():
            with suppress(KeyError, ValueError):
                known[name] = record_of(data[name], hint)
        made = replace(default, **known)
        return replace(
            made,
            overlay=made.overlay if made.overlay in OVERLAYS else default.overlay,
            theme=made.theme if made.theme in THEMES else default.theme,
            zoom=made.zoom if made.zoom in ZOOMS else default.zoom,
            ground=made.ground if made.ground in GROUNDS else default.ground,
            span=made.span if made.span in SPANS else default.span,
            presets=(*made.presets, *PRESETS[len(made.presets) :])[: len(PRESETS)],
            gauge=made.gauge if made.gauge in GAUGES else default.gauge,
        )
