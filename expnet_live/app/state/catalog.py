"""What can be chosen on this computer, and why the rest cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from expnet_live.app import texts
from expnet_live.core.errors import UserError
from expnet_live.core.paths import assets_dir, data_folder
from expnet_live.official import OFFICIAL
from expnet_live.official.store import PARTS, Store


@dataclass(frozen=True)
class Option:
    """An entry of a list: `why_not` greys it out and is its tooltip."""

    value: object
    text: str
    why_not: str | None = None


def models(current: str | None) -> list[Option]:
    """Weights by file; None stands for the built-in ones."""
    file = "expnet_resnet101.safetensors"
    found = next((p for p in (data_folder() / "models" / file, assets_dir() / file) if p.is_file()), None)
    no_resnet = texts.MODEL_MISSING.format(name=texts.MODEL_RESNET, how=texts.MODEL_HOW_RESNET)
    options = [
        Option(None, texts.MODEL_COMPACT),
        Option(str(found) if found else f"missing {file}", texts.MODEL_RESNET, None if found else no_resnet),
        Option(OFFICIAL, texts.MODEL_OFFICIAL, _no_official()),
    ]
    if current is not None and current not in [o.value for o in options]:
        options.append(Option(current, Path(current).stem))
    return [*options, Option("choose", texts.MODEL_FILE)]


def _no_official() -> str | None:
    """Why the paper's release cannot be chosen."""
    try:
        missing = Store().missing()
    except UserError as error:
        return str(error)
    how = texts.MODEL_HOW_OFFICIAL.format(parts=", ".join(PARTS[key] for key in missing))
    return texts.MODEL_MISSING.format(name=texts.MODEL_OFFICIAL, how=how) if missing else None


def heads(names: Sequence[str], current: str) -> list[Option]:
    """Our own, for which the empty name stands, and the imported ones."""
    options = [Option("", texts.HEAD_OWN), *(Option(name, name) for name in names)]
    if current and current not in names:
        options.append(Option(current, current, texts.HEAD_MISSING.format(name=current)))
    return options if len(options) > 1 else [*options, Option("none", texts.HEAD_OTHERS, texts.HEAD_HOW)]


def devices() -> list[Option]:
    """May import torch: not for the GUI thread."""
    from expnet_live.networks.runtime import available_devices

    there = {"auto", *available_devices()}
    return [
        Option(key, text, None if key in there else texts.DEVICE_MISSING.format(name=key.upper()))
        for key, text in texts.DEVICES.items()
    ]


RESOLUTIONS = ((None, None, None), (640, 480, 30.0), (1280, 720, 30.0), (1280, 720, 60.0), (1920, 1080, 30.0))


def resolutions() -> list[Option]:
    return [
        Option(r, texts.RESOLUTION_OWN if r[0] is None else f"{r[0]} × {r[1]}, {r[2]:.0f} fps") for r in RESOLUTIONS
    ]
