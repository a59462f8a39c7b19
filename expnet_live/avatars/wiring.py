"""Which morph targets of an avatar show which of ARKit's actions, whatever they are called.

In this order: expressions and morph targets of ARKit's names in any spelling; those without a side, by both sides; then
other names and VRM's presets, as far as nothing shows their actions yet. So an avatar with visemes alone talks by the
jaw and the lips, and one with a single blink closes both eyes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from expnet_live.avatars.model import AvatarFile, Bind, Clip, Override, Tint
from expnet_live.core.arkit import ARKIT, WHOLE
from expnet_live.core.channels import VRM_PRESETS, Channels, Formula
from expnet_live.core.types import Array
from expnet_live.heads.blendshape_names import plain_name
from expnet_live.heads.rig import EYE_PITCH, EYE_YAW

_SIDE = re.compile(r"[_.\- ]([lr])$", re.IGNORECASE)
_LOWER = {name.lower(): name for name in ARKIT}
_STEMS = {
    name.removesuffix("Left").lower(): name.removesuffix("Left")
    for name in ARKIT
    if name.endswith("Left") and name not in WHOLE
}
_LOOKS: dict[str, Formula] = {
    "lookUp": {"eyeLookUp*": 1},
    "lookDown": {"eyeLookDown*": 1},
    "lookLeft": {"eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5},
    "lookRight": {"eyeLookOutRight": 0.5, "eyeLookInLeft": 0.5},
}
_PRESETS: dict[str, Formula] = {**VRM_PRESETS, "blink": {"eyeBlink*": 1}}
# Other names, in lower case without marks: of Oculus' visemes, of Ready Player Me, of VRoid and of MMD.
_SPELLED: tuple[tuple[str, Formula], ...] = (
    ("blink eyesclosed eyeclose eyeclosed fcleyeclose まばたき", {"eyeBlink*": 1}),
    ("blinkleft winkleft eyeclosedleft fcleyecloseleft ウィンク", {"eyeBlinkLeft": 1}),
    ("blinkright winkright eyeclosedright fcleyecloseright ウィンク右", {"eyeBlinkRight": 1}),
    ("mouthopen openmouth visemeaa fclmtha aa a あ", {"jawOpen": 1}),
    ("visemee fclmthe ee e え", {"mouthStretch*": 1}),
    ("visemei fclmthi ih i い", {"mouthStretch*": 0.5}),
    ("visemeo fclmtho oh o お", {"mouthFunnel": 1}),
    ("visemeu fclmthu ou u う", {"mouthPucker": 1}),
    ("visemepp", {"mouthPress*": 1}),
    ("smile happy joy fclmthjoy にこり", {"mouthSmile*": 1}),
    ("angry fclbrwangry 怒り", {"browDown*": 1}),
    ("surprised fclbrwsurprised", {"browOuterUp*": 1}),
    ("sad sorrow fclmthsorrow", {"mouthFrown*": 1}),
)
_OTHERS = {name: formula for names, formula in _SPELLED for name in names.split()}


# The presets that an expression may override: VRMC_vrm's blink, look and mouth.
_FAMILIES = (
    ("blink", "blinkLeft", "blinkRight"),
    ("lookUp", "lookDown", "lookLeft", "lookRight"),
    ("aa", "ih", "ou", "ee", "oh"),
)
_LOOK = 1
# The specification blocks from any weight above 0, which a measured face always has: it begins and ends here instead.
_BLOCKS = (0.05, 0.2)


@dataclass(frozen=True, eq=False)
class Wiring:
    """`channels`: named combinations of actions; `binds` (S, n): how far each moves each of the S morph targets, of all
    blocks one after the other; `resting` (S,): their weights at rest. `missing`: actions that move nothing.

    `blocking`, `blending` (3, n): which ones take the place of blink, look and mouth; `family` (3, n): which ones are
    those. `tints`: what each does to materials. `looking` (2, n): expressions that look show a multiple, up to 1, of
    their value, and of that a share.
    """

    channels: Channels
    binds: Array
    resting: Array
    binary: Array
    missing: tuple[str, ...]
    blocking: Array
    blending: Array
    family: Array
    tints: tuple[tuple[Tint, ...], ...]
    looking: Array

    def __call__(self, blendshapes: Array) -> Array:
        """The weights (..., S) of the morph targets for ARKit's weights (..., 52)."""
        return np.clip(self.resting + self.shown(blendshapes) @ self.binds.T, 0, 1).astype(np.float32)

    def shown(self, blendshapes: Array) -> Array:
        """How far each channel shows, (..., n), by the rules of VRM for ARKit's weights (..., 52)."""
        values = self._values(blendshapes)
        if not self._overriding:
            return values
        for share, family in zip(np.moveaxis(self._left(values), -1, 0), self.family, strict=True):
            # One that is only on or off is off as soon as it is less than all there.
            some = np.where(self.binary, (share >= 1 - 1e-6)[..., None], share[..., None])
            values = np.where(family, values * some, values)
        return values

    def look_left(self, blendshapes: Array) -> float:
        """The part of a gaze that is left by expressions that override it, 0..1."""
        if not self._overriding:
            return 1.0
        return float(self._left(self._values(blendshapes))[_LOOK])

    def _values(self, blendshapes: Array) -> Array:
        values = self.channels.values(blendshapes)
        reach, share = self.looking
        values = np.where(self.family[_LOOK], np.minimum(values * reach, 1) * share, values)
        return np.where(self.binary, values > 0.5, values)

    def _left(self, values: Array) -> Array:
        """What is left (..., 3) of blink, look and mouth."""
        blocked = np.clip((values - _BLOCKS[0]) / (_BLOCKS[1] - _BLOCKS[0]), 0, 1)
        return np.clip(1 - blocked @ self.blocking.T - values @ self.blending.T, 0, 1)

    @cached_property
    def _overriding(self) -> bool:
        return bool(self.blocking.any() or self.blending.any())

    def shows(self, action: str) -> bool:
        return action not in self.missing


