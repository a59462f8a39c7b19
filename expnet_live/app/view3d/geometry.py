"""The constant part of the drawn head: triangles, colours, shine, hollows, and where the camera's picture goes."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.spatial import ConvexHull, cKDTree

from expnet_live.core.srgb import linear_from_srgb
from expnet_live.core.types import Array
from expnet_live.heads.growing import ramp
from expnet_live.heads.hair import lift
from expnet_live.heads.hair_styles import STYLES, Style
from expnet_live.heads.head import Head, Part, expression_of, face_triangles
from expnet_live.heads.lashes import Lashes
from expnet_live.heads.look import USUAL, Look
from expnet_live.heads.strands import Strands
from expnet_live.heads.tone import is_skin, own_tone
from expnet_live.heads.topology import CHIN
from expnet_live.meshes.indices import index_type
from expnet_live.meshes.subdivision import coarser, edges_of

HAIR_BEGINS = 0.4  # mm: less counts as skin, also in the shaders
_INSIDE = (Part.MOUTH, Part.UPPER_TEETH, Part.LOWER_TEETH, Part.TONGUE)
# The camera's picture is projected onto these; lids and mouth match it as well as the face does.
_PAINTED = (Part.FACE, Part.LID_RIM, Part.MOUTH, Part.RIGHT_EYE, Part.LEFT_EYE, Part.UPPER_TEETH, Part.LOWER_TEETH)

# Points of the Face Mesh: forehead, cheeks and chin.
_SKIN_POINTS = (151, 108, 337, 50, 280, 205, 425, 199)
_LIPS = ((82, 13, 312), (87, 14, 317))  # the inner edges of the upper and the lower lip
_DIM = 0.8  # rate at which light fades behind the lips
_BROW = 0.01  # density of a brow that is drawn
_SOME = 40  # of how many points of the hair one is enough to enclose it
# mm from the skin, from the inside of the lips and from the lips: what counts as just behind, as edge, as front teeth.
_SEAM, _EDGE, _FRONT = 3.0, 1.2, 18.0
# What is not seen, where the CPU draws: mm between a surface and one with fewer vertices, and parts of other traits.
_FLAT, _SLIGHT = 0.2, 0.05
_NECK = 40.0  # mm below the chin that a head must reach to have a neck


@dataclass(frozen=True, eq=False)
class HeadGeometry:
    """`triangles` (F, 3) and `grid` (E, 2) uint16 or uint32. For where the CPU draws, `skin` (which includes lips),
    `behind_lips` (teeth and tongue), `hairy`, `brow` and `eyes` are the same head in fewer triangles. Per vertex,
    float32: linear RGB `colors` (V, 3), `shine` (V,) 0..1,
    `openness` (V,) 0 in hollows to 1, `paint` (V,) 0..1 how much of the camera's picture it takes, `hair` (V,) 0..1,
    `brows` (V, 3) as in heads/brows.py, `skinned` (V,) 0..1 how much they take the tone of the skin, `rest` (V, 3) mm
    at rest; `tone` (3,) that tone, linear RGB, None of a head with colours of its own; `inside` (V,) bool: behind the
    lips, `seam` (V,): just behind or on their edge, where a picture shows whatever the normals are. The neck ends at
    the height `neck` (mm), None if there is none; `complexion` are vertices with the colour of the skin; `lips` are
    pairs (n, 2) of vertices on the inner edges of the upper and the lower lip, n = 0 if they are unknown; `outermost`
    are vertices that enclose the others. `locks` are those of the hair, in the `look`, `lashes` single ones.
    """

    triangles: Array
    skin: Array
    behind_lips: Array
    hairy: Array
    brow: Array
    eyes: Array
    grid: Array
    colors: Array
    shine: Array
    openness: Array
    paint: Array
    hair: Array
    brows: Array
    skinned: Array
    tone: Array | None
    rest: Array
    inside: Array
    seam: Array
    neck: float | None
    complexion: Array
    lips: Array
    outermost: Array
    look: Look = USUAL
    locks: Strands = field(default_factory=Strands.none)
    lashes: Lashes | None = None

    @property
    def style(self) -> Style:
        return STYLES[self.look.hair]

    def around(self, vertices: Array) -> Array:
        """Some points (n, 3) that enclose the head and its hair, for its vertices (V, 3)."""
        return np.concatenate([vertices.take(self.outermost, axis=0), self._around_hair.at(vertices)])

    @cached_property
    def _around_hair(self) -> Strands:
        """Some of the hair's vertices, without triangles."""
        some = {f.name: getattr(self.locks, f.name)[::_SOME] for f in fields(self.locks) if f.name != "triangles"}
        return Strands(**some, triangles=Strands.none().triangles)

    @property
    def size(self) -> int:
        return len(self.colors)

    @classmethod
    def of(cls, head: Head) -> HeadGeometry:
        rest = head.vertices(expression_of(head.names))
        part, hair, marks = head.traits.parts(len(rest)), head.traits.hair, head.traits.marks
        brows = head.traits.brows
        spread = _neighbour_means(head.triangles, len(rest))
        painted = np.isin(part, _PAINTED)
        lashes = head.traits.lashes()
        hair = np.zeros(len(rest), np.float32) if hair is None else hair
        brows = np.zeros((len(rest), 3), np.float32) if brows is None else brows
        colors, openness = linear_from_srgb(head.colors), _openness(head, part, spread)
        paint, neck = _faded(painted, part == Part.SHELL, spread), _neck(rest, marks)
        ending = 0.0 if neck is None else ramp(rest[:, 1], neck + 2, neck + 44)  # as in the shaders
        # Whatever its hair style is, a head has the same triangles.
        scalp = hair if head.traits.scalp is None else head.traits.scalp
        seen = np.column_stack([colors, openness, paint, 2 * scalp, brows, np.broadcast_to(2 * ending, len(rest))])
        triangles, few = head.triangles, _fewer(head, rest, seen)
        if lashes is not None:  # they are drawn instead of the band, which is narrower than a pixel from the front
            band = part == Part.LASHES
            triangles, few = triangles[~band[triangles].any(1)], few[~band[few].any(1)]
        few = _in_order(few, rest)
        hairy = (lift(hair)[few] > HAIR_BEGINS).any(1)
        brow = (brows[:, 0] > _BROW)[few].any(1) & ~hairy
        eyes = np.isin(part, (Part.RIGHT_EYE, Part.LEFT_EYE))[few].all(1)
        behind_lips = np.isin(part, (Part.UPPER_TEETH, Part.LOWER_TEETH, Part.TONGUE))[few].all(1)
        return cls(
            triangles=_in_order(triangles, rest),
            skin=few[~hairy & ~eyes & ~brow & ~behind_lips],
            behind_lips=few[behind_lips],
            hairy=few[hairy],
            brow=few[brow],
            eyes=few[eyes],
            grid=np.ascontiguousarray(_grid(head), few.dtype),
            colors=colors,
            shine=np.ascontiguousarray(head.traits.shines(len(rest)), np.float32),
            openness=openness,
            paint=paint,
            hair=hair,
            brows=brows,
            skinned=_skinned(head),
            tone=None if head.traits.own_colors else own_tone(head),
            rest=rest,
            inside=np.isin(part, _INSIDE),
            seam=_seam(rest, part),
            neck=neck,
            complexion=np.flatnonzero(part == Part.FACE)[::97] if marks is None else marks[list(_SKIN_POINTS)],
            lips=np.empty((0, 2), np.int64) if marks is None else marks[np.transpose(_LIPS)],
            outermost=np.union1d(np.arange(0, len(rest), 16), ConvexHull(rest).vertices),
            look=head.traits.look or USUAL,
            locks=head.traits.locks,
            lashes=lashes,
        )


