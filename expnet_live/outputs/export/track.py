"""Cuts and resamples the rows of a session, and converts them to the form that an export needs.

A track has one row per moment, for one face; at moments without it, `face` is -1 and the rest is NaN: such gaps stay
gaps in tables. An animation cannot have gaps, and holds the last values (`held`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields, replace

import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.person.person import Person
from expnet_live.pipeline.smoothing import MAX_GAP
from expnet_live.sessions.format.info import SessionInfo
from expnet_live.sessions.format.table import Rows

_SAME = 1e-5  # s within which a requested moment equals a recorded one
_MOST = 4_000_000  # rows, of 18 h at 60 per second


def corrected(rows: Rows, person: Person, names: tuple[str, ...], owners: Collection[int] | None = None) -> Rows:
    """Correct the rows as shown: subtract the neutral of `person` from each frame's first face, and apply the gains, if
    it is one of the `owners` of the profile, where they are known."""
    first = _owned(rows, owners)
    shown = person.corrected(rows.expression, names), person.corrected_blendshapes(rows.blendshapes)
    expression, blendshapes = (
        np.where(first[:, None], new, old) for new, old in zip(shown, (rows.expression, rows.blendshapes), strict=True)
    )
    return replace(rows, expression=expression, blendshapes=blendshapes)


def as_shown(rows: Rows, info: SessionInfo) -> Rows:
    """The rows of a session as the window shows them: beside the look ahead of its person, and corrected."""
    straight = straightened(rows, info.person, info.owners)
    return corrected(straight, info.person, info.coefficients, info.owners)


def straightened(rows: Rows, person: Person, owners: Collection[int] | None = None) -> Rows:
    """The rows with head and eyes of the same faces turned as shown: beside the look of `person` straight ahead, if
    known, and as far as they want their head to turn."""
    ahead, own = person.ahead, _owned(rows, owners)
    rows = replace(rows, rotation=np.where(own[:, None], person.turned(rows.rotation), rows.rotation))
    if ahead is None:
        return rows
    aimed, looked = ahead.aimed(rows.gaze), ahead.looked(rows.blendshapes)
    return replace(
        rows,
        gaze=np.where(own[:, None, None], aimed, rows.gaze),
        blendshapes=np.where(own[:, None], looked, rows.blendshapes),
    )


def _owned(rows: Rows, owners: Collection[int] | None) -> Array:
    """Which rows are of the profile's person: each frame's first face, if it is one of the `owners`."""
    first: Array = np.diff(rows.frame, prepend=-1) > 0
    return first if owners is None else first & np.isin(rows.face, [*owners])


def cut(rows: Rows, start: float | None, end: float | None, margin: float = _SAME) -> Rows:
    """The rows from `start` to `end` seconds, both included, and those within `margin` seconds beyond."""
    inside = np.ones(len(rows), bool)
    if start is not None:
        inside &= rows.time >= start - margin
    if end is not None:
        inside &= rows.time <= end + margin
    return taken(rows, inside)


def faces_of(rows: Rows) -> list[int]:
    """The faces seen, those seen longest first."""
    faces, counts = np.unique(rows.face[rows.face >= 0], return_counts=True)
    return [int(f) for f in faces[np.argsort(-counts, kind="stable")]]


def main_face(rows: Rows, info: SessionInfo) -> int | None:
    """The face to show: of those that were mirrored while it was recorded, else of all, the one seen in most frames.

    None if there was never more than one at a time, and appearance does not tell them apart: all are then the same.
    """
    alone = not info.persons and len(np.unique(rows.frame)) == len(rows)
    faces = faces_of(rows)
    return None if alone or not faces else next((f for f in faces if f in info.named), faces[0])


def one_of_several(rows: Rows, info: SessionInfo) -> str:
    """Which face the main one is, such as "Face 2 of 3"; empty where there are no others."""
    face, faces = main_face(rows, info), faces_of(rows)
    return "" if face is None or len(faces) < 2 else f"Face {face} of {len(faces)}"


def identity_of(rows: Rows, chosen: Rows, info: SessionInfo) -> Array:
    """Identity (K,) of the calibrated person if the `chosen` track is of their face, else the face's at the end."""
    person = info.person.identity
    if person is not None and len(person) == chosen.identity.shape[1] and is_own(rows, chosen, info):
        return person
    last: Array = chosen.identity[chosen.face >= 0][-1]
    return last


def is_own(rows: Rows, chosen: Rows, info: SessionInfo) -> bool:
    """Whether the profile of a session is of the face whose track was `chosen` from its rows."""
    faces = chosen.face[chosen.face >= 0]
    if info.owners is not None:
        return bool(np.isin(faces, [*info.owners]).any())
    first = rows.face[np.diff(rows.frame, prepend=-1) > 0]
    return bool(np.isin(first, faces).mean() > 0.5)


def track(rows: Rows, face: int | None) -> Rows:
    """One row per frame: that of `face`, or a gap. None: each frame's first face."""
    frames, first = np.unique(rows.frame, return_index=True)
    if face is None:
        return taken(rows, first)
    gaps = _emptied(taken(rows, first), np.ones(len(frames), bool))
    mine = rows.face == face
    where = np.searchsorted(frames, rows.frame[mine])
    result = {}
    for name, values in _columns(gaps).items():
        values[where] = getattr(rows, name)[mine]
        result[name] = values
    return Rows(**result)


