"""Learns the 3D morphable face model S = mean + B_id alpha + B_exp eta from landmarks of photos.

Method: faces are aligned by similarities to a symmetric mean. Every aligned face, and its mirror
image, is modelled as mean + effect of its pose on the landmarks + its subject's identity +
expression. First, the expression is regressed on the teacher's named scores (ridge), which gives
52 named displacement fields; 29 of them, merged and confined to their regions by masks, initialise
an EM algorithm (probabilistic PCA with an anchor, a full prior covariance and locality) that refines
them on all photos. Then they widen until they span what varies within a person, and more of the rig.
Identity is the covariance between subjects, minus the variation within a subject. The faces are then
realigned to their own reconstruction, and everything is repeated.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from expnet_live.core.arkit import N_BLENDSHAPES, mirrored_name
from expnet_live.core.types import Array
from expnet_live.geometry.alignment import align_similarity, weighted_mean_shape
from expnet_live.heads import topology
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.rig import Rig
from expnet_live.research.training.components import Component, components, mirror_of
from expnet_live.research.training.faces import Faces, LearnConfig
from expnet_live.research.training.spanning import spanning

log = logging.getLogger(__name__)

N_FACE = 468
MIRROR = np.array([-1.0, 1.0, 1.0])
_MOVES = 1.0  # mm over all points: an action below moves the tongue alone
# The most noticeable components: they take what others share with them.
LEADING = ("jawOpen", "mouthSmile", "eyeBlink", "browInnerUp")
# Below all of these scores a face is calm, so its shape is the identity.
CALM = {
    "jawOpen": 0.03, "mouthSmileLeft": 0.15, "mouthSmileRight": 0.15, "mouthPucker": 0.2, "mouthFunnel": 0.05,
    "mouthRollLower": 0.15, "mouthRollUpper": 0.15, "mouthShrugLower": 0.15, "mouthPressLeft": 0.25,
    "mouthPressRight": 0.25, "mouthLowerDownLeft": 0.05, "mouthLowerDownRight": 0.05, "mouthUpperUpLeft": 0.05,
    "mouthUpperUpRight": 0.05, "browInnerUp": 0.4, "browDownLeft": 0.4, "browDownRight": 0.4, "eyeBlinkLeft": 0.4,
    "eyeBlinkRight": 0.4,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Learned:
    """Arrays of the face model, see FaceModel, and its measurements."""

    mean: Array
    identity: Array
    expression: Array
    names: list[str]
    prior_mean: Array
    prior_covariance: Array
    mirror: Array
    report: dict[str, float]


def mirrored(fields: Array, mirror: Array) -> Array:
    """Mirrored displacements (..., 468, 3)."""
    result: Array = (fields * MIRROR)[..., mirror, :]
    return result


def _leading(covariance: Array, n: int) -> tuple[Array, Array]:
    """The n largest eigenvalues (positive) and their eigenvectors as columns, float32."""
    value, vector = np.linalg.eigh(covariance)
    return np.maximum(value[::-1][:n], 1e-6).astype(np.float32), vector[:, ::-1][:, :n].astype(np.float32)


def _posterior(f: Array, second: Array, noise: float) -> tuple[Array, Array]:
    """Covariance of (eta, alpha) given a face, and the gain (1404, 29 + K) that gives their mean from it.

    `f` (29 + K, 1404) are both bases; eta has the second moment `second`, alpha the unit matrix.
    """
    prior = np.eye(len(f))
    prior[: len(second), : len(second)] = np.linalg.inv(second + 1e-3 * np.eye(len(second)))
    posterior = np.linalg.inv(f @ f.T / noise + prior)
    return posterior, f.T @ posterior / noise


def _angles(rotation: Array) -> tuple[Array, Array]:
    """Yaw and pitch (N,) of rotations (N, 3, 3)."""
    return np.arctan2(rotation[:, 0, 2], rotation[:, 2, 2]), np.arcsin(np.clip(-rotation[:, 1, 2], -1, 1))


@dataclass(frozen=True, eq=False)
class _Apart:
    """Displacements `x` (N, 1404) of aligned faces from the mean, and their parts: the `effect` of pose and rest,
    `subject`, the share of each face's subject, `told` by the scores through the `named` fields (52, 1404), and the
    displacement `rest` (468, 3) of all."""

    x: Array
    effect: Array
    subject: Array
    named: Array
    told: Array
    rest: Array

    @property
    def z(self) -> Array:
        """Without the effect of pose."""
        return np.asarray(self.x - self.effect)

    @property
    def within(self) -> Array:
        """What differs between the faces of one subject."""
        return np.asarray(self.z - self.subject)


class _Learner:
    def __init__(self, faces: Faces, score_names: Sequence[str], config: LearnConfig) -> None:
        self.faces, self.config = faces, config
        self.score_names = list(score_names)
        self.swap = np.array([self.score_names.index(mirrored_name(n)) for n in self.score_names])
        self.subjects, self.of, self.count = np.unique(faces.subject, return_inverse=True, return_counts=True)
        self.scores = faces.scores - self._neutral_scores()

    def _neutral_scores(self) -> Array:
        """Scores of a neutral face, the origin of expression: the median over calm neutral-labelled photos."""
        s = self.faces.scores
        calm = self.faces.neutral & (s[:, self.score_names.index("jawOpen")] < 0.05)
        rest = np.median(s[calm], axis=0)
        result: Array = (rest + rest[self.swap]) / 2
        return result

    def learn(self) -> Learned:
        mean, weights = self._mean_shape()
        parts = components(mean, self.mirror)
        target = start = mean[:N_FACE].astype(np.float32)
        for _ in range(self.config.outer_rounds):
            apart = self._apart(target, start, weights)
            identity = self._identity_basis(apart.z - apart.told, parts)
            em = self._expression(apart, identity, parts)
            target = self._modelled(start, apart, em, identity)
        return self._learned(start + apart.rest, apart, em, identity)

    def widen(self, model: FaceModel) -> Learned:
        """`model` with components that span more, and their prior; its mean and its identity stay."""
        weights = self._mean_shape()[1]
        identity, fields = (basis.reshape(len(basis), -1) for basis in (model.identity, model.expression))
        second = model.prior_covariance + np.outer(model.prior_mean, model.prior_mean)
        target = model.mean
        for _ in range(self.config.outer_rounds):
            apart = self._apart(target, model.mean, weights)
            log.info("faces at rest are %.3f mm from the mean", np.linalg.norm(apart.rest, axis=1).mean())
            em = self._widened(apart, identity, list(model.names), fields, second)
            target = self._modelled(model.mean, apart, em, identity)
        return self._learned(model.mean, apart, em, identity)

    def _mean_shape(self) -> tuple[Array, Array]:
        """The symmetric mean shape (478, 3) in mm and the weights of its points; sets `mirror`."""
        raw, train = self.faces.raw, self.faces.train
        width = raw[:, 263, 0] - raw[:, 33, 0]
        turned = np.abs(2 * raw[:, 1, 0] - raw[:, 33, 0] - raw[:, 263, 0]) + np.abs(raw[:, 263, 1] - raw[:, 33, 1])
        start = raw[np.argmin(turned / width)]
        start = align_similarity(raw[train], start, np.ones(len(start)))[0].mean(0)
        mirror = topology.mirror_permutation(start - start[:N_FACE].mean(0))
        self.mirror = mirror[:N_FACE]
        return weighted_mean_shape(raw[train], start, mirror)

    def _apart(self, target: Array, mean: Array, weights: Array) -> _Apart:
        """Align the faces to `target` and take apart what moves them away from `mean`."""
        raw = self.faces.raw
        aligned, rotation = align_similarity(raw[:, :N_FACE], target, weights[:N_FACE])
        self.yaw, self.pitch = _angles(rotation)
        x = (aligned - mean).reshape(len(raw), -1).astype(np.float32)
        subject_effect = np.zeros((len(self.subjects), x.shape[1]), np.float32)
        for _ in range(3):
            fields, fixed = self._regress(x - subject_effect[self.of])
            subject_effect = self._identity(x - fixed)
        named = fields[-len(self.score_names) :]
        effect = self._nuisance() @ fields[: -len(self.score_names)]
        return _Apart(x, effect, subject_effect[self.of], named, self.scores @ named, fields[0].reshape(N_FACE, 3))

    def _modelled(self, mean: Array, apart: _Apart, em: _Expression, identity: Array) -> Array:
        """The faces (N, 468, 3) as the model has them."""
        model = apart.effect + em.alpha @ identity + em.eta @ em.fields.reshape(29, -1)
        left = (apart.x - model)[self.faces.train]
        log.info("residual %.3f mm rms a coordinate", np.sqrt((left**2).mean()))
        return np.asarray(mean + model.reshape(-1, N_FACE, 3))

    def _learned(self, mean: Array, apart: _Apart, em: _Expression, identity: Array) -> Learned:
        return Learned(
            mean=mean,
            identity=identity.reshape(-1, N_FACE, 3),
            expression=em.fields,
            names=em.names,
            prior_mean=em.eta_mean,
            prior_covariance=em.eta_covariance,
            mirror=self.mirror,
            report=em.report | self._span(apart.z, apart.within, apart.told, em.fields),
        )

    def _span(self, x: Array, z: Array, told: Array, fields: Array) -> dict[str, float]:
        """The share of variation within held-out people explained by 29 components, ours and principal ones.

        For `x`, all of it, and for `told`, the part that the scores predict: the rest is partly identity in another
        view.
        """
        held = ~self.faces.train & (self.count > 1)[self.of]
        principal = np.linalg.eigh(self._covariance(z[self.faces.train]))[1][:, ::-1][:, :29]
        named = np.linalg.qr(fields.reshape(29, -1).T)[0]
        share = {}
        for what, rows in ("variance", x), ("variance predicted by the scores", told):
            deviation = rows[held] - self._means(rows)[self.of[held]]
            for name, basis in ("named components", named), ("principal components", principal):
                explained = ((deviation @ basis) ** 2).sum() / (deviation**2).sum()
                share[f"held-out {what} explained by 29 {name}"] = float(explained)
        return share | {"held-out photos measured on": float(held.sum())}

    def _means(self, rows: Array) -> Array:
        """The mean (S, D) of each subject's rows among those (N, D) of all faces."""
        total = np.zeros((len(self.subjects), rows.shape[1]), np.float32)
        np.add.at(total, self.of, rows)
        result: Array = total / self.count[:, None]
        return result

    def _nuisance(self, mirror: bool = False) -> Array:
        """Intercept and effect of head pose on the landmarks: powers of yaw and pitch."""
        yaw, pitch = (-self.yaw if mirror else self.yaw), self.pitch
        return np.stack([np.ones_like(yaw), yaw, pitch, yaw**2, pitch**2, yaw * pitch, yaw**3], 1, dtype=np.float32)

    def _mirror_rows(self, rows: Array) -> Array:
        return mirrored(rows.reshape(len(rows), N_FACE, 3), self.mirror).reshape(rows.shape)

    def _regress(self, x: Array) -> tuple[Array, Array]:
        """Ridge regression of displacements on pose and scores, over faces and their mirror images."""
        a = np.concatenate([self._nuisance(), self.scores], 1)
        am = np.concatenate([self._nuisance(mirror=True), self.scores[:, self.swap]], 1)
        xm = self._mirror_rows(x)
        n_pose = a.shape[1] - len(self.score_names)
        ridge = np.diag(np.r_[1e-3, np.ones(n_pose - 1), np.full(len(self.score_names), self.config.ridge)])
        t = self.faces.train
        left, right = a[t].T @ a[t] + am[t].T @ am[t] + ridge, a[t].T @ x[t] + am[t].T @ xm[t]
        w: Array = np.linalg.solve(left, right).astype(np.float32)
        return w, a @ w

    def _identity(self, residual: Array) -> Array:
        """Each subject's own shape (S, 1404), shrunk towards zero if there are few photos."""
        mean = self._means(residual)
        train = np.zeros(len(self.subjects), bool)
        train[self.of[self.faces.train]] = True
        several = (train & (self.count > 1))[self.of]
        deviation = residual[several] - mean[self.of[several]]
        dof = several.sum() - (train & (self.count > 1)).sum()
        both = np.concatenate([mean[train], self._mirror_rows(mean[train])])
        within = deviation.T @ deviation / dof
        within = (within + self._mirror_rows(self._mirror_rows(within).T)) / 2
        between = both.T @ both / len(both) - within * (1 / self.count[train]).mean()
        value, vector = _leading(between, self.config.n_identity)
        noise = np.einsum("pk,pq,qk->k", vector, within, vector)
        shrunk = (mean @ vector) * (value / (value + noise / self.count[:, None])).astype(np.float32)
        result: Array = shrunk @ vector.T
        return result

    def _identity_basis(self, residual: Array, parts: list[Component]) -> Array:
        """Identity basis (K, 1404), mm per standard deviation: differences of calm faces, apart from pose and
        scores.
        """
        s = {n: self.faces.scores[:, k] for k, n in enumerate(self.score_names)}
        calm = self.faces.train.copy()
        for name, most in CALM.items():
            calm &= s[name] < most
        both = np.concatenate([residual[calm], self._mirror_rows(residual[calm])])
        kept = np.linalg.qr(np.stack([c.start.ravel() for c in parts if c.start is not None], 1))[0]
        both = both - (both @ kept) @ kept.T
        value, vector = _leading(both.T @ both / len(both), self.config.n_identity)
        log.info("identity from %d calm faces, %.2f mm2 a point", calm.sum(), value.sum() / N_FACE)
        return np.asarray((vector * np.sqrt(value)).T)

    def _expression(self, apart: _Apart, identity: Array, parts: list[Component]) -> _Expression:
        """EM for z = eta B + alpha V + noise, with identity V (K, 1404) fixed, and B anchored, masked and mirrored."""
        names = [c.name for c in parts]
        partner, sign = mirror_of(names)
        mask = np.repeat(np.stack([c.mask for c in parts]), 3, axis=1)
        pick = np.zeros((29, len(self.score_names)))
        for k, c in enumerate(parts):
            for n, w in c.scores.items():
                pick[k, self.score_names.index(n)] = w
        t = self.faces.train
        score_eta = self.scores @ pick.T
        sd = np.sqrt((score_eta[t] ** 2).mean(0))
        sd = (sd + sd[partner]) / 2
        b = (pick / np.abs(pick).sum(1, keepdims=True)) @ apart.named * mask * sd[:, None]
        for k, c in enumerate(parts):
            if c.start is not None:
                b[k] = c.start.ravel()
        leading = np.array([n.startswith(LEADING) for n in names])
        b = _less_alike(b, leading, self.config.orthogonality)
        second = (score_eta[t] / sd).T @ (score_eta[t] / sd) / t.sum()
        both = self._covariance(apart.z[t])  # all that the algorithm needs of the faces
        anchor, noise = b.copy(), self.config.noise**2
        for _ in range(self.config.em_rounds):
            f = np.concatenate([b, identity])
            posterior, gain = _posterior(f, second, noise)
            seen = gain.T @ both  # E[beta z'], (29 + K, 1404)
            moment = seen @ gain + posterior
            second, mixed = moment[:29, :29], moment[29:, :29]
            cross: Array = seen[:29] - mixed.T @ identity
            unit = np.diag(second).mean()
            hold = self.config.anchor * unit
            shut = self.config.locality * unit * (1 / np.maximum(mask, 1e-3) ** 2 - 1)
            system = second[None] + np.eye(29) * (hold + shut.T)[:, None, :]
            b = np.linalg.solve(system, (cross + hold * anchor).T[..., None])[..., 0].T
            b = (b + sign[:, None] * self._mirror_rows(b[partner])) / 2
            scale = np.sqrt(np.diag(second))
            scale = (scale + scale[partner]) / 2
            b, anchor, second = b * scale[:, None], anchor * scale[:, None], second / np.outer(scale, scale)
        em = self._widened(apart, identity, names, b, second)
        b = em.fields.reshape(29, -1)
        cosine = (b * anchor).sum(1) / np.linalg.norm(b, axis=1) / np.linalg.norm(anchor, axis=1)
        for k, name in enumerate(names):
            told = spearmanr(em.eta[:, k], score_eta[:, k]).statistic
            em.report[f"{name}: rank correlation with its score"] = float(told)
            em.report[f"{name}: cosine to its start"] = float(cosine[k])
        return em

    def _widened(self, apart: _Apart, identity: Array, names: list[str], b: Array, second: Array) -> _Expression:
        """Components (29, 1404) that span more than `b`, and their second moment, whose first guess is `second`."""
        partner, sign = mirror_of(names)
        z, t, noise = apart.z, self.faces.train, self.config.noise**2
        named = b
        several = t & (self.count > 1)[self.of]
        within = self._covariance((z - self._means(z)[self.of])[several])
        actions = Rig.load().base[:N_BLENDSHAPES].reshape(N_BLENDSHAPES, -1)
        actions = actions[np.linalg.norm(actions, axis=1) > _MOVES]
        b = spanning(named, within, self.config.span, actions, self._mirror_rows(np.eye(len(within))))
        both = self._covariance(z[t])
        for _ in range(self.config.em_rounds):
            posterior, gain = _posterior(np.concatenate([b, identity]), second, noise)
            second = (gain.T @ both @ gain + posterior)[:29, :29]
        posterior, gain = _posterior(np.concatenate([b, identity]), second, noise)
        b = b.astype(np.float32)
        beta = z @ gain.astype(np.float32)
        eta, alpha = beta[:, :29], beta[:, 29:]
        mean_eta = (eta[t].mean(0) + (eta[t].mean(0)[partner] * sign)) / 2
        left: Array = z[t] - eta[t] @ b - alpha[t] @ identity
        report = {"left unexplained, mm rms a coordinate": float(np.sqrt((left**2).mean()))}
        cosine = (b * named).sum(1) / np.linalg.norm(b, axis=1) / np.linalg.norm(named, axis=1)
        for k, name in enumerate(names):
            report[f"{name}: cosine to itself before it was widened"] = float(cosine[k])
            report[f"{name}: posterior sd"] = float(np.sqrt(posterior[k, k]))
        covariance = second - np.outer(mean_eta, mean_eta)
        return _Expression(names, b.reshape(29, N_FACE, 3), eta, alpha, mean_eta, covariance, report)

    def _covariance(self, rows: Array) -> Array:
        """The second moment (1404, 1404) of rows and of their mirror images."""
        one = (rows.T @ rows).astype(np.float64) / len(rows)
        return np.asarray((one + self._mirror_rows(self._mirror_rows(one).T)) / 2)


