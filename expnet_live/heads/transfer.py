"""Transfers coefficients of one face model to another, by least squares over their common points.

The other model's coefficients are those that move its Face Mesh points like ours: for a statistical model, the ridge
solution, which is linear; for blendshapes, the best non-negative weights, solved anew each time, because a positive and
a negative coefficient together are not the sum of both. Where names agree, the ridge pulls not towards zero but towards
the shape of that name. Lids count more than points: the other's eyes must close as far as ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.types import Array
from expnet_live.heads.blendshape_names import counterparts, plain_name, stays_apart
from expnet_live.heads.rig import Rig
from expnet_live.heads.shapes import ShapeModel

_LIDS = (((386, 374), (385, 380), (387, 373)), ((159, 145), (158, 153), (160, 144)))
_BLINKS = ("eyeBlinkLeft", "eyeBlinkRight")
_LIPS = ((13, 14), (82, 87), (312, 317), (81, 178), (311, 402))
_LIPS_WEIGHT = 3.0  # weight of the opening of the lips, relative to the position of a point
_LIDS_WEIGHT = 60.0  # mm that count as much as an eye that is open instead of closed
_SHUT = 0.9  # mm between lids that look closed
_RIDGE_WEIGHTS = 2000.0  # mm², ridge on blendshape weights
_RIDGE_SD = 20.0  # mm², ridge on standard deviations
_ALIKE = 0.15  # cosine between two shapes of one name below which they count as different
_SAMPLES = 400
_OF_OTHER_NAMES = 10.0  # multiple of the ridge that pulls a coefficient to the shape of its name
_USUAL = 0.2  # of full strength: a typical strength of actions


class Driver(Protocol):
    """The model whose coefficients drive: shapes at the 468 points of the Face Mesh in mm, as in FaceModel."""

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def mean(self) -> Array: ...

    @property
    def expression(self) -> Array: ...

    @property
    def identity(self) -> Array: ...

    @property
    def prior_mean(self) -> Array: ...

    @property
    def prior_covariance(self) -> Array: ...


@dataclass(frozen=True)
class Residual:
    """The error of the transfer on samples of the driver's prior, root mean square over points: `left` of `moved` mm.

    `explained` is the share of the squared displacements that is reproduced; `components` is the same for each of the
    driver's coefficients alone, at two standard deviations.
    """

    left: float
    moved: float
    explained: float
    components: tuple[tuple[str, float, float], ...]


class Transfer:
    """Maps an expression of the driver to the coefficients (J,) float32 of the driven model when called."""

    def __init__(self, driver: Driver, model: ShapeModel) -> None:
        self._signed = model.signed
        self._driver, self._model = driver, model
        shapes = model.expression[:, model.marks].astype(np.float64)
        moved = driver.expression.astype(np.float64)
        names = [plain_name(n) for n in model.expression_names]
        theirs = _measured(shapes)
        ours = _measured(moved)
        opened, other = _opening(driver.mean), _opening(model.mean[model.marks])
        if not model.signed:
            # A shape that closes the lids shows better how far they must move.
            other = np.array([_shut_by(shapes, names, eye, o) for eye, o in enumerate(other)])
        lids, self._lids = _LIDS_WEIGHT * _shutting(shapes) / other, _LIDS_WEIGHT * _shutting(moved) / opened
        apart = np.array([not model.signed and stays_apart(n) for n in names], bool)
        self._used = np.flatnonzero(~apart)
        ridge = np.full(len(names), _RIDGE_SD if model.signed else _RIDGE_WEIGHTS)
        self._up, self._down = np.zeros((2, len(names), len(driver.names)))
        self.named: tuple[str, ...] = ()
        if not model.signed:
            self._by_name(driver.names, names, ours, theirs)
        # min |F'w - D'x|² + (w - Nx)'R(w - Nx) is least squares in the Cholesky factor of FF' + R, which is small.
        used, lids, self._ridge = theirs[self._used], lids[self._used], ridge[self._used]
        self._factor = np.linalg.cholesky(used @ used.T + lids @ lids.T + np.diag(self._ridge)).T
        self._inverse = np.linalg.inv(self._factor.T)
        self._along = self._inverse @ (used @ ours.T)
        self._along_lids = self._inverse @ lids

    def __call__(self, expression: Array) -> Array:
        x = np.asarray(expression, np.float64)
        out = np.zeros(len(self._up), np.float32)
        # Lids that meet move no further.
        shut = x @ self._lids
        wanted = self._along @ x + self._along_lids @ (shut if self._signed else np.minimum(shut, _LIDS_WEIGHT))
        if self._signed:
            out[self._used] = np.linalg.solve(self._factor, wanted)
            return out
        named = self._up @ np.maximum(x, 0) + self._down @ np.maximum(-x, 0)
        wanted += self._inverse @ (self._ridge * np.maximum(named[self._used], 0))
        out[self._used] = np.minimum(_non_negative(self._factor, wanted), 1)
        return out

    @property
    def matrix(self) -> Array | None:
        """The matrix (J, N) float32 if the coefficients are linear in the driver's, else None."""
        if not self._signed:
            return None
        out = np.zeros((len(self._up), self._along.shape[1]), np.float32)
        out[self._used] = np.linalg.solve(self._factor, self._along + self._along_lids @ self._lids.T)
        return out

    def residual(self) -> Residual:
        driver = self._driver
        rng = np.random.default_rng(0)
        samples = rng.multivariate_normal(driver.prior_mean, driver.prior_covariance, _SAMPLES)
        alone = 2 * np.eye(len(driver.names))
        left, moved, explained = self._lost(samples)
        each = [self._lost(x[None]) for x in alone]
        components = tuple((n, r, e) for n, (r, _, e) in zip(driver.names, each, strict=True))
        return Residual(left, moved, explained, components)

    def _lost(self, expressions: Array) -> tuple[float, float, float]:
        shapes = self._model.expression[:, self._model.marks].reshape(len(self._up), -1)
        wanted = expressions @ self._driver.expression.reshape(len(self._driver.names), -1)
        lost = wanted - np.array([self(x) for x in expressions]) @ shapes
        moved, left = (float(np.sqrt((d**2).sum() / (d.size / 3))) for d in (wanted, lost))
        return left, moved, 1 - (left / moved) ** 2

    def _by_name(self, ours: Sequence[str], theirs: Sequence[str], moved: Array, shapes: Array) -> None:
        """The weight of the shapes of a coefficient's name, if they move alike."""
        for k, name in enumerate(ours):
            for weights, sign, same in zip((self._up, self._down), (1, -1), counterparts(name, theirs), strict=True):
                together = shapes[list(same)].sum(0)
                size = np.linalg.norm(together) * np.linalg.norm(moved[k])
                if same and sign * moved[k] @ together > _ALIKE * size:
                    weights[list(same), k] = sign * moved[k] @ together / (together @ together)
                    self.named += tuple(theirs[j] for j in same)


