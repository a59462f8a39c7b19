"""Fits the face model to landmarks: Gauss-Newton with Gaussian priors, vectorised in torch.

This is how the paper makes labels: pose, identity pooled over a subject's photos, and expression
under its prior. A photo's landmarks are modelled as o = s (R (mean + B beta) + t) with isotropic
noise in the picture and larger noise in depth; beta stacks expression and identity. The normal
equations of all photos are built at once; a subject's photos share identity, so each photo's own
unknowns are eliminated (Schur complement) before solving for the subject's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from expnet_live.core.types import Array
from expnet_live.geometry.rotation import vector_from_matrix
from expnet_live.heads.face_model import FaceModel

N_POSE = 7  # rotation (3), log scale, translation (3)
N_FACE = 468


@dataclass(frozen=True)
class FitConfig:
    """`noise` and `depth_noise`: standard deviations of a landmark in mm, large enough to cover errors
    that neighbours share; `prior` scales the weight of the expression prior; `deviation`: standard
    deviation of a photo's identity from its subject's (age, lens, make-up), in units of identity's."""

    iterations: int = 6
    noise: float = 2.5
    depth_noise: float = 7.0
    prior: float = 1.0
    deviation: float = 0.5


@dataclass(frozen=True, eq=False)
class Fit:
    """Results for N photos: rotation vectors (N, 3), scale (N,) px/mm, position (N, 2) px of the model's origin,
    expression (N, 29), identity (N, K), and the root mean square residual (N,) in the picture, in mm."""

    rotation: Array
    scale: Array
    origin: Array
    expression: Array
    identity: Array
    residual: Array


