"""Makes the folder for Linux smaller; what the program does stays the same. bundle/make.py calls it.

- Symbols for debuggers and the gaps between the parts of a library go. (The repair of wheels may align parts to 2 MB: a
  libxcb of 20 kB has 6 MB then.)
- A library that two packages bring stays once: the same file, or x265 of the same binary interface.
- OpenCV uses PyAV's FFmpeg, Pillow's libavif and SciPy's OpenBLAS instead of its own. The first two are of the same
  binary interface, the last one differs in the names of its functions alone.
- ICU keeps English and what all languages share: see icu.py.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
from pathlib import Path

from icu import fewer_languages

_HEADER, _SEGMENT = struct.Struct("<16xHHI3QI6H"), struct.Struct("<2I6Q")
_X86_64, _LOAD, _PAGE = 62, 1, 4096
_X265 = "libx265-*.so.*"
_NAME = re.compile(r"lib(?P<stem>\w+)-[0-9a-f]{8}\.so\.(?P<version>[\d.]+)")


def smaller(folder: Path, patchelf: str) -> None:
    """`patchelf` is the path of that program."""
    libraries = [p for p in folder.rglob("*.so*") if p.is_file() and not p.is_symlink()]
    for path in libraries:
        if not path.parent.name.endswith(".libs"):  # those that a wheel repaired would no longer load
            subprocess.run(["strip", "--strip-unneeded", str(path)], check=True)
    share(libraries, patchelf)
    alone(libraries)
    for path in libraries:
        if path.is_file():
            data = path.read_bytes()
            path.write_bytes(compact(fewer_languages(data) if path.name.startswith("libicudata") else data))
    once(libraries)
    for path in folder.rglob("*.so*"):
        if path.is_symlink() and not path.exists():
            path.unlink()  # it led to a library that went


def share(libraries: list[Path], patchelf: str) -> None:
    """Let OpenCV use other packages' libraries."""
    (opencv,) = (p for p in libraries if p.name == "cv2.abi3.so")
    own = {p.name: p for p in libraries if p.parent.name.startswith("opencv")}
    others = [p for p in libraries if p.parent.name in ("av.libs", "pillow.libs")]
    (blas,) = (p for p in libraries if p.name.startswith("libscipy_openblas-"))

    change, places = [], {blas.parent, *(p.parent for p in own.values())}
    for name in _needed(opencv):
        for other in others:
            if fits(name, other.name):
                change += ["--replace-needed", name, other.name]
                places.add(other.parent)
    own_blas = next((p for p in own.values() if p.name.startswith("libopenblas")), None)
    renamed = blas.parent / "renamed.txt"
    if own_blas is not None:
        offered = _names(blas, "--defined-only")
        taken = _names(opencv, "--undefined-only") & _names(own_blas, "--defined-only")
        if all(f"scipy_{n}" in offered for n in taken):
            renamed.write_text("".join(f"{n} scipy_{n}\n" for n in sorted(taken)), encoding="ascii")
            change += ["--rename-dynamic-symbols", str(renamed), "--replace-needed", own_blas.name, blas.name]
    roads = ":".join(f"$ORIGIN/{os.path.relpath(place, opencv.parent)}" for place in sorted(places))
    subprocess.run([patchelf, *change, "--set-rpath", roads, str(opencv)], check=True)
    renamed.unlink(missing_ok=True)


def alone(libraries: list[Path]) -> None:
    """Remove the libraries that a wheel's repair put in and that no other needs any more."""
    needed = {path: set(_needed(path)) for path in libraries if path.is_file()}
    while True:
        wanted = set().union(*needed.values())
        spare = [p for p in needed if p.parent.name.endswith(".libs") and p.name not in wanted]
        if not spare:
            return
        for path in spare:
            path.unlink()
            del needed[path]


def _needed(path: Path) -> list[str]:
    return re.findall(r"\(NEEDED\).*\[(.*)\]", "\n".join(_said("readelf", "-dW", str(path))))


def fits(name: str, other: str) -> bool:
    """Whether the library `other` has the binary interface of `name`: the same major version, and not older."""
    a, b = _NAME.fullmatch(name), _NAME.fullmatch(other)
    if a is None or b is None or a["stem"] != b["stem"]:
        return False
    old, new = (tuple(map(int, m["version"].split("."))) for m in (a, b))
    return old[0] == new[0] and old <= new


def _names(path: Path, kind: str) -> set[str]:
    return {line.split()[-1] for line in _said("nm", "-D", kind, str(path))}


def _said(*command: str) -> list[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def once(libraries: list[Path]) -> None:
    """Replace further copies of a library by links."""
    kept: dict[str, Path] = {}
    for path in sorted(p for p in libraries if p.is_file() and re.search(r"-[0-9a-f]{8}\.so", p.name)):
        # x265 numbers its binary interface: libx265….so.217 is one interface, whoever built it.
        key = f"x265 {path.suffix}" if path.match(_X265) else path.name
        first = kept.setdefault(key, path)
        if first is not path:
            path.unlink()
            path.symlink_to(os.path.relpath(first, path.parent))
            # The other one's libraries lie beside it, where its own search path leads.


def compact(data: bytes) -> bytes:
    """An ELF library without what is not loaded: section headers, symbols, and the gaps between its segments.

    It stays as it is if it is of another processor or unusually laid out.
    """
    if data[:6] != b"\x7fELF\x02\x01" or (header := _HEADER.unpack_from(data))[1] != _X86_64:
        return data
    kind, machine, version, entry, table, _, flags, size, step, n, *_ = header
    segments = [list(_SEGMENT.unpack_from(data, table + i * step)) for i in range(n)]
    loads = sorted((s for s in segments if s[0] == _LOAD and s[5]), key=lambda s: s[2])
    moved: list[tuple[int, int, int]] = []  # start and end in the file, and the new start
    end = 0
    for _, _, start, address, _, length, _, _ in loads:
        if moved and start < moved[-1][1]:
            return data
        new = end + (address - end) % _PAGE if moved else start
        moved.append((start, start + length, new))
        end = new + length

    def place(old: int, length: int) -> int | None:
        return next((new + old - start for start, stop, new in moved if start <= old and old + length <= stop), None)

    places = [place(s[2], s[5]) if s[5] else s[2] for s in segments]
    new_table = place(table, n * step)
    if not moved or moved[0][0] or None in places or new_table is None:
        return data
    out = bytearray(end)
    for start, stop, new in moved:
        out[new : new + stop - start] = data[start:stop]
    for i, (segment, offset) in enumerate(zip(segments, places, strict=True)):
        segment[2] = offset
        if segment[0] == _LOAD:
            segment[7] = _PAGE
        _SEGMENT.pack_into(out, new_table + i * step, *segment)
    _HEADER.pack_into(out, 0, kind, machine, version, entry, new_table, 0, flags, size, step, n, 0, 0, 0)
    out[:16] = data[:16]
    return bytes(out)
