"""The packages that only some commands need, and the extra of this package that brings each."""

from __future__ import annotations

# Modules as they are imported, under the extras of pyproject.toml.
_EXTRAS = {
    "archive": ("bokeh", "dask", "distributed", "fsspec"),
    "bfm": ("h5py",),
    "camera": ("pyvirtualcam",),
    "cluster": ("dask_jobqueue",),
    "evaluation": ("matplotlib", "sklearn"),
    "keys": ("pynput",),
    "lsl": ("pylsl",),
    "official": ("tensorflow",),
    "pictures": ("moderngl",),
    "remote": ("gcsfs", "paramiko", "s3fs"),
    "statistics": ("pandas", "statsmodels"),
    "training": ("onnx",),
}
EXTRA_OF = {module: extra for extra, modules in _EXTRAS.items() for module in modules}


def install(module: str) -> str:
    """The command that installs an optional module. The quotes are double: Windows' own shell knows no others."""
    return f'pip install "expnet-live[{EXTRA_OF[module]}]"' if module in EXTRA_OF else f"pip install {module}"
