"""The choices that this computer offers, and why others are not available."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from expnet_live.app import texts
from expnet_live.avatars.wardrobe import is_avatar_file
from expnet_live.pipeline.models import BUILT_IN, MODELS

ADD_HEAD = "\x00add"  # no head's name


@dataclass(frozen=True)
class Option:
    """An entry of a list: `why_not` greys it out and is its tooltip."""

    value: object
    text: str
    why_not: str | None = None


def models_there() -> list[Option]:
    """The available models, None for the built-in one. Reads the disk: not for the GUI thread."""
    return [
        Option(
            None if m.name == BUILT_IN else m.name, m.title, MODELS.ask(m, lambda m: m.why_not(), texts.PLUGIN_BROKEN)
        )
        for m in MODELS.values()
    ]


def models(there: Sequence[Option], current: str | None) -> list[Option]:
    """These models, and a file of weights that was chosen before."""
    options = [*there]
    if current is not None and current not in [o.value for o in options]:
        options.append(Option(current, Path(current).stem))
    return [*options, Option("choose", texts.MODEL_FILE)]


def heads(names: Sequence[str], current: str) -> list[Option]:
    """Our own head, which has the empty name, the imported ones and avatars, and a way to add one."""
    options = [Option("", texts.HEAD_OWN), *(Option(name, name) for name in names)]
    if is_avatar_file(current):
        options.append(Option(current, Path(current).stem))
    elif current and current not in names:
        options.append(Option(current, current, texts.HEAD_MISSING.format(name=current)))
    return [*options, Option(ADD_HEAD, texts.AVATAR_ADD)]


def devices() -> list[Option]:
    """The available devices. May import torch: not for the GUI thread."""
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
