"""Heads on skeletons, and bodies, for avatars: our own face and its rig, lathed shapes, textures painted here."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from gltf_files import Maker

from expnet_live.core.arkit import ARKIT, blendshapes_of
from expnet_live.heads.built_in import face_model
from expnet_live.heads.head import Part, expression_of
from expnet_live.render.rasterizer import rasterize

UP = 1.5  # m from the floor to our head's origin
# Height over the floor of each joint, m, along the middle; eyes follow from the head.
SPINE = {"hips": 0.82, "spine": 0.94, "chest": 1.08, "neck": 1.35, "head": 1.42}


SKIN = (205, 155, 135)
BEHIND = -0.085  # m: the spine, from our head's origin
# Bunches that swing: the head's left one from its root on, m from the floor, and the way from joint to joint.
BUNCH, BUNCH_STEP, BUNCH_JOINTS = np.array([0.084, 1.59, -0.075]), np.array([0.017, -0.05, 0.0]), 5


@cache
def _face() -> tuple[Any, ...]:
    """Vertices at rest (V, 3) m from the floor, the 52 displacements (52, V, 3) m, and the face model."""
    model = face_model()
    rest = expression_of(model.names)
    at = model.vertices(rest)
    moved = [model.vertices(rest, blendshapes=blendshapes_of(**{n: 1.0})) - at for n in ARKIT]
    # What closes lips needs an open jaw to act.
    both = model.vertices(rest, blendshapes=blendshapes_of(jawOpen=1.0, mouthClose=1.0))
    jaw = moved[ARKIT.index("jawOpen")]
    moved[ARKIT.index("mouthClose")] = both - at - jaw
    return at / 1000 + (0, UP, 0), np.stack(moved).astype(np.float32) / 1000, model


def _cylinder(points: Any) -> Any:
    """Texture coordinates of points around the head's axis."""
    angle = np.arctan2(points[:, 0], points[:, 2] + 0.08)
    return np.stack([0.5 + angle / (2 * np.pi), (1.66 - points[:, 1]) / 0.36], 1).astype(np.float32)


def _painted(uv: Any, triangles: Any, colors: Any, side: int = 512) -> Any:
    """A texture with the colours (V, 3) of the vertices."""
    points = np.column_stack([uv * side - 0.5, np.zeros(len(uv))])
    picture = np.full((side, side, 3), colors.mean(0), np.float32)
    for faces in (triangles, triangles[:, ::-1]):
        spread = np.ptp(uv[faces][:, :, 0], axis=1) < 0.5  # not across the seam
        seen = rasterize(points, faces[spread], side, side)
        picture.reshape(-1, 3)[seen.pixel] = seen.interpolate(faces[spread], colors.astype(np.float32))
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


def _lathe(profile: list[tuple[float, float, float]], n: int = 40) -> tuple[Any, Any, Any]:
    """A surface around the y axis through (height, width, depth), m: positions, uv and triangles."""
    angle = np.linspace(0, 2 * np.pi, n + 1)
    rings = [np.stack([w * np.sin(angle), np.full(n + 1, y), d * np.cos(angle)], 1) for y, w, d in profile]
    points = np.concatenate(rings).astype(np.float32)
    u = np.tile(angle / (2 * np.pi), len(profile))
    v = np.repeat(np.linspace(0, 1, len(profile)), n + 1)
    i = np.arange(len(profile) - 1)[:, None] * (n + 1) + np.arange(n)
    quads = np.stack([i, i + 1, i + n + 2, i + n + 1], -1).reshape(-1, 4)
    return points, np.stack([u, v], 1).astype(np.float32), np.vstack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _normals(points: Any, triangles: Any) -> Any:
    from expnet_live.avatars.reading import vertex_normals

    return vertex_normals(points, triangles)


# Arms that stick out, from the left shoulder on: m to the side, all as high.
ARM, ARM_HEIGHT = {"UpperArm": 0.16, "LowerArm": 0.4, "Hand": 0.62}, 1.26


