"""What `expnet-live analyze --to` writes of each video: the export formats of sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from expnet_live.analysis.estimators import Estimator
from expnet_live.analysis.inputs import Item, Kind
from expnet_live.analysis.rest import Moment
from expnet_live.capture.spec import DEMO
from expnet_live.core.errors import UserError
from expnet_live.core.files import changed
from expnet_live.core.paths import asset
from expnet_live.core.types import Image
from expnet_live.core.version import __version__
from expnet_live.outputs.export.entities import USUAL_ENTITIES, Entities
from expnet_live.outputs.export.export import export
from expnet_live.outputs.export.format import FORMATS
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.person.person import Person
from expnet_live.pipeline.weights_file import ModelFile
from expnet_live.sessions.format.folder import MARKERS, TABLE
from expnet_live.sessions.format.info import COMPLETE, SessionInfo, write_info
from expnet_live.sessions.format.markers import Marker, header_line, marker_line
from expnet_live.sessions.format.table import Layout
from expnet_live.sessions.reading.session import Session


class VideoSession:
    """Collects the moments of a video in the folder `root`, as the session that formats read."""

    def __init__(self, root: Path, item: Item, estimator: Estimator, markers: Sequence[Marker]) -> None:
        self._item, self._estimator, self._markers = item, estimator, markers
        self._folder = root / PurePosixPath(item.name).name
        self._folder.mkdir(parents=True)
        model = estimator.face_model
        self._layout = Layout(model.names, model.n_identity, estimator.tells_blendshapes)
        self._table = (self._folder / TABLE).open("wb")
        self._table.write(self._layout.header())
        self._size = 0, 0
        self._frames = self._rows = 0

    def see(self, image: Image) -> None:
        """Note the size of a picture."""
        self._size = image.shape[1], image.shape[0]

    def add(self, moment: Moment) -> None:
        rows = self._layout.rows(moment.frame, moment.frame, moment.seconds, moment.faces)
        self._table.writelines(rows)
        self._frames, self._rows = self._frames + 1, self._rows + len(rows)

    def close(self) -> None:
        self._table.close()

    def export(self, formats: Sequence[str], folder: Path, entities: Entities) -> list[str]:
        """Write each format into `folder`, with these `entities` if it has any.

        Return a sentence for each that cannot be written. Raises OSError.
        """
        self.close()
        session = self._session()
        if not (session.rows.face >= 0).any():
            return []  # the table says so
        problems = []
        for name in formats:
            out = folder / f"{self._folder.name}{FORMATS[name].ending}"
            try:
                takes = "entities" in FORMATS[name].takes
                export(session, ExportOptions(name, out, entities=entities if takes else USUAL_ENTITIES))
            except UserError as error:
                problems.append(f"{self._item.source} as {name}: {error}")
        return problems

    def _session(self) -> Session:
        path = asset("demo.mp4") if self._item.spec == DEMO else Path(self._item.spec)
        recorded = self._item.kind is Kind.VIDEO and path.is_file()
        when = changed(path) if recorded else datetime.now().astimezone()
        model, files, unnamed = self._estimator.face_model, self._estimator.files(), ModelFile("", "", "")
        (self._folder / MARKERS).write_bytes(header_line() + b"".join(map(marker_line, self._markers)))
        info = SessionInfo(
            app_version=__version__,
            started=when.isoformat(timespec="milliseconds"),
            monotonic_start=0.0,
            source=self._item.source,
            width=self._size[0],
            height=self._size[1],
            device=self._estimator.device,
            model=files.get("model", unnamed),
            face_model=files.get("face_model", unnamed),
            coefficients=model.names,
            n_identity=model.n_identity,
            smoothing="",
            max_faces=1,
            person=Person(),
            status=COMPLETE,
            frames=self._frames,
            rows=self._rows,
        )
        write_info(self._folder, info)
        session = Session.open(self._folder)
        return replace(session, video=path) if recorded else session
