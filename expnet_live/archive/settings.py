"""How an archive is read: the same for all of its inputs, on all workers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from expnet_live.analysis.estimators import Estimator, ExpNetEstimator, load_estimator
from expnet_live.analysis.options import Options
from expnet_live.analysis.rest import rest_of
from expnet_live.core.errors import UserError
from expnet_live.core.version import __version__
from expnet_live.networks.runtime_files import INT8
from expnet_live.person.person import Person
from expnet_live.pipeline.way import way_of_computing


@dataclass(frozen=True)
class Settings:
    """Options as for `analyze`, which gives the same values.

    `runtime`: the ending of the runtime file beside the weights, which all workers use, or empty: computers differ in
    which file is quicker, and the files in their values. `network`: checksum of the weights and the face model, empty
    if unknown. `way`: see `way_of_computing`. `rest`: the person whom `neutral` names, if it names one.
    `part`: length in s of the parts of long videos; `batch`: photos per task. These two do not change values.
    """

    model: str | None = None
    runtime: str = ""
    network: str = ""
    way: dict[str, Any] = field(default_factory=dict)
    device: str = "auto"
    smoothing: str = "balanced"
    max_faces: int = 1
    neutral: str | None = None
    rest: Person | None = None
    part: float = 60.0
    batch: int = 64
    version: str = __version__

    def options(self, out: Path) -> Options:
        """The options of the estimator. Raises UserError if the runtime file is not on this computer."""
        return Options(
            out=out,
            identity=True,
            marked=True,
            smoothing=self.smoothing,
            max_faces=self.max_faces,
            model=self._network(),
            device=self.device,
            neutral=self.neutral,
            rest=self.rest,
        )

    def _network(self) -> Path | None:
        chosen = None if self.model is None else Path(self.model)
        if not self.runtime:
            return chosen
        from expnet_live.pipeline.models import model_of
        from expnet_live.pipeline.weights_file import WeightsFile

        model = model_of(chosen)
        assert isinstance(model, WeightsFile)
        path = model.path.with_suffix(self.runtime)
        if not path.is_file():
            raise UserError(f"A worker has no {path}; install the same expnet-live on all of them.")
        return path

    def values(self) -> dict[str, Any]:
        """What the values depend on, as JSON's types."""
        rest = self.rest
        told = {key: value for key, value in asdict(self).items() if key not in ("part", "batch", "rest")}
        return {
            **told,
            "rest": None if rest is None else {"expression": rest.neutral, "blendshapes": rest.resting},
        }

    def digest(self) -> str:
        """The same as a few hex digits."""
        return hashlib.sha256(json.dumps(self.values(), sort_keys=True).encode()).hexdigest()[:16]


def settings_of(**values: Any) -> Settings:
    """Settings with these values: the person at rest and the runtime file are those that `analyze` would take here.

    Raises UserError if the model or the neutral face cannot be loaded.
    """
    settings = Settings(**values)
    options = settings.options(Path())
    estimator = cache(lambda: load_estimator(options))
    rest = rest_of(settings.neutral, estimator)
    return replace(
        settings,
        rest=rest,
        runtime=_runtime(estimator(), options),
        network=_network(estimator()),
        way=way_of_computing(),
    )


def _network(estimator: Estimator) -> str:
    return hashlib.sha256("".join(file.sha256 for file in estimator.files().values()).encode()).hexdigest()[:16]


def _runtime(estimator: Estimator, options: Options) -> str:
    path = estimator.runtime_file if isinstance(estimator, ExpNetEstimator) else None
    if path is None or (options.model is not None and options.model.suffix == path.suffix):
        return ""
    return INT8 if path.name.endswith(INT8) else path.suffix
