"""The part of a session that a format writes, with its rows in the form that the format needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expnet_live.core.errors import UserError
from expnet_live.core.progress import Progress
from expnet_live.core.types import Array
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.outputs.export.track import faces_of
from expnet_live.pipeline.models import head_with
from expnet_live.sessions.format.markers import Marker, labels_of
from expnet_live.sessions.format.table import Rows
from expnet_live.sessions.reading.session import Session

if TYPE_CHECKING:
    from expnet_live.heads.head import Head
    from expnet_live.pipeline.look import MeasuredHead


@dataclass(frozen=True, eq=False)
class Excerpt:
    """The input of `Format.write`.

    `rows` are cut to the range, and, unless the format needs them as measured, corrected and resampled; for a format
    with one face, they are one track, whose person has `identity` (K,). `fps` is the rate, None for the recorded
    moments. `remarks` are sentences about how the rows were made.
    """

    session: Session
    options: ExportOptions
    rows: Rows
    identity: Array
    fps: float | None
    progress: Progress
    remarks: tuple[str, ...] = ()

    def steps(self, total: int) -> Steps:
        """Call it with the number of further steps done of `total`; it may raise to cancel."""
        return Steps(self.progress, total)

    def labels(self) -> list[str]:
        """For each row, the labels of the markers that belong to it; an empty list if the session has none."""
        return labels_of(self.markers, self.rows.time) if self.session.markers else []

    @property
    def markers(self) -> list[Marker]:
        """The markers in the range, in order."""
        start, end = -math.inf if self.options.start is None else self.options.start, self.options.end or math.inf
        return [m for m in self.session.markers if start <= m.time <= end]

    def face_model(self) -> MeasuredHead:
        """The face model that the session was recorded with. Raises UserError."""
        from expnet_live.heads.face_model import FaceModel

        info, file = self.session.info, self.options.face_model
        if file is None:
            recorded = head_with(info.coefficients, info.n_identity, info.face_model.version)
            if recorded is not None:
                return recorded
        else:
            model = FaceModel.load(file)
            if (model.names, model.n_identity) == (info.coefficients, info.n_identity):
                return model
        raise UserError(
            f"The session was recorded with another face model ({info.face_model.name}); give its file with "
            "--face-model, or export a table."
        )

    def wearer(self) -> Head:
        """The head to export: the face model itself, or the requested imported head, in the tone of the person's skin.
        Raises UserError.
        """
        from expnet_live.avatars.wardrobe import Wardrobe
        from expnet_live.heads.dressing import dressed
        from expnet_live.heads.tone import toned

        model = self.face_model()
        head = model if self.options.head is None else Wardrobe().head(self.options.head, model)
        head = dressed(head, self.options.look)
        return toned(head, self.session.info.skin_of(next(iter(faces_of(self.rows)), None)))


class Steps:
    """Counts further steps when called."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._done, self._total = progress, 0, total
        progress(0, total)

    def __call__(self, n: int) -> None:
        self._done += n
        # If another pass is needed, the end is further away than it seemed.
        if self._done > self._total:
            self._total += self._total
        self._progress(self._done, self._total)
