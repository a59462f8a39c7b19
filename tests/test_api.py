"""The public names: each is documented with an example that runs, and docs/api.md has them all."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Callable
from typing import Any

import pytest

import expnet_live

NAMES = sorted(set(expnet_live.__all__) - {"__version__"})
VALUES = {"ARKIT", "FORMATS", "HEADS", "MODELS", "OUTPUTS", "SOURCES"}  # their pages in docs/api.md say what they are


def test_some_twenty_names_are_there() -> None:
    assert 18 <= len(NAMES) <= 28
    for name in NAMES:
        assert getattr(expnet_live, name) is not None
    with pytest.raises(AttributeError, match="Pipelin"):
        expnet_live.Pipelin  # noqa: B018


@pytest.mark.parametrize("name", sorted(set(NAMES) - VALUES))
def test_examples_run(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path / "data"))
    thing: Callable[..., Any] = getattr(expnet_live, name)
    module = inspect.getmodule(thing)
    assert module is not None
    names = {**vars(module), **{n: getattr(expnet_live, n) for n in NAMES}, "getfixture": request.getfixturevalue}
    test = doctest.DocTestParser().get_doctest(inspect.getdoc(thing) or "", names, name, module.__file__, 0)
    assert test.examples, f"{name} has no example"
    report: list[str] = []
    failed, _ = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=report.append)
    assert not failed, "".join(report)
