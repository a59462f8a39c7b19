"""The landmark fit recovers the parameters that the landmarks were made from."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.types import Array
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.fitting import FitConfig, Fitter


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


def _seen(model: FaceModel, expression: Array, identity: Array, view: WeakPerspective) -> Array:
    """Landmarks (468, 3) in mediapipe's convention: y down, z away."""
    points = view.project(model.landmarks(expression, identity))
    points[:, 2] *= -1
    return points


def test_fit_recovers_pose_and_expression(model: FaceModel) -> None:
    rng = np.random.default_rng(0)
    n = 12
    expression = rng.multivariate_normal(model.prior_mean, model.prior_covariance, n).astype(np.float32)
    identity = rng.normal(0, 0.7, (n, model.n_identity)).astype(np.float32)
    views = [WeakPerspective(rng.normal(0, 0.25, 3), rng.uniform(0.5, 3), *rng.uniform(50, 300, 2)) for _ in range(n)]
    landmarks = np.stack([_seen(model, *a) for a in zip(expression, identity, views, strict=True)])
    fit = Fitter(model, FitConfig(noise=0.02, depth_noise=0.02)).fit(landmarks)
    assert np.abs(fit.expression - expression).max() < 0.25
    assert np.abs(fit.rotation - np.stack([v.rotation for v in views])).max() < 0.01
    assert np.allclose(fit.scale, [v.scale for v in views], rtol=0.01)
    assert fit.residual.max() < 0.05


def test_identity_is_shared_by_a_subjects_photos(model: FaceModel) -> None:
    rng = np.random.default_rng(1)
    identity = rng.normal(0, 1, (2, model.n_identity)).astype(np.float32)
    subject = np.array([0, 1, 0, 1, 0, 1])
    view = WeakPerspective(np.array([0.0, 0.2, 0.0]), 1.5, 100, 100)
    landmarks = np.stack([_seen(model, rng.normal(0, 0.7, 29).astype(np.float32), identity[s], view) for s in subject])
    fit = Fitter(model, FitConfig(deviation=0)).fit(landmarks, subject)
    assert np.allclose(fit.identity[0], fit.identity[2])
    assert not np.allclose(fit.identity[0], fit.identity[1])
    # A photo may deviate from its subject, but less than another subject does, or photos of nobody known do.
    of_photo, alone = Fitter(model).fit(landmarks, subject).identity, Fitter(model).fit(landmarks).identity
    apart = np.linalg.norm(of_photo[0] - of_photo[2])
    assert 0 < apart < np.linalg.norm(alone[0] - alone[2])
    assert apart < np.linalg.norm(of_photo[0] - of_photo[1])


def test_prior_pulls_noise_to_rest(model: FaceModel) -> None:
    rng = np.random.default_rng(2)
    view = WeakPerspective(np.zeros(3), 0.3, 100, 100)
    rest = np.zeros(29, np.float32)
    landmarks = _seen(model, rest, np.zeros(model.n_identity, np.float32), view)[None].repeat(8, 0)
    landmarks = landmarks + rng.normal(0, 0.5, landmarks.shape).astype(np.float32)
    loose = Fitter(model, FitConfig(noise=0.1)).fit(landmarks).expression
    firm = Fitter(model, FitConfig(noise=5.0)).fit(landmarks).expression
    assert firm.std() < loose.std()
