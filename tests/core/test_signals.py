"""What ends a program."""

from __future__ import annotations

import os
import signal

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
