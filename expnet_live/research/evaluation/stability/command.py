"""`expnet-live evaluate stability`: measures jitter on a still face, and how much of a blink the smoothing leaves.

Jitter is the standard deviation of each coefficient over time, after a second to settle, when a photo repeated at 30
frames per second with fresh sensor noise goes through the pipeline. Blinks take the coefficients from open to closed
eyes, both as the network predicts them in a video, over 120 ms at 30 frames per second and at every phase of the
shutter, with the noise of the still face added, and pass them through the pipeline's smoother. ARKit's 52 actions are
measured in the same way, where the network predicts them.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from expnet_live.capture.images import read_image
from expnet_live.capture.sources import open_source
from expnet_live.capture.spec import DEMO
from expnet_live.core.arguments import number, output_file, positive_int
from expnet_live.core.arkit import ARKIT, INDEX
from expnet_live.core.errors import UserError
from expnet_live.core.files import write_json
from expnet_live.core.types import Array, Frame, Image
from expnet_live.geometry.camera import Camera, WeakPerspective
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.pipeline.smoothing import EXPRESSION_NOISE, PRESETS, FaceSmoother

FPS = 30.0
JITTER_BAR = 0.05  # sd of each coefficient, preset balanced
BLINK_BAR = 0.8  # of its depth
_BLINK_S = 0.12
_SETTLE = 30  # frames
_PHASES = 12
_LOUDEST = 6  # number of actions shown
_LIDS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]


@dataclass(frozen=True, eq=False)
class Still:
    """Predictions for T frames of a still face: expression (T, 29) and positions."""

    name: str
    expression: Array
    views: list[WeakPerspective]
    actions: Array | None = None  # (T, 52)

    def smoothed_actions(self, preset: str) -> Array | None:
        """ARKit's actions (T, 52) after the pipeline's smoothing."""
        smoother = FaceSmoother(preset)
        if self.actions is None:
            return None
        return np.array([smoother.actions(a, i / FPS) for i, a in enumerate(self.actions)])

    def smoothed(self, preset: str) -> Array:
        """Expressions (T, 29) after the pipeline's smoothing."""
        smoother = FaceSmoother(preset)
        rows = zip(self.expression, self.views, strict=True)
        return np.array([smoother(e, v, None, i / FPS)[0] for i, (e, v) in enumerate(rows)])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--photos", nargs="+", type=Path, metavar="PHOTO",
        help="photos to use (default: scikit-image's portrait if it is installed, and the demo clip's first frame)",
    )  # fmt: skip
    parser.add_argument(
        "--blinks", default=DEMO, metavar="VIDEO", help="a video in which the eyes close (default: the demo clip)"
    )
    parser.add_argument(
        "--frames", type=positive_int, default=150, metavar="N", help="frames of each photo (default: 150)"
    )
    parser.add_argument(
        "--sigma", type=number, default=4.0, metavar="GREYS", help="noise at middle grey, in grey levels (default: 4)"
    )
    parser.add_argument("--json", type=output_file, metavar="FILE", help="also write the figures to this file")


