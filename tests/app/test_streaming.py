"""The live outputs that are on in the window, without a window."""

from __future__ import annotations

import socket

from waiting import until

from expnet_live.app.state.streaming import Streaming
from expnet_live.live.outputs import FanOut
from expnet_live.outputs.stream import Stream


def test_an_output_takes_over_its_own_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = f"ws://127.0.0.1:{server.getsockname()[1]}"
    outputs = FanOut()
    streaming = Streaming(outputs)
    try:
        for _ in range(6):  # as when somebody presses Enter in the field of its address
            streaming.send_to(target)
            (stream,) = outputs.outputs
            assert isinstance(stream, Stream)
            until(lambda s=stream: s.ready or s.over, "the output")
            assert streaming.complaints.get("ws") in (None, f"Nobody listens at {target.removeprefix('ws://')}.")
            assert streaming.take_problems() == []
    finally:
        assert streaming.close() == []
