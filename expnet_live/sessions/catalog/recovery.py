"""Recovers sessions whose recording was cut off by a kill, a crash, or a power failure."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.core.files import replacing, sweep
from expnet_live.sessions.format import table
from expnet_live.sessions.format.folder import MARKERS, TABLE, VIDEO, FolderLock
from expnet_live.sessions.format.info import COMPLETE, SessionInfo, read_info, write_info
from expnet_live.sessions.format.markers import labels_of, read_markers
from expnet_live.sessions.format.table import Rows
from expnet_live.sessions.reading.session import list_sessions
from expnet_live.sessions.recording.tally import tally_of
from expnet_live.video.mkv import count_pictures, mend

log = logging.getLogger(__name__)


def recover(folder: Path) -> SessionInfo:
    """Recover the session and mark it complete; a complete one stays as it is.

    It removes a cut-off row, gives the video its index and length, and clears picture numbers that the video does not
    have. If recovery itself is interrupted, it can run again. Raises UserError with one sentence.
    """
    info = read_info(folder)
    if info.complete:
        return info
    try:
        with FolderLock(folder):
            info = read_info(folder)  # its recorder may have completed it meanwhile, or another window
            return info if info.complete else _recovered(folder, info)
    except BlockingIOError as e:
        raise UserError(f"{folder} is being recorded; stop that recording instead.") from e
    except OSError as e:
        raise UserError(
            f"{folder} cannot be recovered ({e.strerror or e}); free some space, make it writable, and try again. "
            "Its content stays readable."
        ) from e


def recover_all(root: Path) -> list[SessionInfo | UserError]:
    """Recover the sessions in `root` that need it, and return the result for each. What a killed import left goes."""
    sweep(root)
    out: list[SessionInfo | UserError] = []
    for entry in list_sessions(root):
        if entry.killed:
            try:
                out.append(recover(entry.folder))
            except UserError as error:
                log.info("%s", error)
                out.append(error)
    return out


def _recovered(folder: Path, info: SessionInfo) -> SessionInfo:
    wanted = info.video_frames is not None
    rows = table.read_rows(folder / TABLE, info.coefficients, info.n_identity)
    pictures = _mend_video(folder / VIDEO, rows) if wanted else 0
    table.mend(folder / TABLE, pictures)
    if markers := read_markers(folder / MARKERS):
        table.mark_table(folder / TABLE, lambda times: labels_of(markers, times))
    noted = tally_of(rows.with_pictures(pictures), wanted).noted(info)
    noted = replace(noted, status=COMPLETE, recovered=True, video_frames=pictures if wanted else None)
    write_info(folder, noted)
    return noted


def _mend_video(path: Path, rows: Rows) -> int:
    """Recover the video, and return its number of pictures."""
    times = dict(zip(rows.video_frame.tolist(), rows.time.tolist(), strict=True))
    if not count_pictures(path, times):
        return 0
    with replacing(path) as mended:
        return mend(path, mended, times)
