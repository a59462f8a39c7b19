"""The leak detector of the tests finds leaks."""

from __future__ import annotations

import threading

import pytest
from leaks import LeakWatch
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QDialog, QWidget


@pytest.fixture
def watch(nothing_left: None, monkeypatch: pytest.MonkeyPatch) -> LeakWatch:
    return LeakWatch(monkeypatch)


def test_nothing_is_found_where_nothing_is_left(watch: LeakWatch) -> None:
    assert watch.leaks(0) == []


@pytest.mark.parametrize("parented", [False, True], ids=["nobody's", "somebody's"])
def test_timers_are_found(watch: LeakWatch, parented: bool) -> None:
    parent = QObject()
    timer = QTimer(parent if parented else None)
    timer.start(1000)
    assert ["timer" in leak for leak in watch.leaks(0)] == [True]
    timer.stop()
    assert watch.leaks(0) == []


def test_windows_are_found_even_hidden_ones(watch: LeakWatch) -> None:
    window = QWidget()
    assert ["QWidget" in leak for leak in watch.leaks(0)] == [True]
    window.deleteLater()
    assert watch.leaks() == []


def test_modal_dialogs_are_found(watch: LeakWatch) -> None:
    dialog = QDialog()
    dialog.open()
    assert "modal" in watch.leaks(0)[0]
    dialog.close()
    dialog.deleteLater()
    assert watch.leaks() == []


def test_threads_are_found_and_waited_for(watch: LeakWatch) -> None:
    ends = threading.Event()
    thread = threading.Thread(target=ends.wait, name="straggler", daemon=True)
    thread.start()
    assert watch.leaks(0) == ["thread 'straggler'"]
    ends.set()
    assert watch.leaks() == []
