"""Fixtures for the tests of the live engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from live_fakes import Plug, Puppet
from waiting import until


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    until(lambda: not {t for t in set(threading.enumerate()) - before if t.name != "tqdm_monitor"}, "threads to end")


@pytest.fixture
def puppet() -> Puppet:
    return Puppet()


@pytest.fixture
def plug() -> Plug:
    return Plug()
