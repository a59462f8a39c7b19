"""Sessions on avatars: their own files with an animation, VRM animations, meshes; checked by other readers."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import trimesh
from avatar_files import AVATARS
from exports import exported, session_of_cases
from gltf_poses import Posable
from scipy.spatial.transform import Rotation

from expnet_live.avatars.avatar import Avatar
from expnet_live.avatars.wardrobe import Wardrobe
from expnet_live.core.channels import VRM_1
from expnet_live.heads.built_in import face_model
from expnet_live.outputs.export.pose import PoseMode
from expnet_live.sessions.reading.session import Session

NAMES = list(AVATARS)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return session_of_cases(tmp_path / "cases")


def _json(path: Path) -> Any:
    content = path.read_bytes()
    return json.loads(content[20 : 20 + struct.unpack_from("<I", content, 12)[0]])


@pytest.mark.parametrize("pose", [PoseMode.NONE, PoseMode.ROTATION, PoseMode.FULL])
@pytest.mark.parametrize("name", NAMES)
def test_the_animation_is_that_of_the_session(
    name: str, pose: PoseMode, session: Session, avatar_paths: dict[str, Path], tmp_path: Path
) -> None:
    """Played by another reader, each vertex is where ours is."""
    out = exported(session, tmp_path, "glb", head=str(avatar_paths[name]), pose=pose)
    avatar, theirs, rows = Avatar.load(avatar_paths[name], face_model()), Posable(out), session.rows
    place = avatar.place
    for i in range(0, int((rows.face >= 0).sum()), 3):
        assert theirs.play(i) == pytest.approx(rows.time[i], abs=1e-6)
        rotation = None if pose is PoseMode.NONE else rows.rotation[i]
        ours, _, _ = avatar.posed(rows.expression[i], rows.gaze_of(i), rows.blendshapes_of(i), rotation)
        at = theirs.vertices() @ place[:3, :3].T + place[:3, 3]
        if pose is PoseMode.FULL:
            ours = ours + rows.translation[i] - rows.translation[0]
        assert np.abs(at - ours).max() < 0.02
        weights = avatar.wiring(avatar.actions(rows.expression[i], rows.blendshapes_of(i)))
        node = theirs.drawn[0]
        assert np.abs(theirs.weights[node] - weights[: len(theirs.weights[node])]).max() < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_kept_as_it_is(name: str, session: Session, avatar_paths: dict[str, Path], tmp_path: Path) -> None:
    before, after = _json(avatar_paths[name]), _json(exported(session, tmp_path, "glb", head=str(avatar_paths[name])))
    assert [a["name"] for a in after.pop("animations")] == ["session"]
    for key in ("accessors", "bufferViews"):
        assert after[key][: len(before[key])] == before.pop(key)
        after.pop(key)
    assert after.pop("buffers")[0]["byteLength"] > before.pop("buffers")[0]["byteLength"]
    assert after == before


def test_an_avatar_of_the_library_and_its_terms(
    session: Session, avatar_paths: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from expnet_live.cli import main

    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path / "data"))
    assert main(["face-model", "import", str(avatar_paths["one.vrm"]), "--as", "One"]) == 0
    assert Wardrobe().names() == ["One"]
    out = tmp_path / "take.glb"
    assert main(["export", str(session.folder), "--to", "glb", "--head", "One", "--out", str(out)]) == 0
    assert "does not allow redistribution and modification" in capsys.readouterr().out
    assert Posable(out).gltf.animations
    assert main(["face-model", "show", "One"]) == 0
    assert "Credit: required" in capsys.readouterr().out


def test_meshes_of_an_avatar(session: Session, avatar_paths: dict[str, Path], tmp_path: Path) -> None:
    avatar, rows = Avatar.load(avatar_paths["one.vrm"], face_model()), session.rows
    meshes = []
    for name, swing in (("stiff", False), ("swings", True), ("again", True)):
        (tmp_path / name).mkdir()
        out = exported(
            session,
            tmp_path / name,
            "ply",
            head=str(avatar_paths["one.vrm"]),
            pose=PoseMode.ROTATION,
            end=0.2,
            swing=swing,
        )
        meshes.append(np.array(trimesh.load(out / f"{rows.frame[1]:06d}.ply", process=False).vertices))
    stiff, swings, again = meshes
    ours, _, _ = avatar.posed(rows.expression[1], rows.gaze_of(1), rows.blendshapes_of(1), rows.rotation[1])
    assert np.abs(stiff - ours).max() < 2e-3
    assert np.array_equal(swings, again)
    loose = np.linalg.norm(swings - stiff, axis=1) > 2e-3
    assert loose.any() and (np.abs(avatar.rest[loose, 0]) > 70).all()  # the bunches beside the head, and nothing else


def test_a_video_wears_an_avatar(demo_session: Session, avatar_paths: dict[str, Path], tmp_path: Path) -> None:
    """Its blue jersey is where the person's chest was; the mesh alone leaves it as it is."""
    (tmp_path / "plain").mkdir()
    plain = exported(demo_session, tmp_path / "plain", "overlay", start=1.0, end=1.3)
    worn = exported(demo_session, tmp_path, "overlay", start=1.0, end=1.3, head=str(avatar_paths["zero.vrm"]))
    blue = []
    for path in (plain, worn):
        with av.open(str(path)) as video:
            image = next(video.decode(video=0)).to_ndarray(format="bgr24").astype(int)
        blue.append((image[..., 0] > image[..., 2] + 60).mean())
    assert blue[0] < 0.001 < 0.008 < blue[1]