class RigDriver:
    """A Driver whose coefficients are ARKit's weights: a rig on the face of `model`."""

    names = ARKIT

    def __init__(self, model: Driver, rig: Rig) -> None:
        self.mean, self.identity = model.mean, model.identity
        self.expression = rig.base[: len(ARKIT)]
        self.prior_mean = np.full(len(ARKIT), _USUAL)
        self.prior_covariance = np.diag(np.full(len(ARKIT), _USUAL**2))


def named_weights(driver: Driver, rig: RigDriver) -> Array:
    """The non-negative matrix (52, 2n) float32 from a driver's n positive and n negative coefficients (both as positive
    numbers) to weights of the rig that move the face alike, using names where they agree."""
    shapes, moved = _measured(rig.expression.astype(np.float64)), _measured(driver.expression.astype(np.float64))
    lids = _LIDS_WEIGHT / 4 * _shutting(rig.expression.astype(np.float64)) / _opening(rig.mean)
    shut = _LIDS_WEIGHT / 4 * _shutting(driver.expression.astype(np.float64)) / _opening(driver.mean)
    shapes, moved = np.hstack([shapes, lids]), np.hstack([moved, shut])
    free = np.array([not stays_apart(name) for name in rig.names])
    out = np.zeros((len(rig.names), 2, len(moved)))
    for k, name in enumerate(driver.names):
        for side, same in enumerate(counterparts(name, rig.names)):
            wanted = (moved[k], -moved[k])[side]
            ridge = np.full(len(shapes), _OF_OTHER_NAMES * _RIDGE_WEIGHTS)
            ridge[list(same)] = _RIDGE_WEIGHTS / 10
            design = np.vstack([shapes[free].T, np.diag(np.sqrt(ridge[free]))])
            out[free, side, k] = _non_negative(design, np.concatenate([wanted, np.zeros(free.sum())]))
    return out.reshape(len(out), -1).astype(np.float32)


def identity_transfer(driver: Driver, model: ShapeModel) -> Array:
    """The matrix (K, M) that transfers identity to the driven model, both in standard deviations."""
    theirs = model.identity[:, model.marks].reshape(len(model.identity), 3 * len(model.marks)).astype(np.float64)
    ours = driver.identity.reshape(len(driver.identity), -1).astype(np.float64)
    out: Array = np.linalg.solve(theirs @ theirs.T + _RIDGE_SD * np.eye(len(theirs)), theirs @ ours.T)
    return out.astype(np.float32)


def _measured(shapes: Array) -> Array:
    """The features (J, n) that compare shapes (J, 468, 3): displacements of points, and opening of the lips."""
    upper, lower = np.array(_LIPS).T
    lips = _LIPS_WEIGHT * (shapes[:, upper] - shapes[:, lower])[:, :, 1]
    return np.concatenate([shapes.reshape(len(shapes), -1), lips], axis=1)


def _opening(face: Array) -> Array:
    """The distance (2,) mm by which the lids of the left and the right eye of a face (468, 3) must move to close."""
    gaps = np.array([(face[a] - face[b])[:, 1].mean() for a, b in (np.array(lids).T for lids in _LIDS)])
    return np.maximum(gaps - _SHUT, 1.0)


def _shutting(shapes: Array) -> Array:
    """The distance (J, 2) mm by which shapes (J, 468, 3) close the lids of the left and the right eye."""
    upper, lower = np.array(_LIDS).transpose(2, 0, 1)
    shutting: Array = (shapes[:, lower] - shapes[:, upper])[..., 1].mean(-1)
    return shutting


def _shut_by(shapes: Array, names: Sequence[str], eye: int, opening: float) -> float:
    """The distance by which the blink blendshape closes the lids of an eye, or `opening` if there is no such shape."""
    if _BLINKS[eye] in names:
        shut = _shutting(shapes[[names.index(_BLINKS[eye])]])[0]
        if shut[eye] > max(2 * shut[1 - eye], opening / 3):
            return float(shut[eye])
    return opening


def _non_negative(matrix: Array, wanted: Array) -> Array:
    """The non-negative solution of least squares."""
    from scipy.optimize import nnls

    return np.asarray(nnls(matrix, wanted)[0])