def _in_order(triangles: Array, rest: Array) -> Array:
    """Keep neighbours together: a software renderer shades a vertex again once it has left the cache."""
    triangles = np.ascontiguousarray(triangles, index_type(len(rest)))
    return triangles[np.argsort(along_a_curve(rest[triangles].mean(1)), kind="stable")]


def _fewer(head: Head, rest: Array, traits: Array) -> Array:
    """The head's triangles, fewer behind the face: without vertices whose place, normal and `traits` (V, n) are the
    means of their neighbours' on an edge, with closed lips and with open ones."""
    fine, others = head.triangles[slice(*head.traits.halved)], np.delete(head.triangles, slice(*head.traits.halved), 0)
    corners, middles = fine.reshape(4, -1, 3)[:3, :, 0].T, fine.reshape(4, -1, 3)[3]
    needed = np.zeros(len(rest), bool)
    needed[others] = True

    def off(values: Array) -> Array:
        return values[middles] - (values[corners] + values[np.roll(corners, -1, 1)]) / 2

    far = np.abs(off(traits)).max(-1)
    for vertices in (rest, head.vertices(expression_of(head.names, jawOpen=2.0))):
        normals = head.normals(vertices)
        far = np.maximum(far, np.abs(off(normals)).max(-1))
        far = np.maximum(far, _SLIGHT / _FLAT * np.abs((off(vertices) * normals[middles]).sum(-1)))
    needed[middles[far > _SLIGHT]] = True
    return np.concatenate([others, coarser(fine, needed)])


