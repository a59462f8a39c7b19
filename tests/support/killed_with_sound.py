"""Records pictures and the sound of a microphone until it is killed: `python killed_with_sound.py FOLDER`. It tells the
number of each picture as a line."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from clicks import EVERY, FPS, LENGTH, flash
from recorders import FREE
from session_files import INFO_OF_TEST, live_state
from waiting import PATIENCE

from expnet_live.sessions.recording.listening import MicrophoneListener
from expnet_live.sessions.recording.recorder import Recorder

CLICKS = f"lavfi:aevalsrc=exprs=lt(mod(t\\,{EVERY})\\,{LENGTH})*sin(2*PI*1000*t):s=44100,arealtime"


def main(folder: Path) -> None:
    listener = MicrophoneListener(CLICKS)
    listener.start()
    assert listener.ready.wait(PATIENCE) and listener.problem is None
    recorder = Recorder(folder, lambda: INFO_OF_TEST, fps=lambda: float(FPS), limits=FREE, listener=listener)
    recorder.start()
    begun = time.monotonic()
    for i in range(100_000):
        recorder.put(live_state(i, time.monotonic(), flash(i % FPS == 0)))
        os.write(1, f"{i}\n".encode())
        time.sleep(max(0.0, begun + (i + 1) / FPS - time.monotonic()))  # the camera's pace


if __name__ == "__main__":
    main(Path(sys.argv[1]))
