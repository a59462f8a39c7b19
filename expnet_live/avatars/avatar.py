"""An avatar as a Head: placed in our frame, driven by the coefficients of a face, turned by its own bones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.avatars.materials import tinted
from expnet_live.avatars.model import AvatarFile, Material, Range
from expnet_live.avatars.posing import Posing
from expnet_live.avatars.reading import read_avatar, vertex_normals
from expnet_live.avatars.skeleton import Skeleton
from expnet_live.avatars.swinging import Springs, Swing, Swings
from expnet_live.avatars.textures import decoded, sampled
from expnet_live.avatars.wiring import Wiring, wiring_of
from expnet_live.core.arkit import INDEX, LOOKS, N_BLENDSHAPES, blendshapes_of
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array, Pose, checked, checked_blendshapes
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Head, Traits
from expnet_live.heads.posing import gaze_rotation
from expnet_live.heads.rig import gaze_of
from expnet_live.heads.transfer import Driver

# mm: the middle of what closing eyes and an opening jaw move, on our own head; see tests/avatars/test_avatar_posing.py.
OUR_EYES, OUR_MOUTH = np.array([0.0, 34.0, -7.1]), np.array([0.0, -47.1, -10.5])
_OUR_EYE_BONES = np.array([0.0, 33.0, -16.0])  # mm: between the centres of the eyes
_OUR_TOP, _OUR_HEIGHT = 126.0, 230.0  # mm: of the skull, and from the chin to it
NECK_SHARE = 0.4  # of the head's rotation, if there is a bone for the neck
_JAW = np.radians(18.0)  # of a jaw bone when the mouth is wide open
_SIDES = ("rightEye", "leftEye")  # in the order of a gaze
_TURNED = 1.0  # mm by which a morph target that turns eyeballs moves them
_SHINE = 0.12
_COARSE = 512  # px of textures that only give colours to vertices
_SMALL, _LARGE = 10.0, 1e6  # mm: limits to the size of an avatar at rest, placed on our head
_LEAST = 1e-4  # of a movement: less is rounding


@dataclass(frozen=True, eq=False)
class Posed:
    """Vertices and unit normals (V, 3) of a head, and the pose that is left to apply when it is drawn. `materials`:
    those that its expression changes, by their numbers in the file."""

    vertices: Array
    normals: Array
    pose: Pose
    materials: Mapping[int, Material] = field(default_factory=dict)


class Avatar:
    """A Head (see heads/head.py). `name` is what the user calls it; `file` is all of it as read."""

    def __init__(self, name: str, file: AvatarFile, driver: Driver, path: Path | None = None) -> None:
        self.name, self.names, self.n_identity = name, driver.names, len(driver.identity)
        self.file, self.path, self._driver = file, path, driver
        self.wiring: Wiring = wiring_of(file)
        self.skeleton = Skeleton.of(file)
        self.place = _placed(file, self.skeleton, self.wiring)
        self._posing = Posing(file, self.skeleton, self.place)
        self.springs = Springs(file, self.skeleton, self.place)
        self._pivots = (
            (self.skeleton.world[[self.skeleton.bones[b] for b in self.skeleton.names]][:, :3, 3])
            @ (self.place[:3, :3].T)
            + self.place[:3, 3]
        )
        starts = np.cumsum([0, *(len(b.positions) for b in file.blocks)])
        self.starts = tuple(int(s) for s in starts)
        self.triangles = np.concatenate([p.triangles + self.starts[p.block] for p in file.pieces])

    @classmethod
    def load(cls, path: Path, driver: Driver, name: str | None = None) -> Avatar:
        """The avatar in a file. Raises UserError with one sentence."""
        with np.errstate(over="ignore", invalid="ignore"):  # the check below says it
            avatar = cls(name or path.stem, read_avatar(path), driver, path)
        if not _SMALL <= np.ptp(avatar.rest, axis=0).max() <= _LARGE:  # nor for numbers that are not finite
            raise UserError(f"{path.name} is damaged (its mesh is scaled to nothing, or to infinity); export it again.")
        return avatar

    @property
    def rest(self) -> Array:
        """Vertices (V, 3) mm at rest."""
        return self._posing.rest

    @property
    def kind(self) -> str:
        """VRM 0, VRM 1 or GLB."""
        return "GLB" if self.file.vrm is None else f"VRM {self.file.vrm.version}"

    @cached_property
    def colors(self) -> Array:
        """The colours (V, 3) uint8 of the vertices, from their textures."""
        out = np.full((len(self.rest), 3), 200, np.uint8)
        pictures: dict[int, Array | None] = {}
        for piece in self.file.pieces:
            material, block = self.file.materials[piece.material], self.file.blocks[piece.block]
            rows = np.unique(piece.triangles)
            light: Array = np.tile(np.array(material.color[:3], np.float32), (len(rows), 1))
            if material.texture is not None:
                if material.texture not in pictures:
                    pictures[material.texture] = decoded(self.file.images[material.texture], _COARSE)
                pixels = pictures[material.texture]
                if pixels is not None:
                    light = light * (sampled(pixels, block.uv[rows])[:, :3] / np.float32(255)) ** 2.2
            if block.colors is not None:
                light = light * block.colors[rows, :3]
            out[self.starts[piece.block] + rows] = np.rint(255 * np.clip(light, 0, 1) ** (1 / 2.2))
        return out

    def colored(self, colors: Array) -> Avatar:
        """The same avatar in other colours (V, 3), where vertices are drawn without their textures."""
        other = copy(self)
        other.__dict__["colors"] = colors
        return other

    @cached_property
    def traits(self) -> Traits:
        return Traits(shine=np.full(len(self.rest), _SHINE, np.float32), own_colors=True)

    @property
    def normals(self) -> Callable[[Array], Array]:
        """Normals from the triangles alone, for those who have only vertices; `posed` gives the avatar's own."""
        return lambda vertices: vertex_normals(vertices, self.triangles)

    @cached_property
    def eyes_by_targets(self) -> bool:
        """Whether morph targets or expressions turn the eyes, and no bones."""
        if self.file.vrm is not None and not self.file.vrm.looking.by_bones:
            return True
        balls = self.vertices_on(*_SIDES)
        if not len(balls):
            return any(self.wiring.shows(name) for name in LOOKS)
        return any(
            self._posing.moved_by(self.wiring(blendshapes_of(**{name: 1.0})))[balls].max() > _TURNED
            for name in LOOKS
            if self.wiring.shows(name)
        )

    def vertices_on(self, *bones: str) -> Array:
        """The vertices (m,) that hang on any of these bones (see skeleton.TURNED)."""
        return self._posing.vertices_on([i for i, name in enumerate(self.skeleton.names) if name in bones])

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """The actions of ARKit that it cannot show."""
        bones = self.skeleton.bones
        by_bones = {"jawOpen"} if "jaw" in bones else set()
        if not self.eyes_by_targets:
            turned = {"Left": "leftEye" in bones, "Right": "rightEye" in bones}
            by_bones |= {name for name in LOOKS for side, there in turned.items() if there and name.endswith(side)}
        return tuple(name for name in self.wiring.missing if name not in by_bones)

    def vertices(
        self,
        expression: Array,
        identity: Array | None = None,
        gaze: Array | None = None,
        blendshapes: Array | None = None,
    ) -> Array:
        """Vertices (V, 3) mm with the head straight; see Head."""
        return self.posed(expression, gaze, blendshapes)[0]

    def posed(
        self,
        expression: Array,
        gaze: Array | None = None,
        blendshapes: Array | None = None,
        rotation: Array | None = None,
        swing: Swing | None = None,
        time: float = 0.0,
    ) -> tuple[Array, Array, Array]:
        """Vertices and unit normals (V, 3) float32 mm with the head turned by a rotation vector (3,) on its neck, and
        the motion (4, 4) of the head. What swings does so by `swing` at a `time` in s, or else is stiff."""
        actions = self.actions(expression, blendshapes)
        motions = self._motions(self.turns(actions, gaze, rotation))
        vertices, normals = self._posing(self.wiring(actions), motions + self._swung(motions, swing, time))
        return vertices, normals, motions[self.skeleton.names.index("head")]

    def looks(self, actions: Array) -> Mapping[int, Material]:
        """The materials that an expression of ARKit's weights (52,) changes, by their numbers."""
        if not any(self.wiring.tints):
            return {}
        return tinted(self.file.materials, self.wiring.tints, self.wiring.shown(actions))

    def _swung(self, motions: list[Array], swing: Swing | None, time: float) -> list[Array]:
        """The motions (4, 4) of the swinging nodes."""
        if swing is not None:
            return swing(motions, time)
        out = list(motions)
        for above in self.skeleton.parent[len(motions) :]:
            out.append(np.eye(4) if above < 0 else out[above])
        return out[len(motions) :]

    def actions(self, expression: Array, blendshapes: Array | None) -> Array:
        """ARKit's weights (52,), those nearest to the coefficients if there are none."""
        if blendshapes is not None:
            actions = checked_blendshapes(blendshapes).copy()
        elif isinstance(self._driver, FaceModel):
            actions = self._driver.blendshapes_of(checked("expression", expression, (len(self.names),))).copy()
        else:
            actions = np.zeros(N_BLENDSHAPES, np.float32)
        jaw, close = INDEX["jawOpen"], INDEX["mouthClose"]
        actions[close] = min(actions[close], actions[jaw])
        return actions

    def turns(self, actions: Array, gaze: Array | None, rotation: Array | None) -> dict[str, Array]:
        """The rotations (3, 3) in our frame of its bones, each relative to the motion of the bone above."""
        bones = self.skeleton.bones
        turn = Rotation.from_rotvec(np.zeros(3) if rotation is None else rotation)
        share = NECK_SHARE if "neck" in bones else 0.0
        out = {"head": Rotation.from_rotvec((1 - share) * turn.as_rotvec()).as_matrix()}
        if "neck" in bones:
            out["neck"] = Rotation.from_rotvec(share * turn.as_rotvec()).as_matrix()
        if not self.eyes_by_targets:
            look = self.wiring.look_left(actions) * (gaze_of(actions) if gaze is None else gaze)
            for side, eye in enumerate(gaze_rotation(self._limited(look))):
                if _SIDES[side] in bones:
                    out[_SIDES[side]] = np.asarray(eye, np.float64)
        if "jaw" in bones and not self.wiring.shows("jawOpen"):
            out["jaw"] = Rotation.from_rotvec((_JAW * float(actions[INDEX["jawOpen"]]), 0, 0)).as_matrix()
        return out

    def _limited(self, gaze: Array) -> Array:
        """A gaze (2, 2) within what the avatar allows its eyes."""
        if self.file.vrm is None:
            return gaze
        looking = self.file.vrm.looking
        out = np.array(gaze, np.float64)
        for side, outwards in ((0, -1), (1, 1)):
            yaw, pitch = out[side]
            out[side, 0] = _within(looking.outer if yaw * outwards > 0 else looking.inner, yaw)
            out[side, 1] = _within(looking.up if pitch > 0 else looking.down, pitch)
        return out.astype(np.float32)

    def _motions(self, turns: dict[str, Array]) -> list[Array]:
        """The motion (4, 4) in mm of each bone of the skeleton, from its place at rest."""
        motions: list[Array] = []
        for name, pivot, parent in zip(self.skeleton.names, self._pivots, self.skeleton.parent, strict=False):
            turn = turns.get(name)
            motion = np.eye(4)
            if turn is not None:
                motion[:3, :3], motion[:3, 3] = turn, pivot - turn @ pivot
            motions.append(motion if parent < 0 else motions[parent] @ motion)
        return motions


