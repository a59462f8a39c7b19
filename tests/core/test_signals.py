"""What ends a program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from expnet_live.core.signals import stopping, terminable

pytestmark = [
    pytest.mark.usefixtures("heeding_signals"),
    pytest.mark.skipif(os.name != "posix", reason="signals are another matter there"),
]


def test_the_end_of_a_terminal_disturbs_no_cleaning_up() -> None:
    """It comes twice: from the terminal, and from its shell."""
    for _ in range(2):
        with terminable():
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGHUP)


def test_it_ends_what_is_kept_and_disturbs_no_keeping() -> None:
    with terminable():
        with stopping() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert stop.is_set()
            signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGHUP)  # while what it stopped is written


def test_a_second_ctrl_c_aborts() -> None:
    with stopping() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="this system does not tell which signals are blocked"
)
def test_multiprocessings_tracker_is_deaf_to_a_closed_terminal() -> None:
    code = """
from multiprocessing import resource_tracker
from pathlib import Path
from expnet_live.core.signals import start_tracker
start_tracker()
for process in (resource_tracker._resource_tracker._pid, "self"):
    print(Path(f"/proc/{process}/status").read_text().split("SigBlk:")[1].split()[0])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    tracker, own = (int(mask, 16) >> (signal.SIGHUP - 1) & 1 for mask in done.stdout.split())
    assert (tracker, own) == (1, 0)
