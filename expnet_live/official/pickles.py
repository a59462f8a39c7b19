"""Safely reads NumPy files of unknown origin, some pickled by Python 2: only arrays and plain containers.

A pickle can name any function to be called during reading. This reader only resolves those that NumPy itself needs to
rebuild an array; for any other, it raises an error before anything is called.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.core import multiarray
from numpy.lib import format as npy

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array

_SAFE: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("collections", "OrderedDict"): OrderedDict,
}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):
    for _name in ("_reconstruct", "scalar"):  # not in every numpy's stubs
        _SAFE[_module, _name] = getattr(multiarray, _name)


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _SAFE[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name}") from None


def load_array(data: bytes, where: str) -> Any:
    """The content of a .npy file: an array, or a pickled object.

    Raises UserError with one sentence, which begins with `where`.
    """
    stream = BytesIO(data)
    try:
        major, _ = npy.read_magic(stream)
        shape, fortran, dtype = (npy.read_array_header_1_0 if major == 1 else npy.read_array_header_2_0)(stream)
        if not dtype.hasobject:
            stream.seek(0)
            return npy.read_array(stream, allow_pickle=False)
        array = _ArraysOnly(stream, encoding="latin1").load()
    except pickle.UnpicklingError as e:
        raise UserError(
            f"{where} is a pickle that asks for {e}, not only for arrays; do not use it, and download the file again."
        ) from e
    except Exception as e:  # a damaged pickle may raise anything
        raise UserError(f"{where} is not a NumPy file, or is cut off; download it again.") from e
    if not isinstance(array, np.ndarray):
        raise UserError(f"{where} contains no array; download it again.")
    return array.item() if array.shape == () else array.reshape(shape, order="F" if fortran else "C")


def load_npy(path: Path) -> Any:
    return load_array(path.read_bytes(), str(path))


def load_npz(path: Path) -> dict[str, Array]:
    """All arrays of an .npz archive by name."""
    try:
        with ZipFile(path) as archive:
            return {
                name.removesuffix(".npy"): load_array(archive.read(name), f"{path} ({name})")
                for name in archive.namelist()
            }
    except (BadZipFile, EOFError, OSError, ValueError) as e:
        raise UserError(f"{path} is not an .npz archive, or is cut off; download it again.") from e
