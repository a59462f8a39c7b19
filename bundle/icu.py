"""Takes what Qt does not ask for out of ICU's library of data, libicudata.so: the tables of single languages, but
English, and of old encodings; transliteration, borders of words, units, and the names of characters, languages, regions
and zones.

Qt compares texts with ICU, but brings dates and numbers of its own; the window speaks English, and files are UTF-8. ICU
falls back to its tables for all languages, as for a language that it does not know.

The library is one package: a header; the number of tables; for each where its name and its data begin, counted from
that number on; the names, sorted; the data.
"""

from __future__ import annotations

import re
import struct

_MARK = b"\xda\x27\x14\0\0\0\0\0\2\0CmnD"  # of the header, behind its length
_SEGMENT = struct.Struct(
    "<2I6Q"
)  # of a 64-bit ELF file: kind, flags, offset, address, -, bytes in the file, in memory, -
_LEFT_OUT = re.compile(
    r".*\.cnv|unames\.icu|(brkitr|curr|lang|rbnf|region|translit|unit|zone)/.*"
    r"|(\w+/)?(?!en\b|root\b)[a-z]{2,3}(_\w+)?\.res",
    re.ASCII,
)


def fewer_languages(data: bytes) -> bytes:
    """The smaller library; the same one if it is laid out in another way."""
    at = data.find(_MARK) - 2
    if at < 0:
        return data
    start = at + int.from_bytes(data[at : at + 2], "little")
    tables = _tables(data, start)
    kept = [(name, content) for name, content in tables if not _LEFT_OUT.fullmatch(name.partition("/")[2])]
    package = data[at:start] + _package(kept)
    out = bytearray(data)
    (step, n) = struct.unpack_from("<2H", data, 54)
    (first,) = struct.unpack_from("<Q", data, 32)
    for place in range(first, first + n * step, step):
        kind, flags, offset, address, physical, size, _, align = _SEGMENT.unpack_from(data, place)
        if kind == 1 and offset <= at < offset + size:
            out[at : at + len(package)] = package
            size = at - offset + len(package)
            _SEGMENT.pack_into(out, place, kind, flags, offset, address, physical, size, size, align)
    return bytes(out)


def _tables(data: bytes, start: int) -> list[tuple[str, bytes]]:
    (n,) = struct.unpack_from("<I", data, start)
    places = list(struct.iter_unpack("<2I", data[start + 4 : start + 4 + 8 * n]))
    ends = [*(begin for _, begin in places[1:]), None]
    found = []
    for (named, begin), end in zip(places, ends, strict=True):
        name = data[start + named : data.index(b"\0", start + named)].decode("ascii")
        found.append((name, data[start + begin : None if end is None else start + end]))
    # Nothing says where the last one ends: it is some language's, and shorter than this.
    found[-1] = (found[-1][0], found[-1][1][:65536])
    return found


def _package(tables: list[tuple[str, bytes]]) -> bytes:
    names = b"".join(name.encode("ascii") + b"\0" for name, _ in tables)
    named = 4 + 8 * len(tables)
    begin = -(-(named + len(names)) // 16) * 16
    places, contents = [struct.pack("<I", len(tables))], []
    for name, content in tables:
        places.append(struct.pack("<2I", named, begin))
        contents.append(content + bytes(-len(content) % 16))
        named += len(name) + 1
        begin += len(contents[-1])
    head = b"".join(places) + names
    return head + bytes(-len(head) % 16) + b"".join(contents)