def canonical(name: str) -> str:
    """ARKit's name of an action in whatever spelling, or the name in lower case without marks.

    >>> canonical("Face.EyeBlink_L"), canonical("eye_blink_left"), canonical("JAWOPEN"), canonical("Fcl_MTH_A")
    ('eyeBlinkLeft', 'eyeBlinkLeft', 'jawOpen', 'fclmtha')
    """
    name = _SIDE.sub(lambda m: {"l": "Left", "r": "Right"}[m[1].lower()], name.strip())
    bare = re.sub(r"[^\w]|_", "", plain_name(re.split(r"[.:|/]", name)[-1])).lower()
    return _LOWER.get(bare, bare)


def wiring_of(avatar: AvatarFile) -> Wiring:
    """How the 52 actions move an avatar's morph targets."""
    vrm, made = avatar.vrm, _Made(avatar)
    clips = () if vrm is None else vrm.clips
    for clip in clips:
        made.add(clip.name, {canonical(clip.name): 1} if canonical(clip.name) in ARKIT else {}, clip.binds, clip)
    by_name = _targets_by_name(avatar)
    for name, binds in by_name.items():
        if name in ARKIT and name not in made.shown:
            made.add(name, {name: 1}, binds)
    made.settle()
    for name, binds in by_name.items():
        if name in _STEMS:
            made.add_if_new(name, {f"{_STEMS[name]}*": 1}, binds)
    made.settle()
    presets = {clip.preset: clip for clip in clips if (clip.binds or clip.tints) and clip.preset}
    looks = {} if vrm is None or (vrm.looking.by_bones and vrm.bones.keys() & {"leftEye", "rightEye"}) else _LOOKS
    for preset, formula in {**_PRESETS, **looks}.items():
        if preset in presets:
            made.add_if_new(preset, formula, presets[preset].binds, presets[preset])
        made.settle(only=preset in ("blinkLeft", "blinkRight"))
    for clip in clips:  # such as Surprised, which VRM 0 has no preset for
        formula = _PRESETS.get(canonical(clip.name), {})
        if not clip.preset and formula:
            made.add_if_new(clip.name, formula, clip.binds, clip)
    made.settle()
    for name, formula in _OTHERS.items():
        if name in by_name:
            made.add_if_new(name, formula, by_name[name])
            made.settle(only=len(formula) == 1)
    return made.wiring()