def run(args: argparse.Namespace) -> int:
    """0 if both limits are met, 1 otherwise."""
    pipeline = Pipeline.load(args.model, args.device, smoothing="off")
    names = pipeline.face_model.names
    opened, closed = open_and_closed(pipeline, args.blinks)
    stills = [still_of(pipeline, n, i, args.frames, args.sigma) for n, i in photos_of(args.photos)]
    jitter = {s.name: {preset: s.smoothed(preset)[_SETTLE:].std(0) for preset in PRESETS} for s in stills}
    noise = np.concatenate([s.expression[_SETTLE:] - s.expression[_SETTLE:].mean(0) for s in stills])
    blinks = {preset: blink_left(preset, opened, closed, noise, names) for preset in PRESETS}

    worst = max(float(j["balanced"].max()) for j in jitter.values())
    good = worst <= JITTER_BAR and blinks["balanced"] >= BLINK_BAR
    for photo, presets in jitter.items():
        print(f"{photo}: jitter of the coefficients over {args.frames - _SETTLE} frames, sd")
        print(f"  {'':12}{'median':>8}{'largest':>9}")
        for preset, sd in presets.items():
            print(f"  {preset:12}{np.median(sd):8.3f}{sd.max():9.3f}  {names[int(sd.argmax())]}")
    depth = ", ".join(f"{n} {d:.2f} sd" for n, d in zip(names, closed - opened, strict=True) if "Blink" in n)
    print(f"share of its depth that a blink of {1000 * _BLINK_S:.0f} ms ({depth}) keeps, at the worst phase")
    for preset, left in blinks.items():
        print(f"  {preset:12}{left:8.1%}")
    print(
        f"balanced: jitter {worst:.3f} at most (limit {JITTER_BAR}), "
        f"blink {blinks['balanced']:.0%} (limit {BLINK_BAR:.0%})"
    )
    actions = _action_figures(stills, pipeline, args.blinks)
    if actions:
        told = actions["balanced"]
        print(
            f"ARKit's actions, balanced: jitter {told['jitter']:.3f} of the full action at most ({told['loudest']}), "
            f"blink {told['blink']:.0%}"
        )
        loud = sorted(actions["off"]["each"].items(), key=lambda action: -action[1])[:_LOUDEST]
        print("loudest without smoothing: " + ", ".join(f"{name} {jitter:.3f}" for name, jitter in loud))
    if args.json:
        report: dict[str, Any] = {
            "jitter": {
                photo: {p: dict(zip(names, sd.astype(float).tolist(), strict=True)) for p, sd in presets.items()}
                for photo, presets in jitter.items()
            },
            "blink": blinks,
            "good": good,
            "actions": actions,
        }
        write_json(args.json, report)
    return 0 if good else 1


def _action_figures(stills: list[Still], pipeline: Pipeline, video: str) -> dict[str, dict[str, Any]]:
    """For each preset: the largest jitter of ARKit's actions, in full actions, which one it is, that of each, and the
    share of a blink that is left. Empty where the network does not predict them."""
    raw = [s.actions for s in stills if s.actions is not None]
    if not raw:
        return {}
    noise = np.concatenate([a[_SETTLE:] - a[_SETTLE:].mean(0) for a in raw])
    opened, closed = _open_and_closed_actions(pipeline, video)
    result: dict[str, dict[str, Any]] = {}
    for preset in PRESETS:
        smooth = [a for s in stills if (a := s.smoothed_actions(preset)) is not None]
        sd = np.max([a[_SETTLE:].std(0) for a in smooth], axis=0)
        most = int(sd.argmax())
        left = action_blink_left(preset, opened, closed, noise)
        each = dict(zip(ARKIT, sd.astype(float).tolist(), strict=True))
        result[preset] = {"jitter": float(sd[most]), "loudest": ARKIT[most], "each": each, "blink": left}
    return result


def _open_and_closed_actions(pipeline: Pipeline, video: str) -> tuple[Array, Array]:
    """ARKit's actions (52,) with the eyes most open and most closed in a video."""
    pipeline.reset()
    with open_source(video) as source:
        told = [s[0].blendshapes for frame in source if (s := pipeline.process(frame))]
    return _extremes(np.array([a for a in told if a is not None]), _LIDS)


def action_blink_left(preset: str, opened: Array, closed: Array, noise: Array) -> float:
    """As `blink_left`, of ARKit's actions (52,)."""
    return _left(preset, opened, closed, noise, _LIDS, lambda smoother, a, t: smoother.actions(np.clip(a, 0, 1), t))


def photos_of(paths: list[Path] | None) -> Iterator[tuple[str, Image]]:
    """The photos to use, with their names."""
    if paths:
        yield from ((p.name, read_image(p)) for p in paths)
        return
    try:
        from skimage.data import astronaut
    except ImportError:
        pass
    else:
        yield "astronaut", np.ascontiguousarray(astronaut()[..., ::-1])
    with open_source(DEMO) as source:
        yield "demo", next(iter(source)).image


def noisy(image: Image, sigma: float, rng: np.random.Generator) -> Image:
    """`image` with sensor noise: at middle grey, half the variance is read noise, half is shot noise."""
    variance = sigma**2 / 2 * (1 + image / np.float32(128))
    seen = image + np.sqrt(variance) * rng.standard_normal(image.shape, np.float32)
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8)


