"""Messages of the app in banners."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from expnet_live.app import texts


class Act(Enum):
    """The command of a banner's button."""

    LOOK_FOR_CAMERAS = auto()
    PLAY_DEMO = auto()
    RETRY_MODEL = auto()
    USE_CAMERA = auto()  # of the number in the notice
    SHOW_LOG = auto()
    SHOW_SNAPSHOT = auto()
    REPLAY = auto()
    SHOW_SESSIONS = auto()

    @property
    def text(self) -> str:
        """The text of the button."""
        return _TEXTS[self]


_TEXTS = {
    Act.LOOK_FOR_CAMERAS: texts.SHOW_SOURCES,
    Act.PLAY_DEMO: texts.PLAY_DEMO,
    Act.RETRY_MODEL: texts.TRY_AGAIN,
    Act.USE_CAMERA: texts.USE_IT,
    Act.SHOW_LOG: texts.SHOW_LOG,
    Act.SHOW_SNAPSHOT: texts.SHOW_FOLDER,
    Act.REPLAY: texts.REPLAY,
    Act.SHOW_SESSIONS: texts.SHOW_SESSIONS,
}


@dataclass(frozen=True)
class Notice:
    """Content of a banner. `kind`: info, warning, error, or gone, which removes the banner of that key."""

    key: str
    kind: str
    text: str = ""
    act: Act | None = None
    camera: int = 0
    stays: bool = True
