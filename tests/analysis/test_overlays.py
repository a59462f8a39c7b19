"""`analyze --overlay STYLE`: the drawing, and its small cost."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from expnet_live.analysis.overlay_video import OverlayVideo, drawn
from expnet_live.capture.sources import open_source
from expnet_live.cli import main
from expnet_live.core.types import Image
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.render.overlay import FaceOverlay
from expnet_live.render.style import OverlayStyle

STYLES = list(OverlayStyle)


def test_styles_change_more_and_more_of_a_photo(tmp_path: Path) -> None:
    photo = np.ascontiguousarray(data.astronaut()[:300, 60:360, ::-1])
    cv2.imwrite(str(tmp_path / "a.png"), photo)
    changed, pictures = [], []
    for style in STYLES:
        assert main(["analyze", str(tmp_path / "a.png"), "--overlay", style, "--out", str(tmp_path / style)]) == 0
        picture = cv2.imread(str(tmp_path / style / "overlays/a.jpg")).astype(int)
        face = (np.abs(picture - photo).max(2) > 24)[90:150, 130:200]
        changed.append(face.mean())
        pictures.append(picture[90:150, 130:200])
    contours, mesh, solid = changed
    assert 0.03 < contours < 0.3 and min(mesh, solid) > 0.4
    assert np.abs(pictures[1] - pictures[2]).mean() > 20


def test_a_quick_face_looks_like_a_fine_one(pipeline: Pipeline) -> None:
    with open_source("demo") as source:
        pipeline.reset()
        frame, faces = next((f, s) for f in source if (s := pipeline.process(f)))
    quick, fine = (
        drawn(FaceOverlay(pipeline.face_model, OverlayStyle.SOLID, quickly=q), frame.image, faces).astype(int)
        for q in (True, False)
    )
    box = faces[0].box
    inside = np.s_[int(box.y) : int(box.y + box.h), int(box.x) : int(box.x + box.w)]
    assert np.abs(quick - fine)[inside].mean() < 4
    for picture in (quick, fine):
        picture[inside] = frame.image[inside]
        assert np.abs(picture - frame.image).mean() < 0.05


@pytest.mark.parametrize("style", STYLES)
def test_a_videos_overlay_has_every_frame(style: OverlayStyle, pipeline: Pipeline, tmp_path: Path) -> None:
    with open_source("demo") as source:
        frames = list(islice(source, 60))
    pipeline.reset()
    faces = [pipeline.process(frame) for frame in frames]
    overlay = FaceOverlay(pipeline.face_model, style, quickly=True)
    video = OverlayVideo(tmp_path / "o.mp4", 30.0, overlay)
    for frame, found in zip(frames, faces, strict=True):
        video.write(frame.image, found, frame.timestamp)
    video.close()
    with open_source(str(tmp_path / "o.mp4")) as made:
        assert sum(1 for _ in made) == len(frames)


def _write(video: OverlayVideo, image: Image) -> None:
    for n in range(90):
        video.write(image, [], n / 30)
    video.close()


def test_a_full_disk_is_told_from_the_thread(pipeline: Pipeline, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="file size limits are POSIX's")
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    video = OverlayVideo(tmp_path / "o.mp4", 30.0, FaceOverlay(pipeline.face_model, OverlayStyle.SOLID))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            _write(video, noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
