"""Tables in the formats of other programs: a head turned left, up and tilted, and each eye alone, read back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pandas as pd
import pytest
from decoding import FRONT, LEFT_EYE, RIGHT_EYE, TOP, Decoded, aimed, check, turned_by
from exports import CASES, exported, session_of_cases
from scipy.spatial.transform import Rotation

from expnet_live.cli import main
from expnet_live.core.arkit import ARKIT
from expnet_live.core.errors import UserError
from expnet_live.outputs.export.take import SUBJECT, timecode
from expnet_live.sessions.format.folder import MARKERS
from expnet_live.sessions.format.markers import Marker, header_line, marker_line
from expnet_live.sessions.reading.picture_file import PictureFile
from expnet_live.sessions.reading.session import Session

CAMERA = np.array([1, -1, -1])  # OpenFace's axes: x right, y down, z away


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return session_of_cases(tmp_path / "takes")


def test_open_face(session: Session, tmp_path: Path) -> None:
    path = exported(session, tmp_path, "openface")
    text = path.read_text()
    header = text.splitlines()[0]
    assert header.startswith("frame,face_id,timestamp,confidence,success,gaze_0_x,gaze_0_y,gaze_0_z,gaze_1_x")
    assert "gaze_angle_x,gaze_angle_y,pose_Tx,pose_Ty,pose_Tz,pose_Rx,pose_Ry,pose_Rz,AU01_r,AU02_r" in header
    assert header.endswith("AU26_c,AU28_c,AU45_c") and " " not in text
    table = pd.read_csv(path)
    assert len(table.columns) == 5 + 8 + 6 + 17 + 18
    for i, (turn, look) in enumerate(CASES):
        row = table.iloc[i]
        head = Rotation.from_euler("XYZ", [row[f"pose_R{a}"] for a in "xyz"])
        eyes = {}
        for number, eye in ((0, RIGHT_EYE), (1, LEFT_EYE)):
            direction = CAMERA * [row[f"gaze_{number}_{a}"] for a in "xyz"]
            assert np.linalg.norm(direction) == pytest.approx(1, abs=1e-5)
            eyes[eye] = Rotation.from_rotvec(turn).inv().apply(direction)
        weights = {
            "jawOpen": row["AU26_r"] / 5,
            "eyeBlinkLeft": row["AU45_r"] / 5 * 2,
            "mouthSmileRight": row["AU12_r"] * 0.4,
        }
        front, top = CAMERA * head.apply(CAMERA * FRONT), CAMERA * head.apply(CAMERA * TOP)
        check(Decoded(front, top, eyes, weights), turn, look, 4e-3)  # OpenFace has three decimals, two for units
        np.testing.assert_allclose([row[f"pose_T{a}"] for a in "xyz"], [10, -20, 600], atol=0.05)
        assert (row["frame"], row["success"], row["confidence"]) == (i + 1, 1, 0.88) and row["AU26_c"] == 1
    assert table["pose_Ry"][0] == pytest.approx(-np.pi / 6, abs=1e-3)  # to the left
    assert (table["gaze_angle_x"][0], table["gaze_angle_x"][3]) == pytest.approx((np.pi / 6, 0.15), abs=5e-3)
    gap = table.iloc[-1]
    assert gap["success"] == 0 and gap[5:].isna().all()


def test_py_feat(session: Session, tmp_path: Path) -> None:
    table = pd.read_csv(exported(session, tmp_path, "pyfeat"))
    assert list(table.columns[:5]) == ["FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", "FaceScore"]
    assert list(table.columns[-8:]) == ["Pitch", "Roll", "Yaw", "X", "Y", "Z", "frame", "input"]
    assert table["AU11"].isna().all()
    for i, (turn, _) in enumerate(CASES[:3]):
        row = table.iloc[i]
        head = Rotation.from_euler("XYZ", [row["Pitch"], row["Yaw"], row["Roll"]])
        np.testing.assert_allclose(
            CAMERA * head.apply(CAMERA * FRONT), Rotation.from_rotvec(turn).apply(FRONT), atol=1e-4
        )
        np.testing.assert_allclose(CAMERA * head.apply(CAMERA * TOP), Rotation.from_rotvec(turn).apply(TOP), atol=1e-4)
        assert row[["X", "Y", "Z"]].tolist() == [10, -20, 600]
    assert (table["Yaw"][0], table["AU26"][0], table["AU43"][0]) == pytest.approx((-np.pi / 6, 0.5, 0.5), abs=1e-4)
    assert table["input"][0] == "takes" and table.iloc[-1][:-2].fillna(0).sum() == 0


def test_live_link_table(session: Session, tmp_path: Path) -> None:
    path = exported(session, tmp_path, "livelink")
    lines = path.read_bytes().decode("ascii").split("\n")
    header = lines[0].split(",")
    assert header[:3] == ["Timecode", "BlendShapeCount", "EyeBlinkLeft"] and len(header) == 63 and "\r" not in lines[0]
    assert header[16:21] == ["JawForward", "JawRight", "JawLeft", "JawOpen", "MouthClose"]
    assert header[23:25] == ["MouthRight", "MouthLeft"] and header[53] == "TongueOut"
    assert header[54:57] == ["HeadYaw", "HeadPitch", "HeadRoll"] and header[-1] == "RightEyeRoll"
    assert [line.split(",")[0] for line in lines[1:4]] == ["00:00:00:00.000", "00:00:00:02.000", "00:00:00:04.000"]
    assert lines[1].split(",")[1] == "61" and len(lines[1].split(",")[2].split(".")[1]) == 10
    table = pd.read_csv(path)
    for i, (turn, look) in enumerate(CASES):
        row = table.iloc[i]
        eyes = {
            eye: aimed(row[f"{side}EyeYaw"], -row[f"{side}EyePitch"])
            for eye, side in ((RIGHT_EYE, "Right"), (LEFT_EYE, "Left"))
        }
        weights = {name: row[name[0].upper() + name[1:]] for name in ARKIT}
        front, top = turned_by(row["HeadYaw"], row["HeadPitch"], row["HeadRoll"])
        check(Decoded(front, top, eyes, weights), turn, look, 2e-3)
    assert timecode(3723.5 + 1 / 120) == "01:02:03:30.500"


def test_live_link_take_without_video(session: Session, tmp_path: Path) -> None:
    (take,) = exported(session, tmp_path, "livelink-take").iterdir()
    assert sorted(p.name for p in take.iterdir()) == ["take.json", "takes_1_ExpNetLive.csv"]
    table = pd.read_csv(take / "takes_1_ExpNetLive.csv")
    assert table["HeadYaw"][0] == pytest.approx(-np.pi / 6, abs=1e-6)  # to the left
    assert read_as_unreal(take)["frames"] == len(table) == len(CASES) + 1


def read_as_unreal(take: Path) -> dict[str, Any]:
    """What Unreal Engine's reader of takes asks for: without one of these keys, it refuses the take."""
    about: dict[str, Any] = json.loads((take / "take.json").read_text("ascii"))
    for key in ("slate", "appVersion", "deviceModel", "subject", "identifier", "date"):
        assert isinstance(about[key], str)
    for key in ("version", "take", "frames"):
        assert isinstance(about[key], int)
    assert about["calibrated"] is False and datetime.fromisoformat(about["date"]).tzinfo is not None
    assert not any(c.isspace() for key in ("slate", "subject", "identifier") for c in about[key])
    assert take.name == about["identifier"] == f"{take.name[:8]}_{about['slate']}_{about['take']}"
    assert (take / f"{about['slate']}_{about['take']}_{about['subject']}.csv").is_file()
    return about


