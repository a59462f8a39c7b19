"""mediapipe without TensorFlow.

Where TensorFlow is installed, for the import of the official release, mediapipe would load it for a decorator of its
documentation: that takes many times as long as all the rest.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def light_mediapipe() -> Iterator[None]:
    """While it lasts, mediapipe is to be imported."""
    absent = "tensorflow" not in sys.modules
    if absent:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]  # Python's way to say: not to be found
    try:
        yield
    finally:
        if absent:
            sys.modules.pop("tensorflow", None)
