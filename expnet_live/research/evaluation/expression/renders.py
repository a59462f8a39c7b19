"""Rendered heads whose actions are known: each action alone, in turned heads, in small pictures, covered.

The heads are of random shape and colour, drawn by the renderer of the app's overlays, which draws no training picture.
Each picture is seen once, in the crop that the head's pose gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from tqdm import tqdm

from expnet_live.core.arkit import ARKIT, INDEX, MIRROR, N_BLENDSHAPES, WHOLE
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.look import FacePredictor
from expnet_live.research.evaluation.expression.measure import ActionFigures, figures
from expnet_live.research.training.demo_clip import Actor, Look
from expnet_live.research.training.performance import Moment

FACE = 200  # px, about the width of a face as it is drawn
SIZES = (60, 28, 14)
TURNS = (20, 40)  # degrees of yaw
_SHAPE_SD = 0.8
_YAWS = np.radians([-30, -20, -10, 0, 10, 20, 30])
_GRIN = ("mouthStretch", "mouthUpperUp", "mouthLowerDown")
_BATCH = 32


@dataclass(frozen=True, eq=False)
class Renders:
    """`frontal` for each action; mean r of small, turned and covered faces by their names; what actions say that should
    not: `cross_talk` (52,) as a share of the action, `other_side` (52,) of a side that does nothing, NaN where there is
    none; |r| of jaw and mouth sideways with the yaw of neutral heads; jaw of a clenched grin."""

    frontal: list[ActionFigures]
    mean_r: dict[str, float]
    cross_talk: Array
    other_side: Array
    with_yaw: dict[str, float]
    grin: float


@dataclass(frozen=True, eq=False)
class _Picture:
    head: int
    kind: str
    strengths: Array
    crops: dict[str, Image]


def measure_renders(
    predictor: FacePredictor,
    model: FaceModel,
    heads: int,
    strengths: tuple[float, ...],
    turns: tuple[int, ...] = TURNS,
) -> Renders:
    """Draws `heads` heads: each action alone at `strengths`, and at its full in heads turned by `turns` degrees."""
    pictures: list[_Picture] = []
    for head in range(heads):
        rng = np.random.default_rng(1000 + head)
        actor = Actor(model, _look(model, rng))
        for kind, moment in tqdm(list(_moments(strengths, turns, rng)), f"head {head + 1} of {heads}", unit="picture"):
            image = actor.draw(moment)
            pictures.append(
                _Picture(head, kind, moment.blendshapes, _crops(image, actor.view(moment), kind, predictor, rng))
            )
    return _figures(pictures, predictor)


def _look(model: FaceModel, rng: np.random.Generator) -> Look:
    return Look(
        identity=(_SHAPE_SD * rng.standard_normal(model.n_identity)).astype(np.float32),
        skin=rng.uniform(0.35, 1.1) * np.exp(rng.normal(0, 0.05, 3)),
        hair=rng.uniform(15, 150) * np.array([1.0, 0.85, 0.75]),
        cloth=rng.uniform(20, 230, 3),
    )


def _moments(
    strengths: tuple[float, ...], turns: tuple[int, ...], rng: np.random.Generator
) -> list[tuple[str, Moment]]:
    def moment(w: Array, yaw: float = 0.0) -> Moment:
        pitch = float(rng.normal(0, 0.03))
        return Moment(0.0, w.astype(np.float32), np.array([pitch, yaw, 0.0]))

    alone = np.eye(N_BLENDSHAPES)
    found = [("frontal", moment(0 * alone[0])) for _ in range(3)]
    found += [("frontal", moment(s * w)) for w in _possible(alone) for s in strengths]
    for turn in turns:
        for w in (0 * alone[0], *_possible(alone)):
            found.append((f"turned {turn}", moment(w, np.radians(turn) * rng.choice([-1, 1]))))
    found += [("yaw", moment(0 * alone[0], yaw)) for yaw in _YAWS]
    grin = np.zeros(N_BLENDSHAPES)
    grin[[INDEX[name + side] for name in _GRIN for side in ("Left", "Right")]] = 0.8
    return [*found, ("grin", moment(grin))]


def _possible(alone: Array) -> list[Array]:
    """Each action alone, but lips that close need a jaw that has opened them."""
    w = alone.copy()
    w[INDEX["mouthClose"], INDEX["jawOpen"]] = 1
    return list(w)


def _crops(
    image: Image, view: WeakPerspective, kind: str, predictor: FacePredictor, rng: np.random.Generator
) -> dict[str, Image]:
    crop = Crop.of_view(view, predictor.crop_size)
    found = {kind: crop.cut(image)}
    if kind != "frontal":
        return found
    for size in SIZES:
        f = size / FACE
        small = cv2.resize(image, None, fx=f, fy=f, interpolation=cv2.INTER_AREA)
        shrunk = WeakPerspective(view.rotation, view.scale * f, (view.x + 0.5) * f - 0.5, (view.y + 0.5) * f - 0.5)
        found[f"{size} px"] = Crop.of_view(shrunk, predictor.crop_size).cut(small)
    covered = found[kind].copy()
    third, side = predictor.crop_size // 3, int(rng.integers(3))
    band = [np.s_[:, :third], np.s_[:, -third:], np.s_[:third]][side]
    covered[band] = rng.integers(0, 256, 3)
    found["a third covered"] = covered
    return found


def _figures(pictures: list[_Picture], predictor: FacePredictor) -> Renders:
    names = sorted({name for p in pictures for name in p.crops})
    said: dict[str, Array] = {}
    rows: dict[str, list[_Picture]] = {}
    for name in names:
        rows[name] = [p for p in pictures if name in p.crops]
        crops = np.stack([p.crops[name] for p in rows[name]])
        parts = [predictor.predict(crops[i : i + _BATCH]).blendshapes for i in range(0, len(crops), _BATCH)]
        said[name] = np.concatenate([p for p in parts if p is not None])

    def of(name: str) -> list[ActionFigures]:
        truth = np.stack([p.strengths for p in rows[name]])
        return figures(said[name], truth, np.array([p.head for p in rows[name]]))

    shown = [name for name in names if name not in ("frontal", "yaw", "grin")]
    yaws, turned = np.tile(_YAWS, len(rows["yaw"]) // len(_YAWS)), said["yaw"]
    with_yaw = {}
    for what in ("jaw", "mouth"):
        signed = turned[:, INDEX[f"{what}Left"]] - turned[:, INDEX[f"{what}Right"]]
        with_yaw[what] = abs(float(np.corrcoef(signed, yaws)[0, 1])) if signed.std() > 1e-6 else 0.0
    talk, other = _cross_talk(rows["frontal"], said["frontal"])
    return Renders(
        frontal=of("frontal"),
        mean_r={name: float(np.nanmean([f.r for f in of(name)])) for name in shown},
        cross_talk=talk,
        other_side=other,
        with_yaw=with_yaw,
        grin=float(said["grin"][:, INDEX["jawOpen"]].mean()),
    )


def _cross_talk(rows: list[_Picture], said: Array) -> tuple[Array, Array]:
    truth, head = np.stack([p.strengths for p in rows]), np.array([p.head for p in rows])
    quiet = truth.sum(1) == 0
    moved = said - np.stack([said[quiet & (head == h)].mean(0) for h in head])
    talk, other = np.full(N_BLENDSHAPES, np.nan), np.full(N_BLENDSHAPES, np.nan)
    for i, name in enumerate(ARKIT):
        full = truth[:, i] == truth[:, i].max()
        rest = (truth[full] == 0).all(0)
        talk[i] = float(np.sqrt((moved[full][:, rest] ** 2).mean())) / truth[:, i].max()
        if MIRROR[i] != i and name not in WHOLE:
            other[i] = float(moved[full, MIRROR[i]].mean()) / max(float(moved[full, i].mean()), 0.05)
    return talk, other


def text(found: Renders) -> str:
    """Lines for people."""
    good = [f for f in found.frontal if f.r >= 0.9 and 0.8 <= f.gain <= 1.2]
    measured = (
        f"renders: r >= .9 and gain .8 to 1.2 for {len(good)} of {len(found.frontal)} actions, lowest r "
        f"{min(f.r for f in found.frontal):.2f}, mean r {np.mean([f.r for f in found.frontal]):.3f}, "
        f"median gain {np.median([f.gain for f in found.frontal]):.2f}"
    )
    lines = [
        measured,
        "mean r: " + ", ".join(f"{name} {r:.3f}" for name, r in found.mean_r.items()),
        f"cross-talk: mean {np.mean(found.cross_talk):.3f}, most {found.cross_talk.max():.3f}",
        f"a side at rest: {np.nanmean(found.other_side):.2f} of the other, at most {np.nanmax(found.other_side):.2f}",
        f"|r| with yaw: jaw {found.with_yaw['jaw']:.2f}, mouth {found.with_yaw['mouth']:.2f}",
        f"clenched grin: jaw open {found.grin:.2f}",
        f"{'action':22s} {'r':>6s} {'gain':>6s} {'cross-talk':>10s}",
    ]
    lines += [
        f"{f.name:22s} {f.r:6.2f} {f.gain:6.2f} {t:10.2f}" for f, t in zip(found.frontal, found.cross_talk, strict=True)
    ]
    return "\n".join(lines)
