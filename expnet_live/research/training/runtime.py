"""Writes the files that the program runs: a network as ONNX in single precision and in int8.

Int8 (ONNX Runtime's static quantisation, QDQ): weights per channel, activations per tensor, with ranges measured on
crops of faces. The files hold ranges only, not the crops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from expnet_live.capture.sources import open_source
from expnet_live.capture.spec import DEMO
from expnet_live.core.errors import UserError
from expnet_live.core.files import checksum, whole
from expnet_live.core.types import Image
from expnet_live.networks.checkpoint import Weights
from expnet_live.networks.graph import halve, onnx_model
from expnet_live.networks.runtime_files import REMAKE, SOURCE, RuntimeFile, runtime_files
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.detector import FaceDetector
from expnet_live.research.training.photos import PhotoRef, iter_photos

CROPS = 600
_BATCH = 20
_SEED = 1


def write_runtime_files(weights: Path, crops: Image) -> tuple[Path, Path]:
    """Write both files beside `weights`; `crops` (N, S, S, 3) BGR uint8 show the faces that int8 must suit."""
    exact, small = runtime_files(weights)
    source = checksum(weights)
    graph = onnx_model(Weights.read(weights))
    onnxruntime.set_default_logger_severity(3)  # it warns of each optional input, at each session
    with TemporaryDirectory() as folder:
        plain, quantised = Path(folder, "plain.onnx"), Path(folder, "int8.onnx")
        onnx.save(graph, plain)
        quantize_static(
            plain,
            quantised,
            _Reader(crops),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            # Seven bits: processors with AVX2 alone add pairs of products in 16 bits, which eight would overflow.
            reduce_range=True,
            nodes_to_exclude=_exact_nodes(graph),
        )
        made = onnx.load(quantised)
    for model, path in ((graph, exact), (made, small)):
        halve(model)
        _save(model, graph, source, path)
    return exact, small


def renew_last_layers(weights: Path, before: Path) -> tuple[Path, Path]:
    """Write both files of `weights`, which differ from `before` in their last layers alone, with its ranges.

    Raises UserError if the files of `before` are missing or of other weights.
    """
    source, graph = checksum(weights), onnx_model(Weights.read(weights))
    numbers = {c.name: numpy_helper.to_array(c) for c in graph.graph.initializer}
    last = {name: numbers[name] for node in graph.graph.node if node.op_type == "Gemm" for name in node.input[1:]}
    for old, path in zip(runtime_files(before), runtime_files(weights), strict=True):
        if RuntimeFile.read(old).net.notes[SOURCE] != checksum(before):
            raise UserError(f"{old} was made from other weights than {before}; {REMAKE}.")
        model = onnx.load(old)
        for constant in model.graph.initializer:
            if (name := constant.name.removesuffix("_half")) in last:
                kept = numpy_helper.to_array(constant).dtype
                constant.CopyFrom(numpy_helper.from_array(last[name].astype(kept), constant.name))
        _save(model, graph, source, path)
    return runtime_files(weights)


def _save(model: onnx.ModelProto, graph: onnx.ModelProto, source: str, path: Path) -> None:
    """Write `model` with the notes of `graph` and the checksum of the weights that it was made from."""
    helper.set_model_props(model, {**{p.key: p.value for p in graph.metadata_props}, SOURCE: source})
    with whole(path) as partial:
        partial.write_bytes(model.SerializeToString())


def _exact_nodes(graph: onnx.ModelProto) -> list[str]:
    """What stays in single precision: the layers that see the pixels, the last ones and the outputs, which have units
    of their own. They take little time."""
    nodes = list(graph.graph.node)
    pixels = next(n for n in nodes if n.op_type == "Sub").output[0]
    return [n.name for n in nodes if n.op_type in ("Transpose", "Sub", "Gemm", "Concat") or pixels in n.input]


class _Reader(CalibrationDataReader):
    def __init__(self, crops: Image) -> None:
        self._batches = iter([crops[i : i + _BATCH] for i in range(0, len(crops), _BATCH)])

    def get_next(self) -> dict[str, Image] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"crops": batch}


def crops_for_int8(pictures: Iterable[Image], detector: FaceDetector, size: int, most: int = CROPS) -> Image:
    """At most `most` crops (N, size, size, 3) of the largest faces in `pictures`, jittered as in tracking.

    Raises UserError if no picture shows a face.
    """
    rng, crops = np.random.default_rng(_SEED), []
    for picture in pictures:
        for face in detector.detect(picture)[:1]:
            crop = Crop.of_detection(face, size)
            crops += [_jittered(crop, rng).cut(picture) for _ in range(2)]
        if len(crops) >= most:
            break
    if not crops:
        raise UserError("None of the pictures shows a face; choose others for --photos.")
    return np.stack(crops[:most])


def _jittered(crop: Crop, rng: np.random.Generator) -> Crop:
    dx, dy = rng.normal(0, 0.04, 2) * crop.side
    side, roll = crop.side * np.exp(rng.normal(0, 0.12)), crop.roll + rng.normal(0, 0.1)
    return replace(crop, x=crop.x + float(dx), y=crop.y + float(dy), side=float(side), roll=float(roll))


def pictures_of(refs: Sequence[PhotoRef]) -> Iterator[Image]:
    """The photos in a random order, or without any the frames of the demo clip."""
    if refs:
        order = np.random.default_rng(_SEED).permutation(len(refs))
        yield from (image for _, image in iter_photos([refs[i] for i in order]) if image is not None)
        return
    with open_source(DEMO) as source:
        yield from (frame.image for frame in source)
