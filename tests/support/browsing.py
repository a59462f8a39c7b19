"""The page of examples/browser: built, served on this computer, and shown by a headless Chromium."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from places import ROOT
from waiting import until
from web_server import web_server
from websockets.sync.client import ClientConnection, connect

from expnet_live.core.types import Image

BROWSER = next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)
NPM = shutil.which("npm")
LONG = 300.0  # s that npm and the browser may take on a busy machine
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--no-first-run", "--remote-debugging-port=0", "--remote-allow-origins=*", "--hide-scrollbars",
)  # fmt: skip


class Tab:
    """A tab of a browser, by its own protocol."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._n = connection, 0

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._n += 1
        self._connection.send(json.dumps({"id": self._n, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._connection.recv(timeout=LONG))
            if answer.get("id") == self._n:
                return dict(answer["result"])

    def value(self, expression: str) -> Any:
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def picture(self) -> Image:
        data = base64.b64decode(self.ask("Page.captureScreenshot")["data"])
        return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


@contextmanager
def tab_of(profile: Path, size: tuple[int, int] = (640, 480)) -> Iterator[Tab]:
    """A tab in a window of `size` px (width, height); the browser keeps what it must in the folder `profile`."""
    assert BROWSER is not None
    window = f"--window-size={size[0]},{size[1]}"
    command = [BROWSER, *FLAGS, window, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            note = profile / "DevToolsActivePort"
            until(lambda: note.exists() and note.read_text().count("\n"), "the browser", patience=LONG)
            with urllib.request.urlopen(f"http://127.0.0.1:{note.read_text().split()[0]}/json", timeout=LONG) as answer:
                (target, *_) = [t for t in json.load(answer) if t["type"] == "page"]
            with connect(
                target["webSocketDebuggerUrl"], max_size=2**26, open_timeout=LONG, ping_interval=None
            ) as connection:
                yield Tab(connection)
        finally:
            process.terminate()


def build(folder: Path) -> str | None:
    """Build the page in a new folder. Return the last words of npm if it cannot install what the page needs."""
    assert NPM is not None
    shutil.copytree(ROOT / "examples" / "browser", folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    install = [NPM, "install", "--no-audit", "--no-fund", "--no-save"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=LONG, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["npm fails without a word"])[-1]
    subprocess.run([NPM, "run", "build"], cwd=folder, check=True, capture_output=True, timeout=LONG)
    return None


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which this computer serves a folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None: ...

    with web_server(partial(Quiet, directory=str(folder))) as port:
        yield f"http://localhost:{port}"
