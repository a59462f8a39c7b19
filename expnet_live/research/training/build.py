"""Builds the face model's asset from landmarks."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.files import write_json
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.topology import base_topology
from expnet_live.research.training.colors import mean_face_colors
from expnet_live.research.training.face_model import learn_face_model, widen_face_model
from expnet_live.research.training.faces import LearnConfig, select_faces
from expnet_live.research.training.labels import make_labels
from expnet_live.research.training.landmarks import LandmarkSet
from expnet_live.research.training.workspace import Photos

log = logging.getLogger(__name__)


def build_face_model(
    photos: Photos, landmarks: LandmarkSet, out: Path, report: Path | None = None, widen: FaceModel | None = None
) -> FaceModel:
    """Learn the model, or only wider components of `widen`, scale eta to standard deviations over the training photos,
    colour it, and write it.

    Raises UserError if the landmarks were made without a teacher, whose scores name the components.
    """
    if not landmarks.score_names.size:
        raise UserError("These landmarks have no scores; make them with --teacher, whose scores name the components.")
    config = LearnConfig()
    split = photos.split(landmarks)
    subjects = photos.subjects(landmarks.key)
    faces, _ = select_faces(landmarks, subjects, photos.emotions(landmarks.key), split, config)
    names = landmarks.score_names.tolist()
    learned = learn_face_model(faces, names, config) if widen is None else widen_face_model(widen, faces, names, config)
    model = FaceModel(
        mean=learned.mean.astype(np.float32),
        identity=learned.identity.astype(np.float32),
        expression=learned.expression.astype(np.float32),
        names=tuple(learned.names),
        prior_mean=learned.prior_mean.astype(np.float32),
        prior_covariance=learned.prior_covariance.astype(np.float32),
        mirror=learned.mirror,
        base_triangles=base_topology().triangles,
        base_colors=np.zeros((0, 3), np.uint8),
        first=None if widen is None else widen.expression,
    )
    labels = make_labels(landmarks, subjects, model)
    model = standardized(model, labels.expression[labels.good & split.train])
    colors = mean_face_colors(landmarks, list(photos.refs.values()), model) if widen is None else widen.base_colors
    model = replace(model, base_colors=colors)
    model.save(out)
    for key in [k for k in learned.report if ":" not in k]:
        log.info("%s: %.4f", key, learned.report[key])
    if report is not None:
        write_json(report, learned.report)
    return model


def standardized(model: FaceModel, expression: Array) -> FaceModel:
    """`model` with its components scaled so that fitted expressions (N, 29) have unit standard deviation."""
    partner, _ = model.mirror_expression
    sd = expression.std(0)
    sd = (sd + sd[partner]) / 2
    return replace(
        model,
        expression=model.expression * sd[:, None, None],
        prior_mean=model.prior_mean / sd,
        prior_covariance=model.prior_covariance / np.outer(sd, sd),
    )
