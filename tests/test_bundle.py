"""The parts of the folder that needs no Python. (scripts/bundle.sh makes the folder itself, which takes minutes.)"""

from __future__ import annotations

import importlib
import json
import os
import platform
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import PySide6
import pytest
from places import ROOT

import expnet_live
from expnet_live.cli import main
from expnet_live.video.writer import VideoWriter

BUNDLE = ROOT / "bundle"
ELF = pytest.mark.skipif(sys.platform != "linux" or platform.machine() != "x86_64", reason="ELF libraries of x86-64")


def start(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BUNDLE / "start.py"), *args]
    return subprocess.run(command, cwd=ROOT, env=None, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(autouse=True)
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its scripts import each other, as when one of them is run."""
    monkeypatch.syspath_prepend(str(BUNDLE))


def test_the_folder_holds_no_torch_and_one_opencv() -> None:
    names = [r.split(";")[0] for r in runpy.run_path(str(BUNDLE / "make.py"))["requirements"]()]
    assert not [n for n in names if n.startswith(("torch", "mediapipe", "pyarrow", "PySide6>"))]
    assert [n.split(">")[0] for n in names if n.startswith("opencv")] == ["opencv-python-headless"]
    assert any(n.startswith("onnxruntime") for n in names)


def test_the_folder_of_each_python_has_the_same_numpy_and_opencv() -> None:
    """mediapipe, which binds older Pythons to older ones, is not in it."""
    make = runpy.run_path(str(BUNDLE / "make.py"))
    assert not [r for r in make["requirements"]() if "python_version" in r]
    for python in ((3, 11), (3, 12), (3, 13), (3, 14)):
        locked = dict(line.split("==") for line in make["constraints"](python).splitlines() if "==" in line)
        assert locked["numpy"].split(".")[0] == "2"
        if sys.platform == "linux":
            assert (locked["av"].split(".")[0], locked["opencv-python-headless"].split(".")[0]) == ("18", "5")


@pytest.mark.skipif(sys.platform != "linux", reason="names packages of Debian")
def test_what_the_folder_is_made_with_is_asked_for(tmp_path: Path) -> None:
    env = {**os.environ, "PATH": str(tmp_path)}
    command = [sys.executable, str(BUNDLE / "make.py"), "--env", str(tmp_path / "env")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "apt-get install binutils" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_folder_for_macos_can_list_its_cameras() -> None:
    """By QtMultimedia, see app/platform/macos.py."""
    requirements = runpy.run_path(str(BUNDLE / "make.py"))["requirements"]
    assert [any(r.startswith("PySide6-Addons") for r in requirements(s)) for s in ("darwin", "win32")] == [True, False]


def test_its_program_is_the_command_line_and_answers_for_python(tmp_path: Path) -> None:
    assert start("--version").stdout == f"expnet-live {expnet_live.__version__}\n"
    done = start("-m", "expnet_live.app.platform.probe", "imports")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and {"loading": "cv2"} in answers and not any("problem" in a for a in answers)


def test_programs_of_the_system_get_their_own_libraries() -> None:
    spare_others = importlib.import_module("start").spare_others
    env = {"HOME": "/home/ada", "LD_LIBRARY_PATH": "/folder/_internal", "QT_PLUGIN_PATH": "/folder/_internal/plugins"}
    spare_others(env)
    assert env == {"HOME": "/home/ada"}
    env |= {
        "LD_LIBRARY_PATH": "/folder/_internal",
        "LD_LIBRARY_PATH_ORIG": "/opt/lib",
        "_PYI_ARCHIVE_FILE": "/folder/x",
    }
    spare_others(env)
    assert env == {"HOME": "/home/ada", "LD_LIBRARY_PATH": "/opt/lib"}


@pytest.mark.skipif(not list(Path("/usr/lib").glob("*/libGLX_mesa.so.0")), reason="the libraries of Mesa's driver")
def test_a_library_that_the_driver_needs_is_noticed(tmp_path: Path) -> None:
    inside = tmp_path / "_internal"
    inside.mkdir()
    for name in ("libstdc++.so.6", "libffi.so.8", "libQt6Core.so.6", "libz-12345678.so.1"):
        (inside / name).touch()
    assert importlib.import_module("check").of_driver(tmp_path) == {"libstdc++.so.6"}


def test_the_notice_has_all_licences(tmp_path: Path) -> None:
    notice = tmp_path / "NOTICE.txt"
    subprocess.run([sys.executable, str(BUNDLE / "notice.py"), str(notice)], check=True, timeout=300)
    text = notice.read_text(encoding="utf-8")
    for line in ("PySide6", "x265", "numpy", "LicenseRef-ExpNet-Live-Weights", "Apache License", "ICT"):
        assert line in text
    assert "\nonnxruntime 1" in text


@ELF
def test_a_library_without_its_gaps_does_the_same(tmp_path: Path) -> None:
    compact = importlib.import_module("smaller").compact
    (folder,) = (p for p in Path(np.__file__).parents[1].iterdir() if p.name == "numpy.libs")
    sizes = []
    for path in folder.iterdir():  # they load each other
        data = compact(path.read_bytes())
        (tmp_path / path.name).write_bytes(data)
        assert len(data) <= path.stat().st_size and compact(data) == data
        sizes.append((len(data), path.stat().st_size))
    assert any(small < large for small, large in sizes)
    order = [path for part in ("quadmath", "gfortran", "openblas") for path in tmp_path.glob(f"*{part}*")]
    prefix = "scipy_" if "scipy" in order[-1].name else ""
    ask = f"""
import ctypes
libraries = [ctypes.CDLL(path) for path in {list(map(str, order))}]
print(libraries[-1].{prefix}openblas_get_num_threads64_())
"""
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=300, check=True)
    assert int(done.stdout) >= 1
    assert compact(b"no library") == b"no library"


@pytest.mark.skipif(sys.platform != "linux", reason="ICU comes with Qt on Linux")
def test_icu_without_languages_sorts_them_like_all(tmp_path: Path) -> None:
    (whole,) = (Path(PySide6.__file__).parent / "Qt" / "lib").glob("libicudata.so.*")
    small = tmp_path / whole.name
    data = importlib.import_module("icu").fewer_languages(whole.read_bytes())
    small.write_bytes(importlib.import_module("smaller").compact(data))
    assert small.stat().st_size < whole.stat().st_size / 4
    version = whole.suffix[1:]
    ask = f"""
import ctypes
kept = [ctypes.CDLL({str(small)!r})] + [ctypes.CDLL(f"{whole.parent}/libicu{{n}}.so.{version}") for n in ("uc", "i18n")]
opened, order = kept[-1].ucol_open_{version}, kept[-1].ucol_strcoll_{version}
opened.restype = ctypes.c_void_p
for language in (b"en", b"sv", b"root"):
    status = ctypes.c_int(0)
    collator = ctypes.c_void_p(opened(language, ctypes.byref(status)))
    a, b = "a".encode("utf-16-le"), "B".encode("utf-16-le")
    print(status.value <= 0, order(collator, a, 1, b, 1))
"""
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.split() == ["True", "-1"] * 3


def test_libraries_of_one_interface_fit() -> None:
    fits = importlib.import_module("smaller").fits
    assert fits("libavcodec-c4204469.so.62.28.101", "libavcodec-5e6b81c2.so.62.28.102")
    assert not fits("libavcodec-c4204469.so.62.28.101", "libavcodec-d61378e8.so.63.1.102")
    assert not fits("libavcodec-c4204469.so.62.28.101", "libavcodec-d61378e8.so.62.11.100")
    assert not fits("libavcodec-c4204469.so.62.28.101", "libavformat-d61378e8.so.62.28.101")
    assert not fits("libz.so.1", "libz.so.1")


@ELF
def test_empty_encoders_leave_the_others(tmp_path: Path) -> None:
    """PyAV starts, compresses with x264, and reads what the encoders wrote before."""
    codecs = ("libx265", "libvpx-vp9", "libsvtav1")
    for codec in codecs:
        with VideoWriter(tmp_path / f"{codec}.mkv", codec=codec) as writer:
            for i in range(5):
                writer.write(np.full((64, 64, 3), 50 * i, np.uint8), i / 30)
    for name in ("av", "av.libs"):
        shutil.copytree(Path(av.__file__).parents[1] / name, tmp_path / name)
    libraries = (tmp_path / "av.libs").iterdir()
    encoders = [p for p in libraries if p.name.startswith(("libx265-", "libSvtAv1Enc-", "libvpx-"))]
    assert len(encoders) == 3
    for path in encoders:
        importlib.import_module("smaller").hollow(path)
        assert path.stat().st_size < 32768
    ask = """
import sys
from pathlib import Path
import av, numpy as np
from expnet_live.video.writer import VideoWriter
folder = Path(sys.argv[1])
assert Path(av.__file__).is_relative_to(folder)
with VideoWriter(folder / "libx264.mkv") as writer:
    for i in range(5):
        writer.write(np.full((64, 64, 3), 50 * i, np.uint8), i / 30)
for path in folder.glob("*.mkv"):
    with av.open(str(path)) as video:
        frames = [frame.to_ndarray(format="bgr24") for frame in video.decode(video=0)]
    assert np.allclose([frame.mean() for frame in frames], [0, 50, 100, 150, 200], atol=8), path
    print(path.stem)
"""
    env = os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    command = [sys.executable, "-c", ask, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=env)
    assert set(done.stdout.split()) == {*codecs, "libx264"}, done.stderr


@ELF
def test_a_library_that_two_packages_bring_stays_once(tmp_path: Path) -> None:
    smaller = importlib.import_module("smaller")
    old, new = {"f"}, {"f", "g"}
    offers = {
        "cv.libs/libgfortran-83c28eba.so.5.0.0": old,
        "scipy.libs/libgfortran-040039e1-0352e75f.so.5.0.0": new,
        "scipy.libs/libgfortran-91cc3cb1.so.3.0.0": old,
        "scipy.libs/libquadmath-2284e583.so.0.0.0": {"q"},
        "scipy.libs/libquadmath-96973f99-934c22de.so.0.0.0": {"r"},
        "av.libs/libXau-154567c4.so.6": {"x"},
        "pillow.libs/libXau-154567c4.so.6": {"x"},
    }
    paths = [tmp_path / name for name in offers]
    for path, functions in zip(paths, offers.values(), strict=True):
        path.parent.mkdir(exist_ok=True)
        smaller.idle(path, functions)
    smaller.once(paths)
    assert [p.is_symlink() for p in paths] == [True, False, False, False, False, False, True]
    assert paths[0].resolve() == paths[1] and paths[-1].resolve() == paths[-2]


@ELF
def test_a_library_that_none_needs_goes(tmp_path: Path) -> None:
    smaller = importlib.import_module("smaller")
    inside = tmp_path / "_internal"
    kept = [inside / name for name in ("libpython3.13.so.1.0", "package/module.so", "package/plugin/libload.so")]
    spare = [inside / name for name in ("libgtk-3.so.0", "package.libs/liba-12345678.so.1")]
    for path in (*kept, *spare):
        path.parent.mkdir(parents=True, exist_ok=True)
        smaller.idle(path, {"f"})
    smaller.alone([*kept, *spare])
    assert [p.is_file() for p in (*kept, *spare)] == [True, True, True, False, False]


def test_a_package_that_the_folder_lacks_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["archive", "demo", "--out", "set"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "the package distributed, which the folder without Python leaves out" in said
