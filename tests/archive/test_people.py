"""The same person's shape and neutral face, over all of their files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from archives import archived, clip, photo

from expnet_live.archive.inputs import Input, list_inputs
from expnet_live.archive.people import named, people_of, unclear
from expnet_live.cli import main
from expnet_live.core.errors import UserError


def persons(inputs: list[Input]) -> dict[str, str | None]:
    return {Path(one.source).name: one.person for one in inputs}


def test_persons_by_folder_and_by_list(tmp_path: Path) -> None:
    for name in ("anna/day 1/a.png", "anna/day 2/b.png", "ben/c.png", "d.png"):
        photo(tmp_path / "in" / name)
    inputs = list_inputs([str(tmp_path / "in")])
    by_folder = named(inputs, [str(tmp_path / "in")], "folder")
    assert persons(by_folder) == {"a.png": "anna", "b.png": "anna", "c.png": "ben", "d.png": "in"}
    listed = tmp_path / "who.csv"
    listed.write_text("person,source\nX,in/anna/day 1/a.png\nX,c.png\n")
    assert persons(named(inputs, [], str(listed))) == {"a.png": "X", "b.png": None, "c.png": "X", "d.png": None}
    listed.write_text("person,source\nX,z.png\n")
    with pytest.raises(UserError, match="names no input"):
        named(inputs, [], str(listed))


def test_persons_by_folder_of_patterns_and_archives(tmp_path: Path) -> None:
    """The first folder below the part without wildcards, not the one that a file is in: many have a "day 1"."""
    names = ("anna/day 1/a.png", "ben/day 1/b.png")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        for name in names:
            photo(tmp_path / "in" / name)
            packed.write(tmp_path / "in" / name, name)
    pattern, packed_too = str(tmp_path / "in" / "**" / "*.png"), f"zip://**/*.png::{tmp_path / 'all.zip'}"
    for text in (pattern, packed_too):
        found = named(list_inputs([text]), [text], "folder")
        assert [one.person for one in found] == ["anna", "ben"]


def test_a_list_that_fits_two_inputs_is_refused(tmp_path: Path) -> None:
    for name in ("anna/trial1.png", "ben/trial1.png"):
        photo(tmp_path / name)
    inputs, listed = list_inputs([str(tmp_path)]), tmp_path / "who.csv"
    for text, said in (
        ("trial1.png,A\n", "trial1.png in .* may be .*anna/trial1.png or .*ben/trial1.png; give each its path"),
        ("trial1.png,A\ntrial1.png,B\n", "says both A and B for trial1.png"),
    ):
        listed.write_text("source,person\n" + text)
        with pytest.raises(UserError, match=said):
            named(inputs, [], str(listed))
    listed.write_text("source,person\nanna/trial1.png,A\ntrial1.png,B\n")
    assert [one.person for one in named(inputs, [], str(listed))] == ["A", "B"]
    listed.write_text("source,person\nanna/trial1.png,A\nbenn/trial1.png,B\n")
    nobody, unknown = unclear(named(inputs, [], str(listed)), str(listed))
    assert nobody.startswith(f"{tmp_path}/ben/trial1.png: nobody's, by --people ")
    assert unknown == f"benn/trial1.png: in {listed}, but no such input is read."


def test_shape_and_neutral_are_pooled_over_files(tmp_path: Path, scheduler: str) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    clip(folder / "ann" / "1.mp4", n=12)
    clip(folder / "ann" / "2.mp4", n=12, start=100)
    photo(folder / "ann" / "3.png", 60)
    photo(folder / "ben" / "4.png", 200)
    command = ["archive", str(folder), "--out", str(out), "--cluster", scheduler]
    assert main([*command, "--people", "folder"]) == 0
    people, rows = people_of(out), archived(out)
    assert set(people) == {"ann", "ben"}
    anns = rows[rows["source"].str.contains("ann")]
    identity = anns[[name for name in rows if name.startswith("identity_")]]
    mean = people["ann"].identity
    assert mean is not None
    assert (identity.min() - 1e-4 <= mean).all() and (mean <= identity.max() + 1e-4).all()
    names = tuple(name for name in rows.columns if name in people["ann"].neutral)
    rested = people["ann"].corrected(anns[list(names)].to_numpy(np.float32), names)
    assert np.abs(rested).mean() < np.abs(anns[list(names)].to_numpy()).mean()
    before = {path: path.stat().st_mtime_ns for path in (out / "faces").rglob("*.parquet")}
    assert main([*command, "--people", "folder"]) == 0
    # Without the option, everybody stays who they are.
    assert main(command) == 0
    assert set(pq.read_table(out / "inputs.parquet")["person"].to_pylist()) == {"ann", "ben"}
    # Another name is no reason to read it again.
    (tmp_path / "who.csv").write_text("source,person\n1.mp4,eve\n2.mp4,eve\n3.png,eve\n4.png,ben\n")
    assert main([*command, "--people", str(tmp_path / "who.csv")]) == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert set(people_of(out)) == {"eve", "ben"}
    eve = pq.read_table(out / "people.parquet").to_pandas().set_index("person").loc["eve"]
    assert (eve["inputs"], eve["frames"]) == (3, 25)
    assert set(pq.read_table(out / "inputs.parquet")["person"].to_pylist()) == {"eve", "ben"}
    units = {table: _units(out / f"{table}.parquet") for table in ("inputs", "people")}
    wanted = {"identity_00": "sd", "neutral_jawOpen": "sd", "rest_jawOpen": "0..1", "frames": ""}
    assert {name: units["people"][name] for name in wanted} == wanted
    assert units["inputs"]["size"] == "byte"


def _units(table: Path) -> dict[str, str]:
    """The unit of each column, all of which say what they are about."""
    schema = pq.read_schema(table)
    assert all(field.metadata[b"about"] for field in schema)
    return {field.name: field.metadata[b"unit"].decode() for field in schema}