def resampled(rows: Rows, fps: float, start: float | None = None, end: float | None = None) -> Rows:
    """A track at `fps` from `start` (None: its first row) to `end`: linear between neighbours, rotations by slerp.

    If either neighbour is a gap or another face, or they are more than half a second apart, the row is a gap. `frame`
    and `video_frame` are those of the nearest row. Raises UserError if there would be many millions of rows, as of a
    session whose time jumps.
    """
    if not len(rows):
        return rows
    begin = rows.time[0] if start is None else start
    last = rows.time[-1] if end is None else end
    count = np.floor((last - begin + _SAME) * fps) + 1
    if count > max(_MOST, 4 * len(rows)):
        raise UserError(
            f"{last - begin:.0f} s have {count:.3g} rows at {fps:g} per second; export a part, or at a lower rate."
        )
    times = begin + np.arange(int(count)) / fps
    after = np.clip(np.searchsorted(rows.time, times), 0, len(rows) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(rows.time[before] - times) <= np.abs(rows.time[after] - times), before, after)
    exact = np.abs(rows.time[nearest] - times) < _SAME
    before, after = (np.where(exact, nearest, i) for i in (before, after))
    step = rows.time[after] - rows.time[before]
    share = np.where(step > 0, (times - rows.time[before]) / np.where(step > 0, step, 1), 0.0)

    gap = (rows.face[before] < 0) | (rows.face[before] != rows.face[after]) | (step > MAX_GAP)
    gap |= ~exact & ((times < rows.time[before]) | (times > rows.time[after]))
    result = {}
    for name, values in _columns(rows).items():
        if values.dtype.kind == "i":
            result[name] = values[nearest]
        elif name == "rotation":
            result[name] = _slerp(values[before], values[after], share)
        else:
            u = share.reshape(-1, *[1] * (values.ndim - 1))
            result[name] = ((1 - u) * values[before] + u * values[after]).astype(values.dtype)
    return _emptied(Rows(**{**result, "time": times}), gap)


def held(rows: Rows) -> Rows:
    """A track without gaps: a gap holds the last values, or, before the first face, its values."""
    seen = rows.face >= 0
    if not seen.any() or seen.all():
        return rows
    filled = taken(rows, latest(seen))
    return replace(filled, frame=rows.frame, video_frame=rows.video_frame, time=rows.time)


def latest(there: Array) -> Array:
    """For each index of a mask (T,), the last true index up to it, else the first true one, or -1 if there is none."""
    places = np.flatnonzero(there)
    if not len(places):
        return np.full(len(there), -1)
    last: Array = places[np.maximum(np.searchsorted(places, np.arange(len(there)), side="right") - 1, 0)]
    return last


def distinct(rows: Rows, start: float) -> Rows:
    """Without the rows whose time (float32 in an animation that counts from `start`) is not later than the previous
    one's."""
    times = (rows.time - start).astype(np.float32)
    return taken(rows, np.diff(times, prepend=np.float32(-1)) > 0)


def joined(tracks: Sequence[Rows]) -> Rows:
    """Merge tracks of the same moments into one table: the faces of each moment, or one gap if there are none."""
    nobody = np.all([t.face < 0 for t in tracks], axis=0)
    moment = np.concatenate([np.arange(len(t)) for t in tracks])
    wanted = np.concatenate([(t.face >= 0) | (nobody if i == 0 else False) for i, t in enumerate(tracks)])
    order = np.argsort(moment, kind="stable")
    whole = Rows(**{f.name: np.concatenate([getattr(t, f.name) for t in tracks]) for f in fields(Rows)})
    return taken(whole, order[wanted[order]])


def taken(rows: Rows, index: Array) -> Rows:
    """The rows of an index or a mask."""
    return Rows(**{name: values[index] for name, values in _columns(rows).items()})


def _columns(rows: Rows) -> dict[str, Array]:
    return {f.name: getattr(rows, f.name) for f in fields(Rows)}


def _emptied(rows: Rows, gap: Array) -> Rows:
    result = {}
    for name, values in _columns(rows).items():
        if name == "face":
            values = np.where(gap, -1, values)
        elif name == "confidence":
            values = np.where(gap, 0.0, values)
        elif name not in ("frame", "video_frame", "time"):
            values = np.where(gap.reshape(-1, *[1] * (values.ndim - 1)), values.dtype.type(np.nan), values)
        result[name] = values
    return Rows(**result)


def _slerp(one: Array, other: Array, share: Array) -> Array:
    """Rotation vectors (T, 3) at the fraction `share` (T,) between `one` and `other`; NaN where either is."""
    result = np.full(one.shape, np.nan, np.float32)
    known = np.isfinite(one).all(1) & np.isfinite(other).all(1)
    if known.any():
        a, b = (Rotation.from_rotvec(np.asarray(v[known], np.float64)) for v in (one, other))
        way = (a.inv() * b).as_rotvec()
        result[known] = (a * Rotation.from_rotvec(share[known, None] * way)).as_rotvec()
    return result
