"""The paper's release as a model that `--model official` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expnet_live.core.errors import UserError
from expnet_live.pipeline.weights_file import ModelFile

if TYPE_CHECKING:
    from expnet_live.official.basel import BaselModel
    from expnet_live.official.predictor import OfficialPredictor
    from expnet_live.pipeline.look import FacePredictor


class OfficialModel:
    """The release's networks and the Basel Face Model, where they were imported."""

    name = "official"
    title = "Official ExpNet"
    about = "the paper's release, once it was imported"
    file = ""

    def why_not(self) -> str | None:
        from expnet_live.official.store import PARTS, Store

        try:
            missing = Store().missing()
        except UserError as error:
            return str(error)
        if not missing:
            return None
        parts = ", ".join(PARTS[key] for key in missing)
        return f"{self.title} cannot be chosen: {parts} must be imported first, with 'expnet-live official import'."

    def load(self, device: str = "auto", threads: int | None = None) -> tuple[OfficialPredictor, BaselModel]:
        from expnet_live.official.predictor import load_official

        predictor, face = load_official(device, threads)
        return predictor, face

    def face_model(self) -> BaselModel:
        from expnet_live.official.basel import BaselModel

        return BaselModel.load()

    def fits(self, coefficients: tuple[str, ...], n_identity: int) -> bool:
        from expnet_live.official.basel import BaselModel

        return (BaselModel.names, BaselModel.n_identity) == (coefficients, n_identity)

    def files(self, predictor: FacePredictor) -> tuple[ModelFile, ModelFile]:
        """ExpNet's file and the Basel Face Model's, whose checksums the import noted."""
        from expnet_live.official.store import Store

        store = Store()
        parts = store.parts()
        network, face = (
            ModelFile(store.path_of(key).name, "official release", parts[key].sha256) for key in ("expression", "bfm")
        )
        return network, face
