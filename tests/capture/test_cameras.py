"""The list of cameras, and the names of sources."""

from __future__ import annotations

from pathlib import Path

import pytest
from waiting import PATIENCE, until

from expnet_live.capture.cameras import CameraInfo, CameraWatch, list_cameras
from expnet_live.capture.sources import SourceError, open_source
from expnet_live.capture.spec import SourceKind, SourceSpec


def test_source_descriptions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert SourceSpec.parse("0") == SourceSpec.camera(0) and SourceSpec.camera(0).live
    assert SourceSpec.parse("demo") == SourceSpec.demo()
    Path("demo").touch()
    assert SourceSpec.parse("demo") == SourceSpec.demo() and SourceSpec.parse("./demo").kind is SourceKind.FILE
    assert SourceSpec.parse("x/a.mp4").name == "a.mp4" and not SourceSpec.parse("x/a.mp4").still
    assert SourceSpec.parse("a.JPG").still


@pytest.mark.parametrize("number", [-1, 1 << 31, 99_999_999_999])
def test_a_number_that_no_camera_has(number: int) -> None:
    with pytest.raises(SourceError, match=f"^Camera {number} cannot be opened; connect it"):
        open_source(number)


def test_cameras_by_name(tmp_path: Path) -> None:
    for number, index, name in (
        (0, 0, "HD Webcam: HD Webcam"),
        (1, 1, "HD Webcam: HD Webcam"),
        (10, 0, "Capture card"),
    ):
        device = tmp_path / f"video{number}"
        device.mkdir()
        (device / "index").write_text(f"{index}\n")
        (device / "name").write_text(f"{name}\n")
    assert list_cameras(tmp_path) == [CameraInfo(0, "HD Webcam"), CameraInfo(10, "Capture card")]
    assert list_cameras(tmp_path / "none") == []


def test_camera_watch_goes_on_after_an_error_of_the_system() -> None:
    there: list[CameraInfo] = [CameraInfo(0, "a")]

    def listed() -> list[CameraInfo]:
        if not there:
            raise OSError("no such device")
        return list(there)

    watch = CameraWatch(listed, interval=0.01)
    watch.start()
    until(lambda: watch.cameras == there, "the first list")
    camera = there.pop()
    until(lambda: watch.problem is not None, "the error")
    assert "(no such device)" in (watch.problem or "") and watch.cameras == [camera]
    there.append(CameraInfo(1, "b"))
    until(lambda: watch.cameras == there, "the next list")
    assert watch.problem is None
    watch.stop()
    assert watch.join(PATIENCE)


def test_camera_watch_sees_new_cameras() -> None:
    there = [CameraInfo(0, "a")]
    watch = CameraWatch(lambda: list(there), interval=PATIENCE)
    watch.start()
    until(lambda: watch.cameras == there, "the first list")
    there.append(CameraInfo(2, "b"))
    watch.look_again()
    until(lambda: watch.cameras == there, "the second list")
    watch.stop()
    assert watch.join(PATIENCE)
