"""Takes the pictures of docs/outputs.md, on the demo clip: outputs.webp (the menu), outputs_leaving.webp (the lock in
the status line) and outputs_camera.webp (what the virtual camera shows).

    .venv/bin/python scripts/output_pictures.py docs

Without a screen it starts a virtual one (Xvfb). It listens on the usual ports of the outputs, so that the menu shows
them at work: close the programs that do so.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from expnet_live.app.launch import Launch, run_app  # noqa: E402
from expnet_live.cli.quiet import quiet_native  # noqa: E402
from expnet_live.outputs.stream import OUTPUTS  # noqa: E402

if TYPE_CHECKING:
    from expnet_live.app.main_window.window import MainWindow
    from expnet_live.core.types import Image

ASKING = {
    "ifacialmocap": b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719",
    "facemotion3d": b"FACEMOTION3D_OtherStreaming",
}
SHOWN = ("vmc", "livelink", "openseeface", "ifacialmocap", "facemotion3d", "ws", "lsl")
SECONDS, MOMENT = 6.0, 1.6  # s that outputs run first; of the clip: a broad smile
ELSEWHERE = "vmc://192.0.2.7"  # an address for documentation


def receivers(stack: ExitStack) -> None:
    """Sockets on the usual ports that take what comes, or ask for it."""
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    for name in ("vmc", "livelink", "openseeface", *ASKING):
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        udp.bind(("127.0.0.1", OUTPUTS[name].port))
        if name in ASKING:
            udp.sendto(ASKING[name], (OUTPUTS[name].host, OUTPUTS[name].port))

    def page() -> None:
        try:
            with connect(f"ws://127.0.0.1:{OUTPUTS['ws'].port}") as client:
                for _ in client:
                    pass
        except (OSError, ConnectionClosed):
            pass

    threading.Thread(target=page, daemon=True).start()


def steps(window: MainWindow, folder: Path, stack: ExitStack) -> Iterator[bool]:
    """Yields whenever it wants to be called again; True when everything is done."""
    from PySide6.QtCore import QPoint, QRect
    from PySide6.QtGui import QCursor, QPainter

    QCursor.setPos(window.mapToGlobal(QPoint(5, 5)))
    window.set_appearance("dark")
    while window.presenter.first_face is None:
        yield False

    def time() -> float:
        assert window.controller.state is not None
        return window.controller.state.captured.frame.timestamp

    menu, start = window.outputs, time()
    for name in SHOWN:
        menu.switches[name].trigger()
    while time() < start + 1:
        yield False
    receivers(stack)
    while time() < start + SECONDS:
        yield False
    bar = window.menuBar()
    at = bar.mapTo(window, bar.actionGeometry(menu.menuAction()).bottomLeft())
    menu.popup(window.mapToGlobal(at))
    yield False
    picture = window.grab()
    with QPainter(picture) as painter:
        painter.drawPixmap(at, menu.grab())
    # Beside the camera's badge: frame rates of the computer that takes the pictures say nothing.
    part = QRect(at.x() - 6, 0, menu.width() + 24, at.y() + menu.height() + 24)
    picture.copy(part.intersected(picture.rect())).save(str(folder / "outputs.webp"), quality=90)
    menu.hide()
    for name in SHOWN:
        menu.switches[name].setChecked(False)
    menu.address.setText(ELSEWHERE)
    menu.address.returnPressed.emit()
    while window.parts.status.lock.isHidden():
        yield False
    yield False
    status = window.parts.status
    lock = status.lock.geometry()
    part = QRect(lock.x() - 12, 0, status.outputs.geometry().right() - lock.x() + 24, status.height())
    status.grab(part).save(str(folder / "outputs_leaving.webp"), quality=90)
    window.close()
    yield True


def camera(folder: Path) -> None:
    """The three pictures of the virtual camera, side by side."""
    import pyvirtualcam
    from pyvirtualcam.camera import BACKENDS

    from expnet_live.capture.spec import SourceSpec
    from expnet_live.live.state import Settings
    from expnet_live.outputs.run import stream_to
    from expnet_live.outputs.stream import Stream, parse_target
    from expnet_live.person.person import Person

    shown: list[Image] = []

    class Device:
        def __init__(self, *, width: int, height: int, **_: object) -> None:
            self._shape = height, width, 3

        def send(self, frame: Image) -> None:
            self.last = frame.reshape(self._shape).copy()

        def close(self) -> None:
            shown.append(self.last)

        def device(self) -> str:
            return "a picture"

        def native_fourcc(self) -> None:
            return None

    BACKENDS.clear()
    pyvirtualcam.register_backend("picture", Device)
    for kind in ("overlay", "head", "camera"):
        streams = [Stream(*parse_target(f"camera?picture={kind}"))]
        stream_to(streams, SourceSpec.demo(), Settings(device="cpu"), Person(), duration=MOMENT)
    row = np.hstack([cv2.resize(image, (480, 360), interpolation=cv2.INTER_AREA) for image in shown])
    cv2.imwrite(str(folder / "outputs_camera.webp"), row, [cv2.IMWRITE_WEBP_QUALITY, 90])


def main(folder: Path) -> int:
    from expnet_live.research.evaluation.app.virtual_display import virtual_display

    bare = sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    with tempfile.TemporaryDirectory() as own, virtual_display(os.environ) if bare else nullcontext():
        os.environ.update(XDG_CONFIG_HOME=own, EXPNET_LIVE_DATA=own)
        with quiet_native(), ExitStack() as stack:

            def opened(window: MainWindow) -> None:
                from PySide6.QtCore import QTimer

                remaining = steps(window, folder, stack)
                timer = QTimer(window)
                timer.timeout.connect(lambda: timer.stop() if next(remaining, True) else None)
                timer.start(20)

            status = run_app(Launch(source="demo"), opened)
            camera(folder)
            return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"))
