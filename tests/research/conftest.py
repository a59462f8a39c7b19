"""Fixtures for the tests of training and evaluation."""

from __future__ import annotations

import pytest
from album import Album, make_album


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> Album:
    """Pictures of two dozen people who do not exist."""
    return make_album(tmp_path_factory.mktemp("album"))
