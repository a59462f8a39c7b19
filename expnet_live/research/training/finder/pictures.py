"""Training pictures of the face finder: labelled faces set into pictures without people, with the maps that it learns.

The faces are of any size, turned, relit, cut off and covered; parts of other scenes, cut out in the same ways, teach
that an outline alone is no face.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from torch.utils.data import Dataset

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array, Image
from expnet_live.heads.topology import CONTOURS, LIP_LOWER_INNER, LIP_UPPER_INNER
from expnet_live.pipeline.crop import BOX_MM
from expnet_live.pipeline.finder import CHANNELS, STRIDE
from expnet_live.research.training.actions.material import Material
from expnet_live.research.training.photos import PhotoRef, read_photo
from expnet_live.research.training.split import is_test_scene

SIZE = 192  # px of a training picture
_SCENE = 288
_SMALLEST, _LARGEST = 7.0, 210.0  # px of a face's box
_WHOLE = 0.55  # of a face's box, and its middle, lie inside the picture
_PARTED = 0.35  # of a face's box may be hidden by the next face
_COVERED = 0.4  # share of the faces that are partly covered,
_UPRIGHT = 0.45  # and of those that are nearly upright
_EYES = [np.array(CONTOURS[f"{side} eye"][:-1]) for side in ("right", "left")]
_MOUTH = np.array([LIP_UPPER_INNER, LIP_LOWER_INNER])
_HEAT = 0.1  # standard deviation of a face's heat, in sides of its box


def read_scenes(refs: Sequence[PhotoRef]) -> Image:
    """The scenes for training (N, 288, 288, 3). Raises UserError if there are none."""
    pictures = [p for r in refs if not is_test_scene(r.key) and (p := read_photo(r)) is not None]
    if not pictures:
        raise UserError("There are no pictures without people for training; name more with --scenes.")
    return np.stack([_squared(p, _SCENE) for p in pictures])


def _squared(picture: Image, size: int) -> Image:
    side = min(picture.shape[:2])
    y, x = ((n - side) // 2 for n in picture.shape[:2])
    return np.asarray(cv2.resize(picture[y : y + side, x : x + side], (size, size), interpolation=cv2.INTER_AREA))


@dataclass(frozen=True, eq=False)
class Face:
    """A face in a picture, in px: centre (2,), side of its box, clockwise roll (rad), right eye, left eye, mouth
    (3, 2).
    """

    center: Array
    side: float
    roll: float
    points: Array

    def placed(self, matrix: Array) -> Face:
        """The face in another picture, to which `matrix` (2, 3), a similarity, leads."""
        points = np.vstack([self.center, self.points]) @ matrix[:, :2].T + matrix[:, 2]
        zoom = math.hypot(matrix[0, 0], matrix[1, 0])
        return Face(points[0], self.side * zoom, self.roll + math.atan2(matrix[1, 0], matrix[0, 0]), points[1:])


class Faces:
    """The faces of the training people, drawn so that small collections and clips count enough."""

    def __init__(self, material: Material) -> None:
        shelf = material.shelf
        self._shelf = shelf
        self._rows = np.flatnonzero(material.used & ~material.made)
        _, of, count = np.unique(shelf.collection[self._rows], return_inverse=True, return_counts=True)
        weight = 1 / np.sqrt(count[of])
        clip = material.clip[self._rows]
        if clip.any() and not clip.all():
            weight[clip] *= 0.5 * weight[~clip].sum() / weight[clip].sum()
        self._until = np.cumsum(weight / weight.sum())

    def __call__(self, rng: np.random.Generator) -> tuple[Image, Face]:
        """A face's picture and where the face is in it."""
        at = int(np.searchsorted(self._until, rng.random()))
        i = int(self._rows[min(at, len(self._rows) - 1)])
        shelf = self._shelf
        points = shelf.points[i]
        where = [points[ring].mean(0) for ring in (*_EYES, _MOUTH)]
        face = Face(np.asarray(shelf.origin[i], float), BOX_MM * float(shelf.scale[i]), 0.0, np.array(where, float))
        picture = shelf.picture(i)
        if rng.random() < 0.5:
            picture = np.asarray(cv2.flip(picture, 1))
            flip = np.array([picture.shape[1] - 1, 0.0])
            swapped = face.points[[1, 0, 2]] * (-1, 1) + flip
            face = Face(face.center * (-1, 1) + flip, face.side, 0.0, swapped)
        return picture, face


