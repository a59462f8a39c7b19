"""An avatar as its file describes it: plain data, in the file's own frame and unit (m, y up)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from expnet_live.core.types import Array


class Alpha(StrEnum):
    OPAQUE = "OPAQUE"
    MASK = "MASK"
    BLEND = "BLEND"


@dataclass(frozen=True)
class Material:
    """Colours are linear RGB. `texture` is the number of an image, None for none.

    `shade`: the colour in the shade of MToon, None for other materials; `toony` 0 soft to 1 a hard edge of the shade,
    `shift` -1..1 moves it. `glow`: light that it sends out. `place`: scale and offset (x, y, x, y) of its texture, as
    an expression moves it; where it lies at rest is in the texture coordinates. `glow_texture` multiplies the glow;
    `bumps` is a map of normals, of that scale; `outline`: the width in m of a line around it, 0 for none. One that lets
    light through may hide what is drawn after it (`solid`), and comes later the higher its `queue` is.
    """

    name: str = ""
    color: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    texture: int | None = None
    alpha: Alpha = Alpha.OPAQUE
    cutoff: float = 0.5
    double_sided: bool = False
    unlit: bool = False
    shade: tuple[float, float, float] | None = None
    toony: float = 0.9
    shift: float = 0.0
    glow: tuple[float, float, float] = (0.0, 0.0, 0.0)
    place: tuple[float, float, float, float] = (1.0, 1.0, 0.0, 0.0)
    glow_texture: int | None = None
    bumps: int | None = None
    bump_scale: float = 1.0
    outline: float = 0.0
    outline_color: tuple[float, float, float] = (0.0, 0.0, 0.0)
    solid: bool = False
    queue: float = 0.0

    @property
    def pictures(self) -> tuple[int, ...]:
        """The numbers of its images that give colours."""
        return tuple(n for n in (self.texture, self.glow_texture) if n is not None)


@dataclass(frozen=True, eq=False)
class Morph:
    """A morph target: what it moves, `vertices` (m,) ascending by `steps` (m, 3), and their normals by `turns` (m, 3),
    None if the file has none."""

    name: str
    vertices: Array
    steps: Array
    turns: Array | None = None


@dataclass(frozen=True, eq=False)
class Block:
    """Vertices (V, 3) of a node, shared by its pieces: float32, `uv` (V, 2) with v down, `colors` (V, 4) linear.

    `joints` (V, k) are nodes' places in the skin, `weights` (V, k) sum up to 1; None without a skin.
    """

    node: int
    positions: Array
    normals: Array
    uv: Array
    colors: Array | None
    joints: Array | None
    weights: Array | None
    skin: int | None
    morphs: tuple[Morph, ...]


@dataclass(frozen=True, eq=False)
class Piece:
    """Triangles (F, 3) of a block with one material."""

    block: int
    triangles: Array
    material: int


@dataclass(frozen=True, eq=False)
class Node:
    """`local` (4, 4) maps to the parent's frame; `mesh` is the number of its mesh. `parent` is -1 for a root."""

    name: str
    parent: int
    local: Array
    mesh: int | None = None


@dataclass(frozen=True, eq=False)
class Skin:
    """Nodes (J,) and the matrices (J, 4, 4) from a mesh at rest to each of them."""

    joints: tuple[int, ...]
    inverse_bind: Array


@dataclass(frozen=True)
class Bind:
    """One morph target of a mesh on a node, and its weight in an expression."""

    node: int
    index: int
    weight: float


class Part(StrEnum):
    """What of a material an expression changes: a colour, or where its texture lies."""

    COLOR = "color"
    SHADE = "shadeColor"
    GLOW = "emissionColor"
    PLACE = "place"


@dataclass(frozen=True)
class Tint:
    """What an expression makes of a `material`: `target` is a linear RGB with opacity, or the scale and the offset of
    its texture coordinates, as (x, y, x, y)."""

    material: int
    part: Part
    target: tuple[float, float, float, float]


class Override(StrEnum):
    """What an expression does to the blink, the look or the mouth while it shows: nothing, or it takes their place, all
    at once or as far as it shows."""

    NONE = "none"
    BLOCK = "block"
    BLEND = "blend"


@dataclass(frozen=True)
class Clip:
    """An expression of a VRM file: `preset` is VRM 1's name of a preset, empty for others. `overrides` are those of
    blink, look and mouth."""

    name: str
    preset: str
    binds: tuple[Bind, ...]
    binary: bool = False
    tints: tuple[Tint, ...] = ()
    overrides: tuple[Override, Override, Override] = (Override.NONE, Override.NONE, Override.NONE)


@dataclass(frozen=True)
class Range:
    """How an eye follows a look: degrees of the look up to `most` become up to `turn` degrees of the eye, or up to that
    weight of an expression."""

    most: float = 90.0
    turn: float = 90.0


@dataclass(frozen=True)
class Looking:
    """How a VRM's eyes look: by bones or by expressions."""

    by_bones: bool = True
    inner: Range = Range()
    outer: Range = Range()
    down: Range = Range()
    up: Range = Range()


@dataclass(frozen=True)
class Joint:
    """A node that swings, up to the node `end`; None for a last one of VRM 0. Lengths in m, forces as VRM has them.

    `center`: the node in whose frame it keeps its motion, None for the world; `colliders`: the numbers of those that
    it does not enter.
    """

    node: int
    end: int | None
    radius: float
    stiffness: float
    gravity: tuple[float, float, float]
    drag: float
    center: int | None
    colliders: tuple[int, ...]


@dataclass(frozen=True)
class Collider:
    """A sphere, or a capsule from `offset` to `tail`, in a node's frame, m."""

    node: int
    radius: float
    offset: tuple[float, float, float]
    tail: tuple[float, float, float]


@dataclass(frozen=True)
class Springs:
    """All that swings of an avatar."""

    joints: tuple[Joint, ...] = ()
    colliders: tuple[Collider, ...] = ()


@dataclass(frozen=True)
class Licence:
    """What a VRM says about itself: its title, who made it, and the conditions of its use: labels and texts."""

    title: str
    authors: str
    conditions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Vrm:
    """`version` 0 or 1; `bones`: the node of each bone of VRM 1's names; `notes` say what is left out."""

    version: int
    licence: Licence
    bones: Mapping[str, int]
    clips: tuple[Clip, ...]
    looking: Looking
    springs: Springs = Springs()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class AvatarFile:
    """All of an avatar. `images` are encoded as in the file; `order` lists the nodes, parents first."""

    name: str
    nodes: tuple[Node, ...]
    order: tuple[int, ...]
    blocks: tuple[Block, ...]
    pieces: tuple[Piece, ...]
    materials: tuple[Material, ...]
    images: tuple[bytes, ...]
    skins: tuple[Skin, ...]
    vrm: Vrm | None
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The number of its vertices."""
        return sum(len(b.positions) for b in self.blocks)
