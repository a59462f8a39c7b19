"""The Lab Streaming Layer by its own inlets on this computer, and an XDF file of it by pyxdf."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from decoding import FRONT, LEFT_EYE, RIGHT_EYE, TOP, Decoded, aimed, check
from scipy.spatial.transform import Rotation
from sending import LOOKS, LSL_SESSION, PATIENCE, TURNS, Opened, face_of, frame_of
from waiting import until

from expnet_live.core.arkit import ARKIT
from expnet_live.live.outputs import FanOut
from expnet_live.outputs.stream import Stream, parse_target

pylsl = pytest.importorskip("pylsl")
NAMES = ("Expression", "Action Units", "Pose", "Gaze", "Markers")


@pytest.fixture
def stream(opened: Opened) -> Stream:
    stream = opened("lsl", 16571, session=LSL_SESSION)
    until(lambda: stream.ready or stream.problem)
    return stream


@pytest.fixture
def inlets(stream: Stream) -> Iterator[dict[str, Any]]:
    found = {}
    for name in NAMES:
        (info, *_) = pylsl.resolve_byprop("name", f"ExpNet Live {name}", timeout=PATIENCE)
        found[name] = pylsl.StreamInlet(info, max_buflen=60)
        found[name].open_stream(timeout=PATIENCE)
    until(lambda: stream.receivers == len(NAMES))
    yield found
    for inlet in found.values():
        inlet.close_stream()


def pulled(inlet: Any) -> tuple[list[Any], float]:
    """A sample and its own time: here, outlet and inlet have the same clock."""
    values, moment = inlet.pull_sample(timeout=PATIENCE)
    return values, float(moment)


def test_faces_arrive_with_the_time_of_their_capture(stream: Stream, inlets: dict[str, Any]) -> None:
    none = ((0.0, 0.0), (0.0, 0.0))
    cases = [(t, none) for t in TURNS.values()] + [(np.zeros(3), look) for look in LOOKS.values()]
    for turn, look in cases:
        captured = time.monotonic() - 0.05
        stream.put(frame_of(captured, face_of(0, turn, look)))
        got = {name: pulled(inlets[name]) for name in NAMES[:4]}
        assert all(abs(moment - captured) < 1e-4 for _, moment in got.values())
        expression, units, pose, gaze = (np.array(values) for values, _ in got.values())
        head = Rotation.from_quat(pose[3:])
        np.testing.assert_allclose(pose[:3], [0.01, 0.02, -0.6], atol=1e-6)
        eyes = {RIGHT_EYE: aimed(-gaze[0], gaze[1]), LEFT_EYE: aimed(-gaze[2], gaze[3])}
        check(Decoded(head.apply(FRONT), head.apply(TOP), eyes, dict(zip(ARKIT, expression, strict=True))), turn, look)
        np.testing.assert_allclose(units[[8, 15, 16]], [0.25 / 2 * 5, 2.5, 2.5], atol=1e-5)  # AU12, AU26, AU45
    until(lambda: stream.sent == len(cases))  # counted after it has left
    assert stream.complaint is None


def test_without_a_face_there_are_gaps_and_markers(stream: Stream, inlets: dict[str, Any]) -> None:
    for i, faces in enumerate(([face_of()], [face_of()], [], [face_of()])):
        stream.put(frame_of(time.monotonic(), *faces))
        values, _ = pulled(inlets["Expression"])
        assert np.isnan(values).all() == (i == 2)
    assert [pulled(inlets["Markers"])[0] for _ in range(3)] == [["face seen"], ["face lost"], ["face seen"]]


def test_markers_of_the_user_arrive_with_their_time(stream: Stream, inlets: dict[str, Any]) -> None:
    outputs = FanOut()
    outputs.add(stream)
    when = time.monotonic() - 0.3
    for label in ("Stimulus", "Réponse"):
        outputs.mark(label, when)
    got = [pulled(inlets["Markers"]) for _ in range(2)]
    assert [values for values, _ in got] == [["Stimulus"], ["Réponse"]]
    assert all(abs(moment - when) < 1e-4 for _, moment in got)


def test_nobody_listens(stream: Stream) -> None:
    until(lambda: stream.unheard > 1, each=lambda: stream.put(frame_of(time.monotonic(), face_of())))
    assert stream.sent == 0 and stream.complaint == "Nobody listens at the Lab Streaming Layer of this computer."


def test_a_recording_names_its_channels(stream: Stream, inlets: dict[str, Any], tmp_path: Path) -> None:
    pyxdf = pytest.importorskip("pyxdf")
    start = time.monotonic()
    for i in range(5):
        stream.put(frame_of(start + i / 60, face_of()))
        until(lambda i=i: stream.sent > i)
    streams = {}
    for name in NAMES:
        samples = [inlets[name].pull_sample(timeout=PATIENCE) for _ in range(1 if name == "Markers" else 5)]
        streams[name] = inlets[name].info(timeout=PATIENCE).as_xml(), samples
    path = tmp_path / "take.xdf"
    path.write_bytes(xdf(list(streams.values())))
    loaded, _ = pyxdf.load_xdf(str(path), dejitter_timestamps=False, synchronize_clocks=False)
    by_name = {s["info"]["name"][0].removeprefix("ExpNet Live "): s for s in loaded}
    assert set(by_name) == set(NAMES)
    for name, label, kind, unit in (
        ("Expression", "eyeBlinkLeft", "Expression", "normalized"),
        ("Action Units", "AU01", "Expression", "intensity 0 to 5"),
        ("Pose", "head_x", "MoCap", "meters"),
        ("Gaze", "right_yaw", "Gaze", "radians"),
    ):
        info = by_name[name]["info"]
        channels = info["desc"][0]["channels"][0]["channel"]
        assert (info["type"][0], float(info["nominal_srate"][0])) == (kind, 0.0)
        assert (channels[0]["label"][0], channels[0]["unit"][0]) == (label, unit)
        assert len(channels) == by_name[name]["time_series"].shape[1] and len(by_name[name]["time_series"]) == 5
        assert info["desc"][0]["acquisition"][0]["manufacturer"][0] == "ExpNet Live"
        np.testing.assert_allclose(by_name[name]["time_stamps"], start + np.arange(5) / 60, atol=2e-3)
    assert by_name["Markers"]["time_series"] == [["face seen"]]


def xdf(streams: list[tuple[str, list[tuple[list[Any], float]]]]) -> bytes:
    """The file that LabRecorder would write, by the format's own description."""

    def chunk(tag: int, content: bytes) -> bytes:
        return b"\x04" + struct.pack("<IH", len(content) + 2, tag) + content

    def value(v: Any) -> bytes:
        text = v.encode() if isinstance(v, str) else b""
        return b"\x01" + bytes([len(text)]) + text if isinstance(v, str) else struct.pack("<f", v)

    out = b"XDF:" + chunk(1, b'<?xml version="1.0"?><info><version>1.0</version></info>')
    for i, (header, samples) in enumerate(streams):
        number = struct.pack("<I", i + 1)
        out += chunk(2, number + header.encode())
        rows = b"".join(b"\x08" + struct.pack("<d", t) + b"".join(map(value, values)) for values, t in samples)
        out += chunk(3, number + b"\x01" + bytes([len(samples)]) + rows)
        first, last = samples[0][1], samples[-1][1]
        footer = f"<first_timestamp>{first}</first_timestamp><last_timestamp>{last}</last_timestamp>"
        footer += f"<sample_count>{len(samples)}</sample_count>"
        out += chunk(6, number + f'<?xml version="1.0"?><info>{footer}</info>'.encode())
    return out


def test_the_network_is_reached_only_when_asked() -> None:
    assert not Stream(*parse_target("lsl")).leaves
    assert Stream(*parse_target("lsl?reach=network")).leaves
    assert Stream(*parse_target("lsl")).fetchable and not Stream(*parse_target("ws")).fetchable


def test_its_ports_are_open_to_all_which_is_what_we_say(stream: Stream) -> None:
    """If a library of later days keeps to this computer, the lock has to go."""
    if not Path("/proc/net/tcp").exists():
        pytest.skip("this system does not tell who listens")
    ours = {str(p.readlink()) for p in Path("/proc/self/fd").iterdir() if p.is_symlink() and p.exists()}
    lines = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="utf-8").splitlines()[1:]]
    listening = [fields[1].split(":")[0] for fields in lines if fields[3] == "0A" and f"socket:[{fields[9]}]" in ours]
    assert "00000000" in listening and stream.fetchable
    assert Stream(*parse_target("lsl")).name == "lsl"