def posed(
    head: Head,
    expression: Array,
    identity: Array | None,
    gaze: Array | None,
    blendshapes: Array | None,
    pose: Pose,
    turned: bool = True,
    swings: Swings | None = None,
    time: float = 0.0,
    face: int = 0,
) -> Posed:
    """Any head as it is drawn. An avatar turns its head itself, unless not `turned`, and is then only moved. Its hair
    and clothes swing by the `swings` of a series of frames, of which this one, of a `face`, is at a `time` in s."""
    if not isinstance(head, Avatar):
        vertices = head.vertices(expression, identity, gaze, blendshapes)
        return Posed(vertices, head.normals(vertices), pose)
    rotation = pose.rotation if turned else None
    swing = None if swings is None else swings.of(head.springs, face, turned)
    actions = head.actions(expression, blendshapes)
    vertices, normals, motion = head.posed(expression, gaze, actions, rotation, swing, time)
    looks = head.looks(actions)
    return Posed(vertices, normals, Pose(np.zeros(3), pose.translation - motion[:3, 3]), looks)


def _within(limit: Range, angle: float) -> float:
    if limit.most <= 0:
        return 0.0
    degrees = np.degrees(abs(angle))
    return float(np.copysign(np.radians(min(degrees / limit.most, 1.0) * limit.turn), angle))


