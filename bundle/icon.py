"""Draws assets/icon.svg as a PNG of 1024 pixels, from which PyInstaller makes the systems' own formats."""

import sys
from pathlib import Path

from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

application = QGuiApplication(sys.argv[:1])
image = QImage(1024, 1024, QImage.Format.Format_ARGB32)
image.fill(0)
painter = QPainter(image)
QSvgRenderer(str(Path(__file__).resolve().parents[1] / "assets" / "icon.svg")).render(painter)
painter.end()
if not image.save(sys.argv[1]):
    sys.exit(f"{sys.argv[1]} cannot be written.")
