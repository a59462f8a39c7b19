"""Strictly typed records read from JSON, with readable reasons for a rejection."""

from __future__ import annotations

import json
import re
import sys
from typing import Annotated, Any, TypeVar

import msgspec

T = TypeVar("T")

# NaN and infinity are not JSON, but Python's reader accepts them.
Number = Annotated[float, msgspec.Meta(ge=-sys.float_info.max, le=sys.float_info.max)]
Count = Annotated[int, msgspec.Meta(ge=0)]

_KINDS = {
    "int": "a count",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}


def read_json(text: str | bytes) -> Any:
    """What a text of JSON holds, by Python's reader. Raises ValueError, also if it is nested too deeply to be read."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def record_of(data: Any, kind: type[T]) -> T:
    """Convert `data` from Python's JSON reader to `kind`: a msgspec.Struct, a dataclass, or any type hint.

    It converts only whole numbers to floats, and ignores fields that `kind` does not have. Raises
    ValueError with a reason such as "no 'frames'" or "'wide' should be a count".
    """
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise ValueError(_reason(str(error), data)) from error


def _reason(text: str, data: Any) -> str:
    if missing := re.search(r"missing required field `(.+?)`", text):
        return f"no '{missing[1]}'"
    wanted = re.match(r"Expected `([^`|]*?)( \| null)?`", text)
    place = re.search(r" - at `\$(.*)`$", text)
    if wanted is None:
        return text
    kind = _KINDS.get(wanted[1].strip(), wanted[1])
    found = _at(data, place[1] if place else "")
    return f"{found} should be {kind}"


def _at(data: Any, place: str) -> str:
    """Describe a place such as `.profile.neutral`; `[...]` stands for any one of several values."""
    if "..." in place:
        return f"a value of '{place.split('[')[0].lstrip('.')}'"
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", place):
        data = data[name] if name else data[int(index)]
    return repr(data)[:60]
