"""The program, started from a shell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from places import ROOT
from PySide6.QtGui import QImage
from seen import pixels
from waiting import until

from expnet_live.app import settings
from expnet_live.app.state.choices import Choices


def start(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *args],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def check_window(picture: Path) -> None:
    """The picture of a window shows the camera, the head in the colour of skin, and curves."""
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1280, 800)
    seen = pixels(image)
    camera, head, curves = seen[80:310, 30:340], seen[60:560, 440:900], seen[640:740, 420:950]
    for part in (camera, head, curves):
        assert part.std() > 4
    # The head's skin, as bright as on a portrait.
    middle = head[200:300, 180:280].mean((0, 1))
    assert middle[0] > middle[2] + 20 and middle[0] > 100
    assert np.ptp(curves, axis=2).max() > 60  # coloured lines


def test_a_scripted_run_mirrors_the_demo_and_takes_a_picture(tmp_path: Path) -> None:
    picture = tmp_path / "new" / "window.png"
    done = start("--source", "demo", "--duration", "2", "--screenshot", str(picture))
    assert (done.returncode, done.stderr) == (0, "")
    assert "first face after" in done.stdout and str(picture) in done.stdout
    check_window(picture)
    assert (Path(os.environ["EXPNET_LIVE_DATA"]) / "log" / "expnet-live.log").is_file()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="these signals are POSIX's")
@pytest.mark.usefixtures("heeding_signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_close_the_window_and_its_recording(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, the end of the user's session, and a terminal that is closed."""
    session = tmp_path / "session"
    command = [sys.executable, str(ROOT / "main.py"), "--source", "demo", "--record", str(session)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    table = session / "coefficients.csv"
    try:
        until(lambda: table.exists() and table.read_text(encoding="utf-8").count("\n") > 5, "the recording")
        process.send_signal(number)
        said, wrong = process.communicate(timeout=300)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, wrong) == (0, "")
    assert str(session) in said
    assert json.loads((session / "session.json").read_text(encoding="utf-8"))["status"] == "complete"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have one display")
def test_a_display_that_ends_closes_the_recording(tmp_path: Path) -> None:
    """As that of a remote desktop, or one whose server crashes."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as answer:
        display = f":{answer.readline().strip()}"
    session = tmp_path / "session"
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), "--source", "demo", "--record", str(session)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DISPLAY": display},
    )
    table = session / "coefficients.csv"
    try:
        until(lambda: table.exists() and table.read_text(encoding="utf-8").count("\n") > 5, "the recording")
        server.kill()
        said, _ = process.communicate(timeout=300)
    finally:
        for ended in (server, process):
            ended.kill()
            ended.wait()
    assert str(session) in said
    assert json.loads((session / "session.json").read_text(encoding="utf-8"))["status"] == "complete"


@pytest.mark.parametrize(("scale", "lines"), [("1.25", 950), ("2", 920), ("2.5", 900)])
def test_the_first_window_fits_its_screen(tmp_path: Path, scale: str, lines: int) -> None:
    """On the tests' screen of 1600 x 1000 pixels, a title bar leaves room for so many lines; at 200 % for 800 x 460,
    where panels must be tabs, at 250 % for 640 x 360."""
    picture = tmp_path / "window.png"
    done = start("--source", "demo", "--duration", "1", "--screenshot", str(picture), QT_SCALE_FACTOR=scale)
    assert (done.returncode, done.stderr) == (0, "")
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1600, lines)


def test_the_chosen_size_holds_from_the_next_start_on(tmp_path: Path) -> None:
    store = settings.open_settings()
    settings.save_choices(store, Choices(zoom=200))
    store.sync()
    picture = tmp_path / "window.png"
    done = start("--source", "demo", "--duration", "1", "--screenshot", str(picture))
    assert (done.returncode, done.stderr) == (0, "")
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1600, 920)


BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("mediapipe", "torch"):
            print(name, "was asked for", file=sys.stderr, flush=True)
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
"""


def test_the_window_mirrors_a_face_without_mediapipe_and_torch(tmp_path: Path) -> None:
    """Python loads `sitecustomize` in each process that the window starts: none may ask for what is not installed."""
    (tmp_path / "sitecustomize.py").write_text(BLOCKER, encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    picture = tmp_path / "window.png"
    done = start("--source", "demo", "--duration", "6", "--screenshot", str(picture), PYTHONPATH=path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "first face after" in done.stdout
    check_window(picture)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")
def test_without_a_display_it_says_so_in_one_sentence() -> None:
    done = start("--source", "demo", DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("expnet-live: There is no display") and "expnet-live analyze" in line


def test_the_end_does_not_wait_for_a_thread_that_hangs() -> None:
    code = """
import threading, time
from expnet_live.cli.app import end
threading.Thread(target=time.sleep, args=(200,), daemon=True).start()
threading.Thread(target=lambda: (time.sleep(0.2), print("written"))).start()
end(3)
print("not reached")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (3, "written\n")


def test_the_end_of_a_program_without_a_console() -> None:
    code = """
import sys, threading, time
sys.stdout = sys.stderr = None
from expnet_live.cli.app import end
threading.Thread(target=time.sleep, args=(200,), daemon=True).start()
end(3)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


def test_a_picture_that_cannot_be_saved_is_told(tmp_path: Path) -> None:
    from expnet_live.app.launch import save_picture
    from expnet_live.core.errors import UserError

    (tmp_path / "file").touch()
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    for path in (tmp_path / "file" / "a.png", tmp_path / "a.nonsense"):
        with pytest.raises(UserError, match=r"cannot be saved as .* writable folder"):
            save_picture(picture, path)


def test_the_window_does_without_torch() -> None:
    """Which takes seconds to load, and is for GPUs and the official release alone."""
    code = "import sys, expnet_live.app.main_window.window; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=300).returncode == 0
