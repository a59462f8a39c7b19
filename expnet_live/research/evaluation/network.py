"""The network that is evaluated."""

from __future__ import annotations

from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.networks.predictor import Predictor
from expnet_live.pipeline.models import model_of


def network_of(choice: Path | str | None, device: str, threads: int | None = None) -> Predictor:
    """The network of a model by its name, or in a file of weights; None: the built-in one.

    Raises UserError for one that drives another face model than ours, in which the figures are measured.
    """
    model = model_of(choice)
    predictor, _ = model.load(device, threads)
    if not isinstance(predictor, Predictor):
        raise UserError(f"The model {model.name} has another face model than ours; choose a model that drives ours.")
    return predictor
