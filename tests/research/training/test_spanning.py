"""Components that widen until they span enough of what varies."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.types import Array
from expnet_live.research.training.spanning import explained, spanning

K, D = 4, 24
MIRROR = np.eye(D)[::-1]


@pytest.fixture
def within() -> Array:
    """A covariance of six directions, each half as loud as the one before, and their mirror images."""
    directions = np.linalg.qr(np.random.default_rng(1).standard_normal((D, 6)))[0]
    one = (directions * 0.5 ** np.arange(6)) @ directions.T
    return np.asarray(one + MIRROR @ one @ MIRROR)


@pytest.fixture
def fields() -> Array:
    """Two components and their mirror images."""
    one = np.random.default_rng(3).standard_normal((K // 2, D))
    return np.concatenate([one, one @ MIRROR])


@pytest.fixture
def actions() -> Array:
    one = np.random.default_rng(4).standard_normal((1, D))
    return np.concatenate([one, one @ MIRROR])


def _space(fields: Array) -> Array:
    return np.asarray(np.linalg.qr(fields.T)[0])


def test_they_span_the_share_and_turn_no_further(fields: Array, within: Array, actions: Array) -> None:
    before = explained(_space(fields), within)
    assert before < 0.5
    some, more = (spanning(fields, within, share, actions, MIRROR) for share in (0.5, 0.6))
    for wider, share in (some, 0.5), (more, 0.6):
        assert explained(_space(wider), within) == pytest.approx(share, abs=1e-3)
        assert np.allclose(wider @ wider.T, fields @ fields.T)  # lengths and angles
    assert np.linalg.norm(some - fields) < np.linalg.norm(more - fields)


def test_they_span_more_of_the_actions(fields: Array, within: Array, actions: Array) -> None:
    moment = actions.T @ actions
    assert explained(_space(spanning(fields, within, 0.5, actions, MIRROR)), moment) > explained(_space(fields), moment)


def test_more_than_there_is_gives_the_principal_space(fields: Array, within: Array, actions: Array) -> None:
    wider = spanning(fields, within, 0.999, actions, MIRROR)
    value, vector = np.linalg.eigh(within)
    symmetric = np.einsum("dk,de,ek->k", vector, MIRROR, vector) > 0
    most = np.sort(value[symmetric])[-K // 2 :].sum() + np.sort(value[~symmetric])[-K // 2 :].sum()
    assert explained(_space(wider), within) == pytest.approx(most / within.trace(), abs=1e-3)


def test_mirror_images_stay_mirror_images(fields: Array, within: Array, actions: Array) -> None:
    for share in (0.5, 0.6, 0.999):
        wider = spanning(fields, within, share, actions, MIRROR)
        assert np.allclose(wider[K // 2 :], wider[: K // 2] @ MIRROR)