def _seam(rest: Array, part: Array) -> Array:
    mouth, face = part == Part.MOUTH, part == Part.FACE
    seam = np.zeros(len(rest), bool)
    if mouth.any() and face.any():
        seam[mouth] = cKDTree(rest[face]).query(rest[mouth])[0] < _SEAM
        lips = cKDTree(rest[seam])
        seam[face] = lips.query(rest[face])[0] < _EDGE
        teeth = np.isin(part, (Part.UPPER_TEETH, Part.LOWER_TEETH))
        seam[teeth] = rest[teeth, 2] > rest[mouth, 2].max() - _FRONT
    return seam


def along_a_curve(points: Array) -> Array:
    """Positions of points (n, 3) along a space-filling curve (Morton's)."""
    low = points.min(0)
    wide = max(float((points.max(0) - low).max()), 1e-9)  # a single point is in one place
    cell = ((points - low) / wide * 255).astype(np.int64)
    bits = [((cell[:, axis] >> bit) & 1) << (3 * bit + axis) for bit in range(8) for axis in range(3)]
    place: Array = np.sum(bits, axis=0)
    return place


def _skinned(head: Head) -> Array:
    """Of a head with colours of its own, reddish vertices match a picture that is painted on it."""
    if not head.traits.own_colors:
        return is_skin(head).astype(np.float32)
    red, _, blue = linear_from_srgb(head.colors).T
    return np.asarray(np.clip(4 * (red - blue), 0, 1), np.float32)


def _neighbour_means(triangles: Array, n: int) -> sparse.csr_matrix:
    """The matrix (V, V) that averages each vertex's value with those of its neighbours."""
    a, b = edges_of(triangles)[0].T
    ones = np.ones(len(a), np.float32)
    links = sparse.coo_matrix((ones, (a, b)), shape=(n, n))
    links = (links + links.T + sparse.identity(n, np.float32)).tocsr()
    return sparse.diags(1 / np.asarray(links.sum(1)).ravel()).astype(np.float32) @ links


def _grid(head: Head) -> Array:
    return edges_of(face_triangles(head))[0] if head.traits.wires is None else head.traits.wires


def _neck(rest: Array, marks: Array | None) -> float | None:
    low = float(rest[:, 1].min())
    return low if marks is not None and low < rest[marks[CHIN], 1] - _NECK else None


def _openness(head: Head, part: Array, spread: sparse.csr_matrix) -> Array:
    """How exposed each vertex is: less where the surface around it rises higher, both nearby and at a distance."""
    vertices = head.vertices(expression_of(head.names, jawOpen=0.8))
    normals = head.normals(vertices)
    shade = np.zeros(len(vertices), np.float32)
    around = vertices
    for step in range(1, 41):
        around = spread @ around
        if step in (5, 40):
            hollow = ((around - vertices) * normals).sum(1)
            shade += 0.32 * np.clip(hollow / (1.1 if step == 5 else 4.5), 0, 1)
    # Vertices behind the lips get light only through them; rigid pieces have no neighbours that would show this.
    marks = head.traits.marks
    lips = vertices[:, 2].max() - 14 if marks is None else head.vertices(expression_of(head.names))[marks[13], 2]
    depth = np.clip((lips - 2 - vertices[:, 2]) / 26, 0, 1)
    for inside, least in ((Part.MOUTH, 0.25), (Part.UPPER_TEETH, 0.1), (Part.LOWER_TEETH, 0.2), (Part.TONGUE, 0.3)):
        shade[part == inside] = np.maximum(least, _DIM * depth[part == inside])
    for _ in range(2):
        shade = spread @ shade
    folds = 0.0 if head.traits.folds is None else head.traits.folds
    return (1 - np.clip(shade + folds, 0, 0.93)).astype(np.float32)


def _faded(painted: Array, shell: Array, spread: sparse.csr_matrix) -> Array:
    """1 on the painted area, falling to 0 towards the back of the head over about a centimetre."""
    reach = painted.astype(np.float32)
    edge = (~shell).astype(np.float32)
    for _ in range(14):
        edge = spread @ edge
    fade = np.clip((edge - 0.55) / 0.42, 0, 1)
    return (reach * fade * fade * (3 - 2 * fade)).astype(np.float32)
