"""Options that several training commands have, and options from the fields of a dataclass."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any


def add_cluster(parser: argparse.ArgumentParser, what: str) -> None:
    """`what` is what the cluster does."""
    parser.add_argument(
        "--cluster", metavar="CLUSTER",
        help=f"a Dask cluster for {what}, as for 'expnet-live archive': local:N, tcp://HOST:8786, slurm:N, ...; all of "
        "its workers need the same files under the same paths",
    )  # fmt: skip


def add_options(parser: argparse.ArgumentParser, config: type[Any], **switches: str) -> None:
    """An option for each field of a dataclass; fields named in `switches` are switches with these help texts."""
    for f in fields(config):
        option = f"--{f.name.replace('_', '-')}"
        if f.name in switches:
            parser.add_argument(option, action="store_true", help=switches[f.name])
        else:
            parser.add_argument(option, type=type(f.default), default=f.default, help=f"default: {f.default}")


def chosen_of(args: argparse.Namespace, config: type[Any]) -> dict[str, Any]:
    """The values of these options."""
    return {f.name: getattr(args, f.name) for f in fields(config)}
