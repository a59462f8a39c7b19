"""`expnet-live doctor`: the real report of this machine, and its reports of faulty machines."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from expnet_live.app import logs
from expnet_live.app.platform import diagnosis, probe
from expnet_live.app.platform.diagnosis import Finding, ask_process, diagnose
from expnet_live.cli import main


def answering(*answers: dict[str, Any], end: str | None = None) -> diagnosis.Ask:
    return lambda question: (list(answers), end)


def test_the_report_of_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    for word in (
        "torch 2",
        "onnxruntime 1.",
        "cpu: ",
        "expnet.safetensors: format",
        "face_model.npz: version",
        "sha256",
    ):
        assert word in out
    for title in ("expnet-live", "packages", "extras", "devices", "models", "opengl", "cameras", "folders"):
        assert f"\n{title} " in f"\n{out}"
    assert out.rstrip().endswith("Nothing is wrong.")


def test_a_crash_is_told_and_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    crash = 'import os, sys; print(\'{"loading": "cv2"}\', flush=True); os.abort()'
    run = diagnosis.subprocess.run
    monkeypatch.setattr(
        diagnosis.subprocess, "run", lambda command, **options: run([sys.executable, "-c", crash], **options)
    )
    answers, end = ask_process("imports")
    assert answers == [{"loading": "cv2"}] and end is not None and "signal 6" in end
    assert "Loading cv2 crashed" in diagnosis.packages(ask_process).broken[0]
    assert "LIBGL_ALWAYS_SOFTWARE" in diagnosis.opengl(lambda q: ([], end)).broken[0]


def test_every_question_is_answered() -> None:
    assert list(probe.QUESTIONS) == ["imports", "opengl", "cameras"]
    answers, end = ask_process("cameras")
    assert end is None and all(set(a) == {"number", "name"} for a in answers)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            lambda: diagnosis.packages(
                answering({"module": "cv2", "problem": "libGL.so.1: cannot open shared object file: No such file"})
            ),
            "cv2 needs the system's library libGL.so.1; on Debian or Ubuntu run scripts/setup.sh",
        ),
        (
            lambda: diagnosis.packages(answering({"module": "av", "problem": "odd\nlong"})),
            r"av cannot be loaded \(odd\)",
        ),
        (lambda: diagnosis.opengl(answering({"problem": "There is no display to open a window on; x."})), "no display"),
        (
            lambda: diagnosis.opengl(answering({"renderer": "llvmpipe (LLVM 15)", "version": "4.5 Mesa"})),
            "The CPU draws the head",
        ),
        (lambda: diagnosis.opengl(answering({"renderer": "Old", "version": "1.4 old"})), "needs OpenGL 2.1"),
        (lambda: diagnosis.opengl(answering()), "update the graphics driver"),
        (lambda: diagnosis.cameras(answering()), "No camera was found; connect one"),
        (lambda: diagnosis.cameras(answering(end="did not answer within 9 s")), "did not answer within 9 s; unplug"),
    ],
)
def test_what_is_wrong_comes_with_what_to_do(found: Any, said: str) -> None:
    import re

    finding: Finding = found()
    sentences = [*finding.broken, *finding.hints]
    assert len(sentences) == 1
    assert re.search(said, sentences[0]) and sentences[0].endswith(".")


def test_a_machine_without_a_screen_is_well() -> None:
    assert diagnosis.opengl(answering({"problem": "There is no display to open a window on; x."})).broken == ()


def test_cameras_by_name() -> None:
    finding = diagnosis.cameras(answering({"number": 97, "name": "HD Webcam"}))
    assert finding == Finding("cameras", ("97: HD Webcam",))


def test_broken_assets_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "expnet.safetensors").write_bytes(b"nothing")
    monkeypatch.setattr("expnet_live.core.paths.assets_dir", lambda: tmp_path)
    findings = {f.title: f for f in diagnose(answering())}
    sentences = findings["models"].broken
    assert len(sentences) == 3 and "cannot be read as weights" in sentences[0]
    assert "face_model.npz is not in" in sentences[1] and "demo.mp4 is not in" in sentences[2]


def test_what_only_the_landmark_fit_needs_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    version = diagnosis.metadata.version

    def without(name: str) -> str:
        if name in diagnosis.OPTIONAL:
            raise diagnosis.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(diagnosis.metadata, "version", without)
    found = diagnosis.packages(answering())
    assert not found.broken and "mediapipe" not in found.facts[0]


def test_a_driver_may_say_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "import os", "os.write(1, b'\\xff\\n')", "os.write(2, b'\\x81\\xfe driver\\n')", "os._exit(3)"
    (tmp_path / "sitecustomize.py").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    answers, end = ask_process("cameras")
    assert answers == [] and end is not None and end.startswith("failed (") and end.endswith(" driver)")


def test_the_log_takes_names_that_are_no_text(tmp_path: Path) -> None:
    handler = logs.start(tmp_path / "log")
    logging.getLogger("expnet_live.test").info("%s cannot be read", "caf\udce9.png")
    logs.stop(handler)
    assert (tmp_path / "log").read_text(encoding="utf-8").endswith("caf\\udce9.png cannot be read\n")
