"""The clock of the player, and the pictures that it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from session_files import number_of, picture
from waiting import PATIENCE

from expnet_live.sessions.reading.picture_file import PictureFile, PictureReader
from expnet_live.sessions.reading.playback import SPEEDS, Playback
from expnet_live.threads.worker import Life
from expnet_live.video.writer import CRASH_SAFE, KEY_EVERY, VideoWriter

TIMES = np.array([0.0, 0.03, 0.1, 0.14, 0.2, 0.5, 0.53])
SIZE = 318, 239  # both odd in the video's sense: one column fewer than even, one row


def test_the_row_is_the_last_one_whose_time_has_come() -> None:
    playback = Playback(TIMES)
    for time in np.linspace(0, 0.53, 200):
        playback.seek(time, now=0.0)
        assert TIMES[playback.row] <= time + 1e-6 and (playback.row == 6 or time < TIMES[playback.row + 1])
    for row, time in enumerate(TIMES):
        playback.seek(round(time, 6), now=0.0)
        assert playback.row == row and playback.time_of(row) == time


@pytest.mark.parametrize("speed", SPEEDS)
def test_it_plays_at_its_speed(speed: float) -> None:
    playback = Playback(np.arange(100) / 10)
    playback.set_speed(speed, now=5.0)
    assert playback.advance(now=7.0) == 0 and not playback.playing
    playback.play(now=10.0)
    for now in np.arange(10, 12.01, 0.017):  # however often it is asked
        playback.advance(now)
    playback.pause(now=12.0 + 1e-9)
    playback.advance(now=99.0)
    assert playback.position == pytest.approx(2 * speed, abs=0.02 * speed)
    assert playback.row == int(10 * playback.position)


def test_another_speed_counts_from_now_on() -> None:
    playback = Playback(np.arange(100) / 10)
    playback.play(now=0.0)
    playback.set_speed(4.0, now=1.0)
    playback.advance(now=2.0)
    assert playback.position == pytest.approx(5.0)
    with pytest.raises(ValueError, match="above 0"):
        playback.set_speed(0.0, now=2.0)


def test_what_is_played_is_told_once() -> None:
    """However often it is asked, each moment of a loop belongs to one span, and a seek to none."""
    moments = np.array([0.0, 0.31, 0.5, 0.53])  # the first, some, and the last
    for loop, wanted in ((False, [1, 1, 1, 1]), (True, [3, 3, 3, 3])):
        playback = Playback(TIMES)
        playback.loop = loop
        playback.play(now=0.0)
        count = np.zeros(len(moments), int)
        lap = 0.53 + np.median(np.diff(TIMES)) if loop else 0.53
        for now in np.arange(0.0, 3 * lap if loop else 1.0, 0.0173):
            playback.advance(now)
            if now > 0.2:
                playback.set_speed(1.0, now)
            for played in playback.take_played():
                count += [moment in played for moment in moments]
        if loop:
            playback.pause(3 * lap - 1e-6)
            for played in playback.take_played():
                count += [moment in played for moment in moments]
        assert count.tolist() == wanted
    playback.seek(0.4, now=9.0)
    assert playback.take_played() == []


@pytest.mark.parametrize("every", [0.0173, 0.4])  # s; the second is a computer that is late
def test_when_a_moment_was_played_does_not_depend_on_who_asks(every: float) -> None:
    step = float(np.median(np.diff(TIMES)))
    playback = Playback(TIMES)
    playback.loop = True
    playback.set_speed(0.5, now=100.0)
    playback.play(now=100.0)
    found = []
    for now in 100 + np.arange(0.0, 2 * (0.53 + step) / 0.5, every):
        playback.advance(now)
        found += [played.when(0.31) for played in playback.take_played() if 0.31 in played]
    assert found == pytest.approx([100 + 0.31 / 0.5, 100 + (0.53 + step + 0.31) / 0.5])


def test_it_steps_by_recorded_frames() -> None:
    playback = Playback(TIMES)
    playback.seek(0.12, now=0.0)
    playback.play(now=0.0)
    playback.step(1, now=0.0)
    assert not playback.playing and playback.row == 3 and playback.position == 0.14
    for rows, expected in ((-1, 2), (-1, 1), (-5, 0), (3, 3), (99, 6), (-1, 5)):
        playback.step(rows, now=1.0)
        assert playback.row == expected and playback.position == TIMES[expected]


def test_it_stops_at_the_end_and_begins_again() -> None:
    playback = Playback(TIMES)
    playback.play(now=0.0)
    assert playback.advance(now=0.6) == 6 and not playback.playing and playback.position == 0.53
    playback.play(now=1.0)
    assert playback.playing and playback.row == 0


def test_it_loops_over_the_session_and_over_a_range() -> None:
    playback = Playback(np.arange(10) / 10)
    playback.loop = True
    playback.play(now=0.0)
    # The last frame is seen as long as the others: once round is a second.
    assert [playback.advance(now) for now in (0.25, 0.95, 1.25, 1.95, 3.05)] == [2, 9, 2, 9, 0]
    playback.set_range((0.2, 0.5))
    playback.seek(0.2, now=4.0)
    assert [playback.advance(now) for now in (4.05, 4.25, 4.45, 4.65)] == [2, 4, 2, 4]
    # Before the range it runs into it, beyond it goes to the end of the session.
    playback.seek(0.05, now=5.0)
    assert [playback.advance(now) for now in (5.1, 5.35, 5.5, 5.6)] == [1, 4, 5, 2]
    playback.seek(0.7, now=6.0)
    assert playback.advance(now=6.15) == 8
    playback.loop = False
    playback.seek(0.3, now=7.0)
    assert playback.advance(now=8.0) == 5 and not playback.playing
    playback.play(now=9.0)
    assert playback.position == 0.2


def test_a_loop_takes_as_long_however_often_it_is_asked() -> None:
    playback = Playback(np.arange(10) / 10)
    playback.loop = True
    playback.set_range((0.2, 0.5))
    playback.seek(0.2, now=0.0)
    playback.play(now=0.0)
    rows = [playback.advance(now) for now in np.arange(0, 4, 0.005) + 1e-6]
    assert np.flatnonzero(np.diff(rows) < 0).tolist() == [79 + 80 * i for i in range(9)]
    assert np.bincount(rows).tolist() == [0, 0, 200, 200, 200, 200]


def test_ranges_are_cut_to_the_session() -> None:
    playback = Playback(TIMES)
    playback.set_range((-3.0, 0.25))
    assert playback.range == (0.0, 0.25)
    playback.set_range((0.2, 9.0))
    assert playback.range == (0.2, 0.53)
    for none in (None, (0.3, 0.3), (0.4, 0.2), (5.0, 6.0)):
        playback.set_range(none)
        assert playback.range is None


def test_sessions_of_one_row_and_of_none() -> None:
    playback = Playback(np.array([0.5]))
    playback.loop = True
    playback.play(now=0.0)
    assert playback.advance(now=1.0) == 0 and playback.position == 0.5
    playback.step(1, now=1.0)
    assert playback.row == 0
    with pytest.raises(ValueError, match="nothing to play"):
        Playback(np.array([]))


# --- pictures ---------------------------------------------------------------------------------------


def write_video(path: Path, n: int, codec: str | None = None) -> Path:
    """Picture i shows its number i; times are uneven."""
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.004, 0.09, n))
    video = VideoWriter(path, 30.0, CRASH_SAFE, codec)
    for i, time in enumerate(times):
        video.write(picture(i, *SIZE), float(time))
    video.close()
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("pictures") / "video.mkv", 130)


@pytest.fixture
def pictures(video: Path) -> Iterator[PictureFile]:
    file = PictureFile(video, SIZE)
    yield file
    file.close()


def number(file: PictureFile, wanted: int) -> int | None:
    image = file.picture(wanted)
    assert image is None or (image.shape == (SIZE[1], SIZE[0], 3) and image.dtype == np.uint8)
    return None if image is None else number_of(image)


def test_pictures_are_those_that_were_asked_for(pictures: PictureFile) -> None:
    order = [
        0,
        129,
        64,
        65,
        63,
        30,
        29,
        31,
        60,
        59,
        1,
        128,
        100,
        90,
        89,
        *np.random.default_rng(1).integers(0, 130, 30),
    ]
    assert [number(pictures, int(n)) for n in order] == order


@pytest.mark.parametrize("step", [1, 2, 4])
def test_playing_on_never_seeks(pictures: PictureFile, step: int) -> None:
    wanted = list(range(0, 130, step))
    assert [number(pictures, n) for n in wanted] == wanted
    assert pictures.seeks == 0


def test_stepping_back_seeks_once_for_many(pictures: PictureFile) -> None:
    wanted = list(range(125, 35, -1))
    assert [number(pictures, n) for n in wanted] == wanted
    assert pictures.seeks <= 5  # 90 pictures, with 30 from key frame to key frame


def test_memory_stays_bounded(video: Path) -> None:
    file = PictureFile(video, SIZE, cache=12 * 1.5 * SIZE[0] * SIZE[1])
    assert [number(file, n) for n in (*range(100), *range(99, 60, -1))] == [*range(100), *range(99, 60, -1)]
    assert file.kept <= 12
    file.close()


def test_pictures_that_are_not_there(pictures: PictureFile) -> None:
    assert [number(pictures, n) for n in (130, -1, 10_000, 129, 5)] == [None, None, None, 129, 5]


def test_other_codecs(tmp_path: Path) -> None:
    file = PictureFile(write_video(tmp_path / "video.mkv", 70, "mpeg4"), SIZE)
    order = [0, 1, 2, 50, 69, 68, 10, 9, 30, 29]
    assert [number(file, n) for n in order] == order
    file.close()


@pytest.mark.parametrize("share", [0.3, 0.55, 0.9])
def test_a_video_cut_off(video: Path, tmp_path: Path, share: float) -> None:
    whole = video.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: int(share * len(whole))])
    file = PictureFile(cut, SIZE)
    there = [n for n in range(130) if number(file, n) is not None]
    assert KEY_EVERY < len(there) < 130 and there == list(range(len(there)))
    # It has no index to seek by any more.
    order = [there[-1], 3, there[-1] - 1, 33, 2, 129, 0]
    assert [number(file, n) for n in order] == [*order[:5], None, 0]
    file.close()


def test_damage_in_the_middle(video: Path, tmp_path: Path) -> None:
    data = bytearray(video.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    damaged = tmp_path / "damaged.mkv"
    damaged.write_bytes(data)
    file = PictureFile(damaged, SIZE)
    assert [number(file, n) for n in range(KEY_EVERY)] == list(range(KEY_EVERY))
    for n in (129, 70, 64, 60):  # as much as possible, and no crash
        file.picture(n)
    assert number(file, 4) == 4
    file.close()


def test_the_newest_wish_wins(video: Path) -> None:
    reader = PictureReader(video, SIZE)
    for wish in range(0, 120, 3):
        reader.ask(wish)
    reader.start()
    found = reader.latest(timeout=PATIENCE)
    assert found is not None and found[0] == 117 and found[1] is not None and number_of(found[1]) == 117
    reader.ask(500)
    assert reader.latest(timeout=PATIENCE) == (500, None)
    reader.stop()
    assert reader.join(PATIENCE) and reader.life is Life.STOPPED


@pytest.mark.parametrize("content", [b"", b"no video " * 500, None], ids=["empty", "foreign", "missing"])
def test_what_is_no_video(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "video.mkv"
    if content is not None:
        path.write_bytes(content)
    reader = PictureReader(path, SIZE)
    reader.start()
    assert reader.join(PATIENCE) and reader.life is Life.FAILED
    assert reader.problem is not None and str(path) in reader.problem and reader.problem.endswith(".")
