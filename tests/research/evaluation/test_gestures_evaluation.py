"""evaluate gestures: its counts, labelled videos, and talking clips."""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from archives import demo_images, write_clip
from faces_doing import clip, values

from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.core.paths import asset
from expnet_live.gestures.built_in import BUILT_IN
from expnet_live.gestures.rule import Event
from expnet_live.research.evaluation.gestures.clips import Talk, Watched, read_dataset
from expnet_live.research.evaluation.gestures.command import SEED, add_arguments, seed_of
from expnet_live.research.evaluation.gestures.fitting import fit
from expnet_live.research.evaluation.gestures.measure import NAMES, NONE, Tally, rate_between, share_between, summed
from expnet_live.research.evaluation.gestures.renders import Performance, told
from expnet_live.research.evaluation.gestures.script import Act, performance


def test_what_is_told_of_acts_is_counted() -> None:
    acts = [Act("smile", 1.0, 2.0), Act("frown", 3.0, 4.0), Act("pucker", 5.0, 6.0)]
    events = [
        Event("smile", 1.1, 1.5, 0.5, 1.9),
        Event("brows up", 1.2, 1.3, 0.5, 1.4),  # shorter than the smile
        Event("pucker", 3.2, 3.5, 0.5, 3.9),
        Event("wink left", 8.0, 8.1, 0.5, 8.2),  # nobody winks
    ]
    tally = Tally()
    tally.add(acts, events, 60.0)
    assert tally.told == {("smile", "smile"): 1, ("frown", "pucker"): 1, ("pucker", NONE): 1}
    assert tally.accuracy == pytest.approx(1 / 3) and tally.extra == {"wink left": 1}
    assert tally.recall("smile") == 1 and tally.recall("frown") == 0 and np.isnan(tally.recall("brows up"))
    rows = tally.confusion()
    assert (len(rows), len(rows[0])) == (14, 15) and rows[NAMES.index("frown")][NAMES.index("pucker")] == 1
    twice = summed([tally, tally])
    assert (twice.total, twice.minutes, twice.extra_per_minute) == (6, 2.0, 1.0)


def test_a_gesture_that_lasts_to_the_end_is_told_and_one_that_ends_at_0_s() -> None:
    tally = Tally()
    tally.add([Act("smile", 9.0, 10.0)], [Event("smile", 9.9, 9.9, 0.5)], 10.0)
    others = [Event("frown", -0.5, -0.2, 0.5, 0.0), Event("smile", 0.3, 0.4, 0.5, 0.7)]
    tally.add([Act("frown", -1.0, 1.0)], others, 1.0)
    assert tally.told == {("smile", "smile"): 1, ("frown", "frown"): 1} and not tally.extra


def test_seed_0_is_a_seed() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    first, usual = (seed_of(parser.parse_args(words), SEED) for words in (["--seed", "0"], []))
    assert (first, usual) == (0, SEED)


def test_a_performance_has_every_gesture_once_and_rests_between() -> None:
    moments, acts = performance(np.random.default_rng(5))
    assert sorted(a.name for a in acts) == sorted(NAMES)
    assert all(b.start - a.end > 0.8 for a, b in pairwise(acts))
    assert all(m.strengths.min() >= 0 and m.strengths.max() <= 1 for m in moments)


def acted(share: float, seed: int = 5) -> Performance:
    """By a network that tells that share of what a face does."""
    moments, acts = performance(np.random.default_rng(seed))
    return Performance(acts, [np.append(share * m.strengths, [*m.turn, 0]).astype(np.float32) for m in moments])


def test_thresholds_are_chosen_for_a_network_and_above_what_is_said_of_talk() -> None:
    times, said = clip((3, values()), (1, values(mouthPucker=0.2, jawOpen=0.15)), (56, values()))
    taught = [(t, np.zeros(55, np.float32)) for t in times.tolist()[::5]]  # the teacher sees none of it
    talk = Talk(Watched([], float(times[-1]), times.tolist(), said), taught)
    fits = fit([acted(0.5, seed) for seed in (5, 6)], [talk])
    weak = fit([acted(0.25, seed) for seed in (5, 6)], [])
    assert list(fits) == list(NAMES)
    for name, found in fits.items():
        assert found.missed == found.unconfirmed == 0, name
        if BUILT_IN[name].part not in ("head", "lids", "eyes"):  # whose scores do not shrink with the shares
            assert weak[name].begins < found.begins, name
    assert fits["pucker"].begins > 0.2 and fits["mouth open"].begins > 0.15
    assert told([acted(1.0)]).accuracy == 1


