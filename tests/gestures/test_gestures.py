"""Gestures: rules, their events, own gestures from examples, and the command."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from archives import photo
from faces_doing import FPS, clip, values

from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.gestures.built_in import BUILT_IN
from expnet_live.gestures.detector import Detector
from expnet_live.gestures.finding import events_of
from expnet_live.gestures.lesson import Lesson, Step
from expnet_live.gestures.look import HEAD, Swings
from expnet_live.gestures.own import check, own_rules
from expnet_live.gestures.rule import Phase
from expnet_live.gestures.watching import rules_of
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles
from expnet_live.research.evaluation.gestures.script import performance
from expnet_live.sessions.format.table import BLENDSHAPES, ROTATION
from expnet_live.sessions.reading.session import Session
from expnet_live.sessions.recording.writer import SessionWriter

REST = values()
ALL = list(BUILT_IN.values())


@pytest.mark.parametrize("seed", range(4))
def test_a_perfect_network_tells_every_gesture_and_no_other(seed: int) -> None:
    moments, acts = performance(np.random.default_rng(seed))
    told = events_of(
        np.arange(len(moments)) / FPS,
        [np.append(m.strengths, [*m.turn, 0]).astype(np.float32) for m in moments],
        ALL,
    )
    assert len(acts) == len(BUILT_IN) == 14
    by_name = {act.name: act for act in acts}
    for event in told:
        act = by_name[event.name] if event.name != "smile" else None
        if act is not None:
            assert act.start - 0.05 < event.onset < event.apex + 1e-6 <= event.offset and event.offset < act.end + 1.5
    for act in acts:
        inside = [e for e in told if e.onset < act.end and e.offset is not None and e.offset > act.start + 0.05]
        longest = max(inside, key=lambda e: min(e.offset or 0, act.end) - max(e.onset, act.start))
        assert longest.name == act.name, (act, inside)
    outside = [e for e in told if not any(e.onset < a.end and (e.offset or 0) > a.start for a in acts)]
    assert outside == []


def test_times_and_strength_of_an_event() -> None:
    ramp = [values(mouthSmile=0.6 * i / 15) for i in range(15)]
    fall = ramp[::-1]
    times, seen = clip((2, REST), *((1 / FPS, v) for v in ramp), (1, values(mouthSmile=0.6)),
                       *((1 / FPS, v) for v in fall), (1, REST))  # fmt: skip
    (event,) = events_of(times, seen, [BUILT_IN["smile"]])
    share = BUILT_IN["smile"].off / 0.6 * 15 / FPS  # of the ramp, until the score is at `off`
    assert event.onset == pytest.approx(2 + share, abs=1e-3)
    assert event.apex == pytest.approx(2.5, abs=1e-6) and event.strength == pytest.approx(0.6, abs=1e-6)
    assert event.offset == pytest.approx(2.5 + 1 + (14 / 15 * 0.6 - BUILT_IN["smile"].off) / 0.6 * 15 / FPS, abs=1e-3)


def test_thresholds_are_above_the_persons_own_rest() -> None:
    resting = values(mouthSmile=0.4, browDown=0.5)
    assert events_of(*clip((6, resting)), ALL) == []
    smiles = values(mouthSmile=0.4 + BUILT_IN["smile"].on + 0.05, browDown=0.5)
    assert [e.name for e in events_of(*clip((3, resting), (1, smiles), (1, resting)), ALL)] == ["smile"]


def test_neither_a_short_nor_a_trembling_score_is_two_gestures() -> None:
    rule = BUILT_IN["smile"]
    high, low = values(mouthSmile=rule.on + 0.02), values(mouthSmile=(rule.on + rule.off) / 2)
    trembles = [(0.1, high), (0.1, low)] * 3
    assert len(events_of(*clip((2, REST), (1, high), *trembles, (0.5, high), (1, REST)), ALL)) == 1
    assert events_of(*clip((2, REST), (rule.hold / 2, high), (1, REST)), ALL) == []


def test_an_ordinary_blink_is_none_and_a_long_one_is() -> None:
    shut = values(eyeBlink=0.9)
    assert events_of(*clip((2, REST), (0.15, shut), (2, REST)), ALL) == []
    assert [e.name for e in events_of(*clip((2, REST), (0.6, shut), (2, REST)), ALL)] == ["blink both"]


def fired(times: Array, seen: list[Array | None], name: str) -> list[float]:
    """The moments in which the gesture is recognised."""
    detector = Detector()
    told = [(t, h) for t, v in zip(times.tolist(), seen, strict=True) for h in detector.add(t, v)]
    return [t for t, h in told if h.phase is Phase.FIRED and h.event.name == name]


@pytest.mark.parametrize("name", ["smile", "frown", "pucker", "brows down", "wink left", "look left", "blink both"])
def test_frames_that_miss_a_gesture_neither_hide_nor_delay_it(name: str) -> None:
    """As in a small face, whose scores tremble from frame to frame."""
    doing = {
        "smile": {"mouthSmile": 0.5}, "frown": {"mouthFrown": 0.6}, "pucker": {"mouthPucker": 0.8},
        "brows down": {"browDown": 0.6}, "wink left": {"eyeBlinkLeft": 0.9}, "blink both": {"eyeBlink": 0.9},
        "look left": {"eyeLookOutLeft": 0.9, "eyeLookInRight": 0.9},
    }[name]  # fmt: skip
    times, steady = clip((2, REST), (1, values(**doing)), (1, REST))
    trembling = [REST if 2 < t < 3 and i % 4 == 3 else v for i, (t, v) in enumerate(zip(times, steady, strict=True))]
    assert [e.name for e in events_of(times, trembling, ALL)] == [name]
    (soon,), (also,) = fired(times, steady, name), fired(times, trembling, name)
    assert also == soon <= 2 + BUILT_IN[name].hold + 0.07


def test_eyes_are_shut_as_far_as_in_the_persons_own_blinks() -> None:
    def lids(blinks: float, then: float) -> list[str]:
        blinking = [(1, REST), (0.1, values(eyeBlink=blinks))] * 3
        return [
            e.name
            for e in events_of(*clip((2, REST), *blinking, (1, REST), (1, values(eyeBlink=then)), (1, REST)), ALL)
        ]

    assert lids(0.65, 0.6) == ["blink both"], "a face of 28 px, whose blinks fade"
    assert lids(0.95, 0.5) == [], "lids that follow a glance down"
    assert lids(0.95, 0.9) == ["blink both"]
    assert lids(0.3, 0.3) == [], "eyes that shut hardly"


@pytest.mark.parametrize(("degrees", "winks"), [(20, ["wink left"]), (-40, ["wink left"]), (30, [])])
def test_the_far_eye_of_a_turned_head_does_not_wink(degrees: float, winks: list[str]) -> None:
    """To the person's left, to which yaw is positive, the left eye is the far one."""
    turned, winking = (values(eyeBlinkLeft=x) for x in (0.0, 0.9))
    for each in (turned, winking):
        each[HEAD] = np.radians(degrees), 0, 0
    told = events_of(*clip((4, REST), (1, turned), (1, winking), (1, turned)), ALL)
    assert [e.name for e in told if e.name.startswith("wink")] == winks


