"""Text protocols of phone apps over UDP: receivers ask a tracker for its data, and get packets until they stop.

A receiver takes the answer at the port from which it asked, so on one computer the tracker needs its own address.
"""

from __future__ import annotations

import logging
import socket
from abc import abstractmethod
from collections.abc import Sequence

from expnet_live.core.types import Array
from expnet_live.outputs.address import Address, resolved
from expnet_live.outputs.output import Sender
from expnet_live.outputs.sample import Sample

log = logging.getLogger(__name__)

OWN = "127.0.0.2"  # beside receivers at 127.0.0.1
_MOST_REQUESTS = 16  # that are heard before a sample, so that one who never stops asking holds up nobody
_MOST_ASKERS = 32  # a new one takes the place of the one that asked first
_LEAST = 1e-4  # m by which each packet differs from the one before


class Asked(Sender):
    """Sends to receivers that have asked. Subclasses define the request and the answer."""

    quick = True

    def __init__(self, address: Address) -> None:
        family, place = resolved(address, socket.SOCK_DGRAM)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            # Receivers at 0.0.0.0 share the port, if they allow it.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setblocking(False)
            self._socket.bind(place)
        except BaseException:
            self._socket.close()
            raise
        self._family, self.address = family, Address(str(place[0]), int(place[1]))
        self._askers: dict[tuple[str, int], tuple[socket.socket, str]] = {}
        self._origin: Array | None = None
        self._last: dict[str, bytes] = {}

    @abstractmethod
    def wanted(self, request: str) -> str | None:
        """The version of the text that a request asks for, or None to stop. Raises ValueError for any other text."""

    @abstractmethod
    def text(self, sample: Sample, version: str, nudge: float) -> str:
        """The text for a face; `nudge` in m is added to its position."""

    @property
    def receivers(self) -> int:
        return len(self._askers)

    def send(self, sample: Sample) -> None:
        self._hear()
        if not sample.seen:
            return
        if self._origin is None:
            self._origin = sample.translation
        data: dict[str, bytes] = {}
        away: list[OSError] = []
        for place, (asker, version) in tuple(self._askers.items()):
            if version not in data:
                data[version] = self._changed(sample, version)
            try:
                asker.send(data[version])
            except BlockingIOError:
                continue
            except ConnectionError:  # it has left without notice
                self._forget(place)
            except OSError as error:  # its network is away: it may come back, and receivers ask only once
                away.append(error)
        if away and len(away) == len(self._askers):
            raise away[0]

    def _changed(self, sample: Sample, version: str) -> bytes:
        """Make packets differ, because receivers treat a repeated packet as lost tracking."""
        data = self.text(sample, version, 0.0).encode()
        if data == self._last.get(version):
            data = self.text(sample, version, _LEAST).encode()
        self._last[version] = data
        return data

    def place_of(self, sample: Sample, nudge: float) -> tuple[float, float, float]:
        """Position of the head (m), relative to its first one: x to the viewer's right, y up, z towards the viewer."""
        x, y, z = ((sample.translation - self._origin) / 1000).tolist() if self._origin is not None else (0.0, 0.0, 0.0)
        return x, y, z + nudge

    def close(self) -> None:
        for place in tuple(self._askers):
            self._forget(place)
        self._socket.close()

    def _hear(self) -> None:
        for _ in range(_MOST_REQUESTS):
            try:
                data, (host, port, *_) = self._socket.recvfrom(4096)
            except ConnectionError:  # Windows reports here that nobody listens
                continue
            except BlockingIOError:
                return
            try:
                version = self.wanted(data.decode(errors="replace"))
            except ValueError:
                log.info("%s asked for something else", host)
                continue
            self._welcome(host, port, version)

    def _welcome(self, host: str, port: int, version: str | None) -> None:
        ours, usual = self.address.host, self.address.port
        to = (host, port if host == ours or (ours in ("0.0.0.0", "::") and _loops(host)) else usual)
        self._forget(to)
        if version is None:
            return
        if len(self._askers) == _MOST_ASKERS:
            self._forget(next(iter(self._askers)))
        asker = socket.socket(self._family, socket.SOCK_DGRAM)
        asker.setblocking(False)
        try:
            asker.connect(to)
        except OSError as error:  # no answer can get there
            asker.close()
            log.info("%s cannot be answered: %s", host, error)
            return
        self._askers[to] = asker, version

    def _forget(self, place: tuple[str, int]) -> None:
        if asker := self._askers.pop(place, None):
            asker[0].close()


def template(names: Sequence[str], separator: str) -> str:
    """The text of all blendshapes by these names; `%` fills in `Sample.percents`."""
    return "".join(f"{name}{separator}%d|" for name in names)


def bones(sample: Sample, place: tuple[float, float, float]) -> str:
    """Head and eyes: degrees down, to the person's right, and towards their right shoulder; then the head's
    position.
    """
    yaw, pitch, roll = sample.turns
    head = [*_degrees(pitch, -yaw, roll), *(f"{v:.4f}" for v in place)]
    (right_yaw, right_pitch), (left_yaw, left_pitch) = sample.looks
    right, left = _degrees(-right_pitch, -right_yaw, 0.0), _degrees(-left_pitch, -left_yaw, 0.0)
    return f"=head#{','.join(head)}|rightEye#{','.join(right)}|leftEye#{','.join(left)}|"


def _degrees(*angles: float) -> list[str]:
    return [f"{a * 57.29577951308232:.3f}" for a in angles]


def _loops(host: str) -> bool:
    return host == "::1" or host.startswith("127.")
