"""Videos that cannot be written."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from expnet_live.video.writer import CRASH_SAFE, VideoWriter


def test_pictures_too_wide_for_any_video_end_in_an_error(tmp_path: Path) -> None:
    """To end an encoder that never began ended the whole process with PyAV 19."""
    video = VideoWriter(tmp_path / "wide.mkv", kind=CRASH_SAFE)
    with pytest.raises(av.FFmpegError):
        video.write(np.zeros((120, 20_000, 3), np.uint8), 0.0)
    video.close()
    assert video.frames == 0
