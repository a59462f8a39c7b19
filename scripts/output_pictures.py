"""Takes the pictures of docs/outputs.md, on the demo clip: outputs.webp (the menu), outputs_leaving.webp (the lock in
the status line), outputs_curves.webp (an avatar's curves), outputs_camera.webp (what the virtual camera shows) and
outputs_browser.webp (examples/browser in a headless Chromium, built by npm).

    .venv/bin/python scripts/output_pictures.py docs
    .venv/bin/python scripts/output_pictures.py docs outputs_browser.webp

Without a screen it starts a virtual one (Xvfb). It listens on the usual ports of the outputs, so that the menu shows
them at work: close the programs that do so.
"""

from __future__ import annotations

import socket
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from showing import ROOT, Steps, clip, drawn, passing, save, show, until

from expnet_live.outputs.stream import OUTPUTS

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
MENU, LEAVING, CURVES = "outputs.webp", "outputs_leaving.webp", "outputs_curves.webp"
CAMERA, BROWSER = "outputs_camera.webp", "outputs_browser.webp"


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


def menu(window: MainWindow, folder: Path) -> Steps:
    """The menu with outputs at work, and the lock."""
    from PySide6.QtCore import QRect
    from PySide6.QtGui import QPainter

    with ExitStack() as stack:
        menu, bar = window.menus.outputs, window.menuBar()
        start = clip(window)[0]
        for name in SHOWN:
            menu.switches[name].trigger()
        yield from until(lambda: clip(window)[0] > start + 1, "the outputs")
        receivers(stack)
        yield from until(lambda: clip(window)[0] > start + SECONDS, "what they have sent")
        at = bar.mapTo(window, bar.actionGeometry(menu.menuAction()).bottomLeft())
        menu.popup(window.mapToGlobal(at))
        yield from drawn()
        picture = window.grab()
        with QPainter(picture) as painter:
            painter.drawPixmap(at, menu.grab())
        # Beside the camera's badge: frame rates of the computer that takes the pictures say nothing.
        part = QRect(at.x() - 6, 0, menu.width() + 24, at.y() + menu.height() + 24)
        save(picture.copy(part.intersected(picture.rect())), folder / MENU)
        menu.hide()
        for name in SHOWN:
            menu.switches[name].setChecked(False)
    menu.address.setText(ELSEWHERE)
    menu.address.returnPressed.emit()
    status = window.parts.status
    yield from until(lambda: not status.lock.isHidden() and status.outputs.text() == "→ vmc", "the lock")
    yield from drawn()
    lock = status.lock.geometry()
    part = QRect(lock.x() - 12, 0, status.outputs.geometry().right() - lock.x() + 24, status.height())
    save(status.grab(part), folder / LEAVING)


def curves(window: MainWindow, folder: Path) -> Steps:
    """An avatar that smiles more readily and later."""
    from dataclasses import replace

    from expnet_live.core.arkit import INDEX
    from expnet_live.person.curve import Curve

    smile = Curve(dead=0.05, gain=1.2, points=[(0.0, 0.0), (0.4, 0.2), (0.75, 0.85), (1.0, 1.0)])
    bent = dict.fromkeys(("mouthSmileLeft", "mouthSmileRight"), smile) | {"jawOpen": Curve(gain=1.3)}
    window.controller.change_person(lambda person: replace(person, avatar="VRM avatar", avatars={"VRM avatar": bent}))
    window.show_avatars()
    editor = window._avatars
    assert editor is not None
    editor.channels.setCurrentRow(INDEX["mouthSmileLeft"])
    yield from passing(window, MOMENT)
    yield from drawn()
    save(editor.grab(), folder / CURVES)
    editor.close()


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
    write(folder / CAMERA, row)


def browser(folder: Path) -> None:
    """The page of examples/browser with the broadest smile of the clip."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    from browsing import build, served, tab_of
    from sending import free_port
    from waiting import until as waited

    from expnet_live.cli import main as command
    from expnet_live.core.arkit import INDEX
    from expnet_live.outputs.run import states_of
    from expnet_live.outputs.stream import Stream, parse_target
    from expnet_live.sessions.reading.session import Session

    with tempfile.TemporaryDirectory() as own:
        page, take = Path(own) / "page", Path(own) / "take"
        if problem := build(page):
            raise OSError(f"npm cannot install three.js: {problem}")
        command(["record", "--source", "demo", "--out", str(take), "--duration", "3"])
        command(["export", str(take), "--to", "glb", "--out", str(page / "head.glb")])
        seen = [state for state in states_of(Session.open(take))(0, 0.0) if state.faces]
        smile = max(seen, key=lambda state: float(state.faces[0].weights[INDEX["mouthSmileLeft"]]))
        stream = Stream(*parse_target(f"ws://127.0.0.1:{free_port(socket.SOCK_STREAM)}"))
        stream.start()
        with served(page) as address, tab_of(Path(own) / "profile", (640, 620)) as tab:
            tab.ask("Page.navigate", url=f"{address}/?ws={stream.name}")
            waited(lambda: tab.value("window.page && page.frames() > 5"), each=lambda: stream.put(smile))
            write(folder / BROWSER, tab.picture())
        stream.stop()


def write(path: Path, image: Image) -> None:
    if not cv2.imwrite(str(path), image, [cv2.IMWRITE_WEBP_QUALITY, 90]):
        raise OSError(f"{path} cannot be written")
    print(path)


def main(folder: Path, wanted: set[str]) -> int:
    status = 0

    def windows(window: MainWindow) -> Steps:
        if wanted & {MENU, LEAVING}:
            yield from menu(window, folder)
        if CURVES in wanted:
            yield from curves(window, folder)

    if wanted & {MENU, LEAVING, CURVES}:
        status = show(windows)
    if CAMERA in wanted:
        camera(folder)
    if BROWSER in wanted:
        browser(folder)
    return status


if __name__ == "__main__":
    every = {MENU, LEAVING, CURVES, CAMERA, BROWSER}
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs", set(sys.argv[2:]) or every))
