"""OSC packets of a fixed layout: their bytes are created once, and each frame writes its numbers into them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

MOST_BYTES = 1500  # bytes of a datagram, as VMC requires
_BUNDLE_HEAD = b"#bundle\0" + b"\0" * 7 + b"\1"  # time tag: apply at once


@dataclass(frozen=True)
class Slots:
    """`count` floats of a message, which each frame writes."""

    count: int


Value = str | int | float | Slots


def message(address: str, *values: Value) -> bytes:
    """One OSC message, with zeros in its slots, which come last."""
    tags, data = ",", b""
    for value in values:
        if isinstance(value, Slots):
            tags, data = tags + "f" * value.count, data + bytes(4 * value.count)
        elif isinstance(value, str):
            tags, data = tags + "s", data + _text(value)
        elif isinstance(value, int):
            tags, data = tags + "i", data + value.to_bytes(4, "big", signed=True)
        else:
            tags, data = tags + "f", data + struct.pack(">f", value)
    return _text(address) + _text(tags) + data


class Packets:
    """The packets of a frame: messages in order, in as few bundles as fit into datagrams, or one by one."""

    def __init__(self, messages: Sequence[tuple[object, ...]], bundled: bool = True) -> None:
        """`messages`: the address of each, and its values."""
        packets: list[bytes] = []
        where: list[tuple[int, int]] = []  # packet and byte of each slot
        for address, *values in messages:
            values = list(values)
            part = message(address, *values)  # type: ignore[arg-type]
            slots = sum(v.count for v in values if isinstance(v, Slots))
            if bundled:
                part = len(part).to_bytes(4, "big") + part
            if not packets or not bundled or len(packets[-1]) + len(part) > MOST_BYTES:
                packets.append(_BUNDLE_HEAD if bundled else b"")
            packets[-1] += part
            end = len(packets[-1])
            where += [(len(packets) - 1, end - 4 * (slots - i)) for i in range(slots)]
        self._floats = struct.Struct(f">{len(where)}f")
        self._parts = [_parts(packet, [byte for p, byte in where if p == i]) for i, packet in enumerate(packets)]

    def filled(self, values: Sequence[float]) -> list[bytes]:
        """The packets with one value for each slot, in order."""
        floats, at, packets = self._floats.pack(*values), 0, []
        for constant, counts in self._parts:
            pieces = [constant[0]]
            for piece, count in zip(constant[1:], counts, strict=True):
                pieces += (floats[at : at + count], piece)
                at += count
            packets.append(b"".join(pieces))
        return packets


def _parts(packet: bytes, slots: Sequence[int]) -> tuple[list[bytes], list[int]]:
    """The bytes before, between and after the slots at those bytes, and the number of bytes in each run of slots."""
    constant: list[bytes] = []
    counts: list[int] = []
    end = 0
    for slot in slots:
        if counts and slot == end:
            counts[-1] += 4
        else:
            constant.append(packet[end:slot])
            counts.append(4)
        end = slot + 4
    return [*constant, packet[end:]], counts


def _text(value: str) -> bytes:
    """Pad with zeros to a multiple of four bytes."""
    data = value.encode()
    return data + b"\0" * (4 - len(data) % 4)