def test_a_face_that_goes_ends_its_gesture() -> None:
    times, seen = clip((2, REST), (1, values(mouthSmile=0.6)), (2, None))
    (event,) = events_of(times, seen, ALL)
    assert event.offset is not None and 2.9 < event.offset < 3.1


def test_a_face_that_comes_back_begins_its_gesture_when_it_is_seen() -> None:
    times, seen = clip((3, REST), (4, None), (1, values(mouthSmile=0.6)), (1, REST))
    (event,) = events_of(times, seen, ALL)
    assert event.onset == 7.0, "nobody knows what it did before"
    (blinked,) = events_of(*clip((3, REST), (0.3, None), (1, values(mouthSmile=0.6)), (1, REST)), ALL)
    last, first = 3.0 - 1 / FPS, 3.3  # looks: at rest, and with a smile of 0.6
    assert blinked.onset == pytest.approx(last + BUILT_IN["smile"].off / 0.6 * (first - last), abs=1e-3)


def test_a_turn_of_the_head_is_neither_look_nor_shake() -> None:
    turned = values((0.0, 0.5, 0.0), eyeLookOutRight=0.8, eyeLookInLeft=0.8)  # the eyes stay on the camera
    assert events_of(*clip((2, REST), (1, turned), (2, REST)), ALL) == []


def swung(*angles: tuple[float, float, float]) -> tuple[float, float]:
    """The highest scores of yaw and pitch on the way."""
    swings = Swings()
    told = [swings.add(i / FPS, np.array(angle)) for i, angle in enumerate(angles)]
    return max(yaw for yaw, _ in told), max(pitch for _, pitch in told)


