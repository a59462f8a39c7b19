"""The network that an evaluation uses."""

from __future__ import annotations

import pytest

from expnet_live.core.errors import UserError
from expnet_live.core.paths import asset
from expnet_live.networks.predictor import ASSET
from expnet_live.research.evaluation.network import network_of


def test_a_model_is_called_by_its_name_or_by_its_file() -> None:
    named, of_file = network_of("compact", "cpu"), network_of(asset(ASSET), "cpu")
    assert named.about == of_file.about == network_of(None, "cpu").about
    with pytest.raises(UserError, match="nothing"):
        network_of("nothing", "cpu")
