"""Gestures while they happen: markers in the outputs, and keys."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

import pytest
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
from sending import PATIENCE, face_of, frame_of, free_port
from waiting import until
from websockets.sync.client import connect

from expnet_live.capture.spec import SourceSpec
from expnet_live.core.arkit import blendshapes_of
from expnet_live.core.errors import UserError
from expnet_live.gestures.acting import act_on
from expnet_live.gestures.keys import Keyboard
from expnet_live.gestures.rule import Event, Happening, Phase
from expnet_live.gestures.watching import GestureWatch, rules_of
from expnet_live.live.outputs import FanOut
from expnet_live.live.state import Settings
from expnet_live.outputs.run import running
from expnet_live.outputs.stream import Stream, parse_target
from expnet_live.person.person import Person


def doing(time_: float, generation: int = 1, number: int = 0, **weights: float) -> Any:
    from dataclasses import replace

    face = face_of(number)
    return frame_of(time_, replace(face, blendshapes=blendshapes_of(**weights)), generation=generation)


def test_gestures_set_markers_in_osc_and_websocket() -> None:
    marks: list[tuple[Any, ...]] = []
    arrived = threading.Event()

    def take(address: str, *values: Any) -> None:
        marks.append(values)
        arrived.set()

    dispatcher = Dispatcher()
    dispatcher.map("/ExpNet/Marker", take)
    port = free_port()
    with BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        streams = [
            Stream(*parse_target(text))
            for text in (f"vmc://127.0.0.1:{server.server_address[1]}", f"ws://127.0.0.1:{port}")
        ]
        with running(streams):
            until(lambda: all(s.ready for s in streams))
            with connect(f"ws://127.0.0.1:{port}") as socket:
                until(lambda: streams[1].receivers == 1)
                outputs = FanOut()
                for stream in streams:
                    outputs.add(stream)
                outputs.add(
                    GestureWatch(
                        rules_of({}),
                        lambda h: outputs.mark(h.event.name, h.event.onset) if h.phase is Phase.FIRED else None,
                    )
                )
                start = time.monotonic()
                for i in range(90):
                    outputs.put(doing(start + i / 30, **({"jawOpen": 0.9} if i > 60 else {})))
                    if i == 0:
                        until(lambda: streams[0].sent)  # times of OSC count from the first frame that was sent
                assert arrived.wait(PATIENCE)
                labels: list[dict[str, Any]] = []
                while not labels:
                    labels = json.loads(socket.recv(PATIENCE)).get("markers", [])
        server.shutdown()
        serving.join()
    assert marks[0][0] == "mouth open" and marks[0][1] == pytest.approx(61 / 30, abs=0.05)
    assert labels == [{"label": "mouth open", "time": pytest.approx(start + 61 / 30, abs=0.05)}]


def test_another_source_or_person_begins_anew() -> None:
    told: list[Happening] = []
    watch = GestureWatch(rules_of({}), told.append)
    for generation, number in ((1, 0), (2, 0), (2, 3)):
        for i in range(60):
            watch.put(doing(100.0 * generation + 10 * number + i / 30, generation, number, jawOpen=0.9))
    assert told == []  # what lasts from the start is the person's rest
    assert set(watch.scores) >= {"smile", "nod or shake"}


def test_a_clip_is_acted_on_while_it_plays() -> None:
    fired: list[Event] = []
    events = act_on(SourceSpec.demo(), Settings(device="cpu"), Person(), rules_of({}), fired=fired.append)
    assert fired and {e.name for e in events} == {e.name for e in fired}
    assert all(e.offset is not None and 0 <= e.onset <= e.apex <= e.offset for e in events)


def test_keys_need_pynput(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynput", None)
    with pytest.raises(UserError, match=r'install it: pip install "expnet-live\[keys\]"'):
        Keyboard()


@pytest.mark.skipif(sys.platform != "linux", reason="pynput asks other systems otherwise")
def test_without_a_desktop_the_keys_say_so_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("evdev", reason="pynput is not installed")  # not pynput itself, which fails without a desktop
    monkeypatch.delenv("DISPLAY", raising=False)
    for name in [name for name in sys.modules if name.split(".")[0] == "pynput"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(UserError, match=r"because there is no desktop\.$"):
        Keyboard()
