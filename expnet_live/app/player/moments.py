"""Prepares the picture and the head of a session's row, each on a thread of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass

from expnet_live.app import texts
from expnet_live.app.player.replay import Poser, Replay
from expnet_live.avatars.avatar import Posed
from expnet_live.core.types import Image
from expnet_live.sessions.reading.picture_file import PictureReader
from expnet_live.threads.answerer import Answerer
from expnet_live.threads.worker import Life


@dataclass(frozen=True, eq=False)
class Moment:
    """`image` is None if there is none, `head` if none can be drawn."""

    row: int
    image: Image | None
    head: Posed | None


class Moments:
    """The moments of one session. A requested row is delivered when all of it is ready."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        info, video = replay.session.info, replay.session.video
        self.reader = None if video is None else PictureReader(video, (info.width, info.height))
        self._poser = None if replay.drawn is None else Poser(replay, replay.drawn.head)
        self._asked: int | None = None
        self._waits: set[str] = set()  # which parts of it
        self._image: Image | None = None
        self._head: Posed | None = None
        for worker in self._workers:
            worker.start()

    @property
    def asked(self) -> int | None:
        """The row in preparation."""
        return self._asked

    def ask(self, row: int) -> None:
        self._asked, self._waits = row, set()
        if self._poser is not None:
            self._poser.ask(row)
            self._waits.add("head")
        number = int(self._replay.picture[row])
        if self.reader is not None and number >= 0:
            self.reader.ask(number)
            self._waits.add("picture")
        else:
            self._image = None

    def take(self) -> Moment | None:
        """The moment of the row, once all of it is ready."""
        if self._asked is None:
            return None
        if self._poser is not None and (posed := self._poser.latest()) is not None:
            self._head = posed[1]
            self._waits.discard("head")
        if self.reader is not None and (picture := self.reader.latest()) is not None:
            self._image = picture[1]
            self._waits.discard("picture")
        if self.reader is not None and self.reader.life is Life.FAILED:
            self._image = None
            self._waits.discard("picture")
        if self._poser is not None and self._poser.life is Life.FAILED:
            self._waits.discard("head")
        if self._waits:
            return None
        row, self._asked = self._asked, None
        return Moment(row, self._image, self._head)

    def note(self, moment: Moment) -> str:
        """What to say of its picture; empty if all is well."""
        replay, row = self._replay, moment.row
        if self.reader is None:
            return texts.PLAYER_NO_VIDEO
        if self.reader.problem:
            return self.reader.problem
        if moment.image is None:
            return texts.PLAYER_NO_PICTURE if replay.picture[row] < 0 else texts.PLAYER_VIDEO_ENDED
        if not replay.own[row]:
            return texts.PLAYER_HELD_PICTURE
        return texts.NO_FACE if replay.rows.face[row] < 0 else ""

    def stop(self) -> None:
        for worker in self._workers:
            worker.stop()

    def join(self, end: float) -> None:
        """Wait until `end` (time.monotonic()) at most."""
        for worker in self._workers:
            worker.join(end - time.monotonic())

    @property
    def _workers(self) -> list[Answerer[int, Image | None] | Answerer[int, Posed]]:
        return [w for w in (self.reader, self._poser) if w is not None]
