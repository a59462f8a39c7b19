"""`evaluate rig` on faces that move exactly as the rig says, or half as far."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from expnet_live.cli import main
from expnet_live.core.arkit import MIRROR, N_BLENDSHAPES
from expnet_live.core.types import Array
from expnet_live.heads.built_in import face_model
from expnet_live.research.evaluation.rig.measure import Frames, aligned, motions, reaches, without_means
from expnet_live.research.training.actions.shelf import Labelled, save_part

N = 400


@pytest.fixture(scope="module")
def strengths() -> Array:
    w = np.random.default_rng(2).uniform(0, 0.8, (N, N_BLENDSHAPES)) * np.random.default_rng(3).random(N)[:, None]
    return np.asarray((w + w[:, MIRROR]) / 2, np.float32)


def seen(strengths: Array, share: float) -> Frames:
    """Frames of four clips, whose landmarks move by a share of what the rig says."""
    model, clip = face_model(), np.arange(N) // 100
    rows = np.stack([model.rig.rows(w) for w in strengths])
    points = aligned(model.mean + np.einsum("nr,rpc->npc", rows, model.rig.base), down=False)
    rest = aligned(model.mean[None], down=False)
    moves = without_means(rest + share * (points - rest), clip)
    return Frames(clip, strengths, without_means(strengths, clip), moves, np.zeros((N, 1)))


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_landmarks_are_compared_with_the_rig(strengths: Array, share: float) -> None:
    told = motions(seen(strengths, share), face_model())
    assert_allclose([m.gain for m in told], share, atol=1e-6)
    assert_allclose([m.r for m in told], 1, atol=1e-6)


def test_an_action_reaches_as_far_as_in_the_clips(strengths: Array) -> None:
    told = {r.action: r for r in reaches(seen(strengths, 0.5), face_model())}
    assert {"jawOpen", "browDown", "eyeSquint", "mouthSmile", "mouthLeft"} <= set(told) and "eyeLookIn" not in told
    for name in ("browDown", "browInnerUp", "mouthSmile"):
        assert told[name].clips == pytest.approx(told[name].rig / 2, rel=0.12), name


def test_roll_and_size_of_a_face_do_not_count() -> None:
    face = np.asarray(face_model().mean, np.float64)[:, :2]
    turn = np.array([[0.96, -0.28], [0.28, 0.96]])
    pixels = (3 * face @ turn.T + [100, 50]) * [1, -1]
    assert_allclose(aligned(pixels[None], down=True), aligned(face[None], down=False), atol=1e-9)


def test_photos_alone_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    none = np.zeros(N_BLENDSHAPES, np.float32)
    row = Labelled(
        "omi/1", np.zeros((208, 208, 3), np.uint8), none, none, face_model().mean[:, :2], 0.0, np.zeros(3, np.float32),
        1.0, np.zeros(2, np.float32), np.zeros(29, np.float32), np.zeros(50, np.float32), np.zeros((2, 2), np.float32),
    )  # fmt: skip
    save_part(tmp_path, "photos-00000", [row] * 3)
    assert main(["evaluate", "rig", str(tmp_path)]) == 2
    assert "too few frontal frames" in capsys.readouterr().err
