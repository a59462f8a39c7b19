"""The parts of a take of the app Live Link Face: its table, its film and the notes about both.

The keys of the notes are those that Unreal Engine's reader of takes asks for.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from expnet_live.core.arkit import ARKIT, INDEX, SIDEWAYS
from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.files import changed
from expnet_live.core.types import Image
from expnet_live.core.version import __version__
from expnet_live.outputs.export.actions import weights_of
from expnet_live.outputs.export.excerpt import Excerpt
from expnet_live.outputs.export.track import latest
from expnet_live.outputs.sample import Sample
from expnet_live.outputs.streaming.live_link import angles
from expnet_live.sessions.reading.pictures import pictures
from expnet_live.video.sound import CHANNELS, RATE, SoundCopy, SoundReader
from expnet_live.video.writer import MOV, VideoWriter

SUBJECT = "ExpNetLive"
_BASE = 60  # frames per second of the table's timecodes, whatever the take's rate
_DAY = 24 * 3600.0
_ANGLES = tuple(f"{part}{angle}" for part in ("Head", "LeftEye", "RightEye") for angle in ("Yaw", "Pitch", "Roll"))
_LONGEST = 100  # letters of a slate
_THUMBNAIL = 320  # px of its width


def timecode(time: float) -> str:
    """`HH:MM:SS:FF.mmm`: frames of 1/60 s, and thousandths of one."""
    frames, thousandths = divmod(round(time * _BASE * 1000), 1000)
    seconds, frame = divmod(frames, _BASE)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frame:02d}.{thousandths:03d}"


def write_table(excerpt: Excerpt, path: Path, start: float, step: Callable[[int], None]) -> tuple[str, ...]:
    """Write the app's 61 columns, with `start` (s) as the timecode of the session's start. Return remarks.

    Raises UserError if the blendshapes are unknown.
    """
    rows = excerpt.rows
    weights, remarks = weights_of(excerpt)
    if not np.isfinite(weights).all():
        raise UserError("The session has no blendshapes, and its face model is missing; export a table.")
    order = list(range(len(ARKIT)))
    for left, right in SIDEWAYS:  # the app has these in the opposite order
        order[INDEX[left]], order[INDEX[right]] = INDEX[right], INDEX[left]
    names = [ARKIT[i][0].upper() + ARKIT[i][1:] for i in order]
    still = np.zeros((2, 2), np.float32)
    with path.open("w", newline="", encoding="ascii") as file:
        file.write(",".join(["Timecode", "BlendShapeCount", *names, *_ANGLES]) + "\n")
        for i, time in enumerate(rows.time.tolist()):
            sample = Sample(time, True, weights[i], rows.rotation[i], rows.translation[i], still)
            values = [*weights[i, order].tolist(), *angles(sample)]
            file.write(f"{timecode(start + time)},{len(values)}," + ",".join(f"{v:.10f}" for v in values) + "\n")
            step(1)
    return remarks


@dataclass(frozen=True)
class Names:
    """The names of a take's folder and files: without blanks and accents, which Unreal Engine refuses."""

    day: str
    slate: str
    number: int = 1

    @classmethod
    def of(cls, title: str, when: datetime) -> Names:
        plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
        return cls(f"{when:%Y%m%d}", re.sub(r"[^A-Za-z0-9]+", "-", plain)[:_LONGEST].strip("-") or "session")

    @property
    def folder(self) -> str:
        return f"{self.day}_{self.slate}_{self.number}"

    @property
    def stem(self) -> str:
        return f"{self.slate}_{self.number}_{SUBJECT}"