def still_of(pipeline: Pipeline, name: str, image: Image, frames: int, sigma: float, seed: int = 0) -> Still:
    """Predict on `image` repeatedly, with fresh noise each time. Raises UserError if its face is lost."""
    if frames <= _SETTLE:
        raise UserError(f"--frames must be more than {_SETTLE}, the frames in which the smoothing settles.")
    rng = np.random.default_rng(seed)
    camera = Camera.for_image(image.shape[1], image.shape[0])
    pipeline.reset()
    states = []
    for i in range(frames):
        found = pipeline.process(Frame(noisy(image, sigma, rng), i / FPS, i))
        if not found:
            raise UserError(f"The face in {name} cannot be tracked; choose a photo with a clear face.")
        states.append(found[0])
    expression = np.array([s.expression_raw for s in states])
    told = [s.blendshapes for s in states if s.blendshapes is not None]
    actions = np.array(told) if len(told) == len(states) else None
    return Still(name, expression, [camera.view(s.pose) for s in states], actions)


def open_and_closed(pipeline: Pipeline, video: str) -> tuple[Array, Array]:
    """Expressions (29,) that the network predicts with the eyes most open and most closed in a video."""
    pipeline.reset()
    with open_source(video) as source:
        seen = np.array([s[0].expression_raw for frame in source if (s := pipeline.process(frame))])
    blink = [i for i, name in enumerate(pipeline.face_model.names) if "eyeBlink" in name]
    if len(seen) < 10:
        raise UserError(f"{video} shows a face too briefly to look for blinks; choose another with --blinks.")
    opened, closed = _extremes(seen, blink)
    if (closed - opened)[blink].min() < 2 * EXPRESSION_NOISE:
        raise UserError(f"Nobody closes both eyes in {video}; choose another with --blinks.")
    return opened, closed


def blink_left(preset: str, opened: Array, closed: Array, noise: Array, names: tuple[str, ...]) -> float:
    """The part of a blink's depth that passes the smoother: mean over noise, worst phase, worse eye."""
    frontal = WeakPerspective(np.zeros(3), 2.0, 0.0, 0.0)
    lids = [i for i, name in enumerate(names) if "eyeBlink" in name]

    def smooth(smoother: FaceSmoother, expression: Array, time: float) -> Array:
        return smoother(expression.astype(np.float32), frontal, None, time)[0]

    return _left(preset, opened, closed, noise, lids, smooth)


def _extremes(seen: Array, lids: list[int]) -> tuple[Array, Array]:
    """The median row of `seen` (T, n) with open eyes, and the same with the lids most closed."""
    lid = seen[:, lids].min(1)  # winks are not blinks
    opened = np.median(seen[lid <= np.median(lid)], 0)
    closed = opened.copy()
    # Only the lids move: other differences between those frames would distort the measure.
    closed[lids] = seen[np.argsort(lid)[-max(3, len(lid) // 100) :]].mean(0)[lids]
    return opened, closed


def _left(
    preset: str,
    opened: Array,
    closed: Array,
    noise: Array,
    lids: list[int],
    smooth: Callable[[FaceSmoother, Array, float], Array],
) -> float:
    rng = np.random.default_rng(1)
    left = []
    for phase in np.arange(_PHASES) / _PHASES / FPS:
        reached = []
        for _ in range(8):
            smoother = FaceSmoother(preset)
            times = np.arange(60) / FPS + phase
            closing = _lid(times - 1.0)
            start = int(rng.integers(len(noise)))
            shown = opened + closing[:, None] * (closed - opened)
            heard = shown + noise[np.arange(start, start + len(times)) % len(noise)]
            out = np.array([smooth(smoother, row, t) for row, t in zip(heard, times, strict=True)])
            peak = int(closing.argmax())
            deepest = (out[peak : peak + 3, lids] - opened[lids]).max(0)
            reached.append(deepest / np.maximum(shown[peak, lids] - opened[lids], 1e-3))
        left.append(np.mean(reached, 0).min())
    return float(min(left))


def _lid(times: Array) -> Array:
    """How far the lids are closed, 0..1, `times` s after a blink begins: a third closing, a third closed, a third
    opening.
    """
    ramp = np.clip(np.minimum(times, _BLINK_S - times) * 3 / _BLINK_S, 0, 1)
    closing: Array = 0.5 - 0.5 * np.cos(math.pi * ramp)
    return closing
