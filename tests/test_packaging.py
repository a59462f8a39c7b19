"""The wheel carries the package and its assets, and an installation from it finds them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from places import ROOT

import expnet_live
from expnet_live.core.errors import UserError
from expnet_live.core.paths import asset, assets_dir
from expnet_live.core.version import __version__


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Without isolation nothing is fetched: hatchling is in the extra `test`.
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    return next(folder.glob("*.whl"))


def pip(command: str, *args: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", command, "--quiet", "--no-deps", "--disable-pip-version-check", *args],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_wheel_has_the_one_version(wheel: Path) -> None:
    assert wheel.name.split("-")[1] == __version__ == expnet_live.__version__


def test_the_wheel_has_code_assets_and_licence_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in assets_dir().iterdir():
        if path.is_file() and not path.name.startswith("."):
            assert f"expnet_live/assets/{path.name}" in names
    assert {"expnet_live/py.typed", "expnet_live/cli/analyze.py"} <= names
    assert any(n.endswith("/licenses/LICENSE") for n in names)
    assert {n.split("/")[0] for n in names} == {"expnet_live", wheel.name.rsplit("-", 3)[0] + ".dist-info"}


def test_the_source_distribution_has_what_it_takes_to_build_test_and_understand_it(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)],
        cwd=ROOT, capture_output=True, timeout=300, check=True,
    )  # fmt: skip
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip("this is no checkout of git")
    left_out = {name for name in done.stdout.split("\0") if name} - names
    assert {name for name in left_out if not name.startswith((".git", ".pre-commit"))} == set()


def test_an_installed_wheel_finds_its_assets(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    pip("install", "--target", str(target), str(wheel))
    code = "from expnet_live.core.paths import asset; print(asset('README.md'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert Path(done.stdout.strip()) == target / "expnet_live" / "assets" / "README.md"
    assert (target / "bin" / "expnet-live").exists() or (target / "bin" / "expnet-live.exe").exists()


def test_a_checkout_uses_its_own_assets() -> None:
    assert assets_dir() == ROOT / "assets"
    assert asset("README.md").is_file()


def test_a_missing_asset_is_named() -> None:
    with pytest.raises(UserError, match=r"none\.bin is not in .*assets"):
        asset("none.bin")


def test_the_example_of_a_package_adds_its_output(tmp_path: Path) -> None:
    source, site = tmp_path / "source", tmp_path / "site"
    shutil.copytree(ROOT / "examples" / "plugin", source)
    pip("install", "--no-build-isolation", "--target", str(site), str(source))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as servo:
        servo.bind(("127.0.0.1", 0))
        servo.settimeout(300)
        done = subprocess.run(
            [sys.executable, "-m", "expnet_live", "stream", "demo", "--duration", "2", "--to",
             f"jaw://127.0.0.1:{servo.getsockname()[1]}?most=90"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path])},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        word, degrees = servo.recv(99).split()
        assert word == b"jaw" and 0 <= int(degrees) <= 90