def test_swings() -> None:
    t = np.arange(0, 1.4, 1 / FPS)
    shake = 0.2 * np.sin(2 * np.pi * 2 * t)
    still = np.zeros_like(t)
    yaw, pitch = swung(*zip(shake, still, still, strict=True))
    assert yaw == pytest.approx(0.4, abs=0.02) and pitch == 0
    assert swung(*zip(still, shake, 0.3 * shake, strict=True))[1] == pytest.approx(0.4, abs=0.02)
    # As people talk: about all axes, unevenly, or only once to and fro.
    assert swung(*zip(shake, still, 0.7 * shake, strict=True)) == (0, 0)
    uneven = np.interp(t, [0.0, 0.1, 0.9, 1.0], [0.0, 0.2, -0.2, 0.2])
    assert swung(*zip(uneven, still, still, strict=True)) == (0, 0)
    once = np.interp(t, [0.3, 0.6, 0.9], [0.0, 0.3, 0.0])
    assert swung(*zip(once, still, still, strict=True)) == (0, 0)


# --- own gestures -------------------------------------------------------------------------------


KISS = {"mouthPucker": 0.5, "browInnerUp": 0.6, "eyeBlinkLeft": 0.7}


def lesson(**weights: float) -> list[list[float]]:
    taught = Lesson()
    rng = np.random.default_rng(1)
    time = 0.0
    while taught.step is not Step.DONE:
        doing = weights if taught.step is Step.SHOW else {}
        taught.add(values(**doing) + rng.normal(0, 0.02, 55).astype(np.float32), time)
        time += 1 / FPS
        assert time < 30
    return taught.examples


def test_a_gesture_of_ones_own_from_three_examples(tmp_path: Path) -> None:
    examples = lesson(**KISS)
    assert len(examples) == 3
    check("kiss", examples, {})
    profiles = Profiles(tmp_path)
    profiles.save(Person("Ada", gestures={"kiss": examples}))
    rules = rules_of(profiles.load("Ada").gestures)
    assert [r.name for r in rules][-1] == "kiss"
    own = rules[14:]
    weaker = {n: 0.85 * v for n, v in KISS.items()}
    (event,) = events_of(*clip((2, REST), (1, values(**weaker)), (1, REST)), own)
    assert event.name == "kiss" and event.strength > 0.7
    for other in (
        {"jawOpen": 0.8},
        {"mouthSmile": 0.8},
        {"mouthPucker": 0.5},
        {n: 0.3 * v for n, v in KISS.items()},
    ):
        assert events_of(*clip((2, REST), (1, values(**other)), (1, REST)), own) == [], other


def test_the_nearer_of_two_own_gestures() -> None:
    rules = own_rules({"kiss": lesson(**KISS), "sneer": lesson(noseSneer=0.8, mouthUpperUp=0.5)})
    for doing, name in ((KISS, "kiss"), ({"noseSneer": 0.75, "mouthUpperUp": 0.5}, "sneer")):
        assert [e.name for e in events_of(*clip((2, REST), (1, values(**doing)), (1, REST)), rules)] == [name]


def test_examples_that_teach_nothing_are_refused() -> None:
    with pytest.raises(UserError, match="hardly moved"):
        check("still", lesson(jawOpen=0.02), {})
    with pytest.raises(UserError, match="differ too much"):
        check("odd", [lesson(jawOpen=0.8)[0], lesson(mouthSmile=0.8)[0], lesson(browDown=0.8)[0]], {})
    with pytest.raises(UserError, match="looks like your gesture kiss"):
        check("kiss 2", lesson(**KISS), {"kiss": lesson(**KISS)})


# --- the command --------------------------------------------------------------------------------


def test_the_gestures_of_the_demo_clip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "gestures.csv"
    assert main(["gestures", "demo", "--device", "cpu", "--out", str(out)]) == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert list(rows[0]) == ["name", "onset", "apex", "offset", "strength"]
    names = [row["name"] for row in rows]
    assert {"wide smile", "wink left", "wink right"} <= set(names)
    assert all(float(r["onset"]) <= float(r["apex"]) <= float(r["offset"]) for r in rows)
    out.write_text("mine")
    assert main(["gestures", "demo", "--device", "cpu", "--out", str(out)]) == 2
    assert "There is already a file" in capsys.readouterr().err and out.read_text() == "mine"