class Composer:
    """Makes training pictures."""

    def __init__(self, faces: Callable[[np.random.Generator], tuple[Image, Face]], scenes: Image) -> None:
        self._faces, self._scenes = faces, scenes
        self.hard: Array = np.empty(0, np.int64)  # scenes in which the network sees faces

    def __call__(self, rng: np.random.Generator) -> tuple[Image, list[Face]]:
        """A picture (192, 192, 3) and its faces."""
        canvas = self._scene(rng, SIZE)
        for _ in range(rng.integers(0, 3) if rng.random() < 0.4 else 0):
            self._distract(canvas, rng)
        faces: list[Face] = []
        for _ in range(rng.choice(5, p=(0.2, 0.5, 0.15, 0.1, 0.05))):
            face = self._paste(canvas, faces, rng)
            if face is not None:
                faces.append(face)
        if rng.random() < 0.4:
            canvas = _barred(canvas, faces, rng)
        return _photographed(canvas, rng), faces

    def all_scenes(self) -> Iterator[Image]:
        for scene in self._scenes:
            yield np.asarray(cv2.resize(scene, (SIZE, SIZE), interpolation=cv2.INTER_AREA))

    def _scene(self, rng: np.random.Generator, size: int) -> Image:
        if len(self.hard) and rng.random() < 0.4:
            scene = self._scenes[int(rng.choice(self.hard))]
        else:
            scene = self._scenes[rng.integers(len(self._scenes))]
        side = int(rng.uniform(0.3, 1.0) * _SCENE)
        y, x = rng.integers(0, _SCENE - side + 1, 2)
        part = scene[y : y + side, x : x + side]
        if rng.random() < 0.5:
            part = cv2.flip(part, 1)
        return np.asarray(cv2.resize(part, (size, size), interpolation=cv2.INTER_AREA))

    def _distract(self, canvas: Image, rng: np.random.Generator) -> None:
        patch = self._scene(rng, 208)
        if rng.random() < 0.4:
            patch = _grayed(patch)
        face = Face(np.array([103.5, 103.5]), 90.0, 0.0, np.zeros((3, 2)))
        side = _log_uniform(_SMALLEST, SIZE / 2, rng)
        matrix = _placement(face, side, rng.uniform(0, SIZE, 2), rng)
        _set_in(canvas, *_shrunk(patch, face, matrix), rng)

    def _paste(self, canvas: Image, others: list[Face], rng: np.random.Generator) -> Face | None:
        picture, face = self._faces(rng)
        for _ in range(5):
            side = _log_uniform(_SMALLEST, _LARGEST if not others else SIZE / 3, rng)
            matrix = _placement(face, side, rng.uniform(0, SIZE - 1, 2), rng)
            placed = face.placed(matrix)
            shown = _shared(placed, np.array([0, 0, SIZE, SIZE]))
            if shown >= _WHOLE and all(_shared(f, _box(placed)) <= _PARTED for f in others):
                break
        else:
            return None
        picture, face, matrix = _shrunk(picture, face, matrix)
        if rng.random() < 0.3:
            picture = _grayed(picture)
        picture = _relit(picture, rng)
        if rng.random() < _COVERED:
            picture = self._covered(picture, face, rng)
        _set_in(canvas, picture, face, matrix, rng)
        return placed

    def _covered(self, picture: Image, face: Face, rng: np.random.Generator) -> Image:
        """The picture with something in front of a part of the face: its eyes, or up to half of it from any side."""
        y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
        if rng.random() < 0.35:
            middle, angle = face.points[:2].mean(0), 0.5 * math.pi + rng.normal(0, 0.1)
            low, high = -rng.uniform(0.08, 0.25), rng.uniform(0.08, 0.25)
        else:
            # Mostly from below, where hands, masks and microphones are, and from a side.
            sides = (0.5 * math.pi, 0.0, math.pi, rng.uniform(0, 2 * math.pi))
            middle, angle = face.center, rng.choice(sides, p=(0.3, 0.15, 0.15, 0.4)) + rng.normal(0, 0.1)
            low, high = rng.uniform(-0.03, 0.35), math.inf
        along = (x - middle[0]) * math.cos(angle) + (y - middle[1]) * math.sin(angle)
        across = (y - middle[1]) * math.cos(angle) - (x - middle[0]) * math.sin(angle)
        within = (along > low * face.side) & (along < high * face.side)
        mask = within & (np.abs(across) < rng.uniform(0.4, 1.5) * face.side)
        front = self._scene(rng, picture.shape[0]) if rng.random() < 0.5 else rng.integers(0, 256, 3)
        return np.where(mask[..., None], front, picture).astype(np.uint8)


