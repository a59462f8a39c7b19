"""The live outputs that are on in the window, without a window."""

from __future__ import annotations

import socket
import threading

from expnet_live.app.state.streaming import Streaming
from expnet_live.live.outputs import FanOut

PATIENCE = 10.0  # s


def test_an_output_takes_over_its_own_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = f"ws://127.0.0.1:{server.getsockname()[1]}"
    outputs, wait = FanOut(), threading.Event()
    streaming = Streaming(outputs)
    try:
        for _ in range(6):  # as when somebody presses Enter in the field of its address
            streaming.send_to(target)
            (stream,) = outputs.outputs
            for _ in range(round(PATIENCE / 0.01)):
                if stream.ready or stream.over:  # type: ignore[attr-defined]
                    break
                wait.wait(0.01)
            assert streaming.complaints.get("ws") in (None, f"Nobody listens at {target.removeprefix('ws://')}.")
            assert streaming.take_problems() == []
    finally:
        assert streaming.close() == []
