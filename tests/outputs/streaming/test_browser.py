"""examples/browser: a real browser draws the head, which moves as the output ws says."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from places import ROOT
from sending import Opened, face_of, frame_of, free_port, until
from websockets.sync.client import ClientConnection, connect

from expnet_live.core.types import Image
from expnet_live.outputs.export.export import export
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.sessions.reading.session import Session

BROWSER = next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)
NPM = shutil.which("npm")
LONG = 300  # s that npm may take
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--no-first-run", "--remote-debugging-port=0", "--remote-allow-origins=*", "--window-size=640,480",
)  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, demo_session: Session) -> Iterator[str]:
    """The address of the built page."""
    if BROWSER is None:
        pytest.skip("there is no Chromium; install chromium")
    if NPM is None:
        pytest.skip("there is no npm; install Node.js")
    folder = tmp_path_factory.mktemp("browser") / "page"
    shutil.copytree(ROOT / "examples" / "browser", folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    install = [NPM, "install", "--no-audit", "--no-fund", "--no-save"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=LONG, check=False)
    if done.returncode:
        pytest.skip(f"npm cannot install three.js: {done.stderr.strip().splitlines()[-1:]}")
    subprocess.run([NPM, "run", "build"], cwd=folder, check=True, capture_output=True, timeout=LONG)
    export(demo_session, ExportOptions("glb", folder / "head.glb"))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://localhost:{server.server_address[1]}"
        server.shutdown()
        serving.join()


class Tab:
    """A tab of a browser, by its own protocol."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._n = connection, 0

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._n += 1
        self._connection.send(json.dumps({"id": self._n, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._connection.recv(timeout=60))
            if answer.get("id") == self._n:
                return dict(answer["result"])

    def value(self, expression: str) -> Any:
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def picture(self) -> Image:
        data = base64.b64decode(self.ask("Page.captureScreenshot")["data"])
        return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    assert BROWSER is not None
    profile = tmp_path / "profile"
    command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            note = profile / "DevToolsActivePort"
            until(lambda: note.exists() and note.read_text().count("\n"))
            with urllib.request.urlopen(f"http://127.0.0.1:{note.read_text().split()[0]}/json", timeout=60) as answer:
                (target, *_) = [t for t in json.load(answer) if t["type"] == "page"]
            with connect(target["webSocketDebuggerUrl"], max_size=2**26) as connection:
                yield Tab(connection)
        finally:
            process.terminate()


def test_the_head_moves(page: str, tab: Tab, opened: Opened, tmp_path: Path) -> None:
    port = free_port(socket.SOCK_STREAM)
    stream = opened("ws", port)
    until(lambda: stream.ready)
    tab.ask("Page.navigate", url=f"{page}/?ws=ws://127.0.0.1:{port}")
    jaw = "page.meshes[0].morphTargetInfluences[page.meshes[0].morphTargetDictionary.jawOpen]"
    shown = {}
    for name, turn in (("front", 0.0), ("left", 0.5)):
        state = frame_of(1.0, face_of(0, (0.0, turn, 0.0), ((0.0, 0.0), (0.3, 0.1))))
        y = f"window.page && Math.abs(page.head.quaternion.y - Math.sin({turn} / 2)) < 1e-4 && {jaw} === 0.5"
        until(lambda y=y: tab.value(y), lambda state=state: stream.put(state))  # type: ignore[misc]
        shown[name] = tab.picture()
    assert tab.value("page.frames() > 0 && document.getElementById('state').textContent === ''")
    assert tab.value("page.eyes[1].rotation.y") == pytest.approx(0.3) and tab.value("page.eyes[0].rotation.y") == 0
    front, left = (shown[n].astype(int) for n in ("front", "left"))
    background = np.abs(front - front[4, 4]).max(2) < 12
    assert 0.2 < background.mean() < 0.95, "there is no head"
    assert (np.abs(front - left).max(2) > 20).mean() > 0.02, "the head does not move"
