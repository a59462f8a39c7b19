"""An engine without a window: what its user hears of the source, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from live_fakes import Plug, Puppet

from expnet_live.capture.sources import Source
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.core.types import Frame
from expnet_live.live.capture_worker import Opener
from expnet_live.live.engine import Engine
from expnet_live.live.headless import follow
from expnet_live.live.state import Settings

CAMERA = SourceSpec.camera(0)


@pytest.fixture
def engines() -> Iterator[list[Engine]]:
    made: list[Engine] = []
    yield made
    for engine in made:
        assert engine.close() == []


def started(engines: list[Engine], open_: Opener, puppet: Puppet) -> Engine:
    engine = Engine(Settings(), open_=open_, load=puppet.load)
    engine.start()
    engines.append(engine)
    return engine


def test_a_camera_that_is_not_there_is_told_at_once(engines: list[Engine], plug: Plug, puppet: Puppet) -> None:
    plug.inserted = False
    with pytest.raises(UserError, match="Camera 0 cannot be opened"):
        follow(started(engines, plug.open, puppet), CAMERA, loop=True, over=lambda: False)


def test_a_camera_that_goes_and_comes_back_is_told(engines: list[Engine], plug: Plug, puppet: Puppet) -> None:
    said: list[str] = []
    engine = started(engines, plug.open, puppet)

    def over() -> bool:
        plug.inserted = engine.frames < 3 or len(said) > 0
        return len(said) > 1

    follow(engine, CAMERA, loop=True, over=over, say=said.append)
    assert said == ["Camera 0 no longer sends pictures; connect it again.", "Camera 0 sends pictures again."]


class Odd(Source):
    """Gives three pictures, and then `rest`."""

    live = True

    def __init__(self, rest: object) -> None:
        super().__init__("odd")
        self._rest = rest

    def __iter__(self) -> Iterator[Frame]:
        for i in range(3):
            yield Frame(np.zeros((48, 64, 3), np.uint8), i / 30, i)
        if isinstance(self._rest, Exception):
            raise self._rest
        yield self._rest  # type: ignore[misc]

    def close(self) -> None: ...


def test_a_source_of_another_package_that_breaks_ends_it(engines: list[Engine], puppet: Puppet) -> None:
    engine = started(engines, lambda spec: Odd(ZeroDivisionError("by zero")), puppet)
    with pytest.raises(UserError, match=r"stopped the capture of Camera 0 \(by zero\)"):
        follow(engine, CAMERA, loop=True, over=lambda: False)


@pytest.mark.parametrize(
    ("rest", "fault"),
    [
        (None, "A frame of a source must be a Frame"),
        (np.zeros((48, 64, 3), np.uint8), "A frame of a source must be a Frame"),
        (Frame(np.zeros((48, 64, 4), np.uint8), 1.0, 3), "A picture must be uint8"),
        (Frame(np.zeros((48, 64, 3)), 1.0, 3), "A picture must be uint8"),  # type: ignore[arg-type]
        (Frame(np.zeros((48, 64, 3), np.uint8), float("nan"), 3), "A frame needs its time in s, not nan"),
        (Frame(np.zeros((48, 64, 3), np.uint8), None, 3), "A frame needs its time in s, not None"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_picture_is_the_sources_fault(
    engines: list[Engine], puppet: Puppet, rest: object, fault: str
) -> None:
    said: list[str] = []
    engine = started(engines, lambda spec: Odd(rest), puppet)
    follow(engine, CAMERA, loop=True, over=lambda: bool(said), say=said.append)
    assert said[0].startswith(f"Camera 0 is no source of pictures: {fault}")
