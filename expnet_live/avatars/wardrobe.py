"""All heads that can be worn: the imported ones, the avatars kept beside them, and avatars that are just files."""

from __future__ import annotations

import shutil
from pathlib import Path

from expnet_live.avatars.avatar import Avatar
from expnet_live.avatars.container import ENDINGS
from expnet_live.core.errors import UserError
from expnet_live.core.files import checksum, whole
from expnet_live.core.naming import is_device, numbered
from expnet_live.heads.head import Head
from expnet_live.heads.library import RESERVED, Library
from expnet_live.heads.shapes import ShapeModel
from expnet_live.heads.transfer import Driver


def is_avatar_file(name: str | Path) -> bool:
    """Whether a name is that of an avatar's file, judged by its ending alone."""
    return Path(name).suffix.lower() in ENDINGS


class Wardrobe(Library):
    """The library of heads, with avatars: files .vrm and .glb in the same folder, under the same names."""

    def names(self) -> list[str]:
        avatars = [p.stem for e in ENDINGS for p in self.folder.glob(f"*{e}") if not p.name.startswith(".")]
        return sorted({*super().names(), *avatars}, key=str.casefold)

    def path_of(self, name: str) -> Path:
        return self._kept(name) or super().path_of(name)

    def head(self, name: str, driver: Driver) -> Head:
        """The head of that name, or the avatar in that file, driven by the coefficients of `driver`.

        Raises UserError.
        """
        if is_avatar_file(name):
            return Avatar.load(Path(name), driver)
        kept = self._kept(name)
        return super().head(name, driver) if kept is None else Avatar.load(kept, driver, name)

    def keep(self, source: Path, name: str, replace: bool = False) -> Path:
        """Copy an avatar's file into the library. Raises UserError if it is none, or cannot be kept under that name."""
        self.check_new(name, replace)
        if not is_avatar_file(source) or not source.is_file():
            raise UserError(f"{source} is not an avatar; choose a .vrm or .glb file.")
        target = self.folder / f"{name}{source.suffix.lower()}"
        with whole(target) as partial:
            shutil.copyfile(source, partial)
        if replace:
            self._remove_others(target)
        return target

    def add(self, name: str, model: ShapeModel) -> Path:
        """Store a head, replacing one of that name, or an avatar. Raises UserError if that cannot be done."""
        path = super().add(name, model)
        self._remove_others(path)
        return path

    def keep_once(self, source: Path) -> str:
        """The name under which a file is in the library; it is copied there unless it already is. Raises UserError."""
        try:
            size = source.stat().st_size
            for name in self.names():
                kept = self._kept(name)
                if kept is not None and kept.stat().st_size == size and checksum(kept) == checksum(source):
                    return name
        except OSError as error:
            raise UserError(f"{source} cannot be read ({error.strerror or error}); choose another file.") from error
        name = self.free_name(source)
        self.keep(source, name)
        return name

    def free_name(self, source: Path) -> str:
        """A name for a file's avatar that no head has yet."""
        stem = "".join(c if c.isalnum() or c in " .-_" else "-" for c in source.stem).strip(" .-")[:32] or "Avatar"
        stem = f"{stem}_" if is_device(stem) else stem
        taken = {name.casefold() for name in self.names()} | RESERVED
        return next(name for name in numbered(stem) if name.casefold() not in taken)

    def _remove_others(self, target: Path) -> None:
        """Remove the files of other kinds that have the name of this one, which takes their place."""
        name = target.stem.casefold()
        for old in [p for p in self.folder.iterdir() if p.suffix in (*ENDINGS, ".npz") and p.stem.casefold() == name]:
            try:
                if not old.samefile(target):
                    old.unlink()
            except OSError as error:
                reason = error.strerror or error
                raise UserError(f"{old}, which has the same name, cannot be removed ({reason}); delete it.") from error

    def _kept(self, name: str) -> Path | None:
        if not name or Path(name).name != name:
            return None
        return next((p for e in ENDINGS if (p := self.folder / f"{name}{e}").is_file()), None)