class Fitter:
    """Fits `model` to Face Mesh landmarks."""

    def __init__(self, model: FaceModel, config: FitConfig | None = None) -> None:
        self.config = config = config or FitConfig()
        self.n_identity = model.n_identity
        basis = torch.from_numpy(np.concatenate([model.expression, model.identity]))
        self.mean = torch.from_numpy(model.mean.copy())
        self.basis = basis.reshape(len(basis), -1)
        # Products of the basis' coordinates: the normal equations for any rotation are combinations of these nine.
        axes = basis.permute(2, 0, 1)
        self.gram = torch.einsum("akp,blp->abkl", axes, axes).reshape(9, -1)
        covariance = torch.from_numpy(model.prior_covariance.astype(np.float64))
        covariance = covariance + 1e-3 * torch.eye(len(covariance), dtype=torch.float64)
        self.precision = (config.prior * torch.linalg.inv(covariance)).float()
        self.prior_mean = torch.from_numpy(model.prior_mean.copy())

    def fit(self, landmarks: Array, subject: Array | None = None) -> Fit:
        """Fit landmarks (N, >=468, 3) in mediapipe's convention: x, y (down) px, z (away) in the same scale.

        `subject` (N,) integers from 0: photos of one subject share an identity; None: each has its own.
        """
        o = torch.from_numpy(landmarks[:, :N_FACE].astype(np.float32)) * torch.tensor([1.0, -1.0, -1.0])
        of = torch.arange(len(o)) if subject is None else torch.from_numpy(np.asarray(subject, np.int64))
        state = self._start(o, int(of.max()) + 1 if len(o) else 0)
        # With a single photo, the subject's identity absorbs the deviation.
        deviation = 0.0 if len(state.identity) == len(o) else self.config.deviation
        for _ in range(self.config.iterations):
            self._step(o, of, state, deviation)
        residual = self._residual(o, state, of)[..., :2].square().sum(-1).mean(-1).sqrt()
        shift = state.scale[:, None] * state.translation
        return Fit(
            rotation=vector_from_matrix(state.rotation.numpy()).astype(np.float32),
            scale=state.scale.numpy(),
            origin=np.stack([shift[:, 0].numpy(), -shift[:, 1].numpy()], 1),
            expression=state.expression.numpy(),
            identity=(state.identity[of] + state.deviation).numpy(),
            residual=residual.numpy(),
        )

    def _start(self, o: torch.Tensor, n_subjects: int) -> _State:
        """Start from the mean face and its best similarity (Umeyama 1991)."""
        center = o.mean(1, keepdim=True)
        a, b = self.mean - self.mean.mean(0), o - center
        u, s, vh = torch.linalg.svd(torch.einsum("npi,pj->nij", b, a))
        sign = torch.ones_like(s)
        sign[:, 2] = torch.linalg.det(u @ vh).sign()
        rotation = (u * sign[:, None]) @ vh
        scale = (s * sign).sum(1) / a.square().sum()
        translation = center[:, 0] / scale[:, None] - rotation @ self.mean.mean(0)
        eta = self.prior_mean.expand(len(o), -1).clone()
        identity = torch.zeros(n_subjects, self.n_identity)
        return _State(rotation, scale, translation, eta, torch.zeros(len(o), self.n_identity), identity)

    def _turned(self, state: _State, of: torch.Tensor) -> torch.Tensor:
        beta = torch.cat([state.expression, state.identity[of] + state.deviation], 1)
        shape = self.mean + (beta @ self.basis).reshape(-1, N_FACE, 3)
        return shape @ state.rotation.mT

    def _residual(self, o: torch.Tensor, state: _State, of: torch.Tensor) -> torch.Tensor:
        return self._turned(state, of) + state.translation[:, None] - o / state.scale[:, None, None]

    def _step(self, o: torch.Tensor, of: torch.Tensor, state: _State, deviation: float) -> None:
        """One Gauss-Newton step; residuals in mm, the rotation updated on its left."""
        turned = self._turned(state, of)
        placed = turned + state.translation[:, None]
        residual = placed - o / state.scale[:, None, None]
        cfg = self.config
        weight = torch.tensor([cfg.noise, cfg.noise, cfg.depth_noise]).pow(-2)
        x, y, z = turned.unbind(-1)
        zero, one = torch.zeros_like(x), torch.ones_like(x)
        # Columns: rotation about x, y, z; log scale; translation.
        jacobian = torch.stack(
            [
                torch.stack([zero, z, -y, placed[..., 0], one, zero, zero], -1),
                torch.stack([-z, zero, x, placed[..., 1], zero, one, zero], -1),
                torch.stack([y, -x, zero, placed[..., 2], zero, zero, one], -1),
            ],
            -2,
        )  # (N, 468, 3, 7)
        n = len(o)
        weighted = jacobian * weight[:, None]
        pose_pose = torch.einsum("npaj,npak->njk", weighted, jacobian)
        pose_right = torch.einsum("npaj,npa->nj", weighted, residual)
        # J_beta = R B, so J_pose' W J_beta = (R' W J_pose)' B.
        back = torch.einsum("npaj,nab->njpb", weighted, state.rotation).reshape(n, N_POSE, -1)
        pose_beta = back @ self.basis.T
        mixed = torch.einsum("nab,a,nac->nbc", state.rotation, weight, state.rotation).reshape(n, 9)
        beta_beta = (mixed @ self.gram).reshape(n, len(self.basis), len(self.basis))
        beta_right = ((residual * weight) @ state.rotation).reshape(n, -1) @ self.basis.T

        # A photo's own unknowns: pose, expression, and its deviation from the subject's identity, if it may have one.
        e, k = len(self.prior_mean), self.n_identity
        own_beta = slice(0, e + k if deviation else e)
        prior = torch.zeros(e + k, e + k)
        prior[:e, :e] = self.precision
        prior[e:, e:] = torch.eye(k) / (deviation or 1.0) ** 2
        prior = prior[own_beta, own_beta]
        values = torch.cat([state.expression - self.prior_mean, state.deviation], 1)[:, own_beta]
        cross = pose_beta[:, :, own_beta]
        own = torch.cat(
            [torch.cat([pose_pose, cross], 2), torch.cat([cross.mT, beta_beta[:, own_beta, own_beta] + prior], 2)], 1
        )
        own_right = torch.cat([pose_right, beta_right[:, own_beta] + values @ prior], 1)
        coupling = torch.cat([pose_beta[:, :, e:], beta_beta[:, own_beta, e:]], 1)
        eliminated = torch.linalg.solve(own, torch.cat([coupling, own_right[..., None]], 2))
        reduced = beta_beta[:, e:, e:] - coupling.mT @ eliminated[..., :-1]
        reduced_right = beta_right[:, e:] - (coupling.mT @ eliminated[..., -1:])[..., 0]
        shared = torch.zeros(len(state.identity), k, k).index_add_(0, of, reduced)
        precision = 1.0 if deviation else 1 / (1 + cfg.deviation**2)
        shared = shared + precision * torch.eye(k)
        shared_right = torch.zeros(len(state.identity), k).index_add_(0, of, reduced_right)
        shared_right = shared_right + precision * state.identity
        identity_step = torch.linalg.solve(shared, shared_right)
        own_step = eliminated[..., -1] - (eliminated[..., :-1] @ identity_step[of][..., None])[..., 0]

        state.identity -= identity_step
        state.expression -= own_step[:, N_POSE : N_POSE + e]
        if deviation:
            state.deviation -= own_step[:, N_POSE + e :]
        state.rotation = torch.linalg.matrix_exp(_skew(-own_step[:, :3])) @ state.rotation
        state.scale = state.scale * torch.exp(-own_step[:, 3])
        state.translation = state.translation - own_step[:, 4:N_POSE]


@dataclass
class _State:
    rotation: torch.Tensor
    scale: torch.Tensor
    translation: torch.Tensor
    expression: torch.Tensor
    deviation: torch.Tensor
    identity: torch.Tensor


def _skew(v: torch.Tensor) -> torch.Tensor:
    x, y, z = v.unbind(-1)
    o = torch.zeros_like(x)
    return torch.stack([o, -z, y, z, o, -x, -y, x, o], -1).reshape(*v.shape[:-1], 3, 3)