class Body:
    """A head on a skeleton, and on request a body; `turned` faces -z, as VRM 0 does."""

    def __init__(self, turned: bool, prefix: str = "", bunches: bool = False) -> None:
        self.make, self._turn = Maker(), np.array([-1.0, 1.0, -1.0]) if turned else np.ones(3)
        self.at, self.moved, self.model = _face()
        self.part = self.model.traits.part
        nodes = self.make.document["nodes"]
        nodes.append({"name": "Root", "children": [1]})
        below = 0.0
        for i, (name, height) in enumerate(SPINE.items()):
            nodes.append(
                {
                    "name": f"{prefix}{name.title()}",
                    "translation": [0, height - below, 0 if below else self._turn[2] * BEHIND],
                    "children": [i + 2],
                }
            )
            below = height
        self.head = len(nodes) - 1
        self.bones = {name: i + 1 for i, name in enumerate(SPINE)}
        nodes[self.head]["children"] = []
        self.joints = list(self.bones.values())
        for name, part in (("leftEye", Part.LEFT_EYE), ("rightEye", Part.RIGHT_EYE)):
            center = (self.at[self.part == part].min(0) + self.at[self.part == part].max(0)) / 2
            nodes.append({"name": f"{prefix}{name[0].upper()}{name[1:]}",
                          "translation": (self._turn * (center - (0, SPINE["head"], BEHIND))).tolist()})  # fmt: skip
            self.bones[name] = len(nodes) - 1
            self.joints.append(len(nodes) - 1)
            nodes[self.head]["children"].append(len(nodes) - 1)
        self._add_arms(prefix)
        self.bunches = [self._bunch(side) for side in (1, -1)] if bunches else []
        self._skin()

    def _add_arms(self, prefix: str) -> None:
        nodes = self.make.document["nodes"]
        for side, x in (("left", 1), ("right", -1)):
            above, at = self.bones["chest"], np.array([0.0, SPINE["chest"], BEHIND])
            for part, out in ARM.items():
                there = np.array([x * out, ARM_HEIGHT, BEHIND])
                nodes.append(
                    {"name": f"{prefix}{side.title()}{part}", "translation": (self._turn * (there - at)).tolist()}
                )
                nodes[above].setdefault("children", []).append(len(nodes) - 1)
                above, at = len(nodes) - 1, there
                self.bones[f"{side}{part}"] = above
                self.joints.append(above)

    def _bunch(self, side: int) -> list[int]:
        """The nodes of a bunch, the last one at its tip."""
        nodes, out, above = self.make.document["nodes"], [], self.head
        mirror = self._turn * (side, 1, 1)
        for i in range(BUNCH_JOINTS):
            step = BUNCH - (0, SPINE["head"], BEHIND) if i == 0 else BUNCH_STEP
            nodes.append({"name": f"Bunch_{'LR'[side < 0]}{i}", "translation": (mirror * step).tolist()})
            nodes[above].setdefault("children", []).append(len(nodes) - 1)
            above = len(nodes) - 1
            out.append(above)
        self.joints += out
        return out

    def _skin(self) -> None:
        inverse = []
        for joint in self.joints:
            matrix = np.eye(4, dtype=np.float32)
            matrix[:3, 3] = -self._world(joint)
            inverse.append(matrix.T)
        self.make.document["skins"].append(
            {"joints": self.joints, "inverseBindMatrices": self.make.add(np.stack(inverse)), "skeleton": 1}
        )

    def _world(self, node: int) -> Any:
        nodes, at = self.make.document["nodes"], np.zeros(3)
        while True:
            at = at + nodes[node].get("translation", (0, 0, 0))
            parent = [i for i, n in enumerate(nodes) if node in n.get("children", [])]
            if not parent:
                return at
            node = parent[0]

    def mesh(self, name: str, primitives: list[dict[str, Any]], names: list[str] | None = None) -> int:
        document = self.make.document
        extras = {} if names is None else {"weights": [0.0] * len(names), "extras": {"targetNames": names}}
        document["meshes"].append({"name": name, "primitives": primitives, **extras})
        document["nodes"].append({"name": name, "mesh": len(document["meshes"]) - 1, "skin": 0})
        document["scenes"][0]["nodes"].append(len(document["nodes"]) - 1)
        return len(document["nodes"]) - 1

    def primitive(self, points: Any, normals: Any, uv: Any, triangles: Any, weights: dict[Any, Any], material: int,
                  targets: Any = None) -> dict[str, Any]:  # fmt: skip
        """`weights`: how much each bone, or node, holds the vertices, (V,) or a number."""
        add, n = self.make.add, len(points)
        names = list(weights)
        joints, held = np.zeros((n, 4), np.uint8), np.zeros((n, 4), np.float32)
        for k, bone in enumerate(names):
            share = np.broadcast_to(weights[bone], n)
            mine = share > 0  # at most four bones hold a vertex, and these follow each other
            joints[mine, k % 4] = self.joints.index(self.bones.get(bone, bone))
            held[mine, k % 4] = share[mine]
        joints[held == 0] = 0
        attributes = {
            "POSITION": add((self._turn * points).astype(np.float32), 34962),
            "NORMAL": add((self._turn * normals).astype(np.float32), 34962),
            "TEXCOORD_0": add(uv, 34962), "JOINTS_0": add(joints, 34962), "WEIGHTS_0": add(held, 34962),
        }  # fmt: skip
        flat = triangles.astype(np.uint16 if n < 65536 else np.uint32).ravel()
        out = {"attributes": attributes, "indices": add(flat, 34963), "material": material}
        if targets is not None:
            out["targets"] = [{"POSITION": self.make.sparse(self._turn * t)} for t in targets]
        return out

    def face(self, targets: Any, names: list[str], skin: dict[str, Any]) -> int:
        """The head with these targets (J, V, 3): skin with a texture, and what is behind the lips with colours of its
        vertices. `skin` is more of both materials."""
        triangles = self.model.triangles
        eyes = np.isin(self.part, (Part.LEFT_EYE, Part.RIGHT_EYE))[triangles].any(1)
        inside = np.isin(self.part, (Part.MOUTH, Part.UPPER_TEETH, Part.LOWER_TEETH, Part.TONGUE, Part.LASHES))
        behind = inside[triangles].any(1) & ~eyes
        normals = self.model.normals(1000 * self.at.astype(np.float32))
        parts = []
        for some in (triangles[~behind & ~eyes], triangles[behind]):
            chosen = np.unique(some)
            points, colors = self.at[chosen], self.model.colors[chosen]
            numbers, uv = np.searchsorted(chosen, some), _cylinder(points)
            outside = not parts
            material = _material("Skin" if outside else "Mouth", **skin)
            if outside:
                picture = self.make.image(_painted(uv, numbers, colors))
                material["pbrMetallicRoughness"]["baseColorTexture"] = {"index": picture}
            self.make.document["materials"].append(material)
            neck = np.clip((points[:, 1] - SPINE["neck"]) / 0.06, 0, 1)
            held = {"head": neck, "neck": 1 - neck}
            part = self.primitive(points, normals[chosen], uv, numbers, held, self._last, targets[:, chosen])
            if not outside:
                teeth = np.isin(self.part[chosen], (Part.UPPER_TEETH, Part.LOWER_TEETH))[:, None]
                dark = np.where(teeth, 0.9, 0.35) * np.clip((colors / 255) ** 2.2, 0, 1)
                shades = np.column_stack([dark, np.ones(len(dark))]).astype(np.float32)
                part["attributes"]["COLOR_0"] = self.make.add(shades, 34962)
            parts.append(part)
        return self.mesh("Face", parts, names)

    def eyes(self, **more: Any) -> None:
        pieces = []
        for name, part in (("leftEye", Part.LEFT_EYE), ("rightEye", Part.RIGHT_EYE)):
            chosen = self.part == part
            points, colors = self.at[chosen], self.model.colors[chosen]
            center, triangles = points.mean(0), _within(self.model.triangles, chosen)
            uv = (0.5 + (points - center)[:, :2] * (1, -1) / 0.026).astype(np.float32)
            front = triangles[(points[triangles][:, :, 2].mean(1) > center[2] - 0.004)]
            texture = self.make.image(_painted(uv, front, colors, 256))
            self.make.document["materials"].append(_material(name, texture, **more))
            pieces.append(self.primitive(points, _normals(points, triangles), uv, triangles, {name: 1.0}, self._last))
        self.mesh("Eyes", pieces)

    def body(self, cloth: tuple[int, int, int], hair: tuple[int, int, int], **more: Any) -> None:
        profile = [(0.62, 0.16, 0.11), (0.8, 0.17, 0.12), (0.95, 0.14, 0.1), (1.12, 0.17, 0.115), (1.24, 0.19, 0.11),
                   (1.31, 0.16, 0.085), (1.345, 0.09, 0.07), (1.37, 0.062, 0.062), (1.41, 0.056, 0.058)]  # fmt: skip
        points, uv, triangles = _lathe(profile)
        points += np.float32((0, 0, BEHIND))
        weave = np.indices((64, 64)).sum(0) // 8 % 2
        cloth_ = np.clip(np.array(cloth) + 14 * weave[..., None] - 7, 0, 255).astype(np.uint8)
        self.make.document["materials"].append(_material("Cloth", self.make.image(cloth_), **more))
        chest = np.clip((points[:, 1] - 0.95) / 0.15, 0, 1)
        neck = np.clip((points[:, 1] - 1.31) / 0.06, 0, 1)
        held = {"spine": 1 - chest, "chest": chest * (1 - neck), "neck": neck}
        parts = [self.primitive(points, _normals(points, triangles), uv, triangles, held, self._last)]
        # Hair: a fringed shell with transparent gaps, seen from both sides.
        dome = [(1.655 - 0.19 * t**1.3, 0.085 * np.sin(1.9 * t) ** 0.6 + 0.002, 0.105 * np.sin(1.9 * t) ** 0.6 + 0.002)
                for t in np.linspace(0, 1, 12)]  # fmt: skip
        points, uv, triangles = _lathe(dome, 64)
        points += np.float32((0, 0, -0.068))
        front = (points[triangles].mean(1)[:, 2] > -0.02) & (points[triangles].mean(1)[:, 1] < 1.585)
        triangles = triangles[~front][:, ::-1]
        strands = np.zeros((128, 256, 4), np.uint8)
        strands[..., :3] = hair
        strands[..., :3] += (np.arange(256) * 37 % 29).astype(np.uint8)[None, :, None]
        strands[..., 3] = np.where(np.arange(128)[:, None] < 100 + 20 * np.sin(np.arange(256) * 0.9), 255, 0)
        strand = _material("Hair", self.make.image(strands), **more)
        self.make.document["materials"].append({**strand, "alphaMode": "MASK", "doubleSided": True})
        hair_ = self.primitive(points, _normals(points, triangles), uv, triangles, {"head": 1.0}, self._last)
        parts.append(hair_)
        cloths = next(i for i, m in enumerate(self.make.document["materials"]) if m["name"] == "Cloth")
        self.make.document["materials"].append(
            _material("Hand", self.make.image(np.full((8, 8, 3), SKIN, np.uint8)), **more)
        )
        for side in (1, -1):
            parts += [self._arm(side, 0.1, 0.6, cloths), self._arm(side, 0.58, 0.76, self._last)]
        for nodes in self.bunches:
            parts.append(self._strand(nodes, hair, more))
        self.mesh("Body", parts)

    def _arm(self, side: int, start: float, end: float, material: int) -> dict[str, Any]:
        """A sleeve, or a hand, round along the arm from so many m to the side to so many."""
        t = np.linspace(0, 1, 14)
        thick = np.interp(
            start + t * (end - start),
            (0.1, 0.16, 0.4, 0.6, 0.66, 0.72, 0.76),
            (0.05, 0.06, 0.045, 0.036, 0.04, 0.036, 0.002),
        )
        points, uv, triangles = _lathe(
            [(float(-x), float(r), float(0.8 * r)) for x, r in zip(t, thick, strict=True)], 16
        )
        out = start - points[:, 1] * (end - start)
        points = np.column_stack([side * out, ARM_HEIGHT + points[:, 0], BEHIND + points[:, 2]]).astype(np.float32)
        triangles = triangles[:, ::-side]
        name = "left" if side > 0 else "right"
        upper, lower, hand = (np.clip((out - ARM[part]) / width + 0.5, 0, 1) for part, width in
                              (("UpperArm", 0.1), ("LowerArm", 0.08), ("Hand", 0.06)))  # fmt: skip
        held = {"chest": 1 - upper, f"{name}UpperArm": upper * (1 - lower), f"{name}LowerArm": lower * (1 - hand),
                f"{name}Hand": hand}  # fmt: skip
        return self.primitive(points, _normals(points, triangles), uv, triangles, held, material)

    def _strand(self, nodes: list[int], color: tuple[int, int, int], more: Any) -> dict[str, Any]:
        """The hair of a bunch, round along its nodes."""
        side = -1 if nodes is self.bunches[-1] else 1
        along = np.linspace(0, BUNCH_JOINTS - 1, 3 * BUNCH_JOINTS)
        thick = 0.006 + 0.016 * np.sin(np.pi * (along / along[-1]) ** 0.7)
        points, uv, triangles = _lathe([(float(-t), float(r), float(r)) for t, r in zip(along, thick, strict=True)], 12)
        far = -points[:, 1:2]
        points = points * (1, 0, 1) + BUNCH + far * BUNCH_STEP
        points *= (side, 1, 1)
        triangles = triangles[:, ::-side]
        normals = _normals(points.astype(np.float32), triangles)
        band = np.full((32, 32, 3), color, np.uint8)
        band[:5] = (200, 60, 70)
        self.make.document["materials"].append(_material("Bunch", self.make.image(band), **more))
        held = {node: np.clip(1 - np.abs(far[:, 0] - i), 0, 1) for i, node in enumerate(nodes)}
        return self.primitive(points.astype(np.float32), normals, uv, triangles, held, self._last)

    @property
    def _last(self) -> int:
        return len(self.make.document["materials"]) - 1


def _within(triangles: Any, chosen: Any) -> Any:
    return (np.cumsum(chosen) - 1)[triangles[chosen[triangles].all(1)]]


def _material(name: str, texture: int | None = None, **more: Any) -> dict[str, Any]:
    surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": 0.7}
    if texture is not None:
        surface["baseColorTexture"] = {"index": texture}
    return {"name": name, "pbrMetallicRoughness": surface, **more}
