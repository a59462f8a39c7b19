"""Makes the folder for Linux smaller; what the program does stays the same. bundle/make.py calls it.

- Symbols for debuggers and the gaps between the parts of a library go. (The repair of wheels may align parts to 2 MB: a
  libxcb of 20 kB has 6 MB then.)
- An empty library stands for encoders that nothing here calls: those of HEVC, AV1 and VP9.
- Libraries that no other needs go: those that a wheel's repair put in, and those of the system.
- A library that two packages bring stays once: the same file, or GCC's for Fortran of the same binary interface.
- OpenCV uses PyAV's FFmpeg, Pillow's libavif and SciPy's OpenBLAS instead of its own. The first two are of the same
  binary interface, the last one differs in the names of its functions alone.
- ICU keeps English and what all languages share: see icu.py.
"""

from __future__ import annotations

import os
import platform
import re
import struct
import subprocess
from pathlib import Path

from icu import fewer_languages

_HEADER, _SEGMENT = struct.Struct("<16xHHI3QI6H"), struct.Struct("<2I6Q")
_X86_64, _LOAD, _PAGE = 62, 1, 4096
# FFmpeg reads HEVC and VP9 with decoders of its own, and AV1 with dav1d.
_ENCODERS = re.compile(r"lib(x265|SvtAv1Enc|vpx)-")
_FORTRAN = re.compile(r"(lib(?:gfortran|quadmath))-[0-9a-f-]+(\.so\.\d+)")
_REPAIRED = re.compile(r"-[0-9a-f]{8}\.so")
_PUT_IN = re.compile(r"(\.libs/|/_internal/lib(?!python))[^/]+$")
_NAME = re.compile(r"lib(?P<stem>\w+)-[0-9a-f]{8}\.so\.(?P<version>[\d.]+)")


def smaller(folder: Path, patchelf: str) -> None:
    """`patchelf` is the path of that program."""
    libraries = [p for p in folder.rglob("*.so*") if p.is_file() and not p.is_symlink()]
    for path in libraries:
        if not path.parent.name.endswith(".libs"):  # those that a wheel repaired would no longer load
            subprocess.run(["strip", "--strip-unneeded", str(path)], check=True)
    share(libraries, patchelf)
    for path in libraries:
        if platform.machine() == "x86_64" and _ENCODERS.match(path.name):
            hollow(path)
    alone(libraries)
    once(libraries)
    for path in libraries:
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            path.write_bytes(compact(fewer_languages(data) if path.name.startswith("libicudata") else data))
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
        offered = _offered(blas)
        taken = _names(opencv, "--undefined-only") & _offered(own_blas)
        if all(f"scipy_{n}" in offered for n in taken):
            renamed.write_text("".join(f"{n} scipy_{n}\n" for n in sorted(taken)), encoding="ascii")
            change += ["--rename-dynamic-symbols", str(renamed), "--replace-needed", own_blas.name, blas.name]
    roads = ":".join(f"$ORIGIN/{os.path.relpath(place, opencv.parent)}" for place in sorted(places))
    subprocess.run([patchelf, *change, "--set-rpath", roads, str(opencv)], check=True)
    renamed.unlink(missing_ok=True)


def hollow(path: Path) -> None:
    """Replace a library by one whose functions, those that the libraries beside it take from it, only return 0."""
    taken = set().union(*(_names(user, "--undefined-only") for user in path.parent.glob("lib*.so*")))
    idle(path, taken & _offered(path))


def idle(path: Path, functions: set[str]) -> None:
    """Write a library for x86-64 whose functions only return 0."""
    code = "".join(f".globl {name}\n.type {name}, @function\n{name}:\n" for name in sorted(functions))
    code += 'xor %eax, %eax\nret\n.section .note.GNU-stack, "", @progbits\n'
    made = path.with_suffix(".o")
    subprocess.run(["as", "-o", str(made)], input=code, text=True, check=True)
    subprocess.run(["ld", "-shared", "-soname", path.name, "-o", str(path), str(made)], check=True)
    made.unlink()


def alone(libraries: list[Path]) -> None:
    """Remove the libraries that a wheel's repair or PyInstaller put in and that no other needs any more."""
    needed = {path: set(_needed(path)) for path in libraries if path.is_file()}
    while True:
        wanted = set().union(*needed.values())
        spare = [p for p in needed if _PUT_IN.search(p.as_posix()) and p.name not in wanted]
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
    for path in sorted((p for p in libraries if p.is_file() and _REPAIRED.search(p.name)), key=_newest_first):
        # GCC numbers the interfaces of its libraries; a newer one has all that an older one has.
        fortran = _FORTRAN.match(path.name)
        first = kept.setdefault("".join(fortran.groups()) if fortran else path.name, path)
        if first is not path and (first.name == path.name or _offered(path) <= _offered(first)):
            path.unlink()
            path.symlink_to(os.path.relpath(first, path.parent))
            # The other one's libraries lie beside it, where its own search path leads.


def _newest_first(path: Path) -> tuple[int, Path]:
    return -len(_offered(path)) if _FORTRAN.match(path.name) else 0, path


def _offered(path: Path) -> set[str]:
    return _names(path, "--defined-only")


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
