"""Short clips and photos for tests of archives, made of the demo clip, and data sets as tables."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from expnet_live.capture.sources import open_source
from expnet_live.core.types import Image
from expnet_live.video.opening import open_media


@cache
def demo_images() -> list[Image]:
    with open_source("demo") as source:
        return [np.ascontiguousarray(frame.image[::2, ::2]) for frame in source]


def clip(path: Path, n: int = 20, start: int = 0, shift: int = 0, key_frames: int = 10) -> Path:
    """A part of the demo clip at 30 frames per second, shifted to the right."""
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [np.roll(image, shift, axis=1) for image in demo_images()[start : start + n]]
    write_clip(path, images, key_frames)
    return path


def write_clip(path: Path, images: list[Image], key_frames: int = 10) -> None:
    with open_media(path, "w") as out:
        stream = out.add_stream("libx264", rate=30, options={"crf": "20"})
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt, stream.codec_context.gop_size = "yuv420p", key_frames
        for i, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = i, Fraction(1, 30)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def photo(path: Path, number: int = 0, shift: int = 0) -> Path:
    """A picture of the demo clip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.roll(demo_images()[number], shift, axis=1))
    return path


def analyzed(out: Path) -> pd.DataFrame:
    """The table of `analyze`, without its markers, which only sessions have."""
    return _sorted(pd.read_csv(out / "coefficients.csv").drop(columns="marker"))


def archived(out: Path) -> pd.DataFrame:
    """The rows of a data set."""
    return _sorted(pq.read_table(out / "faces").to_pandas())


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values(["source", "frame", "face"]).reset_index(drop=True)


def assert_same(rows: pd.DataFrame, wanted: pd.DataFrame, within: float = 1e-4) -> None:
    """Whether a data set has exactly the rows and values of `analyze`."""
    assert len(rows) == len(wanted)
    assert list(rows.columns)[: len(wanted.columns)] == list(wanted.columns)
    for name in wanted.columns:
        if name in ("source", "marker"):
            assert (rows[name].fillna("") == wanted[name].fillna("")).all()
        else:
            np.testing.assert_allclose(rows[name].astype(float), wanted[name].astype(float), rtol=0, atol=within)
