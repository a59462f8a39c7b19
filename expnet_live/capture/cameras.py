"""Lists the cameras without opening any, which may take seconds, turn on a light, or ask for permission."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from expnet_live.threads.worker import Worker

SYSFS = Path("/sys/class/video4linux")


@dataclass(frozen=True)
class CameraInfo:
    """A camera's name and OpenCV number (from 100 on, it includes OpenCV's number for the system's interface)."""

    number: int
    name: str


def list_cameras(folder: Path = SYSFS) -> list[CameraInfo]:
    """The cameras that Linux lists in sysfs; none on other systems, see expnet_live/app/platform."""
    if not sys.platform.startswith("linux") or not folder.is_dir():
        return []
    found = []
    for device in folder.iterdir():
        number = re.fullmatch(r"video(\d+)", device.name)
        # A webcam has further devices for metadata, whose index is not 0.
        if number and _read(device / "index", "0") == "0":
            found.append(CameraInfo(int(number[1]), _clean(_read(device / "name", f"Camera {number[1]}"))))
    return sorted(found, key=lambda c: c.number)


def _read(path: Path, default: str) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or default
    except OSError:
        return default


def _clean(name: str) -> str:
    """Shorten names such as "HD Webcam: HD Webcam" of some drivers."""
    first, colon, second = name.partition(": ")
    return first if colon and second.startswith(first[: len(second)]) else name


class CameraWatch(Worker):
    """Lists the cameras repeatedly on its own thread, because some systems take long to answer.

    `cameras` is None until the first list is ready. After an error of the system, `problem` says so, and the last list
    stays.
    """

    def __init__(self, lister: Callable[[], list[CameraInfo]] = list_cameras, interval: float = 2.0) -> None:
        super().__init__("list of cameras")
        self.cameras: list[CameraInfo] | None = None
        self._lister, self._interval = lister, interval
        self._look = threading.Event()
        self._asked = 0
        self.answered = 0  # the last request that has its answer

    def look_again(self) -> int:
        """List them now instead of at the next interval. Return the number of this request."""
        self._asked += 1
        self._look.set()
        return self._asked

    def stop(self) -> None:
        super().stop()
        self._look.set()

    def _work(self) -> None:
        while not self.stopping:
            asked = self._asked
            try:
                self.cameras = self._lister()
                self._running()
            except Exception as error:  # such as while a driver is unloaded
                self._failed(f"The cameras cannot be listed ({error}); connect one again.")
            self.answered = asked
            self._look.wait(self._interval)
            self._look.clear()
