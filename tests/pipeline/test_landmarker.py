"""MediaPipe's Face Landmarker, held and let go."""

from __future__ import annotations

import subprocess
import sys

import pytest
from mesh import TEACHER

pytest.importorskip("mediapipe")
pytestmark = pytest.mark.skipif(not TEACHER.is_file(), reason="the Face Landmarker is not beside the repository")

# In a process of its own, which can be ended if it waits for ever.
CYCLE = """
import gc, sys
from pathlib import Path
from expnet_live.pipeline.landmarker import Landmarker
from skimage import data

class Owner:
    def __init__(self):
        self.landmarker, self.me = Landmarker(Path(sys.argv[1])), self

for _ in range(3):
    owner = Owner()
    assert len(owner.landmarker.detect(data.astronaut()).face_landmarks) == 1
    del owner
    gc.collect()
closed = Landmarker(Path(sys.argv[1]))
closed.close()
closed.close()
left = Owner()
print("collected")
"""


def test_one_that_nobody_closes_ends_with_its_owner_and_with_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CYCLE, str(TEACHER)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0 and done.stdout == "collected\n", done.stderr[-3000:]
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr, done.stderr[-3000:]