def write_take(excerpt: Excerpt, root: Path) -> tuple[str, ...]:
    """Make the folder `root` with a take in a folder of its own, as the app shares it. Return remarks.

    Timecodes are the time of day of the capture; each row of the table has its picture in the film.
    """
    session, rows, fps = excerpt.session, excerpt.rows, excerpt.fps
    assert fps is not None  # at a fixed rate
    when = session.info.moment or changed(session.folder)
    names = Names.of(session.info.title or session.folder.name, when)
    take = root / names.folder
    take.mkdir(parents=True)
    midnight = when.replace(hour=0, minute=0, second=0, microsecond=0)
    clock = (when - midnight).total_seconds() + float(rows.time[0])
    first = round(clock * fps) / fps % _DAY  # the film's timecodes are whole frames
    step = excerpt.steps(2 * len(rows))
    remarks = write_table(excerpt, take / f"{names.stem}.csv", first - float(rows.time[0]), step)
    _note(take / "take.json", _about(excerpt, names, when))
    if session.video is None or not (rows.video_frame >= 0).any():
        step(len(rows))
        return (*remarks, "There is no video, so the take has no film.")
    film = _film(excerpt, take / f"{names.stem}.mov", first, step)
    _note(
        take / "video_metadata.json",
        {
            "FrameRate": fps,
            "Dimensions": {"width": session.info.width, "height": session.info.height},
            "Orientation": 1,  # as stored
            "Quality": "high",
            "JpegCompressionQuality": 0.9,  # of the app's own films; its readers want the key
        },
    )
    if film.sound:
        about = {"SampleRate": RATE, "ChannelsPerFrame": CHANNELS, "BitsPerChannel": 16, "FormatFlags": 12}
        _note(take / "audio_metadata.json", about)
    if film.middle is not None:
        height = round(film.middle.shape[0] * _THUMBNAIL / film.middle.shape[1])
        small = cv2.resize(film.middle, (_THUMBNAIL, height), interpolation=cv2.INTER_AREA)
        (take / "thumbnail.jpg").write_bytes(cv2.imencode(".jpg", small)[1].tobytes())
    return remarks


def _about(excerpt: Excerpt, names: Names, when: datetime) -> dict[str, object]:
    return {
        "version": 1,
        "appVersion": f"ExpNet Live {__version__}",
        "deviceModel": "camera",
        "identifier": names.folder,
        "slate": names.slate,
        "take": names.number,
        "subject": SUBJECT,
        "date": f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "frames": len(excerpt.rows),
        "calibrated": False,
    }


@dataclass(frozen=True, eq=False)
class _Film:
    middle: Image | None
    sound: bool


def _film(excerpt: Excerpt, path: Path, first: float, step: Callable[[int], None]) -> _Film:
    """Write a picture for each row. A video that ends early repeats its last picture."""
    session, fps, times = excerpt.session, excerpt.fps, excerpt.rows.time.tolist()
    assert fps is not None
    assert session.video is not None
    frames = round(first * fps)
    seconds, frame = divmod(frames, round(fps))
    code = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frame:02d}"
    middle: Image | None = None
    with ExitStack() as stack:
        reader = SoundReader.open(session.video)
        sound: SoundCopy | None = None
        writer = stack.enter_context(VideoWriter(path, fps, MOV, sound=reader is not None, timecode=code))
        if reader is not None:
            stack.callback(reader.close)
            reader.seek(times[0])
            sound = SoundCopy(reader, writer.write_sound)
        for i, image in enumerate(_by_row(excerpt)):
            writer.write(image, times[i])
            if sound is not None:
                sound.until(times[i] + 1 / fps)
            if i == len(times) // 2:
                middle = image
            step(1)
    return _Film(middle, reader is not None)


def _by_row(excerpt: Excerpt) -> Iterator[Image]:
    """The picture of each row, or, where it has none, of the row before. Raises SourceError if there is none at all."""
    session, rows = excerpt.session, excerpt.rows
    assert session.video is not None
    wanted = rows.video_frame[latest(rows.video_frame >= 0)].tolist()
    i, last = 0, None
    try:
        for picture in pictures(session.video, rows, (session.info.width, session.info.height)):
            while last is not None and i < len(wanted) and wanted[i] < picture.number:
                yield last
                i += 1
            last = picture.image
    except SourceError:
        if last is None:
            raise
    while last is not None and i < len(wanted):
        yield last
        i += 1


def _note(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="ascii")
