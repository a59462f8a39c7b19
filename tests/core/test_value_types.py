"""Values that hold arrays: == of two arrays is no truth value, and an array has no hash."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np

import expnet_live
from expnet_live.core.types import Pose
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.person.person import Person

PACKAGE = Path(expnet_live.__file__).parent
ARRAYS = {"Array", "Image", "NDArray"}


def compared_arrays(path: Path) -> list[str]:
    """Frozen dataclasses of a module that compare arrays as if they were numbers."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ClassDef):
            continue
        decorators = [ast.unparse(d) for d in node.decorator_list]
        values = any(d.startswith("dataclass(") and "frozen=True" in d and "eq=False" not in d for d in decorators)
        fields = [f for f in node.body if isinstance(f, ast.AnnAssign) and "compare=False" not in ast.unparse(f)]
        names = {n.id for f in fields for n in ast.walk(f.annotation) if isinstance(n, ast.Name)}
        if values and names & ARRAYS:
            found.append(f"{path.relative_to(PACKAGE)}: {node.name}")
    return found


def test_no_value_compares_arrays_as_if_they_were_numbers() -> None:
    assert [name for path in sorted(PACKAGE.rglob("*.py")) for name in compared_arrays(path)] == []


def test_values_are_equal_when_their_arrays_are() -> None:
    assert Pose(np.zeros(3), np.ones(3)) == Pose(np.zeros(3), np.ones(3)) != Pose(np.zeros(3), np.zeros(3))
    assert len({Pose(np.zeros(3), np.ones(3)), Pose(-np.zeros(3), np.ones(3))}) == 1  # equal ones have one hash
    assert WeakPerspective(np.zeros(3), 1, 2, 3) == WeakPerspective(np.zeros(3), 1, 2, 3)
    assert WeakPerspective(np.zeros(3), 1, 2, 3) != WeakPerspective(np.ones(3), 1, 2, 3)
    assert Person(identity=np.ones(50)) == Person(identity=np.ones(50)) != Person(identity=np.zeros(50))
    assert Person() == Person() != Person(identity=np.ones(50)) and Person() != "Default"
