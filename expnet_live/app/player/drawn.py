"""What the views draw of the face model that a session was recorded with."""

from __future__ import annotations

from expnet_live.app import texts
from expnet_live.app.view3d.drawn import Drawn, own_drawn
from expnet_live.app.view3d.geometry import HeadGeometry
from expnet_live.core.errors import UserError
from expnet_live.live.inference_worker import face_model
from expnet_live.official.basel import BaselModel
from expnet_live.sessions.format.info import SessionInfo


def drawn_of(info: SessionInfo) -> Drawn:
    """Takes a while. Raises UserError where the face model is not on this computer."""
    ours = face_model()
    if (info.coefficients, info.n_identity) == (BaselModel.names, BaselModel.n_identity):
        try:
            basel = BaselModel.load()
        except UserError as error:
            raise UserError(texts.PLAYER_NO_BASEL.format(reason=error)) from error
        return Drawn(basel, HeadGeometry.of(basel), own_drawn().lines)
    if (info.coefficients, info.n_identity) != (ours.names, ours.n_identity):
        raise UserError(texts.PLAYER_OTHER_MODEL.format(name=info.face_model.name))
    return own_drawn()
