"""The memory of a process that reads many pictures, and the computer that it runs on."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from expnet_live.core import machine as core_machine

FAULTS = """
import resource, sys
from expnet_live.core.machine import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory()

def picture():  # written and freed
    return len(b"x" * (40 << 20))

picture()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    picture()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep it")
def test_the_memory_of_a_picture_is_kept_for_the_next() -> None:
    faults = {}
    for way in ("kept", "given back"):
        env = os.environ | {"MALLOC_TRIM_THRESHOLD_": "65536"}  # as Dask starts its workers
        command = [sys.executable, "-c", FAULTS, way]
        faults[way] = int(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)
    assert faults["kept"] * 10 < faults["given back"], faults


HELD = """
from expnet_live.core.machine import give_back_freed_memory

def held():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) / 1024

blocks = [b"x" * 100_000 for _ in range(1000)]
pins = blocks[::20]  # so that what is between them does not lie at the heap's end
del blocks
before = held()
give_back_freed_memory()
print(before - held())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to give it back")
def test_the_memory_of_what_is_gone_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 70, done.stdout  # of 95 MB


def test_computers_of_one_name_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may share a folder, where the processes of the other one must not be taken for dead."""
    told = set()
    for text in ("3d12\n", "77af\n", None):
        place = tmp_path / f"{text}".strip()
        if text is not None:
            place.write_text(text, encoding="ascii")
        monkeypatch.setattr(core_machine, "_MACHINE_ID", place)
        told.add(core_machine.machine.__wrapped__())
    assert len(told) == 3