def test_the_gestures_of_a_session(demo_session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "acted"
    writer = SessionWriter(folder, replace(demo_session.info, blendshapes=True, video_frames=None))
    times, seen = clip((2, REST), (1, values(mouthSmile=0.6)), (1, REST))
    for i, (time, value) in enumerate(zip(times.tolist(), seen, strict=True)):
        assert value is not None
        state = replace(demo_session.rows.state_of(0), frame=i, timestamp=time, blendshapes=value[:52])
        writer.write(i, None, time, [state])
    writer.close(0, 0, (0, 0), "")
    assert main(["gestures", str(folder), "--only", "smile", "pucker"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "name,onset,apex,offset,strength" and len(lines) == 2
    assert lines[1].startswith("smile,1.9")
    assert main(["gestures", str(demo_session.folder)]) == 2  # recorded with a model that tells no actions
    assert "has no blendshapes" in capsys.readouterr().err


def test_a_session_knows_its_persons_own_gestures(
    demo_session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    person = replace(demo_session.info.person, neutral={}, gains={}, gestures={"kiss": lesson(**KISS)})
    info = replace(demo_session.info, blendshapes=True, video_frames=None, person=person)
    writer = SessionWriter(tmp_path / "take", info)
    times, seen = clip((2, REST), (1, values(**KISS)), (1, REST))
    for i, (time, value) in enumerate(zip(times.tolist(), seen, strict=True)):
        assert value is not None
        state = replace(demo_session.rows.state_of(0), frame=i, timestamp=time, blendshapes=value[:52])
        writer.write(i, None, time, [state])
    writer.close(0, 0, (0, 0), "")
    assert main(["gestures", str(tmp_path / "take"), "--only", "kiss"]) == 0
    (line,) = capsys.readouterr().out.splitlines()[1:]
    assert line.startswith("kiss,")
    assert main(["gestures", str(tmp_path / "take"), "--list"]) == 0
    assert "kiss" in capsys.readouterr().out


def test_the_gestures_of_every_face_in_several_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two faces of a table, one of a data set, and a video."""
    times, seen = clip((2, REST), (1, values(mouthSmile=0.6)), (1, values(mouthPucker=1)), (1, REST))
    names = ["timestamp_s", "source", "face", "confidence", *BLENDSHAPES, *ROTATION]
    table = tmp_path / "two.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for time, value in zip(times.tolist(), seen, strict=True):
            assert value is not None
            for face, weights in ((0, value[:52]), (1, REST[:52])):
                writer.writerow([time, "talk", face, 1, *weights, 0, 0, 0])
    alone = tmp_path / "archive" / "part=0" / "a.parquet"
    alone.parent.mkdir(parents=True)
    rows = pa_csv.read_csv(table)
    pq.write_table(rows.filter(pc.equal(rows["face"], 0)), alone)
    assert main(["gestures", str(table)]) == 0
    lines = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert list(lines[0]) == ["source", "face", "name", "onset", "apex", "offset", "strength"]
    assert [(r["source"], r["face"], r["name"]) for r in lines] == [("talk", "0", "smile"), ("talk", "0", "pucker")]
    out = tmp_path / "all.csv"
    arguments = [str(table), str(alone.parent.parent), "demo", "--device", "cpu", "--only", "smile", "wide smile"]
    assert main(["gestures", *arguments, "--out", str(out)]) == 0
    told = [(r["source"], r["face"], r["name"]) for r in csv.DictReader(out.read_text().splitlines())]
    assert told[:2] == [(f"{table}/talk", "0", "smile"), (f"{alone.parent.parent}/talk", "", "smile")]
    assert {source for source, _, _ in told[2:]} == {"demo"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["demo", "demo", "--to", "ws"], "Only one camera or video is live"),
        (["demo", "--only", "yodel"], "There is no gesture called yodel; choose one of smile,"),
        (["demo", "--press", "smile"], "names no key; write it like --press 'brows up=space'."),
        ([], "Give a SOURCE"),
        (["photos"], "photos holds pictures without times; give a video, a session or a camera."),
        (["photos/one.png"], "one.png holds pictures without times"),
    ],
)
def test_mistakes_in_the_command(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    photo(tmp_path / "photos" / "one.png")
    assert main(["gestures", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_a_profile_that_does_not_exist_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake in its name would cost the neutral in silence."""
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path))
    Profiles().save(Person("Ada"))
    commands = (
        ["gestures", "--list"],
        ["stream", "demo", "--to", "vmc", "--duration", "0.1"],
        ["record", "--source", "demo", "--out", str(tmp_path / "take"), "--duration", "0.1"],
        ["sessions", "import", str(tmp_path / "nothing.mp4"), "--out", str(tmp_path / "sessions")],
    )
    for command in commands:
        main([*command, "--profile", "Adda"])
        assert "There is no profile Adda (profiles: Ada)" in capsys.readouterr().err
        main([*command, "--profile", "ada"])
        assert "There is no profile" not in capsys.readouterr().err


def test_scores_are_in_multiples_of_what_it_takes() -> None:
    detector = Detector()
    for time, value in zip(*clip((2, REST), (0.5, values(jawOpen=1.0))), strict=True):
        happened = [h.phase for h in detector.add(float(time), value)]
        assert Phase.ENDED not in happened
    assert detector.scores["mouth open"] == pytest.approx(1 / BUILT_IN["mouth open"].on)
    assert abs(detector.scores["smile"]) < 1e-6