def _log_uniform(low: float, high: float, rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(math.log(low), math.log(high))))


def _placement(face: Face, side: float, center: Array, rng: np.random.Generator) -> Array:
    """The similarity (2, 3) that brings a face to a place and size; many faces are nearly upright."""
    roll = rng.normal(0, 0.25) if rng.random() < _UPRIGHT else rng.uniform(-math.pi, math.pi)
    a, b = side / face.side * math.cos(roll), side / face.side * math.sin(roll)
    turn = np.array([[a, -b], [b, a]])
    return np.hstack([turn, (center - turn @ face.center)[:, None]])


def _box(face: Face) -> Array:
    """Left, top, right, bottom."""
    return np.concatenate([face.center - face.side / 2, face.center + face.side / 2])


def _shared(face: Face, box: Array) -> float:
    """The share of a face's box that lies in another one."""
    own = _box(face)
    width, height = np.minimum(own[2:], box[2:]) - np.maximum(own[:2], box[:2])
    return float(max(width, 0) * max(height, 0) / face.side**2)


def _shrunk(picture: Image, face: Face, matrix: Array) -> tuple[Image, Face, Array]:
    """The picture halved until it is drawn at more than half of its size, so that the drawing skips no pixel."""
    while math.hypot(matrix[0, 0], matrix[1, 0]) < 0.5:
        picture = np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        face = face.placed(np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]]))
        matrix = matrix @ np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1.0]])
    return picture, face, matrix


def _set_in(canvas: Image, picture: Image, face: Face, matrix: Array, rng: np.random.Generator) -> None:
    """Draw the picture into the canvas: as a head, with soft edges, as a rectangle around the face, or all of it."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    way = rng.random()
    if way < 0.5:
        middle = face.center - (0, face.side * rng.uniform(0.05, 0.2))
        axes = face.side * np.array([rng.uniform(0.5, 0.75), rng.uniform(0.65, 0.95)])
        cv2.ellipse(mask, (tuple(middle), tuple(2 * axes), 0.0), 255, -1)
        width = 2 * int(face.side * rng.uniform(0.01, 0.15)) + 1
        mask = np.asarray(cv2.blur(cv2.blur(mask, (width, width)), (width, width)))
    elif way < 0.75:
        x0, y0 = np.maximum(face.center - face.side * rng.uniform(0.55, 1.1, 2), 0).astype(int)
        x1, y1 = np.ceil(face.center + face.side * rng.uniform(0.55, 1.1, 2)).astype(int)
        mask[y0:y1, x0:x1] = 255
    else:
        mask[:] = 255
    if way < 0.5 or rng.random() < 0.7:
        mask[cv2.inRange(picture, (0, 0, 0), (0, 0, 0)) > 0] = 0  # outside of the photo
    # Only the part of the canvas that the picture covers is drawn.
    h, w = picture.shape[:2]
    corners = np.array([(0, 0), (w, 0), (0, h), (w, h)]) @ matrix[:, :2].T + matrix[:, 2]
    x0, y0 = np.clip(np.floor(corners.min(0)).astype(int), 0, (canvas.shape[1], canvas.shape[0]))
    x1, y1 = np.clip(np.ceil(corners.max(0)).astype(int) + 1, 0, (canvas.shape[1], canvas.shape[0]))
    if x1 <= x0 or y1 <= y0:
        return
    there = matrix - np.array([[0, 0, x0], [0, 0, y0]])
    shape = (int(x1 - x0), int(y1 - y0))
    front = cv2.warpAffine(picture, there, shape, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = cv2.warpAffine(mask, there, shape, flags=cv2.INTER_LINEAR).astype(np.float32) / 255
    part = canvas[y0:y1, x0:x1]
    part[:] = cv2.blendLinear(front, np.ascontiguousarray(part), share, 1 - share)


def _relit(picture: Image, rng: np.random.Generator) -> Image:
    """Another exposure, tint and contrast, and light from a side."""
    gain = np.exp(rng.normal(0, 0.25) + rng.normal(0, 0.08, 3))
    gamma = math.exp(rng.normal(0, 0.25))
    table = np.clip(255 * (np.arange(256) / 255)[:, None] ** gamma * gain, 0, 255).astype(np.uint8)
    lit = cv2.LUT(picture, table[:, None, :])
    if rng.random() < 0.4:
        angle, depth = rng.uniform(0, 2 * math.pi), rng.uniform(0, 0.8)
        line = np.linspace(-1, 1, picture.shape[0], dtype=np.float32)
        side = 1 - depth * np.clip(0.5 + line[None, :] * math.cos(angle) + line[:, None] * math.sin(angle), 0, 1)
        lit = lit * side[..., None].astype(np.float32)
    return np.asarray(lit, np.uint8)


def _grayed(picture: Image) -> Image:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))


def _barred(canvas: Image, faces: list[Face], rng: np.random.Generator) -> Image:
    """Black bars, as around a picture that is not square or that is made smaller; no face's middle is under them."""
    middles = np.array([f.center for f in faces]).reshape(-1, 2)
    room = np.array([0.25 * SIZE] * 4)
    for axis in (0, 1):
        if len(middles):
            room[axis] = min(room[axis], middles[:, axis].min())
            room[2 + axis] = min(room[2 + axis], SIZE - 1 - middles[:, axis].max())
    which = ((1, 3), (1, 3), (0, 2), (0, 1, 2, 3))[rng.integers(4)]
    left, top, right, bottom = (int(rng.uniform(0, max(room[i], 0))) if i in which else 0 for i in range(4))
    barred = np.zeros_like(canvas)
    inner = (slice(top, SIZE - bottom), slice(left, SIZE - right))
    barred[inner] = canvas[inner]
    return barred