@pytest.mark.parametrize("name", [None, "zero.vrm", "one.vrm"])
def test_vrm_animations(name: str | None, session: Session, avatar_paths: dict[str, Path], tmp_path: Path) -> None:
    head = None if name is None else str(avatar_paths[name])
    out = exported(session, tmp_path, "vrma", **({} if head is None else {"head": head}))
    document, theirs, rows = _json(out), Posable(out), session.rows
    told = document["extensions"]["VRMC_vrm_animation"]
    expressions = told["expressions"]["preset"] | told["expressions"]["custom"]
    bones = {bone: b["node"] for bone, b in told["humanoid"]["humanBones"].items()}
    assert {"hips", "spine", "neck", "head"} <= set(bones) and not {"leftEye", "rightEye"} & set(bones)
    for i in range(0, int((rows.face >= 0).sum()), 3):
        theirs.play(i)
        whole = Rotation.from_quat(theirs.rotations[bones["neck"]]) * Rotation.from_quat(
            theirs.rotations[bones["head"]]
        )
        turn = Rotation.from_rotvec(rows.rotation[i])
        assert (whole * turn.inv()).magnitude() < 1e-4
        shapes = rows.blendshapes_of(i)
        if shapes is None:
            shapes = face_model().blendshapes_of(rows.expression[i])
        values = VRM_1.named(shapes)
        for preset in ("aa", "blinkLeft") if name != "one.vrm" else ():
            assert theirs.translations[expressions[preset]["node"]][0] == pytest.approx(values[preset], abs=1e-4)
        if name == "one.vrm":  # which has ARKit's actions
            assert theirs.translations[expressions["JawOpen"]["node"]][0] == pytest.approx(shapes[17], abs=1e-4)
        gaze = rows.gaze_of(i)
        if gaze is not None:
            ahead = Rotation.from_quat(theirs.rotations[told["lookAt"]["node"]]).apply((0, 0, 1))
            yaw, pitch = gaze.mean(0)
            assert np.arctan2(ahead[0], ahead[2]) == pytest.approx(yaw, abs=1e-4)
            assert np.arcsin(ahead[1]) == pytest.approx(pitch, abs=1e-4)
    if name == "one.vrm":
        assert "aa" not in expressions and "JawOpen" in told["expressions"]["custom"]


VALIDATOR = """
const validator = require(process.argv[1]), fs = require('fs');
const bytes = new Uint8Array(fs.readFileSync(process.argv[2]));
validator.validateBytes(bytes, {maxIssues: 50}).then(r => console.log(JSON.stringify(r.issues)));
"""


def _validator() -> str | None:
    """Where Khronos' validator is, which `npm install gltf-validator` gets."""
    if shutil.which("node") is None:
        return None
    roots = [Path.cwd() / "node_modules"]
    npm = shutil.which("npm")
    if npm is not None:
        found = subprocess.run([npm, "root", "-g"], capture_output=True, text=True, check=False)
        roots.append(Path(found.stdout.strip() or "."))
    return next((str(r / "gltf-validator") for r in roots if (r / "gltf-validator").is_dir()), None)


@pytest.mark.parametrize("to", ["glb", "vrma"])
@pytest.mark.parametrize("name", NAMES)
def test_khronos_validator_finds_no_error(
    name: str, to: str, session: Session, avatar_paths: dict[str, Path], tmp_path: Path
) -> None:
    validator = _validator()
    if validator is None:
        pytest.skip("needs node and 'npm install gltf-validator'")
    out = exported(session, tmp_path, to, head=str(avatar_paths[name]))
    done = subprocess.run(["node", "-e", VALIDATOR, validator, str(out)], capture_output=True, text=True, check=True)
    issues = json.loads(done.stdout)
    assert issues["numErrors"] == 0, issues["messages"]
