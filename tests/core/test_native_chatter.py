"""Lines of native libraries stay out of standard error, and errors do not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
from mesh import landmarker

from expnet_live.core.native_chatter import without_chatter

CHATTER = (
    b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    b"WARNING: Logging before InitGoogle() is written to STDERR\n"
    b"W0000 00:00:1795940692.824108   29538 inference_feedback_manager.cc:114] Feedback manager requires\n"
    b"I20261129 08:00:00.1 29538 gl_context.cc:357] GL version\n"
)
LIBRARY = """
import numpy as np
from expnet_live.capture.sources import open_source
from expnet_live.pipeline.landmark_fit import LandmarkFitEstimator
from expnet_live.pipeline.pipeline import Pipeline

pipeline = Pipeline.load(max_faces=2)
with open_source("demo") as source:
    frame = next(iter(source))
assert pipeline.process(frame) and pipeline.photo(frame.image)
assert not pipeline.photo(np.zeros((64, 64, 3), np.uint8))
assert LandmarkFitEstimator().landmarks(frame.image) is not None
"""


def test_a_program_that_uses_the_package_has_a_quiet_terminal() -> None:
    with landmarker():
        done = subprocess.run([sys.executable, "-c", LIBRARY], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_errors_and_other_lines_appear(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with without_chatter():
            os.write(2, CHATTER + b"E0000 00:00:1 graph.cc] no model\nWARNING: the disk is full\n")
            print("ours", file=sys.stderr)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    os.write(2, b"after\n")
    told = set(capfd.readouterr().err.splitlines())
    assert told == {"E0000 00:00:1 graph.cc] no model", "WARNING: the disk is full", "ours", "after"}


def test_threads_leave_standard_error_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    def load() -> None:
        for _ in range(20):
            with without_chatter():
                os.write(2, CHATTER)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"still here\n")
    assert capfd.readouterr().err == "still here\n"
