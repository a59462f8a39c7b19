"""Figures of reports on made signals whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_faces import FPS, blinking, bump, doing, marked, recording, slow_noise
from scipy import stats
from scipy.spatial.transform import Rotation

from expnet_live.core.arkit import ARKIT, MIRROR
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.reports.groups import Member, assign, compare
from expnet_live.reports.latency import by_chance, onset, responses
from expnet_live.reports.measures import Figure, blinks, figures_of
from expnet_live.reports.recordings import Recording
from expnet_live.reports.synchrony import HEAD, measure, synchronies


def value(figures: list[Figure], key: str, of: str = "") -> float:
    return next(f.value for f in figures if (f.key, f.of) == (key, of))


@pytest.mark.parametrize(("every", "width", "fps"), [(3.0, 0.15, 30.0), (6.0, 0.25, 30.0), (2.0, 0.2, 60.0)])
def test_rate_and_duration_of_blinks(every: float, width: float, fps: float) -> None:
    made = blinking(recording(120, fps=fps), every, width)
    figures = figures_of(made)
    assert value(figures, "blink_rate") == pytest.approx(60 / every, rel=0.01)
    assert value(figures, "blink_duration") == pytest.approx(1000 * width, abs=12)
    assert value(figures, "eyes_shut") == 0
    found = blinks(made)
    assert [b.time for b in found] == pytest.approx(np.arange(every / 2, 120, every).tolist(), abs=0.01)


@pytest.mark.parametrize("fps", [5.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 60.0])
def test_a_duration_of_blinks_is_right_or_left_out_by_the_rate(fps: float) -> None:
    """However frames and blinks fall together, of a smooth blink and of one with a tip."""
    middles = np.arange(2.0, 400.0, 5.0) + np.random.default_rng(0).uniform(0, 1, 80)
    for width in (0.06, 0.08, 0.1, 0.15, 0.2, 0.3):
        made = recording(400, noise=0.0, fps=fps)
        away = np.abs(made.time[:, None] - middles).min(1)
        for shape in (np.clip(1 - away / width, 0, 1), bump(away, 0.0, width)):
            figures = figures_of(doing(made, 0.9 * shape, "eyeBlinkLeft", "eyeBlinkRight"))
            told = [f.value for f in figures if f.key == "blink_duration"]
            assert bool(told) == (fps >= 20), "whatever the blinks are, or people with short ones were left out"
            assert not told or 0 <= told[0] - 1000 * width < 1000 / fps / 3
            assert fps < (20 if width < 0.1 else 10) or value(figures, "blinks") == 80


def test_eyes_that_stay_shut_and_winks_are_no_blinks() -> None:
    made = recording(60)
    shut = ((made.time > 20) & (made.time < 22)) * 0.9
    figures = figures_of(doing(made, shut, "eyeBlinkLeft", "eyeBlinkRight"))
    assert (value(figures, "blink_rate"), value(figures, "eyes_shut")) == (0, pytest.approx(1, rel=0.01))
    wink = figures_of(doing(made, 0.9 * bump(made.time, 30, 0.2), "eyeBlinkLeft"))
    assert value(wink, "blink_rate") == 0


def test_time_in_frame_and_rates_count_the_time_in_frame_alone() -> None:
    made = blinking(recording(120), 3.0, 0.15)
    away = (made.time >= 40) & (made.time < 80)
    weights = made.weights.copy()
    weights[away] = np.nan
    half = replace(made, seen=~away, weights=weights)
    figures = figures_of(half)
    assert value(figures, "in_frame") == pytest.approx(100 * 2 / 3, abs=0.1)
    assert value(figures, "gaps") == 1
    assert value(figures, "blink_rate") == pytest.approx(20, rel=0.06)


def only(made: Recording, kept: Array) -> Recording:
    """The recording with these of its frames alone, as a variable frame rate leaves them."""
    return replace(
        made, time=made.time[kept], seen=made.seen[kept], weights=made.weights[kept], rotation=made.rotation[kept],
        width=made.width[kept], confidence=made.confidence[kept],
    )  # fmt: skip


def test_a_variable_frame_rate_changes_no_share_rate_or_mean() -> None:
    """As screen recorders and phones write: 30 frames per second while something moves, 10 in between."""
    moving = recording(120).time % 20 < 10
    whole = blinking(recording(120), 3.0, 0.2)
    whole = doing(whole, moving * 0.6, "jawOpen")
    whole = replace(whole, rotation=whole.rotation + np.where(moving[:, None], 0.7, 0.0))
    away = whole.time >= 100
    whole = replace(whole, seen=~away, weights=np.where(away[:, None], np.nan, whole.weights))
    sparse = only(whole, moving | (np.arange(len(moving)) % 3 == 0))
    assert len(sparse.time) < 0.7 * len(whole.time)
    all_frames, some_frames = figures_of(whole), figures_of(sparse)
    assert value(some_frames, "in_frame") == pytest.approx(100 * 5 / 6, abs=0.2)
    assert value(some_frames, "blink_rate") == pytest.approx(20, rel=0.04)
    assert value(some_frames, "turned") == pytest.approx(50, abs=0.5)
    assert value(some_frames, "mean", "jawOpen") == pytest.approx(value(all_frames, "mean", "jawOpen"), abs=0.01)
    assert sparse.minutes == pytest.approx(100 / 60, rel=0.002)


def test_a_pause_of_the_recording_is_no_time_in_frame() -> None:
    made = blinking(recording(60), 3.0, 0.2)
    later = np.where(made.time < 30, made.time, made.time + 600)
    assert replace(made, time=later).minutes == pytest.approx(1, rel=0.01)


def test_a_blink_at_a_pause_lasts_no_longer_than_it_is_seen() -> None:
    made = recording(60, noise=0.0)
    shut = ((made.time >= 29.8) & (made.time < 30)) * 1.0
    later = replace(made, time=np.where(made.time < 30, made.time, made.time + 600))
    (blink,) = blinks(doing(later, shut, "eyeBlinkLeft", "eyeBlinkRight"))
    assert blink.blink and blink.time == pytest.approx(29.88, abs=0.02)
    assert blink.duration == pytest.approx(0.18, abs=0.03)
    (before,) = blinks(doing(later, np.roll(shut, 6), "eyeBlinkLeft", "eyeBlinkRight"))
    assert before.time == pytest.approx(630.08, abs=0.02) and before.duration == pytest.approx(0.18, abs=0.03)


def test_two_peaks_of_one_closure_are_the_higher_one_whichever_comes_first() -> None:
    made = recording(20, noise=0.0)
    shallow, deep = 0.4 * bump(made.time, 9.85, 0.15), 0.9 * bump(made.time, 10.0, 0.15)
    (later,) = blinks(doing(made, np.maximum(shallow, deep), "eyeBlinkLeft", "eyeBlinkRight"))
    (earlier,) = blinks(doing(made, np.maximum(shallow, deep)[::-1], "eyeBlinkLeft", "eyeBlinkRight"))
    assert later.depth == pytest.approx(0.9, abs=0.02) and later.duration == pytest.approx(0.15, abs=0.015)
    assert (earlier.depth, earlier.duration) == pytest.approx((later.depth, later.duration))
    assert earlier.time == pytest.approx(made.time[-1] - later.time)
    apart = np.maximum(0.4 * bump(made.time, 9.0, 0.15), deep)
    assert [b.depth for b in blinks(doing(made, apart, "eyeBlinkLeft", "eyeBlinkRight"))] == pytest.approx(
        [0.4, 0.9], abs=0.02
    )


@pytest.mark.parametrize("fps", [23.976, 29.97, 30.0, 50.0, 60.0, 120.0, 240.0])
def test_the_frame_rate_of_times_in_milliseconds(fps: float) -> None:
    """As MKV and WebM round them."""
    made = recording(20, fps=fps)
    figures = figures_of(replace(made, time=np.round(made.time, 3)))
    assert value(figures, "frame_rate") == pytest.approx(fps, rel=2e-3)


def test_range_speed_and_asymmetry() -> None:
    made = recording(60, noise=0.0)
    wave = 0.4 + 0.4 * np.sin(2 * np.pi * 0.5 * made.time)
    figures = figures_of(doing(made, wave, "jawOpen"))
    low, high = np.percentile(wave, [5, 95])
    assert value(figures, "range", "jawOpen") == pytest.approx(high - low, abs=0.01)
    assert value(figures, "mean", "jawOpen") == pytest.approx(0.45, abs=0.01)
    assert value(figures, "speed", "jawOpen") == pytest.approx(0.4 * 2 * np.pi * 0.5, rel=0.03)
    assert value(figures, "speed", "mouthPucker") == pytest.approx(0, abs=1e-9)
    pulse = ((made.time > 10) & (made.time < 30)).astype(float)
    uneven = doing(doing(made, 0.55 * pulse, "mouthSmileLeft"), 0.15 * pulse, "mouthSmileRight")
    assert value(figures_of(uneven), "asymmetry", "mouthSmile") == pytest.approx((0.6 - 0.2) / 0.8, abs=0.01)


def test_asymmetry_is_that_of_heads_that_face_the_camera() -> None:
    """Of a turned head, one side is seen better. Mirrored, it is the opposite."""
    made = recording(60, noise=0.0)
    aside = made.time >= 30
    rolled, turned = Rotation.from_rotvec([0, 0, 1.2]), Rotation.from_rotvec([0, 0.4, 0])  # the camera lies on its side
    turned = replace(made, rotation=np.where(aside[:, None], (rolled * turned).as_rotvec(), rolled.as_rotvec()))
    smile = doing(doing(turned, 0.55 - 0.3 * aside, "mouthSmileLeft"), 0.15 + 0.5 * aside, "mouthSmileRight")
    assert value(figures_of(smile), "asymmetry", "mouthSmile") == pytest.approx((0.6 - 0.2) / 0.8, abs=0.01)
    mirrored = replace(smile, weights=smile.weights[:, MIRROR], rotation=smile.rotation * [1, -1, -1])
    assert value(figures_of(mirrored), "asymmetry", "mouthSmile") == pytest.approx(-0.5, abs=0.01)
    away = replace(smile, rotation=np.tile([0.0, 0.3, 0.0], (len(made.time), 1)))
    assert not [f for f in figures_of(away) if f.key == "asymmetry"]
    unknown = replace(smile, rotation=np.full_like(smile.rotation, np.nan))
    assert [f for f in figures_of(unknown) if f.key == "asymmetry"]


@pytest.mark.parametrize(("often", "slower"), [(0.53, 0.02), (1.93, 0.07), (4.87, 0.33)])
def test_the_speed_hardly_depends_on_the_frame_rate(often: float, slower: float) -> None:
    """To and fro so often a second, never in step with the frames: less, where movements are fast, but alike."""
    found = []
    for fps in (24.0, 25.0, 30.0, 50.0, 60.0, 120.0, 240.0):
        made = recording(60, noise=0.0, fps=fps)
        wave = 0.4 + 0.4 * np.sin(2 * np.pi * often * made.time + 0.3)
        figures = figures_of(doing(made, wave, "jawOpen"))
        found.append(value(figures, "speed", "jawOpen") / (0.4 * 2 * np.pi * often))
    assert 1 - slower < min(found) and max(found) < 1.0
    assert max(found) / min(found) < 1 + slower / 2
    assert found == pytest.approx(sorted(found), abs=0.01), "the more frames, the more is seen"


def test_what_a_variable_frame_rate_shows_more_often_counts_no_more() -> None:
    """A jaw moves for a tenth of the time, in half of the frames."""
    whole = recording(120, noise=0.0)
    moving = whole.time % 20 < 2
    swell = np.sin(np.pi * (whole.time % 20) / 2) ** 2
    wave = np.where(moving, swell * (0.25 - 0.25 * np.cos(2 * np.pi * 1.07 * whole.time)), 0.0)
    whole = doing(whole, wave, "jawOpen")
    sparse = only(whole, moving | (np.arange(len(moving)) % 9 == 0))
    assert moving.sum() > 0.45 * len(sparse.time)
    all_frames, some_frames = figures_of(whole), figures_of(sparse)
    for key in ("range", "speed"):
        every = value(all_frames, key, "jawOpen")
        assert value(some_frames, key, "jawOpen") == pytest.approx(every, rel=0.1)
    low, high = np.percentile(whole.weights[:, ARKIT.index("jawOpen")], [5, 95])
    assert value(all_frames, "range", "jawOpen") == pytest.approx(high - low, abs=0.005)


@pytest.mark.parametrize("lag", [0.0, 0.7, -1.2])
def test_synchrony_finds_its_lag_and_passes_its_test(lag: float) -> None:
    """The second face does what the first one did, so many s later."""
    one = recording(60, "one", seed=1)
    late = round(lag * FPS)
    base = slow_noise(len(one.time) + 200, 5)
    mine, theirs = base[100 : 100 + len(one.time)], base[100 - late : 100 - late + len(one.time)]
    names = ("mouthSmileLeft", "mouthSmileRight")
    found = {
        s.signal: s for s in synchronies(doing(one, mine, *names), doing(recording(60, "two", seed=2), theirs, *names))
    }
    assert found["smile"].lag == pytest.approx(lag, abs=0.11)
    assert found["smile"].r > 0.9 and found["smile"].p == pytest.approx(1 / 200)
    assert found["jaw"].p > 0.01  # trembling alone


def test_a_seam_makes_no_stranger_synchronous() -> None:
    """Where the end of a shifted face meets its beginning, it jumps; with those windows, 8 % of strangers had p <= .05
    and their mean p was .477."""
    pairs = [(slow_noise(300, 100 + i, 10), slow_noise(300, 900 + i, 10)) for i in range(60)]
    ps = np.array([found[2] for one, other in pairs if (found := measure(one, other))])
    assert len(ps) == 60 and np.isfinite(ps).all()
    assert np.mean(ps <= 0.05) <= 0.1 and np.mean(ps) == pytest.approx(0.5, abs=0.1)
    short = measure(slow_noise(165, 1, 10), slow_noise(165, 2, 10))
    assert short is not None and np.isnan(short[2]), "no room for a shift"


def test_the_movement_of_a_head_does_not_depend_on_how_the_camera_is_turned() -> None:
    """It is how fast the head turns about any axis: the same beside a camera that lies on its side, or looks up."""
    one, rng = recording(60, "one"), np.random.default_rng(4)
    fast = 0.2 + slow_noise(len(one.time), 6)
    axis = rng.normal(size=3) / 3
    own = Rotation.from_rotvec(np.cumsum(fast / FPS)[:, None] * axis / np.linalg.norm(axis) * 0.5)
    faces = [
        replace(recording(60, name), rotation=(Rotation.from_rotvec(camera) * own).as_rotvec())
        for name, camera in (("a", (0.0, 0.0, 0.0)), ("b", (0.0, 0.0, 1.5)), ("c", (1.2, 0.3, 0.0)))
    ]
    for other in faces[1:]:
        (found,) = [s for s in synchronies(faces[0], other) if s.signal == HEAD]
        assert found.lag == 0 and found.curve.max() > 0.99
    # A frame without the face says nothing of the frame after it either.
    unseen = np.arange(len(one.time)) % 90 == 45
    lost = replace(faces[1], rotation=np.where(unseen[:, None], np.nan, faces[1].rotation), seen=~unseen)
    (found,) = [s for s in synchronies(faces[0], lost) if s.signal == HEAD]
    assert found.curve.max() > 0.99


def test_clocks_of_two_recordings_count_from_their_first_frames() -> None:
    base = slow_noise(1800, 5)
    one, other = (doing(recording(60, name, seed=i), base, "jawOpen") for i, name in enumerate(("one", "two")))
    late = replace(other, time=other.time + 100)  # such as a part of a longer table
    (jaw,) = [s for s in synchronies(one, late) if s.signal == "jaw"]
    assert jaw.lag == 0 and jaw.r > 0.9
    assert not synchronies(one, replace(late, source="one")), "in one recording, they are never there together"


def test_strangers_are_not_synchronous() -> None:
    """Of 12 unrelated pairs, about as many pass the test at .1 as chance lets pass."""
    n = 600
    ps = [found[2] for i in range(12) if (found := measure(slow_noise(n, 100 + i, 10), slow_noise(n, 200 + i, 10)))]
    assert len(ps) == 12
    assert sum(p <= 0.1 for p in ps) <= 4 and 0.25 < float(np.mean(ps)) < 0.75


def test_the_onset_after_a_marker() -> None:
    made = recording(60)
    moments = [(t, "go") for t in (10.0, 20.0, 30.0, 40.0)]
    ramp = sum((np.clip((made.time - t - 0.4) / 0.2, 0, 1) * (made.time < t + 2) * 0.6 for t, _ in moments),
               np.zeros(len(made.time)))  # fmt: skip
    face = marked(doing(made, ramp, "mouthSmileLeft", "mouthSmileRight"), *moments)
    late = [r.latency for r in responses(face) if r.action == "smile"]
    crossing = 0.4 + 0.2 * 0.1 / 0.6  # where the ramp has risen by 0.1
    assert late == pytest.approx([crossing] * 4, abs=0.02)
    assert all(r.latency is None for r in responses(face) if r.action == "mouth open")


def test_no_onset_comes_before_its_marker() -> None:
    time = np.arange(0, 5, 1 / FPS)
    values = np.where(time >= 2.0, 1.0, 0.0)
    assert onset(time, values, float(time[time < 2][-1]) + 0.03) == 0.0, "interpolated, it began before the marker"


@pytest.mark.parametrize("unseen", [False, True])
def test_what_sets_in_while_the_face_is_lost_has_no_onset(unseen: bool) -> None:
    """It could have set in at any time: the moment in which the face comes back is none."""
    time = np.arange(0, 10, 1 / FPS)
    values = np.where(time >= 6.0, 0.8, 0.05)
    away = (time >= 5.5) & (time < 6.6)
    seen = np.where(away, np.nan, values)
    latency = onset(time, seen, 5.0) if unseen else onset(time[~away], values[~away], 5.0)
    assert latency is None
    again = np.where((time >= 7.0) & (time < 7.4), 0.05, seen)  # and once more, which is seen
    latency = onset(time, again, 5.0) if unseen else onset(time[~away], again[~away], 5.0)
    assert latency == pytest.approx(2.4, abs=1 / FPS)
    short = (time >= 5.9) & (time < 6.2)
    assert onset(time, np.where(short, np.nan, values), 5.0) == pytest.approx(1.2, abs=1 / FPS)


def test_a_single_frame_is_no_onset() -> None:
    time = np.arange(0, 5, 1 / FPS)
    values = np.zeros(len(time))
    values[75] = 1.0
    assert onset(time, values, 2.0) is None


def test_onsets_by_chance() -> None:
    made = recording(120)
    pulses = sum((bump(made.time, t, 0.5) for t in np.arange(3.0, 120, 6.0)), np.zeros(len(made.time)))
    shares = by_chance(marked(doing(made, pulses, "jawOpen"), (60.0, "go")))
    # A moment is followed by one of them if it lies in the 3 of 6 s before; too soon after one, its tail hides none.
    assert shares["mouth open"] == pytest.approx(0.5, abs=0.08)
    assert shares["smile"] == 0
    assert by_chance(marked(recording(20), *((float(t), "go") for t in range(0, 20, 4)))) == {}


# --- groups -------------------------------------------------------------------------------------

EFFECT = 0.25


def people(effect: float, count: int = 6) -> tuple[list[Recording], dict[str, Member]]:
    """Each talks for a minute and a half, with a level of their own; patients open their jaws by `effect` less."""
    rng = np.random.default_rng(3)
    made, members = [], {}
    for i in range(2 * count):
        group = "patients" if i % 2 else "controls"
        own = 0.35 + rng.normal(0, 0.04) - effect * (group == "patients")
        r = recording(90, f"p{i}", noise=0.002, seed=i)
        wave = np.clip(own + 0.1 * np.sin(2 * np.pi * r.time) + rng.normal(0, 0.02), 0, 1)
        made.append(doing(r, wave, "jawOpen"))
        members[f"p{i}"] = Member(f"p{i}", group)
    return made, members


def welch_of(made: list[Recording], members: dict[str, Member]) -> Any:
    """Welch's t-test on each person's mean."""
    means: dict[str, list[float]] = {"controls": [], "patients": []}
    for r in made:
        means[members[r.source].group].append(float(r.weights[:, ARKIT.index("jawOpen")].mean()))
    return stats.ttest_ind(means["patients"], means["controls"], equal_var=False)


def test_groups_may_differ_in_spread_and_size() -> None:
    """Few patients, who are unlike each other, beside many controls, who are alike: p below .05 is chance there."""
    rng = np.random.default_rng(11)
    times, found = np.arange(0, 30, 0.25), []
    for _ in range(60):
        made, members = [], {}
        for i in range(12):
            group, own = ("patients", 0.2) if i < 3 else ("controls", 0.02)
            windows = int(rng.integers(1, 6))
            level = 0.5 + rng.normal(0, own)
            values = np.clip(level + 0.05 * np.sin(times) + rng.normal(0, 0.01), 0, 1)
            r = recording(30 * windows, f"p{i}", noise=0.0, fps=4)
            made.append(doing(r, np.resize(values, len(r.time)), "jawOpen"))
            members[f"p{i}"] = Member(f"p{i}", group)
        found += [e.p for e in compare(made, members) if e.figure == "mean jawOpen"]
    assert len(found) == 60 and np.mean(np.array(found) < 0.05) <= 0.1


def test_the_effect_of_a_group_is_found_with_its_interval() -> None:
    effects = {e.figure: e for e in compare(*people(EFFECT))}
    jaw = effects["mean jawOpen"]
    assert (jaw.reference, jaw.group, jaw.model) == ("controls", "patients", "mixed")
    assert (jaw.participants, jaw.windows) == (12, 36)
    assert jaw.low < -EFFECT < jaw.high and jaw.estimate == pytest.approx(-EFFECT, abs=0.05)
    assert (jaw.of_group.people, jaw.of_reference.people) == (6, 6)
    assert jaw.of_group.mean - jaw.of_reference.mean == pytest.approx(jaw.estimate, abs=0.01)
    assert 0.02 < jaw.of_group.sd < 0.08
    welch = welch_of(*people(EFFECT))
    assert (jaw.p, jaw.low, jaw.high) == pytest.approx((welch.pvalue, *welch.confidence_interval()), rel=0.02)
    assert jaw.q < 0.001 and jaw.q >= jaw.p
    assert all(e.q > 0.05 for name, e in effects.items() if "jawOpen" not in name)


def test_the_reference_can_be_chosen() -> None:
    made, members = people(EFFECT, 3)
    (usual,) = [e for e in compare(made, members) if e.figure == "mean jawOpen"]
    (jaw,) = [e for e in compare(made, members, "patients") if e.figure == "mean jawOpen"]
    assert (jaw.reference, jaw.group) == ("patients", "controls")
    assert (jaw.estimate, jaw.low, jaw.high, jaw.p) == pytest.approx(
        (-usual.estimate, -usual.high, -usual.low, usual.p)
    )
    with pytest.raises(UserError, match="no group elders with faces; choose one of controls, patients"):
        compare(made, members, "elders")


def test_a_blink_at_the_edge_of_two_windows_counts_once() -> None:
    """Windows are 30 s; here every tenth blink is just at the edge of two."""
    made, members = [], {}
    for i in range(4):
        group, every = "ab"[i // 2], 3.0 + i
        r = recording(120, f"p{i}", noise=0.0)
        away = np.abs(r.time[:, None] - np.arange(0, 121, every)).min(1)
        made.append(doing(r, 0.9 * bump(away, 0.0, 0.3), "eyeBlinkLeft", "eyeBlinkRight"))
        members[r.source] = Member(f"p{i}", group)
    (found,) = [e for e in compare(made, members) if e.figure == "blink_rate"]
    rates = [value(figures_of(r), "blink_rate") for r in made]
    assert rates == pytest.approx([60 / (3.0 + i) for i in range(4)], rel=0.05)
    assert found.of_reference.mean == pytest.approx(np.mean(rates[:2]), rel=0.001)
    assert found.of_group.mean == pytest.approx(np.mean(rates[2:]), rel=0.001)


def test_without_an_effect_none_is_found() -> None:
    assert all(e.q > 0.05 for e in compare(*people(0.0)))


def test_where_people_are_alike_nothing_is_certain() -> None:
    """Nobody of one group blinks, and all of the other alike: that tells nothing about how far people differ."""
    made = [recording(40, f"p{i}", seed=i) for i in range(4)]
    made[2:] = [blinking(r, 3.0, 0.15) for r in made[2:]]
    effects = compare(made, {f"p{i}": Member(f"p{i}", "ab"[i // 2]) for i in range(4)})
    assert effects and "blink_rate" not in {e.figure for e in effects}
    assert all(np.isfinite([e.low, e.high, e.p, e.q]).all() for e in effects)


def test_two_people_in_both_groups_are_too_few() -> None:
    made, members = people(EFFECT, 2)
    who = {"p0": "x", "p1": "x", "p2": "y", "p3": "y"}
    assert compare(made, {name: Member(who[name], m.group) for name, m in members.items()}) == []


def test_conditions_of_the_same_people_are_compared_as_pairs() -> None:
    """Each person has three trials of either condition, and an effect of their own: as the paired t-test says."""
    rng = np.random.default_rng(7)
    made, members, means = [], {}, np.zeros((5, 2))
    for person in range(5):
        own = rng.normal(0.3, 0.05, 2)
        for condition in range(2):
            for trial in range(3):
                name = f"p{person}/c{condition}/{trial}.mp4"
                r = recording(12, name, seed=len(made))
                wave = own[condition] + rng.normal(0, 0.01) + 0.1 * np.sin(2 * np.pi * r.time)
                made.append(doing(r, wave, "jawOpen"))
                means[person, condition] += made[-1].weights[:, ARKIT.index("jawOpen")].mean() / 3
                members[name] = Member(f"p{person}", f"c{condition}")
    (jaw,) = [e for e in compare(made, members) if e.figure == "mean jawOpen"]
    paired = stats.ttest_rel(means[:, 1], means[:, 0])
    assert jaw.estimate == pytest.approx(float(np.diff(means).mean()), abs=2e-4)
    assert jaw.p == pytest.approx(paired.pvalue, rel=0.02)
    assert (jaw.participants, jaw.windows, jaw.model) == (5, 30, "paired")
    # Two more people, who took part in one condition each, are no pair: nothing changes.
    for person, condition in ((5, 0), (6, 1)):
        name = f"p{person}/c{condition}/0.mp4"
        made.append(doing(recording(12, name, seed=50 + person), np.array(0.9), "jawOpen"))
        members[name] = Member(f"p{person}", f"c{condition}")
    (again,) = [e for e in compare(made, members) if e.figure == "mean jawOpen"]
    assert (again.estimate, again.p, again.participants, again.windows) == (jaw.estimate, jaw.p, 5, 30)
    assert again.of_group.mean - again.of_reference.mean == pytest.approx(jaw.estimate)


def test_conditions_that_pull_people_apart_are_pairs_as_well() -> None:
    """Who does more in one condition does less in the other: no model of people's levels holds, but the pairs do."""
    levels = np.array([(0.2, 0.6), (0.5, 0.35), (0.6, 0.25), (0.3, 0.55), (0.45, 0.5)])
    made, members = [], {}
    for person, own in enumerate(levels):
        # In the third condition are other people.
        for name, group, level in (("p", "c0", own[0]), ("p", "c1", own[1]), ("q", "c2", own[0] - 0.1)):
            r = recording(12, f"{name}{person}{group}", seed=len(made))
            made.append(doing(r, level + 0.1 * np.sin(2 * np.pi * r.time), "mouthPucker"))
            members[r.source] = Member(f"{name}{person}", group)
    first, second = sorted((e for e in compare(made, members) if e.figure == "mean mouthPucker"), key=lambda e: e.group)
    assert first.p == pytest.approx(stats.ttest_rel(levels[:, 1], levels[:, 0]).pvalue, rel=0.02)
    assert (first.model, second.model, second.participants) == ("paired", "linear", 10)