def test_talk_counts_however_far_below_the_acts() -> None:
    """Once, what was said below a tenth of the acts' scores was not seen, and the gesture began just above."""
    times, said = clip((3, values()), (1, values(cheekPuff=0.06)), (56, values()))
    taught = [(t, np.zeros(55, np.float32)) for t in times.tolist()[::5]]
    talk = Talk(Watched([], float(times[-1]), times.tolist(), said), taught)
    found = fit([acted(1.0, seed) for seed in (5, 6)], [talk])["cheek puff"]
    assert 0.15 < found.begins < 0.6 and found.missed == 0


def test_how_far_figures_are_chance() -> None:
    """Wilson's interval of 46 of 56, and Garwood's of 5 events in 3.4 minutes, by their tables."""
    assert share_between(46, 56) == pytest.approx((0.702, 0.900), abs=5e-4)
    assert share_between(56, 56) == pytest.approx((0.936, 1.0), abs=5e-4)
    assert rate_between(5, 3.4) == pytest.approx((1.623 / 3.4, 11.668 / 3.4), abs=1e-3)
    assert rate_between(0, 1) == pytest.approx((0, 3.689), abs=1e-3)
    assert np.isnan([share_between(0, 0), rate_between(0, 0)]).all()


def test_nothing_to_measure_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "gestures", "--performances", "0"]) == 2
    assert "nothing to measure; give --performances" in capsys.readouterr().err
    assert main(["evaluate", "expression", "--no-demo"]) == 2
    assert "nothing to measure; name videos" in capsys.readouterr().err


def test_a_fit_needs_people_who_perform_and_who_talk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "gestures", "--device", "cpu", "--fit", str(tmp_path / "gestures.json")]) == 2
    assert "--fit needs --performances, --talking CLIPS and --teacher TASK" in capsys.readouterr().err


def test_labelled_videos_and_talking_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "set" / "wide_smile"
    folder.mkdir(parents=True)
    shutil.copy(asset("demo.mp4"), folder / "ada.mp4")
    out, table = tmp_path / "figures.json", tmp_path / "confusion.csv"
    command = ["evaluate", "gestures", "--performances", "0", "--device", "cpu", "--dataset", str(tmp_path / "set")]
    assert main([*command, "--talking", str(folder), "--out", str(out), "--csv", str(table)]) == 0
    found = json.loads(out.read_text())
    assert found["dataset"]["acts"] == 1 and found["talking"]["clips"] == 1
    assert sum(found["talking"]["fired"].values()) >= 4 and "false_per_minute" not in found["talking"]
    lines = list(csv.reader(table.read_text().splitlines()))
    assert len(lines) == 15 and lines[0][2:] == [*NAMES, NONE]
    assert "dataset: accuracy" in capsys.readouterr().out


def test_videos_without_time_for_rest_and_gesture_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "smile").mkdir()
    for name, frames in (("brief.mp4", 30), ("long.mp4", 60)):
        write_clip(tmp_path / "smile" / name, demo_images()[:frames])
    assert main(["evaluate", "gestures", "--performances", "0", "--device", "cpu", "--dataset", str(tmp_path)]) == 0
    said = "brief.mp4: too short to tell a gesture; begin each video with 1.5 s of the resting face."
    assert said in caplog.messages


def test_data_sets_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There are no videos"):
        read_dataset(tmp_path)
    (tmp_path / "table.csv").write_text("file,label\nx,y\n")
    with pytest.raises(UserError, match="is no table with the columns path and gesture"):
        read_dataset(tmp_path / "table.csv")
    (tmp_path / "table.csv").write_text("path,gesture\na.mp4,yodel\n")
    with pytest.raises(UserError, match="there is no gesture yodel"):
        read_dataset(tmp_path / "table.csv")


def test_a_damaged_table_is_told_in_one_sentence(tmp_path: Path) -> None:
    table = tmp_path / "acts.csv"
    table.write_text("path,gesture\n" + "x" * 200_000 + ",smile\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"acts\.csv is damaged after line 1 .*; correct it\."):
        read_dataset(table)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_of_clips_may_come_from_a_spreadsheet(tmp_path: Path, separator: str) -> None:
    lines = (("path", "gesture"), ("a.mp4", "smile"), ("b.mp4", "wink left"), ("", ""))
    text = "\r\n".join(separator.join(line) for line in lines)
    (tmp_path / "table.csv").write_text(text, encoding="utf-8-sig", newline="")
    found = [(item.path, item.gesture) for item in read_dataset(tmp_path / "table.csv")]
    assert found == [(tmp_path / "a.mp4", "smile"), (tmp_path / "b.mp4", "wink left")]
