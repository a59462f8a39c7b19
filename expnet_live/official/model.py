"""The paper's release as the model `--model official`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expnet_live.core.errors import UserError
from expnet_live.pipeline.weights_file import ModelFile

if TYPE_CHECKING:
    from expnet_live.official.basel import BaselModel
    from expnet_live.official.predictor import OfficialPredictor
    from expnet_live.pipeline.look import FacePredictor


class OfficialModel:
    """The release's networks and the Basel Face Model, if they are imported."""

    name = "official"
    title = "Official ExpNet"
    about = "the paper's release, which you import first"
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
        return f"{self.title} is not available: first import {parts} with 'expnet-live official import'."

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
        """ExpNet's file and the Basel Face Model's, with the checksums stored by the import."""
        from expnet_live.official.store import Store

        store = Store()
        parts = store.parts()
        network, face = (
            ModelFile(store.path_of(key).name, "official release", parts[key].sha256) for key in ("expression", "bfm")
        )
        return network, face
