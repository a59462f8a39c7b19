"""Streams to other programs: the registry of outputs, addresses, and a thread for each receiver.

Ours lie in the package `expnet_live.outputs.streaming`, one module each; other packages add theirs by entry points of
the group `expnet_live.outputs`. Help texts and docs follow from what each says of itself.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.errors import UserError
from expnet_live.core.registry import Registry
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.live.state import LiveFace, LiveState
from expnet_live.threads.mailbox import Mailbox
from expnet_live.threads.rate import RateMeter
from expnet_live.threads.worker import Worker

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, eq=False)
class Sample:
    """What is sent of a frame: of its first face, or of nobody (`seen` False, the rest 0).

    `time` is that of the capture (time.monotonic(), s); `blendshapes` (52,) 0..1 are in ARKit's order, 0 at the rest of
    the person; `rotation` (3,) rad and `translation` (3,) mm of the head; `gaze` (2, 2) rad is as in FaceState.
    """

    time: float
    seen: bool
    blendshapes: Array
    rotation: Array
    translation: Array
    gaze: Array

    @classmethod
    def of(cls, state: LiveState) -> Sample:
        if not state.faces:
            nothing = np.zeros(3, np.float32)
            return cls(state.captured.grabbed, False, np.zeros(N_BLENDSHAPES), nothing, nothing, np.zeros((2, 2)))
        face = state.faces[0]
        pose, gaze = face.state.pose, face.state.gaze
        gaze = np.zeros((2, 2)) if gaze is None else gaze
        return cls(state.captured.grabbed, True, _weights(face), pose.rotation, pose.translation, gaze)


def _weights(face: LiveFace) -> Array:
    """The blendshapes that the model tells, or those nearest to its coefficients."""
    if face.blendshapes is not None:
        return face.blendshapes
    return face.head.blendshapes_of(face.expression) if isinstance(face.head, FaceModel) else np.zeros(N_BLENDSHAPES)


@dataclass(frozen=True)
class Address:
    """Where to: a host and a port."""

    host: str
    port: int

    @property
    def leaves(self) -> bool:
        """Whether what is sent there leaves this machine."""
        if self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Sender(Protocol):
    """Brings samples to a receiver, on a thread of its own."""

    def send(self, sample: Sample) -> None:
        """Raises OSError where it cannot be sent."""
        ...

    @property
    def receivers(self) -> int | None:
        """How many receive it; None where nobody can know."""
        ...

    def close(self) -> None: ...


class OutputKind(ABC):
    """A protocol. Importing its module must be cheap, as `--help` does so: import what is heavy in `open`."""

    name: str
    """As it is typed before ://."""
    about: str
    """One line for help texts and menus."""
    port: int
    """Where its receivers usually listen."""

    @abstractmethod
    def open(self, address: Address) -> Sender:
        """Raises OSError where the address cannot be used."""


OUTPUTS: Registry[OutputKind] = Registry("output", "OUTPUT", ["expnet_live.outputs.streaming"], "expnet_live.outputs")


def parse_target(text: str) -> tuple[OutputKind, Address]:
    """What `vmc`, `vmc://127.0.0.1` or `vmc://127.0.0.1:39539` mean. Raises UserError."""
    name, _, where = text.partition("://")
    kind = OUTPUTS.named(name)
    host, colon, port = where.rpartition(":") if ":" in where else (where, "", "")
    if colon and not (port.isdecimal() and 0 < int(port) < 65536):
        raise UserError(f"{text} has no port from 1 to 65535; write for example {name}://{LOOPBACK}:{kind.port}.")
    return kind, Address(host or LOOPBACK, int(port) if port else kind.port)


class Stream(Worker):
    """A LiveOutput that sends the newest sample; older ones that it had no time for are dropped and counted."""

    def __init__(self, kind: OutputKind, address: Address) -> None:
        super().__init__(f"{kind.name}://{address}")
        self.kind, self.address = kind, address
        self.sent = 0
        self._samples: Mailbox[Sample] = Mailbox()
        self._meter = RateMeter()
        self._receivers: int | None = None

    @property
    def dropped(self) -> int:
        return self._samples.dropped

    def describe(self) -> str:
        """How it goes, for people."""
        if self.problem is not None:
            return self.problem
        if self._receivers == 0:
            return f"nobody listens at {self.address}"
        return f"sending to {self.address}, {self._meter.rate(time.monotonic()):.0f} a second"

    def put(self, state: LiveState) -> None:
        self._samples.put(Sample.of(state))

    def lost(self, face: int, time: float) -> None:
        """Nothing: a sample of nobody follows."""

    def stop(self) -> None:
        super().stop()
        self._samples.close()

    def _work(self) -> None:
        try:
            sender = self.kind.open(self.address)
        except OSError as error:
            self._failed(f"{self.name} cannot be opened ({error.strerror or error}); choose another address.")
            return
        try:
            while not self.stopping:
                sample = self._samples.take(timeout=0.2)
                self._receivers = sender.receivers
                if sample is None:
                    continue
                try:
                    sender.send(sample)
                except OSError as error:  # nobody listens, or the network is away: the next one may arrive
                    self._failed(f"{self.address} refuses what is sent ({error.strerror or error}).")
                    continue
                self.sent += 1
                self._meter.tick(time.monotonic())
                self._running()
        finally:
            sender.close()


class Datagrams(Sender):
    """Sends packets over UDP, which never waits for a receiver. Subclasses say what is in them."""

    receivers = None

    def __init__(self, address: Address) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._to = (socket.gethostbyname(address.host), address.port)

    @abstractmethod
    def packets(self, sample: Sample) -> list[bytes]:
        """The datagrams of one sample, in their order."""

    def send(self, sample: Sample) -> None:
        for packet in self.packets(sample):
            self._socket.sendto(packet, self._to)

    def close(self) -> None:
        self._socket.close()
