"""Outputs of other packages that hang, break and lie: ours go on, and the user hears which one it is."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from plugins import install
from sending import PATIENCE, Opened, turned
from waiting import until

from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.outputs.stream import OUTPUTS, Stream, parse_target

PACKAGE = "odd_output"
BODY = """
import sys, threading, time
from expnet_live.outputs.stream import Option, OutputKind, Sender

class Odd(Sender):
    quick = True
    def __init__(self, address): self.sent = []
    def send(self, sample): self.sent.append(sample.time)
    def close(self): pass

class Kind(OutputKind):
    name, about, port = "odd", "an odd output", 4711
    def open(self, address): return Odd(address)

OVER = threading.Event()
{change}
OUTPUT = {what}
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Installs the package, with a change to it."""

    def install_(change: str, what: str = "Kind()") -> None:
        install(tmp_path / "site", PACKAGE, BODY.format(change=change, what=what), {"expnet_live.outputs": "OUTPUT"})
        monkeypatch.syspath_prepend(tmp_path / "site")
        OUTPUTS.refresh()

    yield install_
    if PACKAGE in sys.modules:
        sys.modules.pop(PACKAGE).OVER.set()
    monkeypatch.undo()
    OUTPUTS.refresh()


@pytest.mark.parametrize(
    ("change", "what", "said"),
    [
        ("", "Kind", "an instance of Kind, not the class"),
        ("del Kind.port", "Kind()", "no attribute 'port'"),
        ("Kind.about = None", "Kind()", "'about' must be a str"),
        ("Kind.name = 'my odd://'", "Kind()", "letters, digits"),
        ("Kind.leaves = lambda self, address: 1 / 0", "Kind()", "division by zero"),
        ("Kind.options = {'x': 'y'}", "Kind()", "its options must map names to Option"),
        ("sys.exit('no licence')", "Kind()", "no licence"),
        ("class Kind: name = about = 'odd'", "Kind()", "it is no OutputKind"),
    ],
)
def test_one_that_is_not_complete_is_left_out_and_named(
    installed: Callable[..., None], change: str, what: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    installed(change, what)
    with pytest.raises(UserError) as raised:
        parse_target(PACKAGE)
    assert PACKAGE in str(raised.value) and said in str(raised.value)
    assert main(["stream", "--list"]) == 0
    assert said in capsys.readouterr().out.splitlines()[-1]


def test_a_wait_of_another_packages_sender_is_nobody_elses(
    installed: Callable[..., None], opened: Opened, receiver: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("expnet_live.outputs.stream._PATIENCE", 0.2)
    installed("Odd.send = lambda self, sample: OVER.wait()")
    waiting, ours = opened("odd", 1), opened("vmc", receiver.getsockname()[1])
    until(lambda: waiting.ready and ours.ready)
    waiting.put(turned(1.0))
    for i in range(5):
        ours.put(turned(float(i)))
        assert receiver.recv(2048) and receiver.recv(2048) and receiver.recv(2048)
    until(lambda: waiting.complaint == "The output odd://127.0.0.1:1 does not respond.")
    assert ours.complaint is None
    sys.modules[PACKAGE].OVER.set()
    until(lambda: waiting.complaint is None)


def test_one_that_never_opens_is_told(
    installed: Callable[..., None], opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("expnet_live.outputs.stream._PATIENCE", 0.2)
    installed("Odd.__init__ = lambda self, address: OVER.wait() and None")
    stream = opened("odd", 1)
    until(lambda: stream.complaint == "The output odd://127.0.0.1:1 does not respond.")
    sys.modules[PACKAGE].OVER.set()


@pytest.mark.parametrize(
    "change",
    [
        "Odd.receivers = property(lambda self: 1 / 0)",
        "Odd.problem = property(lambda self: 1 / 0)",
        "Odd.send = lambda self, sample: sys.exit('division by zero')",
        "Odd.__init__ = lambda self, address: sys.exit('division by zero')",
    ],
)
def test_one_that_breaks_ends_alone(installed: Callable[..., None], opened: Opened, change: str) -> None:
    installed(change)
    stream = opened("odd", 1)
    until(lambda: stream.over, each=lambda: (stream.put(turned(1.0)), stream.complaint))
    assert "stopped" in (stream.complaint or "") and "odd://127.0.0.1:1 (division by zero)" in (stream.complaint or "")


def test_one_that_is_switched_off_before_its_port_is_free_never_opens(installed: Callable[..., None]) -> None:
    opening = "Kind.open = lambda self, address: OPENED.append(address) or Odd(address)"
    installed(f"OPENED = []\n{opening}\nOdd.close = lambda self: OVER.wait()")
    first = Stream(*parse_target("odd"))
    second = Stream(*parse_target("odd"), after=first)
    first.start()
    until(lambda: first.ready)
    first.stop()
    second.start()
    second.stop()
    sys.modules[PACKAGE].OVER.set()
    assert first.join(PATIENCE) and second.join(PATIENCE)
    assert len(sys.modules[PACKAGE].OPENED) == 1


def test_addresses_that_it_cannot_use(installed: Callable[..., None]) -> None:
    installed("Kind.place = lambda self, address: str(6 // (address.port - 5))")
    with pytest.raises(UserError, match=r"The output odd cannot use the address 127\.0\.0\.1:5 "):
        parse_target("odd://127.0.0.1:5")
    assert parse_target("odd://127.0.0.1:7")[1].port == 7
