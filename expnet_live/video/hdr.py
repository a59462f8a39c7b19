"""Converts HDR pictures (HLG of phones and broadcasts, PQ of HDR10) to the usual 8-bit BGR.

Curves: ITU-R BT.2100. Diffuse white is at 203 cd/m2 (ITU-R BT.2408) and stays close to its SDR level; brighter
values roll off, so that a face looks as in an SDR recording.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from expnet_live.core.types import Array, Image

if TYPE_CHECKING:
    from av import VideoFrame
    from av.filter import Graph

PQ, HLG = 16, 18  # transfer characteristics, ITU-T H.273
_WHITE, _PEAK = 203.0, 1000.0  # cd/m2: diffuse white, and the display that HLG is mapped for
_KNEE = 0.75  # fraction of diffuse white at which the roll-off begins
_POINTS = 33  # points along each side of the cube
_LUMINANCE = np.array([0.2627, 0.6780, 0.0593])  # weights of BT.2020's R, G, B
_TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])


def is_hdr(frame: VideoFrame) -> bool:
    return int(frame.color_trc) in (PQ, HLG)


def linear_pq(signal: Array) -> Array:
    """Luminance in cd/m2 of a PQ signal in 0..1."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = np.power(signal, 1 / m2)
    return 10_000 * np.power(np.maximum(power - c1, 0) / (c2 - c3 * power), 1 / m1)


def linear_hlg(signal: Array) -> Array:
    """Luminance in cd/m2, on the nominal display, of an HLG signal (..., 3), R, G, B in 0..1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((np.maximum(signal, 0.5) - c) / a) + b) / 12)
    return _PEAK * scene * np.power(np.maximum(scene @ _LUMINANCE, 1e-6), 0.2)[..., None]


def tone_mapped(signal: Array, transfer: int) -> Array:
    """BT.709 (..., 3) in 0..1, for a display of gamma 2.4, from an HDR signal (..., 3) in BT.2020's R, G, B in 0..1."""
    light = (linear_pq(signal) if transfer == PQ else linear_hlg(signal)) / _WHITE
    light = np.maximum(light @ _TO_BT709.T, 0)
    brightest = light.max(axis=-1, keepdims=True)
    over = 1 - _KNEE
    rolled = np.where(brightest > _KNEE, _KNEE + over * -np.expm1((_KNEE - brightest) / over), brightest)
    return np.clip(light * rolled / np.maximum(brightest, 1e-6), 0, 1) ** (1 / 2.4)


class ToneMapper:
    """Converts the HDR frames of one video to SDR pictures with FFmpeg's 3D lookup table."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._for: tuple[int, int, int] | None = None

    def __call__(self, frame: VideoFrame) -> Image:
        """The frame as BGR uint8 (H, W, 3)."""
        transfer = int(frame.color_trc)
        if self._for != (frame.width, frame.height, transfer):
            self._for = frame.width, frame.height, transfer
            self._graph = _graph(*self._for)
        assert self._graph is not None
        colors = "BT2020" if int(frame.colorspace) in (2, 9, 10) else None  # 2: not specified
        rgb = frame.reformat(format="gbrp16le", src_colorspace=colors)
        self._graph.vpush(rgb)
        return cast(Image, self._graph.vpull().to_ndarray(format="bgr24"))


def sdr(signal: Array, transfer: int) -> Image:
    """An HDR still as BGR uint8 (H, W, 3), from its signal: R, G, B uint16 (H, W, 3) in BT.2020 over all 16 bits."""
    from av import VideoFrame

    graph = _graph(signal.shape[1], signal.shape[0], transfer)
    graph.vpush(VideoFrame.from_ndarray(np.ascontiguousarray(signal), format="rgb48le").reformat(format="gbrp16le"))
    return cast(Image, graph.vpull().to_ndarray(format="bgr24"))


def _graph(width: int, height: int, transfer: int) -> Graph:
    from fractions import Fraction

    import av
    from av.filter import Graph

    graph = Graph()
    # The filter reads its file when it is created; a path would have to be escaped twice.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hdr.cube"
        path.write_text(_cube(transfer))
        lut = graph.add("lut3d", file=str(path), interp="tetrahedral")
        buffer = graph.add_buffer(
            width=width, height=height, format=av.VideoFormat("gbrp16le"), time_base=Fraction(1, 1000)
        )
        graph.link_nodes(buffer, lut, graph.add("buffersink")).configure()
    return graph


@cache
def _cube(transfer: int) -> str:
    """The text of a .cube file: red changes fastest."""
    side = np.linspace(0, 1, _POINTS)
    blue, green, red = np.meshgrid(side, side, side, indexing="ij")
    colors = tone_mapped(np.stack([red, green, blue], axis=-1).reshape(-1, 3), transfer)
    return f"LUT_3D_SIZE {_POINTS}\n" + "\n".join("{:.6f} {:.6f} {:.6f}".format(*c) for c in colors) + "\n"
