"""The release's downloaded files: finds them in a folder, rejects web pages and packed archives, and hashes them."""

from __future__ import annotations

from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.official.store import Origin

_ARCHIVES = {b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a packed archive (gzip)", b"BZh": "a packed archive (bzip2)"}


class Source:
    """A folder with an unpacked archive of the release."""

    def __init__(self, folder: Path, what: str) -> None:
        """`what` describes its content for messages. Raises UserError if it is not a folder."""
        self.folder, self._what = folder, what
        if folder.is_file():
            raise UserError(f"{folder} is {_kind(folder) or 'a file'}; {_advice(folder, what)}.")
        if not folder.is_dir():
            raise UserError(f"The folder {folder} does not exist; choose the one with {what}.")

    def find(self, name: str) -> Path | None:
        """The file of that name in the folder or below it, or None if it is missing.

        Raises UserError if it is empty or a web page.
        """
        found = sorted(p for p in self.folder.rglob(name) if p.is_file())
        if not found:
            return None
        check_file(found[0])
        return found[0]

    def file(self, name: str) -> Path:
        """Like `find`, but also raises UserError if the file is missing."""
        path = self.find(name)
        if path is None:
            raise UserError(f"{name} is not in {self.folder}; choose the folder with {self._what}.")
        return path

    def checkpoint(self, name: str) -> Path:
        """The prefix that names a checkpoint in TensorFlow, in either of its two formats."""
        index = self.find(f"{name}.index")
        if index is None:
            return self.file(name)
        shards = _shards(index.with_name(name))
        if not shards:
            raise UserError(f"{name}.data-00000-of-00001 is not beside {index}; unpack the whole archive.")
        for shard in shards:
            check_file(shard)
        return index.with_name(name)

    @staticmethod
    def origin_of(prefix: Path) -> tuple[Origin, ...]:
        """The files of a checkpoint."""
        index = prefix.with_name(f"{prefix.name}.index")
        return tuple(Origin.of(p) for p in ([index, *_shards(prefix)] if index.is_file() else [prefix]))


def _shards(prefix: Path) -> list[Path]:
    return sorted(prefix.parent.glob(f"{prefix.name}.data-*"))


def check_file(path: Path) -> None:
    """Raise UserError if a file is missing, empty, or a web page saved in its place."""
    if not path.is_file():
        raise UserError(f"There is no file {path}; check the name.")
    if path.stat().st_size == 0:
        raise UserError(f"{path} is empty; download it again.")
    if _kind(path) == "a web page":
        raise UserError(f"{path} is a web page saved instead of the file; download the file itself.")


def _kind(path: Path) -> str | None:
    with path.open("rb") as f:
        start = f.read(512)
    if start.lstrip()[:1] == b"<" and b"html" in start.lower():
        return "a web page"
    return next((kind for magic, kind in _ARCHIVES.items() if start.startswith(magic)), None)


def _advice(path: Path, what: str) -> str:
    if _kind(path) == "a web page":
        return "it was saved instead of the archive: download the archive itself, unpack it and choose its folder"
    return f"unpack it and choose the folder with {what}"