def _less_alike(fields: Array, leading: Array, amount: float) -> Array:
    """Separate fields (K, D): otherwise, only noise would distinguish actions that move the same skin.

    The `leading` ones (K,) stay, the others lose what they share with them; then each group is rotated
    towards its nearest orthogonal set, B (B'B)^(-amount/2) on unit fields (Loewdin).
    """
    length = np.linalg.norm(fields, axis=1, keepdims=True)
    out = fields / length
    first = np.linalg.qr(out[leading].T)[0]
    out[~leading] -= amount * (out[~leading] @ first) @ first.T
    for group in (leading, ~leading):
        unit = out[group] / np.linalg.norm(out[group], axis=1, keepdims=True)
        value, vector = np.linalg.eigh(unit @ unit.T)
        out[group] = (vector * value ** (-amount / 2)) @ vector.T @ unit
    result: Array = out / np.linalg.norm(out, axis=1, keepdims=True) * length
    return result


@dataclass(frozen=True, eq=False)
class _Expression:
    names: list[str]
    fields: Array
    eta: Array
    alpha: Array
    eta_mean: Array
    eta_covariance: Array
    report: dict[str, float]


def widen_face_model(model: FaceModel, faces: Faces, score_names: Sequence[str], config: LearnConfig) -> Learned:
    """The model with components that span what varies within a person; its mean and its identity stay."""
    return _Learner(faces, score_names, config).widen(model)


def learn_face_model(faces: Faces, score_names: Sequence[str], config: LearnConfig) -> Learned:
    learner = _Learner(faces, score_names, config)
    return learner.learn()
