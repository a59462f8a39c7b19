"""Profiles of people, kept between starts."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.files import write_whole
from expnet_live.core.naming import is_device
from expnet_live.core.paths import data_folder, make_folder
from expnet_live.core.records import read_json, record_of
from expnet_live.heads.built_in import face_model
from expnet_live.person.person import Person
from expnet_live.person.record import PersonRecord

_LONGEST = 255  # bytes of a file's name, on all usual systems
SCHEMA = 2  # 1 had the neutral face in the components of the first face model


class Profiles:
    """Profiles as JSON files in a folder that is created with the first one."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or data_folder() / "profiles"

    def names(self) -> list[str]:
        found = []
        for path in self._folder.glob("*.json"):
            try:
                found.append(_name_in(path))
            except (OSError, ValueError):
                continue
        return sorted(found, key=str.casefold)

    def has(self, name: str) -> bool:
        """Whether there is a profile of that name."""
        return self._path(name).exists()

    def load(self, name: str) -> Person:
        """The profile of that name, or a new one if there is none. Raises UserError if its file is damaged."""
        path = self._path(name)
        try:
            document = read_json(path.read_text(encoding="utf-8"))
            person = record_of(document, PersonRecord).person()
            return _renewed(person) if document.get("schema") == 1 else person
        except FileNotFoundError:
            return Person(name)
        except (OSError, ValueError) as e:
            raise UserError(f"The profile {name} cannot be read; delete {path} and calibrate again.") from e

    def save(self, person: Person) -> None:
        """Save a profile. Raises UserError if the folder cannot be written."""
        data = {"schema": SCHEMA} | msgspec.to_builtins(PersonRecord.of(person))
        path = self._path(person.name)
        try:
            make_folder(path.parent)
            write_whole(path, json.dumps(data, indent=1))
        except OSError as e:
            raise UserError(f"The profile cannot be saved in {path.parent}; make that folder writable.") from e

    def rename(self, old: str, new: str) -> None:
        """Give a profile another name. Raises UserError if that name is taken, or the folder cannot be written."""
        same_file = self._path(new) == self._path(old)
        if not same_file and self._path(new).exists():
            raise UserError(f"There is already a profile {new}; choose another name.")
        self.save(replace(self.load(old), name=new))
        if not same_file:
            self.delete(old)

    def delete(self, name: str) -> None:
        """Raises UserError if the folder cannot be written."""
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as e:
            raise UserError(f"The profile {name} cannot be deleted; make {self._folder} writable.") from e

    def _path(self, name: str) -> Path:
        """The file of a name: made of its letters and digits, and of a checksum where another name has that file."""
        own = name.casefold()
        stem = re.sub(r"[^\w-]+", "-", own).strip("-") or "profile"
        if len(f"{stem}.json".encode()) > _LONGEST:
            stem = f"{stem[:40]}-{_digest(stem)}"
        usual, apart = (self._folder / f"{s}.json" for s in (stem, f"{stem[:40]}-{_digest(own)}"))
        if apart.exists() or (is_device(stem) and not (os.name == "posix" and usual.exists())):
            return apart  # a device must not even be opened
        try:
            return usual if _name_in(usual).casefold() == own else apart
        except (OSError, ValueError):  # there is none, or it is damaged
            return usual


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _name_in(path: Path) -> str:
    return record_of(read_json(path.read_text(encoding="utf-8")), _Named).name


def _renewed(person: Person) -> Person:
    """A person of the first schema with a neutral face in today's components."""
    model = face_model()
    if person.neutral.keys() != set(model.names):
        return person
    neutral = model.from_first(np.array([person.neutral[name] for name in model.names]))
    return replace(person, neutral=dict(zip(model.names, neutral.tolist(), strict=True)))


class _Named(msgspec.Struct):
    name: str