def _photographed(canvas: Image, rng: np.random.Generator) -> Image:
    """What a camera and a codec add: exposure, blur, noise, blocks, and no colour."""
    picture: Any = canvas
    if rng.random() < 0.25:
        picture = _relit(picture, rng)
    if rng.random() < 0.25:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.5))
    if rng.random() < 0.3:
        channels = 1 if rng.random() < 0.5 else 3
        noise = rng.standard_normal((SIZE, SIZE, channels), np.float32) * np.float32(rng.uniform(1, 12))
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        fine, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if fine else picture
    return _grayed(picture) if rng.random() < 0.15 else np.asarray(picture)


def maps_of(faces: Sequence[Face], size: int = SIZE) -> Array:
    """What the network is to answer (CHANNELS + 1, size / STRIDE, size / STRIDE).

    The first map is the heat, 1 at the middle of a face; the last is the weight of the other maps at each cell.
    """
    cells = size // STRIDE
    maps = np.zeros((CHANNELS + 1, cells, cells), np.float32)
    y, x = np.mgrid[:cells, :cells].astype(np.float32)
    for face in faces:
        at = (face.center + 0.5) / STRIDE - 0.5
        sd = min(max(_HEAT * face.side / STRIDE, 0.55), 3.0)
        nearest = np.clip(np.rint(at), 0, cells - 1)  # the middle of a face is somewhere between cells
        heat = np.exp(-((x - nearest[0]) ** 2 + (y - nearest[1]) ** 2) / (2 * sd**2))
        own = (heat > 0.3) & (heat >= maps[0])
        maps[0] = np.maximum(maps[0], heat)
        maps[1, own], maps[2, own] = (at[0] - x)[own], (at[1] - y)[own]
        maps[3, own] = math.log(face.side / STRIDE)
        maps[4, own], maps[5, own] = math.cos(face.roll), math.sin(face.roll)
        for k, value in enumerate(((face.points - face.center) / face.side).ravel()):
            maps[6 + k, own] = value
        maps[-1, own] = heat[own] / heat[own].sum()
    return maps


class FinderPictures(Dataset[tuple[Image, Array]]):
    """Training pictures with their maps, by their `numbers` in the whole training: each depends on that and `seed`."""

    def __init__(self, composer: Composer, numbers: range, seed: int) -> None:
        self._composer, self._numbers, self._seed = composer, numbers, seed

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, item: int) -> tuple[Image, Array]:
        cv2.setNumThreads(1)
        picture, faces = self._composer(np.random.default_rng([self._seed, self._numbers[item]]))
        return picture, maps_of(faces)
