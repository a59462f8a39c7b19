"""Another package adds a format, which --help and the window list and which can be exported, and a kind of head."""

from __future__ import annotations

import csv
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from places import ROOT
from plugins import install
from seen import LONG
from session_files import write_session

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.sessions_window.export_form import ExportForm
from expnet_live.outputs.export.format import FORMATS
from expnet_live.outputs.stream import OUTPUTS
from expnet_live.sessions.format.folder import sessions_root

PACKAGE = "smile_counter"
BODY = """
from expnet_live.outputs.export.format import Format, Written

class Smiles(Format):
    name, title, ending = "smiles", "Count of smiles", ".txt"
    about = "how often somebody smiles"

    def write(self, excerpt, path):
        path.write_text(f"{len(excerpt.rows)} moments")
        excerpt.steps(1)(1)
        return Written(len(excerpt.rows), ("Nobody was in a bad mood.",))

FORMAT = Smiles()

from expnet_live.outputs.stream import Datagrams, OutputKind

class Sender(Datagrams):
    def packets(self, sample):
        return [b"smile"]

class Postman(OutputKind):
    name, about, port = "postman", "brings smiles by post", 4711

    def open(self, address):
        return Sender(address)

OUTPUT = Postman()

class Doll:
    name, about = "doll", "a .doll file"

    def reads(self, source):
        return source.suffix == ".doll"

    def read(self, source):
        from expnet_live.core.errors import UserError
        raise UserError("This doll has no face.")

HEAD = Doll()
"""


# With types, as mypy's strict mode wants them of other packages.
TYPED = """
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from expnet_live import MODELS, Frame, Source, SourceSpec
from expnet_live.capture.sources import SourceError, open_source
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.look import FacePredictor, MeasuredHead, Prediction
from expnet_live.pipeline.models import Model, ModelFile
from expnet_live.capture.spec import SourceType


class Slides(Source):
    fps = 30.0

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} slides")
        self.n_frames = count
        self._demo = open_source("demo")

    def __iter__(self) -> Iterator[Frame]:
        for i, frame in zip(range(self.n_frames or 0), self._demo):
            yield Frame(frame.image, i / 30, i)

    def close(self) -> None:
        self._demo.close()


class SlidesType:
    name, about, live, still = "slides", "so many slides", False, False

    def takes(self, spec: SourceSpec) -> bool:
        return spec.value.startswith("slides:")

    def open(self, spec: SourceSpec) -> Source:
        count = spec.value.removeprefix("slides:")
        if not count.isdecimal():
            raise SourceError("Slides need a number; write slides:20.")
        return Slides(int(count))


SOURCE: SourceType = SlidesType()


class Shy:
    crop_type: type[Crop] | None = None
    about: dict[str, Any] = {}

    def __init__(self, own: FacePredictor) -> None:
        self.own, self.crop_size, self.device, self.tells = own, own.crop_size, own.device, own.tells

    def predict(self, crops: Any, /) -> Prediction:
        found = self.own.predict(crops)
        assert found.blendshapes is not None
        found.blendshapes[:] = 0.25
        return found


class ShyModel:
    name, title, about, file = "shy", "Shy", "shows a quarter of everything", ""

    def why_not(self) -> str | None:
        return None

    def load(self, device: str = "auto", threads: int | None = None) -> tuple[FacePredictor, MeasuredHead]:
        own, head = MODELS["compact"].load(device, threads)
        return Shy(own), head

    def face_model(self) -> MeasuredHead:
        return MODELS["compact"].face_model()

    def fits(self, coefficients: tuple[str, ...], n_identity: int) -> bool:
        return False

    def files(self, predictor: FacePredictor) -> tuple[ModelFile, ModelFile]:
        return ModelFile("shy", "1", ""), ModelFile("built-in", "1", "")


MODEL: Model = ShyModel()
"""


