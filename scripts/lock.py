"""Makes and checks constraints/py3XX.txt: the versions that scripts/setup.sh installs, one file for each Python.

    .venv/bin/python scripts/lock.py python3.11 python3.12    # the newest versions that pyproject.toml allows
    .venv/bin/python scripts/lock.py --check                  # do the files fit pyproject.toml?
    .venv/bin/python scripts/lock.py --check --installed      # and does this environment have these versions?

The files hold names and versions, no addresses and no hashes: the user chooses the index. They leave out PyTorch and
the dependencies of its CUDA builds, because scripts/setup.sh installs the build that EXPNET_TORCH names.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "constraints"
EXTRA = "dev"  # includes the other extras that the tests need
TORCH = re.compile(r'EXPNET_TORCH:-(torch==[^}"]+)')
LEFT_OUT = re.compile(r"^(torch|triton|nvidia-.*|cuda-.*|expnet-live)$")


def requirements() -> list[Requirement]:
    """The requirements of pyproject.toml, with the extra `dev`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def expanded(lines: list[str]) -> Iterator[Requirement]:
        for requirement in map(Requirement, lines):
            if requirement.name != project["name"]:
                yield requirement
            for extra in sorted(requirement.extras) if requirement.name == project["name"] else ():
                yield from expanded(project["optional-dependencies"][extra])

    return list(expanded([*project["dependencies"], f"{project['name']}[{EXTRA}]"]))


def resolve(python: str) -> Path:
    """Write the file of that interpreter. Raises CalledProcessError if pip finds no set of versions."""
    torch = TORCH.search((ROOT / "scripts" / "setup.sh").read_text(encoding="utf-8"))
    assert torch is not None, "scripts/setup.sh names no default build of PyTorch"
    command = [python, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    wanted = [torch[1], *map(str, requirements())]
    report = json.loads(subprocess.run([*command, *wanted], check=True, capture_output=True, text=True).stdout)
    found = {canonicalize_name(p["metadata"]["name"]): p["metadata"]["version"] for p in report["install"]}
    version = "".join(report["environment"]["python_version"].split("."))
    path = FOLDER / f"py{version}.txt"
    lines = [f"{name}=={found[name]}" for name in sorted(found) if not LEFT_OUT.match(name)]
    path.write_text(
        "\n".join([f"# Made by scripts/lock.py with Python {report['environment']['python_version']}.", *lines, ""]),
        encoding="utf-8",
    )
    return path


def read(path: Path) -> dict[str, str]:
    """Versions by name. Raises ValueError for a line that is not a name and a version."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    for line in lines:
        if not re.fullmatch(r"[a-z0-9-]+==[A-Za-z0-9.!+]+", line):
            raise ValueError(f"{path.name}: {line!r} is not name==version.")
    return dict(line.split("==") for line in lines)


def misfits(path: Path) -> Iterator[str]:
    """The requirements of pyproject.toml on that Python and this system that the file does not meet."""
    locked = read(path)
    python = re.sub(r"py(\d)(\d+)", r"\1.\2", path.stem)
    for requirement in requirements():
        name = canonicalize_name(requirement.name)
        applies = requirement.marker is None or requirement.marker.evaluate(
            {"python_version": python, "python_full_version": f"{python}.0"}
        )
        if not applies or LEFT_OUT.match(name):
            continue
        if name not in locked:
            yield f"{path.name} has no {name}."
        elif not requirement.specifier.contains(locked[name], prereleases=True):
            yield f"{path.name} has {name} {locked[name]}, pyproject.toml wants {requirement.specifier}."


def differences(path: Path) -> Iterator[str]:
    """Packages whose versions in this environment differ from the file."""
    locked = read(path)
    for package in distributions():
        name = canonicalize_name(package.metadata["Name"])
        if name in locked and package.version != locked[name]:
            yield f"{name} {package.version} is installed, {path.name} says {locked[name]}."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("python", nargs="*", default=[sys.executable], help="interpreters to make files for")
    parser.add_argument("--check", action="store_true", help="write nothing; say what does not fit")
    parser.add_argument("--installed", action="store_true", help="with --check: also check this environment")
    args = parser.parse_args()
    if not args.check:
        for python in args.python:
            print(resolve(python).relative_to(ROOT))
        return 0
    files = sorted(FOLDER.glob("py3*.txt"))
    wrong = [line for path in files for line in misfits(path)]
    if args.installed:
        wrong += differences(FOLDER / f"py{sys.version_info.major}{sys.version_info.minor}.txt")
    for line in wrong:
        print(line)
    if wrong:
        print("Run scripts/lock.py with each Python to make the files again.")
    return bool(wrong) or not files


if __name__ == "__main__":
    sys.exit(main())
