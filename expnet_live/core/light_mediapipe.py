"""mediapipe without TensorFlow.

If TensorFlow is installed, for the import of the official release, mediapipe would load it only for a documentation
decorator, which takes many times as long as everything else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def light_mediapipe() -> Iterator[None]:
    """Import mediapipe inside this context."""
    absent = "tensorflow" not in sys.modules
    if absent:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]  # Python's way to say: not to be found
    try:
        yield
    finally:
        if absent:
            sys.modules.pop("tensorflow", None)
