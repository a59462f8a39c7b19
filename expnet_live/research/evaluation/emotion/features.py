"""The descriptions of a face that the emotion test compares: ExpNet, the landmark fit, blendshapes, official ExpNet."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Protocol

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array, Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.predictor import Predictor
from expnet_live.pipeline.detection import Detection
from expnet_live.research.evaluation.accuracy.looks import Estimate, estimate
from expnet_live.research.evaluation.emotion.blendshapes import N_SCORES, Blendshapes
from expnet_live.research.evaluation.network import network_of

TITLES = {
    "expnet": "ExpNet",
    "expnet-one-look": "ExpNet, one look",
    "expnet-actions": "ExpNet, ARKit's actions",
    "expnet-both": "ExpNet, coefficients and actions",
    "landmark-fit": "landmark fit",
    "mediapipe-blendshapes": "MediaPipe blendshapes",
    "official": "official ExpNet",
}


class Feature(Protocol):
    """Maps photos with their faces to one row of numbers each."""

    def __call__(self, images: Sequence[Image], faces: Sequence[Detection]) -> tuple[Array, Array]:
        """Rows (N, D), and (N,) bool where a face was found; the other rows are those of a neutral face."""
        ...


class ExpNetFeature:
    """The 29 coefficients, ARKit's 52 actions or both, as `outputs` says, from several looks (`closely`) as for a
    user's photos, else from one, as in a video."""

    def __init__(
        self,
        predictor: Predictor,
        model: FaceModel,
        *,
        closely: bool = True,
        outputs: tuple[str, ...] = ("expression",),
    ) -> None:
        self._outputs = outputs
        self._predictor, self._model, self._closely = predictor, model, closely

    def __call__(self, images: Sequence[Image], faces: Sequence[Detection]) -> tuple[Array, Array]:
        found = estimate(images, faces, self._predictor, self._model, closely=self._closely)
        return np.stack([self._row(e) for e in found]), np.ones(len(found), bool)

    def _row(self, seen: Estimate) -> Array:
        if "actions" not in self._outputs:
            return seen.expression
        if seen.actions is None:
            raise UserError("This network does not predict ARKit's actions; choose one that does with --model.")
        return np.concatenate([seen.expression, seen.actions]) if "expression" in self._outputs else seen.actions


class LandmarkFeature:
    """The 29 coefficients of the face model fitted to Face Mesh."""

    def __init__(self, model: FaceModel) -> None:
        from expnet_live.pipeline.landmark_fit import LandmarkFitEstimator  # needs torch

        self._fitter = LandmarkFitEstimator(model, min_confidence=0.1)

    def __call__(self, images: Sequence[Image], faces: Sequence[Detection]) -> tuple[Array, Array]:
        found = [self._fitter.landmarks(x, f) for x, f in zip(images, faces, strict=True)]
        rows = np.tile(self._fitter.model.prior_mean, (len(found), 1))
        seen = np.array([p is not None for p in found])
        if seen.any():
            rows[seen] = self._fitter.fit(np.stack([p for p in found if p is not None])).expression
        return rows, seen


class BlendshapeFeature:
    """MediaPipe's 52 scores."""

    def __init__(self, blendshapes: Blendshapes) -> None:
        self._blendshapes = blendshapes

    def __call__(self, images: Sequence[Image], faces: Sequence[Detection]) -> tuple[Array, Array]:
        found = [self._blendshapes.scores(x, f) for x, f in zip(images, faces, strict=True)]
        rows = np.stack([np.zeros(N_SCORES, np.float32) if s is None else s for s in found])
        return rows, np.array([s is not None for s in found])


def _expnet(args: argparse.Namespace, *, closely: bool = True, outputs: tuple[str, ...] = ("expression",)) -> Feature:
    return ExpNetFeature(network_of(args.model, args.device), FaceModel.load(), closely=closely, outputs=outputs)


def _landmark_fit(args: argparse.Namespace) -> Feature:
    del args
    return LandmarkFeature(FaceModel.load())


def _blendshapes(args: argparse.Namespace) -> Feature:
    if args.teacher is None:
        raise UserError("mediapipe-blendshapes needs a Face Landmarker file (.task); give it with --teacher.")
    return BlendshapeFeature(Blendshapes(args.teacher))


def _official(args: argparse.Namespace) -> Feature:
    try:
        module = import_module("expnet_live.official.emotion")
    except ImportError as e:
        raise UserError("The official ExpNet is missing; import it with 'expnet-live official import'.") from e
    feature: Feature = module.official_feature(args)
    return feature


FEATURES: dict[str, Callable[[argparse.Namespace], Feature]] = {
    "expnet": _expnet,
    "expnet-one-look": partial(_expnet, closely=False),
    "expnet-actions": partial(_expnet, outputs=("actions",)),
    "expnet-both": partial(_expnet, outputs=("expression", "actions")),
    "landmark-fit": _landmark_fit,
    "mediapipe-blendshapes": _blendshapes,
    "official": _official,
}


def feature_names(text: str) -> list[str]:
    """The type of --features: names of TITLES, separated by commas."""
    names = [n.strip() for n in text.split(",") if n.strip()]
    if unknown := sorted(set(names) - set(TITLES)):
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(TITLES)}")
    return list(dict.fromkeys(names))
