"""Registries find modules of a package and entry points of installed packages; they skip a broken plugin."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from expnet_live.core.errors import UserError
from expnet_live.core.registry import Named, Registry

THING = """
class Thing:
    name, about = {name!r}, "A thing."
THING = Thing()
"""


def plugin(site: Path, package: str, body: str) -> None:
    """Lays an installed package that adds a thing called `package` into `site`, as pip does."""
    (site / f"{package}.py").write_text(body)
    info = site / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[test_registry.things]\n{package} = {package}:THING\n")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry[Named]:
    own = tmp_path / "own_things"
    own.mkdir()
    (own / "__init__.py").write_text("")
    (own / "helpers.py").write_text("")
    for name in ("second", "first"):
        (own / f"{name}.py").write_text(THING.format(name=name))
    plugin(tmp_path, "third_of_another", THING.format(name="third"))
    plugin(tmp_path, "fourth_of_another", THING.format(name="first"))
    plugin(tmp_path, "broken_of_another", "import nothing_of_that_name")
    for module in [m for m in sys.modules if m.split(".")[0] == "own_things" or m.endswith("_of_another")]:
        monkeypatch.delitem(sys.modules, module)  # another test's, whose folder is gone
    monkeypatch.syspath_prepend(tmp_path)
    return Registry("thing", "THING", ["own_things"], "test_registry.things")


def test_modules_and_entry_points_are_found(registry: Registry[Named]) -> None:
    assert list(registry) == ["first", "second", "third"]
    assert registry.named("third").about == "A thing."


def test_plugins_that_fail_are_left_out_with_a_sentence(registry: Registry[Named]) -> None:
    assert len(registry) == 3
    broken, taken = registry.problems
    assert "broken_of_another" in broken and "nothing_of_that_name" in broken
    assert "fourth_of_another" in taken and "another one has this name" in taken


def test_an_unknown_name_gets_a_sentence(registry: Registry[Named]) -> None:
    with pytest.raises(UserError, match="There is no thing called fifth; choose one of first, second, third"):
        registry.named("fifth")


def test_why_a_plugin_is_not_there_is_said(registry: Registry[Named]) -> None:
    with pytest.raises(UserError, match="The thing broken_of_another of the package broken_of_another cannot be used"):
        registry.named("broken_of_another")


def test_a_plugin_that_breaks_when_asked_is_noted_once(registry: Registry[Named]) -> None:
    def halves(thing: Named) -> float:
        return 1 / 0 if thing.name == "third" else 0.5

    assert registry.foreign == {"third": "the package third_of_another"}
    assert [registry.ask(thing, halves, None) for thing in registry.values()] == [0.5, 0.5, None]
    assert registry.ask(registry["third"], halves, None) is None
    assert registry.problems[2:] == [
        "The thing third of the package third_of_another is broken (division by zero); update or remove that package."
    ]
    with pytest.raises(ZeroDivisionError):  # ours must not hide its faults
        registry.ask(registry["first"], lambda thing: 1 / 0, None)
