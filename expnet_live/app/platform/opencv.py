"""Undoes a setting of OpenCV's wheels, which bring their own Qt and hide the plug-ins and fonts of PySide6."""

from __future__ import annotations

from collections.abc import MutableMapping


def give_back_qt(env: MutableMapping[str, str]) -> None:
    import cv2  # noqa: F401  It sets them when it is imported, so that must come first.

    env.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)
    env.pop("QT_QPA_FONTDIR", None)