def test_a_line_of_groups_is_of_one_recording() -> None:
    """Trials of several people often have the same names."""
    made = [recording(12, f"/data/{who}/trial1.mp4", seed=i) for i, who in enumerate("abcd")]
    short = {f"{who}/trial1.mp4": Member(who, "xxyy"[i]) for i, who in enumerate("abcd")}
    found, remarks = assign(made, {**short, "e/trial1.mp4": Member("e", "x")})
    assert [member.participant for _, member in found] == ["a", "b", "c", "d"]
    assert remarks == ["e/trial1.mp4: in --groups, but no face of such a recording is read."]
    with pytest.raises(UserError, match=r"The line trial1 .* fits /data/a/trial1.mp4 and /data/b/trial1.mp4"):
        assign(made, {"trial1": Member("a", "x")})
    accents = recording(12, "Zoe\u0301.mp4")  # as macOS writes it
    assert assign([accents], {"./Zo\u00e9.mp4": Member("zoe", "x")})[0][0][1].participant == "zoe"


def test_faces_of_one_recording_are_different_people() -> None:
    one, other = (replace(recording(12, "talk.mp4", seed=i), face=i) for i in range(2))
    with pytest.raises(UserError, match=r"shows two faces at once; .* such as: talk.mp4, face 0"):
        assign([one, other], {"talk.mp4": Member("anna", "x")})
    found, remarks = assign([one, other], {"talk.mp4, face 1": Member("anna", "x")})
    assert found == [(other, Member("anna", "x"))]
    assert remarks == ["talk.mp4, face 0: not in the comparison, because --groups has lines for other faces only."]
    early = one.time < 6  # lost, and seen again under another number
    one, other = replace(one, seen=early), replace(other, seen=~early)
    found, remarks = assign([one, other], {"talk": Member("anna", "x")})
    assert len(found) == 2
    assert remarks == ["talk.mp4: faces look like several people, whom one line of --groups counts as one person."]


def test_the_name_of_a_group_may_have_an_apostrophe() -> None:
    made, members = people(EFFECT)
    renamed = {name: Member(m.participant, f"{m.group}'") for name, m in members.items()}
    assert {e.reference for e in compare(made, renamed)} == {"controls'"}


def test_groups_that_cannot_be_compared() -> None:
    made, members = people(0.0, 2)
    with pytest.raises(UserError, match="has no line for p3"):
        compare(made, {n: m for n, m in members.items() if n != "p3"})
    with pytest.raises(UserError, match="at least two groups"):
        compare(made[:1], members)
