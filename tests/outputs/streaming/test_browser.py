"""examples/browser: a real browser draws the head, which moves as the output ws says."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browsing import BROWSER, LONG, NPM, Tab, build, served, tab_of
from sending import Opened, face_of, frame_of, free_port
from waiting import until

from expnet_live.outputs.export.export import export
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.sessions.reading.session import Session


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, demo_session: Session) -> Iterator[str]:
    """The address of the built page."""
    if BROWSER is None:
        pytest.skip("there is no Chromium; install chromium")
    if NPM is None:
        pytest.skip("there is no npm; install Node.js")
    folder = tmp_path_factory.mktemp("browser") / "page"
    if problem := build(folder):
        pytest.skip(f"npm cannot install three.js: {problem}")
    export(demo_session, ExportOptions("glb", folder / "head.glb"))
    with served(folder) as address:
        yield address


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with tab_of(tmp_path / "profile") as tab:
        yield tab


def test_the_head_moves(page: str, tab: Tab, opened: Opened, tmp_path: Path) -> None:
    port = free_port(socket.SOCK_STREAM)
    stream = opened("ws", port)
    until(lambda: stream.ready)
    tab.ask("Page.navigate", url=f"{page}/?ws=ws://127.0.0.1:{port}")
    jaw = "page.meshes[0].morphTargetInfluences[page.meshes[0].morphTargetDictionary.jawOpen]"
    # The page says so once the head is loaded and the output has answered.
    connected = "window.page !== undefined && document.getElementById('state').textContent.startsWith('Connected')"
    until(lambda: tab.value(connected), "the page", patience=LONG)
    shown = {}
    for name, turn in (("front", 0.0), ("left", 0.5)):
        state = frame_of(1.0, face_of(0, (0.0, turn, 0.0), ((0.0, 0.0), (0.3, 0.1))))
        y = (
            f"Math.abs(page.head.quaternion.y - Math.sin({turn} / 2)) < 1e-4 && {jaw} === 0.5"
            " && page.frames() > 0 && document.getElementById('state').textContent === ''"
        )
        until(lambda y=y: tab.value(y), name, lambda state=state: stream.put(state), LONG)  # type: ignore[misc]
        shown[name] = tab.picture()
    assert tab.value("page.eyes[1].rotation.y") == pytest.approx(0.3) and tab.value("page.eyes[0].rotation.y") == 0
    front, left = (shown[n].astype(int) for n in ("front", "left"))
    background = np.abs(front - front[4, 4]).max(2) < 12
    assert 0.2 < background.mean() < 0.95, "there is no head"
    assert (np.abs(front - left).max(2) > 20).mean() > 0.02, "the head does not move"