class _Made:
    """Collects channels. `shown` are the actions that earlier kinds of names show already."""

    def __init__(self, avatar: AvatarFile) -> None:
        self._avatar = avatar
        self.shown: set[str] = set()
        self._next: set[str] = set()
        self._formulas: dict[str, Formula] = {}
        self._binds: list[tuple[Bind, ...]] = []
        self._clips: list[Clip | None] = []

    def add(self, name: str, formula: Formula, binds: tuple[Bind, ...], clip: Clip | None = None) -> None:
        if not formula or not (binds or (clip is not None and clip.tints)):
            return
        while name in self._formulas:
            name += "'"
        self._formulas[name] = formula
        self._binds.append(binds)
        self._clips.append(clip)
        self._next.update(_actions(formula))
        if len(_actions(formula)) == 1:
            self.shown.update(_actions(formula))

    def add_if_new(self, name: str, formula: Formula, binds: tuple[Bind, ...], clip: Clip | None = None) -> None:
        """Add a channel unless its main actions are shown."""
        most = max(formula.values(), default=0)
        if not self.shown & _actions({a: w for a, w in formula.items() if w == most}):
            shown = set(self.shown)
            self.add(name, formula, binds, clip)
            self.shown = shown

    def settle(self, only: bool = True) -> None:
        """From now on, what was added counts as shown."""
        if only:
            self.shown |= self._next

    def wiring(self) -> Wiring:
        blocks = self._avatar.blocks
        starts = np.cumsum([0, *(len(b.morphs) for b in blocks)])
        matrix = np.zeros((int(starts[-1]), len(self._binds)), np.float32)
        for channel, binds in enumerate(self._binds):
            for bind in binds:
                for start, block in zip(starts, blocks, strict=False):
                    if block.node == bind.node and bind.index < len(block.morphs):
                        matrix[start + bind.index, channel] += bind.weight
        channels = Channels.of(self._formulas)
        moving = np.array([bool(len(m.vertices)) for b in blocks for m in b.morphs], bool)
        tints = tuple(() if clip is None else clip.tints for clip in self._clips)
        reached = ((np.abs(matrix) * moving[:, None]).sum(0) > 0) | np.array([bool(t) for t in tints], bool)
        moved = (np.abs(channels.matrix) * reached[:, None]).sum(0) > 0
        missing = tuple(name for name, there in zip(ARKIT, moved, strict=True) if not there)
        resting = np.zeros(len(matrix), np.float32)
        binary = np.array([clip is not None and clip.binary for clip in self._clips], bool)
        return Wiring(
            channels, matrix, resting, binary, missing, self._overriding(Override.BLOCK),
            self._overriding(Override.BLEND), self._family(), tints, self._looking(),
        )  # fmt: skip

    def _looking(self) -> Array:
        """How far expressions look, (2, n), by the ranges of the VRM: to both sides, that of the outer one."""
        out = np.ones((2, len(self._clips)))
        vrm = self._avatar.vrm
        if vrm is None or vrm.looking.by_bones:
            return out
        look, sideways, upright = vrm.looking, np.degrees(EYE_YAW), np.degrees(EYE_PITCH)
        ranges = {"lookUp": (look.up, upright), "lookDown": (look.down, upright),
                  "lookLeft": (look.outer, sideways), "lookRight": (look.outer, sideways)}  # fmt: skip
        for i, clip in enumerate(self._clips):
            if clip is not None and clip.preset in ranges:
                limit, most = ranges[clip.preset]
                out[:, i] = most / max(limit.most, 1e-6), limit.turn
        return out

    def _overriding(self, how: Override) -> Array:
        """Which channels (3, n) override blink, look and mouth in that way."""
        given = [(Override.NONE,) * 3 if clip is None else clip.overrides for clip in self._clips]
        return np.array([[over[k] is how for over in given] for k in range(3)], np.float32).reshape(3, len(given))

    def _family(self) -> Array:
        presets = ["" if clip is None else clip.preset for clip in self._clips]
        return np.array([[p in names for p in presets] for names in _FAMILIES], bool).reshape(3, len(presets))


def _actions(formula: Formula) -> set[str]:
    return {
        action
        for name in formula
        for action in ((f"{name[:-1]}Left", f"{name[:-1]}Right") if name.endswith("*") else (name,))
    }


def _targets_by_name(avatar: AvatarFile) -> Mapping[str, tuple[Bind, ...]]:
    found: dict[str, list[Bind]] = {}
    seen: set[tuple[int, int]] = set()
    for block in avatar.blocks:
        for index, morph in enumerate(block.morphs):
            if morph.name and (block.node, index) not in seen:
                seen.add((block.node, index))
                found.setdefault(canonical(morph.name), []).append(Bind(block.node, index, 1.0))
    return {name: tuple(binds) for name, binds in found.items()}