def _placed(file: AvatarFile, skeleton: Skeleton, wiring: Wiring) -> Array:
    """The similarity (4, 4) from the file's frame to ours: its eyes and mouth lie where ours do, as large as ours."""
    facing = np.diag([-1.0, 1.0, -1.0, 1.0]) if file.vrm is not None and file.vrm.version == 0 else np.eye(4)
    there = Posing(file, skeleton, facing)
    eyes = _middle(there, wiring, ("eyeBlinkLeft", "eyeBlinkRight"))
    mouth = _middle(there, wiring, ("jawOpen",))
    ours = OUR_EYES
    if eyes is None:
        nodes = [skeleton.bones[side] for side in _SIDES if side in skeleton.bones]
        if len(nodes) == 2:
            eyes, ours = (facing @ skeleton.world[nodes].mean(0))[:3, 3], _OUR_EYE_BONES
    if eyes is not None and mouth is not None and eyes[1] - mouth[1] > 1e-6:
        scale = (ours[1] - OUR_MOUTH[1]) / (eyes[1] - mouth[1])
    else:
        scale, eyes, ours = _by_size(there.rest, facing, skeleton)
    out = scale * facing
    out[:3, 3] = ours - scale * eyes
    out[3] = (0, 0, 0, 1)
    return out


def _middle(posing: Posing, wiring: Wiring, actions: Sequence[str]) -> Array | None:
    """The middle (3,) of what actions move; None if that is nothing."""
    weights = np.zeros(N_BLENDSHAPES, np.float32)
    weights[[INDEX[a] for a in actions]] = 1
    moved = posing.moved_by(wiring(weights))
    size = np.ptp(posing.rest, axis=0).max()
    if moved.max(initial=0) <= _LEAST * size:
        return None
    middle: Array = (posing.rest * moved[:, None]).sum(0) / moved.sum()
    return middle


def _by_size(rest: Array, facing: Array, skeleton: Skeleton) -> tuple[float, Array, Array]:
    """For an avatar whose face does not move: a scale, and a point of it (3,) with its place on our head."""
    top, low = float(rest[:, 1].max()), float(rest[:, 1].min())
    joint = float((facing @ skeleton.world[skeleton.bones["head"]])[1, 3])
    # A head's bone begins about where the chin ends.
    chin = joint if low < joint < top and top - joint < 0.5 * (top - low) else low
    scale = _OUR_HEIGHT / max(top - chin, 1e-6)
    above = rest[rest[:, 1] >= chin]
    middle = (above.min(0) + above.max(0)) / 2
    return scale, np.array([middle[0], top, middle[2]]), np.array([0.0, _OUR_TOP, -60.0])
