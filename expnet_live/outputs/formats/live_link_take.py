"""A take of the app Live Link Face: its table, film and notes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt


class LiveLinkTake(Format):
    name, title, ending = "livelink-take", "Take of Live Link Face (folder)", "_livelink"
    about = "a take as the app Live Link Face shares it: table, film with timecode, take.json, thumbnail"
    details = (
        "a folder with `YYYYMMDD_SLATE_1`: the table of `livelink` and a film (`.mov`) of the same timecodes, the time "
        "of day of the capture, a picture for each row; `take.json`, `video_metadata.json`, with sound "
        "`audio_metadata.json`, and `thumbnail.jpg`; 24, 25, 30, 50 or 60 rows per second. A take has no place for "
        "markers: export them beside it. `frame_log.csv`, whose columns Epic does not publish, is missing"
    )
    opens_in = "tools for takes of Live Link Face; Unreal Engine imports its table"
    one_face, straight, holds, fixed_rate = True, True, True, True
    rates = (24, 25, 30, 50, 60)

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        from expnet_live.outputs.export.take import write_take

        return Written(len(excerpt.rows), write_take(excerpt, path))


FORMAT = LiveLinkTake()
