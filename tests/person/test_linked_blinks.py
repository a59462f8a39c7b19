"""Both eyes blink alike where a profile says so, and still wink; what is recorded stays as it was measured."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from exports import exported
from pythonosc.osc_bundle import OscBundle
from sending import face_of
from session_files import INFO_OF_TEST

from expnet_live.cli import main
from expnet_live.core.arkit import INDEX, N_BLENDSHAPES, blendshapes_of
from expnet_live.core.types import Array
from expnet_live.heads.built_in import face_model
from expnet_live.outputs.run import states_of
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles
from expnet_live.sessions.format.folder import TABLE
from expnet_live.sessions.format.info import COMPLETE, write_info
from expnet_live.sessions.format.table import Layout
from expnet_live.sessions.reading.session import Session

LIDS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]


N = 11


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """Of frames in which the left eye shuts from 0 to 1, and the right one stays a quarter shut."""
    folder, model = tmp_path / "take", face_model()
    layout = Layout(model.names, model.n_identity, blendshapes=True)
    table = layout.header()
    for i in range(N):
        weights = blendshapes_of(eyeBlinkLeft=i / (N - 1), eyeBlinkRight=0.25)
        table += b"".join(layout.rows(i, None, i / 30, [replace(face_of().state, blendshapes=weights)]))
    folder.mkdir()
    (folder / TABLE).write_bytes(table)
    person = Person(link_blinks=True)
    info = replace(INFO_OF_TEST, coefficients=model.names, n_identity=model.n_identity, person=person)
    write_info(folder, replace(info, status=COMPLETE, frames=N, rows=N))
    return Session.open(folder)


def shown(left: float, right: float, **more: float) -> Array:
    person = Person(link_blinks=True)
    return person.corrected_blendshapes(blendshapes_of(eyeBlinkLeft=left, eyeBlinkRight=right, **more))


def test_a_blink_shuts_both_and_a_wink_one() -> None:
    for left, right in ((0.1, 0.05), (0.9, 0.65), (0.65, 0.9), (1.0, 0.75)):
        lids = shown(left, right)[LIDS]
        assert lids[0] == lids[1] and (left + right) / 2 <= lids[0] <= max(left, right)
    assert shown(1.0, 0.75)[LIDS] == pytest.approx([0.98, 0.98], abs=0.01)  # a shut eye is shut
    for left, right in ((0.9, 0.0), (0.0, 0.5), (0.95, 0.4)):
        assert shown(left, right)[LIDS] == pytest.approx([left, right])
    assert shown(0.3, 0.3)[LIDS] == pytest.approx([0.3, 0.3])
    other = blendshapes_of(eyeBlinkLeft=0.4, jawOpen=0.5, eyeLookUpLeft=0.2, mouthSmileLeft=0.3)
    changed = Person(link_blinks=True).corrected_blendshapes(other) != other
    assert set(np.flatnonzero(changed)) == set(LIDS)
    assert np.isnan(Person(link_blinks=True).corrected_blendshapes(np.full((2, N_BLENDSHAPES), np.nan))).all()


def test_squints_and_wide_eyes_follow_the_lids() -> None:
    sides = [INDEX["eyeSquintLeft"], INDEX["eyeSquintRight"], INDEX["eyeWideLeft"], INDEX["eyeWideRight"]]
    squint, other, wide, also = shown(0.1, 0.1, eyeSquintLeft=0.4, eyeWideRight=0.2)[sides]
    assert squint == other and 0.2 <= squint < 0.3 and wide == also and 0.1 <= wide < 0.2
    assert shown(0.9, 0.1, eyeSquintLeft=0.4)[sides[:2]] == pytest.approx([0.4, 0])


def test_the_other_eye_hardly_dips_as_a_wink_begins() -> None:
    """At no step of a shutting eye does the open one jump, and never does it shut by more than a fifth."""
    steps = np.linspace(0, 1, 101)
    other = np.array([shown(left, 0.0)[LIDS[1]] for left in steps])
    assert other.max() < 0.2 and np.abs(np.diff(other)).max() < 0.02 and (other[steps >= 0.5] == 0).all()


def test_profiles_keep_it(tmp_path: Path) -> None:
    person = Person("Ana", link_blinks=True)
    Profiles(tmp_path).save(person)
    assert Profiles(tmp_path).load("Ana") == person


def test_gains_and_full_actions_count_first() -> None:
    person = Person(link_blinks=True, full={"eyeBlinkLeft": 0.8}, gains={"eyeBlinkRight": 2.0})
    lids = person.corrected_blendshapes(blendshapes_of(eyeBlinkLeft=0.4, eyeBlinkRight=0.25))[LIDS]
    assert lids == pytest.approx([0.5, 0.5])


def test_it_is_sent_and_exported_and_the_measured_lids_stay(session: Session, tmp_path: Path) -> None:
    measured = session.rows.blendshapes[:, LIDS]
    linked = [shown(*lids)[LIDS] for lids in measured]
    for i, state in enumerate(states_of(session)(1, 0.0)):
        (face,) = state.faces
        np.testing.assert_allclose(face.weights[LIDS], linked[i], atol=1e-6)
        assert face.state.blendshapes is not None
        np.testing.assert_allclose(face.state.blendshapes[LIDS], measured[i], atol=1e-6)

    def table(name: str, **options: object) -> Array:
        (tmp_path / name).mkdir()
        columns = pd.read_csv(exported(session, tmp_path / name, "csv", **options))
        return columns[["arkit_eyeBlinkLeft", "arkit_eyeBlinkRight"]].to_numpy()

    np.testing.assert_allclose(table("shown"), linked, atol=1e-5)
    np.testing.assert_allclose(table("ignored", gains=False), measured, atol=1e-5)


@pytest.mark.parametrize("asked", [[], ["--no-link-blinks"]])
def test_the_command_takes_it(session: Session, asked: list[str]) -> None:
    """In place of what the profile says."""
    lids: dict[str, list[float]] = {"EyeBlinkLeft": [], "EyeBlinkRight": []}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        target = f"vmc://127.0.0.1:{udp.getsockname()[1]}"
        assert main(["stream", str(session.folder), "--to", target, *asked]) == 0
        udp.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                for message in OscBundle(udp.recv(2**16)):
                    name, *values = message.params or [""]
                    if name in lids:
                        lids[name] += values
    measured = session.rows.blendshapes[:, LIDS]
    expected = measured if asked else [shown(*pair)[LIDS] for pair in measured]
    np.testing.assert_allclose(np.transpose([*lids.values()])[:N], expected, atol=1e-6)
