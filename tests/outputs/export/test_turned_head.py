"""A head turned to its own left by 30 degrees, up by 20 and tilted by 15, in the formats of animation and in tables.

test_other_programs.py and test_poses.py do the same for formats of other programs and for live outputs. In all of these
formats y is up, and a head that is not turned looks along +z, so that its left is at +x (but see VMD).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import trimesh
from decoding import FRONT, TOP, aimed
from exports import CASES, Glb, exported, session_of_cases
from scipy.spatial.transform import Rotation
from sending import TURNS

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.sessions.reading.session import Session

FPS = 30.0


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return session_of_cases(tmp_path / "takes")


def check(rotations: list[Rotation], exact: float = 1e-4) -> None:
    """One for each of TURNS: where the face and the top of the head point to."""
    left, up, tilted = (r.apply(FRONT) for r in rotations)
    np.testing.assert_allclose(left, [np.sin(np.radians(30)), 0, np.cos(np.radians(30))], atol=exact)
    np.testing.assert_allclose(up, [0, np.sin(np.radians(20)), np.cos(np.radians(20))], atol=exact)
    np.testing.assert_allclose(tilted, FRONT, atol=exact)
    top = rotations[2].apply(TOP)
    np.testing.assert_allclose(top, [-np.sin(np.radians(15)), np.cos(np.radians(15)), 0], atol=exact)


def test_bvh(session: Session, tmp_path: Path) -> None:
    """As programs read it: a joint's channels apply in the order in which the file names them."""
    lines = exported(session, tmp_path, "bvh-head", fps=FPS).read_text().splitlines()
    (channels,) = (line.split()[2:] for line in lines if line.strip().startswith("CHANNELS"))
    motion = np.array([line.split() for line in lines[lines.index("MOTION") + 3 :]], float)
    axes = "".join(name[0] for name in channels if name.endswith("rotation"))
    angles = motion[:, [i for i, name in enumerate(channels) if name.endswith("rotation")]]
    check(list(Rotation.from_euler(axes, angles[: len(TURNS)], degrees=True)))


def test_glb(session: Session, tmp_path: Path) -> None:
    glb = Glb(exported(session, tmp_path, "glb"))
    assert glb.times().tolist() == pytest.approx(np.arange(len(CASES) + 1) / FPS, abs=1e-4)
    check(list(Rotation.from_quat(glb.keys("head", "rotation")[: len(TURNS)])))
    # The left eye alone turns outwards, to the person's left.
    eye = Rotation.from_quat(glb.keys("eyeLeft", "rotation")[len(TURNS)]).apply(FRONT)
    np.testing.assert_allclose(eye, [np.sin(0.3), 0, np.cos(0.3)], atol=1e-4)


@pytest.mark.parametrize("to", ["obj", "ply"])
def test_meshes(to: str, session: Session, tmp_path: Path) -> None:
    folder = exported(session, tmp_path, to)
    meshes: list[Array] = [
        np.asarray(trimesh.load_mesh(path, process=False).vertices) for path in sorted(folder.glob(f"*.{to}"))
    ]
    assert len(meshes) == len(CASES)
    straight = meshes[len(TURNS)]  # this one turns an eye alone
    still = np.linalg.norm(meshes[len(TURNS) + 1] - straight, axis=1) < 1e-3  # which is not of an eye
    rotations = [Rotation.align_vectors(turned[still], straight[still])[0] for turned in meshes[: len(TURNS)]]
    check(rotations, 1e-3)


@pytest.mark.parametrize("to", ["csv", "parquet", "npz"])
def test_tables(to: str, session: Session, tmp_path: Path) -> None:
    path = exported(session, tmp_path, to)
    if to == "npz":
        with np.load(path) as arrays:
            vectors, eyes = arrays["rotation"], arrays["gaze"].reshape(-1, 4)
    else:
        table = pd.read_csv(path) if to == "csv" else pd.read_parquet(path)
        vectors = table[["rx", "ry", "rz"]].to_numpy()
        eyes = table[[name for name in table if str(name).startswith("gaze")]].to_numpy()
    check([Rotation.from_rotvec(v) for v in vectors[: len(TURNS)]])
    np.testing.assert_allclose(eyes[len(TURNS)], [0, 0, 0.3, 0], atol=1e-4)  # the person's right eye first


def test_vmd(session: Session, tmp_path: Path) -> None:
    """MikuMikuDance is left-handed: y is up, z goes away from the viewer; a model looks along -z, its left is at +x."""
    pypmxvmd = pytest.importorskip("pypmxvmd")
    with pytest.raises(UserError, match="vmd has 30 frames per second; choose another rate, or none"):
        exported(session, tmp_path, "vmd", fps=60.0)
    motion = pypmxvmd.load_vmd(exported(session, tmp_path, "vmd"))
    own = np.array([1, 1, -1])
    bones: dict[str, list[Rotation]] = {}
    for frame in sorted(motion.bone_frames, key=lambda f: f.frame_number):
        bones.setdefault(frame.bone_name, []).append(Rotation.from_euler("xyz", frame.rotation, degrees=True))
    assert {len(turns) for turns in bones.values()} == {len(CASES) + 1} and set(bones) == {"頭", "右目", "左目"}
    for i, (turn, look) in enumerate(CASES):
        for name, aim in (("頭", FRONT), ("頭", TOP)):
            there = own * bones[name][i].apply(own * aim)
            np.testing.assert_allclose(there, Rotation.from_rotvec(turn).apply(aim), atol=1e-4)
        for name, (yaw, pitch) in zip(("右目", "左目"), look, strict=True):
            np.testing.assert_allclose(own * bones[name][i].apply(own * FRONT), aimed(-yaw, pitch), atol=1e-4)
    morphs = {frame.morph_name: frame.weight for frame in motion.morph_frames if frame.frame_number == 0}
    assert morphs["あ"] == pytest.approx(0.5) and morphs["ウィンク２"] == 1 and morphs["にやり"] == pytest.approx(0.125)
    assert morphs["まばたき"] == morphs["ｳｨﾝｸ２右"] == morphs["怒り"] == 0
