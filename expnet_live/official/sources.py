"""The release's files as they were downloaded: found in a folder, told from web pages and packed archives, hashed."""

from __future__ import annotations

from pathlib import Path

from expnet_live.errors import UserError
from expnet_live.official.store import Origin, digest

_ARCHIVES = {b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a packed archive (gzip)", b"BZh": "a packed archive (bzip2)"}


class Source:
    """A folder that an archive of the release was unpacked to; remembers which files were used."""

    def __init__(self, folder: Path, what: str) -> None:
        """`what` it is to hold, for people. Raises UserError when it is no folder."""
        self.folder, self._what = folder, what
        self._used: dict[Path, Origin] = {}
        if folder.is_file():
            raise UserError(f"{folder} is {_kind(folder) or 'a file'}; {_advice(folder, what)}.")
        if not folder.is_dir():
            raise UserError(f"The folder {folder} does not exist; name the one with {what}.")

    @property
    def origin(self) -> tuple[Origin, ...]:
        return tuple(self._used.values())

    def find(self, name: str) -> Path | None:
        """The file of that name in the folder or below it, None when it is not there."""
        found = sorted(p for p in self.folder.rglob(name) if p.is_file())
        if not found:
            return None
        self.use(found[0])
        return found[0]

    def file(self, name: str) -> Path:
        """As `find`. Raises UserError when it is not there, empty or a web page."""
        path = self.find(name)
        if path is None:
            raise UserError(f"{name} is not in {self.folder}; name the folder that holds {self._what}.")
        return path

    def checkpoint(self, name: str) -> Path:
        """The prefix that TensorFlow knows a checkpoint by; it may be of either of its two formats."""
        index = self.find(f"{name}.index")
        if index is None:
            return self.file(name)
        shards = sorted(index.parent.glob(f"{name}.data-*"))
        if not shards:
            raise UserError(
                f"{name}.data-00000-of-00001 is not in {index.parent}, beside {index.name}; unpack it, too."
            )
        for shard in shards:
            self.use(shard)
        return index.with_name(name)

    def use(self, path: Path) -> None:
        check_file(path)
        self._used[path] = Origin(path.name, digest(path))


def check_file(path: Path) -> None:
    """Raises UserError when a file is missing, empty, or a web page that was saved in its place."""
    if not path.is_file():
        raise UserError(f"There is no file {path}; check the name.")
    if path.stat().st_size == 0:
        raise UserError(f"{path} is empty; download it again.")
    if _kind(path) == "a web page":
        raise UserError(f"{path} is a web page that was saved instead of the file; download the file itself.")


def _kind(path: Path) -> str | None:
    with path.open("rb") as f:
        start = f.read(512)
    if start.lstrip()[:1] == b"<" and b"html" in start.lower():
        return "a web page"
    return next((kind for magic, kind in _ARCHIVES.items() if start.startswith(magic)), None)


def _advice(path: Path, what: str) -> str:
    if _kind(path) == "a web page":
        return "it was saved instead of the archive: download the archive itself, unpack it and name its folder"
    return f"unpack it and name the folder with {what}"
