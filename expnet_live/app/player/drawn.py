"""What the views draw of the face model that a session was recorded with."""

from __future__ import annotations

from expnet_live.app import texts
from expnet_live.app.view3d.drawn import Drawn, own_drawn
from expnet_live.app.view3d.geometry import HeadGeometry
from expnet_live.core.errors import UserError
from expnet_live.heads.built_in import face_model
from expnet_live.pipeline.models import model_with
from expnet_live.sessions.format.info import SessionInfo


def drawn_of(info: SessionInfo) -> Drawn:
    """Takes a while. Raises UserError where the face model is not on this computer."""
    model = model_with(info.coefficients, info.n_identity)
    if model is None:
        raise UserError(texts.PLAYER_OTHER_MODEL.format(name=info.face_model.name))
    try:
        head = model.face_model()
    except UserError as error:
        raise UserError(texts.PLAYER_NO_HEAD.format(reason=error)) from error
    own = own_drawn()
    return own if head is face_model() else Drawn(head, HeadGeometry.of(head), own.lines)
