"""Learns the average colour of people's faces, for drawing the model.

Each photo is sampled at the subdivided face and divided by the person's own skin colour, so that all people and
exposures count alike; the result is the median over photos. Light that falls on all faces in the same way (from above)
shows in the dependence of colour on the mean face's normals, and is removed: the renderer adds its own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from expnet_live.core.errors import UserError
from expnet_live.core.srgb import LUMA, linear_from_srgb, srgb_from_linear
from expnet_live.core.types import Array, Image
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.palette import default_colors, inside
from expnet_live.heads.topology import N_BASE, eye_distance, topology_of_triangles
from expnet_live.meshes.subdivision import edges_of, loop_subdivision
from expnet_live.research.training.landmarks import LandmarkSet
from expnet_live.research.training.photos import PhotoRef, read_photo

log = logging.getLogger(__name__)

_SKIN_LUMINANCE = 0.47  # of the skin, linear: photos cannot separate albedo from exposure
_WARMTH = 0.78


def mean_face_colors(
    landmarks: LandmarkSet, refs: Sequence[PhotoRef], model: FaceModel, *, n_photos: int = 2000, painted: float = 0.3
) -> Array:
    """RGB albedo (V, 3) uint8 of the subdivided face, learned from frontal, calm faces of colour photos.

    `painted` is the share of the hand-painted palette in the result, which keeps brows and lips
    crisp where their positions differ between people. Raises UserError if fewer than 20 photos are suitable.
    """
    refine, triangles = loop_subdivision(model.base_triangles, N_BASE, 2)
    resting = refine @ model.mean
    cheeks = _cheeks(model.mean, resting)
    photos = []
    skins = []
    for xyz, image in _calm_faces(landmarks, refs, n_photos):
        color = _sampled(image, refine @ xyz[:N_BASE, :2])
        skin = np.median(color[cheeks], axis=0)
        chroma = skin / (skin @ LUMA)
        # Grey, tinted or badly exposed photos say nothing about colour.
        if 0.06 < skin @ LUMA < 0.8 and 1.12 < chroma[0] < 1.9 and chroma[2] < 0.9:
            photos.append(np.log((color + 0.004) / (skin + 0.004)).astype(np.float32))
            skins.append(chroma)
    if len(photos) < 20:
        raise UserError(f"Only {len(photos)} of these are colour photos of frontal, calm faces; give more photos.")
    log.info("face colours from %d photos", len(photos))

    relative = np.median(np.stack(photos), axis=0).astype(np.float64)
    mirror = cKDTree(resting).query(resting * (-1, 1, 1))[1]
    relative = (relative + relative[mirror]) / 2
    relative -= _shading(relative, resting, triangles, model.mean)[:, None]
    # Draw brows, lips and eyes more sharply than the average of many, and smooth the skin.
    feature = _features(model.mean, resting)[:, None]
    relative += feature * _detail(relative, triangles, 12) - (1 - feature) * _detail(relative, triangles, 4)
    # Photos are warm with indoor light; the renderer's lamps are white.
    skin = (1 + _WARMTH * (np.mean(skins, axis=0) - 1)) * _SKIN_LUMINANCE
    learned = np.log(skin) + _faded(relative, resting, triangles, model)
    # Painted parts are combined as a ratio to their own skin, so that the skin stays the learned one.
    palette = np.log(linear_from_srgb(default_colors(model.mean, resting)))
    palette += np.log(skin) - np.median(palette, axis=0)
    return srgb_from_linear(np.exp((1 - painted) * learned + painted * palette))


def _calm_faces(landmarks: LandmarkSet, refs: Sequence[PhotoRef], n: int) -> Iterator[tuple[Array, Image]]:
    """Landmarks and photos of the n most frontal of the upright faces with closed mouth and open eyes."""
    xyz = landmarks.landmarks
    width = eye_distance(xyz)

    def height(upper: int, lower: int) -> Array:
        return (xyz[:, lower, 1] - xyz[:, upper, 1]) / width

    turned = np.abs(2 * xyz[:, 1, 0] - xyz[:, 33, 0] - xyz[:, 263, 0]) / width
    nod = np.abs((xyz[:, 1, 2] - (xyz[:, 33, 2] + xyz[:, 263, 2]) / 2) / width + 0.47)
    with np.errstate(invalid="ignore"):
        calm = (landmarks.flip == 0) & (width > 45) & (turned < 0.25) & (nod < 0.1)
        calm &= (height(13, 14) < 0.03) & (height(159, 145) > 0.085) & (height(386, 374) > 0.085)
        calm &= height(10, 152) > 1.65  # children's faces are shorter
        calm &= np.abs(xyz[:, 263, 1] - xyz[:, 33, 1]) < 0.15 * width
    by_key = {r.key: r for r in refs}
    for i in np.flatnonzero(calm)[np.argsort(turned[calm], kind="stable")]:
        ref = by_key.get(str(landmarks.key[i]))
        image = read_photo(ref) if ref else None
        # Grey photos do not count.
        if image is not None and np.ptp(image.reshape(-1, 3).mean(0)) > 4:
            yield xyz[i], image
            n -= 1
        if not n:
            return


def _sampled(image: Image, points: Array) -> Array:
    """Linear RGB (V, 3) of a BGR photo at points (V, 2), averaged over about the distance between them."""
    spread = max(0.3, 0.011 * np.ptp(points[:, 0]) / 2)
    soft = cv2.GaussianBlur(image, (0, 0), spread)
    xy = points.astype(np.float32)[None]
    found = cv2.remap(soft, xy[..., 0], xy[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return linear_from_srgb(found[0][:, ::-1])


def _cheeks(mean: Array, points: Array) -> Array:
    """Whether points (V, 3) lie on the cheeks or between the brows, where skin is plain."""
    centers = mean[[50, 280, 151]]
    near = np.linalg.norm(points[:, None] - centers, axis=2).min(1)
    result: Array = near < 12
    return result


def _features(mean: Array, points: Array) -> Array:
    """1 on brows, lips and eyes, 0 on skin, soft between, (V,)."""
    names = ("right brow", "left brow", "lips outer", "right eye", "left eye")
    return np.max([inside(mean, points, name, 2.5) for name in names], axis=0)


def _shading(relative: Array, points: Array, triangles: Array, mean: Array) -> Array:
    """The log of the light (V,): the part of the skin's brightness that follows the normals, to second order (9
    harmonics).
    """
    x, y, z = NormalOperator(triangles, len(points))(points).T.astype(np.float64)
    harmonics = np.stack([np.ones_like(x), x, y, z, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 1], 1)
    brightness = relative @ LUMA
    weight = 1 - _features(mean, points)
    for _ in range(5):
        light = np.linalg.lstsq(harmonics * weight[:, None], brightness * weight, rcond=None)[0]
        error = brightness - harmonics @ light
        weight = (1 - _features(mean, points)) / (1 + (error / 0.15) ** 2)
    result: Array = harmonics @ light
    return result


def _neighbours(triangles: Array, n: int) -> sparse.csr_matrix:
    """The average over each vertex's neighbours, (n, n)."""
    a, b = edges_of(triangles)[0].T
    near = sparse.coo_matrix((np.ones(2 * len(a)), (np.r_[a, b], np.r_[b, a])), shape=(n, n)).tocsr()
    return sparse.diags(1 / np.maximum(np.asarray(near.sum(1)).ravel(), 1)) @ near


def _detail(values: Array, triangles: Array, rounds: int) -> Array:
    """The difference of values (V, C) from their surroundings, which grow with the rounds of averaging."""
    average = _neighbours(triangles, len(values))
    smooth = values
    for _ in range(rounds):
        smooth = (smooth + average @ smooth) / 2
    return values - smooth


def _faded(relative: Array, points: Array, triangles: Array, model: FaceModel) -> Array:
    """Fade to plain skin at the oval, where photos show hair, shadow and background."""
    oval = topology_of_triangles(model.base_triangles).oval
    distance = cKDTree(points[oval]).query(points)[0]
    # Hair reaches further in at the forehead and the temples.
    reach = np.where(points[:, 1] > 20, 26.0, 16.0)
    t = np.clip((distance - 3) / reach, 0, 1)[:, None]
    skin = np.median(relative, axis=0)
    return skin + (relative - skin) * t * t * (3 - 2 * t)
