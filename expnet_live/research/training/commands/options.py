"""Options that several training commands have, and options from the fields of a dataclass."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

from expnet_live.core.errors import UserError
from expnet_live.core.records import read_json, record_of


def add_cluster(parser: argparse.ArgumentParser, what: str) -> None:
    """`what` is what the cluster does."""
    parser.add_argument(
        "--cluster", metavar="CLUSTER",
        help=f"a Dask cluster for {what}, as for 'expnet-live archive': local:N, tcp://HOST:8786, slurm:N, ...; all of "
        "its workers need the same files under the same paths",
    )  # fmt: skip


def add_options(parser: argparse.ArgumentParser, config: type[Any], **switches: str) -> None:
    """An option for each field of a dataclass, made by `options.option`, None where it is not given; fields named in
    `switches` are switches with these help texts."""
    for f in fields(config):
        name = f"--{f.name.replace('_', '-')}"
        if f.name in switches:
            parser.add_argument(name, action="store_true", default=None, help=switches[f.name])
            continue
        choices, default = f.metadata["choices"], "none" if f.default in (None, "") else f.default
        about = f"{f.metadata['about']}{': ' + ', '.join(choices) if choices else ''} (default: {default})"
        parser.add_argument(
            name, type=f.metadata["kind"], choices=choices, metavar=_METAVARS.get(type(f.default), "X"), help=about
        )


_METAVARS = {str: "NAME", int: "N", type(None): "FILE"}


def chosen_of(args: argparse.Namespace, config: type[Any]) -> dict[str, Any]:
    """The options that are given."""
    return {f.name: value for f in fields(config) if (value := getattr(args, f.name)) is not None}


def read_options(path: Path, config: type[Any]) -> dict[str, Any]:
    """Options from a JSON file, each as on the command line. Raises UserError."""
    try:
        chosen = record_of(read_json(path.read_bytes()), dict[str, Any])
    except (OSError, ValueError) as e:
        raise UserError(f"{path} cannot be read as options in JSON ({e}); choose another file.") from e
    known = {f.name: f.metadata for f in fields(config)}
    if unknown := set(chosen) - set(known):
        what = ", ".join(sorted(unknown))
        raise UserError(f"{path} has options that do not exist: {what}; use names such as {', '.join(known)}.")
    read = {}
    for name, value in chosen.items():
        if value is None:
            continue
        try:
            read[name] = known[name]["kind"](str(value))
        except argparse.ArgumentTypeError as e:
            raise UserError(f"{path}: {name} {e}; correct it.") from e
        if (choices := known[name]["choices"]) and value not in choices:
            raise UserError(f"{path}: {name} is {value}; choose one of {', '.join(choices)}.")
    return read
