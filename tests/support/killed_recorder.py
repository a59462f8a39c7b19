"""Records sessions until it is killed: `python killed_recorder.py FOLDER N`. Each of N processes, forked once all is
loaded, tells its number, its own process number, and that of every frame it has handed over, as a line."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import av  # noqa: F401
from session_files import INFO_OF_TEST, live_state, picture

from expnet_live.sessions.recording.recorder import Limits, Recorder

FPS = 30


def record(folder: Path) -> None:
    recorder = Recorder(folder, lambda: INFO_OF_TEST, limits=Limits(warn_free=0, least_free=0))
    recorder.start()
    encoder = recorder.encoder
    assert encoder is not None
    for i in range(100_000):
        recorder.put(live_state(i, time.monotonic(), picture(i, 160, 120)))
        os.write(1, f"{folder.name} {os.getpid()} {i}\n".encode())
        time.sleep(1 / FPS)  # the camera's pace
        # The processor may be with other programs: no fault of the disk.
        while recorder.waiting or encoder.written < encoder.accepted:
            time.sleep(0.001)


if __name__ == "__main__":
    live_state(0, 0.0, picture(0, 160, 120))  # what it loads is loaded once, for all
    for n in range(int(sys.argv[2])):
        if not os.fork():
            record(Path(sys.argv[1]) / str(n))
        time.sleep(0.15)  # all at once, they would wait for the processor and not for the disk
    while True:
        os.wait()
