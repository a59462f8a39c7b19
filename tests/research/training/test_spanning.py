"""Components that widen until they span enough of what varies."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.types import Array
from expnet_live.research.training.spanning import explained, spanning

K, D = 4, 24


@pytest.fixture
def within() -> Array:
    """A covariance of six directions, each half as loud as the one before."""
    directions = np.linalg.qr(np.random.default_rng(1).standard_normal((D, 6)))[0]
    return np.asarray((directions * 0.5 ** np.arange(6)) @ directions.T)


@pytest.fixture
def fields(within: Array) -> Array:
    """Components of the loud directions and of others."""
    rng = np.random.default_rng(2)
    loud = np.linalg.eigh(within)[1][:, ::-1][:, :K].T
    return np.asarray(rng.standard_normal((K, K)) @ loud + 0.3 * rng.standard_normal((K, D)))


def _space(fields: Array) -> Array:
    return np.asarray(np.linalg.qr(fields.T)[0])


def test_they_span_the_share_and_turn_no_further(fields: Array, within: Array) -> None:
    assert explained(_space(fields), within) < 0.9
    some, more = (spanning(fields, within, share) for share in (0.9, 0.93))
    for wider, share in (some, 0.9), (more, 0.93):
        assert explained(_space(wider), within) == pytest.approx(share, abs=1e-3)
        assert np.allclose(wider @ wider.T, fields @ fields.T)  # lengths and angles
    assert np.linalg.norm(some - fields) < np.linalg.norm(more - fields)


def test_they_stay_where_they_span_enough(fields: Array, within: Array) -> None:
    assert np.allclose(spanning(fields, within, 0.1), fields, atol=0.1)


def test_they_span_more_of_the_actions(fields: Array, within: Array) -> None:
    actions = np.random.default_rng(4).standard_normal((K, D))
    alone, beside = (_space(spanning(fields, within, 0.9, also)) for also in (None, actions))
    assert explained(beside, within) == pytest.approx(0.9, abs=1e-3)
    assert explained(beside, actions.T @ actions) > explained(alone, actions.T @ actions) + 0.1


def test_more_than_there_is_gives_the_principal_space(fields: Array, within: Array) -> None:
    most = 15 / 8 / within.trace()  # of four directions
    assert explained(_space(spanning(fields, within, 0.999)), within) == pytest.approx(most, abs=1e-3)


def test_mirror_images_stay_mirror_images(within: Array) -> None:
    mirror = np.arange(D)[::-1]
    one = np.random.default_rng(3).standard_normal((K // 2, D))
    fields = np.concatenate([one, one[:, mirror]])
    wider = spanning(fields, within + within[mirror][:, mirror], 0.8)
    assert not np.allclose(wider, fields) and np.allclose(wider[K // 2 :], wider[: K // 2, mirror])