POINTS = {"expnet_live.formats": "FORMAT", "expnet_live.heads": "HEAD", "expnet_live.outputs": "OUTPUT"}
TYPED_POINTS = {"expnet_live.sources": "SOURCE", "expnet_live.models": "MODEL"}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    install(tmp_path / "site", PACKAGE, BODY, POINTS)
    install(tmp_path / "site", "slide_show", TYPED, TYPED_POINTS)
    return tmp_path / "site"


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In this process as well, which has looked into its registries already."""
    monkeypatch.syspath_prepend(site)
    for registry in (FORMATS, OUTPUTS):
        registry.refresh()
    yield
    monkeypatch.undo()
    sys.modules.pop(PACKAGE, None)
    for registry in (FORMATS, OUTPUTS):
        registry.refresh()


def command(site: Path, *args: str, status: int = 0) -> str:
    path = os.pathsep.join([str(site), *sys.path])
    env = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-m", "expnet_live", *args], env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def test_help_lists_it_and_it_is_written(site: Path, tmp_path: Path) -> None:
    said = command(site, "export", "--help")
    assert "smiles" in said and "how often somebody smiles" in said
    session = tmp_path / "session"
    write_session(session, 12)
    out = tmp_path / "smiles.txt"
    said = command(site, "export", str(session), "--to", "smiles", "--out", str(out))
    assert "Nobody was in a bad mood." in said
    assert out.read_text() == "12 moments"


def test_a_source_and_a_model_are_used(site: Path, tmp_path: Path) -> None:
    assert "shy: shows a quarter of everything" in " ".join(command(site, "analyze", "--help").split())
    out = tmp_path / "out"
    said = command(site, "analyze", "slides:5", "--model", "shy", "--smoothing", "off", "--out", str(out))
    assert "1 input, 5 pictures, 5 with a face" in said
    with (out / "coefficients.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["source"] for row in rows] == ["slides:5"] * 5
    assert {row["arkit_jawOpen"] for row in rows} == {"0.25"}
    assert "write slides:20" in command(site, "analyze", "slides:x", "--out", str(tmp_path / "none"), status=1)


def test_its_types_are_strict(tmp_path: Path) -> None:
    """What a plugin needs is exported where the docs say, and the package's types are found."""
    (tmp_path / "slide_show.py").write_text(TYPED, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, "--cache-dir", str(tmp_path / "cache"),
         str(tmp_path / "slide_show.py")],
        cwd=tmp_path, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_an_output_is_listed_and_sends(site: Path) -> None:
    assert "brings smiles by post" in command(site, "stream", "--list")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as letterbox:
        letterbox.bind(("127.0.0.1", 0))
        letterbox.settimeout(300)
        target = f"postman://127.0.0.1:{letterbox.getsockname()[1]}"
        command(site, "stream", "demo", "--to", target, "--duration", "1")
        assert letterbox.recv(99) == b"smile"


def test_a_kind_of_head_is_asked(site: Path, tmp_path: Path) -> None:
    assert "a .doll file" in " ".join(command(site, "face-model", "import", "--help").split())
    (tmp_path / "my.doll").touch()
    assert "This doll has no face." in command(
        site, "face-model", "import", str(tmp_path / "my.doll"), "--as", "Doll", status=2
    )


def test_the_window_offers_it(
    qtbot: Any, installed: None, open_window: Callable[..., MainWindow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPNET_LIVE_SESSIONS", str(tmp_path / "sessions"))
    write_session(sessions_root() / "one", 12)
    main = open_window()
    postman = main.parts.outputs.rows["postman"]
    assert postman.switch.text() == "brings smiles by post" and postman.address.placeholderText() == "127.0.0.1:4711"
    assert not postman.switch.isChecked()
    main.actions_["library"].trigger()
    sessions = main.commands.sessions
    assert sessions is not None
    form: ExportForm = sessions.panel.form
    at = form.format.findText("Count of smiles")
    assert at >= 0
    form.format.setCurrentIndex(at)
    form.format.activated.emit(at)
    assert form.chosen.name == "smiles"
    assert form.format.toolTip() == "How often somebody smiles"
    qtbot.waitUntil(lambda: sessions.side.found.rowCount() == 1, timeout=LONG)