def test_live_link_take(demo_session: Session, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="livelink-take has 24, 25, 30, 50 or 60 frames per second"):
        exported(demo_session, tmp_path, "livelink-take", fps=29.97)
    (take,) = exported(demo_session, tmp_path, "livelink-take").iterdir()
    about, stem = read_as_unreal(take), f"demo_1_{SUBJECT}"
    table = pd.read_csv(take / f"{stem}.csv")
    film = json.loads((take / "video_metadata.json").read_text())
    assert (film["FrameRate"], film["Dimensions"]) == (24, {"width": 479, "height": 360})  # the session has 10 a second
    assert film["Quality"] and film["JpegCompressionQuality"] and film["Orientation"] == 1
    assert sorted(p.name for p in take.iterdir()) == [
        f"{stem}.csv", f"{stem}.mov", "take.json", "thumbnail.jpg", "video_metadata.json"
    ]  # fmt: skip
    image = cv2.imread(str(take / "thumbnail.jpg"))
    assert image is not None and image.shape == (241, 320, 3)
    with av.open(str(take / f"{stem}.mov")) as movie:
        shown = [frame.to_ndarray(format="bgr24")[:360, :479].astype(int) for frame in movie.decode(video=0)]
        (video,), (track,) = movie.streams.video, movie.streams.data
        assert video.average_rate == 24 and video.metadata["timecode"] == track.metadata["timecode"]
    assert len(shown) == len(table) == about["frames"] == 114  # of 4.722 s
    # The film starts with the table, on the same clock: the time of day, in frames of 1/60 s there.
    hours, minutes, seconds, frame = map(int, video.metadata["timecode"].split(":"))
    assert table["Timecode"][0] == f"{hours:02d}:{minutes:02d}:{seconds:02d}:{timecode(frame / 24)[-6:]}"
    started = datetime.fromisoformat(demo_session.info.started)
    of_day = (started - started.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    assert 3600 * hours + 60 * minutes + seconds + frame / 24 == pytest.approx(of_day, abs=0.5 / 24 + 1e-6)
    # Each picture is the nearest one of its row, not one before.
    recorded, rows = PictureFile(demo_session.video or Path(), (479, 360)), demo_session.rows
    off: dict[int, list[float]] = {0: [], 2: []}
    for i in range(24, len(shown), 7):
        nearest = int(np.abs(rows.time - (rows.time[0] + i / 24)).argmin())
        for before, found in off.items():
            picture = recorded.picture(int(rows.video_frame[nearest - before]))
            assert picture is not None
            found.append(float(np.abs(shown[i] - picture).mean()))
    assert max(off[0]) < 2 and sum(off[2]) > 3 * sum(off[0])
    recorded.close()


def test_bids(session: Session, tmp_path: Path) -> None:
    root = exported(session, tmp_path, "bids")
    stem = root / "sub-01" / "motion" / "sub-01_task-expression_tracksys-expnet"
    channels = pd.read_csv(f"{stem}_channels.tsv", sep="\t", keep_default_na=False)
    assert list(channels.columns) == ["name", "component", "type", "tracked_point", "units", "reference_frame"]
    levels = json.loads(Path(f"{stem}_channels.json").read_text(encoding="utf-8"))["reference_frame"]["Levels"]
    assert {*channels["reference_frame"]} == {*levels, "n/a"}, "each frame is described"
    assert set(channels["type"][channels["reference_frame"] != "n/a"]) == {"POS", "ORNT"}
    table = pd.read_csv(f"{stem}_motion.tsv", sep="\t", header=None, names=channels["name"], na_values="n/a")
    assert channels["name"].is_unique and set(channels["type"]) == {"POS", "ORNT", "MISC", "LATENCY"}
    motion = json.loads(Path(f"{stem}_motion.json").read_text(encoding="utf-8"))
    assert motion["SamplingFrequency"] == pytest.approx(30) and motion["TaskName"] == "expression"
    assert (
        motion["MotionChannelCount"]
        == len(channels)
        == sum(motion[f"{kind}ChannelCount"] for kind in ("POS", "ORNT", "MISC", "LATENCY"))
    )
    assert json.loads((root / "dataset_description.json").read_text())["BIDSVersion"]
    for i, (turn, look) in enumerate(CASES):
        row = table.iloc[i]
        head = Rotation.from_quat([row[f"head_q{a}"] for a in "xyzw"])
        eyes = {
            RIGHT_EYE: aimed(-row["right_yaw"], row["right_pitch"]),
            LEFT_EYE: aimed(-row["left_yaw"], row["left_pitch"]),
        }
        check(Decoded(head.apply(FRONT), head.apply(TOP), eyes, dict(row)), turn, look)
        assert row["latency"] == pytest.approx(i / 30, abs=1e-6)
    assert table.iloc[-1][:-1].isna().all()
    assert not list(root.rglob("*_events.*"))


def test_bids_has_markers_as_events(session: Session, tmp_path: Path) -> None:
    marks = (Marker(0.05, "before"), Marker(0.15, 'naïve  "smile"'), Marker(0.2, "笑顔", "#33aa55"))
    (session.folder / MARKERS).write_bytes(header_line() + b"".join(map(marker_line, marks)))
    root = exported(Session.open(session.folder), tmp_path, "bids", start=0.1)
    events = pd.read_csv(root / "sub-01" / "motion" / "sub-01_task-expression_events.tsv", sep="\t", quoting=3)
    assert list(events.columns) == ["onset", "duration", "trial_type"]
    # Seconds from the first sample, that of 0.1 s.
    assert events["onset"].tolist() == pytest.approx([0.05, 0.1], abs=1e-5) and set(events["duration"]) == {0}
    assert events["trial_type"].tolist() == ['naïve "smile"', "笑顔"]
    validate(root)


def test_bids_has_the_names_that_the_user_gives(
    session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (session.folder / MARKERS).write_bytes(header_line() + marker_line(Marker(0.05, "go")))
    root = tmp_path / "set"
    command = ["export", str(session.folder), "--out", str(root), "--entities"]
    assert main([*command, "sub-07_ses-late_task-smile", "--to", "bids"]) == 0
    stem = "sub-07/ses-late/motion/sub-07_ses-late_task-smile"
    files = {p.relative_to(root).as_posix() for p in root.rglob("*_*.*") if p.parent != root}
    kinds = [f"tracksys-expnet_{kind}" for kind in ("motion.tsv", "motion.json", "channels.tsv", "channels.json")]
    assert files == {f"{stem}_{kind}" for kind in (*kinds, "events.tsv", "events.json")}
    assert json.loads((root / f"{stem}_tracksys-expnet_motion.json").read_text())["TaskName"] == "smile"
    assert (root / "participants.tsv").read_text() == "participant_id\nsub-07\n"
    validate(root)
    capsys.readouterr()
    for entities, to, said in (
        ("sub-7a_run-1", "bids", "sub-7a_run-1 names no recording of a BIDS data set"),
        ("sub-1_sub-2", "bids", "sub-1_sub-2 names no recording"),
        ("sub-1.5", "bids", "sub-1.5 names no recording"),
        ("sub-1", "csv", "Only bids has names of subjects"),
    ):
        assert main([*command[:2], "--out", str(tmp_path / "no"), "--to", to, "--entities", entities]) == 2
        assert said in capsys.readouterr().err and not (tmp_path / "no").exists()


FOR_THE_LAB = {  # keys that only the user can fill in
    "Authors", "DeviceSerialNumber", "HEDVersion", "InstitutionAddress", "InstitutionName",
    "InstitutionalDepartmentName", "Instructions", "License", "Manufacturer", "ManufacturersModelName",
    "SourceDatasets", "StimulusPresentation", "SubjectArtefactDescription", "TaskDescription",
}  # fmt: skip


def validate(root: Path) -> None:
    """Read a data set by the validator of BIDS."""
    command = shutil.which("bids-validator-deno", path=sysconfig.get_path("scripts"))
    if command is None:
        pytest.skip("there is no validator of BIDS; install bids-validator-deno")
    done = subprocess.run([command, str(root), "--json"], capture_output=True, timeout=300, check=False)
    found = json.loads(done.stdout)["issues"]["issues"]
    assert {issue["severity"] for issue in found} == {"warning"}
    assert {issue.get("subCode", "Authors") for issue in found} <= FOR_THE_LAB, found


def test_without_blendshapes_the_nearest_take_their_place(demo_session: Session, tmp_path: Path) -> None:
    for name in ("openface", "livelink", "pyfeat"):
        path = exported(demo_session, tmp_path / name, name)
        table = pd.read_csv(path)
        jaw = {"openface": "AU26_r", "livelink": "JawOpen", "pyfeat": "AU26"}[name]
        assert table[jaw].max() > 0 and len(table) >= 40
