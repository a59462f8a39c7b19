"""Rows cut, resampled and held."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from session_files import INFO_OF_TEST, N_IDENTITY, face

from expnet_live.core.errors import UserError
from expnet_live.outputs.export.track import corrected, cut, faces_of, held, joined, main_face, resampled, track
from expnet_live.person.person import Person
from expnet_live.sessions.format.table import Rows


def rows_of(faces: list[tuple[int, ...]], step: float = 0.1) -> Rows:
    """A frame each `step` seconds, with these faces in it."""
    columns: dict[str, list[object]] = {f.name: [] for f in fields(Rows)}
    for i, seen in enumerate(faces):
        for number in seen or (-1,):
            state = face(100 * max(number, 0) + i)
            no = np.float32(1 if seen else np.nan)
            values = {
                "frame": i, "video_frame": i, "time": i * step, "face": number, "confidence": 0.9 if seen else 0.0,
                "box": no * np.array([i, 0, 10, 10], np.float32), "gaze": no * np.asarray(state.gaze),
                "translation": no * state.pose.translation, "rotation": no * np.array([0, 0, 0.3 * i], np.float32),
                "expression": no * (np.full(29, i, np.float32) + number), "expression_raw": no * state.expression_raw,
                "identity": no * np.ones(N_IDENTITY, np.float32), "blendshapes": np.full(52, np.nan, np.float32),
                "quality": no * np.float32(0.5),
            }  # fmt: skip
            for name, value in values.items():
                columns[name].append(value)
    return Rows(**{name: np.array(values) for name, values in columns.items()})


def test_resampling_is_linear_and_turns_by_slerp() -> None:
    rows = rows_of([(0,)] * 21)
    even = resampled(rows, 25.0)
    assert np.allclose(even.time, np.arange(51) / 25)
    assert np.allclose(even.expression[:, 3], 10 * even.time, atol=1e-4)
    # The head turns at 3 rad/s about one axis, beyond half a turn.
    angle = np.mod(even.rotation[:, 2], 2 * np.pi)
    assert np.allclose(angle, np.mod(3 * even.time, 2 * np.pi), atol=1e-4)
    assert even.expression.dtype == np.float32 and even.frame.dtype == rows.frame.dtype
    assert np.array_equal(resampled(rows, 10.0).expression, rows.expression)


def test_gaps_stay_gaps_and_are_held_for_animations() -> None:
    rows = rows_of([(), (0,), (0,), (), (), (0,)])
    even = resampled(rows, 20.0)
    assert np.array_equal(even.face, [-1, -1, 0, 0, 0, -1, -1, -1, -1, -1, 0])
    assert np.isnan(even.rotation[even.face < 0]).all() and (even.confidence[even.face < 0] == 0).all()
    assert np.isfinite(even.rotation[even.face >= 0]).all()
    whole = held(even)
    assert np.allclose(whole.expression[:, 0], [1, 1, 1, 1.5, 2, 2, 2, 2, 2, 2, 5])
    assert np.array_equal(whole.time, even.time)


def test_what_would_fill_the_memory_is_refused() -> None:
    rows = rows_of([(0,)] * 4)
    later = replace(rows, time=np.array([0, 0.1, 0.2, 1e9]))  # as after a clock that jumped
    for jumping, fps in ((later, 30.0), (rows, 1e9)):
        with pytest.raises(UserError, match=r"rows at .* per second; export a part, or at a lower rate\.$"):
            resampled(jumping, fps)
    assert len(resampled(later, 30.0, 0.0, 1.0)) == 31


def test_a_pause_and_another_face_are_gaps() -> None:
    rows = rows_of([(0,), (0,), (1,), (1,)], step=0.1)
    later = replace(rows, time=np.array([0, 0.1, 0.2, 0.8]))
    assert np.array_equal(resampled(later, 20.0).face[:8], [0, 0, 0, -1, 1, -1, -1, -1])


def test_sampling_outside_of_what_was_recorded_is_a_gap() -> None:
    part = resampled(rows_of([(0,)] * 5), 10.0, start=-0.2, end=0.6)
    assert np.array_equal(part.face, [-1, -1, 0, 0, 0, 0, 0, -1, -1])


def test_one_face_of_several() -> None:
    rows = rows_of([(0,), (0, 1), (0, 1), (1,), (), (1,), (1,)])
    assert faces_of(rows) == [1, 0] and main_face(rows, INFO_OF_TEST) == 1
    one = track(rows, 1)
    assert np.array_equal(one.face, [-1, 1, 1, 1, -1, 1, 1]) and np.array_equal(one.frame, np.arange(7))
    assert np.isnan(one.expression[0]).all() and one.expression[1, 0] == 2
    # A face that is found again under another number is the same one where there is never a second.
    alone = rows_of([(0,), (), (1,)])
    assert main_face(alone, INFO_OF_TEST) is None and np.array_equal(track(alone, None).face, [0, -1, 1])
    # Appearance tells people apart who take turns.
    apart = replace(INFO_OF_TEST, persons={0: 0, 1: 1})
    turns = rows_of([(0,), (), (1,), (1,)])
    assert main_face(turns, apart) == 1 and main_face(turns, replace(apart, people={0: "Ada"})) == 0

    table = joined([track(rows, 0), track(rows, 1)])
    assert np.array_equal(table.frame, rows.frame) and np.array_equal(table.face, rows.face)
    assert np.array_equal(table.expression, rows.expression, equal_nan=True)


def test_only_the_first_face_is_the_persons() -> None:
    rows = rows_of([(0,), (0, 1), (1,)])
    names = tuple(f"c{i}" for i in range(29))
    shown = corrected(rows, Person(neutral={"c1": 0.5}, gains={"c2": 2.0}), names)
    assert np.allclose(rows.expression[:, 1] - shown.expression[:, 1], [0.5, 0.5, 0, 0.5])
    assert np.allclose(shown.expression[:, 2], rows.expression[:, 2] * [2, 2, 1, 2])
    own = corrected(rows, Person(neutral={"c1": 0.5}), names, {0})  # where it is known whose the profile is
    assert np.allclose(rows.expression[:, 1] - own.expression[:, 1], [0.5, 0.5, 0, 0])


@pytest.mark.parametrize(("start", "end", "frames"), [(None, 0.2, [0, 1, 2]), (0.3, None, [3, 4]), (0.1, 0.1, [1])])
def test_both_ends_of_a_range_are_in_it(start: float | None, end: float | None, frames: list[int]) -> None:
    assert list(cut(rows_of([(0,)] * 5), start, end).frame) == frames
